//! One device's behaviour, with nothing of a browser in it: what becomes a row, where it goes, when a session ends, what
//! is found after a crash. Time, chance and bytes are handed in; what is to be written is handed back.
//!
//! Belongs: capture, chains, sessions, recovery, the manifest, what a leader does and in which order, what is held and what
//! waits to be sent.
//! Never: a file, a socket, a clock, a thread, the DOM; how projections are made.

mod capture;
mod clocks;
mod compact;
mod deeds;
mod detector;
mod home;
mod host;
mod identity;
mod inbox;
mod keys;
mod manifest;
mod pool;
mod recover;
mod sending;
mod shelf;
mod start;

pub use capture::{Batch, Device, DeviceErr, SESSION_IDLE_MS};
pub use clocks::{clock_notice, said_again};
pub use compact::to_merge;
pub use deeds::{Act, Answer, Around, Deed, Done, Happening, Heads, NotDone, Place, Task, Ticket, Trouble, Whole, Write};
pub use detector::{Detector, PING_MS};
pub use home::{Home, Seen, Where, home};
pub use host::Host;
pub use identity::Identity;
pub use inbox::Inbox;
pub use keys::{Ciphers, Keys, Opening, may_file, opening, weakness};
pub use ledger::hex;
pub use manifest::{LaneHeads, Manifest, Quarantined, Retired, SealedFile};
pub use pool::{FILE_YOUNG_MS, MANIFESTS, SHEET_HALF, SLOTS_FIRST, Written, is_free, missing_files, slot_name, slots, written};
pub use recover::{OpenSegment, PoolFile, Recovered, newest_index, newest_manifest, recover, recover_but};
pub use sending::may_be_sent;
pub use shelf::{Added, FileRows, Foreign, Shelf, Waiting, by_place};
pub use start::Start;
