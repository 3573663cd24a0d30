//! One device's side of replication, as a step function: something happened, so these things are to be done.
//!
//! ```text
//! hello ─► (digest: what does the server have already?) ─► (snapshot) ─► stream + pull + push, all at once
//! ```
//! Three rules carry it. Rows and the cursor that covers them are one commit. A frame counts only when it begins at or
//! before the cursor; otherwise there is a gap, and a gap is pulled. What the server has is known per row, never assumed.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use ledger::{DeviceId, EntityId, Entropy, Row};

use crate::{
    backoff,
    chain::ChainKey,
    limits::{Limits, PROTOCOL, STREAM_WATCHDOG_MS},
    message::{Blocks, Checkpoint, Digest, Frame, Hello, Page, PushAnswer, RawRow, Snapshot, Status, Verdict},
    problem::{Code, Problem, Retry},
    ranges::Ranges,
    standing::{Refused, Standing},
};

/// An answer that takes longer does not come.
const PATIENCE_MS: u64 = 60_000;
/// Frames that wait for the disk; beyond it they are dropped and pulled.
const WAITING_MAX: usize = 256;
const AUDIT_EVERY_MS: u64 = 24 * 60 * 60 * 1000;
/// How often in a row what an audit found is mended.
const AUDITS_MAX: u32 = 4;
const QUOTA_RETRY_MS: u64 = 10 * 60 * 1000;

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

/// A comparison of everything: the digest, and whatever had to be looked at more closely.
#[derive(Debug, Default)]
struct Audit {
    rows: u64,
    devices: BTreeSet<DeviceId>,
    differs: bool,
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

#[derive(Debug)]
enum Work {
    /// Another dataset, or another view of it.
    Begin {
        epoch: String,
    },
    Page(Page),
    Frame(Frame),
    Span(Vec<RawRow>),
    Verdicts {
        rows: Vec<Row>,
        answer: PushAnswer,
    },
    TooLarge(Row),
    Compared(Comparison),
    Doubled(BTreeMap<ChainKey, Ranges>),
    Snapshot {
        checkpoint: Checkpoint,
        acked: Vec<(ChainKey, Ranges)>,
    },
    Retry {
        quota_only: bool,
    },
    Belongs,
}

#[derive(Debug, Clone, Copy)]
struct Asked {
    id: u32,
    until_ms: u64,
}

#[derive(Debug)]
pub struct Replica {
    standing: Standing,
    phase: Phase,
    limits: Limits,
    /// The last hello, and when it came by this device's clock.
    hello: Option<Hello>,
    greeted_ms: u64,
    /// Where the pages go on after the snapshot that is being fetched.
    snapshot: Option<Checkpoint>,
    next_id: u32,
    /// One question of the orderly kind (hello, digest, blocks, span, snapshot), one pull, one push.
    asked: Option<Asked>,
    pulling: Option<Asked>,
    pushing: Option<(Asked, Vec<Row>)>,
    stream: Option<u32>,
    stream_open: bool,
    heard_ms: u64,
    waiting: VecDeque<Work>,
    committing: Option<(Work, Standing)>,
    want_pull: bool,
    want_push: bool,
    collecting: bool,
    caught_up: bool,
    want_audit: bool,
    audits: u32,
    /// The comparison of everything that is going on.
    audit: Option<Audit>,
    auditing: bool,
    closer: VecDeque<ChainKey>,
    spans: VecDeque<(ChainKey, u64, u64)>,
    /// Places that are asked for until the server has answered, whatever comes between.
    missing: VecDeque<(ChainKey, u64, u64)>,
    asked_missing: bool,
    /// Places that have more than one row here.
    doubled: BTreeMap<ChainKey, Ranges>,
    push_rows: usize,
    attempt: u32,
    retry_at_ms: u64,
    quota_at_ms: Option<u64>,
    snapshot_rows: Option<u64>,
    /// Persons whose rows were written here, and those of them that the account may not have.
    own: BTreeSet<EntityId>,
    strangers: BTreeSet<EntityId>,
    claiming: Option<EntityId>,
    /// Whom these rows are exchanged with, and nobody else.
    account_id: Option<String>,
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
        let before = self.standing.persons.iter().filter(|person| !self.strangers.contains(person));
        let forgotten: Vec<EntityId> = before.filter(|person| !persons.contains(person)).copied().collect();
        persons.extend(forgotten);
        if self.standing.persons != persons {
            self.standing.persons = persons;
            self.waiting.push_back(Work::Belongs);
        }
    }

