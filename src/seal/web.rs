//! The cipher by the browser's own WebCrypto. Keys are objects of the browser that no script can read out.

use js_sys::{Array, Function, Object, Promise, Reflect, Uint8Array};
use ledger::Entropy;
use wasm_bindgen::{JsCast as _, JsValue};
use wasm_bindgen_futures::JsFuture;

use crate::cipher::{Cipher, KeyUse, NONCE_LEN, SealErr, parts};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Web;

fn get(of: &JsValue, name: &str) -> JsValue {
    Reflect::get(of, &JsValue::from_str(name)).unwrap_or(JsValue::UNDEFINED)
}

fn object(fields: &[(&str, &JsValue)]) -> JsValue {
    let object = Object::new();
    for (name, value) in fields {
        // A plain object that was made here refuses nothing.
        let _ = Reflect::set(&object, &JsValue::from_str(name), value);
    }
    object.into()
}

/// What the browser says of a failure is always the same, so it is not handed on.
async fn ask(name: &str, args: &[&JsValue]) -> Result<JsValue, SealErr> {
    let subtle = get(&get(&js_sys::global(), "crypto"), "subtle");
    let asked = get(&subtle, name)
        .dyn_into()
        .and_then(|function: Function| Reflect::apply(&function, &subtle, &args.iter().copied().collect::<Array>()))
        .and_then(JsValue::dyn_into::<Promise>);
    JsFuture::from(asked.map_err(|_| SealErr::Cipher)?).await.map_err(|_| SealErr::Cipher)
}

fn gcm(nonce: &[u8], about: &[u8]) -> JsValue {
    object(&[("name", &"AES-GCM".into()), ("iv", &Uint8Array::from(nonce)), ("additionalData", &Uint8Array::from(about))])
}

fn aes() -> JsValue {
    object(&[("name", &"AES-GCM".into()), ("length", &256.into())])
}

fn words(words: &[&str]) -> JsValue {
    words.iter().map(|word| JsValue::from_str(word)).collect::<Array>().into()
}

fn uses(uses: KeyUse) -> JsValue {
    words(if uses == KeyUse::Wrapping { &["wrapKey", "unwrapKey"] } else { &["encrypt", "decrypt"] })
}

/// Only so can it be wrapped.
fn extractable(uses: KeyUse) -> JsValue {
    (uses == KeyUse::Wrappable).into()
}

async fn derive(name: &str, secret: &[u8], salt: &[u8], how: (&str, JsValue), to: KeyUse) -> Result<JsValue, SealErr> {
    let secret = Uint8Array::from(secret);
    let base = ask("importKey", &[&"raw".into(), &secret, &name.into(), &false.into(), &words(&["deriveKey"])]).await?;
    let (with, this) = &how;
    let how = object(&[("name", &name.into()), ("hash", &"SHA-256".into()), ("salt", &Uint8Array::from(salt)), (with, this)]);
    ask("deriveKey", &[&how, &base, &aes(), &extractable(to), &uses(to)]).await
}

/// The nonce and what the browser made with it, copied once.
fn behind(nonce: [u8; NONCE_LEN], cipher: &JsValue) -> Vec<u8> {
    let cipher = Uint8Array::new(cipher);
    let mut out = nonce.to_vec();
    out.resize(NONCE_LEN + cipher.length() as usize, 0);
    cipher.copy_to(&mut out[NONCE_LEN..]);
    out
}

impl Cipher for Web {
    /// A `CryptoKey`.
    type Key = JsValue;

    /// By the browser's own chance: its bytes are never in this program's memory.
    async fn make(to: KeyUse, _: &mut impl Entropy) -> Result<JsValue, SealErr> {
        ask("generateKey", &[&aes(), &extractable(to), &uses(to)]).await
    }

    async fn encrypt(key: &JsValue, nonce: [u8; NONCE_LEN], about: &[u8], plain: &[u8]) -> Result<Vec<u8>, SealErr> {
        Ok(behind(nonce, &ask("encrypt", &[&gcm(&nonce, about), key, &Uint8Array::from(plain)]).await?))
    }

    async fn decrypt(key: &JsValue, about: &[u8], bytes: &[u8]) -> Result<Vec<u8>, SealErr> {
        let (nonce, cipher) = parts(bytes)?;
        let plain = ask("decrypt", &[&gcm(nonce, about), key, &Uint8Array::from(cipher)]).await;
        Ok(Uint8Array::new(&plain.map_err(|_| SealErr::Shut)?).to_vec())
    }

    async fn wrap(key: &JsValue, by: &JsValue, nonce: [u8; NONCE_LEN], about: &[u8]) -> Result<Vec<u8>, SealErr> {
        Ok(behind(nonce, &ask("wrapKey", &[&"raw".into(), key, by, &gcm(&nonce, about)]).await?))
    }

    async fn unwrap(bytes: &[u8], by: &JsValue, about: &[u8], to: KeyUse) -> Result<JsValue, SealErr> {
        let (nonce, cipher) = parts(bytes)?;
        let (cipher, how) = (Uint8Array::from(cipher), gcm(nonce, about));
        let key = ask("unwrapKey", &[&"raw".into(), &cipher, by, &how, &aes(), &extractable(to), &uses(to)]).await;
        key.map_err(|_| SealErr::Shut)
    }

    fn expand(secret: &[u8], salt: &[u8], about: &[u8], to: KeyUse) -> impl Future<Output = Result<JsValue, SealErr>> {
        derive("HKDF", secret, salt, ("info", Uint8Array::from(about).into()), to)
    }

    fn stretch(secret: &[u8], salt: &[u8], rounds: u32, to: KeyUse) -> impl Future<Output = Result<JsValue, SealErr>> {
        derive("PBKDF2", secret, salt, ("iterations", rounds.into()), to)
    }
}
