-- Tiles: what a range of days adds up to.
with done as (
    select
        count(distinct workout_id) as workouts, sum(sets) as sets, sum(volume_g) as volume_g,
        sum(sets_lacking_body_weight) as sets_lacking_body_weight
    from {{ ref('fact_workouts') }}
    where user_id = :user and workout_date >= cast(:from as date) and workout_date <= cast(:to as date)
),

-- What is said of a week on average is said of the weeks with training.
weeks as (
    select count(distinct week_start) as weeks
    from {{ ref('training_calendar') }}
    where user_id = :user and workout_date >= cast(:from as date) and workout_date <= cast(:to as date)
),

records as (
    select count(*) as records
    from {{ ref('personal_records') }}
    where user_id = :user and workout_date >= cast(:from as date) and workout_date <= cast(:to as date)
)

select
    done.workouts, coalesce(done.sets, 0) as sets, coalesce(done.volume_g, 0) as volume_g, records.records, weeks.weeks,
    coalesce(done.sets_lacking_body_weight, 0) as sets_lacking_body_weight
from done
cross join weeks
cross join records
