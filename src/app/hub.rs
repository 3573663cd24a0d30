//! The hub: starts the two workers, keeps them apart, and turns what they say into signals. The only place that posts a
//! message.
//!
//! ```text
//! page ── ToStorage ──> storage worker ── rows, files ──> projector ── View, Answer ──> page
//!      <─ Saved, Ready ─┘            <── Parquet, drafts ─┘
//! ```

mod pending;

use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet, HashMap},
    rc::Rc,
    sync::Arc,
};

use bridge::{
    AccountNews, AccountWish, Ask, Asked, Choices, Draft, ExportAs, FromProjector, FromStorage, ImportPlan, Problem, ProblemKind,
    Question, Refusal, SavedRow, StorageReport, SyncState, ToProjector, ToStorage,
};
use gloo::{events::EventListener, timers::callback::Timeout};
use js_sys::{Array, Date, Reflect, Uint8Array};
use ledger::set_of;
use leptos::prelude::*;
use wasm_bindgen::{JsCast as _, JsValue, closure::Closure};
use web_sys::{ErrorEvent, MessageChannel, MessageEvent, VisibilityState, Worker, WorkerOptions, WorkerType};

use self::pending::{Lost, Pending, tell_lost};
use crate::{json, messages as m, reactive::effect};

type OnSaved = Box<dyn FnOnce(Result<Vec<SavedRow>, Problem>)>;
type OnRows = Rc<dyn Fn(JsValue)>;

#[derive(Debug, Clone, PartialEq)]
pub struct Profile {
    pub person: String,
    pub device: String,
    pub memory_only: bool,
    /// A passphrase is asked for at every start.
    pub app_lock: bool,
}

/// Where an import stands.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum ImportState {
    #[default]
    Idle,
    Reading,
    Planned(Box<ImportPlan>),
    /// A backup of ours was chosen.
    Backup {
        rows: usize,
        made_ms: u64,
    },
    Restored {
        rows: usize,
        cancelled: bool,
    },
    /// Workouts, or rows of a backup; nobody has counted them yet while there is no total.
    Running {
        done: usize,
        total: usize,
        restores: bool,
    },
    Done {
        sets: usize,
        workouts: usize,
        already_here: usize,
        done: usize,
        total: usize,
    },
    Failed(Problem),
}

/// What opens a locked storage.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Opens {
    Passphrase,
    RecoveryCode,
}

/// The way back. It outlives the component that offers it, so it is no `Callback`: those are disposed with their owner, and
/// what it captures has to belong to the app.
pub type Undo = Arc<dyn Fn() + Send + Sync>;

#[derive(Clone)]
pub struct Toast {
    pub text: String,
    /// Carried out when "Undo" is tapped.
    pub undo: Option<Undo>,
    pub nth: u32,
}

#[derive(Clone, Copy)]
pub struct Hub {
    inner: StoredValue<Rc<RefCell<Inner>>, LocalStorage>,
    pub profile: RwSignal<Option<Profile>>,
    /// The tables stand.
    pub projected: RwSignal<bool>,
    /// Captures that are not on the disk yet.
    pub saving: RwSignal<u32>,
    pub problems: RwSignal<Vec<Problem>>,
    pub online: RwSignal<bool>,
    /// A newer build is ready, or this page and its workers differ.
    pub update: RwSignal<bool>,
    pub toast: RwSignal<Option<Toast>>,
    pub import: RwSignal<ImportState>,
    /// The sheet as storage has it, once at the start and whenever another tab changes it.
    pub stored_sheet: RwSignal<Option<String>>,
    /// How things stand with the server.
    pub sync: RwSignal<SyncState>,
    /// Somebody has said how things stand with the server.
    pub sync_known: RwSignal<bool>,
    /// What is stored is encrypted and waits for the passphrase of the app lock, or for the recovery code.
    pub locked: RwSignal<Option<Opens>>,
    /// The browser has removed what was stored here: so it said.
    pub cleared: RwSignal<Option<Problem>>,
    /// Another tab has locked or removed what is stored here.
    pub gone: RwSignal<bool>,
    /// Everything was removed, and nobody has said that they know.
    pub removed: RwSignal<bool>,
    /// Milliseconds: storage ready, tables ready, last capture. For the storage page and the benches.
    pub timings: RwSignal<(f64, f64, f64)>,
    /// The tables were packed at an earlier start.
    pub packed: RwSignal<bool>,
}

