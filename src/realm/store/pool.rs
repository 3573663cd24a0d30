//! Connections for reading: few, and whoever finds none waits for one.

use std::sync::{Condvar, Mutex, PoisonError};

use super::{StoreErr, writer::lock};

pub(super) struct Pool<T> {
    most: usize,
    /// Connections that nobody uses, and how many there are in all.
    idle: Mutex<(Vec<T>, usize)>,
    back: Condvar,
}

impl<T> Pool<T> {
    pub(super) fn new(most: usize) -> Self {
        Self { most, idle: Mutex::new((Vec::new(), 0)), back: Condvar::new() }
    }

    /// `act` says whether the connection is fit to be used again.
    pub(super) fn with<R>(
        &self,
        open: impl FnOnce() -> Result<T, StoreErr>,
        act: impl FnOnce(&mut T) -> (R, bool),
    ) -> Result<R, StoreErr> {
        let mut idle = lock(&self.idle);
        while idle.0.is_empty() && self.most <= idle.1 {
            idle = self.back.wait(idle).unwrap_or_else(PoisonError::into_inner);
        }
        let taken = idle.0.pop();
        idle.1 += usize::from(taken.is_none());
        drop(idle);
        // Whatever happens to it, its place is given back.
        let mut place = Place { pool: self, connection: None };
        let mut connection = match taken {
            Some(connection) => connection,
            None => open()?,
        };
        let (outcome, fit) = act(&mut connection);
        place.connection = fit.then_some(connection);
        Ok(outcome)
    }
}

struct Place<'a, T> {
    pool: &'a Pool<T>,
    connection: Option<T>,
}

impl<T> Drop for Place<'_, T> {
    fn drop(&mut self) {
        let mut idle = lock(&self.pool.idle);
        match self.connection.take() {
            Some(connection) => idle.0.push(connection),
            None => idle.1 -= 1,
        }
        drop(idle);
        self.pool.back.notify_one();
    }
}
