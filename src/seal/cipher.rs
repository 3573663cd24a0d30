//! What is asked of a cipher. It performs and decides nothing: which key is for what, and what is bound to what, is said by
//! whoever calls.

use ledger::{Entropy, HeaderErr};

/// Random bytes that what is encrypted begins with, others each time.
pub const NONCE_LEN: usize = 12;

/// What a key is for. A cipher holds it to that.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyUse {
    /// Encrypts content.
    Content,
    /// Encrypts content, and can be wrapped itself: only such a key can leave whoever performs, and only encrypted.
    Wrappable,
    /// Wraps other keys.
    Wrapping,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SealErr {
    /// Another key, another place, or changed: a cipher does not tell which.
    #[error("it does not open with this key")]
    Shut,
    #[error("it makes no sense")]
    Malformed,
    #[error(transparent)]
    File(#[from] HeaderErr),
    #[error("it is not encrypted, and everything here is")]
    Plain,
    #[error("its key is not here")]
    NoKey,
    #[error("this browser keeps the key of something else")]
    OtherKey,
    #[error("the cipher failed")]
    Cipher,
}

/// AES-256-GCM, and SHA-256 where a key is derived. What is encrypted is the nonce, the cipher text, and 16 bytes of tag.
#[expect(async_fn_in_trait, reason = "a browser's cipher lives on one thread, and so does whoever waits for it")]
pub trait Cipher: Clone {
    /// A key that is open. Whoever has it can use it; in a browser nobody can read it.
    type Key: Clone;

    /// A key that nobody has known before.
    async fn make(uses: KeyUse, chance: &mut impl Entropy) -> Result<Self::Key, SealErr>;

    /// `about` is not in it, and has to be the same when it is decrypted.
    async fn encrypt(key: &Self::Key, nonce: [u8; NONCE_LEN], about: &[u8], plain: &[u8]) -> Result<Vec<u8>, SealErr>;

    async fn decrypt(key: &Self::Key, about: &[u8], bytes: &[u8]) -> Result<Vec<u8>, SealErr>;

    /// A wrappable key, encrypted by one that wraps.
    async fn wrap(key: &Self::Key, by: &Self::Key, nonce: [u8; NONCE_LEN], about: &[u8]) -> Result<Vec<u8>, SealErr>;

    async fn unwrap(bytes: &[u8], by: &Self::Key, about: &[u8], uses: KeyUse) -> Result<Self::Key, SealErr>;

    /// From a secret that nobody could guess: HKDF (RFC 5869).
    async fn expand(secret: &[u8], salt: &[u8], about: &[u8], uses: KeyUse) -> Result<Self::Key, SealErr>;

    /// From something that somebody remembers, so that guessing is slow: PBKDF2 (RFC 8018).
    async fn stretch(secret: &[u8], salt: &[u8], rounds: u32, uses: KeyUse) -> Result<Self::Key, SealErr>;
}

/// The nonce that encrypted bytes begin with, and what is behind it.
pub(crate) fn parts(bytes: &[u8]) -> Result<(&[u8; NONCE_LEN], &[u8]), SealErr> {
    bytes.split_first_chunk().ok_or(SealErr::Malformed)
}

pub(crate) fn random<const N: usize>(chance: &mut impl Entropy) -> [u8; N] {
    let mut bytes = [0; N];
    chance.fill(&mut bytes);
    bytes
}
