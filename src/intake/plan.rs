//! From rows to workouts and sets: what is left out and why, what has to be asked, and what of it is here already.

use std::collections::BTreeMap;

use bridge::{
    Choices, Form, ImportPlan, ImportQuestion, NameMatch, PlannedSet, PlannedWorkout, Problem, ProblemKind, RowProblem, Suggestion,
    Topic,
};
use chrono::{DateTime, NaiveDateTime};
use ledger::{ASSIST_G_MAX, DISTANCE_MM_MAX, DURATION_MS_MAX, EntityId, LoadMode, SetKind, Unit};

use crate::{
    entry::{Entry, Log, Took, What},
    here::Known,
    hevy,
    names::{NameBook, fold},
    number::{grams_from_kg, grams_from_lb, micro, millimetres, scaled},
    odd, strong,
    table::Table,
    text::{text_of, unreadable},
    words::Length,
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
    /// Every workout of the file, also what is here already.
    pub workouts: Vec<PlannedWorkout>,
}

/// Reads a whole file. Rows that cannot be used are left out with their reason; a file of which nothing can be used is an
/// error.
pub fn plan(bytes: &[u8], file_name: &str, choices: &Choices, names: &NameBook, known: &Known) -> Result<Planned, Problem> {
    let text = text_of(bytes)?;
    let table = Table::read(&text)?;
    let column = |name: &str| table.header.iter().any(|header| header.eq_ignore_ascii_case(name));
    if column("Exercise") && column("Category") {
        return Err(unreadable("it looks like an export of FitNotes, which Spotter does not read yet"));
    }
    let log = if hevy::is(&table) { hevy::read(&table, choices) } else { strong::read(&table, choices)? };
    if table.rows.is_empty() {
        return Err(nothing(format!("{file_name} has a header and no rows.")));
    }
    let mut state = State::new(choices, names, log.source);
    state.rows_read = log.entries.len();
    for (line, reason) in &log.remarks {
        state.note(*line, false, reason.clone());
    }
    let Log { format, entries, questions, .. } = log;
    for (line, entry) in entries {
        match entry {
            Ok(entry) => state.entry(entry),
            Err(reason) => state.reject(line, reason),
        }
    }
    state.finish(&format, questions, file_name, bytes, known)
}

fn nothing(happened: String) -> Problem {
    Problem::new(
        ProblemKind::Refused,
        happened,
        "Nothing was imported, nothing was changed.",
        "Choose another file: one that Strong or Hevy wrote, or a backup that Spotter made.",
    )
}

/// A workout while its rows are read.
#[derive(Debug)]
pub(crate) struct Reading {
    pub workout: PlannedWorkout,
    /// Each set's number or mark as it is written.
    pub labels: Vec<String>,
    /// Notes of exercises that no set has come of yet.
    notes: Vec<(String, u64, String)>,
}

pub(crate) struct State<'a> {
    pub choices: &'a Choices,
    names: &'a NameBook,
    source: &'static str,
    rows_read: usize,
    rows_attached: usize,
    rejected: usize,
    problem_count: usize,
    problems: Vec<RowProblem>,
    pub workouts: Vec<Reading>,
    by_key: BTreeMap<String, usize>,
    /// Numbers of workouts by when they began and their title.
    numbers: BTreeMap<String, Vec<String>>,
    /// Exercise name as written, folded: its match, and how many sets it has.
    found: BTreeMap<String, NameMatch>,
    pub questions: Vec<ImportQuestion>,
    /// Loads and distances whose unit the file does not say.
    without_unit: (bool, bool),
    /// What sets without a load are in.
    file_unit: Option<Unit>,
}

impl<'a> State<'a> {
    fn new(choices: &'a Choices, names: &'a NameBook, source: &'static str) -> Self {
        Self {
            choices,
            names,
            source,
            rows_read: 0,
            rows_attached: 0,
            rejected: 0,
            problem_count: 0,
            problems: Vec::new(),
            workouts: Vec::new(),
            by_key: BTreeMap::new(),
            numbers: BTreeMap::new(),
            found: BTreeMap::new(),
            questions: Vec::new(),
            without_unit: (false, false),
            file_unit: None,
        }
    }

