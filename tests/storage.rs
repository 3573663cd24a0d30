//! Recovery: whatever a crash, a cut or a rotten disk left behind, what was acknowledged is found, and what is not is
//! said. Files are bytes here; the browser's part of it is tested in a browser.

use std::fs;

use bridge::{Draft, ProblemKind};
use device::{Device, LaneHeads, Manifest, PoolFile, Retired, SealedFile, recover};
use engine::segment_to_parquet;
use ledger::{Fact, Header, HeaderErr, LaneId, Role, Row, Stamp, sealed_bytes};
use tests::{Seeded, careless_log};

/// A session's file as the storage worker writes it, with the length after every acknowledged write.
struct Written {
    file: Vec<u8>,
    acknowledged: Vec<(usize, Row)>,
    device: Device,
}

fn session(seed: u64, rows: usize) -> Written {
    let mut random = Seeded(seed);
    let identity = device::Identity::mint(1_763_700_000_000, &mut random);
    let mut device = Device::new(identity, LaneId::number(0), LaneHeads::new());
    let mut file = device.begin_session(&Stamp { utc_ms: 1_763_700_000_000, offset_min: 60 }, false, &mut random);
    let mut acknowledged = Vec::new();
    for nth in 0..rows {
        let at_ms = 1_763_700_000_000 + nth as i64 * 1000;
        let draft = Draft::mine(Fact::ProfileChanged { name: format!("Mia {nth}"), at_ms, offset_min: 60 });
        let stamp = Stamp { utc_ms: at_ms as u64, offset_min: 60 };
        let batch = device.capture(&stamp, &mut random, vec![draft]).expect("sound");
        assert_eq!(device.append_at() as usize, file.len());
        file.extend_from_slice(&batch.bytes);
        device.saved(&batch);
        acknowledged.push((file.len(), batch.rows[0].clone()));
    }
    Written { file, acknowledged, device }
}

fn slot(name: &str, bytes: &[u8]) -> PoolFile {
    PoolFile { name: name.to_owned(), bytes: bytes.to_vec() }
}

#[test]
fn a_cut_at_every_byte_keeps_every_acknowledged_row() {
    let written = session(1, 6);
    for cut in 0..=written.file.len() {
        let found = recover(&[], vec![slot("slot-000", &written.file[..cut])], &[]);
        let want: Vec<&Row> = written.acknowledged.iter().filter(|(end, _)| *end <= cut).map(|(_, row)| row).collect();
        let rows: Vec<&Row> = found.open.iter().flat_map(|segment| &segment.rows).collect();
        assert_eq!(rows, want, "cut at {cut}");
        assert!(!found.problems.iter().any(|problem| problem.kind == ProblemKind::DamagedRows), "cut at {cut}");
    }
}

#[test]
fn any_flipped_byte_costs_at_most_its_own_row_and_is_said() {
    let written = session(2, 6);
    let mut random = Seeded(77);
    for _ in 0..400 {
        let at = random.below(written.file.len() as u64) as usize;
        let mut damaged = written.file.clone();
        damaged[at] ^= 1 << random.below(8);
        let found = recover(&[], vec![slot("slot-000", &damaged)], &[]);
        let rows: Vec<&Row> = found.open.iter().flat_map(|segment| &segment.rows).collect();
        assert!(!found.problems.is_empty(), "byte {at}: damage must be said");
        for row in &rows {
            assert!(written.acknowledged.iter().any(|(_, known)| known == *row), "byte {at}: a row that nobody wrote");
        }
        if found.open.is_empty() {
            assert!(at < ledger::HEADER_LEN, "byte {at}: only a damaged header hides a session");
        } else {
            assert!(written.acknowledged.len() - 1 <= rows.len(), "byte {at}: {} rows left", rows.len());
        }
    }
}

