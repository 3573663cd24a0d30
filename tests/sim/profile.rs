//! One profile of a browser and its tabs, from one seed: they write, lead, freeze, thaw and die at every deed, the power goes in
//! the middle of every write, and weeks pass. Whatever was shown as saved is found at every start.

use std::collections::{BTreeMap, BTreeSet};

use bridge::{Draft, Guarantee, pack};
use device::{Act, Around, Deed, Device, Done, Happening, Identity, LaneHeads, NotDone, Place, Task, Ticket, Write};
use ledger::{Fact, LaneId, Role, Row, Stamp};
use tests::Seeded;
use wire::Commit;

use super::{
    pool::Pool,
    shop::Bug,
    tab::{Cut, Fault, Said, Tab, YOUNG_MS, decoded, found, rows_of},
};

/// Things that happen in one run.
pub const EVENTS: u32 = 800;
const TABS: usize = 3;
const START_MS: u64 = 1_763_700_000_000;
const DAY_MS: u64 = 86_400_000;
/// Deeds until everything that can be sealed is, many times over.
const CALM: u32 = 4_000;

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Lived {
    pub rows: u64,
    pub cuts: u64,
    pub deaths: u64,
    pub thefts: u64,
    pub sealed: u64,
    /// Sealed files that were read, to be merged or compared.
    pub read: u64,
    /// Profiles that took nothing plain any more.
    pub strict: u64,
}

impl Lived {
    pub fn add(&mut self, other: Self) {
        self.rows += other.rows;
        self.cuts += other.cuts;
        self.deaths += other.deaths;
        self.thefts += other.thefts;
        self.sealed += other.sealed;
        self.read += other.read;
        self.strict += other.strict;
    }
}

pub struct Profile {
    seed: u64,
    random: Seeded,
    now: u64,
    pool: Pool,
    tabs: [Option<Tab>; TABS],
    leader: Option<usize>,
    /// There is a database for what young files hold.
    twice: bool,
    /// Rows that somebody was shown as saved.
    shown: BTreeSet<String>,
    /// Another device, of which segments and rows come from the server; those that are on their way, and those that came.
    other: Device,
    fetching: BTreeMap<u32, BTreeSet<String>>,
    fetched: BTreeSet<String>,
    asked: u32,
    failed: u32,
    account: bool,
    /// The newest generation that was on the disk.
    newest: u64,
    calm: bool,
    bug: Option<Bug>,
    early: bool,
    lived: Lived,
}

pub fn live(seed: u64, bug: Option<Bug>, events: u32) -> Result<Lived, String> {
    let mut random = Seeded(seed.wrapping_mul(0x9e37_79b9).wrapping_add(991));
    let mut pool = Pool::of(Identity::mint(START_MS, &mut random));
    // Not every browser has a place for a key.
    if seed.is_multiple_of(2) {
        pool = pool.encrypted(&mut Seeded(seed));
    }
    // Made at the first run, and old by the time that anything happens, or not.
    for name in (0..device::SLOTS_FIRST).map(device::slot_name).chain((0..device::MANIFESTS).map(|n| format!("manifest-{n}"))) {
        pool.make(&name, START_MS);
    }
    let other = Identity::mint(START_MS, &mut random);
    let (account, twice) = (random.one_in(2), !random.one_in(6));
    let profile = Profile {
        seed,
        random,
        now: START_MS,
        pool,
        tabs: [const { None }; TABS],
        leader: None,
        twice,
        shown: BTreeSet::new(),
        other: Device::new(other, LaneId::number(0), LaneHeads::new()),
        fetching: BTreeMap::new(),
        fetched: BTreeSet::new(),
        asked: 0,
        failed: 0,
        account,
        newest: 0,
        calm: false,
        bug,
        early: false,
        lived: Lived::default(),
    };
    profile.play(events)
}

impl Profile {
    fn play(mut self, events: u32) -> Result<Lived, String> {
        self.open(0)?;
        for _ in 0..events {
            self.now += self.random.below(400);
            self.happen()?;
        }
        self.settle()?;
        self.lived.rows = self.shown.len() as u64;
        self.lived.sealed = self.pool.count(Role::Sealed) as u64;
        self.lived.strict = u64::from(self.pool.vault().is_some_and(|vault| vault.is_strict()));
        Ok(self.lived)
    }

