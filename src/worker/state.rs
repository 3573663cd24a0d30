//! What this worker holds while it lives.

use std::{cell::RefCell, collections::VecDeque};

use bridge::{FromStorage, Problem};
use device::{Device, Inbox, Manifest, SealedFile, Shelf};
use ledger::UseId;
use wasm_bindgen::{JsCast as _, JsValue};
use web_sys::{BroadcastChannel, DedicatedWorkerGlobalScope, MessagePort};
use wire::{ChainKey, Standing};

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
    pub(crate) device: Device,
    /// The file of the running session.
    pub(crate) slot: Option<Slot>,
    pub(crate) sheet: Option<SheetSlot>,
    pub(crate) manifest: Manifest,
    pub(crate) manifest_file: Option<String>,
    /// Listed files that cannot be read.
    pub(crate) damaged: Vec<SealedFile>,
    /// What listed files were merged from that cannot be read: not listed, and all there is.
    pub(crate) spare: Vec<SealedFile>,
    /// Names of birth records, and when each may go.
    pub(crate) births_due: VecDeque<(u64, String)>,
    /// What this device holds. Its rows at hand are those in no sealed file this worker has handed over: a projector that
    /// starts again gets them.
    pub(crate) shelf: Shelf,
    /// The file that rows from the server go to.
    pub(crate) inbox: Option<(Inbox, Slot)>,
    /// Where the device stands with its server, as the files said at the start.
    pub(crate) standing: Option<Standing>,
    pub(crate) projector: Option<MessagePort>,
    /// A projector that does not have its dimensions yet, and gets no rows before.
    pub(crate) linking: Option<MessagePort>,
    pub(crate) siblings: Option<BroadcastChannel>,
    pub(crate) leader: bool,
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

impl State {
    /// The sealed files that count.
    pub(crate) fn files(&self, listed: &[SealedFile]) -> Vec<SealedFile> {
        let known = |file: &&SealedFile| !self.damaged.iter().any(|damaged| damaged.use_id == file.use_id);
        let spare = |file: &&SealedFile| self.shelf.has_file(&file.use_id) && !listed.iter().any(|own| own.use_id == file.use_id);
        listed.iter().filter(known).chain(self.spare.iter().filter(spare)).cloned().collect()
    }

    /// The last place that this installation is known to have written in a chain, whether its rows are here or not.
    pub(crate) fn end_of(&self, chain: &ChainKey) -> u64 {
        self.device.end_of(chain).max(self.manifest.end_of(chain))
    }

    /// Sealed files that this tab may not have heard of.
    pub(crate) fn list(&mut self, files: &[SealedFile]) {
        for file in files {
            if !self.shelf.has_file(&file.use_id) {
                self.shelf.add_file(&file.use_id, &file.spans);
            }
        }
    }
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
