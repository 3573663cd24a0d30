//! What is asked of the two workers.

use ledger::{EntityId, Fact};
use serde::{Deserialize, Serialize};

use crate::{import::Choices, question::Asked, sync::AccountWish};

/// A fact that somebody wants written down: everything but the time, the ids and the chain, which the storage worker
/// adds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Draft {
    pub scope: DraftScope,
    pub fact: Fact,
    /// The clock of the last event known of the entity that is touched: the new one goes above it.
    #[serde(default)]
    pub seen: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum DraftScope {
    /// This profile's person.
    Me,
    Room(EntityId),
}

impl Draft {
    pub fn mine(fact: Fact) -> Self {
        Self { scope: DraftScope::Me, fact, seen: None }
    }

    #[must_use]
    pub fn after(mut self, seen: Option<String>) -> Self {
        self.seen = seen;
        self
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum ToStorage {
    /// Always first. A worker of another build answers `FromStorage::OtherBuild` and nothing else.
    Hello {
        build: String,
        /// Who this was when it ran last, as JSON: kept where browsers that clear storage do not look.
        before: Option<String>,
    },
    /// All of the drafts or none.
    Capture {
        id: u32,
        drafts: Vec<Draft>,
    },
    /// The workout sheet as it stands, for the next start; empty when there is none.
    SaveSheet {
        json: String,
    },
    Report {
        id: u32,
    },
    /// The code that opens what is stored here when the browser has lost its own key.
    RecoveryCode {
        id: u32,
    },
    /// Another code takes the place of that one. The answer is the code that holds from then on.
    NewRecoveryCode {
        id: u32,
    },
    /// With the passphrase of the app lock, or the recovery code.
    Unlock {
        id: u32,
        code: String,
    },
    /// Asks for a passphrase at every start; empty turns that off.
    SetAppLock {
        id: u32,
        passphrase: String,
    },
    /// From now on only the passphrase or the recovery code opens what is stored here.
    Lock {
        id: u32,
    },
    /// The backup that was made last was handed to the browser.
    Exported,
    /// What the browser removed is given up: it is not spoken of again.
    GoOnWithout,
    /// Removes everything from this device; refused while a row is only here and in no backup.
    Remove {
        id: u32,
    },
    /// Removes what is locked; refused unless every row was on the server when it was locked.
    StartOver {
        id: u32,
    },
    Account {
        id: u32,
        wish: AccountWish,
    },
    /// The network came or went, or somebody looks at the screen again.
    Awake {
        online: bool,
    },
    /// Compare everything with the server now.
    Compare,
    /// Send what was refused once more.
    RetryRefused,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum ExportAs {
    /// Every row, to be brought back.
    Archive,
    /// Every row, to be read by a program.
    Json,
    /// The sets, to be read by a person or another app.
    Csv,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum ToProjector {
    Hello {
        build: String,
    },
    /// Answer now and after every change, until told otherwise.
    Watch {
        key: u32,
        asked: Asked,
    },
    Unwatch {
        key: u32,
    },
    Ask {
        id: u32,
        asked: Asked,
    },
    /// Read a file that was handed over beside this message, and say what an import would do.
    PlanImport {
        id: u32,
        file_name: String,
        choices: Choices,
    },
    /// Carry out the plan that was made last.
    RunImport {
        id: u32,
    },
    CancelImport,
    /// Everything as a file; its bytes lie beside the answer.
    Export {
        id: u32,
        what: ExportAs,
        now_ms: i64,
    },
    /// Bytes of memory and counts, for the storage page and the benches.
    Measure {
        id: u32,
        /// Also what the tables hash to, which takes longer than building them.
        hashes: bool,
    },
    /// Throw every table away and build them again.
    Rebuild {
        id: u32,
    },
}

impl ToStorage {
    /// What its answer is known by, where it has one.
    pub fn id(&self) -> Option<u32> {
        match self {
            Self::Capture { id, .. }
            | Self::Report { id }
            | Self::RecoveryCode { id }
            | Self::NewRecoveryCode { id }
            | Self::Unlock { id, .. }
            | Self::SetAppLock { id, .. }
            | Self::Lock { id }
            | Self::Remove { id }
            | Self::StartOver { id }
            | Self::Account { id, .. } => Some(*id),
            Self::Hello { .. }
            | Self::SaveSheet { .. }
            | Self::Exported
            | Self::GoOnWithout
            | Self::Awake { .. }
            | Self::Compare
            | Self::RetryRefused => None,
        }
    }
}

impl ToProjector {
    /// What its answer is known by, where it has one.
    pub fn id(&self) -> Option<u32> {
        match self {
            Self::Ask { id, .. }
            | Self::PlanImport { id, .. }
            | Self::RunImport { id }
            | Self::Export { id, .. }
            | Self::Measure { id, .. }
            | Self::Rebuild { id } => Some(*id),
            Self::Hello { .. } | Self::Watch { .. } | Self::Unwatch { .. } | Self::CancelImport => None,
        }
    }
}
