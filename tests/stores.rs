//! One suite over both databases, each opened twice, as by two server processes. PostgreSQL takes part when
//! SPOTTER_POSTGRES names a server on which databases may be made.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
    },
    thread,
};

use bridge::Draft;
use ledger::{DeviceId, EntityId, Fact, Row};
use realm::{
    accounts::{self, Identity, NewDevice},
    hub::{Hub, Said, Seat},
    replicate::{self, SEGMENT_ROWS, realm},
    store::{Act, PostgresStore, Record, Sql, SqliteStore, Store, StoreErr, Tell, Val, read, tables, write},
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
        let (one, two) = (realm::open(&address, NOW).expect("it opens"), realm::open(&address, NOW).expect("it opens again"));
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
        let device = NewDevice {
            device_id: identity.device_id.clone(),
            name: "phone".to_owned(),
            person: Some(identity.person),
            browser: false,
        };
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
        let kept: BTreeSet<String> = kept.iter().map(|record| record.get(0).expect("a text")).collect();
        let want: BTreeSet<String> = (0..40).filter(|nth| nth % 3 != 0).map(|nth| format!("code {nth}")).collect();
        assert_eq!(kept, want, "{name}");
    }
}

fn seat(store: &dyn Store, hub: &Arc<Hub>, person: &Person) -> Seat {
    let (reader, realm, _) = replicate::stream_start(store, &person.who.account_id, None).expect("a start");
    hub.join(&reader, &realm, &person.who.token_hash)
}

/// What the feed says next, from whatever thread it comes.
fn next(feed: &realm::hub::Feed) -> Said {
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
        let hub = realm::fan_out(&two).expect("a hub");
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
        accounts::make_invite(&*one, NOW).expect("a code that nobody has used");
        realm::backup(&address, &file).expect("a backup");
        assert_eq!(beside(&file), ["backup.db"], "{name}: a backup is one file");
        assert!(realm::backup(&address, &file).is_err(), "{name}: a backup overwrites nothing");
        let before = replicate::pull(&*one, &mia.who.account_id, None, 1_000, None, None).expect("a page").checkpoint;
        let later = mia.rows(10);
        mia.push(&*one, &later);
        drop((one, two));
        realm::restore(&file, &address).expect("a restore");
        let store = realm::open(&address, NOW).expect("it opens");
        // Somebody who was shut out since, or spent a code, would be in again.
        assert_eq!(accounts::identify(&*store, &mia.token, NOW).expect("a read"), None, "{name}: a sign-in of the backup");
        for table in ["sign_ins", "codes"] {
            assert_eq!(count(&*store, table), 0, "{name}: {table}");
        }
        assert_eq!(count(&*store, "devices"), 1, "{name}");
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
        let device =
            NewDevice { device_id: identity.device_id, name: "phone".to_owned(), person: Some(identity.person), browser: false };
        let invite = accounts::make_invite(&*one, NOW).expect("an invitation").0;
        let signed = accounts::sign_up(&*one, "Zoë", password, Some(invite), device, NOW).expect("a sign-up");
        let who = accounts::identify(&*one, &signed.token, NOW).expect("a read").expect("signed in");
        let rows = scribe.write(NOW, vec![Draft::mine(Fact::ProfileChanged { name: "Zoë".to_owned(), at_ms: 1, offset_min: 0 })]);
        let rows: Vec<RawRow> = rows.iter().filter_map(|row| raw_of(&row.raw)).collect();
        replicate::push(&*one, &who.account_id, &rows, QUOTA, NOW).expect("an answer");
        assert_eq!(accounts::erase(&*one, &who, "wrong").err().map(|problem| problem.code), Some(Code::WrongPassword), "{name}");
        let stranger = NewDevice {
            device_id: DeviceId::from_bytes([9; 8]),
            name: "x".to_owned(),
            person: Some(identity.person),
            browser: false,
        };
        let other = accounts::sign_up(&*one, "zoë ", "h".to_owned(), None, stranger.clone(), NOW);
        assert_eq!(other.err().map(|problem| problem.code), Some(Code::Forbidden), "{name}: by invitation only");
        let invite = accounts::make_invite(&*one, NOW).expect("an invitation").0;
        let other = accounts::sign_up(&*one, "Zora", "h".to_owned(), Some(invite.clone()), stranger, NOW);
        assert_eq!(other.err().map(|problem| problem.code), Some(Code::Taken), "{name}: a person has one account");
        accounts::erase(&*one, &who, "correct horse battery").expect("erased");
        for table in ["events", "chains", "scopes", "accounts", "persons", "devices", "sign_ins"] {
            assert_eq!(count(&*one, table), 0, "{name}: {table}");
        }
        // A refusal spends no invitation.
        let device =
            NewDevice { device_id: DeviceId::from_bytes([8; 8]), name: "x".to_owned(), person: None::<EntityId>, browser: false };
        accounts::sign_up(&*one, "Zora", "h".to_owned(), Some(invite), device, NOW).expect("the invitation still holds");
    }
}

fn count(store: &dyn Store, table: &str) -> i64 {
    let found = read(store, |sql| sql.one(&format!("select count(*) from {table}"), &[])).expect("a read");
    found.expect("a count").get(0).expect("a number")
}

/// Names of the files whose name begins with this one's.
fn beside(path: &Path) -> Vec<String> {
    let name = path.file_name().expect("a name").to_string_lossy().into_owned();
    let names = std::fs::read_dir(path.parent().expect("a folder")).expect("a list");
    let names = names.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned());
    let mut names: Vec<String> = names.filter(|other| other.starts_with(&name)).collect();
    names.sort();
    names
}

/// The first of the benches is SQLite's.
fn sqlite() -> (Bench, PathBuf) {
    let bench = benches().swap_remove(0);
    let path = PathBuf::from(&bench.address);
    (bench, path)
}

fn with(path: &Path, ending: &str) -> PathBuf {
    PathBuf::from(format!("{}{ending}", path.display()))
}

