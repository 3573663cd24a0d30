//! The engine's life: fed, built once, then refreshed as rows come, with every watched question answered again.

use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet},
};

use bridge::{Ask, Asked, FromProjector, Problem, ProblemKind};
use engine::{EngineErr, Param, Params, Store, Table, Watches};
use ledger::{Row, clear_rows};
use wasm_bindgen::{JsValue, closure::Closure};

use crate::speak::{self, build, complain, global, now_ms, tell_rows};

#[derive(Default)]
pub(crate) struct Projector {
    pub(crate) watched: Watches<Asked>,
    /// An import is running.
    pub(crate) importing: bool,
    /// How often the tables have followed: what is packed of them piece by piece is of one time.
    pub(crate) refreshes: u64,
    dims: BTreeMap<String, Table>,
    store: Option<Store>,
    person: String,
    /// Everything that was on the device is in the tables.
    ready: bool,
    refresh_waits: bool,
    refresh_ms: f64,
    began_ms: f64,
    /// When somebody last asked or told something.
    pub(crate) heard_ms: f64,
    /// Measurements that wait for tables made from everything.
    unmeasured: Vec<(u32, bool, bool)>,
    tidying: bool,
}

thread_local! {
    static PROJECTOR: RefCell<Projector> = RefCell::default();
}

pub(crate) fn with<T>(act: impl FnOnce(&mut Projector) -> T) -> T {
    PROJECTOR.with_borrow_mut(act)
}

pub(crate) fn dimension(name: &str, parquet: &[u8]) {
    let table = engine::table_from_parquet(parquet);
    with(|it| {
        it.began_ms = if it.dims.is_empty() { now_ms() } else { it.began_ms };
        match table {
            Ok(table) => _ = it.dims.insert(name.to_owned(), table),
            Err(err) => complain(&format!("{name}: {err}")),
        }
    });
}

impl Projector {
    /// The store is made when the first rows come, which is after the last dimension.
    fn store(&mut self) -> Option<&mut Store> {
        if self.store.is_none() {
            match self.empty() {
                Ok(store) => self.store = Some(store),
                Err(err) => fail(0, &err),
            }
        }
        self.store.as_mut()
    }

    /// Tables that nothing is in yet.
    pub(crate) fn empty(&self) -> Result<Store, EngineErr> {
        Store::new(self.dims.clone())
    }

    /// Everything that was on the device is in the tables, and nothing waits to come in.
    pub(crate) fn settled(&self) -> Option<&Store> {
        self.store.as_ref().filter(|_| self.ready && !self.refresh_waits && !self.importing)
    }

    pub(crate) fn is_ready(&self) -> bool {
        self.ready
    }

    fn params(&self, asked: &Asked) -> Params {
        let params = Params::none().with_text("user", &self.person);
        asked.params.iter().fold(params, |params, (name, value)| match value {
            Ask::Text(text) => params.with_text(name, text),
            Ask::Int(n) => params.with(name, Param::Int(*n)),
        })
    }

    /// Whose training the tables are asked for.
    pub(crate) fn whose(&self) -> &str {
        &self.person
    }

    pub(crate) fn answer(&self, asked: &Asked) -> Option<Result<Table, EngineErr>> {
        Some(self.store.as_ref()?.ask(&asked.name, &self.params(asked)))
    }
}

pub(crate) fn sealed(parquet: &[u8]) {
    with(|it| {
        if let Some(store) = it.store()
            && let Err(err) = store.add_segment(parquet)
        {
            fail(0, &err);
        }
    });
}

/// What is encrypted is no figure's.
pub(crate) fn add(store: &mut Store, rows: &[Row]) -> usize {
    store.pass_over(rows.iter().filter(|row| row.clear().is_none()).map(|row| row.event_id));
    store.add_rows(clear_rows(rows))
}

pub(crate) fn rows(rows: &[Row]) {
    let wait = with(|it| {
        let fresh = it.store().map_or(0, |store| add(store, rows));
        // An import brings thousands of rows: the tables follow once, at its end.
        let wait = 0 < fresh && it.ready && !it.importing && !it.refresh_waits;
        it.refresh_waits |= wait;
        wait
    });
    if wait {
        soon(refresh);
    }
}

/// Whose profile it is has changed: every answer may.
pub(crate) fn person(person: String) {
    if with(|it| std::mem::replace(&mut it.person, person) != it.person && it.ready) {
        tell_watched();
    }
}

/// Whole segments have come: the tables are built once for all of them.
pub(crate) fn follow() {
    let wait = with(|it| it.ready && !std::mem::replace(&mut it.refresh_waits, true));
    if wait {
        soon(refresh);
    }
}

pub(crate) fn loaded(person: String) {
    let built = with(|it| {
        it.person = person;
        let began = it.began_ms;
        let store = it.store()?;
        match if store.is_packed() { store.refresh().map(drop) } else { store.rebuild() } {
            Ok(()) => {
                let (events, packed) = (store.events(), store.is_packed());
                it.ready = true;
                Some(FromProjector::Ready { events, packed, took_ms: now_ms() - began })
            }
            Err(err) => {
                fail(0, &err);
                None
            }
        }
    });
    if let Some(ready) = built {
        speak::tell(&ready);
        tell_watched();
        // The screen has its figures; now the first set of the day can be made as quick as the second.
        tidy_when_quiet();
    }
}

pub(crate) fn refresh() {
    let changed = with(|it| {
        it.refresh_waits = false;
        it.refreshes += 1;
        let began = now_ms();
        let changed = match it.store().map(Store::refresh) {
            Some(Ok(changed)) => Some(changed),
            Some(Err(err)) => {
                // Half a refresh is no table to answer from: everything again, from the events.
                fail(0, &err);
                if let Some(Err(err)) = it.store().filter(|store| !store.is_packed()).map(Store::rebuild) {
                    fail(0, &err);
                }
                None
            }
            None => None,
        };
        it.refresh_ms = now_ms() - began;
        changed
    });
    match changed {
        Some(changed) => tell_those_on(&changed),
        None => tell_watched(),
    }
    tidy_when_quiet();
}

