//! What the projector and the other tabs are told.
//!
//! Messages on the port are arrays. To the projector:
//! - `["dims", name, bytes]`, `["sealed", bytes]`, `["rows", packed]`, `["loaded", person]`, `["person", person]`, `["follow"]`;
//! - `["tables", id, bytes]` to go on from, `["anew"]` when that cannot be, and afterwards `["check-sealed", bytes]`,
//!   `["check-rows", packed]`, and `["check", whole]` when that was everything;
//! - `["encode", id, packed]`, `["decode", id, bytes]`, `["pack", id, count]`;
//! - for an import `["captured", id, problem?]`, and for an export `["part", id, bytes]`, `["rest", id, packed]`,
//!   `["broken", id, why]`.
//!
//! From it: `["encoded", id, bytes]`, `["decoded", id, packed]`, `["unencoded", id, why]`; `["stale"]` when packed tables were
//! wrong; `["capture", id, drafts]` and `["imported"]` after the last of them, `["restore", id, person?, packed]`,
//! `["everything", id]`.
//!
//! Between tabs: `["hello"]`, `["rows", packed]`, `["sheet", json]`, `["closed"]`, `["files"]`, `["gone"]`, `["damaged"]`,
//! `["account"]`, `["person", person]`, `["device", id]`; `["ping"]` to whoever leads, which answers `["beat", lane]`, `["missed"]`, which it
//! answers with rows, and it says `["sync", json]` and hears `["awake", online]`, `["compare"]` and `["retry"]`.

use std::cell::{Cell, RefCell};

use bridge::{FromStorage, Problem, ProblemKind, pack, unpack};
use device::{Happening, SealedFile, Write};
use js_sys::{Array, Uint8Array};
use ledger::{DeviceId, EntityId, Row};
use wasm_bindgen::{JsCast as _, JsValue, closure::Closure};
use wasm_bindgen_futures::spawn_local;
use web_sys::{AbortSignal, BroadcastChannel, MessageEvent, MessagePort, Response};

use crate::{
    account, ask,
    deeds::{begin_write, happened},
    fail::Fail,
    files::Pool,
    js, leader, leave, link, perform, port, sealed,
    start::{self, report_problem},
    state::{self, global},
    tables,
};

/// The prebuilt dimensions that ship with the build.
const DIMS: [&str; 5] =
    ["dim_date", "dim_muscle_group", "exercise_catalog", "exercise_catalog_aliases", "exercise_catalog_muscles"];

/// A fetch that hangs for so long is given up, and tried again.
const DIMS_MS: u32 = 20_000;
/// How soon a dimension that did not load is asked for again, at first.
const DIMS_AGAIN_MS: i32 = 1_000;

/// When everything is read again after a start from packed tables.
const CHECK_AFTER_MS: i32 = 1_500;

thread_local! {
    static CHANNEL: RefCell<Option<BroadcastChannel>> = const { RefCell::new(None) };
    /// What other tabs said while this one started.
    static EARLY: RefCell<Vec<JsValue>> = const { RefCell::new(Vec::new()) };
    /// A projector has been fed before.
    static LINKED: Cell<bool> = const { Cell::new(false) };
}

pub(crate) fn say(port: &MessagePort, words: &[JsValue], bytes: Option<&[u8]>) {
    let message: Array = words.iter().cloned().collect();
    let transfer = Array::new();
    if let Some(bytes) = bytes {
        let array = Uint8Array::from(bytes);
        transfer.push(&array.buffer());
        message.push(&array);
    }
    let _ = port.post_message_with_transferable(&message, &transfer);
}

/// Nothing is said when there is no projector: the next one is fed from the start.
pub(crate) fn to_projector(words: &[JsValue], bytes: Option<&[u8]>) {
    if let Some(port) = state::with(|state| state.projector.clone()) {
        say(&port, words, bytes);
    }
}

fn rows(port: &MessagePort, rows: &[Row]) {
    say(port, &["rows".into()], Some(&pack(rows.iter().map(|row| row.raw.as_slice()))));
}

