//! Messages from the page and, over a port of their own, from the storage worker.

use bridge::{FromProjector, FromTables, ToProjector, ToTables, pack, unpack};
use js_sys::{Array, Uint8Array};
use ledger::Row;
use wasm_bindgen::{JsCast as _, JsValue, closure::Closure};
use web_sys::{MessageEvent, MessagePort};

use crate::{
    check::{self, Came},
    export, import, pack, project,
    speak::{self, complain, global, say, tell},
};

/// Messages are `[ToProjector, bytes?]`, or `["link", port]` with the storage worker's port.
pub(crate) fn listen() {
    on_message(&global(), |message| {
        if message.get(0).as_string().as_deref() == Some("link") {
            let port: MessagePort = message.get(1).unchecked_into();
            on_message(&port, storage_says);
            speak::link(Some(port));
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
            let own = speak::build();
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
    let bytes = || Uint8Array::new(&message.get(1)).to_vec();
    let word = match serde_json::from_str(&message.get(0).as_string().unwrap_or_default()) {
        Ok(word) => word,
        Err(err) => return complain(&format!("a word of the storage worker that cannot be read: {err}")),
    };
    match word {
        ToTables::Hello { build } if build == speak::build() => {}
        // The page finds out by itself, and says that there is an update.
        ToTables::Hello { .. } => speak::link(None),
        _ if !speak::is_linked() => {}
        ToTables::Dimension { name } => project::dimension(&name, &bytes()),
        ToTables::Sealed => {
            let parquet = bytes();
            check::heard(|| Came::Sealed(parquet.clone()));
            project::sealed(&parquet);
        }
        ToTables::Rows => {
            let rows = rows_of(&bytes());
            check::heard(|| Came::Rows(rows.clone()));
            project::rows(&rows);
        }
        ToTables::Loaded { person } => project::loaded(person),
        ToTables::GoOnFrom { id } => answer(id, project::unpack(&bytes()).map(|()| Vec::new())),
        ToTables::Anew => project::anew(),
        ToTables::CheckSealed => check::again(Came::Sealed(bytes())),
        ToTables::CheckRows => check::again(Came::Rows(rows_of(&bytes()))),
        ToTables::Check { whole } => check::begin(whole),
        ToTables::Pack { id, rows } => pack::begin(id, rows),
        ToTables::Encode { id } => {
            answer(id, engine::segment_to_parquet(&rows_of(&bytes())).map_err(|err| err.to_string()));
        }
        ToTables::Decode { id } => {
            let rows = engine::rows_from_parquet(&bytes());
            answer(id, rows.map(|rows| pack(rows.iter().map(|row| row.raw.as_slice()))).map_err(|err| err.to_string()));
        }
        ToTables::Person { person } => project::person(person),
        ToTables::Follow => project::follow(),
        ToTables::Captured { problem } => import::captured(problem),
        ToTables::Part { id } => export::part(id, &bytes()),
        ToTables::Rest { id } => export::rest(id, rows_of(&bytes())),
        ToTables::Broken { id, why } => export::broken(id, &why),
    }
}

fn answer(id: u32, outcome: Result<Vec<u8>, String>) {
    match outcome {
        Ok(bytes) => say(&FromTables::Done { id }, Some(&bytes)),
        Err(why) => say(&FromTables::NotDone { id, why }, None),
    }
}

fn rows_of(packed: &[u8]) -> Vec<Row> {
    unpack(packed).unwrap_or_default().into_iter().filter_map(|raw| Row::read(raw).ok()).collect()
}
