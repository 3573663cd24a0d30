//! One set of a workout that is over, as it is corrected or added.

use bridge::{LastSet, SetLine, named};
use leptos::prelude::*;

use crate::{
    actions,
    doubt::doubt,
    hub::{Saved, use_hub},
    messages as m,
    parts::{BottomSheet, Segments, use_settings},
    sheet::{Figures, change, patched},
    words,
};

const KINDS: &[(&str, &str)] =
    &[("normal", m::detail::NORMAL), ("warmup", m::detail::WARMUP), ("drop", m::detail::DROP), ("failure", m::detail::FAILURE)];

/// A figure as it stands in its field, in thousandths of what is typed; empty is none.
fn typed_in(text: &str) -> Result<Option<i64>, String> {
    if text.trim().is_empty() { Ok(None) } else { words::typed(text).map(Some).ok_or_else(|| m::detail::no_number(text)) }
}

/// Why it cannot be saved, and whether saying it once more saves it.
type Wrong = (String, bool);

fn plain(text: impl Into<String>) -> Wrong {
    (text.into(), false)
}

/// A set that is new has no clock yet.
fn is_new(set: &SetLine) -> bool {
    set.hlc.is_empty()
}

fn figures_of(set: &SetLine) -> Figures {
    let SetLine { load_g, assist_g, reps, duration_ms, distance_mm, rpe10, .. } = *set;
    Figures { load_g, assist_g, reps, duration_ms, distance_mm, rpe10 }
}

fn said(note: &str) -> Option<String> {
    Some(note.trim().to_owned()).filter(|note| !note.is_empty())
}

/// What stands in the fields.
#[derive(Clone, Copy)]
struct Fields {
    kind: RwSignal<String>,
    load: RwSignal<String>,
    reps: RwSignal<String>,
    rpe: RwSignal<String>,
    seconds: RwSignal<String>,
    metres: RwSignal<String>,
    note: RwSignal<String>,
    assisted: bool,
    lb: bool,
}

impl Fields {
    fn of(set: &SetLine, lb: bool) -> Self {
        Self {
            kind: RwSignal::new(set.set_kind.clone()),
            load: RwSignal::new(set.load_g.or(set.assist_g).map(|load| words::load(load, lb)).unwrap_or_default()),
            reps: RwSignal::new(set.reps.map(|reps| reps.to_string()).unwrap_or_default()),
            rpe: RwSignal::new(set.rpe10.map(words::tenths).unwrap_or_default()),
            seconds: RwSignal::new(set.duration_ms.map(|ms| words::load(ms, false)).unwrap_or_default()),
            metres: RwSignal::new(set.distance_mm.map(|mm| words::load(mm, false)).unwrap_or_default()),
            note: RwSignal::new(set.note.clone().unwrap_or_default()),
            assisted: set.assist_g.is_some() || set.load_mode == "assisted",
            lb,
        }
    }

    /// A field that still reads as it was filled in was not touched, however it is rounded.
    fn read(self, was: &SetLine) -> Result<Figures, Wrong> {
        let field = |text: RwSignal<String>, shown: String, was: Option<i64>, scale: i64| -> Result<Option<i64>, Wrong> {
            let text = text.get_untracked();
            if text.trim() == shown {
                return Ok(was);
            }
            Ok(typed_in(&text).map_err(plain)?.map(|thousandths| thousandths * scale / 1000))
        };
        let of = |was: Option<i64>| was.map(|n| words::load(n, false)).unwrap_or_default();
        let (text, had) = (self.load.get_untracked(), was.load_g.or(was.assist_g));
        let weight = match text.trim() {
            "" => None,
            text if had.is_some_and(|had| words::load(had, self.lb) == text) => had,
            text => Some(words::grams(text, self.lb).ok_or_else(|| plain(m::detail::no_load(text)))?),
        };
        let reps = field(self.reps, was.reps.map(|n| n.to_string()).unwrap_or_default(), was.reps, 1)?;
        let rpe10 = field(self.rpe, was.rpe10.map(words::tenths).unwrap_or_default(), was.rpe10, 10)?;
        let duration_ms = field(self.seconds, of(was.duration_ms), was.duration_ms, 1000)?;
        let distance_mm = field(self.metres, of(was.distance_mm), was.distance_mm, 1000)?;
        if rpe10.is_some_and(|rpe10| 100 < rpe10) {
            return Err(plain(m::detail::RPE_RANGE));
        }
        if reps.is_none() && duration_ms.is_none() && distance_mm.is_none() {
            return Err(plain(m::detail::SAY_HOW_MUCH));
        }
        let (load_g, assist_g) = if self.assisted { (None, weight) } else { (weight, None) };
        Ok(Figures { load_g, assist_g, reps, duration_ms, distance_mm, rpe10 })
    }

    /// The set with these figures is written down: corrected, or new. Whether it can be.
    fn save(self, hub: crate::Hub, was: SetLine, now: Figures, offset: i64, then: impl FnOnce(Saved) + 'static) -> bool {
        let (kind, note) = (named(&self.kind.get_untracked()), said(&self.note.get_untracked()));
        if is_new(&was) {
            let place = actions::set::Place {
                set_id: &was.set_id,
                workout_id: &was.workout_id,
                exercise_id: &was.exercise_id,
                exercise_no: was.exercise_no,
                set_no: was.set_no,
            };
            let said = actions::set::Said { kind, unit: words::unit_of(self.lb), note };
            // When it was done, as far as anybody knows: after the one before it.
            return actions::set::log(hub, place, now, said, Some((was.at_ms, offset as i32)), then);
        }
        let before = figures_of(&was);
        let say = move |fact| {
            let mut fact = patched(&before, &now, fact);
            fact.set_kind = change(Some(named(&was.set_kind)), Some(kind));
            fact.note = change(was.note, note);
            Some(fact)
        };
        actions::set::correct(hub, &was.set_id, Some(was.hlc), say, then);
        true
    }
}

