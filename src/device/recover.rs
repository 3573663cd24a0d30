//! What a device finds when it starts: everything that can be read, and a word on everything that cannot.

use std::collections::{BTreeMap, BTreeSet};

use bridge::{Problem, ProblemKind};
use ledger::{
    DeviceId, Encryption, EntityId, FORMAT_VERSION, FrameKind, Header, HeaderErr, LaneId, Role, Row, UseId, hex, map_of, scan,
    set_of,
};
use wire::{ChainKey, Ranges, Standing};

use crate::{
    capture::HeadFrame,
    deeds::Trouble,
    identity::Identity,
    manifest::{LaneHeads, Manifest, Retired, SealedFile, merge_heads, newer},
    pool::FILE_YOUNG_MS,
    shelf::holds_all,
};

/// One file as it was found.
#[derive(Debug, Clone)]
pub struct PoolFile {
    pub name: String,
    pub bytes: Vec<u8>,
}

/// A session that has not been sealed.
#[derive(Debug, Clone)]
pub struct OpenSegment {
    pub file: String,
    pub use_id: UseId,
    pub session_id: Option<String>,
    pub device_id: Option<DeviceId>,
    pub lane: Option<LaneId>,
    pub rows: Vec<Row>,
    pub closed: bool,
    /// Its rows already stand in a sealed file: it waits to be freed.
    pub retired: bool,
    pub heads: LaneHeads,
    /// Where other lanes of the same device stand by rows that were adopted here.
    pub adopted: BTreeMap<LaneId, LaneHeads>,
    pub bytes: u64,
    /// The newest word on where the device stands with its server.
    pub standing: Option<Standing>,
}

impl OpenSegment {
    /// Whether its file may be so new that a power cut takes it: no file is younger than the session that began in it.
    pub(crate) fn is_young(&self, now_ms: u64) -> bool {
        let began_ms = self.session_id.as_deref().and_then(|id| EntityId::parse(id).ok()).and_then(|id| id.made_ms());
        began_ms.is_some_and(|at| (at..at + FILE_YOUNG_MS).contains(&now_ms))
    }
}

#[derive(Debug, Clone, Default)]
pub struct Recovered {
    pub manifest: Option<Manifest>,
    /// The file that holds the winning manifest: never the next one to be overwritten.
    pub manifest_file: Option<String>,
    pub identity: Option<Identity>,
    /// Sealed sessions whose header and hash hold.
    pub sealed: Vec<(SealedFile, Vec<u8>)>,
    /// Listed files of which only the head was read: they look right, and nobody has checked what is in them.
    pub unread: Vec<SealedFile>,
    pub open: Vec<OpenSegment>,
    /// Listed files that cannot be read, or are not there.
    pub damaged: Vec<SealedFile>,
    /// Files that may be claimed.
    pub free: Vec<String>,
    /// Where the chains of each device and lane stand, as far as can be told.
    pub lanes: BTreeMap<DeviceId, BTreeMap<LaneId, LaneHeads>>,
    /// Rows may be missing whose places in a chain are not known: going on would give two rows one place, so this
    /// installation goes on as a new device.
    pub chains_unsure: bool,
    pub problems: Vec<Problem>,
    pub standing: Option<Standing>,
    /// Rows kept for safety in a second place and found in no file.
    pub unborn: Vec<Row>,
    /// Ids of birth records that are safe in a file.
    pub born: Vec<String>,
}

/// The manifest that counts, and the file it is in.
pub fn newest_manifest(files: &[PoolFile]) -> Option<(Manifest, String)> {
    let read = |file: &PoolFile| {
        let header = Header::decode(&file.bytes).ok().filter(|header| header.role == Role::Manifest)?;
        // Whoever handed it over had no key for it, or knows that it is none of ours.
        if header.encryption != Encryption::None {
            return None;
        }
        let manifest = Manifest::from_json(header.payload(&file.bytes).ok()?)?;
        (manifest.generation == header.generation).then(|| (manifest, file.name.clone()))
    };
    // Of two of one generation the first one counts.
    files.iter().rev().filter_map(read).max_by_key(|(manifest, _)| manifest.generation)
}

/// The same where nothing is done about an index that a newer build has written.
pub fn newest_index(files: &[PoolFile]) -> Result<Option<(Manifest, String)>, Trouble> {
    if files.iter().any(|file| Header::is_newer(&file.bytes)) {
        return Err(Trouble::Newer);
    }
    Ok(newest_manifest(files))
}

