//! The active workout: exercise chips, the set table, the rest bar, finish. One tap logs a set.

use bridge::{SheetExercise, Weighing};
use gloo::timers::callback::Interval;
use ledger::{LoadMode, SetKind, Tracking};
use leptos::prelude::*;

use super::{
    keypad::{Keypad, spoken},
    picker::{Picked, Picker},
};
use crate::{
    clock::{now_ms, offset_min, today},
    hub::use_hub,
    icons::{Glyph, Icon},
    messages as m,
    parts::{BottomSheet, use_settings},
    problems::Problems,
    reactive::{effect, memo},
    route::{Route, use_router},
    sheet::{Cell, before_text, cells, in_km, in_lb, last_text, rest_ended, rest_left, set_number, unticked},
    training::{RESUME_MS, use_training},
    words,
};

/// What the sheet of the three dots is open for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum More {
    Workout,
    Exercise(usize),
    /// Of one set: what kind it is.
    Set(usize, usize),
    /// Sets are left that nobody ticked.
    Finish,
}

/// A second hand for whoever shows one. It says when to look; whoever shows a time reads the clock itself.
fn seconds() -> ReadSignal<i64> {
    let (now, set_now) = signal(now_ms());
    let tick = Interval::new(500, move || _ = set_now.try_set(now_ms()));
    let tick = StoredValue::new_local(Some(tick));
    on_cleanup(move || tick.update_value(|tick| _ = tick.take()));
    now
}

/// How long the workout has been going on. In its folded bar, which is there as long as it goes on: the rest, while there
/// is one, and the signal that it is over.
#[component]
pub(crate) fn Elapsed(#[prop(optional)] rest: bool) -> impl IntoView {
    let training = use_training();
    let beat = seconds();
    let text = memo(move || {
        beat.track();
        let now = now_ms();
        training.sheet.with(|sheet| {
            let sheet = sheet.as_ref()?;
            Some(match sheet.rest_ends_ms.filter(|ends| rest && now < *ends) {
                Some(ends) => m::workout::rest(&words::clock(rest_left(ends, now) * 1000)),
                None => words::clock(now - sheet.started_ms),
            })
        })
    });
    if rest {
        Effect::new(move |seen: Option<Option<i64>>| {
            beat.track();
            let (now, ends) = (now_ms(), training.sheet.with(|sheet| sheet.as_ref().and_then(|sheet| sheet.rest_ends_ms)));
            if rest_ended(seen.flatten(), ends, now) {
                let _ = window().navigator().vibrate_with_duration(200);
            }
            ends.filter(|ends| now < *ends)
        });
    }
    view! { <span class="elapsed">{text}</span> }
}

/// A workout that was finished a moment ago is gone on with.
#[component]
pub(crate) fn Resume(workout_id: String, name: Option<String>, started_ms: i64, finished_ms: Option<i64>) -> impl IntoView {
    let training = use_training();
    let beat = seconds();
    let shown = memo(move || {
        beat.track();
        training.sheet.with(Option::is_none) && finished_ms.is_some_and(|finished| now_ms() < finished + RESUME_MS)
    });
    let name = name.unwrap_or_default();
    view! {
        {move || shown.get().then(|| {
            let (workout_id, name) = (workout_id.clone(), name.clone());
            view! { <button class="plain" data-test="resume" on:click=move |_| training.resume(&workout_id, &name, started_ms)>{m::training::RESUME}</button> }
        })}
    }
}

