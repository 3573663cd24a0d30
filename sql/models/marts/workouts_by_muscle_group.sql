-- One row per person, day and muscle that was trained.
{{ config(materialized='table', meta={'key': ['user_id', 'workout_date', 'muscle'], 'refreshed_by': ['user_id', 'workout_date'], 'refreshed_through': ['fact_workouts']}) }}
with sets as (
    select
        fact.user_id,
        fact.workout_date,
        muscles.muscle,
        sum(muscles.weight_tenths) filter (where fact.is_working) as sets_tenths,
        sum(fact.volume_g * muscles.weight_tenths // 10) as volume_g
    from {{ ref('fact_sets') }} as fact
    inner join {{ ref('exercise_muscles') }} as muscles on fact.exercise_id = muscles.exercise_id
    group by 1, 2, 3
),

workouts as (
    select
        fact.user_id,
        fact.workout_date,
        muscles.muscle,
        count(distinct fact.workout_id) as workout_count,
        count(distinct fact.exercise_id) as exercise_count,
        sum(fact.duration_minutes) as total_duration_minutes,
        avg(fact.intensity_level) as avg_intensity
    from {{ ref('fact_workouts') }} as fact
    inner join {{ ref('exercise_muscles') }} as muscles on fact.exercise_id = muscles.exercise_id
    group by 1, 2, 3
)

select
    workouts.user_id,
    workouts.workout_date,
    workouts.muscle,
    workouts.workout_count,
    workouts.exercise_count,
    workouts.total_duration_minutes,
    workouts.avg_intensity,
    coalesce(sets.sets_tenths, 0) as sets_tenths,
    sets.volume_g
from workouts
inner join sets
    on workouts.user_id = sets.user_id and workouts.workout_date = sets.workout_date and workouts.muscle = sets.muscle
