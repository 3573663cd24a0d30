//! The active workout: exercise chips, the set table, the rest bar, finish. One tap logs a set.

use gloo::timers::callback::Interval;
use leptos::prelude::*;

use super::{keypad::Keypad, picker::Picker};
use crate::{
    clock::now_ms,
    icons::{Glyph, Icon},
    messages as m,
    parts::BottomSheet,
    route::{Route, use_router},
    training::{Cell, cells, set_number, use_training},
    words,
};

/// What the sheet of the three dots is open for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum More {
    Exercise(usize),
    Note,
}

/// A second hand for whoever shows one.
fn seconds() -> ReadSignal<i64> {
    let (now, set_now) = signal(now_ms());
    let tick = Interval::new(500, move || _ = set_now.try_set(now_ms()));
    let tick = StoredValue::new_local(Some(tick));
    on_cleanup(move || tick.update_value(|tick| _ = tick.take()));
    now
}

/// How long the workout has been going on; `rest` shows a rest instead, while there is one.
#[component]
pub(crate) fn Elapsed(#[prop(optional)] rest: bool) -> impl IntoView {
    let training = use_training();
    let now = seconds();
    let text = Memo::new(move |_| {
        let now = now.get();
        training.sheet.with(|sheet| {
            let sheet = sheet.as_ref()?;
            Some(match sheet.rest_ends_ms.filter(|ends| rest && now < *ends) {
                Some(ends) => m::workout::rest(&words::clock(ends - now + 999)),
                None => words::clock(now - sheet.started_ms),
            })
        })
    });
    view! { <span class="elapsed">{text}</span> }
}

#[component]
pub(crate) fn Workout() -> impl IntoView {
    let (training, router) = (use_training(), use_router());
    let picking = RwSignal::new(false);
    // Which cell the keypad has: exercise, set, cell.
    let editing = RwSignal::new(None::<(usize, usize, Cell)>);
    let more = RwSignal::new(None::<More>);
    let panel = NodeRef::<leptos::html::Section>::new();
    Effect::new(move |_| {
        if let Some(panel) = panel.get() {
            let _ = panel.focus();
        }
    });
    let exercises = Memo::new(move |_| training.sheet.with(|sheet| sheet.as_ref().map_or(0, |sheet| sheet.exercises.len())));
    let current = Memo::new(move |_| training.sheet.with(|sheet| sheet.as_ref().map_or(0, |sheet| sheet.current)));
    let finish = move |_| {
        training.finish(move |id| router.go(Route::Workout(id)));
    };
    view! {
        <section class="workout" role="dialog" aria-modal="true" aria-label=m::WORKOUT tabindex="-1" node_ref=panel>
            <header class="bar">
                <button class="iconic" aria-label=m::workout::FOLD data-test="fold" on:click=move |_| training.open.set(false)><Glyph icon=Icon::Down/></button>
                <h1>{move || training.sheet.with(|sheet| sheet.as_ref().map(|sheet| if sheet.name.is_empty() { m::WORKOUT.to_owned() } else { sheet.name.clone() }))}</h1>
                <Elapsed/>
                <button class="plain strong" data-test="finish" on:click=finish>{m::workout::FINISH}</button>
            </header>
            <crate::shell::Problems/>
            <div class="chips">
            <div class="chip-list" role="tablist" aria-label=m::workout::EXERCISES>
                {move || (0..exercises.get()).map(|at| {
                    let label = move || training.sheet.with(|sheet| sheet.as_ref().and_then(|sheet| sheet.exercises.get(at)).map(|exercise| {
                        let done = exercise.sets.iter().filter(|set| set.done).count();
                        (short(&exercise.name), done, exercise.sets.len())
                    }));
                    view! {
                        <button class="chip" role="tab" aria-selected=move || (current.get() == at).to_string()
                            class:complete=move || label().is_some_and(|(_, done, all)| 0 < all && done == all)
                            on:click=move |_| training.change(|sheet| sheet.current = at)>
                            {move || label().map(|(name, done, all)| view! { {name} <span class="quiet">{format!("{done}/{all}")}</span> })}
                        </button>
                    }
                }).collect_view()}
                </div>
            <button class="chip add" data-test="add-exercise" on:click=move |_| picking.set(true)><Glyph icon=Icon::Plus/>{m::workout::EXERCISE}</button>
            </div>
            <div class="workout-body">
                <Show when=move || exercises.get() == 0>
                    <div class="empty">
                        <p>{m::workout::EMPTY}</p>
                        <button class="primary" on:click=move |_| picking.set(true)>{m::workout::ADD_EXERCISE}</button>
                        <button class="plain danger" on:click=move |_| training.discard()>{m::workout::DISCARD}</button>
                    </div>
                </Show>
                {move || (0 < exercises.get()).then(|| view! { <Exercise at=current.get() editing more/> })}
            </div>
            <Rest/>
            <Show when=move || picking.get()>
                <Picker on_close=Callback::new(move |()| picking.set(false))/>
            </Show>
            {move || editing.get().map(|(at, nth, cell)| view! { <Keypad at nth cell editing/> })}
            {move || more.get().map(|what| view! { <Menu what more/> })}
        </section>
    }
}

