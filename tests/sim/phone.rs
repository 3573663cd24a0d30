//! A phone: its disk, and while it is on, a device with its replica. What the browser's storage worker does with OPFS and
//! `fetch` is done here with a pretended disk and the world's network.

use std::collections::{BTreeMap, BTreeSet};

use bridge::Draft;
use device::{Added, Device, Foreign, Identity, Inbox, Shelf, recover};
use ledger::{EntityId, Fact, LaneId, Row, Stamp};
use tests::Seeded;
use wire::{Command, Commit, Comparison, Input, Link, Replica, Request, Standing};

use super::{disk::Disk, shop::Bug};

/// What a phone wants from the world.
pub enum Wish {
    Ask { id: u32, request: Request },
    Open { id: u32, checkpoint: wire::Checkpoint },
    Close { id: u32 },
    Snapshot(wire::Snapshot),
}

pub struct Mind {
    pub device: Device,
    pub replica: Replica,
    pub shelf: Shelf,
    inbox: Option<(Inbox, usize)>,
    file: Option<usize>,
}

pub struct Phone {
    pub disk: Disk,
    identity: Identity,
    pub mind: Option<Mind>,
    /// Milliseconds of this phone's clock at the world's time.
    pub skew: i64,
    pub coarse: bool,
    pub token: Option<String>,
    pub account: Option<usize>,
    pub revoked: bool,
    pub persons: Vec<EntityId>,
    pub wake_at: Option<u64>,
    /// Rows that somebody was shown as saved here.
    pub shown: BTreeSet<String>,
    /// Counts starts: what was meant for an earlier one is lost.
    pub life: u32,
    /// The power goes at the next commit, at one of its points.
    pub cut_at: Option<Point>,
    bug: Option<Bug>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Point {
    BeforeAppend,
    BeforeFlush,
    AfterFlush,
}

impl Phone {
    pub fn new(random: &mut Seeded, bug: Option<Bug>) -> Self {
        let identity = Identity::mint(1_700_000_000_000, random);
        Self {
            disk: Disk::default(),
            identity,
            mind: None,
            skew: 0,
            coarse: false,
            token: None,
            account: None,
            revoked: false,
            persons: Vec::new(),
            wake_at: None,
            shown: BTreeSet::new(),
            life: 0,
            cut_at: None,
            bug,
        }
    }

    /// Somebody copied the whole profile to another phone.
    pub fn cloned(&self) -> Self {
        Self {
            disk: self.disk.clone(),
            identity: self.identity.clone(),
            mind: None,
            token: self.token.clone(),
            persons: self.persons.clone(),
            wake_at: None,
            shown: self.shown.clone(),
            cut_at: None,
            ..*self
        }
    }

    pub fn now(&self, world_ms: u64) -> u64 {
        let now = world_ms.saturating_add_signed(self.skew);
        if self.coarse { now - now % 100 } else { now }
    }

    pub fn power_off(&mut self, random: &mut Seeded) {
        self.mind = None;
        self.wake_at = None;
        self.cut_at = None;
        self.life += 1;
        self.disk.cut(random);
    }

    /// Starts from the disk. The recovered standing is handed back, for whoever checks it.
    pub fn power_on(&mut self, world_ms: u64, random: &mut Seeded) -> (Standing, Vec<Row>) {
        let found = recover(&[], self.disk.files(), &[]);
        let mut shelf = Shelf::default();
        let mut identity = self.identity.clone();
        if found.chains_unsure {
            identity = identity.on_new_device(self.now(world_ms), random);
            self.identity = identity.clone();
        }
        let standing = found.standing.clone().unwrap_or_default();
        if let Some(person) = acts_for(&standing, &shelf_scopes(&found), &identity) {
            identity.person = person;
        }
        let heads = found.heads(&identity.device_id, &LaneId::number(0));
        let rows: Vec<Row> = found.open.into_iter().flat_map(|segment| segment.rows).collect();
        rows.iter().for_each(|row| _ = shelf.add(row.clone()));
        let mut replica = Replica::new(standing.clone(), Some(15));
        if !self.persons.is_empty() {
            replica.belongs_to(self.persons.clone());
        }
        if shelf.holds_scope(ledger::Scope::Person(self.identity.person)) {
            replica.writes_for(self.identity.person);
        }
        let device = Device::new(identity, LaneId::number(0), heads);
        self.mind = Some(Mind { device, replica, shelf, inbox: None, file: None });
        (standing, rows)
    }

