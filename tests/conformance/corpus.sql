-- Queries that must give DuckDB's answer, one a line; those after `!` must be refused. Every query sees the tables of
-- tables.sql. Whoever adds one runs `python tests/conformance/duck.py bless`, which asks DuckDB for the answers.
-- Selecting and ordering: nulls last whichever way, positions, aliases, expressions
select id, lifter, load from sets order by id
select id, load from sets order by load, id
select id, load from sets order by load desc, id
select id, load from sets order by load nulls first, id
select id, load from sets order by load desc nulls first, id desc
select id, reps from sets order by 2, 1 desc
select id, reps as r from sets order by r desc, id limit 5
select id from sets order by reps + id, id limit 4 offset 3
select id from sets order by id limit 0
select id from sets order by id desc limit 3
select distinct lifter from sets order by lifter
select distinct lifter, lift from sets order by 1, 2
select distinct reps > 5 as many from sets order by 1
select * from lifts order by lift
select lifts.* from lifts order by lift desc
select l.lift, s.* from lifts as l join sets as s on s.lift = l.lift where s.id < 4 order by s.id
select id, id from sets where id = 1
select 1 as a, 2 as b, 'x' as c, null as d, true as e
select id as "The Id" from sets where id = 2
select count(*) from nothing
select * from nothing
select sum(e), max(e), min(e), avg(e) from nothing
select e from nothing group by e
select day, id from sets order by day desc, id limit 6
select ok, id from sets order by ok, id
select ok, id from sets order by ok desc nulls last, id
select rpe, id from sets order by rpe desc, id limit 7
select lifter || '-' || lift as k from sets order by k, id limit 5
-- Conditions in three values
select id from sets where load > 80 order by id
select id from sets where load >= 80 and reps < 6 order by id
select id from sets where load > 80 or reps > 8 order by id
select id from sets where not (load > 80) order by id
select id from sets where not (load > 80 and reps > 3) order by id
select id from sets where load is null order by id
select id from sets where load is not null order by id
select id from sets where load = null order by id
select id from sets where load <> 80 order by id
select id from sets where load between 60 and 80 order by id
select id from sets where load not between 60 and 80 order by id
select id from sets where reps in (5, 8) order by id
select id from sets where reps not in (5, 8) order by id
select id from sets where reps in (5, null) order by id
select id from sets where reps not in (5, null) order by id
select id from sets where load in (60, 80, null) or id = 3 order by id
select id from sets where lifter = 'mia' order by id
select id from sets where lifter > 'k' order by id
select id from sets where lifter <> 'mia' and ok order by id
select id from sets where ok order by id
select id from sets where not ok order by id
select id from sets where ok is true order by id
select id from sets where ok is not true order by id
select id from sets where ok is false order by id
select id from sets where ok is not false order by id
select id from sets where (load > 80) is null order by id
select id from sets where ok = (reps > 5) order by id
select id from sets where day = date '2026-03-02' order by id
select id from sets where day < date '2026-03-05' order by id
select id from sets where day between date '2026-03-01' and date '2026-03-08' order by id
select id from sets where day > cast('2026-03-08' as date) order by id
select id from sets where lifter is distinct from 'mia' order by id
select id from sets where load is distinct from null order by id
select id from sets where load is not distinct from 80 order by id
select id from sets where load is not distinct from null order by id
select id from sets where rpe > 8 order by id
select id from sets where rpe >= 8.5e0 order by id
select id from sets where rpe = 8 order by id
select id from sets where id % 3 = 0 order by id
select id from sets where id % 2 = 1 and lift = 'squat' order by id
select id from sets where lifter like 'm%' order by id
select id from sets where lifter not like '%a' order by id
select id from sets where lift like '_en%' order by id
select id from sets where lift ilike 'SQ%' order by id
select id from sets where lifter like '%i%' and lifter like '%a' order by id
select id from sets where starts_with(lift, 'b') order by id
select id from sets where case when load > 70 then ok else not ok end order by id
select id from sets where coalesce(load, 0) < 50 order by id
select id from sets where nullif(reps, 5) is null order by id
select id from sets where exists (select 1) order by id
select id from sets where true order by id
select id from sets where false order by id
select id from sets where null order by id
select id from sets where 1 = 1 and id = 4 order by id
select id from sets where lifter in ('mia', 'ole', null) order by id
select id from sets where id in (1, 2, 3) and not id in (2) order by id
select (null and false), (null and true), (null or true), (null or false), not null
select null = null, null <> null, null is null, 1 is null
select true and null is null
select 1 in (1, null), 2 in (1, null), 2 not in (1, null), null in (1)
select null between 1 and 2, 1 between null and 0, 1 between null and 2
select 1 = x as a, x = 1 as b, 1 < x as c, x between 1 and 2 as d from (select null as x from sets) as v
select 1 as y from (select null as x from sets) as v where 1 = x or x <> 1
-- Arithmetic: whole numbers stay whole under //, / is always a double, nothing wraps
select 7 // 2, -7 // 2, 7 // -2, -7 // -2
select 7 % 3, -7 % 3, 7 % -3
select 7 / 2, 6 / 2, -7 / 2
select 2 + 3 * 4 - 5, (2 + 3) * 4, -3 + -4
select 1e0 / 3, 2.5e0 * 2, 1 + 0.5e0
select load * reps as volume from sets order by id
select load // 7, load % 7, load / 7 from sets where load is not null order by id
select -load, +load, abs(-load) from sets order by id limit 5
select rpe * 2, rpe + load, rpe - 1, rpe / 2 from sets order by id
select id * 1000000 * 1000000 from sets order by id limit 3
select 10 // 3 * 3 + 10 % 3
select -(-5), - - 5, +5
select abs(-7), abs(7), abs(-2.5e0), abs(null)
select null + 1, 1 - null, null * null, null // 2
select sum(load * reps) // count(*) from sets
! select 5 // 2.0e0
select 3 - 2 - 1, 2 * 3 % 4, 100 // 10 // 5
select 9223372036854775807 - 1
select 4000000000 * 2, 4000000000 + 4000000000
-- Case, coalesce, nullif, greatest and least
select id, case when load > 80 then 'heavy' when load > 60 then 'medium' else 'light' end from sets order by id
select id, case when load > 80 then 'heavy' end from sets order by id
select id, case lift when 'squat' then 1 when 'bench' then 2 end from sets order by id
select case when null then 1 else 2 end, case null when null then 1 else 2 end
select case when reps <> 0 then 100 // reps end from sets order by id limit 6
select coalesce(load, -1), coalesce(null, null, id), coalesce(load, reps, 0) from sets order by id
select nullif(lifter, 'mia'), nullif(reps, 5), nullif(5, null) from sets order by id
select greatest(load, 70), least(load, 70), greatest(1, 5, 3), least('b', 'a') from sets order by id
select greatest(null, 1), least(null, 1), greatest(null, null)
select case when id = 1 then 1 when id = 2 then 2.5e0 else null end from sets order by id limit 3
select ifnull(load, 0), if(reps > 5, 'many', 'few') from sets order by id
select sum(case when ok then 1 else 0 end), sum(case when not ok then 1 end) from sets
select case lift when 'squat' then load else reps end as x from sets order by x, id
select case when 1 = 2 then 'a' else null end
-- Groups and aggregates
select count(*) from sets
select lifter, count(*) from sets group by lifter order by lifter
select count(load) from sets
select lifter, count(load) from sets group by lifter order by lifter
select sum(load) from sets
select lifter, sum(load) from sets group by lifter order by lifter
select avg(load) from sets
select lifter, avg(load) from sets group by lifter order by lifter
select min(load), max(load) from sets
select lifter, min(load), max(load) from sets group by lifter order by lifter
select min(lifter), max(lift) from sets
select lifter, min(lifter), max(lift) from sets group by lifter order by lifter
select min(day), max(day) from sets
select lifter, min(day), max(day) from sets group by lifter order by lifter
select count(distinct lift) from sets
select lifter, count(distinct lift) from sets group by lifter order by lifter
select sum(distinct reps) from sets
select lifter, sum(distinct reps) from sets group by lifter order by lifter
select avg(distinct reps) from sets
select lifter, avg(distinct reps) from sets group by lifter order by lifter
select min(distinct reps) from sets
select lifter, min(distinct reps) from sets group by lifter order by lifter
select bool_and(ok), bool_or(ok) from sets
select lifter, bool_and(ok), bool_or(ok) from sets group by lifter order by lifter
select count_if(reps > 5) from sets
select lifter, count_if(reps > 5) from sets group by lifter order by lifter
select median(load) from sets
select lifter, median(load) from sets group by lifter order by lifter
select median(reps) from sets
select lifter, median(reps) from sets group by lifter order by lifter
select stddev(load) from sets
select lifter, stddev(load) from sets group by lifter order by lifter
select stddev_pop(load), var_pop(load) from sets
select lifter, stddev_pop(load), var_pop(load) from sets group by lifter order by lifter
select variance(reps), var_samp(reps) from sets
select lifter, variance(reps), var_samp(reps) from sets group by lifter order by lifter
select arg_max(id, load), arg_min(id, id) from sets
select lifter, arg_max(id, load), arg_min(id, id) from sets group by lifter order by lifter
select sum(rpe), avg(rpe) from sets
select lifter, sum(rpe), avg(rpe) from sets group by lifter order by lifter
select max(rpe), min(ok), max(ok) from sets
select lifter, max(rpe), min(ok), max(ok) from sets group by lifter order by lifter
select count(*) filter (where load > 70) from sets
select lifter, count(*) filter (where load > 70) from sets group by lifter order by lifter
select sum(reps) filter (where ok) from sets
select lifter, sum(reps) filter (where ok) from sets group by lifter order by lifter
select max(load) filter (where reps >= 5), count(*) filter (where reps is null) from sets
select lifter, max(load) filter (where reps >= 5), count(*) filter (where reps is null) from sets group by lifter order by lifter
select string_agg(lift, ',' order by id) from sets
select lifter, string_agg(lift, ',' order by id) from sets group by lifter order by lifter
select string_agg(lift, ' ' order by lift desc, id) filter (where ok) from sets
select lifter, string_agg(lift, ' ' order by lift desc, id) filter (where ok) from sets group by lifter order by lifter
select sum(load * reps) from sets
select lifter, sum(load * reps) from sets group by lifter order by lifter
select sum(load) - min(load) from sets
select lifter, sum(load) - min(load) from sets group by lifter order by lifter
select count(distinct lifter || lift) from sets
select lifter, count(distinct lifter || lift) from sets group by lifter order by lifter
select avg(load) filter (where load > 1000) from sets
select lifter, avg(load) filter (where load > 1000) from sets group by lifter order by lifter
select max(case when ok then load end) from sets
select lifter, max(case when ok then load end) from sets group by lifter order by lifter
select lift, lifter, count(*) from sets group by lift, lifter order by 1, 2
select reps > 5 as many, count(*) from sets group by reps > 5 order by 1
select reps > 5 as many, count(*) from sets group by many order by many
select lift, count(*) from sets group by 1 order by 2 desc, 1
select lifter, sum(load) as s from sets group by lifter having sum(load) > 300 order by s
select lifter from sets group by lifter having count(*) > 4 and max(load) > 90 order by 1
select count(*) from sets having count(*) > 100
select lifter, sum(load) + count(*) * 2 from sets group by lifter order by lifter
select upper(lifter), max(load) // 10 from sets group by lifter order by 1
select lifter, case when sum(load) > 400 then 'strong' else 'new' end from sets group by lifter order by 1
select day, sum(reps) from sets group by day order by day
select extract(month from day) as m, count(*) from sets group by m order by m
select load, count(*) from sets group by load order by load
select ok, lift, min(reps) from sets group by ok, lift order by ok, lift
select sets.lifter, count(*) from sets group by sets.lifter order by sets.lifter
select lifter, sum(load) from sets where reps > 3 group by lifter having min(reps) > 4 order by sum(load) desc, lifter
select max(n) from (select lifter, count(*) as n from sets group by lifter)
select count(*), sum(load) from sets where false
select lifter, count(*) from sets where false group by lifter
select lifter, avg(load) from sets group by lifter order by avg(load) desc, lifter
select lift, sum(load) * 100 // (select sum(load) from sets) as share from sets group by lift order by lift
select count(*) from (select distinct lifter, lift from sets)
select id % 4 as k, sum(id), count(*), avg(id) from sets group by k order by k
-- Windows
select id, row_number() over (order by id) as w from sets order by id
select id, row_number() over (partition by lifter order by load desc, id) as w from sets order by id
select id, rank() over (order by reps) as w from sets order by id
select id, dense_rank() over (order by reps) as w from sets order by id
select id, rank() over (partition by lift order by load desc) as w from sets order by id
select id, dense_rank() over (partition by lift order by load desc nulls first) as w from sets order by id
select id, sum(load) over (order by id) as w from sets order by id
select id, sum(load) over (partition by lifter order by id) as w from sets order by id
select id, sum(load) over (partition by lifter) as w from sets order by id
select id, sum(load) over () as w from sets order by id
select id, count(*) over (partition by lift order by id) as w from sets order by id
select id, count(load) over (order by id rows between 2 preceding and current row) as w from sets order by id
select id, avg(load) over (partition by lifter order by id rows between 1 preceding and 1 following) as w from sets order by id
select id, max(load) over (partition by lifter, lift order by id rows between unbounded preceding and 1 preceding) as w from sets order by id
select id, min(load) over (order by id rows between 1 following and 3 following) as w from sets order by id
select id, max(load) over (order by id rows between 5 preceding and 2 preceding) as w from sets order by id
select id, sum(reps) over (order by id rows between current row and unbounded following) as w from sets order by id
select id, sum(reps) over (order by day) as w from sets order by id
select id, sum(reps) over (order by day desc) as w from sets order by id
select id, count(*) over (order by lifter) as w from sets order by id
select id, first_value(load) over (partition by lifter order by id) as w from sets order by id
select id, last_value(load) over (partition by lifter order by id) as w from sets order by id
select id, last_value(load) over (partition by lifter order by id rows between unbounded preceding and unbounded following) as w from sets order by id
select id, first_value(id) over (order by load, id rows between 1 preceding and current row) as w from sets order by id
select id, nth_value(id, 2) over (partition by lifter order by id) as w from sets order by id
select id, nth_value(id, 3) over (partition by lift order by id rows between unbounded preceding and unbounded following) as w from sets order by id
select id, lag(load) over (order by id) as w from sets order by id
select id, lead(load) over (order by id) as w from sets order by id
select id, lag(load, 2) over (partition by lifter order by id) as w from sets order by id
select id, lead(id, 3) over (order by id) as w from sets order by id
select id, lag(reps, 1, 0) over (partition by lift order by id) as w from sets order by id
select id, lead(lifter, 2, 'none') over (order by id) as w from sets order by id
select id, ntile(3) over (order by id) as w from sets order by id
select id, ntile(4) over (partition by lifter order by id) as w from sets order by id
select id, ntile(50) over (order by id) as w from sets order by id
select id, percent_rank() over (order by reps) as w from sets order by id
select id, cume_dist() over (order by reps) as w from sets order by id
select id, percent_rank() over (partition by lifter order by load nulls first) as w from sets order by id
select id, cume_dist() over (partition by lift order by day) as w from sets order by id
select id, sum(load) filter (where ok) over (partition by lifter order by id) as w from sets order by id
select id, count(*) filter (where reps > 5) over (order by id) as w from sets order by id
select id, min(lifter) over (partition by lift order by id) as w from sets order by id
select id, max(day) over (order by id rows between 3 preceding and 1 preceding) as w from sets order by id
select id, avg(rpe) over (order by id) as w from sets order by id
select id, sum(rpe) over (order by id rows between 2 preceding and 2 following) as w from sets order by id
select id, min(rpe) over (partition by lifter) as w from sets order by id
select id, max(ok) over (order by id) as w from sets order by id
select id, load - lag(load) over (partition by lifter, lift order by id) as w from sets order by id
select id, sum(load) over (order by reps, id) * 100 // sum(load) over () as w from sets order by id
select id, row_number() over (order by load nulls first, id) as w from sets order by id
select lifter, sum(load) as s, rank() over (order by sum(load) desc) as r from sets group by lifter order by r, lifter
select lifter, sum(sum(load)) over (order by lifter) as running from sets group by lifter order by lifter
select id from sets qualify row_number() over (partition by lifter order by load desc, id) = 1 order by id
select id, load from sets qualify load > avg(load) over (partition by lift) order by id
select id from sets where reps > 3 qualify rank() over (order by reps desc) <= 3 order by id
select lifter, day, count(*) as n, lag(count(*)) over (partition by lifter order by day) as before from sets group by lifter, day order by lifter, day
select * from (select id, row_number() over (partition by lift order by id) as nth from sets) where nth = 2 order by id
select id, row_number() over (order by id) + 10 as k, case when rank() over (order by reps) = 1 then 'least' else 'more' end from sets order by id
-- Joins
select s.id, l.muscle from sets s join lifts l on s.lift = l.lift order by s.id
select s.id, l.muscle from sets s left join lifts l on s.lift = l.lift order by s.id
select s.id, l.lift from sets s right join lifts l on s.lift = l.lift order by s.id, l.lift
select s.id, l.lift from sets s full outer join lifts l on s.lift = l.lift order by s.id, l.lift
select s.id from sets s semi join lifts l on s.lift = l.lift order by s.id
select s.id from sets s anti join lifts l on s.lift = l.lift order by s.id
select lift, id, muscle from sets join lifts using (lift) order by id
select lift, id, muscle from sets left join lifts using (lift) order by id
select lift, id from sets right join lifts using (lift) order by lift, id
select lift, id from sets full join lifts using (lift) order by lift, id
select count(*) from sets cross join lifts
select count(*) from sets, lifts where sets.lift = lifts.lift
select a.id, b.id from sets a join sets b on a.lifter = b.lifter and a.id < b.id where a.lift = 'bench' order by 1, 2
select a.id, b.id from sets a join sets b on a.load < b.load and b.id = 5 order by 1
select s.id, l.muscle from sets s left join lifts l on s.lift = l.lift and l.kg_min > 30 order by s.id
select s.id, l.lift from sets s left join lifts l on s.load > l.kg_min and l.lift = 'row' order by s.id
select p.name, count(s.id) from people p left join sets s on s.lifter = p.name group by p.name order by p.name
select p.name, s.id from people p left join sets s on s.lifter = p.name and s.reps > 6 order by p.name, s.id
select p.club, l.muscle, sum(s.load) from sets s join people p on p.name = s.lifter join lifts l on l.lift = s.lift group by 1, 2 order by 1, 2
select s.id from sets s join nothing n on n.e = s.id
select s.id, n.e from sets s left join nothing n on n.e = s.id where s.id < 3 order by 1
select n.e, s.id from nothing n right join sets s on n.e = s.id where s.id < 3 order by 2
select a.load, b.load from sets a join sets b on a.load = b.load and a.id < b.id order by 1, a.id, b.id
select a.id, b.id from sets a left join sets b on a.id = b.id - 20 order by a.id
select x.k, y.k from (values (1), (2), (null)) x(k) left join (values (1), (null)) y(k) on x.k = y.k order by 1, 2
select x.k, y.k from (values (1), (2), (null)) x(k) full join (values (1), (3), (null)) y(k) on x.k = y.k order by 1, 2
select l.lift, l.kg_min, p.name from lifts l join people p on l.kg_min > p.born - 1970 order by 1, 3
select count(*) from sets a join sets b using (lifter, lift)
select s.id, p.* from sets s join people p on p.name = s.lifter where s.id <= 3 order by s.id
select a.id from sets a join (select lifter, max(load) as best from sets group by lifter) b on a.lifter = b.lifter and a.load = b.best order by a.id
-- Common table expressions and queries in queries
with heavy as (select * from sets where load > 80) select count(*), max(reps) from heavy
with a as (select lifter, sum(load) as s from sets group by lifter), b as (select max(s) as m from a) select a.lifter from a join b on a.s = b.m
with a(x, y) as (select id, reps from sets) select sum(x), sum(y) from a
with one as (select 1 as id) select * from one
with a as (select 1 as n), b as (select n + 1 as n from a) select a.n, b.n from a cross join b
select * from (select lifter, count(*) as n from sets group by 1) as c where n > 5 order by lifter
select x.id from (select id from sets where ok) x order by 1
select * from (values (1, 'a'), (2, 'b'), (3, null)) as v(n, s) order by n
select max(n) - min(n) from (values (3), (9), (null)) v(n)
with w as (select id, row_number() over (partition by lifter order by id) as nth from sets) select nth, count(*) from w group by nth order by nth
select id from sets where lift in (select lift from lifts where kg_min > 30) order by id
select id from sets where lift not in (select lift from lifts where kg_min > 30) order by id
select id from sets where load in (select load from sets where id = 3) order by id
select id from sets where id not in (select e from nothing) order by id limit 3
select id from sets where id in (select e from nothing)
select id from sets where load not in (select load from sets where load is null or id = 1) order by id
select id from sets s where exists (select 1 from lifts l where l.lift = s.lift and l.kg_min > 30) order by id
select id from sets s where not exists (select 1 from lifts l where l.lift = s.lift) order by id
select name from people p where exists (select * from sets where lifter = p.name and load > 100) order by 1
select name, (select count(*) from sets s where s.lifter = p.name) as n from people p order by 1
select name, (select max(load) from sets s where s.lifter = p.name and s.reps > 3) from people p order by 1
select (select max(load) from sets), (select e from nothing)
select id, load - (select avg(load) from sets) from sets where load is not null order by id limit 5
select id from sets where load = (select max(load) from sets) order by id
select id from sets s where load > (select avg(load) from sets t where t.lift = s.lift) order by id
select id, reps in (select reps from sets where lifter = 'ole') from sets order by id
select lifter, (select muscle from lifts l where l.lift = s.lift) as m, count(*) from sets s group by 1, 2 order by 1, 2
select count(*) from people where name in (select lifter from sets group by lifter having sum(load) > 300)
select id from sets where (lifter = 'mia') = (select true) order by id
with r as (select lifter, load, rank() over (partition by lifter order by load desc nulls last) as k from sets) select lifter, min(load) from r where k <= 2 group by lifter order by 1
select case when exists (select 1 from nothing) then 'some' else 'none' end
select id from sets where reps > (select min(reps) from sets where lift = 'row') and id < 12 order by id
-- Set operations
select lifter from sets union select name from people order by 1
select lifter from sets union all select name from people order by 1
select lift from sets intersect select lift from lifts order by 1
select lift from sets except select lift from lifts order by 1
select lift from lifts except select lift from sets order by 1
select lifter, lift from sets intersect select lifter, lift from sets where load > 80 order by 1, 2
select lift from sets intersect all select lift from lifts order by 1
select reps from sets except all select reps from sets where id > 6 order by 1
select 1 as n union select 1 union all select 1 order by n
select null as n union select null
(select id from sets order by id desc limit 2) union all (select id from sets order by id limit 1) order by 1
select 1 as a union all select 2.5e0 order by 1
select count(*) from (select lifter from sets union all select name from people)
select load from sets where id < 5 union select reps from sets where id < 5 order by 1
select 'a' as k, 1 as v union all select 'b', 2 union all select 'c', null order by k
-- Texts
select id, upper(lifter), lower('ÄB') from sets where id <= 6 order by id
select id, length(lifter), length('Bär'), length('') from sets where id <= 6 order by id
select id, lifter || lift from sets where id <= 6 order by id
select id, substr(lift, 2), substr(lift, 2, 3), substring(lift, 1, 1) from sets where id <= 6 order by id
select id, substring(lift from 2 for 2) from sets where id <= 6 order by id
select id, trim('  a b '), ltrim('  a '), rtrim(' a  ') from sets where id <= 6 order by id
select id, replace(lift, 'e', 'EE'), replace(lift, 'zz', '') from sets where id <= 6 order by id
select id, left(lift, 3), right(lift, 3), left(lift, 0), right(lift, 99) from sets where id <= 6 order by id
select id, left(lift, -1), right(lift, -2) from sets where id <= 6 order by id
select id, lpad(lift, 8, '.'), rpad(lift, 8, '-+'), lpad(lift, 2, 'x') from sets where id <= 6 order by id
select id, concat(lifter, null, lift), concat('a', 1, true) from sets where id <= 6 order by id
select id, concat_ws('-', lifter, null, lift) from sets where id <= 6 order by id
select id, starts_with(lift, 'b'), ends_with(lift, 't'), contains(lift, 'en') from sets where id <= 6 order by id
select id, strpos(lift, 'e'), instr(lift, 'q'), position('e' in lift) from sets where id <= 6 order by id
select id, split_part('a-b-c', '-', 2), split_part('a-b', '-', 9), split_part('a-b', '-', -1) from sets where id <= 6 order by id
select id, repeat(left(lift, 1), 3), repeat('x', 0) from sets where id <= 6 order by id
select id, lift like '%e%', lift like 'b____', lift ilike '%E%' from sets where id <= 6 order by id
select id, lifter = lower(lifter), lifter < lift from sets where id <= 6 order by id
select id, unicode(lift), ascii(lift) from sets where id <= 6 order by id
select id, cast(id as varchar) || '/' || cast(ok as varchar) from sets where id <= 6 order by id
select id, char_length(lift), character_length('ä') from sets where id <= 6 order by id
select id, upper(null), length(null), null || 'a' from sets where id <= 6 order by id
select id, coalesce(nullif(lift, 'row'), 'none') from sets where id <= 6 order by id
select id, prefix(lift, 'sq'), suffix(lift, 'at') from sets where id <= 6 order by id
-- Numbers
select round(2.4e0), round(2.5e0), round(-2.5e0), round(7)
select round(2.345e0, 2), round(2.5e0, 0), round(-1.05e0, 1)
select floor(2.7e0), floor(-2.2e0), ceil(2.1e0), ceil(-2.9e0), ceiling(2e0)
select sqrt(16), sqrt(2), exp(1), ln(10), log10(1000), log2(8)
select power(2, 10), pow(2e0, 0.5e0), power(-2, 3)
select mod(7, 3), mod(-7, 3), sign(-5), sign(0), sign(2.5e0)
select id, round(load / 7, 2), floor(rpe), ceil(rpe) from sets order by id
select avg(round(rpe)) from sets
select sqrt(load), ln(load) from sets where load > 0 order by id limit 5
select round(avg(load), 3) from sets
select log(100), sqrt(null), power(null, 2)
-- Casts
select cast('12' as bigint), cast(' 7 ' as integer), '3'::bigint
select cast(2.5e0 as bigint), cast(3.5e0 as bigint), cast(-2.5e0 as bigint)
select cast(5 as double), cast('1.5' as double), cast(true as bigint), cast(false as varchar)
select cast('2026-02-28' as date), date '2026-12-31', cast(date '2026-01-05' as varchar)
select try_cast('a' as bigint), try_cast('5' as bigint), try_cast('x' as date), try_cast(null as double)
select cast(null as bigint), cast(null as varchar)
select cast(id as double) / 4 from sets order by id limit 4
select cast(load as varchar) from sets order by id limit 4
select cast(date '2024-02-28' + 2 as varchar)
select id, cast(reps > 5 as integer) from sets order by id limit 6
-- Dates
select day, extract(year from day), extract(month from day), extract(day from day) from sets order by id limit 8
select extract(week from day), extract(isodow from day), extract(dow from day), extract(doy from day), extract(quarter from day), extract(isoyear from day) from sets order by id
select year(day), month(day), day(day), quarter(day), week(day), dayofweek(day), isodow(day), dayofyear(day) from sets order by id
select date_part('year', day), date_part('week', day) from sets order by id limit 5
select day + 7, day - 1, day - date '2026-01-01' from sets order by id
select last_day(day), last_day(date '2024-02-10') from sets order by id limit 5
select make_date(2026, 2, 28), make_date(2000, 1, 1)
select date_diff('day', date '2026-01-31', day), date_diff('month', date '2025-12-31', day), date_diff('year', date '2025-12-31', day) from sets order by id
select date_diff('quarter', date '2025-11-30', day), datediff('day', day, date '2026-03-03') from sets order by id
select cast(date_trunc('month', day) as date), cast(date_trunc('year', day) as date), cast(date_trunc('week', day) as date), cast(date_trunc('quarter', day) as date) from sets order by id
select strftime(day, '%Y-%m'), strftime(day, '%d %b %y'), strftime(day, '%A %j') from sets order by id
select dayname(day), monthname(day) from sets order by id limit 5
select min(day) - 1, max(day) + 1, max(day) - min(day) from sets
select day, count(*) from sets group by day having count(*) > 1 order by day
select extract(week from date '2027-01-01'), extract(isoyear from date '2027-01-01'), extract(week from date '2024-12-30')
select d + n as day from (values (date '2026-02-27')) a(d) cross join (values (0), (1), (2)) b(n) order by 1
select day < date '2026-03-05', day = day, day is null from sets order by id limit 4
select cast(day as varchar) || '!' from sets order by id limit 3
select extract(year from cast(null as date)), last_day(null)
-- Shapes of real questions
with best as (select lifter, lift, day, max(load * (300 + reps * 10) // 300) as e1rm from sets where reps between 1 and 15 group by 1, 2, 3), before as (select *, max(e1rm) over (partition by lifter, lift order by day rows between unbounded preceding and 1 preceding) as earlier from best) select lifter, lift, day, e1rm, e1rm - earlier as gain from before where e1rm > earlier order by 1, 2, 3
with days as (select distinct lifter, day from sets), runs as (select lifter, day, day - cast(row_number() over (partition by lifter order by day) as integer) as start from days where day is not null) select lifter, start, count(*) as length from runs group by 1, 2 order by 1, 2
select lifter, cast(date_trunc('week', day) as date) as week, sum(load * reps) as volume, sum(load * reps) - lag(sum(load * reps)) over (partition by lifter order by cast(date_trunc('week', day) as date)) as change from sets where day is not null group by 1, 2 order by 1, 2
select l.muscle, sum(case when s.reps > 5 then 10 else 5 end) as tenths from sets s join lifts l using (lift) group by l.muscle having sum(s.reps) > 5 order by tenths desc, 1
with last as (select lifter, lift, id, row_number() over (partition by lifter, lift order by day desc nulls last, id desc) as nth from sets) select lifter, lift, id from last where nth = 1 order by 1, 2
select lifter, count(*) filter (where ok) * 100 // count(*) as percent from sets group by lifter order by percent desc, lifter
select p.name, coalesce(sum(s.load * s.reps), 0) as volume, count(distinct s.day) as days from people p left join sets s on s.lifter = p.name group by p.name order by volume desc, p.name
with v as (select lifter, sum(load * reps) as volume from sets group by lifter) select lifter, volume, volume * 100 // sum(volume) over () as share, ntile(2) over (order by volume, lifter) as half from v order by lifter
-- Refused: DuckDB would answer, we would have to guess or have no type for it
! select 1.5
! select 1 / 0
! select 1e0 / 0
! select 5 % 0
! select 9223372036854775807 + 1
! select cast('x' as bigint)
! select sqrt(-1)
! select ln(0)
! select day + interval 1 month from sets
! select date_trunc('month', day) from sets
! select current_date
! select now()
! select random()
! select id from sets order by all
! select lifter, count(*) from sets group by all
! select * exclude (id) from sets
! select * replace (1 as id) from sets
! select lifter, count(*) from sets group by rollup (lifter)
! select lifter, count(*) from sets group by grouping sets ((lifter), ())
! select distinct on (lifter) id from sets order by lifter, id
! select sum(load) over (order by load range between 10 preceding and current row) from sets
! select sum(load) over (order by load groups between 1 preceding and current row) from sets
! select sum(load) over w from sets window w as (order by id)
! select lag(load ignore nulls) over (order by id) from sets
! select count(distinct load) over (order by id) from sets
! select list(load) from sets
! select [1, 2, 3]
! select {'a': 1}
! select array_agg(load) from sets
! select string_agg(lift, ',') from sets
! select first(load) from sets
! select any_value(load) from sets
! select mode(load) from sets
! select quantile_cont(load, 0.5) from sets
! select regexp_matches(lift, 'b.*') from sets
! select lift similar to 'b.*' from sets
! select lift glob 'b*' from sets
! select id from sets natural join lifts
! select id from sets positional join lifts
! select id from sets asof join lifts on sets.id >= lifts.kg_min
! select id from sets, lateral (select 1)
! with recursive r as (select 1 as n union all select n + 1 from r where n < 3) select * from r
! select * from range(3)
! select unnest([1, 2])
! select id from sets limit 10%
! select id from sets fetch first 2 rows only
! select id from sets union by name select name from people
! pivot sets on lift using count(*)
! from sets select id
! select x'ff'
! select timestamp '2026-01-01 00:00:00'
! select cast(1 as decimal(4, 2))
! select cast(5 as hugeint)
! select cast('a' as blob)
! select lifter like 'a\%' escape '\' from sets
! select 'a' || 1
! select load + lifter from sets
! select not load from sets
! select nope from sets
! select id from nowhere
! select sets.nope from sets
! select lift from sets join lifts on sets.lift = lifts.lift
! select max(load) from sets where max(load) > 1
! select nothere(1)
! select sum(lifter) from sets
! select 1 = 'a'
! select id from sets where load
! select (select id from sets)
! select (select 1, 2)
! insert into sets values (1)
! delete from sets
! select 1; select 2
! select from
! selec 1
! copy sets to 'x.csv'
! attach 'x.db'
! pragma version
! select id from 'file.parquet'
! select read_csv('x')
! select getenv('HOME')
! select 2 ** 3
! select 5 & 3
! select 1 << 2
! select ~1
! select 5!
! select id::tinyint from sets
! select lifter collate nocase from sets
! select id from sets tablesample 10%
! select lifter[1] from sets
! select lifter[1:2] from sets
! select epoch(day) from sets
! select age(day) from sets
