-- One row per other name of an exercise that comes with Spotter, as Strong, Hevy and FitNotes write it.
{{ config(materialized='table', meta={'key': ['alias'], 'refreshed_by': []}) }}
select lower(alias) as alias, min(slug) as exercise_id
from {{ ref('exercise_aliases') }}
group by 1
order by 1