    /// Writes something down. What was flushed is shown as saved.
    pub fn write(&mut self, world_ms: u64, random: &mut Seeded, facts: Vec<Fact>) {
        let stamp = Stamp { utc_ms: self.now(world_ms), offset_min: 60 };
        let Some(mind) = &mut self.mind else { return };
        if mind.device.needs_session(&stamp, false) {
            mind.file = Some(self.disk.create(&mind.device.begin_session(&stamp, false, random)));
        }
        let drafts = facts.into_iter().map(Draft::mine).collect();
        let batch = mind.device.capture(&stamp, random, drafts).expect("the facts are sound");
        self.keep(batch);
    }

    /// A row that only a newer build understands.
    pub fn write_unknown(&mut self, world_ms: u64, random: &mut Seeded) {
        let stamp = Stamp { utc_ms: self.now(world_ms), offset_min: 60 };
        let Some(mind) = &mut self.mind else { return };
        if mind.device.needs_session(&stamp, false) {
            mind.file = Some(self.disk.create(&mind.device.begin_session(&stamp, false, random)));
        }
        let name = format!("dream {}", random.below(1_000));
        let fact = Fact::ProfileChanged { name, at_ms: 1, offset_min: 0 };
        let batch = mind.device.capture(&stamp, random, vec![Draft::mine(fact)]).expect("a sound fact");
        let mut row: serde_json::Value = serde_json::from_slice(&batch.rows[0].raw).expect("a row is JSON");
        let fields = row.as_object_mut().expect("a row is an object");
        fields.insert("kind".to_owned(), "set.dreamt".into());
        fields.insert("v".to_owned(), 7.into());
        fields.insert("colour".to_owned(), "newer builds may add fields".into());
        for key in ["h", "_deleted"] {
            fields.remove(key);
        }
        let hashed = ledger::canonical(&row).expect("canonical");
        row["h"] = tests::blake3_hex(&hashed).into();
        row["_deleted"] = false.into();
        let row = Row::read(&ledger::canonical(&row).expect("canonical")).expect("a row of a newer build");
        let batch = mind.device.adopt(vec![row]).expect("a session is open");
        self.keep(batch);
    }

    fn keep(&mut self, batch: device::Batch) {
        let Some(mind) = &mut self.mind else { return };
        let file = mind.file.expect("a session has a file");
        self.disk.append(file, &batch.bytes);
        self.disk.flush(file);
        mind.device.saved(&batch);
        mind.replica.writes_for(mind.device.identity().person);
        for row in batch.rows {
            self.shown.insert(row.event_id.to_string());
            mind.shelf.add(row);
        }
    }

