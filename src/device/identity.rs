//! Who this installation is: one device, one person, minted at the first run and never again.

use ledger::{DeviceId, EntityId, Entropy};
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    pub device_id: DeviceId,
    pub person: EntityId,
    /// How often it was told to write for somebody else: of two words on who it is, the later one counts more.
    #[serde(default)]
    pub changes: u32,
}

impl Identity {
    pub fn mint(utc_ms: u64, entropy: &mut dyn Entropy) -> Self {
        let mut device = [0; 8];
        entropy.fill(&mut device);
        Self { device_id: DeviceId::from_bytes(device), person: entropy.entity_id(utc_ms), changes: 0 }
    }

    /// The same person on what counts as a new device: its chains begin anew.
    #[must_use]
    pub fn on_new_device(&self, utc_ms: u64, entropy: &mut dyn Entropy) -> Self {
        Self { person: self.person, changes: self.changes, ..Self::mint(utc_ms, entropy) }
    }

    #[must_use]
    pub fn acting_for(&self, person: EntityId) -> Self {
        Self { device_id: self.device_id.clone(), person, changes: self.changes + u32::from(person != self.person) }
    }

    /// Who it is by what IndexedDB kept and by what the files say. IndexedDB is written first, so it is ahead when a start
    /// found a change half written; a stranger that was minted there while no file could be read gives way to the files.
    pub fn of(kept: Option<Self>, filed: Option<Self>) -> Option<Self> {
        match (kept, filed) {
            (Some(kept), Some(filed)) if kept.person != filed.person && kept.changes <= filed.changes => Some(filed),
            (kept, filed) => kept.or(filed),
        }
    }
}