    fn note(&mut self, line: u64, left_out: bool, reason: String) {
        self.problem_count += 1;
        self.rejected += usize::from(left_out);
        if self.problems.len() < PROBLEMS_SHOWN {
            self.problems.push(RowProblem { line, left_out, reason });
        }
    }

    pub(crate) fn reject(&mut self, line: u64, reason: String) {
        self.note(line, true, reason);
    }

    pub(crate) fn answer(&self, id: &str) -> Option<&str> {
        self.choices.answers.get(id).map(String::as_str)
    }

    fn unit(&self) -> Option<Unit> {
        match self.answer("unit") {
            Some("kg") => Some(Unit::Kg),
            Some("lb") => Some(Unit::Lb),
            _ => None,
        }
    }

    /// Without an answer it goes with the loads.
    fn length(&self) -> Length {
        match (self.answer("distance"), self.unit()) {
            (Some("mi"), _) | (None, Some(Unit::Lb)) => Length::Mile,
            _ => Length::Km,
        }
    }

    fn entry(&mut self, entry: Entry) {
        let line = entry.line;
        let local = entry.local;
        let started_ms = local.and_utc().timestamp_millis() - i64::from(self.choices.offset_min) * 60_000;
        if started_ms < YEAR_2000_MS || self.choices.now_ms.saturating_add(DAY_MS) < started_ms {
            return self.reject(line, format!("the date {local} is before 2000 or in the future"));
        }
        if entry.exercise.is_empty() {
            return self.reject(line, "there is no exercise name".to_owned());
        }
        let at = self.workout(&entry, started_ms);
        match &entry.what {
            What::Rest => self.attach_rest(line, at, &entry),
            What::Note => self.attach_note(line, at, &entry),
            What::Set(kind, mark) => {
                let outcome = self.set(&entry, at, *kind);
                match (outcome, mark) {
                    (Err(reason), _) => self.reject(line, reason),
                    (Ok(()), Some(mark)) => {
                        self.note(line, false, format!("the mark “{mark}” is not understood: counted as a normal set"));
                    }
                    (Ok(()), None) => {}
                }
            }
        }
    }

    fn natural_key(&mut self, entry: &Entry, local: NaiveDateTime) -> String {
        let key = format!("{}|{}", local.format("%Y-%m-%dT%H:%M:%S"), entry.workout);
        let numbers = self.numbers.entry(key.clone()).or_default();
        let nth = numbers.iter().position(|number| *number == entry.number).unwrap_or_else(|| {
            numbers.push(entry.number.clone());
            numbers.len() - 1
        });
        if nth == 0 { key } else { format!("{key}|{}", nth + 1) }
    }

    fn workout(&mut self, entry: &Entry, started_ms: i64) -> usize {
        let natural_key = self.natural_key(entry, entry.local);
        if let Some(at) = self.by_key.get(&natural_key) {
            return *at;
        }
        let finished_ms = match &entry.took {
            Took::Ms(ms) if WORKOUT_MS_MAX < *ms => {
                self.note(entry.line, false, format!("the workout lasts {}: counted as 6 hours", entry.took_text));
                Some(started_ms + WORKOUT_MS_MAX)
            }
            Took::Ms(ms) => Some(started_ms + ms),
            Took::Odd(text) => {
                self.note(entry.line, false, format!("the duration “{text}” is not understood"));
                None
            }
            Took::Unknown => None,
        };
        let workout = PlannedWorkout {
            workout_id: EntityId::v5(self.source, &natural_key),
            is_here: false,
            natural_key: natural_key.clone(),
            name: entry.workout.clone(),
            started_ms,
            finished_ms,
            note: filled(&entry.workout_note),
            sets: Vec::new(),
        };
        self.workouts.push(Reading { workout, labels: Vec::new(), notes: Vec::new() });
        self.by_key.insert(natural_key, self.workouts.len() - 1);
        self.workouts.len() - 1
    }