    /// One input, and everything that can be done about it without the world.
    pub fn step(&mut self, world_ms: u64, random: &mut Seeded, input: Input) -> Vec<Wish> {
        let (mut wishes, mut inputs) = (Vec::new(), std::collections::VecDeque::from([input]));
        while let Some(input) = inputs.pop_front() {
            let now = self.now(world_ms);
            let Some(mind) = &mut self.mind else { return wishes };
            self.wake_at = None;
            for command in mind.replica.step(now, random, input) {
                let Some(mind) = &mut self.mind else { return wishes };
                match command {
                    Command::Ask { id, request } => wishes.push(Wish::Ask { id, request }),
                    Command::Forget { .. } => {}
                    Command::OpenStream { id, checkpoint } => wishes.push(Wish::Open { id, checkpoint }),
                    Command::CloseStream { id } => wishes.push(Wish::Close { id }),
                    Command::FetchSnapshot(snapshot) => wishes.push(Wish::Snapshot(snapshot)),
                    Command::Wake { at_ms } => self.wake_at = Some(world_ms + at_ms.saturating_sub(now)),
                    Command::Collect { rows, bytes } => {
                        let waiting = mind.shelf.waiting(mind.replica.standing(), rows, bytes, &BTreeMap::new());
                        inputs.push_back(Input::Outbox(waiting.rows));
                    }
                    Command::Compare(digest) => inputs.push_back(Input::Compared(mind.shelf.compare(&digest))),
                    Command::CompareBlocks(blocks) => {
                        let compared: Comparison = mind.shelf.compare_blocks(&blocks).expect("nothing is sealed here");
                        inputs.push_back(Input::Compared(compared));
                    }
                    Command::Commit(commit) => match self.commit(world_ms, random, *commit) {
                        Some(foreign) => {
                            inputs.push_back(Input::Committed);
                            inputs.extend(said(foreign));
                        }
                        None => return wishes,
                    },
                }
            }
        }
        wishes
    }

    /// Rows and standing in one append. `None`: the power went. Otherwise what the rows say of who else writes as this phone.
    fn commit(&mut self, world_ms: u64, random: &mut Seeded, commit: Commit) -> Option<Foreign> {
        let cut = self.cut_at.take();
        if cut == Some(Point::BeforeAppend) {
            self.power_off(random);
            return None;
        }
        let now = self.now(world_ms);
        let mind = self.mind.as_mut()?;
        if mind.inbox.as_ref().is_none_or(|(inbox, _)| inbox.is_full()) {
            let (inbox, bytes) = Inbox::begin(mind.device.identity(), &LaneId::number(0), now, random);
            mind.inbox = Some((inbox, self.disk.create(&bytes)));
        }
        let (inbox, file) = mind.inbox.as_mut()?;
        let Commit { rows, mut standing } = commit;
        let fresh: Vec<Row> = rows.into_iter().filter(|row| mind.shelf.look(row) != Added::Known).collect();
        let own = mind.device.identity().device_id.clone();
        let mut foreign = mind.shelf.foreign(&own, |chain| mind.device.end_of(chain), fresh.iter());
        if self.bug == Some(Bug::PlaceAlone) {
            let copied = fresh.iter().any(|row| row.device_id == own && mind.shelf.look(row) == Added::Fork);
            foreign = Foreign { copied, ..Foreign::default() };
        }
        standing.doubt(&foreign.doubled);
        let file = *file;
        if self.bug == Some(Bug::CursorBeforeRows) {
            let bytes = inbox.batch(std::iter::empty(), &standing);
            inbox.saved(&bytes);
            self.disk.append(file, &bytes);
            self.disk.flush(file);
            if cut == Some(Point::BeforeFlush) {
                self.power_off(random);
                return None;
            }
        }
        let mind = self.mind.as_mut()?;
        let (inbox, _) = mind.inbox.as_mut()?;
        let bytes = inbox.batch(fresh.iter(), &standing);
        self.disk.append(file, &bytes);
        if cut == Some(Point::BeforeFlush) {
            self.power_off(random);
            return None;
        }
        self.disk.flush(file);
        if cut == Some(Point::AfterFlush) {
            self.power_off(random);
            return None;
        }
        inbox.saved(&bytes);
        fresh.into_iter().for_each(|row| _ = mind.shelf.add(row));
        if foreign.copied {
            self.rename(now, random);
        }
        Some(foreign)
    }

    /// Somebody else writes as this device: from here on this one has a name of its own.
    fn rename(&mut self, now: u64, random: &mut Seeded) {
        let Some(mind) = &mut self.mind else { return };
        let person = mind.device.identity().person;
        self.identity = self.identity.on_new_device(now, random);
        let identity = Identity { person, ..self.identity.clone() };
        mind.device = Device::new(identity, LaneId::number(0), BTreeMap::new());
        mind.file = None;
    }

