-- One row per exercise: those that come with Spotter and those that somebody defined.
{{ config(materialized='table', meta={'key': ['exercise_id'], 'refreshed_by': []}) }}
-- `muscles` reads |chest:10|triceps:5|: the first one stands for the exercise.
with primary_muscles as (
    select own.exercise_id, min(muscle_groups.sort_order) as sort_order
    from {{ ref('int_own_exercises') }} as own
    cross join {{ ref('dim_muscle_group') }} as muscle_groups
    where strpos(own.muscles, '|' || muscle_groups.muscle || ':10|') > 0
    group by own.exercise_id
)

select
    exercise_id, name, muscle_group, intensity_class, equipment, load_mode, tracking, laterality, two_dumbbell,
    bodyweight_percent, 0 as is_custom, 0 as is_archived, cast(null as varchar) as merged_into, cast(null as varchar) as hlc
from {{ ref('exercise_catalog') }}
union all
select
    own.exercise_id,
    own.name,
    muscle_groups.muscle as muscle_group,
    'compound' as intensity_class,
    own.equipment,
    own.load_mode,
    own.tracking,
    'both' as laterality,
    0 as two_dumbbell,
    case when own.load_mode in ('bodyweight', 'assisted') then 100 else 0 end as bodyweight_percent,
    1 as is_custom,
    own.archived as is_archived,
    merged.counts_as as merged_into,
    own.hlc
from {{ ref('int_own_exercises') }} as own
left join primary_muscles on own.exercise_id = primary_muscles.exercise_id
left join {{ ref('dim_muscle_group') }} as muscle_groups on primary_muscles.sort_order = muscle_groups.sort_order
left join {{ ref('int_merged_exercises') }} as merged on own.exercise_id = merged.exercise_id
where own.defined = 1
