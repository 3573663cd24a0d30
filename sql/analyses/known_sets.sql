-- Sets and workouts that an import may meet again, and whether what it brought was undone.
select sets.set_id, sets.workout_id, coalesce(imports.undone, 0) as undone
from {{ ref('int_sets') }} as sets
left join {{ ref('int_imports') }} as imports on sets.import_id = imports.import_id
where sets.import_id is not null
order by sets.set_id
