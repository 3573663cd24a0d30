//! One workout that is over: what was done, and the means to correct it.

use bridge::{SetLine, WorkoutHeader};
use ledger::Patch;
use leptos::prelude::*;

use super::{
    edit_set::EditSet,
    picker::{Picked, Picker},
};
use crate::{
    actions::{self, workout::Described},
    clock::{entity_id, now_ms, today},
    hub::{Hub, use_hub},
    icons::{Glyph, Icon},
    messages as m,
    parts::{BottomSheet, Empty, Figure, Header, Skeleton, use_settings},
    reactive::memo,
    route::{Route, use_router},
    screens::workout::Resume,
    sheet::change,
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
    let picking = RwSignal::new(false);
    let one = move || header.with(|rows| rows.as_ref().and_then(|rows| rows.first().cloned()));
    let title = Signal::derive(move || one().and_then(|row| row.name).unwrap_or_else(|| m::WORKOUT.to_owned()));
    let groups = memo(move || {
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
        actions::workout::remove(hub, row.workout_id, row.hlc, move || router.go(Route::History));
    };
    // An exercise that was forgotten comes last, with a first set to fill in.
    let added = move |it: Picked| {
        let Some(last) = sets.with_untracked(|sets| sets.iter().flatten().max_by_key(|set| set.exercise_no).cloned()) else {
            return;
        };
        editing.set(Some(SetLine {
            exercise_id: it.exercise_id,
            name: Some(it.name),
            load_mode: it.load_mode,
            tracking: it.tracking,
            exercise_no: last.exercise_no + 1,
            set_no: 1,
            load_g: None,
            assist_g: None,
            reps: None,
            duration_ms: None,
            distance_mm: None,
            ..one_more(&last)
        }));
    };
    view! {
        <Header title=title back=Route::History>
            <button class="plain" on:click=move |_| naming.set(true)>{m::EDIT}</button>
        </Header>
        <Show when=move || header.with(Option::is_none)><Skeleton lines=5/></Show>
        <Show when=move || header.with(|rows| rows.as_ref().is_some_and(Vec::is_empty))>
            <Empty text=m::detail::EMPTY/>
        </Show>
        {move || one().map(|row| summary(&row, sets, settings.lb()))}
        {move || groups.get().into_iter().map(|(_, name, lines)| exercise(hub, name, lines, settings.lb(), editing)).collect_view()}
        <Show when=move || one().is_some()>
            <button class="plain" data-test="add-past-exercise" on:click=move |_| picking.set(true)><Glyph icon=Icon::Plus/>{m::detail::ADD_EXERCISE}</button>
            <button class="plain danger wide" on:click=remove><Glyph icon=Icon::Trash/>{m::detail::REMOVE_WORKOUT}</button>
        </Show>
        <Show when=move || picking.get()>
            <Picker on_close=Callback::new(move |()| picking.set(false)) on_pick=Callback::new(added)/>
        </Show>
        // What is being typed stays, whatever comes in meanwhile.
        {move || editing.get().map(|set| {
            let (started_ms, offset) = untrack(one).map_or((0, 0), |row| (row.started_ms, row.offset_min));
            view! { <EditSet set all=sets started_ms offset editing/> }
        })}
        {move || naming.get().then(|| untrack(one)).flatten().map(|row| view! { <EditWorkout row naming/> })}
    }
}

/// What the workout came to.
fn summary(row: &WorkoutHeader, sets: ReadSignal<Option<Vec<SetLine>>>, lb: bool) -> impl IntoView + use<> {
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
}

/// An exercise with what was done of it.
fn exercise(hub: Hub, name: String, lines: Vec<SetLine>, lb: bool, editing: RwSignal<Option<SetLine>>) -> impl IntoView {
    let best = lines.iter().filter_map(|set| set.e1rm_g).max();
    // Warm-ups have no number: the first working set is 1.
    let mut working = 0;
    let last = lines.last().cloned();
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
            {last.map(|last| view! { <button class="plain" data-test="add-past-set" on:click=move |_| editing.set(Some(one_more(&last)))>{m::detail::ADD_SET}</button> })}
        </section>
    }
}

/// A set like the one before it, which is not there yet.
fn one_more(last: &SetLine) -> SetLine {
    SetLine {
        set_id: entity_id().to_string(),
        set_no: last.set_no + 1,
        at_ms: last.at_ms + 1,
        note: None,
        rpe10: None,
        hlc: String::new(),
        ..last.clone()
    }
}

