//! The exercise picker: what was done lately first, then the alphabet, to its end; search as you type, make your own, and
//! look after the ones that one made.

use bridge::{ExerciseLine, ExerciseName};
use ledger::{LoadMode, Tracking, set_of};
use leptos::prelude::*;

use crate::{
    actions::exercise,
    hub::use_hub,
    icons::{Glyph, Icon},
    messages as m,
    parts::BottomSheet,
    reactive::memo,
    search,
};

/// What was chosen, as far as a sheet or a set has to know it.
#[derive(Debug, Clone)]
pub(crate) struct Picked {
    pub(crate) exercise_id: String,
    pub(crate) name: String,
    pub(crate) load_mode: String,
    pub(crate) tracking: String,
}

/// In place of a muscle: those that were put away.
const ARCHIVED: &str = "archived";

#[component]
pub(crate) fn Picker(on_close: Callback<()>, on_pick: Callback<Picked>) -> impl IntoView {
    let hub = use_hub();
    let all = hub.watch::<ExerciseLine>(Vec::new);
    let names = RwSignal::new(Vec::<ExerciseName>::new());
    hub.ask::<ExerciseName>(&[], move |rows| _ = names.try_set(rows.unwrap_or_default()));
    let typed = RwSignal::new(String::new());
    let muscle = RwSignal::new(String::new());
    let entries = memo(move || all.with(|rows| names.with(|names| search::entries(rows.as_deref().unwrap_or_default(), names))));
    let found = memo(move || {
        let muscle = muscle.get();
        let archived = muscle == ARCHIVED;
        let mut rows = entries.with(|entries| search::found(entries, &typed.get(), if archived { "" } else { &muscle }));
        rows.retain(|row| (row.is_archived == 1) == archived);
        rows
    });
    let muscles = memo(move || {
        let muscles = all.with(|rows| set_of(rows.iter().flatten().filter_map(|row| row.muscle_group.clone())));
        let mut muscles: Vec<String> = muscles.into_iter().collect();
        if all.with(|rows| rows.iter().flatten().any(|row| row.is_archived == 1)) {
            muscles.push(ARCHIVED.to_owned());
        }
        muscles
    });
    // The list is as long as what was found; rows are made where somebody looks.
    let list = NodeRef::<leptos::html::Ul>::new();
    let (first, height) = (RwSignal::new(0usize), RwSignal::new(64));
    let looked = move || {
        let Some(list) = list.get_untracked() else { return };
        let row = list.query_selector(".one").ok().flatten().map_or(0, |row| row.get_bounding_client_rect().height() as i32);
        if 0 < row {
            height.set(row);
        }
        first.set((list.scroll_top().max(0) / height.get_untracked()) as usize);
    };
    let scroll_to = move |row: usize| {
        if let Some(list) = list.get_untracked() {
            list.set_scroll_top(row as i32 * height.get_untracked());
        }
    };
    let anew = move || {
        scroll_to(0);
        first.set(0);
    };
    let made = memo(move || search::window(first.get(), found.with(Vec::len)));
    let rows = move || found.with(|found| made.get().map(|at| (at, found[at].clone())).collect::<Vec<_>>());
    let tall = move |rows: usize| format!("{}px", rows as i32 * height.get());
    let merging = RwSignal::new(None::<ExerciseLine>);
    let caring = RwSignal::new(None::<ExerciseLine>);
    let pick = move |row: &ExerciseLine| {
        if let Some(own) = merging.get_untracked() {
            merging.set(None);
            exercise::merge(hub, &own, row);
            return;
        }
        if row.is_archived == 1 {
            exercise::archive(hub, row, false);
        }
        on_pick.run(Picked {
            exercise_id: row.exercise_id.clone(),
            name: row.name.clone(),
            load_mode: row.load_mode.clone(),
            tracking: row.tracking.clone(),
        });
        on_close.run(());
    };
    let making = RwSignal::new(false);
    let input = NodeRef::<leptos::html::Input>::new();
    request_animation_frame(move || {
        if let Some(input) = input.get_untracked() {
            let _ = input.focus();
            looked();
        }
    });
    let name = move |name: &str| name.replace('_', " ");
    let chip = move |id: String, label: String| {
        let mine = id.clone();
        view! {
            <button class="chip muscle" aria-pressed=move || (muscle.get() == mine).to_string() on:click=move |_| {
                muscle.set(id.clone());
                anew();
            }>{label}</button>
        }
    };
    view! {
        <BottomSheet label=m::picker::TITLE on_close=on_close>
            {move || merging.get().map(|own| view! { <p class="quiet" role="status">{m::picker::merge_into(&own.name)}</p> })}
            <div class="search">
                <Glyph icon=Icon::Search/>
                <input type="search" aria-label=m::picker::SEARCH_EXERCISES placeholder=m::picker::SEARCH autocomplete="off" enterkeyhint="go" data-test="search" node_ref=input
                    prop:value=move || typed.get()
                    on:input=move |event| {
                        typed.set(event_target_value(&event));
                        anew();
                    }
                    on:keydown=move |event| match event.key().as_str() {
                        "Enter" => if let Some(row) = found.with_untracked(|found| found.first().cloned()) { pick(&row) },
                        "ArrowDown" => step(&event, ".one button"),
                        _ => {}
                    }/>
                <button class="plain" on:click=move |_| on_close.run(())>{m::picker::CANCEL}</button>
            </div>
            <div class="chips" role="group" aria-label=m::picker::MUSCLE>
                {chip(String::new(), m::picker::ALL.to_owned())}
                {move || muscles.get().into_iter().map(|id| chip(id.clone(), name(&id))).collect_view()}
            </div>
            <Show when=move || typed.with(String::is_empty)>
                <div class="chips letters" role="group" aria-label=m::picker::LETTER>
                    {move || found.with(|found| search::letters(found)).into_iter().map(|(letter, at)| view! {
                        <button class="chip" data-test=format!("letter-{letter}") on:click=move |_| scroll_to(at)>{letter}</button>
                    }).collect_view()}
                </div>
            </Show>
            <ul class="list pick" data-test="exercises" tabindex="-1" node_ref=list on:scroll=move |_| looked()>
                <li aria-hidden="true" style:height=move || tall(made.get().start)></li>
                <For each=rows key=|(at, row)| (*at, row.exercise_id.clone(), row.hlc.clone()) let:item>
                    <li class="one" aria-setsize=move || found.with(Vec::len) aria-posinset=item.0 + 1>
                        <button class="row" on:click={ let row = item.1.clone(); move |_| pick(&row) } on:keydown=move |event| match event.key().as_str() {
                            "ArrowDown" => step(&event, ".one:focus-within + .one button"),
                            "ArrowUp" => step(&event, ".one:has(+ .one:focus-within) button"),
                            _ => {}
                        }>
                            <span class="row-main">
                                <strong>{item.1.name.clone()}</strong>
                                <span class="quiet">{format!("{}{}", name(item.1.muscle_group.as_deref().unwrap_or_default()),
                                    if item.1.times == 0 { String::new() } else { format!(" · {}", m::picker::times(item.1.times)) })}</span>
                            </span>
                        </button>
                        {(item.1.is_custom == 1).then(|| {
                            let own = item.1.clone();
                            view! { <button class="iconic" aria-label=m::picker::more(&own.name) data-test="own" on:click=move |_| caring.set(Some(own.clone()))><Glyph icon=Icon::More/></button> }
                        })}
                    </li>
                </For>
                <li aria-hidden="true" style:height=move || tall(found.with(Vec::len) - made.get().end)></li>
                <li>
                    <Show when=move || !making.get() fallback=move || view! { <Make name=typed.get_untracked() entries on_pick on_made=on_close/> }>
                        <button class="row" data-test="make" on:click=move |_| making.set(true)>
                            <span class="row-main"><strong>{move || {
                                let typed = typed.get();
                                let here = entries.with(|entries| search::known(entries, &typed).is_some());
                                if here || typed.trim().is_empty() { m::picker::MAKE_OWN.to_owned() } else { m::picker::make(typed.trim()) }
                            }}</strong></span>
                            <Glyph icon=Icon::Plus/>
                        </button>
                    </Show>
                </li>
            </ul>
        </BottomSheet>
        {move || caring.get().map(|own| view! { <Own own caring merging entries/> })}
    }
}

/// The arrow keys go from row to row.
fn step(event: &web_sys::KeyboardEvent, to: &str) {
    use wasm_bindgen::JsCast as _;
    if let Ok(Some(row)) = document().query_selector(&format!(".pick {to}")) {
        event.prevent_default();
        let _ = row.unchecked_into::<web_sys::HtmlElement>().focus();
    }
}

/// What can be done with an exercise that one made.
#[component]
fn Own(
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
fn Make(name: String, entries: Memo<Vec<search::Entry>>, on_pick: Callback<Picked>, on_made: Callback<()>) -> impl IntoView {
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