#[derive(Default)]
struct Inner {
    storage: Option<Worker>,
    projector: Option<Worker>,
    storage_up: bool,
    projector_up: bool,
    waiting: Vec<ToStorage>,
    /// Questions and files for a projector whose tables do not stand yet.
    unasked: Vec<(ToProjector, Option<Uint8Array>)>,
    tables_stand: bool,
    next: u32,
    /// In their order: what a dead worker did not answer is asked again, and the later of two corrections counts.
    captures: BTreeMap<u32, (OnSaved, Vec<Draft>, f64)>,
    watches: HashMap<u32, (Asked, OnRows)>,
    /// Asked again when nobody answers.
    asks: BTreeMap<u32, (Asked, OnRows)>,
    accounts: Pending<Result<AccountNews, Refusal>>,
    reports: Pending<StorageReport>,
    codes: Pending<Option<String>>,
    wishes: Pending<bool>,
    /// When the page was last hidden, by the clock on the wall: the other one may stand still while a phone sleeps.
    hidden_ms: f64,
    exports: Pending<(usize, Uint8Array)>,
    measures: Pending<FromProjector>,
    /// The import that the screen shows.
    importing: u32,
    restarts: u32,
    /// The page keeps whose phone this is.
    remembered: bool,
}

/// What `boot.js` knows of the build: its id and where its files are.
fn built(name: &str) -> String {
    let spotter = Reflect::get(&js_sys::global(), &"SPOTTER".into()).unwrap_or_default();
    Reflect::get(&spotter, &name.into()).ok().and_then(|value| value.as_string()).unwrap_or_default()
}

pub fn build_id() -> String {
    built("build")
}

/// With an app lock somebody who was away for a quarter of an hour is asked for the passphrase.
const AWAY_MS: f64 = 15.0 * 60.0 * 1000.0;

const THEME: &str = "spotter.theme";

/// Where the page remembers whose phone this was: browsers that run out of space clear everything else.
const DEVICE: &str = "spotter.device";

/// What the page itself keeps. Without it a reminder is lost, and a cleared browser looks like a new one.
fn page_storage() -> Option<web_sys::Storage> {
    window().local_storage().ok().flatten()
}

/// When something happened here, UTC milliseconds.
pub(crate) fn kept_ms(name: &str) -> Option<i64> {
    page_storage()?.get_item(name).ok()??.parse().ok()
}

pub(crate) fn keep_ms(name: &str, at_ms: i64) {
    let _ = page_storage().map(|kept| kept.set_item(name, &at_ms.to_string()));
}

/// Where this tab remembers over its reload that everything was removed.
const REMOVED: &str = "spotter.removed";

fn tab_storage() -> Option<web_sys::Storage> {
    window().session_storage().ok().flatten()
}

/// How the screen looked last: for the first paint of the next start, which `boot.js` makes.
pub(crate) fn kept_theme() -> String {
    page_storage().and_then(|kept| kept.get_item(THEME).ok()?).unwrap_or_else(|| "auto".to_owned())
}

pub(crate) fn keep_theme(theme: &str) {
    let _ = page_storage().map(|kept| kept.set_item(THEME, theme));
}

/// Nothing is left of whoever was here, and the next page says so.
fn begin_anew() {
    let _ = page_storage().map(|kept| kept.clear());
    if let Some(kept) = tab_storage() {
        let _ = kept.clear();
        let _ = kept.set_item(REMOVED, "1");
    }
    reload();
}

pub fn reload() {
    let _ = window().location().reload();
}

/// What the page keeps of a profile, so that a browser that removed everything else is found out.
#[derive(serde::Serialize)]
struct Remembered<'a> {
    device_id: &'a str,
    person: &'a str,
}

fn spoken(value: Result<JsValue, serde_wasm_bindgen::Error>) -> Option<JsValue> {
    value.inspect_err(|err| web_sys::console::error_1(&format!("a request that cannot be said: {err}").into())).ok()
}

fn performance_now() -> f64 {
    let performance = Reflect::get(&js_sys::global(), &"performance".into()).unwrap_or_default();
    let now = Reflect::get(&performance, &"now".into()).ok().and_then(|now| now.dyn_into::<js_sys::Function>().ok());
    now.and_then(|now| now.call0(&performance).ok()).and_then(|now| now.as_f64()).unwrap_or(0.0)
}

pub fn use_hub() -> Hub {
    expect_context()
}

