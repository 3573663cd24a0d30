-- Imports, newest first, and how many of their sets still stand.
with standing as (
    select sets.import_id, count(*) as sets, count(distinct sets.workout_id) as workouts
    from {{ ref('int_sets') }} as sets
    inner join {{ ref('fact_sets') }} as fact on sets.set_id = fact.set_id
    where sets.import_id is not null
    group by sets.import_id
)

select
    imports.import_id, imports.source, imports.file_name, imports.file_hash, imports.rows_read, imports.rows_accepted,
    imports.rows_rejected, imports.at_ms, imports.undone, coalesce(standing.sets, 0) as sets,
    coalesce(standing.workouts, 0) as workouts
from {{ ref('int_imports') }} as imports
left join standing on imports.import_id = standing.import_id
where imports.user_id = :user
order by imports.at_ms desc, imports.import_id
