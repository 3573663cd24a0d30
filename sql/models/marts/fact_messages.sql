-- One row per message that was ever posted; one that was removed keeps its place and loses its words.
{{ config(materialized='table', meta={'key': ['message_id'], 'refreshed_by': ['message_id']}) }}
with resolved as (
    select
        message_id,
        min(room_id) as room_id,
        arg_max(channel, version) filter (where kind = 'message.posted') as channel,
        arg_max(sender, version) filter (where kind = 'message.posted') as sender,
        arg_max(thread, version) filter (where kind = 'message.posted') as thread,
        min(at_ms) filter (where kind = 'message.posted') as posted_ms,
        min(offset_min) filter (where kind = 'message.posted') as offset_min,
        arg_max(text, version) as text,
        max(case when kind = 'message.edited' then 1 else 0 end) as is_edited,
        max(case when kind = 'message.removed' then 1 else 0 end) as is_removed,
        min(version) as first_version,
        substr(max(version), 1, 34) as hlc
    from {{ ref('stg_room_events') }}
    where message_id is not null
    group by message_id
    having count(*) filter (where kind = 'message.posted') > 0
)

select
    resolved.message_id,
    resolved.room_id,
    resolved.channel,
    resolved.sender,
    coalesce(persons.user_id, resolved.sender) as user_id,
    resolved.thread,
    resolved.posted_ms,
    resolved.offset_min,
    case when resolved.is_removed = 1 then null else resolved.text end as text,
    resolved.is_edited,
    resolved.is_removed,
    resolved.first_version,
    resolved.hlc
from resolved
left join {{ ref('int_persons') }} as persons on persons.person = resolved.sender
