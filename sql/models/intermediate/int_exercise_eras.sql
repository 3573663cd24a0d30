-- One row per person, exercise and era: the best of it, how often, and when first.
{{ config(materialized='table', meta={'key': ['user_id', 'exercise_id', 'era'], 'refreshed_by': ['user_id', 'exercise_id', 'era']}) }}
select
    user_id,
    exercise_id,
    era,
    max(best_e1rm_g) as best_e1rm_g,
    max(heaviest_g) as heaviest_g,
    count(*) as times,
    min(started_ms) as first_ms
from {{ ref('int_workout_exercises') }}
group by user_id, exercise_id, era