#[test]
fn a_row_whose_file_was_lost_comes_back_from_its_birth_record() {
    let written = session(3, 4);
    let births: Vec<&[u8]> = written.acknowledged.iter().map(|(_, row)| row.raw.as_slice()).collect();
    // The power cut took the file's name, or its last two writes.
    for (slots, lost) in [(vec![], 4), (vec![slot("slot-000", &written.file[..written.acknowledged[1].0])], 2)] {
        let found = recover(&[], slots, &births);
        assert_eq!(found.unborn.len(), lost);
        assert_eq!(found.born.len(), 4 - lost);
        // Adopted into a new session, they are rows of a file again.
        let mut random = Seeded(9);
        let heads = found.heads(&written.device.identity().device_id, written.device.lane());
        let mut device = Device::new(written.device.identity().clone(), written.device.lane().clone(), heads);
        let mut file = device.begin_session(&Stamp { utc_ms: 1_763_700_100_000, offset_min: 0 }, false, &mut random);
        let batch = device.adopt(found.unborn.clone()).expect("adopted");
        file.extend_from_slice(&batch.bytes);
        device.saved(&batch);
        // The chain goes on where the last row of all stood.
        let draft = Draft::mine(Fact::ProfileChanged { name: "next".to_owned(), at_ms: 1_763_700_100_000, offset_min: 0 });
        let next = device.capture(&Stamp { utc_ms: 1_763_700_100_000, offset_min: 0 }, &mut random, vec![draft]).expect("sound");
        assert_eq!(next.rows[0].dseq, 5);
        assert_eq!(next.rows[0].prev, written.acknowledged[3].1.h);
        let again = recover(&[], vec![slot("slot-001", &file)], &births[4 - lost..]);
        assert_eq!(again.unborn, []);
    }
}

#[test]
fn a_lost_file_whose_rows_are_all_kept_twice_is_no_alarm() {
    let written = session(3, 4);
    let rows: Vec<Row> = written.acknowledged.iter().map(|(_, row)| row.clone()).collect();
    let births: Vec<&[u8]> = rows.iter().map(|row| row.raw.as_slice()).collect();
    let listed = SealedFile {
        file: "slot-001".to_owned(),
        use_id: "07".repeat(16),
        rows: 4,
        spans: wire::spans(rows.iter()),
        ..SealedFile::default()
    };
    let first = Manifest::first(written.device.identity().clone());
    let manifest = first.with_sealed(listed.clone(), Retired::default(), &LaneHeads::new(), 1);
    let file = slot("manifest-0", &sealed_bytes(Role::Manifest, [1; 16], manifest.generation, &manifest.to_json()));
    let found = recover(std::slice::from_ref(&file), vec![], &births);
    assert_eq!((found.problems, found.unborn.len(), found.damaged), (vec![], 4, vec![listed]));
    let found = recover(&[file], vec![], &births[1..]);
    assert_eq!((found.problems.len(), found.unborn.len()), (1, 3));
}

#[test]
fn a_lane_goes_on_where_it_stood() {
    let written = session(4, 3);
    let found = recover(&[], vec![slot("slot-000", &written.file)], &[]);
    let heads = found.heads(&written.device.identity().device_id, &LaneId::number(0));
    let last = &written.acknowledged[2].1;
    assert_eq!(heads[&last.scope], last.head());
    assert_eq!(found.identity.as_ref(), Some(written.device.identity()));
}

/// A pool with one sealed session, its manifest in two generations, and one open session.
fn pool() -> (Vec<PoolFile>, Vec<PoolFile>, usize, usize) {
    let sealed_rows = careless_log(6, 3).rows;
    let parquet = segment_to_parquet(&sealed_rows).expect("sealed");
    let open = session(5, 4);
    let identity = open.device.identity().clone();
    let sealed = SealedFile {
        file: "slot-001".to_owned(),
        use_id: "07".repeat(16),
        session_id: String::new(),
        lane: LaneId::number(0),
        rows: sealed_rows.len() as u64,
        bytes: parquet.len() as u64,
        hash: String::new(),
        spans: Vec::new(),
        segment: None,
    };
    let first = Manifest::first(identity);
    let retired = Retired { file: "slot-004".to_owned(), use_id: "09".repeat(16), at_ms: 0, ..Retired::default() };
    let second = first.with_sealed(sealed, retired, &LaneHeads::new(), 1);
    let manifests = [first, second]
        .iter()
        .enumerate()
        .map(|(n, manifest)| {
            let bytes = sealed_bytes(Role::Manifest, [n as u8; 16], manifest.generation, &manifest.to_json());
            slot(&format!("manifest-{n}"), &bytes)
        })
        .collect();
    let slots = vec![
        slot("slot-000", &open.file),
        slot("slot-001", &sealed_bytes(Role::Sealed, [7; 16], 0, &parquet)),
        slot("slot-002", &[]),
        slot("slot-003", &[0; 4096]),
    ];
    (manifests, slots, sealed_rows.len(), 4)
}

