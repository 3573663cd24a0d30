//! Tells `device` what happened, and hands its deeds to whoever does them.

use bridge::{FromStorage, Problem, ProblemKind};
use device::{Act, Around, Deed, DeviceErr, Done, Happening, NotDone, Segment, Ticket, Trouble, Write};
use wasm_bindgen_futures::spawn_local;
use wire::Span;

use crate::{
    account,
    clock::{Chance, mono_ms, stamp},
    fail::Fail,
    feed, leader, link,
    perform::perform,
    reply,
    state::{self, tell},
};

pub(crate) fn happened(happening: Happening) {
    carry_out_all(step(happening), None);
}

fn step(happening: Happening) -> Vec<Deed> {
    let (account, stamp, mono_ms) = (account::kept().is_some(), stamp(), mono_ms());
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
        };
        state.host.step(&mut around, happening)
    })
}

/// In its turn, behind what is being written. It is on the disk when this returns, or nothing of it is.
pub(crate) async fn write(what: Write) -> Result<Done, NotDone> {
    let (reply, awaited) = reply::ask();
    let id = state::with(|state| {
        let id = next_id(&mut state.waiting);
        state.waiting.writes.insert(id, reply);
        id
    });
    happened(Happening::Write { id, what });
    awaited.wait().await.unwrap_or_else(|| Err(Trouble::Other("nobody said what became of it".to_owned()).into()))
}

/// Nobody waits for it; that it could not be done is told.
pub(crate) fn begin_write(what: Write) {
    let id = state::with(|state| next_id(&mut state.waiting));
    happened(Happening::Write { id, what });
}

/// A segment that was fetched is on the disk and listed when this returns.
pub(crate) async fn list_segment(name: String, spans: Vec<Span>, parquet: Vec<u8>) -> Result<Segment, Trouble> {
    let (reply, awaited) = reply::ask();
    let id = state::with(|state| {
        let id = next_id(&mut state.waiting);
        state.waiting.segments.insert(id, reply);
        id
    });
    happened(Happening::Fetched { id, name, spans, parquet });
    awaited.wait().await.unwrap_or_else(|| Err(Trouble::Other("nobody said what became of it".to_owned())))
}

fn next_id(waiting: &mut state::Waiting) -> u32 {
    waiting.last += 1;
    waiting.last
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
        Deed::Fresh(rows) => feed::tell_rows(&rows),
        Deed::Heard(rows) => feed::figures_follow(&rows),
        Deed::Net(command) => link::carry_out(command),
        Deed::AskToCompare => feed::tell_siblings(&["compare".into()]),
        Deed::Close { place, bytes } => {
            let slot = state::with(|state| state.places.remove(&place));
            if let Some((slot, bytes)) = slot.zip(bytes) {
                let _ = slot.held.write(slot.at.get(), &bytes);
            }
        }
        Deed::SessionOver => feed::tell_siblings(&["closed".into()]),
        Deed::Renamed(device_id) => feed::tell_siblings(&["device".into(), device_id.as_str().into()]),
        Deed::ActsFor { person, tells } => {
            let person = person.to_string();
            feed::to_projector(&["person".into(), person.as_str().into()], None);
            if tells {
                feed::tell_siblings(&["person".into(), person.as_str().into()]);
            }
            tell(&FromStorage::Person { person });
        }
        Deed::FilesChanged => feed::tell_siblings(&["files".into()]),
        Deed::Connect => leader::account_changed(),
        Deed::Listed { id, outcome } => {
            if let Some(reply) = state::with(|state| state.waiting.segments.remove(&id)) {
                reply.give(outcome);
            }
        }
        Deed::Warn(what) => web_sys::console::warn_1(&what.into()),
    }
}

/// What one task is doing, and the file that it has taken.
pub(crate) struct Doing {
    ticket: Ticket,
    pub(crate) held: Option<crate::files::Held>,
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

impl From<Fail> for Trouble {
    fn from(fail: Fail) -> Self {
        match fail {
            Fail::Newer => Self::Newer,
            Fail::Full => Self::Full,
            other => Self::Other(other.to_string()),
        }
    }
}

/// For whoever wanted it saved.
pub(crate) fn not_saved(why: &NotDone) -> Problem {
    match why {
        NotDone::Refused(DeviceErr::Refused(refusal)) => Problem::new(
            ProblemKind::Refused,
            format!("That cannot be saved: {refusal}."),
            "Nothing was changed.",
            "Correct the value and try again.",
        ),
        NotDone::Refused(other) => Problem::new(ProblemKind::Internal, other.to_string(), "Nothing was changed.", "Try again."),
        NotDone::Trouble(Trouble::Full) => Fail::Full.problem(),
        NotDone::Trouble(Trouble::Newer) => Fail::Newer.problem(),
        NotDone::Trouble(Trouble::Other(why)) => Fail::Other(why.clone()).problem(),
    }
}