impl Hub {
    pub fn start() -> Self {
        let navigator = window().navigator();
        let hub = Self {
            inner: StoredValue::new_local(Rc::default()),
            profile: RwSignal::new(None),
            projected: RwSignal::new(false),
            saving: RwSignal::new(0),
            problems: RwSignal::new(Vec::new()),
            online: RwSignal::new(navigator.on_line()),
            update: RwSignal::new(false),
            toast: RwSignal::new(None),
            import: RwSignal::new(ImportState::Idle),
            stored_sheet: RwSignal::new(None),
            sync: RwSignal::new(SyncState::default()),
            sync_known: RwSignal::new(false),
            locked: RwSignal::new(None),
            cleared: RwSignal::new(None),
            gone: RwSignal::new(false),
            removed: RwSignal::new(tab_storage().is_some_and(|kept| kept.get_item(REMOVED).ok().flatten().is_some())),
            timings: RwSignal::new((0.0, 0.0, 0.0)),
            packed: RwSignal::new(false),
        };
        for (event, online) in [("online", true), ("offline", false)] {
            EventListener::new(&window(), event, move |_| {
                hub.online.set(online);
                hub.post_storage(&ToStorage::Awake { online });
            })
            .forget();
        }
        EventListener::new(&window(), "spotter:update", move |_| hub.update.set(true)).forget();
        EventListener::new(&document(), "visibilitychange", move |_| {
            hub.start_projector();
            hub.lock_when_away();
            if document().visibility_state() == VisibilityState::Visible {
                hub.post_storage(&ToStorage::Awake { online: window().navigator().on_line() });
            }
        })
        .forget();
        hub.start_storage();
        hub
    }

    fn inner(self) -> Rc<RefCell<Inner>> {
        self.inner.get_value()
    }

    fn spawn(self, file: &str, heard: impl FnMut(MessageEvent) + 'static, died: impl FnMut(String) + 'static) -> Option<Worker> {
        let options = WorkerOptions::new();
        options.set_type(WorkerType::Module);
        let worker = Worker::new_with_options(&format!("{}{file}", built("base")), &options).ok()?;
        let heard = Closure::<dyn FnMut(MessageEvent)>::new(heard);
        worker.set_onmessage(Some(heard.as_ref().unchecked_ref()));
        heard.forget();
        let mut died = died;
        let died = Closure::<dyn FnMut(ErrorEvent)>::new(move |event: ErrorEvent| died(event.message()));
        worker.set_onerror(Some(died.as_ref().unchecked_ref()));
        died.forget();
        Some(worker)
    }

    /// From the first thing on that would be missed.
    fn remember(self) {
        if std::mem::replace(&mut self.inner().borrow_mut().remembered, true) {
            return;
        }
        let json = self.profile.with_untracked(|profile| {
            let profile = profile.as_ref().filter(|profile| !profile.memory_only)?;
            json::write(&Remembered { device_id: &profile.device, person: &profile.person })
        });
        if let Some(json) = json {
            let _ = page_storage().map(|kept| kept.set_item(DEVICE, &json));
        }
    }

    fn start_storage(self) {
        let worker = self.spawn("storage.js", move |event| self.storage_says(&event.data()), move |why| self.storage_died(&why));
        self.inner().borrow_mut().storage = worker;
    }

    /// Only in a tab that somebody looks at, and once there is something to look at. It loads while storage does.
    pub(crate) fn start_projector(self) {
        let inner = self.inner();
        let there = inner.borrow().projector.is_some();
        if there || document().visibility_state() != VisibilityState::Visible {
            return;
        }
        let worker =
            self.spawn("projector-start.js", move |event| self.projector_says(&event.data()), move |why| self.projector_died(&why));
        inner.borrow_mut().projector = worker;
    }

