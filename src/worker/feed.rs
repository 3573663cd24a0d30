//! A projector is fed, and what it asks is done.

use std::cell::Cell;

use bridge::{FromTables, Problem, ProblemKind, ToTables, pack, unpack};
use device::{Done, Happening, NotDone, SealedFile, Write};
use js_sys::{Array, Uint8Array};
use ledger::{EntityId, Row};
use wasm_bindgen::{JsCast as _, JsValue, closure::Closure};
use wasm_bindgen_futures::spawn_local;
use web_sys::{MessageEvent, MessagePort};

use crate::{
    ask, channels, dims,
    events::{begin_write, happened, not_saved, write},
    fail::Fail,
    figures,
    files::Pool,
    js, leave, reading, sealed, state, tables,
};

/// How soon a dimension that did not load is asked for again, at first.
const DIMS_AGAIN_MS: i32 = 1_000;

/// When everything is read again after a start from packed tables.
const CHECK_AFTER_MS: i32 = 1_500;

thread_local! {
    /// A projector has been fed before.
    static LINKED: Cell<bool> = const { Cell::new(false) };
}

/// A projector has started, for the first time or again: it gets everything.
pub(crate) async fn link(to: MessagePort) {
    let handler = Closure::<dyn FnMut(MessageEvent)>::new(|event: MessageEvent| heard(&event.data()));
    to.set_onmessage(Some(handler.as_ref().unchecked_ref()));
    handler.forget();
    state::with(|state| (state.projector, state.linking) = (None, Some(to.clone())));
    figures::say(&to, &ToTables::Hello { build: channels::own_build() }, None);
    let newest = || state::with(|state| state.linking.as_ref() == Some(&to));
    for mut coming in dims::all() {
        let name = coming.name();
        let mut attempt = 0;
        while newest() {
            match coming.bytes().await {
                Ok(bytes) => {
                    figures::say(&to, &ToTables::Dimension { name: name.to_owned() }, Some(&bytes));
                    break;
                }
                Err(fail) => {
                    if attempt == 0 {
                        state::report(not_loaded(name, &fail));
                    }
                    js::sleep(DIMS_AGAIN_MS << attempt.min(4)).await;
                    coming = dims::fetch(name);
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
            let taken = ask::over(&to, |id| ToTables::GoOnFrom { id }, Some(kept.packed())).await.is_ok();
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
                send_files(&to, pool, files, &ToTables::Sealed).await;
            }
            figures::rows(&to, &later);
            true
        }
        none => {
            if none.is_some() {
                figures::say(&to, &ToTables::Anew, None);
            }
            send_all(&to, pool.as_ref(), (&ToTables::Sealed, &ToTables::Rows)).await;
            false
        }
    };
    // As it is now: somebody may have signed in while the files were read.
    let person = state::with(|state| state.host.device.identity().person.to_string());
    figures::say(&to, &ToTables::Loaded { person }, None);
    happened(Happening::Nudged);
    if check {
        // The screen first.
        js::sleep(CHECK_AFTER_MS).await;
        send_all(&to, pool.as_ref(), (&ToTables::CheckSealed, &ToTables::CheckRows)).await;
        let whole = state::with(|state| kept.is_some_and(|kept| kept.is_here(state)));
        figures::say(&to, &ToTables::Check { whole }, None);
    }
}

/// Every row that is here.
async fn send_all(to: &MessagePort, pool: Option<&Pool>, (sealed, loose): (&ToTables, &ToTables)) {
    if let Some(pool) = pool {
        let files = state::with(|state| state.host.files(&state.host.manifest.sealed));
        send_files(to, pool, files, sealed).await;
    }
    let packed = state::with(|state| pack(state.host.shelf.rows().iter().map(|row| row.raw.as_slice())));
    figures::say(to, loose, Some(&packed));
}

/// Only their heads were looked at until now: one that is damaged inside shows here.
async fn send_files(to: &MessagePort, pool: &Pool, files: Vec<SealedFile>, word: &ToTables) {
    for file in files {
        match sealed::payload(pool, &file).await {
            Ok(payload) => figures::say(to, word, Some(&payload)),
            Err(fail) => {
                web_sys::console::warn_1(&format!("{}: {fail}", file.file).into());
                match reading::look_again(pool).await {
                    Ok(payloads) => payloads.iter().for_each(|payload| figures::say(to, word, Some(payload))),
                    Err(fail) => state::report(fail.problem()),
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

fn heard(message: &JsValue) {
    let message: &Array = message.unchecked_ref();
    let bytes = || Uint8Array::new(&message.get(1)).to_vec();
    let word = match serde_json::from_str(&message.get(0).as_string().unwrap_or_default()) {
        Ok(word) => word,
        Err(why) => return web_sys::console::error_1(&format!("a word of the projector that cannot be read: {why}").into()),
    };
    match word {
        FromTables::Done { id } => ask::answered(id, Ok(bytes())),
        FromTables::NotDone { id, why } => ask::answered(id, Err(why)),
        FromTables::Stale => spawn_local(tables::forget()),
        FromTables::Everything { id } => spawn_local(everything(id)),
        FromTables::Restore { person } => {
            let packed = bytes();
            let rows = unpack(&packed).unwrap_or_default().into_iter().filter_map(|raw| Row::read(raw).ok()).collect();
            spawn_local(restore(rows, person.and_then(|text| EntityId::parse(&text).ok())));
        }
        FromTables::Capture => match serde_json::from_slice(&bytes()) {
            Ok(drafts) => spawn_local(async { captured(write(Write::Capture { drafts, import: true }).await) }),
            Err(err) => web_sys::console::error_1(&format!("drafts that cannot be read: {err}").into()),
        },
        // Otherwise years of rows would be read one by one at the next start.
        FromTables::Imported => begin_write(Write::EndSession),
    }
}

/// The projector sends the next part of what it imports.
fn captured(outcome: Result<Done, NotDone>) {
    let problem = outcome.err().map(|why| not_saved(&why));
    figures::tell(&ToTables::Captured { problem }, None);
}

async fn restore(rows: Vec<Row>, person: Option<EntityId>) {
    captured(write(Write::Restore(rows)).await);
    // With the last of them.
    if let Some(person) = person {
        reading::nothing_missing().await;
        begin_write(Write::BelongTo(vec![person]));
    }
}

/// Every row, for an export: what is sealed as it is, and the rest.
async fn everything(id: u32) {
    let sent = async {
        if let Some(pool) = state::with(|state| state.pool.clone()) {
            // Another tab may have sealed and merged since this one started.
            let listed = reading::newest_manifest(&pool).await?.map(|(manifest, _)| manifest.sealed).unwrap_or_default();
            for file in state::with(|state| state.host.files(&listed)) {
                let parquet = match sealed::payload(&pool, &file).await {
                    Ok(parquet) => parquet,
                    Err(fail) => {
                        // Damaged, it is told apart from what can be exported, and the next export goes on without it.
                        let _ = reading::look_again(&pool).await;
                        return Err(fail);
                    }
                };
                figures::tell(&ToTables::Part { id }, Some(&parquet));
            }
        }
        Ok::<(), Fail>(())
    };
    if let Err(fail) = sent.await {
        return figures::tell(&ToTables::Broken { id, why: fail.to_string() }, None);
    }
    let rest = state::with(|state| {
        leave::gathered(state.host.shelf.places());
        pack(state.host.shelf.rows().iter().map(|row| row.raw.as_slice()))
    });
    figures::tell(&ToTables::Rest { id }, Some(&rest));
}
