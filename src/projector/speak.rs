//! What the page and the storage worker are told.

use std::cell::RefCell;

use bridge::{FromProjector, FromTables};
use js_sys::{Array, Uint8Array};
use serde::Serialize as _;
use wasm_bindgen::{JsCast as _, JsValue};
use web_sys::{DedicatedWorkerGlobalScope, MessagePort};

thread_local! {
    static STORAGE: RefCell<Option<MessagePort>> = const { RefCell::new(None) };
}

/// The storage worker's port; none, and nothing it says is taken any more.
pub(crate) fn link(storage: Option<MessagePort>) {
    STORAGE.set(storage);
}

pub(crate) fn is_linked() -> bool {
    STORAGE.with_borrow(Option::is_some)
}

pub(crate) fn global() -> DedicatedWorkerGlobalScope {
    js_sys::global().unchecked_into()
}

pub(crate) fn build() -> String {
    let build = js_sys::Reflect::get(&js_sys::global(), &"SPOTTER_BUILD".into());
    build.ok().and_then(|build| build.as_string()).unwrap_or_default()
}

/// To the storage worker.
pub(crate) fn say(word: &FromTables, bytes: Option<&[u8]>) {
    let json = match serde_json::to_string(word) {
        Ok(json) => json,
        Err(err) => return complain(&format!("a word that cannot be said: {err}")),
    };
    let message = Array::of1(&json.into());
    let transfer = Array::new();
    if let Some(bytes) = bytes {
        let array = Uint8Array::from(bytes);
        transfer.push(&array.buffer());
        message.push(&array);
    }
    STORAGE.with_borrow(|port| {
        if let Some(port) = port {
            let _ = port.post_message_with_transferable(&message, &transfer);
        }
    });
}

/// To the page.
pub(crate) fn tell(notice: &FromProjector) {
    tell_with(notice, JsValue::UNDEFINED);
}

/// To the page, with the rows of an answer.
pub(crate) fn tell_rows(notice: &FromProjector, rows: &[serde_json::Value]) {
    match rows.serialize(&serde_wasm_bindgen::Serializer::json_compatible()) {
        Ok(rows) => tell_with(notice, rows),
        Err(err) => complain(&format!("rows that cannot be said: {err}")),
    }
}

pub(crate) fn tell_with(notice: &FromProjector, extra: JsValue) {
    match serde_wasm_bindgen::to_value(notice) {
        Ok(notice) => _ = global().post_message(&Array::of2(&notice, &extra)),
        Err(err) => complain(&format!("a notice that cannot be said: {err}")),
    }
}

pub(crate) fn complain(text: &str) {
    web_sys::console::error_1(&JsValue::from_str(text));
}

pub(crate) fn now_ms() -> f64 {
    global().performance().map_or(0.0, |performance| performance.now())
}
