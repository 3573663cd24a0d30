//! Time, the network, and what happens in it.

use std::collections::{BTreeMap, BTreeSet};

use ledger::{Fact, Row};
use realm::{
    hub::{Said, Seat},
    replicate as core,
    store::read,
};
use tests::Seeded;
use wire::{Answer, Failure, Input, Request};

use super::{
    phone::{Phone, Wish},
    shop::{Bug, Shop},
    tab::Cut,
};

/// Things that happen in one run.
pub const EVENTS: u32 = 160;
const START_MS: u64 = 1_763_700_000_000;
/// Long enough for every back-off, and many times over.
const CALM_STEPS: u32 = 60_000;

#[derive(Debug, Clone, Copy, Default)]
pub struct Outcome {
    pub rows: usize,
    pub phones: usize,
    pub cuts: u32,
    pub server_cuts: u32,
    pub restores: u32,
    pub left: u32,
    pub lost: u32,
    pub doubled: u32,
}

enum Parcel {
    Request { phone: usize, life: u32, id: u32, token: String, request: Box<Request> },
    Open { phone: usize, life: u32, id: u32, token: String, checkpoint: wire::Checkpoint },
    Input { phone: usize, life: u32, input: Box<Input> },
    Snapshot { phone: usize, life: u32, token: String, snapshot: wire::Snapshot },
}

pub struct World {
    seed: u64,
    random: Seeded,
    now: u64,
    shop: Shop,
    phones: Vec<Phone>,
    /// By time, then in the order they were sent.
    parcels: BTreeMap<(u64, u64), Parcel>,
    sent: u64,
    seats: BTreeMap<(usize, u32), (u32, Seat)>,
    /// One in so many, or never.
    lose: u64,
    double: u64,
    truncate: u64,
    slow_ms: u64,
    calm: bool,
    bug: Option<Bug>,
    outcome: Outcome,
    /// The first device of each account, by which others join.
    firsts: [Option<String>; 2],
    down_until: Option<u64>,
}

impl World {
    pub fn new(seed: u64, bug: Option<Bug>) -> Self {
        let mut random = Seeded(seed.wrapping_mul(0x9e37_79b9).wrapping_add(77));
        let count = 2 + random.below(4) as usize;
        let mut phones: Vec<Phone> = (0..count).map(|_| Phone::new(START_MS, &mut random, bug)).collect();
        for phone in &mut phones {
            phone.account = Some(usize::from(random.one_in(4)));
            phone.skew = match random.below(8) {
                0 => -(START_MS as i64),
                1 => 2_300_000_000_000,
                2 => -86_400_000 * 3,
                _ => random.below(5_000) as i64,
            };
            phone.coarse = random.one_in(5);
        }
        phones[0].account = Some(0);
        let mut rate = |from: u64| if random.one_in(3) { 0 } else { from + random.below(20) };
        let (lose, double, truncate, slow_ms) = (rate(3), rate(5), rate(8), 1 + rate(40) * 100);
        Self {
            seed,
            shop: Shop::new(bug),
            random,
            now: START_MS,
            phones,
            parcels: BTreeMap::new(),
            sent: 0,
            seats: BTreeMap::new(),
            lose,
            double,
            truncate,
            slow_ms,
            calm: false,
            bug,
            outcome: Outcome::default(),
            firsts: [None, None],
            down_until: None,
        }
    }

    pub fn play(mut self, events: Option<u32>) -> Result<Outcome, String> {
        for at in 0..self.phones.len() {
            self.switch_on(at)?;
        }
        for _ in 0..events.unwrap_or(EVENTS) {
            self.happen()?;
            let until = self.now + 1 + self.random.below(3_000);
            self.let_pass(until)?;
        }
        self.settle()?;
        self.check()?;
        (self.outcome.phones, self.outcome.rows) = (self.phones.len(), self.server_rows(0).len() + self.server_rows(1).len());
        Ok(self.outcome)
    }

    fn wrong(&self, what: impl std::fmt::Display) -> String {
        format!("seed {} at {} ms: {what}", self.seed, self.now - START_MS)
    }

    fn one_in(&mut self, n: u64) -> bool {
        !self.calm && 0 < n && self.random.one_in(n)
    }

    // ------------------------------------------------------------------------------------------ what happens

