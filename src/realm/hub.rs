//! Fan-out: what is committed goes to whoever may read it. Each reader has a short queue of its own; one that is too slow
//! loses all of it and is told to pull, and never loses a part of it without a word.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError, mpsc},
    task::Waker,
    thread,
};

use anyhow::{Context as _, Result};
use wire::{Checkpoint, Code, Frame, RawRow};

use crate::{
    accounts::holds,
    replicate::{Reader, Realm, reader, realm, stored_row},
    store::{Sql, Store, StoreErr, Val, read},
};

/// Commits and bytes that may wait for one reader.
const QUEUE_COMMITS: usize = 256;
const QUEUE_BYTES: usize = 1 << 20;
/// Rows that are read at once when many were committed.
const READ_ROWS: u64 = 2_000;

/// Rows of one scope that became visible together.
#[derive(Debug)]
struct Fresh {
    rows: Vec<(u64, RawRow)>,
    bytes: usize,
}

#[derive(Debug)]
pub enum Said {
    Frame(Frame),
    Resync,
    /// The stream is over: the reader signs in or begins again.
    Bye(Code),
}

#[derive(Debug)]
struct Waiting {
    /// The last checkpoint this reader was told.
    sent: u64,
    queue: VecDeque<(u64, Vec<Arc<Fresh>>)>,
    bytes: usize,
    resync: bool,
    over: Option<Code>,
    waker: Option<Waker>,
}

/// One reader's end.
#[derive(Debug)]
pub struct Feed {
    pub account_id: String,
    pub token_hash: String,
    epoch: String,
    view: String,
    scopes: Vec<String>,
    waiting: Mutex<Waiting>,
}

#[derive(Debug, Default)]
struct Inner {
    next: u64,
    feeds: BTreeMap<u64, Arc<Feed>>,
    by_scope: BTreeMap<String, Vec<u64>>,
    /// Everything up to here was handed out.
    published: u64,
    access: u64,
    epoch: String,
}

#[derive(Debug, Default)]
pub struct Hub {
    inner: Mutex<Inner>,
}

/// What is guarded is replaced whole, so a panic elsewhere leaves nothing half-done.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Feed {
    fn checkpoint(&self, seq: u64) -> Checkpoint {
        Checkpoint { epoch: self.epoch.clone(), seq, view: self.view.clone() }
    }

    fn put(&self, head: u64, fresh: Vec<Arc<Fresh>>) {
        let mut waiting = lock(&self.waiting);
        waiting.bytes += fresh.iter().map(|fresh| fresh.bytes).sum::<usize>();
        waiting.queue.push_back((head, fresh));
        if QUEUE_COMMITS < waiting.queue.len() || QUEUE_BYTES < waiting.bytes {
            waiting.queue.clear();
            (waiting.bytes, waiting.resync, waiting.sent) = (0, true, head);
        }
        wake(waiting);
    }

    fn end(&self, code: Code) {
        let mut waiting = lock(&self.waiting);
        waiting.over = Some(code);
        wake(waiting);
    }

    /// What to say next. `None`: nothing yet; the waker is called when there is something.
    pub fn take(&self, waker: Option<&Waker>) -> Option<Said> {
        let mut waiting = lock(&self.waiting);
        if let Some(code) = waiting.over {
            return Some(Said::Bye(code));
        }
        if std::mem::take(&mut waiting.resync) {
            return Some(Said::Resync);
        }
        let Some((head, fresh)) = waiting.queue.pop_front() else {
            waiting.waker = waker.cloned();
            return None;
        };
        waiting.bytes -= fresh.iter().map(|fresh| fresh.bytes).sum::<usize>();
        let prev = std::mem::replace(&mut waiting.sent, head);
        drop(waiting);
        let mut rows: Vec<&(u64, RawRow)> = fresh.iter().flat_map(|fresh| &fresh.rows).collect();
        rows.sort_by_key(|(seq, _)| *seq);
        let documents = rows.into_iter().map(|(_, raw)| raw.clone()).collect();
        Some(Said::Frame(Frame { prev: self.checkpoint(prev), documents, checkpoint: self.checkpoint(head) }))
    }
}

