//! One suite over both databases, each opened twice, as by two server processes. PostgreSQL takes part when
//! SPOTTER_POSTGRES names a server on which databases may be made.

use std::{
    collections::BTreeSet,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
    },
    thread,
};

use bridge::Draft;
use ledger::{DeviceId, EntityId, Fact, Row};
use server::{
    accounts::{self, Identity, NewDevice},
    hub::{Hub, Said, Seat},
    replicate::{self, SEGMENT_ROWS, realm},
    store::{Store, read, write},
};
use tests::Scribe;
use wire::{ChainKey, Code, Problem, RawRow, Status, raw_of};

const NOW: u64 = 1_763_700_000_000;
const QUOTA: u64 = 1 << 40;

/// A database, and two openings of it.
struct Bench {
    name: &'static str,
    address: String,
    one: Arc<dyn Store>,
    two: Arc<dyn Store>,
    folder: tempfile::TempDir,
}

fn benches() -> Vec<Bench> {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let folder = || tempfile::tempdir().expect("a folder");
    let open = |name, address: String, folder| {
        let (one, two) = (server::open(&address).expect("it opens"), server::open(&address).expect("it opens again"));
        Bench { name, address, one, two, folder }
    };
    let sqlite = folder();
    let path = sqlite.path().join("spotter.db").to_string_lossy().into_owned();
    let mut out = vec![open("SQLite", path, sqlite)];
    if let Ok(server) = std::env::var("SPOTTER_POSTGRES") {
        let name = format!("spotter_{}_{}", std::process::id(), NEXT.fetch_add(1, Relaxed));
        let mut client = postgres::Client::connect(&server, postgres::NoTls).expect("PostgreSQL answers");
        client.batch_execute(&format!("create database {name}")).expect("a database");
        out.push(open(
            "PostgreSQL",
            format!("{}/{name}", server.trim_end_matches('/').rsplit_once('/').map_or("", |it| it.0)),
            folder(),
        ));
    }
    out
}

/// An account with one device, and rows that this device has written.
struct Person {
    who: Identity,
    token: String,
    scribe: Scribe,
}

impl Person {
    fn on(store: &dyn Store, seed: u64) -> Self {
        let scribe = Scribe::new(seed);
        let invite = accounts::make_invite(store, NOW).expect("an invitation").0;
        let identity = scribe.device.identity();
        let device = NewDevice { device_id: identity.device_id.clone(), name: "phone".to_owned(), person: Some(identity.person) };
        let signed = accounts::sign_up(store, &format!("person {seed}"), "no hash".to_owned(), Some(invite), device, NOW);
        let token = signed.expect("a sign-up").token;
        let who = accounts::identify(store, &token, NOW).expect("a read").expect("signed in");
        Self { who, token, scribe }
    }

    fn rows(&mut self, n: u64) -> Vec<RawRow> {
        let drafts = (0..n).map(|nth| Draft::mine(Fact::ProfileChanged { name: format!("name {nth}"), at_ms: 1, offset_min: 0 }));
        self.scribe.write(NOW, drafts.collect()).iter().map(|row| raw_of(&row.raw).expect("JSON")).collect()
    }

    fn push(&self, store: &dyn Store, rows: &[RawRow]) -> Vec<wire::Verdict> {
        replicate::push(store, &self.who.account_id, rows, QUOTA, NOW).expect("an answer").answer.results
    }

    fn pull_all(&self, store: &dyn Store, size: usize) -> Vec<Row> {
        let (mut checkpoint, mut out) = (None, Vec::new());
        loop {
            let page = replicate::pull(store, &self.who.account_id, checkpoint.as_ref(), size, None, None).expect("a page");
            out.extend(page.documents.iter().map(|raw| Row::read(raw.get().as_bytes()).expect("a row")));
            checkpoint = Some(page.checkpoint);
            if !page.more {
                return out;
            }
        }
    }
}

