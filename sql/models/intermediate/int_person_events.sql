-- One row per event about a person, under the person that it counts for.
{{ config(materialized='table', meta={'key': ['event_id'], 'refreshed_by': ['event_id']}) }}
select
    events.event_id,
    events.version,
    coalesce(persons.user_id, events.user_id) as user_id,
    events.kind,
    events.name,
    events.unit,
    events.week_start,
    events.theme,
    events.at_ms
from {{ ref('stg_person_events') }} as events
left join {{ ref('int_persons') }} as persons on persons.person = events.user_id
where events.kind in ('profile.changed', 'preferences.changed')
