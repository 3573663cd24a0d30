-- One row per workout that was ever started: the last word on each of its fields, and whether it still stands.
{{ config(materialized='table', meta={'key': ['workout_id'], 'refreshed_by': ['workout_id']}) }}
with words as (
    select
        workout_id,
        arg_max(user_id, version) filter (where kind = 'workout.started') as person,
        nullif(arg_max(name, version), '') as name,
        nullif(arg_max(note, version), '') as note,
        coalesce(
            arg_max(started_ms, version),
            arg_max(at_ms, version) filter (where kind = 'workout.started')
        ) as started_ms,
        coalesce(
            arg_max(finished_ms, version),
            arg_max(at_ms, version) filter (where kind = 'workout.finished')
        ) as finished_ms,
        arg_max(offset_min, version) filter (where kind = 'workout.started') as offset_min,
        arg_max(import_id, version) as import_id,
        max(case when kind in ('workout.finished') then 1 else 0 end) as finished,
        arg_max(
            case kind when 'workout.discarded' then 1 when 'workout.restored' then 0 when 'workout.started' then 0 end, version
        ) as discarded,
        arg_max(
            case kind when 'workout.removed' then 1 when 'workout.restored' then 0 when 'workout.started' then 0 end, version
        ) as removed,
        max(case when kind = 'workout.corrected' then 1 else 0 end) as edited,
        substr(max(version), 1, 34) as hlc
    from {{ ref('stg_workout_events') }}
    group by workout_id
    having count(*) filter (where kind = 'workout.started') > 0
)

select
    words.workout_id,
    coalesce(persons.user_id, words.person) as user_id,
    words.name,
    words.note,
    words.started_ms,
    -- An end that is not after the start is none: so an import writes down that its file knew no duration.
    case when words.finished_ms > words.started_ms then words.finished_ms end as finished_ms,
    words.offset_min,
    words.import_id,
    words.finished,
    words.discarded,
    words.removed,
    words.edited,
    words.hlc
from words
left join {{ ref('int_persons') }} as persons on persons.person = words.person
