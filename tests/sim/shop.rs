//! The server's side: the real store, hub and handlers, and faults between them.

use std::{
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU8, Ordering::Relaxed},
    },
};

use ledger::{DeviceId, EntityId};
use realm::{
    accounts::{self, NewDevice},
    hub::{Hub, Said, Seat},
    replicate as core,
    store::{Act, Sql, SqliteStore, Store, StoreErr, Tell, copy_sqlite, read, write},
};
use wire::{Checkpoint, Code, Problem, Request};

/// Bugs that others have shipped. The simulation has to find each before it may say that ours are not there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bug {
    /// The device writes its cursor down before the rows.
    CursorBeforeRows,
    /// The server takes so many rows first, and then leaves out what the reader may not see.
    FilterAfterLimit,
    /// A frame that was lost does not show in the next.
    LostFrame,
    /// The server remembers its answer to a batch instead of looking at what it has stored.
    ResultCache,
    /// The device takes an acknowledged place for acknowledged whatever row it has there, and rows that a copy of it wrote
    /// behind its own end for its own.
    PlaceAlone,
    /// Everything is removed from a device that has a server, without asking whether that has all of it.
    LeavesEarly,
    /// A leader writes its index over one that is newer than what it goes on from.
    OverNewer,
    /// What was sealed is freed before the file that has its rows now is a minute old.
    FreesEarly,
    /// What was written and then refused stays in the file.
    LeftBehind,
    /// What a young file holds is nowhere else.
    KeptOnce,
}

impl Bug {
    /// It shows without a server.
    pub fn is_of_tabs(self) -> bool {
        matches!(self, Self::OverNewer | Self::FreesEarly | Self::LeftBehind | Self::KeptOnce)
    }
}

/// What happens to the next write.
const WHOLE: u8 = 0;
const CUT_BEFORE: u8 = 1;
const CUT_AFTER: u8 = 2;

fn cut() -> StoreErr {
    wire::Problem::new(wire::Code::Internal, "cut").into()
}

struct Faulty {
    inner: SqliteStore,
    next: Arc<AtomicU8>,
}

impl Store for Faulty {
    fn read(&self, act: &mut dyn FnMut(&mut dyn Sql) -> Result<(), StoreErr>) -> Result<(), StoreErr> {
        self.inner.read(act)
    }

    fn write(&self, mut act: Act) -> Result<(), StoreErr> {
        match self.next.swap(WHOLE, Relaxed) {
            CUT_BEFORE => self.inner.write(Box::new(move |sql| {
                act(sql)?;
                Err(cut())
            })),
            CUT_AFTER => self.inner.write(act).and(Err(cut())),
            _ => self.inner.write(act),
        }
    }

    fn on_commit(&self, tell: Tell) {
        self.inner.on_commit(tell);
    }
}

pub struct Shop {
    folder: tempfile::TempDir,
    database: PathBuf,
    backup: Option<PathBuf>,
    pub store: Option<Arc<dyn Store>>,
    pub hub: Option<Arc<Hub>>,
    next: Arc<AtomicU8>,
    bug: Option<Bug>,
    remembered: std::collections::BTreeMap<Vec<String>, serde_json::Value>,
    generation: u32,
}

/// A page, a verdict or whatever else, as the bytes that travel.
pub type Bytes = Result<Vec<u8>, Problem>;

impl Shop {
    pub fn new(bug: Option<Bug>) -> Self {
        // In memory where there is such a place: this is about order, not about the disk.
        let folder = tempfile::Builder::new().prefix("spotter-sim").tempdir_in(if Path::new("/dev/shm").is_dir() {
            PathBuf::from("/dev/shm")
        } else {
            std::env::temp_dir()
        });
        let folder = folder.expect("a temporary folder");
        let database = folder.path().join("spotter.db");
        let mut shop = Self {
            folder,
            database,
            backup: None,
            store: None,
            hub: None,
            next: Arc::default(),
            bug,
            remembered: Default::default(),
            generation: 0,
        };
        shop.open();
        shop
    }

    pub fn open(&mut self) {
        let inner = SqliteStore::open(&self.database).expect("the database opens");
        let store: Arc<dyn Store> = Arc::new(Faulty { inner, next: Arc::clone(&self.next) });
        core::found(&*store, "epoch-0", 0).expect("a realm");
        self.hub = Some(Hub::start(&*store).expect("a hub"));
        self.store = Some(store);
    }

    pub fn close(&mut self) {
        (self.store, self.hub) = (None, None);
        self.next.store(WHOLE, Relaxed);
    }

    pub fn is_open(&self) -> bool {
        self.store.is_some()
    }

    pub fn store(&self) -> Arc<dyn Store> {
        Arc::clone(self.store.as_ref().expect("the server is up"))
    }

