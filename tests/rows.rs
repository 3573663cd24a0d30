//! Row version 1 is frozen: these bytes and hashes never change. A kind that needs another shape gets a new version and
//! an upcast; nothing that was once written is written again.

use std::{fs, path::Path};

use ledger::{
    Body, BodyWeight, DeviceId, EntityId, EventId, ExerciseChanged, ExerciseDefined, Fact, Head, Hlc, ImportRecorded, LaneId,
    LoadMode, Message, Muscle, Patch, Preferences, Row, Scope, SetCorrected, SetKind, SetLogged, Side, Tracking, Unit,
    WorkoutCorrected, WorkoutFinished, WorkoutStarted,
};

const AT: i64 = 1_763_689_200_123;
const GOLDEN: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/rows-v1.jsonl");
/// Two encrypted rows of a room, then the same two without their bodies.
const ENCRYPTED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/rows-x1.jsonl");

fn entity(n: u8) -> EntityId {
    EntityId::v7(AT as u64, [n; 10])
}

/// One fact of every kind, with every field that the kind can have.
fn facts() -> Vec<Fact> {
    let (at_ms, offset_min) = (AT, 60);
    vec![
        Fact::WorkoutStarted(WorkoutStarted {
            workout_id: entity(1),
            at_ms,
            offset_min,
            name: Some("Push A".to_owned()),
            import_id: Some(entity(9)),
        }),
        Fact::SetLogged(SetLogged {
            set_id: entity(2),
            workout_id: entity(1),
            exercise_id: "bench-press-barbell".to_owned(),
            exercise_no: 1,
            set_no: 2,
            at_ms,
            offset_min,
            set_kind: SetKind::Normal,
            unit: Unit::Kg,
            load_g: Some(82_500),
            bodyweight_g: Some(80_000),
            assist_g: Some(0),
            reps: Some(5),
            duration_ms: Some(42_000),
            distance_mm: Some(0),
            rpe10: Some(85),
            rir: Some(1),
            side: Some(Side::Left),
            note: Some("pause \u{1f4aa}\n“slow”".to_owned()),
            rest_ms: Some(150_000),
            import_id: Some(entity(9)),
        }),
        Fact::SetCorrected(SetCorrected {
            set_id: entity(2),
            at_ms,
            offset_min,
            set_kind: Patch::Set(SetKind::Drop),
            load_g: Patch::Set(85_000),
            bodyweight_g: Patch::Keep,
            assist_g: Patch::Clear,
            reps: Patch::Set(4),
            duration_ms: Patch::Keep,
            distance_mm: Patch::Keep,
            rpe10: Patch::Clear,
            rir: Patch::Keep,
            note: Patch::Set(String::new()),
        }),
        Fact::SetRemoved { set_id: entity(2), at_ms, offset_min },
        Fact::SetRestored { set_id: entity(2), at_ms, offset_min },
        Fact::WorkoutFinished(WorkoutFinished {
            workout_id: entity(1),
            at_ms,
            offset_min,
            note: Some("slept badly".to_owned()),
            import_id: None,
        }),
        Fact::WorkoutCorrected(WorkoutCorrected {
            workout_id: entity(1),
            at_ms,
            offset_min,
            name: Patch::Set("Push B".to_owned()),
            note: Patch::Clear,
            started_ms: Patch::Set(AT - 1),
            finished_ms: Patch::Keep,
        }),
        Fact::WorkoutDiscarded { workout_id: entity(1), at_ms, offset_min },
        Fact::WorkoutRemoved { workout_id: entity(1), at_ms, offset_min: -480 },
        Fact::WorkoutRestored { workout_id: entity(1), at_ms, offset_min },
        Fact::ExerciseDefined(ExerciseDefined {
            exercise_id: entity(3),
            name: "Landmine Press".to_owned(),
            equipment: "barbell".to_owned(),
            load_mode: LoadMode::External,
            tracking: Tracking::LoadReps,
            muscles: vec![
                Muscle { muscle: "front_delts".to_owned(), weight_tenths: 10 },
                Muscle { muscle: "triceps".to_owned(), weight_tenths: 5 },
            ],
            at_ms,
            offset_min,
        }),
        Fact::ExerciseNamed { alias: "Bankdrücken".to_owned(), exercise_id: "bench-press-barbell".to_owned(), at_ms, offset_min },
        Fact::BodyWeightLogged(BodyWeight { weighing_id: entity(4), weight_g: 80_250, unit: Unit::Lb, at_ms, offset_min }),
        Fact::BodyWeightRemoved { weighing_id: entity(4), at_ms, offset_min },
        Fact::ProfileChanged { name: "Mia".to_owned(), at_ms, offset_min },
        Fact::PreferencesChanged(Preferences {
            unit: Patch::Set(Unit::Lb),
            week_start: Patch::Set(7),
            theme: Patch::Clear,
            at_ms,
            offset_min,
        }),
        Fact::ImportRecorded(ImportRecorded {
            import_id: entity(9),
            source: "strong".to_owned(),
            file_name: "strong.csv".to_owned(),
            file_hash: "ab".repeat(32),
            rows_read: 50_000,
            rows_accepted: 49_998,
            rows_rejected: 2,
            workouts: None,
            answers: None,
            at_ms,
            offset_min,
        }),
        Fact::ImportUndone { import_id: entity(9), at_ms, offset_min },
        Fact::RoomCreated { room_id: entity(5), name: "Notes".to_owned(), sender: entity(6), at_ms, offset_min },
        Fact::MessagePosted(Message {
            message_id: entity(7),
            channel: "main".to_owned(),
            sender: entity(6),
            thread: Some(entity(8)),
            text: "elbows in \\ \"tight\"".to_owned(),
            at_ms,
            offset_min,
        }),
        Fact::MessageEdited {
            channel: "main".to_owned(),
            target: entity(7),
            sender: entity(6),
            text: "elbows".to_owned(),
            at_ms,
            offset_min,
        },
        Fact::MessageRemoved { channel: "main".to_owned(), target: entity(7), sender: entity(6), at_ms, offset_min },
        Fact::ExerciseChanged(ExerciseChanged {
            exercise_id: entity(3),
            name: Some("Landmine Press, one arm".to_owned()),
            merged_into: Patch::Set("overhead-press-barbell".to_owned()),
            archived: Some(true),
            at_ms,
            offset_min,
        }),
        Fact::ExerciseChanged(ExerciseChanged {
            merged_into: Patch::Clear,
            archived: Some(false),
            ..ExerciseChanged::of(entity(3), at_ms, offset_min)
        }),
        Fact::ImportRecorded(ImportRecorded {
            import_id: entity(9),
            source: "hevy".to_owned(),
            file_name: "hevy.csv".to_owned(),
            file_hash: "cd".repeat(32),
            rows_read: 83,
            rows_accepted: 83,
            rows_rejected: 0,
            workouts: Some(12),
            answers: Some("{\"unit\":\"kg\"}".to_owned()),
            at_ms,
            offset_min,
        }),
        Fact::ImportEnded { import_id: entity(9), at_ms, offset_min },
        Fact::PersonLinked { user_id: entity(11), at_ms, offset_min },
    ]
}

