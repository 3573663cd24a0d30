//! The wire: the words that device and server exchange, and the replica, which decides what to say next.
//!
//! Belongs: messages and their limits, the addresses and bodies of the API, checkpoints, what has been acknowledged, the framing
//! of the stream, back-off.
//! Never: a socket, a clock, a thread, whoever speaks HTTP, SQL, the content of an encrypted row.

pub mod api;
mod backoff;
mod chain;
mod doorstep;
mod limits;
mod message;
mod problem;
mod ranges;
mod replica;
mod span;
mod sse;
mod standing;

pub use chain::{ChainKey, ChainSum, Xor};
pub use doorstep::{Doorstep, Entry};
pub use limits::{DEVICE_HEADER, Limits, PROTOCOL, PROTOCOL_HEADER, STREAM_HEARTBEAT_MS, STREAM_WATCHDOG_MS};
pub use message::{
    BLOCK_ROWS, Block, Blocks, Chain, Checkpoint, Digest, Frame, Hello, NATIVE_PUSH, Page, Push, PushAnswer, RawRow, RxRow,
    Segment, Snapshot, Status, Verdict, raw_of,
};
pub use problem::{Code, Problem, Retry};
pub use ranges::Ranges;
pub use replica::{Answer, Command, Commit, Comparison, Failure, Input, Link, Replica, Request, Trouble};
pub use span::{Span, spans};
pub use sse::{SseEvent, SseReader};
pub use standing::{Refused, Standing};
