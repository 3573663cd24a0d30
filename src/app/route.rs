//! Addresses of screens. The back button works, a reload stays where it was.

use std::{cell::RefCell, rc::Rc};

use gloo::{events::EventListener, timers::callback::Timeout};
use leptos::prelude::*;
use wasm_bindgen::{JsCast as _, JsValue, closure::Closure};

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

/// Where one is, and what lies over it: every screen and every sheet is an entry of the browser's history, so that Back
/// closes what was opened last, and comes back to the same place of a long list.
#[derive(Clone, Copy)]
pub(crate) struct Router {
    pub(crate) route: RwSignal<Route>,
    /// How many more rows of the history somebody asked for.
    pub(crate) more: RwSignal<i64>,
    inner: StoredValue<Rc<RefCell<Inner>>, LocalStorage>,
}

#[derive(Default)]
struct Inner {
    /// What lies over the screen, and how it is closed.
    layers: Vec<(u32, Callback<()>)>,
    next: u32,
    /// How far each screen before this one was scrolled.
    scrolled: Vec<f64>,
    depth: usize,
    /// Where to scroll to as soon as the page is long enough.
    wanted: Option<f64>,
    /// The browser was told to go back and has not yet.
    leaving: bool,
    /// Counts how often it was told so.
    trips: u32,
    queued: Option<Route>,
}

/// What an entry of the browser's history says: how many screens lie before it, and how many layers over its screen.
fn entry() -> (usize, usize) {
    let said = window().history().and_then(|history| history.state()).ok().and_then(|state| state.as_f64()).unwrap_or(0.0);
    (said as usize / 16, said as usize % 16)
}

fn write(depth: usize, layers: usize, path: Option<&str>, over: bool) {
    let Ok(history) = window().history() else { return };
    let state = JsValue::from_f64((depth * 16 + layers.min(15)) as f64);
    // Refused only when called hundreds of times a second; the screen changes all the same.
    let _ = if over { history.replace_state_with_url(&state, "", path) } else { history.push_state_with_url(&state, "", path) };
}

fn here() -> Route {
    Route::of(&window().location().pathname().unwrap_or_default())
}

impl Router {
    pub(crate) fn new() -> Self {
        let it = Self { route: RwSignal::new(here()), more: RwSignal::new(0), inner: StoredValue::new_local(Rc::default()) };
        it.inner().borrow_mut().depth = entry().0;
        if let Ok(history) = window().history() {
            // Rows come after their screen, so the browser would scroll too early.
            let _ = history.set_scroll_restoration(web_sys::ScrollRestoration::Manual);
        }
        EventListener::new(&window(), "popstate", move |_| it.popped()).forget();
        // Whoever does something has not been waiting to be brought back.
        for event in ["pointerdown", "wheel", "keydown"] {
            EventListener::new(&window(), event, move |_| it.inner().borrow_mut().wanted = None).forget();
        }
        it
    }

    fn inner(self) -> Rc<RefCell<Inner>> {
        self.inner.get_value()
    }

    /// Scrolls to where Back came from, once the rows are there.
    pub(crate) fn follow(self, main: &web_sys::Element) {
        let grown = Closure::<dyn FnMut()>::new(move || {
            let tall = document().document_element().map_or(0.0, |root| f64::from(root.scroll_height()));
            let seen = window().inner_height().ok().and_then(|height| height.as_f64()).unwrap_or(0.0);
            // Said again whenever the page grows, until somebody does something: rows get their lines one after another.
            let wanted = self.inner().borrow().wanted.filter(|y| *y <= tall - seen + 1.0);
            if let Some(y) = wanted {
                window().scroll_to_with_x_and_y(0.0, y);
            }
        });
        if let Ok(observer) = web_sys::ResizeObserver::new(grown.as_ref().unchecked_ref()) {
            observer.observe(main);
        }
        grown.forget();
    }

    fn popped(self) {
        let (depth, layers) = entry();
        let inner = self.inner();
        let ours = std::mem::take(&mut inner.borrow_mut().leaving);
        if !ours {
            let open = inner.borrow().layers.len();
            if open < layers {
                // What lay there is closed long since.
                inner.borrow_mut().leaving = true;
                let _ = window().history().and_then(|history| history.back());
                return;
            }
            let above = inner.borrow_mut().layers.split_off(layers);
            above.iter().rev().for_each(|(_, close)| close.run(()));
        }
        if depth != inner.borrow().depth {
            let mut inner = inner.borrow_mut();
            inner.remember();
            inner.depth = depth;
            inner.wanted = inner.scrolled.get(depth).copied();
        }
        let to = here();
        if self.route.with_untracked(|route| *route != to) {
            window().scroll_to_with_x_and_y(0.0, 0.0);
            self.route.set(to);
        }
        let queued = inner.borrow_mut().queued.take();
        queued.into_iter().for_each(|to| self.go(to));
        self.settle();
    }

    pub(crate) fn go(self, to: Route) {
        let inner = self.inner();
        if inner.borrow().leaving {
            inner.borrow_mut().queued = Some(to);
            return;
        }
        if self.route.with_untracked(|route| *route == to) {
            return;
        }
        let (_, layers) = entry();
        {
            let mut inner = inner.borrow_mut();
            inner.remember();
            inner.wanted = None;
            inner.depth += 1;
            // The entry of a layer that is left with its screen is not come back to.
            write(inner.depth, 0, Some(&to.path()), 0 < layers);
        }
        if to == Route::History {
            self.more.set(0);
        }
        self.route.set(to);
        window().scroll_to_with_x_and_y(0.0, 0.0);
        self.settle_soon();
    }

    pub(crate) fn back(self, otherwise: Route) {
        if entry().0 == 0 || window().history().and_then(|history| history.back()).is_err() {
            self.go(otherwise);
        }
    }

    /// Something lies over the screen for as long as the component that says so: Back closes it.
    pub(crate) fn over(self, close: Callback<()>) {
        let id = {
            let inner = self.inner();
            let mut inner = inner.borrow_mut();
            inner.next += 1;
            let id = inner.next;
            inner.layers.push((id, close));
            id
        };
        self.settle_soon();
        on_cleanup(move || {
            self.inner().borrow_mut().layers.retain(|(other, _)| *other != id);
            self.settle_soon();
        });
    }

    fn settle_soon(self) {
        Timeout::new(0, move || self.settle()).forget();
    }

    /// One entry of the history for each layer: made when one opens, gone back from when one closes by itself.
    fn settle(self) {
        let inner = self.inner();
        if inner.borrow().leaving {
            return;
        }
        let ((depth, have), want) = (entry(), inner.borrow().layers.len());
        (have..want).for_each(|layers| write(depth, layers + 1, None, false));
        if want < have {
            let trip = {
                let mut inner = inner.borrow_mut();
                inner.leaving = true;
                inner.trips += 1;
                inner.trips
            };
            let _ = window().history().and_then(|history| history.go_with_delta(want as i32 - have as i32));
            // A history without that entry answers nothing. Not for a later trip, which may only have begun.
            Timeout::new(2_000, move || {
                if self.inner().borrow().leaving && self.inner().borrow().trips == trip {
                    write(depth, want, None, true);
                    self.popped();
                }
            })
            .forget();
        }
    }
}

impl Inner {
    fn remember(&mut self) {
        let deep = self.scrolled.len().max(self.depth + 1);
        self.scrolled.resize(deep, 0.0);
        self.scrolled[self.depth] = window().scroll_y().unwrap_or(0.0);
    }
}

pub(crate) fn use_router() -> Router {
    expect_context()
}
