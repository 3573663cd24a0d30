-- One row per exercise that comes with Spotter.
{{ config(materialized='table', meta={'key': ['exercise_id'], 'refreshed_by': []}) }}
select
    slug as exercise_id,
    name,
    muscle_group,
    intensity_class,
    equipment,
    load_mode,
    tracking,
    laterality,
    two_dumbbell,
    bodyweight_percent
from {{ ref('exercises') }}
order by slug
