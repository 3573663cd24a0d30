//! Files of other apps: what is read, what is asked, what is left out and why, and that a second time changes nothing.

use bridge::{Choices, Form, ImportPlan, ImportQuestion, Topic};
use engine::{Params, Store, Value};
use intake::{Begun, Known, NameBook, NameTarget, Part, Planned, drafts, plan};
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
    answered(&[("unit", if unit == Unit::Lb { "lb" } else { "kg" })])
}

fn answered(answers: &[(&str, &str)]) -> Choices {
    let answers = answers.iter().map(|(id, answer)| ((*id).to_owned(), (*answer).to_owned())).collect();
    Choices { answers, offset_min: 60, now_ms: 1_780_000_000_000 }
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
        Case { row: "2026-02-03 18:00:00,W,1h,Plank,X,0,0,0,0,,,", reason: "set order" },
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
fn files_that_are_no_export_are_refused_in_words() {
    let cases: [(&[u8], &str); 6] = [
        (b"", "no column"),
        (b"PK\x03\x04\xff\xfe\x00\x00", "not text"),
        (b"when,what,how much\n2026-01-01,bench,100\n", "no column"),
        (b"Date,Exercise,Category,Weight,Weight Unit,Reps\n", "FitNotes"),
        (b"Date;Measurement Type;Value;Unit\n2026-01-01;Weight;80;kg\n", "no column"),
        (b"Date,Workout Name,Duration,Exercise Name,Set Order,Weight,Reps,Distance,Seconds,RPE\n", "no rows"),
    ];
    for (bytes, reason) in cases {
        let problem = plan(bytes, "x.csv", &choices(Unit::Kg), &NameBook::default(), &Known::default()).expect_err(reason);
        assert!(problem.happened.contains(reason), "{reason}: {}", problem.happened);
        assert!(problem.kept.contains("nothing was changed"));
        assert!(!problem.todo.contains("xport again"), "{}", problem.todo);
    }
}

fn known(store: &Store) -> Known {
    let known = store.ask("known_sets", &Params::none()).expect("the question runs");
    Known::new(known.to_json().into_iter().map(|row| serde_json::from_value(row).expect("a known set")))
}

/// Writes an import down as the two workers do, and returns how many sets were written.
fn import(store: &mut Store, scribe: &mut Scribe, text: &str, choices: &Choices, nth: u8) -> usize {
    let book = names(store);
    let planned = plan(text.as_bytes(), "strong.csv", choices, &book, &known(store)).expect("an export");
    let import_id = EntityId::v7(1_780_000_000_000, [nth; 10]);
    let parts = drafts(&planned, choices, &book, import_id, None, 3);
    let written = write(store, scribe, &parts, nth);
    assert_eq!(planned.plan.fresh(), written.len(), "what was promised is what was written");
    // And what was shown is what was written, to the last figure.
    for workout in &planned.plan.preview {
        for set in &workout.sets {
            let body = written.iter().find(|body| body["set_id"] == set.set_id.to_string()).expect("a set of the preview");
            let figures = |name: &str| body.get(name).and_then(serde_json::Value::as_i64);
            assert_eq!(body["workout_id"], workout.workout_id.to_string());
            assert_eq!(figures("at_ms"), Some(workout.started_ms));
            assert_eq!(
                (figures("load_g"), figures("assist_g"), figures("reps"), figures("duration_ms"), figures("distance_mm")),
                (set.load_g, set.assist_g, set.reps, set.duration_ms, set.distance_mm)
            );
            assert_eq!(body.get("note").and_then(serde_json::Value::as_str), set.note.as_deref());
        }
    }
    written.len()
}

fn write(store: &mut Store, scribe: &mut Scribe, parts: &[Part], nth: u8) -> Vec<serde_json::Value> {
    let mut written = Vec::new();
    for (at, part) in parts.iter().enumerate() {
        let rows = scribe.write(1_780_000_000_000 + u64::from(nth) * 1000 + at as u64, part.drafts.clone());
        written.extend(rows.iter().filter(|row| row.kind == "set.logged").filter_map(|row| Some(row.clear()?.body().clone())));
        store.add_rows(ledger::clear_rows(&rows));
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
        store.add_rows(ledger::clear_rows(&rows));
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
    again.add_rows(ledger::clear_rows(&scribe.rows));
    again.rebuild().expect("rebuild");
    assert_eq!(again.hashes(), store.hashes());
}

#[test]
fn unknown_names_are_asked_for_and_the_answer_is_remembered() {
    let file = "Date,Workout Name,Duration,Exercise Name,Set Order,Weight,Reps,Distance,Seconds,RPE\n\
                2026-03-09 17:20:05,Push,55m,Bankdruecken,1,80,5,0,0,\n";
    let open = read(file, &choices(Unit::Kg));
    assert_eq!(open.plan.names[0].exercise_id, None);
    let answers = answered(&[("unit", "kg"), ("name:bankdruecken", "bench-press-barbell")]);
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

// ---- Kinds of files that people really have

fn file(name: &str) -> String {
    std::fs::read_to_string(format!("{}/fixtures/imports/{name}.csv", env!("CARGO_MANIFEST_DIR"))).expect("a file of the tests")
}

fn question<'a>(planned: &'a Planned, id: &str) -> &'a ImportQuestion {
    let found = planned.plan.questions.iter().find(|question| question.id == id);
    found.unwrap_or_else(|| panic!("{id} is not asked: {:#?}", planned.plan.questions))
}

fn asked(planned: &Planned) -> Vec<&str> {
    planned.plan.questions.iter().filter(|question| question.topic != Topic::Names).map(|question| question.id.as_str()).collect()
}

fn reasons(planned: &Planned) -> Vec<(u64, bool, &str)> {
    planned.plan.problems.iter().map(|problem| (problem.line, problem.left_out, problem.reason.as_str())).collect()
}

/// How long each workout took, in seconds.
fn took(planned: &Planned) -> Vec<Option<i64>> {
    planned.workouts.iter().map(|workout| workout.finished_ms.map(|end| (end - workout.started_ms) / 1000)).collect()
}

fn days(planned: &Planned) -> Vec<&str> {
    planned.workouts.iter().map(|workout| &workout.natural_key[..10]).collect()
}

/// Load × repetitions in grams, of one workout.
fn volume(planned: &Planned, workout: usize) -> i64 {
    planned.workouts[workout].sets.iter().map(|set| set.load_g.unwrap_or(0) * set.reps.unwrap_or(0)).sum()
}

#[test]
fn a_german_export_is_read() {
    let planned = read(&file("strong-german"), &choices(Unit::Kg));
    let ImportPlan { rows_read, rows_attached, sets, rejected, .. } = planned.plan;
    assert_eq!((rows_read, rows_attached, sets, rejected), (5, 1, 3, 1));
    assert_eq!(took(&planned), [Some(65 * 60), Some(31 * 60)]);
    assert_eq!(planned.workouts[1].sets[0].duration_ms, Some(75_000), "the plank is timed");
    assert_eq!(planned.workouts[0].sets[0].rest_ms, Some(150_000));
    assert_eq!(planned.workouts[0].sets[1].note.as_deref(), Some("tief"));
    let [(6, true, reason)] = reasons(&planned)[..] else { panic!("{:?}", reasons(&planned)) };
    assert!(reason.starts_with("nothing was done") && reason.contains("Kniebeuge (Langhantel) in Kurz"), "{reason}");
    assert_eq!(asked(&planned), ["unit"]);
}

#[test]
fn headers_in_other_languages_are_known_by_their_words() {
    let rows = "2026-04-02 18:12:40,A,1h 5m,Squat (Barbell),1,80.0,5.0,0,0.0,deep,,8\n\
                2026-04-02 18:12:40,A,1h 5m,Squat (Barbell),2,82.5,5.0,0,0.0,,,\n";
    for header in [
        "Date,Nom de l’entraînement,Durée,Nom de l’exercice,Ordre de la série,Poids,Répétitions,Distance,Secondes,Notes,Notes d’entraînement,RPE",
        "Fecha,Nombre del entrenamiento,Duración,Nombre del ejercicio,Orden de la serie,Peso,Reps,Distancia,Segundos,Notas,Notas del entrenamiento,RPE",
        "Data,Nome allenamento,Durata,Nome esercizio,Ordine serie,Peso,Ripetizioni,Distanza,Secondi,Note,Note allenamento,RPE",
        "Data,Nome do treino,Duração,Nome do exercício,Ordem da série,Peso,Repetições,Distância,Segundos,Notas,Notas do treino,RPE",
        "Datum,Naam workout,Duur,Naam oefening,Volgorde sets,Gewicht,Herhalingen,Afstand,Seconden,Notities,Workoutnotities,RPE",
        "Datum,Passnamn (träning),Varaktighet,Övningens namn,Setordning,Vikt,Repetitioner,Avstånd,Sekunder,Anteckningar,Träningsanteckningar,RPE",
        "Дата,Название тренировки,Длительность,Название упражнения,Порядок подходов,Вес,Повторения,Расстояние,Секунды,Заметки,Заметки тренировки,RPE",
        "Tarih,Antrenman Adı,Süre,Egzersiz Adı,Set Sırası,Ağırlık,Tekrar,Mesafe,Saniye,Notlar,Antrenman Notları,RPE",
        "Data,Nazwa treningu (trening),Czas trwania,Nazwa ćwiczenia,Kolejność serii,Ciężar,Powtórzenia,Dystans,Sekundy,Notatki,Notatki treningu (trening),RPE",
        "日付,ワークアウト名,時間,エクササイズ名,セット順,重量,回数,距離,秒,メモ,ワークアウトメモ,RPE",
    ] {
        let planned = read(&format!("{header}\n{rows}"), &choices(Unit::Kg));
        let set = &planned.workouts[0].sets[0];
        let got = (set.load_g, set.reps, set.rpe10, set.note.as_deref(), set.exercise.as_str());
        assert_eq!(got, (Some(80_000), Some(5), Some(80), Some("deep"), "Squat (Barbell)"), "{header}");
        assert_eq!((planned.plan.sets, planned.workouts[0].name.as_str()), (2, "A"), "{header}");
        assert_eq!(took(&planned), [Some(65 * 60)], "{header}");
        let open: Vec<_> = planned.plan.questions.iter().filter(|it| it.must && it.answer.is_empty()).map(|it| &it.ask).collect();
        assert_eq!(open, Vec::<&String>::new(), "{header}");
    }
}

#[test]
fn a_header_in_an_unknown_language_is_read_by_shape_and_confirmed() {
    let rows = "2026-04-02 18:12:40,Jalat,1h 5m,Kyykky,W,40.0,5.0,0,0.0,,,\n\
                2026-04-02 18:12:40,Jalat,1h 5m,Kyykky,1,80.0,5.0,0,0.0,,,\n\
                2026-04-02 18:12:40,Jalat,1h 5m,Kyykky,Zzzz,0,0.0,0,150.0,,,\n\
                2026-04-02 18:12:40,Jalat,1h 5m,Kyykky,2,82.5,6.0,0,0.0,syvä,,8\n\
                2026-04-04 07:30:01,Lyhyt,31m,Lankku,1,0,0.0,0,75.0,,,\n";
    let unknown = format!("a1,b2,c3,d4,e5,f6,g7,h8,i9,j10,k11,l12\n{rows}");
    let planned = read(&unknown, &choices(Unit::Kg));
    assert_eq!((planned.plan.sets, planned.plan.rows_attached, planned.plan.rejected), (4, 1, 0));
    let set = &planned.workouts[0].sets[2];
    let got = (set.exercise.as_str(), set.load_g, set.reps, set.note.as_deref());
    assert_eq!(got, ("Kyykky", Some(82_500), Some(6), Some("syvä")));
    assert_eq!(planned.workouts[0].sets[1].rest_ms, Some(150_000));
    assert_eq!(planned.workouts[1].sets[0].duration_ms, Some(75_000));
    assert!(!planned.plan.is_ready(), "nobody has looked at the columns yet");
    let exercise = question(&planned, "column:Exercise Name");
    assert_eq!((exercise.answer.as_str(), exercise.form), ("3", Form::List));
    assert_eq!(exercise.options[4].name, "d4 (Kyykky)");
    let confirmed = read(&unknown, &answered(&[("unit", "kg"), ("columns", "yes")]));
    assert!(confirmed.plan.is_ready());
    // And what was read wrongly can be said rightly.
    let said = read(
        &unknown,
        &answered(&[("unit", "kg"), ("columns", "yes"), ("column:Exercise Name", "1"), ("column:Workout Name", "3")]),
    );
    assert_eq!((said.workouts[0].sets[0].exercise.as_str(), said.workouts[0].name.as_str()), ("Jalat", "Kyykky"));
}

#[test]
fn durations_are_read_as_each_phone_writes_them() {
    let planned = read(&file("strong-min-durations"), &choices(Unit::Lb));
    assert_eq!(took(&planned), [Some(85 * 60), Some(57 * 60), Some(32), Some(6 * 3600)]);
    let [(5, false, reason)] = reasons(&planned)[..] else { panic!("{:?}", reasons(&planned)) };
    assert!(reason.contains("47h 35min"), "{reason}");
    assert_eq!(planned.workouts[0].sets[0].load_g, Some(68_039), "150 lb, and not a hundredth less");
    // What is not understood is unknown, and is said.
    let odd = read(&file("strong-min-durations").replace("57min", "a while"), &choices(Unit::Lb));
    assert_eq!(took(&odd)[1], None);
    assert_eq!(reasons(&odd)[0], (3, false, "the duration “a while” is not understood"));
}

#[test]
fn a_file_of_2016_says_its_units_and_no_duration() {
    let planned = read(&file("strong-2016-kg-km"), &answered(&[]));
    assert_eq!(asked(&planned), Vec::<&str>::new());
    assert!(planned.plan.is_ready());
    assert_eq!((planned.plan.sets, planned.plan.rejected), (3, 0));
    assert_eq!(planned.workouts[0].sets.iter().map(|set| set.load_g).collect::<Vec<_>>(), [Some(70_000), Some(72_500), None]);
    let run = &planned.workouts[0].sets[2];
    assert_eq!((run.distance_mm, run.duration_ms, run.note.as_deref()), (Some(2_500_000), Some(612_000), Some("easy")));
    assert_eq!(took(&planned), [None]);
    // Unknown stays unknown in the tables, and is not 0.
    let mut store = empty();
    import(&mut store, &mut Scribe::new(5), &file("strong-2016-kg-km"), &answered(&[]), 1);
    assert_eq!(store.table("int_workouts").expect("built").value("finished_ms", 0), Value::Null);
}

#[test]
fn a_load_far_out_of_line_is_pointed_out_and_can_be_corrected() {
    let text = file("strong-2017-no-duration");
    let planned = read(&text, &choices(Unit::Lb));
    assert_eq!((planned.plan.sets, planned.plan.rejected), (6, 0));
    let odd = question(&planned, "load:3");
    assert_eq!((odd.form, odd.answer.as_str(), odd.must), (Form::Typed, "2956", false));
    assert!(odd.ask.contains("2956 lb is 10 times 285 lb"), "{}", odd.ask);
    let corrected = read(&text, &answered(&[("unit", "lb"), ("load:3", "295.6")]));
    assert_eq!(corrected.workouts[0].sets[1].load_g, Some(134_082));
    assert_eq!(question(&corrected, "load:3").answer, "295.6", "and can be corrected again");
    let slip = read(&text, &answered(&[("unit", "lb"), ("load:3", "heavy")]));
    assert_eq!(slip.workouts[0].sets[1].load_g, planned.workouts[0].sets[1].load_g);
    assert!(question(&slip, "load:3").hint.contains("no number"));
    // Before a unit is chosen the row is not thrown away for a weight that is only impossible in kilograms.
    assert_eq!(read(&text, &answered(&[])).plan.sets, 6);
    let kilograms = read(&text, &choices(Unit::Kg));
    assert_eq!(kilograms.plan.rejected, 1);
    assert_eq!(question(&kilograms, "load:3").answer, "2956");
    assert_eq!(read(&text, &answered(&[("unit", "kg"), ("load:3", "295.6")])).plan.rejected, 0);
}

#[test]
fn repetitions_a_hundred_times_the_usual_are_pointed_out() {
    let rows: String = [8, 8, 10, 1000, 8]
        .iter()
        .enumerate()
        .map(|(nth, reps)| format!("2026-03-0{} 17:00:00,Push,55m,Bench Press (Barbell),1,80,{reps},0,0,\n", nth + 1))
        .collect();
    let text = format!("Date,Workout Name,Duration,Exercise Name,Set Order,Weight,Reps,Distance,Seconds,RPE\n{rows}");
    let planned = read(&text, &choices(Unit::Kg));
    assert_eq!(question(&planned, "reps:5").answer, "1000");
    assert_eq!(asked(&planned), ["unit", "reps:5"]);
    let corrected = read(&text, &answered(&[("unit", "kg"), ("reps:5", "10")]));
    assert_eq!(corrected.workouts[3].sets[0].reps, Some(10));
}

#[test]
fn what_was_lifted_here_before_is_what_an_imported_load_is_measured_by() {
    let mut store = empty();
    let text = |day: &str, load: &str| {
        format!(
            "Date,Workout Name,Duration,Exercise Name,Set Order,Weight,Reps,Distance,Seconds,RPE\n{day} 17:00:00,P,55m,Bench Press (Barbell),1,{load},8,0,0,\n"
        )
    };
    import(&mut store, &mut Scribe::new(6), &text("2026-03-01", "60"), &choices(Unit::Kg), 1);
    let later =
        plan(text("2026-03-08", "600").as_bytes(), "x.csv", &choices(Unit::Kg), &names(&store), &known(&store)).expect("a plan");
    assert_eq!(asked(&later), ["unit", "load:2"]);
    // The same file again has nothing new to point out.
    let again =
        plan(text("2026-03-01", "60").as_bytes(), "x.csv", &choices(Unit::Kg), &names(&store), &known(&store)).expect("a plan");
    assert_eq!((asked(&again), again.plan.fresh()), (vec!["unit"], 0));
}

#[test]
fn a_half_that_repeats_is_a_circuit_or_written_twice() {
    let text = file("strong-2017-no-duration");
    let rounds = "rounds:2017-02-06T10:00:00|Circuit";
    let planned = read(&text, &choices(Unit::Lb));
    let asked = question(&planned, rounds);
    assert_eq!((asked.answer.as_str(), asked.must), ("all", false));
    assert_eq!(asked.options.iter().map(|option| option.name.as_str()).collect::<Vec<_>>(), ["2 rounds, 4 sets", "Once, 2 sets"]);
    let once = read(&text, &answered(&[("unit", "lb"), (rounds, "once")]));
    assert_eq!((once.plan.sets, once.plan.rejected, once.workouts[1].sets.len()), (4, 2, 2));
    assert_eq!(question(&once, rounds).answer, "once", "and it can be said otherwise again");
    // Sets of one exercise that are alike are no rounds.
    let straight = read(
        &S1B.replace("102.5,5.0,0,0.0,9", "100.0,5.0,0,0.0,8")
            .replace("\"Pull Up (Assisted)\",1,25.0,8.0", "\"Squat (Barbell)\",3,100.0,5.0"),
        &choices(Unit::Kg),
    );
    assert!(straight.plan.questions.iter().all(|question| !question.id.starts_with("rounds")), "{:?}", straight.plan.questions);
}

#[test]
fn dates_of_a_spreadsheet_are_one_decision_for_the_whole_file() {
    let text = file("strong-resaved-day-first");
    let planned = read(&text, &choices(Unit::Kg));
    assert_eq!(days(&planned), ["2021-09-03", "2021-09-13", "2021-10-01"]);
    let shown = question(&planned, "dates");
    assert_eq!(shown.answer, "day");
    assert_eq!(shown.options[0].name, "Day first: 3 Sep 2021, 13 Sep 2021, 1 Oct 2021");
    assert!(planned.plan.is_ready(), "the second line can only be read one way");
    let open = read(&text.replace("13/09", "12/09"), &choices(Unit::Kg));
    assert!(!open.plan.is_ready(), "nothing in the file says it");
    let said = read(&text.replace("13/09", "12/09"), &answered(&[("unit", "kg"), ("dates", "month")]));
    assert_eq!(days(&said), ["2021-01-10", "2021-03-09", "2021-12-09"]);
    assert!(said.plan.is_ready());
}

#[test]
fn units_are_those_of_each_row() {
    let planned = read(&file("strong-android-mixed-units"), &answered(&[]));
    assert_eq!(asked(&planned), Vec::<&str>::new());
    let sets = &planned.workouts[0].sets;
    assert_eq!((volume(&planned, 0), sets[0].unit, sets[1].unit), (240_000 + 244_944, Unit::Kg, Unit::Lb));
    assert_eq!((sets[2].reps, sets[2].load_g), (Some(20), None));
    assert_eq!((sets[3].distance_mm, sets[3].duration_ms), (Some(9_977_933), Some(1_500_000)));
    assert_eq!(took(&planned), [Some(64 * 60)]);
    // Strong 6: everything quoted, units in the header, decimal commas, seconds, two workouts in one second.
    let six = "\"Workout #\";\"Date\";\"Workout Name\";\"Duration (sec)\";\"Exercise Name\";\"Set Order\";\"Weight (kg)\";\"Reps\";\"RPE\";\"Distance (meters)\";\"Seconds\";\"Notes\";\"Workout Notes\"\n\
        \"41\";\"2026-04-11 09:02:00\";\"Push; then pull\";\"4260\";\"Overhead Press (Barbell)\";\"W\";\"20\";\"10\";\"\";\"\";\"\";\"\";\"\"\n\
        \"41\";\"2026-04-11 09:02:00\";\"Push; then pull\";\"4260\";\"Overhead Press (Barbell)\";\"1\";\"42,5\";\"6\";\"7,5\";\"\";\"\";\"strict\";\"\"\n\
        \"42\";\"2026-04-11 09:02:00\";\"Finisher\";\"600\";\"Running\";\"1\";\"0\";\"0\";\"\";\"2000\";\"612\";\"\";\"\"\n";
    let six = read(six, &answered(&[]));
    assert_eq!((six.plan.workouts, six.plan.sets, asked(&six)), (2, 3, vec![]));
    let push = six.workouts.iter().find(|workout| workout.name.starts_with("Push")).expect("a workout");
    assert_eq!((push.sets[1].load_g, push.sets[1].rpe10), (Some(42_500), Some(75)));
    assert_eq!(push.finished_ms.map(|end| end - push.started_ms), Some(4_260_000));
    assert_eq!(six.workouts.iter().find_map(|workout| workout.sets[0].distance_mm), Some(2_000_000));
}

#[test]
fn notes_stand_where_they_belong() {
    let planned = read(&file("strong-note-before-first-set"), &choices(Unit::Kg));
    let noted: Vec<(&str, i64, &str)> = planned
        .workouts
        .iter()
        .flat_map(|workout| &workout.sets)
        .filter_map(|set| Some((set.exercise.as_str(), set.set_no, set.note.as_deref()?)))
        .collect();
    assert_eq!(
        noted,
        [
            ("Crunch", 1, "one side first, then legs up"),
            ("Incline Bench Press (Dumbbell)", 1, "bench at 30°"),
            ("Triceps Pushdown (Cable - Straight Bar)", 1, "17.5, 20, 22.5"),
        ]
    );
    assert_eq!((planned.plan.rows_attached, planned.plan.rejected), (4, 0));
    // One whose exercise was never done stays with the workout.
    let header = "Date,Workout Name,Duration,Exercise Name,Set Order,Weight,Reps,Distance,Seconds,Notes,Workout Notes,RPE\n";
    let lone = format!(
        "{header}2026-05-04 17:04:33,B,1h,Plank,1,0,0,0,60,,,\n2026-05-04 17:04:33,B,1h,Crunch,Note,0,0,0,0,next time,,\n\
         2026-05-05 17:04:33,C,1h,Crunch,Note,0,0,0,0,alone,,\n"
    );
    let lone = read(&lone, &choices(Unit::Kg));
    assert_eq!(lone.workouts[0].note.as_deref(), Some("crunch: next time"));
    assert_eq!(reasons(&lone), [(4, true, "a note in a workout without a set")]);
}

/// Every set that stands, as exercise, load and repetitions, by workout.
fn logged(store: &Store) -> Vec<(String, String, Option<i64>, Option<i64>)> {
    let sets = store.table("fact_sets").expect("built");
    let int = |name: &str, row: usize| if let Value::Int(n) = sets.value(name, row) { Some(n) } else { None };
    let text = |name: &str, row: usize| if let Value::Text(text) = sets.value(name, row) { text } else { String::new() };
    let mut all: Vec<_> = (0..sets.rows())
        .map(|row| (text("workout_id", row), text("exercise_id", row), int("load_g", row), int("reps", row)))
        .collect();
    all.sort();
    all
}

/// The whole table of workouts, in an order of its own.
fn told(store: &Store) -> Vec<String> {
    let mut rows: Vec<String> = store.table("fact_workouts").expect("built").to_json().iter().map(|row| row.to_string()).collect();
    rows.sort();
    rows
}

fn undo(store: &mut Store, scribe: &mut Scribe, nth: u8) {
    let at_ms = 1_780_000_500_000 + i64::from(nth);
    let import_id = EntityId::v7(1_780_000_000_000, [nth; 10]);
    let fact = ledger::Fact::ImportUndone { import_id, at_ms, offset_min: 60 };
    let rows = scribe.write(at_ms as u64, vec![bridge::Draft::mine(fact)]);
    store.add_rows(ledger::clear_rows(&rows));
    store.refresh().expect("refresh");
}

#[test]
fn an_export_after_edits_brings_what_is_new_and_says_what_differs() {
    let (mut store, mut scribe) = (empty(), Scribe::new(7));
    let answers = choices(Unit::Kg);
    assert_eq!(import(&mut store, &mut scribe, &file("strong-first-export"), &answers, 1), 4);
    let (before, first) = (logged(&store), told(&store));
    let text = file("strong-export-after-edits");
    let planned = plan(text.as_bytes(), "strong.csv", &answers, &names(&store), &known(&store)).expect("a plan");
    assert_eq!((planned.plan.sets, planned.plan.already_here, planned.plan.fresh()), (4, 3, 1));
    assert_eq!(
        planned.plan.differences,
        [
            "Push, 4 May 2026: called “Push A” in the file.",
            "Push, 4 May 2026: Bench Press (Barbell), 80 kg × 5 is here and not in the file.",
            "Pull, 6 May 2026: Deadlift (Barbell), 140 kg here and 145 kg in the file.",
        ]
    );
    assert_eq!(planned.plan.preview.len(), 1, "only what will be written");
    assert_eq!(planned.plan.preview[0].name, "Legs");
    assert_eq!(import(&mut store, &mut scribe, &text, &answers, 2), 1);
    let workouts = store.ask(
        "workout_list",
        &Params::none()
            .with_text("user", &scribe.user())
            .with("before_ms", engine::Param::Int(i64::MAX))
            .with("limit", engine::Param::Int(10)),
    );
    assert_eq!(workouts.expect("the question runs").rows(), 3);
    let bench: i64 =
        logged(&store).iter().filter(|set| set.1 == "bench-press-barbell").map(|set| set.2.unwrap_or(0) * set.3.unwrap_or(0)).sum();
    assert_eq!(bench, 1_047_500);
    assert_eq!(import(&mut store, &mut scribe, &text, &answers, 3), 0, "a second time changes nothing");
    undo(&mut store, &mut scribe, 2);
    assert_eq!(logged(&store), before);
    assert_eq!(told(&store), first, "exactly the first");
    let mut again = empty();
    again.add_rows(ledger::clear_rows(&scribe.rows));
    again.rebuild().expect("rebuild");
    assert_eq!(again.hashes(), store.hashes());
}

#[test]
fn a_set_that_was_added_and_a_workout_that_was_moved_are_known_again() {
    let (mut store, mut scribe) = (empty(), Scribe::new(8));
    let answers = choices(Unit::Kg);
    import(&mut store, &mut scribe, &file("strong-first-export"), &answers, 1);
    let longer = file("strong-first-export")
        .replace("\"Push\"", "\"Push, renamed\"")
        .replace("2026-05-06 18:00:00,\"Pull\"", "2026-05-06 18:25:00,\"Pull\"")
        .replace(
            "2026-05-06 18:25:00",
            "2026-05-04 18:00:00,\"Push, renamed\",1h 0m,\"Bench Press (Barbell)\",4,85,2,0,0,\n2026-05-06 18:25:00",
        );
    assert_eq!(import(&mut store, &mut scribe, &longer, &answers, 2), 1, "the added set");
    assert_eq!(import(&mut store, &mut scribe, &longer, &answers, 3), 0);
    assert_eq!(standing(&store), 5);
    let workouts: std::collections::BTreeSet<String> = logged(&store).into_iter().map(|set| set.0).collect();
    assert_eq!(workouts.len(), 2);
    undo(&mut store, &mut scribe, 2);
    assert_eq!(standing(&store), 4);
    // An exercise that was renamed there is not a second one here.
    let renamed = file("strong-first-export").replace("Deadlift (Barbell)", "My pull");
    let planned = plan(renamed.as_bytes(), "x.csv", &answers, &names(&store), &known(&store)).expect("a plan");
    assert_eq!(planned.plan.fresh(), 0);
    assert_eq!(planned.plan.differences, ["Pull, 6 May 2026: Deadlift (Barbell) is called “My pull” in the file."]);
    // What a spreadsheet made of the seconds and of the dates is the same training.
    let resaved = file("strong-first-export")
        .replace("2026-05-04 18:00:00", "04/05/2026 18:00")
        .replace("2026-05-06 18:00:00", "06/05/2026 18:00");
    let said = answered(&[("unit", "kg"), ("dates", "day")]);
    assert_eq!(import(&mut store, &mut scribe, &resaved, &said, 4), 0);
}

#[test]
fn names_of_entities_stay_those_of_earlier_imports() {
    let planned = read(S1, &choices(Unit::Kg));
    let workout = &planned.workouts[0];
    assert_eq!(workout.workout_id, EntityId::v5("strong", "2026-02-03T18:04:11|Upper, heavy"));
    assert_eq!(workout.sets[1].set_id, EntityId::v5("strong", "2026-02-03T18:04:11|Upper, heavy|bench press (barbell)|2"));
}

#[test]
fn localised_months_are_told_apart() {
    let planned = read(&file("hevy-french-months"), &answered(&[]));
    assert_eq!((planned.plan.workouts, planned.plan.sets, planned.plan.rejected), (12, 12, 0));
    let months: Vec<&str> = planned.workouts.iter().map(|workout| &workout.natural_key[..7]).collect();
    assert_eq!(months, (1..=12).map(|month| format!("2025-{month:02}")).collect::<Vec<_>>());
    assert_eq!((0..12).map(|at| volume(&planned, at)).sum::<i64>(), 6_660_000);
    assert_eq!(took(&planned), [Some(3600); 12]);
    assert_eq!((asked(&planned), planned.plan.source.as_str()), (vec![], "hevy"));
    let mut store = empty();
    assert_eq!(import(&mut store, &mut Scribe::new(9), &file("hevy-french-months"), &answered(&[]), 1), 12);
}

#[test]
fn a_file_of_hevy_in_pounds_is_read() {
    let text = "\"title\",\"start_time\",\"end_time\",\"description\",\"exercise_title\",\"superset_id\",\"exercise_notes\",\"set_index\",\"set_type\",\"weight_lbs\",\"reps\",\"distance_miles\",\"duration_seconds\",\"rpe\"\n\
        \"Evening Workout\",\"Mar 3, 2026, 6:15 PM\",\"Mar 3, 2026, 7:01 PM\",\"new gym\\nlong queue\",\"Deadlift (Barbell)\",,\"slow\",0,\"warmup\",135,3,,,\n\
        \"Evening Workout\",\"Mar 3, 2026, 6:15 PM\",\"Mar 3, 2026, 7:01 PM\",\"new gym\\nlong queue\",\"Deadlift (Barbell)\",,\"slow\",1,\"normal\",315,3,,,9\n\
        \"Evening Workout\",\"Mar 3, 2026, 6:15 PM\",\"Mar 3, 2026, 7:01 PM\",\"new gym\\nlong queue\",\"Running\",,\"\",0,\"normal\",,,3.1,1650,\n";
    let planned = read(text, &answered(&[]));
    let workout = &planned.workouts[0];
    assert_eq!(
        (workout.natural_key.as_str(), workout.note.as_deref()),
        ("2026-03-03T18:15:00|Evening Workout", Some("new gym\nlong queue"))
    );
    assert_eq!(workout.finished_ms.map(|end| end - workout.started_ms), Some(46 * 60_000));
    let sets: Vec<_> =
        workout.sets.iter().map(|set| (set.load_g, set.reps, set.distance_mm, set.note.as_deref(), set.unit)).collect();
    assert_eq!(
        sets,
        [
            (Some(61_235), Some(3), None, Some("slow"), Unit::Lb),
            (Some(142_882), Some(3), None, None, Unit::Lb),
            (None, None, Some(4_988_966), None, Unit::Lb),
        ]
    );
}

#[test]
fn a_file_without_one_usable_row_says_why_and_asks_nothing() {
    let header = "Date,Workout Name,Duration,Exercise Name,Set Order,Weight,Reps,Distance,Seconds,RPE\n";
    let text = format!(
        "{header}2026-03-09 17:20:05,Legs,55m,Squat (Barbell),1,0,0,0,0,\n2026-03-09 17:20:05,Legs,55m,Squat (Barbell),2,0,0,0,0,\n\
         2026-03-10 17:20:05,Legs,55m,,1,80,5,0,0,\n,,,,,,,,,\n"
    );
    let problem =
        plan(text.as_bytes(), "x.csv", &answered(&[]), &names(&empty()), &Known::default()).expect_err("nothing to import");
    assert!(
        problem.happened.starts_with("No row of x.csv can be used. 2 rows, the first in line 2: nothing was done"),
        "{}",
        problem.happened
    );
    assert!(problem.happened.contains("Line 4: there is no exercise name."), "{}", problem.happened);
    let dates = format!("{header}never,Legs,55m,Squat (Barbell),1,80,5,0,0,\n");
    let problem =
        plan(dates.as_bytes(), "x.csv", &answered(&[]), &names(&empty()), &Known::default()).expect_err("nothing to import");
    assert!(problem.happened.contains("the date “never” is not understood"), "{}", problem.happened);
}

#[test]
fn files_are_read_whatever_parts_their_cells() {
    let text = S1.replace('\n', "\r\n");
    let want = read(S1, &choices(Unit::Kg)).workouts;
    let tabs = text.replace("\"Upper, heavy\"", "Upper  heavy").replace(',', "\t").replace("Upper  heavy", "Upper, heavy");
    let semicolons = format!("\u{feff}sep=;\r\n{}", tabs.replace('\t', ";").replace("82.5", "82,5"));
    let utf16: Vec<u8> = "\u{feff}".encode_utf16().chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect();
    let blank_ends: String = S1.lines().map(|line| format!("{line},,\n")).collect();
    for bytes in [tabs.into_bytes(), semicolons.into_bytes(), utf16, blank_ends.into_bytes()] {
        let planned = plan(&bytes, "x.csv", &choices(Unit::Kg), &names(&empty()), &Known::default()).expect("a plan");
        let mut workouts = planned.workouts;
        for (workout, want) in workouts.iter_mut().zip(&want) {
            for (set, want) in workout.sets.iter_mut().zip(&want.sets) {
                set.line = want.line;
            }
        }
        assert_eq!(workouts, want, "{}", String::from_utf8_lossy(&bytes));
    }
}

#[test]
fn an_import_that_was_stopped_goes_on_where_it_was() {
    let (mut store, mut scribe) = (empty(), Scribe::new(10));
    let answers = answered(&[("unit", "lb"), ("name:bankdruecken", "bench-press-barbell")]);
    let rows: String =
        (1..=9).map(|day| format!("2026-03-0{day} 17:00:00,Push,55m,Bankdruecken,1,{},8,0,0,\n", 80 + day)).collect();
    let text = format!("Date,Workout Name,Duration,Exercise Name,Set Order,Weight,Reps,Distance,Seconds,RPE\n{rows}");
    let book = names(&store);
    let planned = plan(text.as_bytes(), "strong.csv", &answers, &book, &known(&store)).expect("a plan");
    let import_id = EntityId::v7(1_780_000_000_000, [1; 10]);
    let parts = drafts(&planned, &answers, &book, import_id, None, 6);
    assert!(2 < parts.len());
    // The page goes away after the second part.
    write(&mut store, &mut scribe, &parts[..2], 1);
    let line = |store: &Store, scribe: &Scribe| -> Vec<bridge::ImportLine> {
        let imports = store.ask("imports", &Params::none().with_text("user", &scribe.user())).expect("the question runs");
        imports.to_json().into_iter().map(|row| serde_json::from_value(row).expect("an import")).collect()
    };
    let [stopped] = &line(&store, &scribe)[..] else { panic!("one import") };
    let done = parts[..2].iter().map(|part| part.workouts).sum::<usize>();
    assert_eq!((stopped.written, stopped.planned, stopped.ended), (done as i64, Some(9), 0));
    let remembered: Choices = Choices {
        answers: serde_json::from_str(stopped.answers.as_deref().expect("answers")).expect("answers"),
        ..answers.clone()
    };
    assert_eq!(remembered, answers);
    assert_eq!(stopped.file_hash, planned.plan.file_hash);
    // The same file again goes on under the same name, and one undo takes all of it.
    let book = names(&store);
    let rest = plan(text.as_bytes(), "strong.csv", &remembered, &book, &known(&store)).expect("a plan");
    assert_eq!((rest.plan.already_here, rest.plan.fresh()), (done, 9 - done));
    let begun = Begun { import_id, workouts: 9, done };
    let parts = drafts(&rest, &remembered, &book, import_id, Some(&begun), 500);
    write(&mut store, &mut scribe, &parts, 2);
    let [whole] = &line(&store, &scribe)[..] else { panic!("one import") };
    assert_eq!((whole.written, whole.planned, whole.ended), (9, Some(9), 1));
    assert_eq!(standing(&store), 9);
    undo(&mut store, &mut scribe, 1);
    assert_eq!(standing(&store), 0);
}

#[test]
fn an_exercise_kept_as_ones_own_gets_its_muscle() {
    let text = "Date,Workout Name,Duration,Exercise Name,Set Order,Weight,Reps,Distance,Seconds,RPE\n\
                2026-03-09 17:20:05,Push,55m,Svend Fly,1,10,12,0,0,\n";
    let planned = read(text, &choices(Unit::Kg));
    let asked = question(&planned, "muscle:svend fly");
    assert!(!asked.must && asked.answer.is_empty(), "it is offered, no more");
    let mut store = empty();
    import(&mut store, &mut Scribe::new(11), text, &answered(&[("unit", "kg"), ("muscle:svend fly", "chest")]), 1);
    let muscles = store.table("exercise_muscles").expect("built");
    let own = EntityId::v5("exercise", "svend fly").to_string();
    let row = (0..muscles.rows()).find(|row| muscles.value("exercise_id", *row) == Value::Text(own.clone()));
    assert_eq!(row.map(|row| muscles.value("muscle", row)), Some(Value::Text("chest".to_owned())));
    // The list is that of the tables.
    let groups = store.table("dim_muscle_group").expect("built");
    let mut known: Vec<String> = intake::MUSCLES.iter().map(|(id, _)| (*id).to_owned()).collect();
    let mut there: Vec<String> = (0..groups.rows())
        .filter_map(|row| if let Value::Text(id) = groups.value("muscle", row) { Some(id) } else { None })
        .collect();
    known.sort();
    there.sort();
    assert_eq!(known, there);
}

#[test]
fn names_come_back_exactly_and_no_cell_is_a_formula() {
    let tricky =
        ["-Bar Row", "'-Bar Row", "''=x", "=SUM(A1)", "@home", "+1", "＝1", "a; =1", "a\n-b", "'quoted'", "it's", "x ;'-y"];
    let sets: Vec<archive::SetOut> = tricky
        .iter()
        .enumerate()
        .map(|(nth, name)| archive::SetOut {
            workout_id: format!("w{nth}"),
            workout: Some((*name).to_owned()),
            workout_note: Some(format!("\t{name}")),
            started_ms: 1_763_700_000_000 + nth as i64 * 86_400_000,
            finished_ms: None,
            offset_min: 60,
            exercise: Some((*name).to_owned()),
            exercise_id: "e".to_owned(),
            set_kind: "normal".to_owned(),
            load_g: Some(60_000),
            assist_g: None,
            reps: Some(5),
            duration_ms: None,
            distance_mm: None,
            rpe10: None,
            note: Some(format!("\t{name}\n\n=1")),
        })
        .collect();
    let text = String::from_utf8(archive::csv(&sets)).expect("text");
    for delimiter in [b',', b';'] {
        let mut reader =
            csv::ReaderBuilder::new().delimiter(delimiter).flexible(true).has_headers(false).from_reader(text.as_bytes());
        for record in reader.records() {
            for cell in record.expect("a record").iter() {
                let begins = cell.trim_start_matches(' ').starts_with(['=', '+', '-', '@', '\t', '\r', '＝']);
                assert!(!begins, "a spreadsheet would run {cell:?}");
            }
        }
    }
    let planned = read(&text, &choices(Unit::Kg));
    assert_eq!(planned.plan.sets, tricky.len());
    for (workout, name) in planned.workouts.iter().zip(&tricky) {
        let set = &workout.sets[0];
        assert_eq!((workout.name.as_str(), set.exercise.as_str()), (*name, *name));
        assert_eq!(workout.note.as_deref(), Some(format!("\t{name}").as_str()));
        assert_eq!(set.note.as_deref(), Some(format!("\t{name}\n\n=1").as_str()));
        assert_eq!(workout.finished_ms, None, "unknown stays unknown");
    }
}

fn workout_dates(store: &Store) -> Vec<i64> {
    let sets = store.table("fact_workouts").expect("built");
    let mut days: Vec<i64> = (0..sets.rows())
        .filter_map(|row| if let Value::Date(day) = sets.value("workout_date", row) { Some(i64::from(day)) } else { None })
        .collect();
    days.sort_unstable();
    days
}

#[test]
fn a_workout_is_on_the_day_on_which_it_began_wherever_and_whenever_it_is_imported() {
    // Over midnight from Sunday to Monday, over New Year, and shortly after midnight.
    let text = "Date,Workout Name,Duration,Exercise Name,Set Order,Weight,Reps,Distance,Seconds,RPE\n\
                2025-12-28 23:50:00,Late,35m,Squat (Barbell),1,80,5,0,0,\n\
                2025-12-31 23:50:00,Year,35m,Squat (Barbell),1,80,5,0,0,\n\
                2026-05-04 00:55:00,Early,35m,Squat (Barbell),1,80,5,0,0,\n";
    // Kolkata, Los Angeles in winter and in summer, Berlin in winter and in summer.
    for offset_min in [330, -480, -420, 60, 120] {
        let mut store = empty();
        let answers = Choices { offset_min, ..choices(Unit::Kg) };
        import(&mut store, &mut Scribe::new(12), text, &answers, 1);
        assert_eq!(workout_dates(&store), [20_450, 20_453, 20_577], "{offset_min}");
        // In summer again what was imported in winter.
        let summer = Choices { offset_min: offset_min + 60, ..choices(Unit::Kg) };
        assert_eq!(import(&mut store, &mut Scribe::new(13), text, &summer, 2), 0, "{offset_min}");
    }
}
