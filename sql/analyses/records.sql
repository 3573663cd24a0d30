-- Personal records, newest first.
select
    records.workout_id, records.workout_date, records.exercise_id, exercises.name, records.record, records.value_g,
    records.before_g
from {{ ref('personal_records') }} as records
left join {{ ref('dim_exercise') }} as exercises on records.exercise_id = exercises.exercise_id
where records.user_id = :user and records.workout_date >= cast(:from as date) and records.workout_date <= cast(:to as date)
order by records.started_ms desc, exercises.name, records.record
limit :limit
