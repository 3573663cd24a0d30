//! What people do, as facts. Every fact that the page makes is made here, with its ids and its moment, and with the way
//! back where there is one. Screens say what was done and hear how it ended.
//!
//! Never: how anything looks; what a field must not hold, which its screen says before.

pub(crate) mod exercise;
pub(crate) mod import;
pub(crate) mod person;
pub(crate) mod room;
pub(crate) mod set;
pub(crate) mod workout;

use bridge::{Draft, SavedRow};
use ledger::{EntityId, Fact};

use crate::{
    clock::{now_ms, offset_min},
    hub::Hub,
};

/// Now, and where that is.
fn moment() -> (i64, i32) {
    let at_ms = now_ms();
    (at_ms, offset_min(at_ms))
}

/// The clock of what was written down, for whatever is said about it next.
fn clock(rows: &[SavedRow]) -> Option<String> {
    rows.first().map(|row| row.hlc.clone())
}

/// Writes down a fact that nobody waits for: a failure is shown, and nothing here stands on it.
fn note(hub: Hub, fact: Fact, seen: Option<String>) {
    hub.capture(vec![Draft::mine(fact).after(seen)], |_| {});
}

/// Writes down what takes something away, and offers the way back for a while.
fn with_way_back(
    hub: Hub,
    fact: Fact,
    seen: Option<String>,
    said: &'static str,
    back: impl Fn(Option<String>) + Send + Sync + 'static,
    then: impl FnOnce() + 'static,
) {
    hub.capture(vec![Draft::mine(fact).after(seen)], move |outcome| {
        let Ok(rows) = outcome else { return };
        let seen = clock(&rows);
        hub.undoable(said, move || back(seen.clone()));
        then();
    });
}

/// An id as a screen knows it.
fn id(text: &str) -> Option<EntityId> {
    EntityId::parse(text).ok()
}
