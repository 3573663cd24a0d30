//! What a device holds, compared with what a server says, against plain sets: rows at hand, rows in sealed files that
//! overlap, and copies of a profile that took the same places.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use bridge::Draft;
use device::{Added, Shelf, by_place};
use ledger::{Fact, Row};
use tests::{Scribe, Seeded};
use wire::{
    Answer, BLOCK_ROWS, Block, Blocks, Chain, ChainKey, ChainSum, Checkpoint, Code, Command, Digest, Failure, Hello, Input, Limits,
    Link, PROTOCOL, Page, Refused, Replica, Request, Retry, Standing, spans,
};

fn draft(nth: u64) -> Draft {
    Draft::mine(Fact::ProfileChanged { name: format!("name {nth}"), at_ms: 1, offset_min: 0 })
}

/// One chain's rows, and some that a copy of the profile wrote at places of its own.
fn chain(seed: u64, n: u64) -> Vec<Row> {
    let mut scribe = Scribe::new(seed);
    let fork_at = n / 2;
    (0..fork_at).for_each(|nth| _ = scribe.write(1_000 + nth, vec![draft(nth)]));
    let mut copy = Scribe { device: scribe.device.clone(), random: Seeded(seed + 999), rows: Vec::new() };
    (fork_at..n).for_each(|nth| _ = scribe.write(1_000 + nth, vec![draft(nth)]));
    (0..3).for_each(|nth| _ = copy.write(9_000 + nth, vec![draft(nth)]));
    scribe.rows.into_iter().chain(copy.rows).collect()
}

fn digest_of(rows: &[&Row]) -> Digest {
    let chains = spans(rows.iter().copied()).into_iter().map(|span| Chain { chain: span.chain, sum: span.sum }).collect();
    Digest { epoch: String::new(), head: 0, chains }
}

fn blocks_of(rows: &[&Row], chain: &ChainKey) -> Blocks {
    let mut sums: BTreeMap<u64, ChainSum> = BTreeMap::new();
    for row in rows.iter().filter(|row| ChainKey::of(row) == *chain) {
        sums.entry((row.dseq - 1) / BLOCK_ROWS).or_default().add(row.dseq, &row.h);
    }
    let blocks = sums.into_iter().map(|(block, sum)| Block { block, n: sum.n, xor: sum.xor }).collect();
    Blocks { epoch: String::new(), head: 0, chain: chain.clone(), blocks }
}

#[test]
fn comparing_finds_just_what_differs() {
    for seed in 0..60 {
        let mut random = Seeded(seed);
        let all: Vec<Row> = (0..1 + random.below(3)).flat_map(|nth| chain(seed * 10 + nth, 20 + random.below(700))).collect();
        // A row is at hand, in one sealed file or two, or not here at all.
        let mut files: Vec<Vec<Row>> = vec![Vec::new(), Vec::new()];
        let mut shelf = Shelf::default();
        let mut here: BTreeSet<String> = BTreeSet::new();
        let missing = if random.one_in(2) { 0 } else { 1 + random.below(20) };
        for row in &all {
            let place = if missing != 0 && random.one_in(missing) { 9 } else { random.below(6) };
            match place {
                0..=2 => assert_ne!(shelf.add(row.clone()), Added::Known),
                3 => files[0].push(row.clone()),
                4 => files[1].push(row.clone()),
                5 => files.iter_mut().for_each(|file| file.push(row.clone())),
                _ => continue,
            }
            here.insert(row.event_id.to_string());
        }
        for (nth, file) in files.iter().enumerate() {
            shelf.add_file(&nth.to_string(), &spans(file.iter()));
        }
        let there: Vec<&Row> = all.iter().filter(|_| !random.one_in(200)).collect();
        let server: BTreeSet<String> = there.iter().map(|row| row.event_id.to_string()).collect();
        let comparison = shelf.compare(&digest_of(&there));
        let chains: BTreeSet<ChainKey> = all.iter().map(ChainKey::of).collect();
        for chain in &chains {
            let ids = |of: &BTreeSet<String>| -> BTreeSet<String> {
                let own = all.iter().filter(|row| ChainKey::of(row) == *chain).map(|row| row.event_id.to_string());
                own.filter(|id| of.contains(id)).collect()
            };
            let equal = ids(&here) == ids(&server);
            if comparison.same.iter().any(|(same, _)| same == chain) {
                assert!(equal, "seed {seed}: {chain} is said to be the same");
            }
            if !comparison.closer.contains(chain) {
                continue;
            }
            // Only reading the files tells.
            let blocks = blocks_of(&there, chain);
            while let Err(unread) = shelf.compare_blocks(&blocks) {
                assert!(!unread.is_empty());
                for file in unread {
                    let nth: usize = file.parse().expect("a number");
                    shelf.file_read(&file, &files[nth]);
                }
            }
            let closer = shelf.compare_blocks(&blocks).expect("everything was read");
            let differs: BTreeSet<u64> = all
                .iter()
                .filter(|row| ChainKey::of(row) == *chain)
                .filter(|row| here.contains(&row.event_id.to_string()) != server.contains(&row.event_id.to_string()))
                .map(|row| (row.dseq - 1) / BLOCK_ROWS)
                .collect();
            let said: BTreeSet<u64> = closer
                .differ
                .iter()
                .flat_map(|(_, ranges)| ranges.iter())
                .flat_map(|(from, to)| from..=to)
                .map(|dseq| (dseq - 1) / BLOCK_ROWS)
                .collect();
            assert_eq!(said, differs, "seed {seed}: blocks of {chain} that differ");
            assert_eq!(equal, differs.is_empty(), "seed {seed}");
        }
    }
}

