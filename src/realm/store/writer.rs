//! The one writer. Writes that wait together are committed together, so that one `fsync` serves them all, and a write that
//! fails takes no other with it.
//!
//! Most often none fails: all of them are carried out in one transaction, bare. If one does, that is undone, and they are
//! carried out again with a savepoint around each. If the database itself gave the whole transaction up meanwhile (SQLite
//! does when the disk is full), each gets a transaction of its own. Whoever is told that a write failed can rely on it.

use std::{
    sync::{
        Mutex, PoisonError,
        mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel},
    },
    thread,
    time::Duration,
};

use super::{Act, Crowd, Item, Sql, StoreErr};

/// Writes that may wait; more, and the server says that it is busy.
const QUEUE: usize = 1_024;
/// Writes of one commit.
const TOGETHER: usize = 256;
/// How long after a commit what it left to do is tried again, if nobody writes.
const TIDY: Duration = Duration::from_secs(1);

/// A connection that only the writer has.
pub(super) trait Writes: Sql + Send {
    /// Begins a transaction that no other writer's overlaps, whichever process it is in.
    fn begin(&mut self) -> Result<(), StoreErr>;
    fn batch(&mut self, sql: &str) -> Result<(), StoreErr>;
    /// Makes what was written since `begin` durable, and tells of it.
    fn commit(&mut self) -> Result<(), StoreErr>;
    /// Whether what was begun is still there: a database may undo all of it when one statement fails.
    fn goes_on(&self) -> bool;
    /// Called after a failure: the connection may be gone.
    fn renew(&mut self) {}
    /// What is better done between commits; `true` while some of it is left.
    fn tidy(&mut self) -> bool {
        false
    }
}

enum Work {
    Alone(Act),
    Together(Crowd, Item),
}

struct Job {
    work: Work,
    outcome: Result<(), StoreErr>,
    done: SyncSender<(Result<(), StoreErr>, Option<Item>)>,
}

pub(super) struct Writer {
    jobs: Mutex<Option<SyncSender<Job>>>,
    thread: Mutex<Option<thread::JoinHandle<()>>>,
}

impl Writer {
    pub(super) fn start(mut connection: impl Writes + 'static) -> Result<Self, StoreErr> {
        let (jobs, queue) = sync_channel(QUEUE);
        let thread = thread::Builder::new().name("writer".to_owned()).spawn(move || write_all(&mut connection, &queue));
        let thread = thread.map_err(|err| StoreErr::Database(err.to_string()))?;
        Ok(Self { jobs: Mutex::new(Some(jobs)), thread: Mutex::new(Some(thread)) })
    }

    pub(super) fn write(&self, act: Act) -> Result<(), StoreErr> {
        self.put(Work::Alone(act))?.0
    }

    pub(super) fn together(&self, crowd: Crowd, item: Item) -> Result<Item, StoreErr> {
        let (outcome, item) = self.put(Work::Together(crowd, item))?;
        outcome.and(item.ok_or(StoreErr::Busy))
    }

    fn put(&self, work: Work) -> Result<(Result<(), StoreErr>, Option<Item>), StoreErr> {
        let jobs = lock(&self.jobs).clone().ok_or(StoreErr::Busy)?;
        let (done, outcome) = sync_channel(1);
        match jobs.try_send(Job { work, outcome: Ok(()), done }) {
            Ok(()) => outcome.recv().map_err(|_| StoreErr::Busy),
            Err(TrySendError::Full(_) | TrySendError::Disconnected(_)) => Err(StoreErr::Busy),
        }
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        // Without its queue the writer ends.
        lock(&self.jobs).take();
        if let Some(thread) = lock(&self.thread).take() {
            let _ = thread.join();
        }
    }
}

