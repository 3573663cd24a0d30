//! Sync: the account, its devices, and how things stand with the server.

use bridge::{AccountNews, AccountView, AccountWish, Code, DeviceView, Refusal, RefusalCode, SyncLink, Totals};
use leptos::prelude::*;
use qrcodegen::{QrCode, QrCodeEcc};
use wasm_bindgen::JsCast as _;
use wasm_bindgen_futures::{JsFuture, spawn_local};

use crate::{
    clock::{offset_min, today},
    hub::{Hub, build_id, use_hub},
    messages as m,
    parts::{BottomSheet, Field, Header, Segments, Twice},
    reactive::{effect, memo},
    route::{Route, use_router},
    words,
};

/// What the server said about the account.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Known {
    Asking,
    Unreachable,
    /// The sign-in of before has to be ended first, and the server cannot be reached.
    Owed,
    Nobody {
        first: bool,
    },
    Account,
}

/// A one-time code on the screen.
#[derive(Debug, Clone, PartialEq)]
struct Shown {
    link: String,
    how: &'static str,
}

/// The code that a scanned link brings, taken out of the address at once: it works only once.
fn code_in_address(name: &str) -> Option<String> {
    let hash = window().location().hash().ok()?;
    let code = hash.strip_prefix('#')?.strip_prefix(name)?.strip_prefix('=')?.to_owned();
    let _ = window().history().ok()?.replace_state_with_url(&wasm_bindgen::JsValue::NULL, "", Some(&Route::Sync.path()));
    Some(code)
}

#[component]
pub(crate) fn Sync() -> impl IntoView {
    let hub = use_hub();
    let known = RwSignal::new(Known::Asking);
    let account = RwSignal::new(None::<AccountView>);
    // Whose training lies here, signed out.
    let owner = RwSignal::new(String::new());
    let look = Callback::new(move |()| {
        hub.account(AccountWish::Look, move |news| {
            // The screen may be gone by the time the answer comes.
            let _ = known.try_set(match news {
                Ok(AccountNews::Account(view)) => {
                    let _ = account.try_set(Some(view));
                    Known::Account
                }
                Ok(AccountNews::Nobody { first, name }) => {
                    let _ = owner.try_set(name.unwrap_or_default());
                    Known::Nobody { first }
                }
                Err(refusal) if refusal.code == RefusalCode::Owed => Known::Owed,
                Ok(_) | Err(_) => Known::Unreachable,
            });
        });
    });
    effect(move || {
        // Asked again when the network comes: what is owed can be done then.
        hub.online.track();
        if hub.profile.with(Option::is_some) {
            look.run(());
        }
    });
    // Connected again: what could not be asked before is asked now.
    Effect::new(move |before: Option<SyncLink>| {
        let link = hub.sync.with(|sync| sync.link);
        if before.is_some_and(|before| before != link) && matches!(link, SyncLink::Live | SyncLink::Stopped | SyncLink::Off) {
            look.run(());
        }
        link
    });
    // The same answer twice makes nothing anew: a code on the screen and what somebody is typing stay.
    let known = memo(move || known.get());
    let connected = move || hub.sync.with(|sync| sync.account.is_some() && sync.link != SyncLink::Stopped);
    view! {
        <Header title=Signal::derive(|| m::sync::TITLE.to_owned()) back=Route::Me/>
        <Show when=move || hub.sync.with(|sync| sync.account.is_some())><Standing/></Show>
        {move || match known.get() {
            Known::Asking if connected() => ().into_any(),
            Known::Asking => view! { <p class="quiet" role="status">{m::sync::LOOKING}</p> }.into_any(),
            Known::Unreachable if connected() => ().into_any(),
            Known::Unreachable => view! { <section class="card"><p>{m::sync::NO_SERVER}</p><p class="quiet">{m::sync::WHY}</p></section> }.into_any(),
            Known::Owed => view! { <section class="card"><p data-test="owed">{m::sync::OWED}</p></section> }.into_any(),
            Known::Nobody { first } => view! { <Connect first name=owner.get_untracked() look/> }.into_any(),
            Known::Account => view! { <Connected account look/> }.into_any(),
        }}
        <Show when=move || hub.sync.with(|sync| sync.account.is_some())><Details/></Show>
    }
}

