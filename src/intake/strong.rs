//! Strong's CSV: the classic one of 12 columns and the current one of 10, both with commas and without a unit.

use std::collections::{BTreeMap, BTreeSet};

use bridge::{Choices, ImportPlan, NameMatch, PlannedSet, PlannedWorkout, Problem, ProblemKind, RowProblem, UnitGuess};
use ledger::{ASSIST_G_MAX, DISTANCE_MM_MAX, DURATION_MS_MAX, EntityId, LoadMode, SetKind, Unit};

use crate::{
    drafts::Known,
    names::{NameBook, fold},
    number::{duration_ms, grams_from_kg, grams_from_lb, local_time, micro, millimetres_from_km, millimetres_from_miles, scaled},
};

/// A longer workout is one that somebody forgot to end.
const WORKOUT_MS_MAX: i64 = 6 * 3_600_000;
const PROBLEMS_SHOWN: usize = 1000;
/// Heavier than this no single set was ever lifted: 3,000 lb.
const LOAD_G_MAX: i64 = 1_360_777;
/// Counted further than this, a file makes no sense.
const EXERCISES_MAX: i64 = 1_000;
const SETS_MAX: i64 = 10_000;
const YEAR_2000_MS: i64 = 946_684_800_000;
const DAY_MS: i64 = 86_400_000;

/// The plan to show, and all it stands for.
#[derive(Debug, Clone, PartialEq)]
pub struct Planned {
    pub plan: ImportPlan,
    pub workouts: Vec<PlannedWorkout>,
}

struct Columns {
    date: usize,
    workout: usize,
    duration: usize,
    exercise: usize,
    order: usize,
    weight: usize,
    reps: usize,
    distance: usize,
    seconds: usize,
    rpe: usize,
    notes: Option<usize>,
    workout_notes: Option<usize>,
}

/// Reads a whole file. Rows that cannot be used are left out with their reason; only a file that is no Strong export at
/// all is an error.
pub fn plan(bytes: &[u8], file_name: &str, choices: &Choices, names: &NameBook, known: &Known) -> Result<Planned, Problem> {
    let text = text_of(bytes)?;
    let header = text.lines().next().unwrap_or_default();
    let delimiter = if header.matches(';').count() > header.matches(',').count() { b';' } else { b',' };
    let mut reader = csv::ReaderBuilder::new().delimiter(delimiter).flexible(true).from_reader(text.as_bytes());
    let headers = reader.headers().map_err(|err| unreadable(&err.to_string()))?.clone();
    let (format, columns) = columns(&headers, delimiter)?;

    let mut state = State::new(choices, names);
    let mut record = csv::StringRecord::new();
    let mut lines = Lines::new(text);
    loop {
        let outcome = reader.read_record(&mut record);
        if matches!(outcome, Ok(false)) {
            break;
        }
        state.rows_read += 1;
        let line = lines.of(record.position());
        match outcome {
            Ok(_) if record.len() < columns.seconds + 1 || headers.len() < record.len() => {
                state.reject(line, format!("has {} columns instead of {}", record.len(), headers.len()));
            }
            Ok(_) => state.row(line, &columns, &record),
            Err(err) => state.reject(line, format!("cannot be read: {err}")),
        }
    }
    if state.rows_read == 0 {
        return Err(Problem::new(
            ProblemKind::Refused,
            format!("{file_name} has a header and no rows."),
            "Nothing was imported, nothing was changed.",
            "Export again from Strong: Settings, Export data.",
        ));
    }
    Ok(state.finish(format, file_name, bytes, known))
}

/// Line numbers as an editor shows them. The reader's own are one too low after CRLF, because it takes the LF as the
/// beginning of the next row.
struct Lines<'a> {
    text: &'a str,
    at: usize,
    line: u64,
}

impl<'a> Lines<'a> {
    fn new(text: &'a str) -> Self {
        Self { text, at: 0, line: 1 }
    }

    fn of(&mut self, position: Option<&csv::Position>) -> u64 {
        let bytes = self.text.as_bytes();
        let mut start = position.map_or(self.at, |position| position.byte() as usize).clamp(self.at, bytes.len());
        while bytes.get(start).is_some_and(|byte| matches!(byte, b'\r' | b'\n')) {
            start += 1;
        }
        self.line += bytes[self.at..start].iter().filter(|byte| **byte == b'\n').count() as u64;
        self.at = start;
        self.line
    }
}

