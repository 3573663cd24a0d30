-- One row per exercise that a set may have been logged for: the one that it counts as, and how that one moves its load.
{{ config(materialized='table', meta={'key': ['exercise_id'], 'refreshed_by': []}) }}
with logged as (
    select exercise_id from {{ ref('dim_exercise') }}
    union
    select exercise_id from {{ ref('int_merged_exercises') }}
),

counted as (
    select logged.exercise_id, coalesce(merged.counts_as, logged.exercise_id) as counts_as
    from logged
    left join {{ ref('int_merged_exercises') }} as merged on logged.exercise_id = merged.exercise_id
)

select
    counted.exercise_id,
    counted.counts_as,
    coalesce(exercises.load_mode, 'external') as load_mode,
    coalesce(exercises.two_dumbbell, 0) as two_dumbbell,
    coalesce(exercises.bodyweight_percent, 0) as bodyweight_percent
from counted
left join {{ ref('dim_exercise') }} as exercises on counted.counts_as = exercises.exercise_id
