//! Exercises that one makes, and looks after: made, renamed, said to be another one, put away.

use bridge::ExerciseLine;
use ledger::{LoadMode, Tracking};
use leptos::prelude::*;

use super::Picked;
use crate::{actions::exercise, hub::use_hub, messages as m, parts::BottomSheet, search};

/// What can be done with an exercise that one made.
#[component]
pub(super) fn Own(
    own: ExerciseLine,
    caring: RwSignal<Option<ExerciseLine>>,
    merging: RwSignal<Option<ExerciseLine>>,
    entries: Memo<Vec<search::Entry>>,
) -> impl IntoView {
    let hub = use_hub();
    let name = RwSignal::new(own.name.clone());
    let wrong = RwSignal::new(None::<String>);
    let away = own.is_archived == 0;
    let own = StoredValue::new(own);
    let rename = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        let (own, to) = (own.get_value(), name.get_untracked().trim().to_owned());
        let taken = entries.with_untracked(|entries| {
            search::known(entries, &to).filter(|line| line.exercise_id != own.exercise_id).map(|line| line.name.clone())
        });
        if let Some(taken) = taken {
            wrong.set(Some(m::picker::taken(&taken)));
            return;
        }
        caring.set(None);
        if !to.is_empty() && to != own.name {
            exercise::rename(hub, &own, to);
        }
    };
    view! {
        <BottomSheet label=m::picker::OWN on_close=Callback::new(move |()| caring.set(None))>
            <form class="stack" on:submit=rename>
                <label>{m::NAME}<input required maxlength="200" data-test="own-name" prop:value=move || name.get() on:input=move |event| {
                    wrong.set(None);
                    name.set(event_target_value(&event));
                }/></label>
                {move || wrong.get().map(|text| view! { <p class="wrong" role="alert">{text}</p> })}
                <button class="primary" data-test="own-save">{m::SAVE}</button>
            </form>
            <ul class="list flat">
                <li><button class="row" data-test="own-merge" on:click=move |_| {
                    merging.set(Some(own.get_value()));
                    caring.set(None);
                }><span class="row-main"><strong>{m::picker::MERGE}</strong><span class="quiet">{m::picker::MERGE_HINT}</span></span></button></li>
                <li><button class="row" data-test="own-archive" on:click=move |_| {
                    exercise::archive(hub, &own.get_value(), away);
                    caring.set(None);
                }><span class="row-main"><strong>{if away { m::picker::ARCHIVE } else { m::picker::BRING_BACK }}</strong><span class="quiet">{m::picker::ARCHIVE_HINT}</span></span></button></li>
            </ul>
        </BottomSheet>
    }
}

const MUSCLES: [(&str, &str); 12] = [
    ("chest", m::picker::CHEST),
    ("lats", m::picker::LATS),
    ("upper_back", m::picker::UPPER_BACK),
    ("front_delts", m::picker::SHOULDERS),
    ("biceps", m::picker::BICEPS),
    ("triceps", m::picker::TRICEPS),
    ("quads", m::picker::QUADS),
    ("hamstrings", m::picker::HAMSTRINGS),
    ("glutes", m::picker::GLUTES),
    ("calves", m::picker::CALVES),
    ("abs", m::picker::ABS),
    ("cardio", m::picker::CARDIO),
];

#[component]
pub(super) fn Make(
    name: String,
    entries: Memo<Vec<search::Entry>>,
    on_pick: Callback<Picked>,
    on_made: Callback<()>,
) -> impl IntoView {
    let hub = use_hub();
    let wrong = RwSignal::new(None::<String>);
    let name = RwSignal::new(name.trim().to_owned());
    let muscle = RwSignal::new("chest".to_owned());
    let tracking = RwSignal::new("load_reps".to_owned());
    let make = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        // Two of one name would part one history into two.
        let taken = entries.with_untracked(|entries| search::known(entries, &name.get_untracked()).map(|line| line.name.clone()));
        if let Some(taken) = taken {
            wrong.set(Some(m::picker::taken(&taken)));
            return;
        }
        let (load_mode, how, mode_text) = match tracking.get_untracked().as_str() {
            "bodyweight_reps" => (LoadMode::Bodyweight, Tracking::BodyweightReps, "bodyweight"),
            "duration" => (LoadMode::None, Tracking::Duration, "none"),
            _ => (LoadMode::External, Tracking::LoadReps, "external"),
        };
        let name = name.get_untracked().trim().to_owned();
        let made = Picked {
            exercise_id: String::new(),
            name: name.clone(),
            load_mode: mode_text.to_owned(),
            tracking: tracking.get_untracked(),
        };
        exercise::define(hub, name, muscle.get_untracked(), (load_mode, how), move |exercise_id| {
            // Whoever closed the picker meanwhile has the exercise all the same, and nothing to put it on.
            let _ = on_pick.try_run(Picked { exercise_id, ..made });
            let _ = on_made.try_run(());
        });
    };
    view! {
        <form class="stack" on:submit=make>
            <label>{m::NAME}<input required maxlength="200" data-test="make-name" prop:value=move || name.get() on:input=move |event| {
                wrong.set(None);
                name.set(event_target_value(&event));
            }/></label>
            {move || wrong.get().map(|text| view! { <p class="wrong" role="alert">{text}</p> })}
            <label>{m::picker::MUSCLE}<select on:change=move |event| muscle.set(event_target_value(&event))>
                {MUSCLES.iter().map(|(id, name)| view! { <option value=*id>{*name}</option> }).collect_view()}
            </select></label>
            <label>{m::picker::COUNTED_IN}<select on:change=move |event| tracking.set(event_target_value(&event))>
                <option value="load_reps">{m::picker::LOAD_AND_REPS}</option>
                <option value="bodyweight_reps">{m::picker::BODYWEIGHT_REPS}</option>
                <option value="duration">{m::picker::TIME}</option>
            </select></label>
            <button class="primary" data-test="make-save">{m::picker::MAKE_EXERCISE}</button>
        </form>
    }
}