fn chain() -> Vec<Row> {
    let device = DeviceId::from_bytes([0xa5; 8]);
    let (mut training, mut room) = (Head::default(), Head::default());
    let mut hlc = None;
    facts()
        .into_iter()
        .enumerate()
        .map(|(at, fact)| {
            let (scope, head) =
                if fact.is_chat() { (Scope::Room(entity(5)), &mut room) } else { (Scope::Person(entity(6)), &mut training) };
            fact.check(&scope).expect("a possible fact");
            let tick = Hlc::tick(AT as u64, hlc.as_ref(), &device);
            let id = EventId::v7(AT as u64, [at as u8; 10]);
            let row = Row::write(id, &device, &LaneId::number(0), head, scope, entity(10), &tick, fact).expect("a row");
            *head = row.head();
            hlc = Some(tick);
            row
        })
        .collect()
}

#[test]
fn the_bytes_of_version_1_are_frozen() {
    let now: String = chain().iter().map(|row| String::from_utf8(row.raw.clone()).expect("JSON") + "\n").collect();
    if !Path::new(GOLDEN).is_file() {
        // Written once, by hand, when a version is frozen; afterwards the file is law.
        fs::write(GOLDEN, &now).expect("fixtures/ is writable");
        panic!("{GOLDEN} was missing and has been written: look at it and commit it");
    }
    let golden = fs::read_to_string(GOLDEN).expect("readable");
    for (nth, (now, golden)) in now.lines().zip(golden.lines()).enumerate() {
        assert_eq!(now, golden, "row {nth}");
    }
    assert_eq!(now.lines().count(), golden.lines().count());
}

#[test]
fn frozen_rows_are_still_understood() {
    let golden = fs::read_to_string(GOLDEN).expect("readable");
    let read: Vec<Row> = golden.lines().map(|line| Row::read(line.as_bytes()).expect("a frozen row opens")).collect();
    for (row, fact) in read.iter().zip(facts()) {
        assert_eq!(row.fact(), Some(fact), "{}", row.kind);
    }
    // Each scope's chain is whole: no number missing, every row holding the hash of the one before.
    for scope in [Scope::Person(entity(6)), Scope::Room(entity(5))] {
        let mut head = Head::default();
        for row in read.iter().filter(|row| row.scope == scope) {
            assert_eq!((row.dseq, &row.prev), (head.dseq + 1, &head.h));
            head = row.head();
        }
        assert!(0 < head.dseq);
    }
}

