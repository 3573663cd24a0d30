-- Rooms with their last message.
with last as (
    select room_id, max(posted_ms) as last_ms, count(*) as messages
    from {{ ref('fact_messages') }}
    where is_removed = 0
    group by room_id
)

select rooms.room_id, rooms.name, rooms.created_at, last.last_ms, coalesce(last.messages, 0) as messages
from {{ ref('dim_room') }} as rooms
left join last on rooms.room_id = last.room_id
order by rooms.name, rooms.room_id
