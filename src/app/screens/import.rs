//! Import: choose a file, answer what it does not say, look at what would happen, import, undo later.

use std::{collections::BTreeMap, sync::Arc};

use bridge::{Choices, Form, ImportLine, ImportPlan, ImportQuestion, Topic};
use js_sys::Uint8Array;
use ledger::Unit;
use leptos::prelude::*;
use wasm_bindgen_futures::{JsFuture, spawn_local};

use crate::{
    clock::{now_ms, offset_min, today},
    hub::{ImportState, use_hub},
    messages as m,
    parts::{Figure, Header},
    reactive::effect,
    route::{Route, use_router},
    words,
};

#[component]
pub(crate) fn Import() -> impl IntoView {
    let hub = use_hub();
    let imports = hub.watch::<ImportLine>(Vec::new);
    let file_name = RwSignal::new(String::new());
    let choices = RwSignal::new(Choices { now_ms: now_ms(), offset_min: offset_min(now_ms()), ..Choices::default() });
    // The file of an import that was stopped: chosen again, it goes on without being asked.
    let goes_on = RwSignal::new(None::<String>);
    if !matches!(hub.import.get_untracked(), ImportState::Running { .. }) {
        hub.import.set(ImportState::Idle);
    }
    let chosen = move |event: web_sys::Event| {
        let input: web_sys::HtmlInputElement = event_target(&event);
        let Some(file) = input.files().and_then(|files| files.get(0)) else { return };
        file_name.set(file.name());
        choices.update(|choices| choices.answers.clear());
        // The screen may be gone by the time it is read.
        let (name, chosen) = (file.name(), choices.get_untracked());
        spawn_local(async move {
            match JsFuture::from(file.array_buffer()).await {
                Ok(buffer) => hub.plan_import(name, chosen, Some(Uint8Array::new(&buffer))),
                Err(err) => hub.say(m::import::unreadable(&format!("{err:?}")), None),
            }
        });
    };
    let choose = move |label: &'static str, hash: Option<String>| {
        let test = if hash.is_some() { "continue" } else { "file" };
        view! {
            <label class="primary file">{label}<input type="file" accept=".csv,.zip,text/csv,application/zip" data-test=test on:change=move |event| {
                goes_on.set(hash.clone());
                chosen(event);
            }/></label>
        }
    };
    let at_once = move |plan: &ImportPlan| {
        let same = goes_on.with_untracked(|hash| hash.as_deref() == Some(plan.file_hash.as_str()));
        same && plan.is_ready() && 0 < plan.fresh()
    };
    effect(move || {
        hub.import.with(|state| {
            let ImportState::Planned(plan) = state else { return };
            choices.update(|choices| choices.answers.clone_from(&plan.answers));
            if at_once(plan) {
                // Not while the plan is being looked at.
                spawn_local(async move { hub.run_import() });
            } else {
                goes_on.set(None);
            }
        });
    });
    let answer = Callback::new(move |(id, answer): (String, String)| {
        choices.update(|choices| _ = choices.answers.insert(id, answer));
        hub.plan_import(file_name.get_untracked(), choices.get_untracked(), None);
    });
    view! {
        <Header title=Signal::derive(|| m::import::TITLE.to_owned()) back=Route::Me/>
        {move || match hub.import.get() {
            ImportState::Idle => view! {
                {move || imports.get().unwrap_or_default().into_iter().filter(ImportLine::is_stopped).map(|line| view! {
                    <section class="card" data-test="stopped">
                        <h2>{m::import::stopped_at(line.written, line.planned.unwrap_or_default())}</h2>
                        <p>{m::import::goes_on(&line.file_name)}</p>
                        {choose(m::import::CONTINUE, Some(line.file_hash))}
                    </section>
                }).collect_view()}
                <div class="empty">
                    <p>{m::import::HOW}</p>
                    {choose(m::import::CHOOSE_FILE, None)}
                </div>
            }.into_any(),
            ImportState::Reading => view! { <p role="status" class="quiet">{m::import::READING}</p> }.into_any(),
            ImportState::Planned(plan) if at_once(&plan) => view! { <p role="status" class="quiet">{m::import::READING}</p> }.into_any(),
            ImportState::Planned(plan) => view! { <Preview plan=*plan answer/> }.into_any(),
            ImportState::Running { done, total, restores } => view! {
                <section class="card">
                    <h2>{m::import::IMPORTING}</h2>
                    <progress max=total.max(1) value=done aria-label=m::import::PROGRESS></progress>
                    <p class="quiet" role="status">{(0 < total).then(|| m::import::saved(&words::thousands(done as i64), &words::thousands(total as i64), restores))}</p>
                    <button class="plain" on:click=move |_| hub.cancel_import()>{m::import::STOP}</button>
                </section>
            }.into_any(),
            ended @ (ImportState::Backup { .. } | ImportState::Restored { .. } | ImportState::Done { .. }) => {
                view! { <Card state=ended/> }.into_any()
            }
            ImportState::Failed(problem) => view! {
                <section class="card" role="alert" data-test="import-failed">
                    <h2>{problem.happened}</h2>
                    <p>{problem.kept}</p>
                    <p>{problem.todo}</p>
                    {choose(m::import::CHOOSE_OTHER, None)}
                </section>
            }.into_any(),
        }}
    }
}

