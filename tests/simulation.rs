//! A slice of the simulation; `cargo xtask soak sync` runs the long count.

#[path = "sim.rs"]
mod sim;

use std::collections::{BTreeMap, VecDeque};

use bridge::Draft;
use device::Shelf;
use ledger::Fact;
use realm::{accounts, replicate};
use sim::{Bug, Lived};
use tests::{Scribe, Seeded};
use wire::{Answer, Command, Input, Link, Replica, Request, Standing};

/// Beyond the seeds of the long count.
const FROM: u64 = 1_000_000;

const BUGS: [Bug; 10] = [
    Bug::CursorBeforeRows,
    Bug::FilterAfterLimit,
    Bug::LostFrame,
    Bug::ResultCache,
    Bug::PlaceAlone,
    Bug::LeavesEarly,
    Bug::OverNewer,
    Bug::FreesEarly,
    Bug::LeftBehind,
    Bug::KeptOnce,
];

#[test]
fn planted_bugs_are_found() {
    for bug in BUGS.into_iter().filter(|bug| !bug.is_of_tabs()) {
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

#[test]
fn planted_bugs_of_a_leader_are_found() {
    for bug in BUGS.into_iter().filter(|bug| bug.is_of_tabs()) {
        let found = (0..300).find(|seed| sim::live(*seed, Some(bug)).is_err());
        assert!(found.is_some(), "{bug:?} was found in no seed: the simulation is blind");
    }
}

#[test]
fn tabs_that_lead_freeze_and_die_lose_nothing() {
    let mut sum = Lived::default();
    for seed in FROM..FROM + 60 {
        match sim::live(seed, None) {
            Ok(lived) => sum.add(lived),
            Err(why) => panic!("{why}"),
        }
    }
    let Lived { rows, cuts, deaths, thefts, sealed, read, strict } = sum;
    assert!(15 < strict, "of 30 that encrypt, {strict} have come to take nothing plain");
    assert!([rows, cuts, deaths, thefts, sealed, read].into_iter().all(|count| 60 < count), "little happened: {sum:?}");
}

/// 50,000 rows wait after a month without a network: they go up in batches that fit, one at a time, each once.
#[test]
fn a_month_offline_goes_up_in_bounded_batches() {
    const ROWS: u64 = 50_000;
    let folder = tempfile::tempdir().expect("a folder");
    let store = realm::open(&folder.path().join("spotter.db").to_string_lossy(), 0).expect("it opens");
    let mut scribe = Scribe::new(1);
    for nth in 0..ROWS / 500 {
        let drafts = (0..500).map(|at| Draft::mine(Fact::ProfileChanged { name: format!("{nth} {at}"), at_ms: 1, offset_min: 0 }));
        scribe.write(1_000 + nth, drafts.collect());
    }
    let identity = scribe.device.identity().clone();
    let device = accounts::NewDevice {
        device_id: identity.device_id,
        name: "phone".to_owned(),
        person: Some(identity.person),
        browser: false,
    };
    let invite = accounts::make_invite(&*store, 1).expect("an invitation").0;
    let signed = accounts::sign_up(&*store, "mia", "no hash".to_owned(), Some(invite), device, 1).expect("the first");
    let mut shelf = Shelf::default();
    scribe.rows.into_iter().for_each(|row| _ = shelf.add(row));
    let mut replica = Replica::new(Standing::default(), None);
    let (mut random, mut pushes, mut inputs) = (Seeded(1), 0, VecDeque::from([Input::Connect]));
    while let Some(input) = inputs.pop_front() {
        for command in replica.step(1_000, &mut random, input) {
            match command {
                Command::Ask { id, request } => {
                    let account = &signed.account_id;
                    let answer = match request {
                        Request::Hello => Answer::Hello(replicate::hello(&*store, account, 1).expect("a hello")),
                        Request::Digest => Answer::Digest(replicate::digest(&*store, account, None).expect("a digest")),
                        Request::Pull { checkpoint, batch_size } => {
                            let page = replicate::pull(&*store, account, checkpoint.as_ref(), batch_size, None, Some(4 << 20));
                            Answer::Page(page.expect("a page"))
                        }
                        Request::Push { rows } => {
                            pushes += 1;
                            let bytes: usize = rows.iter().map(|row| row.raw.len() + 1).sum();
                            assert!(rows.len() <= 500 && bytes < 4 << 20, "{} rows, {bytes} bytes", rows.len());
                            let rows: Vec<_> = rows.iter().filter_map(|row| wire::raw_of(&row.raw)).collect();
                            let pushed = replicate::push(&*store, account, &rows, 1 << 40, 1).expect("an answer").answer;
                            assert!(pushed.results.iter().all(|verdict| verdict.status == wire::Status::Accepted));
                            Answer::Pushed(pushed)
                        }
                        other => panic!("{other:?} is not needed for that"),
                    };
                    inputs.push_back(Input::Answered { id, answer });
                }
                Command::OpenStream { id, .. } => inputs.push_back(Input::StreamOpened { id }),
                Command::Collect { rows, bytes } => {
                    let waiting = shelf.waiting(replica.standing(), rows, bytes, &BTreeMap::new());
                    inputs.push_back(Input::Outbox(waiting.rows));
                }
                Command::Commit(commit) => {
                    // What is written down with each batch stays small however much there is.
                    assert!(serde_json::to_vec(&commit.standing).expect("JSON").len() < 1_000);
                    inputs.push_back(Input::Committed);
                }
                Command::Compare(digest) => inputs.push_back(Input::Compared(shelf.compare(&digest))),
                Command::Wake { .. } | Command::Forget { .. } | Command::CloseStream { .. } => {}
                other => panic!("{other:?} is not needed for that"),
            }
        }
    }
    assert_eq!((replica.link(), shelf.waiting_count(replica.standing()), pushes), (Link::Live, 0, ROWS / 500));
    assert_eq!(replicate::hello(&*store, &signed.account_id, 1).expect("a hello").rows, ROWS);
}
