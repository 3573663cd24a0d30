//! The index is written by one at a time, each generation from the one before, and never over a newer one.

use std::collections::{BTreeMap, VecDeque};

use ledger::{DeviceId, Header, LaneId, Role};
use wire::{Span, Standing};

use crate::{
    deeds::{Act, Answer, Around, Deed, Task, Ticket, Trouble, Whole, odd},
    host::Host,
    manifest::{LaneHeads, Manifest, Retired, SealedFile},
    pool::manifests,
};

/// What the next generation says that the one before did not.
#[derive(Debug)]
pub(crate) enum Change {
    /// Something has changed in memory already.
    Touched,
    Standing(Standing),
    Sealed(Box<Sealing>),
    Merged {
        merged: SealedFile,
        files: Vec<SealedFile>,
    },
    /// A damaged file whose rows are all elsewhere.
    Settled(SealedFile),
    /// A retired file is free by now.
    Freed(Retired),
    /// The successor of a retired file turned out to be damaged.
    Reopened(Retired),
    /// A file that was found, or that came whole.
    Listed(SealedFile),
    /// What a file holds that did not say so.
    Spans {
        use_id: String,
        rows: u64,
        spans: Vec<Span>,
    },
}

/// A session that was sealed.
#[derive(Debug)]
pub(crate) struct Sealing {
    pub(crate) sealed: SealedFile,
    pub(crate) retired: Retired,
    pub(crate) device_id: Option<DeviceId>,
    pub(crate) heads: LaneHeads,
    pub(crate) adopted: BTreeMap<LaneId, LaneHeads>,
    pub(crate) standing: Option<Standing>,
}

impl Change {
    fn apply(self, manifest: &Manifest, now_ms: u64) -> Manifest {
        match self {
            Self::Touched => manifest.touched(now_ms),
            Self::Standing(standing) => manifest.touched(now_ms).with_standing(Some(&standing)),
            Self::Sealed(sealing) => {
                let Sealing { sealed, retired, device_id, heads, adopted, standing } = *sealing;
                // Of another device this one would take the numbers for its own.
                let own = device_id.as_ref() == Some(&manifest.identity.device_id);
                let (heads, adopted) = if own { (heads, adopted) } else { Default::default() };
                manifest.with_sealed(sealed, retired, &heads, now_ms).with_heads(&adopted).with_standing(standing.as_ref())
            }
            Self::Merged { merged, files } => manifest.with_merged(merged, &files, now_ms),
            Self::Settled(file) => manifest.settled(&file, now_ms),
            Self::Freed(file) => manifest.without_retired(std::slice::from_ref(&file), now_ms),
            Self::Reopened(file) => manifest.reopened(&file, now_ms),
            Self::Listed(sealed) => manifest.with_segment(sealed, now_ms),
            Self::Spans { use_id, rows, spans } => {
                let mut next = manifest.touched(now_ms);
                if let Some(sealed) = next.sealed.iter_mut().find(|sealed| sealed.use_id == use_id) {
                    (sealed.rows, sealed.spans) = (rows, spans);
                }
                next
            }
        }
    }
}

/// Who waits for the index to say something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Owner {
    Turn,
    Fetch(u32),
}

#[derive(Debug, Default)]
pub(crate) struct Writer {
    waiting: VecDeque<(Owner, Change)>,
    /// What is being written, and the answer that is waited for.
    under_way: Option<(Ticket, Writing)>,
}

#[derive(Debug)]
struct Writing {
    owner: Owner,
    next: Manifest,
    /// Files that may take it.
    files: VecDeque<String>,
    /// The index is read again before any is taken: some file says that it holds a newer one.
    looks: bool,
    /// The one that does.
    file: String,
}

impl Writing {
    fn is_outdone_by(&self, header: &Header) -> bool {
        header.role == Role::Manifest && self.next.generation <= header.generation
    }
}

impl Writer {
    pub(crate) fn waits_for(&self, ticket: Ticket) -> bool {
        self.under_way.as_ref().is_some_and(|(asked, _)| *asked == ticket)
    }
}

impl Host {
    pub(crate) fn change(&mut self, around: &mut Around, out: &mut Vec<Deed>, owner: Owner, change: Change) {
        self.index.waiting.push_back((owner, change));
        self.index_next(around, out);
    }

