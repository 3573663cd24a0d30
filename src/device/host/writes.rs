//! What a tab writes: one thing after another, each to its end, all of it or nothing.
//!
//! ```text
//! rows         a file, when no session is running or it is over; the rows behind what is in it; and beside it, while its
//!              name is young. Only then the chains move, and it is said that they are saved.
//! receipts     (receive.rs) what is here already is read; the rows and the standing that covers them in one append
//! becoming     another name or another person: remembered before anything is written under it
//! ```

use bridge::{Draft, Guarantee, pack};
use ledger::{DeviceId, EntityId, Fact, Scope, Stamp};
use wire::Input;

use crate::{
    capture::{Batch, Device},
    deeds::{Act, Answer, Around, Deed, Done, NotDone, Place, Task, Trouble, Write, odd},
    host::Host,
    host::{
        claim::{Claim, Claimed},
        jobs::{Becoming, Content, How, Kept, Rows, Stage, Target, Whom},
    },
    identity::Identity,
    inbox::Inbox,
    pool::FILE_YOUNG_MS,
};

/// Birth records that are given up at once.
const FORGET_MAX: usize = 500;
const FORGET_AGAIN_MS: u32 = 15_000;

type Out = Vec<Deed>;

impl Host {
    pub(crate) fn write(&mut self, around: &mut Around, out: &mut Out, id: u32, what: Write) {
        self.write_for(around, out, Whom::Asked(id), what);
    }

    pub(crate) fn write_for(&mut self, around: &mut Around, out: &mut Out, whom: Whom, what: Write) {
        self.writes.waiting.push_back((whom, what));
        self.write_next(around, out);
    }

    /// Before whatever else waits.
    pub(crate) fn write_first(&mut self, what: Write) {
        self.writes.waiting.push_front((Whom::Nobody, what));
    }

    fn write_next(&mut self, around: &mut Around, out: &mut Out) {
        while self.writes.under_way.is_none()
            && let Some((whom, what)) = self.writes.waiting.pop_front()
        {
            match what {
                Write::Capture { drafts, import } => {
                    self.write_rows(around, out, Rows { whom, content: Content::Drafts(drafts), import });
                }
                Write::Adopt { rows, births } => {
                    self.write_rows(around, out, Rows { whom, content: Content::Adopted(rows, births), import: false });
                }
                Write::Receive(commit) => self.receive(around, out, whom, commit.rows, Some(commit.standing)),
                Write::Restore(rows) => self.receive(around, out, whom, rows, None),
                Write::EndSession => {
                    self.end_session(around, out);
                    self.told(around, out, whom, Ok(Done::Done));
                }
                Write::BelongTo(persons) => self.belong_to(around, out, whom, &persons),
                Write::ActFor(person) => self.act_for(around, out, whom, person, false),
                Write::Copied => self.go_by_new_name(around, out, whom, How::Copied),
                Write::NewName => self.go_by_new_name(around, out, whom, How::Renamed),
                Write::Renamed(device_id) => self.renamed(around, out, whom, device_id),
            }
        }
    }

    pub(crate) fn wait_to_write(&mut self, out: &mut Out, stage: Stage, act: Act) {
        self.writes.under_way = Some(self.ask(out, Task::Write, act));
        self.writes.stage = stage;
    }

    /// What one of the things came to; the next one follows.
    pub(crate) fn did(&mut self, around: &mut Around, out: &mut Out, whom: Whom, outcome: Result<Done, NotDone>) {
        match whom {
            Whom::Links { id, person } => match outcome {
                Ok(_) => return self.act_for(around, out, Whom::Asked(id), person, true),
                // Said again at the next sign-in; until then the two are shown apart.
                Err(why) => {
                    out.push(Deed::Warn(format!("two profiles could not be linked yet: {why}")));
                    out.push(Deed::Did { id, outcome: Ok(Done::Done) });
                }
            },
            whom => self.told(around, out, whom, outcome),
        }
        self.write_next(around, out);
    }

