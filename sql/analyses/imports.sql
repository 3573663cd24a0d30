-- Imports, newest first: how many of their sets still stand, and how many of the workouts that each set out to write are
-- written. Imports of older builds do not say what they set out to.
with written as (
    select
        sets.import_id,
        count(fact.set_id) as sets,
        count(distinct fact.workout_id) as workouts,
        count(distinct sets.workout_id) as written
    from {{ ref('int_sets') }} as sets
    left join {{ ref('fact_sets') }} as fact on sets.set_id = fact.set_id
    where sets.import_id is not null
    group by sets.import_id
)

select
    imports.import_id, imports.source, imports.file_name, imports.file_hash, imports.rows_read, imports.rows_accepted,
    imports.rows_rejected, imports.at_ms, imports.undone, coalesce(written.sets, 0) as sets,
    coalesce(written.workouts, 0) as workouts, coalesce(written.written, 0) as written, imports.workouts as planned,
    imports.ended, imports.answers
from {{ ref('int_imports') }} as imports
left join written on imports.import_id = written.import_id
where imports.user_id = :user
order by imports.at_ms desc, imports.import_id
