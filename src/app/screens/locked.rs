//! Before anything else: what is stored waits for its passphrase or its code, was closed in another tab, or is gone.

use bridge::Problem;
use leptos::prelude::*;

use crate::{
    hub::{Opens, reload, use_hub},
    messages as m,
    parts::{Field, Twice},
    route::{Route, use_router},
};

#[component]
pub(crate) fn Locked(opens: Opens) -> impl IntoView {
    let hub = use_hub();
    let code = RwSignal::new(String::new());
    let empty = move || code.with(|code| code.trim().is_empty());
    let passphrase = opens == Opens::Passphrase;
    let (what, label) = if passphrase { (m::locked::APP_LOCK, m::locked::PASSPHRASE) } else { (m::locked::WHAT, m::locked::CODE) };
    view! {
        <h1>{m::locked::TITLE}</h1>
        <section class="card">
            <p>{what}</p>
            <form class="stack" on:submit=move |event| {
                event.prevent_default();
                hub.unlock(code.get());
            }>
                <Field label value=code test="recovery-code" kind=if passphrase { "password" } else { "text" }
                    autocomplete=if passphrase { "current-password" } else { "off" }/>
                <button class="primary wide" type="submit" data-test="unlock" disabled=empty>{m::locked::OPEN}</button>
            </form>
            <p class="quiet">{if passphrase { m::locked::FORGOTTEN } else { m::locked::WITHOUT }}</p>
            {(!passphrase).then(|| view! {
                <Twice once=m::locked::START_OVER again=m::locked::START_OVER_SURE test="start-over" act=Callback::new(move |()| hub.start_over())/>
            })}
        </section>
    }
}

#[component]
pub(crate) fn Gone() -> impl IntoView {
    view! {
        <h1>{m::locked::GONE_TITLE}</h1>
        <section class="card">
            <p>{m::locked::GONE}</p>
            <button class="primary wide" on:click=|_| reload()>{m::locked::RELOAD}</button>
        </section>
    }
}

/// After everything was removed: whoever asked for it sees that it is done.
#[component]
pub(crate) fn Removed() -> impl IntoView {
    let (hub, router) = (use_hub(), use_router());
    view! {
        <h1>{m::locked::REMOVED_TITLE}</h1>
        <section class="card" role="status" data-test="removed">
            <p>{m::locked::REMOVED}</p>
            <button class="primary wide" data-test="begin-anew" on:click=move |_| {
                router.go(Route::Today);
                hub.removal_seen();
            }>{m::locked::BEGIN_ANEW}</button>
        </section>
    }
}

/// The browser has removed what was stored here: it is brought back before anything new begins.
#[component]
pub(crate) fn Cleared(problem: Problem) -> impl IntoView {
    let (hub, router) = (use_hub(), use_router());
    let go = move |route: Option<Route>| {
        hub.cleared.set(None);
        if let Some(route) = route {
            router.go(route);
        }
    };
    view! {
        <h1>{m::locked::CLEARED_TITLE}</h1>
        <section class="card" data-test="cleared">
            <p>{problem.happened}</p>
            <p class="quiet">{problem.kept}</p>
            <button class="primary wide" data-test="from-account" on:click=move |_| go(Some(Route::Sync))>{m::locked::FROM_ACCOUNT}</button>
            <button class="plain wide" data-test="from-backup" on:click=move |_| go(Some(Route::Import))>{m::locked::FROM_BACKUP}</button>
            <button class="plain wide" data-test="without" on:click=move |_| {
                hub.go_on_without();
                go(None);
            }>{m::locked::WITHOUT_IT}</button>
            <p class="quiet">{problem.todo}</p>
        </section>
    }
}
