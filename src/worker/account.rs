//! Signing in and out, and what the server knows of this device. A browser's cookie says who it is; here only the name is
//! kept, so that the app knows it offline too.

use std::cell::RefCell;

use bridge::{AccountNews, AccountView, AccountWish, Draft, FromStorage, Refusal};
use ledger::{EntityId, Fact, Scope};
use serde::{Deserialize, Serialize};
use serde_json::json;
use wasm_bindgen_futures::spawn_local;
use wire::Failure;

use crate::{
    clock::stamp,
    fail::Fail,
    feed, leader,
    net::{Call, refusal},
    port::{self, Work},
    start::{nothing_missing, remember},
    state::{self, tell},
    vault,
};

/// What is kept of an account on the device.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Kept {
    pub(crate) account_id: String,
    pub(crate) name: String,
    /// As which device this installation signed in.
    pub(crate) device_id: String,
    pub(crate) persons: Vec<EntityId>,
    /// Signed out, the account still says whose training this is.
    pub(crate) signed_in: bool,
}

thread_local! {
    static KEPT: RefCell<Option<Kept>> = const { RefCell::new(None) };
}

#[derive(Debug, Deserialize)]
struct Signed {
    account: AccountView,
}

#[derive(Debug, Deserialize)]
struct OneTime {
    code: String,
    expires_ms: u64,
}

#[derive(Debug, Deserialize)]
struct Open {
    first: bool,
}

/// The account that is signed in.
pub(crate) fn kept() -> Option<Kept> {
    owner().filter(|kept| kept.signed_in)
}

/// The account that this browser's training belongs to.
fn owner() -> Option<Kept> {
    KEPT.with_borrow(Clone::clone)
}

pub(crate) fn name() -> String {
    kept().map(|kept| kept.name).unwrap_or_default()
}

pub(crate) fn signed_in_as() -> String {
    kept().map(|kept| kept.device_id).unwrap_or_default()
}

/// At the start, and when another tab signed in or out.
pub(crate) async fn recall() {
    let births = state::with(|state| state.births.clone());
    let Some(births) = births else { return };
    let vault = state::vault();
    let found = match births.named("account").await {
        Some(bytes) => serde_json::from_slice(&vault::plain_value(vault.as_ref(), "account", bytes).await).ok(),
        None => None,
    };
    KEPT.with_borrow_mut(|kept| *kept = found);
}

async fn keep(fresh: Kept) {
    let births = state::with(|state| state.births.clone());
    let vault = state::vault();
    let stored = async {
        let Some(births) = births else { return Ok(()) };
        let json = serde_json::to_vec(&fresh).map_err(|err| Fail::Other(err.to_string()))?;
        births.name("account", &vault::value(vault.as_ref(), "account", json).await?).await
    };
    if let Err(fail) = stored.await {
        web_sys::console::warn_1(&format!("the account is not remembered: {fail}").into());
    }
    KEPT.with_borrow_mut(|kept| *kept = Some(fresh));
    feed::tell_siblings(&["account".into()]);
    leader::account_changed();
}

/// Never in the queue of writes: a tapped set does not wait for a network.
pub(crate) fn begin(id: u32, wish: AccountWish) {
    spawn_local(async move {
        match act(wish).await {
            Ok(Outcome::News(news)) => tell(&FromStorage::Account { id, news: Ok(news) }),
            Ok(Outcome::Entered(entered)) => port::enqueue(Work::Enter { id, entered }),
            Err(refusal) => tell(&FromStorage::Account { id, news: Err(refusal) }),
        }
    });
}

enum Outcome {
    News(AccountNews),
    /// The rest is writing, and takes its turn.
    Entered(Box<Entered>),
}

/// The server says who this is.
pub(crate) struct Entered {
    account: AccountView,
    device_id: String,
}