fn wake(mut waiting: MutexGuard<'_, Waiting>) {
    let waker = waiting.waker.take();
    drop(waiting);
    if let Some(waker) = waker {
        waker.wake();
    }
}

/// Leaves the hub when it is dropped.
#[derive(Debug)]
pub struct Seat {
    pub feed: Arc<Feed>,
    /// Commits beyond this one come by the feed.
    pub from: u64,
    id: u64,
    hub: Arc<Hub>,
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut inner = lock(&self.hub.inner);
        inner.feeds.remove(&self.id);
        for scope in &self.feed.scopes {
            if let Some(ids) = inner.by_scope.get_mut(scope) {
                ids.retain(|id| *id != self.id);
                if ids.is_empty() {
                    inner.by_scope.remove(scope);
                }
            }
        }
    }
}

impl Seat {
    /// A first frame with what was committed since `after`; afterwards the feed goes on from `from`.
    pub fn first(&self, after: u64, documents: Option<Vec<RawRow>>) -> Option<Said> {
        let mut waiting = lock(&self.feed.waiting);
        match documents {
            None => {
                waiting.sent = self.from;
                Some(Said::Resync)
            }
            Some(documents) if documents.is_empty() => {
                waiting.sent = after;
                None
            }
            Some(documents) => {
                waiting.sent = self.from;
                let (prev, checkpoint) = (self.feed.checkpoint(after), self.feed.checkpoint(self.from));
                Some(Said::Frame(Frame { prev, documents, checkpoint }))
            }
        }
    }
}

impl Hub {
    /// Begins where the store stands.
    pub fn start(store: &dyn Store) -> Result<Arc<Self>, StoreErr> {
        let realm = read(store, realm)?;
        let inner = Inner { published: realm.head, access: realm.access, epoch: realm.epoch, ..Inner::default() };
        Ok(Arc::new(Self { inner: Mutex::new(inner) }))
    }

    /// Before the head is read, so that nothing falls between reading and listening.
    pub fn join(self: &Arc<Self>, reader: &Reader, realm: &Realm, token_hash: &str) -> Seat {
        let mut inner = lock(&self.inner);
        let id = inner.next;
        inner.next += 1;
        let waiting = Waiting { sent: inner.published, queue: VecDeque::new(), bytes: 0, resync: false, over: None, waker: None };
        let feed = Arc::new(Feed {
            account_id: reader.account_id.clone(),
            token_hash: token_hash.to_owned(),
            epoch: realm.epoch.clone(),
            view: reader.view.clone(),
            scopes: reader.scopes.clone(),
            waiting: Mutex::new(waiting),
        });
        inner.feeds.insert(id, Arc::clone(&feed));
        for scope in &feed.scopes {
            inner.by_scope.entry(scope.clone()).or_default().push(id);
        }
        Seat { feed, from: inner.published, id, hub: Arc::clone(self) }
    }

    pub fn readers(&self) -> usize {
        lock(&self.inner).feeds.len()
    }

    pub fn readers_of(&self, account_id: &str) -> usize {
        lock(&self.inner).feeds.values().filter(|feed| feed.account_id == account_id).count()
    }