#[test]
fn a_whole_pool_opens_without_a_word() {
    let (manifests, slots, sealed, open) = pool();
    let found = recover(&manifests, slots, &[]);
    assert_eq!(found.problems, []);
    assert!(!found.chains_unsure);
    assert_eq!(found.manifest.map(|manifest| manifest.generation), Some(1));
    assert_eq!(found.free, ["slot-002", "slot-003"]);
    assert_eq!(found.open.iter().map(|segment| segment.rows.len()).sum::<usize>(), open);
    let mut store = tests::store();
    assert_eq!(store.add_segment(&found.sealed[0].1).expect("whole"), sealed);
}

#[test]
fn a_damaged_sealed_file_is_set_aside_and_the_rest_opens() {
    let (manifests, slots, _, open) = pool();
    let mut random = Seeded(5);
    for _ in 0..200 {
        let mut slots = slots.clone();
        let len = slots[1].bytes.len() as u64;
        let at = random.below(len) as usize;
        if random.one_in(3) {
            slots[1].bytes.truncate(at);
        } else {
            slots[1].bytes[at] ^= 1 << random.below(8);
        }
        let found = recover(&manifests, slots, &[]);
        assert!(found.sealed.is_empty(), "byte {at}: damaged bytes must not reach a Parquet reader");
        assert!(found.problems.iter().any(|problem| problem.kind == ProblemKind::DamagedFile), "byte {at}");
        assert!(!found.free.contains(&"slot-001".to_owned()), "byte {at}: a damaged file is not given away");
        assert_eq!(found.open[0].rows.len(), open, "byte {at}");
    }
}

#[test]
fn without_any_manifest_every_session_is_found_from_the_files() {
    let (manifests, slots, _, open) = pool();
    let mut damaged = manifests.clone();
    for manifest in &mut damaged {
        manifest.bytes[100] ^= 1;
    }
    for manifests in [vec![], damaged] {
        let found = recover(&manifests, slots.clone(), &[]);
        assert_eq!(found.sealed.len(), 1);
        assert_eq!(found.open[0].rows.len(), open);
        assert!(found.problems.iter().any(|problem| problem.kind == ProblemKind::MissingIndex));
        assert!(found.identity.is_some());
        assert!(found.chains_unsure, "where the sealed session's chains ended is not known");
    }
    // One damaged generation falls back to the one before, whose sealed files are still there.
    let mut one = manifests.clone();
    one[1].bytes[100] ^= 1;
    let found = recover(&one, slots, &[]);
    assert_eq!(found.manifest.map(|manifest| manifest.generation), Some(0));
}

/// A damaged row may have been the last of its chain. Whoever goes on as the same device would give its place away twice.
#[test]
fn after_damage_a_chain_is_not_continued() {
    let written = session(11, 3);
    let last = written.acknowledged[1].0;
    let mut damaged = written.file.clone();
    damaged[last + 40] ^= 1;
    damaged.extend_from_slice(&written.file[last..]);
    let found = recover(&[], vec![slot("slot-000", &damaged)], &[]);
    assert!(found.chains_unsure);
    let cut = recover(&[], vec![slot("slot-000", &written.file[..last + 40])], &[]);
    assert!(!cut.chains_unsure, "a cut last write was never acknowledged");
    // The new device's rows never lean on the heads of the old one, though they lie in one pool.
    let identity = written.device.identity().on_new_device(1_763_700_200_000, &mut Seeded(12));
    assert_eq!(identity.person, written.device.identity().person);
    assert_eq!(found.heads(&identity.device_id, &LaneId::number(0)), LaneHeads::new());
}

