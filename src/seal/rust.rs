//! The cipher by RustCrypto's crates, for everything native: tests, the simulation, tools.

use std::{
    pin::pin,
    task::{Context, Poll, Waker},
};

use aes_gcm::{
    Aes256Gcm, KeyInit as _, Nonce,
    aead::{Aead as _, Payload},
};
use hkdf::Hkdf;
use ledger::Entropy;
use sha2::Sha256;
use zeroize::Zeroizing;

use crate::cipher::{Cipher, KeyUse, NONCE_LEN, SealErr, parts};

const KEY_LEN: usize = 32;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RustCrypto;

/// Overwritten when it is dropped.
#[derive(Clone)]
pub struct Key {
    secret: Zeroizing<[u8; KEY_LEN]>,
    uses: KeyUse,
}

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Key({:?})", self.uses)
    }
}

impl Key {
    fn aes(&self) -> Aes256Gcm {
        Aes256Gcm::new((&*self.secret).into())
    }

    fn seal(&self, nonce: [u8; NONCE_LEN], about: &[u8], plain: &[u8]) -> Result<Vec<u8>, SealErr> {
        let cipher = self.aes().encrypt(&Nonce::from(nonce), Payload { msg: plain, aad: about });
        let cipher = cipher.map_err(|_| SealErr::Cipher)?;
        Ok([&nonce[..], &cipher].concat())
    }

    fn open(&self, about: &[u8], bytes: &[u8]) -> Result<Zeroizing<Vec<u8>>, SealErr> {
        let (nonce, cipher) = parts(bytes)?;
        let plain = self.aes().decrypt(&Nonce::from(*nonce), Payload { msg: cipher, aad: about });
        plain.map(Zeroizing::new).map_err(|_| SealErr::Shut)
    }
}

/// A browser refuses a key for what it is not for, so this does too.
fn must(may: bool) -> Result<(), SealErr> {
    if may { Ok(()) } else { Err(SealErr::Cipher) }
}

impl Cipher for RustCrypto {
    type Key = Key;

    async fn make(uses: KeyUse, chance: &mut impl Entropy) -> Result<Key, SealErr> {
        let mut secret = Zeroizing::new([0; KEY_LEN]);
        chance.fill(&mut *secret);
        Ok(Key { secret, uses })
    }

    async fn encrypt(key: &Key, nonce: [u8; NONCE_LEN], about: &[u8], plain: &[u8]) -> Result<Vec<u8>, SealErr> {
        must(key.uses != KeyUse::Wrapping)?;
        key.seal(nonce, about, plain)
    }

    async fn decrypt(key: &Key, about: &[u8], bytes: &[u8]) -> Result<Vec<u8>, SealErr> {
        must(key.uses != KeyUse::Wrapping)?;
        key.open(about, bytes).map(|mut plain| std::mem::take(&mut *plain))
    }

    async fn wrap(key: &Key, by: &Key, nonce: [u8; NONCE_LEN], about: &[u8]) -> Result<Vec<u8>, SealErr> {
        must(key.uses == KeyUse::Wrappable && by.uses == KeyUse::Wrapping)?;
        by.seal(nonce, about, &*key.secret)
    }

    async fn unwrap(bytes: &[u8], by: &Key, about: &[u8], uses: KeyUse) -> Result<Key, SealErr> {
        must(by.uses == KeyUse::Wrapping)?;
        let raw = by.open(about, bytes)?;
        let secret = Zeroizing::new(raw.as_slice().try_into().map_err(|_| SealErr::Malformed)?);
        Ok(Key { secret, uses })
    }

    async fn expand(secret: &[u8], salt: &[u8], about: &[u8], uses: KeyUse) -> Result<Key, SealErr> {
        let mut key = Zeroizing::new([0; KEY_LEN]);
        let expanded = Hkdf::<Sha256>::new(Some(salt), secret).expand(about, &mut *key);
        expanded.map_err(|_| SealErr::Cipher)?;
        Ok(Key { secret: key, uses })
    }

    async fn stretch(secret: &[u8], salt: &[u8], rounds: u32, uses: KeyUse) -> Result<Key, SealErr> {
        let mut key = Zeroizing::new([0; KEY_LEN]);
        pbkdf2::pbkdf2_hmac::<Sha256>(secret, salt, rounds, &mut *key);
        Ok(Key { secret: key, uses })
    }
}

/// This cipher never waits, so whatever is made of it is done when it is first asked.
pub fn at_once<T>(work: impl Future<Output = T>) -> T {
    match pin!(work).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(outcome) => outcome,
        Poll::Pending => unreachable!("there is nothing to wait for"),
    }
}