    pub fn cut_next_write(&self, committed: bool) {
        self.next.store(if committed { CUT_AFTER } else { CUT_BEFORE }, Relaxed);
    }

    pub fn back_up(&mut self) {
        let path = self.folder.path().join("backup.db");
        let _ = std::fs::remove_file(&path);
        copy_sqlite(&self.database, &path).expect("a backup");
        self.backup = Some(path);
    }

    /// What came after the backup is gone; `false` when there is none.
    pub fn restore(&mut self) -> bool {
        let Some(backup) = self.backup.clone() else { return false };
        self.close();
        realm::restore(&backup, &self.database.to_string_lossy()).expect("a restore");
        self.generation += 1;
        self.open();
        // The program's epoch is chance; a run must be the same each time.
        let epoch = format!("epoch-{}", self.generation);
        core::new_epoch(&*self.store(), &epoch).expect("an epoch");
        self.hub = Some(Hub::start(&*self.store()).expect("a hub"));
        true
    }

    /// Signs a device up or in, without the slow hash. The account's persons come back.
    pub fn sign_in(
        &self,
        first: Option<&str>,
        device_id: &DeviceId,
        person: Option<EntityId>,
        like: Option<&str>,
        now: u64,
    ) -> Option<SignedIn> {
        self.next.store(WHOLE, Relaxed);
        let store = self.store();
        let device = NewDevice { device_id: device_id.clone(), name: "phone".to_owned(), person, browser: false };
        let known = first.and_then(|name| self.account_of(name));
        let signed = match (first, like) {
            // A restore brings accounts back and no sign-ins; this stands for the password.
            (Some(_), _) if known.is_some() => {
                let link = self.link_into(known.expect("it was just looked at"), now);
                match accounts::join(&*store, link, device, now) {
                    Ok(signed) => signed,
                    Err(problem) if problem.code == Code::Forbidden => return None,
                    Err(problem) => panic!("a sign-in: {problem}"),
                }
            }
            (Some(name), _) => {
                let invite = accounts::make_invite(&*store, now).expect("an invitation").0;
                accounts::sign_up(&*store, name, "no hash".to_owned(), Some(invite), device, now).expect("a sign-up")
            }
            (None, Some(token)) => {
                let who = accounts::identify(&*store, token, now).expect("a read").expect("the first device is signed in");
                let link = accounts::make_link(&*store, &who, now).expect("a link").0;
                match accounts::join(&*store, link, device, now) {
                    Ok(signed) => signed,
                    // A copy of a profile that was shut out.
                    Err(problem) if problem.code == Code::Forbidden => return None,
                    Err(problem) => panic!("a join: {problem}"),
                }
            }
            (None, None) => unreachable!("somebody is the first"),
        };
        let reader = read(&*store, |sql| core::reader(sql, &signed.account_id)).expect("a reader");
        let persons = reader.persons.iter().map(|person| EntityId::parse(person).expect("a person")).collect();
        Some(SignedIn { token: signed.token, account_id: signed.account_id, persons })
    }

    /// As a device of the account would make it, if there were one that is signed in.
    fn link_into(&self, account_id: String, now: u64) -> String {
        let code = format!("a link of {now}");
        let hash = accounts::hashed(&code);
        let insert = "insert into codes (code_hash, purpose, account_id, expires_ms) values ($1, 'link', $2, $3) \
            on conflict (code_hash) do nothing";
        let done = write(&*self.store(), move |sql| {
            sql.run(insert, &[hash.as_str().into(), account_id.as_str().into(), (now + 1_000).into()]).map(drop)
        });
        done.expect("a link");
        code
    }

    fn account_of(&self, name: &str) -> Option<String> {
        let select = "select account_id from accounts where name = $1";
        let found = self.store().glance(select, &[name.into()]).expect("a read");
        found.first().map(|record| record.get(0).expect("a text"))
    }

    pub fn revoke(&self, token: &str, now: u64) {
        self.next.store(WHOLE, Relaxed);
        let store = self.store();
        if let Ok(Some(who)) = accounts::identify(&*store, token, now) {
            accounts::revoke(&*store, &who, &who.device_id).expect("a revocation");
        }
    }

    /// Which device a sign-in is of.
    pub fn device_of(&self, token: &str, now: u64) -> Option<String> {
        accounts::identify(&*self.store(), token, now).ok()?.map(|who| who.device_id)
    }

    fn who(&self, token: &str, now: u64) -> Result<String, Problem> {
        let who = accounts::identify(&*self.store(), token, now)?;
        Ok(who.ok_or_else(|| Problem::new(Code::SignIn, "sign in"))?.account_id)
    }

