//! A person is weighed, and chooses how things are shown.

use bridge::Draft;
use ledger::{BodyWeight, Fact, Patch, Preferences};

use super::{moment, note, with_way_back};
use crate::{clock::entity_id, hub::Hub, messages as m, words};

/// With the way back.
pub(crate) fn weigh(hub: Hub, weight_g: i64, lb: bool, then: impl FnOnce() + 'static) {
    let (at_ms, offset_min) = moment();
    let weighing_id = entity_id();
    let fact = Fact::BodyWeightLogged(BodyWeight { weighing_id, weight_g, unit: words::unit_of(lb), at_ms, offset_min });
    let back = move |_| {
        let (at_ms, offset_min) = moment();
        note(hub, Fact::BodyWeightRemoved { weighing_id, at_ms, offset_min }, None);
    };
    with_way_back(hub, fact, None, m::today::BODY_WEIGHT_SAVED, back, then);
}

fn prefer(hub: Hub, edit: impl FnOnce(&mut Preferences)) {
    let (at_ms, offset_min) = moment();
    let mut preferences = Preferences { unit: Patch::Keep, week_start: Patch::Keep, theme: Patch::Keep, at_ms, offset_min };
    edit(&mut preferences);
    hub.capture(vec![Draft::mine(Fact::PreferencesChanged(preferences))], |_| {});
}

pub(crate) fn prefer_unit(hub: Hub, lb: bool) {
    prefer(hub, |to| to.unit = Patch::Set(words::unit_of(lb)));
}

pub(crate) fn prefer_week_start(hub: Hub, day: i64) {
    prefer(hub, |to| to.week_start = Patch::Set(day));
}

pub(crate) fn prefer_theme(hub: Hub, theme: String) {
    prefer(hub, |to| to.theme = Patch::Set(theme));
}