    fn storage_says(self, message: &JsValue) {
        let inner = self.inner();
        if message.as_string().as_deref() == Some("up") {
            self.post_storage(&ToStorage::Hello {
                build: build_id(),
                before: page_storage().and_then(|kept| kept.get_item(DEVICE).ok()?),
            });
            return;
        }
        let Ok(notice) = serde_wasm_bindgen::from_value::<FromStorage>(message.clone()) else {
            web_sys::console::error_2(&"a notice that cannot be read".into(), message);
            return;
        };
        match notice {
            FromStorage::Ready { person, device, lane: _, memory_only, app_lock, sheet, problems, took_ms } => {
                let waiting = {
                    let mut inner = inner.borrow_mut();
                    inner.storage_up = true;
                    std::mem::take(&mut inner.waiting)
                };
                inner.borrow_mut().remembered = false;
                self.timings.update(|timings| timings.0 = took_ms);
                self.locked.set(None);
                let (cleared, problems): (Vec<_>, Vec<_>) =
                    problems.into_iter().partition(|problem| problem.kind == ProblemKind::StorageCleared);
                self.cleared.set(cleared.into_iter().next());
                self.problems.update(|all| all.extend(problems));
                self.stored_sheet.set(Some(sheet.unwrap_or_default()));
                self.profile.set(Some(Profile { person, device, memory_only, app_lock }));
                waiting.iter().for_each(|request| self.post_storage(request));
                self.link();
                self.start_projector();
            }
            FromStorage::OtherBuild { .. } => self.update.set(true),
            FromStorage::Locked { passphrase } => {
                self.locked.set(Some(if passphrase { Opens::Passphrase } else { Opens::RecoveryCode }));
            }
            FromStorage::Done { id } => {
                self.answered(|inner| &mut inner.wishes, id, Ok(true));
            }
            FromStorage::Gone => self.stop(),
            FromStorage::RecoveryCode { id, code } => {
                self.answered(|inner| &mut inner.codes, id, Ok(code));
            }
            FromStorage::Saved { id, rows, guarantee: _ } => {
                let waiting = inner.borrow_mut().captures.remove(&id);
                if let Some((then, _, began)) = waiting {
                    self.saving.update(|n| *n = n.saturating_sub(1));
                    self.timings.update(|timings| timings.2 = performance_now() - began);
                    self.forget(&[ProblemKind::Refused, ProblemKind::StorageFull]);
                    self.remember();
                    then(Ok(rows));
                }
            }
            FromStorage::Failed { id, problem } => {
                let waiting = inner.borrow_mut().captures.remove(&id);
                self.problem(problem.clone());
                self.answered(|inner| &mut inner.wishes, id, Ok(false));
                if let Some((then, ..)) = waiting {
                    self.saving.update(|n| *n = n.saturating_sub(1));
                    then(Err(problem));
                }
            }
            FromStorage::Sheet { json } => self.stored_sheet.set(Some(json)),
            FromStorage::Report { id, report } => {
                self.answered(|inner| &mut inner.reports, id, Ok(report));
            }
            FromStorage::Problem { problem } => self.problem(problem),
            FromStorage::Account { id, news } => {
                self.answered(|inner| &mut inner.accounts, id, Ok(news));
            }
            FromStorage::Sync { state } => {
                self.sync.set(state);
                self.sync_known.set(true);
            }
            FromStorage::Person { person } => {
                self.profile.update(|profile| {
                    if let Some(profile) = profile {
                        profile.person = person;
                    }
                });
                self.inner().borrow_mut().remembered = false;
                self.remember();
            }
        }
    }

    fn projector_says(self, message: &JsValue) {
        let inner = self.inner();
        if message.as_string().as_deref() == Some("up") {
            self.post_projector(&ToProjector::Hello { build: build_id() }, None);
            return;
        }
        let message: &Array = message.unchecked_ref();
        let Ok(notice) = serde_wasm_bindgen::from_value::<FromProjector>(message.get(0)) else {
            web_sys::console::error_2(&"a notice that cannot be read".into(), message);
            return;
        };
        match notice {
            FromProjector::Hello => {
                inner.borrow_mut().projector_up = true;
                self.link();
                let watches: Vec<(u32, Asked)> =
                    inner.borrow().watches.iter().map(|(key, (asked, _))| (*key, asked.clone())).collect();
                for (key, asked) in watches {
                    self.post_projector(&ToProjector::Watch { key, asked }, None);
                }
            }
            FromProjector::OtherBuild { .. } => self.update.set(true),
            FromProjector::Ready { events: _, packed, took_ms } => {
                self.packed.set(packed);
                self.timings.update(|timings| timings.1 = took_ms);
                let unasked = {
                    let mut inner = inner.borrow_mut();
                    inner.tables_stand = true;
                    std::mem::take(&mut inner.unasked)
                };
                for (request, bytes) in unasked {
                    self.post_projector(&request, bytes);
                }
                self.projected.set(true);
            }
            FromProjector::View { key } => {
                let then = inner.borrow().watches.get(&key).map(|(_, then)| Rc::clone(then));
                if let Some(then) = then {
                    then(message.get(1));
                }
            }
            FromProjector::Answer { id } => {
                let asked = inner.borrow_mut().asks.remove(&id);
                if let Some((_, then)) = asked {
                    then(message.get(1));
                }
            }
            // An answer's plan that comes once the import runs is a plan of yesterday.
            FromProjector::Planned { id: _, plan } => {
                if !self.import.with_untracked(|state| matches!(state, ImportState::Running { .. })) {
                    self.import.set(ImportState::Planned(plan));
                }
            }
            FromProjector::Backup { id: _, rows, made_ms } => self.import.set(ImportState::Backup { rows, made_ms }),
            FromProjector::Restored { id: _, rows, cancelled } => {
                self.remember();
                self.import.set(ImportState::Restored { rows, cancelled });
            }
            FromProjector::Exported { id, rows } => {
                self.answered(|inner| &mut inner.exports, id, Ok((rows, message.get(1).unchecked_into())));
            }
            FromProjector::ImportProgress { id: _, done, total, restores } => {
                self.import.set(ImportState::Running { done, total, restores });
            }
            FromProjector::Imported { id: _, sets, workouts, already_here, done, total } => {
                self.remember();
                self.import.set(ImportState::Done { sets, workouts, already_here, done, total });
            }
            FromProjector::Measured { id, .. } => {
                self.answered(|inner| &mut inner.measures, id, Ok(notice));
            }
            FromProjector::Failed { id, problem } => {
                if inner.borrow().importing == id && self.imports() {
                    return self.import.set(ImportState::Failed(problem));
                }
                self.problem(problem);
                self.answered(|inner| &mut inner.exports, id, Err(Lost));
            }
        }
    }

