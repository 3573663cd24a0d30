//! History: every workout, newest first, a month at a time.

use bridge::{WorkoutExercise, WorkoutLine};
use leptos::prelude::*;

use super::train::exercise_lines;
use crate::{
    clock::today,
    hub::use_hub,
    messages as m,
    parts::{Empty, Header, Skeleton, use_settings},
    reactive::memo,
    route::{Route, use_router},
    words,
};

const PAGE: i64 = 30;

#[component]
pub(crate) fn History() -> impl IntoView {
    let (hub, router, settings) = (use_hub(), use_router(), use_settings());
    let shown = move || PAGE + router.more.get();
    let workouts = hub.watch::<WorkoutLine>(move || vec![("before_ms", crate::clock::FAR_MS.into()), ("limit", shown().into())]);
    let oldest = memo(move || {
        workouts.with(|rows| rows.as_ref().and_then(|rows| rows.last().map(|row| row.started_ms))).unwrap_or(crate::clock::FAR_MS)
    });
    let exercises =
        hub.watch::<WorkoutExercise>(move || vec![("from_ms", oldest.get().into()), ("before_ms", crate::clock::FAR_MS.into())]);
    let months = memo(move || {
        let mut months: Vec<(String, Vec<WorkoutLine>)> = Vec::new();
        for line in workouts.get().unwrap_or_default() {
            let month = words::month(words::day_of(line.started_ms, line.offset_min));
            match months.last_mut().filter(|(name, _)| *name == month) {
                Some((_, lines)) => lines.push(line),
                None => months.push((month, vec![line])),
            }
        }
        months
    });
    let lines = move |id: &str| {
        let lb = settings.lb();
        exercises.with(|rows| {
            let own: Vec<WorkoutExercise> = rows.iter().flatten().filter(|row| row.workout_id == id).cloned().collect();
            exercise_lines(&own, lb)
        })
    };
    view! {
        <Header title=Signal::derive(|| m::history::TITLE.to_owned()) back=Route::Train/>
        <Show when=move || workouts.with(Option::is_none)><Skeleton lines=6/></Show>
        <Show when=move || workouts.with(|rows| rows.as_ref().is_some_and(Vec::is_empty))>
            <Empty text=m::history::EMPTY>
                <button class="plain" on:click=move |_| router.go(Route::Import)>{m::BRING_HISTORY}</button>
            </Empty>
        </Show>
        {move || months.get().into_iter().map(|(month, rows)| view! {
            <h2 class="section">{month}</h2>
            <ul class="list">
                {rows.into_iter().map(|line| {
                    let id = line.workout_id.clone();
                    let (volume, unit) = words::volume(line.volume_g, settings.lb());
                    view! {
                        <li><a class="row" href=Route::Workout(id.clone()).path() data-test="workout-row" on:click={
                            let id = id.clone();
                            move |event| {
                                event.prevent_default();
                                router.go(Route::Workout(id.clone()));
                            }
                        }>
                            <span class="row-main">
                                <strong>{line.name.clone().unwrap_or_else(|| m::WORKOUT.to_owned())}</strong>
                                <span class="quiet">{words::day(words::day_of(line.started_ms, line.offset_min), today())}</span>
                                {lines(&id).into_iter().take(3).map(|text| view! { <span class="quiet small">{text}</span> }).collect_view()}
                            </span>
                            <span class="row-end">
                                // Without a load, or with pull-ups by somebody who was never weighed, nothing is known of kilograms.
                                <span class="figure">{if 0 < line.volume_g {
                                    view! { {volume}<span class="unit">{words::NARROW}{unit}</span> }.into_any()
                                } else {
                                    m::sets(line.sets).into_any()
                                }}</span>
                                {(0 < line.records).then(|| view! { <span class="badge">{m::records(line.records)}</span> })}
                            </span>
                        </a></li>
                    }
                }).collect_view()}
            </ul>
        }).collect_view()}
        <Show when=move || workouts.with(|rows| rows.as_ref().is_some_and(|rows| rows.len() as i64 == shown()))>
            <button class="plain wide" data-test="show-more" on:click=move |_| router.more.update(|n| *n += PAGE)>{m::history::SHOW_MORE}</button>
        </Show>
    }
}
