-- Every set that an import may meet again, with its workout, and whether it went with an import that was undone. One that
-- was edited since still stands, and its edit must not be written over; one that was removed is not brought back.
select
    sets.set_id, sets.workout_id, case when sets.edited = 1 then 0 else coalesce(imports.undone, 0) end as undone, sets.edited,
    greatest(sets.removed, workouts.removed, workouts.discarded) as removed, workouts.name as workout, workouts.started_ms,
    workouts.offset_min, coalesce(counted.counts_as, sets.exercise_id) as exercise_id, exercises.name as exercise,
    sets.exercise_no, sets.set_no, sets.set_kind, sets.load_g, sets.assist_g, sets.reps, sets.duration_ms, sets.distance_mm,
    sets.rpe10
from {{ ref('int_sets') }} as sets
inner join {{ ref('int_workouts') }} as workouts on sets.workout_id = workouts.workout_id
left join {{ ref('int_imports') }} as imports on sets.import_id = imports.import_id
left join {{ ref('int_exercises') }} as counted on sets.exercise_id = counted.exercise_id
left join {{ ref('dim_exercise') }} as exercises on counted.counts_as = exercises.exercise_id
order by sets.set_id
