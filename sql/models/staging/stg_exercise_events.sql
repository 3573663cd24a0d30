-- One row per event that defines, names or changes an exercise.
{{ config(materialized='view', meta={'key': ['event_id'], 'refreshed_by': ['event_id']}) }}
select
    event_id,
    hlc || '/' || event_id as version,
    kind,
    exercise_id,
    name,
    alias,
    equipment,
    load_mode,
    tracking,
    muscles,
    merged_into,
    archived,
    at_ms
from {{ source('ledger', 'events') }}
where kind in ('exercise.defined', 'exercise.named', 'exercise.changed') and enc = 'none'