#[test]
fn everything_that_waits_is_sent_once() {
    for seed in 100..140 {
        let mut random = Seeded(seed);
        let all = chain(seed, 30 + random.below(200));
        let (mut file, mut shelf, mut standing) = (Vec::new(), Shelf::default(), Standing::default());
        for row in &all {
            if random.one_in(2) {
                shelf.add(row.clone());
            } else {
                file.push(row.clone());
            }
        }
        shelf.add_file("sealed", &spans(file.iter()));
        let acked: BTreeSet<String> = all
            .iter()
            .filter(|_| random.one_in(3))
            .map(|row| {
                standing.ack(row);
                row.event_id.to_string()
            })
            .collect();
        let mut read = BTreeMap::new();
        let mut sent: Vec<String> = Vec::new();
        loop {
            let waiting = shelf.waiting(&standing, 7, 4_000, &read);
            if let Some(file_id) = waiting.file {
                read.insert(file_id, by_place(file.clone()));
                continue;
            }
            if waiting.rows.is_empty() {
                break;
            }
            for row in &waiting.rows {
                standing.ack(row);
                sent.push(row.event_id.to_string());
            }
        }
        assert_eq!(shelf.waiting_count(&standing), 0, "seed {seed}");
        let once: BTreeSet<&String> = sent.iter().collect();
        assert_eq!(once.len(), sent.len(), "seed {seed}: nothing is sent twice");
        // A place that is acknowledged is not sent again; a fork's other row is found by comparing.
        let places: BTreeSet<u64> =
            all.iter().filter(|row| acked.contains(&row.event_id.to_string())).map(|row| row.dseq).collect();
        let left: BTreeSet<u64> = all.iter().map(|row| row.dseq).filter(|dseq| !places.contains(dseq)).collect();
        let sent_places: BTreeSet<u64> =
            all.iter().filter(|row| once.contains(&row.event_id.to_string())).map(|row| row.dseq).collect();
        assert_eq!(sent_places, left, "seed {seed}");
    }
}

/// Two rows may want one place: neither is given up.
#[test]
fn a_copied_profile_takes_the_same_places() {
    let rows = chain(7, 10);
    let mut shelf = Shelf::default();
    let forks = rows.iter().filter(|row| shelf.add((*row).clone()) == Added::Fork).count();
    assert_eq!(forks, 3);
    assert_eq!(shelf.rows().len(), rows.len(), "both are kept");
    assert!(rows.iter().all(|row| shelf.look(row) == Added::Known));
}

