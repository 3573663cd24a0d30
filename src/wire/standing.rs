//! Where a device stands with its server. It is written down together with the rows it speaks of, in one append.

use std::collections::BTreeMap;

use ledger::{EntityId, EventId, Row};
use serde::{Deserialize, Serialize};

use crate::{
    chain::ChainKey,
    message::Checkpoint,
    problem::{Code, Retry},
    ranges::Ranges,
};

#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Standing {
    /// Counts changes: of two on the disk the higher is the newer.
    pub version: u64,
    /// The account's persons, its first one first; none before the device is connected.
    pub persons: Vec<EntityId>,
    /// Everything up to here is on this device.
    pub cursor: Option<Checkpoint>,
    /// The dataset that the acknowledgements are about.
    pub epoch: String,
    /// Rows that are known to be on the server.
    pub acked: BTreeMap<ChainKey, Ranges>,
    pub refused: BTreeMap<EventId, Refused>,
    /// When everything was last compared, by the device's clock.
    pub audited_ms: u64,
}

/// A row that the server did not take. It stays on the device, and is shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refused {
    pub chain: ChainKey,
    pub dseq: u64,
    pub code: Code,
    pub retry: Retry,
}

impl Standing {
    pub fn ack(&mut self, row: &Row) {
        self.acked.entry(ChainKey::of(row)).or_default().insert(row.dseq, row.dseq);
        self.refused.remove(&row.event_id);
    }

    /// There is more than one row at these places: what was acknowledged may have been the other one, so all of them are sent
    /// once more. Whether anything was acknowledged there.
    pub fn doubt(&mut self, places: &BTreeMap<ChainKey, Ranges>) -> bool {
        let mut any = false;
        for (chain, places) in places {
            let Some(acked) = self.acked.get_mut(chain) else { continue };
            any |= acked.minus(places) != *acked;
            places.iter().for_each(|(from, to)| acked.remove(from, to));
        }
        any
    }

    pub fn is_acked(&self, row: &Row) -> bool {
        self.acked.get(&ChainKey::of(row)).is_some_and(|acked| acked.contains(row.dseq))
    }

    /// Which of the places held of a chain the server is not known to have, those that it refused among them.
    pub fn unacked(&self, chain: &ChainKey, held: &Ranges) -> Ranges {
        match self.acked.get(chain) {
            Some(acked) => held.minus(acked),
            None => held.clone(),
        }
    }

    /// Which of the places held of a chain wait to be sent: neither acknowledged nor refused.
    pub fn pending(&self, chain: &ChainKey, held: &Ranges) -> Ranges {
        let mut pending = self.unacked(chain, held);
        for refused in self.refused.values().filter(|refused| refused.chain == *chain) {
            pending.remove(refused.dseq, refused.dseq);
        }
        pending
    }
}
