-- One row per muscle that an exercise works: 10 tenths for a primary mover, 5 for a secondary one.
{{ config(materialized='table', meta={'key': ['exercise_id', 'muscle'], 'refreshed_by': []}) }}
with defined as (
    select exercise_id, arg_max(muscles, version) as muscles
    from {{ ref('stg_exercise_events') }}
    where kind = 'exercise.defined'
    group by exercise_id
),

weights as (
    select tenths from (values (10), (5)) as w(tenths)
)

select exercise_id, muscle, weight_tenths
from {{ ref('exercise_catalog_muscles') }}
union all
select defined.exercise_id, muscle_groups.muscle, weights.tenths as weight_tenths
from defined
cross join {{ ref('dim_muscle_group') }} as muscle_groups
cross join weights
where strpos(defined.muscles, '|' || muscle_groups.muscle || ':' || cast(weights.tenths as varchar) || '|') > 0