/// `slots` are all pool files but the manifests; `births` the raw rows that were kept while files were young.
pub fn recover(manifests: &[PoolFile], slots: Vec<PoolFile>, births: &[&[u8]]) -> Recovered {
    recover_but(newest_manifest(manifests), slots, births, Vec::new())
}

/// The same, where somebody has found by their heads that some listed files are what the index says.
pub fn recover_but(
    newest: Option<(Manifest, String)>,
    slots: Vec<PoolFile>,
    births: &[&[u8]],
    unread: Vec<SealedFile>,
) -> Recovered {
    let mut found = Sorting::by(newest, unread);
    slots.into_iter().for_each(|slot| found.sort(slot));
    let alarms = found.settle();
    let mut out = found.out;
    say_where_it_stands(&mut out);
    out.chains_unsure |= out.manifest.is_none() && (!out.sealed.is_empty() || out.problems.iter().any(hides_a_session));
    read_births(births, &mut out);
    // What is kept twice, or was found in other files, is not missing.
    let held = out.places();
    let missing = |file: &SealedFile| {
        let places = file.spans.iter().map(wire::Span::place);
        file.spans.is_empty() || !holds_all(places, |chain| held.get(chain))
    };
    out.problems.extend(alarms.into_iter().filter(|(file, _)| missing(file)).map(|(_, problem)| problem));
    out
}

/// What the files are, one after another, as far as the index says.
struct Sorting {
    out: Recovered,
    listed: BTreeMap<String, SealedFile>,
    retired: BTreeSet<String>,
    index_lost: bool,
    generation: u64,
    found: BTreeSet<String>,
    /// Files that were merged: their successor counts, as long as it is whole.
    spare: BTreeMap<String, Vec<u8>>,
    /// Why a file cannot be read, and which of them only a newer build can.
    broken: BTreeMap<String, String>,
    newer_format: BTreeSet<String>,
    any: bool,
}

impl Sorting {
    fn by(newest: Option<(Manifest, String)>, unread: Vec<SealedFile>) -> Self {
        let mut out = Recovered { unread, ..Recovered::default() };
        (out.manifest, out.manifest_file) = newest.unzip();
        let index = || out.manifest.iter();
        Self {
            listed: map_of(index().flat_map(|index| index.sealed.iter().map(|file| (file.file.clone(), file.clone())))),
            retired: set_of(index().flat_map(|index| index.retired.iter().map(|file| file.use_id.clone()))),
            index_lost: out.manifest.is_none(),
            generation: out.manifest.as_ref().map_or(0, |manifest| manifest.generation),
            found: set_of(out.unread.iter().map(|file| file.file.clone())),
            spare: BTreeMap::new(),
            broken: BTreeMap::new(),
            newer_format: BTreeSet::new(),
            any: false,
            out,
        }
    }

    fn sort(&mut self, slot: PoolFile) {
        let expected = self.listed.contains_key(&slot.name);
        match Header::decode(&slot.bytes) {
            Err(HeaderErr::Empty) if !expected => self.out.free.push(slot.name),
            Ok(header) if header.role == Role::Free && !expected => self.out.free.push(slot.name),
            Ok(header) if header.role == Role::Open => {
                self.any = true;
                // In the place of a listed file that is gone: what is in it counts all the same.
                let segment = read_open(&slot, &header, &self.retired, &mut self.out);
                self.out.open.push(segment);
            }
            Ok(header) if header.role == Role::Sealed => self.sort_sealed(slot, &header),
            Err(HeaderErr::Newer(version)) => {
                self.out.problems.push(Problem::new(
                    ProblemKind::NewerFormat,
                    format!(
                        "{} was written by a newer Spotter (format {version}; this one reads up to {FORMAT_VERSION}).",
                        slot.name
                    ),
                    "The file is untouched.",
                    "Update Spotter to see what is in it.",
                ));
                self.newer_format.insert(slot.name);
            }
            Ok(_) => _ = self.broken.insert(slot.name, "it has an unexpected role".to_owned()),
            Err(err) => {
                self.any = true;
                self.broken.insert(slot.name, err.to_string());
            }
        }
    }

