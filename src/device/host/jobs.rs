//! What a tab has to write, and where it stands with that.

use std::collections::{BTreeSet, VecDeque};

use bridge::{Draft, Guarantee};
use ledger::{EntityId, Row, UseId};
use wire::{Commit, Standing};

use crate::{
    capture::Batch,
    deeds::{Ticket, Trouble, Write},
    host::claim::Claim,
    inbox::{Inbox, Receiving},
};

#[derive(Debug, Default)]
pub(crate) struct Writes {
    pub(crate) waiting: VecDeque<(Whom, Write)>,
    /// One thing at a time, each to its end.
    pub(crate) under_way: Option<Ticket>,
    pub(crate) stage: Stage,
    /// There is a file for the running session: until when a power cut may take its name away, with everything in it.
    pub(crate) session: Option<u64>,
    /// Something in the running session is in its young file and nowhere else, or may be.
    pub(crate) alone: bool,
    /// Sessions that ended here with all that is in them kept twice, or in an old file.
    pub(crate) ended: BTreeSet<UseId>,
    /// Names of birth records, and when each may go.
    pub(crate) births: VecDeque<(u64, String)>,
    pub(crate) forgetting: Option<(Ticket, Vec<(u64, String)>)>,
}

/// Who hears what became of it.
#[derive(Debug)]
pub(crate) enum Whom {
    Asked(u32),
    /// Only when it fails.
    Nobody,
    Replica,
    /// Once two persons are linked, new rows are about this one.
    Links {
        id: u32,
        person: EntityId,
    },
}

/// What a new file is for.
#[derive(Debug)]
pub(crate) enum Target {
    Session(Rows),
    Inbox(Box<Receipt>),
}

/// Rows for the running session.
#[derive(Debug)]
pub(crate) struct Rows {
    pub(crate) whom: Whom,
    pub(crate) content: Content,
    pub(crate) import: bool,
}

#[derive(Debug)]
pub(crate) enum Content {
    Drafts(Vec<Draft>),
    /// Rows that are in no file any more, and the birth records that have them.
    Adopted(Vec<Row>, Vec<String>),
}

/// Rows from elsewhere.
#[derive(Debug)]
pub(crate) struct Receipt {
    pub(crate) whom: Whom,
    pub(crate) rows: Vec<Row>,
    /// As the server says it; a backup says nothing about that.
    pub(crate) standing: Option<Standing>,
    pub(crate) outgrown: bool,
}

impl Receipt {
    pub(crate) fn commit(self, standing: Standing) -> (Arrived, Commit) {
        let from_backup = self.standing.is_none();
        let arrived = Arrived { whom: self.whom, outgrown: self.outgrown, from_backup };
        (arrived, Commit { rows: self.rows, standing: self.standing.unwrap_or(standing) })
    }
}

#[derive(Debug)]
pub(crate) struct Arrived {
    pub(crate) whom: Whom,
    pub(crate) outgrown: bool,
    pub(crate) from_backup: bool,
}

#[derive(Debug)]
pub(crate) struct Kept {
    pub(crate) whom: Whom,
    pub(crate) births: Vec<String>,
    pub(crate) batch: Batch,
    pub(crate) guarantee: Guarantee,
}

/// Who this is from now on.
#[derive(Debug)]
pub(crate) struct Becoming {
    pub(crate) whom: Whom,
    pub(crate) how: How,
}

#[derive(Debug, Clone, Copy)]
pub(crate) enum How {
    /// Under another name, since somebody else writes under that one: what is in doubt is compared.
    Copied,
    Renamed,
    /// For another person; the other tabs are told unless one of them said it.
    ActsFor {
        tells: bool,
    },
}

#[derive(Debug, Default)]
pub(crate) enum Stage {
    #[default]
    Idle,
    Claims {
        claim: Claim,
        target: Target,
    },
    Dates(Target),
    Begins {
        target: Target,
        young_until: u64,
        inbox: Option<Inbox>,
    },
    Appends(Box<Kept>),
    KeepsTwice(Box<Kept>),
    TakesBack {
        whom: Whom,
        trouble: Trouble,
    },
    ReadsUnread {
        receipt: Box<Receipt>,
        unread: VecDeque<String>,
        reads: String,
    },
    Notes {
        receipt: Box<Receipt>,
        inbox: Inbox,
    },
    AppendsReceived {
        arrived: Arrived,
        receiving: Box<Receiving>,
    },
    ReadsOdd {
        arrived: Arrived,
        receiving: Box<Receiving>,
        sealed: Vec<Row>,
        rest: VecDeque<crate::manifest::SealedFile>,
    },
    Remembers(Becoming),
}
