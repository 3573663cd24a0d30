-- One row per person whose rows count for another: two devices that logged before they met.
{{ config(materialized='table', meta={'key': ['person'], 'refreshed_by': ['person']}) }}
select
    person,
    arg_max(user_id, version) as user_id
from {{ ref('stg_person_links') }}
group by person