    pub fn answer(&mut self, token: &str, request: &Request, now: u64) -> Bytes {
        let account = self.who(token, now)?;
        let (store, account) = (self.store(), account.as_str());
        let json = |value: &dyn erased::Json| Ok(value.json());
        match request {
            Request::Hello => {
                let mut hello = core::hello(&*store, account, now)?;
                // Small, so that a short run has many pages and batches.
                (hello.limits.push_rows, hello.limits.batch_size) = (5, 7);
                json(&hello)
            }
            Request::Pull { checkpoint, batch_size } => {
                if self.bug == Some(Bug::FilterAfterLimit) {
                    return filter_after_limit(&*store, account, checkpoint.as_ref(), *batch_size);
                }
                json(&core::pull(&*store, account, checkpoint.as_ref(), *batch_size, None, Some(700))?)
            }
            Request::Push { rows } => {
                let ids: Vec<String> = rows.iter().map(|row| row.event_id.to_string()).collect();
                if self.bug == Some(Bug::ResultCache)
                    && let Some(answer) = self.remembered.get(&ids)
                {
                    return json(answer);
                }
                let raw: Vec<_> = rows.iter().filter_map(|row| wire::raw_of(&row.raw)).collect();
                match core::push(&*store, account, &raw, 1 << 40, now) {
                    Ok(pushed) => json(&pushed.answer),
                    Err(problem) => {
                        if self.bug == Some(Bug::ResultCache) {
                            // Put down before the commit was known to hold.
                            let results: Vec<_> =
                                rows.iter().map(|row| wire::Verdict::stored(&row.event_id, wire::Status::Accepted, 1)).collect();
                            let realm = read(&*store, core::realm)?;
                            let answer = wire::PushAnswer { epoch: realm.epoch, head: realm.head, results };
                            self.remembered.insert(ids, serde_json::to_value(&answer).expect("JSON"));
                        }
                        Err(problem)
                    }
                }
            }
            Request::Digest => json(&core::digest(&*store, account, None)?),
            Request::Blocks { chain } => json(&core::blocks(&*store, account, chain)?),
            Request::Span { chain, from, to } => json(&core::span(&*store, account, chain, *from, *to)?),
            Request::Claim { person } => {
                let who = accounts::identify(&*store, token, now)?.ok_or_else(|| Problem::new(Code::SignIn, "sign in"))?;
                accounts::add_own_person(&*store, &who, *person)?;
                json(&true)
            }
            Request::Snapshot => json(&core::snapshot(&*store, account)?),
        }
    }

    pub fn stream(&self, token: &str, checkpoint: &Checkpoint, now: u64) -> Result<(Seat, Vec<Said>), Problem> {
        let account = self.who(token, now)?;
        let (store, hub) = (self.store(), self.hub.clone().expect("the server is up"));
        let (reader, realm, after) = core::stream_start(&*store, &account, Some(checkpoint))?;
        let seat = hub.join(&reader, &realm, &accounts::hashed(token));
        let past = read(&*store, |sql| core::replay(sql, &reader, after, seat.from, 20))?;
        let first = seat.first(after, past);
        Ok((seat, first.into_iter().collect()))
    }
}

pub struct SignedIn {
    pub token: String,
    pub account_id: String,
    pub persons: Vec<EntityId>,
}

mod erased {
    /// Anything that travels.
    pub trait Json {
        fn json(&self) -> Vec<u8>;
    }

    impl<T: serde::Serialize> Json for T {
        fn json(&self) -> Vec<u8> {
            serde_json::to_vec(self).expect("a message is JSON")
        }
    }
}

fn filter_after_limit(store: &dyn Store, account: &str, checkpoint: Option<&Checkpoint>, batch: usize) -> Bytes {
    let page = read(store, |sql| {
        let (realm, reader) = (core::realm(sql)?, core::reader(sql, account)?);
        let after = checkpoint.map_or(0, |checkpoint| checkpoint.seq);
        let select = "select seq, scope, raw from events where seq > $1 order by seq limit $2";
        let found = sql.rows(select, &[after.into(), (batch as u64).into()])?;
        let seen: Vec<_> = found
            .iter()
            .filter(|record| reader.scopes.iter().any(|scope| record.get(1).is_ok_and(|of: &str| scope == of)))
            .collect();
        // A page that is not full looks like the last one.
        let more = seen.len() == batch;
        let seq = found.last().filter(|_| more).map_or(Ok(realm.head), |record| record.get(0))?;
        let documents = seen.iter().filter_map(|record| core::stored_row(record, 2)).collect();
        Ok(wire::Page { documents, checkpoint: Checkpoint { epoch: realm.epoch, seq, view: reader.view }, more, head: realm.head })
    })?;
    Ok(serde_json::to_vec(&page).expect("a page is JSON"))
}
