//! The places of the data key: the browser's record, which has its key and the wraps, and two files with the wraps alone,
//! because either can die without the other. What is encrypted and how is said in `seal`; when a key may be made, and where
//! wraps may go, in `device::opening` and `device::may_file`.

use device::{Ciphers, Keys, Opening, may_file, opening};
use js_sys::Object;
use seal::{KeyFile, Web, Wraps, lock_rounds, try_rounds};
pub(crate) use seal::{content, plain, plain_value};
use wasm_bindgen::JsValue;

use crate::{
    births::{Births, bytes_of, value_of},
    clock::{Chance, performance_now, use_id},
    fail::Fail,
    files::Pool,
    js,
};

/// The record in IndexedDB that holds the browser's key and both wraps.
const RECORD: &str = "vault";
const FILES: [&str; 2] = ["keys-0", "keys-1"];

pub(crate) type Vault = seal::Vault<Web>;

pub(crate) enum Found {
    Open(Vault),
    /// The browser's key is gone: only the recovery code opens what is here. Or there is an app lock.
    Locked {
        passphrase: bool,
    },
}

/// The one of this browser, or a new one. Of several tabs that start at once one makes it, and all have the same.
pub(crate) async fn open(births: &Births, pool: &Pool) -> Result<Found, Fail> {
    let record = births.get("identity", RECORD).await;
    let place = match &record {
        Ok(None) => Keys::Absent,
        Ok(Some(kept)) if wraps_of(kept).is_some() => Keys::Here,
        Ok(Some(_)) => Keys::Damaged,
        Err(_) => Keys::Unreadable,
    };
    let files = [Filed::look(pool, FILES[0]).await, Filed::look(pool, FILES[1]).await];
    // With a key at hand nobody has to look at every file.
    let pooled = if place == Keys::Here { Ciphers::default() } else { in_pool(pool).await };
    match opening(place, &[files[0].place, files[1].place], pooled) {
        Opening::Mint => {
            let (browser_key, wraps) = Vault::make(&mut Chance).await?;
            births.add("identity", RECORD, &record_of(&browser_key, &wraps)).await?;
            let (browser_key, wraps) = kept(births).await?;
            Ok(Found::Open(Vault::open(&browser_key, wraps).await?))
        }
        Opening::Code => Ok(Found::Locked { passphrase: false }),
        Opening::Record => match kept(births).await? {
            (_, wraps) if wraps.has_app_lock() => Ok(Found::Locked { passphrase: true }),
            (browser_key, wraps) => Ok(Found::Open(Vault::open(&browser_key, wraps).await?)),
        },
        Opening::Wait => Err(Fail::Other("the key to what is stored here cannot be read".to_owned())),
        Opening::Lost => Err(Fail::Other("the key to what is stored here is gone from both of its places".to_owned())),
    }
}

/// With the passphrase of the app lock; `None` when it is none, or the wrong one.
pub(crate) async fn unlocked(births: &Births, passphrase: &str) -> Option<Vault> {
    let (browser_key, wraps) = kept(births).await.ok()?;
    Vault::open_locked(&browser_key, wraps, passphrase).await.ok()
}

/// With the recovery code, for as long as this worker lives: there is no IndexedDB to keep a key in.
pub(crate) async fn by_code(pool: &Pool, typed: &str) -> Result<Vault, Fail> {
    Ok(Vault::open_by_code(filed(pool).await, typed).await?)
}

/// With the recovery code this browser gets a key of its own again.
pub(crate) async fn unlock(births: &Births, pool: &Pool, typed: &str) -> Result<(), Fail> {
    let other = kept(births).await.ok().map(|(_, wraps)| wraps);
    let (browser_key, wraps) = Vault::keep_again(filed(pool).await, other.as_ref(), typed, &mut Chance).await?;
    births.put("identity", &[(RECORD.to_owned(), record_of(&browser_key, &wraps))]).await
}

/// An app lock with this passphrase, or none.
pub(crate) async fn with_app_lock(vault: &Vault, births: &Births, pool: &Pool, passphrase: Option<&str>) -> Result<Vault, Fail> {
    let (browser_key, wraps) = kept(births).await?;
    let wraps = match passphrase {
        Some(passphrase) => {
            let began = performance_now();
            let tried = try_rounds::<Web>().await?;
            let rounds = lock_rounds(tried, performance_now() - began);
            vault.with_app_lock(wraps, passphrase, rounds, &mut Chance).await?
        }
        None => vault.without_app_lock(wraps)?,
    };
    become_with(vault, births, pool, &browser_key, wraps).await
}

pub(crate) async fn with_new_code(vault: &Vault, births: &Births, pool: &Pool) -> Result<Vault, Fail> {
    let (browser_key, wraps) = kept(births).await?;
    let wraps = vault.with_new_code(&browser_key, wraps, &mut Chance).await?;
    become_with(vault, births, pool, &browser_key, wraps).await
}

