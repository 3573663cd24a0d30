//! The pool: files that exist before they are needed, because a new name in OPFS can vanish for half a minute after a
//! power cut even when its bytes were flushed.

use ledger::{Entropy, Header, HeaderErr, Role};

/// Slots made at the first run. Few, because each costs milliseconds; the leader adds more when they run low.
pub const SLOTS_FIRST: usize = 6;
/// Fewer free slots than this and the leader makes another.
pub const FREE_MIN: usize = 3;
/// Manifest files: enough that a leader and the one before it each have two.
pub const MANIFESTS: usize = 4;
/// After this a file's name is on the disk whatever happens: twice the kernel's write-back interval.
pub const FILE_YOUNG_MS: u64 = 60_000;

/// The files that take the index by turns.
pub(crate) fn manifests() -> impl Iterator<Item = String> {
    (0..MANIFESTS).map(|n| format!("manifest-{n}"))
}

/// A sheet's file has two halves, written by turns. Far above any sheet; a longer one is refused rather than cut.
pub const SHEET_HALF: usize = 512 * 1024;

const _: () = assert!(FREE_MIN < SLOTS_FIRST, "a fresh pool is not already low");

/// What a write came to, by the number that the browser says it has written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Written {
    Whole,
    /// The disk or the browser's share of it is full.
    Full,
    /// Another trouble with the disk, by the browser's own number.
    Refused(i64),
}

/// Chromium hands a failure back as if it were a length: `base::File::Error`, which is negative, in 32 bits without a sign.
pub fn written(asked: usize, said: f64) -> Written {
    const NO_SPACE: i64 = -8;
    let said = said as i64;
    let error = if i64::from(i32::MAX) < said { said - (1 << 32) } else { said };
    match error {
        whole if usize::try_from(whole) == Ok(asked) => Written::Whole,
        // Some of it went in, and then there was no more room.
        NO_SPACE | 0.. => Written::Full,
        other => Written::Refused(other),
    }
}

/// Never written to, or given up. One that cannot be read is not taken for free.
pub fn is_free(bytes: &[u8]) -> bool {
    match Header::decode(bytes) {
        Ok(header) => header.role == Role::Free,
        Err(HeaderErr::Empty) => true,
        Err(_) => false,
    }
}

/// What has to be made before a start: everything at the first one, and the files of the index whenever one is not there. A
/// power cut takes the names of young files, and not of all of them.
pub fn missing_files(names: &[String]) -> Vec<String> {
    let first = !names.iter().any(|name| name.starts_with("slot-"));
    let slots = (0..SLOTS_FIRST).map(slot_name).filter(|_| first);
    slots.chain(manifests()).filter(|name| !names.contains(name)).collect()
}

/// Of these files those that rows go into.
pub fn slots(names: Vec<String>) -> impl Iterator<Item = String> {
    names.into_iter().filter(|name| name.starts_with("slot-"))
}

pub fn slot_name(n: usize) -> String {
    format!("slot-{n:03}")
}

/// Names for new slots, beyond every one of these: also beyond files that are gone and that an index still speaks of.
pub fn new_slots<'a>(known: impl Iterator<Item = &'a str>, many: usize) -> Vec<String> {
    let next = next_number(known);
    (next..next + many).map(slot_name).collect()
}

/// A name for one new slot, after so many others were taken by quicker tabs: each time from twice as many. Tabs that all
/// took the next one would go on in step, and the slowest would never get any.
pub fn contended_slot<'a>(known: impl Iterator<Item = &'a str>, lost: usize, entropy: &mut dyn Entropy) -> String {
    let among = 1_u16 << lost.min(8);
    let mut random = [0; 2];
    entropy.fill(&mut random);
    slot_name(next_number(known) + usize::from(u16::from_le_bytes(random) % among))
}

fn next_number<'a>(known: impl Iterator<Item = &'a str>) -> usize {
    known.filter_map(|name| name.strip_prefix("slot-")?.parse::<usize>().ok()).max().map_or(0, |last| last + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Bytes(u8);

    impl Entropy for Bytes {
        fn fill(&mut self, bytes: &mut [u8]) {
            bytes.fill(self.0);
        }
    }

    #[test]
    fn a_write_counts_only_when_every_byte_of_it_was_taken() {
        let cases = [
            (100, 100.0, Written::Whole),
            (0, 0.0, Written::Whole),
            (100, 99.0, Written::Full),
            (100, 0.0, Written::Full),
            (100, 101.0, Written::Full),
            (100, 4_294_967_288.0, Written::Full),
            (100, -8.0, Written::Full),
            (100, 4_294_967_280.0, Written::Refused(-16)),
            (100, -5.0, Written::Refused(-5)),
            (100, f64::NAN, Written::Full),
        ];
        for (asked, said, came_to) in cases {
            assert_eq!(written(asked, said), came_to, "{said} of {asked}");
        }
    }

    #[test]
    fn names_go_on_behind_the_last_one_and_apart_once_somebody_was_quicker() {
        let known = ["slot-004", "manifest-1", "slot-011", "slot-odd"];
        assert_eq!(new_slots(known.into_iter(), 2), ["slot-012", "slot-013"]);
        for (lost, random, name) in
            [(0, 0xff, "slot-012"), (1, 0, "slot-012"), (1, 1, "slot-013"), (2, 0xff, "slot-015"), (20, 0xff, "slot-267")]
        {
            assert_eq!(contended_slot(known.into_iter(), lost, &mut Bytes(random)), name, "lost {lost}");
        }
        assert_eq!(contended_slot([].into_iter(), 0, &mut Bytes(9)), "slot-000");
    }

    #[test]
    fn files_of_the_index_that_a_power_cut_took_are_made_again() {
        let all = missing_files(&[]);
        assert_eq!((all.len(), missing_files(&all)), (SLOTS_FIRST + MANIFESTS, Vec::new()));
        let left = ["slot-004".to_owned(), "manifest-1".to_owned()];
        assert_eq!(missing_files(&left), ["manifest-0", "manifest-2", "manifest-3"]);
    }
}