#[test]
fn verdicts_are_by_content() {
    for Bench { name, one, two, folder: _folder, .. } in benches() {
        let mut mia = Person::on(&*one, 1);
        let mut ben = Person::on(&*two, 2);
        let rows = mia.rows(120);
        let mut pushed = rows.clone();
        pushed.push(raw_of(b"{\"event_id\":\"no row\"}").expect("JSON"));
        pushed.push(rows[0].clone());
        pushed.extend(ben.rows(1));
        let verdicts = mia.push(&*one, &pushed);
        let seqs: Vec<u64> = verdicts[..120].iter().filter_map(|verdict| verdict.seq).collect();
        assert_eq!(seqs, (1..=120).collect::<Vec<_>>(), "{name}: dense, in the order of the batch");
        assert_eq!((verdicts[120].status, verdicts[120].code), (Status::Rejected, Some(Code::BadEnvelope)), "{name}");
        assert_eq!((verdicts[121].status, verdicts[121].seq), (Status::Duplicate, Some(1)), "{name}: twice in one batch");
        assert_eq!((verdicts[122].status, verdicts[122].code), (Status::Rejected, Some(Code::ForbiddenScope)), "{name}");
        // Sent again, through the other process: nothing changes.
        let again = mia.push(&*two, &rows);
        assert!(again.iter().all(|verdict| verdict.status == Status::Duplicate), "{name}");
        assert_eq!(again.iter().filter_map(|verdict| verdict.seq).collect::<Vec<_>>(), seqs, "{name}: the first numbers");
        // The same id with other content stores nothing.
        let mut other = mia.scribe.rows[3].clone();
        let mut whole: serde_json::Value = serde_json::from_slice(&other.raw).expect("JSON");
        whole["body"]["name"] = "somebody else".into();
        for key in ["h", "_deleted"] {
            whole.as_object_mut().expect("an object").remove(key);
        }
        whole["h"] = tests::blake3_hex(&ledger::canonical(&whole).expect("canonical")).into();
        other.raw = serde_json::to_vec(&whole).expect("JSON");
        let pushed =
            replicate::push(&*one, &mia.who.account_id, &[raw_of(&other.raw).expect("JSON")], QUOTA, NOW).expect("an answer");
        let verdict = &pushed.answer.results[0];
        assert_eq!((verdict.status, verdict.code), (Status::Conflict, Some(Code::IdReused)), "{name}");
        assert_eq!(verdict.stored_h.as_ref(), Some(&mia.scribe.rows[3].h), "{name}");
        assert_eq!(pushed.conflicts[0].get().as_bytes(), mia.scribe.rows[3].raw, "{name}: the stored row, byte for byte");
        for size in [1, 7, 120, 1_000] {
            assert_eq!(mia.pull_all(&*two, size), mia.scribe.rows, "{name}: pages of {size}");
        }
        // A checkpoint of one scope is none of all of them.
        let scope = mia.scribe.rows[0].scope.to_string();
        let some = replicate::pull(&*one, &mia.who.account_id, None, 10, Some(&scope), None).expect("a page").checkpoint;
        let all = replicate::pull(&*one, &mia.who.account_id, Some(&some), 10, None, None);
        assert_eq!(all.err().map(|problem| problem.code), Some(Code::ViewChanged), "{name}");
        assert!(replicate::pull(&*one, &mia.who.account_id, Some(&some), 10, Some(&scope), None).is_ok(), "{name}");
        assert_eq!(ben.pull_all(&*one, 10), [], "{name}: Ben reads nothing of Mia's");
        let rows = ben.rows(1);
        let full = replicate::push(&*one, &ben.who.account_id, &rows, 100, NOW).expect("an answer").answer;
        assert_eq!(full.results[0].code, Some(Code::Quota), "{name}");
    }
}

