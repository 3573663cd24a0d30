//! An exercise of one's own is made, renamed, said to be another one, put away and taken out again.

use std::sync::Arc;

use bridge::{Draft, ExerciseLine};
use ledger::{ExerciseChanged, ExerciseDefined, Fact, LoadMode, Muscle, Patch, Tracking};

use super::{clock, id, moment};
use crate::{clock::entity_id, hub::Hub, messages as m};

/// Its id, once it is there.
pub(crate) fn define(
    hub: Hub,
    name: String,
    muscle: String,
    (load_mode, tracking): (LoadMode, Tracking),
    then: impl FnOnce(String) + 'static,
) {
    let (at_ms, offset_min) = moment();
    let exercise_id = entity_id();
    let fact = Fact::ExerciseDefined(ExerciseDefined {
        exercise_id,
        name,
        equipment: "other".to_owned(),
        load_mode,
        tracking,
        muscles: vec![Muscle { muscle, weight_tenths: 10 }],
        at_ms,
        offset_min,
    });
    hub.capture(vec![Draft::mine(fact)], move |outcome| {
        if outcome.is_ok() {
            then(exercise_id.to_string());
        }
    });
}

/// Says what changes, with the way back.
fn change(
    hub: Hub,
    own: &ExerciseLine,
    said: String,
    edit: impl Fn(&mut ExerciseChanged),
    back: impl Fn(&mut ExerciseChanged) + Send + Sync + 'static,
) {
    let Some(exercise_id) = id(&own.exercise_id) else { return };
    let draft = move |edit: &dyn Fn(&mut ExerciseChanged), seen: Option<String>| {
        let (at_ms, offset_min) = moment();
        let mut fact = ExerciseChanged::of(exercise_id, at_ms, offset_min);
        edit(&mut fact);
        vec![Draft::mine(Fact::ExerciseChanged(fact)).after(seen)]
    };
    hub.capture(draft(&edit, own.hlc.clone()), move |outcome| {
        let Ok(rows) = outcome else { return };
        let seen = clock(&rows);
        hub.say(said, Some(Arc::new(move || hub.capture(draft(&back, seen.clone()), |_| {}))));
    });
}

pub(crate) fn rename(hub: Hub, own: &ExerciseLine, to: String) {
    let (said, before) = (m::picker::renamed(&to), own.name.clone());
    change(hub, own, said, move |edit| edit.name = Some(to.clone()), move |edit| edit.name = Some(before.clone()));
}

pub(crate) fn merge(hub: Hub, own: &ExerciseLine, into: &ExerciseLine) {
    if own.exercise_id == into.exercise_id {
        return;
    }
    let target = into.exercise_id.clone();
    let merged = move |to: &mut ExerciseChanged| to.merged_into = Patch::Set(target.clone());
    change(hub, own, m::picker::merged(&own.name, &into.name), merged, |to| to.merged_into = Patch::Clear);
}

pub(crate) fn archive(hub: Hub, own: &ExerciseLine, away: bool) {
    let said = if away { m::picker::archived(&own.name) } else { m::picker::back(&own.name) };
    change(hub, own, said, move |to| to.archived = Some(away), move |to| to.archived = Some(!away));
}
