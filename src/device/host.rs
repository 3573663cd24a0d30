//! What one tab knows of the device, and one step for everything that happens to it.

mod claim;
mod index;
mod jobs;
mod leave;
mod net;
mod receive;
mod store;
mod turn;
mod writes;

use std::collections::BTreeSet;

use bridge::unpack;
use ledger::{EntityId, Entropy, LaneId, Role, Row, hex, set_of};
use wire::{ChainKey, Span, Standing};

use self::{index::Writer, jobs::Writes, net::Net, store::Stores, turn::Lead};
use crate::{
    capture::Device,
    deeds::{Act, Around, Deed, Happening, Task, Ticket, Whole, Write},
    identity::Identity,
    inbox::Inbox,
    manifest::{Manifest, SealedFile, newer},
    pool::FILE_YOUNG_MS,
    recover::Recovered,
    shelf::{Added, Foreign, Shelf},
};

/// Fewer missing rows come in pages.
const SNAPSHOT_ROWS: u64 = 2_000;

#[derive(Debug)]
pub struct Host {
    pub device: Device,
    /// What this device holds. Its rows at hand are those in no sealed file this tab has handed over: a projector that starts
    /// again gets them.
    pub shelf: Shelf,
    pub manifest: Manifest,
    pub manifest_file: Option<String>,
    /// Listed files that cannot be read.
    pub damaged: Vec<SealedFile>,
    /// What listed files were merged from that cannot be read: not listed, and all there is.
    pub spare: Vec<SealedFile>,
    /// Where the device stands with its server, as the files said at the start.
    pub standing: Option<Standing>,
    /// From this many missing rows on a first sync takes sealed segments.
    pub snapshot_rows: u64,
    /// Where rows from the server go.
    pub inbox: Option<Inbox>,
    pub(crate) lead: Lead,
    pub(crate) index: Writer,
    pub(crate) stores: Stores,
    pub(crate) writes: Writes,
    pub(crate) net: Net,
    asked: u64,
}

impl Host {
    pub fn new(device: Device, shelf: Shelf, manifest: Manifest, manifest_file: Option<String>) -> Self {
        Self {
            device,
            shelf,
            manifest,
            manifest_file,
            damaged: Vec::new(),
            spare: Vec::new(),
            standing: None,
            snapshot_rows: SNAPSHOT_ROWS,
            inbox: None,
            lead: Lead::default(),
            index: Writer::default(),
            stores: Stores::default(),
            writes: Writes::default(),
            net: Net::default(),
            asked: 0,
        }
    }

    /// What a start goes on from. `births` are the records of the second place, by name, with the rows packed in each. Rows that
    /// are in no file are handed back: they go into this tab's before anything new.
    pub fn start(
        identity: Identity,
        lane: LaneId,
        found: Recovered,
        births: Vec<(String, Vec<u8>)>,
        utc_ms: u64,
    ) -> (Self, Option<Write>) {
        let heads = found.heads(&identity.device_id, &lane);
        let mut shelf = Shelf::default();
        found.open.into_iter().flat_map(|segment| segment.rows).for_each(|row| _ = shelf.add(row));
        // After the rows at hand: one that is in both places is at hand.
        let sealed: Vec<SealedFile> = found.sealed.into_iter().map(|(file, _)| file).collect();
        sealed.iter().chain(&found.unread).for_each(|file| shelf.add_file(&file.use_id, &file.spans));
        // The others were kept twice until a while ago, and are sealed meanwhile.
        let unborn: Vec<Row> = found.unborn.into_iter().filter(|row| shelf.add(row.clone()) != Added::Known).collect();
        // What is nowhere else stays where it is until it is in a file.
        let raw: BTreeSet<&[u8]> = set_of(unborn.iter().map(|row| row.raw.as_slice()));
        let holds = |packed: &[u8]| !raw.is_empty() && unpack(packed).unwrap_or_default().into_iter().any(|row| raw.contains(row));
        let (held, due): (Vec<_>, Vec<_>) = births.into_iter().partition(|(_, packed)| holds(packed));
        // Without any index, what was found is the index: the next one that is written lists it.
        let lanes = found.lanes.get(&identity.device_id).cloned().unwrap_or_default();
        let mut manifest = found.manifest.unwrap_or_else(|| Manifest::from_files(identity.clone(), sealed.clone(), lanes));
        // Newer than the index, or what a damaged file was merged from: the next index lists it.
        let spare = manifest.count_in(sealed);
        manifest.becomes(&identity);
        let mut host = Self::new(Device::new(identity, lane, heads), shelf, manifest, found.manifest_file);
        (host.damaged, host.spare, host.standing) = (found.damaged, spare, found.standing);
        let due_ms = utc_ms + FILE_YOUNG_MS;
        host.writes.births = due.into_iter().map(|(name, _)| (due_ms, name)).collect();
        let births = held.into_iter().map(|(name, _)| name).collect();
        (host, (!unborn.is_empty()).then_some(Write::Adopt { rows: unborn, births }))
    }

