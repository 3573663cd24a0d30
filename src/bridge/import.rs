//! What an import would do, before it does it.

use std::collections::BTreeMap;

use ledger::{EntityId, LoadMode, SetKind, Unit};
use serde::{Deserialize, Serialize};

/// What stands around a file and is not in it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Choices {
    /// Minutes east of UTC: no app writes a time zone.
    pub offset_min: i32,
    /// Milliseconds now, to flag what lies in the future.
    pub now_ms: i64,
    /// What somebody answered, by the id of the question.
    pub answers: BTreeMap<String, String>,
}

/// What a question is about: those of one topic stand together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Topic {
    Columns,
    Dates,
    Units,
    /// Figures far out of line, and halves that repeat.
    Odd,
    Names,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Form {
    /// A few options, all of them shown.
    Few,
    List,
    /// A figure, typed in.
    Typed,
}

/// Something that the file does not say, or that looks wrong in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportQuestion {
    pub id: String,
    pub topic: Topic,
    pub form: Form,
    pub ask: String,
    pub hint: String,
    pub options: Vec<Suggestion>,
    /// The option that holds, or the figure; empty where nothing does yet.
    pub answer: String,
    /// Nothing is written before this is answered.
    pub must: bool,
}

/// A name in the file and what it is here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NameMatch {
    pub written: String,
    pub sets: usize,
    /// The exercise, when the name is known for certain or somebody said so.
    pub exercise_id: Option<String>,
    pub name: Option<String>,
    /// What it could be, best first. Never chosen without asking.
    pub suggestions: Vec<Suggestion>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Suggestion {
    pub id: String,
    pub name: String,
}

/// A row that was left out, or one that looks wrong, with its place in the file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RowProblem {
    /// Counts from 1; the header is line 1.
    pub line: u64,
    pub left_out: bool,
    pub reason: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ImportPlan {
    pub source: String,
    pub format: String,
    pub file_name: String,
    pub file_hash: String,
    pub rows_read: usize,
    /// Rest timers and notes: understood, but no sets.
    pub rows_attached: usize,
    pub sets: usize,
    pub workouts: usize,
    /// Sets of the file that are here, as they are or otherwise: they are not written again.
    pub already_here: usize,
    pub first_day: Option<String>,
    pub last_day: Option<String>,
    pub names: Vec<NameMatch>,
    pub questions: Vec<ImportQuestion>,
    /// The answers that the plan was made with.
    pub answers: BTreeMap<String, String>,
    /// Where what is here and what the file says differ. What is here stays.
    pub differences: Vec<String>,
    /// At most a thousand are carried; `problem_count` has them all.
    pub problems: Vec<RowProblem>,
    pub problem_count: usize,
    pub rejected: usize,
    /// The newest few workouts as they will be written, without what is here.
    pub preview: Vec<PlannedWorkout>,
}

impl ImportPlan {
    /// Sets that will be written.
    pub fn fresh(&self) -> usize {
        self.sets - self.already_here
    }

    pub fn is_ready(&self) -> bool {
        self.questions.iter().all(|question| !question.must || !question.answer.is_empty())
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlannedWorkout {
    pub workout_id: EntityId,
    /// It stands here already: only sets are added to it.
    pub is_here: bool,
    /// What names the workout in its source: when it began, and its title.
    pub natural_key: String,
    pub name: String,
    pub started_ms: i64,
    pub finished_ms: Option<i64>,
    pub note: Option<String>,
    pub sets: Vec<PlannedSet>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlannedSet {
    pub set_id: EntityId,
    /// It stands here already and is not written again.
    pub is_here: bool,
    pub line: u64,
    pub exercise: String,
    pub exercise_no: i64,
    pub set_no: i64,
    pub kind: SetKind,
    pub load_mode: LoadMode,
    /// What the file's loads are in.
    pub unit: Unit,
    pub load_g: Option<i64>,
    pub assist_g: Option<i64>,
    pub reps: Option<i64>,
    pub duration_ms: Option<i64>,
    pub distance_mm: Option<i64>,
    pub rpe10: Option<i64>,
    pub rest_ms: Option<i64>,
    pub note: Option<String>,
}