/// After a crash the log lies beside the database. Whoever removes only the database and restores has it there still.
#[test]
fn a_log_that_a_crash_left_does_not_get_into_what_is_restored() {
    for removed in [true, false] {
        let (Bench { one, two, folder, address, .. }, path) = sqlite();
        let mut mia = Person::on(&*one, 70);
        let rows = mia.rows(40);
        mia.push(&*one, &rows);
        let backup = folder.path().join("backup.db");
        realm::backup(&address, &backup).expect("a backup");
        for _ in 0..20 {
            let rows = mia.rows(40);
            mia.push(&*one, &rows);
        }
        // As the power goes: what is on the disk at this moment.
        let left = ["", "-wal", "-shm"].map(|ending| (ending, std::fs::read(with(&path, ending)).expect("it is there")));
        drop((one, two));
        for (ending, bytes) in &left {
            std::fs::write(with(&path, ending), bytes).expect("written");
        }
        if removed {
            std::fs::remove_file(&path).expect("the operator removes it");
        }
        realm::restore(&backup, &address).expect("a restore");
        let kept = with(&path, ".before-restore-1");
        for (ending, bytes) in left.iter().filter(|(ending, _)| !removed || !ending.is_empty()) {
            let found = std::fs::read(with(&kept, ending)).ok();
            assert!(found.is_some_and(|found| found == *bytes), "what was there before is kept: {ending}");
        }
        let store = realm::open(&address, NOW).expect("it opens");
        assert_eq!(mia.pull_all(&*store, 1_000), mia.scribe.rows[..40]);
        let sound = read(&*store, |sql| sql.one("select integrity_check from pragma_integrity_check", &[])).expect("a read");
        assert_eq!(sound.expect("an answer").get::<&str>(0), Ok("ok"));
    }
}

#[test]
fn nobody_starts_anew_where_a_restore_was_begun() {
    let (Bench { one, two, folder, address, .. }, path) = sqlite();
    let mut mia = Person::on(&*one, 71);
    let rows = mia.rows(5);
    mia.push(&*one, &rows);
    let backup = folder.path().join("backup.db");
    realm::backup(&address, &backup).expect("a backup");
    let err = realm::restore(&backup, &address).expect_err("the server still runs");
    assert!(err.to_string().contains("in use"), "{err:#}");
    assert_eq!(beside(&path), ["spotter.db", "spotter.db-shm", "spotter.db-wal"], "nothing was begun");
    drop((one, two));
    // The power goes at the worst moment: what was there is out of the way, and the backup not yet in its place.
    std::fs::rename(&path, with(&path, ".before-restore-1")).expect("set aside");
    std::fs::copy(&backup, with(&path, ".restoring")).expect("a whole copy");
    let err = realm::open(&address, NOW).err().expect("no empty database takes the place");
    assert!(format!("{err:#}").contains("spotter restore"), "{err:#}");
    assert!(!path.exists());
    realm::restore(&backup, &address).expect("a restore");
    let store = realm::open(&address, NOW).expect("it opens");
    assert_eq!(mia.pull_all(&*store, 1_000), mia.scribe.rows);
}

#[cfg(unix)]
#[test]
fn a_database_and_its_backups_are_their_owners_alone() {
    use std::os::unix::fs::PermissionsExt as _;
    let mode = |path: &Path| std::fs::metadata(path).expect("it is there").permissions().mode() & 0o777;
    let (Bench { one, two, folder, address, .. }, path) = sqlite();
    let mut mia = Person::on(&*one, 72);
    let rows = mia.rows(3);
    mia.push(&*one, &rows);
    let backup = folder.path().join("backup.db");
    realm::backup(&address, &backup).expect("a backup");
    for file in [&path, &with(&path, "-wal"), &with(&path, "-shm"), &backup] {
        assert_eq!(mode(file), 0o600, "{}", file.display());
    }
    drop((one, two));
    // One that an older program made for everybody to read.
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).expect("changed");
    drop(realm::open(&address, NOW).expect("it opens"));
    assert_eq!(mode(&path), 0o600);
    realm::restore(&backup, &address).expect("a restore");
    assert_eq!(mode(&path), 0o600);
}

/// A restore that cannot be finished has changed nothing: here a name that only one of the two databases can hold.
#[test]
fn a_restore_that_fails_leaves_what_was_there() {
    for Bench { name, address, one, two, folder } in benches().into_iter().skip(1) {
        let mut mia = Person::on(&*one, 73);
        let rows = mia.rows(20);
        mia.push(&*one, &rows);
        let other = folder.path().join("other.db").to_string_lossy().into_owned();
        let backup = folder.path().join("backup.db");
        let store = realm::open(&other, NOW).expect("it opens");
        let mut ben = Person::on(&*store, 74);
        let rows = ben.rows(20);
        ben.push(&*store, &rows);
        let insert = "insert into members (scope, account_id) values ('x' || char(0), 'a')";
        write(&*store, move |sql| sql.run(insert, &[])).expect("written");
        realm::backup(&other, &backup).expect("a backup");
        realm::restore(&backup, &address).expect_err("no text of PostgreSQL has such a character");
        assert_eq!(mia.pull_all(&*two, 7), mia.scribe.rows, "{name}");
        assert!(accounts::identify(&*one, &mia.token, NOW).expect("a read").is_some(), "{name}: and the sign-ins");
    }
}

#[test]
fn a_backup_is_finished_however_much_is_written_meanwhile() {
    let (Bench { one, folder, address, .. }, _) = sqlite();
    let mut mia = Person::on(&*one, 75);
    // More than a thousand pages of the database.
    let long = Draft::mine(Fact::ProfileChanged { name: "é".repeat(190), at_ms: 1, offset_min: 0 });
    for _ in 0..20 {
        let rows: Vec<RawRow> = mia.scribe.write(NOW, vec![long.clone(); 500]).iter().filter_map(|row| raw_of(&row.raw)).collect();
        mia.push(&*one, &rows);
    }
    let (before, over) = (mia.scribe.rows.len(), AtomicBool::new(false));
    let batches: Vec<Vec<RawRow>> = (0..6_000).map(|_| mia.rows(1)).collect();
    let backup = folder.path().join("backup.db");
    thread::scope(|scope| {
        let writer = scope.spawn(|| batches.iter().take_while(|_| !over.load(Relaxed)).for_each(|rows| _ = mia.push(&*one, rows)));
        realm::backup(&address, &backup).expect("a backup");
        assert!(!writer.is_finished(), "it ended while others were still writing");
        over.store(true, Relaxed);
    });
    let copy = realm::open(&backup.to_string_lossy(), NOW).expect("it opens");
    let rows = mia.pull_all(&*copy, 1_000);
    assert!(before <= rows.len());
    assert_eq!(rows, mia.scribe.rows[..rows.len()]);
}

