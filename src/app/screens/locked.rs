//! What is stored is encrypted, and the browser has lost its key: only the recovery code opens it.

use leptos::prelude::*;

use crate::{hub::use_hub, messages as m, parts::Field};

#[component]
pub(crate) fn Locked() -> impl IntoView {
    let hub = use_hub();
    let code = RwSignal::new(String::new());
    let empty = move || code.with(|code| code.trim().is_empty());
    view! {
        <h1>{m::locked::TITLE}</h1>
        <section class="card">
            <p>{m::locked::WHAT}</p>
            <form class="fields" on:submit=move |event| {
                event.prevent_default();
                hub.unlock(code.get());
            }>
                <Field label=m::locked::CODE value=code test="recovery-code"/>
                <button class="primary wide" type="submit" data-test="unlock" disabled=empty>{m::locked::OPEN}</button>
            </form>
            <p class="quiet">{m::locked::WITHOUT}</p>
        </section>
    }
}
