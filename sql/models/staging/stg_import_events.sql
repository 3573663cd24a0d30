-- One row per event about an import.
{{ config(materialized='view', meta={'key': ['event_id'], 'refreshed_by': ['event_id']}) }}
select
    event_id,
    hlc || '/' || event_id as version,
    substr(scope, 3) as user_id,
    kind,
    import_id,
    source,
    file_name,
    file_hash,
    rows_read,
    rows_accepted,
    rows_rejected,
    workouts,
    answers,
    at_ms,
    offset_min
from {{ source('ledger', 'events') }}
where kind in ('import.recorded', 'import.ended', 'import.undone') and enc = 'none'
