-- Small tables with everything that goes wrong: nulls, ties, names without a partner, nothing at all. They are written
-- as common table expressions, so that every engine reads the same text.
sets as (
    select cast(id as bigint) as id, lifter, lift, cast(day as date) as day, cast(load as bigint) as load, cast(reps as bigint) as reps, cast(rpe as double) as rpe, ok
    from (values
        (1, 'mia', 'bench', '2026-03-01', 60, 8, 7e0, true),
        (2, 'mia', 'bench', '2026-03-01', 80, 5, 8e0, true),
        (3, 'mia', 'squat', '2026-03-01', 100, 5, null, false),
        (4, 'ole', 'bench', '2026-03-02', 80, 6, 8.5e0, true),
        (5, 'ole', 'squat', '2026-03-02', 120, 3, 9e0, null),
        (6, 'ole', 'chin', '2026-03-02', null, 10, 6.5e0, true),
        (7, 'mia', 'bench', '2026-03-08', 82, 5, 8e0, true),
        (8, 'mia', 'chin', '2026-03-08', null, 8, null, false),
        (9, 'kim', 'squat', '2026-03-08', 60, 8, 7e0, true),
        (10, 'kim', 'squat', '2026-03-09', 60, null, 7.5e0, true),
        (11, 'kim', 'lunge', '2026-03-09', 40, 12, null, null),
        (12, null, 'bench', '2026-03-09', 70, 5, 8e0, false),
        (13, 'ole', 'bench', '2026-03-29', 85, 5, 9e0, true),
        (14, 'ole', 'squat', '2026-03-30', 125, 2, 9.5e0, true),
        (15, 'mia', 'squat', '2026-04-01', 102, 5, 8e0, true),
        (16, 'mia', null, '2026-04-01', 20, 20, null, null),
        (17, 'kim', 'squat', null, 65, 8, 8e0, true),
        (18, 'kim', 'bench', '2026-04-01', 45, 10, 7e0, false),
        (19, 'ole', 'chin', '2026-04-02', 10, 6, 9e0, true),
        (20, 'mia', 'bench', '2026-12-31', 85, 3, 9e0, false),
        (21, 'mia', 'bench', '2027-01-03', 85, 4, 9.5e0, true),
        (22, 'kim', 'squat', '2027-01-04', 70, 6, null, true),
        (23, null, null, null, null, null, null, null),
        (24, 'ole', 'bench', '2027-01-04', 85, 6, 10e0, true)
    ) as v(id, lifter, lift, day, load, reps, rpe, ok)
),
lifts as (
    select lift, muscle, cast(kg_min as bigint) as kg_min
    from (values ('bench', 'chest', 40), ('squat', 'quads', 60), ('chin', 'lats', 0), ('row', 'lats', 30), ('press', null, null)) as v(lift, muscle, kg_min)
),
people as (
    select name, cast(born as bigint) as born, club
    from (values ('mia', 1990, 'north'), ('ole', 1985, 'south'), ('kim', 2001, 'north'), ('zoe', 1999, null)) as v(name, born, club)
),
nothing as (select cast(n as bigint) as e from (values (1)) as v(n) where n > 1)
