//! What the screens ask of storage, and of the tables as a whole. Whoever asks is always told how it ended.

use bridge::{
    AccountNews, AccountWish, Draft, ExportAs, FromProjector, FromStorage, ProblemKind, Refusal, SavedRow, StorageReport,
    ToProjector, ToStorage,
};
use js_sys::Uint8Array;
use leptos::prelude::*;
use wasm_bindgen::JsCast as _;

use super::{
    Hub,
    kept::{begin_anew, reload, removal_seen},
    pending::Lost,
    performance_now,
    workers::ProjectorSays,
};

/// What was to be written down is not, and that is on the screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotSaved;

pub(crate) type Saved = Result<Vec<SavedRow>, NotSaved>;

impl Hub {
    /// Writes the drafts down and says when they are on the disk. A failure is also shown.
    pub fn capture(self, drafts: Vec<Draft>, then: impl FnOnce(Saved) + 'static) {
        self.capture_boxed(drafts, Box::new(then));
    }

    fn capture_boxed(self, drafts: Vec<Draft>, then: Box<dyn FnOnce(Saved)>) {
        let (id, began) = (self.next(), performance_now());
        self.saving.update(|n| *n += 1);
        let ended = move |answer| {
            self.saving.update(|n| *n = n.saturating_sub(1));
            if let Ok(FromStorage::Saved { rows, .. }) = answer {
                self.timings.update(|timings| timings.2 = performance_now() - began);
                self.forget(&[ProblemKind::Refused, ProblemKind::StorageFull]);
                self.remember();
                return then(Ok(rows));
            }
            // Storage that does not come back says it once more: somebody may have put that away.
            if answer.is_err() {
                let ended = self.inner().borrow().ended.clone();
                ended.into_iter().for_each(|problem| self.problem(problem));
            }
            then(Err(NotSaved));
        };
        self.ask_storage(ToStorage::Capture { id, drafts }, Box::new(ended));
    }

    pub fn save_sheet(self, json: String) {
        self.tell_storage(ToStorage::SaveSheet { json });
    }

    /// Signing in and out, devices, codes.
    pub fn account(self, wish: AccountWish, then: impl FnOnce(Result<AccountNews, Refusal>) + 'static) {
        let id = self.next();
        let then = move |answer| {
            then(match answer {
                Ok(FromStorage::Account { news, .. }) => news,
                _ => Err(Refusal::lost()),
            });
        };
        self.ask_storage(ToStorage::Account { id, wish }, Box::new(then));
    }

    /// Everything here is compared with everything there.
    pub fn compare(self) {
        self.tell_storage(ToStorage::Compare);
    }

    pub fn retry_refused(self) {
        self.tell_storage(ToStorage::RetryRefused);
    }

    /// Nothing is said where there is nobody to report.
    pub fn report(self, then: impl FnOnce(StorageReport) + 'static) {
        let id = self.next();
        let then = move |answer| {
            if let Ok(FromStorage::Report { report, .. }) = answer {
                then(report);
            }
        };
        self.ask_storage(ToStorage::Report { id }, Box::new(then));
    }

    /// The code that opens what is stored here on the day the browser has lost its own key. `None`: nothing is encrypted.
    pub fn recovery_code(self, then: impl FnOnce(Option<String>) + 'static) {
        let id = self.next();
        let then = move |answer| {
            if let Ok(FromStorage::RecoveryCode { code, .. }) = answer {
                then(code);
            }
        };
        self.ask_storage(ToStorage::RecoveryCode { id }, Box::new(then));
    }

    /// Another one in its place; the former code when that did not work, which is said.
    pub fn new_recovery_code(self, then: impl FnOnce(Option<String>) + 'static) {
        let id = self.next();
        let or_again = move |answer| match answer {
            Ok(FromStorage::RecoveryCode { code, .. }) => then(code),
            // Nobody knows which one holds.
            _ => self.recovery_code(then),
        };
        self.ask_storage(ToStorage::NewRecoveryCode { id }, Box::new(or_again));
    }

    /// A failure is shown.
    fn wish(self, request: impl FnOnce(u32) -> ToStorage, then: impl FnOnce(bool) + 'static) {
        let then = move |answer| then(matches!(answer, Ok(FromStorage::Done { .. })));
        self.ask_storage(request(self.next()), Box::new(then));
    }

    /// Empty: no app lock.
    pub fn set_app_lock(self, passphrase: String, then: impl FnOnce(bool) + 'static) {
        let on = !passphrase.is_empty();
        let then = move |done| {
            self.profile.update(|profile| {
                if let Some(profile) = profile.as_mut().filter(|_| done) {
                    profile.app_lock = on;
                }
            });
            then(done);
        };
        self.wish(|id| ToStorage::SetAppLock { id, passphrase }, then);
    }

    pub fn unlock(self, code: String) {
        self.wish(|id| ToStorage::Unlock { id, code }, |_| {});
    }

    /// What is stored here opens only with the passphrase or the recovery code from now on.
    pub fn lock(self) {
        self.wish(|id| ToStorage::Lock { id }, |done| _ = done.then(reload));
    }

    /// Everything on this device; refused, and said so, while something is nowhere else.
    pub fn remove_everything(self) {
        self.wish(|id| ToStorage::Remove { id }, |done| _ = done.then(begin_anew));
    }

    pub fn start_over(self) {
        self.wish(|id| ToStorage::StartOver { id }, |done| _ = done.then(begin_anew));
    }

    pub fn exported(self) {
        self.tell_storage(ToStorage::Exported);
    }

    /// What the browser removed is given up.
    pub fn go_on_without(self) {
        self.tell_storage(ToStorage::GoOnWithout);
    }

    /// Somebody has read that everything is removed.
    pub fn removal_seen(self) {
        removal_seen();
        self.removed.set(false);
    }

    /// Measured again by whoever wants to know, once the tables stand again.
    pub fn measure(self, then: impl FnOnce(FromProjector) + 'static) {
        let id = self.next();
        let then = move |answer| {
            if let Ok((measured @ FromProjector::Measured { .. }, _)) = answer {
                then(measured);
            }
        };
        self.ask_projector(ToProjector::Measure { id, hashes: false }, None, Box::new(then));
    }

    /// Everything as a file: how many rows, and its bytes. A failure is shown.
    pub fn export(self, what: ExportAs, now_ms: i64, then: impl FnOnce(Option<(usize, Uint8Array)>) + 'static) {
        let id = self.next();
        let then = move |answer: Result<ProjectorSays, Lost>| {
            then(match answer {
                Ok((FromProjector::Exported { rows, .. }, bytes)) => Some((rows, bytes.unchecked_into())),
                _ => None,
            });
        };
        self.ask_projector(ToProjector::Export { id, what, now_ms }, None, Box::new(then));
    }
}