#[test]
fn an_empty_device_has_nothing_to_say() {
    let found = recover(&[slot("manifest-0", &[])], vec![slot("slot-000", &[])], &[]);
    assert_eq!(found.problems, []);
    assert_eq!(found.free, ["slot-000"]);
    assert!(found.identity.is_none());
}

/// The session rotates when a workout is over, when it is long, and after half an hour of nothing.
#[test]
fn sessions_end_when_they_should() {
    let mut written = session(8, 2);
    let later = |ms: u64| Stamp { utc_ms: 1_763_700_001_000 + ms, offset_min: 60 };
    assert!(!written.device.needs_session(&later(0), false));
    assert!(written.device.needs_session(&later(device::SESSION_IDLE_MS), false));
    assert!(written.device.needs_session(&later(0), true), "an import has a session of its own");
    let finished = Fact::WorkoutFinished(ledger::WorkoutFinished {
        workout_id: ledger::EntityId::v7(1, [1; 10]),
        at_ms: 1_763_700_001_000,
        offset_min: 60,
        note: None,
        import_id: None,
    });
    let batch = written.device.capture(&later(0), &mut Seeded(1), vec![Draft::mine(finished)]).expect("sound");
    assert!(!written.device.needs_session(&later(0), false), "not before it is on the disk");
    written.device.saved(&batch);
    assert!(written.device.needs_session(&later(0), false));
}

/// A backup that was made once is read for good. The rows that it was made of stand beside it.
#[test]
fn an_archive_of_version_1_still_opens() {
    let fixture = |name: &str| fs::read(format!("{}/fixtures/{name}", env!("CARGO_MANIFEST_DIR"))).expect("readable");
    let (about, rows) = archive::read(&fixture("archive-v1.zip")).expect("it opens");
    assert_eq!((about.version, about.rows), (1, rows.len()));
    let frozen = fixture("archive-v1.jsonl");
    assert!(rows.iter().map(|row| &row.raw[..]).eq(frozen.trim_ascii_end().split(|byte| *byte == b'\n')), "the same rows");
}

/// What a damaged file held is in no backup, and the backup says so.
#[test]
fn an_archive_says_which_rows_are_missing() {
    let mut log = careless_log(22, 6);
    archive::in_order(&mut log.rows);
    let about = |rows: &[Row]| archive::read(&archive::write(rows, "somebody", 1).expect("a backup")).expect("it opens").0;
    assert_eq!(about(&log.rows).missing, []);
    let chain = |row: &Row| (row.scope, row.device_id.clone(), row.lane.clone());
    let first = chain(&log.rows[0]);
    let gone = |row: &Row| chain(row) == first && (2..=3).contains(&row.dseq);
    let left: Vec<Row> = log.rows.iter().filter(|row| !gone(row)).cloned().collect();
    let missing = about(&left).missing;
    assert_eq!(missing.iter().map(|it| (it.from, it.to)).collect::<Vec<_>>(), [(2, 3)]);
    assert_eq!((missing[0].scope.as_str(), missing[0].device.as_str()), (first.0.to_string().as_str(), first.1.as_str()));
}

/// The file that a browser is given to see that this build keeps its hands off what a newer one wrote.
#[test]
fn the_index_of_a_newer_build_is_told_from_a_damaged_one() {
    let file = fs::read(concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/manifest-of-a-newer-build.bin")).expect("readable");
    assert_eq!(Header::decode(&file), Err(HeaderErr::Newer(99)));
    let mut damaged = file;
    damaged[70] ^= 1;
    assert_eq!(Header::decode(&damaged), Err(HeaderErr::Damaged));
}
