//! Storage: what is on this device, how safe it is, and how quick.

use bridge::{ExportAs, FromProjector, StorageReport};
use gloo::timers::callback::Timeout;
use js_sys::{Array, Uint8Array};
use leptos::prelude::*;
use wasm_bindgen::JsCast as _;
use wasm_bindgen_futures::{JsFuture, spawn_local};

use crate::{
    clock::{now_ms, offset_min, today},
    hub::{keep_ms, kept_ms, use_hub},
    messages as m,
    parts::{Field, Header, Skeleton, Twice},
    reactive::effect,
    route::Route,
    words,
};

#[derive(Debug, Clone, PartialEq, Default)]
struct Browser {
    used: Option<f64>,
    quota: Option<f64>,
    protected: Option<bool>,
}

/// Characters of an app lock's passphrase.
const PASSPHRASE_MIN: usize = 8;

/// The one browser that clears what was not used for a week.
fn is_safari() -> bool {
    window()
        .navigator()
        .user_agent()
        .is_ok_and(|agent| agent.contains("Safari/") && !agent.contains("Chrome/") && !agent.contains("Chromium/"))
}

#[component]
pub(crate) fn Storage() -> impl IntoView {
    let hub = use_hub();
    let report = RwSignal::new(None::<StorageReport>);
    let tables = RwSignal::new(None::<(usize, usize, f64)>);
    let browser = RwSignal::new(Browser::default());
    // The browser has said what it knows: from then on nothing comes between what is already read.
    let asked = RwSignal::new(false);
    // Asked for with the page, so that the page can say whether there is one; shown only when somebody asks.
    let code = RwSignal::new(None::<Option<String>>);
    let encrypts = move || hub.profile.with(|it| it.as_ref().is_some_and(|it| !it.memory_only));
    effect(move || {
        if hub.profile.with(Option::is_some) {
            hub.report(move |it| report.set(Some(it)));
        }
        if encrypts() && code.with_untracked(Option::is_none) {
            hub.recovery_code(move |it| _ = code.try_set(Some(it)));
        }
        if hub.projected.get() {
            hub.measure(move |measured| {
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
        asked.set(true);
    });
    let protect = move |_| {
        spawn_local(async move {
            if let Ok(promise) = window().navigator().storage().persist()
                && let Ok(granted) = JsFuture::from(promise).await
            {
                browser.update(|it| it.protected = granted.as_bool());
                if granted.as_bool() == Some(false) {
                    hub.say(m::storage::NOT_AGREED, None);
                }
            }
        });
    };
    view! {
        <Header title=Signal::derive(|| m::storage::TITLE.to_owned()) back=Route::Me/>
        <Show when=move || asked.get() fallback=|| view! { <Skeleton lines=6/> }>
        <section class="card">
            <h2>{m::storage::ON_DEVICE}</h2>
            <dl class="facts" data-test="storage">
                {move || browser.get().used.map(|used| row(m::storage::USED, words::bytes(used)))}
                {move || browser.get().quota.map(|quota| row(m::storage::ALLOWED, words::bytes(quota)))}
                {move || browser.get().protected.map(|yes| row(m::storage::PROTECTION, if yes { m::storage::PROTECTED.to_owned() } else { m::storage::UNPROTECTED.to_owned() }))}
            </dl>
            <Show when=move || browser.with(|it| it.protected == Some(false)) && is_safari()><p>{m::storage::SAFARI}</p></Show>
            <Show when=move || browser.with(|it| it.protected == Some(false))><button class="plain" on:click=protect>{m::storage::PROTECT}</button></Show>
        </section>
        <Export/>
        </Show>
        <Show when=move || encrypts() && code.with(Option::is_some)><Encryption kept=code/></Show>
        {move || report.get().map(|it| files(&it))}
        {move || tables.get().map(|(events, bytes, refresh_ms)| {
            let (storage_ms, tables_ms, save_ms) = hub.timings.get();
            view! {
                <section class="card">
                    <h2>{m::storage::FIGURES}</h2>
                    <dl class="facts">
                        {row(m::storage::ROWS, words::thousands(events as i64))}
                        {row(m::storage::TABLES, words::bytes(bytes as f64))}
                        {row(m::storage::STORAGE_READY, format!("{storage_ms:.0} {}", m::units::MS))}
                        {row(if hub.packed.get() { m::storage::TABLES_OPENED } else { m::storage::TABLES_BUILT }, format!("{tables_ms:.0} {}", m::units::MS))}
                        {(0.0 < save_ms).then(|| row(m::storage::LAST_SAVE, format!("{save_ms:.1} {}", m::units::MS)))}
                        {(0.0 < refresh_ms).then(|| row(m::storage::LAST_REFRESH, format!("{refresh_ms:.1} {}", m::units::MS)))}
                    </dl>
                </section>
            }
        })}
        <Show when=move || encrypts() && code.with(Option::is_some)><Leave/></Show>
    }
}

fn row(name: &'static str, value: String) -> impl IntoView {
    view! { <div><dt>{name}</dt><dd>{value}</dd></div> }
}

/// What lies in the pool.
fn files(it: &StorageReport) -> impl IntoView + use<> {
    view! {
        <section class="card">
            <h2>{m::storage::FILES}</h2>
            <dl class="facts">
                {row(m::storage::SEALED, m::storage::sealed(it.sealed_files, &words::thousands(it.sealed_rows as i64), &words::bytes(it.sealed_bytes as f64)))}
                {row(m::storage::OPEN, m::storage::open(it.open_rows, &words::bytes(it.open_bytes as f64)))}
                {row(m::storage::POOL, m::storage::pool(it.pool_files, it.free_files))}
                {row(m::storage::KEPT_TWICE, m::storage::writes(it.births as i64))}
                {row(m::storage::INDEX, m::storage::generation(it.generation))}
                {row(m::storage::THIS_TAB, if it.leader { m::storage::leading_lane(&it.lane) } else { m::storage::lane(&it.lane) })}
            </dl>
            {it.in_database.then(|| view! { <p class="quiet" data-test="in-database">{m::storage::IN_DATABASE}</p> })}
        </section>
    }
}

/// When the last backup was made here, for the reminder. Losing it costs a reminder.
pub(crate) const BACKUP_MADE: &str = "spotter.backup-made";

/// Hands a file to the browser, which asks where to put it.
fn download(name: &str, kind: &str, bytes: &Uint8Array) -> Option<()> {
    let options = web_sys::BlobPropertyBag::new();
    options.set_type(kind);
    let blob = web_sys::Blob::new_with_u8_array_sequence_and_options(&Array::of1(bytes), &options).ok()?;
    let url = web_sys::Url::create_object_url_with_blob(&blob).ok()?;
    let link: web_sys::HtmlAnchorElement = document().create_element("a").ok()?.unchecked_into();
    link.set_href(&url);
    link.set_download(name);
    link.click();
    // The browser has taken it over by the next turn.
    Timeout::new(60_000, move || _ = web_sys::Url::revoke_object_url(&url)).forget();
    Some(())
}

#[component]
fn Export() -> impl IntoView {
    let hub = use_hub();
    let made = RwSignal::new(kept_ms(BACKUP_MADE));
    let busy = RwSignal::new(false);
    // The last backup that was handed to the browser: nobody says whether it arrived.
    let handed = RwSignal::new_local(None::<(Uint8Array, i64)>);
    let export = move |what: ExportAs, name: &'static str, kind: &'static str| {
        move |_| {
            let now = now_ms();
            busy.set(true);
            handed.set(None);
            hub.export(what, now, move |file| {
                let _ = busy.try_set(false);
                let Some((rows, bytes)) = file else { return hub.say(m::storage::NOT_EXPORTED, None) };
                let day = words::iso(words::day_of(now, i64::from(offset_min(now))));
                if download(&name.replace("{}", &day), kind, &bytes).is_some() {
                    hub.say(m::storage::exported(&words::thousands(rows as i64)), None);
                    if what == ExportAs::Archive {
                        let _ = handed.try_set(Some((bytes, now)));
                    }
                }
            });
        }
    };
    let check = move |event: web_sys::Event| {
        let input: web_sys::HtmlInputElement = event_target(&event);
        let Some((file, (bytes, at))) = input.files().and_then(|files| files.get(0)).zip(handed.get_untracked()) else { return };
        input.set_value("");
        spawn_local(async move {
            let found = JsFuture::from(file.array_buffer()).await.map(|found| Uint8Array::new(&found).to_vec());
            if !found.is_ok_and(|found| found == bytes.to_vec()) {
                return hub.say(m::storage::NOT_THE_BACKUP, None);
            }
            hub.say(m::storage::CHECKED, None);
            hub.exported();
            keep_ms(BACKUP_MADE, at);
            let _ = (handed.try_set(None), made.try_set(Some(at)));
        });
    };
    let server = move || {
        hub.sync.with(|sync| match (&sync.account, sync.waiting, sync.only_here) {
            _ if !hub.sync_known.get() => None,
            (None, ..) => Some(m::storage::NO_SERVER.to_owned()),
            (Some(_), 0, 0) => Some(m::storage::SERVER_HAS_ALL.to_owned()),
            (Some(_), 0, lacks) => Some(m::storage::server_lacks(lacks as i64)),
            (Some(_), waiting, _) => Some(m::storage::server_waits(waiting as i64)),
        })
    };
    view! {
        <section class="card" data-test="export">
            <h2>{m::storage::EXPORT}</h2>
            <p>{m::storage::EXPORT_HINT}</p>
            <p class="quiet">{move || made.get().map_or_else(
                || m::storage::NO_BACKUP.to_owned(),
                |at| m::storage::last_backup(&words::day(words::day_of(at, i64::from(offset_min(at))), today())),
            )}</p>
            <p class="quiet line" data-test="server-copy">{server}</p>
            <button class="primary wide" data-test="export-archive" disabled=busy on:click=export(ExportAs::Archive, "spotter-{}.zip", "application/zip")>{m::storage::EXPORT_ARCHIVE}</button>
            <Show when=move || handed.with(Option::is_some)>
                <p role="status">{m::storage::CHECK_BACKUP}</p>
                <label class="plain file">{m::storage::CHECK}<input type="file" accept=".zip,application/zip" data-test="backup-check" on:change=check/></label>
            </Show>
            <div class="buttons">
                <button class="plain" data-test="export-csv" disabled=busy on:click=export(ExportAs::Csv, "spotter-sets-{}.csv", "text/csv")>{m::storage::EXPORT_CSV}</button>
                <button class="plain" data-test="export-json" disabled=busy on:click=export(ExportAs::Json, "spotter-rows-{}.json", "application/json")>{m::storage::EXPORT_JSON}</button>
            </div>
        </section>
    }
}

#[component]
fn Encryption(kept: RwSignal<Option<Option<String>>>) -> impl IntoView {
    let hub = use_hub();
    let shown = RwSignal::new(false);
    view! {
        <section class="card">
            <h2>{m::storage::ENCRYPTION}</h2>
            {move || kept.get().map(|code| match code {
                None => view! { <p>{m::storage::NOT_ENCRYPTED}</p> }.into_any(),
                Some(code) => view! {
                    <p>{m::storage::ENCRYPTED}</p>
                    <p class="quiet">{m::storage::CODE_WHY}</p>
                    <Show when=move || shown.get()>
                        <div class="code"><code aria-label=m::storage::CODE data-test="recovery-code">{code.clone()}</code></div>
                    </Show>
                    <button class="plain" data-test="show-recovery-code" on:click=move |_| shown.update(|it| *it = !*it)>
                        {move || if shown.get() { m::storage::CODE_HIDE } else { m::storage::CODE_SHOW }}
                    </button>
                    <Show when=move || shown.get()>
                        <p class="quiet">{m::storage::CODE_NEW_WHY}</p>
                        <button class="plain" data-test="new-recovery-code" on:click=move |_| hub.new_recovery_code(move |it| _ = kept.try_set(Some(it)))>
                            {m::storage::CODE_NEW}
                        </button>
                    </Show>
                    <AppLock/>
                }.into_any(),
            })}
        </section>
    }
}

/// A passphrase at every start, for whoever lends the phone.
#[component]
fn AppLock() -> impl IntoView {
    let hub = use_hub();
    let (passphrase, busy) = (RwSignal::new(String::new()), RwSignal::new(false));
    let on = move || hub.profile.with(|profile| profile.as_ref().is_some_and(|profile| profile.app_lock));
    let set = move |to: String, said: &'static str| {
        busy.set(true);
        hub.set_app_lock(to, move |done| {
            let _ = busy.try_set(false);
            if done {
                let _ = passphrase.try_set(String::new());
                hub.say(said, None);
            }
        });
    };
    let short = move || busy.get() || passphrase.with(|it| it.chars().count() < PASSPHRASE_MIN);
    view! {
        <h3>{m::storage::APP_LOCK}</h3>
        <Show when=on fallback=move || view! {
            <p class="quiet">{m::storage::APP_LOCK_HINT}</p>
            <form class="stack" on:submit=move |event| {
                event.prevent_default();
                set(passphrase.get_untracked(), m::storage::APP_LOCK_IS_ON);
            }>
                <Field label=m::storage::PASSPHRASE value=passphrase test="app-lock-passphrase" kind="password" autocomplete="new-password"/>
                <button class="plain" type="submit" data-test="app-lock-on" disabled=short>{m::storage::APP_LOCK_ON}</button>
            </form>
        }>
            <p class="quiet">{m::storage::APP_LOCK_IS_ON}</p>
            <div class="buttons">
                <button class="plain" data-test="lock-now" on:click=move |_| hub.lock()>{m::storage::LOCK_NOW}</button>
                <button class="plain" data-test="app-lock-off" on:click=move |_| set(String::new(), m::storage::APP_LOCK_IS_OFF)>{m::storage::APP_LOCK_OFF}</button>
            </div>
        </Show>
    }
}

/// A phone that is sold or lent: nothing stays behind, and nothing is lost.
#[component]
fn Leave() -> impl IntoView {
    let hub = use_hub();
    view! {
        <section class="card">
            <h2>{m::storage::REMOVE}</h2>
            <p class="quiet">{m::storage::REMOVE_HINT}</p>
            <Twice once=m::storage::REMOVE_ALL again=m::storage::REMOVE_SURE test="remove-everything" act=Callback::new(move |()| hub.remove_everything())/>
        </section>
    }
}