#[component]
pub(crate) fn Workout() -> impl IntoView {
    let (training, router) = (use_training(), use_router());
    router.over(Callback::new(move |()| training.open.set(false)));
    let picking = RwSignal::new(false);
    let more = RwSignal::new(None::<More>);
    let panel = NodeRef::<leptos::html::Section>::new();
    effect(move || {
        if let Some(panel) = panel.get() {
            let _ = panel.focus();
        }
    });
    on_cleanup(move || training.type_at(None, None));
    let exercises = memo(move || training.sheet.with(|sheet| sheet.as_ref().map_or(0, |sheet| sheet.exercises.len())));
    let current = memo(move || training.sheet.with(|sheet| sheet.as_ref().map_or(0, |sheet| sheet.current)));
    // The chip of the exercise in front is in sight.
    effect(move || {
        current.track();
        exercises.track();
        request_animation_frame(|| {
            if let Ok(Some(chip)) = document().query_selector(".chip[aria-selected=true]") {
                let options = web_sys::ScrollIntoViewOptions::new();
                options.set_inline(web_sys::ScrollLogicalPosition::Nearest);
                options.set_block(web_sys::ScrollLogicalPosition::Nearest);
                chip.scroll_into_view_with_scroll_into_view_options(&options);
            }
        });
    });
    let done = Callback::new(move |()| training.finish(move |id| router.go(Route::Workout(id))));
    let finish = move |_| match training.sheet.with_untracked(|sheet| sheet.as_ref().map_or(0, unticked)) {
        0 => done.run(()),
        _ => more.set(Some(More::Finish)),
    };
    view! {
        <section class="workout" role="dialog" aria-modal="true" aria-label=m::WORKOUT tabindex="-1" node_ref=panel>
            <header class="bar">
                <button class="iconic" aria-label=m::workout::FOLD data-test="fold" on:click=move |_| training.open.set(false)><Glyph icon=Icon::Down/></button>
                <h1>{move || training.sheet.with(|sheet| sheet.as_ref().map(|sheet| if sheet.name.is_empty() { m::WORKOUT.to_owned() } else { sheet.name.clone() }))}</h1>
                <Elapsed/>
                <button class="iconic" aria-label=m::workout::MORE_OF_WORKOUT data-test="workout-more" on:click=move |_| more.set(Some(More::Workout))><Glyph icon=Icon::More/></button>
                <button class="plain strong" data-test="finish" on:click=finish>{m::workout::FINISH}</button>
            </header>
            <Problems/>
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
                            on:click=move |_| {
                                training.type_at(None, None);
                                training.change(|sheet| sheet.current = at);
                            }>
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
                {move || (0 < exercises.get()).then(|| view! { <Exercise at=current.get() more/> })}
            </div>
            <Rest/>
            <Show when=move || picking.get()>
                <Picker
                    on_close=Callback::new(move |()| picking.set(false))
                    on_pick=Callback::new(move |it: Picked| training.add_exercise(&it.exercise_id, &it.name, &it.load_mode, &it.tracking))
                />
            </Show>
            // Under another sheet it would take the keys that are typed there.
            {move || training.pad.get().filter(|_| !picking.get() && more.with(Option::is_none)).map(|place| view! { <Keypad place/> })}
            {move || more.get().map(|what| view! { <Menu what more done/> })}
        </section>
    }
}

/// `Bench Press (Barbell)` is `Bench Press` on a chip.
fn short(name: &str) -> String {
    words::one_line(name.split(" (").next().unwrap_or(name), 18)
}

