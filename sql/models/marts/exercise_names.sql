-- One row per name under which an exercise is found in another app's file, in lower case.
{{ config(materialized='table', meta={'key': ['alias'], 'refreshed_by': []}) }}
with names as (
    select lower(name) as alias, exercise_id, 1 as rank from {{ ref('dim_exercise') }} where merged_into is null
    union all
    select alias, exercise_id, 2 as rank from {{ ref('exercise_catalog_aliases') }}
    union all
    -- What a person once said outranks what Spotter thinks.
    select lower(alias) as alias, arg_max(exercise_id, version) as exercise_id, 0 as rank
    from {{ ref('stg_exercise_events') }}
    where kind = 'exercise.named'
    group by 1
    union all
    -- What an exercise was called before it was renamed or merged: files go on writing that.
    select lower(name) as alias, exercise_id, 3 as rank
    from {{ ref('stg_exercise_events') }}
    where kind in ('exercise.defined', 'exercise.changed') and name is not null
)

select
    names.alias,
    arg_min(coalesce(merged.counts_as, names.exercise_id), cast(names.rank as varchar) || names.exercise_id) as exercise_id
from names
left join {{ ref('int_merged_exercises') }} as merged on names.exercise_id = merged.exercise_id
group by names.alias
