//! The laws of the projections: a refresh is a rebuild, a rebuild is the same every time, order of arrival is nothing, a
//! sealed file is as good as its rows; and the figures are right by a second way of working them out.

#[path = "exercises.rs"]
mod exercises;
#[path = "figures.rs"]
mod figures;
#[path = "lifter.rs"]
mod lifter;

use std::collections::BTreeMap;

use bridge::Draft;
use engine::{Packing, Params, Store, Value, Watches, rows_from_parquet, segment_to_parquet};
use ledger::{BodyWeight, Entropy as _, Fact, Row, Unit};
use tests::{Seeded, careless_log, store};

fn rebuilt(rows: &[Row]) -> Store {
    let mut store = store();
    store.add_rows(ledger::clear_rows(rows));
    store.rebuild().expect("rebuild");
    store
}

#[test]
fn refresh_is_rebuild_whatever_the_order_of_arrival() {
    for seed in 1..=12 {
        let log = careless_log(seed, 25);
        let want = rebuilt(&log.rows).hashes();
        let mut random = Seeded(seed * 7919);
        let mut arrival = log.rows.clone();
        random.shuffle(&mut arrival);
        let mut store = store();
        let mut rest = &arrival[..];
        while !rest.is_empty() {
            let some = (1 + random.below(20) as usize).min(rest.len());
            store.add_rows(ledger::clear_rows(&rest[..some]));
            // What was seen once changes nothing the second time.
            assert_eq!(store.add_rows(ledger::clear_rows(&rest[..some])), 0);
            store.refresh().expect("refresh");
            rest = &rest[some..];
        }
        assert_eq!(store.hashes(), want, "seed {seed}");
        assert_eq!(rebuilt(&arrival).hashes(), want, "seed {seed}, shuffled rebuild");
    }
}

#[test]
fn a_planted_bug_is_caught() {
    // Rows that a refresh never saw must show in the hashes, or the test above proves nothing.
    let log = careless_log(3, 10);
    let without_last = &log.rows[..log.rows.len() - 2];
    assert_ne!(rebuilt(without_last).hashes(), rebuilt(&log.rows).hashes());
}

#[test]
fn sealed_sessions_give_the_same_tables_as_their_rows() {
    let log = careless_log(21, 20);
    let want = rebuilt(&log.rows).hashes();
    let mut store = store();
    for session in log.rows.chunks(37) {
        let file = segment_to_parquet(session).expect("sealed");
        assert_eq!(file, segment_to_parquet(session).expect("sealed"), "the same rows give the same bytes");
        let back = rows_from_parquet(&file).expect("read");
        assert!(back.iter().map(|row| &row.raw).eq(session.iter().map(|row| &row.raw)), "rows come back byte for byte");
        store.add_segment(&file).expect("added");
        assert_eq!(store.add_segment(&file).expect("added"), 0, "a file read twice adds nothing");
    }
    store.refresh().expect("refresh");
    assert_eq!(store.hashes(), want);
}

#[test]
fn packed_tables_and_what_came_later_are_a_rebuild() {
    for (seed, cut) in [(5, 40), (6, 3), (7, 55), (8, 1)] {
        let log = careless_log(seed, 60);
        let cut = log.rows.len() * cut / 60;
        let (before, mut packing) = (rebuilt(&log.rows[..cut]), Packing::new("this build", cut));
        for name in before.to_pack() {
            before.pack_one(&name, &mut packing).expect("packed");
        }
        let packed = packing.finish().expect("packed");
        let open = |build: &str, packed: &[u8]| Store::of_packed(tests::prebuilt(), build, packed);
        let mut store = open("this build", &packed).expect("sound").expect("of this build");
        assert_eq!((store.events(), store.hashes()), (cut, before.hashes()), "seed {seed}");
        // Again, so that nothing is unpacked when the later rows come.
        let mut store_again = open("this build", &packed).expect("sound").expect("of this build");
        std::mem::swap(&mut store, &mut store_again);
        for some in log.rows[cut..].chunks(9) {
            store.add_rows(ledger::clear_rows(some));
            store.refresh().expect("refresh");
        }
        assert!(store.rebuild().is_err(), "a rebuild without the events would lose them");
        assert_eq!((store.events(), store.hashes()), (log.rows.len(), rebuilt(&log.rows).hashes()), "seed {seed}");
        assert!(open("another build", &packed).expect("sound").is_none());
        for cut in [0, 3, 4, 100, packed.len() / 2] {
            assert!(open("this build", &packed[..cut]).is_err(), "cut at {cut}");
        }
    }
}

