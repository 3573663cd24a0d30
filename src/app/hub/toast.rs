//! What is said to whoever looks at the screen: problems until they are put away, and a few words with a way back.

use std::sync::Arc;

use bridge::{Problem, ProblemKind};
use gloo::timers::callback::Timeout;
use leptos::prelude::*;

use super::Hub;

/// The way back. It outlives the component that offers it, so it is no `Callback`: those are disposed with their owner, and
/// what it captures has to belong to the app.
pub type Undo = Arc<dyn Fn() + Send + Sync>;

#[derive(Clone)]
pub struct Toast {
    pub text: String,
    /// Carried out when "Undo" is tapped.
    pub undo: Option<Undo>,
    pub nth: u32,
}

impl Hub {
    pub fn problem(self, problem: Problem) {
        self.problems.update(|all| {
            if all.last() != Some(&problem) {
                all.push(problem);
            }
        });
    }

    /// An answer to what was tried here: gone once something else works, or somebody goes elsewhere.
    pub fn forget(self, kinds: &[ProblemKind]) {
        if self.problems.with_untracked(|all| all.iter().any(|problem| kinds.contains(&problem.kind))) {
            self.problems.update(|all| all.retain(|problem| !kinds.contains(&problem.kind)));
        }
    }

    pub fn undoable(self, text: impl Into<String>, undo: impl Fn() + Send + Sync + 'static) {
        self.say(text, Some(Arc::new(undo)));
    }

    /// Says something for a few seconds, with a way back where there is one.
    pub fn say(self, text: impl Into<String>, undo: Option<Undo>) {
        let nth = self.next();
        let shown_ms = if undo.is_some() { 10_000 } else { 6_000 };
        self.toast.set(Some(Toast { text: text.into(), undo, nth }));
        Timeout::new(shown_ms, move || {
            self.toast.update(|toast| {
                if toast.as_ref().is_some_and(|toast| toast.nth == nth) {
                    *toast = None;
                }
            });
        })
        .forget();
    }
}