    /// A figure, or what somebody said it was.
    fn corrected<'b>(&'b self, figure: &str, line: u64, written: &'b str) -> &'b str {
        let said = self.answer(&format!("{figure}:{line}")).map(str::trim);
        said.filter(|said| micro(said).is_some_and(|n| 0 <= n)).unwrap_or(written)
    }

    fn set(&mut self, entry: &Entry, at: usize, kind: SetKind) -> Result<(), String> {
        let line = entry.line;
        let number = |text: &str| -> Result<Option<i64>, String> {
            if text.is_empty() {
                return Ok(None);
            }
            micro(text).map(Some).ok_or_else(|| format!("“{text}” is no number"))
        };
        let weight = number(self.corrected("load", line, &entry.weight))?;
        let reps = number(self.corrected("reps", line, &entry.reps))?;
        let (distance, seconds, rpe) = (number(&entry.distance)?, number(&entry.seconds)?, number(&entry.rpe)?);

        let load_mode = self.load_mode(&entry.exercise);
        let said = entry.weight_unit.or(self.unit());
        // Before anybody said it, whatever may be possible is: pounds are the lighter ones.
        let unit = said.unwrap_or(Unit::Lb);
        let load = weight.map(if unit == Unit::Lb { grams_from_lb } else { grams_from_kg });
        if load.is_some_and(|load| load < 0) {
            return Err(format!("a weight of {} is not possible", entry.weight));
        }
        if load.is_some_and(|load| LOAD_G_MAX < load) {
            self.ask_for_figure(
                "load",
                entry,
                format!("{}: a weight of {} is not possible. What was it?", entry.exercise, entry.weight),
            );
            return Err(format!("a weight of {} is not possible", entry.weight));
        }
        if reps.is_some_and(|reps| reps < 0 || 1_000_000_000 < reps || reps % 1_000_000 != 0) {
            if reps.is_some_and(|reps| 1_000_000_000 < reps) {
                let ask = format!("{}: {} repetitions are not possible. How many were it?", entry.exercise, entry.reps);
                self.ask_for_figure("reps", entry, ask);
            }
            return Err(format!("{} repetitions are not possible", entry.reps));
        }
        let positive = |value: Option<i64>| value.filter(|value| 0 < *value);
        let reps = positive(reps).map(|reps| reps / 1_000_000);
        let duration = positive(seconds).map(|seconds| scaled(seconds, 1000, 1));
        let length = entry.distance_unit.unwrap_or(self.length());
        let distance = positive(distance).map(|distance| millimetres(distance, length));
        if duration.is_some_and(|ms| DURATION_MS_MAX < ms) {
            return Err(format!("{} seconds are too long for a set", entry.seconds));
        }
        if distance.is_some_and(|mm| DISTANCE_MM_MAX < mm) {
            return Err(format!("a distance of {} is not possible", entry.distance));
        }
        if load_mode == LoadMode::Assisted && load.is_some_and(|load| ASSIST_G_MAX < load) {
            return Err(format!("{} of assistance is not possible", entry.weight));
        }
        if reps.is_none() && duration.is_none() && distance.is_none() && load.is_none_or(|load| load == 0) {
            let of = if entry.workout.is_empty() { String::new() } else { format!(" in {}", entry.workout) };
            return Err(format!("nothing was done: no repetitions, no time, no distance ({}{of})", entry.exercise));
        }
        let rpe10 = match rpe.map(|rpe| scaled(rpe, 10, 1)) {
            Some(rpe10) if !(0..=100).contains(&rpe10) => {
                self.note(line, false, format!("RPE {} is not between 0 and 10 and was left out", entry.rpe));
                None
            }
            rpe10 => rpe10.filter(|rpe10| 0 < *rpe10),
        };
        let (load_g, assist_g) = match load_mode {
            LoadMode::Assisted => (None, load.filter(|load| 0 < *load)),
            LoadMode::Bodyweight | LoadMode::None => (load.filter(|load| 0 < *load), None),
            LoadMode::External => (load.filter(|load| 0 < *load || reps.is_some()), None),
        };

        let own = fold(&entry.exercise);
        let sets = &self.workouts[at].workout.sets;
        let mut earlier = sets.iter().filter(|set| fold(&set.exercise) == own);
        let exercise_no = match earlier.next() {
            Some(set) => set.exercise_no,
            None => sets.iter().map(|set| set.exercise_no).max().unwrap_or(0) + 1,
        };
        let set_no = sets.iter().filter(|set| set.exercise_no == exercise_no).count() as i64 + 1;
        if EXERCISES_MAX < exercise_no || SETS_MAX < set_no {
            return Err("no workout has that many sets".to_owned());
        }
        self.without_unit.0 |= entry.weight_unit.is_none() && (load_g.is_some_and(|load| 0 < load) || assist_g.is_some());
        self.file_unit = self.file_unit.or(said);
        self.without_unit.1 |= entry.distance_unit.is_none() && distance.is_some();
        let natural_key = &self.workouts[at].workout.natural_key;
        let planned = PlannedSet {
            set_id: set_id(self.source, natural_key, &own, set_no),
            is_here: false,
            line,
            exercise: entry.exercise.clone(),
            exercise_no,
            set_no,
            kind,
            load_mode,
            unit,
            load_g,
            assist_g,
            reps,
            duration_ms: duration,
            distance_mm: distance,
            rpe10,
            rest_ms: None,
            note: filled(&entry.note),
        };
        let reading = &mut self.workouts[at];
        reading.workout.sets.push(planned);
        reading.labels.push(entry.label.clone());
        // A note that stood before the exercise's first set.
        let mut notes: Vec<String> = Vec::new();
        reading.notes.retain(|(exercise, _, note)| {
            let mine = *exercise == own;
            if mine {
                notes.push(note.clone());
            }
            !mine
        });
        if let Some(set) = reading.workout.sets.last_mut().filter(|_| !notes.is_empty()) {
            notes.extend(set.note.take());
            set.note = Some(notes.join("\n"));
        }
        if let Some(found) = self.found.get_mut(&own) {
            found.sets += 1;
        }
        Ok(())
    }

