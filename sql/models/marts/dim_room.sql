-- One row per room that anything was said in, even where the row that made the room is lost.
{{ config(materialized='table', meta={'key': ['room_id'], 'refreshed_by': ['room_id']}) }}
select
    room_id,
    coalesce(arg_max(name, version), 'Room') as name,
    arg_min(sender, version) as created_by,
    min(at_ms) as created_at,
    substr(max(version), 1, 34) as hlc
from {{ ref('stg_room_events') }}
group by room_id
