//! The hub: starts the two workers, keeps them apart, and turns what they say into signals.
//!
//! ```text
//! page ── ToStorage ──> storage worker ── rows, files ──> projector ── View, Answer ──> page
//!      <─ Saved, Ready ─┘            <── Parquet, drafts ─┘
//! ```
//!
//! What is asked of a worker is a call (`hub/pending.rs`), and every call ends: with the answer, or as lost when the worker
//! died over it and it cannot be asked again. So no screen waits for somebody who is gone.

mod calls;
mod heard;
mod import;
mod kept;
mod pending;
mod toast;
mod watch;
mod workers;

use std::{cell::RefCell, collections::BTreeMap, rc::Rc};

use bridge::{Asked, FromStorage, Problem, SyncState, ToStorage};
use gloo::events::EventListener;
use js_sys::{Date, Reflect};
use leptos::prelude::*;
use wasm_bindgen::{JsCast as _, JsValue};
use web_sys::VisibilityState;

pub(crate) use self::{
    calls::Saved,
    kept::{keep_ms, keep_theme, kept_ms, kept_theme},
};
pub use self::{import::ImportState, kept::reload, toast::Toast};
use self::{
    pending::ToProjectorWith,
    watch::OnRows,
    workers::{Line, ProjectorSays},
};

#[derive(Debug, Clone, PartialEq)]
pub struct Profile {
    pub person: String,
    pub device: String,
    pub memory_only: bool,
    /// A passphrase is asked for at every start.
    pub app_lock: bool,
}

/// What opens a locked storage.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Opens {
    Passphrase,
    RecoveryCode,
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
    storage: Line<ToStorage, FromStorage>,
    projector: Line<ToProjectorWith, ProjectorSays>,
    /// What is watched, and who is shown it.
    watches: BTreeMap<u32, (Asked, OnRows)>,
    next: u32,
    /// When the page was last hidden, by the clock on the wall: the other one may stand still while a phone sleeps.
    hidden_ms: f64,
    /// The import that the screen shows.
    importing: u32,
    restarts: u32,
    /// Why storage is not started any more.
    ended: Option<Problem>,
    /// The page keeps whose phone this is.
    remembered: bool,
}

/// What `boot.js` has left for the app.
fn spotter() -> JsValue {
    Reflect::get(&js_sys::global(), &"SPOTTER".into()).unwrap_or_default()
}

/// What it knows of the build: its id and where its files are.
fn built(name: &str) -> String {
    Reflect::get(&spotter(), &name.into()).ok().and_then(|value| value.as_string()).unwrap_or_default()
}

pub fn build_id() -> String {
    built("build")
}

/// With an app lock somebody who was away for a quarter of an hour is asked for the passphrase.
const AWAY_MS: f64 = 15.0 * 60.0 * 1000.0;

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
            removed: RwSignal::new(kept::was_removed()),
            timings: RwSignal::new((0.0, 0.0, 0.0)),
            packed: RwSignal::new(false),
        };
        for (event, online) in [("online", true), ("offline", false)] {
            EventListener::new(&window(), event, move |_| {
                hub.online.set(online);
                hub.tell_storage(ToStorage::Awake { online });
            })
            .forget();
        }
        EventListener::new(&window(), "spotter:update", move |_| hub.update.set(true)).forget();
        EventListener::new(&document(), "visibilitychange", move |_| {
            hub.start_projector();
            hub.lock_when_away();
            if document().visibility_state() == VisibilityState::Visible {
                hub.tell_storage(ToStorage::Awake { online: window().navigator().on_line() });
            }
        })
        .forget();
        hub.start_storage();
        hub
    }

    fn inner(self) -> Rc<RefCell<Inner>> {
        self.inner.get_value()
    }

    fn next(self) -> u32 {
        let inner = self.inner();
        let mut inner = inner.borrow_mut();
        inner.next += 1;
        inner.next
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
}
