//! Crew: for now one room on this device, "Notes", with its timeline.

use bridge::{MessageLine, RoomLine};
use leptos::prelude::*;

use crate::{
    actions,
    clock::today,
    hub::use_hub,
    icons::{Glyph, Icon},
    messages as m,
    parts::{Empty, Header, Skeleton},
    reactive::memo,
    words,
};

#[component]
pub(crate) fn Crew() -> impl IntoView {
    let hub = use_hub();
    let rooms = hub.watch::<RoomLine>(Vec::new);
    let room = memo(move || rooms.with(|rooms| rooms.as_ref().and_then(|rooms| rooms.first().map(|room| room.room_id.clone()))));
    let messages =
        hub.watch::<MessageLine>(move || vec![("room", room.get().unwrap_or_default().as_str().into()), ("limit", 200.into())]);
    let typed = RwSignal::new(String::new());
    let editing = RwSignal::new(None::<MessageLine>);
    let send = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        let text = typed.get_untracked().trim().to_owned();
        if text.is_empty() {
            return;
        }
        let sent = text.clone();
        actions::room::write(hub, room.get_untracked().as_deref(), editing.get_untracked(), text, move |outcome| {
            // What was typed while this one was being saved stays; the screen may be gone by now.
            if outcome.is_ok() && typed.try_with_untracked(|typed| typed.trim() == sent) == Some(true) {
                typed.set(String::new());
                editing.set(None);
            }
        });
    };
    let remove = move |line: MessageLine| {
        if let Some(room) = room.get_untracked() {
            actions::room::remove(hub, &room, line);
        }
    };
    view! {
        <Header title=Signal::derive(|| m::crew::TAB.to_owned())/>
        <h2>{m::crew::NOTES}</h2>
        <p class="quiet">{m::crew::HINT}</p>
        <Show when=move || rooms.with(Option::is_none)><Skeleton lines=4/></Show>
        <Show when=move || messages.with(|rows| rows.as_ref().is_some_and(Vec::is_empty))>
            <Empty text=m::crew::EMPTY/>
        </Show>
        <ol class="timeline" aria-label=m::crew::MESSAGES data-test="timeline">
            <For each=move || days(messages.get().unwrap_or_default()) key=|(day, line)| (*day, line.message_id.clone(), line.hlc.clone()) let:item>
                {item.0.map(|day| view! { <li class="day" aria-hidden="true">{words::day(day, today())}</li> })}
                <li class="message" class:removed=item.1.is_removed == 1>
                    {match item.1.text.clone() {
                        Some(text) => view! { <p>{text}</p> }.into_any(),
                        None => view! { <p class="quiet">{m::crew::REMOVED}</p> }.into_any(),
                    }}
                    <footer>
                        <time>{words::time_of_day(item.1.posted_ms, item.1.offset_min)}</time>
                        {(item.1.is_edited == 1).then_some(m::crew::EDITED)}
                        {(item.1.is_removed == 0).then(|| {
                            let (to_edit, to_remove) = (item.1.clone(), item.1.clone());
                            view! {
                                <button class="tiny" on:click=move |_| {
                                    typed.set(to_edit.text.clone().unwrap_or_default());
                                    editing.set(Some(to_edit.clone()));
                                }>{m::EDIT}</button>
                                <button class="tiny" on:click=move |_| remove(to_remove.clone())>{m::crew::REMOVE}</button>
                            }
                        })}
                    </footer>
                </li>
            </For>
        </ol>
        <form class="composer" on:submit=send>
            <textarea rows="1" aria-label=m::crew::MESSAGE placeholder=m::crew::NOTE_TO_SELF maxlength="10000" data-test="message" prop:value=move || typed.get()
                on:input=move |event| typed.set(event_target_value(&event))></textarea>
            <button class="iconic send" aria-label=move || if editing.get().is_some() { m::crew::SAVE_CHANGE } else { m::crew::SEND } data-test="send"><Glyph icon=Icon::Send/></button>
        </form>
    }
}

/// Each message, with the day before the first of a day.
fn days(lines: Vec<MessageLine>) -> Vec<(Option<i64>, MessageLine)> {
    let mut last = None;
    lines
        .into_iter()
        .map(|line| {
            let day = Some(words::day_of(line.posted_ms, line.offset_min));
            let first = day != last;
            last = day;
            (day.filter(|_| first), line)
        })
        .collect()
}
