-- One row per person and day with training.
{{ config(materialized='table', meta={'key': ['user_id', 'workout_date'], 'refreshed_by': ['user_id', 'workout_date']}) }}
with days as (
    select
        user_id,
        workout_date,
        count(distinct workout_id) as workouts,
        count(distinct exercise_id) as exercises,
        sum(sets) as sets,
        sum(reps) as reps,
        sum(volume_g) as volume_g,
        sum(duration_minutes) as duration_minutes
    from {{ ref('fact_workouts') }}
    group by user_id, workout_date
),

records as (
    select user_id, workout_date, count(*) as records
    from {{ ref('personal_records') }}
    group by user_id, workout_date
)

select
    days.user_id,
    days.workout_date,
    days.workout_date - cast(extract(isodow from days.workout_date) - 1 as integer) as week_start,
    days.workouts,
    days.exercises,
    days.sets,
    days.reps,
    days.volume_g,
    days.duration_minutes,
    coalesce(records.records, 0) as records
from days
left join records on days.user_id = records.user_id and days.workout_date = records.workout_date