#[component]
fn Exercise(at: usize, more: RwSignal<Option<More>>) -> impl IntoView {
    let (training, settings) = (use_training(), use_settings());
    let weighings = use_hub().watch::<Weighing>(|| vec![("limit", 1.into())]);
    let exercise = memo(move || training.sheet.with(|sheet| sheet.as_ref().and_then(|sheet| sheet.exercises.get(at).cloned())));
    let head = memo(move || {
        exercise.with(|exercise| {
            exercise
                .as_ref()
                .map(|it| (it.name.clone(), last_text(it, today()), words::unit(in_lb(it.unit)), it.tracking, it.load_mode))
        })
    });
    let rows = memo(move || exercise.with(|exercise| exercise.as_ref().map_or(0, |exercise| exercise.sets.len())));
    // Of an exercise that somebody has begun.
    let unused = memo(move || {
        let left = exercise.with(|it| it.as_ref().map_or(0, |it| it.sets.iter().filter(|set| !set.done).count()));
        if left < rows.get() { left } else { 0 }
    });
    view! {
        {move || head.get().map(|(name, last, unit, tracking, load_mode)| {
            let columns = cells(tracking);
            let sign = match load_mode {
                LoadMode::Bodyweight => "+",
                LoadMode::Assisted => "−",
                LoadMode::External | LoadMode::None => "",
            };
            let weight = move || (!sign.is_empty()).then(|| weighings.get()).flatten().map(|rows| match rows.first() {
                Some(row) => m::workout::body_weight(&words::with_unit(row.weight_g, settings.lb())),
                None => m::workout::WEIGHT_UNKNOWN.to_owned(),
            });
            view! {
                <div class="exercise-head">
                    <h2>{name}</h2>
                    <button class="iconic" aria-label=m::workout::MORE data-test="more" on:click=move |_| more.set(Some(More::Exercise(at)))><Glyph icon=Icon::More/></button>
                </div>
                <p class="quiet" data-test="body-weight-known">{weight}</p>
                <p class="quiet last">{if last.is_empty() { m::workout::FIRST_TIME.to_owned() } else { m::workout::last(&last) }}</p>
                <div class="sets" role="table" aria-label=m::SETS>
                    <div class="set head" role="row">
                        <span role="columnheader">{m::workout::SET}</span>
                        <span role="columnheader">{m::workout::PREVIOUS}</span>
                        {columns.iter().map(|cell| view! { <span role="columnheader">{heading(*cell, sign, unit, tracking)}</span> }).collect_view()}
                        <span role="columnheader" class="hidden">{m::workout::DONE}</span>
                    </div>
                    {move || (0..rows.get()).map(|nth| view! { <SetRow at nth columns more/> }).collect_view()}
                </div>
                <div class="under-sets">
                    <button class="plain" data-test="add-set" on:click=move |_| training.add_set(at)>{m::workout::ADD_SET}</button>
                    {move || (0 < unused.get()).then(|| view! {
                        <button class="plain" data-test="leave-out" on:click=move |_| training.leave_out(at)>{m::workout::leave_out(unused.get() as i64)}</button>
                    })}
                </div>
                {move || training.sheet.with(|sheet| sheet.as_ref().map(|sheet| sheet.note.clone()).filter(|note| !note.is_empty())).map(|note| view! {
                    <p class="note">{note}</p>
                })}
            }
        })}
    }
}

fn heading(cell: Cell, sign: &str, unit: &str, tracking: Tracking) -> String {
    match cell {
        Cell::Load => format!("{sign}{unit}"),
        Cell::Reps => m::REPS.to_owned(),
        Cell::Rpe => m::RPE.to_owned(),
        Cell::Time => m::TIME.to_owned(),
        Cell::Distance => if in_km(tracking) { m::units::KM } else { m::units::METRES }.to_owned(),
    }
}

const KINDS: [SetKind; 4] = [SetKind::Normal, SetKind::Warmup, SetKind::Drop, SetKind::Failure];

fn kind_name(kind: SetKind) -> &'static str {
    match kind {
        SetKind::Normal => m::workout::NORMAL,
        SetKind::Warmup => m::workout::WARMUP,
        SetKind::Drop => m::workout::DROP,
        SetKind::Failure => m::workout::FAILURE,
    }
}

