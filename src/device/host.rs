//! What one tab knows of the device, and one step for everything that happens to it.

use ledger::{EntityId, Entropy, Role, Row, hex};
use wire::{ChainKey, Span, Standing};

use crate::{
    capture::Device,
    deeds::{Act, Around, Deed, Happening, Heard, Task, Ticket, Trouble, Whole},
    index::Writer,
    manifest::{Manifest, SealedFile, newer},
    recover::Recovered,
    shelf::{Added, Shelf},
    turn::Lead,
};

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
    pub(crate) lead: Lead,
    pub(crate) index: Writer,
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
            lead: Lead::default(),
            index: Writer::default(),
            asked: 0,
        }
    }

    /// Takes what happened, and says what is to be done about it, in this order.
    pub fn step(&mut self, around: &mut Around, happening: Happening) -> Vec<Deed> {
        let mut out = Vec::new();
        match happening {
            Happening::Leads { stolen } => self.take_lead(&mut out, stolen),
            Happening::Lost => self.lose_lead(&mut out),
            Happening::Nudged => self.nudged(&mut out),
            Happening::Changed => {
                self.lead.dirty = true;
                self.nudged(&mut out);
            }
            Happening::Fetched { id, sealed } => self.fetched(around, &mut out, id, sealed),
            Happening::Done { ticket, answer } => match ticket.task {
                Task::Turn if self.lead.waits_for(ticket) => self.go_on(around, &mut out, answer),
                Task::Index if self.index.waits_for(ticket) => self.go_on_writing(around, &mut out, answer),
                // Of a term that is over.
                _ => {}
            },
        }
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
    pub fn hear(&mut self, rows: Vec<Row>) -> Heard {
        let rows: Vec<Row> = rows.into_iter().filter(|row| self.shelf.add(row.clone()) != Added::Known).collect();
        Heard { doubled: self.shelf.doubled_by(&rows), rows }
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
    pub fn catch_up(&mut self, found: Recovered) -> Heard {
        self.standing = newer(newer(found.standing, self.standing.take()), self.manifest.standing.clone());
        self.hear(found.open.into_iter().flat_map(|segment| segment.rows).collect())
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

    /// Everything was read once more: what counts, what cannot be read, and the rows of sessions.
    pub fn looked_again(&mut self, sealed: Vec<SealedFile>, damaged: Vec<SealedFile>, open: Vec<Row>) -> Heard {
        for file in &damaged {
            self.shelf.drop_file(&file.use_id);
        }
        self.list(&sealed);
        self.spare = self.manifest.count_in(sealed);
        self.damaged = damaged;
        self.hear(open)
    }
}

/// An answer that does not belong to what was asked.
pub(crate) fn odd() -> Trouble {
    Trouble::of("BUG: an answer that nobody asked for")
}

/// Names of the files that rows go into.
pub(crate) fn slots(names: Vec<String>) -> impl Iterator<Item = String> {
    names.into_iter().filter(|name| name.starts_with("slot-"))
}

pub(crate) fn is(head: Option<&[u8]>, role: Role) -> bool {
    head.and_then(|head| ledger::Header::decode(head).ok()).is_some_and(|header| header.role == role)
}