    fn wrong(&self, what: impl std::fmt::Display) -> String {
        format!("profile of seed {} after {} ms: {what}", self.seed, self.now - START_MS)
    }

    fn happen(&mut self) -> Result<(), String> {
        let at = self.random.below(TABS as u64) as usize;
        match self.random.below(100) {
            0..60 => {
                // Most of what there is to do is the leader's, and it does not take long.
                let whose = self.leader.filter(|_| self.random.one_in(2)).unwrap_or(at);
                for _ in 0..1 + self.random.below(8) {
                    self.do_one(whose)?;
                }
            }
            60..78 => self.log(at),
            78..82 => self.end_session(at),
            82 if self.random.one_in(3) => self.now += 60_000,
            83 => self.now += self.random.below(8_000),
            84 if self.random.one_in(4) => self.now += self.random.below(40) * DAY_MS / (1 + self.random.below(20)),
            85 => self.freeze(at),
            86 | 87 => self.freeze(self.leader.unwrap_or(at)),
            88..91 => self.thaw(at),
            91 | 92 => self.steal(),
            93 => self.die(at),
            94 => self.power_cut(None)?,
            96 => self.fetch(),
            97 => self.receive(),
            98 if self.random.one_in(6) => self.write(at, Write::Copied),
            95 => {
                if let Some(tab) = &mut self.tabs[at] {
                    tab.projector = !tab.projector;
                }
                self.nudge();
            }
            _ => {
                if self.tabs[at].is_none() {
                    self.open(at)?;
                }
            }
        }
        Ok(())
    }

    // ------------------------------------------------------------------------------------------ tabs

    fn awake(&mut self, at: usize) -> Option<&mut Tab> {
        self.tabs[at].as_mut().filter(|tab| !tab.frozen)
    }

    fn open(&mut self, at: usize) -> Result<(), String> {
        self.all_there("a start")?;
        for name in device::missing_files(&self.pool.names()) {
            self.pool.make(&name, self.now);
        }
        let (tab, unborn) = Tab::start(at, &mut self.pool, self.now, &mut self.random, self.bug);
        self.tabs[at] = Some(tab);
        if let Some(unborn) = unborn {
            self.write(at, unborn);
        }
        if self.leader.is_none() {
            self.lead(at, false);
        }
        Ok(())
    }

    fn lead(&mut self, at: usize, stolen: bool) {
        // Whoever has lost it hears of that before it stands in line again.
        if let Some(tab) = self.tabs[at].as_mut().filter(|tab| tab.robbed) {
            tab.robbed = false;
            self.step(at, Happening::Lost);
        }
        self.leader = Some(at);
        self.step(at, Happening::Leads { stolen });
    }

    /// The lock goes to a tab that waits for it.
    fn pass_on(&mut self) {
        let waiting: Vec<usize> = (0..TABS).filter(|at| self.tabs[*at].as_ref().is_some_and(|tab| !tab.frozen)).collect();
        if let (None, false) = (self.leader, waiting.is_empty()) {
            let next = *self.random.pick(&waiting);
            self.lead(next, false);
        }
    }

    fn die(&mut self, at: usize) {
        if self.tabs[at].take().is_some() {
            self.lived.deaths += 1;
            self.pool.tab_died(at);
            if self.leader == Some(at) {
                self.leader = None;
            }
            self.pass_on();
        }
    }

    fn freeze(&mut self, at: usize) {
        if let Some(tab) = self.awake(at) {
            tab.frozen = true;
        }
    }

    fn thaw(&mut self, at: usize) {
        if let Some(tab) = &mut self.tabs[at] {
            tab.frozen = false;
            let unheard = std::mem::take(&mut tab.unheard);
            unheard.into_iter().for_each(|said| self.hear(at, said));
        }
        self.pass_on();
    }

    /// The leader has not answered for a while.
    fn steal(&mut self) {
        let frozen = self.leader.filter(|at| self.tabs[*at].as_ref().is_some_and(|tab| tab.frozen));
        let thief = (0..TABS).find(|at| self.tabs[*at].as_ref().is_some_and(|tab| !tab.frozen));
        if let (Some(robbed), Some(thief)) = (frozen, thief) {
            if let Some(tab) = &mut self.tabs[robbed] {
                tab.robbed = true;
            }
            self.lived.thefts += 1;
            self.lead(thief, true);
        }
    }

