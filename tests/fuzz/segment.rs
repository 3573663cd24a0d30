//! Files of the pool: as they come, with a sound header, and with sound frames around what comes.
#![no_main]

use std::collections::BTreeSet;

use device::{PoolFile, recover};
use ledger::{FrameKind, Header, Role, encode_frame, sealed_bytes};
use libfuzzer_sys::fuzz_target;

const KINDS: [FrameKind; 5] = [FrameKind::Head, FrameKind::Row, FrameKind::Closed, FrameKind::Standing, FrameKind::Cipher];

fuzz_target!(|data: &[u8]| {
    let Some((how, rest)) = data.split_first() else { return };
    let use_id = [7; 16];
    let bytes = match how % 4 {
        0 => rest.to_vec(),
        1 => [&Header::open(use_id).encode()[..], rest].concat(),
        2 => sealed_bytes(Role::Sealed, use_id, u64::from(*how), rest),
        _ => {
            // Each piece begins with its kind; a line ends it, as rows do not have any inside.
            let mut out = Header::open(use_id).encode().to_vec();
            for piece in rest.split(|byte| *byte == b'\n') {
                let Some((kind, payload)) = piece.split_first() else { continue };
                encode_frame(&use_id, KINDS[usize::from(*kind) % KINDS.len()], payload, &mut out);
            }
            out
        }
    };
    let file = PoolFile { name: "slot-000".to_owned(), bytes: bytes.clone() };
    let found = recover(&[], vec![file.clone()], &[]);
    // In their order, so one look over the file finds them all.
    let mut rest = &bytes[..];
    for row in found.open.iter().flat_map(|segment| &segment.rows) {
        let at = rest.windows(row.raw.len()).position(|window| window == row.raw.as_slice());
        rest = &rest[at.expect("a row that is not in the file, or not in its place") + row.raw.len()..];
    }
    let again = recover(&[], vec![file], &[]);
    assert_eq!(found.problems, again.problems);
    // The same rows kept twice are no new rows.
    let births: Vec<&[u8]> = found.open.iter().flat_map(|segment| &segment.rows).map(|row| row.raw.as_slice()).collect();
    let ids: BTreeSet<_> = found.open.iter().flat_map(|segment| &segment.rows).map(|row| row.event_id).collect();
    let kept = recover(&[], vec![PoolFile { name: "slot-000".to_owned(), bytes }], &births);
    assert!(kept.unborn.iter().all(|row| !ids.contains(&row.event_id)));
});