/// Answers a replica whose server has just these rows, until it wants nothing more. `drops` breaks the line at a question.
fn prove(replica: &mut Replica, shelf: &mut Shelf, files: &[(&str, &[Row])], there: &[&Row], drops: impl Fn(&Request) -> bool) {
    let mut random = Seeded(1);
    let checkpoint = Checkpoint { epoch: "e".to_owned(), seq: 9, view: "v".to_owned() };
    let (mut now, mut dropped) = (1_000_000, false);
    let mut inputs = VecDeque::from([Input::Connect, Input::Audit]);
    loop {
        let Some(input) = inputs.pop_front() else {
            if !dropped {
                return;
            }
            // It waits to try again.
            (now, dropped) = (now + 60_000, false);
            inputs.push_back(Input::Tick);
            continue;
        };
        for command in replica.step(now, &mut random, input) {
            match command {
                Command::Ask { id, request } if !dropped && drops(&request) => {
                    dropped = true;
                    inputs.push_back(Input::Failed { id, failure: Failure::Unreachable("the line is dead".to_owned()) });
                }
                Command::Ask { id, request } => {
                    let answer = match request {
                        Request::Hello => Answer::Hello(Hello {
                            protocol: PROTOCOL,
                            epoch: "e".to_owned(),
                            view: "v".to_owned(),
                            head: 9,
                            floor: 0,
                            rows: there.len() as u64,
                            limits: Limits::default(),
                            heartbeat_ms: 15_000,
                            time_ms: now,
                            persons: Vec::new(),
                            account_id: String::new(),
                        }),
                        Request::Pull { .. } | Request::Span { .. } => {
                            Answer::Page(Page { documents: Vec::new(), checkpoint: checkpoint.clone(), more: false, head: 9 })
                        }
                        Request::Digest => Answer::Digest(digest_of(there)),
                        Request::Blocks { chain } => Answer::Blocks(blocks_of(there, &chain)),
                        other => panic!("nothing is to be asked for: {other:?}"),
                    };
                    inputs.push_back(Input::Answered { id, answer });
                }
                Command::OpenStream { id, .. } => inputs.push_back(Input::StreamOpened { id }),
                Command::Collect { .. } => inputs.push_back(Input::Outbox(Vec::new())),
                Command::Commit(_) => inputs.push_back(Input::Committed),
                Command::Compare(digest) => inputs.push_back(Input::Compared(shelf.compare(&digest))),
                Command::CompareBlocks(blocks) => {
                    let comparison = shelf.compare_blocks(&blocks).unwrap_or_else(|_| {
                        files.iter().for_each(|(name, rows)| shelf.file_read(name, rows));
                        shelf.compare_blocks(&blocks).expect("the files are read")
                    });
                    inputs.push_back(Input::Compared(comparison));
                }
                Command::Forget { .. } | Command::CloseStream { .. } | Command::Wake { .. } => {}
                Command::FetchSnapshot(_) => panic!("everything is here"),
            }
        }
    }
}

fn connected(rows: &[Row]) -> Standing {
    let cursor = Some(Checkpoint { epoch: "e".to_owned(), seq: 9, view: "v".to_owned() });
    let mut standing = Standing { epoch: "e".to_owned(), cursor, audited_ms: 999_000, ..Standing::default() };
    rows.iter().for_each(|row| standing.ack(row));
    standing
}

/// Two tabs that received the same rows each have them in a file of their own.
#[test]
fn files_that_hold_the_same_rows_are_proven_like_others() {
    let rows = chain(3, 700);
    let other = chain(4, 30);
    let mut shelf = Shelf::default();
    shelf.add_file("one", &spans(rows.iter()));
    shelf.add_file("two", &spans(rows[..40].iter()));
    other.iter().for_each(|row| _ = shelf.add(row.clone()));
    let all: Vec<Row> = rows.iter().chain(&other).cloned().collect();
    let there: Vec<&Row> = all.iter().collect();
    let mut replica = Replica::new(connected(&all), None);
    prove(&mut replica, &mut shelf, &[("one", &rows), ("two", &rows[..40])], &there, |_| false);
    assert_eq!(replica.verified, Some((all.len() as u64, 2)));
    // What is missing there is no proof.
    prove(&mut replica, &mut shelf, &[], &there, |_| false);
    let mut shelf = Shelf::default();
    all[1..].iter().for_each(|row| _ = shelf.add(row.clone()));
    let mut replica = Replica::new(connected(&all), None);
    let there: Vec<&Row> = all[2..].iter().collect();
    prove(&mut replica, &mut shelf, &[], &there, |_| false);
    assert_eq!(replica.verified, None);
}

