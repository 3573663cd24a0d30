-- One row per room.
{{ config(materialized='table', meta={'key': ['room_id'], 'refreshed_by': ['room_id']}) }}
select
    room_id,
    arg_max(name, version) as name,
    arg_min(sender, version) as created_by,
    min(at_ms) as created_at,
    substr(max(version), 1, 34) as hlc
from {{ ref('stg_room_events') }}
where kind = 'room.created'
group by room_id
