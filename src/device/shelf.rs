//! What a device holds, chain by chain: rows it has at hand, and sealed files of which it knows the sums. Answers what
//! replication asks: is this row new, what waits to be sent, does the server hold the same.

use std::collections::{BTreeMap, BTreeSet};

use ledger::{DeviceId, Hash, Row, Scope, map_of, set_of};
use wire::{BLOCK_ROWS, Blocks, ChainKey, ChainSum, Comparison, Digest, Ranges, Span, Standing};

use crate::sending::{chain_may_be_sent, may_be_sent};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Added {
    New,
    Known,
    /// Another row has this place: somebody copied this profile. Both are kept.
    Fork,
}

/// The rows of a sealed file by their places, once somebody has read it.
pub type FileRows = BTreeMap<(ChainKey, u64), Row>;

pub fn by_place(rows: Vec<Row>) -> FileRows {
    map_of(rows.into_iter().map(|row| ((ChainKey::of(&row), row.dseq), row)))
}

/// Whether every one of these places is among those that `held` says are here.
pub fn holds_all<'a, 'b>(
    places: impl IntoIterator<Item = (&'a ChainKey, &'a Ranges)>,
    held: impl Fn(&ChainKey) -> Option<&'b Ranges>,
) -> bool {
    places.into_iter().all(|(chain, places)| held(chain).is_some_and(|held| places.minus(held).is_empty()))
}

/// What rows that came from a server or a backup say of who else writes here.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Foreign {
    /// Somebody writes as this device: a copy of its profile. It goes on under a name of its own.
    pub copied: bool,
    /// Places that have more than one row now. Having one of them is not having the others.
    pub doubled: BTreeMap<ChainKey, Ranges>,
}

#[derive(Debug, Default)]
struct Held {
    /// Every place of which there is a row somewhere.
    places: Ranges,
    loose: BTreeMap<u64, Vec<usize>>,
    sealed: Vec<(String, Ranges, ChainSum)>,
}

impl Held {
    /// Every place of which there is a row somewhere else than in this file.
    fn places_beside(&self, use_id: &str) -> Ranges {
        let mut places = Ranges::default();
        self.loose.keys().for_each(|dseq| places.insert(*dseq, *dseq));
        self.sealed.iter().filter(|(file, ..)| file != use_id).for_each(|(_, other, _)| places.merge(other));
        places
    }
}

#[derive(Debug, Default)]
pub struct Shelf {
    rows: Vec<Row>,
    chains: BTreeMap<ChainKey, Held>,
    /// Rows of sealed files that somebody has read for us, without their bytes.
    read: BTreeMap<String, BTreeMap<ChainKey, BTreeMap<u64, Links>>>,
}

/// The rows of one place: the hash of each, and the one it says it follows.
type Links = BTreeMap<Hash, Hash>;

/// Rows that wait to be sent.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Waiting {
    pub rows: Vec<Row>,
    /// A sealed file that holds the next ones: to be read, and asked again.
    pub file: Option<String>,
}

impl Shelf {
    /// A sealed file, by its use id.
    pub fn add_file(&mut self, use_id: &str, spans: &[Span]) {
        for span in spans {
            let held = self.chains.entry(span.chain.clone()).or_default();
            held.places.merge(&span.places);
            held.sealed.push((use_id.to_owned(), span.places.clone(), span.sum));
        }
    }

    /// A sealed file is no longer there.
    pub fn drop_file(&mut self, use_id: &str) {
        self.read.remove(use_id);
        for held in self.chains.values_mut() {
            held.places = held.places_beside(use_id);
            held.sealed.retain(|(file, ..)| file != use_id);
        }
    }

