-- One row per import: what it set out to write, whether it came to its end, and whether it was undone.
{{ config(materialized='table', meta={'key': ['import_id'], 'refreshed_by': ['import_id']}) }}
with words as (
    select
        import_id,
        arg_max(user_id, version) as person,
        arg_max(source, version) as source,
        arg_max(file_name, version) as file_name,
        arg_max(file_hash, version) as file_hash,
        arg_max(rows_read, version) as rows_read,
        arg_max(rows_accepted, version) as rows_accepted,
        arg_max(rows_rejected, version) as rows_rejected,
        arg_max(workouts, version) as workouts,
        arg_max(answers, version) as answers,
        min(at_ms) as at_ms,
        max(case when kind = 'import.ended' then 1 else 0 end) as ended,
        max(case when kind = 'import.undone' then 1 else 0 end) as undone
    from {{ ref('stg_import_events') }}
    group by import_id
)

select
    words.import_id,
    coalesce(persons.user_id, words.person) as user_id,
    words.source,
    words.file_name,
    words.file_hash,
    words.rows_read,
    words.rows_accepted,
    words.rows_rejected,
    words.workouts,
    words.answers,
    words.at_ms,
    words.ended,
    words.undone
from words
left join {{ ref('int_persons') }} as persons on persons.person = words.person