/// One line that says how it is, and what somebody can do about it.
#[component]
fn Standing() -> impl IntoView {
    let hub = use_hub();
    let line = move || {
        let there = |only_here: u64| match only_here {
            0 => m::sync::ALL_THERE.to_owned(),
            some => m::sync::all_but(some as i64),
        };
        hub.sync.with(|sync| match (sync.progress, sync.link, sync.waiting) {
            (Some((done, all)), ..) => m::sync::fetching(done, all),
            (_, _, waiting) if 0 < waiting => m::sync::waiting(waiting as i64),
            (_, SyncLink::Live, _) => there(sync.only_here),
            // Not at every attempt while the server is away.
            (_, SyncLink::Connecting, _) if sync.trouble.is_none() => m::sync::CONNECTING.to_owned(),
            (_, SyncLink::CatchingUp, _) => m::sync::CATCHING_UP.to_owned(),
            _ => there(sync.only_here),
        })
    };
    let trouble = move || {
        hub.sync.with(|sync| match sync.link {
            SyncLink::Waiting => Some(m::sync::UNREACHABLE),
            SyncLink::Connecting if sync.trouble.is_some() => Some(m::sync::UNREACHABLE),
            SyncLink::Stopped => Some(m::sync::STOPPED),
            _ => None,
        })
    };
    let verified = move || {
        hub.sync.with(|sync| sync.verified.map(|(rows, devices)| m::sync::verified(&words::thousands(rows as i64), devices as i64)))
    };
    let unlinked = move || hub.sync.with(|sync| (0 < sync.unlinked).then(|| m::sync::unlinked(sync.unlinked as i64)));
    let compare = move || if hub.sync.with(|sync| sync.comparing) { m::sync::COMPARING } else { m::sync::COMPARE };
    let refused = move || {
        hub.sync.with(|sync| {
            let mut codes: Vec<(Code, usize)> = Vec::new();
            for refused in &sync.refused {
                match codes.binary_search_by_key(&refused.code.text(), |(code, _)| code.text()) {
                    Ok(at) => codes[at].1 += 1,
                    Err(at) => codes.insert(at, (refused.code, 1)),
                }
            }
            codes
        })
    };
    view! {
        <section class="card" role="status">
            <p data-test="sync-line"><strong>{line}</strong></p>
            {move || trouble().map(|text| view! { <p class="quiet" data-test="sync-trouble">{text}</p> })}
            {move || verified().map(|text| view! { <p class="quiet" data-test="sync-verified">{text}</p> })}
            {move || unlinked().map(|text| view! { <p class="problem" data-test="sync-unlinked">{text}</p> })}
            <Show when=move || hub.sync.with(|sync| sync.link == SyncLink::Live)>
                <button class="plain" data-test="sync-compare" on:click=move |_| hub.compare()>{compare}</button>
            </Show>
        </section>
        <Show when=move || !refused().is_empty()>
            <section class="card">
                <h2>{m::sync::REFUSED}</h2>
                <p class="quiet">{m::sync::REFUSED_HINT}</p>
                <ul class="plain-list">{move || refused().into_iter().map(|(code, count)| view! { <li>{m::sync::refused(count, code)}</li> }).collect_view()}</ul>
                <button class="plain" on:click=move |_| hub.retry_refused()>{m::sync::RETRY}</button>
            </section>
        </Show>
    }
}

fn device_name() -> String {
    let agent = window().navigator().user_agent().unwrap_or_default();
    let kinds = [
        ("iPhone", "iPhone"),
        ("iPad", "iPad"),
        ("Android", "Android"),
        ("Mac OS", "Mac"),
        ("Windows", "Windows"),
        ("Linux", "Linux"),
    ];
    kinds.iter().find(|(mark, _)| agent.contains(mark)).map_or("Browser", |(_, name)| name).to_owned()
}