/// A projector has started, for the first time or again: it gets everything.
pub(crate) async fn link(to: MessagePort) {
    let handler = Closure::<dyn FnMut(MessageEvent)>::new(|event: MessageEvent| heard(&event.data()));
    to.set_onmessage(Some(handler.as_ref().unchecked_ref()));
    handler.forget();
    state::with(|state| (state.projector, state.linking) = (None, Some(to.clone())));
    let newest = || state::with(|state| state.linking.as_ref() == Some(&to));
    for name in DIMS {
        let mut attempt = 0;
        while newest() {
            match dimension(name).await {
                Ok(bytes) => {
                    say(&to, &["dims".into(), name.into()], Some(&bytes));
                    break;
                }
                Err(fail) => {
                    if attempt == 0 {
                        report_problem(not_loaded(name, &fail));
                    }
                    js::sleep(DIMS_AGAIN_MS << attempt.min(4)).await;
                    attempt += 1;
                }
            }
        }
    }
    if !newest() {
        return;
    }
    // Whoever speaks to it before this gets nothing worked out; whoever comes after these lines is heard.
    let pool = state::with(|state| state.pool.clone());
    // Not for the second one: perhaps they are what ended the first.
    let first = !LINKED.replace(true);
    let kept = match &pool {
        Some(pool) if first => tables::read(pool).await,
        _ => None,
    };
    let kept = match kept {
        Some(kept) if state::with(|state| kept.later(state)).is_some() => {
            let taken = ask::over(&to, "tables", kept.packed()).await.is_ok();
            taken.then(|| kept.taken())
        }
        _ => None,
    };
    if !newest() {
        return;
    }
    let later = state::with(|state| {
        state.projector = state.linking.take();
        // Looked at again: another tab may have written meanwhile.
        kept.as_ref().map(|kept| kept.later(state))
    });
    let check = match later {
        Some(Some(tables::Later { files, rows: later })) => {
            if let Some(pool) = &pool {
                send_files(&to, pool, files, "sealed").await;
            }
            rows(&to, &later);
            true
        }
        none => {
            if none.is_some() {
                say(&to, &["anew".into()], None);
            }
            send_all(&to, pool.as_ref(), "sealed", "rows").await;
            false
        }
    };
    // As it is now: somebody may have signed in while the files were read.
    let person = state::with(|state| state.host.device.identity().person.to_string());
    say(&to, &["loaded".into(), person.into()], None);
    leader::nudge();
    if check {
        // The screen first.
        js::sleep(CHECK_AFTER_MS).await;
        send_all(&to, pool.as_ref(), "check-sealed", "check-rows").await;
        let whole = state::with(|state| kept.is_some_and(|kept| kept.is_here(state)));
        say(&to, &["check".into(), whole.into()], None);
    }
}

/// Every row that is here.
async fn send_all(to: &MessagePort, pool: Option<&Pool>, sealed: &str, loose: &str) {
    if let Some(pool) = pool {
        let files = state::with(|state| state.host.files(&state.host.manifest.sealed));
        send_files(to, pool, files, sealed).await;
    }
    let packed = state::with(|state| pack(state.host.shelf.rows().iter().map(|row| row.raw.as_slice())));
    say(to, &[loose.into()], Some(&packed));
}

/// Only their heads were looked at until now: one that is damaged inside shows here.
async fn send_files(to: &MessagePort, pool: &Pool, files: Vec<SealedFile>, word: &str) {
    for file in files {
        match sealed::payload(pool, &file).await {
            Ok(payload) => say(to, &[word.into()], Some(&payload)),
            Err(fail) => {
                web_sys::console::warn_1(&format!("{}: {fail}", file.file).into());
                match start::look_again(pool).await {
                    Ok(payloads) => payloads.iter().for_each(|payload| say(to, &[word.into()], Some(payload))),
                    Err(fail) => report_problem(fail.problem()),
                }
                return;
            }
        }
    }
}

fn not_loaded(name: &str, fail: &Fail) -> Problem {
    Problem::new(
        ProblemKind::Internal,
        format!("A part of Spotter did not load ({name}: {fail})."),
        "Everything you logged is safe, and new sets are saved.",
        "It is tried again; being online helps.",
    )
}