    /// Hands out what was committed since the last time. Called by one thread only.
    pub fn publish(&self, store: &dyn Store) -> Result<(), StoreErr> {
        loop {
            let (published, access, epoch) = {
                let inner = lock(&self.inner);
                (inner.published, inner.access, inner.epoch.clone())
            };
            let (realm, rows, changed) = read(store, |sql| {
                let realm = realm(sql)?;
                let to = realm.head.min(published + READ_ROWS);
                Ok((realm.clone(), fresh(sql, published, to)?, changed(sql, access)?))
            })?;
            if realm.epoch != epoch {
                self.all(Code::EpochChanged);
            }
            if !changed.is_empty() {
                self.check_access(store, &changed)?;
            }
            let to = realm.head.min(published + READ_ROWS);
            let mut inner = lock(&self.inner);
            (inner.access, inner.epoch) = (realm.access, realm.epoch);
            if realm.head <= published {
                inner.published = realm.head;
                return Ok(());
            }
            inner.published = to;
            let mut out: BTreeMap<u64, Vec<Arc<Fresh>>> = BTreeMap::new();
            for (scope, fresh) in rows {
                let fresh = Arc::new(fresh);
                for id in inner.by_scope.get(&scope).into_iter().flatten() {
                    out.entry(*id).or_default().push(Arc::clone(&fresh));
                }
            }
            for (id, fresh) in out {
                if let Some(feed) = inner.feeds.get(&id) {
                    feed.put(to, fresh);
                }
            }
            if to == realm.head {
                return Ok(());
            }
        }
    }

    fn all(&self, code: Code) {
        let feeds: Vec<Arc<Feed>> = lock(&self.inner).feeds.values().cloned().collect();
        feeds.iter().for_each(|feed| feed.end(code));
    }

    /// Whoever signed out, was shut out, or sees something else now, is told.
    fn check_access(&self, store: &dyn Store, accounts: &[String]) -> Result<(), StoreErr> {
        for account in accounts {
            let feeds: Vec<Arc<Feed>> =
                lock(&self.inner).feeds.values().filter(|feed| feed.account_id == *account).map(Arc::clone).collect();
            let ends = read(store, |sql| {
                let view = reader(sql, account)?.view;
                let end = |feed: &Arc<Feed>| {
                    Ok(match holds(sql, &feed.token_hash)? {
                        false => Some(Code::SignIn),
                        true => (feed.view != view).then_some(Code::ViewChanged),
                    })
                };
                feeds.iter().map(end).collect::<Result<Vec<_>, StoreErr>>()
            })?;
            for (feed, code) in feeds.iter().zip(ends) {
                if let Some(code) = code {
                    feed.end(code);
                }
            }
        }
        Ok(())
    }

    /// The server stops: whoever listens may come back to the next one.
    pub fn close(&self) {
        self.all(Code::Busy);
    }
}

/// The hub over a store, and the one thread that hands out what is committed.
pub fn fan_out(store: &Arc<dyn Store>) -> Result<Arc<Hub>> {
    let hub = Hub::start(&**store)?;
    let (tell, told) = mpsc::sync_channel::<()>(1);
    // One notice that waits is enough: whoever takes it looks at the head itself.
    store.on_commit(Box::new(move || _ = tell.try_send(())));
    let (weak, from) = (Arc::downgrade(&hub), Arc::downgrade(store));
    let publish = move || {
        while told.recv().is_ok() {
            let (Some(hub), Some(store)) = (weak.upgrade(), from.upgrade()) else { return };
            if let Err(err) = hub.publish(&*store) {
                tracing::error!(%err, "nothing could be handed out; it is tried again with the next commit");
            }
        }
    };
    thread::Builder::new().name("fan-out".to_owned()).spawn(publish).context("the fan-out thread")?;
    Ok(hub)
}

fn fresh(sql: &mut dyn Sql, after: u64, to: u64) -> Result<BTreeMap<String, Fresh>, StoreErr> {
    let mut out: BTreeMap<String, Fresh> = BTreeMap::new();
    let select = "select seq, scope, raw from events where seq > $1 and seq <= $2 order by seq";
    for record in sql.rows(select, &[Val::from(after), Val::from(to)])? {
        let Some(raw) = stored_row(&record, 2) else { continue };
        let fresh = out.entry(record.get(1)?).or_insert_with(|| Fresh { rows: Vec::new(), bytes: 0 });
        fresh.bytes += raw.get().len();
        fresh.rows.push((record.get(0)?, raw));
    }
    Ok(out)
}

fn changed(sql: &mut dyn Sql, access: u64) -> Result<Vec<String>, StoreErr> {
    let found = sql.rows("select distinct account_id from access_changes where no > $1", &[Val::from(access)])?;
    found.iter().map(|record| record.get(0)).collect()
}