    fn power_cut(&mut self, at: Option<usize>) -> Result<(), String> {
        self.lived.cuts += 1;
        self.tabs = [const { None }; TABS];
        self.fetching.clear();
        self.leader = None;
        self.pool.cut(self.now, &mut self.random);
        // What was half written does not count.
        self.newest = self.generation();
        self.open(at.unwrap_or(0))
    }

    /// I1: what was shown as saved is found, whoever looks.
    fn all_there(&self, when: &str) -> Result<(), String> {
        let found = found(&self.pool);
        let here = rows_of(&found);
        self.no_place_twice(&found)?;
        if let Some(lost) = self.shown.difference(&here).next() {
            return Err(self.wrong(format!("{lost} was shown as saved, and {when} does not find it")));
        }
        // A leader that was robbed lists a segment in an index that is outdone: then the next one finds the file itself.
        let sealed =
            self.pool.sealed().flat_map(|content| decoded(&content)).map(|row| row.event_id.to_string()).chain(here).collect();
        match self.fetched.difference(&sealed).next() {
            Some(lost) => Err(self.wrong(format!("{lost} was fetched and listed, and {when} does not find it"))),
            None => Ok(()),
        }
    }

    /// I4: this profile never puts two rows in one place.
    fn no_place_twice(&self, found: &device::Recovered) -> Result<(), String> {
        let open = found.open.iter().flat_map(|segment| &segment.rows).chain(&found.unborn).cloned();
        let sealed = found.sealed.iter().flat_map(|(_, parquet)| decoded(parquet));
        let mut places: BTreeMap<_, Row> = BTreeMap::new();
        for row in open.chain(sealed) {
            let place = (row.device_id.clone(), row.lane.clone(), row.scope.to_string(), row.dseq);
            match places.get(&place) {
                Some(other) if other.event_id != row.event_id => {
                    return Err(self.wrong(format!("{} and {} are in one place", other.event_id, row.event_id)));
                }
                _ => _ = places.insert(place, row),
            }
        }
        Ok(())
    }

    fn generation(&self) -> u64 {
        let newest = device::newest_index(&self.pool.files("manifest-")).ok().flatten();
        newest.map_or(0, |(manifest, _)| manifest.generation)
    }

    /// I3: the index never goes back.
    fn goes_on(&mut self) -> Result<(), String> {
        let now = self.generation();
        let before = std::mem::replace(&mut self.newest, now);
        if before <= self.newest {
            return Ok(());
        }
        Err(self.wrong(format!("the newest index was generation {before}, and is {}", self.newest)))
    }

    // ------------------------------------------------------------------------------------------ writing

    fn write(&mut self, at: usize, what: Write) {
        if self.awake(at).is_some() {
            self.asked += 1;
            self.step(at, Happening::Write { id: self.asked, what });
        }
    }

    fn end_session(&mut self, at: usize) {
        self.write(at, Write::EndSession);
    }

    fn log(&mut self, at: usize) {
        let name = format!("Mia {}", self.random.below(1_000_000));
        let draft = Draft::mine(Fact::ProfileChanged { name, at_ms: self.now as i64, offset_min: 60 });
        let drafts = vec![draft; 1 + self.random.below(3) as usize];
        let import = self.random.one_in(15);
        self.write(at, Write::Capture { drafts, import });
    }

    fn others(&mut self) -> Vec<Row> {
        let stamp = Stamp { utc_ms: self.now, offset_min: 60 };
        self.other.begin_session(&stamp, false, &mut self.random);
        let name = format!("Noa {}", self.random.below(1_000_000));
        let draft = Draft::mine(Fact::ProfileChanged { name, at_ms: self.now as i64, offset_min: 60 });
        let batch = self.other.capture(&stamp, &mut self.random, vec![draft; 2]).expect("the facts are sound");
        self.other.saved(&batch);
        batch.rows
    }