    fn happen(&mut self) -> Result<(), String> {
        let at = self.random.below(self.phones.len() as u64) as usize;
        match self.random.below(42) {
            0..14 => self.log(at),
            14 => {
                let wishes = self.phones[at].write_unknown(self.now, &mut self.random);
                self.grant(at, wishes);
            }
            15..21 => self.connect(at),
            21 | 22 => self.tell(at, Input::Disconnect),
            23..27 => self.tell(at, Input::Connect),
            27 | 28 => self.switch_off(at),
            29 => {
                let point = *self.random.pick(&[Cut::Before, Cut::Torn, Cut::After]);
                self.phones[at].cut_at = Some(point);
            }
            30 | 31 => {
                if self.phones[at].mind.is_none() {
                    self.switch_on(at)?;
                }
            }
            32 | 33 => {
                if self.shop.is_open() {
                    let committed = self.random.one_in(2);
                    self.shop.cut_next_write(committed);
                }
            }
            34 => {
                self.server_down();
                self.down_until = Some(self.now + self.random.below(20_000));
            }
            35 => {
                if self.shop.is_open() {
                    self.shop.back_up();
                }
            }
            36 => {
                if self.random.one_in(4) && self.shop.is_open() && self.shop.restore() {
                    self.outcome.restores += 1;
                    self.seats.clear();
                    self.sign_in_again();
                }
            }
            37 => self.revoke(at),
            38 => self.clone_phone(at)?,
            39 | 40 => self.leave(at)?,
            _ => {
                let jump = self.random.below(86_400_000) as i64;
                self.phones[at].skew += jump;
                self.tell(at, Input::Tick);
            }
        }
        Ok(())
    }

    fn log(&mut self, at: usize) {
        let n = 1 + self.random.below(6);
        let facts = (0..n)
            .map(|_| {
                let long = if self.random.one_in(12) { 180 } else { 3 };
                let name = format!("{} {}", self.random.below(1_000_000), "é".repeat(long));
                Fact::ProfileChanged { name, at_ms: self.now as i64, offset_min: 60 }
            })
            .collect();
        let wishes = self.phones[at].write(self.now, &mut self.random, facts);
        self.grant(at, wishes);
    }

    /// A sign-up after who knows how long offline, or a second device joins.
    fn connect(&mut self, at: usize) {
        let phone = &self.phones[at];
        let (Some(account), false, true) = (phone.account, phone.revoked, self.shop.is_open()) else { return };
        if phone.token.is_some() {
            self.tell(at, Input::Connect);
            return;
        }
        let Some(mind) = &phone.mind else { return };
        let identity = mind.host.device.identity().clone();
        let has_rows = mind.host.shelf.holds_scope(ledger::Scope::Person(identity.person));
        let person = (has_rows || self.firsts[account].is_none()).then_some(identity.person);
        let (name, like) = (format!("account {account}"), self.firsts[account].clone());
        let first = like.is_none().then_some(name.as_str());
        let signed = self.shop.sign_in(first, &identity.device_id, person, like.as_deref(), self.now);
        let Some(signed) = signed else {
            self.phones[at].revoked = true;
            return;
        };
        if first.is_some() {
            self.firsts[account] = Some(signed.token.clone());
        }
        let signed = (signed.token, signed.account_id, signed.persons);
        let wishes = self.phones[at].connect_as(self.now, &mut self.random, signed);
        self.publish();
        self.grant(at, wishes);
    }

    /// After a restore a sign-in may be one that the backup does not know.
    fn sign_in_again(&mut self) {
        let store = self.shop.store();
        for account in 0..2 {
            let known = |token: &String| matches!(realm::accounts::identify(&*store, token, self.now), Ok(Some(_)));
            if self.firsts[account].as_ref().is_some_and(|token| !known(token)) {
                self.firsts[account] = None;
            }
            for at in 0..self.phones.len() {
                let phone = &mut self.phones[at];
                if phone.account == Some(account) && !phone.revoked && phone.token.as_ref().is_some_and(|token| !known(token)) {
                    phone.token = None;
                } else if phone.account == Some(account)
                    && phone.token.as_ref().is_some_and(known)
                    && self.firsts[account].is_none()
                {
                    self.firsts[account].clone_from(&phone.token);
                }
            }
        }
    }