    /// Another account's answers are those of a stranger: nothing is sent there, and nothing taken from there.
    pub fn is_of(&mut self, account_id: String) {
        self.account_id = Some(account_id);
    }

    /// Rows of this person were written on this device.
    pub fn writes_for(&mut self, person: EntityId) {
        self.own.insert(person);
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
            snapshot: None,
            next_id: 1,
            asked: None,
            pulling: None,
            pushing: None,
            stream: None,
            stream_open: false,
            heard_ms: 0,
            waiting: VecDeque::new(),
            committing: None,
            want_pull: false,
            want_push: false,
            collecting: false,
            caught_up: false,
            want_audit: false,
            audits: 0,
            audit: None,
            auditing: false,
            closer: VecDeque::new(),
            spans: VecDeque::new(),
            missing: VecDeque::new(),
            asked_missing: false,
            doubled: BTreeMap::new(),
            push_rows: limits.push_rows,
            attempt: 0,
            retry_at_ms: 0,
            quota_at_ms: None,
            snapshot_rows,
            own: BTreeSet::new(),
            strangers: BTreeSet::new(),
            claiming: None,
            account_id: None,
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
            Phase::Running if self.caught_up && self.stream_open => Link::Live,
            Phase::Running => Link::CatchingUp,
            Phase::Waiting => Link::Waiting { until_ms: self.retry_at_ms },
            Phase::Stopped => Link::Stopped,
        }
    }

    /// Everything is being compared, or will be as soon as there is time.
    pub fn is_comparing(&self) -> bool {
        self.want_audit || self.audit.is_some()
    }

    pub fn step(&mut self, now_ms: u64, entropy: &mut impl Entropy, input: Input) -> Vec<Command> {
        let mut out = Vec::new();
        self.take(now_ms, entropy, input, &mut out);
        self.patience(now_ms, entropy, &mut out);
        self.go_on(now_ms, &mut out);
        if let Some(at_ms) = self.wake_at(now_ms) {
            out.push(Command::Wake { at_ms });
        }
        out
    }

    fn take(&mut self, now: u64, entropy: &mut impl Entropy, input: Input, out: &mut Vec<Command>) {
        match input {
            Input::Connect => {
                if matches!(self.phase, Phase::Off | Phase::Waiting | Phase::Stopped) {
                    self.greet(now, out);
                } else if self.phase == Phase::Running {
                    // Back from sleep, perhaps: what was missed is asked for.
                    self.want_pull = true;
                }
            }
            Input::Disconnect => {
                self.drop_all(out);
                self.phase = Phase::Off;
            }
            Input::Wrote => self.want_push = true,
            Input::Answered { id, answer } => self.answered(now, id, answer, entropy, out),
            Input::Failed { id, failure } => self.failed(now, id, failure, entropy, out),
            Input::StreamOpened { id } if self.stream == Some(id) => {
                (self.stream_open, self.heard_ms, self.want_pull) = (true, now, true);
            }
            Input::StreamFrame { id, frame } if self.stream == Some(id) => {
                self.heard_ms = now;
                if self.waiting.len() < WAITING_MAX {
                    self.waiting.push_back(Work::Frame(frame));
                } else {
                    self.want_pull = true;
                }
            }
            Input::StreamResync { id } if self.stream == Some(id) => (self.heard_ms, self.want_pull) = (now, true),
            Input::StreamBeat { id } if self.stream == Some(id) => self.heard_ms = now,
            Input::StreamEnded { id, failure } if self.stream == Some(id) => {
                self.stream = None;
                self.trouble_with(now, failure, entropy, out);
            }
            Input::StreamOpened { .. }
            | Input::StreamFrame { .. }
            | Input::StreamResync { .. }
            | Input::StreamBeat { .. }
            | Input::StreamEnded { .. } => {}
            Input::Outbox(rows) => {
                self.collecting = false;
                if !rows.is_empty() && self.phase == Phase::Running && self.pushing.is_none() {
                    let asked = self.ask(now, Request::Push { rows: rows.clone() }, out);
                    self.pushing = Some((asked, rows));
                }
            }
            Input::Committed => self.committed(now),
            Input::CommitFailed(why) => {
                let failed = self.committing.take();
                self.drop_all(out);
                if let Some((doubt @ Work::Doubled(_), _)) = failed {
                    self.waiting.push_back(doubt);
                }
                self.trouble = Some(Trouble::Disk(why));
                self.wait(now, 30_000, entropy);
            }
            Input::Doubled(places) => {
                for (chain, places) in &places {
                    self.doubled.entry(chain.clone()).or_default().merge(places);
                }
                self.waiting.push_back(Work::Doubled(places));
            }
            Input::Compared(comparison) => self.waiting.push_back(Work::Compared(comparison)),
            Input::SnapshotStored(acked) => {
                if let (Phase::Snapshot, Some(checkpoint)) = (self.phase, self.snapshot.take()) {
                    self.waiting.push_back(Work::Snapshot { checkpoint, acked });
                }
            }
            Input::SnapshotFailed(failure) => {
                if self.phase == Phase::Snapshot {
                    self.trouble_with(now, failure, entropy, out);
                }
            }
            Input::Audit => (self.want_audit, self.audits) = (true, 0),
            Input::Missing(places) => {
                for (chain, places) in places {
                    for (from, to) in places.iter() {
                        // An answer is one page.
                        let page = self.limits.batch_size as u64;
                        let pieces = (from..=to).step_by(self.limits.batch_size);
                        let pieces = pieces.map(|at| (chain.clone(), at, to.min(at + page - 1)));
                        let pieces: Vec<_> = pieces.filter(|piece| !self.missing.contains(piece)).collect();
                        self.missing.extend(pieces);
                    }
                }
            }
            Input::RetryRefused => self.waiting.push_back(Work::Retry { quota_only: false }),
            Input::Tick => {}
        }
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
        (self.phase, self.claiming) = (Phase::Greeting, None);
        self.asked = Some(self.ask(now, Request::Hello, out));
    }

    /// Ends everything that is under way but a commit, which the disk will finish.
    fn drop_all(&mut self, out: &mut Vec<Command>) {
        let asked = self.asked.take().into_iter().chain(self.pulling.take());
        let asked: Vec<Asked> = asked.chain(self.pushing.take().map(|(asked, _)| asked)).collect();
        out.extend(asked.into_iter().map(|asked| Command::Forget { id: asked.id }));
        out.extend(self.stream.take().map(|id| Command::CloseStream { id }));
        self.stream_open = false;
        // What was acknowledged in error stays to be taken back.
        self.waiting.retain(|work| matches!(work, Work::Doubled(_)));
        (self.closer, self.spans) = (VecDeque::new(), VecDeque::new());
        (self.want_pull, self.auditing, self.caught_up, self.asked_missing) = (false, false, false, false);
        // Cut off, it begins anew when the line is back.
        self.want_audit |= self.audit.take().is_some();
    }

    /// What can be done now is begun.
    fn go_on(&mut self, now: u64, out: &mut Vec<Command>) {
        self.next_commit(out);
        if self.phase == Phase::Learning && self.idle() && self.committing.is_none() && self.waiting.is_empty() {
            self.learn(now, out);
        }
        if self.phase != Phase::Running {
            return;
        }
        let busy = self.committing.is_some() || !self.waiting.is_empty();
        if self.want_pull && self.pulling.is_none() && !busy {
            self.want_pull = false;
            self.caught_up = false;
            let request = Request::Pull { checkpoint: self.standing.cursor.clone(), batch_size: self.limits.batch_size };
            self.pulling = Some(self.ask(now, request, out));
        }
        if self.stream.is_none()
            && let Some(checkpoint) = self.standing.cursor.clone()
        {
            let id = self.next_id;
            self.next_id += 1;
            (self.stream, self.stream_open, self.heard_ms) = (Some(id), false, now);
            out.push(Command::OpenStream { id, checkpoint });
        }
        let sends = self.pushing.is_some() || self.collecting || self.waiting.iter().any(Work::is_verdict);
        let settles = self.committing.as_ref().is_some_and(|(work, _)| work.is_verdict());
        if self.want_push && !sends && !settles {
            (self.want_push, self.collecting) = (false, true);
            out.push(Command::Collect { rows: self.push_rows, bytes: self.limits.push_bytes - 1024 });
        }
        self.audit(now, busy, out);
    }

    fn idle(&self) -> bool {
        self.asked.is_none() && !self.auditing
    }

    /// Before the first pull: rows that the server has need not be sent, and many rows come as a snapshot.
    fn learn(&mut self, now: u64, out: &mut Vec<Command>) {
        if let Some(chain) = self.closer.pop_front() {
            self.auditing = true;
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
        (self.want_pull, self.want_push) = (true, true);
    }

    /// With nothing else to do: is everything here that is there, and the other way round?
    fn audit(&mut self, now: u64, busy: bool, out: &mut Vec<Command>) {
        if !self.caught_up || !self.idle() || busy || self.pushing.is_some() || self.collecting || self.want_push {
            return;
        }
        if let Some((chain, from, to)) = self.missing.front().cloned() {
            (self.auditing, self.asked_missing) = (true, true);
            self.asked = Some(self.ask(now, Request::Span { chain, from, to }, out));
        } else if let Some((chain, from, to)) = self.spans.pop_front() {
            self.auditing = true;
            self.asked = Some(self.ask(now, Request::Span { chain, from, to }, out));
        } else if let Some(chain) = self.closer.pop_front() {
            self.auditing = true;
            self.asked = Some(self.ask(now, Request::Blocks { chain }, out));
        } else if std::mem::take(&mut self.want_audit) || self.audit_at(now) <= now {
            self.auditing = true;
            self.audit = Some(Audit::default());
            self.asked = Some(self.ask(now, Request::Digest, out));
        }
    }

    // ------------------------------------------------------------------------------------------ answers

    fn answered(&mut self, now: u64, id: u32, answer: Answer, entropy: &mut impl Entropy, out: &mut Vec<Command>) {
        let orderly = self.asked.is_some_and(|asked| asked.id == id);
        let nonsense = |it: &mut Self, out: &mut Vec<Command>, entropy: &mut _| {
            let failure = Failure::Unreachable("an answer to another question".to_owned());
            it.trouble_with(now, failure, entropy, out);
        };
        match answer {
            Answer::Claimed if orderly => self.greet(now, out),
            Answer::Hello(hello) if orderly => {
                self.asked = None;
                self.greeted(now, hello, entropy, out);
            }
            Answer::Digest(digest) if orderly => {
                self.asked = None;
                out.push(Command::Compare(digest));
            }
            Answer::Blocks(blocks) if orderly => {
                self.asked = None;
                out.push(Command::CompareBlocks(blocks));
            }
            Answer::Page(page) if orderly => {
                self.asked = None;
                self.waiting.push_back(Work::Span(page.documents));
            }
            Answer::Snapshot(snapshot) if orderly => {
                self.asked = None;
                self.snapshot = Some(snapshot.checkpoint.clone());
                out.push(Command::FetchSnapshot(snapshot));
            }
            Answer::Page(page) if self.pulling.is_some_and(|asked| asked.id == id) => {
                self.pulling = None;
                self.waiting.push_back(Work::Page(page));
            }
            Answer::Pushed(answer) if self.pushing.as_ref().is_some_and(|(asked, _)| asked.id == id) => {
                let Some((_, rows)) = self.pushing.take() else { return };
                if answer.results.len() == rows.len() && answer.epoch == self.standing.epoch {
                    self.waiting.push_back(Work::Verdicts { rows, answer });
                } else {
                    self.want_push = true;
                    nonsense(self, out, entropy);
                }
            }
            _ if orderly => nonsense(self, out, entropy),
            // Of a question that was given up.
            _ => {}
        }
    }

    fn greeted(&mut self, now: u64, hello: Hello, entropy: &mut impl Entropy, out: &mut Vec<Command>) {
        self.greeted_ms = now;
        if PROTOCOL < hello.protocol {
            let problem = Problem::new(Code::UpgradeRequired, format!("the server speaks protocol {}", hello.protocol));
            self.hello = Some(hello);
            self.trouble_with(now, Failure::Problem(problem), entropy, out);
            return;
        }
        let other = self.account_id.as_ref().is_some_and(|own| !hello.account_id.is_empty() && *own != hello.account_id);
        if other {
            // Before anything of this device is claimed for it.
            let problem = Problem::new(Code::SignIn, "another account is signed in here by now");
            self.hello = Some(hello);
            self.trouble_with(now, Failure::Problem(problem), entropy, out);
            return;
        }
        let persons: Vec<EntityId> = hello.persons.iter().filter_map(|person| EntityId::parse(person).ok()).collect();
        let mut held = self.own.iter().chain(&self.standing.persons);
        let claim = held.find(|person| !persons.contains(person) && !self.strangers.contains(person)).copied();
        if let Some(person) = claim {
            // Its rows would be refused. The hello that follows knows it, or says no for good.
            (self.hello, self.claiming) = (Some(hello), Some(person));
            self.asked = Some(self.ask(now, Request::Claim { person }, out));
            return;
        }
        self.belongs_to(persons);
        self.trouble = None;
        self.limits = hello.limits;
        self.push_rows = self.push_rows.min(hello.limits.push_rows).max(1);
        let (epoch, view, rows) = (hello.epoch.clone(), hello.view.clone(), hello.rows);
        self.hello = Some(hello);
        let same_view = self.standing.cursor.as_ref().is_some_and(|cursor| cursor.view == view);
        if self.standing.epoch != epoch {
            self.waiting.push_back(Work::Begin { epoch });
            self.phase = Phase::Learning;
            if 0 < rows {
                self.auditing = true;
                self.asked = Some(self.ask(now, Request::Digest, out));
            }
        } else if same_view {
            self.run();
        } else {
            self.waiting.push_back(Work::Begin { epoch });
            self.phase = Phase::Learning;
        }
    }

    fn failed(&mut self, now: u64, id: u32, failure: Failure, entropy: &mut impl Entropy, out: &mut Vec<Command>) {
        if self.asked.is_some_and(|asked| asked.id == id) {
            self.asked = None;
            if let (Some(person), Failure::Problem(Problem { code: Code::Taken | Code::Forbidden, .. })) =
                (self.claiming.take(), &failure)
            {
                self.strangers.insert(person);
                self.greet(now, out);
                return;
            }
        } else if self.pulling.is_some_and(|asked| asked.id == id) {
            self.pulling = None;
            self.want_pull = true;
        } else if self.pushing.as_ref().is_some_and(|(asked, _)| asked.id == id) {
            let rows = self.pushing.take().map(|(_, rows)| rows).unwrap_or_default();
            self.want_push = true;
            if let Failure::Problem(problem) = &failure
                && matches!(problem.code, Code::TooLarge | Code::BatchTooLarge | Code::RowTooLarge)
            {
                if rows.len() == 1 {
                    self.waiting.extend(rows.into_iter().map(Work::TooLarge));
                } else {
                    self.push_rows = (rows.len() / 2).max(1);
                }
                return;
            }
        } else {
            return;
        }
        self.trouble_with(now, failure, entropy, out);
    }

    fn trouble_with(&mut self, now: u64, failure: Failure, entropy: &mut impl Entropy, out: &mut Vec<Command>) {
        let problem = match &failure {
            Failure::Unreachable(_) => None,
            Failure::Problem(problem) => Some(problem.clone()),
        };
        self.drop_all(out);
        match problem.as_ref().map(|problem| problem.code) {
            Some(Code::EpochChanged | Code::ViewChanged | Code::CheckpointTooOld) if self.attempt < 3 => {
                // Said again at the next hello, which also says what is new; a hello that does not is waited out.
                self.attempt += 1;
                if let Some(cursor) = &mut self.standing.cursor {
                    cursor.view = String::new();
                }
                if problem.is_some_and(|problem| problem.code == Code::EpochChanged) {
                    // Even if the hello names the same epoch: what it said it had, it no longer has.
                    self.standing.epoch = String::new();
                }
                self.greet(now, out);
                return;
            }
            Some(Code::SignIn | Code::Unsupported | Code::UpgradeRequired | Code::Forbidden) => {
                self.trouble = Some(Trouble::Server(failure));
                self.phase = Phase::Stopped;
                return;
            }
            _ => {}
        }
        let at_least = problem.as_ref().and_then(|problem| problem.retry_after_ms).unwrap_or(0);
        let quota = problem.is_some_and(|problem| problem.retry == Retry::AfterQuota);
        self.trouble = Some(Trouble::Server(failure));
        self.wait(now, if quota { QUOTA_RETRY_MS } else { at_least }, entropy);
    }

    fn wait(&mut self, now: u64, at_least_ms: u64, entropy: &mut impl Entropy) {
        self.phase = Phase::Waiting;
        self.retry_at_ms = now + backoff::wait_ms(self.attempt, at_least_ms, entropy);
        self.attempt = self.attempt.saturating_add(1);
    }

    // ------------------------------------------------------------------------------------------ time

    fn patience(&mut self, now: u64, entropy: &mut impl Entropy, out: &mut Vec<Command>) {
        let asked = [self.asked, self.pulling, self.pushing.as_ref().map(|(asked, _)| *asked)];
        let silent = self.stream.is_some() && self.heard_ms + STREAM_WATCHDOG_MS <= now;
        if asked.iter().flatten().any(|asked| asked.until_ms <= now) || silent {
            self.want_push = true;
            self.trouble_with(now, Failure::Unreachable("no answer".to_owned()), entropy, out);
        }
        if self.phase == Phase::Waiting && self.retry_at_ms <= now {
            self.greet(now, out);
        }
        if self.quota_at_ms.is_some_and(|at| at <= now) {
            self.quota_at_ms = None;
            self.waiting.push_back(Work::Retry { quota_only: true });
        }
    }

    fn wake_at(&self, now: u64) -> Option<u64> {
        let asked = [self.asked, self.pulling, self.pushing.as_ref().map(|(asked, _)| *asked)];
        let mut times: Vec<u64> = asked.iter().flatten().map(|asked| asked.until_ms).collect();
        times.extend(self.stream.map(|_| self.heard_ms + STREAM_WATCHDOG_MS));
        times.extend((self.phase == Phase::Waiting).then_some(self.retry_at_ms));
        times.extend(self.quota_at_ms);
        times.extend((self.phase == Phase::Running && !self.auditing).then(|| self.audit_at(now)));
        times.into_iter().filter(|at| now < *at).min()
    }

    /// A day after the last one. One in the future was noted by a clock that has been set right since.
    fn audit_at(&self, now: u64) -> u64 {
        if now < self.standing.audited_ms { now } else { self.standing.audited_ms + AUDIT_EVERY_MS }
    }

    // ------------------------------------------------------------------------------------------ commits

    fn next_commit(&mut self, out: &mut Vec<Command>) {
        while self.committing.is_none() {
            let Some(work) = self.waiting.pop_front() else { return };
            let mut standing = self.standing.clone();
            let Some(rows) = self.apply(&work, &mut standing) else { continue };
            standing.version += 1;
            out.push(Command::Commit(Box::new(Commit { rows, standing: standing.clone() })));
            self.committing = Some((work, standing));
        }
    }

    /// The standing as it will be, and the rows to store; `None` when there is nothing to write down.
    fn apply(&mut self, work: &Work, standing: &mut Standing) -> Option<Vec<Row>> {
        match work {
            Work::Begin { epoch } => {
                standing.cursor = None;
                if standing.epoch != *epoch {
                    standing.epoch.clone_from(epoch);
                    standing.audited_ms = 0;
                    (standing.acked, standing.refused) = Default::default();
                }
                // A new view is a new chance for what was out of reach.
                standing.refused.retain(|_, refused| refused.retry != Retry::AfterGrant);
                Some(Vec::new())
            }
            Work::Page(page) => {
                let rows = Self::read(&page.documents);
                self.heard(&rows, standing);
                let behind = standing.cursor.as_ref().is_some_and(|cursor| {
                    (&cursor.epoch, &cursor.view) == (&page.checkpoint.epoch, &page.checkpoint.view)
                        && page.checkpoint.seq < cursor.seq
                });
                if !behind {
                    standing.cursor = Some(page.checkpoint.clone());
                }
                Some(rows)
            }
            Work::Frame(frame) => {
                let cursor = standing.cursor.as_ref()?;
                if (&cursor.epoch, &cursor.view) != (&frame.checkpoint.epoch, &frame.checkpoint.view) || cursor.seq < frame.prev.seq
                {
                    self.want_pull = true;
                    return None;
                }
                if frame.checkpoint.seq <= cursor.seq {
                    return None;
                }
                let rows = Self::read(&frame.documents);
                self.heard(&rows, standing);
                standing.cursor = Some(frame.checkpoint.clone());
                Some(rows)
            }
            Work::Span(documents) => {
                let rows = Self::read(documents);
                self.heard(&rows, standing);
                Some(rows)
            }
            Work::Verdicts { rows, answer } => {
                let acknowledged = |verdict: &&Verdict| matches!(verdict.status, Status::Accepted | Status::Duplicate);
                // Refusals last: of two rows of one place either may be refused.
                let mut verdicts: Vec<_> = rows.iter().zip(&answer.results).collect();
                verdicts.sort_by_key(|(_, verdict)| !acknowledged(verdict));
                let place = |row: &Row| (ChainKey::of(row), row.dseq);
                for (row, verdict) in verdicts {
                    match (verdict.status, verdict.code) {
                        // The others of its place came up after it was sent.
                        (Status::Accepted | Status::Duplicate, _)
                            if self.is_doubled(row) && rows.iter().filter(|other| place(other) == place(row)).count() < 2 => {}
                        (Status::Accepted | Status::Duplicate, _) => standing.ack(row),
                        (Status::Conflict | Status::Rejected, code) => {
                            let code = code.unwrap_or(Code::BadEnvelope);
                            refuse(standing, row, code, verdict.retry.unwrap_or(Retry::Never));
                        }
                    }
                }
                Some(Vec::new())
            }
            Work::TooLarge(row) => {
                refuse(standing, row, Code::RowTooLarge, Retry::Never);
                Some(Vec::new())
            }
            Work::Compared(comparison) => {
                for (chain, ranges) in &comparison.same {
                    standing.acked.entry(chain.clone()).or_default().merge(ranges);
                }
                for (chain, ranges) in &comparison.differ {
                    if let Some(acked) = standing.acked.get_mut(chain) {
                        ranges.iter().for_each(|(from, to)| acked.remove(from, to));
                    }
                }
                Some(Vec::new())
            }
            Work::Doubled(places) => standing.doubt(places).then(Vec::new),
            Work::Snapshot { checkpoint, acked } => {
                for (chain, ranges) in acked {
                    standing.acked.entry(chain.clone()).or_default().merge(ranges);
                }
                standing.cursor = Some(checkpoint.clone());
                Some(Vec::new())
            }
            Work::Belongs => Some(Vec::new()),
            Work::Retry { quota_only } => {
                let before = standing.refused.len();
                standing.refused.retain(|_, refused| *quota_only && refused.retry != Retry::AfterQuota);
                (standing.refused.len() != before).then(Vec::new)
            }
        }
    }

    fn is_doubled(&self, row: &Row) -> bool {
        self.doubled.get(&ChainKey::of(row)).is_some_and(|places| places.contains(row.dseq))
    }

    /// The server has these. Where there is more than one row of a place, having one says nothing of the others.
    fn heard(&self, rows: &[Row], standing: &mut Standing) {
        rows.iter().filter(|row| !self.is_doubled(row)).for_each(|row| standing.ack(row));
    }

    /// What is no row is passed over, and the digest shows it missing.
    fn read(documents: &[RawRow]) -> Vec<Row> {
        documents.iter().filter_map(|raw| Row::read(raw.get().as_bytes()).ok()).collect()
    }

    fn committed(&mut self, now: u64) {
        let Some((work, standing)) = self.committing.take() else { return };
        self.standing = standing;
        match work {
            Work::Page(page) => {
                (self.want_pull, self.caught_up) = (self.want_pull || page.more, !page.more);
                // Only now is the way to the server known to work from end to end.
                self.attempt = 0;
            }
            Work::Doubled(_) => self.want_push = true,
            Work::Verdicts { .. } | Work::TooLarge(_) | Work::Retry { .. } => {
                self.want_push = true;
                let quota = self.standing.refused.values().any(|refused| refused.retry == Retry::AfterQuota);
                if quota && self.quota_at_ms.is_none() {
                    self.quota_at_ms = Some(now + QUOTA_RETRY_MS);
                }
            }
            Work::Compared(comparison) => self.compared(now, comparison),
            Work::Span(_) => {
                self.auditing = false;
                if std::mem::take(&mut self.asked_missing) {
                    self.missing.pop_front();
                }
            }
            Work::Snapshot { .. } if self.phase == Phase::Snapshot => self.run(),
            Work::Begin { .. } | Work::Frame(_) | Work::Snapshot { .. } | Work::Belongs => {}
        }
    }

    fn compared(&mut self, now: u64, comparison: Comparison) {
        let Comparison { same, differ, fetch, closer, rows, whole, unlinked } = comparison;
        if whole {
            self.unlinked = unlinked;
        }
        self.auditing = false;
        let known: BTreeSet<ChainKey> = ledger::set_of(self.closer.iter().cloned());
        self.closer.extend(closer.into_iter().filter(|chain| !known.contains(chain)));
        if self.phase == Phase::Learning {
            // What is missing here will be pulled anyway.
            return;
        }
        self.want_push |= !differ.is_empty();
        self.spans.extend(fetch);
        let Some(mut audit) = self.audit.take() else { return };
        // A chain that could not be compared is not known to be the same.
        audit.differs |= !differ.is_empty() || (same.is_empty() && !whole);
        audit.rows += rows;
        audit.devices.extend(same.into_iter().map(|(chain, _)| chain.device_id));
        if !self.closer.is_empty() {
            self.audit = Some(audit);
            return;
        }
        self.standing.audited_ms = now;
        self.verified = (!audit.differs && self.unlinked == 0).then_some((audit.rows, audit.devices.len()));
        // What was found is mended, and looked at once more; what cannot be mended is left for another day.
        self.audits = if audit.differs { self.audits + 1 } else { 0 };
        self.want_audit |= audit.differs && self.audits < AUDITS_MAX;
    }
}

impl Work {
    fn is_verdict(&self) -> bool {
        matches!(self, Self::Verdicts { .. } | Self::TooLarge(_) | Self::Retry { .. })
    }
}

fn refuse(standing: &mut Standing, row: &Row, code: Code, retry: Retry) {
    // Another row of this place may be there: this one is not.
    if let Some(acked) = standing.acked.get_mut(&ChainKey::of(row)) {
        acked.remove(row.dseq, row.dseq);
    }
    let refused = Refused { chain: ChainKey::of(row), dseq: row.dseq, code, retry };
    standing.refused.insert(row.event_id, refused);
}
