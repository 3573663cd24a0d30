//! The data key. What goes to the disk is encrypted under it, what comes from there is decrypted, by the browser's own
//! WebCrypto: AES-256-GCM, a fresh random nonce each time, bound to the file and the place in it.
//!
//! The key itself is never stored. It is wrapped twice: by a key that the browser keeps and gives to nobody, and by a
//! recovery code for the day when that one is lost. Both wraps lie in IndexedDB and in a file, because either can die alone.
//! With an app lock the browser's wrap is encrypted once more, under a key made of a passphrase.
//!
//! When a key may be made, and where wraps may go, is decided in `device::opening` and `device::may_file`.

use device::{Ciphers, Keys, LOCK_ROUNDS_MIN, Opening, hex, lock_rounds, may_file, opening, unhex};
use js_sys::{Array, Object, Promise, Uint8Array};
use ledger::{
    Encryption, Entropy as _, FrameKind, HEADER_LEN, Header, HeaderErr, Role, UseId, associated, ciphers, decrypted, encode_frame,
    encrypted_bytes, refused, sealed_bytes,
};
use serde::{Deserialize, Serialize};
use wasm_bindgen::{JsCast as _, JsValue};

use crate::{
    births::{Births, bytes_of, value_of},
    clock::{Chance, performance_now},
    fail::Fail,
    files::Pool,
    js,
};

const NONCE: usize = 12;
/// The record in IndexedDB that holds the browser's key and both wraps.
const RECORD: &str = "vault";
const FILES: [&str; 2] = ["keys-0", "keys-1"];
const KEY_ABOUT: &[u8] = b"spotter data key";
const CODE_ABOUT: &[u8] = b"spotter recovery code";
const LOCK_ABOUT: &[u8] = b"spotter app lock";
const ALL_ABOUT: &[u8] = b"spotter encrypts everything";
/// Rounds by which a device shows how fast it is.
const TRIED_ROUNDS: u32 = LOCK_ROUNDS_MIN / 3;

#[derive(Debug, Clone)]
pub(crate) struct Vault {
    key: JsValue,
    wraps: Wraps,
    /// What the browser's key opens, without an app lock around it; `None` when only the recovery code was there.
    browser: Option<String>,
    /// Everything here has been encrypted: what is plain is nothing that Spotter wrote.
    strict: bool,
}

/// The data key in two wraps, and the code of the second one under the data key, so that it can be shown again. All hex;
/// each wrap begins with its nonce.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Wraps {
    browser: String,
    salt: String,
    recovery: String,
    code: String,
    /// Under the app lock `browser` is encrypted once more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    lock: Option<Lock>,
    /// From when on everything here is encrypted: a word that only the data key can have written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    all: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Lock {
    salt: String,
    rounds: u32,
}

pub(crate) enum Found {
    Open(Vault),
    /// The browser's key is gone: only the recovery code opens what is here. Or there is an app lock.
    Locked {
        passphrase: bool,
    },
}

fn subtle() -> JsValue {
    js::get(&js::get(&js_sys::global(), "crypto"), "subtle")
}

async fn ask(name: &str, args: &[&JsValue]) -> Result<JsValue, Fail> {
    let promise: Promise = js::call(&subtle(), name, args)?.dyn_into()?;
    js::wait(promise).await
}

fn object(fields: &[(&str, &JsValue)]) -> JsValue {
    let object = Object::new();
    fields.iter().for_each(|(name, value)| js::set(&object, name, value));
    object.into()
}

fn words(words: &[&str]) -> JsValue {
    words.iter().map(|word| JsValue::from_str(word)).collect::<Array>().into()
}

fn gcm(nonce: &[u8], about: &[u8]) -> JsValue {
    object(&[("name", &"AES-GCM".into()), ("iv", &Uint8Array::from(nonce)), ("additionalData", &Uint8Array::from(about))])
}

fn chance<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    Chance.fill(&mut bytes);
    bytes
}

fn aes() -> JsValue {
    object(&[("name", &"AES-GCM".into()), ("length", &256.into())])
}

