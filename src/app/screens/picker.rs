//! The exercise picker: recent ones first, search as you type, make your own.

use bridge::{Draft, ExerciseLine};
use ledger::{ExerciseDefined, Fact, LoadMode, Muscle, Tracking};
use leptos::prelude::*;

use crate::{
    clock::{entity_id, now_ms, offset_min},
    hub::use_hub,
    icons::{Glyph, Icon},
    messages as m,
    parts::BottomSheet,
    training::use_training,
};

/// More than anybody scrolls through; typing narrows it.
const SHOWN: usize = 60;

#[component]
pub(crate) fn Picker(on_close: Callback<()>) -> impl IntoView {
    let (hub, training) = (use_hub(), use_training());
    let all = hub.watch::<ExerciseLine>(Vec::new);
    let typed = RwSignal::new(String::new());
    let found = Memo::new(move |_| {
        let wanted: Vec<String> = typed.get().to_lowercase().split_whitespace().map(str::to_owned).collect();
        let mut rows: Vec<ExerciseLine> = all.with(|rows| {
            let rows = rows.iter().flatten();
            rows.filter(|row| {
                let name = row.name.to_lowercase();
                wanted.iter().all(|word| {
                    name.contains(word) || row.muscle_group.as_deref().is_some_and(|muscle| muscle.contains(word.as_str()))
                })
            })
            .cloned()
            .collect()
        });
        // What was done lately first, then what begins with the words, then the alphabet.
        let first = wanted.first().cloned().unwrap_or_default();
        rows.sort_by_key(|row| {
            (std::cmp::Reverse(row.last_ms.unwrap_or(0)), !row.name.to_lowercase().starts_with(&first), row.name.clone())
        });
        rows.truncate(SHOWN);
        rows
    });
    let pick = move |row: &ExerciseLine| {
        training.add_exercise(&row.exercise_id, &row.name, &row.load_mode, &row.tracking);
        on_close.run(());
    };
    let making = RwSignal::new(false);
    view! {
        <BottomSheet label=m::picker::TITLE on_close=on_close>
            <div class="search">
                <Glyph icon=Icon::Search/>
                <input type="search" aria-label=m::picker::SEARCH_EXERCISES placeholder=m::picker::SEARCH autocomplete="off" data-test="search"
                    prop:value=move || typed.get() on:input=move |event| typed.set(event_target_value(&event))/>
                <button class="plain" on:click=move |_| on_close.run(())>{m::picker::CANCEL}</button>
            </div>
            <ul class="list tall" data-test="exercises">
                <For each=move || found.get() key=|row| row.exercise_id.clone() let:row>
                    <li><button class="row" on:click={ let row = row.clone(); move |_| pick(&row) }>
                        <span class="row-main">
                            <strong>{row.name.clone()}</strong>
                            <span class="quiet">{format!("{}{}", row.muscle_group.clone().unwrap_or_default().replace('_', " "),
                                if row.times == 0 { String::new() } else { format!(" · {}", m::picker::times(row.times)) })}</span>
                        </span>
                    </button></li>
                </For>
                <li>
                    <Show when=move || !making.get() fallback=move || view! { <Make name=typed.get_untracked() on_made=on_close/> }>
                        <button class="row" on:click=move |_| making.set(true)>
                            <span class="row-main"><strong>{move || if typed.get().trim().is_empty() { m::picker::MAKE_OWN.to_owned() } else { m::picker::make(typed.get().trim()) }}</strong></span>
                            <Glyph icon=Icon::Plus/>
                        </button>
                    </Show>
                </li>
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
fn Make(name: String, on_made: Callback<()>) -> impl IntoView {
    let (hub, training) = (use_hub(), use_training());
    let name = RwSignal::new(name.trim().to_owned());
    let muscle = RwSignal::new("chest".to_owned());
    let tracking = RwSignal::new("load_reps".to_owned());
    let make = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        let at_ms = now_ms();
        let exercise_id = entity_id();
        let (load_mode, how, mode_text) = match tracking.get_untracked().as_str() {
            "bodyweight_reps" => (LoadMode::Bodyweight, Tracking::BodyweightReps, "bodyweight"),
            "duration" => (LoadMode::None, Tracking::Duration, "none"),
            _ => (LoadMode::External, Tracking::LoadReps, "external"),
        };
        let fact = Fact::ExerciseDefined(ExerciseDefined {
            exercise_id,
            name: name.get_untracked().trim().to_owned(),
            equipment: "other".to_owned(),
            load_mode,
            tracking: how,
            muscles: vec![Muscle { muscle: muscle.get_untracked(), weight_tenths: 10 }],
            at_ms,
            offset_min: offset_min(at_ms),
        });
        // The picker may be closed by the time it is saved.
        let (name, tracking) = (name.get_untracked(), tracking.get_untracked());
        hub.capture(vec![Draft::mine(fact)], move |outcome| {
            if outcome.is_ok() {
                training.add_exercise(&exercise_id.to_string(), &name, mode_text, &tracking);
                let _ = on_made.try_run(());
            }
        });
    };
    view! {
        <form class="stack" on:submit=make>
            <label>{m::NAME}<input required maxlength="200" prop:value=move || name.get() on:input=move |event| name.set(event_target_value(&event))/></label>
            <label>{m::picker::MUSCLE}<select on:change=move |event| muscle.set(event_target_value(&event))>
                {MUSCLES.iter().map(|(id, name)| view! { <option value=*id>{*name}</option> }).collect_view()}
            </select></label>
            <label>{m::picker::COUNTED_IN}<select on:change=move |event| tracking.set(event_target_value(&event))>
                <option value="load_reps">{m::picker::LOAD_AND_REPS}</option>
                <option value="bodyweight_reps">{m::picker::BODYWEIGHT_REPS}</option>
                <option value="duration">{m::picker::TIME}</option>
            </select></label>
            <button class="primary">{m::picker::MAKE_EXERCISE}</button>
        </form>
    }
}
