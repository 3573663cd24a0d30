//! What happens to a device, and what is to be done about it. Whoever has files, a database and a projector does the deeds and
//! tells what came of them; nothing is decided there.

use bridge::{Draft, Guarantee};
use ledger::{DeviceId, EntityId, Entropy, Hash, Role, Row, UseId};
use wire::{Command, Commit, Input, Span};

use crate::{capture::DeviceErr, identity::Identity, manifest::SealedFile, shelf::Foreign};

/// What is outside at the moment of a step.
pub struct Around<'a> {
    pub utc_ms: u64,
    /// Goes only forward while this tab lives, whatever the clock does.
    pub mono_ms: u64,
    /// Of the place where this device is now.
    pub offset_min: i32,
    pub entropy: &'a mut dyn Entropy,
    /// Somebody is there who knows Parquet.
    pub projector: bool,
    /// What is written gets encrypted.
    pub encrypts: bool,
    /// An account is connected, or was.
    pub account: bool,
    /// There are files. Without them everything lasts as long as the tab.
    pub stored: bool,
    /// There is a second place for what a young file holds, in which everything lasts at once.
    pub twice: bool,
    /// What is written to a file lasts, however young the file is.
    pub lasts: bool,
}

/// Who does something. Each has one thing at most under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Task {
    /// The leader's turn.
    Turn,
    /// The index, which is written by one at a time.
    Index,
    /// Whole files, which are put away one after another.
    Store,
    /// What this tab writes, one thing after another.
    Write,
    /// Birth records are given up.
    Births,
    /// Rows to send are looked for.
    Collect,
    /// What is here is compared with the server.
    Compare,
}

/// A file that a task keeps for longer than one deed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// Rows that are made here go to it.
    Session,
    /// Rows from the server go to it.
    Inbox,
}

/// Something to be written down: all of it, or nothing. One is carried out to its end before the next begins.
#[derive(Debug)]
pub enum Write {
    /// What somebody did, or a part of an import: rows are made of it.
    Capture { drafts: Vec<Draft>, import: bool },
    /// Rows that a power cut took out of their file, and the names of the birth records that have them.
    Adopt { rows: Vec<Row>, births: Vec<String> },
    /// Rows from the server, and the standing that goes with them.
    Receive(Box<Commit>),
    /// Rows of a backup. Those that are here already stay as they are.
    Restore(Vec<Row>),
    /// Nothing more of an import comes.
    EndSession,
    /// New rows are about the first of these persons.
    BelongTo(Vec<EntityId>),
    /// Another tab writes for this person by now.
    ActFor(EntityId),
    /// Somebody else writes as this device, from a copy of its profile.
    Copied,
    /// This device goes on under another name.
    NewName,
    /// Another tab found that out: all of them go on under this name.
    Renamed(DeviceId),
}

/// What became of something that was to be written.
#[derive(Debug)]
pub enum Done {
    Saved { rows: Vec<Row>, guarantee: Guarantee },
    Done,
}

