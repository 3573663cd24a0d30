-- One row per set that stands: effective load, volume and estimated one-repetition maximum worked out.
{{ config(materialized='table', meta={'key': ['set_id'], 'refreshed_by': ['workout_id'], 'refreshed_through': ['int_sets']}) }}
-- e1RM after Epley (1985): load × (1 + r / 30), with r the repetitions and those left in reserve (10 - RPE where only
-- RPE is known). One repetition with nothing in reserve is the load itself; above 15 there is no estimate, above 10 it
-- is of low confidence. Warm-ups and assisted sets have none. Loads are grams; r10 is r in tenths.
-- Where the body weight is unknown, added load counts alone and is no ground for an estimate, and help leaves nothing to
-- count; either is flagged.
with standing as (
    select
        sets.set_id,
        sets.workout_id,
        workouts.user_id,
        coalesce(exercises.counts_as, sets.exercise_id) as exercise_id,
        sets.exercise_no,
        sets.set_no,
        sets.set_kind,
        sets.set_kind <> 'warmup' as is_working,
        sets.at_ms,
        workouts.started_ms,
        cast('1970-01-01' as date)
            + cast((workouts.started_ms + workouts.offset_min * 60000) // 86400000 as integer) as workout_date,
        sets.unit,
        sets.load_g,
        coalesce(sets.bodyweight_g, bodies.bodyweight_g) as bodyweight_g,
        sets.assist_g,
        sets.reps,
        sets.duration_ms,
        sets.distance_mm,
        sets.rpe10,
        sets.rir,
        sets.rest_ms,
        sets.side,
        sets.note,
        sets.hlc,
        coalesce(exercises.load_mode, 'external') as load_mode,
        coalesce(exercises.two_dumbbell, 0) as two_dumbbell,
        bodies.body_g,
        case coalesce(exercises.load_mode, 'external')
            when 'external' then sets.load_g
            when 'bodyweight' then coalesce(bodies.body_g, 0) + coalesce(sets.load_g, 0)
            when 'assisted' then bodies.body_g - least(coalesce(sets.assist_g, 0), bodies.body_g)
        end as effective_load_g,
        sets.reps * 10 + coalesce(sets.rir * 10, 100 - sets.rpe10, 0) as r10
    from {{ ref('int_sets') }} as sets
    inner join {{ ref('int_workouts') }} as workouts on sets.workout_id = workouts.workout_id
    left join {{ ref('int_exercises') }} as exercises on sets.exercise_id = exercises.exercise_id
    left join {{ ref('int_imports') }} as imports on sets.import_id = imports.import_id
    left join {{ ref('int_body_loads') }} as bodies on sets.set_id = bodies.set_id
    where
        sets.removed = 0
        and workouts.removed = 0
        and workouts.discarded = 0
        -- An import that was undone takes its sets with it, but not those that somebody edited since.
        and (coalesce(imports.undone, 0) = 0 or sets.edited = 1)
)

select
    set_id,
    workout_id,
    user_id,
    exercise_id,
    exercise_no,
    set_no,
    set_kind,
    is_working,
    at_ms,
    started_ms,
    workout_date,
    unit,
    load_mode,
    load_g,
    bodyweight_g,
    assist_g,
    reps,
    duration_ms,
    distance_mm,
    rpe10,
    rir,
    rest_ms,
    side,
    note,
    hlc,
    effective_load_g,
    case
        when is_working then coalesce(effective_load_g * reps * (1 + two_dumbbell), 0) else 0
    end as volume_g,
    case
        when not is_working or load_mode = 'assisted' or load_mode = 'none' then null
        when load_mode = 'bodyweight' and body_g is null then null
        when effective_load_g <= 0 or reps < 1 or r10 > 150 then null
        when r10 = 10 then effective_load_g
        else effective_load_g * (300 + r10) // 300
    end as e1rm_g,
    r10 > 100 as is_low_confidence,
    case
        when load_mode in ('bodyweight', 'assisted') and body_g is null and is_working and reps > 0 then 1 else 0
    end as lacks_body_weight
from standing
