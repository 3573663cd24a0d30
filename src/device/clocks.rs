//! Clocks that are wrong. The later of two edits counts, and an edit by a clock that is decades ahead counts for ever against
//! everybody who has not seen it. It is told apart where two edits meet that did not know of each other: there the one by the
//! right clock is said once more, above the other.

use std::collections::{BTreeMap, BTreeSet};

use bridge::{Draft, Problem, ProblemKind};
use ledger::{DeviceId, EntityId, Fact, Hlc, Row, sorted};

use crate::manifest::SealedFile;

/// A clock that is further ahead than this is wrong: no time zone, and no leap of a phone that slept, comes to it.
pub const AHEAD_MS: u64 = 24 * 60 * 60 * 1000;

/// What has to be said once more when `fresh` rows come from a server whose clock says `now_ms`. `at_hand` are the rows that
/// were here before, and `unsent` tells those of them that no server had: nobody elsewhere can have known them.
///
/// Two edits of one thing did not know of each other when the one by the wrong clock is ours and the other comes only now, or
/// when the other is ours and was never sent. Had the right one known of the wrong one, it would stand above it.
pub fn said_again<'a>(
    now_ms: u64,
    own: &DeviceId,
    at_hand: impl Iterator<Item = &'a Row> + Clone,
    unsent: impl Fn(&Row) -> bool,
    fresh: &'a [Row],
) -> Vec<Draft> {
    let limit = now_ms.saturating_add(AHEAD_MS);
    // By its own clock: the id of an event that stands above a wrong one tells when it was really made.
    let ahead = |row: &&Row| limit < row.hlc.ms() && row.event_id.made_ms().is_some_and(|made| limit < made);
    let mine = |row: &&Row| row.device_id == *own;
    let mut out = Vec::new();
    if fresh.iter().any(|row| ahead(&row)) {
        let right = at_hand.clone().filter(mine).filter(|row| !ahead(row) && unsent(row));
        out.extend(above(right, fresh.iter().filter(ahead)));
    }
    let wrong: Vec<&Row> = at_hand.filter(mine).filter(ahead).collect();
    if !wrong.is_empty() {
        out.extend(above(fresh.iter().filter(|row| !ahead(row)), wrong.into_iter()));
    }
    out
}

/// Sealed files of this device that were begun by a clock so far ahead: their rows are read before others are compared with
/// what was here.
pub fn odd_files<'a>(now_ms: u64, own: &DeviceId, files: &'a [SealedFile]) -> impl Iterator<Item = &'a SealedFile> {
    let limit = now_ms.saturating_add(AHEAD_MS);
    files.iter().filter(move |file| {
        let began = EntityId::parse(&file.session_id).ok().and_then(|session| session.made_ms());
        began.is_some_and(|began| limit < began) && file.spans.iter().any(|span| span.chain.device_id == *own)
    })
}

/// What an edit is about: its kind, and which one.
type Thing = (&'static str, String);

/// Edits that say again, above the wrong ones, what the right ones say of the same things; in their order.
fn above<'a>(right: impl Iterator<Item = &'a Row>, wrong: impl Iterator<Item = &'a Row>) -> Vec<Draft> {
    // What is at hand is kept without what it says.
    let read = |row: &Row| {
        let whole = Row::read(&row.raw).ok()?;
        let clear = whole.clear()?;
        let fact = clear.fact()?;
        let fields: Vec<String> = clear.body().as_object()?.keys().cloned().collect();
        Some((fact.amends()?, (whole.kind.clone(), clear.body().to_string()), fields, fact))
    };
    let mut tops: BTreeMap<Thing, Hlc> = BTreeMap::new();
    let mut seen = BTreeSet::new();
    for row in wrong {
        let Some((thing, content, ..)) = read(row) else { continue };
        let top = tops.entry(thing).or_insert_with(|| row.hlc.clone());
        *top = row.hlc.clone().max(top.clone());
        // One that says the same has nothing to give way to: otherwise two devices would answer each other for ever.
        seen.insert(content);
    }
    let rights: Vec<&Row> = if tops.is_empty() { Vec::new() } else { right.collect() };
    let rights = sorted(rights, |one, other| (&one.hlc, one.event_id).cmp(&(&other.hlc, other.event_id)));
    // Only what still counts of them: an edit whose every field a later one sets says nothing any more, which is also what was
    // said again before. Otherwise each answer would be answered by all of them, and there would be more each time.
    let mut set: BTreeMap<(Thing, String), BTreeSet<String>> = BTreeMap::new();
    let mut last: Vec<(&Row, Thing, Fact)> = Vec::new();
    for row in rights.into_iter().rev() {
        let Some((thing, content, fields, said)) = read(row) else { continue };
        let later = set.entry((thing.clone(), content.0.clone())).or_default();
        let counts = !fields.iter().all(|field| later.contains(field));
        later.extend(fields);
        if counts && !seen.contains(&content) {
            last.push((row, thing, said));
        }
    }
    let mut out = Vec::new();
    for (row, thing, said) in last.into_iter().rev() {
        let Some(top) = tops.get_mut(&thing) else { continue };
        // Below the wrong one: it has not seen it.
        if *top < row.hlc {
            continue;
        }
        out.push(Draft::mine(said).after(Some(top.to_string())));
        // The next one about the same thing goes above this.
        *top = Hlc::tick(0, Some(top), &row.device_id);
    }
    out
}

