//! One workout that is over: what was done, and the means to correct it.

use bridge::{Draft, SetLine, WorkoutHeader};
use ledger::{EntityId, Fact, Patch, SetCorrected, WorkoutCorrected};
use leptos::prelude::*;

use crate::{
    clock::{now_ms, offset_min, today},
    hub::use_hub,
    icons::{Glyph, Icon},
    messages as m,
    parts::{BottomSheet, Empty, Figure, Header, Skeleton, use_settings},
    route::{Route, use_router},
    screens::workout::Resume,
    training::set_text,
    words,
};

#[component]
pub(crate) fn Detail(id: String) -> impl IntoView {
    let (hub, router, settings) = (use_hub(), use_router(), use_settings());
    let workout = StoredValue::new(id);
    let param = move || vec![("workout", workout.get_value().as_str().into())];
    let header = hub.watch::<WorkoutHeader>(param);
    let sets = hub.watch::<SetLine>(param);
    let editing = RwSignal::new(None::<SetLine>);
    let naming = RwSignal::new(false);
    let one = move || header.with(|rows| rows.as_ref().and_then(|rows| rows.first().cloned()));
    let title = Signal::derive(move || one().and_then(|row| row.name).unwrap_or_else(|| m::WORKOUT.to_owned()));
    let groups = Memo::new(move |_| {
        let mut groups: Vec<(String, String, Vec<SetLine>)> = Vec::new();
        for set in sets.get().unwrap_or_default() {
            match groups.last_mut().filter(|(id, ..)| *id == set.exercise_id) {
                Some((.., lines)) => lines.push(set),
                None => {
                    groups.push((set.exercise_id.clone(), set.name.clone().unwrap_or_else(|| set.exercise_id.clone()), vec![set]))
                }
            }
        }
        groups
    });
    let remove = move |_| {
        let Some(row) = one() else { return };
        let Ok(workout_id) = EntityId::parse(&row.workout_id) else { return };
        let at_ms = now_ms();
        let fact = Fact::WorkoutRemoved { workout_id, at_ms, offset_min: offset_min(at_ms) };
        hub.capture(vec![Draft::mine(fact).after(Some(row.hlc))], move |outcome| {
            let Ok(rows) = outcome else { return };
            let seen = rows.first().map(|row| row.hlc.clone());
            hub.undoable(m::detail::WORKOUT_REMOVED, move || {
                let at_ms = now_ms();
                let fact = Fact::WorkoutRestored { workout_id, at_ms, offset_min: offset_min(at_ms) };
                hub.capture(vec![Draft::mine(fact).after(seen.clone())], |_| {});
            });
            router.go(Route::History);
        });
    };
    view! {
        <Header title=title back=Route::History>
            <button class="plain" on:click=move |_| naming.set(true)>{m::EDIT}</button>
        </Header>
        <Show when=move || header.with(Option::is_none)><Skeleton lines=5/></Show>
        <Show when=move || header.with(|rows| rows.as_ref().is_some_and(Vec::is_empty))>
            <Empty text=m::detail::EMPTY/>
        </Show>
        {move || one().map(|row| {
            let lb = settings.lb();
            let total: i64 = sets.with(|sets| sets.iter().flatten().map(|set| set.volume_g).sum());
            let working = sets.with(|sets| sets.iter().flatten().filter(|set| set.set_kind != "warmup").count());
            let lacking: i64 = sets.with(|sets| sets.iter().flatten().map(|set| set.lacks_body_weight).sum());
            let (volume, unit) = words::volume(total, lb);
            view! {
                <Resume workout_id=row.workout_id.clone() name=row.name.clone() started_ms=row.started_ms finished_ms=row.finished_ms/>
                <p class="quiet">{format!("{}, {}", words::day(words::day_of(row.started_ms, row.offset_min), today()), words::time_of_day(row.started_ms, row.offset_min))}</p>
                <dl class="figures">
                    <div><dt>{m::VOLUME}</dt><dd data-test="detail-volume"><Figure value=volume unit=unit/></dd></div>
                    <div><dt>{m::SETS}</dt><dd data-test="detail-sets">{working}</dd></div>
                    <div><dt>{m::detail::TIME}</dt><dd>{row.finished_ms.map_or_else(|| "–".to_owned(), |end| words::minutes(end - row.started_ms))}</dd></div>
                </dl>
                {(0 < lacking).then(|| view! { <p class="quiet small" data-test="lacks-body-weight">{m::lacks_body_weight(lacking)}</p> })}
                {row.note.clone().map(|note| view! { <p class="note">{note}</p> })}
            }
        })}
        {move || groups.get().into_iter().map(|(_, name, lines)| {
            let lb = settings.lb();
            let best = lines.iter().filter_map(|set| set.e1rm_g).max();
            // Warm-ups have no number: the first working set is 1.
            let mut working = 0;
            view! {
                <section class="card">
                    <h2>{name}</h2>
                    {best.map(|best| view! { <p class="quiet">{m::detail::best_estimate(&format!("{}{}{}", words::estimate(best, lb), words::NARROW, words::unit(lb)))}</p> })}
                    <ul class="list flat">
                        {lines.into_iter().map(|set| {
                            let text = set_text(set.load_g.or(set.assist_g), set.reps, set.duration_ms, set.distance_mm, lb);
                            working += usize::from(set.set_kind != "warmup");
                            let kind = match set.set_kind.as_str() {
                                "warmup" => m::WARMUP_LETTER.to_owned(),
                                "drop" => m::DROP_LETTER.to_owned(),
                                "failure" => m::FAILURE_LETTER.to_owned(),
                                _ => working.to_string(),
                            };
                            let rpe = set.rpe10.map(|rpe| m::detail::rpe(&words::tenths(rpe)));
                            let note = set.note.clone();
                            let hlc = set.hlc.clone();
                            let here = move || match hub.profile.with(|profile| profile.as_ref().is_some_and(|profile| profile.memory_only)) {
                                true => Some(m::sync::ROW_IN_TAB),
                                false => hub.sync.with(|sync| sync.waiting_hlcs.contains(&hlc)).then_some(m::sync::ROW_HERE),
                            };
                            view! {
                                <li><button class="row" data-test="set-row" on:click=move |_| editing.set(Some(set.clone()))>
                                    <span class="hidden">{m::detail::EDIT_SET}</span><span class="kind">{kind}</span>
                                    <span class="row-main"><strong class="tabular">{text}</strong>{note.map(|note| view! { <span class="quiet small">{note}</span> })}</span>
                                    <span class="quiet small" data-test="row-state">{here}</span>
                                    <span class="quiet">{rpe}</span>
                                </button></li>
                            }
                        }).collect_view()}
                    </ul>
                </section>
            }
        }).collect_view()}
        <Show when=move || one().is_some()>
            <button class="plain danger wide" on:click=remove><Glyph icon=Icon::Trash/>{m::detail::REMOVE_WORKOUT}</button>
        </Show>
        {move || editing.get().map(|set| view! { <EditSet set editing/> })}
        {move || (naming.get()).then(one).flatten().map(|row| view! { <EditWorkout row naming/> })}
    }
}

