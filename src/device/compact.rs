//! Which sealed files become one. Files cost more than bytes: opening a thousand takes seconds, opening fifty does not.
//!
//! Sessions of the running four weeks stay as they are; those of earlier four weeks become one file each, and what is
//! older than a year one file for each 52 weeks. After ten years of training that is some fifty files. Weeks, not months:
//! they are the same in every time zone.

use std::collections::BTreeMap;

use ledger::{EntityId, sorted};

use crate::manifest::{Manifest, SealedFile};

const WEEK_MS: u64 = 7 * 24 * 60 * 60 * 1000;
const SHORT: u64 = 4 * WEEK_MS;
const LONG: u64 = 52 * WEEK_MS;
/// Short periods that stay apart.
const SHORTS: u64 = 13;
/// Sessions of the running period; with more of them they become one as well.
const RUNNING_MAX: usize = 24;
/// A merged file is read and written whole, in memory.
const BYTES_MAX: u64 = 16 << 20;

/// Files that are to become one, oldest first. `None` when all is well. Those that cannot be read are left alone.
pub fn to_merge(manifest: &Manifest, damaged: &[SealedFile], now_ms: u64) -> Option<Vec<SealedFile>> {
    let mut periods: BTreeMap<(bool, u64), Vec<SealedFile>> = BTreeMap::new();
    for file in manifest.sealed.iter().filter(|file| !damaged.iter().any(|other| other.use_id == file.use_id)) {
        // A server's segment is large already, and the server may be asked for it again by its name.
        let Some(at_ms) = began_ms(file).filter(|_| file.segment.is_none() && !file.spans.is_empty()) else { continue };
        let recent = now_ms / SHORT <= at_ms / SHORT + SHORTS;
        periods.entry((recent, if recent { at_ms / SHORT } else { at_ms / LONG })).or_default().push(file.clone());
    }
    periods.into_iter().find_map(|((recent, period), files)| {
        // A clock that was ahead once: its sessions count as running.
        let running = recent && now_ms / SHORT <= period;
        if files.len() <= if running { RUNNING_MAX } else { 1 } {
            return None;
        }
        let files = sorted(files, |a, b| (began_ms(a), &a.use_id).cmp(&(began_ms(b), &b.use_id)));
        // One that is too large to be merged with the next stays as it is, and those after it become one all the same.
        (0..files.len()).map(|from| fitting(&files[from..])).find(|fits| 1 < fits.len()).map(<[_]>::to_vec)
    })
}

/// As many of the first ones as may be merged at once.
fn fitting(files: &[SealedFile]) -> &[SealedFile] {
    let mut bytes = 0;
    let fits = files.iter().take_while(|file| {
        bytes += file.bytes;
        bytes <= BYTES_MAX
    });
    &files[..fits.count()]
}

/// A session's id says when it began (RFC 9562, version 7).
fn began_ms(file: &SealedFile) -> Option<u64> {
    EntityId::parse(&file.session_id).ok()?.made_ms()
}

#[cfg(test)]
mod tests {
    use ledger::{DeviceId, LaneId};

    use super::*;
    use crate::{Identity, Retired};

    const NOW: u64 = 1_800_000_000_000;
    const DAY: u64 = 24 * 60 * 60 * 1000;

    fn file(nth: u64, at_ms: u64) -> SealedFile {
        let span = wire::Span {
            chain: wire::ChainKey::try_from(format!("u:{}/{}/00", EntityId::v7(1, [1; 10]), "0123456789abcdef")).expect("a chain"),
            places: wire::Ranges::of(nth + 1, nth + 1),
            sum: wire::ChainSum::default(),
        };
        SealedFile {
            file: format!("slot-{nth:03}"),
            use_id: format!("{nth:032x}"),
            session_id: EntityId::v7(at_ms, [2; 10]).to_string(),
            lane: LaneId::number(0),
            rows: 20,
            bytes: 20_000,
            spans: vec![span],
            ..SealedFile::default()
        }
    }

    #[test]
    fn ten_years_of_training_every_other_day_are_some_fifty_files() {
        let identity = Identity { device_id: DeviceId::from_bytes([1; 8]), person: EntityId::v7(1, [1; 10]), changes: 0 };
        let mut manifest = Manifest::first(identity);
        let (mut merges, mut most) = (0, 0);
        for nth in 0..1_825 {
            let at = NOW + nth * 2 * DAY;
            let retired = Retired { file: format!("open-{nth}"), ..Retired::default() };
            manifest = manifest.with_sealed(file(nth, at), retired, &Default::default(), at);
            while let Some(files) = to_merge(&manifest, &[], at) {
                let whole = SealedFile {
                    use_id: format!("{:032x}", 1_000_000 + merges),
                    rows: files.iter().map(|file| file.rows).sum(),
                    bytes: files.iter().map(|file| file.bytes).sum(),
                    ..files[0].clone()
                };
                manifest = manifest.with_merged(whole, &files, at);
                merges += 1;
            }
            most = most.max(manifest.sealed.len());
            let stands = |retired: &Retired| manifest.sealed.iter().any(|file| file.use_id == retired.successor);
            assert!(manifest.retired.iter().all(stands), "a retired file waits for one that is no longer listed");
            for freed in manifest.freeable(at.saturating_sub(DAY)) {
                manifest = manifest.without_retired(std::slice::from_ref(&freed), at);
            }
        }
        assert_eq!(manifest.sealed.iter().map(|file| file.rows).sum::<u64>(), 1_825 * 20);
        assert!(most <= 50, "{most} files");
        assert!(merges < 400, "{merges} merges");
    }

    #[test]
    fn a_burst_of_sessions_and_odd_clocks_stay_few() {
        let identity = Identity { device_id: DeviceId::from_bytes([1; 8]), person: EntityId::v7(1, [1; 10]), changes: 0 };
        let mut manifest = Manifest::first(identity);
        manifest.sealed = (0..40).map(|nth| file(nth, NOW + 400 * DAY)).collect();
        assert_eq!(to_merge(&manifest, &[], NOW).expect("too many").len(), 40);
        manifest.sealed = (0..3).map(|nth| file(nth, 0)).chain((3..5).map(|nth| file(nth, NOW))).collect();
        assert_eq!(
            to_merge(&manifest, &[], NOW).expect("old ones").iter().map(|file| file.file.clone()).collect::<Vec<_>>(),
            ["slot-000", "slot-001", "slot-002"]
        );
        manifest.sealed.iter_mut().for_each(|file| file.segment = Some("of a server".to_owned()));
        assert_eq!(to_merge(&manifest, &[], NOW), None);
    }

    #[test]
    fn one_large_file_does_not_keep_those_after_it_apart() {
        let identity = Identity { device_id: DeviceId::from_bytes([1; 8]), person: EntityId::v7(1, [1; 10]), changes: 0 };
        let mut manifest = Manifest::first(identity);
        manifest.sealed = (0..4).map(|nth| file(nth, nth)).collect();
        manifest.sealed[0].bytes = BYTES_MAX;
        let merged = to_merge(&manifest, &[], NOW).expect("the small ones");
        assert_eq!(merged.iter().map(|file| file.file.as_str()).collect::<Vec<_>>(), ["slot-001", "slot-002", "slot-003"]);
        manifest.sealed.truncate(2);
        assert_eq!(to_merge(&manifest, &[], NOW), None);
    }
}
