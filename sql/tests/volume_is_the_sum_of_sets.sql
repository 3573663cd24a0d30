-- A workout's volume is the volume of its sets.
with sets as (
    select workout_id, exercise_id, sum(volume_g) as volume_g from {{ ref('fact_sets') }} group by 1, 2
)

select workouts.workout_id, workouts.exercise_id
from {{ ref('fact_workouts') }} as workouts
left join sets on workouts.workout_id = sets.workout_id and workouts.exercise_id = sets.exercise_id
where workouts.volume_g is distinct from sets.volume_g