    /// Tells whoever waits for this, once nothing is borrowed: they may ask something else.
    fn answered<T>(self, of: impl FnOnce(&mut Inner) -> &mut Pending<T>, id: u32, answer: Result<T, Lost>) {
        let then = of(&mut self.inner().borrow_mut()).take(id);
        if let Some(then) = then {
            then(answer);
        }
    }

    /// The two workers get a wire of their own: rows and files never pass through the page.
    fn link(self) {
        let inner = self.inner();
        let inner = inner.borrow();
        if !inner.storage_up || !inner.projector_up {
            return;
        }
        let Ok(channel) = MessageChannel::new() else { return };
        for (worker, port) in [(&inner.projector, channel.port2()), (&inner.storage, channel.port1())] {
            if let Some(worker) = worker {
                let message = Array::of2(&"link".into(), &port);
                let _ = worker.post_message_with_transfer(&message, &Array::of1(&port));
            }
        }
    }

    /// An import is under way, and the one who carries it out has not said how it ended.
    fn imports(self) -> bool {
        self.import
            .with_untracked(|state| matches!(state, ImportState::Reading | ImportState::Planned(_) | ImportState::Running { .. }))
    }

    /// What the storage worker was asked, and nobody will answer.
    fn lose_storage(self, again: bool) {
        let inner = self.inner();
        let (reports, codes, wishes, accounts) = {
            let mut inner = inner.borrow_mut();
            // What was not asked yet is asked of the next one, if there is one.
            let unasked = set_of(inner.waiting.iter().filter_map(ToStorage::id).filter(|_| again));
            let inner = &mut *inner;
            (inner.reports.lose(&unasked), inner.codes.lose(&unasked), inner.wishes.lose(&unasked), inner.accounts.lose(&unasked))
        };
        tell_lost(reports);
        tell_lost(codes);
        tell_lost(wishes);
        tell_lost(accounts);
    }

    /// What the projector was asked. Questions are asked again: nothing but time is lost.
    fn lose_projector(self, again: bool) {
        let inner = self.inner();
        let (exports, measures, importing) = {
            let mut inner = inner.borrow_mut();
            let inner = &mut *inner;
            let unasked: BTreeSet<u32> = set_of(inner.unasked.iter().filter_map(|(request, _)| request.id()).filter(|_| again));
            for (id, (asked, _)) in inner.asks.iter().filter(|(id, _)| again && !unasked.contains(id)) {
                inner.unasked.push((ToProjector::Ask { id: *id, asked: asked.clone() }, None));
            }
            (inner.exports.lose(&unasked), inner.measures.lose(&unasked), !unasked.contains(&inner.importing))
        };
        tell_lost(exports);
        tell_lost(measures);
        if importing && self.imports() {
            let problem = Problem::new(ProblemKind::Restarted, m::hub::IMPORT_STOPPED, m::hub::IMPORT_KEPT, m::hub::IMPORT_AGAIN);
            self.import.set(ImportState::Failed(problem));
        }
    }

