-- One row per person that any fact or event names, also those who never said a word about themselves (type 1: the last
-- word wins).
{{ config(materialized='table', meta={'key': ['user_id'], 'refreshed_by': ['user_id']}) }}
with said as (
    select
        user_id,
        arg_max(name, version) as name,
        nullif(arg_max(unit, version) filter (where kind = 'preferences.changed'), '') as unit,
        nullif(arg_max(week_start, version), -1) as week_start,
        nullif(arg_max(theme, version), '') as theme,
        max(at_ms) as updated_at
    from {{ ref('int_person_events') }}
    group by user_id
),

-- Every set that stands is in an era.
seen as (
    select user_id, at_ms from {{ ref('int_person_events') }}
    union all
    select user_id, first_ms as at_ms from {{ ref('int_exercise_eras') }}
    union all
    select user_id, at_ms from {{ ref('fact_body_weights') }}
    union all
    select user_id, at_ms from {{ ref('int_imports') }}
    union all
    select user_id, posted_ms as at_ms from {{ ref('fact_messages') }}
),

users as (
    select user_id, min(at_ms) as created_at
    from seen
    where user_id is not null
    group by user_id
)

select
    users.user_id,
    said.name,
    said.unit,
    said.week_start,
    said.theme,
    users.created_at,
    coalesce(said.updated_at, users.created_at) as updated_at
from users
left join said on users.user_id = said.user_id
