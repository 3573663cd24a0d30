//! What this worker holds while it lives.

use std::{cell::RefCell, collections::VecDeque};

use bridge::{FromStorage, Problem};
use device::{Detector, Host, Inbox};
use ledger::UseId;
use wasm_bindgen::{JsCast as _, JsValue};
use web_sys::{BroadcastChannel, DedicatedWorkerGlobalScope, MessagePort};

use crate::{
    births::Births,
    files::{Held, Pool},
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
    /// The file of the running session.
    pub(crate) slot: Option<Slot>,
    pub(crate) sheet: Option<SheetSlot>,
    /// Names of birth records, and when each may go.
    pub(crate) births_due: VecDeque<(u64, String)>,
    /// The file that rows from the server go to.
    pub(crate) inbox: Option<(Inbox, Slot)>,
    pub(crate) projector: Option<MessagePort>,
    /// A projector that does not have its dimensions yet, and gets no rows before.
    pub(crate) linking: Option<MessagePort>,
    pub(crate) siblings: Option<BroadcastChannel>,
    pub(crate) problems: Vec<Problem>,
}

/// A pool file that this worker writes.
pub(crate) struct Slot {
    pub(crate) name: String,
    pub(crate) held: Held,
    /// Which use of the file this is, and where the next frames go.
    pub(crate) use_id: UseId,
    pub(crate) at: u64,
    /// Until then a power cut may take the file's name away with everything in it.
    pub(crate) young_until: u64,
}

impl Slot {
    pub(crate) fn taken(name: String, held: Held, young_until: u64) -> Self {
        Self { name, held, use_id: [0; 16], at: 0, young_until }
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

pub(crate) fn global() -> DedicatedWorkerGlobalScope {
    js_sys::global().unchecked_into()
}

pub(crate) fn tell(notice: &FromStorage) {
    match serde_wasm_bindgen::to_value(notice) {
        Ok(value) => _ = global().post_message(&value),
        Err(err) => web_sys::console::error_1(&JsValue::from_str(&format!("a notice that cannot be said: {err}"))),
    }
}
