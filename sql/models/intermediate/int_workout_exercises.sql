-- One row per exercise performed in a workout, before anything is compared with earlier workouts.
{{ config(materialized='table', meta={'key': ['workout_id', 'exercise_id'], 'refreshed_by': ['workout_id']}) }}
with exercises as (
    select
        workout_id,
        exercise_id,
        min(user_id) as user_id,
        min(workout_date) as workout_date,
        min(started_ms) as started_ms,
        min(exercise_no) as exercise_no,
        count(*) as all_sets,
        count(*) filter (where is_working) as sets,
        coalesce(sum(reps) filter (where is_working), 0) as reps,
        sum(volume_g) as volume_g,
        coalesce(sum(distance_mm), 0) as distance_mm,
        coalesce(sum(rpe10) filter (where is_working), 0) as rpe10_sum,
        count(rpe10) filter (where is_working) as rpe10_count,
        max(e1rm_g) as best_e1rm_g,
        -- Less help is more load: what counts as heavy in an assisted exercise is what is left of the body.
        max(case when load_mode = 'assisted' then effective_load_g else load_g end)
            filter (where is_working and reps > 0) as heaviest_g,
        sum(lacks_body_weight) as sets_lacking_body_weight,
        min(at_ms) as created_timestamp
    from {{ ref('fact_sets') }}
    group by workout_id, exercise_id
),

running as (
    select
        exercises.workout_id,
        exercises.exercise_id,
        exercises.user_id,
        exercises.workout_date,
        exercises.started_ms,
        -- About a year: partitions that a new set stays within, however long the log.
        exercises.started_ms // 31557600000 as era,
        exercises.exercise_no,
        exercises.all_sets,
        exercises.sets,
        exercises.reps,
        exercises.volume_g,
        exercises.distance_mm,
        exercises.rpe10_sum,
        exercises.rpe10_count,
        exercises.best_e1rm_g,
        exercises.heaviest_g,
        exercises.sets_lacking_body_weight,
        exercises.created_timestamp,
        sum(exercises.all_sets) over (
            partition by exercises.workout_id
            order by exercises.exercise_no, exercises.exercise_id
            rows between unbounded preceding and current row
        ) as sets_until,
        sum(exercises.all_sets) over (partition by exercises.workout_id) as sets_total,
        (workouts.finished_ms - workouts.started_ms + 30000) // 60000 as workout_minutes
    from exercises
    inner join {{ ref('int_workouts') }} as workouts on exercises.workout_id = workouts.workout_id
)

-- An exercise's minutes are its share of the workout by sets. Taking differences of running shares makes the whole
-- minutes of all exercises add up to those of the workout. Of a workout whose end is unknown so are they.
select
    workout_id,
    exercise_id,
    user_id,
    workout_date,
    started_ms,
    era,
    exercise_no,
    workout_minutes * sets_until // sets_total - workout_minutes * (sets_until - all_sets) // sets_total as duration_minutes,
    sets,
    reps,
    volume_g,
    distance_mm,
    rpe10_sum,
    rpe10_count,
    best_e1rm_g,
    heaviest_g,
    sets_lacking_body_weight,
    created_timestamp
from running
