//! Import: choose a file, answer what it does not say, look at what would happen, import, undo later.

use bridge::{Choices, ImportPlan, UnitGuess};
use js_sys::Uint8Array;
use ledger::Unit;
use leptos::prelude::*;
use wasm_bindgen_futures::{JsFuture, spawn_local};

use crate::{
    clock::{now_ms, offset_min, today},
    hub::{ImportState, use_hub},
    messages as m,
    parts::{Figure, Header, Segments, use_settings},
    route::{Route, use_router},
    words,
};

#[component]
pub(crate) fn Import() -> impl IntoView {
    let (hub, router, settings) = (use_hub(), use_router(), use_settings());
    let file_name = RwSignal::new(String::new());
    let choices = RwSignal::new(Choices { now_ms: now_ms(), offset_min: offset_min(now_ms()), ..Choices::default() });
    if !matches!(hub.import.get_untracked(), ImportState::Running { .. }) {
        hub.import.set(ImportState::Idle);
    }
    let chosen = move |event: web_sys::Event| {
        let input: web_sys::HtmlInputElement = event_target(&event);
        let Some(file) = input.files().and_then(|files| files.get(0)) else { return };
        file_name.set(file.name());
        choices.update(|choices| (choices.unit, choices.names) = (None, Vec::new()));
        // The screen may be gone by the time it is read.
        let (name, chosen) = (file.name(), choices.get_untracked());
        spawn_local(async move {
            match JsFuture::from(file.array_buffer()).await {
                Ok(buffer) => hub.plan_import(name, chosen, Some(Uint8Array::new(&buffer))),
                Err(err) => hub.say(m::import::unreadable(&format!("{err:?}")), None),
            }
        });
    };
    let answer = move |edit: &dyn Fn(&mut Choices)| {
        choices.update(|choices| edit(choices));
        hub.plan_import(file_name.get_untracked(), choices.get_untracked(), None);
    };
    view! {
        <Header title=Signal::derive(|| m::import::TITLE.to_owned()) back=Route::Me/>
        {move || match hub.import.get() {
            ImportState::Idle => view! {
                <div class="empty">
                    <p>{m::import::HOW}</p>
                    <label class="primary file">{m::import::CHOOSE_FILE}<input type="file" accept=".csv,.zip,text/csv,application/zip" data-test="file" on:change=chosen/></label>
                </div>
            }.into_any(),
            ImportState::Reading => view! { <p role="status" class="quiet">{m::import::READING}</p> }.into_any(),
            ImportState::Planned(plan) => view! { <Preview plan=*plan choices answer=Callback::new(move |edit: Edit| answer(&*edit.0))/> }.into_any(),
            ImportState::Running { done, total } => view! {
                <section class="card">
                    <h2>{m::import::IMPORTING}</h2>
                    <progress max=total value=done aria-label=m::import::PROGRESS></progress>
                    <p class="quiet" role="status">{m::import::rows_saved(&words::thousands(done as i64), &words::thousands(total as i64))}</p>
                    <button class="plain" on:click=move |_| hub.cancel_import()>{m::import::STOP}</button>
                </section>
            }.into_any(),
            ImportState::Backup { rows, made_ms } => view! {
                <section class="card" data-test="backup">
                    <h2>{m::import::BACKUP}</h2>
                    <p>{m::import::backup(&words::thousands(rows as i64), &words::day(words::day_of(made_ms as i64, i64::from(offset_min(made_ms as i64))), today()))}</p>
                    <p class="quiet">{m::import::BACKUP_HINT}</p>
                    <button class="primary wide" data-test="run-import" on:click=move |_| hub.run_import()>{m::import::RESTORE}</button>
                </section>
            }.into_any(),
            ImportState::Restored { rows, cancelled } => view! {
                <section class="card" data-test="restored">
                    <h2>{if cancelled { m::import::STOPPED } else { m::import::RESTORED }}</h2>
                    <p>{m::import::restored(&words::thousands(rows as i64))}</p>
                    <button class="primary wide" data-test="to-progress" on:click=move |_| router.go(Route::Progress)>{m::import::SEE_PROGRESS}</button>
                </section>
            }.into_any(),
            ImportState::Done { sets, workouts, cancelled } => view! {
                <section class="card" data-test="imported">
                    <h2>{if cancelled { m::import::STOPPED } else { m::import::IMPORTED }}</h2>
                    <p>{if cancelled {
                        m::import::STOPPED_HINT.to_owned()
                    } else {
                        m::import::imported(sets as i64, workouts as i64)
                    }}</p>
                    <button class="primary wide" data-test="to-progress" on:click=move |_| router.go(Route::Progress)>{m::import::SEE_PROGRESS}</button>
                </section>
            }.into_any(),
            ImportState::Failed(problem) => view! {
                <section class="card" role="alert" data-test="import-failed">
                    <h2>{problem.happened}</h2>
                    <p>{problem.kept}</p>
                    <p>{problem.todo}</p>
                    <label class="primary file">{m::import::CHOOSE_OTHER}<input type="file" accept=".csv,.zip,text/csv,application/zip" data-test="file" on:change=chosen/></label>
                </section>
            }.into_any(),
        }}
        <p class="hidden">{move || settings.lb().to_string()}</p>
    }
}

