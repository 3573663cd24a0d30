//! Addresses of screens. The back button works, a reload stays where it was.

use gloo::events::EventListener;
use leptos::prelude::*;
use wasm_bindgen::JsValue;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Route {
    Today,
    Train,
    History,
    Workout(String),
    Progress,
    Crew,
    Me,
    Import,
    Storage,
    Sync,
}

impl Route {
    pub(crate) fn of(path: &str) -> Self {
        let mut parts = path.trim_matches('/').split('/');
        match (parts.next(), parts.next()) {
            (Some("train"), _) => Self::Train,
            (Some("history"), Some(workout)) => Self::Workout(workout.to_owned()),
            (Some("history"), None) => Self::History,
            (Some("progress"), _) => Self::Progress,
            (Some("crew"), _) => Self::Crew,
            (Some("me"), Some("import")) => Self::Import,
            (Some("me"), Some("storage")) => Self::Storage,
            (Some("me"), Some("sync")) => Self::Sync,
            (Some("me"), _) => Self::Me,
            _ => Self::Today,
        }
    }

    pub(crate) fn path(&self) -> String {
        match self {
            Self::Today => "/".to_owned(),
            Self::Train => "/train".to_owned(),
            Self::History => "/history".to_owned(),
            Self::Workout(id) => format!("/history/{id}"),
            Self::Progress => "/progress".to_owned(),
            Self::Crew => "/crew".to_owned(),
            Self::Me => "/me".to_owned(),
            Self::Import => "/me/import".to_owned(),
            Self::Storage => "/me/storage".to_owned(),
            Self::Sync => "/me/sync".to_owned(),
        }
    }
}

#[derive(Debug, Clone, Copy)]
pub(crate) struct Router {
    pub(crate) route: RwSignal<Route>,
}

impl Router {
    pub(crate) fn new() -> Self {
        let here = || Route::of(&window().location().pathname().unwrap_or_default());
        let route = RwSignal::new(here());
        EventListener::new(&window(), "popstate", move |_| route.set(here())).forget();
        Self { route }
    }

    pub(crate) fn go(self, to: Route) {
        if self.route.get_untracked() == to {
            return;
        }
        if let Ok(history) = window().history() {
            // Refused only when called hundreds of times a second; the screen changes all the same.
            let _ = history.push_state_with_url(&JsValue::NULL, "", Some(&to.path()));
        }
        self.route.set(to);
        window().scroll_to_with_x_and_y(0.0, 0.0);
    }

    pub(crate) fn back(self, otherwise: Route) {
        match window().history() {
            Ok(history) if 1 < history.length().unwrap_or(0) => _ = history.back(),
            _ => self.go(otherwise),
        }
    }
}

pub(crate) fn use_router() -> Router {
    expect_context()
}
