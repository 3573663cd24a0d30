-- One row per event about a person's body weight, profile or preferences.
{{ config(materialized='view', meta={'key': ['event_id'], 'refreshed_by': ['event_id']}) }}
select
    event_id,
    hlc || '/' || event_id as version,
    substr(scope, 3) as user_id,
    kind,
    weighing_id,
    weight_g,
    name,
    unit,
    week_start,
    theme,
    at_ms,
    offset_min
from {{ source('ledger', 'events') }}
where kind in ('body_weight.logged', 'body_weight.removed', 'profile.changed', 'preferences.changed') and enc = 'none'
