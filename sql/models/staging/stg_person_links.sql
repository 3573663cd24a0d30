-- One row per event that says that two persons are one.
{{ config(materialized='view', meta={'key': ['event_id'], 'refreshed_by': ['event_id']}) }}
select
    event_id,
    hlc || '/' || event_id as version,
    substr(scope, 3) as person,
    user_id
from {{ source('ledger', 'events') }}
where kind = 'person.linked' and enc = 'none'
