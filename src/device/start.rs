//! Who this is, by what a start finds, and what it has lost.

use ledger::{Entropy, LaneId, Row};

use crate::{identity::Identity, pool::FILE_YOUNG_MS, recover::Recovered};

/// What a start goes by when it says who this is.
pub struct Start<'a> {
    /// As IndexedDB has it.
    pub kept: Option<Identity>,
    /// As the page remembers it, for when everything else is gone.
    pub before: Option<Identity>,
    pub found: &'a Recovered,
    /// There was no file at all.
    pub cleared: bool,
    pub lane: &'a LaneId,
}

impl Start<'_> {
    /// Whether there was somebody here before.
    pub fn was_known(&self) -> bool {
        self.kept.is_some() || self.before.is_some() || self.found.identity.is_some()
    }

    /// The same as before, as long as it is certain where its chains stand; otherwise the same person on what counts as a new
    /// device.
    pub fn identity(&self, utc_ms: u64, entropy: &mut dyn Entropy) -> Identity {
        let stored = Identity::of(self.kept.clone(), self.found.identity.clone());
        let sure =
            |known: &Identity| !self.cleared && !self.found.chains_unsure && self.found.knows_heads(&known.device_id, self.lane);
        match stored {
            Some(known) if sure(&known) => known,
            stored => match stored.or_else(|| self.before.clone()) {
                Some(known) => known.on_new_device(utc_ms, entropy),
                None => Identity::mint(utc_ms, entropy),
            },
        }
    }

    /// How many rows were rescued of files that are gone with others in them; `None` when nothing is lost. `received` says that
    /// there were rows that are kept in no second place, `made_ms` when the first of the files was made.
    pub fn loss(&self, received: bool, made_ms: Option<u64>) -> Option<usize> {
        let last_ms = self.found.unborn.iter().map(|row: &Row| row.hlc.ms()).max();
        // Files that a power cut took before they were a minute old, with nothing in them but what was logged here: all of
        // that is kept in the second place.
        let all_rescued = made_ms.zip(last_ms).is_some_and(|(made, last)| last < made + FILE_YOUNG_MS);
        (self.cleared && self.was_known() && (received || !all_rescued)).then_some(self.found.unborn.len())
    }
}

#[cfg(test)]
mod tests {
    use ledger::{DeviceId, EntityId, Fact, Head, Hlc, Scope};

    use super::*;

    struct Bytes(u8);

    impl Entropy for Bytes {
        fn fill(&mut self, bytes: &mut [u8]) {
            bytes.fill(self.0);
        }
    }

    fn row(at_ms: u64) -> Row {
        let (device, person) = (DeviceId::from_bytes([1; 8]), EntityId::v7(1, [1; 10]));
        let hlc = Hlc::tick(at_ms, None, &device);
        let fact = Fact::ProfileChanged { name: "Mia".to_owned(), at_ms: 1, offset_min: 0 };
        let (scope, session) = (Scope::Person(person), EntityId::v7(2, [2; 10]));
        let id = Bytes(3).event_id(at_ms);
        Row::write(id, &device, &LaneId::number(0), &Head::default(), scope, session, &hlc, fact).expect("a row")
    }

    #[test]
    fn a_start_goes_on_as_before_only_where_it_is_certain_and_says_what_is_lost() {
        let me = Identity { device_id: DeviceId::from_bytes([1; 8]), person: EntityId::v7(1, [1; 10]), changes: 3 };
        let lane = LaneId::number(0);
        let (sound, unsure) = (Recovered::default(), Recovered { chains_unsure: true, ..Recovered::default() });
        let filed = Recovered { identity: Some(me.clone()), ..Recovered::default() };
        let rescued = Recovered { unborn: vec![row(50_000)], ..Recovered::default() };
        let start = |kept: bool, before: bool, found, cleared| Start {
            kept: kept.then(|| me.clone()),
            before: before.then(|| me.clone()),
            found,
            cleared,
            lane: &lane,
        };
        let who = |start: Start| {
            let found = start.identity(9, &mut Bytes(7));
            (found.device_id == me.device_id, found.person == me.person)
        };
        assert_eq!(who(start(true, false, &sound, false)), (true, true), "as it was");
        assert_eq!(who(start(false, false, &filed, false)), (true, true), "the files say it");
        assert_eq!(who(start(true, false, &unsure, false)), (false, true), "rows may be missing");
        assert_eq!(who(start(true, false, &sound, true)), (false, true), "the files are gone");
        assert_eq!(who(start(false, true, &sound, true)), (false, true), "everything is gone");
        assert_eq!(who(start(false, true, &sound, false)), (false, true), "only the page remembers");
        assert_eq!(who(start(false, false, &sound, true)), (false, false), "nobody was here");

        let lost = |start: Start, received, made_ms| start.loss(received, made_ms);
        assert_eq!(lost(start(false, false, &sound, true), false, None), None, "nobody was here");
        assert_eq!(lost(start(true, false, &sound, false), true, Some(0)), None, "the files are here");
        assert_eq!(lost(start(true, false, &sound, true), false, Some(0)), Some(0), "nobody can say what was in them");
        assert_eq!(lost(start(true, false, &rescued, true), false, Some(0)), None, "they were young, and all is kept twice");
        assert_eq!(lost(start(true, false, &rescued, true), true, Some(0)), Some(1), "what came from a server was not");
        assert_eq!(lost(start(true, false, &rescued, true), false, None), Some(1), "nobody knows how old they were");
        let late = Recovered { unborn: vec![row(60_000)], ..Recovered::default() };
        assert_eq!(lost(start(true, false, &late, true), false, Some(0)), Some(1), "they were old by then");
    }

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
