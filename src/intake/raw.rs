//! Sets as a file writes them, before anything is made of their figures: what every dialect yields and the plan begins with.

use bridge::ImportQuestion;
use chrono::NaiveDateTime;
use ledger::{SetKind, Unit};

use crate::words::Length;

/// How long a workout took.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Took {
    Unknown,
    Ms(i64),
    /// The file says something that is not understood.
    Odd(String),
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum What {
    /// With the mark that is not understood, where it has one.
    Set(SetKind, Option<String>),
    Rest,
    Note,
}

/// A set, or what stands in a set's place and belongs to one: a rest, a note.
#[derive(Debug)]
pub(crate) struct RawSet {
    pub line: u64,
    pub local: NaiveDateTime,
    pub workout: String,
    /// What tells two workouts apart that began in the same second.
    pub number: String,
    pub took: Took,
    pub took_text: String,
    pub exercise: String,
    pub what: What,
    /// The set's number or mark as it is written.
    pub label: String,
    pub weight: String,
    /// Where the file says it.
    pub weight_unit: Option<Unit>,
    pub reps: String,
    pub distance: String,
    pub distance_unit: Option<Length>,
    pub seconds: String,
    pub rpe: String,
    pub note: String,
    pub workout_note: String,
}

/// What a dialect makes of a file.
pub(crate) struct RawLog {
    /// In the order of the file, each with its line; or why it is not understood.
    pub sets: Vec<(u64, Result<RawSet, String>)>,
    /// What has to be asked before the file is understood.
    pub questions: Vec<ImportQuestion>,
    /// Of the file as a whole, with the line of its header.
    pub remarks: Vec<(u64, String)>,
}