/// Whoever reads while others commit never passes a number that it has not got.
#[test]
fn commits_are_seen_in_their_order() {
    for Bench { name, one, two, folder: _folder, .. } in benches() {
        let mut people: Vec<Person> = (10..14).map(|seed| Person::on(&*one, seed)).collect();
        let batches: Vec<Vec<Vec<RawRow>>> = people.iter_mut().map(|person| (0..25).map(|_| person.rows(7)).collect()).collect();
        let over = AtomicBool::new(false);
        thread::scope(|scope| {
            let stores = [&one, &two];
            let readers: Vec<_> = (0..4)
                .map(|nth| {
                    let (store, person, over) = (stores[nth % 2], &people[nth], &over);
                    scope.spawn(move || {
                        let (mut checkpoint, mut seen) = (None, Vec::new());
                        loop {
                            let last = over.load(Relaxed);
                            let account = &person.who.account_id;
                            let page = replicate::pull(&**store, account, checkpoint.as_ref(), 5, None, None).expect("a page");
                            seen.extend(page.documents.iter().map(|raw| Row::read(raw.get().as_bytes()).expect("a row").dseq));
                            checkpoint = Some(page.checkpoint);
                            if last && !page.more {
                                return seen;
                            }
                        }
                    })
                })
                .collect();
            let writers: Vec<_> = batches
                .iter()
                .enumerate()
                .map(|(nth, batches)| {
                    let (store, person) = (stores[(nth / 2) % 2], &people[nth]);
                    scope.spawn(move || batches.iter().for_each(|rows| _ = person.push(&**store, rows)))
                })
                .collect();
            writers.into_iter().for_each(|writer| writer.join().expect("a writer"));
            over.store(true, Relaxed);
            for reader in readers {
                let seen = reader.join().expect("a reader");
                assert_eq!(seen, (1..=175).collect::<Vec<u64>>(), "{name}: every row, once, in order");
            }
        });
        let head = read(&*one, realm).expect("a realm").head;
        assert_eq!(head, 4 * 175, "{name}: numbers are dense");
    }
}

/// One write that fails takes no other with it, and leaves nothing of itself.
#[test]
fn a_failed_write_is_undone_alone() {
    for Bench { name, one, folder: _folder, .. } in benches() {
        thread::scope(|scope| {
            for nth in 0..40_u64 {
                let store = &one;
                scope.spawn(move || {
                    let outcome = write(&**store, move |sql| {
                        let insert = "insert into codes (code_hash, purpose, account_id, expires_ms) values ($1, 'test', '', 0)";
                        sql.run(insert, &[format!("code {nth}").into()])?;
                        if nth % 3 == 0 { Err(Problem::new(Code::Forbidden, "undone").into()) } else { Ok(()) }
                    });
                    assert_eq!(outcome.is_err(), nth % 3 == 0, "{name}");
                });
            }
        });
        let kept = read(&*one, |sql| sql.rows("select code_hash from codes where purpose = 'test'", &[])).expect("a read");
        let kept: BTreeSet<String> = kept.iter().map(|record| record[0].text().to_owned()).collect();
        let want: BTreeSet<String> = (0..40).filter(|nth| nth % 3 != 0).map(|nth| format!("code {nth}")).collect();
        assert_eq!(kept, want, "{name}");
    }
}

fn seat(store: &dyn Store, hub: &Arc<Hub>, person: &Person) -> Seat {
    let (reader, realm, _) = replicate::stream_start(store, &person.who.account_id, None).expect("a start");
    hub.join(&reader, &realm, &person.who.token_hash)
}

/// What the feed says next, from whatever thread it comes.
fn next(feed: &server::hub::Feed) -> Said {
    let (waker, woken) = waker();
    loop {
        if let Some(said) = feed.take(Some(&waker)) {
            return said;
        }
        woken.recv_timeout(std::time::Duration::from_secs(20)).expect("the feed wakes who waits");
    }
}

fn waker() -> (std::task::Waker, std::sync::mpsc::Receiver<()>) {
    struct Tell(std::sync::mpsc::SyncSender<()>);
    impl std::task::Wake for Tell {
        fn wake(self: Arc<Self>) {
            let _ = self.0.try_send(());
        }
    }
    let (tell, told) = std::sync::mpsc::sync_channel(1);
    (Arc::new(Tell(tell)).into(), told)
}

