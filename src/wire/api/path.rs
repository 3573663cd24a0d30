//! Every address of the API, and those that say in a query what is asked for.

use crate::{chain::ChainKey, message::Checkpoint};

pub const HELLO: &str = "/replicate/hello";
pub const PULL: &str = "/replicate/pull";
pub const PUSH: &str = "/replicate/push";
pub const STREAM: &str = "/replicate/pull/stream";
pub const DIGEST: &str = "/replicate/digest";
pub const SNAPSHOT: &str = "/replicate/snapshot";
pub const SEGMENT: &str = "/replicate/snapshot/segment";

pub const ACCOUNT: &str = "/account";
pub const SIGN_UP: &str = "/account/sign-up";
pub const SIGN_IN: &str = "/account/sign-in";
pub const SIGN_OUT: &str = "/account/sign-out";
pub const SIGN_OUT_OTHERS: &str = "/account/sign-out-others";
pub const PASSWORD: &str = "/account/password";
pub const PASSWORD_RESET: &str = "/account/password-reset";
pub const JOIN: &str = "/account/join";
pub const LINKS: &str = "/account/links";
pub const PERSONS: &str = "/account/persons";
/// One device, as a pattern; `device` names it.
pub const DEVICE: &str = "/account/devices/{device_id}";

pub const INVITES: &str = "/admin/invites";
pub const RESETS: &str = "/admin/resets";

pub fn device(device_id: &str) -> String {
    DEVICE.replace("{device_id}", &encoded(device_id))
}

/// A page after a checkpoint, or from the beginning.
pub fn pull(checkpoint: Option<&Checkpoint>, batch_size: usize) -> String {
    format!("{PULL}?batchSize={batch_size}&checkpoint={}", checkpoint.map(json).unwrap_or_default())
}

/// Some places of one chain.
pub fn span(chain: &ChainKey, from: u64, to: u64) -> String {
    format!("{PULL}?chain={}&from={from}&to={to}", encoded(&chain.to_string()))
}

/// One chain in blocks.
pub fn blocks(chain: &ChainKey) -> String {
    format!("{DIGEST}?chain={}", encoded(&chain.to_string()))
}

pub fn segment(scope: &str, from: u64, to: u64) -> String {
    format!("{SEGMENT}?scope={}&from={from}&to={to}", encoded(scope))
}

pub fn stream(checkpoint: &Checkpoint) -> String {
    format!("{STREAM}?checkpoint={}", json(checkpoint))
}

fn json(checkpoint: &Checkpoint) -> String {
    encoded(&serde_json::to_string(checkpoint).unwrap_or_default())
}

/// Percent-encoded, but for what never means anything in an address (RFC 3986, 2.3).
fn encoded(text: &str) -> String {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push('%');
            out.extend([byte >> 4, byte & 15].map(|digit| char::from(DIGITS[usize::from(digit)])));
        }
    }
    out
}