/// Somebody asked for the proof, and the line broke while it was being made.
#[test]
fn a_comparison_that_is_cut_off_is_made_when_the_line_is_back() {
    let rows = chain(3, 700);
    let mut there: Vec<&Row> = rows.iter().collect();
    for at_blocks in [false, true] {
        let mut shelf = Shelf::default();
        shelf.add_file("one", &spans(rows.iter()));
        shelf.add_file("two", &spans(rows.iter()));
        let mut replica = Replica::new(connected(&rows), None);
        let cuts = std::cell::Cell::new(2);
        let drops = |request: &Request| {
            let cut = matches!((request, at_blocks), (Request::Digest, false) | (Request::Blocks { .. }, true)) && 0 < cuts.get();
            cuts.set(cuts.get() - u32::from(cut));
            cut
        };
        prove(&mut replica, &mut shelf, &[("one", &rows), ("two", &rows)], &there, drops);
        assert_eq!((cuts.get(), replica.verified), (0, Some((rows.len() as u64, 1))), "cut at the blocks: {at_blocks}");
        there.reverse();
    }
}

/// What the server refused is nowhere else: it may not be wiped, and nobody says that the server has it.
#[test]
fn a_refused_row_is_only_here() {
    let rows = chain(5, 10);
    let mut shelf = Shelf::default();
    let mut standing = Standing::default();
    for row in &rows {
        shelf.add(row.clone());
        standing.ack(row);
    }
    assert_eq!((shelf.waiting_count(&standing), shelf.unacknowledged(&standing)), (0, 0));
    let refused = &rows[2];
    let key = ChainKey::of(refused);
    standing.acked.get_mut(&key).expect("acknowledged").remove(refused.dseq, refused.dseq);
    assert_eq!((shelf.waiting_count(&standing), shelf.unacknowledged(&standing)), (1, 1));
    let why = Refused { chain: key, dseq: refused.dseq, code: Code::Quota, retry: Retry::AfterQuota };
    standing.refused.insert(refused.event_id, why);
    assert_eq!((shelf.waiting_count(&standing), shelf.unacknowledged(&standing)), (0, 1));
    let lately: Vec<_> = shelf.waiting_lately(&standing, 9).iter().map(|row| row.event_id).collect();
    assert_eq!(lately, [refused.event_id]);
}

#[test]
fn a_row_of_this_device_that_was_not_written_here_gives_a_copy_away() {
    let draft = |name: &str| bridge::Draft::mine(ledger::Fact::ProfileChanged { name: name.to_owned(), at_ms: 1, offset_min: 0 });
    let mut scribe = Scribe::new(5);
    let shared = scribe.write(1_000, (0..4).map(|nth| draft(&format!("{nth}"))).collect());
    // From here on there are two of it.
    let mut copy = Scribe { device: scribe.device.clone(), random: tests::Seeded(77), rows: Vec::new() };
    let (here, there) = (scribe.write(2_000, vec![draft("here")]), copy.write(2_000, vec![draft("there"), draft("and there")]));
    let other = Scribe::new(6).write(2_000, vec![draft("somebody else")]);
    let own = scribe.device.identity().device_id.clone();
    let chain = wire::ChainKey::of(&here[0]);
    // The third row is in a file that was damaged.
    let mut shelf = Shelf::default();
    shared.iter().filter(|row| row.dseq != 3).chain(&here).for_each(|row| _ = shelf.add(row.clone()));
    let cases: [(&str, &[ledger::Row], bool, &[u64]); 6] = [
        ("a row that is here", &here, false, &[]),
        ("a row of another device", &other, false, &[]),
        ("a row of our own that was lost", &shared[2..3], false, &[]),
        ("one in a place that is taken", &there[..1], true, &[5]),
        ("one behind all that was written here", &there[1..], true, &[]),
        ("both", &there, true, &[5]),
    ];
    for (name, rows, copied, doubled) in cases {
        let found = shelf.foreign(&own, |chain| scribe.device.end_of(chain), rows.iter());
        let places = found.doubled.get(&chain).into_iter().flat_map(|places| places.iter().flat_map(|(from, to)| from..=to));
        assert_eq!((found.copied, places.collect::<Vec<_>>()), (copied, doubled.to_vec()), "{name}");
        // By what a file says it holds, more is in doubt: whether a row there is the one that is here shows when it is read.
        let spans = wire::spans(rows.iter());
        let beyond = rows.iter().any(|row| row.device_id == own && 5 < row.dseq);
        assert_eq!(shelf.foreign_file(&own, |chain| scribe.device.end_of(chain), &spans).copied, beyond, "{name}, in a file");
    }
    // A row that is written here next, at an end that the copy has gone beyond, would be taken for one that is sent.
    there.iter().for_each(|row| _ = shelf.add(row.clone()));
    assert_eq!(shelf.doubled().get(&chain), Some(&wire::Ranges::of(5, 5)));
    let mut standing = Standing::default();
    there.iter().for_each(|row| standing.ack(row));
    assert!(standing.is_acked(&here[0]), "by its place alone");
    assert!(standing.doubt(&shelf.doubled()));
    assert!(!standing.is_acked(&here[0]));
    assert_eq!(standing.pending(&chain, &wire::Ranges::of(5, 6)), wire::Ranges::of(5, 5));
}

