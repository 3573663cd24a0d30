//! The frame: tabs, the workout's bar above them, the pill that says how things stand, toasts and problems.

use bridge::{ProblemKind, SyncLink};
use gloo::timers::callback::Timeout;
use leptos::prelude::*;

use crate::{
    hub::{Hub, use_hub},
    icons::{Glyph, Icon},
    messages as m,
    more::More,
    parts::{BottomSheet, Settings, use_settings},
    problems::Problems,
    reactive::{effect, memo},
    route::{Route, Router, use_router},
    screens::{
        locked::{Cleared, Gone, Locked, Removed},
        today::Today,
        train::Train,
        workout::Workout,
    },
    sheet::set_at,
    training::{Training, use_training},
};

const SOON_MS: u32 = 500;
/// When the other screens are fetched though there are no figures yet.
const LATER_MS: u32 = 10_000;

#[component]
pub fn App() -> impl IntoView {
    provide_context(Hub::start());
    provide_context(Router::new());
    Settings::provide();
    Training::provide();
    let router = use_router();
    let training = use_training();
    let settings = use_settings();
    effect(move || {
        if let Some(root) = document().document_element() {
            let theme = settings.theme();
            let _ = root.set_attribute("data-theme", &theme);
            crate::hub::keep_theme(&theme);
        }
    });
    let help = RwSignal::new(false);
    let hub = use_hub();
    // What could not be done on one screen is no matter of the next.
    effect(move || {
        router.route.track();
        hub.forget(&[ProblemKind::Refused]);
    });
    // Memos: a screen is not made anew, with what somebody types in it, because a start is over.
    let (locked, cleared) = (memo(move || hub.locked.get()), memo(move || hub.cleared.get()));
    // One question first: there is nowhere else to go.
    let shut = memo(move || hub.gone.get() || hub.removed.get() || locked.with(Option::is_some) || cleared.with(Option::is_some));
    shortcuts(router, training, help, shut);
    let main = NodeRef::<leptos::html::Main>::new();
    // The frame first, then the screen, then the worker that works out figures: each is a task of its own, so that no tap
    // waits for all of them.
    let framed = RwSignal::new(false);
    Timeout::new(0, move || {
        framed.set(true);
        Timeout::new(0, move || {
            unveil();
            if let Some(main) = main.get_untracked() {
                router.follow(&main);
            }
            hub.start_projector();
        })
        .forget();
    })
    .forget();
    let more = More::new();
    // Behind the first figures, which come at once when the tables stand; later an update may have taken this build's files
    // away.
    effect(move || {
        if hub.projected.get() {
            Timeout::new(SOON_MS, move || more.fetch()).forget();
        }
    });
    Timeout::new(LATER_MS, move || more.fetch()).forget();
    let screen = move || match router.route.get() {
        _ if hub.gone.get() => view! { <Gone/> }.into_any(),
        _ if hub.removed.get() => view! { <Removed/> }.into_any(),
        _ if locked.with(Option::is_some) => locked.get().map(|opens| view! { <Locked opens/> }).into_any(),
        _ if cleared.with(Option::is_some) => cleared.get().map(|problem| view! { <Cleared problem/> }).into_any(),
        Route::Today => view! { <Today/> }.into_any(),
        Route::Train => view! { <Train/> }.into_any(),
        Route::History => more.view(m::history::TITLE, |screens| (screens.history)()),
        Route::Workout(id) => more.view(m::WORKOUT, |screens| (screens.detail)(id)),
        Route::Progress => more.view(m::progress::TITLE, |screens| (screens.progress)()),
        Route::Crew => more.view(m::crew::TAB, |screens| (screens.crew)()),
        Route::Me => more.view(m::me::TITLE, |screens| (screens.me)()),
        Route::Import => more.view(m::import::TITLE, |screens| (screens.import)()),
        Route::Storage => more.view(m::storage::TITLE, |screens| (screens.storage)()),
        Route::Sync => more.view(m::sync::TITLE, |screens| (screens.sync)()),
    };
    view! {
        <a class="skip" href="#main">{m::shell::SKIP_TO_CONTENT}</a>
        <div class="app" inert=move || training.open.get()>
            <Pill/>
            // A workout that is open shows them itself, where its taps are.
            <Show when=move || !training.open.get()><Problems/></Show>
            <main id="main" tabindex="-1" node_ref=main>{move || framed.get().then(screen)}</main>
            <WorkoutBar/>
            <Show when=move || !shut.get()><Tabs/></Show>
        </div>
        <Show when=move || training.open.get() && training.sheet.with(Option::is_some)><Workout/></Show>
        <Show when=move || help.get()><Shortcuts help/></Show>
        <Toasts/>
    }
}

