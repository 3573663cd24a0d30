-- The sets of the last time an exercise was done, before a given moment: what a new set is filled in from. An exercise
-- that was merged since counts as the other one.
with wanted as (
    select coalesce(max(counts_as), :exercise) as exercise_id
    from {{ ref('int_exercises') }}
    where exercise_id = :exercise
),

times as (
    select workout_id, row_number() over (order by started_ms desc, workout_id) as nth
    from {{ ref('fact_workouts') }}
    where user_id = :user and exercise_id = (select exercise_id from wanted) and started_ms < :before_ms
)

select
    fact.set_no, fact.set_kind, fact.unit, fact.load_g, fact.assist_g, fact.reps, fact.duration_ms, fact.distance_mm,
    fact.rpe10, fact.e1rm_g, fact.workout_date
from {{ ref('fact_sets') }} as fact
inner join times on fact.workout_id = times.workout_id
where times.nth = 1 and fact.exercise_id = (select exercise_id from wanted)
order by fact.set_no, fact.at_ms, fact.set_id
