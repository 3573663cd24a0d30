//! An import: planned here, written by the storage worker chunk after chunk, and shown in the tables at the end.

use std::{cell::RefCell, collections::VecDeque};

use bridge::{Asked, Choices, Draft, ExerciseName, FromProjector, KnownSet, Problem, Question};
use intake::{Known, NameBook, NameTarget, Planned};
use ledger::{EntityId, Entropy, LoadMode, Tracking};
use wasm_bindgen::JsValue;

use crate::{
    port::{complain, say, tell},
    project,
};

/// Events per flush: large enough to be quick, small enough to show progress and to be cancelled.
const CHUNK: usize = 500;

/// Whether one is running; the rest of its state lives below, outside the projector's.
#[derive(Default)]
pub(crate) struct Import {
    running: bool,
}

impl Import {
    pub(crate) fn running(&self) -> bool {
        self.running
    }
}

#[derive(Default)]
struct State {
    file: Vec<u8>,
    planned: Option<(Planned, Choices)>,
    chunks: VecDeque<Vec<Draft>>,
    id: u32,
    done: usize,
    total: usize,
    sets: usize,
    workouts: usize,
    cancelled: bool,
}

thread_local! {
    static STATE: RefCell<State> = RefCell::default();
}

struct Chance;

impl Entropy for Chance {
    fn fill(&mut self, bytes: &mut [u8]) {
        getrandom::fill(bytes).expect("every browser that runs this has crypto.getRandomValues");
    }
}

fn answer<Q: Question>(params: &[(&str, bridge::Ask)]) -> Vec<Q> {
    let asked: Asked = bridge::ask::<Q>(params);
    match project::with(|it| it.answer(&asked)) {
        Some(Ok(table)) => table.to_json().into_iter().filter_map(|row| serde_json::from_value(row).ok()).collect(),
        Some(Err(err)) => {
            complain(&err.to_string());
            Vec::new()
        }
        None => Vec::new(),
    }
}

fn names() -> NameBook {
    let word = |text: String| serde_json::Value::String(text);
    NameBook::new(answer::<ExerciseName>(&[]).into_iter().map(|row| {
        let load_mode = serde_json::from_value::<LoadMode>(word(row.load_mode)).unwrap_or_default();
        let tracking = serde_json::from_value::<Tracking>(word(row.tracking)).unwrap_or_default();
        (row.alias, NameTarget { exercise_id: row.exercise_id, name: row.name, load_mode, tracking })
    }))
}

fn known() -> Known {
    let sets = answer::<KnownSet>(&[]);
    Known::new(sets.into_iter().filter_map(|row| Some((EntityId::parse(&row.set_id).ok()?, row.undone == 1))))
}

/// With a file: reads it. Without: the same file again with other answers.
pub(crate) fn plan(id: u32, file_name: String, choices: Choices, bytes: Option<Vec<u8>>) {
    let planned = STATE.with_borrow_mut(|state| {
        if let Some(bytes) = bytes {
            state.file = bytes;
        }
        intake::plan(&state.file, &file_name, &choices, &names(), &known())
    });
    match planned {
        Ok(planned) => {
            let plan = planned.plan.clone();
            STATE.with_borrow_mut(|state| state.planned = Some((planned, choices)));
            tell(&FromProjector::Planned { id, plan });
        }
        Err(problem) => tell(&FromProjector::Failed { id, problem }),
    }
}

pub(crate) fn run(id: u32) {
    let Some((planned, choices)) = STATE.with_borrow_mut(|state| state.planned.take()) else {
        complain("an import without a plan");
        return;
    };
    let import_id = Chance.entity_id(choices.now_ms.max(0) as u64);
    let chunks: VecDeque<Vec<Draft>> = intake::drafts(&planned, &choices, &names(), &known(), import_id, CHUNK).into();
    STATE.with_borrow_mut(|state| {
        *state = State {
            total: chunks.iter().map(Vec::len).sum(),
            sets: planned.plan.sets - planned.plan.already_here,
            workouts: planned.plan.workouts,
            chunks,
            id,
            ..State::default()
        };
    });
    project::with(|it| it.import.running = true);
    send_next();
}

pub(crate) fn cancel() {
    STATE.with_borrow_mut(|state| {
        state.cancelled = true;
        state.chunks.clear();
    });
}

fn send_next() {
    let next = STATE.with_borrow_mut(|state| {
        let chunk = state.chunks.pop_front()?;
        state.done += chunk.len();
        Some((state.id, chunk))
    });
    match next {
        Some((id, chunk)) => match serde_json::to_vec(&chunk) {
            Ok(json) => say(&["capture".into(), id.into()], Some(&json)),
            Err(err) => complain(&format!("drafts that cannot be said: {err}")),
        },
        None => {
            project::with(|it| it.import.running = false);
            project::refresh();
            let notice = STATE.with_borrow(|state| FromProjector::Imported {
                id: state.id,
                sets: state.sets,
                workouts: state.workouts,
                cancelled: state.cancelled,
            });
            tell(&notice);
        }
    }
}

/// The storage worker wrote a chunk, or could not.
pub(crate) fn captured(problem: &JsValue) {
    if let Ok(problem) = serde_wasm_bindgen::from_value::<Problem>(problem.clone()) {
        let id = STATE.with_borrow_mut(|state| {
            state.chunks.clear();
            state.cancelled = true;
            state.id
        });
        tell(&FromProjector::Failed { id, problem });
    }
    let progress = STATE.with_borrow(|state| FromProjector::ImportProgress { id: state.id, done: state.done, total: state.total });
    tell(&progress);
    send_next();
}
