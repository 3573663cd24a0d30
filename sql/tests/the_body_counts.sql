-- A set that moves the body and counts nothing for it is flagged, and no other one is.
select set_id
from {{ ref('fact_sets') }}
where
    (lacks_body_weight = 1)
    is distinct from (load_mode in ('bodyweight', 'assisted') and bodyweight_g is null and is_working and coalesce(reps, 0) > 0)
