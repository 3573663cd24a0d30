//! Me: units, appearance, import, storage, about.

use bridge::ImportLine;
use leptos::prelude::*;

use crate::{
    actions::{import, person},
    clock::{offset_min, today},
    hub::{build_id, use_hub},
    icons::{Glyph, Icon},
    messages as m,
    parts::{Header, Segments, use_settings},
    route::{Route, use_router},
    words,
};

#[component]
pub(crate) fn Me() -> impl IntoView {
    let (hub, router, settings) = (use_hub(), use_router(), use_settings());
    let imports = hub.watch::<ImportLine>(Vec::new);
    let unit = Signal::derive(move || words::unit(settings.lb()).to_owned());
    let week = Signal::derive(move || settings.week_start().to_string());
    let theme = Signal::derive(move || settings.theme());
    view! {
        <Header title=Signal::derive(|| m::me::TITLE.to_owned())/>
        <section class="card">
            <h2>{m::me::UNITS}</h2>
            <Segments label=m::me::UNIT_OF_LOADS options=&[("kg", m::units::KG), ("lb", m::units::LB)] value=unit
                on_pick=Callback::new(move |id: String| person::prefer_unit(hub, id == "lb"))/>
            <h2>{m::me::WEEK_STARTS}</h2>
            <Segments label=m::me::FIRST_DAY options=&[("1", m::dates::MONDAY), ("7", m::dates::SUNDAY)] value=week
                on_pick=Callback::new(move |id: String| person::prefer_week_start(hub, if id == "7" { 7 } else { 1 }))/>
            <h2>{m::me::APPEARANCE}</h2>
            <Segments label=m::me::THEME options=&[("auto", m::me::SYSTEM), ("light", m::me::LIGHT), ("dark", m::me::DARK), ("black", m::me::BLACK)] value=theme
                on_pick=Callback::new(move |id| person::prefer_theme(hub, id))/>
        </section>
        <ul class="list card">
            <li><button class="row" data-test="to-sync" on:click=move |_| router.go(Route::Sync)><span class="row-main"><strong>{m::sync::TITLE}</strong><span class="quiet">{m::me::SYNC_HINT}</span></span></button></li>
            <li><button class="row" data-test="to-import" on:click=move |_| router.go(Route::Import)><span class="row-main"><strong>{m::me::IMPORT}</strong><span class="quiet">{m::me::IMPORT_HINT}</span></span><Glyph icon=Icon::File/></button></li>
            <li><button class="row" data-test="to-storage" on:click=move |_| router.go(Route::Storage)><span class="row-main"><strong>{m::storage::TITLE}</strong><span class="quiet">{m::me::STORAGE_HINT}</span></span></button></li>
        </ul>
        <Show when=move || imports.with(|rows| rows.as_ref().is_some_and(|rows| !rows.is_empty()))>
            <section class="card">
                <h2>{m::me::RECENT_IMPORTS}</h2>
                <ul class="list flat">
                    {move || imports.get().unwrap_or_default().into_iter().map(|line| {
                        let undone = line.undone == 1;
                        let import_id = line.import_id.clone();
                        view! {
                            <li class="row">
                                <span class="row-main"><strong>{line.file_name.clone()}</strong>
                                    <span class="quiet">{format!("{} · {}", words::day(words::day_of(line.at_ms, i64::from(offset_min(line.at_ms))), today()),
                                        if undone { m::me::UNDONE.to_owned() } else if line.is_stopped() { m::import::stopped_at(line.written, line.planned.unwrap_or_default()) } else { m::sets_in_workouts(line.sets, line.workouts) })}</span>
                                </span>
                                {line.is_stopped().then(|| view! { <button class="plain" data-test="continue-import" on:click=move |_| router.go(Route::Import)>{m::import::CONTINUE}</button> })}
                                {(!undone).then(|| view! { <button class="plain" data-test="undo-import" on:click=move |_| import::undo(hub, &import_id)>{m::UNDO}</button> })}
                            </li>
                        }
                    }).collect_view()}
                </ul>
            </section>
        </Show>
        <section class="card">
            <h2>{m::me::ABOUT}</h2>
            <p class="quiet">{m::me::PRIVACY}</p>
            <p class="quiet">{m::me::BUILD}<code data-test="build">{build_id()}</code></p>
        </section>
    }
}
