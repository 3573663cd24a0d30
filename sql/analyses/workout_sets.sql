-- The sets of one workout, in the order they were done.
select
    fact.set_id, fact.workout_id, fact.exercise_id, exercises.name, coalesce(exercises.load_mode, 'external') as load_mode,
    coalesce(exercises.tracking, 'load_reps') as tracking, fact.exercise_no, fact.set_no, fact.set_kind, fact.at_ms,
    fact.unit, fact.load_g, fact.assist_g, fact.bodyweight_g, fact.reps, fact.duration_ms, fact.distance_mm, fact.rpe10,
    fact.note, fact.hlc, fact.e1rm_g, fact.volume_g, fact.lacks_body_weight
from {{ ref('fact_sets') }} as fact
left join {{ ref('dim_exercise') }} as exercises on fact.exercise_id = exercises.exercise_id
where fact.workout_id = :workout
order by fact.exercise_no, fact.exercise_id, fact.set_no, fact.at_ms, fact.set_id