    fn revoke(&mut self, at: usize) {
        if !self.shop.is_open() || !self.random.one_in(3) {
            return;
        }
        let device = |token: &String| self.shop.device_of(token, self.now);
        let Some(token) = self.phones[at].token.clone() else { return };
        let Some(own) = device(&token) else { return };
        // By the first device of an account others join: it stays.
        if self.firsts.iter().flatten().filter_map(device).any(|first| first == own) {
            return;
        }
        self.shop.revoke(&token, self.now);
        for phone in &mut self.phones {
            // A copied profile is the same device: it is shut out too.
            phone.revoked |= phone.token.as_ref().is_some_and(|token| self.shop.device_of(token, self.now).is_none());
        }
        self.publish();
    }

    fn clone_phone(&mut self, at: usize) -> Result<(), String> {
        if self.phones.len() < 6 && self.random.one_in(3) {
            let clone = self.phones[at].cloned();
            self.phones.push(clone);
            self.switch_on(self.phones.len() - 1)?;
        }
        Ok(())
    }

    /// Somebody is told that everything is on the server, and removes it from the phone. It had better be true.
    fn leave(&mut self, at: usize) -> Result<(), String> {
        if !self.shop.is_open() || !self.counts(at) {
            return Ok(());
        }
        self.nothing_believed_is_lacking(at)?;
        let epoch = self.epoch()?;
        if !self.phones[at].may_leave(&epoch) {
            return Ok(());
        }
        self.outcome.left += 1;
        let there = self.server_rows(self.phones[at].account.unwrap_or(0));
        if let Some(row) = self.phones[at].rows().iter().find(|row| there.get(&row.event_id.to_string()) != Some(&row.raw)) {
            return Err(self.wrong(format!("phone {at} was left with {}, which is nowhere else", row.event_id)));
        }
        let mut next = Phone::new(START_MS, &mut self.random, self.bug);
        let before = &self.phones[at];
        (next.account, next.skew, next.coarse, next.life) = (before.account, before.skew, before.coarse, before.life + 1);
        self.phones[at] = next;
        self.seats.retain(|(phone, _), _| *phone != at);
        self.switch_on(at)
    }

    fn epoch(&self) -> Result<String, String> {
        Ok(read(&*self.shop.store(), core::realm).map_err(|err| err.to_string())?.epoch)
    }

    /// I3: what a phone takes for acknowledged is on the server, to the byte, before anybody compares anything.
    fn nothing_believed_is_lacking(&self, at: usize) -> Result<(), String> {
        let account = self.phones[at].account.unwrap_or(0);
        if self.account_id(account).is_none() {
            return Ok(());
        }
        let there = self.server_rows(account);
        let lacking = |row: &&Row| there.get(&row.event_id.to_string()) != Some(&row.raw);
        match self.phones[at].believed(&self.epoch()?).iter().find(lacking) {
            None => Ok(()),
            Some(row) => {
                let place = format!("{} of {}", row.dseq, row.device_id.as_str());
                Err(self.wrong(format!("phone {at} was told that {} ({place}) is on the server, and it is not", row.event_id)))
            }
        }
    }

    fn switch_off(&mut self, at: usize) {
        self.outcome.cuts += u32::from(self.phones[at].mind.is_some());
        self.phones[at].power_off(self.now, &mut self.random);
        self.seats.retain(|(phone, _), _| *phone != at);
    }

    fn switch_on(&mut self, at: usize) -> Result<(), String> {
        let (standing, rows, wishes) = self.phones[at].power_on(self.now, &mut self.random);
        let held: BTreeSet<String> = rows.iter().map(|row| row.event_id.to_string()).collect();
        if held.len() != rows.len() {
            return Err(self.wrong(format!("phone {at} holds {} rows twice", rows.len() - held.len())));
        }
        if let Some(lost) = self.phones[at].shown.difference(&held).next() {
            return Err(self.wrong(format!("phone {at} showed {lost} as saved, and has lost it")));
        }
        // I4: whatever the cursor covers is here.
        if let (Some(cursor), true) = (&standing.cursor, self.shop.is_open()) {
            let account = self.phones[at].account.unwrap_or(0);
            let id = self.account_id(account).unwrap_or_default();
            let (realm, reader) =
                read(&*self.shop.store(), |sql| Ok((core::realm(sql)?, core::reader(sql, &id)?))).map_err(|err| err.to_string())?;
            // A cursor of another view is void, and its owner knows it.
            if (&realm.epoch, &reader.view) == (&cursor.epoch, &cursor.view) {
                let covered = self.rows_of(account).into_iter().filter(|(seq, _)| *seq <= cursor.seq);
                // What a file held whose name the power took is asked for again.
                let missed = |row: &Row| self.phones[at].misses(row);
                let missing = covered.map(|(_, row)| row).find(|row| !held.contains(&row.event_id.to_string()) && !missed(row));
                if let Some(row) = missing {
                    return Err(self.wrong(format!("phone {at}: the cursor is ahead of row {}", row.event_id)));
                }
            }
        }
        self.grant(at, wishes);
        Ok(())
    }