#[test]
fn damaged_parquet_is_an_error_and_no_panic() {
    let file = segment_to_parquet(&careless_log(5, 3).rows).expect("sealed");
    let mut random = Seeded(99);
    for _ in 0..200 {
        let cut = random.below(file.len() as u64) as usize;
        assert!(store().add_segment(&file[..cut]).is_err(), "cut at {cut}");
    }
}

/// Rows of rooms, as their fixture has them: two that are encrypted, and both once more without what they said.
#[test]
fn what_is_encrypted_comes_into_no_table_and_counts_as_told() {
    let log = careless_log(6, 3).rows;
    let want = rebuilt(&log).hashes();
    let frozen = include_str!("fixtures/rows-x1.jsonl").lines();
    let sealed: Vec<Row> = frozen.map(|line| Row::read(line.as_bytes()).expect("a frozen row")).collect();
    assert_eq!(ledger::clear_rows(&sealed).count(), 0, "none of them can be handed to the tables");
    let all: Vec<Row> = sealed.iter().chain(&log).cloned().collect();
    let file = segment_to_parquet(&all).expect("sealed");
    assert_eq!(rows_from_parquet(&file).expect("read"), all, "a file has them, byte for byte");
    let mut store = store();
    store.pass_over(sealed[..1].iter().map(|row| row.event_id));
    assert_eq!(store.add_segment(&file).expect("added"), log.len());
    store.pass_over(sealed.iter().map(|row| row.event_id));
    assert_eq!(store.add_rows(ledger::clear_rows(&all)), 0, "they are known");
    store.rebuild().expect("rebuild");
    // What was erased has the id that it had.
    assert_eq!((store.events(), store.told()), (log.len(), log.len() + 2));
    assert_eq!(store.hashes(), want);
}

#[test]
fn kinds_and_versions_of_newer_builds_change_no_table() {
    let log = careless_log(6, 10).rows;
    let want = rebuilt(&log).hashes();
    // Rows of another log with kinds and versions that nobody here knows, in one sealed file with ours.
    let strange = careless_log(7, 2).rows.into_iter().map(|row| Row { kind: "set.dreamt".to_owned(), v: 7, ..row });
    let all: Vec<Row> = log.iter().cloned().chain(strange).collect();
    let mut store = store();
    store.add_segment(&segment_to_parquet(&all).expect("sealed")).expect("added");
    store.rebuild().expect("rebuild");
    assert_eq!(store.events(), all.len(), "they are kept");
    assert_eq!(store.hashes(), want);
}

