-- One row per weighing that stands.
{{ config(materialized='table', meta={'key': ['weighing_id'], 'refreshed_by': ['weighing_id']}) }}
with words as (
    select
        weighing_id,
        arg_max(user_id, version) as person,
        arg_max(weight_g, version) as weight_g,
        arg_max(unit, version) as unit,
        min(at_ms) as at_ms,
        min(cast('1970-01-01' as date) + cast((at_ms + offset_min * 60000) // 86400000 as integer)) as date,
        substr(max(version), 1, 34) as hlc
    from {{ ref('stg_person_events') }}
    where weighing_id is not null
    group by weighing_id
    having max(case when kind = 'body_weight.removed' then 1 else 0 end) = 0
)

select
    words.weighing_id,
    coalesce(persons.user_id, words.person) as user_id,
    words.weight_g,
    words.unit,
    words.at_ms,
    words.date,
    words.hlc
from words
left join {{ ref('int_persons') }} as persons on persons.person = words.person