    fn storage_died(self, why: &str) {
        let inner = self.inner();
        let again = {
            let mut inner = inner.borrow_mut();
            if let Some(worker) = inner.storage.take() {
                worker.terminate();
            }
            if let Some(worker) = inner.projector.take() {
                worker.terminate();
            }
            (inner.storage_up, inner.projector_up, inner.tables_stand) = (false, false, false);
            inner.restarts += 1;
            // What was not acknowledged is asked for again. The entities are the same, so nothing counts twice.
            let open: Vec<ToStorage> =
                inner.captures.iter().map(|(id, (_, drafts, _))| ToStorage::Capture { id: *id, drafts: drafts.clone() }).collect();
            inner.waiting.splice(0..0, open);
            inner.restarts <= 3
        };
        self.projected.set(false);
        self.problem(Problem::new(
            ProblemKind::Restarted,
            m::hub::stopped(why),
            m::hub::RESTART_KEPT,
            if again { m::hub::STARTED_AGAIN } else { m::hub::RELOAD },
        ));
        self.lose_storage(again);
        self.lose_projector(again);
        if again {
            self.start_storage();
        }
    }

    fn projector_died(self, why: &str) {
        web_sys::console::error_1(&format!("the projector stopped: {why}").into());
        let again = {
            let inner = self.inner();
            let mut inner = inner.borrow_mut();
            if let Some(worker) = inner.projector.take() {
                worker.terminate();
            }
            (inner.projector_up, inner.tables_stand) = (false, false);
            inner.restarts += 1;
            inner.restarts <= 3
        };
        self.projected.set(false);
        self.lose_projector(again);
        if again {
            self.start_projector();
        } else {
            self.problem(Problem::new(ProblemKind::Restarted, m::hub::FIGURES_STOPPED, m::hub::FIGURES_KEPT, m::hub::RELOAD));
        }
    }

    fn post_storage(self, request: &ToStorage) {
        let inner = self.inner();
        let mut inner = inner.borrow_mut();
        let early = matches!(request, ToStorage::Hello { .. } | ToStorage::Unlock { .. } | ToStorage::StartOver { .. });
        if !early && !inner.storage_up {
            inner.waiting.push(request.clone());
            return;
        }
        if let (Some(worker), Some(value)) = (&inner.storage, spoken(serde_wasm_bindgen::to_value(request))) {
            let _ = worker.post_message(&Array::of1(&value));
        }
    }

    fn post_projector(self, request: &ToProjector, bytes: Option<Uint8Array>) {
        let inner = self.inner();
        let mut inner = inner.borrow_mut();
        let needs_tables = matches!(
            request,
            ToProjector::Ask { .. } | ToProjector::PlanImport { .. } | ToProjector::RunImport { .. } | ToProjector::Export { .. }
        );
        if needs_tables && !inner.tables_stand {
            inner.unasked.push((request.clone(), bytes));
            return;
        }
        if let (Some(worker), Some(value)) = (&inner.projector, spoken(serde_wasm_bindgen::to_value(request))) {
            let extra = bytes.map_or(JsValue::UNDEFINED, JsValue::from);
            let _ = worker.post_message(&Array::of2(&value, &extra));
        }
    }

    fn next(self) -> u32 {
        let inner = self.inner();
        let mut inner = inner.borrow_mut();
        inner.next += 1;
        inner.next
    }

    /// Writes the drafts down and says when they are on the disk. A failure is also shown.
    pub fn capture(self, drafts: Vec<Draft>, then: impl FnOnce(Result<Vec<SavedRow>, Problem>) + 'static) {
        let id = self.next();
        let inner = self.inner();
        inner.borrow_mut().captures.insert(id, (Box::new(then), drafts.clone(), performance_now()));
        self.saving.update(|n| *n += 1);
        self.post_storage(&ToStorage::Capture { id, drafts });
    }

    pub fn save_sheet(self, json: String) {
        self.post_storage(&ToStorage::SaveSheet { json });
    }

    /// Signing in and out, devices, codes.
    pub fn account(self, wish: AccountWish, then: impl FnOnce(Result<AccountNews, Refusal>) + 'static) {
        let id = self.next();
        self.inner()
            .borrow_mut()
            .accounts
            .wait(id, Box::new(move |answer| then(answer.unwrap_or_else(|Lost| Err(Refusal::lost())))));
        self.post_storage(&ToStorage::Account { id, wish });
    }

    /// Everything here is compared with everything there.
    pub fn compare(self) {
        self.post_storage(&ToStorage::Compare);
    }

    pub fn retry_refused(self) {
        self.post_storage(&ToStorage::RetryRefused);
    }

