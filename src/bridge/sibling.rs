//! What the tabs of one profile say to each other, as JSON, with bytes beside it where a word says so.

use ledger::{DeviceId, EntityId};
use serde::{Deserialize, Serialize};

use crate::sync::SyncState;

/// Words that the tabs of every build understand: after an update an old tab and a new one share the files and the lead.
/// What is said here stays as it is; over the channel `AnyBuild::CHANNEL`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum AnyBuild {
    /// A tab has started. One of another build shows that there is an update.
    Hello { build: String },
    /// Whoever waits for the lead asks whether somebody still leads,
    Ping,
    /// which whoever leads answers.
    Beat { lane: String },
    /// What is stored here was locked or removed: nobody goes on.
    Gone,
    /// This device goes on under another name, since somebody else writes as it.
    Renamed { device_id: DeviceId },
    /// Rows that are written down now. Beside it: the rows, packed.
    Rows,
}

impl AnyBuild {
    pub const CHANNEL: &str = "spotter";
}

/// Words among the tabs of one build, over a channel of its name.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Sibling {
    /// A tab has come, or has lost the lead: whoever leads says how things stand.
    Hello,
    /// A tab was frozen: whoever leads says its rows once more.
    Missed,
    /// The sheet of the workout that is going on.
    Sheet { json: String },
    /// A session was closed: whoever leads seals it.
    SessionOver,
    /// The index lists other files.
    FilesChanged,
    /// A file turned out to be damaged: whoever leads looks for itself.
    Damaged,
    /// Somebody signed in or out.
    AccountChanged,
    /// New rows are about this person.
    ActsFor { person: EntityId },
    /// Whoever leads says how things stand with the server.
    Standing { state: Box<SyncState> },
    /// For whoever leads: the network came or went,
    Awake { online: bool },
    /// everything is to be compared,
    Compare,
    /// and what was refused is to be sent once more.
    RetryRefused,
}

impl Sibling {
    pub fn channel(build: &str) -> String {
        format!("{}-{build}", AnyBuild::CHANNEL)
    }
}
