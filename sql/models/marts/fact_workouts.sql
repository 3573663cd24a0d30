-- One row per exercise performed in a workout.
{{ config(materialized='table', meta={'key': ['workout_id', 'exercise_id'], 'refreshed_by': ['workout_id']}) }}
with compared as (
    select
        done.workout_id,
        done.exercise_id,
        done.user_id,
        done.workout_date,
        done.started_ms,
        done.exercise_no,
        done.duration_minutes,
        done.sets,
        done.reps,
        done.volume_g,
        done.distance_mm,
        done.rpe10_sum,
        done.rpe10_count,
        done.best_e1rm_g,
        done.heaviest_g,
        done.sets_lacking_body_weight,
        done.created_timestamp,
        history.best_e1rm_before_g,
        history.heaviest_before_g,
        history.nth_time
    from {{ ref('int_workout_exercises') }} as done
    inner join {{ ref('int_exercise_history') }} as history
        on done.workout_id = history.workout_id and done.exercise_id = history.exercise_id
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
    compared.nth_time,
    compared.sets_lacking_body_weight
from compared
left join banded on compared.workout_id = banded.workout_id and compared.exercise_id = banded.exercise_id