/// What was erased is not left in free pages, nor in the log.
#[test]
fn what_is_erased_is_on_no_page_any_more() {
    let (Bench { one, two, folder, .. }, _) = sqlite();
    let secret = "the knee that nobody is to know of";
    let password = accounts::hash_password("correct horse battery").expect("a hash");
    let mut scribe = Scribe::new(76);
    let identity = scribe.device.identity().clone();
    let device =
        NewDevice { device_id: identity.device_id, name: "phone".to_owned(), person: Some(identity.person), browser: false };
    let invite = accounts::make_invite(&*one, NOW).expect("an invitation").0;
    let signed = accounts::sign_up(&*one, "zoë", password, Some(invite), device, NOW).expect("a sign-up");
    let who = accounts::identify(&*one, &signed.token, NOW).expect("a read").expect("signed in");
    for nth in 0..40 {
        let fact = Fact::ProfileChanged { name: format!("{secret} {nth}"), at_ms: 1, offset_min: 0 };
        let rows: Vec<RawRow> = scribe.write(NOW, vec![Draft::mine(fact)]).iter().filter_map(|row| raw_of(&row.raw)).collect();
        replicate::push(&*one, &who.account_id, &rows, QUOTA, NOW).expect("an answer");
    }
    let found = || {
        let files = std::fs::read_dir(folder.path()).expect("a list").map(|entry| entry.expect("an entry").path());
        let has = |path: &PathBuf| std::fs::read(path).expect("read").windows(secret.len()).any(|bytes| bytes == secret.as_bytes());
        files.filter(has).collect::<Vec<_>>()
    };
    assert!(!found().is_empty(), "it is there before");
    accounts::erase(&*one, &who, "correct horse battery").expect("erased");
    // The answer comes before the log is cut off: the next write follows after that.
    accounts::make_invite(&*one, NOW).expect("a write");
    assert_eq!(found(), Vec::<PathBuf>::new());
    drop(two);
}

/// Counts what is read of a store.
struct Counting {
    inner: Arc<dyn Store>,
    bytes: AtomicU64,
}

struct Counted<'a>(&'a mut dyn Sql, &'a AtomicU64);

impl Sql for Counted<'_> {
    fn each(&mut self, sql: &str, params: &[Val], take: &mut dyn FnMut(Record) -> Result<(), StoreErr>) -> Result<(), StoreErr> {
        let bytes = self.1;
        self.0.each(sql, params, &mut |record| {
            let len = |val: &Val| match val {
                Val::Null | Val::Int(_) => 8,
                Val::Text(text) => 8 + text.len(),
                Val::Bytes(bytes) => 8 + bytes.len(),
            };
            bytes.fetch_add(record.values().iter().map(len).sum::<usize>() as u64, Relaxed);
            take(record)
        })
    }

    fn run(&mut self, sql: &str, params: &[Val]) -> Result<u64, StoreErr> {
        self.0.run(sql, params)
    }
}

impl Store for Counting {
    fn read(&self, act: &mut dyn FnMut(&mut dyn Sql) -> Result<(), StoreErr>) -> Result<(), StoreErr> {
        self.inner.read(&mut |sql| act(&mut Counted(sql, &self.bytes)))
    }

    fn write(&self, act: Act) -> Result<(), StoreErr> {
        self.inner.write(act)
    }

    fn on_commit(&self, tell: Tell) {
        self.inner.on_commit(tell);
    }
}

/// Somebody with many profiles full of long rows cannot make the server read all of them for one page.
#[test]
fn a_page_reads_no_more_than_it_hands_out() {
    for Bench { name, one, folder: _folder, .. } in benches() {
        let mia = Person::on(&*one, 80);
        let long = Draft::mine(Fact::ProfileChanged { name: "é".repeat(190), at_ms: 1, offset_min: 0 });
        let mut all: BTreeSet<Vec<u8>> = BTreeSet::new();
        let mut chain = None;
        for seed in 0..8 {
            let mut scribe = Scribe::new(800 + seed);
            accounts::add_own_person(&*one, &mia.who, scribe.device.identity().person).expect("one more profile");
            let rows = scribe.write(NOW, vec![long.clone(); 300]);
            chain = Some(ChainKey::of(&rows[0]));
            all.extend(rows.iter().map(|row| row.raw.clone()));
            mia.push(&*one, &rows.iter().filter_map(|row| raw_of(&row.raw)).collect::<Vec<_>>());
        }
        let store = Counting { inner: Arc::clone(&one), bytes: AtomicU64::new(0) };
        let account = &mia.who.account_id;
        let (mut checkpoint, mut seen) = (None, BTreeSet::new());
        loop {
            store.bytes.store(0, Relaxed);
            let page = replicate::pull(&store, account, checkpoint.as_ref(), 1_000, None, Some(50_000)).expect("a page");
            let out: usize = page.documents.iter().map(|raw| raw.get().len()).sum();
            let read = store.bytes.load(Relaxed);
            assert!(out <= 50_000 && read <= 50_000 + 200_000, "{name}: {read} bytes read for {out}");
            seen.extend(page.documents.iter().map(|raw| raw.get().as_bytes().to_vec()));
            checkpoint = Some(page.checkpoint);
            if !page.more {
                break;
            }
        }
        assert_eq!(seen, all, "{name}");
        // Many rows are not replayed over a stream: it is told to pull, before they are read.
        store.bytes.store(0, Relaxed);
        let reader = read(&store, |sql| replicate::reader(sql, account)).expect("a reader");
        let past = read(&store, |sql| replicate::replay(sql, &reader, 0, 2_400, 1_000)).expect("a read");
        assert!(past.is_none(), "{name}");
        let chain = chain.expect("a chain");
        let span = replicate::span(&store, account, &chain, 1, 300).expect("a span");
        assert_eq!((span.documents.len(), span.more), (300, false), "{name}");
        assert_eq!(replicate::span(&store, account, &chain, 301, 400).expect("a span").documents.len(), 0, "{name}");
    }
}

