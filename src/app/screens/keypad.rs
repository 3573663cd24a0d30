//! The numeric keypad: digits, steps of a plate, RPE, and on to the next cell or the next set. A keyboard types into it
//! too, wherever the focus is, and the rows above it stay as they are.

use bridge::SheetSet;
use gloo::events::{EventListener, EventListenerOptions};
use js_sys::Reflect;
use ledger::SetKind;
use leptos::prelude::*;
use wasm_bindgen::JsCast as _;

use crate::{
    icons::{Glyph, Icon},
    messages as m,
    parts::hold_focus,
    reactive::{effect, memo},
    sheet::{Cell, arrow, in_km, next_cell, pasted, pressed, set_number, stepped, steps},
    training::{Place, use_training},
};

#[component]
pub(crate) fn Keypad(place: Place) -> impl IntoView {
    let training = use_training();
    let (at, nth, cell) = place;
    // The first key replaces what stands there, the next ones add to it.
    let fresh = StoredValue::new(true);
    let (exercise, before) = training.sheet.with_untracked(|sheet| {
        let exercise = sheet.as_ref().and_then(|sheet| sheet.exercises.get(at));
        (exercise.cloned().unwrap_or_default(), exercise.and_then(|exercise| exercise.sets.get(nth)).cloned().unwrap_or_default())
    });
    let text = memo(move || {
        training.sheet.with(|sheet| Some(cell.text(sheet.as_ref()?.exercises.get(at)?.sets.get(nth)?))).unwrap_or_default()
    });
    let set_id = StoredValue::new(before.set_id.clone());
    let put = move |text: String, more: bool| {
        fresh.set_value(!more);
        training.type_in(&set_id.get_value(), cell, &text);
    };
    effect(move || training.goes_with(&set_id.get_value(), place));
    let key = move |key: char| {
        let before = if fresh.get_value() { String::new() } else { text.get_untracked() };
        let after = pressed(&before, key, cell);
        if !after.is_empty() {
            put(after, true);
        }
    };
    let erase = move || {
        let mut before = text.get_untracked();
        before.pop();
        put(before, true);
    };
    let step = move |by: i64| put(stepped(&text.get_untracked(), by, cell), false);
    let next = move || training.next(place);
    let close = move || training.type_at(None, None);
    crate::route::use_router().over(Callback::new(move |()| close()));
    let km = in_km(exercise.tracking);
    let (last, test) = match next_cell(exercise.tracking, cell) {
        Some(_) => (m::keypad::NEXT, "keypad-next"),
        None if before.done => (m::SAVE, "keypad-next"),
        None => (m::keypad::LOG_SET, "keypad-log"),
    };
    let heard = keyboard(move |name, button| {
        match (name, name.chars().next()) {
            ("Enter", _) if !button => next(),
            ("Escape", _) => close(),
            ("Backspace", _) => erase(),
            ("ArrowUp", _) => step(arrow(cell, km)),
            ("ArrowDown", _) => step(-arrow(cell, km)),
            (one, Some(sign)) if one.len() == 1 && (sign.is_ascii_digit() || ".,:".contains(sign)) => key(sign),
            _ => return false,
        }
        true
    });
    let came = EventListener::new(&document(), "paste", move |event| {
        if let Some(text) = clipboard(event).and_then(|text| pasted(&text, cell)) {
            put(text, false);
        }
    });
    let ears = StoredValue::new_local(Some((heard, came)));
    let (name, which) = (exercise.name.clone(), which_set(&exercise.sets, nth));
    on_cleanup(move || {
        ears.update_value(|ears| _ = ears.take());
        training.settle(before);
    });
    let panel = NodeRef::<leptos::html::Div>::new();
    hold_focus(panel);
    request_animation_frame(in_sight);
    let label = spoken(cell);
    view! {
        // What is tapped here takes no focus: Enter on a keyboard goes on, and does not press the last digit again.
        <div class="keypad" role="group" aria-label=m::keypad::cell_of_set(label, nth + 1) tabindex="-1" node_ref=panel
            on:mousedown=|event| event.prevent_default()>
            <div class="keypad-head">
                <span class="quiet">{name}<br/>{format!("{which} · {label}")}</span>
                <output class="keypad-value" aria-live="polite">{move || match text.get() {
                    text if text.is_empty() => "–".to_owned(),
                    text => text,
                }}</output>
            </div>
            <p class="wrong" role="alert" data-test="keypad-wrong">{training.wrong}</p>
            <div class="steps">
                {steps(cell, km).iter().map(|(name, by)| view! { <button on:click=move |_| step(*by)>{*name}</button> }).collect_view()}
                {(cell == Cell::Rpe).then(|| ["6", "7", "7.5", "8", "8.5", "9", "9.5", "10"].into_iter().map(|rpe| view! {
                    <button on:click=move |_| put(rpe.to_owned(), false)>{rpe}</button>
                }).collect_view())}
            </div>
            <Keys cell key=key erase=erase/>
            <div class="keypad-end">
                <button class="plain" data-test="keypad-close" on:click=move |_| close()>{m::CLOSE}</button>
                {(cell == Cell::Reps).then(|| view! {
                    <button class="plain" data-test="keypad-rpe" on:click=move |_| training.type_at(Some((at, nth, Cell::Rpe)), None)>{m::RPE}</button>
                })}
                <button class="primary" data-test=test on:click=move |_| next()>{last}</button>
            </div>
        </div>
    }
}