    fn ask_for_figure(&mut self, figure: &str, entry: &Entry, ask: String) {
        let id = format!("{figure}:{}", entry.line);
        let answer = self.answer(&id).unwrap_or(if figure == "load" { &entry.weight } else { &entry.reps }).to_owned();
        self.ask_figure(id, ask, answer);
    }

    pub(crate) fn ask_figure(&mut self, id: String, ask: String, answer: String) {
        let hint =
            if micro(answer.trim()).is_some_and(|n| 0 <= n) { String::new() } else { format!("“{answer}” is no number.") };
        self.questions.push(ImportQuestion {
            id,
            topic: Topic::Odd,
            form: Form::Typed,
            ask,
            hint,
            options: Vec::new(),
            answer,
            must: false,
        });
    }

    /// What the exercise's weight means; also puts its name on the list.
    fn load_mode(&mut self, written: &str) -> LoadMode {
        let own = fold(written);
        if !self.found.contains_key(&own) {
            let chosen = self.answer(&format!("name:{own}"));
            let target = match chosen {
                Some("") => None,
                Some(id) => self.names.by_id(id),
                None => self.names.find(written),
            };
            let found = NameMatch {
                written: written.to_owned(),
                sets: 0,
                exercise_id: target.map(|target| target.exercise_id.clone()),
                name: target.map(|target| target.name.clone()),
                suggestions: if target.is_some() && chosen.is_none() { Vec::new() } else { self.names.suggest(written) },
            };
            self.found.insert(own.clone(), found);
        }
        let id = self.found[&own].exercise_id.as_deref().unwrap_or_default();
        self.names.by_id(id).map_or(LoadMode::External, |target| target.load_mode)
    }