/// A backup that was chosen, and what an import came to.
#[component]
fn Card(state: ImportState) -> impl IntoView {
    let (hub, router) = (use_hub(), use_router());
    let see_progress = move || {
        view! {
            <button class="primary wide" data-test="to-progress" on:click=move |_| router.go(Route::Progress)>{m::import::SEE_PROGRESS}</button>
        }
    };
    match state {
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
                {see_progress()}
            </section>
        }.into_any(),
        ImportState::Done { sets, workouts, already_here, done, total } => view! {
            <section class="card" data-test="imported">
                <h2>{if done < total { m::import::stopped_at(done as i64, total as i64) } else { m::import::IMPORTED.to_owned() }}</h2>
                <p>{m::import::imported(sets as i64, workouts as i64, already_here as i64)}</p>
                <p>{if done < total { m::import::STOPPED_HINT } else { m::import::IMPORTED_HINT }}</p>
                {see_progress()}
            </section>
        }.into_any(),
        _ => ().into_any(),
    }
}

#[component]
fn Asked(question: ImportQuestion, answer: Callback<(String, String)>) -> impl IntoView {
    let ImportQuestion { id, topic, form, ask, hint, options, answer: said, must } = question;
    let pick: Arc<dyn Fn(String) + Send + Sync> = Arc::new({
        let id = id.clone();
        move |said: String| answer.run((id.clone(), said))
    });
    if form == Form::Few {
        let long = options.iter().any(|option| 12 < option.name.len());
        return view! {
            <li>
            <p class:must=must && said.is_empty()>{ask.clone()}{(!hint.is_empty()).then(|| view! { <span class="quiet">" "{hint}</span> })}</p>
            <div class="segments" class:tall=long role="radiogroup" aria-label=ask>
                {options.into_iter().map(|option| {
                    let pick = Arc::clone(&pick);
                    let checked = (option.id == said).to_string();
                    view! { <button role="radio" aria-checked=checked on:click=move |_| pick(option.id.clone())>{option.name}</button> }
                }).collect_view()}
            </div>
            </li>
        }.into_any();
    }
    let is_name = topic == Topic::Names && id.starts_with("name:");
    view! {
        <li class=if is_name { "mapping" } else { "choice" }>
            <label><span class="row-main"><strong>{ask}</strong><span class="quiet">{hint}</span></span>
                {if form == Form::Typed {
                    view! { <input inputmode="decimal" autocomplete="off" prop:value=said on:change=move |event| pick(event_target_value(&event))/> }.into_any()
                } else {
                    view! {
                        <select data-test=if is_name { "mapping" } else { "choice" } on:change=move |event| pick(event_target_value(&event))>
                            {options.into_iter().map(|option| {
                                let selected = option.id == said;
                                view! { <option value=option.id selected=selected>{option.name}</option> }
                            }).collect_view()}
                        </select>
                    }.into_any()
                }}
            </label>
        </li>
    }.into_any()
}