#[component]
fn Keys(
    cell: Cell,
    key: impl Fn(char) + Copy + Send + Sync + 'static,
    erase: impl Fn() + Copy + Send + Sync + 'static,
) -> impl IntoView {
    view! {
        <div class="keys">
            {"123456789".chars().map(|digit| view! { <button data-test=format!("key-{digit}") on:click=move |_| key(digit)>{digit}</button> }).collect_view()}
            <button disabled=cell.mark().is_none() data-test="key-dot" on:click=move |_| key('.')>{cell.mark().unwrap_or('.')}</button>
            <button data-test="key-0" on:click=move |_| key('0')>"0"</button>
            <button aria-label=m::keypad::ERASE on:click=move |_| erase()><Glyph icon=Icon::Backspace/></button>
        </div>
    }
}

/// What a keyboard says, before anything else hears of it: Escape closes the keypad, not the workout. `act` hears a key's
/// name, and whether somebody went to a button by keyboard, which Enter presses as everywhere; it says whether the key was
/// meant for it.
fn keyboard(act: impl Fn(&str, bool) -> bool + 'static) -> EventListener {
    let options = EventListenerOptions { passive: false, ..EventListenerOptions::run_in_capture_phase() };
    EventListener::new_with_options(&window(), "keydown", options, move |event| {
        let Some(event) = event.dyn_ref::<web_sys::KeyboardEvent>() else { return };
        if event.ctrl_key() || event.meta_key() || event.alt_key() {
            return;
        }
        let button = document().query_selector("button:focus-visible").ok().flatten().is_some();
        if act(event.key().as_str(), button) {
            event.prevent_default();
            event.stop_propagation();
        }
    })
}

/// The row that is typed into stays in sight above the keypad.
fn in_sight() {
    if let Ok(Some(cell)) = document().query_selector(".cell.editing") {
        let options = web_sys::ScrollIntoViewOptions::new();
        options.set_block(web_sys::ScrollLogicalPosition::Nearest);
        cell.scroll_into_view_with_scroll_into_view_options(&options);
    }
}

fn clipboard(event: &web_sys::Event) -> Option<String> {
    let data = Reflect::get(event, &"clipboardData".into()).ok()?;
    let get: js_sys::Function = Reflect::get(&data, &"getData".into()).ok()?.dyn_into().ok()?;
    get.call1(&data, &"text".into()).ok()?.as_string()
}

/// A cell's name before what it holds.
pub(crate) fn spoken(cell: Cell) -> &'static str {
    match cell {
        Cell::Load => m::LOAD,
        Cell::Reps => m::keypad::REPETITIONS,
        Cell::Rpe => m::RPE,
        Cell::Time => m::TIME,
        Cell::Distance => m::DISTANCE,
    }
}

/// As the row names itself: warm-ups have no number.
fn which_set(sets: &[SheetSet], nth: usize) -> String {
    match sets.get(nth).map(|set| set.kind) {
        Some(SetKind::Warmup) => m::keypad::WARMUP.to_owned(),
        _ => m::keypad::set(set_number(sets, nth)),
    }
}