fn text_of(bytes: &[u8]) -> Result<&str, Problem> {
    if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) {
        return Err(unreadable("it is UTF-16 text, and UTF-8 is needed"));
    }
    let text = std::str::from_utf8(bytes)
        .map_err(|err| unreadable(&format!("it is not UTF-8 text (byte {} is wrong)", err.valid_up_to())))?;
    if text.contains('\0') {
        return Err(unreadable("it is not text at all"));
    }
    Ok(text.strip_prefix('\u{feff}').unwrap_or(text))
}

fn unreadable(reason: &str) -> Problem {
    Problem::new(
        ProblemKind::Refused,
        format!("This file cannot be read: {reason}."),
        "Nothing was imported, nothing was changed.",
        "Export again from Strong (Settings, Export data) and choose that file.",
    )
}

fn columns(headers: &csv::StringRecord, delimiter: u8) -> Result<(&'static str, Columns), Problem> {
    let at = |name: &str| headers.iter().position(|header| header.trim().eq_ignore_ascii_case(name));
    if at("exercise_title").is_some() || (at("Exercise").is_some() && at("Category").is_some()) {
        return Err(unreadable("it looks like an export of Hevy or FitNotes, which Spotter does not read yet"));
    }
    if at("Workout #").is_some() || at("Weight Unit").is_some() || delimiter == b';' {
        return Err(unreadable("it is a Strong export with semicolons, which Spotter does not read yet"));
    }
    let need = |name: &str| at(name).ok_or_else(|| unreadable(&format!("there is no column “{name}”, as a Strong export has")));
    let columns = Columns {
        date: need("Date")?,
        workout: need("Workout Name")?,
        duration: need("Duration")?,
        exercise: need("Exercise Name")?,
        order: need("Set Order")?,
        weight: need("Weight")?,
        reps: need("Reps")?,
        distance: need("Distance")?,
        seconds: need("Seconds")?,
        rpe: need("RPE")?,
        notes: at("Notes"),
        workout_notes: at("Workout Notes"),
    };
    Ok((if columns.notes.is_some() { "Strong, 12 columns" } else { "Strong, 10 columns" }, columns))
}

struct State<'a> {
    choices: &'a Choices,
    names: &'a NameBook,
    rows_read: usize,
    rows_attached: usize,
    rejected: usize,
    problem_count: usize,
    problems: Vec<RowProblem>,
    workouts: Vec<PlannedWorkout>,
    by_key: BTreeMap<String, usize>,
    /// Exercise name as written, folded: its match, and how many sets it has.
    found: BTreeMap<String, NameMatch>,
}

impl<'a> State<'a> {
    fn new(choices: &'a Choices, names: &'a NameBook) -> Self {
        Self {
            choices,
            names,
            rows_read: 0,
            rows_attached: 0,
            rejected: 0,
            problem_count: 0,
            problems: Vec::new(),
            workouts: Vec::new(),
            by_key: BTreeMap::new(),
            found: BTreeMap::new(),
        }
    }

    fn note(&mut self, line: u64, left_out: bool, reason: String) {
        self.problem_count += 1;
        self.rejected += usize::from(left_out);
        if self.problems.len() < PROBLEMS_SHOWN {
            self.problems.push(RowProblem { line, left_out, reason });
        }
    }

    fn reject(&mut self, line: u64, reason: String) {
        self.note(line, true, reason);
    }