#[component]
fn EditWorkout(row: WorkoutHeader, naming: RwSignal<bool>) -> impl IntoView {
    let hub = use_hub();
    let name = RwSignal::new(row.name.clone().unwrap_or_default());
    let note = RwSignal::new(row.note.clone().unwrap_or_default());
    let date = RwSignal::new(words::iso(words::day_of(row.started_ms, row.offset_min)));
    let time = RwSignal::new(words::time_of_day(row.started_ms, row.offset_min));
    let minutes =
        RwSignal::new(row.finished_ms.map(|end| ((end - row.started_ms + 30_000) / 60_000).to_string()).unwrap_or_default());
    let wrong = RwSignal::new(None::<&'static str>);
    let row = StoredValue::new(row);
    let said = |text: RwSignal<String>| Some(text.get_untracked().trim().to_owned()).filter(|text| !text.is_empty());
    let save = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        let row = row.get_value();
        let when = moved(&row, &date.get_untracked(), &time.get_untracked(), &minutes.get_untracked(), now_ms());
        let (started_ms, finished_ms) = match when {
            Ok(when) => when,
            Err(why) => return wrong.set(Some(why)),
        };
        let now = Described { name: change(row.name, said(name)), note: change(row.note, said(note)), started_ms, finished_ms };
        actions::workout::describe(hub, &row.workout_id, now, Some(row.hlc), move |outcome| {
            if outcome.is_ok() {
                naming.set(false);
            }
        });
    };
    let field = move |name: &'static str, kind: &'static str, test: &'static str, value: RwSignal<String>| {
        view! {
            <label>{name}<input type=kind maxlength="200" inputmode=(test == "edit-minutes").then_some("numeric") autocomplete="off" data-test=test
                prop:value=move || value.get() on:input=move |event| {
                    wrong.set(None);
                    value.set(event_target_value(&event));
                }/></label>
        }
    };
    view! {
        <BottomSheet label=m::detail::EDIT_WORKOUT on_close=Callback::new(move |()| naming.set(false))>
            <form class="stack" on:submit=save>
                {field(m::NAME, "text", "edit-name", name)}
                <div class="fields when">
                    {field(m::detail::DATE, "date", "edit-date", date)}
                    {field(m::detail::START, "time", "edit-time", time)}
                    {field(m::detail::MINUTES, "text", "edit-minutes", minutes)}
                </div>
                {move || wrong.get().map(|text| view! { <p class="wrong" role="alert">{text}</p> })}
                <label>{m::NOTE}<textarea maxlength="4000" rows="3" prop:value=move || note.get() on:input=move |event| note.set(event_target_value(&event))></textarea></label>
                <button class="primary" data-test="edit-workout-save">{m::SAVE}</button>
            </form>
        </BottomSheet>
    }
}

type When = (Patch<i64>, Patch<i64>);

/// Start and end of a workout as its fields say; one that is moved takes as long as before. What reads as it did is kept to
/// the millisecond.
fn moved(row: &WorkoutHeader, date: &str, time: &str, minutes: &str, now_ms: i64) -> Result<When, &'static str> {
    const DAY_MS: i64 = 24 * 60 * 60 * 1000;
    let same = (words::iso(words::day_of(row.started_ms, row.offset_min)), words::time_of_day(row.started_ms, row.offset_min));
    let started = match (date, time) == (same.0.as_str(), same.1.as_str()) {
        true => row.started_ms,
        false => words::moment(date, time, row.offset_min).filter(|at| 0 < *at && *at < now_ms + DAY_MS).ok_or(m::detail::WHEN)?,
    };
    let lasted = row.finished_ms.map(|end| end - row.started_ms);
    let minutes = match minutes.trim() {
        "" if lasted.is_none() => None,
        text => Some(text.parse::<i64>().ok().filter(|minutes| (0..=1440).contains(minutes)).ok_or(m::detail::HOW_LONG)?),
    };
    let lasts = if minutes == lasted.map(|ms| (ms + 30_000) / 60_000) { lasted } else { minutes.map(|minutes| minutes * 60_000) };
    Ok((change(Some(row.started_ms), Some(started)), change(row.finished_ms, lasts.map(|ms| started + ms))))
}

#[cfg(test)]
mod tests {
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    #[test]
    fn a_workout_is_moved_and_made_longer_and_what_is_not_touched_is_kept() {
        let row = WorkoutHeader {
            workout_id: String::new(),
            name: None,
            note: None,
            started_ms: 1_795_900_012_345,
            finished_ms: Some(1_795_903_612_999),
            offset_min: 60,
            finished: 1,
            hlc: String::new(),
        };
        let (now, day_ms) = (1_796_000_000_000, 86_400_000);
        let (date, time) = (words::iso(words::day_of(row.started_ms, 60)), words::time_of_day(row.started_ms, 60));
        assert_eq!(moved(&row, &date, &time, "60", now), Ok((Patch::Keep, Patch::Keep)));
        let before = words::iso(words::day_of(row.started_ms - day_ms, 60));
        let start = (row.started_ms - day_ms) / 60_000 * 60_000;
        assert_eq!(moved(&row, &before, &time, "60", now), Ok((Patch::Set(start), Patch::Set(start + 3_600_654))));
        assert_eq!(moved(&row, &date, &time, "75", now), Ok((Patch::Keep, Patch::Set(row.started_ms + 4_500_000))));
        let unknown = WorkoutHeader { finished_ms: None, ..row.clone() };
        assert_eq!(moved(&unknown, &date, &time, "", now), Ok((Patch::Keep, Patch::Keep)));
        for (date, time, minutes) in [
            ("2031-01-01", "10:00", "60"),
            ("", "10:00", "60"),
            (date.as_str(), "", "60"),
            (date.as_str(), time.as_str(), "-1"),
            (date.as_str(), time.as_str(), ""),
        ] {
            assert!(moved(&row, date, time, minutes, now).is_err(), "{date} {time} {minutes}");
        }
    }
}