    fn sort_sealed(&mut self, slot: PoolFile, header: &Header) {
        self.any = true;
        let use_id = hex(&header.use_id);
        let expected = self.listed.get(&slot.name);
        match header.payload(&slot.bytes) {
            // Whoever handed it over had no key for it.
            Ok(_) if header.encryption != Encryption::None => {
                self.broken.insert(slot.name, "it is not encrypted under the key that is here".to_owned());
            }
            // Listed, or everything when there is no list: a row that turns up twice is one row.
            Ok(payload) if expected.is_some_and(|file| file.use_id == use_id) || self.index_lost => {
                self.found.insert(slot.name.clone());
                let file = expected.cloned().unwrap_or_else(|| unlisted(&slot.name, use_id, header, payload));
                self.out.sealed.push((file, payload.to_vec()));
            }
            Ok(payload) if self.retired.contains(&use_id) => _ = self.spare.insert(use_id, payload.to_vec()),
            Err(_) if self.retired.contains(&use_id) => {}
            // Newer than the index: written a moment before the index was to list it, or the index was put back.
            Ok(payload) if expected.is_none() && self.generation < header.generation => {
                self.out.sealed.push((unlisted(&slot.name, use_id, header, payload), payload.to_vec()));
            }
            // The index had time to list it and did not: what it was made from, or made of, counts.
            Ok(_) if expected.is_none() => self.out.free.push(slot.name),
            Err(_) if expected.is_none() && !self.index_lost => self.out.free.push(slot.name),
            Ok(_) => _ = self.broken.insert(slot.name, "it holds another session than the index says".to_owned()),
            Err(err) => _ = self.broken.insert(slot.name, err.to_string()),
        }
    }

    /// What of the listed files is not there, with what is to be said of it unless its rows turn up.
    fn settle(&mut self) -> Vec<(SealedFile, Problem)> {
        let out = &mut self.out;
        // A merged file that is not whole is all that it was made from, as long as that is still kept.
        let sealed = out.sealed.iter().map(|(file, _)| file);
        let whole = set_of(sealed.chain(&out.unread).map(|file| file.use_id.clone()));
        let kept: Vec<Retired> = out.manifest.iter().flat_map(|manifest| manifest.retired.clone()).collect();
        let opened = set_of(out.open.iter().map(|open| hex(&open.use_id)));
        let here = |before: &Retired| self.spare.contains_key(&before.use_id) || opened.contains(&before.use_id);
        let mut alarms = Vec::new();
        for file in self.listed.values().filter(|file| !self.found.contains(&file.file)) {
            out.damaged.push(file.clone());
            let mut before = kept.iter().filter(|before| before.successor == file.use_id).peekable();
            let elsewhere = before.peek().is_some() && before.all(here);
            let reason = self.broken.remove(&file.file).unwrap_or_else(|| "it is missing".to_owned());
            if !elsewhere && !self.newer_format.contains(&file.file) {
                alarms.push((file.clone(), damaged(&file.file, Some(file), &reason)));
            }
        }
        out.problems.extend(self.broken.iter().map(|(name, reason)| damaged(name, None, reason)));
        for before in kept.into_iter().filter(|before| !whole.contains(&before.successor)) {
            if let Some((sealed, payload)) = before.sealed.zip(self.spare.remove(&before.use_id)) {
                out.sealed.push((*sealed, payload));
            }
        }
        if self.index_lost && self.any {
            out.problems.push(Problem::new(
                ProblemKind::MissingIndex,
                "The index of saved sessions was missing or damaged.",
                "Every session was found again from the files themselves.",
                "Nothing: a new index is written by itself.",
            ));
        }
        alarms
    }
}

/// Where the device stands with its server, where its chains stand, and who it is.
fn say_where_it_stands(out: &mut Recovered) {
    out.standing = out.manifest.as_ref().and_then(|manifest| manifest.standing.clone());
    for segment in &out.open {
        out.standing = newer(out.standing.take(), segment.standing.clone());
        if let (Some(device), Some(lane)) = (&segment.device_id, &segment.lane) {
            let lanes = out.lanes.entry(device.clone()).or_default();
            merge_heads(lanes.entry(lane.clone()).or_default(), &segment.heads);
            for (lane, heads) in &segment.adopted {
                merge_heads(lanes.entry(lane.clone()).or_default(), heads);
            }
        }
    }
    if let Some(manifest) = &out.manifest {
        for (lane, heads) in &manifest.lanes {
            let lanes = out.lanes.entry(manifest.identity.device_id.clone()).or_default();
            merge_heads(lanes.entry(lane.clone()).or_default(), heads);
        }
        // Unless it was told something newer in the session that ran last.
        if out.identity.as_ref().is_none_or(|known| known.changes <= manifest.identity.changes) {
            out.identity = Some(manifest.identity.clone());
        }
    }
}