/// What lies here without an account: how many workouts. Asked before anything is linked or sent.
#[component]
fn Whose(on_answer: Callback<bool>) -> impl IntoView {
    let hub = use_hub();
    let now = today();
    let totals = hub
        .watch::<Totals>(move || vec![("from", words::iso(now - 10_957).as_str().into()), ("to", words::iso(now).as_str().into())]);
    let workouts = move || totals.with(|rows| rows.as_ref().map(|rows| rows.first().map_or(0, |row| row.workouts)));
    view! {
        <div role="group" aria-label=m::sync::WHOSE_TITLE data-test="whose">
            <p><strong>{move || workouts().map(m::sync::whose)}" "{m::sync::WHOSE_TITLE}</strong></p>
            <p class="quiet">{m::sync::WHOSE_WHY}</p>
            <button class="primary wide" type="button" data-test="whose-mine" on:click=move |_| on_answer.run(true)>{m::sync::MINE}</button>
            <button class="plain wide" type="button" data-test="whose-other" on:click=move |_| on_answer.run(false)>{m::sync::NOT_MINE}</button>
        </div>
    }
}

/// Before a device is connected: is what lies here theirs?
#[derive(Debug, Clone, Copy, PartialEq)]
enum Ask {
    Not,
    Whose,
    /// It is somebody else's.
    Apart,
}

#[component]
fn Connect(first: bool, name: String, look: Callback<()>) -> impl IntoView {
    let (hub, router) = (use_hub(), use_router());
    let joining = code_in_address("join");
    let invited = code_in_address("invite");
    let start = match (&joining, &invited) {
        (Some(_), _) => "join",
        (_, Some(_)) => "up",
        _ if first => "up",
        _ => "in",
    };
    let how = RwSignal::new(start.to_owned());
    let (name, password, device) = (RwSignal::new(name), RwSignal::new(String::new()), RwSignal::new(device_name()));
    let (invite, code) = (RwSignal::new(invited.unwrap_or_default()), RwSignal::new(joining.unwrap_or_default()));
    let busy = RwSignal::new(false);
    let problem = RwSignal::new(None::<Refusal>);
    let ask = RwSignal::new(Ask::Not);
    // Said once, it need not be said again because a password was wrong.
    let mine = RwSignal::new(false);
    let connect = move || {
        if busy.get_untracked() {
            return;
        }
        let (name, password, device) = (name.get_untracked(), password.get_untracked(), device.get_untracked());
        let mine = mine.get_untracked();
        let wish = match how.get_untracked().as_str() {
            "join" => AccountWish::Join { code: code.get_untracked(), device, mine },
            "up" => AccountWish::SignUp { name, password, invite: invite.get_untracked(), device, mine },
            _ => AccountWish::SignIn { name, password, device, mine },
        };
        busy.set(true);
        problem.set(None);
        ask.set(Ask::Not);
        hub.account(wish, move |news| {
            let _ = busy.try_set(false);
            match news {
                // The screen may be gone by the time the answer comes.
                Ok(_) => _ = look.try_run(()),
                Err(refusal) if refusal.code == RefusalCode::Whose => _ = ask.try_set(Ask::Whose),
                Err(refusal) => _ = problem.try_set(Some(refusal)),
            }
        });
    };
    let answer = Callback::new(move |is_mine: bool| {
        mine.set(is_mine);
        if is_mine { connect() } else { ask.set(Ask::Apart) }
    });
    view! {
        <section class="card">
            <p class="quiet">{if first { m::sync::FIRST } else { m::sync::WHY }}</p>
            <Segments label=m::sync::HOW options=&[("in", m::sync::SIGN_IN), ("up", m::sync::SIGN_UP), ("join", m::sync::JOIN)] value=how
                on_pick=Callback::new(move |id| {
                    how.set(id);
                    problem.set(None);
                    ask.set(Ask::Not);
                })/>
            <form class="stack" on:submit=move |event: web_sys::SubmitEvent| {
                event.prevent_default();
                connect();
            }>
                <Show when=move || how.get() == "join" fallback=move || view! {
                    <Field label=m::sync::YOUR_NAME value=name test="account-name" autocomplete="username"/>
                    <Field label=m::sync::PASSWORD value=password test="account-password" kind="password" autocomplete="current-password"/>
                    <Show when=move || how.get() == "up">
                        <Field label=if first { m::sync::FIRST_CODE } else { m::sync::INVITATION } value=invite test="account-invite"/>
                        {(!first).then(|| view! { <p class="quiet">{m::sync::INVITED_BY}</p> })}
                    </Show>
                }>
                    <p class="quiet">{m::sync::JOIN_HINT}</p>
                    <Field label=m::sync::CODE value=code test="account-code"/>
                </Show>
                <Field label=m::sync::THIS_DEVICE value=device test="account-device"/>
                {move || problem.get().map(|it| view! { <p class="wrong" role="alert" data-test="account-problem">{m::sync::problem(&it)}</p> })}
                {move || match ask.get() {
                    Ask::Whose => view! { <Whose on_answer=answer/> }.into_any(),
                    Ask::Apart => view! {
                        <p role="status" data-test="kept-apart">{m::sync::KEPT_APART}</p>
                        <button class="plain wide" type="button" on:click=move |_| router.go(Route::Storage)>{m::sync::TO_STORAGE}</button>
                    }.into_any(),
                    Ask::Not => ().into_any(),
                }}
                <Show when=move || ask.get() != Ask::Whose>
                    <button class="primary wide" data-test="account-go" disabled=busy>
                        {move || if how.get() == "up" { m::sync::CREATE } else { m::sync::CONNECT }}
                    </button>
                </Show>
            </form>
        </section>
    }
}

