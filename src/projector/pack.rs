//! The tables as bytes, for the next start: one table after another, so that whoever asks in between waits for one.

use std::cell::RefCell;

use bridge::FromTables;
use engine::Packing;

use crate::{
    check,
    project::{self, soon},
    speak::{build, say},
};

/// Larger ones would take longer to read than a start may, and memory that a phone does not have.
const BYTES_MAX: usize = 256 << 20;

struct Running {
    id: u32,
    /// The tables as they are after so many times. When they change, what is packed already does not fit the rest.
    refreshes: u64,
    left: Vec<String>,
    packing: Packing,
}

thread_local! {
    static RUNNING: RefCell<Option<Running>> = const { RefCell::new(None) };
}

/// For somebody who counts so many rows.
pub(crate) fn begin(id: u32, rows: u64) {
    let begun = project::with(|it| {
        let store = it.settled().filter(|store| !store.is_packed() && store.bytes() < BYTES_MAX)?;
        if store.told() as u64 != rows {
            return None;
        }
        let packing = Packing::new(&build(), store.events());
        Some(Running { id, refreshes: it.refreshes, left: store.to_pack(), packing })
    });
    match begun {
        Some(running) if !check::runs() => {
            RUNNING.set(Some(running));
            soon(some);
        }
        _ => refuse(id, "not now"),
    }
}

fn refuse(id: u32, why: &str) {
    say(&FromTables::NotDone { id, why: why.to_owned() }, None);
}

fn some() {
    let Some(mut running) = RUNNING.take() else { return };
    let Some(name) = running.left.pop() else {
        return match running.packing.finish() {
            Ok(packed) => say(&FromTables::Done { id: running.id }, Some(&packed)),
            Err(err) => refuse(running.id, &err.to_string()),
        };
    };
    let packed = project::with(|it| {
        let same = it.refreshes == running.refreshes;
        let store = it.settled().filter(|_| same).ok_or_else(|| "somebody wrote".to_owned())?;
        store.pack_one(&name, &mut running.packing).map_err(|err| err.to_string())
    });
    match packed {
        Ok(()) => {
            RUNNING.set(Some(running));
            soon(some);
        }
        Err(why) => refuse(running.id, &why),
    }
}
