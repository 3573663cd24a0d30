//! What is written down: rows of the server and the standing that covers them, one commit after another.

use std::collections::{BTreeMap, VecDeque};

use ledger::{Row, sorted};

use super::{
    Phase, Replica,
    interface::{Command, Commit, Comparison},
    outbox::QUOTA_RETRY_MS,
};
use crate::{
    chain::ChainKey,
    message::{Checkpoint, Frame, Page, PushAnswer, RawRow, Status, Verdict},
    problem::{Code, Retry},
    ranges::Ranges,
    standing::{Refused, Standing},
};

/// Frames that wait for the disk; beyond it they are dropped and pulled.
const WAITING_MAX: usize = 256;

#[derive(Debug)]
pub(super) enum Work {
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
        unsure: BTreeMap<ChainKey, Ranges>,
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

#[derive(Debug, Default)]
pub(super) struct Journal {
    pub(super) waiting: VecDeque<Work>,
    /// What the disk has been given, and the standing that holds once it is there.
    pub(super) writing: Option<(Work, Standing)>,
}

impl Journal {
    pub(super) fn is_full(&self) -> bool {
        WAITING_MAX <= self.waiting.len()
    }

    pub(super) fn is_busy(&self) -> bool {
        self.writing.is_some() || !self.waiting.is_empty()
    }

    pub(super) fn is_writing(&self, what: impl Fn(&Work) -> bool) -> bool {
        self.writing.iter().map(|(work, _)| work).chain(&self.waiting).any(what)
    }

    /// Verdicts are still to be written down: until then it is not known what is to be sent.
    pub(super) fn has_verdicts(&self) -> bool {
        self.is_writing(Work::is_verdict)
    }
}

impl Work {
    pub(super) fn is_verdict(&self) -> bool {
        matches!(self, Self::Verdicts { .. } | Self::TooLarge(_) | Self::Retry { .. })
    }
}

impl Replica {
    pub(super) fn next_commit(&mut self, out: &mut Vec<Command>) {
        while self.journal.writing.is_none() {
            let Some(work) = self.journal.waiting.pop_front() else { return };
            let mut standing = self.standing.clone();
            let Some(rows) = self.apply(&work, &mut standing) else { continue };
            standing.version += 1;
            out.push(Command::Commit(Box::new(Commit { rows, standing: standing.clone() })));
            self.journal.writing = Some((work, standing));
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
                    self.pull.wanted = true;
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
            Work::Verdicts { rows, answer, unsure } => {
                let acknowledged = |verdict: &&Verdict| matches!(verdict.status, Status::Accepted | Status::Duplicate);
                // Refusals last: of two rows of one place either may be refused.
                let verdicts = sorted(rows.iter().zip(&answer.results), |(_, a), (_, b)| acknowledged(b).cmp(&acknowledged(a)));
                let is_unsure = |row: &Row| unsure.get(&ChainKey::of(row)).is_some_and(|places| places.contains(row.dseq));
                for (row, verdict) in verdicts {
                    match (verdict.status, verdict.code) {
                        (Status::Accepted | Status::Duplicate, _) if is_unsure(row) => {}
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

    pub(super) fn committed(&mut self, now: u64) {
        let Some((work, standing)) = self.journal.writing.take() else { return };
        self.standing = standing;
        match work {
            Work::Page(page) => {
                (self.pull.wanted, self.pull.caught_up) = (self.pull.wanted || page.more, !page.more);
                // Only now is the way to the server known to work from end to end.
                self.attempt = 0;
            }
            Work::Doubled(_) => self.outbox.wanted = true,
            Work::Verdicts { .. } | Work::TooLarge(_) | Work::Retry { .. } => {
                self.outbox.wanted = true;
                let quota = self.standing.refused.values().any(|refused| refused.retry == Retry::AfterQuota);
                if quota && self.outbox.quota_at_ms.is_none() {
                    self.outbox.quota_at_ms = Some(now + QUOTA_RETRY_MS);
                }
            }
            Work::Compared(comparison) => self.compared(now, comparison),
            Work::Span(_) => self.audit.span_came(),
            Work::Snapshot { .. } if self.phase == Phase::Snapshot => self.run(),
            Work::Begin { .. } | Work::Frame(_) | Work::Snapshot { .. } | Work::Belongs => {}
        }
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