    fn leading(&self) -> Option<usize> {
        self.leader.filter(|at| self.tabs[*at].as_ref().is_some_and(|tab| !tab.frozen && tab.host.leads()))
    }

    /// The leader has fetched a segment from the server, whatever it does meanwhile.
    fn fetch(&mut self) {
        let Some(at) = self.leading() else { return };
        let rows = self.others();
        self.asked += 1;
        let id = self.asked;
        self.fetching.insert(id, rows.iter().map(|row| row.event_id.to_string()).collect());
        let (name, spans) = (format!("segment {id}"), wire::spans(rows.iter()));
        let parquet = pack(rows.iter().map(|row| row.raw.as_slice()));
        self.step(at, Happening::Fetched { id, name, spans, parquet });
    }

    /// Rows from the server, and where it stands with them.
    fn receive(&mut self) {
        let Some(at) = self.leading() else { return };
        let rows = self.others();
        let mut standing = self.tabs[at].as_ref().and_then(|tab| tab.host.standing.clone()).unwrap_or_default();
        standing.version += 1;
        self.fetching.insert(self.asked + 1, rows.iter().map(|row| row.event_id.to_string()).collect());
        self.write(at, Write::Receive(Box::new(Commit { rows, standing })));
    }

    /// One whose name a power cut takes is missed, and fetched again.
    fn came(&mut self, id: u32, file: Option<String>) {
        let rows = self.fetching.remove(&id).unwrap_or_default();
        let made = file.and_then(|file| self.pool.made.get(&file).copied());
        if made.is_some_and(|made| made + YOUNG_MS <= self.now) {
            self.fetched.extend(rows);
        }
    }

    // ------------------------------------------------------------------------------------------ deeds

    fn nudge(&mut self) {
        if let Some(leader) = self.leader
            && self.awake(leader).is_some()
        {
            self.step(leader, Happening::Nudged);
        }
    }

    fn tell(&mut self, from: usize, said: &Said) {
        for at in (0..TABS).filter(|at| *at != from) {
            match &mut self.tabs[at] {
                Some(tab) if tab.frozen => tab.unheard.push(said.clone()),
                Some(_) => self.hear(at, said.clone()),
                None => {}
            }
        }
    }

    fn hear(&mut self, at: usize, said: Said) {
        let Some(tab) = &mut self.tabs[at] else { return };
        match said {
            Said::Rows(rows) => self.step(at, Happening::Told(rows)),
            Said::Renamed(device_id) => self.write(at, Write::Renamed(device_id)),
            Said::FilesChanged => {
                if let Ok(Some((manifest, file))) = device::newest_index(&self.pool.files("manifest-")) {
                    tab.host.follow(manifest, file);
                }
            }
        }
    }

    fn step(&mut self, at: usize, happening: Happening) {
        let Some(tab) = &mut self.tabs[at] else { return };
        let mut around = Around {
            utc_ms: if self.early { self.now + YOUNG_MS } else { self.now },
            entropy: &mut self.random,
            projector: tab.projector,
            encrypts: tab.vault.is_some(),
            account: self.account,
            offset_min: 60,
            stored: true,
            twice: self.twice,
            lasts: false,
            mono_ms: self.now,
        };
        let deeds = tab.host.step(&mut around, happening);
        let (mut said, mut nudge) = (Vec::new(), false);
        for deed in deeds {
            let Some(tab) = &mut self.tabs[at] else { return };
            match deed {
                Deed::Do { ticket, act } => {
                    self.lived.read += u64::from(matches!(act, Act::Rows(_)));
                    tab.asked.push_back((ticket, act));
                }
                Deed::LetGo(task) => tab.let_go(&mut self.pool, task),
                Deed::FilesChanged => said.push(Said::FilesChanged),
                Deed::Fresh(rows) => said.push(Said::Rows(rows)),
                Deed::Renamed(device_id) => said.push(Said::Renamed(device_id)),
                Deed::Close { place, bytes } => tab.close(&mut self.pool, place, bytes),
                Deed::SessionOver => nudge = true,
                Deed::Did { id, outcome: Ok(Done::Done) } => {
                    let file = tab.file(Place::Inbox).cloned();
                    self.came(id, file);
                }
                Deed::Did { outcome: Ok(Done::Saved { rows, guarantee }), .. } => {
                    // Of the rest it is said that a power cut may take it.
                    if guarantee != Guarantee::FileAlone {
                        self.shown.extend(rows.iter().map(|row| row.event_id.to_string()));
                    }
                }
                Deed::Did { outcome: Err(why), .. } | Deed::Unsaved(why) => {
                    assert!(matches!(why, NotDone::Trouble(_)), "the facts are sound: {why}");
                    self.failed += 1;
                }
                Deed::Listed { id, outcome } => {
                    let name = Some(format!("segment {id}"));
                    let listed = tab.host.manifest.sealed.iter().find(|file| outcome.is_ok() && file.segment == name);
                    let file = listed.map(|file| file.file.clone());
                    self.came(id, file);
                }
                Deed::Heard(_) | Deed::Connect | Deed::Warn(_) | Deed::Net(_) | Deed::Standing => {}
                Deed::AskToCompare | Deed::ActsFor { .. } => {}
            }
        }
        said.iter().for_each(|said| self.tell(at, said));
        if nudge {
            self.nudge();
        }
    }

