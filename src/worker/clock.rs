//! The only clock and the only chance of this worker.

use js_sys::Date;
use ledger::{Entropy, Stamp, UseId};

use crate::js::global;

pub(crate) fn now_ms() -> u64 {
    let now = Date::now();
    // A clock before 1970 counts as 1970: the row is kept and flagged, not refused.
    if 0.0 < now { now as u64 } else { 0 }
}

/// Milliseconds since this worker began.
pub(crate) fn performance_now() -> f64 {
    global().performance().map_or(0.0, |performance| performance.now())
}

/// Milliseconds that only go forward while this worker lives, whatever the clock does.
pub(crate) fn mono_ms() -> u64 {
    global().performance().map_or(0, |performance| (performance.time_origin() + performance.now()).max(0.0) as u64)
}

pub(crate) fn stamp() -> Stamp {
    Stamp { utc_ms: now_ms(), offset_min: -(Date::new_0().get_timezone_offset() as i32) }
}

pub(crate) struct Chance;

impl Entropy for Chance {
    fn fill(&mut self, bytes: &mut [u8]) {
        getrandom::fill(bytes).expect("every browser that runs this has crypto.getRandomValues");
    }
}

/// Of a file that is about to be written.
pub(crate) fn use_id() -> UseId {
    let mut use_id = [0; 16];
    Chance.fill(&mut use_id);
    use_id
}