/// What one process commits, the readers of every process hear; who is shut out hears no more.
#[test]
fn fan_out_reaches_every_process() {
    for Bench { name, address, one, two, folder: _folder, .. } in benches() {
        // Two processes over one SQLite file are no set-up of ours: there the one that commits fans out.
        let two = if address.starts_with("postgres") { two } else { Arc::clone(&one) };
        let mut mia = Person::on(&*one, 20);
        let ben = Person::on(&*one, 21);
        let hub = server::fan_out(&two).expect("a hub");
        let (own, others) = (seat(&*two, &hub, &mia), seat(&*two, &hub, &ben));
        let rows = mia.rows(3);
        mia.push(&*one, &rows);
        let Said::Frame(frame) = next(&own.feed) else { panic!("{name}: a frame") };
        let said: Vec<&str> = frame.documents.iter().map(|raw| raw.get()).collect();
        assert_eq!(said, rows.iter().map(|raw| raw.get()).collect::<Vec<_>>(), "{name}");
        assert_eq!((frame.prev.seq, frame.checkpoint.seq), (own.from, own.from + 3), "{name}");
        assert!(others.feed.take(None).is_none(), "{name}: Ben hears nothing of Mia's");
        accounts::revoke(&*one, &mia.who, &mia.who.device_id).expect("a revocation");
        assert!(matches!(next(&own.feed), Said::Bye(Code::SignIn)), "{name}");
        assert_eq!(accounts::identify(&*two, &mia.token, NOW).expect("a read"), None, "{name}");
        assert!(others.feed.take(None).is_none(), "{name}: Ben stays");
    }
}

#[test]
fn a_slow_reader_is_told_to_pull() {
    for Bench { name, one, folder: _folder, .. } in benches() {
        let mut mia = Person::on(&*one, 30);
        let hub = Hub::start(&*one).expect("a hub");
        let seat = seat(&*one, &hub, &mia);
        for _ in 0..300 {
            let rows = mia.rows(1);
            mia.push(&*one, &rows);
            hub.publish(&*one).expect("handed out");
        }
        assert!(matches!(next(&seat.feed), Said::Resync), "{name}");
        // What comes after the word is whole again, and follows what was dropped.
        let rest: Vec<Said> = std::iter::from_fn(|| seat.feed.take(None)).collect();
        let mut at = None;
        for said in rest {
            let Said::Frame(frame) = said else { panic!("{name}: frames only") };
            assert!(at.is_none_or(|at| at == frame.prev.seq), "{name}");
            at = Some(frame.checkpoint.seq);
        }
        assert_eq!(at, Some(300), "{name}");
    }
}

#[test]
fn a_backup_comes_back_under_another_epoch() {
    for Bench { name, address, one, two, folder } in benches() {
        let mut mia = Person::on(&*one, 40);
        let rows = mia.rows(50);
        mia.push(&*one, &rows);
        let file: PathBuf = folder.path().join("backup.db");
        server::backup(&address, &file).expect("a backup");
        assert!(server::backup(&address, &file).is_err(), "{name}: a backup overwrites nothing");
        let before = replicate::pull(&*one, &mia.who.account_id, None, 1_000, None, None).expect("a page").checkpoint;
        let later = mia.rows(10);
        mia.push(&*one, &later);
        drop((one, two));
        server::restore(&file, &address).expect("a restore");
        let store = server::open(&address).expect("it opens");
        let old = replicate::pull(&*store, &mia.who.account_id, Some(&before), 10, None, None);
        assert_eq!(old.err().map(|problem| problem.code), Some(Code::EpochChanged), "{name}");
        assert_eq!(mia.pull_all(&*store, 1_000), mia.scribe.rows[..50], "{name}");
        // What the backup lacks comes back from the device.
        let verdicts = mia.push(&*store, &rows.iter().chain(&later).cloned().collect::<Vec<_>>());
        let count = |status| verdicts.iter().filter(|verdict| verdict.status == status).count();
        assert_eq!((count(Status::Duplicate), count(Status::Accepted)), (50, 10), "{name}");
        assert_eq!(mia.pull_all(&*store, 1_000), mia.scribe.rows, "{name}");
    }
}

