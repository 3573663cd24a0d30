//! Many devices and a server in one process, from one seed: time, chance, disks and the network are ours, everything else
//! is the code that ships. What can go wrong goes wrong here, and afterwards every row must be where it belongs.

#[path = "sim/phone.rs"]
mod phone;
#[path = "sim/pool.rs"]
mod pool;
#[path = "sim/profile.rs"]
mod profile;
#[path = "sim/shop.rs"]
mod shop;
#[path = "sim/tab.rs"]
mod tab;
#[path = "sim/world.rs"]
mod world;

pub use profile::Lived;
pub use shop::Bug;
pub use world::{Outcome, World};

/// One run. `Err` says what was broken, and when.
pub fn run(seed: u64, bug: Option<Bug>, events: Option<u32>) -> Result<Outcome, String> {
    World::new(seed, bug).play(events)
}

/// The tabs of one profile, without a server.
pub fn live(seed: u64, bug: Option<Bug>) -> Result<Lived, String> {
    profile::live(seed, bug, profile::EVENTS)
}

/// The fewest events with which a seed still fails.
pub fn shrink(seed: u64, bug: Option<Bug>) -> Option<(u32, String)> {
    let fails = |events: u32| run(seed, bug, Some(events)).err();
    let mut best = (world::EVENTS, fails(world::EVENTS)?);
    let mut step = world::EVENTS / 2;
    while 0 < step {
        match best.0.checked_sub(step).and_then(|events| Some((events, fails(events)?))) {
            Some(smaller) => best = smaller,
            None => step /= 2,
        }
    }
    Some(best)
}
