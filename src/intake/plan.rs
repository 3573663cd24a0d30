//! From raw sets to workouts and sets: what is left out and why, what has to be asked, and what of it is here already. It
//! knows no app's file.

mod answers;
mod figures;
mod found;
mod odd;
mod questions;
mod remarks;
mod units;
mod workouts;

use bridge::{Choices, ImportPlan, ImportQuestion, PlannedWorkout, Problem, ProblemKind, Topic};
use ledger::SetKind;

use self::{
    answers::Answers,
    figures::{Numbers, Refused},
    found::Found,
    remarks::Remarks,
    units::Units,
    workouts::Workouts,
};
use crate::{
    dialect::{self, Source},
    here::Known,
    identity::{day_of_key, hash},
    names::NameBook,
    raw::{RawLog, RawSet, What},
    text::text_of,
};

pub use questions::MUSCLES;

const YEAR_2000_MS: i64 = 946_684_800_000;
const DAY_MS: i64 = 86_400_000;

/// The plan to show, and all it stands for.
#[derive(Debug, Clone, PartialEq)]
pub struct Planned {
    pub plan: ImportPlan,
    /// Every workout of the file, also what is here already.
    pub workouts: Vec<PlannedWorkout>,
}

/// Reads a whole file. Rows that cannot be used are left out with their reason; a file of which nothing can be used is an
/// error.
pub fn plan(bytes: &[u8], file_name: &str, choices: &Choices, names: &NameBook, known: &Known) -> Result<Planned, Problem> {
    let log = text_of(bytes).and_then(|text| dialect::read(&text, choices));
    let (source, log) = log.map_err(|reason| unreadable(&reason))?;
    if log.sets.is_empty() {
        return Err(nothing(format!("{file_name} has a header and no rows.")));
    }
    let mut planning = Planning::new(source.name, choices, names);
    let RawLog { sets, questions, remarks } = log;
    planning.rows_read = sets.len();
    for (line, reason) in remarks {
        planning.remarks.note(line, reason);
    }
    for (line, raw) in sets {
        if let Err(reason) = raw.and_then(|raw| planning.row(&raw)) {
            planning.remarks.reject(line, reason);
        }
    }
    planning.finish(&source, questions, file_name, bytes, known)
}

fn unreadable(reason: &str) -> Problem {
    Problem::new(
        ProblemKind::Refused,
        format!("This file cannot be read: {reason}."),
        "Nothing was imported, nothing was changed.",
        format!("Choose the CSV file that {} wrote, or a backup that Spotter made.", dialect::apps()),
    )
}

fn nothing(happened: String) -> Problem {
    Problem::new(
        ProblemKind::Refused,
        happened,
        "Nothing was imported, nothing was changed.",
        format!("Choose another file: one that {} wrote, or a backup that Spotter made.", dialect::apps()),
    )
}

struct Planning<'a> {
    choices: &'a Choices,
    names: &'a NameBook,
    answers: Answers<'a>,
    rows_read: usize,
    /// Rests and notes that found their set.
    rows_attached: usize,
    remarks: Remarks,
    workouts: Workouts,
    found: Found<'a>,
    units: Units,
    /// About single figures.
    questions: Vec<ImportQuestion>,
}

impl<'a> Planning<'a> {
    fn new(source: &'static str, choices: &'a Choices, names: &'a NameBook) -> Self {
        let answers = Answers(&choices.answers);
        Self {
            choices,
            names,
            answers,
            rows_read: 0,
            rows_attached: 0,
            remarks: Remarks::default(),
            workouts: Workouts::new(source),
            found: Found::new(names, answers),
            units: Units::default(),
            questions: Vec::new(),
        }
    }

    /// Or why the row is left out.
    fn row(&mut self, raw: &RawSet) -> Result<(), String> {
        let started_ms = raw.local.and_utc().timestamp_millis() - i64::from(self.choices.offset_min) * 60_000;
        if started_ms < YEAR_2000_MS || self.choices.now_ms.saturating_add(DAY_MS) < started_ms {
            return Err(format!("the date {} is before 2000 or in the future", raw.local));
        }
        if raw.exercise.is_empty() {
            return Err("there is no exercise name".to_owned());
        }
        let at = self.workouts.of(raw, started_ms, &mut self.remarks);
        match &raw.what {
            What::Set(kind, mark) => {
                self.set(raw, at, *kind)?;
                if let Some(mark) = mark {
                    self.remarks.note(raw.line, format!("the mark “{mark}” is not understood: counted as a normal set"));
                }
            }
            What::Rest => {
                self.workouts.rest(at, raw)?;
                self.rows_attached += 1;
            }
            What::Note => {
                self.workouts.note(at, raw);
                self.rows_attached += 1;
            }
        }
        Ok(())
    }

