-- One row per person, exercise and day with an estimate: the day's best, and the best of all workouts until then.
{{ config(materialized='table', meta={'key': ['user_id', 'exercise_id', 'workout_date'], 'refreshed_by': ['user_id', 'exercise_id', 'workout_date']}) }}
select
    user_id,
    exercise_id,
    workout_date,
    arg_max(workout_id, best_e1rm_g * 100000000 + nth_time) as workout_id,
    max(best_e1rm_g) as best_e1rm_g,
    greatest(max(best_e1rm_g), max(best_e1rm_before_g)) as best_so_far_g
from {{ ref('fact_workouts') }}
where best_e1rm_g is not null
group by user_id, exercise_id, workout_date
