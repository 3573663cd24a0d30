-- One row per personal record. The first time an exercise is done is no record.
{{ config(materialized='table', meta={'key': ['workout_id', 'exercise_id', 'record'], 'refreshed_by': ['workout_id', 'exercise_id']}) }}
select
    workout_id, exercise_id, user_id, workout_date, started_ms, 'e1rm' as record,
    best_e1rm_g as value_g, best_e1rm_before_g as before_g
from {{ ref('fact_workouts') }}
where best_e1rm_g > best_e1rm_before_g
union all
select
    workout_id, exercise_id, user_id, workout_date, started_ms, 'load' as record,
    heaviest_g as value_g, heaviest_before_g as before_g
from {{ ref('fact_workouts') }}
where heaviest_g > heaviest_before_g
