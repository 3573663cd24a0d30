-- One row per exercise: those that come with Spotter and those that somebody defined.
{{ config(materialized='table', meta={'key': ['exercise_id'], 'refreshed_by': []}) }}
with defined as (
    select
        exercise_id,
        arg_max(name, version) as name,
        arg_max(equipment, version) as equipment,
        arg_max(load_mode, version) as load_mode,
        arg_max(tracking, version) as tracking,
        arg_max(muscles, version) as muscles
    from {{ ref('stg_exercise_events') }}
    where kind = 'exercise.defined'
    group by exercise_id
),

-- `muscles` reads |chest:10|triceps:5|: the first one stands for the exercise.
primary_muscles as (
    select defined.exercise_id, min(muscle_groups.sort_order) as sort_order
    from defined
    cross join {{ ref('dim_muscle_group') }} as muscle_groups
    where strpos(defined.muscles, '|' || muscle_groups.muscle || ':10|') > 0
    group by defined.exercise_id
)

select
    exercise_id, name, muscle_group, intensity_class, equipment, load_mode, tracking, laterality, two_dumbbell,
    bodyweight_percent, 0 as is_custom
from {{ ref('exercise_catalog') }}
union all
select
    defined.exercise_id,
    defined.name,
    muscle_groups.muscle as muscle_group,
    'compound' as intensity_class,
    defined.equipment,
    defined.load_mode,
    defined.tracking,
    'both' as laterality,
    0 as two_dumbbell,
    case when defined.load_mode in ('bodyweight', 'assisted') then 100 else 0 end as bodyweight_percent,
    1 as is_custom
from defined
left join primary_muscles on defined.exercise_id = primary_muscles.exercise_id
left join {{ ref('dim_muscle_group') }} as muscle_groups on primary_muscles.sort_order = muscle_groups.sort_order