/// A change of the answers.
#[derive(Clone)]
struct Edit(std::sync::Arc<dyn Fn(&mut Choices) + Send + Sync>);

#[component]
fn Preview(plan: ImportPlan, choices: RwSignal<Choices>, answer: Callback<Edit>) -> impl IntoView {
    let hub = use_hub();
    let unit = Signal::derive(move || {
        choices.with(|choices| {
            match choices.unit {
                Some(Unit::Kg) => "kg",
                Some(Unit::Lb) => "lb",
                None => "",
            }
            .to_owned()
        })
    });
    let distance = Signal::derive(move || choices.with(|choices| if choices.miles { "mi" } else { "km" }.to_owned()));
    let lb = move || choices.with(|choices| choices.unit == Some(Unit::Lb));
    let needs_unit = plan.unit == UnitGuess::Unknown;
    let ready = move || !needs_unit || choices.with(|choices| choices.unit.is_some());
    let open: Vec<_> = plan
        .names
        .iter()
        .filter(|name| {
            name.exercise_id.is_none()
                || choices.with_untracked(|choices| choices.names.iter().any(|(written, _)| *written == name.written))
        })
        .cloned()
        .collect();
    let fresh = plan.sets - plan.already_here;
    let pick = move |written: String, id: String| {
        answer.run(Edit(std::sync::Arc::new(move |choices: &mut Choices| {
            choices.names.retain(|(other, _)| *other != written);
            if id != "?" {
                choices.names.push((written.clone(), id.clone()));
            }
        })));
    };
    view! {
        <section class="card">
            <p class="eyebrow">{plan.format.clone()}</p>
            <h2>{plan.file_name.clone()}</h2>
            <dl class="figures">
                <div><dt>{m::WORKOUTS}</dt><dd data-test="plan-workouts">{words::thousands(plan.workouts as i64)}</dd></div>
                <div><dt>{m::SETS}</dt><dd data-test="plan-sets">{words::thousands(plan.sets as i64)}</dd></div>
                <div><dt>{m::import::LEFT_OUT}</dt><dd data-test="plan-rejected">{words::thousands(plan.rejected as i64)}</dd></div>
            </dl>
            <p class="quiet">{match (&plan.first_day, &plan.last_day) {
                (Some(first), Some(last)) => m::import::rows_read(first, last, &words::thousands(plan.rows_read as i64), &words::thousands(plan.rows_attached as i64)),
                _ => m::import::NO_SET.to_owned(),
            }}</p>
            {(0 < plan.already_here).then(|| view! { <p data-test="already">{m::import::already_here(plan.already_here as i64)}</p> })}
        </section>
        {needs_unit.then(|| view! {
            <section class="card">
                <h2>{m::import::WHICH_UNIT}</h2>
                <Segments label=m::import::UNIT_OF_LOADS options=&[("kg", m::units::KG), ("lb", m::units::LB)] value=unit on_pick=Callback::new(move |id: String| {
                    answer.run(Edit(std::sync::Arc::new(move |choices: &mut Choices| choices.unit = Some(if id == "lb" { Unit::Lb } else { Unit::Kg }))));
                })/>
                <h2>{m::import::DISTANCES}</h2>
                <Segments label=m::import::UNIT_OF_DISTANCES options=&[("km", m::units::KM), ("mi", m::units::MILES)] value=distance on_pick=Callback::new(move |id: String| {
                    answer.run(Edit(std::sync::Arc::new(move |choices: &mut Choices| choices.miles = id == "mi")));
                })/>
            </section>
        })}
        {(!open.is_empty()).then(|| view! {
            <section class="card">
                <h2>{m::import::other_names(open.len() as i64)}</h2>
                <p class="quiet">{m::import::OTHER_NAMES_HINT}</p>
                <ul class="list flat">
                    {open.into_iter().map(|name| {
                        let written = name.written.clone();
                        let chosen = choices.with_untracked(|choices| choices.names.iter().find(|(other, _)| *other == written).map(|(_, id)| id.clone())).unwrap_or_default();
                        let mut options = name.suggestions.clone();
                        if let (Some(exercise_id), Some(name)) = (name.exercise_id.clone(), name.name.clone())
                            && !options.iter().any(|option| option.exercise_id == exercise_id)
                        {
                            options.insert(0, bridge::Suggestion { exercise_id, name });
                        }
                        view! {
                            <li class="mapping">
                                <label><span class="row-main"><strong>{name.written.clone()}</strong><span class="quiet">{m::sets(name.sets as i64)}</span></span>
                                    <select data-test="mapping" on:change=move |event| pick(written.clone(), event_target_value(&event))>
                                        <option value="" selected=chosen.is_empty()>{m::import::KEEP_OWN}</option>
                                        {options.into_iter().map(|option| {
                                            let selected = option.exercise_id == chosen;
                                            view! { <option value=option.exercise_id selected=selected>{option.name}</option> }
                                        }).collect_view()}
                                    </select>
                                </label>
                            </li>
                        }
                    }).collect_view()}
                </ul>
            </section>
        })}
        {(0 < plan.problem_count).then(|| view! {
            <details class="card">
                <summary>{m::import::remarks(plan.problem_count as i64)}</summary>
                <ul class="list flat" data-test="problems">
                    {plan.problems.iter().take(200).map(|problem| view! {
                        <li class="row"><span class="tabular quiet">{m::import::line(problem.line)}</span><span class="row-main">{if problem.left_out { m::import::left_out(&problem.reason) } else { problem.reason.clone() }}</span></li>
                    }).collect_view()}
                </ul>
            </details>
        })}
        <section class="card">
            <h2>{m::import::PREVIEW}</h2>
            {plan.preview.iter().map(|workout| view! {
                <h3>{format!("{} · {}", workout.name, workout.natural_key.split('T').next().unwrap_or_default())}</h3>
                <ul class="plain-list">
                    {workout.sets.iter().take(5).map(|set| view! {
                        <li><span>{set.exercise.clone()}</span><span class="tabular">
                            {set.load_g.map(|load| view! { <Figure value=words::load(load, lb()) unit=if needs_unit && !ready() { "?" } else { words::unit(lb()) }/> })}
                            {set.reps.map(|reps| format!(" × {reps}"))}{set.duration_ms.map(words::clock)}
                        </span></li>
                    }).collect_view()}
                </ul>
            }).collect_view()}
        </section>
        <div class="thumb">
            <button class="primary wide" data-test="run-import" disabled=move || !ready() || fresh == 0 on:click=move |_| hub.run_import()>
                {move || if fresh == 0 { m::import::ALL_HERE.to_owned() } else if ready() { m::import::import_sets(fresh as i64) } else { m::import::CHOOSE_UNIT.to_owned() }}
            </button>
        </div>
    }
}