    fn set(&mut self, raw: &RawSet, at: usize, kind: SetKind) -> Result<(), String> {
        let numbers = Numbers::of(raw, self.answers)?;
        let mode = self.found.load_mode(&raw.exercise);
        let figures = numbers.figures(raw, mode, self.answers).map_err(|Refused { reason, ask }| {
            self.questions.extend(ask.map(|(figure, ask)| {
                let written = if figure == "load" { &raw.weight } else { &raw.reps };
                questions::of_figure(figure, raw.line, ask, written, self.answers)
            }));
            reason
        })?;
        if let Some(remark) = &figures.remark {
            self.remarks.note(raw.line, remark.clone());
        }
        self.workouts.add(at, raw, kind, mode, &figures)?;
        self.units.saw(raw, &figures, self.answers);
        self.found.count(&raw.exercise);
        Ok(())
    }

    /// What can only be said of all the rows together.
    fn settle(&mut self) {
        for line in self.workouts.settle_notes() {
            self.rows_attached -= 1;
            self.remarks.reject(line, "a note in a workout without a set".to_owned());
        }
        let (questions, lines) = odd::repeats(&mut self.workouts.list, self.answers, self.choices.offset_min);
        self.questions.extend(questions);
        for line in lines {
            self.remarks.reject(line, "it repeats what stands above it, as you said".to_owned());
        }
    }

    fn finish(
        mut self,
        source: &Source,
        mut questions: Vec<ImportQuestion>,
        file_name: &str,
        bytes: &[u8],
        known: &Known,
    ) -> Result<Planned, Problem> {
        self.settle();
        let Self { choices, names, answers, rows_read, rows_attached, mut remarks, workouts, found, units, questions: figures } =
            self;
        let mut workouts = workouts.sorted();
        // Another reading of the columns, the dates or a figure may make something of it; a unit would not.
        let helps = |question: &ImportQuestion| question.topic != Topic::Dates || remarks.undated();
        if workouts.is_empty() && figures.is_empty() && !questions.iter().any(helps) {
            return Err(nothing(format!("No row of {file_name} can be used. {}", remarks.why_nothing(rows_read))));
        }
        let ids = found.ids();
        units.settle(workouts.iter_mut().flat_map(|workout| &mut workout.sets), answers);
        let differences = known.compare(source.name, choices.offset_min, &mut workouts, &ids);
        questions.extend(units.questions(answers));
        questions.extend(figures);
        questions.extend(odd::outliers(&workouts, known, &ids, answers, choices.offset_min));
        let found = found.sorted();
        questions.extend(found.iter().flat_map(|name| questions::of_name(name, answers, names)));
        questions.sort_by_key(|question| question.topic);
        remarks.shown.sort_by_key(|problem| problem.line);
        let day = |workout: Option<&PlannedWorkout>| workout.map(|workout| day_of_key(&workout.natural_key));
        let sets = || workouts.iter().flat_map(|workout| &workout.sets);
        let plan = ImportPlan {
            source: source.name.to_owned(),
            format: source.format.clone(),
            file_name: file_name.to_owned(),
            file_hash: hash(bytes),
            rows_read,
            rows_attached,
            sets: sets().count(),
            workouts: workouts.len(),
            already_here: sets().filter(|set| set.is_here).count(),
            first_day: day(workouts.first()),
            last_day: day(workouts.last()),
            names: found,
            questions,
            answers: choices.answers.clone(),
            differences,
            problems: remarks.shown,
            problem_count: remarks.count,
            rejected: remarks.rejected,
            preview: workouts.iter().rev().filter_map(fresh_part).take(3).collect(),
        };
        Ok(Planned { plan, workouts })
    }
}

/// What of a workout will be written.
fn fresh_part(workout: &PlannedWorkout) -> Option<PlannedWorkout> {
    let mut fresh = workout.clone();
    fresh.sets.retain(|set| !set.is_here);
    (!fresh.sets.is_empty()).then_some(fresh)
}
