//! Import: choose a file, answer what it does not say, look at what would happen, import, undo later.

use bridge::{Choices, ImportPlan, UnitGuess};
use js_sys::Uint8Array;
use ledger::Unit;
use leptos::prelude::*;
use wasm_bindgen_futures::{JsFuture, spawn_local};

use crate::{
    clock::{now_ms, offset_min},
    hub::{ImportState, use_hub},
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
        spawn_local(async move {
            match JsFuture::from(file.array_buffer()).await {
                Ok(buffer) => hub.plan_import(file_name.get_untracked(), choices.get_untracked(), Some(Uint8Array::new(&buffer))),
                Err(err) => hub.say(format!("The file could not be read: {err:?}"), None),
            }
        });
    };
    let answer = move |edit: &dyn Fn(&mut Choices)| {
        choices.update(|choices| edit(choices));
        hub.plan_import(file_name.get_untracked(), choices.get_untracked(), None);
    };
    view! {
        <Header title=Signal::derive(|| "Import".to_owned()) back=Route::Me/>
        {move || match hub.import.get() {
            ImportState::Idle => view! {
                <div class="empty">
                    <p>"In Strong: Settings, Export Strong data. Then choose the file here. Nothing is written before you have seen what would happen."</p>
                    <label class="primary file">"Choose a CSV file"<input type="file" accept=".csv,text/csv" data-test="file" on:change=chosen/></label>
                </div>
            }.into_any(),
            ImportState::Reading => view! { <p role="status" class="quiet">"Reading the file…"</p> }.into_any(),
            ImportState::Planned(plan) => view! { <Preview plan=*plan choices answer=Callback::new(move |edit: Edit| answer(&*edit.0))/> }.into_any(),
            ImportState::Running { done, total } => view! {
                <section class="card">
                    <h2>"Importing"</h2>
                    <progress max=total value=done aria-label="Progress"></progress>
                    <p class="quiet" role="status">{format!("{} of {} rows saved on this phone", words::thousands(done as i64), words::thousands(total as i64))}</p>
                    <button class="plain" on:click=move |_| hub.cancel_import()>"Stop here"</button>
                </section>
            }.into_any(),
            ImportState::Done { sets, workouts, cancelled } => view! {
                <section class="card" data-test="imported">
                    <h2>{if cancelled { "Stopped" } else { "Imported" }}</h2>
                    <p>{if cancelled {
                        "What was saved so far is there. Import the file again to go on, or undo it under Me.".to_owned()
                    } else {
                        format!("{} in {}. You can undo this under Me at any time.", words::plural(sets as i64, "set", "sets"), words::plural(workouts as i64, "workout", "workouts"))
                    }}</p>
                    <button class="primary wide" data-test="to-progress" on:click=move |_| router.go(Route::Progress)>"See your progress"</button>
                </section>
            }.into_any(),
            ImportState::Failed(problem) => view! {
                <section class="card" role="alert" data-test="import-failed">
                    <h2>{problem.happened}</h2>
                    <p>{problem.kept}</p>
                    <p>{problem.todo}</p>
                    <label class="primary file">"Choose another file"<input type="file" accept=".csv,text/csv" data-test="file" on:change=chosen/></label>
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
                <div><dt>"Workouts"</dt><dd data-test="plan-workouts">{words::thousands(plan.workouts as i64)}</dd></div>
                <div><dt>"Sets"</dt><dd data-test="plan-sets">{words::thousands(plan.sets as i64)}</dd></div>
                <div><dt>"Left out"</dt><dd data-test="plan-rejected">{words::thousands(plan.rejected as i64)}</dd></div>
            </dl>
            <p class="quiet">{match (&plan.first_day, &plan.last_day) {
                (Some(first), Some(last)) => format!("{first} to {last}. {} rows read, {} of them rests and notes.", words::thousands(plan.rows_read as i64), words::thousands(plan.rows_attached as i64)),
                _ => "There is no set in this file that can be used.".to_owned(),
            }}</p>
            {(0 < plan.already_here).then(|| view! { <p data-test="already">{format!("{} here already, not imported again.", words::plural(plan.already_here as i64, "set is", "sets are"))}</p> })}
        </section>
        {needs_unit.then(|| view! {
            <section class="card">
                <h2>"This file has no unit. Was it kg or lb?"</h2>
                <Segments label="Unit of loads in the file" options=&[("kg", "kg"), ("lb", "lb")] value=unit on_pick=Callback::new(move |id: String| {
                    answer.run(Edit(std::sync::Arc::new(move |choices: &mut Choices| choices.unit = Some(if id == "lb" { Unit::Lb } else { Unit::Kg }))));
                })/>
                <h2>"Distances"</h2>
                <Segments label="Unit of distances in the file" options=&[("km", "km"), ("mi", "miles")] value=distance on_pick=Callback::new(move |id: String| {
                    answer.run(Edit(std::sync::Arc::new(move |choices: &mut Choices| choices.miles = id == "mi")));
                })/>
            </section>
        })}
        {(!open.is_empty()).then(|| view! {
            <section class="card">
                <h2>{words::plural(open.len() as i64, "exercise has another name here", "exercises have other names here")}</h2>
                <p class="quiet">"Say what they are, or keep them as exercises of your own."</p>
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
                                <label><span class="row-main"><strong>{name.written.clone()}</strong><span class="quiet">{words::plural(name.sets as i64, "set", "sets")}</span></span>
                                    <select data-test="mapping" on:change=move |event| pick(written.clone(), event_target_value(&event))>
                                        <option value="" selected=chosen.is_empty()>"Keep as my own"</option>
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
                <summary>{format!("{} with a remark", words::plural(plan.problem_count as i64, "row", "rows"))}</summary>
                <ul class="list flat" data-test="problems">
                    {plan.problems.iter().take(200).map(|problem| view! {
                        <li class="row"><span class="tabular quiet">{format!("line {}", problem.line)}</span><span class="row-main">{format!("{}{}", if problem.left_out { "Left out: " } else { "" }, problem.reason)}</span></li>
                    }).collect_view()}
                </ul>
            </details>
        })}
        <section class="card">
            <h2>"How it will look"</h2>
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
                {move || if fresh == 0 { "Everything is here already".to_owned() } else if ready() { format!("Import {}", words::plural(fresh as i64, "set", "sets")) } else { "Choose kg or lb first".to_owned() }}
            </button>
        </div>
    }
}