async fn act(wish: AccountWish) -> Result<Outcome, Refusal> {
    let refused = |failure: Failure| refusal(&failure);
    let one_time = |it: OneTime| Outcome::News(AccountNews::Code { code: it.code, expires_ms: it.expires_ms });
    let done = || Outcome::News(AccountNews::Done);
    match wish {
        AccountWish::Look => match Call::get("/account").json::<AccountView>().await {
            // The cookie knows more than this browser does: its storage was cleared.
            Ok(account) if kept().is_none() => {
                let this = account.devices.iter().find(|device| device.this);
                let device_id = this.map(|device| device.device_id.clone()).unwrap_or_default();
                entered(account, device_id)
            }
            Ok(account) => Ok(Outcome::News(AccountNews::Account(account))),
            Err(Failure::Problem(problem)) if problem.code == wire::Code::SignIn => {
                let open: Open = Call::get("/account/sign-up").json().await.map_err(refused)?;
                Ok(Outcome::News(AccountNews::Nobody { first: open.first }))
            }
            Err(failure) => Err(refused(failure)),
        },
        AccountWish::SignUp { name, password, invite, device } => {
            let invite = (!invite.trim().is_empty()).then(|| invite.trim().to_owned());
            let body = json!({ "name": name, "password": password, "invite": invite, "device": this_device(&device, true) });
            enter("/account/sign-up", body).await
        }
        AccountWish::SignIn { name, password, device } => {
            let body = json!({ "name": name, "password": password, "device": this_device(&device, false) });
            enter("/account/sign-in", body).await
        }
        AccountWish::Join { code, device } => {
            let body = json!({ "code": code.trim(), "device": this_device(&device, false) });
            enter("/account/join", body).await
        }
        AccountWish::NewPassword { code, password } => {
            let body = json!({ "code": code.trim(), "password": password });
            Call::send("POST", "/account/password-reset", &body).response().await.map_err(refused)?;
            Ok(done())
        }
        AccountWish::SignOut => {
            // Whoever cannot reach the server is signed out on this device all the same.
            let outcome = Call::send("POST", "/account/sign-out", &json!({})).response().await;
            if let Some(kept) = owner() {
                keep(Kept { signed_in: false, ..kept }).await;
            }
            match outcome {
                Err(Failure::Problem(problem)) if problem.code != wire::Code::SignIn => Err(refused(Failure::Problem(problem))),
                _ => Ok(done()),
            }
        }
        AccountWish::Link => {
            Call::send("POST", "/account/links", &json!({})).json::<OneTime>().await.map(one_time).map_err(refused)
        }
        AccountWish::Invite => {
            Call::send("POST", "/admin/invites", &json!({})).json::<OneTime>().await.map(one_time).map_err(refused)
        }
        AccountWish::ShutOut { device_id } => {
            let path = format!("/account/devices/{device_id}");
            Call { method: "DELETE", ..Call::get(&path) }.response().await.map_err(refused)?;
            Ok(done())
        }
    }
}

/// This installation. Its person comes along when there are rows about it, and to a new account in any case.
fn this_device(name: &str, always: bool) -> serde_json::Value {
    state::with(|state| {
        let identity = state.device.identity();
        let has_rows = state.shelf.holds_scope(Scope::Person(identity.person));
        let name = if name.trim().is_empty() { "Browser" } else { name.trim() };
        json!({
            "device_id": identity.device_id, "name": name, "person": (always || has_rows).then(|| identity.person.to_string()),
        })
    })
}

async fn enter(path: &str, body: serde_json::Value) -> Result<Outcome, Refusal> {
    let signed: Signed = Call::send("POST", path, &body).json().await.map_err(|failure| refusal(&failure))?;
    entered(signed.account, body["device"]["device_id"].as_str().unwrap_or_default().to_owned())
}

/// Rows here belong to one account; another one's would mix two people's training.
fn entered(account: AccountView, device_id: String) -> Result<Outcome, Refusal> {
    if let Some(owner) = owner().filter(|owner| owner.account_id != account.account_id) {
        let detail = format!("this browser holds the training of {}", owner.name);
        return Err(Refusal { code: "OTHER_ACCOUNT".to_owned(), detail, retry_after_ms: None });
    }
    Ok(Outcome::Entered(Box::new(Entered { account, device_id })))
}

/// In the queue of writes.
pub(crate) async fn enter_now(id: u32, entered: Entered) {
    let Entered { account, device_id } = entered;
    let persons: Vec<EntityId> = account.persons.iter().filter_map(|person| EntityId::parse(person).ok()).collect();
    become_one_of(&persons).await;
    nothing_missing().await;
    keep(Kept { account_id: account.account_id.clone(), name: account.name.clone(), device_id, persons, signed_in: true }).await;
    tell(&FromStorage::Account { id, news: Ok(AccountNews::Account(account)) });
}

/// New rows are about the account's first person. Rows that are here already say that theirs is the same one.
pub(crate) async fn become_one_of(persons: &[EntityId]) {
    let Some(first) = persons.first().copied() else { return };
    let (own, has_rows) = state::with(|state| {
        let own = state.device.identity().person;
        (own, state.shelf.holds_scope(Scope::Person(own)))
    });
    if own == first {
        return;
    }
    if has_rows {
        let at = stamp();
        let fact = Fact::PersonLinked { user_id: first, at_ms: at.utc_ms as i64, offset_min: at.offset_min };
        if port::capture(vec![Draft::mine(fact)], false).await.is_err() {
            // Said again at the next sign-in; until then the two are shown apart.
            web_sys::console::warn_1(&"two profiles could not be linked yet".into());
            return;
        }
    }
    act_for(first).await;
    feed::tell_siblings(&["person".into(), first.to_string().into()]);
}

/// This tab writes for another person from now on.
pub(crate) async fn act_for(person: EntityId) {
    let identity = state::with(|state| {
        state.device.act_for(person);
        // The running session names the person it began with.
        state.slot = None;
        state.device.drop_session();
        let identity = state.device.identity().clone();
        state.manifest.becomes(&identity);
        identity
    });
    remember(&identity).await;
    leader::manifest_changed();
    feed::to_projector(&["person".into(), person.to_string().into()], None);
    tell(&FromStorage::Person { person: person.to_string() });
}