    /// Whether rows at hand or in files have all these places.
    pub fn covers<'a>(&self, places: impl IntoIterator<Item = (&'a ChainKey, &'a Ranges)>) -> bool {
        holds_all(places, |chain| self.chains.get(chain).map(|held| &held.places))
    }

    /// Every place of which there is a row somewhere.
    pub fn places(&self) -> BTreeMap<ChainKey, Ranges> {
        map_of(self.chains.iter().map(|(chain, held)| (chain.clone(), held.places.clone())))
    }

    /// How many rows are here: two of one place are two.
    pub fn count(&self) -> u64 {
        self.chains.values().map(|held| self.sum(held).map_or_else(|| held.places.count(), |sum| sum.n)).sum()
    }

    pub fn has_file(&self, use_id: &str) -> bool {
        self.chains.values().any(|held| held.sealed.iter().any(|(file, ..)| file == use_id))
    }

    /// What a sealed file holds, once somebody has read it.
    pub fn file_read(&mut self, use_id: &str, rows: &[Row]) {
        let chains = self.read.entry(use_id.to_owned()).or_default();
        for row in rows {
            let places = chains.entry(ChainKey::of(row)).or_default();
            places.entry(row.dseq).or_default().insert(row.h.clone(), row.prev.clone());
        }
    }

    /// Sealed files that have to be read before `add` can tell whether these rows are new.
    pub fn unread(&self, rows: &[Row]) -> BTreeSet<String> {
        let mut out = BTreeSet::new();
        for row in rows {
            let Some(held) = self.chains.get(&ChainKey::of(row)) else { continue };
            let files = held.sealed.iter().filter(|(file, places, _)| places.contains(row.dseq) && !self.read.contains_key(file));
            out.extend(files.map(|(file, ..)| file.clone()));
        }
        out
    }

    /// A row at a place that only an unread sealed file holds counts as known: whoever must be sure reads it first.
    pub fn look(&self, row: &Row) -> Added {
        let key = ChainKey::of(row);
        let Some(held) = self.chains.get(&key) else { return Added::New };
        if !held.places.contains(row.dseq) {
            return Added::New;
        }
        let loose = held.loose.get(&row.dseq).into_iter().flatten().any(|at| self.rows[*at].h == row.h);
        let sealed = held.sealed.iter().filter(|(_, places, _)| places.contains(row.dseq)).any(|(file, ..)| {
            let places = self.read.get(file).and_then(|chains| chains.get(&key));
            places.is_none_or(|places| places.get(&row.dseq).is_some_and(|links| links.contains_key(&row.h)))
        });
        if loose || sealed { Added::Known } else { Added::Fork }
    }

    /// Before rows that came from elsewhere are added: whether some are of this device and were not written here. That is so
    /// when one has the place of another row, and when one goes on behind all that this device has written: its own next row
    /// would get a place that is taken. `ends` says where the device itself stands in a chain.
    pub fn foreign<'a>(&self, own: &DeviceId, ends: impl Fn(&ChainKey) -> u64, rows: impl Iterator<Item = &'a Row>) -> Foreign {
        let mut out = Foreign::default();
        for row in rows {
            let (chain, added) = (ChainKey::of(row), self.look(row));
            let beyond = || self.chains.get(&chain).map_or(0, |held| held.places.last()).max(ends(&chain)) < row.dseq;
            out.copied |= row.device_id == *own && (added == Added::Fork || added == Added::New && beyond());
            if added == Added::Fork {
                out.doubled.entry(chain).or_default().insert(row.dseq, row.dseq);
            }
        }
        out
    }

    /// The same of a file that came whole, by what it says it holds: what was here before is not known to be in it.
    pub fn foreign_file(&self, own: &DeviceId, ends: impl Fn(&ChainKey) -> u64, spans: &[Span]) -> Foreign {
        let mut out = Foreign::default();
        for Span { chain, places, .. } in spans {
            let held = self.chains.get(chain).map(|held| &held.places);
            let end = held.map_or(0, Ranges::last).max(ends(chain));
            out.copied |= chain.device_id == *own && end < places.last();
            let both = held.map_or_else(Ranges::default, |held| held.common(places));
            if !both.is_empty() {
                out.doubled.insert(chain.clone(), both);
            }
        }
        out
    }

    /// The same of a file that is listed already: which of its places something else here has too.
    pub fn foreign_beside(&self, use_id: &str, spans: &[Span]) -> Foreign {
        let mut out = Foreign::default();
        for Span { chain, places, .. } in spans {
            let Some(held) = self.chains.get(chain) else { continue };
            let both = held.places_beside(use_id).common(places);
            if !both.is_empty() {
                out.doubled.insert(chain.clone(), both);
            }
        }
        out
    }

    /// Which of these rows, that were added, share their place with another.
    pub fn doubled_by(&self, rows: &[Row]) -> BTreeMap<ChainKey, Ranges> {
        let mut out: BTreeMap<ChainKey, Ranges> = BTreeMap::new();
        for row in rows {
            let chain = ChainKey::of(row);
            let at = self.chains.get(&chain).and_then(|held| held.loose.get(&row.dseq));
            if at.is_some_and(|rows| 1 < rows.len()) {
                out.entry(chain).or_default().insert(row.dseq, row.dseq);
            }
        }
        out
    }

    /// Places of rows at hand that have more than one.
    pub fn doubled(&self) -> BTreeMap<ChainKey, Ranges> {
        let mut out: BTreeMap<ChainKey, Ranges> = BTreeMap::new();
        for (chain, held) in &self.chains {
            for (dseq, _) in held.loose.iter().filter(|(_, rows)| 1 < rows.len()) {
                out.entry(chain.clone()).or_default().insert(*dseq, *dseq);
            }
        }
        out
    }

    pub fn add(&mut self, mut row: Row) -> Added {
        let added = self.look(&row);
        // The raw bytes say it again; parsed, they would take several times the room.
        row.empty();
        if added != Added::Known {
            let held = self.chains.entry(ChainKey::of(&row)).or_default();
            held.places.insert(row.dseq, row.dseq);
            held.loose.entry(row.dseq).or_default().push(self.rows.len());
            self.rows.push(row);
        }
        added
    }

    /// Rows at hand, in the order they came.
    pub fn rows(&self) -> &[Row] {
        &self.rows
    }

    /// Rows at hand that wait to be sent, the newest last.
    pub fn waiting_lately(&self, standing: &Standing, max: usize) -> Vec<&Row> {
        let sent = |row: &&Row| may_be_sent(row.scope, row.enc()) && !standing.is_acked(row);
        let mut rows: Vec<&Row> = self.rows.iter().rev().filter(sent).take(max).collect();
        rows.reverse();
        rows
    }

    pub fn holds_scope(&self, scope: Scope) -> bool {
        self.chains.keys().any(|chain| chain.scope == scope)
    }

    /// How many rows wait to be sent.
    pub fn waiting_count(&self, standing: &Standing) -> u64 {
        self.sent_chains().map(|(chain, held)| standing.pending(chain, &held.places).count()).sum()
    }

    /// How many rows no server has: those that wait, those that it refused, and those of rooms.
    pub fn unacknowledged(&self, standing: &Standing) -> u64 {
        self.chains.iter().map(|(chain, held)| standing.unacked(chain, &held.places).count()).sum()
    }

    fn sent_chains(&self) -> impl Iterator<Item = (&ChainKey, &Held)> {
        self.chains.iter().filter(|(chain, _)| chain_may_be_sent(chain.scope))
    }

    /// Sealed files with a row of this place that is not at hand. One that nobody has looked into has the same.
    fn files_of_place<'a>(&self, chain: &ChainKey, held: &'a Held, dseq: u64, here: &[&Row]) -> Vec<&'a str> {
        let other = |file: &str| match self.read.get(file).and_then(|chains| chains.get(chain)?.get(&dseq)) {
            Some(known) => known.keys().any(|h| here.iter().all(|row| row.h != *h)),
            None => here.is_empty(),
        };
        let files = held.sealed.iter().filter(|(file, places, _)| places.contains(dseq) && other(file));
        files.map(|(file, ..)| file.as_str()).collect()
    }

    /// The next rows to send, in the order of each chain; rows of a sealed file come from `read`.
    pub fn waiting(&self, standing: &Standing, rows_max: usize, bytes_max: usize, read: &BTreeMap<String, FileRows>) -> Waiting {
        let mut out = Waiting::default();
        let mut bytes = 0;
        for (chain, held) in self.sent_chains() {
            for (from, to) in standing.pending(chain, &held.places).iter() {
                for dseq in from..=to {
                    let at_hand = held.loose.get(&dseq).into_iter().flatten().map(|at| &self.rows[*at]);
                    let mut here: Vec<&Row> = at_hand.collect();
                    // All rows of a place go together: what is acknowledged is the place.
                    let files = self.files_of_place(chain, held, dseq, &here);
                    if let Some(unread) = files.iter().find(|file| !read.contains_key(**file)) {
                        if out.rows.is_empty() {
                            out.file = Some((*unread).to_owned());
                        }
                        return out;
                    }
                    let place = (chain.clone(), dseq);
                    for row in files.iter().filter_map(|file| read.get(*file)?.get(&place)) {
                        if !here.iter().any(|other| other.event_id == row.event_id) {
                            here.push(row);
                        }
                    }
                    bytes += here.iter().map(|row| row.raw.len() + 1).sum::<usize>();
                    let full = rows_max < out.rows.len() + here.len() || bytes_max < bytes;
                    if full && !out.rows.is_empty() {
                        return out;
                    }
                    debug_assert!(here.iter().all(|row| may_be_sent(row.scope, row.enc())), "a chain goes whole or not at all");
                    out.rows.extend(here.into_iter().cloned());
                }
            }
        }
        out
    }

    // ------------------------------------------------------------------------------------------ comparing

    /// `None` when files overlap, so that only reading them tells.
    fn sum(&self, held: &Held) -> Option<ChainSum> {
        let (mut sum, mut seen) = (ChainSum::default(), Ranges::default());
        for (_, places, part) in &held.sealed {
            if places.iter().any(|(from, to)| 0 < seen.count_within(from, to)) {
                return None;
            }
            seen.merge(places);
            sum.merge(part);
        }
        for (dseq, at) in held.loose.iter().filter(|(dseq, _)| !seen.contains(**dseq)) {
            at.iter().for_each(|at| sum.add(*dseq, &self.rows[*at].h));
        }
        Some(sum)
    }

    /// How many rows say that they follow another than the one before them. Nobody refuses them: it may be that one that came
    /// before is missing from what was copied. But no comparison proves that such a chain is what its device wrote. Places of
    /// sealed files that nobody has read are not looked at.
    fn unlinked(&self) -> u64 {
        let mut out = 0;
        for (chain, held) in &self.chains {
            let mut links: BTreeMap<u64, BTreeMap<&Hash, &Hash>> = BTreeMap::new();
            for (dseq, rows) in &held.loose {
                links.entry(*dseq).or_default().extend(rows.iter().map(|at| (&self.rows[*at].h, &self.rows[*at].prev)));
            }
            let mut unread = Ranges::default();
            for (file, places, _) in &held.sealed {
                match self.read.get(file).and_then(|chains| chains.get(chain)) {
                    Some(known) => known.iter().for_each(|(dseq, known)| links.entry(*dseq).or_default().extend(known)),
                    None => unread.merge(places),
                }
            }
            for (dseq, here) in &links {
                let follows = |prev: &&Hash| match dseq.checked_sub(1) {
                    None | Some(0) => prev.as_str() == ledger::ZERO_HASH,
                    Some(before) => unread.contains(before) || links.get(&before).is_none_or(|known| known.contains_key(*prev)),
                };
                out += here.values().filter(|prev| !follows(prev)).count() as u64;
            }
        }
        out
    }

    pub fn compare(&self, digest: &Digest) -> Comparison {
        let mut out = Comparison { whole: true, unlinked: self.unlinked(), ..Comparison::default() };
        let there: BTreeMap<&ChainKey, &ChainSum> = map_of(digest.chains.iter().map(|chain| (&chain.chain, &chain.sum)));
        for (chain, held) in self.sent_chains() {
            match there.get(chain) {
                Some(sum) if self.sum(held).is_some_and(|own| own == **sum) => {
                    out.same.push((chain.clone(), held.places.clone()));
                    out.rows += sum.n;
                }
                Some(_) => out.closer.push(chain.clone()),
                None => out.differ.push((chain.clone(), held.places.clone())),
            }
        }
        for (chain, sum) in there.into_iter().filter(|(chain, _)| !self.chains.contains_key(*chain)) {
            out.differ.push((chain.clone(), Ranges::of(1, sum.max_dseq)));
            out.fetch.push((chain.clone(), 1, sum.max_dseq));
        }
        out
    }

    /// One chain block by block; `Err` names the sealed files that have to be read first.
    pub fn compare_blocks(&self, blocks: &Blocks) -> Result<Comparison, BTreeSet<String>> {
        let mut out = Comparison::default();
        let Some(held) = self.chains.get(&blocks.chain) else { return Ok(out) };
        let unread: BTreeSet<String> =
            set_of(held.sealed.iter().map(|(file, ..)| file).filter(|file| !self.read.contains_key(*file)).cloned());
        if !unread.is_empty() {
            return Err(unread);
        }
        let mut known: BTreeSet<(u64, &Hash)> = BTreeSet::new();
        for (dseq, at) in &held.loose {
            known.extend(at.iter().map(|at| (*dseq, &self.rows[*at].h)));
        }
        for (file, ..) in &held.sealed {
            let places = self.read.get(file).and_then(|chains| chains.get(&blocks.chain));
            known.extend(places.into_iter().flatten().flat_map(|(dseq, links)| links.keys().map(|h| (*dseq, h))));
        }
        let mut own: BTreeMap<u64, ChainSum> = BTreeMap::new();
        for (dseq, h) in known {
            own.entry(dseq.saturating_sub(1) / BLOCK_ROWS).or_default().add(dseq, h);
        }
        let there: BTreeMap<u64, ChainSum> =
            map_of(blocks.blocks.iter().map(|block| (block.block, ChainSum { n: block.n, max_dseq: 0, xor: block.xor })));
        let (mut same, mut differ) = (Ranges::default(), Ranges::default());
        for block in set_of(own.keys().chain(there.keys()).copied()) {
            let (from, to) = (block * BLOCK_ROWS + 1, (block + 1) * BLOCK_ROWS);
            let (ours, theirs) = (own.get(&block).copied().unwrap_or_default(), there.get(&block).copied().unwrap_or_default());
            if (ours.n, ours.xor) == (theirs.n, theirs.xor) {
                held.places.iter().for_each(|(a, b)| same.insert(a.max(from), b.min(to)));
            } else {
                differ.insert(from, to);
                if 0 < theirs.n {
                    out.fetch.push((blocks.chain.clone(), from, to));
                }
            }
        }
        out.same = vec![(blocks.chain.clone(), same)];
        if differ.is_empty() {
            out.rows = own.values().map(|sum| sum.n).sum();
        } else {
            out.differ.push((blocks.chain.clone(), differ));
        }
        Ok(out)
    }
}
