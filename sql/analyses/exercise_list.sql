-- Every exercise with when it was last done and how often, for the picker. One that was merged is not offered.
with used as (
    select exercise_id, max(started_ms) as last_ms, count(*) as times
    from {{ ref('fact_workouts') }}
    where user_id = :user
    group by exercise_id
)

select
    exercises.exercise_id, exercises.name, exercises.muscle_group, exercises.equipment, exercises.load_mode,
    exercises.tracking, exercises.is_custom, exercises.is_archived, exercises.hlc, used.last_ms, coalesce(used.times, 0) as times
from {{ ref('dim_exercise') }} as exercises
left join used on exercises.exercise_id = used.exercise_id
where exercises.merged_into is null
order by exercises.name