/// A panic while it was held has left nothing half-done: what is guarded is replaced whole.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn write_all(connection: &mut impl Writes, queue: &Receiver<Job>) {
    let mut untidy = false;
    loop {
        let first = match untidy {
            true => queue.recv_timeout(TIDY),
            false => queue.recv().map_err(|_| RecvTimeoutError::Disconnected),
        };
        match first {
            Ok(first) => {
                let mut jobs: Vec<Job> = std::iter::once(first).chain(queue.try_iter()).take(TOGETHER).collect();
                carry_out(connection, &mut jobs);
                for Job { work, outcome, done } in jobs {
                    // What a write held is let go of before anybody hears that it is over.
                    let item = match work {
                        Work::Together(_, item) => Some(item),
                        Work::Alone(act) => {
                            drop(act);
                            None
                        }
                    };
                    // Nobody waits any more only when its thread is gone.
                    let _ = done.send((outcome, item));
                }
            }
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return,
        }
        untidy = connection.tidy();
    }
}

fn carry_out(connection: &mut impl Writes, jobs: &mut [Job]) {
    let Err(err) = bare(connection, jobs) else { return };
    if let [only] = jobs {
        only.outcome = Err(err);
    } else if !guarded(connection, jobs) {
        jobs.chunks_mut(1).for_each(|one| one[0].outcome = bare(connection, one));
    }
}

fn undo(connection: &mut impl Writes) {
    let _ = connection.batch("rollback");
    connection.renew();
}

/// All of them in one transaction, or nothing.
fn bare(connection: &mut impl Writes, jobs: &mut [Job]) -> Result<(), StoreErr> {
    let mut crowd: Option<Crowd> = None;
    let mut items: Vec<&mut Item> = Vec::new();
    let mut outcome = connection.begin();
    for job in jobs {
        job.outcome = Ok(());
        match &mut job.work {
            Work::Alone(act) if outcome.is_ok() => outcome = caught(|| act(connection)),
            Work::Alone(_) => {}
            Work::Together(of, item) => {
                crowd = Some(*of);
                items.push(item);
            }
        }
    }
    if let (Ok(()), Some(crowd)) = (&outcome, crowd) {
        outcome = caught(|| crowd(connection, &mut items));
    }
    outcome = outcome.and_then(|()| connection.commit());
    if outcome.is_err() {
        undo(connection);
    }
    outcome
}

/// All of them in one transaction, each in a savepoint. `false`: the database undid them all, and nothing is written.
fn guarded(connection: &mut impl Writes, jobs: &mut [Job]) -> bool {
    let mut whole = connection.begin();
    for job in jobs.iter_mut().filter(|_| whole.is_ok()) {
        job.outcome = in_savepoint(connection, &mut job.work);
        if job.outcome.is_err() && !connection.goes_on() {
            undo(connection);
            return false;
        }
    }
    if whole.is_ok() {
        whole = connection.commit();
    }
    if let Err(err) = whole {
        undo(connection);
        for job in jobs.iter_mut().filter(|job| job.outcome.is_ok()) {
            job.outcome = Err(err.clone());
        }
    }
    true
}

fn in_savepoint(connection: &mut impl Writes, work: &mut Work) -> Result<(), StoreErr> {
    connection.batch("savepoint job")?;
    let outcome = match work {
        Work::Alone(act) => caught(|| act(connection)),
        Work::Together(crowd, item) => caught(|| crowd(connection, &mut [item])),
    };
    if outcome.is_err() && connection.goes_on() {
        connection.batch("rollback to savepoint job")?;
    }
    if outcome.is_ok() || connection.goes_on() {
        connection.batch("release savepoint job")?;
    }
    outcome
}