    fn attach_rest(&mut self, line: u64, at: usize, entry: &Entry) {
        let own = fold(&entry.exercise);
        let rest = micro(&entry.seconds).filter(|rest| 0 <= *rest && *rest <= 86_400_000_000).map(|rest| scaled(rest, 1000, 1));
        match self.workouts[at].workout.sets.iter_mut().rev().find(|set| fold(&set.exercise) == own) {
            Some(set) => {
                set.rest_ms = rest;
                self.rows_attached += 1;
            }
            None => self.reject(line, "a rest with no set before it".to_owned()),
        }
    }

    /// A note belongs to the set before it of the same exercise, or to the one that follows.
    fn attach_note(&mut self, line: u64, at: usize, entry: &Entry) {
        self.rows_attached += 1;
        let Some(note) = filled(&entry.note) else { return };
        let own = fold(&entry.exercise);
        let reading = &mut self.workouts[at];
        match reading.workout.sets.iter_mut().rev().find(|set| fold(&set.exercise) == own) {
            Some(set) => add_note(&mut set.note, note),
            None => reading.notes.push((own, line, note)),
        }
    }

    /// Notes of exercises of which nothing was done stand at the workout; without any set there is no place for them.
    fn settle_notes(&mut self) {
        let mut homeless = Vec::new();
        for reading in &mut self.workouts {
            for (exercise, line, note) in std::mem::take(&mut reading.notes) {
                if reading.workout.sets.is_empty() {
                    homeless.push(line);
                } else {
                    add_note(&mut reading.workout.note, format!("{exercise}: {note}"));
                }
            }
        }
        for line in homeless {
            self.rows_attached -= 1;
            self.reject(line, "a note in a workout without a set".to_owned());
        }
    }

    fn finish(
        mut self,
        format: &str,
        mut questions: Vec<ImportQuestion>,
        file_name: &str,
        bytes: &[u8],
        known: &Known,
    ) -> Result<Planned, Problem> {
        self.settle_notes();
        odd::repeats(&mut self);
        self.workouts.retain(|reading| !reading.workout.sets.is_empty());
        self.workouts
            .sort_by(|a, b| (a.workout.started_ms, &a.workout.natural_key).cmp(&(b.workout.started_ms, &b.workout.natural_key)));
        // Another reading of the columns, the dates or a figure may make something of it; a unit would not.
        let undated = || self.problems.iter().any(|problem| problem.reason.starts_with("the date"));
        let helps = |question: &ImportQuestion| question.topic != Topic::Dates || undated();
        if self.workouts.is_empty() && self.questions.is_empty() && !questions.iter().any(helps) {
            return Err(nothing(format!("No row of {file_name} can be used. {}", why_nothing(&self.problems, self.rows_read))));
        }
        let ids = self.exercise_ids();
        let mut workouts: Vec<PlannedWorkout> =
            std::mem::take(&mut self.workouts).into_iter().map(|reading| reading.workout).collect();
        let file_unit = self.unit().or(self.file_unit).unwrap_or_default();
        for set in workouts.iter_mut().flat_map(|workout| &mut workout.sets) {
            if set.load_g.is_none_or(|load| load == 0) && set.assist_g.is_none() {
                set.unit = file_unit;
            }
        }
        let differences = known.compare(self.source, self.choices.offset_min, &mut workouts, &ids);
        odd::outliers(&mut self, &workouts, known, &ids);
        questions.extend(self.unit_questions());
        questions.append(&mut self.questions);
        self.problems.sort_by_key(|problem| problem.line);
        let mut names: Vec<NameMatch> = self.found.into_values().filter(|name| 0 < name.sets).collect();
        // What needs an answer first, then by how much hangs on it.
        names.sort_by(|a, b| {
            (a.exercise_id.is_some(), std::cmp::Reverse(a.sets), &a.written).cmp(&(
                b.exercise_id.is_some(),
                std::cmp::Reverse(b.sets),
                &b.written,
            ))
        });
        questions.extend(names.iter().flat_map(|name| name_questions(name, self.choices, self.names)));
        questions.sort_by_key(|question| question.topic);
        let day = |workout: Option<&PlannedWorkout>| workout.map(|workout| workout.natural_key.chars().take(10).collect());
        let sets = || workouts.iter().flat_map(|workout| &workout.sets);
        let fresh = workouts.iter().rev().filter_map(fresh_part).take(3).collect();
        let plan = ImportPlan {
            source: self.source.to_owned(),
            format: format.to_owned(),
            file_name: file_name.to_owned(),
            file_hash: hash(bytes),
            rows_read: self.rows_read,
            rows_attached: self.rows_attached,
            sets: sets().count(),
            workouts: workouts.len(),
            already_here: sets().filter(|set| set.is_here).count(),
            first_day: day(workouts.first()),
            last_day: day(workouts.last()),
            names,
            questions,
            answers: self.choices.answers.clone(),
            differences,
            problems: self.problems,
            problem_count: self.problem_count,
            rejected: self.rejected,
            preview: fresh,
        };
        Ok(Planned { plan, workouts })
    }