/// One row whose bytes went bad does not keep the others from anybody, and comes back from whoever has it.
#[test]
fn a_damaged_row_is_left_out_and_can_come_again() {
    for Bench { name, one, two, folder: _folder, .. } in benches() {
        let mut mia = Person::on(&*one, 81);
        let rows = mia.rows(30);
        mia.push(&*one, &rows);
        write(&*one, |sql| sql.run("update events set raw = $1 where seq = 12", &[Val::Bytes(b"{\"event_id\":".to_vec())]))
            .expect("harmed");
        let account = &mia.who.account_id;
        let mut rest = mia.scribe.rows.clone();
        let lost = rest.remove(11);
        let page = replicate::pull(&*one, account, None, 1_000, None, None).expect("a page all the same");
        assert_eq!(page.documents.len(), 29, "{name}");
        assert_eq!(mia.pull_all(&*two, 7), rest, "{name}");
        let digest = replicate::digest(&*two, account, None).expect("a digest");
        assert_eq!((digest.chains[0].sum.n, digest.chains[0].sum.max_dseq), (29, 30), "{name}: the server says what it lacks");
        assert_eq!(replicate::snapshot(&*two, account).expect("a list").rows, 29, "{name}");
        let verdicts = mia.push(&*two, &[raw_of(&lost.raw).expect("JSON")]);
        assert_eq!(verdicts[0].status, Status::Accepted, "{name}");
        let mut shelf = device::Shelf::default();
        mia.scribe.rows.iter().for_each(|row| _ = shelf.add(row.clone()));
        let digest = replicate::digest(&*one, account, None).expect("a digest");
        assert!(shelf.compare(&digest).differ.is_empty(), "{name}");
        assert_eq!(mia.pull_all(&*one, 1_000).len(), 30, "{name}");
        if name == "SQLite" {
            // It keeps a text where bytes belong.
            write(&*one, |sql| sql.run("update events set raw = 'no bytes' where seq = 13", &[])).expect("harmed");
            let list = replicate::snapshot(&*one, account).expect("a list");
            let of = &list.segments[0];
            let whole = replicate::segment(&*one, account, &of.scope, of.from, of.to).expect("a segment all the same");
            assert_eq!(whole.len(), 29, "{name}");
            assert_eq!(mia.pull_all(&*one, 7).len(), 29, "{name}");
            let digest = replicate::digest(&*one, account, None).expect("a digest");
            assert_eq!(digest.chains[0].sum.n, 29, "{name}: the server says what it lacks");
            let lost = raw_of(&mia.scribe.rows[12].raw).expect("JSON");
            assert_eq!(mia.push(&*one, &[lost])[0].status, Status::Accepted, "{name}");
            assert_eq!(mia.pull_all(&*one, 7).len(), 30, "{name}");
        }
    }
}

/// What is outside of a row's hash, its spelling and its signature, cannot be what two copies of it differ in.
#[test]
fn a_row_is_stored_in_one_spelling_and_unsigned() {
    for Bench { name, one, folder: _folder, .. } in benches() {
        let mut mia = Person::on(&*one, 82);
        let row = mia
            .scribe
            .write(NOW, vec![Draft::mine(Fact::ProfileChanged { name: "Mía".to_owned(), at_ms: 1, offset_min: 0 })])
            .remove(0);
        let whole: serde_json::Value = serde_json::from_slice(&row.raw).expect("JSON");
        let spelt = |change: &dyn Fn(&mut serde_json::Map<String, serde_json::Value>)| {
            let mut whole = whole.clone();
            change(whole.as_object_mut().expect("an object"));
            serde_json::to_vec_pretty(&whole).expect("JSON")
        };
        let twice = String::from_utf8(row.raw.clone()).expect("text").replacen('{', "{\"lane\":\"00\",", 1).into_bytes();
        let refused = [
            spelt(&|fields| _ = fields.insert("sig".to_owned(), "00".into())),
            spelt(&|fields| _ = fields.insert("sig".to_owned(), serde_json::Value::Null)),
            spelt(&|fields| _ = fields.insert("_deleted".to_owned(), true.into())),
            spelt(&|fields| _ = fields.insert("_deleted".to_owned(), serde_json::Value::Null)),
            twice,
        ];
        for bytes in refused {
            let text = String::from_utf8_lossy(&bytes).into_owned();
            let verdict = mia.push(&*one, &[raw_of(&bytes).expect("JSON")]).remove(0);
            assert_eq!((verdict.status, verdict.code), (Status::Rejected, Some(Code::BadEnvelope)), "{name}: {text}");
        }
        // Somebody is quicker, and spells it in a way of their own.
        let verdict = mia.push(&*one, &[raw_of(&spelt(&|fields| _ = fields.remove("_deleted"))).expect("JSON")]).remove(0);
        assert_eq!(verdict.status, Status::Accepted, "{name}");
        assert_eq!(mia.push(&*one, &[raw_of(&row.raw).expect("JSON")])[0].status, Status::Duplicate, "{name}");
        assert_eq!(mia.pull_all(&*one, 10), [row], "{name}: to the byte as its author wrote it");
    }
}