/// `Bench Press (Barbell)` is `Bench Press` on a chip.
fn short(name: &str) -> String {
    words::one_line(name.split(" (").next().unwrap_or(name), 18)
}

#[component]
fn Exercise(at: usize, editing: RwSignal<Option<(usize, usize, Cell)>>, more: RwSignal<Option<More>>) -> impl IntoView {
    let training = use_training();
    let exercise =
        Memo::new(move |_| training.sheet.with(|sheet| sheet.as_ref().and_then(|sheet| sheet.exercises.get(at).cloned())));
    let head = Memo::new(move |_| {
        exercise.with(|exercise| {
            exercise
                .as_ref()
                .map(|exercise| (exercise.name.clone(), exercise.last.clone(), exercise.unit.clone(), exercise.tracking.clone()))
        })
    });
    let rows = Memo::new(move |_| exercise.with(|exercise| exercise.as_ref().map_or(0, |exercise| exercise.sets.len())));
    view! {
        {move || head.get().map(|(name, last, unit, tracking)| {
            let columns = cells(&tracking);
            view! {
                <div class="exercise-head">
                    <h2>{name}</h2>
                    <button class="iconic" aria-label=m::workout::MORE data-test="more" on:click=move |_| more.set(Some(More::Exercise(at)))><Glyph icon=Icon::More/></button>
                </div>
                <p class="quiet last">{if last.is_empty() { m::workout::FIRST_TIME.to_owned() } else { m::workout::last(&last) }}</p>
                <div class="sets" role="table" aria-label=m::SETS>
                    <div class="set head" role="row">
                        <span role="columnheader">{m::workout::SET}</span>
                        <span role="columnheader">{m::workout::PREVIOUS}</span>
                        {columns.iter().map(|cell| view! { <span role="columnheader">{heading(*cell, &unit, &tracking)}</span> }).collect_view()}
                        <span role="columnheader" class="hidden">{m::workout::DONE}</span>
                    </div>
                    {move || (0..rows.get()).map(|nth| view! { <SetRow at nth columns editing/> }).collect_view()}
                </div>
                <div class="under-sets">
                    <button class="plain" data-test="add-set" on:click=move |_| training.add_set(at)>{m::workout::ADD_SET}</button>
                    <button class="plain" data-test="add-note" on:click=move |_| more.set(Some(More::Note))>{m::NOTE}</button>
                </div>
                {move || training.sheet.with(|sheet| sheet.as_ref().map(|sheet| sheet.note.clone()).filter(|note| !note.is_empty())).map(|note| view! {
                    <p class="note">{note}</p>
                })}
            }
        })}
    }
}

fn heading(cell: Cell, unit: &str, tracking: &str) -> String {
    match cell {
        Cell::Load => unit.to_owned(),
        Cell::Reps => m::REPS.to_owned(),
        Cell::Rpe => m::RPE.to_owned(),
        Cell::Amount if tracking.contains("distance") => m::workout::METRES.to_owned(),
        Cell::Amount => m::SECONDS.to_owned(),
    }
}

