//! One device's behaviour, with nothing of a browser in it: what becomes a row, where it goes, when a session ends, what
//! is found after a crash. Time, chance and bytes are handed in; what is to be written is handed back.
//!
//! Belongs: capture, chains, sessions, recovery, the manifest, the plan of sealing, what is held and what waits to be sent.
//! Never: a file, a socket, a clock, a thread, the DOM; how projections are made.

mod capture;
mod compact;
mod identity;
mod inbox;
mod manifest;
mod pool;
mod recover;
mod shelf;

pub use capture::{Batch, Device, DeviceErr, IMPORT_SESSION_BYTES_MAX, SESSION_BYTES_MAX, SESSION_IDLE_MS};
pub use compact::to_merge;
pub use identity::Identity;
pub use inbox::{INBOX_BYTES_MAX, Inbox};
pub use manifest::{LaneHeads, Manifest, Quarantined, Retired, SealedFile};
pub use pool::{FILE_YOUNG_MS, FREE_MIN, MANIFESTS, SLOTS_FIRST, contended_slot, new_slots, slot_name};
pub use recover::{OpenSegment, PoolFile, Recovered, hex, newest_manifest, recover, recover_but, unhex};
pub use shelf::{Added, FileRows, Shelf, Waiting, by_place, holds_all};