    /// The exercise that each name will stand for.
    fn exercise_ids(&self) -> BTreeMap<String, String> {
        let id = |own: &String, name: &NameMatch| name.exercise_id.clone().unwrap_or_else(|| own_exercise(own).to_string());
        self.found.iter().map(|(own, name)| (own.clone(), id(own, name))).collect()
    }

    fn unit_questions(&self) -> Vec<ImportQuestion> {
        let few = |id: &str, ask: &str, options: [(&str, &str); 2], answer: &str| ImportQuestion {
            id: id.to_owned(),
            topic: Topic::Units,
            form: Form::Few,
            ask: ask.to_owned(),
            hint: String::new(),
            options: options.map(|(id, name)| Suggestion { id: id.to_owned(), name: name.to_owned() }).to_vec(),
            answer: answer.to_owned(),
            must: true,
        };
        let mut questions = Vec::new();
        let (load, distance) = self.without_unit;
        if load {
            let unit = self.answer("unit").unwrap_or_default();
            questions.push(few("unit", "Unit of loads in the file", [("kg", "kg"), ("lb", "lb")], unit));
        }
        if distance {
            let length = if self.length() == Length::Mile { "mi" } else { "km" };
            questions.push(few("distance", "Unit of distances in the file", [("km", "km"), ("mi", "miles")], length));
        }
        questions
    }
}

/// What names a file, whatever it is called.
pub fn hash(bytes: &[u8]) -> String {
    blake3::hash(bytes).to_hex().to_string()
}

/// What of a workout will be written.
fn fresh_part(workout: &PlannedWorkout) -> Option<PlannedWorkout> {
    let mut fresh = workout.clone();
    fresh.sets.retain(|set| !set.is_here);
    (!fresh.sets.is_empty()).then_some(fresh)
}

fn why_nothing(problems: &[RowProblem], rows: usize) -> String {
    let mut reasons: Vec<(&str, u64, usize)> = Vec::new();
    for problem in problems.iter().filter(|problem| problem.left_out) {
        match reasons.iter_mut().find(|(reason, ..)| *reason == problem.reason) {
            Some((_, _, times)) => *times += 1,
            None => reasons.push((&problem.reason, problem.line, 1)),
        }
    }
    reasons.sort_by_key(|(_, line, times)| (std::cmp::Reverse(*times), *line));
    let told: Vec<String> = reasons
        .iter()
        .take(3)
        .map(|(reason, line, times)| match times {
            1 => format!("Line {line}: {reason}."),
            times => format!("{times} rows, the first in line {line}: {reason}."),
        })
        .collect();
    if told.is_empty() { format!("It has {rows} rows, all of them rests or notes.") } else { told.join(" ") }
}

