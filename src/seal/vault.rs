//! The data key, open. What goes to the disk is encrypted under it, and what comes from there is decrypted.
//!
//! The key itself is never stored. It is wrapped twice: by a key that the browser keeps and gives to nobody, and by a recovery
//! code for the day when that one is lost. With an app lock the browser's wrap is encrypted once more, under a key made of a
//! passphrase. Nothing is kept here: what changes is handed back as wraps, for whoever has places for them.

use ledger::{Entropy, hex};

use crate::{
    cipher::{Cipher, KeyUse, SealErr, random},
    rounds::{LOCK_ROUNDS_MAX, LOCK_ROUNDS_MIN},
    wraps::{Lock, Wraps, code_of, spelled, unhex},
};

const KEY_ABOUT: &[u8] = b"spotter data key";
const CODE_ABOUT: &[u8] = b"spotter recovery code";
const LOCK_ABOUT: &[u8] = b"spotter app lock";
const ALL_ABOUT: &[u8] = b"spotter encrypts everything";

#[derive(Clone)]
pub struct Vault<C: Cipher> {
    pub(crate) key: C::Key,
    wraps: Wraps,
    /// What the browser's key opens, without an app lock around it; `None` when only the recovery code was there.
    browser: Option<String>,
    /// Everything here has been encrypted: what is plain is nothing that Spotter wrote.
    pub(crate) strict: bool,
}

/// Without its key.
impl<C: Cipher> std::fmt::Debug for Vault<C> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Vault {{ wraps: {:?}, kept: {}, strict: {} }}", self.wraps, self.is_kept(), self.strict)
    }
}

impl<C: Cipher> Vault<C> {
    /// A data key that nobody has known before, in its wraps; and the key of the first one, for the browser to keep.
    pub async fn make(chance: &mut impl Entropy) -> Result<(C::Key, Wraps), SealErr> {
        let browser_key = C::make(KeyUse::Wrapping, chance).await?;
        let data_key = C::make(KeyUse::Wrappable, chance).await?;
        let browser = hex(&wrap::<C>(&data_key, &browser_key, chance).await?);
        let (salt, recovery, code) = coded::<C>(&data_key, chance).await?;
        Ok((browser_key, Wraps { browser, salt, recovery, code, lock: None, all: None }))
    }

    /// By the browser's key alone, where there is no app lock.
    pub async fn open(browser_key: &C::Key, wraps: Wraps) -> Result<Self, SealErr> {
        let browser = wraps.browser.clone();
        Self::of(browser_key, browser, wraps).await
    }

    /// By the browser's key and the passphrase of the app lock.
    pub async fn open_locked(browser_key: &C::Key, wraps: Wraps, passphrase: &str) -> Result<Self, SealErr> {
        let key = key_of_passphrase::<C>(passphrase, wraps.lock.as_ref().ok_or(SealErr::Shut)?).await?;
        let browser = C::decrypt(&key, LOCK_ABOUT, &unhex(&wraps.browser).ok_or(SealErr::Malformed)?).await?;
        Self::of(browser_key, hex(&browser), wraps).await
    }

    /// By the recovery code, for as long as nobody closes it: there is no browser's key. The wraps that were found may differ
    /// for a moment, while a code is changed.
    pub async fn open_by_code(found: Vec<Wraps>, typed: &str) -> Result<Self, SealErr> {
        let (wraps, key) = by_code::<C>(found, typed, KeyUse::Content).await?;
        Ok(Self::with(key, wraps, None).await)
    }

    /// By the recovery code the browser gets a key of its own again; an app lock is gone. What it keeps already must not be of
    /// another data key.
    pub async fn keep_again(
        found: Vec<Wraps>,
        kept: Option<&Wraps>,
        typed: &str,
        chance: &mut impl Entropy,
    ) -> Result<(C::Key, Wraps), SealErr> {
        let (wraps, data_key) = by_code::<C>(found, typed, KeyUse::Wrappable).await?;
        if let Some(kept) = kept
            && !is_of::<C>(kept, &data_key).await
        {
            return Err(SealErr::OtherKey);
        }
        let browser_key = C::make(KeyUse::Wrapping, chance).await?;
        let browser = hex(&wrap::<C>(&data_key, &browser_key, chance).await?);
        Ok((browser_key, Wraps { browser, lock: None, ..wraps }))
    }

    async fn of(browser_key: &C::Key, browser: String, wraps: Wraps) -> Result<Self, SealErr> {
        Ok(Self::with(unwrap::<C>(&browser, browser_key, KeyUse::Content).await?, wraps, Some(browser)).await)
    }

    async fn with(key: C::Key, wraps: Wraps, browser: Option<String>) -> Self {
        let strict = match wraps.all.as_deref().and_then(unhex) {
            Some(word) => C::decrypt(&key, ALL_ABOUT, &word).await.is_ok(),
            None => false,
        };
        Self { key, wraps, browser, strict }
    }

    // ------------------------------------------------------------------------------------------ other wraps
    //
    // Each of these is given the wraps as they are by now, since another tab may have changed them, and says what they become.

