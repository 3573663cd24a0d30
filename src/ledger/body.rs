//! What a row says: to anybody who has the row, or only to the people of its room.

use serde_json::{Value, json};

use crate::{
    canon::{CanonErr, canonical},
    row::{Hash, ZERO_HASH},
};

/// The `enc` of a row that anybody can read.
pub(crate) const CLEAR: &str = "none";
/// The `enc` of a row whose body only the people of its room can read.
const ENCRYPTED: &str = "x1";
/// The one field of an encrypted body that was erased.
const ERASED: &str = "erased";

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Body {
    Clear(Value),
    Sealed(Sealed),
}

/// A body that is encrypted, in a way that this build knows or not: what lies in the row, and no meaning.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sealed {
    enc: String,
    lies: Value,
}

impl Body {
    pub(crate) fn of(enc: String, lies: Value) -> Self {
        if enc == CLEAR { Self::Clear(lies) } else { Self::Sealed(Sealed { enc, lies }) }
    }

    /// How it is encrypted, as the row says it.
    pub fn enc(&self) -> &str {
        match self {
            Self::Clear(_) => CLEAR,
            Self::Sealed(sealed) => &sealed.enc,
        }
    }

    /// As it lies in the row once it was erased.
    pub(crate) fn erased(&self) -> Option<Value> {
        match self {
            Self::Clear(_) => None,
            Self::Sealed(Sealed { enc, lies }) => Some(json!({ ERASED: counts_as(enc, lies).ok()?? })),
        }
    }

    /// Whose raw bytes say it again: how it is encrypted is known, and nothing else.
    pub(crate) fn empty(&mut self) {
        match self {
            Self::Clear(lies) | Self::Sealed(Sealed { lies, .. }) => *lies = Value::Null,
        }
    }
}

impl Sealed {
    /// For whoever has the key; `None` for one that was erased.
    pub fn cipher(&self) -> Option<&str> {
        self.lies.as_str()
    }

    pub fn is_erased(&self) -> bool {
        self.enc == ENCRYPTED && erased_hash(&self.lies).is_some()
    }
}

/// What counts in place of a body in the row's own hash, where that is not the body itself: of one that can be erased its
/// BLAKE3, whether it is still there or not.
pub(crate) fn counts_as(enc: &str, lies: &Value) -> Result<Option<Hash>, CanonErr> {
    if enc != ENCRYPTED {
        return Ok(None);
    }
    match erased_hash(lies) {
        Some(known) => Ok(Some(known.to_owned())),
        None => Ok(Some(blake3::hash(&canonical(lies)?).to_hex().to_string())),
    }
}

/// A body that was erased has left its hash, and nothing beside it.
fn erased_hash(body: &Value) -> Option<&str> {
    let fields = body.as_object().filter(|fields| fields.len() == 1)?;
    let hash = fields.get(ERASED)?.as_str()?;
    let hex = hash.len() == ZERO_HASH.len() && hash.bytes().all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f'));
    hex.then_some(hash)
}
