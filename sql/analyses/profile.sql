-- The person and their preferences.
select name, unit, week_start, theme
from {{ ref('dim_user') }}
where user_id = :user
