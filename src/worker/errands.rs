//! What no tapped set waits for: the way to the server, accounts, locking and leaving. Who does it is told at the start.

use std::{cell::Cell, pin::Pin};

use bridge::{AccountWish, Refusal, RefusalCode, ToStorage};
use wasm_bindgen_futures::spawn_local;
use web_sys::AbortController;
use wire::{Checkpoint, Failure, Request, Snapshot};

pub(crate) enum Errand {
    Ask {
        id: u32,
        request: Request,
        abort: Option<AbortController>,
    },
    Listen {
        id: u32,
        checkpoint: Checkpoint,
        abort: Option<AbortController>,
    },
    Snapshot(Snapshot),
    Account {
        id: u32,
        wish: AccountWish,
    },
    /// A sign-in that was left without a network.
    EndOwed,
    /// A wish about what is kept here and who may open it.
    Leave(ToStorage),
}

pub(crate) type Run = fn(Errand) -> Pin<Box<dyn Future<Output = ()>>>;

thread_local! {
    static RUN: Cell<Option<Run>> = const { Cell::new(None) };
}

pub(crate) fn done_by(run: Run) {
    RUN.set(Some(run));
}

pub(crate) fn begin(errand: Errand) {
    spawn_local(carry_out(errand));
}

pub(crate) async fn carry_out(errand: Errand) {
    if let Some(run) = RUN.get() {
        run(errand).await;
    }
}

pub(crate) fn refusal(failure: &Failure) -> Refusal {
    match failure {
        Failure::Unreachable(why) => Refusal { code: RefusalCode::Unreachable, detail: why.clone(), retry_after_ms: None },
        Failure::Problem(problem) => Refusal {
            code: RefusalCode::Server(problem.code),
            detail: problem.detail.clone(),
            retry_after_ms: problem.retry_after_ms,
        },
    }
}