/// e1RM, volume and sets worked out from the rows alone, without SQL.
#[test]
fn figures_agree_with_a_second_way_of_working_them_out() {
    for seed in [31, 32, 33] {
        let log = careless_log(seed, 30);
        let store = rebuilt(&log.rows);
        let (mut volume, mut best, mut sets) = (BTreeMap::new(), BTreeMap::new(), 0_i64);
        for set in standing_sets(&log.rows) {
            sets += 1;
            let working = set.kind != "warmup";
            let effective = match set.exercise.as_str() {
                "pull-up" => Some(set.body.unwrap_or(0) + set.load.unwrap_or(0)),
                "pull-up-assisted" => set.body.map(|body| (body - set.assist.unwrap_or(0)).max(0)),
                "plank" => None,
                _ => set.load,
            };
            let pair = if set.exercise == "lateral-raise-dumbbell" { 2 } else { 1 };
            if working {
                *volume.entry(set.exercise.clone()).or_insert(0) += effective.unwrap_or(0) * set.reps.unwrap_or(0) * pair;
            }
            let body_known = set.exercise != "pull-up" || set.body.is_some();
            let estimated = working && body_known && set.exercise != "pull-up-assisted";
            let (Some(load), Some(reps), true) = (effective, set.reps, estimated) else { continue };
            let tenths = reps * 10 + set.rpe10.map_or(0, |rpe10| 100 - rpe10);
            if 0 < load && tenths <= 150 {
                let e1rm = if tenths == 10 { load } else { load * (300 + tenths) / 300 };
                let best: &mut i64 = best.entry(set.exercise.clone()).or_default();
                *best = (*best).max(e1rm);
            }
        }
        let fact = store.table("fact_sets").expect("built");
        assert_eq!(fact.rows() as i64, sets, "seed {seed}");
        let (mut volume_sql, mut best_sql) = (BTreeMap::new(), BTreeMap::new());
        let fact = store.table("fact_workouts").expect("built");
        for row in 0..fact.rows() {
            let Value::Text(exercise) = fact.value("exercise_id", row) else { panic!("an exercise") };
            if let Value::Int(n) = fact.value("volume_g", row) {
                *volume_sql.entry(exercise.clone()).or_insert(0) += n;
            }
            if let Value::Int(n) = fact.value("best_e1rm_g", row) {
                let best: &mut i64 = best_sql.entry(exercise).or_default();
                *best = (*best).max(n);
            }
        }
        volume.retain(|_, n| *n != 0);
        volume_sql.retain(|_, n| *n != 0);
        assert_eq!(volume_sql, volume, "seed {seed}");
        assert_eq!(best_sql, best, "seed {seed}");
    }
}

struct Standing {
    exercise: String,
    kind: String,
    load: Option<i64>,
    assist: Option<i64>,
    /// What the set says, otherwise the last weighing until then, otherwise the first one of all.
    body: Option<i64>,
    reps: Option<i64>,
    rpe10: Option<i64>,
}

/// Replays the rows in clock order, field by field: the meaning of the ledger, said once more in plain code.
fn standing_sets(rows: &[Row]) -> Vec<Standing> {
    let mut rows: Vec<&Row> = rows.iter().collect();
    rows.sort_by_key(|row| (row.hlc.to_string(), row.event_id.to_string()));
    let mut sets: BTreeMap<String, BTreeMap<String, serde_json::Value>> = BTreeMap::new();
    let (mut gone_sets, mut edited) = (BTreeMap::new(), BTreeMap::new());
    let (mut gone_workouts, mut undone) = (BTreeMap::new(), BTreeMap::new());
    let (mut weighings, mut gone_weighings, mut merged) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
    for row in &rows {
        let body = row.clear().expect("in the clear").body();
        let text = |name: &str| body[name].as_str().unwrap_or_default().to_owned();
        match row.fact() {
            Some(Fact::SetLogged(_) | Fact::SetCorrected(_)) => {
                let fields = sets.entry(text("set_id")).or_default();
                // A correction's own moment is not the set's.
                let said = body.as_object().expect("an object").iter();
                for (name, value) in said.filter(|(name, _)| row.kind == "set.logged" || *name != "at_ms") {
                    fields.insert(name.clone(), value.clone());
                }
                if row.kind == "set.corrected" {
                    edited.insert(text("set_id"), true);
                } else {
                    gone_sets.insert(text("set_id"), false);
                }
            }
            Some(Fact::SetRemoved { .. }) => _ = gone_sets.insert(text("set_id"), true),
            Some(Fact::SetRestored { .. }) => _ = gone_sets.insert(text("set_id"), false),
            Some(Fact::WorkoutRemoved { .. } | Fact::WorkoutDiscarded { .. }) => _ = gone_workouts.insert(text("workout_id"), true),
            Some(Fact::ImportUndone { .. }) => _ = undone.insert(text("import_id"), true),
            Some(Fact::BodyWeightLogged(it)) => {
                let known = weighings.entry(it.weighing_id).or_insert((it.at_ms, it.weight_g));
                *known = (known.0.min(it.at_ms), it.weight_g);
            }
            Some(Fact::BodyWeightRemoved { weighing_id, at_ms, .. }) => _ = gone_weighings.insert(weighing_id, at_ms),
            Some(Fact::ExerciseChanged(it)) if !it.merged_into.is_keep() => {
                merged.insert(it.exercise_id.to_string(), it.merged_into.value().cloned());
            }
            _ => {}
        }
    }
    weighings.retain(|id, _| !gone_weighings.contains_key(id));
    let mut weights: Vec<(i64, i64)> = weighings.into_values().collect();
    weights.sort_unstable();
    let weight_at = |at: i64| weights.iter().rfind(|(from, _)| *from <= at).or(weights.first()).map(|(_, weight)| *weight);
    sets.into_iter()
        .filter(|(id, fields)| {
            let text = |name: &str| fields.get(name).and_then(|value| value.as_str()).unwrap_or_default().to_owned();
            fields.contains_key("workout_id")
                && !gone_sets.get(id).copied().unwrap_or(false)
                && !gone_workouts.contains_key(&text("workout_id"))
                && (!undone.contains_key(&text("import_id")) || edited.contains_key(id))
        })
        .map(|(_, fields)| {
            let int = |name: &str| fields.get(name).and_then(serde_json::Value::as_i64);
            let text = |name: &str| fields.get(name).and_then(|value| value.as_str()).unwrap_or_default().to_owned();
            let exercise = text("exercise_id");
            Standing {
                exercise: merged.get(&exercise).cloned().flatten().unwrap_or(exercise),
                kind: text("set_kind"),
                load: int("load_g"),
                assist: int("assist_g"),
                body: int("bodyweight_g").or_else(|| weight_at(int("at_ms").expect("a moment"))),
                reps: int("reps"),
                rpe10: int("rpe10"),
            }
        })
        .collect()
}

