-- The exercises done most often in a range of days, of those that have an estimate.
select fact.exercise_id, exercises.name, count(*) as times, max(fact.best_e1rm_g) as best_e1rm_g
from {{ ref('fact_workouts') }} as fact
left join {{ ref('dim_exercise') }} as exercises on fact.exercise_id = exercises.exercise_id
where
    fact.user_id = :user and fact.best_e1rm_g is not null
    and fact.workout_date >= cast(:from as date) and fact.workout_date <= cast(:to as date)
group by fact.exercise_id, exercises.name
order by times desc, exercises.name
limit :limit
