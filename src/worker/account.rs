//! Signing in and out, and what the server knows of this device. A browser's cookie says who it is, and opens nothing without
//! the secret that is kept here, encrypted like everything else. With it the account's name is kept, so that the app knows it
//! offline too.

use bridge::{AccountNews, AccountView, AccountWish, FromStorage, Refusal, RefusalCode, Sibling};
use device::Write;
use ledger::{EntityId, Scope};
use wasm_bindgen_futures::spawn_local;
use wire::{
    Code, Doorstep, Entry, Failure,
    api::{self, DeviceBody, OneTime, path},
};

use crate::{
    births::Births,
    channels,
    clock::Chance,
    errands::refusal,
    events,
    fail::Fail,
    js,
    kept::{self, Kept, OWED, kept, owner},
    leader, locks,
    net::Call,
    reading::nothing_missing,
    state::{self, tell},
};

/// Held while the cookie changes: a sign-out that comes late must not take the cookie of the next sign-in.
const COOKIE: &str = "spotter-cookie";
const COOKIE_WAIT_MS: i32 = 15_000;
/// Whoever leaves does not wait longer for a server,
const SIGN_OUT_MS: u32 = 10_000;
/// which is asked again so often.
const SIGN_OUT_AGAIN_MS: i32 = 30_000;

async fn keep(fresh: Kept) {
    let births = state::with(|state| state.births.clone());
    let vault = state::vault();
    let stored = async {
        let Some(births) = births else { return Ok(()) };
        let json = serde_json::to_vec(&fresh).map_err(|err| Fail::Other(err.to_string()))?;
        births.name("account", &seal::value(vault.as_ref(), "account", json, &mut Chance).await?).await
    };
    if let Err(fail) = stored.await {
        web_sys::console::warn_1(&format!("the account is not remembered: {fail}").into());
    }
    kept::becomes(fresh);
    channels::tell(&Sibling::AccountChanged);
    leader::account_changed();
}

/// Never in the queue of writes: a tapped set does not wait for a network.
pub(crate) async fn carry_out(id: u32, wish: AccountWish) {
    match act(wish).await {
        Ok(Outcome::News(news)) => tell(&FromStorage::Account { id, news: Ok(news) }),
        Ok(Outcome::Entered(entered)) => enter_now(id, *entered).await,
        Err(refusal) => tell(&FromStorage::Account { id, news: Err(refusal) }),
    }
}

enum Outcome {
    News(AccountNews),
    /// The rest is writing, and takes its turn.
    Entered(Box<Entered>),
}

/// The server says who this is.
struct Entered {
    account: AccountView,
    device_id: String,
    secret: Option<String>,
}

// ---------------------------------------------------------------------------------------------- what is owed

/// From now on the cookie opens nothing from here, and the server is to hear that the sign-in is over.
/// Returns whether that was not so before.
pub(crate) async fn owe(births: &Births) -> Result<bool, Fail> {
    let fresh = births.named(OWED).await.is_none();
    births.name(OWED, b"1").await?;
    kept::set_owes(true);
    Ok(fresh)
}

pub(crate) async fn owe_nothing(births: &Births) {
    // What cannot be deleted ends a sign-in that has ended, once more.
    let _ = births.delete("identity", &[OWED.to_owned()]).await;
    kept::set_owes(false);
}

/// The server ends this browser's sign-in, or knows of none.
pub(crate) async fn end_sign_in(births: Option<&Births>) -> Result<(), Failure> {
    let call = Call { patience_ms: Some(SIGN_OUT_MS), ..Call::post_nothing(path::SIGN_OUT) };
    match call.response().await {
        Ok(_) => {}
        Err(Failure::Problem(problem)) if problem.code == Code::SignIn => {}
        Err(failure) => return Err(failure),
    }
    if let Some(births) = births {
        owe_nothing(births).await;
    }
    Ok(())
}

