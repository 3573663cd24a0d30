//! Tells `device` what happened, from wherever it happened. Who decides and does what follows stands above all that
//! (`deeds.rs`), and says at the start how it is reached.

use std::{cell::Cell, collections::BTreeMap};

use bridge::{Problem, ProblemKind};
use device::{DeviceErr, Done, Foreign, Happening, NotDone, Trouble, Write};
use wire::Span;

use crate::{
    fail::Fail,
    reply::{self, Reply},
    state::{self, Waiting},
};

thread_local! {
    static DECIDES: Cell<fn(Happening)> = const { Cell::new(|_| {}) };
}

pub(crate) fn decide_by(decides: fn(Happening)) {
    DECIDES.set(decides);
}

/// What follows from it has begun when this returns.
pub(crate) fn happened(happening: Happening) {
    DECIDES.get()(happening);
}

/// In its turn, behind what is being written. It is on the disk when this returns, or nothing of it is.
pub(crate) async fn write(what: Write) -> Result<Done, NotDone> {
    answer(|waiting| &mut waiting.writes, |id| Happening::Write { id, what }).await.unwrap_or_else(|| Err(nobody_said().into()))
}

/// Nobody waits for it; that it could not be done is told.
pub(crate) fn begin_write(what: Write) {
    let id = state::with(|state| next_id(&mut state.waiting));
    happened(Happening::Write { id, what });
}

/// A segment that was fetched is on the disk and listed when this returns. What it says of who else writes as this device.
pub(crate) async fn list_segment(name: String, spans: Vec<Span>, parquet: Vec<u8>) -> Result<Foreign, Trouble> {
    let fetched = |id| Happening::Fetched { id, name, spans, parquet };
    answer(|waiting| &mut waiting.segments, fetched).await.unwrap_or_else(|| Err(nobody_said()))
}

async fn answer<T>(among: fn(&mut Waiting) -> &mut BTreeMap<u32, Reply<T>>, asks: impl FnOnce(u32) -> Happening) -> Option<T> {
    let (reply, awaited) = reply::ask();
    let id = state::with(|state| {
        let id = next_id(&mut state.waiting);
        among(&mut state.waiting).insert(id, reply);
        id
    });
    happened(asks(id));
    awaited.wait().await
}

fn nobody_said() -> Trouble {
    Trouble::Other("nobody said what became of it".to_owned())
}

fn next_id(waiting: &mut Waiting) -> u32 {
    waiting.last += 1;
    waiting.last
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