/// An encrypted row as `data-model.md` says it, by other means than the code that reads one: the body counts by its BLAKE3.
fn encrypted(dseq: u64, prev: &str, body: &str) -> Vec<u8> {
    let device = DeviceId::from_bytes([0xa5; 8]);
    let mut row = serde_json::json!({
        "event_id": EventId::v7(AT as u64, [0x40 + dseq as u8; 10]), "device_id": device, "lane": "00", "dseq": dseq,
        "prev": prev, "scope": Scope::Room(entity(5)), "session_id": entity(10), "kind": "message.posted", "v": 1,
        "hlc": Hlc::tick(AT as u64, None, &device), "enc": "x1",
        "hdr": { "channel": "main", "ek": "00112233445566778899aabbccddeeff", "sender": entity(6), "target": entity(7) },
    });
    let spelled = serde_json_canonicalizer::to_vec(&serde_json::json!(body)).expect("canonical");
    row["body"] = tests::blake3_hex(&spelled).into();
    let h = tests::blake3_hex(&serde_json_canonicalizer::to_vec(&row).expect("canonical"));
    (row["body"], row["h"], row["sig"]) = (body.into(), h.into(), "c2lnbmVk".into());
    row["_deleted"] = false.into();
    serde_json_canonicalizer::to_vec(&row).expect("canonical")
}

#[test]
fn the_bytes_of_encrypted_rows_are_frozen() {
    let first = Row::read(&encrypted(1, ledger::ZERO_HASH, "AQ-not-really-a-cipher")).expect("an encrypted row");
    let second = Row::read(&encrypted(2, &first.h, "AQ_nor_this")).expect("an encrypted row");
    let rows = [&first, &second].map(Clone::clone);
    let erased = rows.each_ref().map(|row| row.erased().expect("it is encrypted"));
    let now: String = rows.iter().chain(&erased).map(|row| String::from_utf8(row.raw.clone()).expect("JSON") + "\n").collect();
    if !Path::new(ENCRYPTED).is_file() {
        fs::write(ENCRYPTED, &now).expect("fixtures/ is writable");
        panic!("{ENCRYPTED} was missing and has been written: look at it and commit it");
    }
    assert_eq!(now, fs::read_to_string(ENCRYPTED).expect("readable"));
}

fn cipher(row: &Row) -> Option<&str> {
    match &row.body {
        Body::Sealed(sealed) => sealed.cipher(),
        Body::Clear(_) => None,
    }
}

/// How a newer build may encrypt nobody knows: its hash is over the body as it lies there, and there is no meaning in it.
#[test]
fn a_row_that_is_encrypted_in_an_unknown_way_is_kept_and_never_read() {
    for enc in ["x2", "", "None"] {
        let mut whole: serde_json::Value = serde_json::from_slice(&chain()[0].raw).expect("JSON");
        whole["enc"] = enc.into();
        for key in ["h", "_deleted"] {
            whole.as_object_mut().expect("an object").remove(key);
        }
        whole["h"] = tests::blake3_hex(&serde_json_canonicalizer::to_vec(&whole).expect("canonical")).into();
        let raw = serde_json_canonicalizer::to_vec(&whole).expect("canonical");
        let mut row = Row::read(&raw).expect("kept");
        assert_eq!((&row.raw, row.enc()), (&raw, enc));
        assert_eq!((row.clear().is_some(), row.fact(), row.erased(), row.is_erased()), (false, None, None, false));
        row.empty();
        assert_eq!((row.enc(), row.clear().is_some()), (enc, false), "also where its bytes alone are kept");
    }
}

#[test]
fn an_encrypted_row_proves_itself_and_its_chain_after_its_body_was_erased() {
    let golden = fs::read_to_string(ENCRYPTED).expect("readable");
    let read: Vec<Row> = golden.lines().map(|line| Row::read(line.as_bytes()).expect("a frozen row opens")).collect();
    let [first, second, one, other] = &read[..] else { panic!("{} rows", read.len()) };
    for (row, erased) in [(first, one), (second, other)] {
        assert_eq!((erased.head(), &erased.prev, erased.event_id), (row.head(), &row.prev, row.event_id));
        assert_eq!((row.is_erased(), erased.is_erased()), (false, true));
        assert_eq!((row.enc(), row.clear().is_none(), erased.clear().is_none(), cipher(erased)), ("x1", true, true, None));
        assert!(!String::from_utf8_lossy(&erased.raw).contains(cipher(row).expect("a text")), "what it said is gone");
        assert_eq!(erased.erased().as_ref(), Some(erased), "once more changes nothing");
        assert_eq!((row.fact(), erased.fact()), (None, None));
    }
    assert_eq!(other.prev, one.h);
    // A body that is another one, and a hash that is: neither is taken.
    for (from, to) in [("AQ_nor_this", "AQ_nor_that"), ("\"erased\":\"", "\"erased\":\"0")] {
        for line in golden.lines().filter(|line| line.contains(from)) {
            assert!(Row::read(line.replace(from, to).as_bytes()).is_err(), "{from} became {to}");
        }
    }
    // A row in the clear has its body under its own hash, so nothing of it can be taken away.
    let clear = &chain()[0];
    assert_eq!(clear.erased(), None);
    let mut whole: serde_json::Value = serde_json::from_slice(&clear.raw).expect("JSON");
    let body = serde_json_canonicalizer::to_vec(&whole["body"]).expect("canonical");
    whole["body"] = serde_json::json!({ "erased": tests::blake3_hex(&body) });
    assert!(Row::read(&serde_json::to_vec(&whole).expect("JSON")).is_err());
}
