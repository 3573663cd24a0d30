-- What was done in some recent workouts, one row per exercise, for the lines under a workout's name.
select
    fact.workout_id, fact.exercise_id, exercises.name, fact.exercise_no, fact.sets, fact.reps, fact.heaviest_g,
    fact.best_e1rm_g, fact.volume_g
from {{ ref('fact_workouts') }} as fact
left join {{ ref('dim_exercise') }} as exercises on fact.exercise_id = exercises.exercise_id
where fact.user_id = :user and fact.started_ms >= :from_ms and fact.started_ms < :before_ms
order by fact.started_ms desc, fact.workout_id, fact.exercise_no, fact.exercise_id