    /// The next one is made from what the one before left.
    fn index_next(&mut self, around: &Around, out: &mut Vec<Deed>) {
        if self.index.under_way.is_none()
            && let Some((owner, change)) = self.index.waiting.pop_front()
        {
            let next = change.apply(&self.manifest, around.utc_ms);
            let writing = Writing { owner, next, files: VecDeque::new(), looks: false, file: String::new() };
            self.index_by(out, writing, Act::Heads(manifests().collect()));
        }
    }

    fn index_by(&mut self, out: &mut Vec<Deed>, writing: Writing, act: Act) {
        let ticket = self.ask(out, Task::Index, act);
        self.index.under_way = Some((ticket, writing));
    }

    pub(crate) fn go_on_indexing(&mut self, around: &mut Around, out: &mut Vec<Deed>, answer: Result<Answer, Trouble>) {
        let Some((_, mut writing)) = self.index.under_way.take() else { return };
        match answer {
            Ok(Answer::Heads(heads)) => {
                let outdoes = |head: &[u8]| Header::decode(head).is_ok_and(|header| writing.is_outdone_by(&header));
                let (newer, older): (Vec<_>, Vec<_>) =
                    heads.into_iter().partition(|(_, head)| head.as_deref().is_some_and(outdoes));
                // Never over the one that counts.
                let other = |name: &String| self.manifest_file.as_ref() != Some(name);
                writing.files = older.into_iter().map(|(name, _)| name).filter(other).collect();
                match newer.is_empty() {
                    true => self.take_next(around, out, writing),
                    false => self.look_for_newer(out, writing),
                }
            }
            Ok(Answer::Done) if writing.looks => {
                writing.looks = false;
                // It was not whole.
                if self.manifest.generation < writing.next.generation {
                    return self.take_next(around, out, writing);
                }
                // One that would not be found again would be taken for written: what goes by it would be given up.
                self.lead.is_outdone();
                self.written(around, out, writing, Err(Trouble::of("another tab leads now")));
            }
            // A frozen former leader may still hold its own.
            Ok(Answer::Taken(None) | Answer::Gone) => self.take_next(around, out, writing),
            Ok(Answer::Taken(Some(there))) => match Header::decode(&there) {
                Err(ledger::HeaderErr::Newer(_)) => self.written(around, out, writing, Err(Trouble::Newer)),
                // Newer than what this tab goes on from: it was frozen, and another one leads by now. Its word stays.
                Ok(header) if writing.is_outdone_by(&header) => self.look_for_newer(out, writing),
                _ => {
                    let mut use_id = [0; 16];
                    around.entropy.fill(&mut use_id);
                    let content = writing.next.to_json();
                    let whole = Whole { role: Role::Manifest, use_id, generation: writing.next.generation, content };
                    self.index_by(out, writing, Act::Write(whole));
                }
            },
            Ok(Answer::Written(_)) => self.written(around, out, writing, Ok(())),
            Ok(_) => self.written(around, out, writing, Err(odd())),
            Err(trouble) => self.written(around, out, writing, Err(trouble)),
        }
    }

    /// A file says that it holds a newer one, which counts if it is whole.
    fn look_for_newer(&mut self, out: &mut Vec<Deed>, mut writing: Writing) {
        writing.looks = true;
        self.index_by(out, writing, Act::Follow);
    }

    fn take_next(&mut self, around: &mut Around, out: &mut Vec<Deed>, mut writing: Writing) {
        match writing.files.pop_front() {
            Some(file) => {
                writing.file.clone_from(&file);
                self.index_by(out, writing, Act::Take { file, plain: false });
            }
            None => self.written(around, out, writing, Err(Trouble::of("another tab holds the file"))),
        }
    }

    fn written(&mut self, around: &mut Around, out: &mut Vec<Deed>, writing: Writing, outcome: Result<(), Trouble>) {
        // Another tab's word that was heard meanwhile stays.
        let outcome = outcome.and_then(|()| match self.manifest.generation < writing.next.generation {
            true => Ok(()),
            false => Err(Trouble::of("another tab leads now")),
        });
        if outcome.is_ok() {
            self.lead.is_of_its_term();
            (self.manifest, self.manifest_file) = (writing.next, Some(writing.file));
            // Who this is may have changed meanwhile.
            self.lead.dirty |= self.manifest.becomes(self.device.identity());
        }
        match writing.owner {
            Owner::Turn => self.go_on(around, out, outcome.map(|()| Answer::Done)),
            Owner::Fetch(id) => self.listed(out, id, outcome),
        }
        self.index_next(around, out);
    }

    /// Another tab writes the index from now on.
    pub(crate) fn stop_writing(&mut self) {
        self.index.under_way = None;
        self.index.waiting.clear();
    }
}
