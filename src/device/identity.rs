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
    pub fn mint(utc_ms: u64, entropy: &mut impl Entropy) -> Self {
        let mut device = [0; 8];
        entropy.fill(&mut device);
        Self { device_id: DeviceId::from_bytes(device), person: entropy.entity_id(utc_ms), changes: 0 }
    }

    /// The same person on what counts as a new device: its chains begin anew.
    #[must_use]
    pub fn on_new_device(&self, utc_ms: u64, entropy: &mut impl Entropy) -> Self {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_later_word_on_who_it_is_counts() {
        let me = Identity { device_id: DeviceId::from_bytes([1; 8]), person: EntityId::v7(1, [1; 10]), changes: 0 };
        let stranger = Identity { device_id: DeviceId::from_bytes([7; 8]), person: EntityId::v7(9, [9; 10]), changes: 0 };
        let mine = me.acting_for(EntityId::v7(5, [5; 10]));
        let elsewhere = Identity { device_id: DeviceId::from_bytes([3; 8]), ..me.clone() };
        let cases = [
            ("nothing is known", None, None, None),
            ("IndexedDB is lost", None, Some(&me), Some(&me)),
            ("the files are lost", Some(&me), None, Some(&me)),
            ("it signed in, and died before an index said so", Some(&mine), Some(&me), Some(&mine)),
            ("IndexedDB was put back to an earlier state", Some(&me), Some(&mine), Some(&mine)),
            ("a stranger was minted while the files could not be read", Some(&stranger), Some(&me), Some(&me)),
            ("it became another device, and died before an index said so", Some(&elsewhere), Some(&me), Some(&elsewhere)),
        ];
        for (name, kept, filed, who) in cases {
            assert_eq!(Identity::of(kept.cloned(), filed.cloned()).as_ref(), who, "{name}");
        }
        assert_eq!(me.acting_for(me.person), me);
    }
}
