-- Every name under which a file's exercise is found.
select names.alias, names.exercise_id, exercises.name, exercises.load_mode, exercises.tracking
from {{ ref('exercise_names') }} as names
inner join {{ ref('dim_exercise') }} as exercises on names.exercise_id = exercises.exercise_id
order by names.alias
