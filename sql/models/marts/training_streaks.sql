-- One row per person and run of weeks in a row with training. Weeks are ISO weeks.
{{ config(materialized='table', meta={'key': ['user_id', 'first_week'], 'refreshed_by': ['user_id']}) }}
-- Within a run the week's number and its place among the weeks grow alike.
with runs as (
    select
        user_id,
        week_start,
        days,
        (week_start - cast('2000-01-03' as date)) // 7
            - row_number() over (partition by user_id order by week_start) as run
    from {{ ref('weekly_digest') }}
)

select
    user_id,
    min(week_start) as first_week,
    max(week_start) as last_week,
    count(*) as weeks,
    sum(days) as days
from runs
group by user_id, run
