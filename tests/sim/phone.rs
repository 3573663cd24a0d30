//! A phone with one tab: its disk, and while it is on, a device that leads and replicates. What the browser's storage worker
//! does with OPFS and `fetch` is done here with a pretended disk and the world's network.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use bridge::{Draft, pack};
use device::{Act, Around, Deed, Done, Foreign, Happening, Identity, NotDone, Place, Ticket, Write};
use ledger::{EntityId, Fact, FrameKind, HEADER_LEN, Header, Row, encode_frame, scan};
use tests::Seeded;
use wire::{ChainKey, Command, Input, Link, Ranges, Request, Standing};

use super::{
    pool::Pool,
    shop::Bug,
    tab::{Cut, Fault, Tab, decoded, found},
};

/// Fewer missing rows come in pages.
const SNAPSHOT_ROWS: u64 = 15;

/// What a phone wants from the world.
pub enum Wish {
    Ask { id: u32, request: Request },
    Open { id: u32, checkpoint: wire::Checkpoint },
    Close { id: u32 },
    Snapshot(wire::Snapshot),
}

pub struct Phone {
    pub pool: Pool,
    pub mind: Option<Tab>,
    /// Milliseconds of this phone's clock at the world's time.
    pub skew: i64,
    pub coarse: bool,
    pub token: Option<String>,
    pub account: Option<usize>,
    pub account_id: String,
    pub revoked: bool,
    persons: Vec<EntityId>,
    pub wake_at: Option<u64>,
    /// Rows that somebody was shown as saved here.
    pub shown: BTreeSet<String>,
    /// Counts starts: what was meant for an earlier one is lost.
    pub life: u32,
    /// The power goes at the next commit.
    pub cut_at: Option<Cut>,
    /// Nothing goes wrong any more.
    pub calm: bool,
    /// What waits for time to pass.
    waits: Vec<Ticket>,
    /// It was started without all of its index, and compares everything first.
    doubts: bool,
    asked: u32,
    listed: BTreeMap<u32, Option<Foreign>>,
    bug: Option<Bug>,
}

impl Phone {
    pub fn new(world_ms: u64, random: &mut Seeded, bug: Option<Bug>) -> Self {
        let me = Identity::mint(world_ms, random);
        Self {
            pool: Pool::of(me),
            mind: None,
            skew: 0,
            coarse: false,
            token: None,
            account: None,
            account_id: String::new(),
            revoked: false,
            persons: Vec::new(),
            wake_at: None,
            shown: BTreeSet::new(),
            life: 0,
            cut_at: None,
            calm: false,
            waits: Vec::new(),
            doubts: false,
            asked: 0,
            listed: BTreeMap::new(),
            bug,
        }
    }

    /// Somebody copied the whole profile to another phone.
    pub fn cloned(&self) -> Self {
        Self {
            pool: self.pool.clone(),
            mind: None,
            token: self.token.clone(),
            account_id: self.account_id.clone(),
            persons: self.persons.clone(),
            wake_at: None,
            shown: self.shown.clone(),
            cut_at: None,
            waits: Vec::new(),
            listed: BTreeMap::new(),
            ..*self
        }
    }

    pub fn now(&self, world_ms: u64) -> u64 {
        let now = world_ms.saturating_add_signed(self.skew);
        if self.coarse { now - now % 100 } else { now }
    }

    pub fn power_off(&mut self, world_ms: u64, random: &mut Seeded) {
        self.mind = None;
        self.wake_at = None;
        self.cut_at = None;
        self.waits.clear();
        self.listed.clear();
        self.life += 1;
        self.pool.cut(self.now(world_ms), random);
    }

