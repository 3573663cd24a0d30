//! What a replica is told and what it wants done.

use std::collections::BTreeMap;

use ledger::{EntityId, Row};

use crate::{
    chain::ChainKey,
    message::{Blocks, Checkpoint, Digest, Frame, Hello, Page, PushAnswer, Snapshot},
    problem::Problem,
    ranges::Ranges,
    standing::Standing,
};

#[derive(Debug, Clone)]
pub enum Request {
    Hello,
    Pull {
        checkpoint: Option<Checkpoint>,
        batch_size: usize,
    },
    Push {
        rows: Vec<Row>,
    },
    Digest,
    Blocks {
        chain: ChainKey,
    },
    /// The rows of some places of a chain.
    Span {
        chain: ChainKey,
        from: u64,
        to: u64,
    },
    Snapshot,
    /// Rows of this person lie here: it joins the account.
    Claim {
        person: EntityId,
    },
}

#[derive(Debug)]
pub enum Answer {
    Claimed,
    Hello(Hello),
    Page(Page),
    Pushed(PushAnswer),
    Digest(Digest),
    Blocks(Blocks),
    Snapshot(Snapshot),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Failure {
    /// No answer, or none that makes sense.
    Unreachable(String),
    Problem(Problem),
}

#[derive(Debug)]
pub enum Input {
    /// There may be a network, and somebody wants to be in sync: now, whatever was planned.
    Connect,
    /// There is none, or nobody wants to.
    Disconnect,
    /// Rows were written here, by whichever tab.
    Wrote,
    Answered {
        id: u32,
        answer: Answer,
    },
    Failed {
        id: u32,
        failure: Failure,
    },
    StreamOpened {
        id: u32,
    },
    StreamFrame {
        id: u32,
        frame: Frame,
    },
    StreamResync {
        id: u32,
    },
    /// Any other sign of life.
    StreamBeat {
        id: u32,
    },
    StreamEnded {
        id: u32,
        failure: Failure,
    },
    /// What was asked for by `Collect`, in the order of each chain. Fewer rows than were asked for are all there are.
    Outbox(Vec<Row>),
    Committed,
    CommitFailed(String),
    /// Places that have more than one row: an acknowledgement of one of them is none of the others.
    Doubled(BTreeMap<ChainKey, Ranges>),
    Compared(Comparison),
    /// Every segment of the snapshot is on the disk.
    SnapshotStored(Vec<(ChainKey, Ranges)>),
    SnapshotFailed(Failure),
    /// Compare everything with the server when there is time.
    Audit,
    /// These places were here, and their file is damaged: the server may have them.
    Missing(Vec<(ChainKey, Ranges)>),
    /// Send refused rows once more.
    RetryRefused,
    Tick,
}

/// What a host found by comparing what it holds with a digest.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Comparison {
    /// Places where both sides hold the same,
    pub same: Vec<(ChainKey, Ranges)>,
    /// places where they do not, or where that is not known,
    pub differ: Vec<(ChainKey, Ranges)>,
    /// and those of them of which the server has rows.
    pub fetch: Vec<(ChainKey, u64, u64)>,
    /// Chains that have to be compared block by block.
    pub closer: Vec<ChainKey>,
    /// How many rows of whole chains are the same.
    pub rows: u64,
    /// It was made with a digest, of everything; not with the blocks of one chain.
    pub whole: bool,
    /// Rows here that do not follow the one before them, as far as a whole comparison has looked.
    pub unlinked: u64,
}

#[derive(Debug, Clone)]
pub struct Commit {
    /// From the server. A host stores those that it does not hold.
    pub rows: Vec<Row>,
    pub standing: Standing,
}

#[derive(Debug)]
pub enum Command {
    Ask {
        id: u32,
        request: Request,
    },
    /// The answer is no longer wanted.
    Forget {
        id: u32,
    },
    OpenStream {
        id: u32,
        checkpoint: Checkpoint,
    },
    CloseStream {
        id: u32,
    },
    /// Rows that wait to be sent, oldest first in each chain, at most so many and so long together.
    Collect {
        rows: usize,
        bytes: usize,
    },
    /// Rows and standing in one append; then `Committed`.
    Commit(Box<Commit>),
    Compare(Digest),
    CompareBlocks(Blocks),
    /// Segments that are not on the disk yet are fetched and stored; then `SnapshotStored`.
    FetchSnapshot(Snapshot),
    /// `Tick` then, if nothing happened before.
    Wake {
        at_ms: u64,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Link {
    Off,
    Connecting,
    CatchingUp,
    Live,
    /// Tried, and will be tried again.
    Waiting {
        until_ms: u64,
    },
    /// Nothing to be done from here: sign in, update.
    Stopped,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trouble {
    Server(Failure),
    Disk(String),
}
