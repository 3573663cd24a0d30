//! One small set of icons, drawn here: 24 px, stroke 1.75. Each stands beside a label or in a control that has a name.

use leptos::prelude::*;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Icon {
    Today,
    Train,
    Progress,
    Crew,
    Me,
    Plus,
    Tick,
    Back,
    Down,
    Close,
    Search,
    Trash,
    More,
    Send,
    Backspace,
    File,
}

#[component]
pub(crate) fn Glyph(icon: Icon) -> impl IntoView {
    let path = match icon {
        Icon::Today => "M4 9h16M7 3v3M17 3v3M6 5h12a2 2 0 0 1 2 2v11a2 2 0 0 1-2 2H6a2 2 0 0 1-2-2V7a2 2 0 0 1 2-2ZM9 14l2 2 4-4",
        Icon::Train => "M3 12h2m14 0h2M8 12h8M5 8.5v7M8 6v12M16 6v12M19 8.5v7",
        Icon::Progress => "M4 20V10m5.3 10V4m5.4 16v-8M20 20V7",
        Icon::Crew => {
            "M4 6.5A2.5 2.5 0 0 1 6.5 4h11A2.5 2.5 0 0 1 20 6.5v7a2.5 2.5 0 0 1-2.5 2.5H11l-4.5 4v-4A2.5 2.5 0 0 1 4 13.5Z"
        }
        Icon::Me => "M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8ZM4.5 20c1-3.5 4-5 7.5-5s6.5 1.5 7.5 5",
        Icon::Plus => "M12 5v14M5 12h14",
        Icon::Tick => "m5 12.5 4.5 4.5L19 7.5",
        Icon::Back => "m14.5 5-7 7 7 7",
        Icon::Down => "m5 9 7 7 7-7",
        Icon::Close => "m6 6 12 12M18 6 6 18",
        Icon::Search => "M11 18a7 7 0 1 0 0-14 7 7 0 0 0 0 14Zm5-2 4.5 4.5",
        Icon::Trash => "M5 7h14M10 4h4M7 7l1 13h8l1-13M10.5 11v5M13.5 11v5",
        Icon::More => "M5 12a1 1 0 1 0 2 0 1 1 0 1 0-2 0ZM11 12a1 1 0 1 0 2 0 1 1 0 1 0-2 0ZM17 12a1 1 0 1 0 2 0 1 1 0 1 0-2 0Z",
        Icon::Send => "M5 12h13M12.5 6l6 6-6 6",
        Icon::Backspace => "M9 6h11v12H9l-6-6ZM12 10l4 4M16 10l-4 4",
        Icon::File => "M7 3h7l5 5v13H7a2 2 0 0 1-2-2V5a2 2 0 0 1 2-2ZM14 3v5h5",
    };
    view! {
        <svg class="icon" viewBox="0 0 24 24" aria-hidden="true"><path d=path></path></svg>
    }
}
