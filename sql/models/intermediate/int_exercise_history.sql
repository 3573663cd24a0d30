-- One row per exercise performed in a workout: what the person had done of it before, and the how many-th time it is.
-- Era by era, so that one new set looks at the exercise's last year and not at all of its past.
{{ config(materialized='table', meta={'key': ['workout_id', 'exercise_id'], 'refreshed_by': ['user_id', 'exercise_id', 'era']}) }}
with within as (
    select
        workout_id,
        exercise_id,
        user_id,
        era,
        max(best_e1rm_g) over (
            partition by user_id, exercise_id, era
            order by started_ms, workout_id
            rows between unbounded preceding and 1 preceding
        ) as best_e1rm_before_g,
        max(heaviest_g) over (
            partition by user_id, exercise_id, era
            order by started_ms, workout_id
            rows between unbounded preceding and 1 preceding
        ) as heaviest_before_g,
        row_number() over (partition by user_id, exercise_id, era order by started_ms, workout_id) as nth_of_era
    from {{ ref('int_workout_exercises') }}
)

select
    within.workout_id,
    within.exercise_id,
    within.user_id,
    within.era,
    greatest(within.best_e1rm_before_g, before.best_e1rm_before_g) as best_e1rm_before_g,
    greatest(within.heaviest_before_g, before.heaviest_before_g) as heaviest_before_g,
    before.times_before + within.nth_of_era as nth_time
from within
inner join {{ ref('int_exercise_before_eras') }} as before
    on within.user_id = before.user_id and within.exercise_id = before.exercise_id and within.era = before.era