#[component]
fn EditSet(set: SetLine, editing: RwSignal<Option<SetLine>>) -> impl IntoView {
    let (hub, settings) = (use_hub(), use_settings());
    let lb = settings.lb();
    let original = StoredValue::new(set.clone());
    let load = RwSignal::new(set.load_g.or(set.assist_g).map(|load| words::load(load, lb)).unwrap_or_default());
    let reps = RwSignal::new(set.reps.map(|reps| reps.to_string()).unwrap_or_default());
    let rpe = RwSignal::new(set.rpe10.map(words::tenths).unwrap_or_default());
    let seconds = RwSignal::new(set.duration_ms.map(|ms| (ms / 1000).to_string()).unwrap_or_default());
    let note = RwSignal::new(set.note.clone().unwrap_or_default());
    let close = Callback::new(move |()| editing.set(None));
    let save = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        let was = original.get_value();
        let Ok(set_id) = EntityId::parse(&was.set_id) else { return };
        let at_ms = now_ms();
        let mut fact = SetCorrected::of(set_id, at_ms, offset_min(at_ms));
        // Only what changed is said, so that two people's edits of different fields both stand.
        let number = |text: String, scale: i64, was: Option<i64>| -> Result<Patch<i64>, String> {
            if text.trim().is_empty() {
                return Ok(if was.is_some() { Patch::Clear } else { Patch::Keep });
            }
            let value = words::typed(&text).ok_or_else(|| m::detail::no_number(&text))? * scale / 1000;
            Ok(if was == Some(value) { Patch::Keep } else { Patch::Set(value) })
        };
        let outcome = (|| {
            let text = load.get_untracked();
            let shown = was.load_g.or(was.assist_g).map(|load| words::load(load, lb)).unwrap_or_default();
            if text.trim() != shown {
                let value = if text.trim().is_empty() {
                    Patch::Clear
                } else {
                    Patch::Set(words::grams(&text, lb).ok_or_else(|| m::detail::no_load(&text))?)
                };
                *(if was.assist_g.is_some() { &mut fact.assist_g } else { &mut fact.load_g }) = value;
            }
            fact.reps = number(reps.get_untracked(), 1, was.reps)?;
            fact.rpe10 = number(rpe.get_untracked(), 10, was.rpe10)?;
            fact.duration_ms = number(seconds.get_untracked(), 1000, was.duration_ms)?;
            let text = note.get_untracked();
            if text.trim() != was.note.clone().unwrap_or_default() {
                fact.note = if text.trim().is_empty() { Patch::Clear } else { Patch::Set(text.trim().to_owned()) };
            }
            Ok::<(), String>(())
        })();
        if let Err(reason) = outcome {
            hub.say(reason, None);
            return;
        }
        hub.capture(vec![Draft::mine(Fact::SetCorrected(fact)).after(Some(was.hlc))], move |outcome| {
            if outcome.is_ok() {
                editing.set(None);
                hub.say(m::detail::SET_CORRECTED, None);
            }
        });
    };
    let remove = move |_| {
        let was = original.get_value();
        let Ok(set_id) = EntityId::parse(&was.set_id) else { return };
        let at_ms = now_ms();
        let fact = Fact::SetRemoved { set_id, at_ms, offset_min: offset_min(at_ms) };
        hub.capture(vec![Draft::mine(fact).after(Some(was.hlc))], move |outcome| {
            let Ok(rows) = outcome else { return };
            let seen = rows.first().map(|row| row.hlc.clone());
            editing.set(None);
            hub.undoable(m::SET_REMOVED, move || {
                let at_ms = now_ms();
                let fact = Fact::SetRestored { set_id, at_ms, offset_min: offset_min(at_ms) };
                hub.capture(vec![Draft::mine(fact).after(seen.clone())], |_| {});
            });
        });
    };
    let timed = set.duration_ms.is_some();
    let field = move |name: &'static str, test: &'static str, value: RwSignal<String>| {
        view! {
            <label>{name}<input inputmode="decimal" autocomplete="off" data-test=test prop:value=move || value.get() on:input=move |event| value.set(event_target_value(&event))/></label>
        }
    };
    view! {
        <BottomSheet label=m::detail::CORRECT_SET on_close=close>
            <form class="stack" on:submit=save>
                <div class="fields">
                    {field(if lb { m::detail::LOAD_LB } else { m::detail::LOAD_KG }, "edit-load", load)}
                    {field(m::REPS, "edit-reps", reps)}
                    {field(m::RPE, "edit-rpe", rpe)}
                    {timed.then(|| field(m::SECONDS, "edit-seconds", seconds))}
                </div>
                <label>{m::NOTE}<input maxlength="4000" prop:value=move || note.get() on:input=move |event| note.set(event_target_value(&event))/></label>
                <button class="primary" data-test="edit-save">{m::SAVE}</button>
                <button type="button" class="plain danger" on:click=remove>{m::detail::REMOVE_SET}</button>
            </form>
        </BottomSheet>
    }
}

