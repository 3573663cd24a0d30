-- One exercise over time: its best estimate, heaviest load and volume in each workout.
select workout_date, workout_id, started_ms, best_e1rm_g, heaviest_g, volume_g, sets, reps
from {{ ref('fact_workouts') }}
where user_id = :user and exercise_id = :exercise and workout_date >= cast(:from as date) and workout_date <= cast(:to as date)
order by started_ms, workout_id
