//! The numeric keypad: digits, steps of a plate, RPE, and on to the next cell. A keyboard works too.

use bridge::SheetSet;
use leptos::prelude::*;

use crate::{
    icons::{Glyph, Icon},
    messages as m,
    parts::BottomSheet,
    training::{Cell, cells, set_number, use_training},
    words,
};

type Editing = RwSignal<Option<(usize, usize, Cell)>>;

#[component]
pub(crate) fn Keypad(at: usize, nth: usize, cell: Cell, editing: Editing) -> impl IntoView {
    let training = use_training();
    // The first key replaces what stands there, the next ones add to it.
    let fresh = StoredValue::new(true);
    let text = Memo::new(move |_| {
        training.sheet.with(|sheet| {
            let set = sheet.as_ref().and_then(|sheet| sheet.exercises.get(at)).and_then(|exercise| exercise.sets.get(nth));
            set.map(|set| cell.text(set)).unwrap_or_default()
        })
    });
    let decimal = matches!(cell, Cell::Load | Cell::Rpe);
    let put = move |text: String| training.type_in(at, nth, cell, text);
    let key = move |digit: char| {
        let before = if fresh.get_value() { String::new() } else { text.get_untracked() };
        fresh.set_value(false);
        if before.len() < 7 && (digit != '.' || (decimal && !before.contains('.'))) {
            put(format!("{before}{digit}"));
        }
    };
    let erase = move || {
        fresh.set_value(false);
        let mut before = text.get_untracked();
        before.pop();
        put(before);
    };
    let step = move |thousandths: i64| {
        fresh.set_value(true);
        let now = words::typed(&text.get_untracked()).unwrap_or(0);
        put(words::load((now + thousandths).max(0), false));
    };
    let close = move || {
        training.settle(at, nth);
        editing.set(None);
    };
    let next = move || {
        training.settle(at, nth);
        let target = training.sheet.with_untracked(|sheet| {
            let exercise = sheet.as_ref()?.exercises.get(at)?;
            let columns = cells(&exercise.tracking);
            let here = columns.iter().position(|other| *other == cell)?;
            match columns.get(here + 1) {
                Some(cell) => Some((at, nth, *cell)),
                None if nth + 1 < exercise.sets.len() => Some((at, nth + 1, columns[0])),
                None => None,
            }
        });
        editing.set(target);
    };
    let label = match cell {
        Cell::Load => m::LOAD,
        Cell::Reps => m::keypad::REPETITIONS,
        Cell::Rpe => m::RPE,
        Cell::Amount => m::AMOUNT,
    };
    let (name, which) = training.sheet.with_untracked(|sheet| {
        let exercise = sheet.as_ref().and_then(|sheet| sheet.exercises.get(at));
        exercise.map(|exercise| (exercise.name.clone(), which_set(&exercise.sets, nth))).unwrap_or_default()
    });
    // The row that is typed into stays in sight above the keypad.
    request_animation_frame(|| {
        if let Ok(Some(cell)) = document().query_selector(".cell.editing") {
            let options = web_sys::ScrollIntoViewOptions::new();
            options.set_block(web_sys::ScrollLogicalPosition::Start);
            cell.scroll_into_view_with_scroll_into_view_options(&options);
        }
    });
    let steps: &[(&str, i64)] = match cell {
        Cell::Load => &[("−2.5", -2_500), ("−1.25", -1_250), ("+1.25", 1_250), ("+2.5", 2_500), ("+5", 5_000)],
        Cell::Reps => &[("−1", -1_000), ("+1", 1_000)],
        Cell::Rpe => &[],
        Cell::Amount => &[("−15", -15_000), ("+15", 15_000), ("+60", 60_000)],
    };
    view! {
        <BottomSheet label=m::keypad::cell_of_set(label, nth + 1) on_close=Callback::new(move |()| close())>
            <div class="keypad" on:keydown=move |event| match event.key().as_str() {
                "Enter" => {
                    event.prevent_default();
                    next();
                }
                "Backspace" => erase(),
                "," | "." => key('.'),
                digit => if let Some(digit) = digit.chars().next().filter(|_| digit.len() == 1).filter(char::is_ascii_digit) { key(digit) },
            }>
                <div class="keypad-head">
                    <span class="quiet">{name}<br/>{format!("{which} · {label}")}</span>
                    <output class="keypad-value" aria-live="polite">{move || match text.get() {
                        text if text.is_empty() => "–".to_owned(),
                        text => text,
                    }}</output>
                </div>
                <div class="steps">
                    {steps.iter().map(|(name, by)| view! { <button on:click=move |_| step(*by)>{*name}</button> }).collect_view()}
                    {(cell == Cell::Rpe).then(|| ["6", "7", "7.5", "8", "8.5", "9", "9.5", "10"].into_iter().map(|rpe| view! {
                        <button on:click=move |_| {
                            fresh.set_value(true);
                            put(rpe.to_owned());
                        }>{rpe}</button>
                    }).collect_view())}
                </div>
                <div class="keys">
                    {"123456789".chars().map(|digit| view! { <button data-test=format!("key-{digit}") on:click=move |_| key(digit)>{digit}</button> }).collect_view()}
                    <button disabled=!decimal data-test="key-dot" on:click=move |_| key('.')>"."</button>
                    <button data-test="key-0" on:click=move |_| key('0')>"0"</button>
                    <button aria-label=m::keypad::ERASE on:click=move |_| erase()><Glyph icon=Icon::Backspace/></button>
                </div>
                <div class="keypad-end">
                    <button class="plain" data-test="keypad-close" on:click=move |_| close()>{m::CLOSE}</button>
                    <button class="primary" data-test="keypad-next" on:click=move |_| next()>{m::keypad::NEXT}</button>
                </div>
            </div>
        </BottomSheet>
    }
}

/// As the row names itself: warm-ups have no number.
fn which_set(sets: &[SheetSet], nth: usize) -> String {
    match sets.get(nth).map(|set| set.kind.as_str()) {
        Some("warmup") => m::keypad::WARMUP.to_owned(),
        _ => m::keypad::set(set_number(sets, nth)),
    }
}