/// What somebody should know of this device's clock, by the server's. `None` when the two are close enough.
pub fn clock_notice(own_ms: u64, server_ms: u64) -> Option<Problem> {
    if own_ms.abs_diff(server_ms) <= AHEAD_MS {
        return None;
    }
    let days = own_ms.abs_diff(server_ms) / AHEAD_MS;
    let which = if server_ms < own_ms { "ahead of" } else { "behind" };
    Some(Problem::new(
        ProblemKind::WrongClock,
        format!("The clock of this device is {days} days {which} the server's."),
        "Everything is kept, and what you log now has the wrong day.",
        "Set the date and time of this device. Where other devices changed the same sets meanwhile, theirs count.",
    ))
}

#[cfg(test)]
mod tests {
    use ledger::{Entropy, LaneId, Patch, SetCorrected, Stamp};

    use super::*;
    use crate::{Device, Identity, LaneHeads};

    const NOW: u64 = 1_800_000_000_000;
    const IN_2099: u64 = 4_070_908_800_000;

    struct Counting(u8);

    impl Entropy for Counting {
        fn fill(&mut self, bytes: &mut [u8]) {
            self.0 = self.0.wrapping_add(1);
            bytes.fill(self.0);
        }
    }

    struct Phone(Device, Counting);

    impl Phone {
        fn new(seed: u8) -> Self {
            let mut chance = Counting(seed);
            let identity = Identity::mint(NOW, &mut chance);
            let mut device = Device::new(identity, LaneId::number(0), LaneHeads::new());
            device.begin_session(&Stamp { utc_ms: NOW, offset_min: 0 }, false, &mut chance);
            Self(device, chance)
        }

        fn id(&self) -> DeviceId {
            self.0.identity().device_id.clone()
        }

        fn write(&mut self, utc_ms: u64, drafts: Vec<Draft>) -> Vec<Row> {
            let batch = self.0.capture(&Stamp { utc_ms, offset_min: 0 }, &mut self.1, drafts).expect("sound");
            self.0.saved(&batch);
            batch.rows
        }

        fn corrects(&mut self, utc_ms: u64, set: u8, reps: i64, seen: Option<&Row>) -> Row {
            let correction = SetCorrected { reps: Patch::Set(reps), ..SetCorrected::of(entity(set), 1, 0) };
            let draft = Draft::mine(Fact::SetCorrected(correction)).after(seen.map(|row| row.hlc.to_string()));
            self.write(utc_ms, vec![draft]).remove(0)
        }
    }

    fn entity(n: u8) -> EntityId {
        EntityId::v7(NOW, [n; 10])
    }

    fn reps(drafts: &[Draft]) -> Vec<i64> {
        let of = |draft: &Draft| match &draft.fact {
            Fact::SetCorrected(SetCorrected { reps: Patch::Set(reps), .. }) => *reps,
            other => panic!("{other:?}"),
        };
        drafts.iter().map(of).collect()
    }

    #[test]
    fn a_right_edit_that_was_never_sent_is_said_above_the_one_from_2099() {
        let (mut right, mut wrong) = (Phone::new(10), Phone::new(100));
        let of_load = SetCorrected { load_g: Patch::Set(60_000), ..SetCorrected::of(entity(1), 1, 0) };
        let first = right.write(NOW, vec![Draft::mine(Fact::SetCorrected(of_load.clone()))]).remove(0);
        let second = right.corrects(NOW + 1, 1, 6, None);
        let of_another = right.corrects(NOW + 2, 2, 7, None);
        let odd = wrong.corrects(IN_2099, 1, 99, None);
        let here = [first, second, of_another];
        let again = said_again(NOW, &right.id(), here.iter(), |_| true, std::slice::from_ref(&odd));
        assert_eq!(again[0].fact, Fact::SetCorrected(of_load), "in their order,");
        assert_eq!(reps(&again[1..]), [6], "and nothing about another set");
        let rows = right.write(NOW + 3, again);
        assert!(odd.hlc < rows[0].hlc && rows[0].hlc < rows[1].hlc);
        // What stands above it says so no more: neither here nor on a third device.
        assert_eq!(said_again(NOW, &right.id(), rows.iter(), |_| true, std::slice::from_ref(&odd)), []);
        assert_eq!(said_again(NOW, &Phone::new(200).id(), here.iter(), |_| true, &rows), []);
        // Sent before, the other device may have known it.
        assert_eq!(said_again(NOW, &right.id(), here.iter(), |_| false, &[odd]), []);
    }

