-- Every set that stands, with its workout, in the order they were done: what an export as CSV writes.
select
    fact.set_id, fact.workout_id, workouts.name as workout, workouts.note as workout_note, workouts.started_ms,
    workouts.finished_ms, workouts.offset_min, exercises.name as exercise, fact.exercise_id, fact.set_kind, fact.load_g,
    fact.assist_g, fact.reps, fact.duration_ms, fact.distance_mm, fact.rpe10, fact.note
from {{ ref('fact_sets') }} as fact
inner join {{ ref('int_workouts') }} as workouts on fact.workout_id = workouts.workout_id
left join {{ ref('dim_exercise') }} as exercises on fact.exercise_id = exercises.exercise_id
where fact.user_id = :user
order by workouts.started_ms, fact.workout_id, fact.exercise_no, fact.exercise_id, fact.set_no, fact.at_ms, fact.set_id
