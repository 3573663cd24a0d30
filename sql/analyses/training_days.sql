-- One row per day with training in a range of days: the calendar and the week strip.
select
    workout_date, count(distinct workout_id) as workouts, sum(sets) as sets, sum(volume_g) as volume_g,
    sum(duration_minutes) as minutes
from {{ ref('fact_workouts') }}
where user_id = :user and workout_date >= cast(:from as date) and workout_date <= cast(:to as date)
group by workout_date
order by workout_date
