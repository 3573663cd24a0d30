//! Whether everything may be removed from this device: nothing is that is nowhere else.

use std::collections::BTreeMap;

use wire::{ChainKey, Ranges};

use crate::{host::Host, shelf::holds_all};

impl Host {
    /// Rows that no server has acknowledged, by what the files say. What nobody can say counts as only here; `newer` files were
    /// written by a newer build.
    pub fn only_here(&self, newer: u64) -> u64 {
        let standing = self.standing.clone().unwrap_or_default();
        let damaged = self.damaged.iter().flat_map(|file| &file.spans);
        let damaged: u64 = damaged.map(|span| standing.unacked(&span.chain, &span.places).count()).sum();
        self.shelf.unacknowledged(&standing) + damaged + self.unknown(newer)
    }

    /// Rows in files that nobody has looked into, or can.
    fn unknown(&self, newer: u64) -> u64 {
        let unread = self.manifest.sealed.iter().filter(|file| file.spans.is_empty()).map(|file| file.rows.max(1));
        unread.sum::<u64>() + newer
    }

    /// `Err` says how many changes would be lost. `exported` is what the last backup that was handed over holds.
    pub fn may_remove(&self, exported: &BTreeMap<ChainKey, Ranges>, newer: u64) -> Result<(), u64> {
        // What a damaged file held is in no backup.
        let backed_up =
            || self.unknown(newer) == 0 && self.damaged.is_empty() && holds_all(&self.shelf.places(), |chain| exported.get(chain));
        match self.only_here(newer) {
            0 => Ok(()),
            _ if backed_up() => Ok(()),
            only_here => Err(only_here),
        }
    }
}

#[cfg(test)]
mod tests {
    use ledger::{DeviceId, EntityId, LaneId, Scope};
    use wire::{ChainSum, Span, Standing};

    use super::*;
    use crate::{Device, Identity, LaneHeads, Manifest, SealedFile, Shelf};

    #[test]
    fn nothing_is_removed_that_is_nowhere_else() {
        let identity = Identity { device_id: DeviceId::from_bytes([1; 8]), person: EntityId::v7(1, [1; 10]), changes: 0 };
        let scope = Scope::Person(identity.person);
        let chain = ChainKey { scope, device_id: identity.device_id.clone(), lane: LaneId::number(0) };
        let span = |to| Span { chain: chain.clone(), places: Ranges::of(1, to), sum: ChainSum::default() };
        let file = |to, spans| SealedFile { use_id: format!("{to}"), rows: to, spans, ..SealedFile::default() };
        let backup = |to| BTreeMap::from([(chain.clone(), Ranges::of(1, to))]);
        let host = || {
            let device = Device::new(identity.clone(), LaneId::number(0), LaneHeads::new());
            let mut host = Host::new(device, Shelf::default(), Manifest::first(identity.clone()), None);
            host.manifest.sealed = vec![file(5, vec![span(5)])];
            host.shelf.add_file("5", &[span(5)]);
            host
        };
        assert_eq!(host().may_remove(&BTreeMap::new(), 0), Err(5), "nobody else has them");
        assert_eq!(host().may_remove(&backup(4), 0), Err(5), "the backup is older than the last row");
        assert_eq!(host().may_remove(&backup(5), 0), Ok(()), "the backup has them");
        assert_eq!(host().may_remove(&backup(5), 1), Err(6), "a file that only a newer build can read");
        let mut acked = host();
        acked.standing = Some(Standing { acked: backup(5), ..Standing::default() });
        assert_eq!(acked.may_remove(&BTreeMap::new(), 0), Ok(()), "the server has them");
        acked.damaged = vec![file(9, vec![span(9)])];
        assert_eq!(acked.may_remove(&backup(9), 0), Err(4), "what is damaged here is on no server, and in no backup");
        let mut unread = host();
        unread.manifest.sealed.push(file(3, Vec::new()));
        assert_eq!(unread.may_remove(&backup(5), 0), Err(8), "nobody has looked into it");
    }
}
