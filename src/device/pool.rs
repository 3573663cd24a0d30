//! The pool: files that exist before they are needed, because a new name in OPFS can vanish for half a minute after a
//! power cut even when its bytes were flushed.

/// Slots made at the first run. Few, because each costs milliseconds; the leader adds more when they run low.
pub const SLOTS_FIRST: usize = 6;
/// Fewer free slots than this and the leader makes another.
pub const FREE_MIN: usize = 3;
/// Manifest files: enough that a leader and the one before it each have two.
pub const MANIFESTS: usize = 4;
/// After this a file's name is on the disk whatever happens: twice the kernel's write-back interval.
pub const FILE_YOUNG_MS: u64 = 60_000;

const _: () = assert!(FREE_MIN < SLOTS_FIRST, "a fresh pool is not already low");

pub fn slot_name(n: usize) -> String {
    format!("slot-{n:03}")
}

/// Names for new slots, beyond every one of these: also beyond files that are gone and that an index still speaks of.
pub fn new_slots<'a>(known: impl Iterator<Item = &'a str>, many: usize) -> Vec<String> {
    let numbers = known.filter_map(|name| name.strip_prefix("slot-")?.parse::<usize>().ok());
    let next = numbers.max().map_or(0, |last| last + 1);
    (next..next + many).map(slot_name).collect()
}