    /// Starts from the disk. The recovered standing and rows are handed back, for whoever checks them.
    pub fn power_on(&mut self, world_ms: u64, random: &mut Seeded) -> (Standing, Vec<Row>, Vec<Wish>) {
        let now = self.now(world_ms);
        let missing = device::missing_files(&self.pool.names());
        missing.iter().for_each(|name| self.pool.make(name, now));
        // A copy of a profile brings no tab along.
        self.pool.tab_died(0);
        let rows = self.rows();
        let (mut tab, unborn) = Tab::start(0, &mut self.pool, now, random, self.bug);
        tab.host.snapshot_rows = SNAPSHOT_ROWS;
        if !missing.is_empty() {
            tab.host.doubts_itself();
        }
        let doubts = tab.host.will_compare();
        let standing = tab.host.standing.clone().unwrap_or_default();
        (self.mind, self.doubts) = (Some(tab), doubts);
        let mut wishes = Vec::new();
        if let Some(what) = unborn {
            wishes.extend(self.write_down(world_ms, random, what));
        }
        wishes.extend(self.happen(world_ms, random, Happening::Leads { stolen: false }));
        (standing, rows, wishes)
    }

    /// Every row on the disk.
    pub fn rows(&self) -> Vec<Row> {
        let found = found(&self.pool);
        let sealed = found.sealed.iter().flat_map(|(_, parquet)| decoded(parquet));
        let mut rows: Vec<Row> = found.open.iter().flat_map(|segment| &segment.rows).chain(&found.unborn).cloned().collect();
        rows.extend(sealed);
        let mut seen = BTreeSet::new();
        rows.retain(|row| seen.insert(row.event_id));
        rows
    }

    fn write_down(&mut self, world_ms: u64, random: &mut Seeded, what: Write) -> Vec<Wish> {
        self.asked += 1;
        self.happen(world_ms, random, Happening::Write { id: self.asked, what })
    }

    /// Writes something down. What is said to be saved is shown.
    pub fn write(&mut self, world_ms: u64, random: &mut Seeded, facts: Vec<Fact>) -> Vec<Wish> {
        let drafts = facts.into_iter().map(Draft::mine).collect();
        self.write_down(world_ms, random, Write::Capture { drafts, import: false })
    }

    /// A row that only a newer build understands, as it comes with a backup.
    pub fn write_unknown(&mut self, world_ms: u64, random: &mut Seeded) -> Vec<Wish> {
        let Some(mind) = &self.mind else { return Vec::new() };
        let now = self.now(world_ms);
        // Of a device that is there no more.
        let author = Identity::mint(now, random).acting_for(mind.host.device.identity().person);
        let mut scribe = device::Device::new(author, ledger::LaneId::number(0), device::LaneHeads::new());
        let stamp = ledger::Stamp { utc_ms: now, offset_min: 60 };
        scribe.begin_session(&stamp, false, random);
        let fact = Fact::ProfileChanged { name: format!("dream {}", random.below(1_000)), at_ms: 1, offset_min: 0 };
        let batch = scribe.capture(&stamp, random, vec![Draft::mine(fact)]).expect("a sound fact");
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
        self.write_down(world_ms, random, Write::Restore(vec![row]))
    }

    /// For the replica: one input, and everything that can be done about it without the world.
    pub fn step(&mut self, world_ms: u64, random: &mut Seeded, input: Input) -> Vec<Wish> {
        if random.one_in(4) {
            let mut wishes = Vec::new();
            for ticket in std::mem::take(&mut self.waits) {
                wishes.extend(self.happen(world_ms, random, Happening::Done { ticket, answer: Ok(device::Answer::Done) }));
            }
            wishes.extend(self.happen(world_ms, random, Happening::Net(input)));
            return wishes;
        }
        self.happen(world_ms, random, Happening::Net(input))
    }

    /// Until nothing more follows from it.
    fn happen(&mut self, world_ms: u64, random: &mut Seeded, happening: Happening) -> Vec<Wish> {
        let (mut wishes, mut happenings) = (Vec::new(), VecDeque::from([happening]));
        loop {
            let now = self.now(world_ms);
            let Some(tab) = &mut self.mind else { return wishes };
            if let Some(happening) = happenings.pop_front() {
                let mut around = Around {
                    utc_ms: now,
                    mono_ms: world_ms,
                    offset_min: 60,
                    entropy: random,
                    projector: tab.projector,
                    encrypts: false,
                    account: self.token.is_some(),
                    stored: true,
                    twice: true,
                    lasts: false,
                };
                for deed in tab.host.step(&mut around, happening) {
                    if let Some(next) = self.carry_out(world_ms, deed, &mut wishes) {
                        happenings.push_back(next);
                    }
                }
                continue;
            }
            let Some((ticket, act)) = tab.asked.pop_front() else { return wishes };
            if let Act::Wait(_) = act {
                self.waits.push(ticket);
                continue;
            }
            let fault = self.fault(&act, random).map(Fault::Cut);
            if self.bug == Some(Bug::CursorBeforeRows) && self.cursor_first(&act) && fault.is_some() {
                self.power_off(world_ms, random);
                return wishes;
            }
            let Some(tab) = &mut self.mind else { return wishes };
            let answer = tab.perform((ticket.task, act), (&mut self.pool, now, random), fault);
            if fault.is_some() {
                self.power_off(world_ms, random);
                return wishes;
            }
            happenings.extend(tab.told.take().map(Happening::Told));
            happenings.push_back(Happening::Done { ticket, answer });
        }
    }