    /// A tab does one of the things that it is to do, or hears that it does not lead any more.
    fn do_one(&mut self, at: usize) -> Result<(), String> {
        let calm = self.calm;
        let robbed = self.random.one_in(8);
        let Some(tab) = self.awake(at) else { return Ok(()) };
        if tab.robbed && robbed {
            tab.robbed = false;
            self.step(at, Happening::Lost);
            return Ok(());
        }
        // Each task goes on by itself.
        let tasks: BTreeSet<Task> = tab.asked.iter().map(|(ticket, _)| ticket.task).collect();
        if tasks.is_empty() {
            return Ok(());
        }
        let task = *self.random.pick(&tasks.into_iter().collect::<Vec<_>>());
        let Some(tab) = &mut self.tabs[at] else { return Ok(()) };
        let first = tab.asked.iter().position(|(ticket, _)| ticket.task == task);
        let Some((ticket, act)) = first.and_then(|first| tab.asked.remove(first)) else { return Ok(()) };
        if let Act::Wait(ms) = act {
            return self.wait(at, ticket, ms);
        }
        let writes = matches!(act, Act::Write(_) | Act::Free | Act::Make(_) | Act::Begin { .. } | Act::Append { .. })
            || matches!(act, Act::KeepTwice { .. } | Act::TakeBack(_));
        let cut = (writes && !calm && self.random.one_in(25)).then(|| *self.random.pick(&[Cut::Before, Cut::Torn, Cut::After]));
        let fails = !calm && self.random.one_in(60);
        // What may be freed is asked behind this one.
        let asks = matches!(act, Act::ForgetBirths(_) | Act::Follow);
        self.early = self.bug == Some(Bug::FreesEarly) && ticket.task == Task::Turn && asks;
        let blind = self.bug == Some(Bug::OverNewer) && ticket.task == Task::Index;
        let Some(tab) = &mut self.tabs[at] else { return Ok(()) };
        let fault = fails.then_some(Fault::Fails).or(cut.map(Fault::Cut));
        let mut answer = tab.perform((ticket.task, act), (&mut self.pool, self.now, &mut self.random), fault);
        if let Some(rows) = tab.told.take() {
            self.step(at, Happening::Told(rows));
        }
        if cut.is_some() && !fails {
            return self.power_cut(Some(at));
        }
        match &mut answer {
            Ok(device::Answer::Taken(Some(bytes))) if blind => bytes.clear(),
            Ok(device::Answer::Heads(heads)) if blind => heads.iter_mut().for_each(|(_, head)| *head = None),
            _ => {}
        }
        self.step(at, Happening::Done { ticket, answer });
        self.early = false;
        self.let_go_idle(at, ticket.task);
        if ticket.task == Task::Index { self.goes_on() } else { Ok(()) }
    }

    /// A task that does nothing more keeps no file.
    fn let_go_idle(&mut self, at: usize, task: Task) {
        if let Some(tab) = &mut self.tabs[at]
            && !tab.asked.iter().any(|(ticket, _)| ticket.task == task)
        {
            tab.let_go(&mut self.pool, task);
        }
    }

