//! What this worker holds while it lives.

use std::{
    cell::{Cell, RefCell},
    collections::BTreeMap,
    rc::Rc,
};

use bridge::{FromStorage, Problem, SyncState};
use device::{Detector, Done, Foreign, Host, NotDone, Place, Trouble};
use ledger::UseId;
use wasm_bindgen::JsValue;
use web_sys::{AbortController, MessagePort};

use crate::{
    births::Births,
    channels::Channels,
    files::{Held, Pool},
    js,
    reply::Reply,
    sheet::SheetSlot,
    vault::Vault,
};

thread_local! {
    static STATE: RefCell<Option<State>> = const { RefCell::new(None) };
}

pub(crate) struct State {
    /// `None` where the browser gives no storage: everything lasts as long as the tab.
    pub(crate) pool: Option<Pool>,
    pub(crate) births: Option<Births>,
    /// `None` where nothing can be encrypted: without storage, or without IndexedDB.
    pub(crate) vault: Option<Vault>,
    /// What this tab knows of the device, and all that it decides.
    pub(crate) host: Host,
    /// Whether somebody leads, while this tab does not.
    pub(crate) leader: Detector,
    /// Files that are kept for longer than one deed.
    pub(crate) places: BTreeMap<Place, Rc<Slot>>,
    pub(crate) sheet: Option<SheetSlot>,
    pub(crate) waiting: Waiting,
    pub(crate) wires: Wires,
    pub(crate) projector: Option<MessagePort>,
    /// A projector that does not have its dimensions yet, and gets no rows before.
    pub(crate) linking: Option<MessagePort>,
    pub(crate) channels: Option<Channels>,
    pub(crate) problems: Vec<Problem>,
}

/// Who waits for what `host` was told to do.
#[derive(Default)]
pub(crate) struct Waiting {
    pub(crate) last: u32,
    pub(crate) writes: BTreeMap<u32, Reply<Result<Done, NotDone>>>,
    pub(crate) segments: BTreeMap<u32, Reply<Result<Foreign, Trouble>>>,
}

/// What is under way on the network, and what was said of it.
#[derive(Default)]
pub(crate) struct Wires {
    /// How to end each call.
    pub(crate) calls: BTreeMap<u32, AbortController>,
    pub(crate) timer: Option<i32>,
    /// What the screens were told last.
    pub(crate) said: SyncState,
    pub(crate) clock_said: bool,
}

/// A pool file that this worker writes.
pub(crate) struct Slot {
    pub(crate) held: Held,
    /// Which use of the file this is, where the next frames go, and where the last ones went.
    pub(crate) use_id: UseId,
    pub(crate) at: Cell<u64>,
    pub(crate) before: Cell<u64>,
}

impl State {
    pub(crate) fn of(host: Host, problems: Vec<Problem>) -> Self {
        Self {
            pool: None,
            births: None,
            vault: None,
            host,
            leader: Detector::default(),
            places: BTreeMap::new(),
            sheet: None,
            waiting: Waiting::default(),
            wires: Wires::default(),
            projector: None,
            linking: None,
            channels: None,
            problems,
        }
    }
}

pub(crate) fn install(state: State) {
    STATE.with_borrow_mut(|slot| *slot = Some(state));
}

/// Never held across an await.
pub(crate) fn with<T>(act: impl FnOnce(&mut State) -> T) -> T {
    STATE.with_borrow_mut(|state| act(state.as_mut().expect("BUG: used before the start was over")))
}

pub(crate) fn vault() -> Option<Vault> {
    with(|state| state.vault.clone())
}

pub(crate) fn started() -> bool {
    STATE.with_borrow(Option::is_some)
}

pub(crate) fn tell(notice: &FromStorage) {
    match serde_wasm_bindgen::to_value(notice) {
        Ok(value) => _ = js::global().post_message(&value),
        Err(err) => web_sys::console::error_1(&JsValue::from_str(&format!("a notice that cannot be said: {err}"))),
    }
}

/// Somebody should know.
pub(crate) fn report(problem: Problem) {
    with(|state| state.problems.push(problem.clone()));
    tell(&FromStorage::Problem { problem });
}
