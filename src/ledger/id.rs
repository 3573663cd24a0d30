//! Names of things. An id is made from a time and random bytes that somebody hands in; nothing here asks for either.

use std::fmt;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::bytes::hex;

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IdErr {
    #[error("a {0} must be a UUID")]
    NotUuid(&'static str),
    #[error("a device id is 16 lower-case hexadecimal digits")]
    Device,
    #[error("a lane id is 2 lower-case hexadecimal digits")]
    Lane,
    #[error("a scope is u:<person> or room:<room>")]
    Scope,
}

macro_rules! uuid_id {
    ($(#[$doc:meta])* $name:ident, $what:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(Uuid);

        impl $name {
            /// When it was made, UTC milliseconds, if it is one of those that say so (version 7).
            pub fn made_ms(&self) -> Option<u64> {
                let (seconds, nanos) = self.0.get_timestamp()?.to_unix();
                Some(seconds * 1000 + u64::from(nanos) / 1_000_000)
            }

            /// A version 7 UUID: time first, so that ids made later sort later.
            pub fn v7(utc_ms: u64, random: [u8; 10]) -> Self {
                Self(uuid::Builder::from_unix_timestamp_millis(utc_ms, &random).into_uuid())
            }

            pub fn parse(text: &str) -> Result<Self, IdErr> {
                Uuid::try_parse(text).map(Self).map_err(|_| IdErr::NotUuid($what))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.as_hyphenated().fmt(f)
            }
        }

        impl TryFrom<String> for $name {
            type Error = IdErr;
            fn try_from(text: String) -> Result<Self, IdErr> {
                Self::parse(&text)
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> String {
                id.to_string()
            }
        }
    };
}

uuid_id!(
    /// One immutable row.
    EventId,
    "event id"
);
uuid_id!(
    /// A workout, a set, a message, an exercise somebody defined, an import, a room, a person.
    EntityId,
    "entity id"
);

impl EntityId {
    /// An id that the same thing gets on every device: an import's entities are named by where they came from.
    pub fn v5(source: &str, natural_key: &str) -> Self {
        // The URL namespace over a name of our own: any fixed namespace would do, this one is standard.
        let namespace = Uuid::new_v5(&Uuid::NAMESPACE_URL, b"spotter:import");
        Self(Uuid::new_v5(&namespace, format!("{source}\n{natural_key}").as_bytes()))
    }
}

/// One installation in one browser profile.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct DeviceId(String);

impl DeviceId {
    pub const LEN: usize = 16;

    pub fn from_bytes(random: [u8; 8]) -> Self {
        Self(hex(&random))
    }

    pub fn parse(text: &str) -> Result<Self, IdErr> {
        if text.len() == Self::LEN && is_lower_hex(text) { Ok(Self(text.to_owned())) } else { Err(IdErr::Device) }
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// One pool file after another that a single tab writes; small numbers, unique within a device.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct LaneId(String);

impl Default for LaneId {
    fn default() -> Self {
        Self::number(0)
    }
}

impl LaneId {
    pub fn number(n: u8) -> Self {
        Self(hex(&[n]))
    }

    pub fn parse(text: &str) -> Result<Self, IdErr> {
        if text.len() == 2 && is_lower_hex(text) { Ok(Self(text.to_owned())) } else { Err(IdErr::Lane) }
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn is_lower_hex(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
}

/// Whose rows these are: a person's training, or a room's talk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Scope {
    Person(EntityId),
    Room(EntityId),
}

impl Scope {
    pub fn parse(text: &str) -> Result<Self, IdErr> {
        let id = |rest: &str| EntityId::parse(rest).map_err(|_| IdErr::Scope);
        match text.split_once(':') {
            Some(("u", rest)) => Ok(Self::Person(id(rest)?)),
            Some(("room", rest)) => Ok(Self::Room(id(rest)?)),
            _ => Err(IdErr::Scope),
        }
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Person(id) => write!(f, "u:{id}"),
            Self::Room(id) => write!(f, "room:{id}"),
        }
    }
}

macro_rules! text_conversions {
    ($($name:ident),*) => {$(
        impl TryFrom<String> for $name {
            type Error = IdErr;
            fn try_from(text: String) -> Result<Self, IdErr> {
                Self::parse(&text)
            }
        }
    )*};
}
text_conversions!(DeviceId, LaneId, Scope);

impl From<DeviceId> for String {
    fn from(id: DeviceId) -> String {
        id.0
    }
}
impl From<LaneId> for String {
    fn from(id: LaneId) -> String {
        id.0
    }
}
impl From<Scope> for String {
    fn from(scope: Scope) -> String {
        scope.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_import_meets_in_one_entity() {
        assert_eq!(EntityId::v5("strong", "2026-02-03|Upper"), EntityId::v5("strong", "2026-02-03|Upper"));
        assert_ne!(EntityId::v5("strong", "a"), EntityId::v5("hevy", "a"));
    }

    #[test]
    fn later_ids_sort_later() {
        assert!(EventId::v7(1, [255; 10]) < EventId::v7(2, [0; 10]));
    }

    #[test]
    fn malformed_names_are_refused() {
        assert_eq!(DeviceId::parse("d7K2"), Err(IdErr::Device));
        assert_eq!(LaneId::parse("1"), Err(IdErr::Lane));
        for scope in ["", "u:", "u:1", "crew:0190a5a6-0000-7000-8000-000000000000"] {
            assert_eq!(Scope::parse(scope), Err(IdErr::Scope), "{scope}");
        }
    }
}
