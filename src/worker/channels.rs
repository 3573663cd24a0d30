//! The channels to the other tabs of this profile, and what they are told.

use std::cell::RefCell;

use bridge::{AnyBuild, Sibling, pack};
use js_sys::{Array, Uint8Array};
use ledger::Row;
use serde::Serialize;
use wasm_bindgen::{JsCast as _, JsValue, closure::Closure};
use web_sys::{BroadcastChannel, MessageEvent};

use crate::{js, state};

/// One for the tabs of every build, and one for those of this one.
#[derive(Clone)]
pub(crate) struct Channels {
    any: BroadcastChannel,
    own: BroadcastChannel,
}

/// Whoever hears what another tab says: whether tabs of every build say it, and what.
type Hear = fn(bool, &JsValue);

thread_local! {
    static CHANNELS: RefCell<Option<Channels>> = const { RefCell::new(None) };
    /// What other tabs said while this one started.
    static EARLY: RefCell<Vec<(bool, JsValue)>> = const { RefCell::new(Vec::new()) };
}

pub(crate) fn own_build() -> String {
    js::get(&js_sys::global(), "SPOTTER_BUILD").as_string().unwrap_or_default()
}

/// Opened before the files are read, and heard afterwards: what another tab writes meanwhile is in one of the two.
pub(crate) fn open(hear: Hear) -> Option<Channels> {
    EARLY.take();
    let known = CHANNELS.with_borrow(Clone::clone);
    known.or_else(|| {
        let channels =
            Channels { any: listen(AnyBuild::CHANNEL, true, hear)?, own: listen(&Sibling::channel(&own_build()), false, hear)? };
        CHANNELS.set(Some(channels.clone()));
        Some(channels)
    })
}

fn listen(name: &str, any: bool, hear: Hear) -> Option<BroadcastChannel> {
    let channel = BroadcastChannel::new(name).ok()?;
    let handler = Closure::<dyn FnMut(MessageEvent)>::new(move |event: MessageEvent| {
        if state::started() {
            hear(any, &event.data());
        } else {
            EARLY.with_borrow_mut(|early| early.push((any, event.data())));
        }
    });
    channel.set_onmessage(Some(handler.as_ref().unchecked_ref()));
    handler.forget();
    Some(channel)
}

/// This tab has started.
pub(crate) fn begin(hear: Hear) {
    EARLY.take().iter().for_each(|(any, message)| hear(*any, message));
    tell_any(&AnyBuild::Hello { build: own_build() }, None);
    tell(&Sibling::Hello);
}

pub(crate) fn tell(word: &Sibling) {
    if let Some(channels) = state::with(|state| state.channels.clone()) {
        say(&channels.own, word, None);
    }
}

pub(crate) fn tell_any(word: &AnyBuild, bytes: Option<&[u8]>) {
    if let Some(channels) = state::with(|state| state.channels.clone()) {
        say(&channels.any, word, bytes);
    }
}

pub(crate) fn tell_rows(rows: &[Row]) {
    tell_any(&AnyBuild::Rows, Some(&pack(rows.iter().map(|row| row.raw.as_slice()))));
}

fn say(channel: &BroadcastChannel, word: &impl Serialize, bytes: Option<&[u8]>) {
    let Ok(json) = serde_json::to_string(word) else { return };
    let message = Array::of1(&json.into());
    if let Some(bytes) = bytes {
        message.push(&Uint8Array::from(bytes));
    }
    let _ = channel.post_message(&message);
}
