//! Today: what is next, this week, the last workout beside the one before, body weight.

use bridge::{OpenWorkout, TrainingDay, Weighing, WorkoutLine};
use ledger::BODY_WEIGHT_G;
use leptos::prelude::*;

use crate::{
    actions,
    clock::{now_ms, today},
    hub::{keep_ms, kept_ms, use_hub},
    icons::{Glyph, Icon},
    messages as m,
    parts::{Empty, Figure, Header, Skeleton, use_settings},
    route::{Route, use_router},
    screens::{storage::BACKUP_MADE, workout::Resume},
    training::use_training,
    words,
};

#[component]
pub(crate) fn Today() -> impl IntoView {
    let (hub, router, training, settings) = (use_hub(), use_router(), use_training(), use_settings());
    let workouts = hub.watch::<WorkoutLine>(|| vec![("before_ms", crate::clock::FAR_MS.into()), ("limit", BACKUP_FROM.into())]);
    let open = hub.watch::<OpenWorkout>(Vec::new);
    let lost = move || {
        let none = training.sheet.with(Option::is_none);
        open.with(|open| open.as_ref().and_then(|open| open.first().cloned())).filter(|_| none)
    };
    let start = move |_| training.start("");
    let last = move || workouts.with(|rows| rows.as_ref().and_then(|rows| rows.first().cloned()));
    let before = move || workouts.with(|rows| rows.as_ref().and_then(|rows| rows.get(1).cloned()));
    view! {
        <Header title=Signal::derive(|| m::today::TITLE.to_owned())/>
        <Week/>
        {move || lost().map(|workout| {
            let name = workout.name.clone().unwrap_or_default();
            view! {
                <section class="card">
                    <h2>{m::today::STILL_OPEN}</h2>
                    <p class="quiet">{m::today::started(&words::day(words::day_of(workout.started_ms, workout.offset_min), today()))}</p>
                    <button class="primary" on:click=move |_| training.resume(&workout.workout_id, &name, workout.started_ms)>{m::today::GO_ON}</button>
                </section>
            }
        })}
        <Show when=move || workouts.with(Option::is_none)><Skeleton lines=3/></Show>
        {move || last().map(|line| {
            let lb = settings.lb();
            let (volume, unit) = words::volume(line.volume_g, lb);
            let id = line.workout_id.clone();
            // Push is compared with push: another kind of workout says nothing about this one.
            let change = before().filter(|before| before.name == line.name).map(|before| compare(line.volume_g, before.volume_g));
            view! {
                <section class="card" aria-labelledby="last-workout">
                    <p class="eyebrow">{m::today::last_workout(&words::day(words::day_of(line.started_ms, line.offset_min), today()))}</p>
                    <h2 id="last-workout">{line.name.clone().unwrap_or_else(|| m::WORKOUT.to_owned())}</h2>
                    <dl class="figures">
                        {(0 < line.volume_g).then(|| view! { <div><dt>{m::VOLUME}</dt><dd><Figure value=volume unit=unit/></dd></div> })}
                        <div><dt>{m::SETS}</dt><dd>{line.sets}</dd></div>
                        <div><dt>{m::RECORDS}</dt><dd>{line.records}</dd></div>
                    </dl>
                    {change.filter(|_| 0 < line.volume_g).map(|change| view! { <p class="quiet">{change}</p> })}
                    <Resume workout_id=id.clone() name=line.name.clone() started_ms=line.started_ms finished_ms=line.finished_ms/>
                    <button class="plain" on:click=move |_| router.go(Route::Workout(id.clone()))>{m::today::SEE_IT}</button>
                </section>
            }
        })}
        <Show when=move || workouts.with(|rows| rows.as_ref().is_some_and(Vec::is_empty)) && training.sheet.with(Option::is_none)>
            <Empty text=m::today::EMPTY>
                <button class="plain" on:click=move |_| router.go(Route::Import)>{m::BRING_HISTORY}</button>
            </Empty>
        </Show>
        <BackupCard workouts=Signal::derive(move || workouts.with(|rows| rows.as_ref().map_or(0, |rows| rows.len() as i64)))/>
        <BodyWeightCard/>
        // While a workout goes on, its bar is the way back into it.
        <Show when=move || training.sheet.with(Option::is_none)>
            <div class="thumb">
                <button class="primary wide" data-test="start-workout" disabled=move || training.wanted.with(Option::is_some) on:click=start>{m::today::START}</button>
            </div>
        </Show>
    }
}

/// Workouts from which on there is something to lose, and how long a backup, or a word of it, holds.
const BACKUP_FROM: i64 = 5;
const BACKUP_HOLDS_MS: i64 = 30 * 24 * 60 * 60 * 1000;
const BACKUP_LATER: &str = "spotter.backup-later";

