//! An import: planned here, written by the storage worker chunk after chunk, and shown in the tables at the end.

use std::{
    cell::RefCell,
    collections::{BTreeMap, VecDeque},
};

use bridge::{Asked, Choices, ExerciseName, FromProjector, FromTables, ImportLine, KnownSet, Problem, ProblemKind, Question, pack};
use intake::{Begun, Known, NameBook, NameTarget, Part, Planned};
use ledger::{EntityId, Entropy, LoadMode, Row, Tracking};

use crate::{
    project,
    speak::{complain, say, tell},
};

/// Events per flush: large enough to be quick, small enough to show progress and to be cancelled.
const CHUNK: usize = 500;
/// Rows of a backup, which need no more than to be written.
const ROWS: usize = 2_000;

/// What is written at once.
enum Chunk {
    Part(Part),
    /// Rows as they were; with the last of them goes whose they are.
    Rows(Vec<Row>, Option<String>),
}

impl Chunk {
    /// Workouts of an import, rows of a backup.
    fn len(&self) -> usize {
        match self {
            Self::Part(part) => part.workouts,
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
    /// Sets that are written, and those of the file that were here before.
    sets: usize,
    already_here: usize,
    /// What an earlier begin of the same import wrote.
    before: usize,
    /// Workouts or rows, and sets, that the storage worker has not answered for.
    sent: (usize, usize),
    cancelled: bool,
    /// Something could not be written, and that was said.
    failed: bool,
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
    Known::new(answer::<KnownSet>(&[]))
}

/// An import of the same file that was stopped, and what was answered then.
fn stopped(file_hash: &str) -> Option<(Begun, Option<String>)> {
    let line = answer::<ImportLine>(&[]).into_iter().find(|line| line.file_hash == file_hash && line.is_stopped())?;
    let count = |n: i64| usize::try_from(n).unwrap_or(0);
    let begun = Begun {
        import_id: EntityId::parse(&line.import_id).ok()?,
        workouts: count(line.planned.unwrap_or(0)),
        done: count(line.written),
    };
    Some((begun, line.answers))
}

/// With a file: reads it. Without: the same file again with other answers.
pub(crate) fn plan(id: u32, file_name: String, mut choices: Choices, bytes: Option<Vec<u8>>) {
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
            // What was answered when it was begun holds again.
            let answers = stopped(&intake::hash(&bytes)).and_then(|(_, answers)| answers);
            choices.answers.extend(answers.and_then(|json| serde_json::from_str::<BTreeMap<_, _>>(&json).ok()).unwrap_or_default());
            state.file = bytes;
        }
        intake::plan(&state.file, &file_name, &choices, &names(), &known())
    });
    match planned {
        Ok(planned) => {
            let plan = planned.plan.clone();
            STATE.with_borrow_mut(|state| state.planned = Some((planned, choices)));
            tell(&FromProjector::Planned { id, plan: Box::new(plan) });
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
        project::with(|it| it.importing = true);
        progress();
        return send_next();
    }
    let Some((planned, choices)) = STATE.with_borrow_mut(|state| state.planned.take()) else {
        return tell(&FromProjector::Failed { id, problem: without_plan() });
    };
    let begun = stopped(&planned.plan.file_hash).map(|(begun, _)| begun);
    let import_id = begun.as_ref().map_or_else(|| Chance.entity_id(choices.now_ms.max(0) as u64), |begun| begun.import_id);
    let parts = intake::drafts(&planned, &choices, &names(), import_id, begun.as_ref(), CHUNK);
    let before = begun.map_or(0, |begun| begun.done);
    let chunks: VecDeque<Chunk> = parts.into_iter().map(Chunk::Part).collect();
    STATE.with_borrow_mut(|state| {
        *state = State {
            total: before + chunks.iter().map(Chunk::len).sum::<usize>(),
            already_here: planned.plan.already_here,
            done: before,
            before,
            chunks,
            id,
            ..State::default()
        };
    });
    project::with(|it| it.importing = true);
    progress();
    send_next();
}

/// Its plan was made by a projector that has stopped since.
fn without_plan() -> Problem {
    let (kept, todo) = ("Nothing of it was saved.", "Choose the file again.");
    Problem::new(ProblemKind::Restarted, "The file that was to be imported is not at hand any more.", kept, todo)
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
        // Counted once it is written.
        state.sent = (chunk.len(), if let Chunk::Part(part) = &chunk { part.sets } else { 0 });
        Some(chunk)
    });
    match next {
        Some(Chunk::Part(part)) => match serde_json::to_vec(&part.drafts) {
            Ok(json) => say(&FromTables::Capture, Some(&json)),
            Err(err) => complain(&format!("drafts that cannot be said: {err}")),
        },
        Some(Chunk::Rows(rows, person)) => {
            let packed = pack(rows.iter().map(|row| row.raw.as_slice()));
            say(&FromTables::Restore { person }, Some(&packed));
        }
        None => {
            project::with(|it| it.importing = false);
            project::refresh();
            if !STATE.with_borrow(|state| state.restores) {
                say(&FromTables::Imported, None);
            }
            let notice = STATE.with_borrow(|state| {
                let State { id, sets, already_here, before, cancelled, done, total, .. } = *state;
                if state.restores {
                    FromProjector::Restored { id, rows: done, cancelled }
                } else {
                    FromProjector::Imported { id, sets, workouts: done - before, already_here, done, total }
                }
            });
            if !STATE.with_borrow(|state| state.failed) {
                tell(&notice);
            }
        }
    }
}

/// The storage worker wrote a chunk, or could not.
pub(crate) fn captured(problem: Option<Problem>) {
    if let Some(problem) = problem {
        let id = STATE.with_borrow_mut(|state| {
            state.chunks.clear();
            state.failed = true;
            state.id
        });
        tell(&FromProjector::Failed { id, problem });
    } else {
        STATE.with_borrow_mut(|state| {
            let (done, sets) = std::mem::take(&mut state.sent);
            state.done += done;
            state.sets += sets;
        });
        progress();
    }
    send_next();
}

fn progress() {
    let progress = STATE.with_borrow(|state| FromProjector::ImportProgress {
        id: state.id,
        done: state.done,
        total: state.total,
        restores: state.restores,
    });
    tell(&progress);
}