    fn server_down(&mut self) {
        self.outcome.server_cuts += u32::from(self.shop.is_open());
        let seats = std::mem::take(&mut self.seats);
        self.shop.close();
        for ((phone, id), (life, _)) in seats {
            let failure = Failure::Unreachable("the connection broke".to_owned());
            self.send(Parcel::Input { phone, life, input: Box::new(Input::StreamEnded { id, failure }) });
        }
    }

    // ------------------------------------------------------------------------------------------ the network

    fn send(&mut self, parcel: Parcel) {
        let at = self.now + 1 + self.random.below(if self.calm { 10 } else { self.slow_ms });
        self.sent += 1;
        self.parcels.insert((at, self.sent), parcel);
    }

    /// To a phone and back to the world: whatever it wishes is sent.
    fn tell(&mut self, at: usize, input: Input) {
        if self.phones[at].token.is_none() && matches!(input, Input::Connect) {
            return;
        }
        let wishes = self.phones[at].step(self.now, &mut self.random, input);
        self.grant(at, wishes);
    }

    fn grant(&mut self, at: usize, wishes: Vec<Wish>) {
        if self.phones[at].mind.is_none() {
            self.seats.retain(|(phone, _), _| *phone != at);
            self.outcome.cuts += 1;
        }
        let Some(token) = self.phones[at].token.clone() else { return };
        let life = self.phones[at].life;
        for wish in wishes {
            let token = token.clone();
            match wish {
                Wish::Ask { id, request } => {
                    if self.one_in(self.lose) {
                        self.outcome.lost += 1;
                        continue;
                    }
                    if self.one_in(self.double) {
                        self.outcome.doubled += 1;
                        let request = Box::new(request.clone());
                        self.send(Parcel::Request { phone: at, life, id, token: token.clone(), request });
                    }
                    self.send(Parcel::Request { phone: at, life, id, token, request: Box::new(request) });
                }
                Wish::Open { id, checkpoint } => self.send(Parcel::Open { phone: at, life, id, token, checkpoint }),
                Wish::Close { id } => _ = self.seats.remove(&(at, id)),
                Wish::Snapshot(snapshot) => self.send(Parcel::Snapshot { phone: at, life, token, snapshot }),
            }
        }
    }

    fn let_pass(&mut self, until: u64) -> Result<(), String> {
        loop {
            let next = self.parcels.keys().next().map(|(at, _)| *at);
            let wake = self.phones.iter().filter_map(|phone| phone.wake_at).min();
            let Some(at) = next.into_iter().chain(wake).chain(self.down_until).min().filter(|at| *at <= until) else {
                self.now = until;
                return Ok(());
            };
            self.now = self.now.max(at);
            if self.down_until.is_some_and(|up| up <= self.now) {
                self.down_until = None;
                if !self.shop.is_open() {
                    self.shop.open();
                }
            } else if next.is_some_and(|next| next <= self.now) {
                if let Some((_, parcel)) = self.parcels.pop_first() {
                    self.deliver(parcel);
                }
            } else {
                for at in 0..self.phones.len() {
                    if self.phones[at].wake_at.is_some_and(|wake| wake <= self.now) {
                        self.phones[at].wake_at = None;
                        self.tell(at, Input::Tick);
                    }
                }
            }
        }
    }

