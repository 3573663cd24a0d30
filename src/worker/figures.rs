//! What the projector is told.

use bridge::{ToTables, pack};
use js_sys::{Array, Uint8Array};
use ledger::Row;
use web_sys::MessagePort;

use crate::state;

pub(crate) fn say(port: &MessagePort, word: &ToTables, bytes: Option<&[u8]>) {
    let Ok(json) = serde_json::to_string(word) else { return };
    let message = Array::of1(&json.into());
    let transfer = Array::new();
    if let Some(bytes) = bytes {
        let array = Uint8Array::from(bytes);
        transfer.push(&array.buffer());
        message.push(&array);
    }
    let _ = port.post_message_with_transferable(&message, &transfer);
}

/// Nothing is said when there is no projector: the next one is fed from the start.
pub(crate) fn tell(word: &ToTables, bytes: Option<&[u8]>) {
    if let Some(port) = state::with(|state| state.projector.clone()) {
        say(&port, word, bytes);
    }
}

pub(crate) fn rows(port: &MessagePort, rows: &[Row]) {
    say(port, &ToTables::Rows, Some(&pack(rows.iter().map(|row| row.raw.as_slice()))));
}

/// Rows that this tab had not heard of: its figures follow.
pub(crate) fn heard(fresh: &[Row]) {
    if let Some(port) = state::with(|state| state.projector.clone()) {
        rows(&port, fresh);
    }
}

/// Segments were handed over: the tables follow, all at once.
pub(crate) fn follow() {
    tell(&ToTables::Follow, None);
}
