-- One row per exercise that was merged into another, and the one that it counts as in the end.
{{ config(materialized='table', meta={'key': ['exercise_id'], 'refreshed_by': []}) }}
-- A merge may lead to an exercise that was itself merged: each step here looks twice as far as the one before it. Two
-- devices may have merged two exercises into each other: those of a circle count as the one with the least id.
with one_step as (
    select exercise_id, merged_into as target, least(exercise_id, merged_into) as least_id
    from {{ ref('int_own_exercises') }}
    where merged_into <> exercise_id
),

two_steps as (
    select
        one_step.exercise_id,
        coalesce(further.target, one_step.target) as target,
        least(one_step.least_id, coalesce(further.least_id, one_step.least_id)) as least_id
    from one_step
    left join one_step as further on one_step.target = further.exercise_id
),

four_steps as (
    select
        two_steps.exercise_id,
        coalesce(further.target, two_steps.target) as target,
        least(two_steps.least_id, coalesce(further.least_id, two_steps.least_id)) as least_id
    from two_steps
    left join two_steps as further on two_steps.target = further.exercise_id
),

eight_steps as (
    select
        four_steps.exercise_id,
        coalesce(further.target, four_steps.target) as target,
        least(four_steps.least_id, coalesce(further.least_id, four_steps.least_id)) as least_id
    from four_steps
    left join four_steps as further on four_steps.target = further.exercise_id
),

sixteen_steps as (
    select
        eight_steps.exercise_id,
        coalesce(further.target, eight_steps.target) as target,
        least(eight_steps.least_id, coalesce(further.least_id, eight_steps.least_id)) as least_id
    from eight_steps
    left join eight_steps as further on eight_steps.target = further.exercise_id
),

ends as (
    select
        steps.exercise_id,
        case when circle.exercise_id is null then steps.target else circle.least_id end as counts_as
    from sixteen_steps as steps
    left join sixteen_steps as circle on steps.target = circle.exercise_id
)

select exercise_id, counts_as
from ends
where counts_as <> exercise_id