    fn row(&mut self, line: u64, columns: &Columns, record: &csv::StringRecord) {
        let cell = |at: usize| record.get(at).unwrap_or_default().trim();
        let optional = |at: Option<usize>| at.map(cell).filter(|text| !text.is_empty()).map(str::to_owned);

        let Some(local) = local_time(cell(columns.date)) else {
            return self.reject(line, format!("the date “{}” is not understood", cell(columns.date)));
        };
        let started_ms = local.and_utc().timestamp_millis() - i64::from(self.choices.offset_min) * 60_000;
        if started_ms < YEAR_2000_MS || self.choices.now_ms + DAY_MS < started_ms {
            return self.reject(line, format!("the date {local} is before 2000 or in the future"));
        }
        let exercise = cell(columns.exercise).to_owned();
        if exercise.is_empty() {
            return self.reject(line, "there is no exercise name".to_owned());
        }
        let natural_key = format!("{}|{}", local.format("%Y-%m-%dT%H:%M:%S"), cell(columns.workout));
        let workout = match self.by_key.get(&natural_key) {
            Some(at) => *at,
            None => {
                let finished_ms = match duration_ms(cell(columns.duration)) {
                    Some(ms) if WORKOUT_MS_MAX < ms => {
                        self.note(line, false, format!("the workout lasts {}: counted as 6 hours", cell(columns.duration)));
                        Some(started_ms + WORKOUT_MS_MAX)
                    }
                    Some(ms) => Some(started_ms + ms),
                    None => {
                        if !cell(columns.duration).is_empty() {
                            self.note(line, false, format!("the duration “{}” is not understood", cell(columns.duration)));
                        }
                        None
                    }
                };
                self.workouts.push(PlannedWorkout {
                    natural_key: natural_key.clone(),
                    name: cell(columns.workout).to_owned(),
                    started_ms,
                    finished_ms,
                    note: optional(columns.workout_notes),
                    sets: Vec::new(),
                });
                self.by_key.insert(natural_key, self.workouts.len() - 1);
                self.workouts.len() - 1
            }
        };

        let order = cell(columns.order);
        let kind = match order {
            "W" | "w" => SetKind::Warmup,
            "D" | "d" => SetKind::Drop,
            "F" | "f" => SetKind::Failure,
            "Rest Timer" => return self.attach_rest(line, workout, &exercise, cell(columns.seconds)),
            "Note" => return self.attach_note(workout, optional(columns.notes)),
            digits if !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()) => SetKind::Normal,
            other => return self.reject(line, format!("the set order “{other}” is not understood")),
        };
        let number = |at: usize| -> Result<Option<i64>, String> {
            let text = cell(at);
            if text.is_empty() {
                return Ok(None);
            }
            micro(text).map(Some).ok_or_else(|| format!("“{text}” is no number"))
        };
        let numbers = (|| {
            Ok((
                number(columns.weight)?,
                number(columns.reps)?,
                number(columns.distance)?,
                number(columns.seconds)?,
                number(columns.rpe)?,
            ))
        })();
        let (weight, reps, distance, seconds, rpe) = match numbers {
            Ok(numbers) => numbers,
            Err(reason) => return self.reject(line, reason),
        };

        let load_mode = self.load_mode(&exercise);
        let load = weight.map(|weight| match self.choices.unit {
            Some(Unit::Lb) => grams_from_lb(weight),
            Some(Unit::Kg) | None => grams_from_kg(weight),
        });
        if load.is_some_and(|load| load < 0 || LOAD_G_MAX < load) {
            return self.reject(line, format!("a weight of {} is not possible", cell(columns.weight)));
        }
        if reps.is_some_and(|reps| reps < 0 || 1_000_000_000 < reps || reps % 1_000_000 != 0) {
            return self.reject(line, format!("{} repetitions are not possible", cell(columns.reps)));
        }
        let positive = |value: Option<i64>| value.filter(|value| 0 < *value);
        let reps = positive(reps).map(|reps| reps / 1_000_000);
        let duration = positive(seconds).map(|seconds| scaled(seconds, 1000, 1));
        let distance = positive(distance).map(if self.choices.miles { millimetres_from_miles } else { millimetres_from_km });
        if duration.is_some_and(|ms| DURATION_MS_MAX < ms) {
            return self.reject(line, format!("{} seconds are too long for a set", cell(columns.seconds)));
        }
        if distance.is_some_and(|mm| DISTANCE_MM_MAX < mm) {
            return self.reject(line, format!("a distance of {} is not possible", cell(columns.distance)));
        }
        if load_mode == LoadMode::Assisted && load.is_some_and(|load| ASSIST_G_MAX < load) {
            return self.reject(line, format!("{} of assistance is not possible", cell(columns.weight)));
        }
        if reps.is_none() && duration.is_none() && distance.is_none() && load.is_none_or(|load| load == 0) {
            return self.reject(line, "nothing was done: no repetitions, no time, no distance".to_owned());
        }
        let rpe10 = match rpe.map(|rpe| scaled(rpe, 10, 1)) {
            Some(rpe10) if !(0..=100).contains(&rpe10) => {
                self.note(line, false, format!("RPE {} is not between 0 and 10 and was left out", cell(columns.rpe)));
                None
            }
            rpe10 => rpe10.filter(|rpe10| 0 < *rpe10),
        };
        let (load_g, assist_g) = match load_mode {
            LoadMode::Assisted => (None, load.filter(|load| 0 < *load)),
            LoadMode::Bodyweight | LoadMode::None => (load.filter(|load| 0 < *load), None),
            LoadMode::External => (load.filter(|load| 0 < *load || reps.is_some()), None),
        };

