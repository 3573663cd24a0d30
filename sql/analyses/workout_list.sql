-- Workouts that are over, newest first, with what was done in each.
with done as (
    select
        workout_id, count(*) as exercises, sum(sets) as sets, sum(volume_g) as volume_g, max(intensity_level) as intensity
    from {{ ref('fact_workouts') }}
    where user_id = :user
    group by workout_id
),

records as (
    select workout_id, count(*) as records
    from {{ ref('personal_records') }}
    where user_id = :user
    group by workout_id
)

select
    workouts.workout_id, workouts.name, workouts.note, workouts.started_ms, workouts.finished_ms, workouts.offset_min,
    workouts.hlc, done.exercises, done.sets, done.volume_g, coalesce(records.records, 0) as records
from done
inner join {{ ref('int_workouts') }} as workouts on done.workout_id = workouts.workout_id
left join records on done.workout_id = records.workout_id
where workouts.finished = 1 and workouts.started_ms < :before_ms
order by workouts.started_ms desc, workouts.workout_id
limit :limit