    fn told(&mut self, around: &mut Around, out: &mut Out, whom: Whom, outcome: Result<Done, NotDone>) {
        match (whom, outcome) {
            (Whom::Asked(id) | Whom::Links { id, .. }, outcome) => out.push(Deed::Did { id, outcome }),
            (Whom::Replica, outcome) => self.committed(around, out, outcome),
            (Whom::Nobody, Err(why)) => out.push(Deed::Unsaved(why)),
            (Whom::Nobody, Ok(_)) => {}
        }
    }

    pub(crate) fn go_on_with(&mut self, around: &mut Around, out: &mut Out, answer: Result<Answer, Trouble>) {
        self.writes.under_way = None;
        match (std::mem::take(&mut self.writes.stage), answer) {
            (Stage::Claims { mut claim, target }, answer) => {
                let listed: Vec<String> = self.manifest.names().map(str::to_owned).collect();
                match claim.go_on(around.entropy, &listed, answer) {
                    Claimed::NotYet(act) => self.wait_to_write(out, Stage::Claims { claim, target }, act),
                    Claimed::Has(file) if around.twice => self.wait_to_write(out, Stage::Dates(target), Act::MadeAt(file)),
                    Claimed::Has(_) => self.begin_file(around, out, target, around.utc_ms + FILE_YOUNG_MS),
                    Claimed::Never(trouble) => self.no_file(around, out, target, trouble),
                }
            }
            (Stage::Dates(target), Ok(Answer::MadeAt(made_ms))) => {
                // A clock that was set back makes it as good as now.
                let young_until = made_ms.map_or(0, |at| at.min(around.utc_ms) + FILE_YOUNG_MS);
                self.begin_file(around, out, target, young_until);
            }
            (Stage::Dates(target), outcome) => {
                out.push(Deed::LetGo(Task::Write));
                self.no_file(around, out, target, outcome.err().unwrap_or_else(odd));
            }
            (Stage::Begins { target: Target::Session(rows), young_until, .. }, outcome) => match outcome {
                Ok(_) => {
                    (self.writes.session, self.writes.alone) = (Some(young_until), false);
                    self.append_rows(around, out, rows);
                }
                Err(trouble) => {
                    self.device.drop_session();
                    self.no_file(around, out, Target::Session(rows), trouble);
                }
            },
            (Stage::Begins { target: Target::Inbox(receipt), inbox, .. }, outcome) => match (outcome, inbox) {
                (Ok(_), Some(inbox)) => self.wait_to_write(out, Stage::Notes { receipt, inbox }, Act::NoteReceived),
                (outcome, _) => {
                    let trouble = outcome.err().unwrap_or_else(odd);
                    self.no_file(around, out, Target::Inbox(receipt), trouble);
                }
            },
            (Stage::Appends(kept), Ok(_)) => self.keep_twice(around, out, kept),
            // Left there, it would come back as a row that nobody was told of, in the place of the next one.
            (Stage::Appends(kept) | Stage::KeepsTwice(kept), Err(trouble)) => {
                self.wait_to_write(out, Stage::TakesBack { whom: kept.whom, trouble }, Act::TakeBack(Place::Session));
            }
            (Stage::KeepsTwice(kept), Ok(_)) => {
                self.kept(around, out, Kept { guarantee: Guarantee::FileAndBirth, ..*kept });
            }
            (Stage::TakesBack { whom, trouble }, Ok(_)) => self.did(around, out, whom, Err(trouble.into())),
            (Stage::TakesBack { whom, .. }, Err(trouble)) => {
                // It may come back: its place is not used again.
                self.writes.alone = true;
                self.write_first(Write::NewName);
                self.did(around, out, whom, Err(trouble.into()));
            }
            (Stage::Remembers(becoming), outcome) => {
                if let Err(trouble) = outcome {
                    // Survivable: the index and the sessions say it too.
                    out.push(Deed::Warn(format!("who this is could not be remembered: {trouble}")));
                }
                self.became(around, out, becoming);
            }
            (stage, answer) => self.go_on_receiving(around, out, stage, answer),
        }
    }

