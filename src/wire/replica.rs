//! One device's side of replication, as a step function: something happened, so these things are to be done.
//!
//! ```text
//! hello ─► (digest: what does the server have already?) ─► (snapshot) ─► stream + pull + push, all at once
//! ```
//! Three rules carry it. Rows and the cursor that covers them are one commit. A frame counts only when it begins at or
//! before the cursor; otherwise there is a gap, and a gap is pulled. What the server has is known per row, never assumed.

mod answer;
mod audit;
mod interface;
mod journal;
mod outbox;
mod sound;

use std::collections::{BTreeMap, BTreeSet};

use ledger::{EntityId, Entropy};

pub use self::interface::{Answer, Command, Commit, Comparison, Failure, Input, Link, Request, Trouble};
use self::{
    audit::Audit,
    journal::{Journal, Work},
    outbox::Outbox,
};
use crate::{
    chain::ChainKey,
    limits::{Limits, STREAM_WATCHDOG_MS},
    message::{Checkpoint, Hello},
    ranges::Ranges,
    standing::Standing,
};

/// An answer that takes longer does not come.
const PATIENCE_MS: u64 = 60_000;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    Off,
    Greeting,
    /// What does the server have?
    Learning,
    Snapshot,
    Running,
    Waiting,
    Stopped,
}

#[derive(Debug, Clone, Copy)]
struct Asked {
    id: u32,
    until_ms: u64,
}

/// Pages, one after another.
#[derive(Debug, Default)]
struct Pull {
    wanted: bool,
    asked: Option<Asked>,
    /// The last page was the newest.
    caught_up: bool,
}

#[derive(Debug)]
struct Stream {
    id: u32,
    open: bool,
    heard_ms: u64,
}

impl Stream {
    /// After so much silence it is not believed any more.
    fn until_ms(&self) -> u64 {
        self.heard_ms + STREAM_WATCHDOG_MS
    }
}

/// Whose rows these are.
#[derive(Debug, Default)]
struct Owner {
    /// Persons whose rows were written here, and those of them that the account may not have.
    persons: BTreeSet<EntityId>,
    strangers: BTreeSet<EntityId>,
    claiming: Option<EntityId>,
    /// Whom these rows are exchanged with, and nobody else.
    account_id: Option<String>,
}

#[derive(Debug)]
pub struct Replica {
    standing: Standing,
    phase: Phase,
    limits: Limits,
    /// The last hello, and when it came by this device's clock.
    hello: Option<Hello>,
    greeted_ms: u64,
    snapshot_rows: Option<u64>,
    /// Where the pages go on after the snapshot that is being fetched.
    snapshot: Option<Checkpoint>,
    next_id: u32,
    /// The one question of the orderly kind: hello, digest, blocks, span, snapshot.
    asked: Option<Asked>,
    pull: Pull,
    stream: Option<Stream>,
    outbox: Outbox,
    journal: Journal,
    audit: Audit,
    owner: Owner,
    /// Places that have more than one row here.
    doubled: BTreeMap<ChainKey, Ranges>,
    attempt: u32,
    retry_at_ms: u64,
    pub trouble: Option<Trouble>,
    /// Rows that do not follow the one before them.
    pub unlinked: u64,
    /// Rows and devices of the last comparison that found no difference.
    pub verified: Option<(u64, usize)>,
}

impl Replica {
    /// The account's persons, as signing in told them; written down with the next commit.
    pub fn belongs_to(&mut self, mut persons: Vec<EntityId>) {
        // A server that was put back may have forgotten some: their rows are here, and belong to the same people.
        let before = self.standing.persons.iter().filter(|person| !self.owner.strangers.contains(person));
        let forgotten: Vec<EntityId> = before.filter(|person| !persons.contains(person)).copied().collect();
        persons.extend(forgotten);
        if self.standing.persons != persons {
            self.standing.persons = persons;
            self.journal.waiting.push_back(Work::Belongs);
        }
    }

