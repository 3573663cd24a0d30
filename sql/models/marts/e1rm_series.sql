-- One row per person, exercise and day with an estimate: the day's best, and the best of all days until then.
{{ config(materialized='table', meta={'key': ['user_id', 'exercise_id', 'workout_date'], 'refreshed_by': ['user_id', 'exercise_id']}) }}
with days as (
    select
        user_id,
        exercise_id,
        workout_date,
        max(best_e1rm_g) as best_e1rm_g,
        arg_max(workout_id, best_e1rm_g * 100000000 + nth_time) as workout_id
    from {{ ref('fact_workouts') }}
    where best_e1rm_g is not null
    group by user_id, exercise_id, workout_date
)

select
    user_id,
    exercise_id,
    workout_date,
    workout_id,
    best_e1rm_g,
    max(best_e1rm_g) over (
        partition by user_id, exercise_id
        order by workout_date
        rows between unbounded preceding and current row
    ) as best_so_far_g
from days
