-- One workout's own fields.
select workout_id, name, note, started_ms, finished_ms, offset_min, finished, hlc
from {{ ref('int_workouts') }}
where workout_id = :workout and discarded = 0 and removed = 0