#[component]
fn SetRow(at: usize, nth: usize, columns: &'static [Cell], more: RwSignal<Option<More>>) -> impl IntoView {
    let training = use_training();
    let set = memo(move || {
        training
            .sheet
            .with(|sheet| {
                sheet.as_ref().and_then(|sheet| sheet.exercises.get(at)).and_then(|exercise| exercise.sets.get(nth).cloned())
            })
            .unwrap_or_default()
    });
    let done = memo(move || set.with(|set| set.done));
    // The row that is next: the first that is not done.
    let next = memo(move || {
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
        set.with(|set| match set.kind {
            SetKind::Warmup => m::WARMUP_LETTER.to_owned(),
            SetKind::Drop => m::DROP_LETTER.to_owned(),
            SetKind::Failure => m::FAILURE_LETTER.to_owned(),
            SetKind::Normal => number().to_string(),
        })
    };
    let name = move || {
        set.with(|set| {
            m::workout::row(
                nth + 1,
                if set.load.is_empty() { m::workout::NO_LOAD } else { &set.load },
                [&set.reps, &set.time, &set.distance].into_iter().find(|text| !text.is_empty()).unwrap_or(&set.reps),
            )
        })
    };
    let before = memo(move || {
        training.sheet.with(|sheet| {
            let exercise: &SheetExercise = sheet.as_ref()?.exercises.get(at)?;
            Some(before_text(exercise.sets.get(nth)?, exercise))
        })
    });
    let drag = StoredValue::new(None::<(i32, i32)>);
    view! {
        <div class="set" role="row" class:done=done class:next=next
            on:touchstart=move |event| drag.set_value(event.touches().get(0).map(|touch| (touch.client_x(), touch.client_y())))
            on:touchend=move |event| {
                // Well to the left, and not while somebody scrolls.
                let swiped = drag.get_value().zip(event.changed_touches().get(0)).is_some_and(|((x, y), touch)| {
                    touch.client_x() - x < -100 && (touch.client_y() - y).abs() < 40
                });
                if swiped {
                    training.remove_set(at, nth);
                }
            }
            on:keydown=move |event| if event.key() == "Delete" { training.remove_set(at, nth) }>
            <span role="cell"><button class="kind" aria-label=move || set.with(|set| m::workout::kind_of_set(nth + 1, kind_name(set.kind))) on:click=move |_| more.set(Some(More::Set(at, nth)))>{kind}</button></span>
            <span role="cell" class="previous">{before}</span>
            {columns.iter().map(|cell| {
                let cell = *cell;
                view! {
                    <span role="cell"><button
                        class="cell" class:editing=move || training.pad.get() == Some((at, nth, cell))
                        data-test=format!("cell-{nth}-{cell:?}").to_lowercase()
                        on:click=move |_| training.type_at(Some((at, nth, cell)), None)
                    ><span class="hidden">{m::workout::cell_of_set(if cell == Cell::Rpe { m::workout::RPE_SPOKEN } else { spoken(cell) }, nth + 1)}</span>{move || set.with(|set| match cell.text(set) {
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
fn Menu(what: More, more: RwSignal<Option<More>>, done: Callback<()>) -> impl IntoView {
    let training = use_training();
    let act = move |act: &dyn Fn()| {
        more.set(None);
        act();
    };
    let (label, content) = match what {
        More::Workout => (m::workout::MORE_OF_WORKOUT, view! { <About more/> }.into_any()),
        More::Exercise(at) => (m::workout::MORE, view! {
            <ul class="list flat">
                <li><button class="row" data-test="add-warmups" on:click=move |_| act(&|| training.add_warmups(at))>
                    <span class="row-main"><strong>{m::workout::ADD_WARMUPS}</strong><span class="quiet">{m::workout::WARMUPS_HINT}</span></span>
                </button></li>
                <li><button class="row danger" data-test="remove-exercise" on:click=move |_| act(&|| training.remove_exercise(at))>
                    <span class="row-main"><strong>{m::workout::REMOVE_EXERCISE}</strong></span><Glyph icon=Icon::Trash/>
                </button></li>
            </ul>
        }.into_any()),
        More::Set(at, nth) => (m::workout::SET, view! {
            <ul class="list flat">
                {KINDS.into_iter().map(|kind| view! {
                    <li><button class="row" data-test=format!("kind-{kind:?}").to_lowercase() on:click=move |_| act(&|| training.set_kind(at, nth, kind))>
                        <span class="row-main"><strong>{kind_name(kind)}</strong></span>
                    </button></li>
                }).collect_view()}
                <li><button class="row danger" data-test="remove-set" on:click=move |_| act(&|| training.remove_set(at, nth))>
                    <span class="row-main"><strong>{m::workout::REMOVE_SET}</strong></span><Glyph icon=Icon::Trash/>
                </button></li>
            </ul>
        }.into_any()),
        More::Finish => {
            let left = training.sheet.with_untracked(|sheet| sheet.as_ref().map_or(0, unticked));
            (m::workout::FINISH, view! {
                <h2>{m::workout::not_ticked(left as i64)}</h2>
                <p class="quiet">{m::workout::NOT_SAVED}</p>
                <button class="primary" data-test="finish-anyway" on:click=move |_| act(&|| done.run(()))>{m::workout::FINISH_ANYWAY}</button>
            }.into_any())
        }
    };
    view! {
        <BottomSheet label on_close=Callback::new(move |()| more.set(None))>
            {content}
            <button class="plain wide" data-test="menu-close" on:click=move |_| more.set(None)>{if what == More::Finish { m::workout::GO_ON } else { m::CLOSE }}</button>
        </BottomSheet>
    }
}

/// The workout's own fields, and the way out of it.
#[component]
fn About(more: RwSignal<Option<More>>) -> impl IntoView {
    let training = use_training();
    let (name, note, started_ms) = training.sheet.with_untracked(|sheet| {
        sheet.as_ref().map(|sheet| (sheet.name.clone(), sheet.note.clone(), sheet.started_ms)).unwrap_or_default()
    });
    let offset = i64::from(offset_min(started_ms));
    let shown = format!("{}T{}", words::iso(words::day_of(started_ms, offset)), words::time_of_day(started_ms, offset));
    let (name, started, wrong) = (RwSignal::new(name), RwSignal::new(shown.clone()), RwSignal::new(None));
    let save = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        // Its seconds stay when the minute was not touched.
        let text = started.get_untracked();
        let at = if text == shown { started_ms as f64 } else { js_sys::Date::parse(&text) };
        if !(0.0..=now_ms() as f64).contains(&at) {
            return wrong.set(Some(m::wrong::START));
        }
        training.describe(name.get_untracked().trim().to_owned(), at as i64);
        more.set(None);
    };
    view! {
        <form class="stack" on:submit=save>
            <label>{m::NAME}<input maxlength="200" autocomplete="off" data-test="workout-name" prop:value=name on:input=move |event| name.set(event_target_value(&event))/></label>
            <label>{m::workout::STARTED}<input type="datetime-local" required data-test="workout-start" prop:value=started on:input=move |event| {
                wrong.set(None);
                started.set(event_target_value(&event));
            }/></label>
            <p class="wrong" role="alert">{wrong}</p>
            <label>{m::workout::NOTE}<textarea rows="3" maxlength="4000" data-test="note" prop:value=note
                on:input=move |event| training.note(event_target_value(&event))></textarea></label>
            <button class="primary" data-test="workout-save">{m::SAVE}</button>
        </form>
        <button class="plain danger wide" data-test="discard" on:click=move |_| {
            more.set(None);
            training.discard();
        }><Glyph icon=Icon::Trash/>{m::workout::DISCARD}</button>
    }
}

/// The rest, by the wall clock: it goes on while the phone sleeps. Once over it is shown until the next set.
#[component]
fn Rest() -> impl IntoView {
    let training = use_training();
    let beat = seconds();
    let left = memo(move || {
        beat.track();
        training
            .sheet
            .with(|sheet| sheet.as_ref().and_then(|sheet| Some((rest_left(sheet.rest_ends_ms?, now_ms()), sheet.rest_ms / 1000))))
    });
    let shift = move |by: i64| training.change(|sheet| sheet.rest_ends_ms = sheet.rest_ends_ms.map(|ends| ends + by));
    view! {
        {move || left.get().map(|(left, all)| {
            let over = left <= 0;
            let clock = words::clock(left.abs() * 1000);
            view! {
                <div class="rest" class:over=over role="timer" aria-label=m::workout::REST>
                    <span class="rest-time">{if over { m::workout::rest_over(&clock) } else { clock }}</span>
                    <progress max=all value=left.max(0) aria-hidden="true"></progress>
                    <button on:click=move |_| shift(-15_000)>"−15"</button>
                    <button on:click=move |_| shift(15_000)>"+15"</button>
                    <button on:click=move |_| training.change(|sheet| sheet.rest_ends_ms = None)>{m::workout::SKIP}</button>
                </div>
            }
        })}
    }
}