    /// The rows of a snapshot, written as if they were sealed segments: rows first, the cursor afterwards.
    pub fn store_snapshot(&mut self, world_ms: u64, random: &mut Seeded, rows: Vec<Row>) -> Option<Vec<Input>> {
        let now = self.now(world_ms);
        let mind = self.mind.as_mut()?;
        let (inbox, bytes) = Inbox::begin(mind.device.identity(), &LaneId::number(0), now, random);
        let file = self.disk.create(&bytes);
        let fresh: Vec<&Row> = rows.iter().filter(|row| mind.shelf.look(row) != Added::Known).collect();
        self.disk.append(file, &inbox.batch(fresh.into_iter(), mind.replica.standing()));
        self.disk.flush(file);
        let spans = wire::spans(rows.iter());
        let mut foreign = mind.shelf.foreign_file(&mind.device.identity().device_id, |chain| mind.device.end_of(chain), &spans);
        if self.bug == Some(Bug::PlaceAlone) {
            foreign = Foreign::default();
        }
        let both = |chain: &wire::ChainKey| foreign.doubled.get(chain).cloned().unwrap_or_default();
        let acked: Vec<_> = spans.into_iter().map(|span| (span.chain.clone(), span.places.minus(&both(&span.chain)))).collect();
        rows.into_iter().for_each(|row| _ = mind.shelf.add(row));
        if foreign.copied {
            self.rename(now, random);
        }
        // What is in doubt was left out; whether there are two rows of a place is seen when somebody reads them.
        Some(said(Foreign { doubled: BTreeMap::new(), ..foreign }).chain([Input::SnapshotStored(acked)]).collect())
    }

    /// Rows here of which this phone believes that the server has them, when it knows which server that is.
    pub fn believed(&self, epoch: &str) -> impl Iterator<Item = &Row> {
        let mind = self.mind.as_ref().filter(|mind| mind.replica.standing().epoch == epoch);
        mind.into_iter().flat_map(|mind| {
            let acked = |row: &&Row| mind.replica.standing().is_acked(row);
            mind.shelf.rows().iter().filter(acked)
        })
    }

    /// Whether whoever leaves this phone now is told that all of it is somewhere else.
    pub fn may_leave(&self, epoch: &str) -> bool {
        let mind = self.mind.as_ref().filter(|mind| mind.replica.standing().epoch == epoch);
        mind.is_some_and(|mind| 0 < mind.shelf.count() && mind.shelf.unacknowledged(mind.replica.standing()) == 0)
    }

    pub fn connect_as(&mut self, token: String, persons: Vec<EntityId>) {
        let Some(mind) = &mut self.mind else { return };
        (self.token, self.persons) = (Some(token), persons.clone());
        mind.replica.belongs_to(persons.clone());
        if let Some(first) = persons.first()
            && !persons.contains(&mind.device.identity().person)
        {
            mind.device.act_for(*first);
            mind.device.drop_session();
            mind.file = None;
        }
    }

    pub fn settled(&self) -> bool {
        let Some(mind) = &self.mind else { return false };
        mind.replica.link() == Link::Live && mind.shelf.waiting_count(mind.replica.standing()) == 0
    }
}

/// What the replica hears of it.
fn said(foreign: Foreign) -> impl Iterator<Item = Input> {
    let doubled = (!foreign.doubled.is_empty()).then_some(Input::Doubled(foreign.doubled));
    doubled.into_iter().chain(foreign.copied.then_some(Input::Audit))
}

fn shelf_scopes(found: &device::Recovered) -> BTreeSet<String> {
    found.open.iter().flat_map(|segment| segment.rows.iter().map(|row| row.scope.to_string())).collect()
}

/// For whom new rows are written: the account's first person, unless this device's own has rows already.
fn acts_for(standing: &Standing, scopes: &BTreeSet<String>, identity: &Identity) -> Option<EntityId> {
    let first = standing.persons.first()?;
    (!scopes.contains(&format!("u:{}", identity.person))).then_some(*first)
}
