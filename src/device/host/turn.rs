//! One tab of a profile leads: it seals sessions that are over, frees what is sealed, and keeps the pool from running dry.
//! Everything else every tab does for itself.
//!
//! ```text
//! takes the lead   reads the newest index; what was left over by a dead leader; the key; the sessions' files
//! a turn           births, retired files, the index, damaged files, free files; with a projector: sealing, what was left
//!                  over, merging, files that do not say what they hold, packed tables; then it rests
//! ```
//!
//! What fails is tried again at the next turn; nothing is lost by waiting.

mod freeing;
mod leftover;
mod merging;
mod sealing;
mod takeover;
mod upkeep;

use std::collections::BTreeSet;

use crate::{
    deeds::{Act, Answer, Around, Deed, Task, Ticket, Trouble, Whole, odd},
    host::Host,
    host::index::{Change, Owner},
    manifest::SealedFile,
};

/// Between two turns when nobody nudges.
const REST_MS: u32 = 15_000;

#[derive(Debug, Default)]
pub(crate) struct Lead {
    pub(crate) leads: bool,
    /// Something that the index says has changed in memory.
    pub(crate) dirty: bool,
    nudged: bool,
    stolen: bool,
    /// Another tab has written a newer index, and takes itself for the leader: this one begins anew with what that says.
    outdone: bool,
    /// Whoever has an account replicates.
    connected: bool,
    /// The generation that this tab's index is of, while it has only been told to be of the next term.
    before_term: Option<u64>,
    stage: Stage,
    asked: Option<Ticket>,
    /// Sealed files that nobody listed when this tab took the lead, by name and use.
    left: Vec<(String, String)>,
    /// Sealed files that did not say what they hold, and were looked into.
    looked: BTreeSet<String>,
    /// Sealed files that could not be read to be merged.
    refused: Vec<SealedFile>,
    /// No sealed file is plain any more.
    all_encrypted: bool,
}

/// What the leader waits for.
#[derive(Debug, Default)]
enum Stage {
    /// Another tab leads.
    #[default]
    Follows,
    Rests,
    TakesOver(takeover::Stage),
    Frees(freeing::Stage),
    Seals(sealing::Stage),
    Reclaims(leftover::Stage),
    Merges(merging::Stage),
    KeepsUp(upkeep::Stage),
}

impl From<takeover::Stage> for Stage {
    fn from(stage: takeover::Stage) -> Self {
        Self::TakesOver(stage)
    }
}

impl From<freeing::Stage> for Stage {
    fn from(stage: freeing::Stage) -> Self {
        Self::Frees(stage)
    }
}

impl From<sealing::Stage> for Stage {
    fn from(stage: sealing::Stage) -> Self {
        Self::Seals(stage)
    }
}

impl From<leftover::Stage> for Stage {
    fn from(stage: leftover::Stage) -> Self {
        Self::Reclaims(stage)
    }
}

impl From<merging::Stage> for Stage {
    fn from(stage: merging::Stage) -> Self {
        Self::Merges(stage)
    }
}

impl From<upkeep::Stage> for Stage {
    fn from(stage: upkeep::Stage) -> Self {
        Self::KeepsUp(stage)
    }
}

impl Lead {
    pub(crate) fn waits_for(&self, ticket: Ticket) -> bool {
        self.asked == Some(ticket)
    }

    pub(crate) fn is_outdone(&mut self) {
        (self.outdone, self.nudged) = (true, true);
    }

    /// The index in memory is one that was written down.
    pub(crate) fn is_of_its_term(&mut self) {
        self.before_term = None;
    }
}

type Out = Vec<Deed>;

impl Host {
    fn wait_for(&mut self, out: &mut Out, stage: impl Into<Stage>, act: Act) {
        self.lead.asked = Some(self.ask(out, Task::Turn, act));
        self.lead.stage = stage.into();
    }

