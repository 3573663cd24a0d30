//! The ledger: what an event is, its kinds, its order, its row, and what makes a segment whole.
//!
//! Belongs: ids, clocks as values, the row of version 1 and its hash, facts and their limits, the bytes of a segment.
//! Never: where bytes rest, what time it is, randomness, Arrow, the browser, a socket.

mod body;
mod bytes;
mod canon;
mod clear;
mod fact;
mod frame;
mod gather;
mod header;
mod hlc;
mod id;
mod limits;
mod patch;
mod row;
mod stamp;
mod upcast;

pub use body::{Body, Sealed};
pub use bytes::{hex, put_part, take_part, unhex};
pub use canon::{CanonErr, canonical};
pub use clear::{ClearRow, clear_rows};
pub use fact::{
    BodyWeight, ExerciseChanged, ExerciseDefined, Fact, ImportRecorded, LoadMode, Message, Muscle, Preferences, SetCorrected,
    SetKind, SetLogged, Side, Tracking, Unit, WorkoutCorrected, WorkoutFinished, WorkoutStarted,
};
pub use frame::{Damage, FRAME_PREFIX, Frame, FrameKind, Scan, encode_frame, frame_at, scan};
pub use gather::{map_of, set_of, sorted};
pub use header::{Encryption, FORMAT_VERSION, HEADER_LEN, Header, HeaderErr, Role, UseId, sealed_bytes, whole_file};
pub use hlc::{Hlc, HlcErr};
pub use id::{DeviceId, EntityId, EventId, IdErr, LaneId, Scope};
pub use limits::{
    ASSIST_G_MAX, BODY_WEIGHT_G, DISTANCE_MM_MAX, DURATION_MS_MAX, LOAD_G_MAX, REPS_MAX, ROW_BYTES_MAX, Refusal, TEXT_CHARS_MAX,
};
pub use patch::Patch;
pub use row::{Hash, Head, Row, RowErr, ZERO_HASH};
pub use stamp::{Entropy, Stamp};
pub use upcast::{Upcast, upcast};