#[component]
fn Connected(account: RwSignal<Option<AccountView>>, look: Callback<()>) -> impl IntoView {
    let hub = use_hub();
    let shown = RwSignal::new(None::<Shown>);
    let ask = move |wish: AccountWish, name: &'static str, how: &'static str| {
        hub.account(wish, move |news| match news {
            Ok(AccountNews::Code { code, .. }) => {
                let origin = window().location().origin().unwrap_or_default();
                let _ = shown.try_set(Some(Shown { link: format!("{origin}{}#{name}={code}", Route::Sync.path()), how }));
            }
            Ok(_) => {}
            Err(refusal) => hub.say(m::sync::problem(&refusal), None),
        });
    };
    let admin = move || account.with(|account| account.as_ref().is_some_and(|account| account.admin));
    let devices = memo(move || account.with(|it| it.iter().flat_map(|it| &it.devices).map(Device::of).collect::<Vec<_>>()));
    view! {
        <section class="card">
            <h2>{m::sync::DEVICES}</h2>
            <ul class="list flat" data-test="devices">
                {move || devices.get().into_iter().map(|device| view! { <DeviceRow device look/> }).collect_view()}
            </ul>
            <button class="plain" data-test="add-device" on:click=move |_| ask(AccountWish::Link, "join", m::sync::ADD_HOW)>{m::sync::ADD_DEVICE}</button>
            <Show when=admin>
                <button class="plain" data-test="invite" on:click=move |_| ask(AccountWish::Invite, "invite", m::sync::INVITE_HOW)>{m::sync::INVITE}</button>
            </Show>
            {move || shown.get().map(|Shown { link, how }| {
                let copied = link.clone();
                view! {
                    <div class="code">
                        <p class="quiet">{how}</p>
                        <Qr text=link.clone()/>
                        <code data-test="code-link">{link}</code>
                        <button class="plain" on:click=move |_| copy(hub, copied.clone())>{m::sync::COPY_LINK}</button>
                    </div>
                }
            })}
        </section>
        <Security/>
    }
}

