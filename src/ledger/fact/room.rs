//! A room is made, and somebody says something in it.

use serde::{Deserialize, Serialize};

use crate::{
    id::EntityId,
    limits::{Check, Refusal},
};

/// Fields that a room's server must see stand in the clear header; everything else of a message is its body.
pub(super) const HEADER_FIELDS: [&str; 7] = ["channel", "message_id", "name", "room_id", "sender", "target", "thread"];

/// Whether facts of this kind have such a header.
pub(super) fn has_header(kind: &str) -> bool {
    kind.starts_with("message.") || kind.starts_with("room.")
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    pub message_id: EntityId,
    pub channel: String,
    pub sender: EntityId,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub thread: Option<EntityId>,
    pub text: String,
    pub at_ms: i64,
    pub offset_min: i32,
}

impl Message {
    pub(super) fn check(&self) -> Result<(), Refusal> {
        Check.text("channel", &self.channel, 100)?.text("message", &self.text, 10_000)?.when(self.at_ms, self.offset_min)
    }
}