async fn dimension(name: &str) -> Result<Vec<u8>, Fail> {
    let here = global().location().href();
    let base = here.rsplit_once('/').map_or("", |(base, _)| base);
    let options = js_sys::Object::new();
    js::set(&options, "signal", &AbortSignal::timeout_with_u32(DIMS_MS));
    let url = format!("{base}/dims/{name}.parquet");
    let promise: js_sys::Promise = js::call(&global(), "fetch", &[&url.into(), &options])?.dyn_into()?;
    let response: Response = js::wait(promise).await?.dyn_into()?;
    if !response.ok() {
        return Err(Fail::Other(format!("HTTP {}", response.status())));
    }
    Ok(Uint8Array::new(&js::wait(response.array_buffer()?).await?).to_vec())
}

fn heard(message: &JsValue) {
    let message: &Array = message.unchecked_ref();
    let id = message.get(1).as_f64().unwrap_or(0.0) as u32;
    match message.get(0).as_string().as_deref() {
        // Parquet that was asked for, or the rows in one.
        Some("encoded" | "decoded") => ask::answered(id, Ok(Uint8Array::new(&message.get(2)).to_vec())),
        Some("unencoded") => ask::answered(id, Err(message.get(2).as_string().unwrap_or_default())),
        Some("stale") => spawn_local(tables::forget()),
        Some("everything") => spawn_local(everything(id)),
        Some("restore") => {
            let packed = Uint8Array::new(&message.get(3)).to_vec();
            let rows = unpack(&packed).unwrap_or_default().into_iter().filter_map(|raw| Row::read(raw).ok()).collect();
            let person = message.get(2).as_string().and_then(|text| EntityId::parse(&text).ok());
            port::enqueue(port::Work::Restore { id, rows, person });
        }
        Some("capture") => {
            let drafts = serde_json::from_slice(&Uint8Array::new(&message.get(2)).to_vec());
            match drafts {
                Ok(drafts) => port::enqueue(port::Work::Import { id, drafts }),
                Err(err) => web_sys::console::error_1(&format!("drafts that cannot be read: {err}").into()),
            }
        }
        Some("imported") => port::enqueue(port::Work::Imported),
        _ => {}
    }
}

/// Every row, for an export: what is sealed as it is, and the rest.
async fn everything(id: u32) {
    let sent = async {
        if let Some(pool) = state::with(|state| state.pool.clone()) {
            // Another tab may have sealed and merged since this one started.
            let listed = perform::newest_manifest(&pool).await?.map(|(manifest, _)| manifest.sealed).unwrap_or_default();
            for file in state::with(|state| state.host.files(&listed)) {
                let parquet = match sealed::payload(&pool, &file).await {
                    Ok(parquet) => parquet,
                    Err(fail) => {
                        // Damaged, it is told apart from what can be exported, and the next export goes on without it.
                        let _ = start::look_again(&pool).await;
                        return Err(fail);
                    }
                };
                to_projector(&["part".into(), id.into()], Some(&parquet));
            }
        }
        Ok::<(), Fail>(())
    };
    if let Err(fail) = sent.await {
        return to_projector(&["broken".into(), id.into(), fail.to_string().into()], None);
    }
    let rest = state::with(|state| {
        leave::gathered(state.host.shelf.places());
        pack(state.host.shelf.rows().iter().map(|row| row.raw.as_slice()))
    });
    to_projector(&["rest".into(), id.into()], Some(&rest));
}

/// Opened before the files are read, and heard afterwards: what another tab writes meanwhile is in one of the two.
pub(crate) fn channel() -> Option<BroadcastChannel> {
    EARLY.take();
    let known = CHANNEL.with_borrow(Clone::clone);
    known.or_else(|| {
        let channel = BroadcastChannel::new("spotter").ok()?;
        let handler = Closure::<dyn FnMut(MessageEvent)>::new(|event: MessageEvent| {
            if state::started() {
                from_sibling(&event.data());
            } else {
                EARLY.with_borrow_mut(|early| early.push(event.data()));
            }
        });
        channel.set_onmessage(Some(handler.as_ref().unchecked_ref()));
        handler.forget();
        CHANNEL.set(Some(channel.clone()));
        Some(channel)
    })
}

/// This tab has started.
pub(crate) fn listen_to_siblings() {
    EARLY.take().iter().for_each(from_sibling);
    tell_siblings(&["hello".into()]);
}