async fn new_key(extractable: bool, uses: &[&str]) -> Result<JsValue, Fail> {
    ask("generateKey", &[&aes(), &extractable.into(), &words(uses)]).await
}

async fn wrap(key: &JsValue, by: &JsValue) -> Result<String, Fail> {
    let nonce = chance::<NONCE>();
    let wrapped = ask("wrapKey", &[&"raw".into(), key, by, &gcm(&nonce, KEY_ABOUT)]).await?;
    Ok(hex(&[&nonce[..], &Uint8Array::new(&wrapped).to_vec()].concat()))
}

async fn unwrap(wrapped: &str, by: &JsValue, extractable: bool) -> Result<JsValue, Fail> {
    let bytes = unhex(wrapped).filter(|bytes| NONCE < bytes.len()).ok_or(Fail::NotFound)?;
    let (nonce, cipher) = bytes.split_at(NONCE);
    let uses = words(&["encrypt", "decrypt"]);
    ask("unwrapKey", &[&"raw".into(), &Uint8Array::from(cipher), by, &gcm(nonce, KEY_ABOUT), &aes(), &extractable.into(), &uses])
        .await
}

async fn derive(name: &str, from: &[u8], salt: &[u8], how: (&str, &JsValue), uses: &[&str]) -> Result<JsValue, Fail> {
    let raw = Uint8Array::from(from);
    let base = ask("importKey", &[&"raw".into(), &raw, &name.into(), &false.into(), &words(&["deriveKey"])]).await?;
    let how = object(&[("name", &name.into()), ("hash", &"SHA-256".into()), ("salt", &Uint8Array::from(salt)), how]);
    ask("deriveKey", &[&how, &base, &aes(), &false.into(), &words(uses)]).await
}

/// The code has 128 random bits, so no slow derivation has to make guessing dear: HKDF (RFC 5869) over SHA-256.
async fn key_of_code(code: &[u8], salt: &[u8]) -> Result<JsValue, Fail> {
    let about: JsValue = Uint8Array::from(CODE_ABOUT).into();
    derive("HKDF", code, salt, ("info", &about), &["wrapKey", "unwrapKey"]).await
}

/// A passphrase is something that somebody remembers, so guessing must be slow: PBKDF2 (RFC 8018).
async fn key_of_passphrase(passphrase: &str, lock: &Lock) -> Result<JsValue, Fail> {
    let salt = unhex(&lock.salt).ok_or(Fail::NotFound)?;
    derive("PBKDF2", passphrase.as_bytes(), &salt, ("iterations", &lock.rounds.into()), &["encrypt", "decrypt"]).await
}

async fn encrypt(key: &JsValue, about: &[u8], plain: &[u8]) -> Result<Vec<u8>, Fail> {
    let nonce = chance::<NONCE>();
    let cipher = ask("encrypt", &[&gcm(&nonce, about), key, &Uint8Array::from(plain)]).await?;
    let cipher = Uint8Array::new(&cipher);
    let mut out = nonce.to_vec();
    out.resize(NONCE + cipher.length() as usize, 0);
    cipher.copy_to(&mut out[NONCE..]);
    Ok(out)
}

async fn decrypt(key: &JsValue, about: &[u8], bytes: &[u8]) -> Result<Vec<u8>, Fail> {
    let (nonce, cipher) = bytes.split_at_checked(NONCE).ok_or(Fail::NotFound)?;
    let plain = ask("decrypt", &[&gcm(nonce, about), key, &Uint8Array::from(cipher)]).await?;
    Ok(Uint8Array::new(&plain).to_vec())
}

/// What is typed may have spaces, dashes and capitals.
fn code_bytes(typed: &str) -> Option<Vec<u8>> {
    let digits: String = typed.chars().filter(char::is_ascii_alphanumeric).map(|letter| letter.to_ascii_lowercase()).collect();
    unhex(&digits).filter(|bytes| bytes.len() == 16)
}

