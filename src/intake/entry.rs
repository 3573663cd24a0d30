//! A row of any app's file, before anything is made of its figures.

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

#[derive(Debug)]
pub(crate) struct Entry {
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
    pub weight_unit: Option<Unit>,
    pub reps: String,
    pub distance: String,
    pub distance_unit: Option<Length>,
    pub seconds: String,
    pub rpe: String,
    pub note: String,
    pub workout_note: String,
}

/// A row that is understood, or why it is not; with its line.
pub(crate) type Entries = Vec<(u64, Result<Entry, String>)>;

/// What a dialect makes of a file.
pub(crate) struct Log {
    pub source: &'static str,
    pub format: String,
    pub entries: Entries,
    pub questions: Vec<bridge::ImportQuestion>,
    /// Of the file as a whole, with the line of its header.
    pub remarks: Vec<(u64, String)>,
}
