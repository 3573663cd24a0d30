//! What the two workers say, turned into signals and answers.

use bridge::{FromProjector, FromStorage, Problem, ProblemKind, ToProjector, ToStorage};
use js_sys::Array;
use leptos::prelude::*;
use wasm_bindgen::{JsCast as _, JsValue};

use super::{
    Hub, Opens, Profile, build_id,
    kept::{Remembered, keep_device, kept_device},
    pending::Stage,
};
use crate::json;

/// The first thing a worker says: only from then on it listens.
fn is_up(message: &JsValue) -> bool {
    message.as_string().as_deref() == Some("up")
}

impl Hub {
    pub(super) fn storage_says(self, message: &JsValue) {
        if is_up(message) {
            self.post_storage(&ToStorage::Hello { build: build_id(), before: kept_device() });
            return self.storage_is(Stage::Listens);
        }
        let Ok(notice) = serde_wasm_bindgen::from_value::<FromStorage>(message.clone()) else {
            web_sys::console::error_2(&"a notice that cannot be read".into(), message);
            return;
        };
        if let FromStorage::Failed { problem, .. } = &notice {
            self.problem(problem.clone());
        }
        if let Some(id) = notice.answers() {
            return self.storage_answers(id, notice);
        }
        match notice {
            FromStorage::Ready { person, device, lane: _, memory_only, app_lock, sheet, problems, took_ms } => {
                self.timings.update(|timings| timings.0 = took_ms);
                self.storage_is_ready(Profile { person, device, memory_only, app_lock }, sheet, problems);
            }
            FromStorage::OtherBuild { .. } => {
                self.update.set(true);
                self.lose_storage(false);
            }
            FromStorage::Update => self.update.set(true),
            FromStorage::Locked { passphrase } => {
                self.locked.set(Some(if passphrase { Opens::Passphrase } else { Opens::RecoveryCode }));
            }
            FromStorage::Gone => self.stop(),
            FromStorage::Sheet { json } => self.stored_sheet.set(Some(json)),
            FromStorage::Problem { problem } => self.problem(problem),
            FromStorage::Sync { state } => {
                self.sync.set(state);
                self.sync_known.set(true);
            }
            FromStorage::Person { person } => {
                self.profile.update(|profile| {
                    if let Some(profile) = profile {
                        profile.person = person;
                    }
                });
                self.inner().borrow_mut().remembered = false;
                self.remember();
            }
            // Answers: whoever asked has them.
            FromStorage::Done { .. }
            | FromStorage::RecoveryCode { .. }
            | FromStorage::Saved { .. }
            | FromStorage::Failed { .. }
            | FromStorage::Report { .. }
            | FromStorage::Account { .. } => {}
        }
    }

    fn storage_is_ready(self, profile: Profile, sheet: Option<String>, problems: Vec<Problem>) {
        self.inner().borrow_mut().remembered = false;
        self.locked.set(None);
        let (cleared, problems): (Vec<_>, Vec<_>) =
            problems.into_iter().partition(|problem| problem.kind == ProblemKind::StorageCleared);
        self.cleared.set(cleared.into_iter().next());
        self.problems.update(|all| all.extend(problems));
        self.stored_sheet.set(Some(sheet.unwrap_or_default()));
        self.profile.set(Some(profile));
        self.storage_is(Stage::Knows);
        self.link();
        self.start_projector();
    }

    pub(super) fn projector_says(self, message: &JsValue) {
        if is_up(message) {
            return self.post_projector((ToProjector::Hello { build: build_id() }, None));
        }
        let message: &Array = message.unchecked_ref();
        let Ok(notice) = serde_wasm_bindgen::from_value::<FromProjector>(message.get(0)) else {
            web_sys::console::error_2(&"a notice that cannot be read".into(), message);
            return;
        };
        if let FromProjector::Failed { id, problem } = &notice
            && !self.is_import(*id)
        {
            self.problem(problem.clone());
        }
        if let Some(id) = notice.answers() {
            return self.projector_answers(id, (notice, message.get(1)));
        }
        match notice {
            FromProjector::Hello => {
                self.projector_is(Stage::Listens);
                self.link();
                self.watch_again();
            }
            FromProjector::OtherBuild { .. } => {
                self.update.set(true);
                self.lose_projector(false);
            }
            FromProjector::Ready { events: _, packed, took_ms } => {
                self.packed.set(packed);
                self.timings.update(|timings| timings.1 = took_ms);
                self.projector_is(Stage::Knows);
                self.projected.set(true);
            }
            FromProjector::View { key } => self.viewed(key, message.get(1)),
            FromProjector::ImportProgress { id: _, done, total, restores } => self.import_goes_on(done, total, restores),
            // Answers: whoever asked has them.
            FromProjector::Answer { .. }
            | FromProjector::Planned { .. }
            | FromProjector::Backup { .. }
            | FromProjector::Restored { .. }
            | FromProjector::Exported { .. }
            | FromProjector::Imported { .. }
            | FromProjector::Measured { .. }
            | FromProjector::Failed { .. } => {}
        }
    }

    /// Keeps whose phone this is, from the first thing on that would be missed.
    pub(super) fn remember(self) {
        if std::mem::replace(&mut self.inner().borrow_mut().remembered, true) {
            return;
        }
        let json = self.profile.with_untracked(|profile| {
            let profile = profile.as_ref().filter(|profile| !profile.memory_only)?;
            json::write(&Remembered { device_id: &profile.device, person: &profile.person })
        });
        if let Some(json) = json {
            keep_device(&json);
        }
    }
}
