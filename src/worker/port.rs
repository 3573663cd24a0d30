//! Messages in, one after another: each is carried out to its end before the next begins, so nothing is ever written
//! twice or out of order.

use std::{cell::RefCell, collections::VecDeque};

use bridge::{FromStorage, SavedRow, Sibling, StorageReport, ToStorage};
use device::{Done, Write, is_free, slots};
use js_sys::Array;
use wasm_bindgen::{JsCast as _, JsValue, closure::Closure};
use web_sys::{MessageEvent, MessagePort};
use wire::Input;

use crate::{
    channels,
    clock::now_ms,
    errands::{self, Errand},
    events::{not_saved, write},
    fail::Fail,
    feed,
    files::Pool,
    js::global,
    leave, link,
    reading::nothing_missing,
    sheet::SheetSlot,
    start::start,
    state::{self, tell},
};

enum Work {
    Page(ToStorage),
    Link(MessagePort),
}

#[derive(Default)]
struct Queue {
    waiting: VecDeque<Work>,
    running: bool,
}

thread_local! {
    static QUEUE: RefCell<Queue> = RefCell::default();
}

/// Messages are `[ToStorage]`, or `["link", port]` when a projector has started.
pub(crate) fn listen() {
    let handler = Closure::<dyn FnMut(MessageEvent)>::new(|event: MessageEvent| {
        let message = event.data();
        let message: &Array = message.unchecked_ref();
        if message.get(0).as_string().as_deref() == Some("link") {
            enqueue(Work::Link(message.get(1).unchecked_into()));
            return;
        }
        match serde_wasm_bindgen::from_value(message.get(0)) {
            // It only looks, and what is being written may take its time.
            Ok(ToStorage::Report { id }) if state::started() => wasm_bindgen_futures::spawn_local(tell_report(id)),
            Ok(request) => enqueue(Work::Page(request)),
            Err(err) => web_sys::console::error_1(&format!("a request that cannot be read: {err}").into()),
        }
    });
    global().set_onmessage(Some(handler.as_ref().unchecked_ref()));
    handler.forget();
    // Only now may the page speak: what is sent to a module worker earlier is lost.
    let _ = global().post_message(&JsValue::from_str("up"));
}

fn enqueue(work: Work) {
    let idle = QUEUE.with_borrow_mut(|queue| {
        queue.waiting.push_back(work);
        !std::mem::replace(&mut queue.running, true)
    });
    if idle {
        wasm_bindgen_futures::spawn_local(async {
            while let Some(work) = QUEUE.with_borrow_mut(|queue| {
                let next = queue.waiting.pop_front();
                queue.running = next.is_some();
                next
            }) {
                carry_out(work).await;
            }
        });
    }
}

