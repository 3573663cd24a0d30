//! What a stream says beside its frames, which are events without a name.

use serde::{Deserialize, Serialize};

use crate::problem::Code;

/// The name of the first event,
pub const HELLO: &str = "hello";
/// and of the last one.
pub const BYE: &str = "bye";
/// The data of an event without a name that is no frame: something could not be told and is to be pulled.
pub const RESYNC: &str = "\"RESYNC\"";

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StreamHello {
    pub epoch: String,
    pub head: u64,
    pub heartbeat_ms: u64,
}

/// Why the stream ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bye {
    pub code: Code,
}