impl Recovered {
    /// Every place of which a row was found, or a file that says so.
    fn places(&self) -> BTreeMap<ChainKey, Ranges> {
        let mut places: BTreeMap<ChainKey, Ranges> = BTreeMap::new();
        for row in self.open.iter().flat_map(|segment| &segment.rows).chain(&self.unborn) {
            places.entry(ChainKey::of(row)).or_default().insert(row.dseq, row.dseq);
        }
        for span in self.sealed.iter().map(|(file, _)| file).chain(&self.unread).flat_map(|file| &file.spans) {
            places.entry(span.chain.clone()).or_default().merge(&span.places);
        }
        places
    }

    /// Whether no file holds a row of this lane behind where its chains are said to stand.
    pub fn knows_heads(&self, device: &DeviceId, lane: &LaneId) -> bool {
        let heads = self.heads(device, lane);
        let own = |span: &&wire::Span| span.chain.device_id == *device && span.chain.lane == *lane;
        let files = self.sealed.iter().map(|(file, _)| file).chain(&self.unread);
        let mut spans = files.flat_map(|file| &file.spans).filter(own);
        spans.all(|span| span.places.last() <= heads.get(&span.chain.scope).map_or(0, |head| head.dseq))
    }

    /// Where the chains of one lane stand; a new device's stand at their beginning.
    pub fn heads(&self, device: &DeviceId, lane: &LaneId) -> LaneHeads {
        self.lanes.get(device).and_then(|lanes| lanes.get(lane)).cloned().unwrap_or_default()
    }
}

/// A sealed file that no index speaks of. What it holds of which chain is found out when somebody reads it.
fn unlisted(name: &str, use_id: String, header: &Header, payload: &[u8]) -> SealedFile {
    SealedFile {
        file: name.to_owned(),
        use_id,
        bytes: payload.len() as u64,
        hash: hex(&header.payload_hash),
        ..SealedFile::default()
    }
}

fn hides_a_session(problem: &Problem) -> bool {
    problem.kind == ProblemKind::DamagedFile
}

fn read_open(slot: &PoolFile, header: &Header, retired: &BTreeSet<String>, out: &mut Recovered) -> OpenSegment {
    let scan = scan(&header.use_id, &slot.bytes);
    let mut segment = OpenSegment {
        file: slot.name.clone(),
        use_id: header.use_id,
        session_id: None,
        device_id: None,
        lane: None,
        rows: Vec::new(),
        closed: false,
        retired: retired.contains(&hex(&header.use_id)),
        heads: LaneHeads::new(),
        adopted: BTreeMap::new(),
        bytes: slot.bytes.len() as u64,
        standing: None,
    };
    let mut unreadable = 0;
    for frame in scan.frames {
        match frame.kind {
            FrameKind::Head => {
                if let Ok(head) = serde_json::from_slice::<HeadFrame>(frame.payload) {
                    segment.session_id = Some(head.session_id.to_string());
                    segment.device_id = Some(head.identity.device_id.clone());
                    segment.lane = Some(head.lane);
                    merge_heads(&mut segment.heads, &head.heads);
                    if out.identity.as_ref().is_none_or(|known| known.changes < head.identity.changes) {
                        out.identity = Some(head.identity);
                    }
                }
            }
            FrameKind::Row => match Row::read(frame.payload) {
                Ok(row) => {
                    if Some(&row.device_id) == segment.device_id.as_ref() {
                        let own = Some(&row.lane) == segment.lane.as_ref();
                        let heads = if own { &mut segment.heads } else { segment.adopted.entry(row.lane.clone()).or_default() };
                        further(heads, &row);
                    }
                    segment.rows.push(row);
                }
                Err(_) => unreadable += 1,
            },
            FrameKind::Closed => segment.closed = true,
            // Encrypted under a key that is not here, or damaged in it.
            FrameKind::Cipher => unreadable += 1,
            // One that cannot be read is an older cursor, and so rows that come once more.
            FrameKind::Standing => {
                let standing = serde_json::from_slice(frame.payload).ok();
                segment.standing = newer(segment.standing.take(), standing);
            }
        }
    }
    let inside = scan.damage.iter().filter(|damage| !damage.torn_tail).count() + unreadable;
    if 0 < inside {
        out.chains_unsure |= !segment.retired;
        out.problems.push(Problem::new(
            ProblemKind::DamagedRows,
            format!("{} has {inside} damaged place(s): what was written there cannot be read.", slot.name),
            format!("{} other rows of that session were read. The damaged file is kept.", segment.rows.len()),
            "Compare the last workout with your memory and log again what is missing.",
        ));
    } else if !scan.damage.is_empty() {
        out.problems.push(Problem::new(
            ProblemKind::TornTail,
            format!("The last write to {} was cut off.", slot.name),
            format!("All {} rows before it were read.", segment.rows.len()),
            "Look at the last set you logged: if it is missing, log it again.",
        ));
    }
    segment
}

