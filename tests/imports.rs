//! Strong's files, both dialects: what is read, what is asked, what is left out and why, and that a second time changes
//! nothing.

use bridge::{Choices, ImportPlan};
use engine::{Params, Store, Value};
use intake::{Known, NameBook, NameTarget, Planned, drafts, plan};
use ledger::{EntityId, LoadMode, Tracking, Unit};
use tests::{Scribe, store};

const S1: &str = "Date,Workout Name,Duration,Exercise Name,Set Order,Weight,Reps,Distance,Seconds,Notes,Workout Notes,RPE\n\
2026-02-03 18:04:11,\"Upper, heavy\",1h 12m,\"Bench Press (Barbell)\",W,40.0,8.0,0,0.0,\"\",\"slept badly\",\n\
2026-02-03 18:04:11,\"Upper, heavy\",1h 12m,\"Bench Press (Barbell)\",1,82.5,5.0,0,0.0,\"pause 1s\",\"slept badly\",8.5\n\
2026-02-03 18:04:11,\"Upper, heavy\",1h 12m,\"Bench Press (Barbell)\",Rest Timer,0,0.0,0,150.0,,,\n\
2026-02-03 18:04:11,\"Upper, heavy\",1h 12m,\"Plank\",1,0,0.0,0,75.0,\"\",\"slept badly\",\n\
2026-02-05 07:31:40,\"Row day\",38m,\"Rowing (Machine)\",1,0,0.0,2.5,612.0,\"\",\"\",\n";

const S1B: &str = "\u{feff}Date,Workout Name,Duration,Exercise Name,Set Order,Weight,Reps,Distance,Seconds,RPE\r\n\
2026-03-09 17:20:05,\"Legs\",55m,\"Squat (Barbell)\",1,100.0,5.0,0,0.0,8\r\n\
2026-03-09 17:20:05,\"Legs\",55m,\"Squat (Barbell)\",2,102.5,5.0,0,0.0,9\r\n\
2026-03-09 17:20:05,\"Legs\",55m,\"Pull Up (Assisted)\",1,25.0,8.0,0,0.0,\r\n";

fn choices(unit: Unit) -> Choices {
    Choices { unit: Some(unit), offset_min: 60, now_ms: 1_780_000_000_000, ..Choices::default() }
}

fn names(store: &Store) -> NameBook {
    let table = store.ask("exercise_names", &Params::none()).expect("the question runs");
    let text = |name: &str, row| match table.value(name, row) {
        Value::Text(text) => text,
        other => panic!("{name}: {other:?}"),
    };
    let word = |text: String| serde_json::Value::String(text);
    NameBook::new((0..table.rows()).map(|row| {
        let target = NameTarget {
            exercise_id: text("exercise_id", row),
            name: text("name", row),
            load_mode: serde_json::from_value::<LoadMode>(word(text("load_mode", row))).expect("a load mode"),
            tracking: serde_json::from_value::<Tracking>(word(text("tracking", row))).expect("a tracking"),
        };
        (text("alias", row), target)
    }))
}

fn empty() -> Store {
    let mut store = store();
    store.rebuild().expect("rebuild");
    store
}

fn read(text: &str, choices: &Choices) -> Planned {
    plan(text.as_bytes(), "strong.csv", choices, &names(&empty()), &Known::default()).expect("a Strong file")
}

#[test]
fn both_dialects_are_read_and_ask_for_their_unit() {
    let s1 = read(S1, &choices(Unit::Kg));
    let ImportPlan { rows_read, rows_attached, sets, workouts, rejected, .. } = s1.plan;
    assert_eq!((rows_read, rows_attached, sets, workouts, rejected), (5, 1, 4, 2, 0));
    let bench = &s1.workouts[0].sets[1];
    assert_eq!((bench.load_g, bench.reps, bench.rpe10, bench.rest_ms), (Some(82_500), Some(5), Some(85), Some(150_000)));
    assert_eq!(bench.note.as_deref(), Some("pause 1s"));
    assert_eq!(s1.workouts[0].note.as_deref(), Some("slept badly"));
    assert_eq!(s1.workouts[0].finished_ms.map(|end| end - s1.workouts[0].started_ms), Some(72 * 60_000));
    // 18:04:11 on a clock one hour east of UTC.
    assert_eq!(s1.workouts[0].started_ms, 1_770_138_251_000);
    assert_eq!(s1.workouts[0].sets[2].duration_ms, Some(75_000));
    assert_eq!(s1.workouts[1].sets[0].distance_mm, Some(2_500_000));

    let s1b = read(S1B, &choices(Unit::Lb));
    assert_eq!(s1b.plan.sets, 3);
    assert_eq!(s1b.workouts[0].sets[0].load_g, Some(45_359));
    let assisted = &s1b.workouts[0].sets[2];
    assert_eq!((assisted.load_g, assisted.assist_g), (None, Some(11_340)), "the weight of an assisted set is assistance");
}

