//! Leaving this device: the app lock, locking, and removing everything. Nothing is removed that is nowhere else.

use std::{cell::RefCell, collections::BTreeMap};

use bridge::{AnyBuild, FromStorage, Problem, ProblemKind, ToStorage};
use device::{Happening, weakness};
use wire::{ChainKey, Ranges};

use crate::{
    account,
    births::Births,
    channels,
    events::happened,
    fail::Fail,
    files::Pool,
    kept, leader, link, reading, start,
    state::{self, State, tell},
    vault::{self, Vault},
};

/// In IndexedDB, for the locked screen: how many rows were only here when it was locked.
const ONLY_HERE_KEY: &str = "left";

thread_local! {
    /// What the last export was made of, and the last backup that was handed to the browser.
    static GATHERED: RefCell<BTreeMap<ChainKey, Ranges>> = const { RefCell::new(BTreeMap::new()) };
    static EXPORTED: RefCell<BTreeMap<ChainKey, Ranges>> = const { RefCell::new(BTreeMap::new()) };
}

pub(crate) fn gathered(places: BTreeMap<ChainKey, Ranges>) {
    GATHERED.set(places);
}

pub(crate) fn exported() {
    EXPORTED.set(GATHERED.take());
}

/// Carries out one of the wishes about what is kept here and who may open it.
pub(crate) async fn carry_out(wish: ToStorage) {
    match wish {
        ToStorage::Unlock { id, code } => answer(id, unlock(&code).await),
        ToStorage::StartOver { id } => answer(id, start_over().await),
        ToStorage::SetAppLock { id, passphrase } => answer(id, set_app_lock(&passphrase).await),
        ToStorage::Lock { id } => answer(id, lock().await),
        ToStorage::Remove { id } => answer(id, remove().await),
        ToStorage::RecoveryCode { id } => tell_code(id).await,
        ToStorage::NewRecoveryCode { id } => {
            if let Err(fail) = new_code().await {
                tell(&FromStorage::Problem { problem: not_renewed(&fail) });
            }
            tell_code(id).await;
        }
        // None of them.
        _ => {}
    }
}

fn answer(id: u32, outcome: Result<(), Problem>) {
    match outcome {
        Ok(()) => tell(&FromStorage::Done { id }),
        Err(problem) => tell(&FromStorage::Failed { id, problem }),
    }
}

fn parts() -> Option<(Pool, Births, Vault)> {
    state::with(|state| Some((state.pool.clone()?, state.births.clone()?, state.vault.clone()?)))
}

/// Empty: without an app lock.
async fn set_app_lock(passphrase: &str) -> Result<(), Problem> {
    if let Some(why) = weakness(passphrase).filter(|_| !passphrase.is_empty()) {
        let todo = "Three or four words that only you put together are easy to keep, and hard to guess.";
        return Err(Problem::new(ProblemKind::Refused, why, "The app lock is as it was.", todo));
    }
    let Some((pool, births, vault)) = parts() else { return Err(not_lockable()) };
    let passphrase = (!passphrase.is_empty()).then_some(passphrase);
    let next = vault::with_app_lock(&vault, &births, &pool, passphrase).await.map_err(|fail| failed(&fail))?;
    state::with(|state| state.vault = Some(next));
    if passphrase.is_some() {
        // Others would go on without it, however long nobody is there.
        channels::tell_any(&AnyBuild::Gone, None);
    }
    Ok(())
}

/// Only the passphrase of the app lock, or without one the recovery code, opens what is here.
async fn lock() -> Result<(), Problem> {
    let Some((pool, births, vault)) = parts() else { return Err(not_lockable()) };
    let only_here = only_here(&pool).await.map_err(|fail| failed(&fail))?;
    let locked = async {
        births.name(ONLY_HERE_KEY, only_here.to_string().as_bytes()).await?;
        if vault.has_app_lock() { Ok(()) } else { vault::forget(&vault, &births, &pool).await }
    };
    locked.await.map_err(|fail| failed(&fail))?;
    channels::tell_any(&AnyBuild::Gone, None);
    Ok(())
}

/// Rows that no server has acknowledged, by what the files say now: whoever leads may have learned otherwise. What nobody
/// can say counts as only here.
async fn only_here(pool: &Pool) -> Result<u64, Fail> {
    read_again(pool).await?;
    Ok(state::with(|state| state.host.only_here(newer(state))))
}

async fn read_again(pool: &Pool) -> Result<(), Fail> {
    reading::follow_index(pool).await?;
    reading::catch_up(pool).await
}

/// Files that only a newer build can read.
fn newer(state: &State) -> u64 {
    state.problems.iter().filter(|problem| problem.kind == ProblemKind::NewerFormat).count() as u64
}