/// What no server keeps is reminded of, until there is a backup or somebody does not want to hear of it now.
#[component]
fn BackupCard(workouts: Signal<i64>) -> impl IntoView {
    let (hub, router) = (use_hub(), use_router());
    let now = now_ms();
    let recent = |at: Option<i64>| at.is_some_and(|at| now < at + BACKUP_HOLDS_MS);
    let quiet = RwSignal::new(recent(kept_ms(BACKUP_MADE)) || recent(kept_ms(BACKUP_LATER)));
    let alone = move || hub.sync_known.get() && hub.sync.with(|sync| sync.account.is_none());
    let stored = move || hub.profile.with(|profile| profile.as_ref().is_some_and(|profile| !profile.memory_only));
    let later = move |_| {
        keep_ms(BACKUP_LATER, now);
        quiet.set(true);
    };
    view! {
        <Show when=move || !quiet.get() && BACKUP_FROM <= workouts.get() && alone() && stored()>
            <section class="card" data-test="backup-reminder">
                <h2>{m::today::ONLY_HERE}</h2>
                <p class="quiet">{m::today::BACKUP_WHY}</p>
                <div class="buttons">
                    <button class="plain" on:click=move |_| router.go(Route::Storage)>{m::storage::EXPORT_ARCHIVE}</button>
                    <button class="plain" data-test="backup-later" on:click=later>{m::today::LATER}</button>
                </div>
            </section>
        </Show>
    }
}

fn compare(now: i64, before: i64) -> String {
    if before <= 0 {
        return m::today::NOTHING_TO_COMPARE.to_owned();
    }
    let percent = (now - before) * 100 / before;
    match percent {
        0 => m::today::AS_MUCH.to_owned(),
        percent if 0 < percent => m::today::more(percent),
        percent => m::today::less(-percent),
    }
}

#[component]
fn Week() -> impl IntoView {
    let settings = use_settings();
    let now = today();
    let first = move || now - (now + 3 - (settings.week_start() - 1)).rem_euclid(7);
    let days = use_hub().watch::<TrainingDay>(move || {
        let first = now - 7;
        vec![("from", words::iso(first).as_str().into()), ("to", words::iso(now + 7).as_str().into())]
    });
    view! {
        <ol class="week" aria-label=m::today::THIS_WEEK>
            {move || (0..7).map(|nth| {
                let day = first() + nth;
                let trained = days.with(|days| days.iter().flatten().any(|row| row.workout_date == day));
                let date = words::date_of(day);
                let weekday = words::weekday(date);
                view! {
                    <li class:trained=trained class:now=day == now aria-label=if trained { m::today::trained(weekday) } else { weekday.to_owned() }>
                        <span aria-hidden="true">{words::short_weekday(date).chars().next().map(String::from)}</span>
                        <span class="dot" aria-hidden="true">{date.format("%-d").to_string()}</span>
                    </li>
                }
            }).collect_view()}
        </ol>
    }
}

#[component]
fn BodyWeightCard() -> impl IntoView {
    let (hub, settings) = (use_hub(), use_settings());
    let weighings = hub.watch::<Weighing>(|| vec![("limit", 2.into())]);
    let typed = RwSignal::new(String::new());
    let wrong = RwSignal::new(None::<String>);
    let log = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        let lb = settings.lb();
        let (least, most) = BODY_WEIGHT_G;
        let Some(weight_g) = words::grams(&typed.get_untracked(), lb).filter(|weight| (least..=most).contains(weight)) else {
            wrong.set(Some(m::wrong::body_weight(&words::with_unit(least, lb), &words::with_unit(most, lb))));
            return;
        };
        actions::person::weigh(hub, weight_g, lb, move || _ = typed.try_set(String::new()));
    };
    view! {
        <section class="card slim">
            <form class="inline" on:submit=log>
                <label for="body-weight">{m::today::BODY_WEIGHT}</label>
                <span class="quiet">{move || weighings.with(|rows| rows.as_ref()?.first().map(|row| words::with_unit(row.weight_g, settings.lb())))}</span>
                <input id="body-weight" inputmode="decimal" autocomplete="off" enterkeyhint="done" placeholder=move || words::unit(settings.lb())
                    aria-describedby="body-weight-wrong" aria-invalid=move || wrong.with(Option::is_some).to_string()
                    prop:value=move || typed.get() on:input=move |event| {
                        wrong.set(None);
                        typed.set(event_target_value(&event));
                    }/>
                <button class="iconic" aria-label=m::today::SAVE_BODY_WEIGHT><Glyph icon=Icon::Plus/></button>
            </form>
            <p class="wrong" id="body-weight-wrong" role="alert">{wrong}</p>
        </section>
    }
}