    fn wait(&mut self, at: usize, ticket: Ticket, ms: u32) -> Result<(), String> {
        self.let_go_idle(at, ticket.task);
        // The time is up sooner or later.
        if self.calm {
            self.now += u64::from(ms);
        }
        if self.calm || self.random.one_in(3) {
            self.step(at, Happening::Done { ticket, answer: Ok(device::Answer::Done) });
        } else if let Some(tab) = &mut self.tabs[at] {
            tab.asked.push_back((ticket, Act::Wait(ms)));
        }
        Ok(())
    }

    // ------------------------------------------------------------------------------------------ in the end

    /// Nothing goes wrong any more: every session is over and gets sealed, what was sealed is freed, and all of it is there.
    fn settle(&mut self) -> Result<(), String> {
        self.calm = true;
        for at in 0..TABS {
            self.thaw(at);
            self.end_session(at);
        }
        for _ in 0..300 {
            for at in 0..TABS {
                self.do_one(at)?;
            }
        }
        // What is received goes on being appended to its file until the tab is closed.
        for at in 0..TABS {
            if self.tabs[at].as_ref().is_some_and(|tab| tab.file(Place::Inbox).is_some()) {
                self.die(at);
            }
        }
        if self.tabs.iter().flatten().count() == 0 {
            self.open(0)?;
        }
        // Whoever has just been opened may have rows to bring back.
        (0..TABS).for_each(|at| self.end_session(at));
        self.tabs.iter_mut().flatten().for_each(|tab| tab.projector = true);
        for _ in 0..CALM {
            for at in 0..TABS {
                self.do_one(at)?;
            }
            if self.is_settled() {
                self.all_there("the last look")?;
                return self.tabs_agree();
            }
        }
        let (open, sealed) = (self.pool.count(Role::Open), self.pool.count(Role::Sealed));
        Err(self.wrong(format!("{open} sessions are open, {sealed} files are sealed, and it does not settle: {}", self.stuck())))
    }

    fn is_settled(&self) -> bool {
        let robbed = self.tabs.iter().flatten().any(|tab| tab.robbed);
        let index = self.leader.and_then(|at| self.tabs[at].as_ref()).map(|tab| &tab.host.manifest);
        // What a dead leader left over waits for the next one.
        !robbed && index.is_some_and(|index| index.retired.is_empty()) && self.pool.count(Role::Open) == 0
    }

    /// For whoever looks into a seed.
    fn stuck(&self) -> String {
        let tab = |tab: &Tab| {
            format!(
                "tab {} leads {}, frozen {}, robbed {}, session {:?}, inbox {:?}, to do {:?}",
                tab.at,
                tab.host.leads(),
                tab.frozen,
                tab.robbed,
                tab.file(Place::Session),
                tab.file(Place::Inbox),
                tab.asked.iter().map(|(ticket, _)| ticket.task).collect::<Vec<_>>()
            )
        };
        let tabs: Vec<String> = self.tabs.iter().flatten().map(tab).collect();
        let open: Vec<String> = self
            .pool
            .files("slot-")
            .into_iter()
            .filter(|file| ledger::Header::decode(&file.bytes).is_ok_and(|header| header.role == Role::Open))
            .map(|file| {
                let (name, bytes) = (file.name.clone(), file.bytes.len());
                let found = device::recover(&[], vec![file], &[]);
                let rows: usize = found.open.iter().map(|segment| segment.rows.len()).sum();
                let taken = self.pool.taken_by(&name);
                let problems: Vec<_> = found.problems.iter().map(|problem| problem.kind).collect();
                format!("{name}: {bytes} bytes, {rows} rows, taken by {taken:?}, {problems:?}")
            })
            .collect();
        format!("open {open:?}; the leader is {:?}; {}", self.leader, tabs.join("; "))
    }

    /// I2: the index that the leader goes by is the one that is found.
    fn tabs_agree(&self) -> Result<(), String> {
        let leads = self.leader.and_then(|at| self.tabs[at].as_ref());
        let same = leads.is_some_and(|tab| tab.host.manifest.generation == self.generation());
        if same { Ok(()) } else { Err(self.wrong("the leader goes by another index than the newest")) }
    }
}