#[test]
fn every_bad_row_is_left_out_with_its_line_and_the_rest_is_read() {
    struct Case {
        row: &'static str,
        reason: &'static str,
    }
    let cases = [
        Case { row: "03.02.2026,W,1h,Plank,1,0,0,0,60,,,", reason: "is not understood" },
        Case { row: "1999-02-03 18:00:00,W,1h,Plank,1,0,0,0,60,,,", reason: "before 2000" },
        Case { row: "2099-02-03 18:00:00,W,1h,Plank,1,0,0,0,60,,,", reason: "in the future" },
        Case { row: "2026-02-03 18:00:00,W,1h,,1,0,0,0,60,,,", reason: "no exercise name" },
        Case { row: "2026-02-03 18:00:00,W,1h,Plank,X,0,0,0,60,,,", reason: "set order" },
        Case { row: "2026-02-03 18:00:00,W,1h,Squat (Barbell),1,heavy,5,0,0,,,", reason: "is no number" },
        Case { row: "2026-02-03 18:00:00,W,1h,Squat (Barbell),1,9999,5,0,0,,,", reason: "not possible" },
        Case { row: "2026-02-03 18:00:00,W,1h,Squat (Barbell),1,100,5.5,0,0,,,", reason: "not possible" },
        Case { row: "2026-02-03 18:00:00,W,1h,Plank,1,0,0,0,777777777777,,,", reason: "too long for a set" },
        Case { row: "2026-02-03 18:00:00,W,1h,Rowing (Machine),1,0,0,20000,600,,,", reason: "not possible" },
        Case { row: "2026-02-03 18:00:00,W,1h,Squat (Barbell),1,0,0,0,0,,,", reason: "nothing was done" },
        Case { row: "2026-02-03 18:00:00,W,1h,Squat (Barbell),1,100", reason: "columns instead of" },
        Case { row: "2026-02-09 18:00:00,W,1h,Squat (Barbell),Rest Timer,0,0,0,90,,,", reason: "no set before it" },
    ];
    let mut file = S1.to_owned();
    for case in &cases {
        file.push_str(case.row);
        file.push('\n');
    }
    for file in [file.clone(), file.replace('\n', "\r\n")] {
        let planned = read(&file, &choices(Unit::Kg));
        assert_eq!(planned.plan.sets, 4, "the good rows are all there");
        assert_eq!(planned.plan.rejected, cases.len());
        for (nth, (problem, case)) in planned.plan.problems.iter().zip(&cases).enumerate() {
            assert_eq!(problem.line, 7 + nth as u64, "{}", case.row);
            assert!(problem.left_out && problem.reason.contains(case.reason), "{}: {}", case.row, problem.reason);
        }
    }
}

#[test]
fn odd_but_possible_rows_are_kept_and_flagged() {
    let file = "Date,Workout Name,Duration,Exercise Name,Set Order,Weight,Reps,Distance,Seconds,RPE\n\
                2026-03-09 5:20:05\u{202f}PM,Legs,62h 43m,Squat (Barbell),1,100,5,0,0,12\n";
    let planned = read(file, &choices(Unit::Kg));
    assert_eq!((planned.plan.sets, planned.plan.rejected, planned.plan.problem_count), (1, 0, 2));
    let workout = &planned.workouts[0];
    assert_eq!(workout.finished_ms.map(|end| end - workout.started_ms), Some(6 * 3_600_000));
    assert_eq!(workout.sets[0].rpe10, None);
    assert_eq!(workout.natural_key, "2026-03-09T17:20:05|Legs");
}

#[test]
fn files_that_are_no_strong_export_are_refused_in_words() {
    let cases: [(&[u8], &str); 6] = [
        (b"", "no column"),
        (b"\xff\xfeD\0a\0t\0e\0", "UTF-16"),
        (b"PK\x03\x04\xff\xfe\x00\x00", "not UTF-8"),
        (b"title,start_time,exercise_title,set_index\n", "Hevy"),
        (b"Date;Workout Name;Exercise Name;Set Order;Weight;Weight Unit\n", "semicolons"),
        (b"Date,Workout Name,Duration,Exercise Name,Set Order,Weight,Reps,Distance,Seconds,RPE\n", "no rows"),
    ];
    for (bytes, reason) in cases {
        let problem = plan(bytes, "x.csv", &choices(Unit::Kg), &NameBook::default(), &Known::default()).expect_err(reason);
        assert!(problem.happened.contains(reason), "{reason}: {}", problem.happened);
        assert!(problem.kept.contains("nothing was changed"));
    }
}

/// Writes an import down as the two workers do, and returns what was written.
fn import(store: &mut Store, scribe: &mut Scribe, text: &str, choices: &Choices, nth: u8) -> usize {
    let book = names(store);
    let known = store.ask("known_sets", &Params::none()).expect("the question runs");
    let known = Known::new((0..known.rows()).map(|row| match (known.value("set_id", row), known.value("undone", row)) {
        (Value::Text(id), Value::Int(undone)) => (EntityId::parse(&id).expect("an id"), undone == 1),
        other => panic!("{other:?}"),
    }));
    let planned = plan(text.as_bytes(), "strong.csv", choices, &book, &known).expect("a Strong file");
    let import_id = EntityId::v7(1_780_000_000_000, [nth; 10]);
    let chunks = drafts(&planned, choices, &book, &known, import_id, 3);
    let mut written = 0;
    for (at, chunk) in chunks.into_iter().enumerate() {
        let rows = scribe.write(1_780_000_000_000 + u64::from(nth) * 1000 + at as u64, chunk);
        written += rows.iter().filter(|row| row.kind == "set.logged").count();
        store.add_rows(&rows);
    }
    store.refresh().expect("refresh");
    written
}

