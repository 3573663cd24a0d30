//! Train: start, repeat last, and the way into the history.

use bridge::{SetLine, WorkoutExercise, WorkoutLine};
use leptos::prelude::*;

use crate::{
    clock::today,
    hub::use_hub,
    messages as m,
    parts::{Empty, Header, Skeleton},
    route::{Route, use_router},
    training::use_training,
    words,
};

#[component]
pub(crate) fn Train() -> impl IntoView {
    let (hub, router, training) = (use_hub(), use_router(), use_training());
    let workouts = hub.watch::<WorkoutLine>(|| vec![("before_ms", crate::clock::FAR_MS.into()), ("limit", 4.into())]);
    let repeat = move |line: WorkoutLine| {
        let name = line.name.clone().unwrap_or_default();
        let day = words::day_of(line.started_ms, line.offset_min);
        hub.ask::<SetLine>(&[("workout", line.workout_id.as_str().into())], move |sets| {
            if let Ok(sets) = sets {
                training.repeat(&name, day, &sets);
            }
        });
    };
    view! {
        <Header title=Signal::derive(|| m::train::TITLE.to_owned())>
            <button class="plain" on:click=move |_| router.go(Route::History)>{m::history::TITLE}</button>
        </Header>
        <Show when=move || workouts.with(Option::is_none)><Skeleton lines=4/></Show>
        <Show when=move || workouts.with(|rows| rows.as_ref().is_some_and(Vec::is_empty))>
            <Empty text=m::train::EMPTY/>
        </Show>
        <Show when=move || workouts.with(|rows| rows.as_ref().is_some_and(|rows| !rows.is_empty()))>
            <h2 class="section">{m::train::REPEAT}</h2>
        </Show>
        <ul class="list">
            <For each=move || workouts.get().unwrap_or_default() key=|line| line.workout_id.clone() let:line>
                <li>
                    <button class="row" data-test="repeat" on:click={
                        let line = line.clone();
                        move |_| repeat(line.clone())
                    }>
                        <span class="row-main">
                            <strong>{line.name.clone().unwrap_or_else(|| m::WORKOUT.to_owned())}</strong>
                            <span class="quiet">{format!(
                                "{} · {} · {}",
                                words::day(words::day_of(line.started_ms, line.offset_min), today()),
                                m::exercises(line.exercises),
                                m::sets(line.sets),
                            )}</span>
                        </span>
                        <span class="chevron" aria-hidden="true">{m::train::REPEAT}</span>
                    </button>
                </li>
            </For>
        </ul>
        // While a workout goes on, its bar is the way back into it.
        <Show when=move || training.sheet.with(Option::is_none)>
            <div class="thumb">
                <button class="primary wide" data-test="empty-workout" disabled=move || training.wanted.with(Option::is_some) on:click=move |_| training.start("")>{m::train::EMPTY_WORKOUT}</button>
            </div>
        </Show>
    }
}

/// The lines under a workout's name: what was done, heaviest first said.
pub(crate) fn exercise_lines(rows: &[WorkoutExercise], lb: bool) -> Vec<String> {
    rows.iter()
        .map(|row| {
            let name = row.name.clone().unwrap_or_else(|| row.exercise_id.clone());
            match row.heaviest_g.filter(|load| 0 < *load) {
                Some(load) => format!("{} × {name}, {}{}{}", row.sets, words::load(load, lb), words::NARROW, words::unit(lb)),
                None => format!("{} × {name}", row.sets),
            }
        })
        .collect()
}