    /// Another account's answers are those of a stranger: nothing is sent there, and nothing taken from there.
    pub fn is_of(&mut self, account_id: String) {
        self.owner.account_id = Some(account_id);
    }

    /// Rows of this person were written on this device.
    pub fn writes_for(&mut self, person: EntityId) {
        self.owner.persons.insert(person);
    }

    /// From `snapshot_rows` missing rows on a first sync takes sealed segments instead of pages, if the host can.
    pub fn new(standing: Standing, snapshot_rows: Option<u64>) -> Self {
        let limits = Limits::default();
        Self {
            standing,
            phase: Phase::Off,
            limits,
            hello: None,
            greeted_ms: 0,
            snapshot_rows,
            snapshot: None,
            next_id: 1,
            asked: None,
            pull: Pull::default(),
            stream: None,
            outbox: Outbox::new(limits.push_rows),
            journal: Journal::default(),
            audit: Audit::default(),
            owner: Owner::default(),
            doubled: BTreeMap::new(),
            attempt: 0,
            retry_at_ms: 0,
            trouble: None,
            unlinked: 0,
            verified: None,
        }
    }

    pub fn standing(&self) -> &Standing {
        &self.standing
    }

    pub fn hello(&self) -> Option<&Hello> {
        self.hello.as_ref()
    }

    /// What the server's clock says, once it has said so.
    pub fn server_ms(&self, now_ms: u64) -> Option<u64> {
        let hello = self.hello.as_ref()?;
        Some(hello.time_ms.saturating_add(now_ms.saturating_sub(self.greeted_ms)))
    }

    pub fn link(&self) -> Link {
        match self.phase {
            Phase::Off => Link::Off,
            Phase::Greeting => Link::Connecting,
            Phase::Learning | Phase::Snapshot => Link::CatchingUp,
            Phase::Running if self.pull.caught_up && self.stream.as_ref().is_some_and(|stream| stream.open) => Link::Live,
            Phase::Running => Link::CatchingUp,
            Phase::Waiting => Link::Waiting { until_ms: self.retry_at_ms },
            Phase::Stopped => Link::Stopped,
        }
    }

    /// Everything is being compared, or will be as soon as there is time.
    pub fn is_comparing(&self) -> bool {
        self.audit.wanted || self.audit.tally.is_some()
    }

    pub fn step(&mut self, now_ms: u64, entropy: &mut dyn Entropy, input: Input) -> Vec<Command> {
        let mut out = Vec::new();
        self.take(now_ms, entropy, input, &mut out);
        self.patience(now_ms, entropy, &mut out);
        self.go_on(now_ms, &mut out);
        debug_assert_eq!(self.flaw(now_ms), None, "{self:?}");
        if let Some(at_ms) = self.wake_at(now_ms) {
            out.push(Command::Wake { at_ms });
        }
        out
    }

