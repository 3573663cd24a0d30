//! One profile of a browser and its tabs, from one seed: they write, lead, freeze, thaw and die at every deed, the power goes in
//! the middle of every write, and weeks pass. Whatever was shown as saved is found at every start.

use std::collections::{BTreeMap, BTreeSet};

use bridge::{Draft, pack};
use device::{Act, Around, Deed, Device, Happening, Heard, Identity, LaneHeads, SealedFile, Task, Ticket, Trouble, hex};
use ledger::{Fact, LaneId, Role, Stamp, sealed_bytes};
use tests::Seeded;

use super::{
    pool::Pool,
    shop::Bug,
    tab::{Cut, Said, Tab, YOUNG_MS, decoded, found, replace, rows_of},
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
}

impl Lived {
    pub fn add(&mut self, other: Self) {
        self.rows += other.rows;
        self.cuts += other.cuts;
        self.deaths += other.deaths;
        self.thefts += other.thefts;
        self.sealed += other.sealed;
        self.read += other.read;
    }
}

pub struct Profile {
    seed: u64,
    random: Seeded,
    now: u64,
    pool: Pool,
    tabs: [Option<Tab>; TABS],
    leader: Option<usize>,
    identity: Identity,
    /// Rows that somebody was shown as saved.
    shown: BTreeSet<String>,
    /// Another device, of which segments come from the server; those that are being listed, and those that were.
    other: Device,
    fetching: BTreeMap<u32, BTreeSet<String>>,
    fetched: BTreeSet<String>,
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
    let identity = Identity::mint(START_MS, &mut random);
    let mut pool = Pool::default();
    // Made at the first run, and old by the time that anything happens, or not.
    for name in (0..device::SLOTS_FIRST).map(device::slot_name).chain((0..device::MANIFESTS).map(|n| format!("manifest-{n}"))) {
        pool.make(&name, START_MS);
    }
    let other = Identity::mint(START_MS, &mut random);
    let account = random.one_in(2);
    let profile = Profile {
        seed,
        random,
        now: START_MS,
        pool,
        tabs: [const { None }; TABS],
        leader: None,
        identity,
        shown: BTreeSet::new(),
        other: Device::new(other, LaneId::number(0), LaneHeads::new()),
        fetching: BTreeMap::new(),
        fetched: BTreeSet::new(),
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
        let (tab, unborn) = Tab::start(at, &self.pool, &mut self.identity, self.now, &mut self.random);
        self.tabs[at] = Some(tab);
        if !unborn.is_empty() {
            self.begin_session(at);
            let due: Vec<String> = self.pool.births.keys().cloned().collect();
            let Some(tab) = &mut self.tabs[at] else { return Ok(()) };
            let batch = tab.host.device.adopt(unborn).map_err(|err| err.to_string())?;
            tab.births_due.extend(due.into_iter().map(|key| (self.now + YOUNG_MS, key)));
            self.keep(at, batch);
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
        let here = rows_of(&found(&self.pool));
        if let Some(lost) = self.shown.difference(&here).next() {
            return Err(self.wrong(format!("{lost} was shown as saved, and {when} does not find it")));
        }
        // A leader that was robbed lists a segment in an index that is outdone: then the next one finds the file itself.
        let sealed = self.pool.sealed().flat_map(decoded).map(|row| row.event_id.to_string()).chain(here).collect();
        match self.fetched.difference(&sealed).next() {
            Some(lost) => Err(self.wrong(format!("{lost} was fetched and listed, and {when} does not find it"))),
            None => Ok(()),
        }
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

    fn begin_session(&mut self, at: usize) {
        self.end_session(at);
        let stamp = Stamp { utc_ms: self.now, offset_min: 60 };
        let Some(tab) = &mut self.tabs[at] else { return };
        let file = tab.claim_free(&mut self.pool, self.now, &mut self.random);
        let bytes = tab.host.device.begin_session(&stamp, false, &mut self.random);
        self.pool.write(&file, bytes);
        self.pool.flush(&file);
        tab.session = Some(file);
    }

    fn end_session(&mut self, at: usize) {
        let Some(tab) = self.awake(at) else { return };
        tab.host.device.drop_session();
        if let Some(file) = tab.session.take() {
            self.pool.let_go(&file);
            self.nudge();
        }
    }

    fn log(&mut self, at: usize) {
        let stamp = Stamp { utc_ms: self.now, offset_min: 60 };
        let Some(tab) = self.awake(at) else { return };
        if tab.session.is_none() || tab.host.device.needs_session(&stamp, false) {
            self.begin_session(at);
        }
        let name = format!("Mia {}", self.random.below(1_000_000));
        let draft = Draft::mine(Fact::ProfileChanged { name, at_ms: self.now as i64, offset_min: 60 });
        let drafts = vec![draft; 1 + self.random.below(3) as usize];
        let Some(tab) = &mut self.tabs[at] else { return };
        let batch = tab.host.device.capture(&stamp, &mut self.random, drafts).expect("the facts are sound");
        self.keep(at, batch);
    }

    /// In the session's file, and beside it while that is young.
    fn keep(&mut self, at: usize, batch: device::Batch) {
        let Some(tab) = &mut self.tabs[at] else { return };
        let file = tab.session.clone().expect("a session has a file");
        self.pool.append(&file, &batch.bytes);
        self.pool.flush(&file);
        if self.now < self.pool.made.get(&file).copied().unwrap_or(0) + YOUNG_MS {
            let key = batch.rows[0].event_id.to_string();
            self.pool.births.insert(key.clone(), batch.rows.iter().map(|row| row.raw.clone()).collect());
            tab.births_due.push_back((self.now + YOUNG_MS, key));
        }
        tab.host.device.saved(&batch);
        for row in &batch.rows {
            self.shown.insert(row.event_id.to_string());
            tab.host.shelf.add(row.clone());
        }
        self.tell(at, &Said::Rows(batch.rows));
    }

    /// The leader has fetched a segment from the server, whatever it does meanwhile.
    fn fetch(&mut self) {
        let stamp = Stamp { utc_ms: self.now, offset_min: 60 };
        let Some(at) = self.leader.filter(|at| self.tabs[*at].as_ref().is_some_and(|tab| !tab.frozen && tab.host.leads())) else {
            return;
        };
        self.other.begin_session(&stamp, false, &mut self.random);
        let name = format!("Noa {}", self.random.below(1_000_000));
        let draft = Draft::mine(Fact::ProfileChanged { name, at_ms: self.now as i64, offset_min: 60 });
        let batch = self.other.capture(&stamp, &mut self.random, vec![draft; 2]).expect("the facts are sound");
        self.other.saved(&batch);
        let Some(tab) = &mut self.tabs[at] else { return };
        let listed = SealedFile {
            rows: 2,
            spans: wire::spans(batch.rows.iter()),
            segment: Some("of a server".to_owned()),
            ..SealedFile::default()
        };
        let content = pack(batch.rows.iter().map(|row| row.raw.as_slice()));
        let (mut sealed, whole) = tab.host.seal(&mut self.random, listed, content);
        let bytes = sealed_bytes(whole.role, whole.use_id, whole.generation, &whole.content);
        sealed.hash = hex(&bytes[32..64]);
        sealed.file = tab.claim_free(&mut self.pool, self.now, &mut self.random);
        replace(&mut self.pool, &sealed.file, bytes, None);
        let id = self.random.number() as u32;
        // One whose name a power cut takes is missed, and fetched again.
        let old = self.pool.made.get(&sealed.file).is_some_and(|made| made + YOUNG_MS <= self.now);
        let rows = batch.rows.iter().filter(|_| old).map(|row| row.event_id.to_string()).collect();
        self.fetching.insert(id, rows);
        self.step(at, Happening::Fetched { id, sealed });
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
            Said::Rows(rows) => drop::<Heard>(tab.host.hear(rows)),
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
            encrypts: false,
            account: self.account,
        };
        let deeds = tab.host.step(&mut around, happening);
        let mut files_changed = false;
        for deed in deeds {
            match deed {
                Deed::Do { ticket, act } => {
                    self.lived.read += u64::from(matches!(act, Act::Rows(_)));
                    tab.asked.push_back((ticket, act));
                }
                Deed::LetGo(task) => tab.let_go(&mut self.pool, task),
                Deed::FilesChanged => files_changed = true,
                Deed::Listed { id, outcome } => {
                    let rows = self.fetching.remove(&id).unwrap_or_default();
                    if outcome.is_ok() {
                        self.fetched.extend(rows);
                    }
                }
                Deed::Heard(_) | Deed::Wrote | Deed::Connect | Deed::Warn(_) => {}
            }
        }
        if files_changed {
            self.tell(at, &Said::FilesChanged);
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
        let Some((ticket, act)) = tab.asked.pop_front() else { return Ok(()) };
        if let Act::Wait(ms) = act {
            return self.wait(at, ticket, ms);
        }
        let writes = matches!(act, Act::Write(_) | Act::Free | Act::Store(_) | Act::Make(_));
        let cut = (writes && !calm && self.random.one_in(25)).then(|| *self.random.pick(&[Cut::Before, Cut::Torn, Cut::After]));
        let fails = !calm && self.random.one_in(60);
        // What may be freed is asked behind this one.
        self.early = self.bug == Some(Bug::FreesEarly) && matches!(act, Act::ForgetBirths);
        let blind = self.bug == Some(Bug::OverNewer) && ticket.task == Task::Index;
        let Some(tab) = &mut self.tabs[at] else { return Ok(()) };
        let mut answer = match fails {
            true => Err(Trouble::Other("the disk did not answer".to_owned())),
            false => tab.perform((ticket.task, act), (&mut self.pool, self.now, &mut self.random), cut),
        };
        if cut.is_some() && !fails {
            return self.power_cut(Some(at));
        }
        if let (true, Ok(device::Answer::Taken(Some(bytes)))) = (blind, &mut answer) {
            bytes.clear();
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
        if self.tabs.iter().flatten().count() == 0 {
            self.open(0)?;
        }
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
                "tab {} leads {}, frozen {}, robbed {}, to do {:?}",
                tab.at,
                tab.host.leads(),
                tab.frozen,
                tab.robbed,
                tab.asked.iter().map(|(ticket, _)| ticket.task).collect::<Vec<_>>()
            )
        };
        let tabs: Vec<String> = self.tabs.iter().flatten().map(tab).collect();
        format!("the leader is {:?}; {}", self.leader, tabs.join("; "))
    }

    /// I2: the index that the leader goes by is the one that is found.
    fn tabs_agree(&self) -> Result<(), String> {
        let leads = self.leader.and_then(|at| self.tabs[at].as_ref());
        let same = leads.is_some_and(|tab| tab.host.manifest.generation == self.generation());
        if same { Ok(()) } else { Err(self.wrong("the leader goes by another index than the newest")) }
    }
}
