-- One row per event about a set: logged, corrected, removed, restored.
{{ config(materialized='view', meta={'key': ['event_id'], 'refreshed_by': ['event_id']}) }}
select
    event_id,
    hlc || '/' || event_id as version,
    substr(scope, 3) as user_id,
    kind,
    set_id,
    workout_id,
    exercise_id,
    exercise_no,
    set_no,
    at_ms,
    offset_min,
    set_kind,
    unit,
    load_g,
    bodyweight_g,
    assist_g,
    reps,
    duration_ms,
    distance_mm,
    rpe10,
    rir,
    rest_ms,
    side,
    note,
    import_id
from {{ source('ledger', 'events') }}
where kind in ('set.logged', 'set.corrected', 'set.removed', 'set.restored') and enc = 'none'