    #[test]
    fn whoever_has_the_wrong_clock_gives_way_to_an_edit_that_comes_only_now() {
        let (mut right, mut wrong) = (Phone::new(10), Phone::new(100));
        let odd = wrong.corrects(IN_2099, 1, 99, None);
        let unseen = right.corrects(NOW, 1, 5, None);
        let own = wrong.id();
        let again = said_again(NOW, &own, [&odd].into_iter(), |_| false, std::slice::from_ref(&unseen));
        assert_eq!(reps(&again), [5]);
        let said = wrong.write(IN_2099 + 1, again);
        assert!(odd.hlc < said[0].hlc);
        // One that has seen it counts already, and one by a clock as wrong as this is no better.
        let knowing = right.corrects(NOW + 1, 1, 6, Some(&odd));
        assert!(odd.hlc < knowing.hlc);
        assert_eq!(said_again(NOW, &own, [&odd].into_iter(), |_| true, &[knowing]), []);
        let worse = Phone::new(50).corrects(IN_2099 - 5, 1, 4, None);
        assert_eq!(said_again(NOW, &own, [&odd].into_iter(), |_| true, &[worse]), []);
    }

    #[test]
    fn clocks_that_are_right_leave_everything_as_it_is() {
        let (mut one, mut other) = (Phone::new(10), Phone::new(100));
        let (early, late) = (one.corrects(NOW, 1, 5, None), other.corrects(NOW + AHEAD_MS - 1, 1, 6, None));
        for (own, here, fresh) in [(one.id(), &early, &late), (other.id(), &late, &early)] {
            assert_eq!(said_again(NOW, &own, [here].into_iter(), |_| true, std::slice::from_ref(fresh)), []);
        }
    }

    #[test]
    fn files_of_a_wrong_clock_are_known_by_their_session() {
        let own = DeviceId::from_bytes([1; 8]);
        let file = |at_ms: u64, device: &DeviceId| {
            let chain = format!("u:{}/{}/00", EntityId::v7(1, [1; 10]), device.as_str());
            let span = wire::Span {
                chain: wire::ChainKey::try_from(chain).expect("a chain"),
                places: wire::Ranges::of(1, 2),
                sum: wire::ChainSum::default(),
            };
            SealedFile { session_id: EntityId::v7(at_ms, [2; 10]).to_string(), spans: vec![span], ..SealedFile::default() }
        };
        let other = DeviceId::from_bytes([2; 8]);
        let files = [file(IN_2099, &own), file(NOW, &own), file(IN_2099, &other), SealedFile::default()];
        assert_eq!(odd_files(NOW, &own, &files).collect::<Vec<_>>(), [&files[0]]);
    }

    #[test]
    fn what_was_said_again_before_or_counts_no_more_is_not_said_twice() {
        let (mut right, mut wrong) = (Phone::new(1), Phone::new(100));
        let mut here = vec![right.corrects(NOW, 1, 8, None), right.corrects(NOW + 1, 1, 9, None)];
        let mut above = None;
        for _ in 0..5 {
            let odd = wrong.corrects(IN_2099, 1, 5, above.as_ref());
            let drafts = said_again(NOW, &right.id(), here.iter(), |_| true, std::slice::from_ref(&odd));
            assert_eq!(reps(&drafts), [9], "once, however often, and not what it took the place of");
            here.extend(right.write(NOW + 2, drafts));
            above = here.last().cloned();
        }
    }

    #[test]
    fn a_clock_that_is_wrong_is_said() {
        for (own, server, says) in [
            (NOW, NOW, None),
            (NOW + AHEAD_MS, NOW, None),
            (0, AHEAD_MS, None),
            (IN_2099, NOW, Some("26283 days ahead of")),
            (0, NOW, Some("20833 days behind")),
        ] {
            let said = clock_notice(own, server).map(|problem| problem.happened);
            assert_eq!(said.is_some(), says.is_some(), "{own} {server}");
            assert!(says.is_none_or(|says| said.as_ref().is_some_and(|said| said.contains(says))), "{said:?}");
        }
    }
}