    /// An app lock, or one with another passphrase, by this many rounds. It holds from the next start on.
    pub async fn with_app_lock(
        &self,
        wraps: Wraps,
        passphrase: &str,
        rounds: u32,
        chance: &mut impl Entropy,
    ) -> Result<Wraps, SealErr> {
        let rounds = rounds.clamp(LOCK_ROUNDS_MIN, LOCK_ROUNDS_MAX);
        let lock = Lock { salt: hex(&random::<16>(chance)), rounds };
        let inner = unhex(self.inner()?).ok_or(SealErr::Malformed)?;
        let key = key_of_passphrase::<C>(passphrase, &lock).await?;
        let browser = hex(&C::encrypt(&key, random(chance), LOCK_ABOUT, &inner).await?);
        Ok(Wraps { browser, lock: Some(lock), ..wraps })
    }

    pub fn without_app_lock(&self, wraps: Wraps) -> Result<Wraps, SealErr> {
        Ok(Wraps { browser: self.inner()?.to_owned(), lock: None, ..wraps })
    }

    /// Another recovery code: the one before does not open what is here any more.
    pub async fn with_new_code(&self, browser_key: &C::Key, wraps: Wraps, chance: &mut impl Entropy) -> Result<Wraps, SealErr> {
        let data_key = unwrap::<C>(self.inner()?, browser_key, KeyUse::Wrappable).await?;
        let (salt, recovery, code) = coded::<C>(&data_key, chance).await?;
        Ok(Wraps { salt, recovery, code, ..wraps })
    }

    /// Nothing plain is taken any more, from the next start on.
    pub async fn with_all_encrypted(&self, wraps: Wraps, chance: &mut impl Entropy) -> Result<Wraps, SealErr> {
        let all = hex(&C::encrypt(&self.key, random(chance), ALL_ABOUT, b"all").await?);
        Ok(Wraps { all: Some(all), ..wraps })
    }

    #[must_use]
    pub fn with_wraps(&self, wraps: Wraps) -> Self {
        Self { key: self.key.clone(), wraps, browser: self.browser.clone(), strict: self.strict }
    }

    fn inner(&self) -> Result<&str, SealErr> {
        self.browser.as_deref().ok_or(SealErr::NoKey)
    }

    // ------------------------------------------------------------------------------------------ what it is

    pub fn wraps(&self) -> &Wraps {
        &self.wraps
    }

    /// Whether these wraps are of this data key.
    pub async fn owns(&self, wraps: &Wraps) -> bool {
        is_of::<C>(wraps, &self.key).await
    }

    pub fn has_app_lock(&self) -> bool {
        self.wraps.has_app_lock()
    }

    /// That everything is encrypted has been noted.
    pub fn is_strict(&self) -> bool {
        self.wraps.all.is_some()
    }

    /// The browser has a key of its own to it.
    pub fn is_kept(&self) -> bool {
        self.browser.is_some()
    }

    /// As it is written down.
    pub async fn recovery_code(&self) -> Result<String, SealErr> {
        let code = C::decrypt(&self.key, CODE_ABOUT, &unhex(&self.wraps.code).unwrap_or_default()).await?;
        Ok(spelled(&code))
    }
}

/// Only the data key shows the code.
async fn is_of<C: Cipher>(wraps: &Wraps, data_key: &C::Key) -> bool {
    C::decrypt(data_key, CODE_ABOUT, &unhex(&wraps.code).unwrap_or_default()).await.is_ok()
}

fn wrap<C: Cipher>(key: &C::Key, by: &C::Key, chance: &mut impl Entropy) -> impl Future<Output = Result<Vec<u8>, SealErr>> {
    C::wrap(key, by, random(chance), KEY_ABOUT)
}

async fn unwrap<C: Cipher>(wrapped: &str, by: &C::Key, uses: KeyUse) -> Result<C::Key, SealErr> {
    C::unwrap(&unhex(wrapped).ok_or(SealErr::Malformed)?, by, KEY_ABOUT, uses).await
}

/// A new code for the data key: its salt, what it wraps, and the code itself under that key.
async fn coded<C: Cipher>(data_key: &C::Key, chance: &mut impl Entropy) -> Result<(String, String, String), SealErr> {
    let (code, salt) = (random::<16>(chance), random::<16>(chance));
    let recovery = wrap::<C>(data_key, &key_of_code::<C>(&code, &salt).await?, chance).await?;
    let code = C::encrypt(data_key, random(chance), CODE_ABOUT, &code).await?;
    Ok((hex(&salt), hex(&recovery), hex(&code)))
}

/// The wraps that a recovery code opens, and the data key.
async fn by_code<C: Cipher>(found: Vec<Wraps>, typed: &str, uses: KeyUse) -> Result<(Wraps, C::Key), SealErr> {
    let code = code_of(typed).ok_or(SealErr::Malformed)?;
    for wraps in found {
        let Some(salt) = unhex(&wraps.salt) else { continue };
        let code_key = key_of_code::<C>(&code, &salt).await?;
        if let Ok(key) = unwrap::<C>(&wraps.recovery, &code_key, uses).await {
            return Ok((wraps, key));
        }
    }
    Err(SealErr::Shut)
}

/// The code has 128 random bits, so no slow derivation has to make guessing dear.
fn key_of_code<C: Cipher>(code: &[u8], salt: &[u8]) -> impl Future<Output = Result<C::Key, SealErr>> {
    C::expand(code, salt, CODE_ABOUT, KeyUse::Wrapping)
}

async fn key_of_passphrase<C: Cipher>(passphrase: &str, lock: &Lock) -> Result<C::Key, SealErr> {
    let salt = unhex(&lock.salt).ok_or(SealErr::Malformed)?;
    C::stretch(passphrase.as_bytes(), &salt, lock.rounds, KeyUse::Content).await
}
