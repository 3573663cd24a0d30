//! What the tests across rooms share: a seeded source of chance, a device that writes rows, and an engine to fill.
//!
//! Belongs: builders and figures worked out in a second way. Never: private items of a room.

#[path = "every_fact.rs"]
mod every_fact;
#[path = "logs.rs"]
mod logs;
#[path = "random_query.rs"]
pub mod random_query;
#[path = "sql_support.rs"]
pub mod sql;

use std::collections::BTreeMap;

use bridge::Draft;
use device::{Device, Identity};
use engine::{Store, Table};
pub use every_fact::every_fact;
use ledger::{Entropy, LaneId, Row, Stamp};
pub use logs::{careless_log, steady_log};

/// SplitMix64 (Steele, Lea, Flood 2014): small, seeded, good enough for tests.
#[derive(Debug, Clone)]
pub struct Seeded(pub u64);

impl Seeded {
    pub fn number(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub fn below(&mut self, n: u64) -> u64 {
        self.number() % n
    }

    pub fn one_in(&mut self, n: u64) -> bool {
        self.below(n) == 0
    }

    pub fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[self.below(from.len() as u64) as usize]
    }

    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for at in (1..items.len()).rev() {
            items.swap(at, self.below(at as u64 + 1) as usize);
        }
    }
}

impl Entropy for Seeded {
    fn fill(&mut self, bytes: &mut [u8]) {
        for byte in bytes {
            *byte = self.number() as u8;
        }
    }
}

/// A device whose rows land in a list.
pub struct Scribe {
    pub device: Device,
    pub random: Seeded,
    pub rows: Vec<Row>,
}

impl Scribe {
    pub fn new(seed: u64) -> Self {
        let mut random = Seeded(seed);
        let identity = Identity::mint(1_700_000_000_000, &mut random);
        Self { device: Device::new(identity, LaneId::number(0), BTreeMap::new()), random, rows: Vec::new() }
    }

    pub fn user(&self) -> String {
        self.device.identity().person.to_string()
    }

    pub fn write(&mut self, utc_ms: u64, drafts: Vec<Draft>) -> Vec<Row> {
        let stamp = Stamp { utc_ms, offset_min: 60 };
        if self.device.needs_session(&stamp, false) {
            self.device.begin_session(&stamp, false, &mut self.random);
        }
        let batch = self.device.capture(&stamp, &mut self.random, drafts).expect("the drafts are sound");
        self.device.saved(&batch);
        self.rows.extend(batch.rows.iter().cloned());
        batch.rows
    }
}

pub fn prebuilt() -> BTreeMap<String, Table> {
    engine::prebuild().expect("the prebuilt models run")
}

pub fn store() -> Store {
    Store::new(prebuilt()).expect("the models are sound")
}

pub fn blake3_hex(bytes: &[u8]) -> String {
    blake3::hash(bytes).to_hex().to_string()
}

#[expect(clippy::print_stdout, reason = "what a program of the tests has to say")]
pub fn say(text: &str) {
    println!("{text}");
}
