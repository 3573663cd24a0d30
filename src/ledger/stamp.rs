//! Time and chance, handed in by whoever has a clock.

use crate::id::{EntityId, EventId};

/// What the outside says at the moment something happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stamp {
    pub utc_ms: u64,
    /// Minutes east of UTC on this device at this moment.
    pub offset_min: i32,
}

/// A source of random bytes. The browser fills it from `crypto.getRandomValues`, a test from a seed.
pub trait Entropy {
    fn fill(&mut self, bytes: &mut [u8]);

    fn event_id(&mut self, utc_ms: u64) -> EventId {
        EventId::v7(utc_ms, self.ten())
    }

    fn entity_id(&mut self, utc_ms: u64) -> EntityId {
        EntityId::v7(utc_ms, self.ten())
    }

    fn ten(&mut self) -> [u8; 10] {
        let mut random = [0; 10];
        self.fill(&mut random);
        random
    }
}
