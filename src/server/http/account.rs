//! `/account/*` and `/admin/*`.

use std::sync::Arc;

use axum::{
    extract::{Path, State, rejection::PathRejection},
    http::{HeaderValue, header},
    response::{IntoResponse as _, Response},
};
use ledger::{DeviceId, EntityId};
use realm::accounts::{self as core, Identity, NewDevice, SignedIn};
use wire::{
    Code, Problem,
    api::{
        Account, DeviceBody, Done, Erase, Join, NameBody, NewPassword, OneTime, Open, PersonBody, Reset, SignIn, SignUp, Signed,
        path,
    },
};

use super::{
    Answered, App, Refused, Sent, Shared,
    auth::{self, Leaver, Who},
    bad, blocking,
    guard::Key,
    json,
    peer::Peer,
};
use crate::clock::now_ms;

fn device(body: &DeviceBody, browser: bool) -> Result<NewDevice, Refused> {
    let device_id = DeviceId::parse(&body.device_id).map_err(|err| bad(err.to_string()))?;
    let name = body.name.trim().to_owned();
    if name.is_empty() || core::NAME_MAX < name.chars().count() || name.chars().any(char::is_control) {
        return Err(bad(format!("a device's name has 1 to {} characters", core::NAME_MAX)));
    }
    let person = body.person.as_deref().map(EntityId::parse).transpose().map_err(|err| bad(err.to_string()))?;
    Ok(NewDevice { device_id, name, person, browser })
}

/// One of the few places at which passwords are hashed. Devices that are known stand in a line of their own.
async fn hashing<T: Send + 'static>(
    app: &Arc<App>,
    known: bool,
    act: impl FnOnce(&App) -> Result<T, Problem> + Send + 'static,
) -> Result<T, Refused> {
    let busy = || Refused(Problem::new(Code::Busy, "many people sign in at this moment; try again").after(2_000));
    let wait = std::time::Duration::from_secs(5);
    let line = if known { &app.hashing_known } else { &app.hashing };
    let _permit = tokio::time::timeout(wait, line.acquire()).await.map_err(|_| busy())?.map_err(|_| busy())?;
    blocking(app, act).await
}

/// Hashing for somebody whom nobody knows, on the budget of where he is.
async fn budgeted<T: Send + 'static>(
    app: &Arc<App>,
    peer: Peer,
    act: impl FnOnce(&App) -> Result<T, Problem> + Send + 'static,
) -> Result<T, Refused> {
    let address = peer.network();
    if let Some(address) = address {
        app.guard.spend(address, now_ms())?;
    }
    let outcome = hashing(app, false, act).await;
    if let Some(address) = address
        && outcome.as_ref().err().is_none_or(|refused| refused.0.code != Code::WrongPassword)
    {
        app.guard.give_back(address);
    }
    outcome
}

/// A password that somebody may only be guessing. Without a peer it is a device that is known.
async fn guarded<T: Send + 'static>(
    app: &Arc<App>,
    key: Key,
    stranger: Option<Peer>,
    act: impl FnOnce(&App) -> Result<T, Problem> + Send + 'static,
) -> Result<T, Refused> {
    app.guard.begin(&key, now_ms())?;
    let outcome = match stranger {
        Some(peer) => budgeted(app, peer, act).await,
        None => hashing(app, true, act).await,
    };
    match &outcome {
        Ok(_) => app.guard.was_right(&key),
        Err(refused) if refused.0.code == Code::WrongPassword => {}
        Err(_) => app.guard.never_mind(&key),
    }
    outcome
}

/// Whoever is signed in waits alone for what he himself guesses.
fn key_of(who: &Identity) -> Key {
    Key::Device { name: who.account_id.clone(), device_id: who.device_id.clone() }
}

async fn signed(app: &Arc<App>, signed: SignedIn) -> Answered {
    let token = signed.token.clone();
    let account = blocking(app, move |app| {
        let who = core::identify(&*app.store, &token, now_ms())?;
        let who = who.ok_or_else(|| Problem::new(Code::SignIn, "the sign-in was ended at once"))?;
        core::account(&*app.store, &who)
    });
    let cookie = auth::cookie(&signed.token);
    let browser = signed.secret.is_some();
    let token = (!browser).then_some(signed.token);
    let mut response = json(&Signed { account: account.await?, token, device_secret: signed.secret })?;
    if browser {
        set_cookie(&mut response, &cookie);
    }
    Ok(response)
}

fn set_cookie(response: &mut Response, cookie: &str) {
    if let Ok(value) = HeaderValue::from_str(cookie) {
        response.headers_mut().insert(header::SET_COOKIE, value);
    }
}

/// A browser says where a request comes from; anything else gets its token to keep.
pub(super) struct Browser(bool);