    /// Takes what happened, and says what is to be done about it, in this order.
    pub fn step(&mut self, around: &mut Around, happening: Happening) -> Vec<Deed> {
        let mut out = Vec::new();
        match happening {
            Happening::Leads { stolen } => self.take_lead(&mut out, stolen),
            Happening::Lost => self.lose_lead(around, &mut out),
            Happening::Nudged => self.nudged(around, &mut out),
            Happening::Changed => {
                self.lead.dirty = true;
                self.nudged(around, &mut out);
            }
            Happening::Write { id, what } => self.write(around, &mut out, id, what),
            Happening::Fetched { id, name, spans, parquet } => self.fetched(around, &mut out, id, (name, spans, parquet)),
            Happening::Linked { account_id, persons } => self.link(around, &mut out, account_id, &persons),
            Happening::Unlinked => self.unlink(around, &mut out),
            Happening::Net(input) => self.input(around, &mut out, input),
            Happening::Compare => self.compare(around, &mut out),
            Happening::HeardOfComparing(comparing) => self.heard_of_comparing(&mut out, comparing),
            Happening::Missing => self.missing(around, &mut out),
            Happening::Told(rows) => self.hear(around, &mut out, rows),
            Happening::Leaves => self.let_all_go(&mut out),
            Happening::Done { ticket, answer } => match ticket.task {
                Task::Turn if self.lead.waits_for(ticket) => self.go_on(around, &mut out, answer),
                Task::Index if self.index.waits_for(ticket) => self.go_on_indexing(around, &mut out, answer),
                Task::Store if self.stores.waits_for(ticket) => self.go_on_storing(around, &mut out, answer),
                Task::Write if self.writes.under_way == Some(ticket) => self.go_on_with(around, &mut out, answer),
                Task::Collect | Task::Compare if self.net.waits_for(ticket) => {
                    self.go_on_reading(around, &mut out, ticket.task, answer);
                }
                Task::Births => self.births_forgotten(&mut out, &answer),
                // Of a term that is over.
                _ => {}
            },
        }
        self.forget_births(around, &mut out);
        out
    }

    /// Hands an act out, and returns what its answer will be known by.
    pub(crate) fn ask(&mut self, out: &mut Vec<Deed>, task: Task, act: Act) -> Ticket {
        self.asked += 1;
        let ticket = Ticket { task, nth: self.asked };
        out.push(Deed::Do { ticket, act });
        ticket
    }

    pub fn leads(&self) -> bool {
        self.lead.leads
    }

    /// The sealed files that count.
    pub fn files(&self, listed: &[SealedFile]) -> Vec<SealedFile> {
        let known = |file: &&SealedFile| !self.damaged.iter().any(|damaged| damaged.use_id == file.use_id);
        let spare = |file: &&SealedFile| self.shelf.has_file(&file.use_id) && !listed.iter().any(|own| own.use_id == file.use_id);
        listed.iter().filter(known).chain(self.spare.iter().filter(spare)).cloned().collect()
    }

    /// What a segment of a server holds that is here already, and which of that may be another row's place.
    pub fn segment(&self, name: &str) -> Option<(Vec<Span>, Foreign)> {
        let files = self.files(&self.manifest.sealed);
        let file = files.into_iter().find(|file| file.segment.as_deref() == Some(name))?;
        let foreign = self.shelf.foreign_beside(&file.use_id, &file.spans);
        Some((file.spans, foreign))
    }

