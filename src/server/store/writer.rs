//! The one writer. Writes that wait together are committed together, each in a savepoint of its own, so that one `fsync`
//! serves them all and a write that fails takes no other with it.

use std::{
    sync::{
        Mutex, PoisonError,
        mpsc::{Receiver, SyncSender, TrySendError, sync_channel},
    },
    thread,
};

use super::{Act, Sql, StoreErr};

/// Writes that may wait; more, and the server says that it is busy.
const QUEUE: usize = 1_024;
/// Writes of one commit.
const TOGETHER: usize = 256;

/// A connection that only the writer has.
pub(super) trait Writes: Sql + Send {
    /// Begins a transaction that no other writer's overlaps, whichever process it is in.
    fn begin(&mut self) -> Result<(), StoreErr>;
    fn batch(&mut self, sql: &str) -> Result<(), StoreErr>;
    /// Makes what was written since `begin` durable, and tells of it.
    fn commit(&mut self) -> Result<(), StoreErr>;
    /// Called after a failure: the connection may be gone.
    fn renew(&mut self) {}
}

struct Job {
    act: Act,
    done: SyncSender<Result<(), StoreErr>>,
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
        let jobs = lock(&self.jobs).clone().ok_or(StoreErr::Busy)?;
        let (done, outcome) = sync_channel(1);
        match jobs.try_send(Job { act, done }) {
            Ok(()) => outcome.recv().unwrap_or(Err(StoreErr::Busy)),
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
    while let Ok(first) = queue.recv() {
        let mut outcomes = Vec::new();
        let mut whole = connection.begin();
        for mut job in std::iter::once(first).chain(queue.try_iter()).take(TOGETHER) {
            let outcome = match &whole {
                Ok(()) => in_savepoint(connection, &mut job.act),
                Err(_) => Ok(()),
            };
            outcomes.push((job.done, outcome));
        }
        if whole.is_ok() {
            whole = connection.commit();
        }
        if whole.is_err() {
            let _ = connection.batch("rollback");
            connection.renew();
        }
        for (done, outcome) in outcomes {
            // Nobody waits any more only when its thread is gone.
            let _ = done.send(whole.clone().and(outcome));
        }
    }
}

fn in_savepoint(connection: &mut impl Writes, act: &mut Act) -> Result<(), StoreErr> {
    connection.batch("savepoint job")?;
    // A panic undoes its own write and no other.
    let caught = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| act(connection)));
    match caught.unwrap_or_else(|_| Err(StoreErr::Database("a write panicked".to_owned()))) {
        Ok(()) => connection.batch("release savepoint job"),
        Err(err) => {
            connection.batch("rollback to savepoint job")?;
            connection.batch("release savepoint job")?;
            Err(err)
        }
    }
}