#[test]
fn digests_and_segments_say_what_there_is() {
    for Bench { name, one, folder: _folder, .. } in benches() {
        let mut mia = Person::on(&*one, 50);
        // Whole segments are cut as they fill: one and a bit.
        for _ in 0..SEGMENT_ROWS / 500 {
            let rows = mia.rows(500);
            mia.push(&*one, &rows);
        }
        let rows = mia.rows(77);
        mia.push(&*one, &rows);
        let account = &mia.who.account_id;
        let snapshot = replicate::snapshot(&*one, account).expect("a list");
        assert!(1 < snapshot.segments.len(), "{name}: {:?}", snapshot.segments);
        assert_eq!(snapshot.rows, SEGMENT_ROWS + 77, "{name}");
        let mut all = Vec::new();
        for segment in &snapshot.segments {
            let rows = replicate::segment(&*one, account, &segment.scope, segment.from, segment.to).expect("a segment");
            assert_eq!(rows.len() as u64, segment.rows, "{name}");
            all.extend(rows);
        }
        let whole = &snapshot.segments[0];
        for (from, to) in [(whole.from + 1, whole.to), (whole.to, whole.from), (0, snapshot.checkpoint.seq)] {
            let other = replicate::segment(&*one, account, &whole.scope, from, to);
            assert_eq!(other.err().map(|problem| problem.code), Some(Code::BadRequest), "{name}: {from} to {to} is no segment");
        }
        assert_eq!(all, mia.scribe.rows, "{name}");
        let digest = replicate::digest(&*one, account, None).expect("a digest");
        let mut shelf = device::Shelf::default();
        all.into_iter().for_each(|row| _ = shelf.add(row));
        let comparison = shelf.compare(&digest);
        assert_eq!((comparison.rows, comparison.same.len()), (SEGMENT_ROWS + 77, 1), "{name}");
        assert!(comparison.differ.is_empty() && comparison.closer.is_empty(), "{name}");
        let chain = ChainKey::of(&mia.scribe.rows[0]);
        let blocks = replicate::blocks(&*one, account, &chain).expect("blocks");
        let comparison = shelf.compare_blocks(&blocks).expect("nothing is sealed");
        assert!(comparison.differ.is_empty() && comparison.fetch.is_empty(), "{name}");
        let span = replicate::span(&*one, account, &chain, 513, 520).expect("a span");
        let places: Vec<u64> = span.documents.iter().map(|raw| Row::read(raw.get().as_bytes()).expect("a row").dseq).collect();
        assert_eq!(places, (513..=520).collect::<Vec<_>>(), "{name}");
    }
}

#[test]
fn an_erased_account_leaves_nothing() {
    for Bench { name, one, folder: _folder, .. } in benches() {
        let password = accounts::hash_password("correct horse battery").expect("a hash");
        let mut scribe = Scribe::new(60);
        let identity = scribe.device.identity().clone();
        let device = NewDevice { device_id: identity.device_id, name: "phone".to_owned(), person: Some(identity.person) };
        let signed = accounts::sign_up(&*one, "Zoë", password, None, device, NOW).expect("the first needs no invitation");
        let who = accounts::identify(&*one, &signed.token, NOW).expect("a read").expect("signed in");
        let rows = scribe.write(NOW, vec![Draft::mine(Fact::ProfileChanged { name: "Zoë".to_owned(), at_ms: 1, offset_min: 0 })]);
        let rows: Vec<RawRow> = rows.iter().filter_map(|row| raw_of(&row.raw)).collect();
        replicate::push(&*one, &who.account_id, &rows, QUOTA, NOW).expect("an answer");
        assert_eq!(accounts::erase(&*one, &who, "wrong").err().map(|problem| problem.code), Some(Code::WrongPassword), "{name}");
        let stranger = NewDevice { device_id: DeviceId::from_bytes([9; 8]), name: "x".to_owned(), person: Some(identity.person) };
        let other = accounts::sign_up(&*one, "zoë ", "h".to_owned(), None, stranger.clone(), NOW);
        assert_eq!(other.err().map(|problem| problem.code), Some(Code::Forbidden), "{name}: by invitation only");
        let invite = accounts::make_invite(&*one, NOW).expect("an invitation").0;
        let other = accounts::sign_up(&*one, "Zora", "h".to_owned(), Some(invite.clone()), stranger, NOW);
        assert_eq!(other.err().map(|problem| problem.code), Some(Code::Taken), "{name}: a person has one account");
        accounts::erase(&*one, &who, "correct horse battery").expect("erased");
        for table in ["events", "chains", "scopes", "accounts", "persons", "devices", "sign_ins"] {
            let left = read(&*one, |sql| sql.one(&format!("select count(*) from {table}"), &[])).expect("a read");
            assert_eq!(left.map(|record| record[0].int()), Some(0), "{name}: {table}");
        }
        // A refusal spends no invitation.
        let device = NewDevice { device_id: DeviceId::from_bytes([8; 8]), name: "x".to_owned(), person: None::<EntityId> };
        accounts::sign_up(&*one, "Zora", "h".to_owned(), Some(invite), device, NOW).expect("the invitation still holds");
    }
}