/// As long as nobody's signing keys are known, nothing of a room can be checked, and nothing is stored.
#[test]
fn a_row_of_a_room_is_not_stored_unchecked() {
    for Bench { name, one, folder: _folder, .. } in benches() {
        let mut mia = Person::on(&*one, 83);
        let room = format!("room:{}", mia.scribe.device.identity().person);
        let (scope, account) = (room.clone(), mia.who.account_id.clone());
        write(&*one, move |sql| {
            sql.run("insert into members (scope, account_id) values ($1, $2)", &[scope[..].into(), account[..].into()])
        })
        .expect("a member");
        let own = mia.rows(1);
        for enc in ["none", "x1", "x2", ""] {
            let mut whole: serde_json::Value = serde_json::from_str(own[0].get()).expect("JSON");
            whole["scope"] = room.clone().into();
            whole["enc"] = enc.into();
            for key in ["h", "_deleted"] {
                whole.as_object_mut().expect("an object").remove(key);
            }
            let mut hashed = whole.clone();
            if enc == "x1" {
                hashed["body"] = tests::blake3_hex(&ledger::canonical(&whole["body"]).expect("canonical")).into();
            }
            whole["h"] = tests::blake3_hex(&ledger::canonical(&hashed).expect("canonical")).into();
            let verdict = mia.push(&*one, &[raw_of(&serde_json::to_vec(&whole).expect("JSON")).expect("JSON")]).remove(0);
            assert_eq!((verdict.status, verdict.code), (Status::Rejected, Some(Code::BadEnvelope)), "{name}: {enc}");
        }
        assert_eq!(count(&*one, "events"), 0, "{name}");
    }
}

/// With a certificate of its own making, over the network's own way in.
#[test]
fn postgresql_is_reached_over_tls_and_only_as_who_it_says_it_is() {
    let (Ok(server), Ok(root)) = (std::env::var("SPOTTER_POSTGRES"), std::env::var("SPOTTER_POSTGRES_ROOT")) else { return };
    let base = server.trim_end_matches('/').rsplit_once('/').map_or("", |it| it.0);
    let port = base.rsplit_once(':').map_or("", |it| it.1);
    let name = format!("spotter_tls_{}", std::process::id());
    let mut client = postgres::Client::connect(&server, postgres::NoTls).expect("PostgreSQL answers");
    client.batch_execute(&format!("create database {name}")).expect("a database");
    let at = |host: &str, more: &str| format!("postgres://postgres@{host}:{port}/{name}?hostaddr=127.0.0.1&{more}");
    let store = realm::open(&at("db.example", &format!("sslmode=require&sslrootcert={root}")), NOW).expect("it opens over TLS");
    let select = "select count(*) from pg_stat_ssl where pid = pg_backend_pid() and ssl";
    let encrypted = store.glance(select, &[]).expect("a read");
    assert_eq!(encrypted[0].get::<i64>(0), Ok(1), "the connection is encrypted");
    let mut mia = Person::on(&*store, 90);
    let rows = mia.rows(10);
    mia.push(&*store, &rows);
    assert_eq!(mia.pull_all(&*store, 3), mia.scribe.rows);
    // Another name than the certificate's, and a certificate that nobody trusts.
    for (host, more) in [
        ("other.example", format!("sslmode=verify-full&sslrootcert={root}")),
        ("db.example", format!("sslmode=require&sslrootcert={}", concat!(env!("CARGO_MANIFEST_DIR"), "/server/root.pem"))),
    ] {
        let err = realm::open(&at(host, &more), NOW).err().expect("it is not who it says it is");
        assert!(format!("{err:#}").contains("certificate"), "{err:#}");
    }
    let err =
        realm::open(&format!("postgres://postgres:secret@db.example/{name}?sslmode=prefer"), NOW).err().expect("not in the clear");
    assert!(format!("{err:#}").contains("sslmode") && !format!("{err:#}").contains("secret"), "{err:#}");
}

fn device(id: u8) -> NewDevice {
    NewDevice { device_id: DeviceId::from_bytes([id; 8]), name: "x".to_owned(), person: None, browser: false }
}

fn who(store: &dyn Store, token: &str) -> Option<Identity> {
    accounts::identify(store, token, NOW).expect("a read")
}

/// An account with a password, by whatever code.
fn sign_up(store: &dyn Store, name: &str, invite: String) -> Identity {
    let password = accounts::hash_password(PASSWORD).expect("a hash");
    let signed = accounts::sign_up(store, name, password, Some(invite), device(1), NOW).expect("a sign-up");
    who(store, &signed.token).expect("signed in")
}

const PASSWORD: &str = "correct horse battery";

/// A browser keeps its cookie whatever the app removes: alone it is worth nothing.
#[test]
fn a_cookie_alone_opens_nothing() {
    for Bench { name, one, folder: _folder, .. } in benches() {
        let mia = Person::on(&*one, 70);
        assert!(mia.who.is_opened_by(None, false), "{name}: a program keeps its token itself");
        assert!(!mia.who.is_opened_by(None, true), "{name}: the cookie of a browser that has no secret yet");
        let link = accounts::make_link(&*one, &mia.who, NOW).expect("a link").0;
        let browser = NewDevice { browser: true, ..device(2) };
        let signed = accounts::join(&*one, link, browser, NOW).expect("a join");
        let (secret, who) = (signed.secret.expect("a secret"), who(&*one, &signed.token).expect("signed in"));
        assert_eq!(secret.len(), 64, "{name}: 256 bits");
        for by_cookie in [true, false] {
            assert!(who.is_opened_by(Some(&secret), by_cookie), "{name}");
            assert!(!who.is_opened_by(None, by_cookie), "{name}: by cookie {by_cookie}");
            assert!(!who.is_opened_by(Some(&signed.token), by_cookie), "{name}: by cookie {by_cookie}");
            assert!(!who.is_opened_by(Some(""), by_cookie), "{name}: by cookie {by_cookie}");
        }
        let stored = read(&*one, |sql| sql.rows("select secret_hash from sign_ins", &[])).expect("a read");
        let stored: Vec<&str> = stored.iter().map(|record| record.get(0).expect("a text")).collect();
        assert!(!stored.contains(&&secret[..]), "{name}: only its hash is kept");
    }
}

