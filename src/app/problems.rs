//! What went wrong that a person should know, until it is put away.

use leptos::prelude::*;

use crate::{
    hub::{Hub, use_hub},
    icons::{Glyph, Icon},
    messages as m,
};

#[component]
pub(crate) fn Problems() -> impl IntoView {
    let hub = use_hub();
    let numbered = move || -> Vec<(usize, bridge::Problem)> { hub.problems.get().into_iter().enumerate().collect() };
    view! {
        <div class="problems">
            <For each=numbered key=|(at, problem)| (*at, problem.happened.clone()) let:item>
                <div class="problem" role="alert">
                    <p><strong>{item.1.happened.clone()}</strong></p>
                    <p>{item.1.kept.clone()}</p>
                    <p>{item.1.todo.clone()}</p>
                    <button class="iconic" aria-label=m::shell::DISMISS on:click=move |_| dismiss(hub, item.0)>
                        <Glyph icon=Icon::Close/>
                    </button>
                </div>
            </For>
        </div>
    }
}

fn dismiss(hub: Hub, at: usize) {
    hub.problems.update(|all| {
        if at < all.len() {
            all.remove(at);
        }
    });
}
