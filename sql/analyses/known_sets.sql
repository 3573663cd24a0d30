-- Sets that an import may meet again, and whether they went with an import that was undone. One that was edited since
-- still stands, and its edit must not be written over.
select sets.set_id, sets.workout_id, case when sets.edited = 1 then 0 else coalesce(imports.undone, 0) end as undone
from {{ ref('int_sets') }} as sets
left join {{ ref('int_imports') }} as imports on sets.import_id = imports.import_id
where sets.import_id is not null
order by sets.set_id
