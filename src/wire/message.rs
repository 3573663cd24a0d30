//! The messages. Rows travel as the bytes they were written in: nobody on the way spells them anew.

use ledger::{EventId, Hash};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::{
    chain::{ChainKey, ChainSum, Xor},
    limits::Limits,
    problem::{Code, Retry},
};

/// The media type by which a push asks for one verdict per row.
pub const NATIVE_PUSH: &str = "application/vnd.spotter.push+json";

/// A row's own bytes inside a message.
pub type RawRow = Box<RawValue>;

/// `None` when the bytes are no JSON.
pub fn raw_of(bytes: &[u8]) -> Option<RawRow> {
    serde_json::from_slice::<Box<RawValue>>(bytes).ok()
}

/// How far somebody has read: always these three keys, because some clients merge a new one into the old one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Checkpoint {
    /// Changes when `seq` could go backwards: after a restore.
    pub epoch: String,
    /// Dense, in the order of commits.
    pub seq: u64,
    /// Changes when what the reader may see can have grown in the past.
    pub view: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Hello {
    pub protocol: u32,
    pub epoch: String,
    pub view: String,
    /// Everything up to here is committed.
    pub head: u64,
    /// Checkpoints below it are too old.
    pub floor: u64,
    /// Rows that the reader may see.
    pub rows: u64,
    pub limits: Limits,
    pub heartbeat_ms: u64,
    /// The server's clock, UTC milliseconds.
    pub time_ms: u64,
    /// Whose rows the account replicates, the first of them first.
    pub persons: Vec<String>,
    /// Whose eyes these are. Older servers do not say it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub account_id: String,
}

#[derive(Debug, Serialize, Deserialize)]
pub struct Page {
    pub documents: Vec<RawRow>,
    pub checkpoint: Checkpoint,
    pub more: bool,
    pub head: u64,
}

/// What a stream says. `prev` is the checkpoint this connection was told before, so that a lost frame shows.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Frame {
    pub prev: Checkpoint,
    pub documents: Vec<RawRow>,
    pub checkpoint: Checkpoint,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Push {
    pub device_id: String,
    pub batch_id: String,
    pub rows: Vec<RawRow>,
}

/// One row as an RxDB client pushes it.
#[derive(Debug, Deserialize)]
pub struct RxRow {
    #[serde(rename = "newDocumentState")]
    pub new: RawRow,
    #[serde(rename = "assumedMasterState", default)]
    pub assumed: Option<RawRow>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub enum Status {
    Accepted,
    /// The very same row is there already.
    Duplicate,
    /// Another row has this id: nothing was stored.
    Conflict,
    Rejected,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Verdict {
    /// As the row says; empty when it says none.
    pub event_id: String,
    pub status: Status,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub seq: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub code: Option<Code>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub retry: Option<Retry>,
    /// The hash of the row that has the id, in a conflict.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[cfg_attr(feature = "schema", schema(value_type = Option<String>))]
    pub stored_h: Option<Hash>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct PushAnswer {
    pub epoch: String,
    pub head: u64,
    /// One for each row of the push, in its order.
    pub results: Vec<Verdict>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Chain {
    pub chain: ChainKey,
    #[serde(flatten)]
    pub sum: ChainSum,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Digest {
    pub epoch: String,
    pub head: u64,
    pub chains: Vec<Chain>,
}

/// How many places of a chain one block of its digest covers.
pub const BLOCK_ROWS: u64 = 512;

/// One chain in blocks: block `k` covers the places `k * BLOCK_ROWS + 1` to `(k + 1) * BLOCK_ROWS`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Blocks {
    pub epoch: String,
    pub head: u64,
    pub chain: ChainKey,
    pub blocks: Vec<Block>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Block {
    pub block: u64,
    pub n: u64,
    pub xor: Xor,
}

/// What a first sync fetches instead of pages, and where the pages go on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Snapshot {
    pub checkpoint: Checkpoint,
    pub rows: u64,
    pub segments: Vec<Segment>,
}

/// One sealed segment: rows of one scope between two places of the log. The same name is always the same bytes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Segment {
    pub scope: String,
    pub from: u64,
    pub to: u64,
    pub rows: u64,
}

impl Verdict {
    pub fn stored(event_id: &EventId, status: Status, seq: u64) -> Self {
        Self { event_id: event_id.to_string(), status, seq: Some(seq), code: None, retry: None, stored_h: None }
    }

    pub fn refused(event_id: impl Into<String>, status: Status, code: Code) -> Self {
        let retry = crate::problem::Problem::new(code, "").retry;
        Self { event_id: event_id.into(), status, seq: None, code: Some(code), retry: Some(retry), stored_h: None }
    }
}