/// A panic undoes its own write and no other.
fn caught(act: impl FnOnce() -> Result<(), StoreErr>) -> Result<(), StoreErr> {
    let caught = std::panic::catch_unwind(std::panic::AssertUnwindSafe(act));
    caught.unwrap_or_else(|_| Err(StoreErr::Database("a write panicked".to_owned())))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::store::{Record, Val};

    /// A database of texts with SQLite's manners: outside of a transaction each statement is committed on its own, a
    /// savepoint begins one, and a statement for which there is no room undoes the whole transaction.
    #[derive(Default)]
    struct Small {
        kept: Arc<Mutex<Vec<String>>>,
        /// What is written and not committed, with where savepoints began.
        open: Option<(Vec<String>, Vec<usize>)>,
    }

    impl Sql for Small {
        fn each(&mut self, _: &str, _: &[Val], _: &mut dyn FnMut(Record) -> Result<(), StoreErr>) -> Result<(), StoreErr> {
            Ok(())
        }

        fn run(&mut self, sql: &str, _: &[Val]) -> Result<u64, StoreErr> {
            match (sql, &mut self.open) {
                ("too much", open) => {
                    *open = None;
                    return Err(StoreErr::Full);
                }
                (sql, Some((pending, _))) => pending.push(sql.to_owned()),
                (sql, None) => lock(&self.kept).push(sql.to_owned()),
            }
            Ok(1)
        }
    }

    impl Writes for Small {
        fn begin(&mut self) -> Result<(), StoreErr> {
            self.open = Some(Default::default());
            Ok(())
        }

        fn batch(&mut self, sql: &str) -> Result<(), StoreErr> {
            let none = || StoreErr::Database(format!("{sql}: no transaction"));
            match sql {
                "savepoint job" => {
                    let (pending, marks) = self.open.get_or_insert_default();
                    marks.push(pending.len());
                }
                "rollback to savepoint job" => {
                    let (pending, marks) = self.open.as_mut().ok_or_else(none)?;
                    pending.truncate(*marks.last().ok_or_else(none)?);
                }
                "release savepoint job" => _ = self.open.as_mut().ok_or_else(none)?.1.pop().ok_or_else(none)?,
                _ => self.open = None,
            }
            Ok(())
        }

        fn commit(&mut self) -> Result<(), StoreErr> {
            let (pending, _) = self.open.take().ok_or(StoreErr::Database("no transaction is active".to_owned()))?;
            lock(&self.kept).extend(pending);
            Ok(())
        }

        fn goes_on(&self) -> bool {
            self.open.is_some()
        }
    }

    fn crowd(sql: &mut dyn Sql, items: &mut [&mut Item]) -> Result<(), StoreErr> {
        items.iter_mut().filter_map(|item| item.downcast_mut::<String>()).try_for_each(|text| sql.run(text, &[]).map(drop))
    }

    /// Carries them out as one group, and says of each whether it was told that it is written.
    fn group(texts: &[&str]) -> (Vec<String>, Vec<bool>) {
        let mut small = Small::default();
        let kept = Arc::clone(&small.kept);
        let job = |text: &&str| {
            let text = (*text).to_owned();
            let work = match text.strip_prefix("+ ") {
                Some(text) => Work::Together(crowd, Box::new(text.to_owned())),
                None => Work::Alone(Box::new(move |sql: &mut dyn Sql| {
                    sql.run(&text, &[])?;
                    if text == "refused" { Err(StoreErr::Busy) } else { Ok(()) }
                })),
            };
            Job { work, outcome: Ok(()), done: sync_channel(1).0 }
        };
        let mut jobs: Vec<Job> = texts.iter().map(job).collect();
        carry_out(&mut small, &mut jobs);
        let kept = lock(&kept).clone();
        (kept, jobs.iter().map(|job| job.outcome.is_ok()).collect())
    }

    #[test]
    fn what_is_said_to_be_written_is_and_nothing_else() {
        let cases: [&[&str]; 7] = [
            &["a", "b", "c"],
            &["a", "refused", "b"],
            &["refused"],
            &["a", "too much", "b", "c"],
            &["too much", "a", "too much"],
            &["a", "+ b", "too much", "+ c", "refused", "d"],
            &["+ a", "+ too much", "+ b"],
        ];
        for texts in cases {
            let (mut kept, told) = group(texts);
            let mut want: Vec<String> = texts.iter().map(|text| text.trim_start_matches("+ ").to_owned()).collect();
            want.retain(|text| text != "refused" && text != "too much");
            let said = texts.iter().zip(told).filter(|(_, told)| *told).map(|(text, _)| text.trim_start_matches("+ ").to_owned());
            let mut said: Vec<String> = said.collect();
            [&mut kept, &mut want, &mut said].into_iter().for_each(|texts| texts.sort());
            assert_eq!((&kept, &said), (&want, &want), "{texts:?}");
        }
    }
}