#[test]
fn rows_that_do_not_follow_the_one_before_them_are_counted() {
    let draft = |name: &str| bridge::Draft::mine(ledger::Fact::ProfileChanged { name: name.to_owned(), at_ms: 1, offset_min: 0 });
    let mut scribe = Scribe::new(5);
    let rows = scribe.write(1_000, (0..6).map(|nth| draft(&format!("{nth}"))).collect());
    let digest = wire::Digest { epoch: String::new(), head: 0, chains: Vec::new() };
    let unlinked = |rows: &[ledger::Row]| {
        let mut shelf = Shelf::default();
        rows.iter().for_each(|row| _ = shelf.add(row.clone()));
        shelf.compare(&digest).unlinked
    };
    assert_eq!(unlinked(&rows), 0);
    assert_eq!(unlinked(&[&rows[..2], &rows[3..]].concat()), 0, "what is not here says nothing");
    // Another third row, as somebody with the device's name would write it who has the first two: both follow, and the
    // fourth follows one of them.
    let mut copy = Scribe::new(5);
    copy.write(1_000, (0..2).map(|nth| draft(&format!("{nth}"))).collect());
    let third = copy.write(1_001, vec![draft("another")]).remove(0);
    assert_eq!(unlinked(&[&rows[..], std::slice::from_ref(&third)].concat()), 0);
    // In the place of the third one, it is not what the fourth follows.
    assert_eq!(unlinked(&[&rows[..2], std::slice::from_ref(&third), &rows[3..]].concat()), 1);
}

/// Somebody else signed in where this device thinks it is connected: nothing of it is claimed, sent or fetched there.
#[test]
fn another_accounts_greeting_is_a_strangers() {
    for (said, stops) in [("mia", false), ("", false), ("ben", true)] {
        let mut replica = Replica::new(Standing::default(), None);
        replica.is_of("mia".to_owned());
        let mut random = Seeded(1);
        let asked = replica.step(1, &mut random, Input::Connect);
        let Some(Command::Ask { id, request: Request::Hello }) = asked.first() else { panic!("{asked:?}") };
        let own = chain(3, 2).remove(0);
        let ledger::Scope::Person(person) = own.scope else { panic!("a person's row") };
        replica.writes_for(person);
        let hello = Hello {
            protocol: PROTOCOL,
            epoch: "e".to_owned(),
            view: "v".to_owned(),
            head: 9,
            floor: 0,
            rows: 0,
            limits: Limits::default(),
            heartbeat_ms: 15_000,
            time_ms: 1,
            persons: vec![person.to_string()],
            account_id: said.to_owned(),
        };
        let stranger = Hello { persons: Vec::new(), ..hello.clone() };
        let hello = if stops { stranger } else { hello };
        let after = replica.step(2, &mut random, Input::Answered { id: *id, answer: Answer::Hello(hello) });
        assert_eq!((replica.link() == Link::Stopped, after.is_empty()), (stops, stops), "{said}: {after:?}");
    }
}
