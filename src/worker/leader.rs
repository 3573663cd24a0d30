//! Which tab leads: only the browser knows who holds the lock.

use std::{cell::Cell, rc::Rc};

use bridge::{AnyBuild, Sibling};
use device::{Detector, Happening, PING_MS};
use js_sys::Promise;
use wasm_bindgen::{JsValue, closure::Closure};
use wasm_bindgen_futures::spawn_local;
use web_sys::AbortController;

use crate::{channels, events::happened, js, kept, link, locks, state};

const LOCK: &str = "spotter-leader";

/// Leads when its turn comes, or when the leader has fallen silent, until another tab takes the lead away.
pub(crate) async fn lead() {
    loop {
        let (lost, stolen) = take_the_lead().await;
        happened(Happening::Leads { stolen });
        let Some(lost) = lost else { return };
        let _ = js::wait(lost).await;
        happened(Happening::Lost);
        link::cut_off();
        // How things stand is for the next one to say.
        channels::tell(&Sibling::Hello);
        channels::tell(&Sibling::Missed);
    }
}

/// What ends the lead, where the browser has locks, and whether it was taken from another tab.
async fn take_the_lead() -> (Option<Promise>, bool) {
    let abort = AbortController::new().ok();
    let Some(lock) = locks::ask(LOCK, false, abort.as_ref()) else { return (None, false) };
    let got = Rc::new(Cell::new(false));
    let mine = Rc::clone(&got);
    let held = lock.held.clone();
    spawn_local(async move {
        let _ = js::wait(held).await;
        mine.set(true);
    });
    state::with(|state| state.leader = Detector::default());
    loop {
        state::with(|state| state.leader.asks());
        channels::tell_any(&AnyBuild::Ping, None);
        js::at_most(PING_MS, &lock.held).await;
        if got.get() {
            return (Some(lock.lost), false);
        }
        if state::with(|state| state.leader.is_gone(state.channels.is_some())) {
            if let Some(abort) = &abort {
                // Nobody waits for what this rejects.
                let _ = js::call(&lock.lost, "catch", &[&Closure::once_into_js(|_: JsValue| {})]);
                abort.abort();
            }
            let Some(lock) = locks::ask(LOCK, true, None) else { return (None, true) };
            let _ = js::wait(lock.held).await;
            return (Some(lock.lost), true);
        }
    }
}

/// Somebody leads.
pub(crate) fn heard_beat() {
    state::with(|state| state.leader.heard());
}

/// Somebody signed in or out, in this tab or another.
pub(crate) fn account_changed() {
    if !state::with(|state| state.host.leads()) {
        return;
    }
    match (kept::kept(), link::is_on()) {
        (Some(kept), false) => happened(Happening::Linked { account_id: kept.account_id, persons: kept.persons }),
        (Some(_), true) => link::input(wire::Input::Connect),
        (None, true) => link::end(),
        (None, false) => {}
    }
}
