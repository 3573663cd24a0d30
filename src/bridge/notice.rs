//! What the two workers say.

use serde::{Deserialize, Serialize};

use crate::{
    import::ImportPlan,
    problem::Problem,
    sync::{AccountNews, Refusal, SyncState},
};

/// Why a saved row is safe.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Guarantee {
    /// Flushed to a file that was on the disk before.
    File,
    /// Flushed to a file that is young, and its bytes kept in a second place until it is not.
    FileAndBirth,
    /// Flushed to a file, and there is no second place: a power cut in the file's first minute may take it.
    FileAlone,
    /// This browser gives us no storage: it lasts until the tab is closed.
    MemoryOnly,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SavedRow {
    pub event_id: String,
    pub hlc: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum FromStorage {
    Ready {
        person: String,
        device: String,
        lane: String,
        memory_only: bool,
        app_lock: bool,
        /// The sheet of an unfinished workout.
        sheet: Option<String>,
        problems: Vec<Problem>,
        /// Milliseconds from the worker's start to here.
        took_ms: f64,
    },
    OtherBuild {
        build: String,
    },
    /// Another tab is of another build: there is an update. This worker goes on.
    Update,
    /// Instead of `Ready`: what is stored here is encrypted. There is an app lock, or the browser has lost its key.
    Locked {
        passphrase: bool,
    },
    /// What was asked for has happened.
    Done {
        id: u32,
    },
    /// Another tab has locked or removed what is stored here: this one must not go on.
    Gone,
    /// `None` where nothing is encrypted.
    RecoveryCode {
        id: u32,
        code: Option<String>,
    },
    Saved {
        id: u32,
        rows: Vec<SavedRow>,
        guarantee: Guarantee,
    },
    Failed {
        id: u32,
        problem: Problem,
    },
    /// Another tab of this profile changed the sheet.
    Sheet {
        json: String,
    },
    Report {
        id: u32,
        report: StorageReport,
    },
    Problem {
        problem: Problem,
    },
    Account {
        id: u32,
        news: Result<AccountNews, Refusal>,
    },
    Sync {
        state: SyncState,
    },
    /// New rows are about this person now: the account's first one.
    Person {
        person: String,
    },
}

#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct StorageReport {
    pub leader: bool,
    pub lane: String,
    pub generation: u64,
    pub sealed_files: usize,
    pub sealed_rows: u64,
    pub sealed_bytes: u64,
    pub open_rows: u64,
    pub open_bytes: u64,
    pub pool_files: usize,
    pub free_files: usize,
    /// Writes that are kept in a second place because their file is young.
    pub births: usize,
    /// The files are kept in the browser's database, which has no files that can be written safely.
    pub in_database: bool,
    pub problems: Vec<Problem>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum FromProjector {
    Hello,
    OtherBuild {
        build: String,
    },
    /// The tables stand: everything that was on the device is in them.
    Ready {
        events: usize,
        /// They came packed, and are checked later.
        packed: bool,
        took_ms: f64,
    },
    /// Its rows lie beside this message.
    View {
        key: u32,
    },
    Answer {
        id: u32,
    },
    Planned {
        id: u32,
        plan: Box<ImportPlan>,
    },
    /// The file is a backup of ours: so many rows, made then (UTC milliseconds).
    Backup {
        id: u32,
        rows: usize,
        made_ms: u64,
    },
    Restored {
        id: u32,
        rows: usize,
        cancelled: bool,
    },
    Exported {
        id: u32,
        rows: usize,
    },
    /// Workouts, or rows of a backup.
    ImportProgress {
        id: u32,
        done: usize,
        total: usize,
        restores: bool,
    },
    Imported {
        id: u32,
        /// What was new.
        sets: usize,
        workouts: usize,
        /// What was here.
        already_here: usize,
        /// Workouts of all that the import set out to write, also when it was begun before.
        done: usize,
        total: usize,
    },
    Measured {
        id: u32,
        events: usize,
        table_bytes: usize,
        refresh_ms: f64,
        hashes: Vec<(String, String)>,
    },
    Failed {
        id: u32,
        problem: Problem,
    },
}

impl FromStorage {
    /// What was asked, where this is the answer.
    pub fn answers(&self) -> Option<u32> {
        match self {
            Self::Done { id }
            | Self::RecoveryCode { id, .. }
            | Self::Saved { id, .. }
            | Self::Failed { id, .. }
            | Self::Report { id, .. }
            | Self::Account { id, .. } => Some(*id),
            Self::Ready { .. }
            | Self::OtherBuild { .. }
            | Self::Update
            | Self::Locked { .. }
            | Self::Gone
            | Self::Sheet { .. }
            | Self::Problem { .. }
            | Self::Sync { .. }
            | Self::Person { .. } => None,
        }
    }
}

impl FromProjector {
    /// What was asked, where this is the answer: nothing more is said to it.
    pub fn answers(&self) -> Option<u32> {
        match self {
            Self::Answer { id }
            | Self::Planned { id, .. }
            | Self::Backup { id, .. }
            | Self::Restored { id, .. }
            | Self::Exported { id, .. }
            | Self::Imported { id, .. }
            | Self::Measured { id, .. }
            | Self::Failed { id, .. } => Some(*id),
            Self::Hello | Self::OtherBuild { .. } | Self::Ready { .. } | Self::View { .. } | Self::ImportProgress { .. } => None,
        }
    }
}
