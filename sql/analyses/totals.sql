-- Tiles: what a range of days adds up to.
with done as (
    select count(distinct workout_id) as workouts, sum(sets) as sets, sum(volume_g) as volume_g
    from {{ ref('fact_workouts') }}
    where user_id = :user and workout_date >= cast(:from as date) and workout_date <= cast(:to as date)
),

records as (
    select count(*) as records
    from {{ ref('personal_records') }}
    where user_id = :user and workout_date >= cast(:from as date) and workout_date <= cast(:to as date)
)

select done.workouts, coalesce(done.sets, 0) as sets, coalesce(done.volume_g, 0) as volume_g, records.records
from done
cross join records
