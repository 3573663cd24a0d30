//! Encryption: keys and the wraps they lie in, what is encrypted at rest and how, over a cipher that a browser or a crate
//! performs.
//!
//! Belongs: which cipher for what, bound to what; the data key, the recovery code, the app lock; files and values as they are
//! encrypted. Here too, when rooms are: the encrypted body of a row and the keys of a room's epochs.
//! Never: where bytes rest, who asks, when a key may be made and what may be sent (`device` decides), randomness of its own.

mod cipher;
mod rest;
mod rounds;
#[cfg(feature = "rust")]
mod rust;
mod session;
mod vault;
#[cfg(feature = "web")]
mod web;
mod wraps;

pub use cipher::{Cipher, KeyUse, NONCE_LEN, SealErr};
pub use rest::{associated, beginning, content, encrypted_bytes, frames, plain, plain_value, value, whole};
pub use rounds::{LOCK_ROUNDS_MIN, lock_rounds, try_rounds};
#[cfg(feature = "rust")]
pub use rust::{RustCrypto, at_once};
pub use session::{ciphers, decrypted, refused};
pub use vault::Vault;
#[cfg(feature = "web")]
pub use web::Web;
pub use wraps::{KeyFile, Wraps};