/// What a thief made while he had the device, or the password, ends with either.
#[test]
fn codes_end_with_who_made_them() {
    for Bench { name, one, two, folder: _folder, .. } in benches() {
        let admin = sign_up(&*one, "admin", accounts::make_invite(&*one, NOW).expect("an invitation").0);
        let mia = sign_up(&*one, "mia", accounts::invite_by(&*one, &admin, NOW).expect("an invitation").0);
        let left = |store: &dyn Store| count(store, "codes");
        let join = |code: String, id| accounts::join(&*two, code, device(id), NOW);
        let link = |who: &Identity| accounts::make_link(&*one, who, NOW).expect("a link").0;
        // A device that is shut out has made a way back, and ways for others.
        let lost = join(link(&admin), 2).expect("a join");
        let lost = who(&*one, &lost.token).expect("signed in");
        let back = link(&lost);
        let reset = accounts::reset_by(&*one, &lost, "mia", NOW).expect("a code").0;
        accounts::invite_by(&*one, &lost, NOW).expect("an invitation");
        let own = link(&admin);
        accounts::revoke(&*one, &admin, &lost.device_id).expect("a revocation");
        assert_eq!(join(back, 3).err().map(|problem| problem.code), Some(Code::CodeUsed), "{name}");
        let hash = accounts::hash_password("another password").expect("a hash");
        let set = accounts::reset_password(&*one, reset, hash.clone(), NOW);
        assert_eq!(set.err().map(|problem| problem.code), Some(Code::CodeUsed), "{name}");
        assert_eq!(left(&*one), 1, "{name}: the other device's own link");
        join(own, 4).expect("it holds");
        let ended = accounts::make_link(&*one, &lost, NOW);
        assert_eq!(ended.err().map(|problem| problem.code), Some(Code::SignIn), "{name}: asked for while it was shut out");
        // A new password, by a code, by hand or for every other device.
        type End<'a> = &'a dyn Fn(&Identity);
        let reset: End = &|_| {
            let code = accounts::make_reset(&*one, "mia", NOW).expect("a code").0;
            accounts::may_reset(&*one, &code, NOW).expect("it holds");
            accounts::reset_password(&*one, code, hash.clone(), NOW).expect("a reset");
        };
        let change: End = &|who| accounts::change_password(&*one, who, "another password", PASSWORD).expect("a change");
        let out: End = &|who| accounts::sign_out_others(&*one, who).expect("signed out");
        for (what, end) in [("a reset", reset), ("a change", change), ("signing out elsewhere", out)] {
            let mia = match accounts::sign_in(&*one, "mia", PASSWORD, device(1), NOW) {
                Ok(signed) => signed,
                Err(_) => accounts::sign_in(&*one, "mia", "another password", device(1), NOW).expect("a sign-in"),
            };
            let mia = who(&*one, &mia.token).expect("signed in");
            let thief = join(link(&mia), 5).expect("a join");
            let way_back = link(&who(&*one, &thief.token).expect("signed in"));
            accounts::make_reset(&*one, "mia", NOW).expect("a code");
            end(&mia);
            assert_eq!(join(way_back, 6).err().map(|problem| problem.code), Some(Code::CodeUsed), "{name}: after {what}");
            assert_eq!(left(&*one), 0, "{name}: after {what}");
            assert_eq!(who(&*one, &thief.token), None, "{name}: after {what}");
        }
        let wrong = accounts::change_password(&*one, &mia, "a wrong one", PASSWORD);
        assert_eq!(wrong.err().map(|problem| problem.code), Some(Code::WrongPassword), "{name}");
    }
}

/// The first to come is not the administrator: the one who sees the terminal is.
#[test]
fn the_first_account_needs_the_servers_own_code() {
    for Bench { name, one, two, folder: _folder, .. } in benches() {
        let code = |outcome: Result<accounts::SignedIn, Problem>| outcome.err().map(|problem| problem.code);
        let up = |store: &dyn Store, invite| {
            let password = accounts::hash_password(PASSWORD).expect("a hash");
            accounts::sign_up(store, "eve", password, invite, device(9), NOW)
        };
        assert!(accounts::waits_for_first(&*one).expect("a read"), "{name}");
        assert_eq!(code(up(&*one, None)), Some(Code::Forbidden), "{name}");
        assert_eq!(code(up(&*one, Some("0".repeat(32)))), Some(Code::CodeUsed), "{name}");
        // Two processes print a code each; one of them is enough.
        let (first, other) =
            (accounts::make_invite(&*one, NOW).expect("a code").0, accounts::make_invite(&*two, NOW).expect("a code").0);
        assert!(accounts::may_sign_up(&*one, Some(&first), NOW).is_ok(), "{name}");
        let admin = sign_up(&*two, "mia", first);
        assert!(admin.admin, "{name}");
        assert_eq!(code(up(&*one, Some(other))), Some(Code::CodeUsed), "{name}: the door is shut");
        let invited = sign_up(&*one, "ben", accounts::make_invite(&*one, NOW).expect("an invitation").0);
        assert!(!invited.admin, "{name}: by the terminal's later codes nobody administers");
        accounts::grant_admin(&*one, " Ben").expect("he does now");
        assert_eq!(accounts::grant_admin(&*one, "nobody").err().map(|problem| problem.code), Some(Code::NotFound), "{name}");
        let signed = accounts::sign_in(&*one, "ben", PASSWORD, device(1), NOW).expect("a sign-in");
        let ben = who(&*one, &signed.token).expect("signed in");
        assert!(ben.admin, "{name}");
        // The last one is erased: the server is not anybody's again.
        for who in [&admin, &ben] {
            accounts::erase(&*one, who, PASSWORD).expect("erased");
        }
        assert!(!accounts::waits_for_first(&*one).expect("a read"), "{name}");
        assert_eq!(code(up(&*one, None)), Some(Code::Forbidden), "{name}");
        let invite = accounts::make_invite(&*one, NOW).expect("an invitation").0;
        let signed = up(&*one, Some(invite)).expect("invited at the terminal");
        assert!(!who(&*one, &signed.token).expect("signed in").admin, "{name}");
    }
}

