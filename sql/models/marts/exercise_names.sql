-- One row per name under which an exercise is found in another app's file, in lower case.
{{ config(materialized='table', meta={'key': ['alias'], 'refreshed_by': []}) }}
with names as (
    select lower(name) as alias, exercise_id, 1 as rank from {{ ref('dim_exercise') }}
    union all
    select alias, exercise_id, 2 as rank from {{ ref('exercise_catalog_aliases') }}
    union all
    -- What a person once said outranks what Spotter thinks.
    select lower(alias) as alias, arg_max(exercise_id, version) as exercise_id, 0 as rank
    from {{ ref('stg_exercise_events') }}
    where kind = 'exercise.named'
    group by 1
)

select alias, arg_min(exercise_id, cast(rank as varchar) || exercise_id) as exercise_id
from names
group by alias