/// Names that nobody knows for certain, and those that somebody answered for.
fn name_questions(name: &NameMatch, choices: &Choices, names: &NameBook) -> Vec<ImportQuestion> {
    let own = fold(&name.written);
    let id = format!("name:{own}");
    if name.exercise_id.is_some() && !choices.answers.contains_key(&id) {
        return Vec::new();
    }
    let mut options = vec![Suggestion { id: String::new(), name: "Keep as my own".to_owned() }];
    if let (Some(id), Some(name)) = (&name.exercise_id, &name.name) {
        options.push(Suggestion { id: id.clone(), name: name.clone() });
    }
    options.extend(name.suggestions.iter().filter(|other| Some(&other.id) != name.exercise_id.as_ref()).cloned());
    let mut questions = vec![ImportQuestion {
        id,
        topic: Topic::Names,
        form: Form::List,
        ask: name.written.clone(),
        hint: match name.sets {
            1 => "1 set".to_owned(),
            sets => format!("{sets} sets"),
        },
        options,
        answer: name.exercise_id.clone().unwrap_or_default(),
        must: false,
    }];
    let is_new = name.exercise_id.is_none() && names.by_id(&own_exercise(&own).to_string()).is_none();
    if is_new {
        let id = format!("muscle:{own}");
        questions.push(ImportQuestion {
            answer: choices.answers.get(&id).cloned().unwrap_or_default(),
            id,
            topic: Topic::Names,
            form: Form::List,
            ask: format!("Muscle of {}", name.written),
            hint: "Its sets count there".to_owned(),
            options: std::iter::once(("", "Not said: its sets count for no muscle"))
                .chain(MUSCLES)
                .map(|(id, name)| Suggestion { id: id.to_owned(), name: name.to_owned() })
                .collect(),
            must: false,
        });
    }
    questions
}

/// The muscle groups of `sql/seeds/muscle_groups.csv`.
pub const MUSCLES: [(&str, &str); 20] = [
    ("chest", "Chest"),
    ("front_delts", "Front Delts"),
    ("side_delts", "Side Delts"),
    ("rear_delts", "Rear Delts"),
    ("triceps", "Triceps"),
    ("biceps", "Biceps"),
    ("forearms", "Forearms"),
    ("lats", "Lats"),
    ("upper_back", "Upper Back"),
    ("traps", "Traps"),
    ("lower_back", "Lower Back"),
    ("abs", "Abs"),
    ("obliques", "Obliques"),
    ("glutes", "Glutes"),
    ("quads", "Quads"),
    ("hamstrings", "Hamstrings"),
    ("calves", "Calves"),
    ("adductors", "Adductors"),
    ("abductors", "Abductors"),
    ("cardio", "Cardio"),
];

/// The id of an exercise that is kept as somebody's own: the same on every device that imports the name.
pub(crate) fn own_exercise(folded: &str) -> EntityId {
    EntityId::v5("exercise", folded)
}

pub(crate) fn set_id(source: &str, natural_key: &str, exercise: &str, set_no: i64) -> EntityId {
    EntityId::v5(source, &format!("{natural_key}|{exercise}|{set_no}"))
}

fn filled(text: &str) -> Option<String> {
    (!text.trim().is_empty()).then(|| text.to_owned())
}

fn add_note(to: &mut Option<String>, note: String) {
    *to = Some(match to.take() {
        Some(before) => format!("{before}\n{note}"),
        None => note,
    });
}

/// A workout's day, for words.
pub(crate) fn day_of(wall_ms: i64) -> String {
    DateTime::from_timestamp_millis(wall_ms).map(|time| crate::dates::day_text(time.date_naive())).unwrap_or_default()
}