#[component]
pub(crate) fn EditSet(
    set: SetLine,
    all: ReadSignal<Option<Vec<SetLine>>>,
    started_ms: i64,
    offset: i64,
    editing: RwSignal<Option<SetLine>>,
) -> impl IntoView {
    let (hub, settings) = (use_hub(), use_settings());
    let lb = settings.lb();
    let new = is_new(&set);
    let original = StoredValue::new(set.clone());
    let fields = Fields::of(&set, lb);
    let Fields { kind, load, reps, rpe, seconds, metres, note, .. } = fields;
    // What is wrong with what was typed, and whether saying it once more saves it.
    let wrong = RwSignal::new(None::<Wrong>);
    let last = StoredValue::new(Vec::<LastSet>::new());
    hub.ask::<LastSet>(&[("exercise", set.exercise_id.as_str().into()), ("before_ms", started_ms.into())], move |rows| {
        let _ = last.try_set_value(rows.unwrap_or_default());
    });
    let close = Callback::new(move |()| editing.set(None));
    // Everything of the same exercise that is known: this workout's sets, this one as it was, and last time's.
    let before = move |was: &SetLine| -> Vec<(Option<i64>, Option<i64>)> {
        let here = all.with_untracked(|all| {
            let same = all.iter().flatten().filter(|one| one.exercise_id == was.exercise_id);
            same.map(|one| (one.load_g.or(one.assist_g), one.reps)).collect::<Vec<_>>()
        });
        last.with_value(|last| last.iter().map(|one| (one.load_g.or(one.assist_g), one.reps)).chain(here).collect())
    };
    // What was changed so far that it can hardly be meant is asked about, once.
    let read = move |was: &SetLine| -> Result<Figures, Wrong> {
        let now = fields.read(was)?;
        let (weight, had) = (now.load_g.or(now.assist_g), was.load_g.or(was.assist_g));
        let changed = (weight.filter(|_| new || weight != had), now.reps.filter(|_| new || now.reps != was.reps));
        let sure = wrong.with_untracked(|wrong| wrong.as_ref().is_some_and(|(_, asks)| *asks));
        match doubt(changed.0, changed.1, &before(was), lb).filter(|_| !sure) {
            Some(question) => Err((question, true)),
            None => Ok(now),
        }
    };
    let save = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        let was = original.get_value();
        let now = match read(&was) {
            Ok(now) => now,
            Err(why) => return wrong.set(Some(why)),
        };
        let saved = fields.save(hub, was, now, offset, move |outcome| {
            if outcome.is_ok() {
                editing.set(None);
                hub.say(if new { m::detail::SET_ADDED } else { m::detail::SET_CORRECTED }, None);
            }
        });
        if !saved {
            wrong.set(Some(plain(m::detail::EMPTY)));
        }
    };
    let remove = move |_| {
        let was = original.get_value();
        actions::set::remove(hub, was.set_id, was.hlc, move || editing.set(None));
    };
    // Whatever a set has is shown, also where its exercise asks for something else.
    let (timed, far) = (set.tracking.contains("duration"), set.tracking.contains("distance"));
    let weighed = set.load_g.or(set.assist_g).is_some() || !matches!(set.tracking.as_str(), "duration" | "distance_duration");
    let counted = set.reps.is_some() || !(timed || far);
    let field = move |shown: bool, name: &'static str, test: &'static str, value: RwSignal<String>| {
        shown.then(|| view! {
            <label>{name}<input inputmode="decimal" autocomplete="off" data-test=test prop:value=move || value.get() on:input=move |event| {
                wrong.set(None);
                value.set(event_target_value(&event));
            }/></label>
        })
    };
    view! {
        <BottomSheet label=if new { m::detail::NEW_SET } else { m::detail::CORRECT_SET } on_close=close>
            <h2>{set.name.clone()}</h2>
            <form class="stack" on:submit=save>
                <div class="fields">
                    {field(weighed, if lb { m::detail::LOAD_LB } else { m::detail::LOAD_KG }, "edit-load", load)}
                    {field(counted, m::REPS, "edit-reps", reps)}
                    {field(far || set.distance_mm.is_some(), m::detail::METRES, "edit-metres", metres)}
                    {field(timed || set.duration_ms.is_some(), m::SECONDS, "edit-seconds", seconds)}
                    {field(true, m::RPE, "edit-rpe", rpe)}
                </div>
                {move || wrong.get().map(|(text, _)| view! { <p class="wrong" role="alert" data-test="edit-wrong">{text}</p> })}
                <Segments label=m::detail::KIND options=KINDS value=kind on_pick=Callback::new(move |id| kind.set(id))/>
                <label>{m::NOTE}<input maxlength="4000" prop:value=move || note.get() on:input=move |event| note.set(event_target_value(&event))/></label>
                <button class="primary" data-test="edit-save">{move || if wrong.with(|wrong| wrong.as_ref().is_some_and(|(_, asks)| *asks)) { m::detail::MEANT } else { m::SAVE }}</button>
                {(!new).then(|| view! { <button type="button" class="plain danger" on:click=remove>{m::detail::REMOVE_SET}</button> })}
            </form>
        </BottomSheet>
    }
}
