//! The exercise picker: what was done lately first, then the alphabet, to its end; search as you type, make your own, and
//! look after the ones that one made.

mod list;
mod own;

use bridge::{ExerciseLine, ExerciseName};
use ledger::set_of;
use leptos::prelude::*;

use self::{
    list::{List, Rows, spoken, step},
    own::{Make, Own},
};
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

/// What there is to choose from, with those that were put away behind it.
fn muscles(rows: &[ExerciseLine]) -> Vec<String> {
    let muscles = set_of(rows.iter().filter_map(|row| row.muscle_group.clone()));
    let archived = rows.iter().any(|row| row.is_archived == 1).then(|| ARCHIVED.to_owned());
    muscles.into_iter().chain(archived).collect()
}

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
    let muscles = memo(move || all.with(|rows| muscles(rows.as_deref().unwrap_or_default())));
    let list = List::of(found);
    let merging = RwSignal::new(None::<ExerciseLine>);
    let caring = RwSignal::new(None::<ExerciseLine>);
    let pick = Callback::new(move |row: ExerciseLine| {
        if let Some(own) = merging.get_untracked() {
            merging.set(None);
            exercise::merge(hub, &own, &row);
            return;
        }
        if row.is_archived == 1 {
            exercise::archive(hub, &row, false);
        }
        on_pick.run(Picked { exercise_id: row.exercise_id, name: row.name, load_mode: row.load_mode, tracking: row.tracking });
        on_close.run(());
    });
    let making = RwSignal::new(false);
    let input = NodeRef::<leptos::html::Input>::new();
    request_animation_frame(move || {
        if let Some(input) = input.get_untracked() {
            let _ = input.focus();
            list.looked();
        }
    });
    let what_to_make = move || {
        let typed = typed.get();
        let here = entries.with(|entries| search::known(entries, &typed).is_some());
        if here || typed.trim().is_empty() { m::picker::MAKE_OWN.to_owned() } else { m::picker::make(typed.trim()) }
    };
    let chip = move |id: String, label: String| {
        let mine = id.clone();
        view! {
            <button class="chip muscle" aria-pressed=move || (muscle.get() == mine).to_string() on:click=move |_| {
                muscle.set(id.clone());
                list.anew();
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
                        list.anew();
                    }
                    on:keydown=move |event| match event.key().as_str() {
                        "Enter" => if let Some(row) = found.with_untracked(|found| found.first().cloned()) { pick.run(row) },
                        "ArrowDown" => step(&event, ".one button"),
                        _ => {}
                    }/>
                <button class="plain" on:click=move |_| on_close.run(())>{m::picker::CANCEL}</button>
            </div>
            <div class="chips" role="group" aria-label=m::picker::MUSCLE>
                {chip(String::new(), m::picker::ALL.to_owned())}
                {move || muscles.get().into_iter().map(|id| chip(id.clone(), spoken(&id))).collect_view()}
            </div>
            <Show when=move || typed.with(String::is_empty)>
                <div class="chips letters" role="group" aria-label=m::picker::LETTER>
                    {move || found.with(|found| search::letters(found)).into_iter().map(|(letter, at)| view! {
                        <button class="chip" data-test=format!("letter-{letter}") on:click=move |_| list.scroll_to(at)>{letter}</button>
                    }).collect_view()}
                </div>
            </Show>
            <Rows list on_pick=pick caring>
                <li>
                    <Show when=move || !making.get() fallback=move || view! { <Make name=typed.get_untracked() entries on_pick on_made=on_close/> }>
                        <button class="row" data-test="make" on:click=move |_| making.set(true)>
                            <span class="row-main"><strong>{what_to_make}</strong></span>
                            <Glyph icon=Icon::Plus/>
                        </button>
                    </Show>
                </li>
            </Rows>
        </BottomSheet>
        {move || caring.get().map(|own| view! { <Own own caring merging entries/> })}
    }
}
