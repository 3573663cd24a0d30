-- Weighings, newest first.
select weighing_id, weight_g, unit, at_ms, date, hlc
from {{ ref('fact_body_weights') }}
where user_id = :user
order by at_ms desc, weighing_id
limit :limit
