//! Whole files are put into free ones, one after another: what was sealed or merged here, and segments from the server.

use std::collections::{BTreeMap, VecDeque};

use ledger::Hash;
use wire::Span;

use crate::{
    deeds::{Act, Answer, Around, Deed, Task, Ticket, Trouble, Whole, odd},
    host::Host,
    host::{
        claim::{Claim, Claimed},
        index::{Change, Owner},
    },
    manifest::SealedFile,
    shelf::Foreign,
};

#[derive(Debug, Default)]
pub(crate) struct Stores {
    waiting: VecDeque<(Owner, Whole)>,
    under_way: Option<(Ticket, Storing)>,
    /// Segments that are being put away or listed.
    fetched: BTreeMap<u32, Fetched>,
}

#[derive(Debug)]
struct Storing {
    owner: Owner,
    stage: Stage,
}

#[derive(Debug)]
enum Stage {
    Notes(Whole),
    Claims(Claim, Whole),
    Writes(String),
}

#[derive(Debug)]
struct Fetched {
    sealed: SealedFile,
    foreign: Foreign,
}

impl Stores {
    pub(crate) fn waits_for(&self, ticket: Ticket) -> bool {
        self.under_way.as_ref().is_some_and(|(asked, _)| *asked == ticket)
    }
}

type Out = Vec<Deed>;

impl Host {
    pub(crate) fn store(&mut self, out: &mut Out, owner: Owner, whole: Whole) {
        self.stores.waiting.push_back((owner, whole));
        self.store_next(out);
    }

    /// A segment from the server. What it says of who else writes as this device is seen by what was here before: afterwards
    /// everything in it is here.
    pub(crate) fn fetched(
        &mut self,
        around: &mut Around,
        out: &mut Out,
        id: u32,
        (name, spans, parquet): (String, Vec<Span>, Vec<u8>),
    ) {
        if !self.leads() {
            return out.push(Deed::Listed { id, outcome: Err(Trouble::of("another tab leads now")) });
        }
        let own = &self.device.identity().device_id;
        let foreign = self.shelf.foreign_file(own, |chain| self.end_of(chain), &spans);
        let rows = spans.iter().map(|span| span.sum.n).sum();
        let listed = SealedFile { rows, spans, segment: Some(name), ..SealedFile::default() };
        let (sealed, whole) = self.seal(around.entropy, listed, parquet);
        self.stores.fetched.insert(id, Fetched { sealed, foreign });
        self.store(out, Owner::Fetch(id), whole);
    }

    fn store_next(&mut self, out: &mut Out) {
        if self.stores.under_way.is_none()
            && let Some((owner, whole)) = self.stores.waiting.pop_front()
        {
            match owner {
                // Before it is stored: what comes from a server is in no second place.
                Owner::Fetch(_) => self.store_by(out, owner, Stage::Notes(whole), Act::NoteReceived),
                Owner::Turn => self.claim_for(out, owner, whole),
            }
        }
    }

    fn store_by(&mut self, out: &mut Out, owner: Owner, stage: Stage, act: Act) {
        let ticket = self.ask(out, Task::Store, act);
        self.stores.under_way = Some((ticket, Storing { owner, stage }));
    }

    fn claim_for(&mut self, out: &mut Out, owner: Owner, whole: Whole) {
        let (claim, act) = Claim::begin();
        self.store_by(out, owner, Stage::Claims(claim, whole), act);
    }

    pub(crate) fn go_on_storing(&mut self, around: &mut Around, out: &mut Out, answer: Result<Answer, Trouble>) {
        let Some((_, Storing { owner, stage })) = self.stores.under_way.take() else { return };
        match (stage, answer) {
            (Stage::Notes(whole), _) => self.claim_for(out, owner, whole),
            (Stage::Claims(mut claim, whole), answer) => {
                let listed: Vec<String> = self.manifest.names().map(str::to_owned).collect();
                match claim.go_on(around.entropy, &listed, answer) {
                    Claimed::NotYet(act) => self.store_by(out, owner, Stage::Claims(claim, whole), act),
                    Claimed::Has(file) => self.store_by(out, owner, Stage::Writes(file), Act::Write(whole)),
                    Claimed::Never(trouble) => self.stored(around, out, owner, Err(trouble)),
                }
            }
            (Stage::Writes(file), Ok(Answer::Written(hash))) => self.stored(around, out, owner, Ok((file, hash))),
            (Stage::Writes(_), outcome) => self.stored(around, out, owner, Err(outcome.err().unwrap_or_else(odd))),
        }
    }

    fn stored(&mut self, around: &mut Around, out: &mut Out, owner: Owner, outcome: Result<(String, Hash), Trouble>) {
        match (owner, outcome) {
            (Owner::Turn, outcome) => self.go_on(around, out, outcome.map(|(file, hash)| Answer::Stored { file, hash })),
            (Owner::Fetch(id), Ok((file, hash))) => {
                if let Some(fetched) = self.stores.fetched.get_mut(&id) {
                    (fetched.sealed.file, fetched.sealed.hash) = (file, hash);
                    let sealed = fetched.sealed.clone();
                    self.change(around, out, owner, Change::Listed(sealed));
                }
            }
            (Owner::Fetch(id), Err(trouble)) => self.listed(out, id, Err(trouble)),
        }
        self.store_next(out);
    }

    pub(crate) fn listed(&mut self, out: &mut Out, id: u32, outcome: Result<(), Trouble>) {
        let Some(Fetched { sealed, foreign }) = self.stores.fetched.remove(&id) else { return };
        let outcome = outcome.map(|()| {
            self.shelf.add_file(&sealed.use_id, &sealed.spans);
            foreign
        });
        out.push(Deed::Listed { id, outcome });
    }

    /// Another tab leads from now on. A file that is being written is found by whoever leads next.
    pub(crate) fn stop_storing(&mut self, out: &mut Out) {
        self.stores.waiting.clear();
        self.stores.under_way = None;
        for id in self.stores.fetched.keys().copied().collect::<Vec<_>>() {
            self.listed(out, id, Err(Trouble::of("another tab leads now")));
        }
    }
}
