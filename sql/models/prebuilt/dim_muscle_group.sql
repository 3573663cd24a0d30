-- One row per muscle that an exercise can work.
{{ config(materialized='table', meta={'key': ['muscle'], 'refreshed_by': []}) }}
select muscle, name, region, side, sort_order
from {{ ref('muscle_groups') }}
order by sort_order
