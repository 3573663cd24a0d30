-- A room's newest messages, oldest first.
with newest as (
    select message_id, sender, posted_ms, offset_min, text, is_edited, is_removed, first_version, hlc
    from {{ ref('fact_messages') }}
    where room_id = :room
    order by first_version desc
    limit :limit
)

select message_id, sender, posted_ms, offset_min, text, is_edited, is_removed, first_version, hlc
from newest
order by first_version
