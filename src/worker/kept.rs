//! What is kept of an account on the device, and whether its sign-in has to be ended.

use std::cell::{Cell, RefCell};

use ledger::EntityId;
use serde::{Deserialize, Serialize};

use crate::{births::Births, state, vault};

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
    /// What every request shows beside the cookie. Without it the password is asked for once more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) secret: Option<String>,
}

thread_local! {
    static KEPT: RefCell<Option<Kept>> = const { RefCell::new(None) };
    /// The cookie is of a sign-in that was left without a network: it is used for nothing but to end that.
    static OWES: Cell<bool> = const { Cell::new(false) };
}

/// In IndexedDB, also when everything else was removed: a sign-in has to be ended.
pub(crate) const OWED: &str = "owed";

/// The account that is signed in.
pub(crate) fn kept() -> Option<Kept> {
    owner().filter(|kept| kept.signed_in && !OWES.get())
}

/// What goes with the cookie.
pub(crate) fn secret() -> Option<String> {
    kept()?.secret
}

/// Somebody has signed in here.
pub(crate) fn is_known() -> bool {
    owner().is_some()
}

/// The account that this browser's training belongs to.
pub(crate) fn owner() -> Option<Kept> {
    KEPT.with_borrow(Clone::clone)
}

pub(crate) fn name() -> String {
    kept().map(|kept| kept.name).unwrap_or_default()
}

pub(crate) fn signed_in_as() -> String {
    kept().map(|kept| kept.device_id).unwrap_or_default()
}

/// The same before anything was opened.
pub(crate) async fn was_here(births: &Births) -> bool {
    births.named("account").await.is_some()
}

/// At the start, and when another tab signed in or out.
pub(crate) async fn recall() {
    let births = state::with(|state| state.births.clone());
    let Some(births) = births else { return };
    let vault = state::vault();
    OWES.set(births.named(OWED).await.is_some());
    let found = match births.named("account").await {
        Some(bytes) => serde_json::from_slice(&vault::plain_value(vault.as_ref(), "account", bytes).await).ok(),
        None => None,
    };
    KEPT.with_borrow_mut(|kept| *kept = found);
}

pub(crate) fn becomes(fresh: Kept) {
    KEPT.with_borrow_mut(|kept| *kept = Some(fresh));
}

pub(crate) fn owes() -> bool {
    OWES.get()
}

pub(crate) fn set_owes(owes: bool) {
    OWES.set(owes);
}