/// What is owed is done before anything else is asked.
async fn settle() -> Result<(), Failure> {
    if !kept::owes() {
        return Ok(());
    }
    let Some(births) = state::with(|state| state.births.clone()) else { return Ok(()) };
    let _held = locks::hold(COOKIE, COOKIE_WAIT_MS).await;
    if births.named(OWED).await.is_none() {
        // Another tab was quicker.
        kept::set_owes(false);
        return Ok(());
    }
    end_sign_in(Some(&births)).await?;
    channels::tell(&Sibling::AccountChanged);
    Ok(())
}

/// Until it is done.
pub(crate) async fn end_what_is_owed() {
    while settle().await.is_err() {
        js::sleep(SIGN_OUT_AGAIN_MS).await;
    }
}

/// This device is signed out, whether or not the server can be reached.
async fn sign_out() -> Result<(), Refusal> {
    let births = state::with(|state| state.births.clone());
    let held = locks::hold(COOKIE, COOKIE_WAIT_MS).await;
    let noted = match &births {
        Some(births) => owe(births).await,
        None => Err(Fail::NotFound),
    };
    let told = end_sign_in(births.as_ref()).await;
    drop(held);
    if let Some(kept) = owner() {
        keep(Kept { signed_in: false, secret: None, ..kept }).await;
    }
    match (told, noted) {
        (Ok(()), _) => Ok(()),
        (Err(_), Ok(_)) => {
            spawn_local(end_what_is_owed());
            Ok(())
        }
        (Err(failure), Err(_)) => Err(refusal(&failure)),
    }
}

// ---------------------------------------------------------------------------------------------- wishes

async fn act(wish: AccountWish) -> Result<Outcome, Refusal> {
    let refused = |failure: Failure| refusal(&failure);
    if let Err(failure) = settle().await {
        return Err(Refusal { code: RefusalCode::Owed, ..refusal(&failure) });
    }
    let one_time = |it: OneTime| Outcome::News(AccountNews::Code { code: it.code, expires_ms: it.expires_ms });
    let done = || Outcome::News(AccountNews::Done);
    match wish {
        AccountWish::Look => {
            // Whatever cookie there is: who is not signed in by what is kept here comes in by the password.
            let known = match kept() {
                Some(_) => Call::get(path::ACCOUNT).json::<AccountView>().await,
                None => Err(Failure::Problem(wire::Problem::new(Code::SignIn, "nobody is signed in"))),
            };
            match known {
                Ok(account) => Ok(Outcome::News(AccountNews::Account(account))),
                Err(Failure::Problem(problem)) if problem.code == Code::SignIn => {
                    let open: api::Open = Call::get(path::SIGN_UP).json().await.map_err(refused)?;
                    let name = owner().map(|owner| owner.name);
                    Ok(Outcome::News(AccountNews::Nobody { first: open.first, name }))
                }
                Err(failure) => Err(refused(failure)),
            }
        }
        AccountWish::SignUp { name, password, invite, device, mine } => {
            let device = this_device(&device, mine, true)?;
            let invite = (!invite.trim().is_empty()).then(|| invite.trim().to_owned());
            enter(Call::post(path::SIGN_UP, &api::SignUp { device, invite, name, password })).await
        }
        AccountWish::SignIn { name, password, device, mine } => {
            let device = this_device(&device, mine, false)?;
            enter(Call::post(path::SIGN_IN, &api::SignIn { device, name, password })).await
        }
        AccountWish::Join { code, device, mine } => {
            let device = this_device(&device, mine, false)?;
            enter(Call::post(path::JOIN, &api::Join { code: code.trim().to_owned(), device })).await
        }
        AccountWish::ChangePassword { password, new_password } => {
            Call::post(path::PASSWORD, &api::NewPassword { new_password, password }).response().await.map_err(refused)?;
            Ok(done())
        }
        AccountWish::SignOutOthers => {
            Call::post_nothing(path::SIGN_OUT_OTHERS).response().await.map_err(refused)?;
            Ok(done())
        }
        AccountWish::NewPassword { code, password } => {
            let body = api::Reset { code: code.trim().to_owned(), password };
            Call::post(path::PASSWORD_RESET, &body).response().await.map_err(refused)?;
            Ok(done())
        }
        AccountWish::SignOut => sign_out().await.map(|()| done()),
        AccountWish::Link => Call::post_nothing(path::LINKS).json::<OneTime>().await.map(one_time).map_err(refused),
        AccountWish::Invite => Call::post_nothing(path::INVITES).json::<OneTime>().await.map(one_time).map_err(refused),
        AccountWish::ShutOut { device_id } => {
            let path = path::device(&device_id);
            Call { method: "DELETE", ..Call::get(&path) }.response().await.map_err(refused)?;
            Ok(done())
        }
    }
}