/// The app takes the place of the first paint, which has the same frame: nothing moves.
fn unveil() {
    if let Some(first) = document().get_element_by_id("first-paint") {
        first.remove();
    }
    if let Some(root) = document().get_element_by_id("app") {
        let _ = root.remove_attribute("hidden");
    }
}

const SHORTCUTS: &[(&str, &str)] = &[
    ("1 – 5", m::shell::SHORTCUT_TABS),
    ("n", m::shell::SHORTCUT_START),
    ("Esc", m::shell::SHORTCUT_CLOSE),
    ("Enter", m::shell::SHORTCUT_NEXT),
    ("Delete", m::shell::SHORTCUT_REMOVE),
    ("?", m::shell::SHORTCUT_LIST),
];

#[component]
fn Shortcuts(help: RwSignal<bool>) -> impl IntoView {
    view! {
        <BottomSheet label=m::shell::SHORTCUTS on_close=Callback::new(move |()| help.set(false))>
            <h2>{m::shell::SHORTCUTS}</h2>
            <dl class="facts">
                {SHORTCUTS.iter().map(|(key, what)| view! { <div><dt><kbd>{*key}</kbd></dt><dd>{*what}</dd></div> }).collect_view()}
            </dl>
            <button class="plain wide" on:click=move |_| help.set(false)>{m::CLOSE}</button>
        </BottomSheet>
    }
}

#[component]
fn Tabs() -> impl IntoView {
    let router = use_router();
    let tab = move |route: Route, icon: Icon, name: &'static str| {
        let here = {
            let route = route.clone();
            move || match (router.route.get(), &route) {
                (Route::History | Route::Workout(_), Route::Train) => true,
                (Route::Import | Route::Storage | Route::Sync, Route::Me) => true,
                (now, route) => now == *route,
            }
        };
        view! {
            <a
                href=route.path()
                aria-current=move || here().then_some("page")
                on:click=move |event| {
                    event.prevent_default();
                    router.go(route.clone());
                }
            ><Glyph icon/><span>{name}</span></a>
        }
    };
    view! {
        <nav class="tabs" aria-label=m::shell::TABS>
            {tab(Route::Today, Icon::Today, m::today::TITLE)}
            {tab(Route::Train, Icon::Train, m::train::TITLE)}
            {tab(Route::Progress, Icon::Progress, m::progress::TITLE)}
            {tab(Route::Crew, Icon::Crew, m::crew::TAB)}
            {tab(Route::Me, Icon::Me, m::me::TITLE)}
        </nav>
    }
}