#[test]
fn a_browser_has_one_sign_in_and_an_idle_one_ends() {
    const DAY: u64 = 24 * 60 * 60 * 1000;
    for Bench { name, one, folder: _folder, .. } in benches() {
        let mia = sign_up(&*one, "mia", accounts::make_invite(&*one, NOW).expect("an invitation").0);
        let sign_in = |id| {
            let browser = NewDevice { browser: true, ..device(id) };
            accounts::sign_in(&*one, "mia", PASSWORD, browser, NOW).expect("a sign-in").token
        };
        let (before, other) = (sign_in(2), sign_in(3));
        let hub = Hub::start(&*one).expect("a hub");
        let (reader, realm, _) = replicate::stream_start(&*one, &mia.account_id, None).expect("a start");
        let seat = hub.join(&reader, &realm, &accounts::hashed(&before));
        let after = sign_in(2);
        assert_eq!(who(&*one, &before), None, "{name}: the earlier one has ended");
        hub.publish(&*one).expect("handed out");
        assert!(matches!(next(&seat.feed), Said::Bye(Code::SignIn)), "{name}: whoever listens with it is told");
        assert!(who(&*one, &after).is_some() && who(&*one, &other).is_some(), "{name}");
        let at = |token: &str, now| accounts::identify(&*one, token, now).expect("a read");
        assert!(at(&after, NOW + 89 * DAY).is_some(), "{name}");
        assert_eq!(at(&after, NOW + 90 * DAY), None, "{name}: nobody has heard of it");
        let heard = at(&after, NOW + 80 * DAY).expect("it holds");
        accounts::seen(&*one, &heard, NOW + 80 * DAY).expect("written down");
        assert!(at(&after, NOW + 169 * DAY).is_some(), "{name}: heard of, it goes on");
        assert_eq!(at(&other, NOW + 169 * DAY), None, "{name}: and only that one");
        for day in (160..365).step_by(80) {
            accounts::seen(&*one, &heard, NOW + day * DAY).expect("written down");
        }
        assert!(at(&after, NOW + 364 * DAY).is_some(), "{name}");
        assert_eq!(at(&after, NOW + 365 * DAY), None, "{name}: for ever it does not");
    }
}

/// A database of the build before: who is in it stays, and its server does not wait for a first account.
#[test]
fn an_older_database_goes_on() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("spotter.db").to_string_lossy().into_owned();
    let old = rusqlite::Connection::open(&path).expect("a file");
    old.execute_batch(include_str!("../src/realm/store/001.sql")).expect("the first step");
    let token = "0".repeat(64);
    old.execute_batch(&format!(
        "create table migrations (step bigint primary key); insert into migrations values (1);
        insert into realm values (1, 'e', 0, 0, 0, 1);
        insert into accounts values ('a', 'mia', 'no hash', 'admin', 1);
        insert into devices values ('a', '0101010101010101', 'phone', 1, 1, 0);
        insert into sign_ins values ('{}', 'a', '0101010101010101', {NOW}, {})",
        accounts::hashed(&token),
        NOW + 1_000,
    ))
    .expect("somebody is in it");
    drop(old);
    let store = realm::open(&path, NOW).expect("it opens");
    assert!(!accounts::waits_for_first(&*store).expect("a read"));
    let mia = who(&*store, &token).expect("still signed in");
    assert!(mia.is_opened_by(None, false), "a program goes on");
    assert!(!mia.is_opened_by(None, true), "a browser is asked for the password once");
}

/// A column is read as what it is, and as nothing else: no text is a zero.
#[test]
fn a_column_of_another_type_is_an_error_that_names_it() {
    for Bench { name, one, folder: _folder, .. } in benches() {
        let insert = "insert into segments (scope, to_seq, n) values ('a', 1, 5), ('b', 2, 7), ('c', 3, 0)";
        write(&*one, move |sql| sql.run(insert, &[]).map(drop)).expect("a write");
        let ask = |select: &str| read(&*one, |sql| sql.one(select, &[])).map(|record| record.expect("a record"));
        let record = ask("select sum(n) as total, min(scope) as first, max(n) > 6 as many, null as gap from segments");
        let record = record.expect("a read");
        assert_eq!(record.get(0), Ok(12_i64), "{name}: a sum");
        assert_eq!(record.get(0), Ok(12_u64), "{name}");
        assert_eq!(record.get(0), Ok(Some(12_u64)), "{name}");
        assert_eq!((record.get(1), record.get(1)), (Ok("a"), Ok("a".to_owned())), "{name}");
        assert_eq!(record.get(2), Ok(true), "{name}");
        assert_eq!(record.get(3), Ok(None::<i64>), "{name}");
        let wrong = [
            (record.get::<i64>(1).err(), "column first holds a text, not a whole number"),
            (record.get::<Option<u64>>(1).err(), "column first holds a text, not a whole number from 0 on"),
            (record.get::<&str>(0).err(), "column total holds the number 12, not a text"),
            (record.get::<bool>(0).err(), "column total holds the number 12, not 0 or 1"),
            (record.get::<&[u8]>(1).err(), "column first holds a text, not bytes"),
            (record.get::<String>(3).err(), "column gap is null, not a text"),
            (record.get::<i64>(4).err(), "a record of 4 columns has no column 4"),
            (
                ask("select -n as below from segments where n = 5").and_then(|record| record.get::<u64>(0)).err(),
                "column below holds the number -5",
            ),
            (ask("select avg(n) + 0.5 as middle from segments").err(), "column middle"),
            (ask("select sum(n) * 9223372036854775807.0 as much from segments").err(), "column much"),
        ];
        for (err, want) in wrong {
            let err = err.unwrap_or_else(|| panic!("{name}: {want}, and there was no error")).to_string();
            assert!(err.contains(want), "{name}: {err}");
        }
    }
}

