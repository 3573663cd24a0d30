//! Figures that people have missed, each with its right value: what the body weighs, what was taken back, whose day it is.

use engine::{Params, Store, Value};
use ledger::{EntityId, Fact, ImportRecorded, Message, WorkoutFinished, WorkoutStarted};

use super::lifter::{DAY, Lifter, MINUTE, MONDAY, ask, cells, int, of, text};

fn volumes(store: &Store) -> Vec<i64> {
    let mut rows = of(store, "fact_workouts", &["started_ms", "volume_g"]);
    rows.sort_by_key(|row| if let Value::Int(n) = row[0] { n } else { panic!("{row:?}") });
    rows.into_iter().map(|row| if let Value::Int(n) = row[1] { n } else { panic!("{row:?}") }).collect()
}

fn totals(it: &Lifter, store: &Store, columns: &[&str]) -> Vec<Value> {
    let params = Params::none().with_text("user", &it.user()).with_text("from", "2000-01-01").with_text("to", "2049-12-31");
    cells(&ask(store, "totals", params), columns).remove(0)
}

#[test]
fn a_pull_up_moves_the_weight_that_was_known_at_its_time() {
    let mut it = Lifter::new(11);
    let (first, second) = (it.id(), it.id());
    for week in 0..4 {
        it.one_set("pull-up", MONDAY + week * 7 * DAY, 8, |_| {});
    }
    assert_eq!(volumes(&it.tables()), [0; 4]);
    // Weighed for the first time on the second Monday: that counts for the weeks before it, too.
    it.weigh(first, MONDAY + 7 * DAY, 80_000);
    assert_eq!(volumes(&it.tables()), [640_000; 4]);
    it.weigh(second, MONDAY + 15 * DAY, 85_000);
    assert_eq!(volumes(&it.tables()), [640_000, 640_000, 640_000, 680_000]);
    // Corrected, it counts for the sets from it to the next one.
    it.weigh(first, MONDAY + 7 * DAY, 81_000);
    assert_eq!(volumes(&it.tables()), [648_000, 648_000, 648_000, 680_000]);
    // A day that was written down late.
    let between = it.id();
    it.weigh(between, MONDAY + 10 * DAY, 90_000);
    assert_eq!(volumes(&it.tables()), [648_000, 648_000, 720_000, 680_000]);
    for weighing_id in [first, between, second] {
        it.say(Fact::BodyWeightRemoved { weighing_id, at_ms: MONDAY, offset_min: 0 });
        let want = [(first, [720_000, 720_000, 720_000, 680_000]), (between, [680_000; 4]), (second, [0; 4])];
        let want = want.into_iter().find(|(id, _)| *id == weighing_id).expect("one of the three");
        assert_eq!(volumes(&it.tables()), want.1);
    }
}

#[test]
fn what_a_set_says_of_the_body_wins_and_a_share_of_it_is_moved() {
    let mut it = Lifter::new(12);
    let weighing = it.id();
    it.weigh(weighing, MONDAY - DAY, 80_000);
    it.one_set("pull-up", MONDAY, 8, |set| set.bodyweight_g = Some(90_000));
    it.one_set("push-up", MONDAY + DAY, 10, |_| {});
    it.one_set("pull-up", MONDAY + 2 * DAY, 5, |set| set.load_g = Some(20_000));
    let store = it.tables();
    assert_eq!(volumes(&store), [8 * 90_000, 10 * 51_200, 5 * 100_000]);
    assert_eq!(of(&store, "fact_sets", &["lacks_body_weight"]), vec![vec![int(0)]; 3]);
    assert!(of(&store, "fact_sets", &["e1rm_g"]).contains(&vec![int(116_666)]), "added load and body");
}

#[test]
fn added_load_counts_without_a_body_weight_and_the_figure_says_what_is_missing() {
    let mut it = Lifter::new(13);
    it.one_set("chest-dip", MONDAY, 8, |set| set.load_g = Some(20_000));
    it.one_set("pull-up-assisted", MONDAY + DAY, 8, |set| set.assist_g = Some(30_000));
    it.one_set("bench-press-barbell", MONDAY + 2 * DAY, 5, |set| set.load_g = Some(100_000));
    let store = it.tables();
    assert_eq!(volumes(&store), [160_000, 0, 500_000]);
    assert_eq!(totals(&it, &store, &["volume_g", "sets_lacking_body_weight"]), [int(660_000), int(2)]);
    let set = of(&store, "fact_sets", &["exercise_id", "e1rm_g", "lacks_body_weight"]);
    assert_eq!(set[1], [text("chest-dip"), Value::Null, int(1)], "twenty kilograms are no estimate of a dip");
    assert_eq!(set[0], [text("bench-press-barbell"), int(116_666), int(0)]);

    let weighing = it.id();
    it.weigh(weighing, MONDAY + 3 * DAY, 80_000);
    let store = it.tables();
    assert_eq!(volumes(&store), [8 * (76_000 + 20_000), 8 * 50_000, 500_000]);
    assert_eq!(totals(&it, &store, &["sets_lacking_body_weight"]), [int(0)]);
}

