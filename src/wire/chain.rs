//! A chain is the rows of one (device, lane, scope), numbered without gaps. Its sum says whether two sides hold the same.

use std::fmt;

use ledger::{DeviceId, LaneId, Row, Scope, hex, unhex};
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ChainKey {
    pub scope: Scope,
    pub device_id: DeviceId,
    pub lane: LaneId,
}

impl ChainKey {
    pub fn of(row: &Row) -> Self {
        Self { scope: row.scope, device_id: row.device_id.clone(), lane: row.lane.clone() }
    }
}

impl fmt::Display for ChainKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}", self.scope, self.device_id.as_str(), self.lane.as_str())
    }
}

impl From<ChainKey> for String {
    fn from(key: ChainKey) -> Self {
        key.to_string()
    }
}

impl TryFrom<String> for ChainKey {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        let mut parts = text.split('/');
        let (Some(scope), Some(device), Some(lane), None) = (parts.next(), parts.next(), parts.next(), parts.next()) else {
            return Err(format!("a chain is scope/device/lane, not {text}"));
        };
        let wrong = |err: ledger::IdErr| err.to_string();
        Ok(Self {
            scope: Scope::parse(scope).map_err(wrong)?,
            device_id: DeviceId::parse(device).map_err(wrong)?,
            lane: LaneId::parse(lane).map_err(wrong)?,
        })
    }
}

/// The exclusive or of row hashes: the same in any order, and changed back by what changed it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Xor([u8; 32]);

impl Xor {
    /// Flips in a row's hash, 64 hexadecimal digits. What is no hash changes nothing.
    pub fn flip(&mut self, hash: &str) {
        if let Some(other) = unhex(hash) {
            self.merge(Self(other));
        }
    }

    pub fn merge(&mut self, other: Self) {
        self.0.iter_mut().zip(other.0).for_each(|(own, other)| *own ^= other);
    }
}

impl From<Xor> for String {
    fn from(xor: Xor) -> Self {
        hex(&xor.0)
    }
}

impl TryFrom<String> for Xor {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        unhex(&text).map(Self).ok_or_else(|| "an xor of hashes is 64 hexadecimal digits".to_owned())
    }
}

/// What a chain comes to, or a part of one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ChainSum {
    pub n: u64,
    pub max_dseq: u64,
    pub xor: Xor,
}

impl ChainSum {
    pub fn add(&mut self, dseq: u64, hash: &str) {
        self.n += 1;
        self.max_dseq = self.max_dseq.max(dseq);
        self.xor.flip(hash);
    }

    pub fn merge(&mut self, other: &Self) {
        self.n += other.n;
        self.max_dseq = self.max_dseq.max(other.max_dseq);
        self.xor.merge(other.xor);
    }
}
