//! A slice of the simulation; `cargo xtask soak sync` runs the long count.

#[path = "sim.rs"]
mod sim;

use sim::Bug;

/// Beyond the seeds of the long count.
const FROM: u64 = 1_000_000;

#[test]
fn planted_bugs_are_found() {
    for bug in [Bug::CursorBeforeRows, Bug::FilterAfterLimit, Bug::LostFrame, Bug::ResultCache] {
        let found = (0..300).find(|seed| sim::run(*seed, Some(bug), None).is_err());
        assert!(found.is_some(), "{bug:?} was found in no seed: the simulation is blind");
    }
}

#[test]
fn devices_and_server_converge() {
    for seed in FROM..FROM + 150 {
        if let Err(why) = sim::run(seed, None, None) {
            let (events, why) = sim::shrink(seed, None).unwrap_or((0, why));
            panic!("{why} (seed {seed}, {events} events)");
        }
    }
}