        let own = fold(&exercise);
        let sets = &self.workouts[workout].sets;
        let mut earlier = sets.iter().filter(|set| fold(&set.exercise) == own);
        let exercise_no = match earlier.next() {
            Some(set) => set.exercise_no,
            None => sets.iter().map(|set| set.exercise_no).max().unwrap_or(0) + 1,
        };
        let set_no = sets.iter().filter(|set| set.exercise_no == exercise_no).count() as i64 + 1;
        if EXERCISES_MAX < exercise_no || SETS_MAX < set_no {
            return self.reject(line, "no workout has that many sets".to_owned());
        }
        let planned = PlannedSet {
            line,
            exercise: exercise.clone(),
            exercise_no,
            set_no,
            kind,
            load_mode,
            load_g,
            assist_g,
            reps,
            duration_ms: duration,
            distance_mm: distance,
            rpe10,
            rest_ms: None,
            note: optional(columns.notes),
        };
        self.workouts[workout].sets.push(planned);
        if let Some(found) = self.found.get_mut(&own) {
            found.sets += 1;
        }
    }

    /// What the exercise's weight means; also puts its name on the list.
    fn load_mode(&mut self, written: &str) -> LoadMode {
        let own = fold(written);
        if !self.found.contains_key(&own) {
            let chosen = self.choices.names.iter().find(|(name, _)| fold(name) == own).map(|(_, id)| id.as_str());
            let target = match chosen {
                Some("") => None,
                Some(id) => self.names.by_id(id),
                None => self.names.find(written),
            };
            let found = NameMatch {
                written: written.to_owned(),
                sets: 0,
                exercise_id: target.map(|target| target.exercise_id.clone()).or_else(|| chosen.map(str::to_owned)),
                name: target.map(|target| target.name.clone()),
                suggestions: if target.is_some() { Vec::new() } else { self.names.suggest(written) },
            };
            self.found.insert(own.clone(), found);
        }
        let id = self.found[&own].exercise_id.as_deref().unwrap_or_default();
        self.names.by_id(id).map_or(LoadMode::External, |target| target.load_mode)
    }

    fn attach_rest(&mut self, line: u64, workout: usize, exercise: &str, seconds: &str) {
        let own = fold(exercise);
        let rest = micro(seconds).filter(|rest| 0 <= *rest && *rest <= 86_400_000_000).map(|rest| scaled(rest, 1000, 1));
        match self.workouts[workout].sets.iter_mut().rev().find(|set| fold(&set.exercise) == own) {
            Some(set) => {
                set.rest_ms = rest;
                self.rows_attached += 1;
            }
            None => self.reject(line, "a rest with no set before it".to_owned()),
        }
    }

    fn attach_note(&mut self, workout: usize, note: Option<String>) {
        self.rows_attached += 1;
        if let (Some(set), Some(note)) = (self.workouts[workout].sets.last_mut(), note) {
            set.note = Some(match set.note.take() {
                Some(before) => format!("{before}\n{note}"),
                None => note,
            });
        }
    }

    fn finish(mut self, format: &str, file_name: &str, bytes: &[u8], known: &Known) -> Planned {
        self.workouts.retain(|workout| !workout.sets.is_empty());
        self.workouts.sort_by(|a, b| (a.started_ms, &a.natural_key).cmp(&(b.started_ms, &b.natural_key)));
        let ids: BTreeSet<EntityId> =
            self.workouts.iter().flat_map(|workout| workout.sets.iter().map(|set| set_id(workout, set))).collect();
        let day = |workout: Option<&PlannedWorkout>| workout.map(|workout| workout.natural_key.chars().take(10).collect());
        let mut names: Vec<NameMatch> = self.found.into_values().filter(|name| 0 < name.sets).collect();
        // What needs an answer first, then by how much hangs on it.
        names.sort_by(|a, b| {
            (a.exercise_id.is_some(), std::cmp::Reverse(a.sets), &a.written).cmp(&(
                b.exercise_id.is_some(),
                std::cmp::Reverse(b.sets),
                &b.written,
            ))
        });
        let plan = ImportPlan {
            source: "strong".to_owned(),
            format: format.to_owned(),
            file_name: file_name.to_owned(),
            file_hash: blake3::hash(bytes).to_hex().to_string(),
            unit: UnitGuess::Unknown,
            rows_read: self.rows_read,
            rows_attached: self.rows_attached,
            sets: ids.len(),
            workouts: self.workouts.len(),
            already_here: ids.iter().filter(|id| known.stands(**id)).count(),
            first_day: day(self.workouts.first()),
            last_day: day(self.workouts.last()),
            names,
            problems: self.problems,
            problem_count: self.problem_count,
            rejected: self.rejected,
            preview: self.workouts.iter().rev().take(3).cloned().collect(),
        };
        Planned { plan, workouts: self.workouts }
    }
}

pub(crate) fn workout_id(workout: &PlannedWorkout) -> EntityId {
    EntityId::v5("strong", &workout.natural_key)
}

pub(crate) fn set_id(workout: &PlannedWorkout, set: &PlannedSet) -> EntityId {
    EntityId::v5("strong", &format!("{}|{}|{}", workout.natural_key, fold(&set.exercise), set.set_no))
}