    fn take(&mut self, now: u64, entropy: &mut dyn Entropy, input: Input, out: &mut Vec<Command>) {
        match input {
            Input::Connect => {
                if matches!(self.phase, Phase::Off | Phase::Waiting | Phase::Stopped) {
                    self.greet(now, out);
                } else if self.phase == Phase::Running {
                    // Back from sleep, perhaps: what was missed is asked for.
                    self.pull.wanted = true;
                }
            }
            Input::Disconnect => {
                self.drop_all(out);
                self.phase = Phase::Off;
            }
            Input::Wrote => self.outbox.wanted = true,
            Input::Answered { id, answer } => self.answered(now, id, answer, entropy, out),
            Input::Failed { id, failure } => self.failed(now, id, failure, entropy, out),
            Input::StreamOpened { id } => {
                if let Some(stream) = self.heard_of(now, id) {
                    stream.open = true;
                    self.pull.wanted = true;
                }
            }
            Input::StreamFrame { id, frame } => {
                if self.heard_of(now, id).is_some() {
                    if self.journal.is_full() {
                        self.pull.wanted = true;
                    } else {
                        self.journal.waiting.push_back(Work::Frame(frame));
                    }
                }
            }
            Input::StreamResync { id } => self.pull.wanted |= self.heard_of(now, id).is_some(),
            Input::StreamBeat { id } => _ = self.heard_of(now, id),
            Input::StreamEnded { id, failure } => {
                if self.stream.take_if(|stream| stream.id == id).is_some() {
                    self.trouble_with(now, failure, entropy, out);
                }
            }
            Input::Outbox(rows) => {
                self.outbox.collecting = false;
                if !rows.is_empty() && self.phase == Phase::Running && self.outbox.pushing.is_none() {
                    let asked = self.ask(now, Request::Push { rows: rows.clone() }, out);
                    // All rows of a place go together, those that had come up by now.
                    self.outbox.unsure.clear();
                    self.outbox.pushing = Some((asked, rows));
                }
            }
            Input::Committed => self.committed(now),
            Input::CommitFailed(why) => {
                let failed = self.journal.writing.take();
                self.drop_all(out);
                if let Some((doubt @ Work::Doubled(_), _)) = failed {
                    self.journal.waiting.push_back(doubt);
                }
                self.trouble = Some(Trouble::Disk(why));
                self.wait(now, 30_000, entropy);
            }
            Input::Doubled(places) => {
                for (chain, places) in &places {
                    self.doubled.entry(chain.clone()).or_default().merge(places);
                    if self.outbox.pushing.is_some() {
                        self.outbox.unsure.entry(chain.clone()).or_default().merge(places);
                    }
                }
                self.journal.waiting.push_back(Work::Doubled(places));
            }
            Input::Compared(comparison) => self.journal.waiting.push_back(Work::Compared(comparison)),
            Input::SnapshotStored(acked) => {
                if let (Phase::Snapshot, Some(checkpoint)) = (self.phase, self.snapshot.take()) {
                    self.journal.waiting.push_back(Work::Snapshot { checkpoint, acked });
                }
            }
            Input::SnapshotFailed(failure) => {
                if self.phase == Phase::Snapshot {
                    self.trouble_with(now, failure, entropy, out);
                }
            }
            Input::Audit => (self.audit.wanted, self.audit.rounds) = (true, 0),
            Input::Missing(places) => {
                let page = self.limits.batch_size;
                places.iter().for_each(|(chain, places)| self.audit.miss(chain, places, page));
            }
            Input::RetryRefused => self.journal.waiting.push_back(Work::Retry { quota_only: false }),
            Input::Tick => {}
        }
    }

    /// A sign of life of the stream, if it is the one that is listened to.
    fn heard_of(&mut self, now: u64, id: u32) -> Option<&mut Stream> {
        let stream = self.stream.as_mut().filter(|stream| stream.id == id)?;
        stream.heard_ms = now;
        Some(stream)
    }

    // ------------------------------------------------------------------------------------------ asking

    fn ask(&mut self, now: u64, request: Request, out: &mut Vec<Command>) -> Asked {
        let id = self.next_id;
        self.next_id += 1;
        out.push(Command::Ask { id, request });
        Asked { id, until_ms: now + PATIENCE_MS }
    }

    fn greet(&mut self, now: u64, out: &mut Vec<Command>) {
        self.drop_all(out);
        self.phase = Phase::Greeting;
        self.asked = Some(self.ask(now, Request::Hello, out));
    }

    /// Ends everything that is under way but a commit, which the disk will finish.
    fn drop_all(&mut self, out: &mut Vec<Command>) {
        let asked = [self.asked.take(), self.pull.asked.take(), self.outbox.asked()];
        out.extend(asked.into_iter().flatten().map(|asked| Command::Forget { id: asked.id }));
        out.extend(self.stream.take().map(|stream| Command::CloseStream { id: stream.id }));
        (self.outbox.pushing, self.owner.claiming) = (None, None);
        (self.pull.wanted, self.pull.caught_up) = (false, false);
        // What was acknowledged in error stays to be taken back.
        self.journal.waiting.retain(|work| matches!(work, Work::Doubled(_)));
        self.audit.cut_off();
    }

