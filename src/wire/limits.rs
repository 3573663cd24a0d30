//! What a server takes at once. A client uses what `hello` says; these are version 1's figures.

use serde::{Deserialize, Serialize};

pub const PROTOCOL: u32 = 1;
/// Who sends this header goes by `more` and not by how full a page is.
pub const PROTOCOL_HEADER: &str = "spotter-protocol";
/// What a browser shows beside its cookie, on every request but the one that signs it out: the secret of the sign-in, which
/// the device keeps encrypted. A cookie alone would open the account to whoever holds the phone next.
pub const DEVICE_HEADER: &str = "spotter-device";
/// How often an idle stream says that it is alive,
pub const STREAM_HEARTBEAT_MS: u64 = 20_000;
/// and after how much silence a client no longer believes it.
pub const STREAM_WATCHDOG_MS: u64 = 50_000;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Limits {
    /// Bytes of one row.
    pub row_bytes: usize,
    /// Rows of one push,
    pub push_rows: usize,
    /// and bytes of its body.
    pub push_bytes: usize,
    /// Rows of one page of a pull.
    pub batch_size: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { row_bytes: ledger::ROW_BYTES_MAX, push_rows: 500, push_bytes: 4 << 20, batch_size: 1_000 }
    }
}