fn from_sibling(message: &JsValue) {
    // Without storage this tab is nobody's sibling.
    if state::with(|state| state.siblings.is_none()) {
        return;
    }
    let message: &Array = message.unchecked_ref();
    match message.get(0).as_string().as_deref() {
        Some("rows") => {
            let packed = Uint8Array::new(&message.get(1)).to_vec();
            let fresh = unpack(&packed).unwrap_or_default();
            let fresh: Vec<Row> = fresh.into_iter().filter_map(|raw| Row::read(raw).ok()).collect();
            happened(Happening::Told(fresh));
        }
        Some("sheet") => {
            if let Some(json) = message.get(1).as_string() {
                state::tell(&FromStorage::Sheet { json });
            }
        }
        Some("closed") => leader::nudge(),
        // The leader has merged sealed files, or fetched some.
        Some("files") => spawn_local(async {
            if let Some(pool) = state::with(|state| state.pool.clone())
                && let Err(fail) = perform::follow_index(&pool).await
            {
                web_sys::console::warn_1(&format!("the index could not be read again: {fail}").into());
            }
        }),
        // Another tab has found out; whoever leads looks for itself, and asks the server.
        Some("damaged") if state::with(|state| state.host.leads()) => spawn_local(async {
            if let Some(pool) = state::with(|state| state.pool.clone()) {
                let _ = start::look_again(&pool).await;
            }
        }),
        Some("gone") => state::tell(&FromStorage::Gone),
        // A tab that waits for the lead asks whether somebody still leads.
        Some("ping") if state::with(|state| state.host.leads()) => {
            let lane = state::with(|state| state.host.device.lane().as_str().to_owned());
            tell_siblings(&["beat".into(), lane.into()]);
        }
        Some("beat") => leader::heard_beat(),
        Some("account") => spawn_local(async {
            account::recall().await;
            leader::account_changed();
        }),
        Some("person") => {
            let person = message.get(1).as_string().and_then(|text| EntityId::parse(&text).ok());
            if let Some(person) = person {
                begin_write(Write::ActFor(person));
            }
        }
        Some("device") => {
            if let Some(device_id) = message.get(1).as_string().and_then(|text| DeviceId::parse(&text).ok()) {
                begin_write(Write::Renamed(device_id));
            }
        }
        // The leader says how things stand with the server, and hears what its followers' screens want.
        Some("sync") => {
            if let Some(state) = message.get(1).as_string().and_then(|json| serde_json::from_str(&json).ok()) {
                link::heard(state);
            }
        }
        Some("awake") => link::awake(message.get(1).is_truthy()),
        Some("compare") => link::input(wire::Input::Audit),
        Some("retry") => link::input(wire::Input::RetryRefused),
        // A tab has started.
        Some("hello") => link::say_again(),
        // A tab was frozen, and may not have heard everything.
        Some("missed") => state::with(|state| {
            if let Some(channel) = state.siblings.as_ref().filter(|_| state.host.leads()) {
                tell_siblings_rows(channel, state.host.shelf.rows());
            }
        }),
        _ => {}
    }
}

pub(crate) fn tell_siblings(words: &[JsValue]) {
    state::with(|state| {
        if let Some(channel) = &state.siblings {
            let _ = channel.post_message(&words.iter().cloned().collect::<Array>());
        }
    });
}

/// Rows that this tab had not heard of: its figures follow.
pub(crate) fn figures_follow(fresh: &[Row]) {
    if let Some(port) = state::with(|state| state.projector.clone()) {
        rows(&port, fresh);
    }
}

/// Segments were handed over: the tables follow, all at once.
pub(crate) fn tables_follow() {
    to_projector(&["follow".into()], None);
}

/// Rows that this worker wrote: the figures and the other tabs hear of them.
pub(crate) fn tell_rows(fresh: &[Row]) {
    figures_follow(fresh);
    if let Some(channel) = state::with(|state| state.siblings.clone()) {
        tell_siblings_rows(&channel, fresh);
    }
}

fn tell_siblings_rows(channel: &BroadcastChannel, rows: &[Row]) {
    let packed = pack(rows.iter().map(|row| row.raw.as_slice()));
    let _ = channel.post_message(&Array::of2(&"rows".into(), &Uint8Array::from(&packed[..])));
}
