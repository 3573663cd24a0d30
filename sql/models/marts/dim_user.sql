-- One row per person (type 1: the last word wins).
{{ config(materialized='table', meta={'key': ['user_id'], 'refreshed_by': ['user_id']}) }}
select
    user_id,
    arg_max(name, version) as name,
    nullif(arg_max(unit, version) filter (where kind = 'preferences.changed'), '') as unit,
    nullif(arg_max(week_start, version), -1) as week_start,
    nullif(arg_max(theme, version), '') as theme,
    min(at_ms) as created_at,
    max(at_ms) as updated_at
from {{ ref('int_person_events') }}
group by user_id
