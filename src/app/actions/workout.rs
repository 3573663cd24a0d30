//! A workout begins, ends, is described, goes and comes back.

use bridge::Draft;
use ledger::{EntityId, Fact, Patch, WorkoutCorrected, WorkoutFinished, WorkoutStarted};

use super::{id, moment, note, with_way_back};
use crate::{
    clock::entity_id,
    hub::{Hub, Saved},
    messages as m,
};

/// Its id, and when it began.
pub(crate) fn start(hub: Hub, name: &str) -> (EntityId, i64) {
    let (at_ms, offset_min) = moment();
    let workout_id = entity_id();
    let name = (!name.is_empty()).then(|| name.to_owned());
    note(hub, Fact::WorkoutStarted(WorkoutStarted { workout_id, at_ms, offset_min, name, import_id: None }), None);
    (workout_id, at_ms)
}

pub(crate) fn finish(hub: Hub, workout: &str, note: &str, then: impl FnOnce(Saved) + 'static) {
    let Some(workout_id) = id(workout) else { return };
    let (at_ms, offset_min) = moment();
    let note = Some(note.trim().to_owned()).filter(|note| !note.is_empty());
    let fact = Fact::WorkoutFinished(WorkoutFinished { workout_id, at_ms, offset_min, note, import_id: None });
    hub.capture(vec![Draft::mine(fact)], then);
}

/// What is said about a workout once more; what is kept is not said.
#[derive(Debug, Default)]
pub(crate) struct Described {
    pub(crate) name: Patch<String>,
    pub(crate) note: Patch<String>,
    pub(crate) started_ms: Patch<i64>,
    pub(crate) finished_ms: Patch<i64>,
}

pub(crate) fn describe(hub: Hub, workout: &str, now: Described, seen: Option<String>, then: impl FnOnce(Saved) + 'static) {
    let Some(workout_id) = id(workout) else { return };
    let (at_ms, offset_min) = moment();
    let Described { name, note, started_ms, finished_ms } = now;
    let fact = Fact::WorkoutCorrected(WorkoutCorrected { workout_id, at_ms, offset_min, name, note, started_ms, finished_ms });
    hub.capture(vec![Draft::mine(fact).after(seen)], then);
}

/// One that goes on is given up.
pub(crate) fn discard(hub: Hub, workout: &str) {
    let Some(workout_id) = id(workout) else { return };
    let (at_ms, offset_min) = moment();
    note(hub, Fact::WorkoutDiscarded { workout_id, at_ms, offset_min }, None);
}

/// One that was discarded or removed is there again.
pub(crate) fn restore(hub: Hub, workout: &str, seen: Option<String>) {
    let Some(workout_id) = id(workout) else { return };
    let (at_ms, offset_min) = moment();
    note(hub, Fact::WorkoutRestored { workout_id, at_ms, offset_min }, seen);
}

/// One that is over is taken out of the history, with the way back.
pub(crate) fn remove(hub: Hub, workout: String, seen: String, then: impl FnOnce() + 'static) {
    let Some(workout_id) = id(&workout) else { return };
    let (at_ms, offset_min) = moment();
    let fact = Fact::WorkoutRemoved { workout_id, at_ms, offset_min };
    with_way_back(hub, fact, Some(seen), m::detail::WORKOUT_REMOVED, move |seen| restore(hub, &workout, seen), then);
}