    /// What can be done now is begun.
    fn go_on(&mut self, now: u64, out: &mut Vec<Command>) {
        self.next_commit(out);
        if self.phase == Phase::Learning && self.idle() && !self.journal.is_busy() {
            self.learn(now, out);
        }
        if self.phase != Phase::Running {
            return;
        }
        let busy = self.journal.is_busy();
        if self.pull.wanted && self.pull.asked.is_none() && !busy {
            self.pull.wanted = false;
            self.pull.caught_up = false;
            let request = Request::Pull { checkpoint: self.standing.cursor.clone(), batch_size: self.limits.batch_size };
            self.pull.asked = Some(self.ask(now, request, out));
        }
        if self.stream.is_none()
            && let Some(checkpoint) = self.standing.cursor.clone()
        {
            let id = self.next_id;
            self.next_id += 1;
            self.stream = Some(Stream { id, open: false, heard_ms: now });
            out.push(Command::OpenStream { id, checkpoint });
        }
        if self.outbox.wanted && !self.outbox.is_sending() && !self.journal.has_verdicts() {
            (self.outbox.wanted, self.outbox.collecting) = (false, true);
            out.push(Command::Collect { rows: self.outbox.rows_max, bytes: self.limits.push_bytes - 1024 });
        }
        self.audit(now, busy, out);
    }

    fn idle(&self) -> bool {
        self.asked.is_none() && !self.audit.looking
    }

    /// Before the first pull: rows that the server has need not be sent, and many rows come as a snapshot.
    fn learn(&mut self, now: u64, out: &mut Vec<Command>) {
        if let Some(chain) = self.audit.closer.pop_front() {
            self.audit.looking = true;
            self.asked = Some(self.ask(now, Request::Blocks { chain }, out));
            return;
        }
        let there = self.hello.as_ref().map_or(0, |hello| hello.rows);
        let here: u64 = self.standing.acked.values().map(Ranges::count).sum();
        let many = self.snapshot_rows.is_some_and(|rows| here + rows <= there);
        if many && self.standing.cursor.is_none() {
            self.phase = Phase::Snapshot;
            self.asked = Some(self.ask(now, Request::Snapshot, out));
        } else {
            self.run();
        }
    }

    fn run(&mut self) {
        self.phase = Phase::Running;
        (self.pull.wanted, self.outbox.wanted) = (true, true);
    }

    // ------------------------------------------------------------------------------------------ time

    fn patience(&mut self, now: u64, entropy: &mut dyn Entropy, out: &mut Vec<Command>) {
        let silent = self.stream.as_ref().is_some_and(|stream| stream.until_ms() <= now);
        if self.all_asked().any(|asked| asked.until_ms <= now) || silent {
            self.outbox.wanted = true;
            self.trouble_with(now, Failure::Unreachable("no answer".to_owned()), entropy, out);
        }
        if self.phase == Phase::Waiting && self.retry_at_ms <= now {
            self.greet(now, out);
        }
        if self.outbox.quota_at_ms.is_some_and(|at| at <= now) {
            self.outbox.quota_at_ms = None;
            self.journal.waiting.push_back(Work::Retry { quota_only: true });
        }
    }

    fn all_asked(&self) -> impl Iterator<Item = Asked> {
        [self.asked, self.pull.asked, self.outbox.asked()].into_iter().flatten()
    }

    fn wake_at(&self, now: u64) -> Option<u64> {
        let mut times: Vec<u64> = self.all_asked().map(|asked| asked.until_ms).collect();
        times.extend(self.stream.as_ref().map(Stream::until_ms));
        times.extend((self.phase == Phase::Waiting).then_some(self.retry_at_ms));
        times.extend(self.outbox.quota_at_ms);
        times.extend((self.phase == Phase::Running && !self.audit.looking).then(|| self.audit_at(now)));
        times.into_iter().filter(|at| now < *at).min()
    }
}
