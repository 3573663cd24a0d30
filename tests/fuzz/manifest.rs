//! An index that says anything, over a pool of one session.
#![no_main]

use device::{PoolFile, Retired, SealedFile, newest_manifest, recover, to_merge};
use ledger::{Header, Role, sealed_bytes};
use libfuzzer_sys::fuzz_target;

const NOW: u64 = 1_800_000_000_000;

fuzz_target!(|data: &[u8]| {
    let Some((generation, rest)) = data.split_first() else { return };
    let generation = u64::from(*generation);
    let sealed = sealed_bytes(Role::Sealed, [7; 16], 1, b"PAR1 pretend PAR1");
    let slots = || {
        let open = Header::open([9; 16]).encode().to_vec();
        [("slot-000", open), ("slot-001", sealed.clone()), ("slot-002", Vec::new())]
            .map(|(name, bytes)| PoolFile { name: name.to_owned(), bytes })
            .to_vec()
    };
    let raw = PoolFile { name: "manifest-0".to_owned(), bytes: rest.to_vec() };
    let whole = PoolFile { name: "manifest-1".to_owned(), bytes: sealed_bytes(Role::Manifest, [1; 16], generation, rest) };
    let found = recover(&[raw, whole.clone()], slots(), &[]);
    // A file is free, or it counts, or it is damaged; never two of these.
    for (file, _) in &found.sealed {
        assert!(!found.free.contains(&file.file) && !found.damaged.contains(file));
    }
    let Some((manifest, _)) = newest_manifest(&[whole]) else { return };
    assert_eq!(device::Manifest::from_json(&manifest.to_json()), Some(manifest.clone()));
    let rows = |files: &[SealedFile]| files.iter().fold(0_u64, |sum, file| sum.saturating_add(file.rows));
    if let Some(files) = to_merge(&manifest, &found.damaged, NOW) {
        let merged =
            SealedFile { file: "slot-009".to_owned(), use_id: "merged".to_owned(), rows: rows(&files), ..SealedFile::default() };
        let next = manifest.with_merged(merged.clone(), &files, NOW);
        assert!(next.sealed.contains(&merged));
        let back = next.settled(&merged, NOW);
        assert!(files.iter().all(|file| back.sealed.contains(file)), "what was merged is lost with the merged file");
    }
    for retired in manifest.freeable(NOW) {
        let _: Retired = retired.clone();
        assert!(!manifest.without_retired(std::slice::from_ref(&retired), NOW).retired.contains(&retired));
        _ = manifest.reopened(&retired, NOW);
    }
});