    // ------------------------------------------------------------------------------------------ rows of a session

    fn write_rows(&mut self, around: &mut Around, out: &mut Out, rows: Rows) {
        let stamp = Stamp { utc_ms: around.utc_ms, offset_min: around.offset_min };
        let adopts = matches!(rows.content, Content::Adopted(..));
        let lacks_file = around.stored && self.writes.session.is_none();
        if !adopts && !lacks_file && !self.device.needs_session(&stamp, rows.import) {
            return self.append_rows(around, out, rows);
        }
        self.end_session(around, out);
        if around.stored {
            self.claim(out, Target::Session(rows));
        } else {
            self.device.begin_session(&stamp, rows.import, around.entropy);
            self.append_rows(around, out, rows);
        }
    }

    pub(crate) fn claim(&mut self, out: &mut Out, target: Target) {
        let (claim, act) = Claim::begin();
        self.wait_to_write(out, Stage::Claims { claim, target }, act);
    }

    fn begin_file(&mut self, around: &mut Around, out: &mut Out, target: Target, young_until: u64) {
        let (place, inbox, bytes) = match &target {
            Target::Session(rows) => {
                let stamp = Stamp { utc_ms: around.utc_ms, offset_min: around.offset_min };
                (Place::Session, None, self.device.begin_session(&stamp, rows.import, around.entropy))
            }
            Target::Inbox(_) => {
                let (identity, lane) = (self.device.identity(), self.device.lane());
                let (inbox, bytes) = Inbox::begin(identity, lane, around.utc_ms, around.entropy);
                (Place::Inbox, Some(inbox), bytes)
            }
        };
        self.wait_to_write(out, Stage::Begins { target, young_until, inbox }, Act::Begin { place, bytes });
    }

    fn no_file(&mut self, around: &mut Around, out: &mut Out, target: Target, trouble: Trouble) {
        let whom = match target {
            Target::Session(rows) => rows.whom,
            Target::Inbox(receipt) => receipt.whom,
        };
        self.did(around, out, whom, Err(trouble.into()));
    }

    fn append_rows(&mut self, around: &mut Around, out: &mut Out, rows: Rows) {
        let stamp = Stamp { utc_ms: around.utc_ms, offset_min: around.offset_min };
        let Rows { whom, content, .. } = rows;
        let (batch, births) = match content {
            Content::Drafts(drafts) => (self.device.capture(&stamp, around.entropy, drafts), Vec::new()),
            Content::Adopted(rows, births) => (self.device.adopt(rows), births),
        };
        let batch = match batch {
            Ok(batch) => batch,
            Err(why) => return self.did(around, out, whom, Err(NotDone::Refused(why))),
        };
        let kept = Kept { whom, births, batch, guarantee: Guarantee::MemoryOnly };
        if around.stored {
            let bytes = kept.batch.bytes.clone();
            self.wait_to_write(out, Stage::Appends(Box::new(kept)), Act::Append { place: Place::Session, bytes });
        } else {
            self.kept(around, out, kept);
        }
    }

    /// In the session's file, and beside it while that is young: in both or in neither.
    fn keep_twice(&mut self, around: &mut Around, out: &mut Out, kept: Box<Kept>) {
        let young = self.is_young(around);
        // Rows that are adopted are kept twice already. Another tab may give up that record because it has seen them in this
        // file: so nothing that could still be refused comes behind it.
        if young && !kept.births.is_empty() {
            return self.kept(around, out, Kept { guarantee: Guarantee::FileAndBirth, ..*kept });
        }
        if young && around.twice {
            let packed = pack(kept.batch.rows.iter().map(|row| row.raw.as_slice()));
            let act = Act::KeepTwice { name: birth_name(&kept.batch), packed };
            return self.wait_to_write(out, Stage::KeepsTwice(kept), act);
        }
        let guarantee = if young { Guarantee::FileAlone } else { Guarantee::File };
        self.writes.alone |= young;
        self.kept(around, out, Kept { guarantee, ..*kept });
    }

