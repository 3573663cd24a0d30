//! The sheet of the workout that is going on: what was logged and what is still only typed. It is one mutable draft, not
//! history: every keystroke lands in it, and it can be thrown away without losing a set that was ticked.

use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Sheet {
    pub workout_id: String,
    pub name: String,
    pub started_ms: i64,
    pub exercises: Vec<SheetExercise>,
    /// Which exercise is in front.
    pub current: usize,
    /// By the wall clock, so that a rest goes on while the phone sleeps.
    pub rest_ends_ms: Option<i64>,
    pub rest_ms: i64,
    pub note: String,
    /// Counts changes: of two tabs' sheets of one workout the higher wins.
    pub version: u64,
}

#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct SheetExercise {
    pub exercise_id: String,
    pub name: String,
    pub load_mode: String,
    pub tracking: String,
    pub unit: String,
    pub sets: Vec<SheetSet>,
    /// One line about last time, ready to show.
    pub last: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct SheetSet {
    /// Minted when the row appears, so that a tick that was saved is recognised after a crash.
    pub set_id: String,
    pub kind: String,
    /// As typed, in the exercise's unit.
    pub load: String,
    pub reps: String,
    pub rpe: String,
    /// Seconds or metres for what is timed or measured.
    pub amount: String,
    pub previous: String,
    pub done: bool,
    /// The clock of the set's last event, once it is logged.
    #[serde(default)]
    pub hlc: Option<String>,
}