    fn fault(&mut self, act: &Act, random: &mut Seeded) -> Option<Cut> {
        if self.calm {
            return None;
        }
        match act {
            Act::Append { place: Place::Inbox, .. } => self.cut_at.take(),
            Act::Write(_) | Act::Begin { .. } | Act::Append { .. } | Act::KeepTwice { .. } | Act::Free if random.one_in(400) => {
                Some(*random.pick(&[Cut::Before, Cut::Torn, Cut::After]))
            }
            _ => None,
        }
    }

    /// As if the device wrote its cursor down before the rows.
    fn cursor_first(&mut self, act: &Act) -> bool {
        let (Act::Append { place: Place::Inbox, bytes }, Some(tab)) = (act, &self.mind) else { return false };
        let Some(file) = tab.file(Place::Inbox) else { return false };
        let there = self.pool.read(file).unwrap_or_default();
        let Ok(header) = Header::decode(&there) else { return false };
        let mut whole = vec![0; HEADER_LEN];
        whole.extend_from_slice(bytes);
        let scan = scan(&header.use_id, &whole);
        let Some(last) = scan.frames.iter().find(|frame| frame.kind == FrameKind::Standing) else { return false };
        let mut standing = Vec::new();
        encode_frame(&header.use_id, FrameKind::Standing, last.payload, &mut standing);
        self.pool.append(file, &standing);
        self.pool.flush(file);
        true
    }

    fn carry_out(&mut self, world_ms: u64, deed: Deed, wishes: &mut Vec<Wish>) -> Option<Happening> {
        let tab = self.mind.as_mut()?;
        match deed {
            Deed::Do { ticket, act } => tab.asked.push_back((ticket, act)),
            Deed::LetGo(task) => tab.let_go(&mut self.pool, task),
            Deed::Close { place, bytes } => tab.close(&mut self.pool, place, bytes),
            Deed::Net(command) => match command {
                Command::Ask { id, request } => wishes.push(Wish::Ask { id, request }),
                Command::OpenStream { id, checkpoint } => wishes.push(Wish::Open { id, checkpoint }),
                Command::CloseStream { id } => wishes.push(Wish::Close { id }),
                Command::FetchSnapshot(snapshot) => wishes.push(Wish::Snapshot(snapshot)),
                Command::Wake { at_ms } => self.wake_at = Some(at_ms.max(world_ms)),
                _ => {}
            },
            Deed::Did { outcome: Ok(Done::Saved { rows, .. }), .. } => {
                self.shown.extend(rows.iter().map(|row| row.event_id.to_string()));
            }
            Deed::Did { outcome: Err(why), .. } | Deed::Unsaved(why) => {
                assert!(matches!(why, NotDone::Trouble(_)), "the facts are sound: {why}");
            }
            Deed::Listed { id, outcome } => _ = self.listed.insert(id, outcome.ok()),
            Deed::Connect if self.token.is_some() => return Some(self.linked()),
            _ => {}
        }
        None
    }

    fn linked(&self) -> Happening {
        Happening::Linked { account_id: self.account_id.clone(), persons: self.persons.clone() }
    }

