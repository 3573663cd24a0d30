//! Requests that hold many rows at once: two at a time for each account, so that one of them cannot take the memory that all
//! share. The others of that account wait, and nobody else does.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use wire::{Code, Problem};

use super::Refused;

const AT_ONCE: usize = 2;
const PATIENCE: Duration = Duration::from_secs(20);

#[derive(Debug, Default)]
pub(super) struct Heavy {
    lanes: Mutex<BTreeMap<String, Arc<Semaphore>>>,
}

/// One of the two turns. It is given back when this is dropped.
pub(super) struct Turn {
    _permit: OwnedSemaphorePermit,
}

impl Heavy {
    pub(super) async fn turn(&self, account_id: &str) -> Result<Turn, Refused> {
        let lane = {
            let mut lanes = self.lanes.lock().unwrap_or_else(PoisonError::into_inner);
            // Whoever waits or has a turn holds the lane: the others are nobody's.
            lanes.retain(|_, lane| 1 < Arc::strong_count(lane));
            Arc::clone(lanes.entry(account_id.to_owned()).or_insert_with(|| Arc::new(Semaphore::new(AT_ONCE))))
        };
        let busy = || Refused(Problem::new(Code::Busy, "this account asks for much at once; try again").after(2_000));
        let permit = tokio::time::timeout(PATIENCE, lane.acquire_owned()).await.map_err(|_| busy())?.map_err(|_| busy())?;
        Ok(Turn { _permit: permit })
    }
}

#[cfg(test)]
mod tests {
    use std::{
        future::Future as _,
        pin::pin,
        task::{Context, Poll, Waker},
    };

    use super::*;

    #[tokio::test]
    async fn a_third_request_of_an_account_waits_and_nobody_elses_does() {
        let heavy = Heavy::default();
        let (first, _second) = (heavy.turn("ada").await.ok(), heavy.turn("ada").await.ok());
        assert!(first.is_some());
        let mut third = pin!(heavy.turn("ada"));
        let mut cx = Context::from_waker(Waker::noop());
        assert!(matches!(third.as_mut().poll(&mut cx), Poll::Pending));
        assert!(heavy.turn("ben").await.is_ok());
        drop(first);
        assert!(third.await.is_ok(), "its turn has come");
    }
}
