-- One row per muscle of an exercise that comes with Spotter: 10 tenths for a primary mover, 5 for a secondary one.
{{ config(materialized='table', meta={'key': ['exercise_id', 'muscle'], 'refreshed_by': []}) }}
select slug as exercise_id, muscle, weight_tenths
from {{ ref('exercise_muscles_seed') }}
order by slug, muscle