/// Another password, and every other sign-in ended.
#[component]
fn Security() -> impl IntoView {
    let hub = use_hub();
    let (before, fresh, busy) = (RwSignal::new(String::new()), RwSignal::new(String::new()), RwSignal::new(false));
    let problem = RwSignal::new(None::<Refusal>);
    let change = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        busy.set(true);
        problem.set(None);
        let wish = AccountWish::ChangePassword { password: before.get_untracked(), new_password: fresh.get_untracked() };
        hub.account(wish, move |news| {
            let _ = busy.try_set(false);
            match news {
                Ok(_) => {
                    let _ = (before.try_set(String::new()), fresh.try_set(String::new()));
                    hub.say(m::sync::PASSWORD_CHANGED, None);
                }
                Err(refusal) => _ = problem.try_set(Some(refusal)),
            }
        });
    };
    let out = Callback::new(move |()| {
        hub.account(AccountWish::SignOutOthers, move |news| match news {
            Ok(_) => hub.say(m::sync::OTHERS_ARE_OUT, None),
            Err(refusal) => hub.say(m::sync::problem(&refusal), None),
        });
    });
    view! {
        <section class="card">
            <h2>{m::sync::SECURITY}</h2>
            <form class="stack" on:submit=change>
                <Field label=m::sync::OLD_PASSWORD value=before test="old-password" kind="password" autocomplete="current-password"/>
                <Field label=m::sync::NEW_PASSWORD value=fresh test="new-password" kind="password" autocomplete="new-password"/>
                {move || problem.get().map(|it| view! { <p class="wrong" role="alert" data-test="password-problem">{m::sync::problem(&it)}</p> })}
                <button class="plain" type="submit" data-test="change-password" disabled=busy>{m::sync::CHANGE_PASSWORD}</button>
            </form>
            <Twice once=m::sync::OUT_OTHERS again=m::sync::OUT_OTHERS_SURE test="sign-out-others" act=out/>
        </section>
    }
}

/// What is shown of a device: seen again on the same day, it is the same.
#[derive(Debug, Clone, PartialEq)]
struct Device {
    device_id: String,
    name: String,
    state: String,
    /// It can be shut out.
    other: bool,
}

impl Device {
    fn of(device: &DeviceView) -> Self {
        let seen = device.seen_ms as i64;
        let day = words::day(words::day_of(seen, i64::from(offset_min(seen))), today());
        let state = if device.revoked {
            m::sync::IS_OUT.to_owned()
        } else if device.this {
            m::sync::THIS.to_owned()
        } else {
            m::sync::seen(&day)
        };
        let other = !device.this && !device.revoked;
        Self { device_id: device.device_id.clone(), name: device.name.clone(), state, other }
    }
}

#[component]
fn DeviceRow(device: Device, look: Callback<()>) -> impl IntoView {
    let hub = use_hub();
    let Device { device_id, name, state, other } = device;
    let shut_out = Callback::new(move |()| {
        hub.account(AccountWish::ShutOut { device_id: device_id.clone() }, move |news| match news {
            Ok(_) => _ = look.try_run(()),
            Err(refusal) => hub.say(m::sync::problem(&refusal), None),
        });
    });
    view! {
        <li class="row">
            <span class="row-main"><strong>{name}</strong><span class="quiet">{state}</span></span>
            {other.then(|| view! {
                <Twice once=m::sync::SHUT_OUT again=m::sync::SHUT_OUT_SURE test="shut-out" act=shut_out/>
            })}
        </li>
    }
}

/// Dark on light in every theme: that is what cameras look for.
#[component]
fn Qr(text: String) -> impl IntoView {
    let code = QrCode::encode_text(&text, QrCodeEcc::Medium).ok();
    code.map(|code| {
        let size = code.size();
        let mut path = String::new();
        for y in 0..size {
            for x in (0..size).filter(|x| code.get_module(*x, y)) {
                path.push_str(&format!("M{} {}h1v1h-1z", x + 4, y + 4));
            }
        }
        view! {
            <svg class="qr" role="img" aria-label=m::sync::QR viewBox=format!("0 0 {0} {0}", size + 8) shape-rendering="crispEdges"><path d=path/></svg>
        }
    })
}

/// What somebody may send when it does not work: no names, no rows.
fn report(sync: &bridge::SyncState) -> String {
    let trouble = sync.trouble.as_ref().map_or_else(|| "-".to_owned(), |it| format!("{} {}", it.code.text(), it.detail));
    let refused: Vec<&str> = sync.refused.iter().map(|it| it.code.text()).collect();
    format!(
        "Spotter {}\nlink {:?}\ncursor {:?} of {:?}\nwaiting {}\nrefused {refused:?}\nverified {:?}\ntrouble {trouble}\n",
        build_id(),
        sync.link,
        sync.cursor,
        sync.head,
        sync.waiting,
        sync.verified,
    )
}