    fn deliver(&mut self, parcel: Parcel) {
        match parcel {
            Parcel::Input { phone, life, input } => {
                if self.phones[phone].life == life {
                    self.tell(phone, *input);
                }
            }
            Parcel::Request { phone, life, id, token, request } => {
                if !self.shop.is_open() {
                    return self.fail(phone, life, id);
                }
                let bytes = self.shop.answer(&token, &request, self.now);
                let input = match bytes {
                    // The write was cut: the server is gone, and the answer with it.
                    Err(problem) if problem.detail.contains("undone") => {
                        self.server_down();
                        self.down_until = Some(self.now + self.random.below(5_000));
                        return self.fail(phone, life, id);
                    }
                    Err(problem) => Input::Failed { id, failure: Failure::Problem(problem) },
                    Ok(mut bytes) => {
                        if self.one_in(self.truncate) {
                            bytes.truncate(self.random.below(bytes.len() as u64) as usize);
                        }
                        match parse(&request, &bytes) {
                            Some(answer) => Input::Answered { id, answer },
                            None => Input::Failed { id, failure: Failure::Unreachable("cut".to_owned()) },
                        }
                    }
                };
                self.publish();
                if self.one_in(self.lose) {
                    self.outcome.lost += 1;
                    return;
                }
                self.send(Parcel::Input { phone, life, input: Box::new(input) });
            }
            Parcel::Open { phone, life, id, token, checkpoint } => {
                let opened = match self.shop.is_open() {
                    true => self.shop.stream(&token, &checkpoint, self.now).map_err(Failure::Problem),
                    false => Err(Failure::Unreachable("no server".to_owned())),
                };
                match opened {
                    Ok((seat, first)) => {
                        self.send(Parcel::Input { phone, life, input: Box::new(Input::StreamOpened { id }) });
                        self.seats.insert((phone, id), (life, seat));
                        first.into_iter().for_each(|said| self.say(phone, life, id, said));
                    }
                    Err(failure) => {
                        self.send(Parcel::Input { phone, life, input: Box::new(Input::StreamEnded { id, failure }) });
                    }
                }
            }
            Parcel::Snapshot { phone, life, token, snapshot } => self.snapshot(phone, life, &token, &snapshot),
        }
    }

    fn snapshot(&mut self, phone: usize, life: u32, token: &str, snapshot: &wire::Snapshot) {
        if self.phones[phone].life != life {
            return;
        }
        if self.one_in(6) || !self.shop.is_open() {
            return self.tell(phone, Input::SnapshotFailed(Failure::Unreachable("cut".to_owned())));
        }
        let store = self.shop.store();
        let who = realm::accounts::identify(&*store, token, self.now).ok().flatten();
        let mut segments = Vec::new();
        for segment in &snapshot.segments {
            let account = who.as_ref().map_or("", |who| who.account_id.as_str());
            let name = format!("{}/{}/{}/{}", snapshot.checkpoint.epoch, segment.scope, segment.from, segment.to);
            match core::segment(&*store, account, &segment.scope, segment.from, segment.to) {
                Ok(found) => segments.push((name, found)),
                Err(problem) => return self.tell(phone, Input::SnapshotFailed(Failure::Problem(problem))),
            }
        }
        let wishes = self.phones[phone].store_snapshot(self.now, &mut self.random, segments);
        self.grant(phone, wishes);
    }

    /// A request that reaches nobody: noticed at once, or only by its patience.
    fn fail(&mut self, phone: usize, life: u32, id: u32) {
        if self.calm || self.random.one_in(2) {
            let failure = Failure::Unreachable("no server".to_owned());
            self.send(Parcel::Input { phone, life, input: Box::new(Input::Failed { id, failure }) });
        }
    }

    /// What the fan-out thread does, when it gets to it.
    fn publish(&mut self) {
        let (Some(hub), Some(store)) = (self.shop.hub.clone(), self.shop.store.clone()) else { return };
        if self.one_in(4) {
            return;
        }
        hub.publish(&*store).expect("what is committed is handed out");
        let keys: Vec<(usize, u32)> = self.seats.keys().copied().collect();
        for (phone, id) in keys {
            while let Some(said) = self.seats.get(&(phone, id)).and_then(|(_, seat)| seat.feed.take(None)) {
                let life = self.seats.get(&(phone, id)).map_or(0, |(life, _)| *life);
                let over = matches!(said, Said::Bye(_));
                self.say(phone, life, id, said);
                if over {
                    self.seats.remove(&(phone, id));
                }
            }
        }
    }