#[test]
fn less_help_is_progress_and_no_lost_record() {
    let mut it = Lifter::new(14);
    let weighing = it.id();
    it.weigh(weighing, MONDAY - DAY, 80_000);
    it.one_set("pull-up-assisted", MONDAY, 8, |set| set.assist_g = Some(30_000));
    it.one_set("pull-up-assisted", MONDAY + DAY, 8, |set| set.assist_g = Some(20_000));
    // More help than there is of the body leaves nothing to lift.
    it.one_set("pull-up-assisted", MONDAY + 2 * DAY, 8, |set| set.assist_g = Some(95_000));
    let store = it.tables();
    assert_eq!(volumes(&store), [400_000, 480_000, 0]);
    let records = of(&store, "personal_records", &["workout_date", "record", "value_g", "before_g"]);
    assert_eq!(records, [[Value::Date(20_515), text("load"), int(60_000), int(50_000)]]);
}

#[test]
fn the_next_best_is_the_record_once_the_best_is_removed() {
    // In one year, and each in another one: what came before is looked up year by year.
    for apart in [DAY, 400 * DAY] {
        let mut it = Lifter::new(15);
        let bench = |it: &mut Lifter, nth: i64, load: i64| {
            it.one_set("bench-press-barbell", MONDAY + nth * apart, 5, |set| set.load_g = Some(load))
        };
        bench(&mut it, 0, 100_000);
        let best = bench(&mut it, 1, 110_000);
        bench(&mut it, 2, 105_000);
        let estimates = |it: &Lifter| -> Vec<Vec<Value>> {
            let records = of(&it.tables(), "personal_records", &["record", "value_g", "before_g"]);
            records.into_iter().filter(|row| row[0] == text("e1rm")).map(|row| row[1..].to_vec()).collect()
        };
        assert_eq!(estimates(&it), [[int(128_333), int(116_666)]]);
        let at_ms = MONDAY + 3 * apart;
        it.say(Fact::SetRemoved { set_id: best, at_ms, offset_min: 0 });
        assert_eq!(estimates(&it), [[int(122_500), int(116_666)]]);
        it.say(Fact::SetRestored { set_id: best, at_ms, offset_min: 0 });
        assert_eq!(estimates(&it), [[int(128_333), int(116_666)]]);
    }
}

#[test]
fn every_person_that_a_fact_names_is_a_user() {
    let user = |it: &Lifter| of(&it.tables(), "dim_user", &["user_id", "name", "created_at"]);
    let mut it = Lifter::new(16);
    assert!(user(&it).is_empty());
    it.one_set("bench-press-barbell", MONDAY, 5, |set| set.load_g = Some(100_000));
    assert_eq!(user(&it), [[text(&it.user()), Value::Null, int(MONDAY)]]);
    // Somebody who only weighs themselves, only imports, only writes.
    for nth in 0..3 {
        let mut it = Lifter::new(17 + nth);
        let id = it.id();
        let sender = EntityId::parse(&it.user()).expect("an id");
        match nth {
            0 => it.weigh(id, MONDAY, 80_000),
            1 => {
                _ = it.say(Fact::ImportRecorded(ImportRecorded {
                    import_id: id,
                    source: "strong".to_owned(),
                    file_name: "strong.csv".to_owned(),
                    file_hash: String::new(),
                    rows_read: 0,
                    rows_accepted: 0,
                    rows_rejected: 0,
                    workouts: None,
                    answers: None,
                    at_ms: MONDAY,
                    offset_min: 0,
                }))
            }
            _ => {
                let fact = Fact::MessagePosted(Message {
                    message_id: id,
                    channel: "main".to_owned(),
                    sender,
                    thread: None,
                    text: "elbows in".to_owned(),
                    at_ms: MONDAY,
                    offset_min: 0,
                });
                let draft = bridge::Draft { scope: bridge::DraftScope::Room(id), fact, seen: None };
                it.scribe.write(MONDAY as u64, vec![draft]);
            }
        }
        assert_eq!(user(&it), [[text(&it.user()), Value::Null, int(MONDAY)]], "{nth}");
    }
}

