//! Something went wrong that a person should know: what happened, what was kept, what to do.

use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum ProblemKind {
    /// The end of an unfinished write; nothing that was shown as saved is missing.
    TornTail,
    DamagedRows,
    DamagedFile,
    MissingIndex,
    NewerFormat,
    StorageFull,
    /// The browser has removed the files of an installation that it still knows.
    StorageCleared,
    NoStorage,
    /// What is stored is encrypted, and the key to it is not here.
    Locked,
    Refused,
    /// The clock of this device is far from the server's.
    WrongClock,
    /// A worker stopped and was started again.
    Restarted,
    Internal,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    pub kind: ProblemKind,
    pub happened: String,
    pub kept: String,
    pub todo: String,
}

impl Problem {
    pub fn new(kind: ProblemKind, happened: impl Into<String>, kept: impl Into<String>, todo: impl Into<String>) -> Self {
        Self { kind, happened: happened.into(), kept: kept.into(), todo: todo.into() }
    }
}