#[component]
fn EditWorkout(row: WorkoutHeader, naming: RwSignal<bool>) -> impl IntoView {
    let hub = use_hub();
    let name = RwSignal::new(row.name.clone().unwrap_or_default());
    let note = RwSignal::new(row.note.clone().unwrap_or_default());
    let row = StoredValue::new(row);
    let patch = |text: String, was: Option<String>| match text.trim() {
        text if text == was.clone().unwrap_or_default() => Patch::Keep,
        "" => Patch::Clear,
        text => Patch::Set(text.to_owned()),
    };
    let save = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        let row = row.get_value();
        let Ok(workout_id) = EntityId::parse(&row.workout_id) else { return };
        let at_ms = now_ms();
        let fact = Fact::WorkoutCorrected(WorkoutCorrected {
            workout_id,
            at_ms,
            offset_min: offset_min(at_ms),
            name: patch(name.get_untracked(), row.name),
            note: patch(note.get_untracked(), row.note),
            started_ms: Patch::Keep,
            finished_ms: Patch::Keep,
        });
        hub.capture(vec![Draft::mine(fact).after(Some(row.hlc))], move |outcome| {
            if outcome.is_ok() {
                naming.set(false);
            }
        });
    };
    view! {
        <BottomSheet label=m::detail::EDIT_WORKOUT on_close=Callback::new(move |()| naming.set(false))>
            <form class="stack" on:submit=save>
                <label>{m::NAME}<input maxlength="200" data-test="edit-name" prop:value=move || name.get() on:input=move |event| name.set(event_target_value(&event))/></label>
                <label>{m::NOTE}<textarea maxlength="4000" rows="3" prop:value=move || note.get() on:input=move |event| note.set(event_target_value(&event))></textarea></label>
                <button class="primary">{m::SAVE}</button>
            </form>
        </BottomSheet>
    }
}