    fn say(&mut self, phone: usize, life: u32, id: u32, said: Said) {
        if self.one_in(self.lose) {
            self.outcome.lost += 1;
            return;
        }
        let input = match said {
            Said::Frame(mut frame) => {
                if self.bug == Some(Bug::LostFrame) {
                    // As if a frame did not say what it follows.
                    frame.prev.seq = 0;
                }
                if self.one_in(self.double) {
                    let frame = frame.clone();
                    self.send(Parcel::Input { phone, life, input: Box::new(Input::StreamFrame { id, frame }) });
                }
                Input::StreamFrame { id, frame }
            }
            Said::Resync => Input::StreamResync { id },
            Said::Bye(code) => {
                let failure = Failure::Problem(wire::Problem::new(code, "bye"));
                Input::StreamEnded { id, failure }
            }
        };
        self.send(Parcel::Input { phone, life, input: Box::new(input) });
    }

    // ------------------------------------------------------------------------------------------ the end

    /// Everything heals, and everybody comes back.
    fn settle(&mut self) -> Result<(), String> {
        self.calm = true;
        self.down_until = None;
        if !self.shop.is_open() {
            self.shop.open();
        }
        self.shop.cut_next_write(true);
        self.shop.close();
        self.shop.open();
        self.seats.clear();
        self.sign_in_again();
        for at in 0..self.phones.len() {
            (self.phones[at].cut_at, self.phones[at].calm) = (None, true);
            if self.phones[at].mind.is_none() {
                self.switch_on(at)?;
            }
            self.connect(at);
        }
        // Whoever joined after others had connected changed what these may see.
        for at in 0..self.phones.len() {
            self.tell(at, Input::Disconnect);
            self.tell(at, Input::Connect);
        }
        let mut audits = 0;
        for _ in 0..CALM_STEPS {
            let waits = (0..self.phones.len()).filter(|at| self.counts(*at)).any(|at| !self.phones[at].settled());
            if !waits && self.parcels.is_empty() {
                if audits == 0 {
                    // Whoever leaves now must not lose anything: an audit is a day away.
                    for at in (0..self.phones.len()).filter(|at| self.counts(*at)) {
                        self.nothing_believed_is_lacking(at)?;
                    }
                }
                // What one finds and mends, the others have to see.
                if audits == 4 {
                    return Ok(());
                }
                audits += 1;
                for at in (0..self.phones.len()).filter(|at| self.counts(*at)).collect::<Vec<_>>() {
                    self.tell(at, Input::Audit);
                }
            }
            self.publish();
            self.let_pass(self.now + 50)?;
        }
        let states: Vec<String> = self
            .phones
            .iter()
            .map(|phone| {
                let replica = phone.mind.as_ref().and_then(|mind| Some((mind, mind.host.replica()?)));
                replica.map_or("off".to_owned(), |(mind, replica)| {
                    let waiting = mind.host.shelf.waiting_count(replica.standing());
                    format!("{:?} waiting {waiting} trouble {:?}", replica.link(), replica.trouble)
                })
            })
            .collect();
        Err(self.wrong(format!("they do not come to rest: {states:?}")))
    }

    fn counts(&self, at: usize) -> bool {
        let phone = &self.phones[at];
        phone.token.is_some() && !phone.revoked
    }

    fn account_id(&self, account: usize) -> Option<String> {
        let token = self.firsts[account].as_ref()?;
        let who = realm::accounts::identify(&*self.shop.store(), token, self.now).ok()??;
        Some(who.account_id)
    }

    fn rows_of(&self, account: usize) -> Vec<(u64, Row)> {
        let Some(id) = self.account_id(account) else { return Vec::new() };
        let store = self.shop.store();
        let found = read(&*store, |sql| {
            let reader = core::reader(sql, &id)?;
            let mut out = Vec::new();
            for scope in &reader.scopes {
                let select = "select seq, raw from events where scope = $1 order by seq";
                for record in sql.rows(select, &[scope.as_str().into()])? {
                    out.push((record.get(0)?, Row::read(record.get(1)?).expect("a stored row is sound")));
                }
            }
            Ok(out)
        });
        found.expect("the rows")
    }

    fn server_rows(&self, account: usize) -> BTreeMap<String, Vec<u8>> {
        self.rows_of(account).into_iter().map(|(_, row)| (row.event_id.to_string(), row.raw)).collect()
    }

