//! Storage: what is on this device, how safe it is, and how quick.

use bridge::{FromProjector, StorageReport};
use leptos::prelude::*;
use wasm_bindgen::JsCast as _;
use wasm_bindgen_futures::{JsFuture, spawn_local};

use crate::{hub::use_hub, parts::Header, route::Route, words};

#[derive(Debug, Clone, PartialEq, Default)]
struct Browser {
    used: Option<f64>,
    quota: Option<f64>,
    protected: Option<bool>,
}

#[component]
pub(crate) fn Storage() -> impl IntoView {
    let hub = use_hub();
    let report = RwSignal::new(None::<StorageReport>);
    let tables = RwSignal::new(None::<(usize, usize, f64)>);
    let browser = RwSignal::new(Browser::default());
    Effect::new(move |_| {
        if hub.profile.with(Option::is_some) {
            hub.report(move |it| report.set(Some(it)));
        }
        if hub.projected.get() {
            hub.measure(false, move |measured| {
                if let FromProjector::Measured { events, table_bytes, refresh_ms, .. } = measured {
                    tables.set(Some((events, table_bytes, refresh_ms)));
                }
            });
        }
    });
    spawn_local(async move {
        let storage = window().navigator().storage();
        if let Ok(promise) = storage.estimate()
            && let Ok(estimate) = JsFuture::from(promise).await
        {
            let estimate: web_sys::StorageEstimate = estimate.unchecked_into();
            browser.update(|it| (it.used, it.quota) = (estimate.get_usage(), estimate.get_quota()));
        }
        if let Ok(promise) = storage.persisted()
            && let Ok(protected) = JsFuture::from(promise).await
        {
            browser.update(|it| it.protected = protected.as_bool());
        }
    });
    let protect = move |_| {
        spawn_local(async move {
            if let Ok(promise) = window().navigator().storage().persist()
                && let Ok(granted) = JsFuture::from(promise).await
            {
                browser.update(|it| it.protected = granted.as_bool());
                if granted.as_bool() == Some(false) {
                    hub.say("The browser did not agree yet. Installing Spotter on the home screen helps.", None);
                }
            }
        });
    };
    let row = |name: &'static str, value: String| view! { <div><dt>{name}</dt><dd>{value}</dd></div> };
    view! {
        <Header title=Signal::derive(|| "Storage".to_owned()) back=Route::Me/>
        <section class="card">
            <h2>"On this device"</h2>
            <dl class="facts" data-test="storage">
                {move || browser.get().used.map(|used| row("Used", words::bytes(used)))}
                {move || browser.get().quota.map(|quota| row("The browser allows", words::bytes(quota)))}
                {move || browser.get().protected.map(|yes| row("Protection", if yes { "Protected".to_owned() } else { "May be cleared when space runs out".to_owned() }))}
            </dl>
            <Show when=move || browser.with(|it| it.protected == Some(false))><button class="plain" on:click=protect>"Ask the browser to protect it"</button></Show>
        </section>
        {move || report.get().map(|it| view! {
            <section class="card">
                <h2>"Files"</h2>
                <dl class="facts">
                    {row("Sealed sessions", format!("{} ({} rows, {})", it.sealed_files, words::thousands(it.sealed_rows as i64), words::bytes(it.sealed_bytes as f64)))}
                    {row("Open session", format!("{} rows, {}", it.open_rows, words::bytes(it.open_bytes as f64)))}
                    {row("Pool", format!("{} files, {} free", it.pool_files, it.free_files))}
                    {row("Kept twice for now", words::plural(it.births as i64, "write", "writes"))}
                    {row("Index", format!("generation {}", it.generation))}
                    {row("This tab", format!("lane {}{}", it.lane, if it.leader { ", leads" } else { "" }))}
                </dl>
            </section>
        })}
        {move || tables.get().map(|(events, bytes, refresh_ms)| {
            let (storage_ms, tables_ms, save_ms) = hub.timings.get();
            view! {
                <section class="card">
                    <h2>"Figures"</h2>
                    <dl class="facts">
                        {row("Rows", words::thousands(events as i64))}
                        {row("Tables in memory", words::bytes(bytes as f64))}
                        {row("Storage ready after", format!("{storage_ms:.0} ms"))}
                        {row("Tables built in", format!("{tables_ms:.0} ms"))}
                        {(0.0 < save_ms).then(|| row("Last save", format!("{save_ms:.1} ms")))}
                        {(0.0 < refresh_ms).then(|| row("Last refresh", format!("{refresh_ms:.1} ms")))}
                    </dl>
                </section>
            }
        })}
    }
}
