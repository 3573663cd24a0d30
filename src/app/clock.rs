//! The page's only clock and its only chance.

use js_sys::Date;
use ledger::{EntityId, Entropy};

pub(crate) fn now_ms() -> i64 {
    Date::now() as i64
}

/// Minutes east of UTC at a moment on this device.
pub(crate) fn offset_min(at_ms: i64) -> i32 {
    -(Date::new(&(at_ms as f64).into()).get_timezone_offset() as i32)
}

/// Today as days since 1970-01-01, by the local calendar.
pub(crate) fn today() -> i64 {
    let now = now_ms();
    (now + i64::from(offset_min(now)) * 60_000).div_euclid(86_400_000)
}

struct Chance;

impl Entropy for Chance {
    fn fill(&mut self, bytes: &mut [u8]) {
        getrandom::fill(bytes).expect("every browser that runs this has crypto.getRandomValues");
    }
}

pub(crate) fn entity_id() -> EntityId {
    Chance.entity_id(now_ms().max(0) as u64)
}

/// Later than any workout, and still a whole number in JavaScript.
pub(crate) const FAR_MS: i64 = 1 << 52;