/// A cell's name before what it holds.
fn spoken(cell: Cell) -> &'static str {
    match cell {
        Cell::Load => m::LOAD,
        Cell::Reps => m::REPS,
        Cell::Rpe => m::workout::RPE_SPOKEN,
        Cell::Amount => m::AMOUNT,
    }
}

/// A set's kind by its name; a kind that has none is said as it stands.
fn kind_name(kind: &str) -> &str {
    match kind {
        "normal" => m::workout::NORMAL,
        "warmup" => m::workout::WARMUP,
        "drop" => m::workout::DROP,
        "failure" => m::workout::FAILURE,
        other => other,
    }
}

#[component]
fn SetRow(at: usize, nth: usize, columns: &'static [Cell], editing: RwSignal<Option<(usize, usize, Cell)>>) -> impl IntoView {
    let training = use_training();
    let set = Memo::new(move |_| {
        training
            .sheet
            .with(|sheet| {
                sheet.as_ref().and_then(|sheet| sheet.exercises.get(at)).and_then(|exercise| exercise.sets.get(nth).cloned())
            })
            .unwrap_or_default()
    });
    let done = Memo::new(move |_| set.with(|set| set.done));
    // The row that is next: the first that is not done.
    let next = Memo::new(move |_| {
        training.sheet.with(|sheet| {
            let sets = sheet.as_ref().and_then(|sheet| sheet.exercises.get(at)).map(|exercise| &exercise.sets);
            sets.and_then(|sets| sets.iter().position(|set| !set.done)) == Some(nth)
        })
    });
    let saving = move || training.pending.with(|pending| set.with(|set| pending.contains(&set.set_id)));
    let number = move || {
        training.sheet.with(|sheet| {
            let sets = sheet.as_ref().and_then(|sheet| sheet.exercises.get(at)).map(|exercise| &exercise.sets);
            sets.map_or(0, |sets| set_number(sets, nth))
        })
    };
    let kind = move || {
        set.with(|set| match set.kind.as_str() {
            "warmup" => m::WARMUP_LETTER.to_owned(),
            "drop" => m::DROP_LETTER.to_owned(),
            "failure" => m::FAILURE_LETTER.to_owned(),
            _ => number().to_string(),
        })
    };
    let name = move || {
        set.with(|set| {
            m::workout::row(
                nth + 1,
                if set.load.is_empty() { m::workout::NO_LOAD } else { &set.load },
                if set.reps.is_empty() { &set.amount } else { &set.reps },
            )
        })
    };
    let drag = StoredValue::new(None::<i32>);
    view! {
        <div class="set" role="row" class:done=done class:next=next
            on:touchstart=move |event| drag.set_value(event.touches().get(0).map(|touch| touch.client_x()))
            on:touchend=move |event| {
                let moved = drag.get_value().zip(event.changed_touches().get(0)).map(|(from, touch)| touch.client_x() - from);
                match moved {
                    Some(by) if by < -80 => training.remove_set(at, nth),
                    Some(by) if 80 < by => training.next_kind(at, nth),
                    _ => {}
                }
            }
            on:keydown=move |event| if event.key() == "Delete" { training.remove_set(at, nth) }>
            <span role="cell"><button class="kind" aria-label=move || set.with(|set| m::workout::kind_of_set(nth + 1, kind_name(&set.kind))) on:click=move |_| training.next_kind(at, nth)>{kind}</button></span>
            <span role="cell" class="previous">{move || set.with(|set| set.previous.clone())}</span>
            {columns.iter().map(|cell| {
                let cell = *cell;
                view! {
                    <span role="cell"><button
                        class="cell" class:editing=move || editing.get() == Some((at, nth, cell))
                        data-test=format!("cell-{nth}-{cell:?}").to_lowercase()
                                                on:click=move |_| editing.set(Some((at, nth, cell)))
                    ><span class="hidden">{m::workout::cell_of_set(spoken(cell), nth + 1)}</span>{move || set.with(|set| match cell.text(set) {
                        text if text.is_empty() => "–".to_owned(),
                        text => text,
                    })}</button></span>
                }
            }).collect_view()}
            <span role="cell"><button
                class="tick" role="checkbox" aria-checked=move || done.get().to_string() aria-label=name class:saving=saving
                data-test=format!("tick-{nth}") on:click=move |_| training.tick(at, nth)
            ><Glyph icon=Icon::Tick/></button></span>
        </div>
    }
}

