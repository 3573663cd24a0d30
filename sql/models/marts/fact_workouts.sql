-- One row per exercise performed in a workout.
{{ config(materialized='table', meta={'key': ['workout_id', 'exercise_id'], 'refreshed_by': ['user_id', 'exercise_id']}) }}
with compared as (
    select
        workout_id,
        exercise_id,
        user_id,
        workout_date,
        started_ms,
        exercise_no,
        duration_minutes,
        sets,
        reps,
        volume_g,
        distance_mm,
        rpe10_sum,
        rpe10_count,
        best_e1rm_g,
        heaviest_g,
        created_timestamp,
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
),

-- Without RPE, intensity is the share of the best e1RM so far, read off a table of bands.
unrated as (
    select workout_id, exercise_id, best_e1rm_g, best_e1rm_before_g
    from compared
    where rpe10_count = 0 and best_e1rm_before_g is not null and best_e1rm_g is not null
),

banded as (
    select
        unrated.workout_id,
        unrated.exercise_id,
        max(case when bands.percent_min * unrated.best_e1rm_before_g <= 100 * unrated.best_e1rm_g then bands.level end) as level
    from unrated
    cross join {{ ref('intensity_bands') }} as bands
    group by 1, 2
)

select
    compared.workout_id,
    compared.user_id,
    compared.workout_date,
    compared.exercise_id,
    compared.duration_minutes,
    compared.sets,
    compared.reps,
    case
        when compared.rpe10_count > 0
            then greatest(1, least(10, (2 * compared.rpe10_sum + 10 * compared.rpe10_count) // (20 * compared.rpe10_count)))
        else banded.level
    end as intensity_level,
    compared.created_timestamp,
    compared.volume_g,
    compared.distance_mm,
    compared.started_ms,
    compared.exercise_no,
    compared.best_e1rm_g,
    compared.best_e1rm_before_g,
    compared.heaviest_g,
    compared.heaviest_before_g,
    compared.nth_time
from compared
left join banded on compared.workout_id = banded.workout_id and compared.exercise_id = banded.exercise_id