/// Everything on this device, once it is somewhere else too.
async fn remove() -> Result<(), Problem> {
    let (pool, births) = state::with(|state| (state.pool.clone(), state.births.clone()));
    let Some(pool) = pool else { return Ok(()) };
    read_again(&pool).await.map_err(|fail| failed(&fail))?;
    let may = EXPORTED.with_borrow(|exported| state::with(|state| state.host.may_remove(exported, newer(state))));
    if let Err(only_here) = may {
        return Err(Problem::new(
            ProblemKind::Refused,
            format!("{only_here} changes are on this device only."),
            "Nothing was removed.",
            "Make a backup first, or wait until everything is on the server.",
        ));
    }
    // Noted first, and outlasting what follows: a cookie is left, and whoever has this device next shall not be let in by it.
    let leaves = kept::is_known();
    let noted = match &births {
        Some(births) if leaves => account::owe(births).await,
        _ => Err(Fail::NotFound),
    };
    if leaves && noted.is_err() && account::end_sign_in(None).await.is_err() {
        return Err(Problem::new(
            ProblemKind::Refused,
            "The server could not be told that this device is left.",
            "Nothing was removed.",
            "Try again when the server can be reached.",
        ));
    }
    channels::tell_any(&AnyBuild::Gone, None);
    link::end();
    // Files that are held cannot be removed.
    happened(Happening::Leaves);
    state::with(|state| state.sheet = None);
    if let Err(fail) = erase(births.as_ref(), &pool).await {
        if let (Some(births), Ok(true)) = (&births, noted) {
            account::owe_nothing(births).await;
        }
        leader::account_changed();
        return Err(failed(&fail));
    }
    if leaves {
        // Without a network it stays owed, and is made up for at the first connection.
        let _ = account::end_sign_in(births.as_ref()).await;
    }
    Ok(())
}

/// What is locked and whose key is lost, when none of it was only here.
async fn start_over() -> Result<(), Problem> {
    let erased = async {
        let (births, pool) = (Births::open().await?, start::locked()?);
        let left = births.named(ONLY_HERE_KEY).await.and_then(|left| String::from_utf8(left).ok());
        if left.as_deref() != Some("0") {
            return Ok(false);
        }
        let leaves = kept::was_here(&births).await;
        let noted = leaves && account::owe(&births).await?;
        if let Err(fail) = erase(Some(&births), &pool).await {
            if noted {
                account::owe_nothing(&births).await;
            }
            return Err(fail);
        }
        if leaves {
            let _ = account::end_sign_in(Some(&births)).await;
        }
        Ok(true)
    };
    match erased.await {
        Ok(true) => Ok(()),
        Ok(false) => Err(Problem::new(
            ProblemKind::Refused,
            "Something in there may be on this device only.",
            "Nothing was removed.",
            "Open it with the recovery code. To give it up all the same, clear this site's data in the browser's settings.",
        )),
        Err(fail) => Err(failed(&fail)),
    }
}

/// The keys last: files that cannot be removed, because another tab still holds one, can still be read.
async fn erase(births: Option<&Births>, pool: &Pool) -> Result<(), Fail> {
    pool.remove().await?;
    match births {
        Some(births) => births.clear_but(kept::OWED).await,
        None => Ok(()),
    }
}

fn not_lockable() -> Problem {
    let why = match state::vault() {
        Some(_) => "The browser's database cannot be opened, so nothing about the key can be changed.",
        None => "What is stored here is not encrypted, so it cannot be locked.",
    };
    let todo = "To leave nothing behind, remove everything from this device.";
    Problem::new(ProblemKind::Refused, why, "Nothing was changed.", todo)
}

fn failed(fail: &Fail) -> Problem {
    Problem::new(
        ProblemKind::Internal,
        format!("That did not work: {fail}."),
        "Nothing that you logged is lost.",
        "Close other tabs of Spotter and try again.",
    )
}

/// With the passphrase of the app lock or with the recovery code.
async fn unlock(typed: &str) -> Result<(), Problem> {
    let unlocked = async {
        let pool = start::locked()?;
        let Ok(births) = Births::open().await else { return vault::by_code(&pool, typed).await.map(Some) };
        if let Some(vault) = vault::unlocked(&births, typed).await {
            return Ok(Some(vault));
        }
        vault::unlock(&births, &pool, typed).await.map(|()| None)
    };
    match unlocked.await {
        Ok(vault) => {
            start::start(vault, None).await;
            Ok(())
        }
        Err(_) => Err(Problem::new(
            ProblemKind::Locked,
            "This does not open what is stored here.",
            "Nothing was changed.",
            "Look at it again, letter by letter. A recovery code has 32 of them, 0 to 9 and a to f.",
        )),
    }
}

async fn tell_code(id: u32) {
    let code = match state::with(|state| (state.vault.clone(), state.births.clone())) {
        // Another tab may have changed it.
        (Some(vault), Some(births)) => vault::current(&vault, &births).await.unwrap_or(vault).recovery_code().await.ok(),
        (Some(vault), None) => vault.recovery_code().await.ok(),
        (None, _) => None,
    };
    tell(&FromStorage::RecoveryCode { id, code });
}

async fn new_code() -> Result<(), Fail> {
    let parts = state::with(|state| Some((state.vault.clone()?, state.births.clone()?, state.pool.clone()?)));
    let Some((vault, births, pool)) = parts else { return Err(Fail::NotFound) };
    let next = vault::with_new_code(&vault, &births, &pool).await?;
    state::with(|state| state.vault = Some(next));
    Ok(())
}

fn not_renewed(fail: &Fail) -> Problem {
    Problem::new(
        ProblemKind::Internal,
        format!("There is no new recovery code ({fail})."),
        "The one before still opens what is stored here.",
        "Close other tabs of Spotter and try again.",
    )
}
