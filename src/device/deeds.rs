//! What happens to a device, and what is to be done about it. Whoever has files, a database and a projector does the deeds and
//! tells what came of them; nothing is decided there.

use ledger::{Entropy, Hash, Role, Row, UseId};
use wire::{ChainKey, Ranges};

use crate::manifest::SealedFile;

/// What is outside at the moment of a step.
pub struct Around<'a> {
    pub utc_ms: u64,
    pub entropy: &'a mut dyn Entropy,
    /// Somebody is there who knows Parquet.
    pub projector: bool,
    /// What is written gets encrypted.
    pub encrypts: bool,
    /// An account is connected, or was.
    pub account: bool,
}

/// Who does something. Each has one thing at most under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Task {
    /// The leader's turn.
    Turn,
    /// The index, which is written by one at a time.
    Index,
}

/// Names one deed, so that an answer to an earlier one is told apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ticket {
    pub task: Task,
    pub(crate) nth: u64,
}

#[derive(Debug)]
pub enum Happening {
    /// This tab has the lead. It was taken from another one that had fallen silent, or that one is gone.
    Leads { stolen: bool },
    /// Another tab has taken the lead.
    Lost,
    /// Something may have to be done: a session was closed, a projector came.
    Nudged,
    /// What the index says has changed in memory.
    Changed,
    /// A segment from the server lies in a file, and waits to be listed.
    Fetched { id: u32, sealed: SealedFile },
    /// What came of a deed.
    Done { ticket: Ticket, answer: Result<Answer, Trouble> },
}

#[derive(Debug)]
pub enum Deed {
    /// To be answered under its ticket.
    Do { ticket: Ticket, act: Act },
    /// The file that this task has taken is let go.
    LetGo(Task),
    /// Rows that a dead tab left behind, or a file that nobody listed.
    Heard(Heard),
    /// The index lists other files: the other tabs read it again.
    FilesChanged,
    /// It is known by now what waits to be sent.
    Wrote,
    /// The lead is settled: whoever has an account begins to replicate.
    Connect,
    /// What became of a segment that was to be listed.
    Listed { id: u32, outcome: Result<(), Trouble> },
    /// Worth a line in the log.
    Warn(String),
}

/// A whole file: what is in it, and what its header says. It is encrypted by whoever writes it.
#[derive(Debug, Clone)]
pub struct Whole {
    pub role: Role,
    pub use_id: UseId,
    pub generation: u64,
    pub content: Vec<u8>,
}

#[derive(Debug, Clone)]
pub enum Act {
    /// The names of all files: `Names`.
    List,
    /// How these begin, in the same order: `Heads`.
    Heads(Vec<String>),
    /// One file as it lies there: `Bytes`; empty when it is gone.
    Read(String),
    /// Taken for this task alone, with what is in it: `Taken`; `plain` as if it had never been encrypted. A file that was taken
    /// before is let go. `Gone` when there is none of this name.
    Take { file: String, plain: bool },
    /// In place of all that is in the taken file; then it is let go: `Done`.
    Write(Whole),
    /// Nothing in the taken file is of worth any more; then it is let go: `Done`.
    Free,
    /// New files: `Done`.
    Make(Vec<String>),
    /// Into a free file: `Stored`.
    Store(Whole),
    /// Packed rows as Parquet: `Bytes`.
    Encode(Vec<u8>),
    /// The rows in Parquet: `Rows`.
    Decode(Vec<u8>),
    /// The rows of a sealed file, once every byte of it is right: `Rows`.
    Rows(SealedFile),
    /// The index is read, and followed: `Done`.
    Follow,
    /// The sessions' files are read, and caught up with: `Done`.
    CatchUp,
    /// Everything is read once more, to its last byte: `Done`.
    LookAgain,
    /// Birth records of files that have become old are given up: `Done`.
    ForgetBirths,
    /// The wraps of the data key are put where everybody finds them: `Done`.
    FileKey,
    /// Packed tables are made anew, when that is worth it: `Done`.
    KeepTables,
    /// From here on something plain is nothing that we wrote: `Done`.
    TakeNothingPlain,
    /// `Done`, after so long.
    Wait(u32),
}

/// Files by name, and how each begins: nothing where that cannot be read.
pub type Heads = Vec<(String, Option<Vec<u8>>)>;

#[derive(Debug)]
pub enum Answer {
    Done,
    Names(Vec<String>),
    Heads(Heads),
    Bytes(Vec<u8>),
    /// Nothing when another tab has it.
    Taken(Option<Vec<u8>>),
    /// A power cut took its name, or somebody removed it.
    Gone,
    Rows(Vec<Row>),
    Stored {
        file: String,
        hash: Hash,
    },
}

/// Why something could not be done.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Trouble {
    /// A newer build has written here.
    #[error("a newer Spotter has written here")]
    Newer,
    #[error("{0}")]
    Other(String),
}

impl Trouble {
    pub(crate) fn of(why: &str) -> Self {
        Self::Other(why.to_owned())
    }
}

/// Rows that this tab had not heard of.
#[derive(Debug, Default)]
pub struct Heard {
    pub rows: Vec<Row>,
    /// Places that have more than one row by now.
    pub doubled: std::collections::BTreeMap<ChainKey, Ranges>,
}