    pub fn report(self, then: impl FnOnce(StorageReport) + 'static) {
        let id = self.next();
        let or_again = move |answer| match answer {
            Ok(report) => then(report),
            Err(Lost) => self.report(then),
        };
        self.inner().borrow_mut().reports.wait(id, Box::new(or_again));
        self.post_storage(&ToStorage::Report { id });
    }

    /// The code that opens what is stored here on the day the browser has lost its own key. `None`: nothing is encrypted.
    pub fn recovery_code(self, then: impl FnOnce(Option<String>) + 'static) {
        let id = self.next();
        self.wait_for_code(id, then);
        self.post_storage(&ToStorage::RecoveryCode { id });
    }

    /// Another one in its place; the former code when that did not work, which is said.
    pub fn new_recovery_code(self, then: impl FnOnce(Option<String>) + 'static) {
        let id = self.next();
        self.wait_for_code(id, then);
        self.post_storage(&ToStorage::NewRecoveryCode { id });
    }

    /// Where nobody answers, the code that holds by then is asked for.
    fn wait_for_code(self, id: u32, then: impl FnOnce(Option<String>) + 'static) {
        let or_again = move |answer| match answer {
            Ok(code) => then(code),
            Err(Lost) => self.recovery_code(then),
        };
        self.inner().borrow_mut().codes.wait(id, Box::new(or_again));
    }

    fn wish(self, then: impl FnOnce(bool) + 'static) -> u32 {
        let id = self.next();
        self.inner().borrow_mut().wishes.wait(id, Box::new(move |done| then(done == Ok(true))));
        id
    }

    /// Empty: no app lock. A failure is shown.
    pub fn set_app_lock(self, passphrase: String, then: impl FnOnce(bool) + 'static) {
        let on = !passphrase.is_empty();
        let id = self.wish(move |done| {
            self.profile.update(|profile| {
                if let Some(profile) = profile.as_mut().filter(|_| done) {
                    profile.app_lock = on;
                }
            });
            then(done);
        });
        self.post_storage(&ToStorage::SetAppLock { id, passphrase });
    }

    /// What is stored here opens only with the passphrase or the recovery code from now on.
    pub fn lock(self) {
        let id = self.wish(|done| _ = done.then(reload));
        self.post_storage(&ToStorage::Lock { id });
    }

    pub fn exported(self) {
        self.post_storage(&ToStorage::Exported);
    }

    /// What the browser removed is given up.
    pub fn go_on_without(self) {
        self.post_storage(&ToStorage::GoOnWithout);
    }

    /// Everything on this device; refused, and said so, while something is nowhere else.
    pub fn remove_everything(self) {
        let id = self.wish(|done| _ = done.then(begin_anew));
        self.post_storage(&ToStorage::Remove { id });
    }

    pub fn start_over(self) {
        let id = self.wish(|done| _ = done.then(begin_anew));
        self.post_storage(&ToStorage::StartOver { id });
    }

    /// Somebody has read that everything is removed.
    pub fn removal_seen(self) {
        let _ = tab_storage().map(|kept| kept.remove_item(REMOVED));
        self.removed.set(false);
    }

    /// Another tab has locked or removed what is stored here.
    fn stop(self) {
        let inner = self.inner();
        let mut inner = inner.borrow_mut();
        inner.storage.take().into_iter().chain(inner.projector.take()).for_each(|worker| worker.terminate());
        inner.storage_up = false;
        self.gone.set(true);
    }

    /// With an app lock: whoever was away for long is asked again.
    fn lock_when_away(self) {
        let hidden = document().visibility_state() != VisibilityState::Visible;
        let inner = self.inner();
        let before = std::mem::replace(&mut inner.borrow_mut().hidden_ms, if hidden { Date::now() } else { f64::MAX });
        let locks = self.profile.with_untracked(|profile| profile.as_ref().is_some_and(|profile| profile.app_lock));
        if !hidden && locks && before + AWAY_MS < Date::now() {
            reload();
        }
    }

    pub fn unlock(self, code: String) {
        let id = self.next();
        self.post_storage(&ToStorage::Unlock { id, code });
    }

    pub fn measure(self, rebuild: bool, then: impl FnOnce(FromProjector) + 'static) {
        let id = self.next();
        // Measured again by whoever wants to know, once the tables stand again.
        self.inner().borrow_mut().measures.wait(id, Box::new(move |measured| _ = measured.map(then)));
        self.post_projector(&if rebuild { ToProjector::Rebuild { id } } else { ToProjector::Measure { id, hashes: false } }, None);
    }

