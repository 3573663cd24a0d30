//! Messages from the page and, over a port of their own, from the storage worker.

use bridge::{FromProjector, ToProjector, pack, unpack};
use js_sys::{Array, Uint8Array};
use ledger::Row;
use serde::Serialize as _;
use wasm_bindgen::{JsCast as _, JsValue, closure::Closure};
use web_sys::{DedicatedWorkerGlobalScope, MessageEvent, MessagePort};

use crate::{
    check::{self, Came},
    export, import, pack, project,
};

pub(crate) fn global() -> DedicatedWorkerGlobalScope {
    js_sys::global().unchecked_into()
}

/// Messages are `[ToProjector, bytes?]`, or `["link", port]` with the storage worker's port.
pub(crate) fn listen() {
    on_message(&global(), |message| {
        if message.get(0).as_string().as_deref() == Some("link") {
            let port: MessagePort = message.get(1).unchecked_into();
            on_message(&port, storage_says);
            project::with(|it| it.storage = Some(port));
            return;
        }
        match serde_wasm_bindgen::from_value(message.get(0)) {
            Ok(request) => page_asks(request, &message.get(1)),
            Err(err) => complain(&format!("a request that cannot be read: {err}")),
        }
    });
    let _ = global().post_message(&JsValue::from_str("up"));
}

fn on_message(target: &JsValue, mut handle: impl FnMut(&Array) + 'static) {
    let handler = Closure::<dyn FnMut(MessageEvent)>::new(move |event: MessageEvent| {
        handle(event.data().unchecked_ref());
        project::heard();
    });
    // Both a worker's scope and a port take their handler here; setting it also starts a port.
    let _ = js_sys::Reflect::set(target, &"onmessage".into(), handler.as_ref());
    handler.forget();
}

fn page_asks(request: ToProjector, extra: &JsValue) {
    match request {
        ToProjector::Hello { build } => {
            let own = self::build();
            tell(&if own == build { FromProjector::Hello } else { FromProjector::OtherBuild { build: own } });
        }
        ToProjector::Watch { key, asked } => project::watch(key, asked),
        ToProjector::Unwatch { key } => project::with(|it| it.watched.end(key)),
        ToProjector::Ask { id, asked } => project::ask(id, asked),
        ToProjector::PlanImport { id, file_name, choices } => {
            let bytes = (!extra.is_undefined()).then(|| Uint8Array::new(extra).to_vec());
            import::plan(id, file_name, choices, bytes);
        }
        ToProjector::RunImport { id } => import::run(id),
        ToProjector::CancelImport => import::cancel(),
        ToProjector::Export { id, what, now_ms } => export::begin(id, what, now_ms),
        ToProjector::Measure { id, hashes } => project::measure(id, false, hashes),
        ToProjector::Rebuild { id } => project::measure(id, true, false),
    }
}

fn storage_says(message: &Array) {
    let bytes = |at| Uint8Array::new(&message.get(at)).to_vec();
    let text = |at| message.get(at).as_string().unwrap_or_default();
    match text(0).as_str() {
        "dims" => project::dimension(&text(1), &bytes(2)),
        "sealed" => project::sealed(&bytes(1)),
        "rows" => project::rows(&rows_of(&bytes(1))),
        "loaded" => project::loaded(text(1)),
        "tables" => {
            let id = message.get(1);
            match project::unpack(&bytes(2)) {
                Ok(()) => say(&["encoded".into(), id], Some(&[])),
                Err(why) => say(&["unencoded".into(), id, why.into()], None),
            }
        }
        "anew" => project::anew(),
        "check-sealed" => check::again(Came::Sealed(bytes(1))),
        "check-rows" => check::again(Came::Rows(rows_of(&bytes(1)))),
        "check" => check::begin(message.get(1).is_truthy()),
        "pack" => match <[u8; 8]>::try_from(bytes(2)) {
            Ok(rows) => pack::begin(number(message), u64::from_le_bytes(rows)),
            Err(_) => complain("rows to pack that nobody counted"),
        },
        "encode" => {
            let id = message.get(1);
            match engine::segment_to_parquet(&rows_of(&bytes(2))) {
                Ok(parquet) => say(&["encoded".into(), id], Some(&parquet)),
                Err(err) => say(&["unencoded".into(), id, err.to_string().into()], None),
            }
        }
        "decode" => {
            let id = message.get(1);
            match engine::rows_from_parquet(&bytes(2)) {
                Ok(rows) => say(&["decoded".into(), id], Some(&pack(rows.iter().map(|row| row.raw.as_slice())))),
                Err(err) => say(&["unencoded".into(), id, err.to_string().into()], None),
            }
        }
        "person" => project::person(text(1)),
        "follow" => project::follow(),
        "captured" => import::captured(&message.get(2)),
        "part" => export::part(number(message), &bytes(2)),
        "rest" => export::rest(number(message), rows_of(&bytes(2))),
        "broken" => export::broken(number(message), &text(2)),
        other => complain(&format!("unknown message {other}")),
    }
}

pub(crate) fn build() -> String {
    let build = js_sys::Reflect::get(&js_sys::global(), &"SPOTTER_BUILD".into());
    build.ok().and_then(|build| build.as_string()).unwrap_or_default()
}

fn number(message: &Array) -> u32 {
    message.get(1).as_f64().unwrap_or(0.0) as u32
}

fn rows_of(packed: &[u8]) -> Vec<Row> {
    unpack(packed).unwrap_or_default().into_iter().filter_map(|raw| Row::read(raw).ok()).collect()
}

/// To the storage worker.
pub(crate) fn say(words: &[JsValue], bytes: Option<&[u8]>) {
    let message: Array = words.iter().cloned().collect();
    let transfer = Array::new();
    if let Some(bytes) = bytes {
        let array = Uint8Array::from(bytes);
        transfer.push(&array.buffer());
        message.push(&array);
    }
    project::with(|it| {
        if let Some(port) = &it.storage {
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