impl Vault {
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
            Opening::Mint => Self::mint(births).await.map(Found::Open),
            Opening::Code => Ok(Found::Locked { passphrase: false }),
            Opening::Record => {
                let (browser_key, wraps) = kept(births).await?.ok_or(Fail::NotFound)?;
                match wraps.lock {
                    Some(_) => Ok(Found::Locked { passphrase: true }),
                    None => Ok(Found::Open(Self::of(&browser_key, wraps.browser.clone(), wraps).await?)),
                }
            }
            Opening::Wait => Err(Fail::Other("the key to what is stored here cannot be read".to_owned())),
            Opening::Lost => Err(Fail::Other("the key to what is stored here is gone from both of its places".to_owned())),
        }
    }

    async fn mint(births: &Births) -> Result<Self, Fail> {
        let (browser_key, data_key) =
            (new_key(false, &["wrapKey", "unwrapKey"]).await?, new_key(true, &["encrypt", "decrypt"]).await?);
        let (code, salt) = (chance::<16>(), chance::<16>());
        let wraps = Wraps {
            browser: wrap(&data_key, &browser_key).await?,
            salt: hex(&salt),
            recovery: wrap(&data_key, &key_of_code(&code, &salt).await?).await?,
            code: hex(&encrypt(&data_key, CODE_ABOUT, &code).await?),
            lock: None,
            all: None,
        };
        births.add("identity", RECORD, &record(&browser_key, &wraps)?).await?;
        let (browser_key, wraps) = kept(births).await?.ok_or(Fail::NotFound)?;
        Self::of(&browser_key, wraps.browser.clone(), wraps).await
    }

    async fn of(browser_key: &JsValue, browser: String, wraps: Wraps) -> Result<Self, Fail> {
        Ok(Self::with(unwrap(&browser, browser_key, false).await?, wraps, Some(browser)).await)
    }

    async fn with(key: JsValue, wraps: Wraps, browser: Option<String>) -> Self {
        let strict = match wraps.all.as_deref().and_then(unhex) {
            Some(word) => decrypt(&key, ALL_ABOUT, &word).await.is_ok(),
            None => false,
        };
        Self { key, wraps, browser, strict }
    }

    /// Whether these wraps are of this data key.
    async fn owns(&self, wraps: &Wraps) -> bool {
        decrypt(&self.key, CODE_ABOUT, &unhex(&wraps.code).unwrap_or_default()).await.is_ok()
    }

    /// With the passphrase of the app lock; `None` when it is none, or the wrong one.
    pub(crate) async fn unlocked(births: &Births, passphrase: &str) -> Option<Self> {
        let (browser_key, wraps) = kept(births).await.ok()??;
        let key = key_of_passphrase(passphrase, wraps.lock.as_ref()?).await.ok()?;
        let browser = decrypt(&key, LOCK_ABOUT, &unhex(&wraps.browser)?).await.ok()?;
        Self::of(&browser_key, hex(&browser), wraps).await.ok()
    }

    pub(crate) fn has_app_lock(&self) -> bool {
        self.wraps.lock.is_some()
    }

    /// The same with an app lock, or without one. It holds from the next start on.
    pub(crate) async fn with_app_lock(&self, births: &Births, pool: &Pool, passphrase: Option<&str>) -> Result<Self, Fail> {
        // As they are by now: another tab may have changed the code.
        let (browser_key, wraps) = kept(births).await?.ok_or(Fail::NotFound)?;
        let own = self.browser.as_ref().ok_or(Fail::NotFound)?;
        let (browser, lock) = match passphrase {
            Some(passphrase) => {
                let salt = hex(&chance::<16>());
                let began = performance_now();
                key_of_passphrase(passphrase, &Lock { salt: salt.clone(), rounds: TRIED_ROUNDS }).await?;
                let lock = Lock { salt, rounds: lock_rounds(TRIED_ROUNDS, performance_now() - began) };
                let inner = unhex(own).ok_or(Fail::NotFound)?;
                let browser = encrypt(&key_of_passphrase(passphrase, &lock).await?, LOCK_ABOUT, &inner).await?;
                (hex(&browser), Some(lock))
            }
            None => (own.clone(), None),
        };
        self.become_with(births, pool, &browser_key, Wraps { browser, lock, ..wraps }).await
    }

    /// The same with another recovery code: the one before does not open what is here any more.
    pub(crate) async fn with_new_code(&self, births: &Births, pool: &Pool) -> Result<Self, Fail> {
        let (browser_key, wraps) = kept(births).await?.ok_or(Fail::NotFound)?;
        let data_key = unwrap(self.browser.as_ref().ok_or(Fail::NotFound)?, &browser_key, true).await?;
        let (code, salt) = (chance::<16>(), chance::<16>());
        let wraps = Wraps {
            salt: hex(&salt),
            recovery: wrap(&data_key, &key_of_code(&code, &salt).await?).await?,
            code: hex(&encrypt(&data_key, CODE_ABOUT, &code).await?),
            ..wraps
        };
        self.become_with(births, pool, &browser_key, wraps).await
    }

    /// The same, which takes nothing plain any more from the next start on.
    pub(crate) async fn with_all_encrypted(&self, births: &Births, pool: &Pool) -> Result<Self, Fail> {
        let (browser_key, wraps) = kept(births).await?.ok_or(Fail::NotFound)?;
        let all = Some(hex(&encrypt(&self.key, ALL_ABOUT, b"all").await?));
        self.become_with(births, pool, &browser_key, Wraps { all, ..wraps }).await
    }

    pub(crate) fn is_strict(&self) -> bool {
        self.wraps.all.is_some()
    }

    /// In both places or, as far as the disk lets us, in neither.
    async fn become_with(&self, births: &Births, pool: &Pool, browser_key: &JsValue, wraps: Wraps) -> Result<Self, Fail> {
        let before = births.get("identity", RECORD).await?;
        let next = Self { wraps, ..self.clone() };
        births.put("identity", &[(RECORD.to_owned(), record(browser_key, &next.wraps)?)]).await?;
        if let Err(fail) = next.file(pool).await {
            if let Some(before) = before {
                births.put("identity", &[(RECORD.to_owned(), before)]).await?;
                let _ = self.file(pool).await;
            }
            return Err(fail);
        }
        Ok(next)
    }

    /// This browser forgets its key. Only the recovery code opens what is here from the next start on.
    pub(crate) async fn forget(&self, births: &Births, pool: &Pool) -> Result<(), Fail> {
        let current = self.current(births).await?;
        current.file(pool).await?;
        // What is about to be deleted is all there is but for the files.
        if filed(pool).await.first() != Some(&current.wraps) {
            return Err(Fail::Other("the wrapped key could not be filed".to_owned()));
        }
        births.delete("identity", &[RECORD.to_owned()]).await
    }

    /// With the recovery code, for as long as this worker lives: there is no IndexedDB to keep a key in.
    pub(crate) async fn by_code(pool: &Pool, typed: &str) -> Result<Self, Fail> {
        let (wraps, key) = coded(pool, typed, false).await?;
        Ok(Self::with(key, wraps, None).await)
    }

    /// The browser has a key of its own to it.
    pub(crate) fn is_kept(&self) -> bool {
        self.browser.is_some()
    }

    /// With the recovery code this browser gets a key of its own again; an app lock is gone.
    pub(crate) async fn unlock(births: &Births, pool: &Pool, typed: &str) -> Result<(), Fail> {
        let (wraps, data_key) = coded(pool, typed, true).await?;
        if let Ok(Some((_, other))) = kept(births).await
            && decrypt(&data_key, CODE_ABOUT, &unhex(&other.code).unwrap_or_default()).await.is_err()
        {
            return Err(Fail::Other("this browser keeps the key of something else".to_owned()));
        }
        let browser_key = new_key(false, &["wrapKey", "unwrapKey"]).await?;
        let wraps = Wraps { browser: wrap(&data_key, &browser_key).await?, lock: None, ..wraps };
        births.put("identity", &[(RECORD.to_owned(), record(&browser_key, &wraps)?)]).await
    }

    /// With the wraps as they are by now: another tab may have set an app lock since this one was opened.
    pub(crate) async fn current(&self, births: &Births) -> Result<Self, Fail> {
        let wraps = kept(births).await?.map_or_else(|| self.wraps.clone(), |(_, wraps)| wraps);
        Ok(Self { wraps, ..self.clone() })
    }

    /// The wraps, in files of their own: IndexedDB may be lost alone.
    pub(crate) async fn file(&self, pool: &Pool) -> Result<(), Fail> {
        let json = serde_json::to_vec(&self.wraps).map_err(|err| Fail::Other(err.to_string()))?;
        for name in FILES {
            let there = Filed::look(pool, name).await;
            if there.wraps.as_ref() == Some(&self.wraps) {
                continue;
            }
            let same = match &there.wraps {
                Some(wraps) => self.owns(wraps).await,
                None => false,
            };
            if !may_file(there.place, same) {
                return Err(Fail::Other(format!("{name} has the key to something else, and stays as it is")));
            }
            pool.create(name).await?;
            pool.claim_patiently(name).await?.replace(&sealed_bytes(Role::Keys, chance(), 0, &json))?;
        }
        Ok(())
    }

    /// In groups of four, as it is written down.
    pub(crate) async fn recovery_code(&self) -> Result<String, Fail> {
        let code = decrypt(&self.key, CODE_ABOUT, &unhex(&self.wraps.code).unwrap_or_default()).await?;
        let digits = hex(&code);
        Ok(digits.as_bytes().chunks(4).map(|group| String::from_utf8_lossy(group)).collect::<Vec<_>>().join(" "))
    }
}