    /// The rows that answer, kept up to date while the component lives; `None` until the first answer.
    pub fn watch<Q: Question + Send + Sync>(
        self,
        params: impl Fn() -> Vec<(&'static str, Ask)> + 'static,
    ) -> ReadSignal<Option<Vec<Q>>> {
        let (rows, set_rows) = signal(None::<Vec<Q>>);
        self.keep_asking(Box::new(move || bridge::ask::<Q>(&params())), answers::<Q>(move |rows| _ = set_rows.try_set(Some(rows))));
        rows
    }

    /// What is the same for every question is compiled once.
    fn keep_asking(self, asked: Box<dyn Fn() -> Asked>, then: OnRows) {
        let key = self.next();
        effect(move || {
            let asked = asked();
            self.inner().borrow_mut().watches.insert(key, (asked.clone(), Rc::clone(&then)));
            if self.inner().borrow().projector_up {
                self.post_projector(&ToProjector::Watch { key, asked }, None);
            }
        });
        on_cleanup(move || {
            self.inner().borrow_mut().watches.remove(&key);
            self.post_projector(&ToProjector::Unwatch { key }, None);
        });
    }

    /// The rows that answer, once.
    pub fn ask<Q: Question>(self, params: &[(&str, Ask)], then: impl Fn(Vec<Q>) + 'static) {
        self.ask_once(bridge::ask::<Q>(params), answers::<Q>(then));
    }

    fn ask_once(self, asked: Asked, then: OnRows) {
        let id = self.next();
        self.inner().borrow_mut().asks.insert(id, (asked.clone(), then));
        self.post_projector(&ToProjector::Ask { id, asked }, None);
    }

    pub fn plan_import(self, file_name: String, choices: Choices, bytes: Option<Uint8Array>) {
        let id = self.next();
        self.inner().borrow_mut().importing = id;
        if bytes.is_some() {
            self.import.set(ImportState::Reading);
        }
        self.post_projector(&ToProjector::PlanImport { id, file_name, choices }, bytes);
    }

    pub fn run_import(self) {
        self.import.set(ImportState::Running { done: 0, total: 0, restores: false });
        let id = self.next();
        self.inner().borrow_mut().importing = id;
        self.post_projector(&ToProjector::RunImport { id }, None);
    }

    /// Everything as a file: how many rows, and its bytes. A failure is shown.
    pub fn export(self, what: ExportAs, now_ms: i64, then: impl FnOnce(Option<(usize, Uint8Array)>) + 'static) {
        let id = self.next();
        self.inner().borrow_mut().exports.wait(id, Box::new(move |file| then(file.ok())));
        self.post_projector(&ToProjector::Export { id, what, now_ms }, None);
    }

    pub fn cancel_import(self) {
        self.post_projector(&ToProjector::CancelImport, None);
    }

    pub fn problem(self, problem: Problem) {
        self.problems.update(|all| {
            if all.last() != Some(&problem) {
                all.push(problem);
            }
        });
    }

    /// An answer to what was tried here: gone once something else works, or somebody goes elsewhere.
    pub fn forget(self, kinds: &[ProblemKind]) {
        if self.problems.with_untracked(|all| all.iter().any(|problem| kinds.contains(&problem.kind))) {
            self.problems.update(|all| all.retain(|problem| !kinds.contains(&problem.kind)));
        }
    }

    pub fn undoable(self, text: impl Into<String>, undo: impl Fn() + Send + Sync + 'static) {
        self.say(text, Some(Arc::new(undo)));
    }

    /// Says something for a few seconds, with a way back where there is one.
    pub fn say(self, text: impl Into<String>, undo: Option<Undo>) {
        let nth = self.next();
        let shown_ms = if undo.is_some() { 10_000 } else { 6_000 };
        self.toast.set(Some(Toast { text: text.into(), undo, nth }));
        Timeout::new(shown_ms, move || {
            self.toast.update(|toast| {
                if toast.as_ref().is_some_and(|toast| toast.nth == nth) {
                    *toast = None;
                }
            });
        })
        .forget();
    }
}

fn answers<Q: Question>(then: impl Fn(Vec<Q>) + 'static) -> OnRows {
    Rc::new(move |value| match serde_wasm_bindgen::from_value::<Vec<Q>>(value) {
        Ok(rows) => then(rows),
        Err(err) => web_sys::console::error_1(&format!("{}: {err}", Q::NAME).into()),
    })
}