fn copy(hub: Hub, text: String) {
    spawn_local(async move {
        let clipboard = js_sys::Reflect::get(&window().navigator(), &"clipboard".into()).unwrap_or_default();
        let write =
            js_sys::Reflect::get(&clipboard, &"writeText".into()).ok().and_then(|it| it.dyn_into::<js_sys::Function>().ok());
        let promise = write.and_then(|write| write.call1(&clipboard, &text.into()).ok()?.dyn_into::<js_sys::Promise>().ok());
        let done = match promise {
            Some(promise) => JsFuture::from(promise).await.is_ok(),
            None => false,
        };
        hub.say(if done { m::sync::COPIED } else { m::sync::NOT_COPIED }, None);
    });
}

#[component]
fn Details() -> impl IntoView {
    let hub = use_hub();
    let row = |name: &'static str, value: String| view! { <div><dt>{name}</dt><dd>{value}</dd></div> };
    let leaving = RwSignal::new(false);
    view! {
        <section class="card">
            <h2>{m::sync::DETAILS}</h2>
            <dl class="facts">
                {move || hub.sync.with(|sync| row(m::sync::ACCOUNT, sync.account.clone().unwrap_or_default()))}
                {move || hub.sync.with(|sync| sync.cursor.map(|cursor| row(m::sync::POSITION, m::sync::position(cursor, sync.head))))}
                {move || hub.sync.with(|sync| row(m::sync::LAST_ERROR, sync.trouble.as_ref().map_or_else(|| m::sync::NONE.to_owned(), |it| it.detail.clone())))}
            </dl>
            <button class="plain" on:click=move |_| copy(hub, hub.sync.with_untracked(report))>{m::sync::COPY_REPORT}</button>
            <button class="plain danger" data-test="sign-out" on:click=move |_| leaving.set(true)>{m::sync::SIGN_OUT}</button>
        </section>
        <Show when=move || leaving.get()><SignOut leaving/></Show>
    }
}

/// Signing out locks what is here, unless somebody wants otherwise; before that the code is shown that opens it again.
#[component]
fn SignOut(leaving: RwSignal<bool>) -> impl IntoView {
    let hub = use_hub();
    let code = RwSignal::new(None::<String>);
    hub.recovery_code(move |it| _ = code.try_set(it));
    let app_lock = move || hub.profile.with(|profile| profile.as_ref().is_some_and(|profile| profile.app_lock));
    // The server may be out of reach: this device is signed out all the same, unless that cannot even be noted.
    let sign_out = move |then: fn(Hub)| {
        hub.account(AccountWish::SignOut, move |news| match news {
            Ok(_) => then(hub),
            Err(refusal) => hub.say(m::sync::problem(&refusal), None),
        });
    };
    let close = move || leaving.set(false);
    view! {
        <BottomSheet label=m::sync::SIGN_OUT on_close=Callback::new(move |()| close())>
            <h2>{m::sync::SIGN_OUT}</h2>
            <Show when=move || code.with(Option::is_some)>
                <p>{move || if app_lock() { m::sync::LOCKS_BY_PASSPHRASE } else { m::sync::LOCKS_BY_CODE }}</p>
                <Show when=move || !app_lock()>
                    <div class="code"><code aria-label=m::storage::CODE data-test="leaving-code">{move || code.get()}</code></div>
                    <button class="plain wide" on:click=move |_| copy(hub, code.get_untracked().unwrap_or_default())>{m::sync::COPY_CODE}</button>
                </Show>
                <button class="primary wide" data-test="sign-out-lock" on:click=move |_| sign_out(Hub::lock)>{m::sync::SIGN_OUT_LOCK}</button>
            </Show>
            <button class="plain wide" data-test="sign-out-keep" on:click=move |_| {
                close();
                sign_out(|hub| hub.say(m::sync::SIGNED_OUT, None));
            }>{m::sync::SIGN_OUT_KEEP}</button>
            <button class="plain wide" on:click=move |_| close()>{m::CLOSE}</button>
        </BottomSheet>
    }
}
