-- One row per event about a room or a message, from the clear part of the envelope and, where it can be read, the words.
{{ config(materialized='view', meta={'key': ['event_id'], 'refreshed_by': ['event_id']}) }}
select
    event_id,
    hlc || '/' || event_id as version,
    substr(scope, 6) as room_id,
    kind,
    coalesce(message_id, target) as message_id,
    channel,
    sender,
    thread,
    name,
    text,
    at_ms,
    offset_min
from {{ source('ledger', 'events') }}
where kind in ('room.created', 'message.posted', 'message.edited', 'message.removed')
