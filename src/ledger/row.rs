//! The row, version 1: one immutable JSON object per event, hashed over its canonical form and chained to the row before
//! it of the same device, lane and scope.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::{
    body::{Body, CLEAR, counts_as},
    canon::{CanonErr, canonical},
    fact::{Fact, VERSION},
    hlc::Hlc,
    id::{DeviceId, EntityId, EventId, LaneId, Scope},
    limits::ROW_BYTES_MAX,
};

/// BLAKE3-256 as 64 lower-case hexadecimal digits.
pub type Hash = String;

/// What the first row of a chain has for `prev`.
pub const ZERO_HASH: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// These three are outside the hash: the hash itself, its signature, and RxDB's flag, which is always false.
const UNHASHED: [&str; 3] = ["h", "sig", "_deleted"];

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RowErr {
    #[error("the row is not JSON of the expected shape: {0}")]
    Shape(String),
    #[error("the row is {0} bytes long, more than {ROW_BYTES_MAX}")]
    TooLong(usize),
    #[error("the row's hash does not match its content")]
    Hash,
    #[error(transparent)]
    Canon(#[from] CanonErr),
}

/// Where a chain stands: the number and the hash of its last row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    pub dseq: u64,
    pub h: Hash,
}

impl Default for Head {
    fn default() -> Self {
        Self { dseq: 0, h: ZERO_HASH.to_owned() }
    }
}

/// A row as it was written. `raw` is what travels and what is kept; the fields are read from it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    pub event_id: EventId,
    pub device_id: DeviceId,
    pub lane: LaneId,
    pub dseq: u64,
    pub prev: Hash,
    pub scope: Scope,
    pub session_id: EntityId,
    pub kind: String,
    pub v: u32,
    pub hlc: Hlc,
    pub hdr: Value,
    pub body: Body,
    pub h: Hash,
    pub raw: Vec<u8>,
}

/// The fields by name; anything else a newer build may have added stays in `raw` and under the hash.
#[derive(Deserialize)]
struct Shape {
    event_id: EventId,
    device_id: DeviceId,
    lane: LaneId,
    dseq: u64,
    prev: Hash,
    scope: Scope,
    session_id: EntityId,
    kind: String,
    v: u32,
    hlc: Hlc,
    enc: String,
    hdr: Value,
    body: Value,
    h: Hash,
}

impl Row {
    /// Makes the row that follows `head` in its chain. The fact has been checked by whoever calls.
    #[expect(clippy::too_many_arguments, reason = "these are the envelope's fields, each once, at the one place that makes a row")]
    pub fn write(
        event_id: EventId,
        device_id: &DeviceId,
        lane: &LaneId,
        head: &Head,
        scope: Scope,
        session_id: EntityId,
        hlc: &Hlc,
        fact: Fact,
    ) -> Result<Self, RowErr> {
        let (kind, hdr, body) = fact.into_parts();
        let mut whole = json!({
            "event_id": event_id, "device_id": device_id, "lane": lane, "dseq": head.dseq + 1, "prev": head.h,
            "scope": scope, "session_id": session_id, "kind": kind, "v": VERSION, "hlc": hlc, "enc": CLEAR,
            "hdr": hdr, "body": body,
        });
        let h = blake3::hash(&canonical(&whole)?).to_hex().to_string();
        whole["h"] = Value::String(h);
        whole["_deleted"] = Value::Bool(false);
        Self::read(&canonical(&whole)?)
    }