pub(crate) async fn with_all_encrypted(vault: &Vault, births: &Births, pool: &Pool) -> Result<Vault, Fail> {
    let (browser_key, wraps) = kept(births).await?;
    let wraps = vault.with_all_encrypted(wraps, &mut Chance).await?;
    become_with(vault, births, pool, &browser_key, wraps).await
}

/// In both places or, as far as the disk lets us, in neither.
async fn become_with(vault: &Vault, births: &Births, pool: &Pool, browser_key: &JsValue, wraps: Wraps) -> Result<Vault, Fail> {
    let before = births.get("identity", RECORD).await?;
    let next = vault.with_wraps(wraps);
    births.put("identity", &[(RECORD.to_owned(), record_of(browser_key, next.wraps()))]).await?;
    if let Err(fail) = file(&next, pool).await {
        if let Some(before) = before {
            births.put("identity", &[(RECORD.to_owned(), before)]).await?;
            let _ = file(vault, pool).await;
        }
        return Err(fail);
    }
    Ok(next)
}

/// This browser forgets its key. Only the recovery code opens what is here from the next start on.
pub(crate) async fn forget(vault: &Vault, births: &Births, pool: &Pool) -> Result<(), Fail> {
    let current = current(vault, births).await?;
    file(&current, pool).await?;
    // What is about to be deleted is all there is but for the files.
    if filed(pool).await.first() != Some(current.wraps()) {
        return Err(Fail::Other("the wrapped key could not be filed".to_owned()));
    }
    births.delete("identity", &[RECORD.to_owned()]).await
}

/// With the wraps as they are by now: another tab may have set an app lock since this one was opened.
pub(crate) async fn current(vault: &Vault, births: &Births) -> Result<Vault, Fail> {
    Ok(match births.get("identity", RECORD).await? {
        Some(record) => vault.with_wraps(sound(&record)?),
        None => vault.clone(),
    })
}

/// The wraps, in files of their own: IndexedDB may be lost alone.
pub(crate) async fn file(vault: &Vault, pool: &Pool) -> Result<(), Fail> {
    for name in FILES {
        let there = Filed::look(pool, name).await;
        if there.wraps.as_ref() == Some(vault.wraps()) {
            continue;
        }
        let same = match &there.wraps {
            Some(wraps) => vault.owns(wraps).await,
            None => false,
        };
        if !may_file(there.place, same) {
            return Err(Fail::Other(format!("{name} has the key to something else, and stays as it is")));
        }
        pool.create(name).await?;
        pool.claim_patiently(name).await?.replace(&vault.wraps().to_file(use_id())).await?;
    }
    Ok(())
}

async fn kept(births: &Births) -> Result<(JsValue, Wraps), Fail> {
    let kept = births.get("identity", RECORD).await?.ok_or(Fail::NotFound)?;
    Ok((js::get(&kept, "key"), sound(&kept)?))
}

fn sound(record: &JsValue) -> Result<Wraps, Fail> {
    wraps_of(record).ok_or_else(|| Fail::Other("the key to what is stored here makes no sense".to_owned()))
}

fn wraps_of(record: &JsValue) -> Option<Wraps> {
    Wraps::from_json(&bytes_of(&js::get(record, "wraps")))
}

fn record_of(browser_key: &JsValue, wraps: &Wraps) -> JsValue {
    let record = Object::new();
    js::set(&record, "key", browser_key);
    js::set(&record, "wraps", &value_of(&wraps.to_json()));
    record.into()
}

pub(crate) async fn is_filed(pool: &Pool) -> bool {
    !filed(pool).await.is_empty()
}

async fn filed(pool: &Pool) -> Vec<Wraps> {
    let mut found = Vec::new();
    for name in FILES {
        found.extend(Filed::look(pool, name).await.wraps);
    }
    found
}

/// One of the files that may have the wraps.
struct Filed {
    place: Keys,
    wraps: Option<Wraps>,
}

impl Filed {
    async fn look(pool: &Pool, name: &str) -> Self {
        let (place, wraps) = match pool.read(name).await.map(|bytes| Wraps::in_file(&bytes)) {
            Ok(KeyFile::Here(wraps)) => (Keys::Here, Some(wraps)),
            Ok(KeyFile::Damaged) => (Keys::Damaged, None),
            Ok(KeyFile::Empty) | Err(Fail::NotFound) => (Keys::Absent, None),
            Ok(KeyFile::Newer) | Err(_) => (Keys::Unreadable, None),
        };
        Self { place, wraps }
    }
}

/// What the files of the pool say of themselves.
pub(crate) async fn in_pool(pool: &Pool) -> Ciphers {
    let mut found = Ciphers::default();
    match pool.names().await {
        Ok(names) => {
            for name in names {
                let whole = name.starts_with("sheet-");
                let bytes = if whole { pool.read(&name).await } else { pool.head(&name).await.map(|(head, _)| head) };
                found.note(&name, bytes.ok().as_deref());
            }
        }
        Err(_) => found.unreadable = true,
    }
    found
}
