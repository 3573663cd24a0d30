-- Workouts that were started and neither finished, discarded nor removed, newest first.
select workout_id, name, note, started_ms, finished_ms, offset_min, finished, hlc
from {{ ref('int_workouts') }}
where user_id = :user and finished = 0 and discarded = 0 and removed = 0
order by started_ms desc, workout_id
