-- One row per set that moves the body: how heavy the body is, and how much of it is moved; nothing where that is unknown.
{{ config(materialized='table', meta={'key': ['set_id'], 'refreshed_by': ['workout_id'], 'refreshed_through': ['int_sets', 'int_body_loads']}) }}
-- What the set says wins over what was known at its time. A weighing that comes, goes or is corrected changes the spans
-- that it begins and ends; the rows here name their spans, and so say which workouts that is about.
with moving as (
    select
        sets.set_id, sets.workout_id, workouts.user_id, sets.at_ms, sets.bodyweight_g, exercises.bodyweight_percent
    from {{ ref('int_sets') }} as sets
    inner join {{ ref('int_exercises') }} as exercises on sets.exercise_id = exercises.exercise_id
    inner join {{ ref('int_workouts') }} as workouts on sets.workout_id = workouts.workout_id
    where exercises.load_mode in ('bodyweight', 'assisted')
),

moments as (
    select user_id, from_ms as at_ms, cast(null as varchar) as set_id, from_ms
    from {{ ref('int_body_weights') }}
    union all
    select user_id, at_ms, set_id, cast(null as bigint) as from_ms
    from moving
    where bodyweight_g is null
),

-- In the order of time the greatest beginning so far is the last one. A weighing stands before the sets of its moment.
placed as (
    select
        user_id,
        at_ms,
        set_id,
        max(from_ms) over (
            partition by user_id
            order by at_ms, case when set_id is null then 0 else 1 end, set_id
            rows between unbounded preceding and current row
        ) as span_from_ms
    from moments
),

known as (
    select placed.set_id, coalesce(spans.span_id, placed.user_id) as span_id, spans.weight_g
    from placed
    left join {{ ref('int_body_weights') }} as spans
        on placed.user_id = spans.user_id and placed.span_from_ms = spans.from_ms and placed.at_ms < spans.until_ms
    where placed.set_id is not null
)

select
    moving.set_id,
    moving.workout_id,
    known.span_id,
    coalesce(moving.bodyweight_g, known.weight_g) as bodyweight_g,
    coalesce(moving.bodyweight_g, known.weight_g) * moving.bodyweight_percent // 100 as body_g
from moving
left join known on moving.set_id = known.set_id