    /// The last place that this installation is known to have written in a chain, whether its rows are here or not.
    pub fn end_of(&self, chain: &ChainKey) -> u64 {
        self.device.end_of(chain).max(self.manifest.end_of(chain))
    }

    /// Sealed files that this tab may not have heard of.
    pub fn list(&mut self, files: &[SealedFile]) {
        for file in files {
            if !self.shelf.has_file(&file.use_id) {
                self.shelf.add_file(&file.use_id, &file.spans);
            }
        }
    }

    /// Rows that another tab wrote, or that a dead one left behind.
    pub(crate) fn hear(&mut self, around: &mut Around, out: &mut Vec<Deed>, rows: Vec<Row>) {
        let rows: Vec<Row> = rows.into_iter().filter(|row| self.shelf.add(row.clone()) != Added::Known).collect();
        if rows.is_empty() {
            return;
        }
        let doubled = self.shelf.doubled_by(&rows);
        out.push(Deed::Heard(rows));
        self.doubled(around, out, doubled);
        self.wrote(around, out);
    }

    /// Birth records that are kept until their file is old.
    pub fn births(&self) -> usize {
        self.writes.births.len()
    }

    fn covers(&self, file: &SealedFile) -> bool {
        self.shelf.covers(file.spans.iter().map(Span::place))
    }

    /// What the index says by now: another tab has merged files, or fetched some from the server. Returns those with rows that
    /// are not known here.
    pub fn follow(&mut self, manifest: Manifest, file: String) -> Vec<SealedFile> {
        if manifest.generation <= self.manifest.generation {
            return Vec::new();
        }
        let files = self.files(&manifest.sealed);
        let fresh = files.iter().filter(|file| !self.shelf.has_file(&file.use_id));
        let unheard: Vec<SealedFile> = fresh.filter(|file| file.spans.is_empty() || !self.covers(file)).cloned().collect();
        self.list(&files);
        self.lead.is_of_its_term();
        let before = std::mem::replace(&mut self.manifest, manifest);
        self.manifest_file = Some(file);
        for gone in before.sealed {
            if !self.manifest.sealed.iter().any(|listed| listed.use_id == gone.use_id) && self.shelf.has_file(&gone.use_id) {
                self.shelf.drop_file(&gone.use_id);
                if !self.covers(&gone) {
                    self.shelf.add_file(&gone.use_id, &gone.spans);
                }
            }
        }
        unheard
    }

    /// What the sessions' files say now: a former leader may have written after this tab started.
    #[must_use]
    pub fn catch_up(&mut self, found: Recovered) -> Vec<Row> {
        self.standing = newer(newer(found.standing, self.standing.take()), self.manifest.standing.clone());
        found.open.into_iter().flat_map(|segment| segment.rows).collect()
    }

    /// Where it stands with the server of an account of these persons: another account's acknowledgements say nothing about it.
    pub fn standing_of(&self, persons: &[EntityId]) -> Standing {
        let standing = self.standing.clone().unwrap_or_default();
        match standing.persons.is_empty() || standing.persons.iter().any(|person| persons.contains(person)) {
            true => standing,
            false => Standing { version: standing.version, ..Standing::default() },
        }
    }

    /// Parquet as a sealed file. The generation is that of the index that will list it: until then, and when the index is
    /// lost, the file itself says that it counts.
    pub fn seal(&self, entropy: &mut dyn Entropy, sealed: SealedFile, content: Vec<u8>) -> (SealedFile, Whole) {
        let mut use_id = [0; 16];
        entropy.fill(&mut use_id);
        let sealed = SealedFile { use_id: hex(&use_id), bytes: content.len() as u64, ..sealed };
        (sealed, Whole { role: Role::Sealed, use_id, generation: self.manifest.generation + 1, content })
    }

    /// Everything was read once more: what counts, and what cannot be read. The rows of sessions are to be told.
    pub fn looked_again(&mut self, sealed: Vec<SealedFile>, damaged: Vec<SealedFile>) {
        for file in &damaged {
            self.shelf.drop_file(&file.use_id);
        }
        self.list(&sealed);
        self.spare = self.manifest.count_in(sealed);
        self.damaged = damaged;
    }
}
