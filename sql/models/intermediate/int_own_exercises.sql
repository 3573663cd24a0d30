-- One row per exercise that somebody defined or changed: the last word on each of its fields.
{{ config(materialized='table', meta={'key': ['exercise_id'], 'refreshed_by': ['exercise_id']}) }}
-- A definition says what an exercise was called at first, and an import may say it again on another device: a name that
-- somebody gave it since outranks that, whenever it was said. A merge that was taken back carries an empty text.
select
    exercise_id,
    coalesce(
        arg_max(name, version) filter (where kind = 'exercise.changed'),
        arg_max(name, version) filter (where kind = 'exercise.defined')
    ) as name,
    arg_max(equipment, version) as equipment,
    arg_max(load_mode, version) as load_mode,
    arg_max(tracking, version) as tracking,
    arg_max(muscles, version) as muscles,
    nullif(arg_max(merged_into, version), '') as merged_into,
    coalesce(arg_max(archived, version), 0) as archived,
    max(case when kind = 'exercise.defined' then 1 else 0 end) as defined,
    substr(max(version), 1, 34) as hlc
from {{ ref('stg_exercise_events') }}
where kind in ('exercise.defined', 'exercise.changed')
group by exercise_id