/// How long nobody has to say anything before the tables are put in order.
pub(crate) const QUIET_MS: f64 = 200.0;

/// Somebody spoke to the projector.
pub(crate) fn heard() {
    with(|it| it.heard_ms = now_ms());
}

/// What makes the next refresh quick, piece by piece: whoever asks in between waits for one piece.
fn tidy() {
    let quiet_ms = with(|it| now_ms() - it.heard_ms);
    if quiet_ms < QUIET_MS {
        later(tidy, QUIET_MS - quiet_ms);
    } else if with(|it| it.store.as_mut().is_some_and(Store::tidy)) {
        soon(tidy);
    } else {
        with(|it| it.tidying = false);
    }
}

fn tidy_when_quiet() {
    // Tables that are about to be replaced are not worth it.
    let packed = with(|it| it.store.as_ref().is_some_and(Store::is_packed));
    if !packed && !with(|it| std::mem::replace(&mut it.tidying, true)) {
        later(tidy, QUIET_MS);
    }
}

/// Tables that a former worker packed, to go on from.
pub(crate) fn unpack(packed: &[u8]) -> Result<(), String> {
    with(|it| match Store::of_packed(it.dims.clone(), &build(), packed) {
        Ok(Some(store)) => {
            it.store = Some(store);
            Ok(())
        }
        Ok(None) => Err("another build packed them".to_owned()),
        Err(err) => Err(err.to_string()),
    })
}

/// What was unpacked does not fit what is on the device.
pub(crate) fn anew() {
    with(|it| it.store = None);
}

/// The tables that were made from everything take the place of those that came packed.
pub(crate) fn replace(store: Store) {
    let (waiting, late) = with(|it| {
        let took_ms = now_ms() - it.began_ms;
        let late = (!std::mem::replace(&mut it.ready, true)).then(|| FromProjector::Ready {
            events: store.events(),
            packed: false,
            took_ms,
        });
        it.store = Some(store);
        (std::mem::take(&mut it.unmeasured), late)
    });
    late.iter().for_each(speak::tell);
    tell_watched();
    for (id, rebuild, hashes) in waiting {
        measure(id, rebuild, hashes);
    }
    tidy_when_quiet();
}

pub(crate) fn watch(key: u32, asked: Asked) {
    with(|it| it.watched.begin(key, asked.name.clone(), asked));
    if with(|it| it.ready) {
        tell(key);
    }
}

/// Whatever is watched may be another answer.
fn tell_watched() {
    with(|it| it.watched.keys()).into_iter().for_each(tell);
}

/// These models have changed: what does not stand on them is not asked again.
fn tell_those_on(changed: &BTreeSet<String>) {
    let keys = with(|it| it.store.as_ref().map(|store| it.watched.standing_on(store, changed)));
    keys.into_iter().flatten().for_each(tell);
}

/// The answer to what is watched, where it is not the one that was told.
fn tell(key: u32) {
    let news = with(|it| match it.answer(it.watched.asked(key)?)? {
        Ok(table) => Some(table.to_json()).filter(|rows| it.watched.is_news(key, rows)),
        Err(err) => {
            fail(0, &err);
            None
        }
    });
    if let Some(rows) = news {
        tell_rows(&FromProjector::View { key }, &rows);
    }
}

pub(crate) fn ask(id: u32, asked: Asked) {
    match with(|it| it.answer(&asked)) {
        Some(Ok(table)) => tell_rows(&FromProjector::Answer { id }, &table.to_json()),
        Some(Err(err)) => fail(id, &err),
        None => tell_rows(&FromProjector::Answer { id }, &[]),
    }
}

pub(crate) fn measure(id: u32, rebuild: bool, hashes: bool) {
    let measured = with(|it| {
        if it.store.as_ref().is_some_and(Store::is_packed) {
            // They are being made from everything, and then this is answered.
            it.unmeasured.push((id, rebuild, hashes));
            return None;
        }
        let began = now_ms();
        let refresh_ms = it.refresh_ms;
        let store = it.store.as_mut()?;
        if rebuild && let Err(err) = store.rebuild() {
            fail(id, &err);
            return None;
        }
        let took = if rebuild { now_ms() - began } else { refresh_ms };
        let hashes = if hashes { store.hashes().into_iter().collect() } else { Vec::new() };
        Some(FromProjector::Measured { id, events: store.events(), table_bytes: store.bytes(), refresh_ms: took, hashes })
    });
    if let Some(measured) = measured {
        speak::tell(&measured);
    }
}

/// After the messages that are already waiting, so that a burst of rows is one refresh.
pub(crate) fn soon(act: fn()) {
    later(act, 0.0);
}

pub(crate) fn later(act: fn(), ms: f64) {
    let act = Closure::once_into_js(act);
    let set_timeout = js_sys::Reflect::get(&global(), &"setTimeout".into());
    if let Ok(set_timeout) = set_timeout.map(js_sys::Function::from) {
        let _ = set_timeout.call2(&JsValue::UNDEFINED, &act, &JsValue::from(ms));
    }
}

pub(crate) fn fail(id: u32, err: &EngineErr) {
    complain(&err.to_string());
    let problem = Problem::new(
        ProblemKind::Internal,
        format!("Figures could not be worked out: {err}."),
        "Everything you logged is safe.",
        "Reload; if it stays, copy this text into a report.",
    );
    speak::tell(&FromProjector::Failed { id, problem });
}