    fn is_young(&self, around: &Around) -> bool {
        !around.lasts && self.writes.session.is_some_and(|until| around.utc_ms < until)
    }

    /// They are on the disk.
    fn kept(&mut self, around: &mut Around, out: &mut Out, kept: Kept) {
        let Kept { whom, births, batch, guarantee } = kept;
        self.device.saved(&batch);
        let own = (guarantee == Guarantee::FileAndBirth).then(|| birth_name(&batch));
        let due_ms = around.utc_ms + FILE_YOUNG_MS;
        self.writes.births.extend(births.into_iter().chain(own).map(|name| (due_ms, name)));
        let rows = batch.rows;
        rows.iter().for_each(|row| _ = self.shelf.add(row.clone()));
        out.push(Deed::Fresh(rows.clone()));
        self.wrote(around, out);
        let doubled = self.shelf.doubled_by(&rows);
        if !doubled.is_empty() {
            // The copy of this profile was quicker by a moment.
            self.doubled(around, out, doubled);
            self.write_first(Write::Copied);
        }
        self.did(around, out, whom, Ok(Done::Saved { rows, guarantee }));
    }

    /// Whoever leads seals it. A session without its closing frame is still whole: it only looks interrupted.
    fn end_session(&mut self, around: &mut Around, out: &mut Out) {
        if self.writes.session.take().is_some() {
            out.push(Deed::Close { place: Place::Session, bytes: self.device.closing_bytes() });
            out.push(Deed::SessionOver);
            self.writes.ended.extend(self.device.session_use().filter(|_| !self.writes.alone));
        }
        self.device.drop_session();
        self.nudged(around, out);
    }

    /// Nobody writes into it any more.
    pub(crate) fn let_session_go(&mut self, out: &mut Out) {
        if self.writes.session.take().is_some() {
            out.push(Deed::Close { place: Place::Session, bytes: None });
        }
        self.device.drop_session();
    }

    pub(crate) fn let_all_go(&mut self, out: &mut Out) {
        self.let_session_go(out);
        self.let_inbox_go(out);
    }

    /// Whether there was one.
    pub(crate) fn let_inbox_go(&mut self, out: &mut Out) -> bool {
        let gone = self.inbox.take().is_some();
        if gone {
            out.push(Deed::Close { place: Place::Inbox, bytes: None });
        }
        gone
    }

    // ------------------------------------------------------------------------------------------ birth records

    /// Those whose file has become old; whoever else asks meanwhile gets other ones.
    pub(crate) fn births_due(&mut self, around: &Around) -> Vec<(u64, String)> {
        let many = self.writes.births.iter().take(FORGET_MAX).take_while(|(at, _)| *at <= around.utc_ms).count();
        self.writes.births.drain(..many).collect()
    }

    /// What could not be given up is tried again.
    pub(crate) fn births_stay(&mut self, due: Vec<(u64, String)>) {
        due.into_iter().rev().for_each(|due| self.writes.births.push_front(due));
    }

    /// Those that are due, or a look at them when the first is: a tab that neither leads nor writes has no other occasion.
    pub(crate) fn forget_births(&mut self, around: &Around, out: &mut Out) {
        if self.writes.forgetting.is_some() {
            return;
        }
        let due = self.births_due(around);
        let act = if !due.is_empty() {
            Act::ForgetBirths(due.iter().map(|(_, name)| name.clone()).collect())
        } else if let Some((at, _)) = self.writes.births.front() {
            Act::Wait(at.saturating_sub(around.utc_ms).min(FILE_YOUNG_MS) as u32)
        } else {
            return;
        };
        self.forget_by(out, act, due);
    }

    fn forget_by(&mut self, out: &mut Out, act: Act, due: Vec<(u64, String)>) {
        let ticket = self.ask(out, Task::Births, act);
        self.writes.forgetting = Some((ticket, due));
    }

