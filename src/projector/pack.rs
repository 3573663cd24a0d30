//! The tables as bytes, for the next start: one table after another, so that whoever asks in between waits for one.

use std::cell::RefCell;

use engine::Packing;

use crate::{
    check,
    port::{build, say},
    project::{self, soon},
};

/// Larger ones would take longer to read than a start may, and memory that a phone does not have.
const BYTES_MAX: usize = 256 << 20;

struct Running {
    id: u32,
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
        if store.events() as u64 != rows {
            return None;
        }
        let packing = Packing::new(&build(), store.events());
        Some(Running { id, left: store.to_pack(), packing })
    });
    match begun {
        Some(running) if !check::runs() => {
            RUNNING.set(Some(running));
            soon(some);
        }
        _ => refuse(id, "not now"),
    }
}

/// The tables change: what is packed already would not fit the rest.
pub(crate) fn give_up() {
    if let Some(running) = RUNNING.take() {
        refuse(running.id, "somebody wrote");
    }
}

fn refuse(id: u32, why: &str) {
    say(&["unencoded".into(), id.into(), why.into()], None);
}

fn some() {
    let Some(mut running) = RUNNING.take() else { return };
    let Some(name) = running.left.pop() else {
        return match running.packing.finish() {
            Ok(packed) => say(&["encoded".into(), running.id.into()], Some(&packed)),
            Err(err) => refuse(running.id, &err.to_string()),
        };
    };
    let packed = project::with(|it| {
        let store = it.settled().ok_or_else(|| "somebody wrote".to_owned())?;
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