fn further(heads: &mut LaneHeads, row: &Row) {
    let head = heads.entry(row.scope).or_default();
    if head.dseq < row.dseq {
        *head = row.head();
    }
}

fn read_births(births: &[&[u8]], out: &mut Recovered) {
    if births.is_empty() {
        return;
    }
    let in_files: BTreeSet<String> =
        set_of(out.open.iter().flat_map(|segment| segment.rows.iter().map(|row| row.event_id.to_string())));
    for raw in births {
        match Row::read(raw) {
            Ok(row) if in_files.contains(&row.event_id.to_string()) => out.born.push(row.event_id.to_string()),
            Ok(row) => {
                // It is adopted, and its chain goes on behind it.
                let lanes = out.lanes.entry(row.device_id.clone()).or_default();
                further(lanes.entry(row.lane.clone()).or_default(), &row);
                out.unborn.push(row);
            }
            Err(_) => {}
        }
    }
    // In the order they were written, so that a chain grows from its start.
    out.unborn.sort_by(|a, b| (&a.lane, a.scope, a.dseq).cmp(&(&b.lane, b.scope, b.dseq)));
}

fn damaged(name: &str, expected: Option<&SealedFile>, reason: &str) -> Problem {
    let rows =
        expected.filter(|file| 0 < file.rows).map_or_else(|| "an unknown number of".to_owned(), |file| file.rows.to_string());
    let places = |span: &wire::Span| {
        let places = span.places.iter().map(|(from, to)| if from == to { format!("{from}") } else { format!("{from} to {to}") });
        format!("{} of {}/{}", places.collect::<Vec<_>>().join(", "), span.chain.device_id.as_str(), span.chain.lane.as_str())
    };
    let which = expected.map(|file| file.spans.iter().map(places).collect::<Vec<_>>().join("; ")).unwrap_or_default();
    let which = if which.is_empty() { String::new() } else { format!(" (numbers {which})") };
    Problem::new(
        ProblemKind::DamagedFile,
        format!("{name} cannot be read: {reason}. It held {rows} rows{which}."),
        "It is set aside untouched, and everything else was opened.",
        "With an account the missing rows come back from the server by themselves; without one, bring them from a backup or another device.",
    )
}

#[cfg(test)]
mod tests {
    use ledger::{Head, Scope};
    use wire::{ChainSum, Span};

    use super::*;

    #[test]
    fn a_lane_whose_rows_go_on_behind_its_heads_is_not_gone_on_with() {
        let (device, lane) = (DeviceId::from_bytes([1; 8]), LaneId::number(0));
        let scope = Scope::Person(EntityId::v7(1, [1; 10]));
        let chain = |device: &DeviceId| ChainKey { scope, device_id: device.clone(), lane: lane.clone() };
        let span = |device| Span { chain: chain(device), places: Ranges::of(1, 5), sum: ChainSum::default() };
        let file = SealedFile { spans: vec![span(&device), span(&DeviceId::from_bytes([2; 8]))], ..SealedFile::default() };
        let mut found = Recovered { unread: vec![file], ..Recovered::default() };
        for (head, known) in [(None, false), (Some(4), false), (Some(5), true), (Some(9), true)] {
            let heads = head.map(|dseq| (scope, Head { dseq, ..Head::default() })).into_iter().collect();
            found.lanes = BTreeMap::from([(device.clone(), BTreeMap::from([(lane.clone(), heads)]))]);
            assert_eq!(found.knows_heads(&device, &lane), known, "the head is {head:?}");
        }
    }
}
