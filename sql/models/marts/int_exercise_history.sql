-- One row per exercise performed in a workout: what the person had done of it before, and the how many-th time it is.
-- A narrow table of its own: one new set makes it look at all earlier workouts of its exercise.
{{ config(materialized='table', meta={'key': ['workout_id', 'exercise_id'], 'refreshed_by': ['user_id', 'exercise_id']}) }}
select
    workout_id,
    exercise_id,
    user_id,
    max(best_e1rm_g) over (
        partition by user_id, exercise_id
        order by started_ms, workout_id
        rows between unbounded preceding and 1 preceding
    ) as best_e1rm_before_g,
    max(heaviest_g) over (
        partition by user_id, exercise_id
        order by started_ms, workout_id
        rows between unbounded preceding and 1 preceding
    ) as heaviest_before_g,
    row_number() over (partition by user_id, exercise_id order by started_ms, workout_id) as nth_time
from {{ ref('int_workout_exercises') }}
