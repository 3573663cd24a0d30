//! The comparison of everything with the server, what it found, and what is known to be missing here.

use std::collections::{BTreeSet, VecDeque};

use ledger::{DeviceId, set_of};

use super::{
    Phase, Replica,
    interface::{Command, Comparison, Request},
};
use crate::{chain::ChainKey, ranges::Ranges};

const AUDIT_EVERY_MS: u64 = 24 * 60 * 60 * 1000;
/// How often in a row what an audit found is mended.
const ROUNDS_MAX: u32 = 4;

#[derive(Debug, Default)]
pub(super) struct Audit {
    pub(super) wanted: bool,
    /// Those in a row that found something.
    pub(super) rounds: u32,
    /// The comparison of everything that is going on.
    pub(super) tally: Option<Tally>,
    /// Something was asked for one, and is not settled yet.
    pub(super) looking: bool,
    /// Chains to compare block by block,
    pub(super) closer: VecDeque<ChainKey>,
    /// and places to fetch.
    pub(super) spans: VecDeque<(ChainKey, u64, u64)>,
    /// Places that are asked for until the server has answered, whatever comes between.
    pub(super) missing: VecDeque<(ChainKey, u64, u64)>,
    pub(super) asked_missing: bool,
}

/// A comparison of everything: the digest, and whatever had to be looked at more closely.
#[derive(Debug, Default)]
pub(super) struct Tally {
    rows: u64,
    devices: BTreeSet<DeviceId>,
    differs: bool,
}

impl Audit {
    /// Cut off, it begins anew when the line is back.
    pub(super) fn cut_off(&mut self) {
        (self.closer, self.spans) = (VecDeque::new(), VecDeque::new());
        (self.looking, self.asked_missing) = (false, false);
        self.wanted |= self.tally.take().is_some();
    }

    pub(super) fn miss(&mut self, chain: &ChainKey, places: &Ranges, batch_size: usize) {
        for (from, to) in places.iter() {
            // An answer is one page.
            let page = batch_size as u64;
            let pieces = (from..=to).step_by(batch_size).map(|at| (chain.clone(), at, to.min(at + page - 1)));
            let pieces: Vec<_> = pieces.filter(|piece| !self.missing.contains(piece)).collect();
            self.missing.extend(pieces);
        }
    }

    pub(super) fn span_came(&mut self) {
        self.looking = false;
        if std::mem::take(&mut self.asked_missing) {
            self.missing.pop_front();
        }
    }
}

impl Replica {
    /// With nothing else to do: is everything here that is there, and the other way round?
    pub(super) fn audit(&mut self, now: u64, busy: bool, out: &mut Vec<Command>) {
        if !self.pull.caught_up || !self.idle() || busy || self.outbox.is_sending() || self.outbox.wanted {
            return;
        }
        if let Some((chain, from, to)) = self.audit.missing.front().cloned() {
            (self.audit.looking, self.audit.asked_missing) = (true, true);
            self.asked = Some(self.ask(now, Request::Span { chain, from, to }, out));
        } else if let Some((chain, from, to)) = self.audit.spans.pop_front() {
            self.audit.looking = true;
            self.asked = Some(self.ask(now, Request::Span { chain, from, to }, out));
        } else if let Some(chain) = self.audit.closer.pop_front() {
            self.audit.looking = true;
            self.asked = Some(self.ask(now, Request::Blocks { chain }, out));
        } else if std::mem::take(&mut self.audit.wanted) || self.audit_at(now) <= now {
            self.audit.looking = true;
            self.audit.tally = Some(Tally::default());
            self.asked = Some(self.ask(now, Request::Digest, out));
        }
    }

    pub(super) fn compared(&mut self, now: u64, comparison: Comparison) {
        let Comparison { same, differ, fetch, closer, rows, whole, unlinked } = comparison;
        if whole {
            self.unlinked = unlinked;
        }
        self.audit.looking = false;
        let known = set_of(self.audit.closer.iter().cloned());
        self.audit.closer.extend(closer.into_iter().filter(|chain| !known.contains(chain)));
        if self.phase == Phase::Learning {
            // What is missing here will be pulled anyway.
            return;
        }
        self.outbox.wanted |= !differ.is_empty();
        self.audit.spans.extend(fetch);
        let Some(mut tally) = self.audit.tally.take() else { return };
        // A chain that could not be compared is not known to be the same.
        tally.differs |= !differ.is_empty() || (same.is_empty() && !whole);
        tally.rows += rows;
        tally.devices.extend(same.into_iter().map(|(chain, _)| chain.device_id));
        if !self.audit.closer.is_empty() {
            self.audit.tally = Some(tally);
            return;
        }
        self.standing.audited_ms = now;
        self.verified = (!tally.differs && self.unlinked == 0).then_some((tally.rows, tally.devices.len()));
        // What was found is mended, and looked at once more; what cannot be mended is left for another day.
        self.audit.rounds = if tally.differs { self.audit.rounds + 1 } else { 0 };
        self.audit.wanted |= tally.differs && self.audit.rounds < ROUNDS_MAX;
    }

    /// A day after the last one. One in the future was noted by a clock that has been set right since.
    pub(super) fn audit_at(&self, now: u64) -> u64 {
        if now < self.standing.audited_ms { now } else { self.standing.audited_ms + AUDIT_EVERY_MS }
    }
}