    /// Segments of a snapshot, each into a file of its own. What is on the disk already is not fetched again.
    pub fn store_snapshot(&mut self, world_ms: u64, random: &mut Seeded, segments: Vec<(String, Vec<Row>)>) -> Vec<Wish> {
        let (mut wishes, mut acked, mut copied) = (Vec::new(), Vec::new(), false);
        for (name, rows) in segments {
            let Some(tab) = &self.mind else { return wishes };
            let (spans, mut foreign) = match tab.host.segment(&name) {
                Some(here) => here,
                None => {
                    self.asked += 1;
                    let (id, spans) = (self.asked, wire::spans(rows.iter()));
                    let parquet = pack(rows.iter().map(|row| row.raw.as_slice()));
                    let fetched = Happening::Fetched { id, name, spans: spans.clone(), parquet };
                    wishes.extend(self.happen(world_ms, random, fetched));
                    match self.listed.remove(&id).flatten() {
                        Some(foreign) => (spans, foreign),
                        None => {
                            let failure = wire::Failure::Unreachable("it could not be stored".to_owned());
                            wishes.extend(self.step(world_ms, random, Input::SnapshotFailed(failure)));
                            return wishes;
                        }
                    }
                }
            };
            if self.bug == Some(Bug::PlaceAlone) {
                foreign = Foreign::default();
            }
            copied |= foreign.copied;
            let both = |chain: &ChainKey| foreign.doubled.get(chain).cloned().unwrap_or_default();
            let certain = |span: wire::Span| -> (ChainKey, Ranges) { (span.chain.clone(), span.places.minus(&both(&span.chain))) };
            acked.extend(spans.into_iter().map(certain));
        }
        if copied {
            wishes.extend(self.write_down(world_ms, random, Write::Copied));
        }
        wishes.extend(self.step(world_ms, random, Input::SnapshotStored(acked)));
        wishes
    }

    /// Whether it knows, or suspects, that it has lost this row.
    pub fn misses(&self, row: &Row) -> bool {
        let damaged = self.mind.iter().flat_map(|mind| &mind.host.damaged).flat_map(|file| &file.spans);
        let mut of_its_chain = damaged.filter(|span| span.chain == ChainKey::of(row));
        self.doubts || of_its_chain.any(|span| span.places.contains(row.dseq))
    }

    /// What the replica takes for acknowledged, when it knows which server that is.
    fn standing(&self, epoch: &str) -> Option<&Standing> {
        let replica = self.mind.as_ref()?.host.replica()?;
        Some(replica.standing()).filter(|standing| standing.epoch == epoch)
    }

    /// Rows here of which this phone believes that the server has them.
    pub fn believed(&self, epoch: &str) -> Vec<Row> {
        let Some(standing) = self.standing(epoch) else { return Vec::new() };
        let mut rows = self.rows();
        rows.retain(|row| standing.is_acked(row));
        rows
    }

    /// Whether whoever leaves this phone now is told that all of it is somewhere else.
    pub fn may_leave(&self, epoch: &str) -> bool {
        let knows = |mind: &&Tab| mind.host.standing.as_ref().is_some_and(|standing| standing.epoch == epoch);
        let Some(mind) = self.mind.as_ref().filter(knows) else { return false };
        let unasked = self.bug == Some(Bug::LeavesEarly);
        0 < mind.host.shelf.count() && (unasked || mind.host.may_remove(&BTreeMap::new(), 0).is_ok())
    }

    pub fn connect_as(
        &mut self,
        world_ms: u64,
        random: &mut Seeded,
        (token, account_id, persons): (String, String, Vec<EntityId>),
    ) -> Vec<Wish> {
        let mut wishes = self.write_down(world_ms, random, Write::BelongTo(persons.clone()));
        // Whose rows these are was said once and for all.
        let before = self.persons.iter().filter(|person| !persons.contains(person)).copied().collect::<Vec<_>>();
        (self.token, self.account_id) = (Some(token), account_id);
        self.persons = persons.into_iter().chain(before).collect();
        wishes.extend(self.happen(world_ms, random, self.linked()));
        wishes
    }

    pub fn settled(&self) -> bool {
        let Some(mind) = &self.mind else { return false };
        mind.host
            .replica()
            .is_some_and(|replica| replica.link() == Link::Live && mind.host.shelf.waiting_count(replica.standing()) == 0)
    }
}