    fn wait_for_index(&mut self, around: &mut Around, out: &mut Out, stage: impl Into<Stage>, change: Change) {
        self.lead.asked = None;
        self.lead.stage = stage.into();
        self.change(around, out, Owner::Turn, change);
    }

    fn wait_for_store(&mut self, out: &mut Out, stage: impl Into<Stage>, whole: Whole) {
        self.lead.asked = None;
        self.lead.stage = stage.into();
        self.store(out, Owner::Turn, whole);
    }

    pub(crate) fn lose_lead(&mut self, around: &mut Around, out: &mut Out) {
        (self.lead.leads, self.lead.asked, self.lead.stage) = (false, None, Stage::Follows);
        (self.lead.outdone, self.lead.connected) = (false, false);
        // A term that was never written down is none: what others write of the one before it is newer than what is known here.
        if let Some(generation) = self.lead.before_term.take() {
            self.manifest.generation = generation;
        }
        self.stop_writing();
        self.stop_storing(out);
        self.unlink(around, out);
    }

    pub(crate) fn nudged(&mut self, around: &Around, out: &mut Out) {
        self.lead.nudged = true;
        if matches!(self.lead.stage, Stage::Rests) {
            self.begin_turn(around, out);
        }
    }

    /// What the leader waited for is there.
    pub(crate) fn go_on(&mut self, around: &mut Around, out: &mut Out, answer: Result<Answer, Trouble>) {
        self.lead.asked = None;
        let stage = std::mem::take(&mut self.lead.stage);
        if let Err(trouble) = self.took(around, out, stage, answer) {
            out.push(Deed::Warn(format!("housekeeping will be tried again: {trouble}")));
            self.rest(around, out);
        }
    }

    fn rest(&mut self, around: &Around, out: &mut Out) {
        match self.lead.nudged {
            true => self.begin_turn(around, out),
            false => self.wait_for(out, Stage::Rests, Act::Wait(REST_MS)),
        }
    }

    /// Each stage takes its answer, or refuses it, which ends the turn.
    fn took(&mut self, around: &mut Around, out: &mut Out, stage: Stage, answer: Result<Answer, Trouble>) -> Result<(), Trouble> {
        match stage {
            Stage::Follows => Err(odd()),
            Stage::Rests => {
                self.begin_turn(around, out);
                Ok(())
            }
            Stage::TakesOver(stage) => self.took_over(around, out, stage, answer),
            Stage::Frees(stage) => self.freed(around, out, stage, answer),
            Stage::Seals(stage) => self.sealed(around, out, stage, answer),
            Stage::Reclaims(stage) => self.reclaimed(around, out, stage, answer),
            Stage::Merges(stage) => self.merged(around, out, stage, answer),
            Stage::KeepsUp(stage) => self.kept_up(around, out, stage, answer),
        }
    }
}

/// What the tests of a turn stand on.
#[cfg(test)]
mod pretended {
    use ledger::{DeviceId, EntityId, Entropy, LaneId};

    use crate::{Device, Host, Identity, LaneHeads, Manifest, Shelf, deeds::Around};

    pub(super) struct Bytes;

    impl Entropy for Bytes {
        fn fill(&mut self, bytes: &mut [u8]) {
            bytes.fill(7);
        }
    }

    pub(super) fn around(utc_ms: u64, entropy: &mut Bytes) -> Around<'_> {
        Around {
            utc_ms,
            mono_ms: 0,
            offset_min: 0,
            entropy,
            projector: false,
            encrypts: false,
            account: false,
            stored: true,
            twice: true,
            lasts: false,
        }
    }

    pub(super) fn me() -> Identity {
        Identity { device_id: DeviceId::from_bytes([1; 8]), person: EntityId::v7(1, [1; 10]), changes: 0 }
    }

    /// Nothing is here yet.
    pub(super) fn host() -> Host {
        let device = Device::new(me(), LaneId::number(0), LaneHeads::new());
        Host::new(device, Shelf::default(), Manifest::first(me()), None)
    }
}