async fn kept(births: &Births) -> Result<Option<(JsValue, Wraps)>, Fail> {
    let Some(kept) = births.get("identity", RECORD).await? else { return Ok(None) };
    let wraps = wraps_of(&kept).ok_or_else(|| Fail::Other("the key to what is stored here makes no sense".to_owned()))?;
    Ok(Some((js::get(&kept, "key"), wraps)))
}

fn wraps_of(record: &JsValue) -> Option<Wraps> {
    serde_json::from_slice(&bytes_of(&js::get(record, "wraps"))).ok()
}

fn record(browser_key: &JsValue, wraps: &Wraps) -> Result<JsValue, Fail> {
    let json = serde_json::to_vec(wraps).map_err(|err| Fail::Other(err.to_string()))?;
    Ok(object(&[("key", browser_key), ("wraps", &value_of(&json))]))
}

/// The wraps that a recovery code opens, and the data key. The two files may differ for a moment, while a code is changed.
async fn coded(pool: &Pool, typed: &str, extractable: bool) -> Result<(Wraps, JsValue), Fail> {
    let code = code_bytes(typed).ok_or(Fail::NotFound)?;
    for wraps in filed(pool).await {
        let Some(salt) = unhex(&wraps.salt) else { continue };
        let code_key = key_of_code(&code, &salt).await?;
        if let Ok(key) = unwrap(&wraps.recovery, &code_key, extractable).await {
            return Ok((wraps, key));
        }
    }
    Err(Fail::NotFound)
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
        let (place, wraps) = match pool.read(name).await {
            Ok(bytes) => match Header::decode(&bytes) {
                Err(HeaderErr::Empty) => (Keys::Absent, None),
                // Of a newer build.
                Err(HeaderErr::Newer(_)) => (Keys::Unreadable, None),
                Err(_) => (Keys::Damaged, None),
                Ok(header) => {
                    let json = header.payload(&bytes).ok().filter(|_| header.role == Role::Keys);
                    match json.and_then(|json| serde_json::from_slice(json).ok()) {
                        Some(wraps) => (Keys::Here, Some(wraps)),
                        None => (Keys::Damaged, None),
                    }
                }
            },
            Err(Fail::NotFound) => (Keys::Absent, None),
            Err(_) => (Keys::Unreadable, None),
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

// ---------------------------------------------------------------------------------------------- files
//
// Without a vault (there is no IndexedDB) everything is plain, and the storage page says so.

/// A whole file with this content.
pub(crate) async fn whole(
    vault: Option<&Vault>,
    role: Role,
    use_id: UseId,
    generation: u64,
    content: &[u8],
) -> Result<Vec<u8>, Fail> {
    let Some(vault) = vault else { return Ok(sealed_bytes(role, use_id, generation, content)) };
    let cipher = encrypt(&vault.key, &associated(role, &use_id, generation), content).await?;
    Ok(encrypted_bytes(role, use_id, generation, &cipher))
}

/// What an open segment begins with.
pub(crate) async fn beginning(vault: Option<&Vault>, plain: Vec<u8>) -> Result<(UseId, Vec<u8>), Fail> {
    let header = Header::decode(&plain).map_err(|err| Fail::Other(err.to_string()))?;
    if vault.is_none() {
        return Ok((header.use_id, plain));
    }
    let mut out = Header { encryption: Encryption::AesGcm, ..header }.encode().to_vec();
    out.extend(frames(vault, &header.use_id, HEADER_LEN as u64, &plain[HEADER_LEN..]).await?);
    Ok((header.use_id, out))
}

/// Frames that go to this offset of an open segment, together.
pub(crate) async fn frames(vault: Option<&Vault>, use_id: &UseId, at: u64, plain: &[u8]) -> Result<Vec<u8>, Fail> {
    let Some(vault) = vault else { return Ok(plain.to_vec()) };
    let cipher = encrypt(&vault.key, &associated(Role::Open, use_id, at), plain).await?;
    let mut out = Vec::new();
    encode_frame(use_id, FrameKind::Cipher, &cipher, &mut out);
    Ok(out)
}

/// A file as if it had never been encrypted. What cannot be decrypted stays as it is, and is damage to whoever reads on.
pub(crate) async fn plain(vault: Option<&Vault>, bytes: Vec<u8>) -> Vec<u8> {
    let Ok(header) = Header::decode(&bytes) else { return bytes };
    let Some(vault) = vault else { return bytes };
    if header.encryption == Encryption::None {
        let known = !vault.strict || matches!(header.role, Role::Free | Role::Keys);
        return if known { bytes } else { refused(&header, &bytes) };
    }
    if header.role == Role::Open {
        let mut parts = Vec::new();
        for (at, cipher) in ciphers(&header.use_id, &bytes) {
            let about = associated(Role::Open, &header.use_id, at as u64);
            parts.push((at, decrypt(&vault.key, &about, cipher).await.ok()));
        }
        return decrypted(&header, &bytes, &parts);
    }
    match content(Some(vault), &bytes).await {
        Ok((_, content)) => sealed_bytes(header.role, header.use_id, header.generation, &content),
        Err(_) => bytes,
    }
}

/// What is in a whole file, once its hash or its seal holds.
pub(crate) async fn content(vault: Option<&Vault>, bytes: &[u8]) -> Result<(Header, Vec<u8>), Fail> {
    let damaged = |err: HeaderErr| Fail::Other(err.to_string());
    let header = Header::decode(bytes).map_err(damaged)?;
    match (header.encryption, vault) {
        (Encryption::None, Some(Vault { strict: true, .. })) => {
            Err(Fail::Other("it is not encrypted, and everything here is".to_owned()))
        }
        (Encryption::None, _) => Ok((header, header.payload(bytes).map_err(damaged)?.to_vec())),
        (Encryption::AesGcm, Some(vault)) => {
            let about = associated(header.role, &header.use_id, header.generation);
            let content = decrypt(&vault.key, &about, header.cipher(bytes).map_err(damaged)?).await?;
            Ok((header, content))
        }
        (Encryption::AesGcm, None) => Err(Fail::Other("its key is not here".to_owned())),
    }
}

/// A value of IndexedDB, bound to its name.
pub(crate) async fn value(vault: Option<&Vault>, name: &str, plain: Vec<u8>) -> Result<Vec<u8>, Fail> {
    match vault {
        Some(vault) => encrypt(&vault.key, name.as_bytes(), &plain).await,
        None => Ok(plain),
    }
}

/// One that an older build wrote is plain: whoever reads it finds out whether it makes sense.
pub(crate) async fn plain_value(vault: Option<&Vault>, name: &str, bytes: Vec<u8>) -> Vec<u8> {
    match vault {
        Some(vault) => {
            let plain = decrypt(&vault.key, name.as_bytes(), &bytes).await;
            plain.unwrap_or_else(|_| if vault.strict { Vec::new() } else { bytes })
        }
        None => bytes,
    }
}