async fn carry_out(work: Work) {
    match work {
        Work::Page(ToStorage::Hello { build, before }) => {
            let own = channels::own_build();
            if own != build {
                tell(&FromStorage::OtherBuild { build: own });
            } else if !state::started() {
                start(None, before.as_deref().and_then(|json| serde_json::from_str(json).ok())).await;
            }
        }
        Work::Page(wish @ (ToStorage::Unlock { .. } | ToStorage::StartOver { .. })) if !state::started() => {
            errands::carry_out(Errand::Leave(wish)).await;
        }
        _ if !state::started() => {}
        Work::Page(ToStorage::Unlock { .. } | ToStorage::StartOver { .. }) => {}
        Work::Page(ToStorage::Exported) => leave::exported(),
        Work::Page(ToStorage::GoOnWithout) => nothing_missing().await,
        Work::Page(
            wish @ (ToStorage::SetAppLock { .. }
            | ToStorage::Lock { .. }
            | ToStorage::Remove { .. }
            | ToStorage::RecoveryCode { .. }
            | ToStorage::NewRecoveryCode { .. }),
        ) => errands::carry_out(Errand::Leave(wish)).await,
        Work::Page(ToStorage::Capture { id, drafts }) => match write(Write::Capture { drafts, import: false }).await {
            Ok(Done::Saved { rows, guarantee }) => {
                let rows =
                    rows.iter().map(|row| SavedRow { event_id: row.event_id.to_string(), hlc: row.hlc.to_string() }).collect();
                tell(&FromStorage::Saved { id, rows, guarantee });
            }
            Ok(Done::Done) => {}
            Err(why) => tell(&FromStorage::Failed { id, problem: not_saved(&why) }),
        },
        Work::Page(ToStorage::SaveSheet { json }) => {
            let outcome = save_sheet(&json).await;
            channels::tell(&Sibling::Sheet { json });
            if let Err(fail) = outcome {
                tell(&FromStorage::Problem { problem: fail.problem() });
            }
        }
        Work::Page(ToStorage::Account { id, wish }) => errands::begin(Errand::Account { id, wish }),
        Work::Page(ToStorage::Awake { online }) => to_leader(&Sibling::Awake { online }, || link::awake(online)),
        Work::Page(ToStorage::Compare) => link::compare(),
        Work::Page(ToStorage::RetryRefused) => to_leader(&Sibling::RetryRefused, || link::input(Input::RetryRefused)),
        // Asked before there was anything to report on.
        Work::Page(ToStorage::Report { id }) => tell_report(id).await,
        // It asks the network: nothing that is to be saved waits for that.
        Work::Link(port) => wasm_bindgen_futures::spawn_local(feed::link(port)),
    }
}

async fn save_sheet(json: &str) -> Result<(), Fail> {
    let (sheet, vault) = state::with(|state| (state.sheet.take(), state.vault.clone()));
    let mut sheet = match (sheet, state::with(|state| state.pool.clone())) {
        (Some(sheet), _) => sheet,
        // It could not be had at the start: the disk was full, or a tab that had just died still held it.
        (None, Some(pool)) => SheetSlot::again(&pool, &state::with(|state| state.host.device.lane().as_str().to_owned())).await?,
        (None, None) => return Ok(()),
    };
    let outcome = sheet.save(vault.as_ref(), json, now_ms()).await;
    state::with(|state| state.sheet = Some(sheet));
    outcome
}

/// Whoever leads carries it out; one of the tabs does.
fn to_leader(word: &Sibling, act: impl FnOnce()) {
    if state::with(|state| state.host.leads()) {
        act();
    } else {
        channels::tell(word);
    }
}

/// One that cannot be read is not taken for free.
async fn looks_free(pool: &Pool, name: &str) -> bool {
    pool.head(name).await.is_ok_and(|(head, _)| is_free(&head))
}

async fn tell_report(id: u32) {
    tell(&FromStorage::Report { id, report: report().await });
}

async fn report() -> StorageReport {
    let pool = state::with(|state| state.pool.clone());
    let mut free = 0;
    let mut pool_files = 0;
    if let Some(pool) = pool {
        let names: Vec<String> = slots(pool.names().await.unwrap_or_default()).collect();
        for name in &names {
            free += usize::from(looks_free(&pool, name).await);
        }
        pool_files = names.len();
    }
    state::with(|state| StorageReport {
        leader: state.host.leads(),
        lane: state.host.device.lane().as_str().to_owned(),
        generation: state.host.manifest.generation,
        sealed_files: state.host.manifest.sealed.len(),
        sealed_rows: state.host.manifest.sealed.iter().map(|file| file.rows).sum(),
        sealed_bytes: state.host.manifest.sealed.iter().map(|file| file.bytes).sum(),
        open_rows: state.host.device.session_rows(),
        open_bytes: state.host.device.append_at(),
        pool_files,
        free_files: free,
        births: state.host.births(),
        in_database: state.pool.as_ref().is_some_and(Pool::is_in_database),
        problems: state.problems.clone(),
    })
}
