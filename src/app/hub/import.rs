//! An import as its screen sees it: planned, carried out, over. Nothing is left running when the projector is gone.

use bridge::{Choices, FromProjector, ImportPlan, Problem, ProblemKind, ToProjector};
use js_sys::Uint8Array;
use leptos::prelude::*;

use super::{Hub, pending::Lost};
use crate::messages as m;

/// Where an import stands.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum ImportState {
    #[default]
    Idle,
    Reading,
    Planned(Box<ImportPlan>),
    /// A backup of ours was chosen.
    Backup {
        rows: usize,
        made_ms: u64,
    },
    Restored {
        rows: usize,
        cancelled: bool,
    },
    /// Workouts, or rows of a backup; nobody has counted them yet while there is no total.
    Running {
        done: usize,
        total: usize,
        restores: bool,
    },
    Done {
        sets: usize,
        workouts: usize,
        already_here: usize,
        done: usize,
        total: usize,
    },
    Failed(Problem),
}

impl Hub {
    pub fn plan_import(self, file_name: String, choices: Choices, bytes: Option<Uint8Array>) {
        if bytes.is_some() {
            self.import.set(ImportState::Reading);
        }
        self.ask_import(bytes, |id| ToProjector::PlanImport { id, file_name, choices });
    }

    pub fn run_import(self) {
        self.import.set(ImportState::Running { done: 0, total: 0, restores: false });
        self.ask_import(None, |id| ToProjector::RunImport { id });
    }

    pub fn cancel_import(self) {
        self.tell_projector(ToProjector::CancelImport);
    }

    fn ask_import(self, bytes: Option<Uint8Array>, request: impl FnOnce(u32) -> ToProjector) {
        let id = self.next();
        self.inner().borrow_mut().importing = id;
        let then = move |answer: Result<(FromProjector, _), Lost>| match answer {
            Ok((notice, _)) => self.import_says(id, notice),
            Err(Lost) if self.is_import(id) => self.import_stopped(),
            Err(Lost) => {}
        };
        self.ask_projector(request(id), bytes, Box::new(then));
    }

    pub(super) fn import_goes_on(self, done: usize, total: usize, restores: bool) {
        self.import.set(ImportState::Running { done, total, restores });
    }

    fn import_says(self, id: u32, notice: FromProjector) {
        match notice {
            // An answer's plan that comes once the import runs is a plan of yesterday.
            FromProjector::Planned { plan, .. }
                if !self.import.with_untracked(|state| matches!(state, ImportState::Running { .. })) =>
            {
                self.import.set(ImportState::Planned(plan));
            }
            FromProjector::Backup { id: _, rows, made_ms } => self.import.set(ImportState::Backup { rows, made_ms }),
            FromProjector::Restored { id: _, rows, cancelled } => {
                self.remember();
                self.import.set(ImportState::Restored { rows, cancelled });
            }
            FromProjector::Imported { id: _, sets, workouts, already_here, done, total } => {
                self.remember();
                self.import.set(ImportState::Done { sets, workouts, already_here, done, total });
            }
            FromProjector::Failed { problem, .. } if self.is_import(id) => self.import.set(ImportState::Failed(problem)),
            _ => {}
        }
    }

    /// It is the import that the screen shows, and nobody has said how it ended.
    pub(super) fn is_import(self, id: u32) -> bool {
        self.inner().borrow().importing == id
            && self.import.with_untracked(|state| {
                matches!(
                    state,
                    ImportState::Reading | ImportState::Planned(_) | ImportState::Backup { .. } | ImportState::Running { .. }
                )
            })
    }

    /// The projector that had made the plan, or held the backup, is gone with it.
    pub(super) fn plan_is_gone(self) {
        if self.import.with_untracked(|state| matches!(state, ImportState::Planned(_) | ImportState::Backup { .. })) {
            self.import_stopped();
        }
    }

    fn import_stopped(self) {
        let problem = Problem::new(ProblemKind::Restarted, m::hub::IMPORT_STOPPED, m::hub::IMPORT_KEPT, m::hub::IMPORT_AGAIN);
        self.import.set(ImportState::Failed(problem));
    }
}