    fn check(&self) -> Result<(), String> {
        for account in 0..2 {
            let there = self.server_rows(account);
            for (at, phone) in self.phones.iter().enumerate().filter(|(at, _)| self.counts(*at)) {
                let mind = phone.mind.as_ref().filter(|_| phone.account == Some(account));
                let Some(replica) = mind.and_then(|mind| mind.host.replica()) else { continue };
                let rows = phone.rows();
                let here: BTreeMap<String, Vec<u8>> = rows.iter().map(|row| (row.event_id.to_string(), row.raw.clone())).collect();
                // I2, I7, I8, I9: the same rows on both sides, to the byte.
                if let Some((id, _)) = there.iter().find(|(id, raw)| here.get(*id) != Some(raw)) {
                    return Err(self.wrong(format!("phone {at} lacks row {id} of {} that the server has", there.len())));
                }
                if let Some((id, _)) = here.iter().find(|(id, raw)| there.get(*id) != Some(raw)) {
                    let row = rows.iter().find(|row| row.event_id.to_string() == *id);
                    let standing = replica.standing();
                    let row = row.map(|row| {
                        let acked = standing.is_acked(row);
                        let refused = standing.refused.get(&row.event_id);
                        format!("{} {} of {}, acked {acked}, refused {refused:?}", row.scope, row.dseq, row.device_id.as_str())
                    });
                    let what = format!("the server lacks row {id} ({row:?}) that phone {at} holds; persons {:?}", standing.persons);
                    return Err(self.wrong(what));
                }
                if replica.verified.is_none_or(|(rows, _)| rows != there.len() as u64) {
                    return Err(self.wrong(format!("phone {at} cannot prove it: {:?} of {}", replica.verified, there.len())));
                }
                if let Some(lost) = phone.shown.iter().find(|id| !here.contains_key(*id)) {
                    return Err(self.wrong(format!("phone {at} showed {lost} as saved, and has lost it")));
                }
            }
            self.check_server(account, &there)?;
        }
        Ok(())
    }

    fn check_server(&self, account: usize, there: &BTreeMap<String, Vec<u8>>) -> Result<(), String> {
        let Some(id) = self.account_id(account) else { return Ok(()) };
        let store = self.shop.store();
        // I6: the same rows in pages of any size.
        for size in [1, 3, 10, 1_000] {
            let (mut checkpoint, mut seen) = (None, Vec::new());
            loop {
                let page = core::pull(&*store, &id, checkpoint.as_ref(), size, None, None).map_err(|err| self.wrong(err))?;
                let full = page.documents.len() == size;
                seen.extend(page.documents.iter().map(|raw| raw.get().as_bytes().to_vec()));
                checkpoint = Some(page.checkpoint);
                if page.more != full && page.more {
                    return Err(self.wrong("a page that is not full says that there is more"));
                }
                if !page.more {
                    break;
                }
            }
            let seen_count = seen.len();
            let all: BTreeSet<&Vec<u8>> = there.values().collect();
            if seen_count != all.len() || seen.iter().any(|raw| !all.contains(raw)) {
                return Err(self.wrong(format!("pages of {size} give {seen_count} rows of {}", all.len())));
            }
        }
        // I5: whatever is sent again changes nothing.
        let head = read(&*store, core::realm).map_err(|err| err.to_string())?.head;
        let again: Vec<_> = there.values().take(500).filter_map(|raw| wire::raw_of(raw)).collect();
        let pushed = core::push(&*store, &id, &again, 1 << 40, self.now).map_err(|err| self.wrong(err))?;
        if pushed.answer.head != head || pushed.answer.results.iter().any(|verdict| verdict.status != wire::Status::Duplicate) {
            return Err(self.wrong("sending rows again changed something"));
        }
        Ok(())
    }
}

fn parse(request: &Request, bytes: &[u8]) -> Option<Answer> {
    Some(match request {
        Request::Hello => Answer::Hello(serde_json::from_slice(bytes).ok()?),
        Request::Pull { .. } | Request::Span { .. } => Answer::Page(serde_json::from_slice(bytes).ok()?),
        Request::Push { .. } => Answer::Pushed(serde_json::from_slice(bytes).ok()?),
        Request::Digest => Answer::Digest(serde_json::from_slice(bytes).ok()?),
        Request::Blocks { .. } => Answer::Blocks(serde_json::from_slice(bytes).ok()?),
        Request::Claim { .. } => serde_json::from_slice::<bool>(bytes).ok().map(|_| Answer::Claimed)?,
        Request::Snapshot => Answer::Snapshot(serde_json::from_slice(bytes).ok()?),
    })
}