fn own_refusal(code: RefusalCode, detail: impl Into<String>) -> Refusal {
    Refusal { code, detail: detail.into(), retry_after_ms: None }
}

fn others(owner: &Kept) -> Refusal {
    own_refusal(RefusalCode::OtherAccount, format!("this browser holds the training of {}", owner.name))
}

/// This installation, as it says who it is. Whoever's rows lie here comes along only when somebody said whose they are.
fn this_device(name: &str, mine: bool, fresh: bool) -> Result<DeviceBody, Refusal> {
    let owner = owner();
    let rows = state::with(|state| 0 < state.host.shelf.count());
    let here = Doorstep { owned: owner.is_some(), rows, owed: kept::owes() };
    let with_person = match (here.entry(mine, fresh), owner) {
        (Entry::Enter { with_person }, _) => with_person,
        (Entry::Refuse, Some(owner)) => return Err(others(&owner)),
        (Entry::AskWhose, _) => return Err(own_refusal(RefusalCode::Whose, "what lies here was logged without an account")),
        _ => return Err(own_refusal(RefusalCode::Owed, "another sign-in has not been ended yet")),
    };
    Ok(state::with(|state| {
        let identity = state.host.device.identity();
        let about = fresh || state.host.shelf.holds_scope(Scope::Person(identity.person));
        let name = if name.trim().is_empty() { "Browser" } else { name.trim() };
        let person = (with_person && about).then(|| identity.person.to_string());
        DeviceBody { device_id: identity.device_id.as_str().to_owned(), name: name.to_owned(), person }
    }))
}

async fn enter(call: Call<'_>) -> Result<Outcome, Refusal> {
    // As which device it was sent: another tab may make this one another device meanwhile.
    let device_id = state::with(|state| state.host.device.identity().device_id.as_str().to_owned());
    let _held = locks::hold(COOKIE, COOKIE_WAIT_MS).await;
    let api::Signed { account, device_secret, .. } = call.json().await.map_err(|failure| refusal(&failure))?;
    // Rows here belong to one account; another one's would mix two people's training.
    if let Some(owner) = owner().filter(|owner| owner.account_id != account.account_id) {
        // What nobody keeps opens nothing; if this does not come through, it ends by itself.
        let _ = end_sign_in(None).await;
        return Err(others(&owner));
    }
    Ok(Outcome::Entered(Box::new(Entered { account, device_id, secret: device_secret })))
}

/// In the queue of writes.
async fn enter_now(id: u32, entered: Entered) {
    let Entered { account, device_id, secret } = entered;
    let persons: Vec<EntityId> = account.persons.iter().filter_map(|person| EntityId::parse(person).ok()).collect();
    if let Err(why) = events::write(Write::BelongTo(persons.clone())).await {
        web_sys::console::warn_1(&format!("it is not known yet whom this training belongs to: {why}").into());
    }
    nothing_missing().await;
    let (account_id, name) = (account.account_id.clone(), account.name.clone());
    keep(Kept { account_id, name, device_id, persons, signed_in: true, secret }).await;
    tell(&FromStorage::Account { id, news: Ok(AccountNews::Account(account)) });
}
