//! The wraps of the data key as they are kept: JSON with hexadecimal digits, beside the browser's key and in two files.

use ledger::{Header, HeaderErr, Role, UseId, hex, sealed_bytes};
use serde::{Deserialize, Serialize};

/// The data key in two wraps, and the code of the second one under the data key, so that it can be shown again. All hex;
/// each begins with its nonce.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wraps {
    pub(crate) browser: String,
    pub(crate) salt: String,
    pub(crate) recovery: String,
    pub(crate) code: String,
    /// Under the app lock `browser` is encrypted once more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) lock: Option<Lock>,
    /// From when on everything here is encrypted: a word that only the data key can have written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) all: Option<String>,
}

#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Lock {
    pub(crate) salt: String,
    pub(crate) rounds: u32,
}

/// What is in a file that may have the wraps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeyFile {
    /// Nothing was ever written there.
    Empty,
    /// Of a newer build.
    Newer,
    Damaged,
    Here(Wraps),
}

/// Nothing that helps whoever reads a log.
impl std::fmt::Debug for Wraps {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Wraps {{ app_lock: {}, all: {} }}", self.lock.is_some(), self.all.is_some())
    }
}

impl Wraps {
    pub fn from_json(json: &[u8]) -> Option<Self> {
        serde_json::from_slice(json).ok()
    }

    pub fn to_json(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("wraps are JSON")
    }

    /// A whole file. Wraps are plain by their nature.
    pub fn to_file(&self, use_id: UseId) -> Vec<u8> {
        sealed_bytes(Role::Keys, use_id, 0, &self.to_json())
    }

    pub fn in_file(bytes: &[u8]) -> KeyFile {
        let header = match Header::decode(bytes) {
            Ok(header) => header,
            Err(HeaderErr::Empty) => return KeyFile::Empty,
            Err(HeaderErr::Newer(_)) => return KeyFile::Newer,
            Err(_) => return KeyFile::Damaged,
        };
        let json = header.payload(bytes).ok().filter(|_| header.role == Role::Keys);
        json.and_then(Self::from_json).map_or(KeyFile::Damaged, KeyFile::Here)
    }

    pub fn has_app_lock(&self) -> bool {
        self.lock.is_some()
    }
}

pub(crate) fn unhex(text: &str) -> Option<Vec<u8>> {
    let digits = |at: usize| u8::from_str_radix(text.get(at..at + 2)?, 16).ok();
    text.len().is_multiple_of(2).then(|| (0..text.len()).step_by(2).map(digits).collect())?
}

/// The recovery code as somebody typed it: there may be spaces, dashes and capitals.
pub(crate) fn code_of(typed: &str) -> Option<[u8; 16]> {
    let digits: String = typed.chars().filter(char::is_ascii_alphanumeric).map(|letter| letter.to_ascii_lowercase()).collect();
    ledger::unhex(&digits)
}

/// In groups of four, as it is written down.
pub(crate) fn spelled(code: &[u8]) -> String {
    let digits = hex(code);
    digits.as_bytes().chunks(4).map(|group| String::from_utf8_lossy(group)).collect::<Vec<_>>().join(" ")
}
