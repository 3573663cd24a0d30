//! Does the errands. It is a file of its own, which comes once it is needed, or a while after the start.

use bridge::{FromStorage, Problem, ProblemKind};
use wasm_bindgen_futures::spawn_local;
use wire::{Failure, Input};

use crate::{
    account, calls,
    errands::{Errand, Run, begin, refusal},
    js, leave,
    link::{end_call, input, progress},
    snapshot,
    state::tell,
};

/// When it is fetched though nothing needs it yet: later an update may have taken this build's files away.
const LATER_MS: i32 = 5_000;
const AGAIN_MS: i32 = 30_000;

mod file {
    use wasm_split_helpers::{SplitLoaderError, wasm_split};

    use super::{Run, run};

    /// The seam: what only this function reaches lies in the other file.
    #[wasm_split(far, fallible)]
    pub(super) fn errands() -> Result<Run, SplitLoaderError> {
        Ok(|errand| Box::pin(run(errand)))
    }
}

pub(crate) async fn carry_out(errand: Errand) {
    match file::errands().await {
        Ok(run) => run(errand).await,
        Err(_) => not_there(errand).await,
    }
}

pub(crate) fn fetch_later() {
    spawn_local(async {
        js::sleep(LATER_MS).await;
        // Whatever needs it asks again.
        let _ = file::errands().await;
    });
}

async fn run(errand: Errand) {
    match errand {
        Errand::Ask { id, request, abort } => {
            let outcome = calls::ask(request, abort.as_ref()).await;
            if end_call(id) {
                input(match outcome {
                    Ok(answer) => Input::Answered { id, answer },
                    Err(failure) => Input::Failed { id, failure },
                });
            }
        }
        Errand::Listen { id, checkpoint, abort } => {
            let failure = calls::listen(id, &checkpoint, abort.as_ref()).await;
            if end_call(id) {
                input(Input::StreamEnded { id, failure });
            }
        }
        Errand::Snapshot(list) => {
            let outcome = snapshot::fetch(&list, &progress).await;
            progress(None);
            input(match outcome {
                Ok(acked) => Input::SnapshotStored(acked),
                Err(failure) => Input::SnapshotFailed(failure),
            });
        }
        Errand::Account { id, wish } => account::carry_out(id, wish).await,
        Errand::EndOwed => account::end_what_is_owed().await,
        Errand::Leave(wish) => leave::carry_out(wish).await,
    }
}

/// It comes from where the app comes from: as good as a server that cannot be reached.
async fn not_there(errand: Errand) {
    let failure = || Failure::Unreachable("a part of Spotter could not be loaded".to_owned());
    match errand {
        Errand::Ask { id, .. } if end_call(id) => input(Input::Failed { id, failure: failure() }),
        Errand::Listen { id, .. } if end_call(id) => input(Input::StreamEnded { id, failure: failure() }),
        Errand::Ask { .. } | Errand::Listen { .. } => {}
        Errand::Snapshot(_) => input(Input::SnapshotFailed(failure())),
        Errand::Account { id, .. } => tell(&FromStorage::Account { id, news: Err(refusal(&failure())) }),
        Errand::EndOwed => {
            js::sleep(AGAIN_MS).await;
            begin(Errand::EndOwed);
        }
        Errand::Leave(wish) => {
            if let Some(id) = wish.id() {
                tell(&FromStorage::Failed { id, problem: not_loaded() });
            }
        }
    }
}

fn not_loaded() -> Problem {
    Problem::new(
        ProblemKind::Refused,
        "A part of Spotter could not be loaded.",
        "Nothing was changed.",
        "Try again with a network: it is needed once, until Spotter is complete on this device.",
    )
}
