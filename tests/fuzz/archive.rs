//! Backups: whatever comes, and one of ours that is changed in some places.
#![no_main]

use std::sync::LazyLock;

use ledger::Row;
use libfuzzer_sys::fuzz_target;

static OURS: LazyLock<(Vec<Row>, Vec<u8>)> = LazyLock::new(|| {
    let lines = include_str!("../fixtures/rows-v1.jsonl").lines();
    let rows: Vec<Row> = lines.filter_map(|line| Row::read(line.as_bytes()).ok()).collect();
    let bytes = archive::write(&rows, "somebody", 1_763_700_000_000).expect("a backup");
    (rows, bytes)
});

fuzz_target!(|data: &[u8]| {
    if let Ok((_, rows)) = archive::read(data) {
        assert!(rows.iter().all(|row| Row::read(&row.raw).is_ok()));
    }
    let (rows, ours) = &*OURS;
    assert!(!rows.is_empty());
    let mut changed = ours.clone();
    for change in data.chunks_exact(4) {
        let at = (usize::from(u16::from_le_bytes([change[0], change[1]])) * changed.len()) >> 16;
        match change[3] % 3 {
            0 => changed[at] ^= change[2],
            1 => changed.truncate(at.max(1)),
            _ => changed.extend_from_slice(&change[..3]),
        }
    }
    // All of it or nothing: a backup that says less than it was made of is refused.
    if let Ok((_, read)) = archive::read(&changed) {
        assert_eq!(read.len(), rows.len());
        assert!(read.iter().all(|row| rows.iter().any(|own| own.raw == row.raw)));
    }
});