    /// Reads a row and checks its hash. A kind this build does not know is not an error.
    pub fn read(raw: &[u8]) -> Result<Self, RowErr> {
        if ROW_BYTES_MAX < raw.len() {
            return Err(RowErr::TooLong(raw.len()));
        }
        // A plain map, so that a key of a newer version takes part in the hash.
        let mut whole: Map<String, Value> = serde_json::from_slice(raw).map_err(|err| RowErr::Shape(err.to_string()))?;
        let shape: Shape = serde_json::from_slice(raw).map_err(|err| RowErr::Shape(err.to_string()))?;
        for key in UNHASHED {
            whole.remove(key);
        }
        if let Some(counts) = counts_as(&shape.enc, &shape.body)? {
            whole.insert("body".to_owned(), Value::String(counts));
        }
        let hashed = canonical(&Value::Object(whole))?;
        if blake3::hash(&hashed).to_hex().as_str() != shape.h {
            return Err(RowErr::Hash);
        }
        let Shape { event_id, device_id, lane, dseq, prev, scope, session_id, kind, v, hlc, enc, hdr, body, h } = shape;
        let body = Body::of(enc, body);
        Ok(Self { event_id, device_id, lane, dseq, prev, scope, session_id, kind, v, hlc, hdr, body, h, raw: raw.to_vec() })
    }

    /// How its body is encrypted, as it says itself.
    pub fn enc(&self) -> &str {
        self.body.enc()
    }

    /// Its header and its body are given up, to save room: the raw bytes say them again.
    pub fn empty(&mut self) {
        self.hdr = Value::Null;
        self.body.empty();
    }

    pub fn head(&self) -> Head {
        Head { dseq: self.dseq, h: self.h.clone() }
    }

    /// The same row without what it said: its hash, its signature and its place in the chain hold as before. `None` for one
    /// that is not encrypted, whose hash is over its body.
    pub fn erased(&self) -> Option<Self> {
        let mut whole: Value = serde_json::from_slice(&self.raw).ok()?;
        whole["body"] = self.body.erased()?;
        Self::read(&canonical(&whole).ok()?).ok()
    }

    pub fn is_erased(&self) -> bool {
        matches!(&self.body, Body::Sealed(sealed) if sealed.is_erased())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(dseq: u64) -> Row {
        let device = DeviceId::from_bytes([0xab; 8]);
        let person = EntityId::v7(1_763_700_000_000, [1; 10]);
        Row::write(
            EventId::v7(1_763_700_000_000, [2; 10]),
            &device,
            &LaneId::number(0),
            &Head { dseq: dseq - 1, h: ZERO_HASH.to_owned() },
            Scope::Person(person),
            EntityId::v7(1_763_700_000_000, [3; 10]),
            &Hlc::tick(1_763_700_000_000, None, &device),
            Fact::ProfileChanged { name: "Mia \u{1f4aa}".to_owned(), at_ms: 1_763_700_000_000, offset_min: 60 },
        )
        .expect("a row")
    }

    #[test]
    fn what_is_written_is_read() {
        let row = row(1);
        assert_eq!(Row::read(&row.raw), Ok(row.clone()));
        assert!(matches!(row.fact(), Some(Fact::ProfileChanged { .. })));
    }

    #[test]
    fn every_changed_byte_is_seen() {
        let row = row(7);
        for at in 0..row.raw.len() {
            let mut damaged = row.raw.clone();
            damaged[at] ^= 1;
            match Row::read(&damaged) {
                Err(_) => {}
                // The signature and `_deleted` are outside the hash; everything read from the row is inside it.
                Ok(other) => assert_eq!(Row { raw: row.raw.clone(), ..other }, row, "byte {at}"),
            }
        }
    }

    #[test]
    fn unknown_kinds_and_fields_are_kept_byte_for_byte() {
        let mut whole: Value = serde_json::from_slice(&row(1).raw).expect("JSON");
        whole["kind"] = json!("set.dreamt");
        whole["v"] = json!(7);
        whole["colour"] = json!("newer builds may add fields");
        for key in UNHASHED {
            whole.as_object_mut().expect("object").remove(key);
        }
        let h = blake3::hash(&canonical(&whole).expect("canonical")).to_hex().to_string();
        whole["h"] = json!(h);
        // Not our spelling: other key order, white space. The bytes are kept, and the hash is over the meaning.
        let raw = serde_json::to_vec_pretty(&whole).expect("JSON");
        let read = Row::read(&raw).expect("kept");
        assert_eq!(read.raw, raw);
        assert_eq!(read.fact(), None);
    }
}
