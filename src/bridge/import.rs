//! What an import would do, before it does it.

use ledger::{LoadMode, SetKind, Unit};
use serde::{Deserialize, Serialize};

/// Answers to what the file does not say.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Choices {
    /// Unit of loads where the file has none.
    pub unit: Option<Unit>,
    /// Whether distances without a unit are miles rather than kilometres.
    pub miles: bool,
    /// Minutes east of UTC: no app writes a time zone.
    pub offset_min: i32,
    /// Names in the file and the exercise they were said to be; an empty id makes a new exercise.
    pub names: Vec<(String, String)>,
    /// Milliseconds now, to flag what lies in the future.
    pub now_ms: i64,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum UnitGuess {
    /// The file says so.
    Stated(Unit),
    /// It has to be asked.
    Unknown,
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
    pub exercise_id: String,
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
    pub unit: UnitGuess,
    pub rows_read: usize,
    /// Rest timers and notes: understood, but no sets.
    pub rows_attached: usize,
    pub sets: usize,
    pub workouts: usize,
    /// Sets that an earlier import brought and that still stand.
    pub already_here: usize,
    pub first_day: Option<String>,
    pub last_day: Option<String>,
    pub names: Vec<NameMatch>,
    /// At most a thousand are carried; `problem_count` has them all.
    pub problems: Vec<RowProblem>,
    pub problem_count: usize,
    pub rejected: usize,
    /// The newest few workouts as they would look.
    pub preview: Vec<PlannedWorkout>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlannedWorkout {
    /// What names the workout in its source.
    pub natural_key: String,
    pub name: String,
    pub started_ms: i64,
    pub finished_ms: Option<i64>,
    pub note: Option<String>,
    pub sets: Vec<PlannedSet>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlannedSet {
    pub line: u64,
    pub exercise: String,
    pub exercise_no: i64,
    pub set_no: i64,
    pub kind: SetKind,
    pub load_mode: LoadMode,
    pub load_g: Option<i64>,
    pub assist_g: Option<i64>,
    pub reps: Option<i64>,
    pub duration_ms: Option<i64>,
    pub distance_mm: Option<i64>,
    pub rpe10: Option<i64>,
    pub rest_ms: Option<i64>,
    pub note: Option<String>,
}