    pub(crate) fn births_forgotten(&mut self, out: &mut Out, outcome: &Result<Answer, Trouble>) {
        let Some((_, due)) = self.writes.forgetting.take() else { return };
        if outcome.is_err() {
            // The database may be busy, or closed and opened again by the next write.
            self.births_stay(due);
            self.forget_by(out, Act::Wait(FORGET_AGAIN_MS), Vec::new());
        }
    }

    // ------------------------------------------------------------------------------------------ who this is

    /// New rows are about the account's first person. Rows that are here already say that theirs is the same one.
    fn belong_to(&mut self, around: &mut Around, out: &mut Out, whom: Whom, persons: &[EntityId]) {
        let own = self.device.identity().person;
        match (persons.first(), whom) {
            (Some(first), Whom::Asked(id)) if *first != own && self.shelf.holds_scope(Scope::Person(own)) => {
                let fact = Fact::PersonLinked { user_id: *first, at_ms: around.utc_ms as i64, offset_min: around.offset_min };
                let content = Content::Drafts(vec![Draft::mine(fact)]);
                self.write_rows(around, out, Rows { whom: Whom::Links { id, person: *first }, content, import: false });
            }
            (Some(first), whom) if *first != own => self.act_for(around, out, whom, *first, true),
            (_, whom) => self.told(around, out, whom, Ok(Done::Done)),
        }
    }

    /// The running session names the person it began with: it is left.
    fn act_for(&mut self, around: &mut Around, out: &mut Out, whom: Whom, person: EntityId, tells: bool) {
        if self.device.identity().person == person {
            return self.did(around, out, whom, Ok(Done::Done));
        }
        self.device.act_for(person);
        self.let_session_go(out);
        self.become_who_this_is(around, out, Becoming { whom, how: How::ActsFor { tells } });
    }

    /// Goes on as what counts as a new device, with chains of its own; every tab of it.
    fn go_by_new_name(&mut self, around: &mut Around, out: &mut Out, whom: Whom, how: How) {
        let identity = self.device.identity().on_new_device(around.utc_ms, around.entropy);
        out.push(Deed::Renamed(identity.device_id.clone()));
        self.become_device(around, out, identity, Becoming { whom, how });
    }

    fn renamed(&mut self, around: &mut Around, out: &mut Out, whom: Whom, device_id: DeviceId) {
        let identity = self.device.identity().clone();
        if identity.device_id == device_id {
            return self.told(around, out, whom, Ok(Done::Done));
        }
        self.become_device(around, out, Identity { device_id, ..identity }, Becoming { whom, how: How::Renamed });
    }

    fn become_device(&mut self, around: &mut Around, out: &mut Out, identity: Identity, becoming: Becoming) {
        self.let_session_go(out);
        self.device = Device::new(identity, self.device.lane().clone(), Default::default());
        self.become_who_this_is(around, out, becoming);
    }

    fn become_who_this_is(&mut self, around: &mut Around, out: &mut Out, becoming: Becoming) {
        let identity = self.device.identity().clone();
        self.manifest.becomes(&identity);
        match around.twice {
            true => self.wait_to_write(out, Stage::Remembers(becoming), Act::Remember(identity)),
            false => self.became(around, out, becoming),
        }
    }

    fn became(&mut self, around: &mut Around, out: &mut Out, Becoming { whom, how }: Becoming) {
        self.lead.dirty = true;
        self.nudged(around, out);
        match how {
            How::Copied => self.input(around, out, Input::Audit),
            How::Renamed => {}
            How::ActsFor { tells } => out.push(Deed::ActsFor { person: self.device.identity().person, tells }),
        }
        self.did(around, out, whom, Ok(Done::Done));
    }
}

/// A batch has one birth record, named by its first row.
fn birth_name(batch: &Batch) -> String {
    batch.rows.first().map(|row| row.event_id.to_string()).unwrap_or_default()
}