impl axum::extract::FromRequestParts<Arc<App>> for Browser {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut axum::http::request::Parts, _: &Arc<App>) -> Result<Self, Self::Rejection> {
        Ok(Self(parts.headers.contains_key(header::ORIGIN) || parts.headers.contains_key("sec-fetch-site")))
    }
}

/// Whether the server waits for its first account.
#[utoipa::path(get, path = path::SIGN_UP, tag = "account",
    responses((status = 200, body = Open), (status = "default", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn sign_up_open(State(app): Shared) -> Answered {
    json(&Open { first: blocking(&app, |app| core::waits_for_first(&*app.store)).await? })
}

/// A new account, by invitation; the first one by the code that the server printed.
#[utoipa::path(post, path = path::SIGN_UP, tag = "account", request_body = SignUp,
    responses((status = 200, body = Signed), (status = "default", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn sign_up(State(app): Shared, Browser(browser): Browser, Sent(body): Sent<SignUp>) -> Answered {
    core::check_password(&body.password)?;
    core::tidy_name(&body.name)?;
    let device = device(&body.device, browser)?;
    let invite = body.invite.clone();
    blocking(&app, move |app| core::may_sign_up(&*app.store, invite.as_deref(), now_ms())).await?;
    let done = hashing(&app, false, move |app| {
        let password = core::hash_password(&body.password)?;
        core::sign_up(&*app.store, &body.name, password, body.invite, device, now_ms())
    });
    signed(&app, done.await?).await
}

/// An account that is there, on one more device or once more on this one.
#[utoipa::path(post, path = path::SIGN_IN, tag = "account", request_body = SignIn,
    responses((status = 200, body = Signed), (status = "default", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn sign_in(State(app): Shared, Browser(browser): Browser, peer: Peer, Sent(body): Sent<SignIn>) -> Answered {
    let name = core::tidy_name(&body.name)?;
    let device = device(&body.device, browser)?;
    let (same, id) = (name.clone(), device.device_id.clone());
    let known = blocking(&app, move |app| core::is_known(&*app.store, &same, &id)).await?;
    let key = match known {
        true => Key::Device { name: name.clone(), device_id: device.device_id.as_str().to_owned() },
        false => Key::Name(name.clone()),
    };
    let done = guarded(&app, key, (!known).then_some(peer), move |app| {
        core::sign_in(&*app.store, &name, &body.password, device, now_ms())
    });
    signed(&app, done.await?).await
}

/// A second device, by the code that the first one shows.
#[utoipa::path(post, path = path::JOIN, tag = "account", request_body = Join,
    responses((status = 200, body = Signed), (status = "default", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn join(State(app): Shared, Browser(browser): Browser, Sent(body): Sent<Join>) -> Answered {
    let device = device(&body.device, browser)?;
    let done = blocking(&app, move |app| core::join(&*app.store, body.code, device, now_ms())).await?;
    signed(&app, done).await
}

/// This device is signed out; its rows stay where they are, there and here. The cookie alone is enough: whoever left a
/// browser without a network has nothing else any more.
#[utoipa::path(post, path = path::SIGN_OUT, tag = "account", security(("bearer" = []), ("cookie" = [])),
    responses((status = 200, body = inline(Done)), (status = "default", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn sign_out(State(app): Shared, leaver: Result<Leaver, Refused>) -> Answered {
    let mut response = match leaver {
        Ok(Leaver(who)) => {
            blocking(&app, move |app| core::sign_out(&*app.store, &who)).await?;
            done()?
        }
        // The answer that took the cookie back may not have come through, and whoever asks again has it still.
        Err(refused) if refused.0.code == Code::SignIn => refused.into_response(),
        Err(refused) => return Err(refused),
    };
    set_cookie(&mut response, &auth::no_cookie());
    Ok(response)
}

/// Every other device is signed out, and no code leads into the account any more.
#[utoipa::path(post, path = path::SIGN_OUT_OTHERS, tag = "account", security(("bearer" = []), ("cookie" = [], "device" = [])),
    responses((status = 200, body = inline(Done)), (status = "default", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn sign_out_others(State(app): Shared, Who(who): Who) -> Answered {
    blocking(&app, move |app| core::sign_out_others(&*app.store, &who)).await?;
    done()
}

/// Another password. Every other device has to sign in again.
#[utoipa::path(post, path = path::PASSWORD, tag = "account", request_body = NewPassword, security(("bearer" = []), ("cookie" = [], "device" = [])),
    responses((status = 200, body = inline(Done)), (status = "default", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn change_password(State(app): Shared, Who(who): Who, Sent(body): Sent<NewPassword>) -> Answered {
    core::check_password(&body.new_password)?;
    guarded(&app, key_of(&who), None, move |app| core::change_password(&*app.store, &who, &body.password, &body.new_password))
        .await?;
    done()
}

fn done() -> Answered {
    json(&Done { done: true })
}

/// Who is signed in here, on which devices.
#[utoipa::path(get, path = path::ACCOUNT, tag = "account", security(("bearer" = []), ("cookie" = [], "device" = [])),
    responses((status = 200, body = Account), (status = "default", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn account(State(app): Shared, Who(who): Who) -> Answered {
    json(&blocking(&app, move |app| core::account(&*app.store, &who)).await?)
}

/// The account and all its rows are erased from the server. Devices keep theirs.
#[utoipa::path(delete, path = path::ACCOUNT, tag = "account", request_body = Erase, security(("bearer" = []), ("cookie" = [], "device" = [])),
    responses((status = 200, body = inline(Done)), (status = "default", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn erase(State(app): Shared, Who(who): Who, Sent(body): Sent<Erase>) -> Answered {
    guarded(&app, key_of(&who), None, move |app| core::erase(&*app.store, &who, &body.password)).await?;
    let mut response = done()?;
    set_cookie(&mut response, &auth::no_cookie());
    Ok(response)
}

/// A code by which a second device joins, for ten minutes.
#[utoipa::path(post, path = path::LINKS, tag = "account", security(("bearer" = []), ("cookie" = [], "device" = [])),
    responses((status = 200, body = OneTime), (status = "default", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn make_link(State(app): Shared, Who(who): Who) -> Answered {
    one_time(blocking(&app, move |app| core::make_link(&*app.store, &who, now_ms())).await?)
}

fn one_time((code, expires_ms): (String, u64)) -> Answered {
    json(&OneTime { code, expires_ms })
}

/// A person whose rows this device holds joins the account.
#[utoipa::path(post, path = path::PERSONS, tag = "account", request_body = PersonBody, security(("bearer" = []), ("cookie" = [], "device" = [])),
    responses((status = 200, body = Account), (status = "default", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn add_person(State(app): Shared, Who(who): Who, Sent(body): Sent<PersonBody>) -> Answered {
    let person = EntityId::parse(&body.person).map_err(|err| bad(err.to_string()))?;
    let account = blocking(&app, move |app| {
        core::add_own_person(&*app.store, &who, person)?;
        core::account(&*app.store, &who)
    });
    json(&account.await?)
}

/// A new password, by an administrator's code. Every device has to sign in again.
#[utoipa::path(post, path = path::PASSWORD_RESET, tag = "account", request_body = Reset,
    responses((status = 200, body = inline(Done)), (status = "default", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn reset_password(State(app): Shared, peer: Peer, Sent(body): Sent<Reset>) -> Answered {
    core::check_password(&body.password)?;
    let code = body.code.clone();
    blocking(&app, move |app| core::may_reset(&*app.store, &code, now_ms())).await?;
    let reset = budgeted(&app, peer, move |app| {
        let password = core::hash_password(&body.password)?;
        core::reset_password(&*app.store, body.code, password, now_ms())
    });
    reset.await?;
    done()
}

/// A device of the account is shut out: its sign-in ends within seconds. Its rows stay.
#[utoipa::path(delete, path = path::DEVICE, tag = "account", params(("device_id" = String, Path)), security(("bearer" = []), ("cookie" = [], "device" = [])),
    responses((status = 200, body = inline(Done)), (status = "default", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn revoke(State(app): Shared, Who(who): Who, device: Result<Path<String>, PathRejection>) -> Answered {
    let Path(device_id) = device.map_err(|err| bad(err.body_text()))?;
    let device_id = DeviceId::parse(&device_id).map_err(|err| bad(err.to_string()))?;
    blocking(&app, move |app| core::revoke(&*app.store, &who, device_id.as_str())).await?;
    done()
}

fn administers(who: &Identity) -> Result<(), Refused> {
    let refused = || Refused(Problem::new(Code::Forbidden, "this is for the server's administrator"));
    who.admin.then_some(()).ok_or_else(refused)
}

/// A code by which a new person signs up, for two weeks.
#[utoipa::path(post, path = path::INVITES, tag = "admin", security(("bearer" = []), ("cookie" = [], "device" = [])),
    responses((status = 200, body = OneTime), (status = "default", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn make_invite(State(app): Shared, Who(who): Who) -> Answered {
    administers(&who)?;
    one_time(blocking(&app, move |app| core::invite_by(&*app.store, &who, now_ms())).await?)
}

/// A code by which somebody who forgot the password makes a new one, for a day.
#[utoipa::path(post, path = path::RESETS, tag = "admin", request_body = NameBody, security(("bearer" = []), ("cookie" = [], "device" = [])),
    responses((status = 200, body = OneTime), (status = "default", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn make_reset(State(app): Shared, Who(who): Who, Sent(body): Sent<NameBody>) -> Answered {
    administers(&who)?;
    one_time(blocking(&app, move |app| core::reset_by(&*app.store, &who, &body.name, now_ms())).await?)
}