/// Tables with their columns and what these hold, as the database itself says it.
fn real(store: &dyn Store, name: &str) -> Vec<(String, String, String)> {
    let select = match name {
        "SQLite" => {
            "select t.name, c.name, c.type from sqlite_master t join pragma_table_info(t.name) c \
            where t.type = 'table' and t.name <> 'migrations' order by t.name, c.cid"
        }
        _ => {
            "select cast(table_name as text), cast(column_name as text), cast(data_type as text) from information_schema.columns \
            where table_schema = current_schema() and table_name <> 'migrations' order by table_name, ordinal_position"
        }
    };
    let found = read(store, |sql| sql.rows(select, &[])).expect("a read");
    let text = |record: &Record, at| record.get::<String>(at).expect("a text");
    found.iter().map(|record| (text(record, 0), text(record, 1), text(record, 2))).collect()
}

/// One record in every table that has none; where it says whose it is, it is this account's.
fn fill(store: &dyn Store, name: &str, account_id: &str, scope: &str) {
    let columns = real(store, name);
    for table in tables().expect("a list") {
        if count(store, &table.name) != 0 {
            continue;
        }
        let of = columns.iter().filter(|(of, ..)| *of == table.name);
        let values: Vec<Val> = of
            .map(|(_, column, kind)| match (&column[..], &kind[..]) {
                ("account_id", _) => account_id.into(),
                ("scope", _) => scope.into(),
                (_, "bigint" | "BIGINT") => 1_u64.into(),
                (_, "text" | "TEXT") => "x".into(),
                _ => Val::Bytes(b"{}".to_vec()),
            })
            .collect();
        let marks: Vec<String> = (1..=values.len()).map(|at| format!("${at}")).collect();
        let insert = format!("insert into {} ({}) values ({})", table.name, table.columns.join(", "), marks.join(", "));
        write(store, move |sql| sql.run(&insert, &values).map(drop)).unwrap_or_else(|err| panic!("{name}: {}: {err}", table.name));
    }
}

/// No table can be forgotten: where tables are gone through, they are the ones that the database has.
#[test]
fn every_table_is_backed_up_restored_and_erased() {
    for Bench { name, address, one, two, folder } in benches() {
        let has: Vec<(String, String)> = real(&*one, name).into_iter().map(|(table, column, _)| (table, column)).collect();
        let all = tables().expect("a list");
        let listed: Vec<(String, String)> =
            all.iter().flat_map(|table| table.columns.iter().map(|column| (table.name.clone(), column.clone()))).collect();
        assert_eq!(listed, has, "{name}");
        let mia = sign_up(&*one, "mia", accounts::make_invite(&*one, NOW).expect("an invitation").0);
        let person = Scribe::new(90).device.identity().person;
        accounts::add_own_person(&*one, &mia, person).expect("a profile");
        fill(&*one, name, &mia.account_id, &format!("u:{person}"));
        let file = folder.path().join("backup.db");
        realm::backup(&address, &file).expect("a backup");
        drop((one, two));
        realm::restore(&file, &address).expect("a restore");
        let store = realm::open(&address, NOW).expect("it opens");
        for table in &all {
            let door = ["sign_ins", "codes"].contains(&&table.name[..]);
            assert_eq!(count(&*store, &table.name) == 0, door, "{name}: {}, restored", table.name);
        }
        fill(&*store, name, &mia.account_id, &format!("u:{person}"));
        accounts::erase(&*store, &mia, PASSWORD).expect("erased");
        for table in &all {
            let stays = ["realm", "access_changes"].contains(&&table.name[..]);
            assert_eq!(count(&*store, &table.name) != 0, stays, "{name}: {}, erased", table.name);
        }
    }
}

/// Only the database knows where a statement ends: a semicolon in a text or in a trigger ends none.
#[test]
fn a_step_is_carried_out_as_it_is_written() {
    let first = "create table words (word text not null); -- one; two\ninsert into words values ('a;b'), ('it''s; so');";
    let sqlite = "create trigger doubled after insert on words when new.word = 'c;d' begin
            insert into words values ('e;'); insert into words values ('f');
        end; insert into words values ('c;d')";
    let postgres = "create function doubled() returns trigger language plpgsql as $$ begin
            insert into words values ('e;'); insert into words values ('f'); return null;
        end $$;
        create trigger doubled after insert on words for each row when (new.word = 'c;d') execute function doubled();
        insert into words values ('c;d')";
    for Bench { name, address, folder, .. } in benches() {
        let second = if name == "SQLite" { sqlite } else { postgres };
        let path = folder.path().join("words.db");
        let open = |steps: &[&str]| -> Result<Arc<dyn Store>, StoreErr> {
            Ok(match name {
                "SQLite" => Arc::new(SqliteStore::made_by(&path, steps)?),
                _ => Arc::new(PostgresStore::made_by(&empty(&address), steps)?),
            })
        };
        let words = |store: &dyn Store| {
            let found = read(store, |sql| sql.rows("select word from words order by word", &[])).expect("a read");
            found.iter().map(|record| record.get(0).expect("a text")).collect::<Vec<String>>()
        };
        drop(open(&[first]).expect("one step"));
        // One that fails leaves nothing of itself, whichever of its statements it was.
        assert!(open(&[first, "insert into words values ('half'); insert into nowhere values (1)"]).is_err(), "{name}");
        let store = open(&[first, second]).expect("two steps");
        assert_eq!(words(&*store), ["a;b", "c;d", "e;", "f", "it's; so"], "{name}");
        drop(store);
        let store = open(&[first, second]).expect("the same two");
        assert_eq!(words(&*store).len(), 5, "{name}: no step is taken twice");
        drop(store);
        let err = open(&[first]).err().expect("a step that is not known").to_string();
        assert!(err.contains("newer Spotter"), "{name}: {err}");
    }
}

/// A database beside this one, made when it is asked for first.
fn empty(address: &str) -> String {
    let beside = format!("{address}_steps");
    let (server, name) = beside.rsplit_once('/').expect("an address");
    let mut client = postgres::Client::connect(address, postgres::NoTls).expect("PostgreSQL answers");
    let there = client.query("select 1 from pg_database where datname = $1", &[&name]).expect("a list");
    if there.is_empty() {
        client.batch_execute(&format!("create database {name}")).expect("a database");
    }
    format!("{server}/{name}")
}