#[derive(Debug, thiserror::Error)]
pub enum NotDone {
    /// It cannot be a row.
    #[error(transparent)]
    Refused(DeviceErr),
    #[error(transparent)]
    Trouble(#[from] Trouble),
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
    Leads {
        stolen: bool,
    },
    /// Another tab has taken the lead.
    Lost,
    /// Something may have to be done: a session was closed, a projector came.
    Nudged,
    /// What the index says has changed in memory.
    Changed,
    /// Answered by `Did`.
    Write {
        id: u32,
        what: Write,
    },
    /// A segment from the server, to be put away and listed. Answered by `Listed`.
    Fetched {
        id: u32,
        name: String,
        spans: Vec<Span>,
        parquet: Vec<u8>,
    },
    /// An account is connected: this tab exchanges rows with its server, if it leads.
    Linked {
        account_id: String,
        persons: Vec<EntityId>,
    },
    Unlinked,
    /// For the replica, if there is one.
    Net(Input),
    /// Somebody wants everything compared with the server.
    Compare,
    /// The leader says whether it does that.
    HeardOfComparing(bool),
    /// A file turned out to be damaged: what it held is asked for.
    Missing,
    /// Rows of other tabs.
    Told(Vec<Row>),
    /// Everything is about to be removed: no file is held any more, and whatever is written after all begins a new one.
    Leaves,
    /// What came of a deed.
    Done {
        ticket: Ticket,
        answer: Result<Answer, Trouble>,
    },
}

#[derive(Debug)]
pub enum Deed {
    /// To be answered under its ticket.
    Do { ticket: Ticket, act: Act },
    /// The file that this task has taken is let go.
    LetGo(Task),
    /// It is on the disk, or nothing of it is.
    Did { id: u32, outcome: Result<Done, NotDone> },
    /// Nobody asked for it, and somebody should know.
    Unsaved(NotDone),
    /// Rows that this tab has written: the figures and the other tabs hear of them.
    Fresh(Vec<Row>),
    /// Rows that this tab had not heard of, of another one, or that a dead one left behind: its figures follow.
    Heard(Vec<Row>),
    /// For the network: questions, streams, segments, and when to look again.
    Net(Command),
    /// How things stand with the server may be another by now.
    Standing,
    /// The tab that leads is asked to compare everything.
    AskToCompare,
    /// The file of this place is let go. These bytes end it; it is whole without them.
    Close { place: Place, bytes: Option<Vec<u8>> },
    /// The other tabs hear that a session is over.
    SessionOver,
    /// The other tabs go on under this name too.
    Renamed(DeviceId),
    /// New rows are about this person; the other tabs hear of it, unless they said so.
    ActsFor { person: EntityId, tells: bool },
    /// The index lists other files: the other tabs read it again.
    FilesChanged,
    /// The lead is settled: whoever has an account begins to replicate.
    Connect,
    /// What became of a segment that was to be listed, with what it says of who else writes as this device.
    Listed { id: u32, outcome: Result<Foreign, Trouble> },
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
    /// In place of all that is in the taken file; then it is let go: `Written`.
    Write(Whole),
    /// Nothing in the taken file is of worth any more; then it is let go: `Done`.
    Free,
    /// New files, of which it is known when they were made: `Done`.
    Make(Vec<String>),
    /// When this one was made: `MadeAt`.
    MadeAt(String),
    /// The taken file is of this place from now on, and begins like this: `Done`.
    Begin { place: Place, bytes: Vec<u8> },
    /// Behind what is in the file of this place; on the disk when it is answered: `Done`.
    Append { place: Place, bytes: Vec<u8> },
    /// What was appended last, or was to be, is in the file no more: `Done`.
    TakeBack(Place),
    /// Rows in the second place, under a name: `Done`.
    KeepTwice { name: String, packed: Vec<u8> },
    /// There will be rows here that are in no second place: `Done`.
    NoteReceived,
    /// Who this is, where it is looked for first: `Done`.
    Remember(Identity),
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
    ForgetBirths(Vec<String>),
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
    /// What the header says of the content as it was written.
    Written(Hash),
    /// Where a whole file was put.
    Stored {
        file: String,
        hash: Hash,
    },
    /// Nothing when nobody knows.
    MadeAt(Option<u64>),
}

/// Why something could not be done.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Trouble {
    /// A newer build has written here.
    #[error("a newer Spotter has written here")]
    Newer,
    /// The disk or the browser's share of it is full.
    #[error("the device is full")]
    Full,
    #[error("{0}")]
    Other(String),
}

impl Trouble {
    pub(crate) fn of(why: &str) -> Self {
        Self::Other(why.to_owned())
    }
}

/// An answer that does not belong to what was asked.
pub(crate) fn odd() -> Trouble {
    Trouble::of("BUG: an answer that nobody asked for")
}
