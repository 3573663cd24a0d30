//! Small pieces that several screens share.

use bridge::Profile as ProfileRow;
use leptos::prelude::*;

use crate::{
    hub::use_hub,
    icons::{Glyph, Icon},
    messages as m,
    reactive::effect,
    words,
};

/// The person's settings, from the tables.
#[derive(Clone, Copy)]
pub(crate) struct Settings {
    rows: ReadSignal<Option<Vec<ProfileRow>>>,
}

impl Settings {
    pub(crate) fn provide() -> Self {
        let it = Self { rows: use_hub().watch::<ProfileRow>(Vec::new) };
        provide_context(it);
        it
    }

    pub(crate) fn lb(self) -> bool {
        self.rows.with(|rows| rows.iter().flatten().any(|row| row.unit.as_deref() == Some("lb")))
    }

    /// 1 is Monday, 7 is Sunday.
    pub(crate) fn week_start(self) -> i64 {
        self.rows.with(|rows| rows.iter().flatten().find_map(|row| row.week_start)).unwrap_or(1)
    }

    pub(crate) fn theme(self) -> String {
        self.rows.with(|rows| rows.iter().flatten().find_map(|row| row.theme.clone())).unwrap_or_else(crate::hub::kept_theme)
    }
}

pub(crate) fn use_settings() -> Settings {
    expect_context()
}

/// A number with its unit, the unit lighter.
#[component]
pub(crate) fn Figure(#[prop(into)] value: String, #[prop(into)] unit: String) -> impl IntoView {
    view! { <span class="figure">{value}<span class="unit">{words::NARROW}{unit}</span></span> }
}

#[component]
pub(crate) fn Header(
    #[prop(into)] title: Signal<String>,
    #[prop(optional)] back: Option<crate::route::Route>,
    #[prop(optional)] children: Option<Children>,
) -> impl IntoView {
    let router = crate::route::use_router();
    view! {
        <header class="bar">
            {back.map(|back| view! {
                <button class="iconic" aria-label=m::parts::BACK on:click=move |_| router.back(back.clone())><Glyph icon=Icon::Back/></button>
            })}
            <h1>{title}</h1>
            <div class="bar-end">{children.map(|children| children())}</div>
        </header>
    }
}

/// An empty screen teaches with one sentence and one action.
#[component]
pub(crate) fn Empty(#[prop(into)] text: String, #[prop(optional)] children: Option<Children>) -> impl IntoView {
    view! { <div class="empty"><p>{text}</p>{children.map(|children| children())}</div> }
}

/// Grey bars where something will stand, shown by CSS only after 200 ms.
#[component]
pub(crate) fn Skeleton(lines: usize) -> impl IntoView {
    view! {
        <div class="skeleton" aria-hidden="true">{(0..lines).map(|_| view! { <div></div> }).collect_view()}</div>
        <p class="hidden" role="status">{m::parts::LOADING}</p>
    }
}

/// Focus goes into a panel, and back to where it was when the panel goes.
pub(crate) fn hold_focus(panel: NodeRef<leptos::html::Div>) {
    let before = StoredValue::new_local(document().active_element());
    effect(move || {
        if let Some(panel) = panel.get() {
            let _ = panel.focus();
        }
    });
    on_cleanup(move || {
        use wasm_bindgen::JsCast as _;
        if let Some(element) = before.get_value().and_then(|element| element.dyn_into::<web_sys::HtmlElement>().ok()) {
            let _ = element.focus();
        }
    });
}

/// A dialog from the bottom edge. Escape and the backdrop close it; focus goes in and comes back.
#[component]
pub(crate) fn BottomSheet(#[prop(into)] label: String, on_close: Callback<()>, children: Children) -> impl IntoView {
    let panel = NodeRef::<leptos::html::Div>::new();
    hold_focus(panel);
    crate::route::use_router().over(on_close);
    // The handle follows the finger; let go far enough down, the sheet closes.
    let grabbed = StoredValue::new(None::<i32>);
    let put = move |by: i32| {
        if let Some(panel) = panel.get_untracked() {
            let panel: &web_sys::HtmlElement = &panel;
            let at = if by == 0 { "none".to_owned() } else { format!("0 {by}px") };
            let _ = panel.style().set_property("translate", &at);
        }
    };
    let pulled = move |event: &web_sys::PointerEvent| grabbed.get_value().map(|from| (event.client_y() - from).max(0));
    let let_go = move |event: web_sys::PointerEvent| {
        let by = pulled(&event).unwrap_or(0);
        grabbed.set_value(None);
        if 96 < by { on_close.run(()) } else { put(0) }
    };
    view! {
        <div class="backdrop" on:click=move |_| on_close.run(())></div>
        <div
            class="bottom-sheet" role="dialog" aria-modal="true" aria-label=label tabindex="-1" node_ref=panel
            on:keydown=move |event| {
                if event.key() == "Escape" {
                    event.stop_propagation();
                    on_close.run(());
                }
            }
        >
            <div
                class="grab" data-test="grab"
                on:pointerdown=move |event| {
                    grabbed.set_value(Some(event.client_y()));
                    let _ = event_target::<web_sys::Element>(&event).set_pointer_capture(event.pointer_id());
                }
                on:pointermove=move |event| pulled(&event).into_iter().for_each(put)
                on:pointerup=let_go
                on:pointercancel=move |_| {
                    grabbed.set_value(None);
                    put(0);
                }
            ></div>
            {children()}
        </div>
    }
}

/// One of a few, as a row of buttons.
#[component]
pub(crate) fn Segments(
    #[prop(into)] label: String,
    options: &'static [(&'static str, &'static str)],
    #[prop(into)] value: Signal<String>,
    on_pick: Callback<String>,
) -> impl IntoView {
    view! {
        <div class="segments" role="radiogroup" aria-label=label>
            {options.iter().map(|(id, name)| view! {
                <button
                    type="button" role="radio" aria-checked=move || (value.get() == *id).to_string()
                    on:click=move |_| on_pick.run((*id).to_owned())
                >{*name}</button>
            }).collect_view()}
        </div>
    }
}

/// What cannot be taken back is asked for twice.
#[component]
pub(crate) fn Twice(once: &'static str, again: &'static str, test: &'static str, act: Callback<()>) -> impl IntoView {
    let sure = RwSignal::new(false);
    let tapped = move |_| {
        if sure.get_untracked() { act.run(()) } else { sure.set(true) }
    };
    view! {
        <button class="plain danger" data-test=test on:click=tapped on:blur=move |_| sure.set(false)>{move || if sure.get() { again } else { once }}</button>
    }
}

#[component]
pub(crate) fn Field(
    label: &'static str,
    value: RwSignal<String>,
    test: &'static str,
    #[prop(default = "text")] kind: &'static str,
    #[prop(default = "off")] autocomplete: &'static str,
) -> impl IntoView {
    view! {
        <label>{label}
            <input type=kind autocomplete=autocomplete autocapitalize="none" data-test=test prop:value=value
                on:input=move |event| value.set(event_target_value(&event))/>
        </label>
    }
}
