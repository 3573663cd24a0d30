//! Hands what happened to `device`, and its deeds to whoever does them.

use bridge::{AnyBuild, FromStorage, Sibling, ToTables};
use device::{Act, Around, Deed, Happening, Ticket, Trouble};
use wasm_bindgen_futures::spawn_local;

use crate::{
    channels,
    clock::{Chance, mono_ms, stamp},
    events::{self, not_saved},
    figures,
    files::Pool,
    kept, leader, link,
    perform::{Doing, perform},
    state::{self, tell},
};

/// From here on what happens is decided, and done.
pub(crate) fn begin() {
    events::decide_by(|happening| _ = carry_out_all(step(happening), None));
}

fn step(happening: Happening) -> Vec<Deed> {
    let (account, stamp, mono_ms) = (kept::kept().is_some(), stamp(), mono_ms());
    state::with(|state| {
        let mut around = Around {
            utc_ms: stamp.utc_ms,
            mono_ms,
            offset_min: stamp.offset_min,
            entropy: &mut Chance,
            projector: state.projector.is_some(),
            encrypts: state.vault.is_some(),
            account,
            stored: state.pool.is_some(),
            twice: state.births.is_some(),
            lasts: state.pool.as_ref().is_some_and(Pool::is_in_database),
        };
        state.host.step(&mut around, happening)
    })
}

/// In their order. What the task that brought them does next is handed back: it goes on with the file that it has taken.
fn carry_out_all(deeds: Vec<Deed>, of: Option<&mut Doing>) -> Option<(Ticket, Act)> {
    let (mut next, mut of, mut standing) = (None, of, false);
    for deed in deeds {
        match (deed, &mut of) {
            (Deed::LetGo(task), Some(doing)) if task == doing.ticket.task => doing.held = None,
            (Deed::Do { ticket, act }, Some(doing)) if ticket.task == doing.ticket.task => next = Some((ticket, act)),
            (Deed::Do { ticket, act }, _) => spawn_local(do_in_turn(ticket, act)),
            // Once is enough.
            (Deed::Standing, _) => standing = true,
            (other, _) => carry_out(other),
        }
    }
    if standing {
        link::stands();
    }
    next
}

fn carry_out(deed: Deed) {
    match deed {
        // Whoever had taken one does nothing more with it.
        Deed::LetGo(_) | Deed::Do { .. } | Deed::Standing => {}
        Deed::Did { id, outcome } => match (state::with(|state| state.waiting.writes.remove(&id)), outcome) {
            (Some(reply), outcome) => reply.give(outcome),
            (None, Ok(_)) => {}
            (None, Err(why)) => tell(&FromStorage::Problem { problem: not_saved(&why) }),
        },
        Deed::Unsaved(why) => tell(&FromStorage::Problem { problem: not_saved(&why) }),
        Deed::Fresh(rows) => {
            figures::heard(&rows);
            channels::tell_rows(&rows);
        }
        Deed::Heard(rows) => figures::heard(&rows),
        Deed::Net(command) => link::carry_out(command),
        Deed::AskToCompare => channels::tell(&Sibling::Compare),
        Deed::Close { place, bytes } => {
            let slot = state::with(|state| state.places.remove(&place));
            if let Some((slot, bytes)) = slot.zip(bytes) {
                spawn_local(async move { _ = slot.held.write(slot.at.get(), &bytes).await });
            }
        }
        Deed::SessionOver => channels::tell(&Sibling::SessionOver),
        Deed::Renamed(device_id) => channels::tell_any(&AnyBuild::Renamed { device_id }, None),
        Deed::ActsFor { person, tells } => {
            figures::tell(&ToTables::Person { person: person.to_string() }, None);
            if tells {
                channels::tell(&Sibling::ActsFor { person });
            }
            tell(&FromStorage::Person { person: person.to_string() });
        }
        Deed::FilesChanged => channels::tell(&Sibling::FilesChanged),
        Deed::Connect => leader::account_changed(),
        Deed::Listed { id, outcome } => {
            if let Some(reply) = state::with(|state| state.waiting.segments.remove(&id)) {
                reply.give(outcome);
            }
        }
        Deed::Warn(what) => web_sys::console::warn_1(&what.into()),
    }
}

/// As long as one thing follows from the other; the file is let go at the end.
async fn do_in_turn(ticket: Ticket, mut act: Act) {
    let Some(pool) = state::with(|state| state.pool.clone()) else { return };
    let mut doing = Doing { ticket, held: None };
    loop {
        let answer = perform(&pool, act, &mut doing).await.map_err(Trouble::from);
        let deeds = step(Happening::Done { ticket: doing.ticket, answer });
        let Some((ticket, follows)) = carry_out_all(deeds, Some(&mut doing)) else { return };
        (doing.ticket, act) = (ticket, follows);
    }
}