/// Quiet: only what differs from "all is well".
#[component]
fn Pill() -> impl IntoView {
    let hub = use_hub();
    let text = move || {
        if hub.profile.with(|profile| profile.as_ref().is_some_and(|profile| profile.memory_only)) {
            return Some(m::shell::NOT_STORED.to_owned());
        }
        let waiting = hub.sync.with(|sync| sync.waiting as i64);
        match (hub.online.get(), hub.saving.get(), hub.sync.with(|sync| sync.link)) {
            (_, n, _) if 3 < n => Some(m::shell::saving(i64::from(n))),
            (false, ..) if 0 < waiting => Some(m::shell::offline(waiting)),
            (false, ..) => Some(m::shell::OFFLINE.to_owned()),
            (_, _, SyncLink::Stopped) => Some(m::shell::SIGN_IN_AGAIN.to_owned()),
            (_, _, SyncLink::Waiting) if 0 < waiting => Some(m::shell::waiting(waiting)),
            _ => None,
        }
    };
    let training = use_training();
    // Never under a running workout: a reload between two sets is the last thing anybody needs.
    let update = move || hub.update.get() && training.sheet.with(Option::is_none);
    view! {
        <div class="pills" role="status">
            {move || text().map(|text| view! { <span class="pill">{text}</span> })}
            <Show when=update>
                <button class="pill action" on:click=|_| reload_with_update()>{m::shell::UPDATE_READY}</button>
            </Show>
        </div>
    }
}

fn reload_with_update() {
    // boot.js knows the waiting service worker; without one a plain reload is the update.
    let event = web_sys::Event::new("spotter:accept-update").expect("an event can be made");
    let _ = window().dispatch_event(&event);
}

/// The workout that is going on, folded to one line above the tabs.
#[component]
fn WorkoutBar() -> impl IntoView {
    let training = use_training();
    let line = move || {
        training.sheet.with(|sheet| {
            let sheet = sheet.as_ref()?;
            let exercise = sheet.exercises.get(sheet.current);
            let name = exercise.map_or_else(|| m::WORKOUT.to_owned(), |exercise| exercise.name.clone());
            let sets = exercise.map(|exercise| m::shell::set_at(set_at(&exercise.sets)));
            Some((name, sets))
        })
    };
    view! {
        <Show when=move || training.sheet.with(Option::is_some)>
            <button class="workout-bar" data-test="workout-bar" on:click=move |_| training.open.set(true)>
                <span class="workout-bar-name">{move || line().map(|(name, _)| name)}</span>
                <span class="quiet">{move || line().and_then(|(_, sets)| sets)}</span>
                <crate::screens::workout::Elapsed rest=true/>
            </button>
        </Show>
    }
}

#[component]
fn Toasts() -> impl IntoView {
    let hub = use_hub();
    view! {
        <div class="toasts" role="status" aria-live="polite">
            {move || hub.toast.get().map(|toast| view! {
                <div class="toast">
                    <span>{toast.text}</span>
                    {toast.undo.map(|undo| view! {
                        <button on:click=move |_| {
                            hub.toast.set(None);
                            undo();
                        }>{m::UNDO}</button>
                    })}
                </div>
            })}
        </div>
    }
}

fn shortcuts(router: Router, training: Training, help: RwSignal<bool>, shut: Memo<bool>) {
    use wasm_bindgen::JsCast as _;
    gloo::events::EventListener::new(&document(), "keydown", move |event| {
        let Some(event) = event.dyn_ref::<web_sys::KeyboardEvent>() else { return };
        let typing = event
            .target()
            .and_then(|target| target.dyn_into::<web_sys::Element>().ok())
            .is_some_and(|element| matches!(element.tag_name().as_str(), "INPUT" | "TEXTAREA" | "SELECT"));
        if shut.get_untracked() || typing || event.ctrl_key() || event.meta_key() || event.alt_key() {
            return;
        }
        match event.key().as_str() {
            "Escape" => training.open.set(false),
            "n" => training.start(""),
            "?" => help.set(true),
            "1" if !training.open.get_untracked() => router.go(Route::Today),
            "2" if !training.open.get_untracked() => router.go(Route::Train),
            "3" if !training.open.get_untracked() => router.go(Route::Progress),
            "4" if !training.open.get_untracked() => router.go(Route::Crew),
            "5" if !training.open.get_untracked() => router.go(Route::Me),
            _ => {}
        }
    })
    .forget();
}