#[cfg(test)]
mod tests {
    use ledger::hex;

    use super::*;

    fn key(of: &[u8], uses: KeyUse) -> Key {
        Key { secret: Zeroizing::new(of.try_into().expect("32 bytes")), uses }
    }

    fn bytes(digits: &str) -> Vec<u8> {
        crate::wraps::unhex(digits).expect("digits")
    }

    /// RFC 5869, A.1 and A.2, as far as 32 bytes go: the first block of what is expanded does not depend on how much is asked.
    #[test]
    fn a_secret_is_expanded_as_the_rfc_says() {
        let range = |from: u8, to: u8| (from..=to).collect::<Vec<u8>>();
        let cases = [
            (vec![0x0b; 22], range(0, 0x0c), range(0xf0, 0xf9), "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf"),
            (
                range(0, 0x4f),
                range(0x60, 0xaf),
                range(0xb0, 0xff),
                "b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c",
            ),
        ];
        for (secret, salt, about, want) in cases {
            let key = at_once(RustCrypto::expand(&secret, &salt, &about, KeyUse::Wrapping)).expect("a key");
            assert_eq!(hex(&*key.secret), want);
        }
    }

    /// The first case of RFC 7914, section 11, and one that many libraries have.
    #[test]
    fn a_passphrase_is_stretched_as_the_rfc_says() {
        let cases = [
            ("passwd", "salt", 1, "55ac046e56e3089fec1691c22544b605f94185216dde0465e68b9d57c20dacbc"),
            ("password", "salt", 4096, "c5e478d59288c841aa530db6845c4c8d962893a001ce4e11a4963873aa98134a"),
        ];
        for (passphrase, salt, rounds, want) in cases {
            let stretched = RustCrypto::stretch(passphrase.as_bytes(), salt.as_bytes(), rounds, KeyUse::Content);
            assert_eq!(hex(&*at_once(stretched).expect("a key").secret), want);
        }
    }

    /// NIST's vectors of GCM, as McGrew and Viega have them: test cases 14 and 16.
    #[test]
    fn content_is_encrypted_as_nist_says() {
        let zeros = key(&[0; 32], KeyUse::Content);
        let sealed = at_once(RustCrypto::encrypt(&zeros, [0; 12], b"", &[0; 16])).expect("encrypted");
        assert_eq!(hex(&sealed[12..]), "cea7403d4d606b6e074ec5d3baf39d18d0d1c8a799996bf0265b98b5d48ab919");
        let other = key(&bytes("feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308"), KeyUse::Content);
        let nonce = bytes("cafebabefacedbaddecaf888").try_into().expect("12 bytes");
        let about = bytes("feedfacedeadbeeffeedfacedeadbeefabaddad2");
        let plain = bytes(concat!(
            "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72",
            "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39",
        ));
        let sealed = at_once(RustCrypto::encrypt(&other, nonce, &about, &plain)).expect("encrypted");
        let want = concat!(
            "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa",
            "8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662",
            "76fc6ece0f4e1768cddf8853bb2d551b",
        );
        assert_eq!(hex(&sealed[12..]), want);
        assert_eq!(at_once(RustCrypto::decrypt(&other, &about, &sealed)), Ok(plain));
    }

    #[test]
    fn a_key_is_for_what_it_is_for_and_nobody_reads_it() {
        let (content, wrappable, wrapping) =
            (key(&[1; 32], KeyUse::Content), key(&[2; 32], KeyUse::Wrappable), key(&[3; 32], KeyUse::Wrapping));
        let wrap = |key: &Key, by: &Key| at_once(RustCrypto::wrap(key, by, [0; 12], b""));
        let wrapped = wrap(&wrappable, &wrapping).expect("wrapped");
        assert!(wrap(&content, &wrapping).is_err(), "it cannot leave");
        assert!(wrap(&wrappable, &content).is_err());
        assert!(at_once(RustCrypto::encrypt(&wrapping, [0; 12], b"", b"")).is_err());
        assert!(at_once(RustCrypto::decrypt(&wrapping, b"", &wrapped)).is_err(), "it does not show what it has wrapped");
        let back = at_once(RustCrypto::unwrap(&wrapped, &wrapping, b"", KeyUse::Content)).expect("unwrapped");
        assert_eq!((back.secret, back.uses), (wrappable.secret.clone(), KeyUse::Content));
        assert_eq!(format!("{wrappable:?}"), "Key(Wrappable)");
    }
}
