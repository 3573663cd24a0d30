//! The picker's list: as long as what was found; rows are made where somebody looks.

use std::ops::Range;

use bridge::ExerciseLine;
use leptos::prelude::*;

use crate::{
    icons::{Glyph, Icon},
    messages as m,
    reactive::memo,
    search,
};

#[derive(Clone, Copy)]
pub(super) struct List {
    node: NodeRef<leptos::html::Ul>,
    found: Memo<Vec<ExerciseLine>>,
    /// The row that somebody looks at first.
    first: RwSignal<usize>,
    /// Of a row, in pixels.
    height: RwSignal<i32>,
    made: Memo<Range<usize>>,
}

impl List {
    pub(super) fn of(found: Memo<Vec<ExerciseLine>>) -> Self {
        let (first, height) = (RwSignal::new(0), RwSignal::new(64));
        let made = memo(move || search::window(first.get(), found.with(Vec::len)));
        Self { node: NodeRef::new(), found, first, height, made }
    }

    pub(super) fn looked(self) {
        let Some(list) = self.node.get_untracked() else { return };
        let row = list.query_selector(".one").ok().flatten().map_or(0, |row| row.get_bounding_client_rect().height() as i32);
        if 0 < row {
            self.height.set(row);
        }
        self.first.set((list.scroll_top().max(0) / self.height.get_untracked()) as usize);
    }

    pub(super) fn scroll_to(self, row: usize) {
        if let Some(list) = self.node.get_untracked() {
            list.set_scroll_top(row as i32 * self.height.get_untracked());
        }
    }

    /// Something else was found.
    pub(super) fn anew(self) {
        self.scroll_to(0);
        self.first.set(0);
    }

    fn rows(self) -> Vec<(usize, ExerciseLine)> {
        self.found.with(|found| self.made.get().map(|at| (at, found[at].clone())).collect())
    }

    /// The place of rows that are not made.
    fn tall(self, rows: usize) -> String {
        format!("{}px", rows as i32 * self.height.get())
    }
}

/// The arrow keys go from row to row.
pub(super) fn step(event: &web_sys::KeyboardEvent, to: &str) {
    use wasm_bindgen::JsCast as _;
    if let Ok(Some(row)) = document().query_selector(&format!(".pick {to}")) {
        event.prevent_default();
        let _ = row.unchecked_into::<web_sys::HtmlElement>().focus();
    }
}

/// A muscle, in words.
pub(super) fn spoken(muscle: &str) -> String {
    muscle.replace('_', " ")
}

/// `children`: what comes after the last of them.
#[component]
pub(super) fn Rows(
    list: List,
    on_pick: Callback<ExerciseLine>,
    caring: RwSignal<Option<ExerciseLine>>,
    children: Children,
) -> impl IntoView {
    view! {
        <ul class="list pick" data-test="exercises" tabindex="-1" node_ref=list.node on:scroll=move |_| list.looked()>
            <li aria-hidden="true" style:height=move || list.tall(list.made.get().start)></li>
            <For each=move || list.rows() key=|(at, row)| (*at, row.exercise_id.clone(), row.hlc.clone()) let:item>
                <li class="one" aria-setsize=move || list.found.with(Vec::len) aria-posinset=item.0 + 1>
                    <button class="row" on:click={ let row = item.1.clone(); move |_| on_pick.run(row.clone()) } on:keydown=move |event| match event.key().as_str() {
                        "ArrowDown" => step(&event, ".one:focus-within + .one button"),
                        "ArrowUp" => step(&event, ".one:has(+ .one:focus-within) button"),
                        _ => {}
                    }>
                        <span class="row-main">
                            <strong>{item.1.name.clone()}</strong>
                            <span class="quiet">{format!("{}{}", spoken(item.1.muscle_group.as_deref().unwrap_or_default()),
                                if item.1.times == 0 { String::new() } else { format!(" · {}", m::picker::times(item.1.times)) })}</span>
                        </span>
                    </button>
                    {(item.1.is_custom == 1).then(|| {
                        let own = item.1.clone();
                        view! { <button class="iconic" aria-label=m::picker::more(&own.name) data-test="own" on:click=move |_| caring.set(Some(own.clone()))><Glyph icon=Icon::More/></button> }
                    })}
                </li>
            </For>
            <li aria-hidden="true" style:height=move || list.tall(list.found.with(Vec::len) - list.made.get().end)></li>
            {children()}
        </ul>
    }
}