/// A set that is a workout's last one and is then removed takes the workout off every screen; minutes add up.
#[test]
fn shares_of_a_workouts_minutes_add_up() {
    let store = rebuilt(&careless_log(40, 30).rows);
    let fact = store.table("fact_workouts").expect("built");
    let mut minutes: BTreeMap<String, i64> = BTreeMap::new();
    for row in 0..fact.rows() {
        if let (Value::Text(workout), Value::Int(n)) = (fact.value("workout_id", row), fact.value("duration_minutes", row)) {
            assert!(0 <= n);
            *minutes.entry(workout).or_default() += n;
        }
    }
    let header = store.table("int_workouts").expect("built");
    for row in 0..header.rows() {
        let (Value::Text(workout), Value::Int(start), Value::Int(end)) =
            (header.value("workout_id", row), header.value("started_ms", row), header.value("finished_ms", row))
        else {
            continue;
        };
        if let Some(sum) = minutes.get(&workout) {
            assert_eq!(*sum, (end - start + 30_000) / 60_000);
        }
    }
}

/// Every question of the screens runs and has the columns that its rows are read by.
#[test]
fn every_question_has_the_shape_its_screen_reads() {
    let log = careless_log(50, 20);
    let store = rebuilt(&log.rows);
    let params = asked_of(&store, &log.user());
    for (question, columns) in bridge::QUESTIONS {
        let table = store.ask(question, &params).unwrap_or_else(|err| panic!("{question}: {err}"));
        for column in *columns {
            assert!(table.names().contains(column), "{question} has no column {column}");
        }
    }
}

/// What any question of the screens may be asked with: the first workout and the first room that there are.
fn asked_of(store: &Store, user: &str) -> Params {
    let first = |model: &str, column: &str| {
        let table = store.table(model).filter(|table| 0 < table.rows());
        match table.map(|table| table.value(column, 0)) {
            Some(Value::Text(id)) => id,
            _ => "none".to_owned(),
        }
    };
    Params::none()
        .with_text("user", user)
        .with_text("workout", &first("fact_workouts", "workout_id"))
        .with_text("exercise", "bench-press-barbell")
        .with_text("muscle", "chest")
        .with_text("room", &first("fact_messages", "room_id"))
        .with_text("from", "2024-01-01")
        .with_text("to", "2024-12-31")
        .with_int("from_ms", 0)
        .with_int("before_ms", i64::MAX)
        .with_int("limit", 10)
}

