-- One row per person, exercise and era: the best of all eras before it, and how often until then.
{{ config(materialized='table', meta={'key': ['user_id', 'exercise_id', 'era'], 'refreshed_by': ['user_id', 'exercise_id']}) }}
select
    user_id,
    exercise_id,
    era,
    max(best_e1rm_g) over (
        partition by user_id, exercise_id order by era rows between unbounded preceding and 1 preceding
    ) as best_e1rm_before_g,
    max(heaviest_g) over (
        partition by user_id, exercise_id order by era rows between unbounded preceding and 1 preceding
    ) as heaviest_before_g,
    coalesce(
        sum(times) over (partition by user_id, exercise_id order by era rows between unbounded preceding and 1 preceding), 0
    ) as times_before
from {{ ref('int_exercise_eras') }}
