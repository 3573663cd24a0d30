//! The screens that a running workout can wait for. They are a file of their own, which comes once the first screen stands,
//! or at once when one of them is asked for.

use leptos::{prelude::*, task::spawn_local};

use crate::{
    messages as m,
    parts::{Header, Skeleton},
    screens::{
        crew::Crew, detail::Detail, history::History, import::Import, me::Me, progress::Progress, storage::Storage, sync::Sync,
    },
};

/// How each is made.
#[derive(Debug)]
pub(crate) struct Screens {
    pub(crate) history: fn() -> AnyView,
    pub(crate) detail: fn(String) -> AnyView,
    pub(crate) progress: fn() -> AnyView,
    pub(crate) crew: fn() -> AnyView,
    pub(crate) me: fn() -> AnyView,
    pub(crate) import: fn() -> AnyView,
    pub(crate) storage: fn() -> AnyView,
    pub(crate) sync: fn() -> AnyView,
}

static SCREENS: Screens = Screens {
    history: || view! { <History/> }.into_any(),
    detail: |id| view! { <Detail id/> }.into_any(),
    progress: || view! { <Progress/> }.into_any(),
    crew: || view! { <Crew/> }.into_any(),
    me: || view! { <Me/> }.into_any(),
    import: || view! { <Import/> }.into_any(),
    storage: || view! { <Storage/> }.into_any(),
    sync: || view! { <Sync/> }.into_any(),
};

mod file {
    use wasm_split_helpers::{SplitLoaderError, wasm_split};

    use super::{SCREENS, Screens};

    /// The seam: what only this function reaches lies in the other file.
    #[wasm_split(more, fallible)]
    pub(super) fn screens() -> Result<&'static Screens, SplitLoaderError> {
        Ok(&SCREENS)
    }
}

const TRIES: u32 = 3;

#[derive(Clone, Copy, Default)]
enum Asked {
    #[default]
    No,
    Under,
    There(&'static Screens),
    Failed,
}

#[derive(Clone, Copy)]
pub(crate) struct More(RwSignal<Asked>);

impl More {
    pub(crate) fn new() -> Self {
        Self(RwSignal::default())
    }

    /// Fetches them, unless that was done or is being done.
    pub(crate) fn fetch(self) {
        if matches!(self.0.get_untracked(), Asked::Under | Asked::There(_)) {
            return;
        }
        self.0.set(Asked::Under);
        spawn_local(async move {
            let mut screens = file::screens().await;
            // As for the files of the start (`compile.js`).
            for _ in 1..TRIES {
                if screens.is_err() {
                    screens = file::screens().await;
                }
            }
            self.0.set(screens.map_or(Asked::Failed, Asked::There));
        });
    }

    /// One of them, or what stands in its place until it is there.
    pub(crate) fn view(self, title: &'static str, make: impl FnOnce(&'static Screens) -> AnyView) -> AnyView {
        match self.0.get() {
            Asked::There(screens) => make(screens),
            Asked::No => {
                self.fetch();
                waits(title)
            }
            Asked::Under => waits(title),
            Asked::Failed => view! {
                <Header title=Signal::derive(move || title.to_owned())/>
                <section class="card" role="alert">
                    <p>{m::shell::NOT_LOADED}</p>
                    <button class="primary wide" on:click=move |_| self.fetch()>{m::shell::LOAD_AGAIN}</button>
                </section>
            }
            .into_any(),
        }
    }
}

fn waits(title: &'static str) -> AnyView {
    view! { <Header title=Signal::derive(move || title.to_owned())/><Skeleton lines=3/> }.into_any()
}
