-- The exercises' shares of a workout's minutes add up to the workout's minutes, and are unknown where these are.
select workout_id, sum(duration_minutes) as minutes
from {{ ref('fact_workouts') }}
group by workout_id
having sum(duration_minutes) is distinct from (
    select (finished_ms - started_ms + 30000) // 60000
    from {{ ref('int_workouts') }} as workouts
    where workouts.workout_id = fact_workouts.workout_id
)
