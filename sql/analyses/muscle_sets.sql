-- The rows behind a muscle's figure: what counted for it in a range of days, exercise by exercise.
select
    fact.workout_date, fact.workout_id, exercises.name, muscles.weight_tenths,
    count(*) filter (where fact.is_working) as sets, sum(fact.volume_g) as volume_g
from {{ ref('fact_sets') }} as fact
inner join {{ ref('exercise_muscles') }} as muscles on fact.exercise_id = muscles.exercise_id
left join {{ ref('dim_exercise') }} as exercises on fact.exercise_id = exercises.exercise_id
where
    fact.user_id = :user and muscles.muscle = :muscle
    and fact.workout_date >= cast(:from as date) and fact.workout_date <= cast(:to as date)
group by fact.workout_date, fact.workout_id, exercises.name, muscles.weight_tenths
order by fact.workout_date desc, exercises.name