fn standing(store: &Store) -> usize {
    store.table("fact_sets").expect("built").rows()
}

#[test]
fn a_second_import_adds_nothing_and_an_undone_one_comes_back() {
    let mut store = empty();
    let mut scribe = Scribe::new(1);
    let answers = choices(Unit::Kg);
    assert_eq!(import(&mut store, &mut scribe, S1, &answers, 1), 4);
    assert_eq!(standing(&store), 4);
    assert_eq!(import(&mut store, &mut scribe, S1, &answers, 2), 0);
    assert_eq!(standing(&store), 4);
    // A later export of the same log holds the old rows and new ones.
    let longer = format!("{S1}2026-02-08 18:00:00,Legs,1h,Squat (Barbell),1,100,5,0,0,,,\n");
    assert_eq!(import(&mut store, &mut scribe, &longer, &answers, 3), 1);
    assert_eq!(standing(&store), 5);

    // Undo spares what was edited since.
    let edited = store.table("fact_sets").expect("built").value("set_id", 0);
    let Value::Text(edited) = edited else { panic!("an id") };
    let correction = ledger::SetCorrected {
        set_id: EntityId::parse(&edited).expect("an id"),
        at_ms: 1_780_000_100_000,
        offset_min: 60,
        set_kind: ledger::Patch::Keep,
        load_g: ledger::Patch::Set(84_000),
        bodyweight_g: ledger::Patch::Keep,
        assist_g: ledger::Patch::Keep,
        reps: ledger::Patch::Keep,
        duration_ms: ledger::Patch::Keep,
        distance_mm: ledger::Patch::Keep,
        rpe10: ledger::Patch::Keep,
        rir: ledger::Patch::Keep,
        note: ledger::Patch::Keep,
    };
    for (at, fact) in [
        (1_780_000_100_000, ledger::Fact::SetCorrected(correction)),
        (
            1_780_000_200_000,
            ledger::Fact::ImportUndone {
                import_id: EntityId::v7(1_780_000_000_000, [1; 10]),
                at_ms: 1_780_000_200_000,
                offset_min: 60,
            },
        ),
    ] {
        let rows = scribe.write(at, vec![bridge::Draft::mine(fact)]);
        store.add_rows(&rows);
    }
    store.refresh().expect("refresh");
    assert_eq!(standing(&store), 2, "the edited set and the one of the other import");
    assert_eq!(import(&mut store, &mut scribe, S1, &answers, 4), 3, "what was undone can be imported again");
    assert_eq!(standing(&store), 5);
    let fact = store.table("fact_sets").expect("built");
    let at = (0..fact.rows()).find(|row| fact.value("set_id", *row) == Value::Text(edited.clone())).expect("it stands");
    assert_eq!(fact.value("load_g", at), Value::Int(84_000), "an edit outlives undo and a second import");
    // And all of it is what a rebuild from nothing gives.
    let mut again = empty();
    again.add_rows(&scribe.rows);
    again.rebuild().expect("rebuild");
    assert_eq!(again.hashes(), store.hashes());
}

#[test]
fn unknown_names_are_asked_for_and_the_answer_is_remembered() {
    let file = "Date,Workout Name,Duration,Exercise Name,Set Order,Weight,Reps,Distance,Seconds,RPE\n\
                2026-03-09 17:20:05,Push,55m,Bankdruecken,1,80,5,0,0,\n";
    let open = read(file, &choices(Unit::Kg));
    assert_eq!(open.plan.names[0].exercise_id, None);
    let mut answers = choices(Unit::Kg);
    answers.names = vec![("Bankdruecken".to_owned(), "bench-press-barbell".to_owned())];
    let mut store = empty();
    let mut scribe = Scribe::new(2);
    import(&mut store, &mut scribe, file, &answers, 1);
    let Value::Text(id) = store.table("fact_sets").expect("built").value("exercise_id", 0) else { panic!("an id") };
    assert_eq!(id, "bench-press-barbell");
    assert!(names(&store).find("bankdruecken").is_some(), "remembered for the next file");
    // Kept as one's own it is the same exercise on every device that imports the file.
    let (mut a, mut b) = (empty(), empty());
    for (store, seed) in [(&mut a, 3), (&mut b, 4)] {
        import(store, &mut Scribe::new(seed), file, &choices(Unit::Kg), 1);
    }
    assert_eq!(
        a.table("fact_sets").expect("built").value("exercise_id", 0),
        b.table("fact_sets").expect("built").value("exercise_id", 0)
    );
}