/// What is done seldom, behind the three dots.
#[component]
fn Menu(what: More, more: RwSignal<Option<More>>) -> impl IntoView {
    let training = use_training();
    let close = Callback::new(move |()| more.set(None));
    match what {
        More::Exercise(at) => {
            let act = move |act: &dyn Fn()| {
                more.set(None);
                act();
            };
            view! {
                <BottomSheet label=m::workout::MORE on_close=close>
                    <ul class="list flat">
                        <li><button class="row" data-test="add-warmups" on:click=move |_| act(&|| training.add_warmups(at))>
                            <span class="row-main"><strong>{m::workout::ADD_WARMUPS}</strong><span class="quiet">{m::workout::WARMUPS_HINT}</span></span>
                        </button></li>
                        <li><button class="row danger" data-test="remove-exercise" on:click=move |_| act(&|| training.remove_exercise(at))>
                            <span class="row-main"><strong>{m::workout::REMOVE_EXERCISE}</strong></span><Glyph icon=Icon::Trash/>
                        </button></li>
                    </ul>
                    <button class="plain wide" on:click=move |_| more.set(None)>{m::CLOSE}</button>
                </BottomSheet>
            }
            .into_any()
        }
        More::Note => {
            let text = training.sheet.with_untracked(|sheet| sheet.as_ref().map(|sheet| sheet.note.clone()).unwrap_or_default());
            view! {
                <BottomSheet label=m::workout::NOTE on_close=close>
                    <div class="stack">
                        <label>{m::workout::NOTE}<textarea rows="4" maxlength="4000" data-test="note" prop:value=text
                            on:input=move |event| training.note(event_target_value(&event))></textarea></label>
                        <button class="primary" data-test="note-done" on:click=move |_| more.set(None)>{m::workout::NOTE_DONE}</button>
                    </div>
                </BottomSheet>
            }
            .into_any()
        }
    }
}

/// The rest, by the wall clock: it goes on while the phone sleeps.
#[component]
fn Rest() -> impl IntoView {
    let training = use_training();
    let now = seconds();
    let left = Memo::new(move |_| {
        let now = now.get();
        training.sheet.with(|sheet| sheet.as_ref().and_then(|sheet| Some((sheet.rest_ends_ms? - now, sheet.rest_ms))))
    });
    let shift = move |by: i64| training.change(|sheet| sheet.rest_ends_ms = sheet.rest_ends_ms.map(|ends| ends + by));
    Effect::new(move |before: Option<bool>| {
        let resting = left.get().is_some_and(|(left, _)| 0 < left);
        if before == Some(true) && !resting {
            let _ = window().navigator().vibrate_with_duration(200);
        }
        resting
    });
    view! {
        {move || left.get().filter(|(left, _)| -60_000 < *left).map(|(left, all)| {
            let over = left <= 0;
            view! {
                <div class="rest" class:over=over role="timer" aria-label=m::workout::REST>
                    <span class="rest-time">{if over { m::workout::rest_over(&words::clock(-left)) } else { words::clock(left + 999) }}</span>
                    <progress max=all value=left.max(0) aria-hidden="true"></progress>
                    <button on:click=move |_| shift(-15_000)>"−15"</button>
                    <button on:click=move |_| shift(15_000)>"+15"</button>
                    <button on:click=move |_| training.change(|sheet| sheet.rest_ends_ms = None)>{m::workout::SKIP}</button>
                </div>
            }
        })}
    }
}
