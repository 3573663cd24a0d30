-- One row per set that was ever logged: the last word on each of its fields, and whether it was taken back.
{{ config(materialized='table', meta={'key': ['set_id'], 'refreshed_by': ['set_id']}) }}
-- A correction that clears a field carries -1 or an empty text in its column; nullif turns that into nothing.
select
    set_id,
    arg_max(user_id, version) filter (where kind = 'set.logged') as user_id,
    arg_max(workout_id, version) as workout_id,
    arg_max(exercise_id, version) as exercise_id,
    arg_max(exercise_no, version) as exercise_no,
    arg_max(set_no, version) as set_no,
    arg_max(at_ms, version) filter (where kind = 'set.logged') as at_ms,
    arg_max(set_kind, version) as set_kind,
    arg_max(unit, version) as unit,
    nullif(arg_max(load_g, version), -1) as load_g,
    nullif(arg_max(bodyweight_g, version), -1) as bodyweight_g,
    nullif(arg_max(assist_g, version), -1) as assist_g,
    nullif(arg_max(reps, version), -1) as reps,
    nullif(arg_max(duration_ms, version), -1) as duration_ms,
    nullif(arg_max(distance_mm, version), -1) as distance_mm,
    nullif(arg_max(rpe10, version), -1) as rpe10,
    nullif(arg_max(rir, version), -1) as rir,
    arg_max(rest_ms, version) as rest_ms,
    arg_max(side, version) as side,
    nullif(arg_max(note, version), '') as note,
    arg_max(import_id, version) as import_id,
    max(case when kind = 'set.corrected' then 1 else 0 end) as edited,
    arg_max(case kind when 'set.removed' then 1 when 'set.corrected' then null else 0 end, version) as removed,
    substr(max(version), 1, 34) as hlc
from {{ ref('stg_set_events') }}
group by set_id
having count(*) filter (where kind = 'set.logged') > 0
