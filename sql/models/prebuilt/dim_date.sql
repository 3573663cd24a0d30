-- One row per day from 2000-01-01 to 2049-12-31. Weeks are ISO weeks.
{{ config(materialized='table', meta={'key': ['date'], 'refreshed_by': []}) }}
with digits as (
    select n from (values (0), (1), (2), (3), (4), (5), (6), (7), (8), (9)) as d(n)
),

numbers as (
    select a.n + 10 * b.n + 100 * c.n + 1000 * d.n + 10000 * e.n as n
    from digits as a
    cross join digits as b
    cross join digits as c
    cross join digits as d
    cross join (values (0), (1)) as e(n)
),

days as (
    select cast('2000-01-01' as date) + cast(n as integer) as date
    from numbers
    where n < 18263
),

holiday_dates as (
    select cast(date as date) as date, count(*) as countries
    from {{ ref('holidays') }}
    group by 1
)

select
    days.date,
    extract(year from days.date) as year,
    extract(month from days.date) as month,
    extract(day from days.date) as day,
    extract(week from days.date) as week,
    extract(quarter from days.date) as quarter,
    extract(isodow from days.date) as day_of_week,
    days.date - cast(extract(isodow from days.date) - 1 as integer) as week_start,
    extract(isodow from days.date) <= 5 as is_weekday,
    extract(isodow from days.date) > 5 as is_weekend,
    holiday_dates.date is not null as is_holiday
from days
left join holiday_dates on days.date = holiday_dates.date
order by days.date
