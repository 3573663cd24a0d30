-- One row per person and ISO week with training.
{{ config(materialized='table', meta={'key': ['user_id', 'week_start'], 'refreshed_by': ['user_id', 'week_start']}) }}
select
    user_id,
    week_start,
    count(*) as days,
    sum(workouts) as workouts,
    sum(sets) as sets,
    sum(reps) as reps,
    sum(volume_g) as volume_g,
    sum(duration_minutes) as duration_minutes,
    sum(records) as records
from {{ ref('training_calendar') }}
group by user_id, week_start
