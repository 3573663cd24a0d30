-- One row per muscle that an exercise works: 10 tenths for a primary mover, 5 for a secondary one.
{{ config(materialized='table', meta={'key': ['exercise_id', 'muscle'], 'refreshed_by': []}) }}
with weights as (
    select tenths from (values (10), (5)) as w(tenths)
)

select exercise_id, muscle, weight_tenths
from {{ ref('exercise_catalog_muscles') }}
union all
select own.exercise_id, muscle_groups.muscle, weights.tenths as weight_tenths
from {{ ref('int_own_exercises') }} as own
cross join {{ ref('dim_muscle_group') }} as muscle_groups
cross join weights
where
    own.defined = 1
    and strpos(own.muscles, '|' || muscle_groups.muscle || ':' || cast(weights.tenths as varchar) || '|') > 0
