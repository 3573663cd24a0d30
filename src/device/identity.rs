//! Who this installation is: one device, one person, minted at the first run and never again.

use ledger::{DeviceId, EntityId, Entropy};
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    pub device_id: DeviceId,
    pub person: EntityId,
}

impl Identity {
    pub fn mint(utc_ms: u64, entropy: &mut impl Entropy) -> Self {
        let mut device = [0; 8];
        entropy.fill(&mut device);
        Self { device_id: DeviceId::from_bytes(device), person: entropy.entity_id(utc_ms) }
    }

    /// The same person on what counts as a new device: its chains begin anew.
    #[must_use]
    pub fn on_new_device(&self, utc_ms: u64, entropy: &mut impl Entropy) -> Self {
        Self { person: self.person, ..Self::mint(utc_ms, entropy) }
    }
}