/// Every question of the screens, watched and told once.
fn watched(store: &Store, params: &Params) -> Watches<&'static str> {
    let mut watches = Watches::default();
    for (key, (question, _)) in (0..).zip(bridge::QUESTIONS) {
        watches.begin(key, (*question).to_owned(), *question);
        watches.is_news(key, &store.ask(question, params).expect("an answer").to_json());
    }
    watches
}

/// Questions with news that `asked` leaves out, and how many it leaves out rightly.
fn left_out(store: &Store, params: &Params, watches: &mut Watches<&'static str>, asked: &[u32]) -> (Vec<&'static str>, usize) {
    let (mut missed, mut spared) = (Vec::new(), 0);
    for key in watches.keys() {
        let question = *watches.asked(key).expect("watched");
        let news = watches.is_news(key, &store.ask(question, params).expect("an answer").to_json());
        match (news, asked.contains(&key)) {
            (true, false) => missed.push(question),
            (false, false) => spared += 1,
            _ => {}
        }
    }
    (missed, spared)
}

#[test]
fn a_question_that_stands_on_no_changed_model_has_no_news() {
    let mut spared = 0;
    for seed in 61..=64 {
        let log = careless_log(seed, 12);
        let (before, after) = log.rows.split_at(log.rows.len() / 2);
        let mut store = rebuilt(before);
        let params = asked_of(&store, &log.user());
        let mut watches = watched(&store, &params);
        for rows in after.chunks(3) {
            store.add_rows(ledger::clear_rows(rows));
            let changed = store.refresh().expect("refresh");
            let asked = watches.standing_on(&store, &changed);
            let (missed, rightly) = left_out(&store, &params, &mut watches, &asked);
            assert!(missed.is_empty(), "seed {seed}: {missed:?} have news, and only {changed:?} changed");
            spared += rightly;
        }
        assert!(store.refresh().expect("refresh").is_empty(), "nothing came");
    }
    assert!(0 < spared, "every question was asked again every time");
}

#[test]
fn a_refresh_that_keeps_silent_about_a_model_is_caught() {
    let log = careless_log(61, 12);
    let (before, after) = log.rows.split_at(log.rows.len() / 2);
    let mut store = rebuilt(before);
    let params = asked_of(&store, &log.user());
    let mut watches = watched(&store, &params);
    store.add_rows(ledger::clear_rows(after));
    let mut changed = store.refresh().expect("refresh");
    assert!(changed.remove("fact_sets") | changed.remove("fact_workouts"), "{changed:?}");
    let asked = watches.standing_on(&store, &changed);
    assert!(!left_out(&store, &params, &mut watches, &asked).0.is_empty());
}

#[test]
fn a_weighing_asks_again_what_people_weigh_and_not_their_messages() {
    let mut log = careless_log(65, 8);
    let mut store = rebuilt(&log.rows);
    let watches = watched(&store, &asked_of(&store, &log.user()));
    let at_ms = 1_750_000_000_000;
    let weighing_id = log.random.entity_id(at_ms as u64);
    let weighed = BodyWeight { weighing_id, weight_g: 81_000, unit: Unit::Kg, at_ms, offset_min: 60 };
    let rows = log.write(at_ms as u64, vec![Draft::mine(Fact::BodyWeightLogged(weighed))]);
    store.add_rows(ledger::clear_rows(&rows));
    let changed = store.refresh().expect("refresh");
    let asked = watches.standing_on(&store, &changed);
    let asked: Vec<&str> = asked.into_iter().filter_map(|key| watches.asked(key).copied()).collect();
    assert!(asked.contains(&"body_weights"), "{asked:?}");
    for unrelated in ["messages", "rooms", "profile", "exercise_names"] {
        assert!(!asked.contains(&unrelated), "{unrelated} is asked again: {changed:?}");
    }
}
