-- Sets (in tenths) and volume per muscle and ISO week in a range of days.
select
    dates.week_start, by_muscle.muscle, muscles.name, muscles.sort_order,
    sum(by_muscle.sets_tenths) as sets_tenths, sum(by_muscle.volume_g) as volume_g
from {{ ref('workouts_by_muscle_group') }} as by_muscle
inner join {{ ref('dim_date') }} as dates on by_muscle.workout_date = dates.date
inner join {{ ref('dim_muscle_group') }} as muscles on by_muscle.muscle = muscles.muscle
where
    by_muscle.user_id = :user
    and by_muscle.workout_date >= cast(:from as date) and by_muscle.workout_date <= cast(:to as date)
group by dates.week_start, by_muscle.muscle, muscles.name, muscles.sort_order
order by dates.week_start, muscles.sort_order
