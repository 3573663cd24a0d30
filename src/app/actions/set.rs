//! A set is logged, corrected, goes and comes back.

use bridge::Draft;
use ledger::{Fact, SetCorrected, SetKind, SetLogged, Unit};

use super::{id, moment, with_way_back};
use crate::{
    hub::{Hub, Saved},
    messages as m,
    sheet::Figures,
};

/// Whose set it is, and where it stands; both numbers from 1.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place<'a> {
    pub(crate) set_id: &'a str,
    pub(crate) workout_id: &'a str,
    pub(crate) exercise_id: &'a str,
    pub(crate) exercise_no: i64,
    pub(crate) set_no: i64,
}

/// What is said of it beside its figures.
#[derive(Debug, Default)]
pub(crate) struct Said {
    pub(crate) kind: SetKind,
    pub(crate) unit: Unit,
    pub(crate) note: Option<String>,
}

/// Done just now, or then: a moment and its minutes east of UTC. Whether it can be written down at all.
pub(crate) fn log(
    hub: Hub,
    place: Place<'_>,
    figures: Figures,
    said: Said,
    then_ms: Option<(i64, i32)>,
    then: impl FnOnce(Saved) + 'static,
) -> bool {
    let (at_ms, offset_min) = then_ms.unwrap_or_else(moment);
    let Place { exercise_no, set_no, .. } = place;
    let (Some(set_id), Some(workout_id)) = (id(place.set_id), id(place.workout_id)) else { return false };
    let Figures { load_g, assist_g, reps, duration_ms, distance_mm, rpe10 } = figures;
    let fact = SetLogged {
        set_id,
        workout_id,
        exercise_id: place.exercise_id.to_owned(),
        exercise_no,
        set_no,
        at_ms,
        offset_min,
        set_kind: said.kind,
        unit: said.unit,
        load_g,
        // What somebody weighed then is known from their weighings, and stays right when one is corrected.
        bodyweight_g: None,
        assist_g,
        reps,
        duration_ms,
        distance_mm,
        rpe10,
        rir: None,
        side: None,
        note: said.note,
        rest_ms: None,
        import_id: None,
    };
    hub.capture(vec![Draft::mine(Fact::SetLogged(fact))], then);
    true
}

/// `say` puts what is different into a correction that keeps everything; `None`: nothing is.
pub(crate) fn correct(
    hub: Hub,
    set: &str,
    seen: Option<String>,
    say: impl FnOnce(SetCorrected) -> Option<SetCorrected>,
    then: impl FnOnce(Saved) + 'static,
) {
    let Some(set_id) = id(set) else { return };
    let (at_ms, offset_min) = moment();
    let Some(fact) = say(SetCorrected::of(set_id, at_ms, offset_min)) else { return };
    hub.capture(vec![Draft::mine(Fact::SetCorrected(fact)).after(seen)], then);
}

/// Sets with the clock of the last that is known of each.
pub(crate) type Known = (String, Option<String>);

/// All of them at once, or none.
pub(crate) fn remove_all(hub: Hub, sets: impl Iterator<Item = Known>) {
    all(hub, sets, |set_id, at_ms, offset_min| Fact::SetRemoved { set_id, at_ms, offset_min });
}

pub(crate) fn restore_all(hub: Hub, sets: impl Iterator<Item = Known>) {
    all(hub, sets, |set_id, at_ms, offset_min| Fact::SetRestored { set_id, at_ms, offset_min });
}

fn all(hub: Hub, sets: impl Iterator<Item = Known>, fact: fn(ledger::EntityId, i64, i32) -> Fact) {
    let (at_ms, offset_min) = moment();
    let drafts = sets.filter_map(|(set, seen)| Some(Draft::mine(fact(id(&set)?, at_ms, offset_min)).after(seen)));
    let drafts: Vec<Draft> = drafts.collect();
    if !drafts.is_empty() {
        hub.capture(drafts, |_| {});
    }
}

/// With the way back.
pub(crate) fn remove(hub: Hub, set: String, seen: String, then: impl FnOnce() + 'static) {
    let Some(set_id) = id(&set) else { return };
    let (at_ms, offset_min) = moment();
    let back = move |seen| restore_all(hub, std::iter::once((set.clone(), seen)));
    with_way_back(hub, Fact::SetRemoved { set_id, at_ms, offset_min }, Some(seen), m::SET_REMOVED, back, then);
}