#[component]
fn Preview(plan: ImportPlan, answer: Callback<(String, String)>) -> impl IntoView {
    let hub = use_hub();
    let (ready, fresh) = (plan.is_ready(), plan.fresh());
    let unitless = plan.questions.iter().any(|question| question.id == "unit" && question.answer.is_empty());
    let label = match (plan.sets, fresh) {
        (0, _) => m::import::NO_SET.to_owned(),
        (_, 0) => m::import::ALL_HERE.to_owned(),
        _ if ready => m::import::import_sets(fresh as i64),
        _ if unitless => m::import::CHOOSE_UNIT.to_owned(),
        _ => m::import::ANSWER_FIRST.to_owned(),
    };
    let names = plan.questions.iter().filter(|question| question.id.starts_with("name:")).count();
    let mut topics: BTreeMap<Topic, Vec<ImportQuestion>> = BTreeMap::new();
    for question in plan.questions {
        topics.entry(question.topic).or_default().push(question);
    }
    view! {
        <section class="card">
            <p class="eyebrow">{plan.format}</p>
            <h2>{plan.file_name}</h2>
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
        {topics.into_iter().map(|(topic, questions)| view! {
            <section class="card" data-test="questions">
                <h2>{match topic {
                    Topic::Columns => m::import::COLUMNS.to_owned(),
                    Topic::Dates => m::import::DATES.to_owned(),
                    Topic::Units => m::import::WHICH_UNIT.to_owned(),
                    Topic::Odd => m::import::ODD.to_owned(),
                    Topic::Names => m::import::other_names(names as i64),
                }}</h2>
                {(topic == Topic::Names).then(|| view! { <p class="quiet">{m::import::OTHER_NAMES_HINT}</p> })}
                <ul class="list flat">
                    {questions.into_iter().map(|question| view! { <Asked question answer/> }).collect_view()}
                </ul>
            </section>
        }).collect_view()}
        {(!plan.differences.is_empty()).then(|| view! {
            <section class="card" data-test="differences">
                <h2>{m::import::DIFFERENT}</h2>
                <p class="quiet">{m::import::DIFFERENT_HINT}</p>
                <ul class="list flat">{plan.differences.into_iter().map(|text| view! { <li class="row">{text}</li> }).collect_view()}</ul>
            </section>
        })}
        {(0 < plan.problem_count).then(|| view! {
            <details class="card" open>
                <summary>{m::import::remarks(plan.problem_count as i64)}</summary>
                <ul class="list flat" data-test="problems">
                    {plan.problems.iter().take(200).map(|problem| view! {
                        <li class="row"><span class="tabular quiet">{m::import::line(problem.line)}</span><span class="row-main">{if problem.left_out { m::import::left_out(&problem.reason) } else { problem.reason.clone() }}</span></li>
                    }).collect_view()}
                </ul>
            </details>
        })}
        {(0 < fresh).then(|| view! {
            <section class="card" data-test="preview">
                <h2>{m::import::PREVIEW}</h2>
                {plan.preview.into_iter().enumerate().map(|(nth, workout)| view! {
                    <details open={nth == 0}>
                        <summary>{format!("{} · {} · {}", workout.name, workout.natural_key.split('T').next().unwrap_or_default(), m::sets(workout.sets.len() as i64))}</summary>
                        <ul class="plain-list">
                            {workout.sets.into_iter().map(|set| {
                                let lb = set.unit == Unit::Lb;
                                view! {
                                    <li><span>{set.exercise}</span><span class="tabular">
                                        {set.load_g.or(set.assist_g).map(|load| view! { <Figure value=words::load(load, lb) unit=if unitless { "?" } else { words::unit(lb) }/> })}
                                        {set.reps.map(|reps| format!(" × {reps}"))}
                                        {set.distance_mm.map(|mm| format!(" {} km ", words::thousandths(mm / 1000)))}
                                        {set.duration_ms.map(words::clock)}
                                    </span></li>
                                }
                            }).collect_view()}
                        </ul>
                    </details>
                }).collect_view()}
            </section>
        })}
        <div class="thumb">
            <button class="primary wide" data-test="run-import" disabled=!ready || fresh == 0 on:click=move |_| hub.run_import()>{label}</button>
        </div>
    }
}
