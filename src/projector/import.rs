//! An import: planned here, written by the storage worker chunk after chunk, and shown in the tables at the end.

use std::{cell::RefCell, collections::VecDeque};

use bridge::{Asked, Choices, Draft, ExerciseName, FromProjector, KnownSet, Problem, Question, pack};
use intake::{Known, NameBook, NameTarget, Planned};
use ledger::{EntityId, Entropy, LoadMode, Row, Tracking};
use wasm_bindgen::JsValue;

use crate::{
    port::{complain, say, tell},
    project,
};

/// Events per flush: large enough to be quick, small enough to show progress and to be cancelled.
const CHUNK: usize = 500;
/// Rows of a backup, which need no more than to be written.
const ROWS: usize = 2_000;

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

/// What is written at once.
enum Chunk {
    Drafts(Vec<Draft>),
    /// Rows as they were; with the last of them goes whose they are.
    Rows(Vec<Row>, Option<String>),
}

impl Chunk {
    fn len(&self) -> usize {
        match self {
            Self::Drafts(drafts) => drafts.len(),
            Self::Rows(rows, _) => rows.len(),
        }
    }
}

#[derive(Default)]
struct State {
    file: Vec<u8>,
    planned: Option<(Planned, Choices)>,
    /// A backup that was read, and whose it is.
    backup: Option<(archive::About, Vec<Row>)>,
    chunks: VecDeque<Chunk>,
    restores: bool,
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
    if let Some(bytes) = bytes.as_ref().filter(|bytes| archive::is_archive(bytes)) {
        match archive::read(bytes) {
            Ok((about, rows)) => {
                let notice = FromProjector::Backup { id, rows: rows.len(), made_ms: about.made_ms };
                STATE.with_borrow_mut(|state| *state = State { backup: Some((about, rows)), ..State::default() });
                tell(&notice);
            }
            Err(problem) => tell(&FromProjector::Failed { id, problem }),
        }
        return;
    }
    let planned = STATE.with_borrow_mut(|state| {
        state.backup = None;
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
    if let Some((about, mut rows)) = STATE.with_borrow_mut(|state| state.backup.take()) {
        let total = rows.len();
        let mut chunks = VecDeque::new();
        while !rows.is_empty() {
            let later = rows.split_off(rows.len().min(ROWS));
            let person = later.is_empty().then(|| about.person.clone());
            chunks.push_back(Chunk::Rows(rows, person));
            rows = later;
        }
        STATE.with_borrow_mut(|state| *state = State { chunks, id, total, restores: true, ..State::default() });
        project::with(|it| it.import.running = true);
        return send_next();
    }
    let Some((planned, choices)) = STATE.with_borrow_mut(|state| state.planned.take()) else {
        complain("an import without a plan");
        return;
    };
    let import_id = Chance.entity_id(choices.now_ms.max(0) as u64);
    let chunks = intake::drafts(&planned, &choices, &names(), &known(), import_id, CHUNK);
    let chunks: VecDeque<Chunk> = chunks.into_iter().map(Chunk::Drafts).collect();
    STATE.with_borrow_mut(|state| {
        *state = State {
            total: chunks.iter().map(Chunk::len).sum(),
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
        Some((id, Chunk::Drafts(drafts))) => match serde_json::to_vec(&drafts) {
            Ok(json) => say(&["capture".into(), id.into()], Some(&json)),
            Err(err) => complain(&format!("drafts that cannot be said: {err}")),
        },
        Some((id, Chunk::Rows(rows, person))) => {
            let packed = pack(rows.iter().map(|row| row.raw.as_slice()));
            say(&["restore".into(), id.into(), person.unwrap_or_default().into()], Some(&packed));
        }
        None => {
            project::with(|it| it.import.running = false);
            project::refresh();
            if !STATE.with_borrow(|state| state.restores) {
                say(&["imported".into()], None);
            }
            let notice = STATE.with_borrow(|state| {
                let State { id, sets, workouts, cancelled, done, .. } = *state;
                if state.restores {
                    FromProjector::Restored { id, rows: done, cancelled }
                } else {
                    FromProjector::Imported { id, sets, workouts, cancelled }
                }
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