/// A date as its days since 1970 (Hinnant's `days_from_civil`).
fn day(date: &str) -> Value {
    let parts: Vec<i64> = date.split('-').map(|part| part.parse().expect("a number")).collect();
    let [year, month, day] = parts[..] else { panic!("{date}") };
    let (year, month) = if month <= 2 { (year - 1, month + 9) } else { (year, month - 3) };
    let of_year = (153 * month + 2) / 5 + day - 1;
    Value::Date((365 * year + year / 4 - year / 100 + year / 400 + of_year - 719_468) as i32)
}

#[test]
fn a_workout_over_midnight_is_one_workout_of_its_first_day() {
    // From Sunday to Monday, over New Year, and on any day.
    for (start, date, week) in [
        (1_772_409_000_000, "2026-03-01", "2026-02-23"),
        (1_798_761_000_000, "2026-12-31", "2026-12-28"),
        (1_772_409_000_000 + 2 * DAY, "2026-03-03", "2026-03-02"),
    ] {
        let mut it = Lifter::new(20);
        let workout = it.start(start);
        for nth in 0..3 {
            it.set(workout, "bench-press-barbell", start + (5 + 12 * nth) * MINUTE, 5, |set| set.load_g = Some(100_000));
        }
        it.finish(workout, start + 35 * MINUTE);
        let store = it.tables();
        assert_eq!(of(&store, "fact_workouts", &["workout_date", "sets", "duration_minutes"]), [[day(date), int(3), int(35)]]);
        assert_eq!(
            of(&store, "training_calendar", &["workout_date", "week_start", "workouts", "sets"]),
            [[day(date), day(week), int(1), int(3)]]
        );
        assert_eq!(of(&store, "weekly_digest", &["week_start", "days", "sets"]), [[day(week), int(1), int(3)]]);
        assert_eq!(of(&store, "training_streaks", &["first_week", "weeks"]), [[day(week), int(1)]]);
    }
}

#[test]
fn the_day_is_that_of_the_clock_on_the_wall() {
    // 00:55 on 3 March, and 23:50, in Kolkata, Los Angeles and on the Line Islands.
    let midnight = 20_515 * DAY;
    for offset_min in [330, -480, 840] {
        for minutes in [55, 23 * 60 + 50] {
            let mut it = Lifter::new(21);
            it.offset_min = offset_min;
            it.one_set("bench-press-barbell", midnight + (minutes - i64::from(offset_min)) * MINUTE, 5, |_| {});
            assert_eq!(of(&it.tables(), "fact_workouts", &["workout_date"]), [[day("2026-03-03")]], "{offset_min} {minutes}");
        }
    }
}

#[test]
fn a_workout_whose_length_nobody_knows_lasted_unknown_and_not_nothing() {
    let mut it = Lifter::new(23);
    let (workout_id, import_id) = (it.id(), Some(it.id()));
    it.say(Fact::WorkoutStarted(WorkoutStarted { workout_id, at_ms: MONDAY, offset_min: 0, name: None, import_id }));
    it.set(workout_id, "bench-press-barbell", MONDAY, 5, |set| set.import_id = import_id);
    it.say(Fact::WorkoutFinished(WorkoutFinished { workout_id, at_ms: MONDAY, offset_min: 0, note: None, import_id }));
    it.one_set("bench-press-barbell", MONDAY + DAY, 5, |_| {});
    let store = it.tables();
    assert_eq!(of(&store, "fact_workouts", &["duration_minutes"]), [[int(60)], [Value::Null]]);
    let header = ask(&store, "workout_header", Params::none().with_text("workout", &workout_id.to_string()));
    assert_eq!(cells(&header, &["finished_ms", "finished"]), [[Value::Null, int(1)]]);
    let params = Params::none().with_text("user", &it.user()).with_text("from", "2026-01-01").with_text("to", "2026-12-31");
    assert_eq!(cells(&ask(&store, "training_days", params), &["minutes"]), [[int(60)], [Value::Null]]);
    assert_eq!(of(&store, "weekly_digest", &["workouts", "duration_minutes"]), [[int(2), int(60)]]);
}

#[test]
fn an_average_week_is_a_week_with_training() {
    let mut it = Lifter::new(24);
    for day in [0, 2, 7, 400] {
        it.one_set("bench-press-barbell", MONDAY + day * DAY, 5, |set| set.load_g = Some(100_000));
    }
    assert_eq!(totals(&it, &it.tables(), &["workouts", "weeks"]), [int(4), int(3)]);
}
