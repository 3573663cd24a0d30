-- One row per event about a workout: started, finished, discarded, corrected, removed, restored.
{{ config(materialized='view', meta={'key': ['event_id'], 'refreshed_by': ['event_id']}) }}
select
    event_id,
    hlc || '/' || event_id as version,
    substr(scope, 3) as user_id,
    kind,
    workout_id,
    at_ms,
    offset_min,
    name,
    note,
    started_ms,
    finished_ms,
    import_id
from {{ source('ledger', 'events') }}
where kind in (
    'workout.started', 'workout.finished', 'workout.discarded', 'workout.corrected', 'workout.removed', 'workout.restored'
) and enc = 'none'
