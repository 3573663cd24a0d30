-- One row per span of time in which one weighing counts for a person: from it to the next one.
{{ config(materialized='table', meta={'key': ['span_id'], 'refreshed_by': ['user_id']}) }}
-- Before the first weighing the first one counts: it is the best that is known of that time, and without it years that
-- were imported before somebody stepped on a scale would weigh nothing. That span is called by the person's own id, so
-- that the sets which nothing was known for are found when the first weighing comes. Of two weighings in the same
-- millisecond the one that was spoken of last counts.
with weighings as (
    select user_id, weighing_id, at_ms, weight_g,
        row_number() over (partition by user_id, at_ms order by hlc desc, weighing_id desc) as nth_of_moment
    from {{ ref('fact_body_weights') }}
),

spans as (
    select
        user_id,
        weighing_id,
        weight_g,
        at_ms as from_ms,
        coalesce(lead(at_ms) over (partition by user_id order by at_ms), 9007199254740991) as until_ms,
        row_number() over (partition by user_id order by at_ms) as nth
    from weighings
    where nth_of_moment = 1
)

select weighing_id as span_id, user_id, from_ms, until_ms, weight_g
from spans
union all
select user_id as span_id, user_id, -1 as from_ms, from_ms as until_ms, weight_g
from spans
where nth = 1
