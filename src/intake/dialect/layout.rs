//! Which column is what: by the words of the header, by the shape of what stands below it where the words say nothing,
//! and by what somebody said.

use std::collections::{BTreeMap, BTreeSet};

use ledger::Unit;

use super::table::Table;
use crate::{
    dates::{Reading, local_time},
    number::{duration_ms, micro},
    words::{self, Length, has, length, mass, plain},
};

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Role {
    Date,
    Workout,
    Number,
    Duration,
    Exercise,
    Order,
    Weight,
    WeightUnit,
    Reps,
    Distance,
    DistanceUnit,
    Seconds,
    Rpe,
    Notes,
    WorkoutNotes,
}

impl Role {
    pub(crate) const ALL: [Self; 15] = [
        Self::Date,
        Self::Workout,
        Self::Number,
        Self::Duration,
        Self::Exercise,
        Self::Order,
        Self::Weight,
        Self::WeightUnit,
        Self::Reps,
        Self::Distance,
        Self::DistanceUnit,
        Self::Seconds,
        Self::Rpe,
        Self::Notes,
        Self::WorkoutNotes,
    ];

    /// As Strong calls it in English.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Date => "Date",
            Self::Workout => "Workout Name",
            Self::Number => "Workout #",
            Self::Duration => "Duration",
            Self::Exercise => "Exercise Name",
            Self::Order => "Set Order",
            Self::Weight => "Weight",
            Self::WeightUnit => "Weight Unit",
            Self::Reps => "Reps",
            Self::Distance => "Distance",
            Self::DistanceUnit => "Distance Unit",
            Self::Seconds => "Seconds",
            Self::Rpe => "RPE",
            Self::Notes => "Notes",
            Self::WorkoutNotes => "Workout Notes",
        }
    }

    fn by_words(header: &str) -> Option<Self> {
        let text = plain(header);
        let bare = text.split(['(', '[']).next().unwrap_or_default().trim();
        let exact = |role: &Self| role.name().to_lowercase() == bare;
        if let Some(role) = Self::ALL.iter().find(|role| exact(role)) {
            return Some(*role);
        }
        let is = |stems: &[&str]| has(bare, stems);
        let workout = is(words::WORKOUT);
        Some(match bare {
            "rpe" | "rpe-wert" => Self::Rpe,
            _ if mass(bare).is_some() && !bare.contains(' ') => Self::Weight,
            _ if is(words::NOTE) => {
                if workout {
                    Self::WorkoutNotes
                } else {
                    Self::Notes
                }
            }
            _ if workout && (bare.contains('#') || is(&["number", "nummer", "numero", "numer", "номер"])) => Self::Number,
            _ if is(words::DURATION) => Self::Duration,
            _ if is(words::UNIT) && is(words::DISTANCE) => Self::DistanceUnit,
            _ if is(words::UNIT) && is(words::WEIGHT) => Self::WeightUnit,
            _ if is(words::WEIGHT) => Self::Weight,
            _ if is(words::DISTANCE) || length(bare).is_some() => Self::Distance,
            _ if is(words::SECONDS) => Self::Seconds,
            _ if is(words::ORDER) => Self::Order,
            _ if is(words::REPS) => Self::Reps,
            _ if is(words::EXERCISE) => Self::Exercise,
            _ if is(words::DATE) || bare.contains("datum") => Self::Date,
            _ if workout => Self::Workout,
            _ => return None,
        })
    }
}

#[derive(Debug)]
pub(crate) struct Layout {
    pub columns: BTreeMap<Role, usize>,
    /// Roles that were found by the shape of their column: nobody has confirmed them.
    pub guessed: BTreeSet<Role>,
    /// Columns that have no role although something stands in them.
    pub unknown: Vec<usize>,
    pub weight: Option<Unit>,
    pub distance: Option<Length>,
    /// What a workout's duration is in where it is a number alone, in milliseconds.
    pub duration_ms: Option<i64>,
}

impl Layout {
    pub(crate) fn of(table: &Table, answers: &BTreeMap<String, String>) -> Result<Self, String> {
        let mut columns = by_words(table);
        let known: BTreeSet<Role> = columns.keys().copied().collect();
        Shape::of(table).assign(&mut columns);
        let mut guessed: BTreeSet<Role> = columns.keys().copied().filter(|role| !known.contains(role)).collect();
        for role in Role::ALL {
            let Some(answer) = answers.get(&column_question(role)) else { continue };
            guessed.insert(role);
            match answer.parse().ok().filter(|at| *at < table.header.len()) {
                Some(at) => columns.insert(role, at),
                None => columns.remove(&role),
            };
        }
        let figures = [Role::Weight, Role::Reps, Role::Distance, Role::Seconds];
        let missing = [Role::Date, Role::Exercise, Role::Order].into_iter().find(|role| !columns.contains_key(role));
        let missing = missing.or_else(|| (!figures.iter().any(|role| columns.contains_key(role))).then_some(Role::Reps));
        if let Some(role) = missing {
            // Somebody who knows the file may say which one it is, if the rest looks like a log of training.
            if columns.len() < 5 {
                return Err(format!("there is no column that could be “{}”", role.name()));
            }
            guessed.insert(role);
        }
        let head = |role: Role| columns.get(&role).map(|at| table.header[*at].as_str()).unwrap_or_default();
        let used: BTreeSet<usize> = columns.values().copied().collect();
        let unknown = (0..table.header.len()).filter(|at| !used.contains(at) && table.column(*at).any(|cell| !cell.is_empty()));
        Ok(Self {
            weight: words_of(head(Role::Weight)).find_map(mass),
            distance: words_of(head(Role::Distance)).find_map(length),
            duration_ms: alone_ms(table, &columns, head(Role::Duration)),
            unknown: unknown.collect(),
            columns,
            guessed,
        })
    }
}

pub(crate) fn column_question(role: Role) -> String {
    format!("column:{}", role.name())
}

/// A role that two columns could have by their words is left to their shape.
fn by_words(table: &Table) -> BTreeMap<Role, usize> {
    let roles: Vec<Option<Role>> = table.header.iter().map(|header| Role::by_words(header)).collect();
    let mut columns = BTreeMap::new();
    for role in Role::ALL {
        let mut of: Vec<usize> = (0..roles.len()).filter(|at| roles[*at] == Some(role)).collect();
        let exactly = |at: &usize| table.header[*at].eq_ignore_ascii_case(role.name());
        if 1 < of.len()
            && let Some(at) = of.iter().copied().find(exactly)
        {
            of = vec![at];
        }
        if let [at] = of[..]
            && fits(table, role, at)
        {
            columns.insert(role, at);
        }
    }
    columns
}

/// Whether what stands in a column can be what its header says.
fn fits(table: &Table, role: Role, at: usize) -> bool {
    let mut filled = 0;
    let mut fitting = 0;
    for cell in table.column(at).filter(|cell| !cell.is_empty()).take(SAMPLE) {
        filled += 1;
        fitting += usize::from(match role {
            Role::Weight | Role::Distance => quantity(cell).is_some(),
            Role::Reps | Role::Seconds => micro(cell).is_some(),
            _ => true,
        });
    }
    filled <= 2 * fitting
}

/// A number, and what is written behind it.
pub(crate) fn quantity(cell: &str) -> Option<(i64, &str)> {
    let end = cell.rfind(|c: char| c.is_ascii_digit()).map_or(cell.len(), |at| at + 1);
    let unit = cell[end..].trim();
    if !unit.is_empty() && mass(unit).is_none() && length(unit).is_none() {
        return None;
    }
    Some((micro(&cell[..end])?, unit))
}

fn words_of(header: &str) -> impl Iterator<Item = &str> {
    header.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty())
}

/// The header's word; without one seconds, unless no workout lasted ten minutes then.
fn alone_ms(table: &Table, columns: &BTreeMap<Role, usize>, header: &str) -> Option<i64> {
    if let Some(ms) = words_of(header).map(plain).find_map(|word| words::time_unit_ms(&word)) {
        return Some(ms);
    }
    let at = *columns.get(&Role::Duration)?;
    table.column(at).filter_map(micro).any(|seconds| 600_000_000 <= seconds).then_some(1_000)
}

const SAMPLE: usize = 2_000;

/// What the columns that nothing is known of look like.
struct Shape<'a> {
    table: &'a Table,
}

impl<'a> Shape<'a> {
    fn of(table: &'a Table) -> Self {
        Self { table }
    }

    fn cells(&self, at: usize) -> impl Iterator<Item = &'a str> {
        self.table.column(at).take(SAMPLE)
    }

    /// The share of the filled cells for which something holds, in percent; nothing where all are empty.
    fn share(&self, at: usize, holds: impl Fn(&str) -> bool) -> usize {
        let filled = self.cells(at).filter(|cell| !cell.is_empty());
        let (all, some) = filled.fold((0, 0), |(all, some), cell| (all + 1, some + usize::from(holds(cell))));
        (100 * some).checked_div(all).unwrap_or(0)
    }

    fn is_empty(&self, at: usize) -> bool {
        self.cells(at).all(str::is_empty)
    }

    fn is_text(&self, at: usize) -> bool {
        !self.is_empty(at) && self.share(at, |cell| micro(cell).is_some()) < 50
    }

    fn is_number(&self, at: usize) -> bool {
        50 <= self.share(at, |cell| quantity(cell).is_some())
    }

    /// Like the number of a set: one more than the last of the same exercise, or one again.
    fn counts(&self, at: usize) -> usize {
        let mut last: Option<i64> = None;
        let (mut all, mut some) = (0, 0);
        for cell in self.cells(at) {
            // Marks for warm-ups and rests stand between the numbers.
            let Some(n) = cell.parse::<i64>().ok().or_else(|| micro(cell).filter(|n| n % 1_000_000 == 0).map(|n| n / 1_000_000))
            else {
                continue;
            };
            all += 1;
            some += usize::from(matches!(n, 0 | 1) || last.is_some_and(|last| n == last + 1));
            last = Some(n);
        }
        (100 * some).checked_div(all).unwrap_or(0)
    }

    fn assign(&self, columns: &mut BTreeMap<Role, usize>) {
        let free = |columns: &BTreeMap<Role, usize>| -> Vec<usize> {
            let used: BTreeSet<usize> = columns.values().copied().collect();
            (0..self.table.header.len()).filter(|at| !used.contains(at)).collect()
        };
        let put = |columns: &mut BTreeMap<Role, usize>, role: Role, at: Option<usize>| {
            if let (Some(at), false) = (at, columns.contains_key(&role)) {
                columns.insert(role, at);
            }
        };
        let is_date = |cell: &str| {
            [Reading::YearFirst, Reading::DayFirst, Reading::MonthFirst].iter().any(|it| local_time(cell, *it).is_some())
                || (0..words::MONTHS.len()).any(|language| local_time(cell, Reading::Named(language)).is_some())
        };
        if !columns.contains_key(&Role::Date) {
            let few = |at: usize| self.cells(at).filter(|cell| !cell.is_empty()).take(20);
            let dates = |at: &usize| 0 < few(*at).count() && few(*at).count() <= 2 * few(*at).filter(|cell| is_date(cell)).count();
            put(columns, Role::Date, free(columns).into_iter().find(dates));
        }
        for role in [Role::WeightUnit, Role::DistanceUnit] {
            let unit = |at: &usize| {
                let is_unit = |cell: &str| if role == Role::WeightUnit { mass(cell).is_some() } else { length(cell).is_some() };
                90 <= self.share(*at, is_unit)
            };
            put(columns, role, free(columns).into_iter().find(unit));
        }
        let duration = |at: &usize| 60 <= self.share(*at, |cell| micro(cell).is_none() && duration_ms(cell, None).is_some());
        put(columns, Role::Duration, free(columns).into_iter().find(duration));
        self.assign_order(columns, &free(columns));
        self.assign_names(columns, &free(columns));
        self.assign_figures(columns, &free(columns));
        // Notes stand last: the set's, then the workout's. Whatever else there is is not known.
        let behind = columns.get(&Role::Order).copied().unwrap_or(0);
        let notes: Vec<usize> =
            free(columns).into_iter().filter(|at| behind < *at && (self.is_text(*at) || self.is_note_like(*at, columns))).collect();
        let missing: Vec<Role> = [Role::Notes, Role::WorkoutNotes].into_iter().filter(|role| !columns.contains_key(role)).collect();
        for (role, at) in missing.into_iter().zip(notes) {
            put(columns, role, Some(at));
        }
    }

    /// Empty, and in front of a column that is known or the last: where a note would stand.
    fn is_note_like(&self, at: usize, columns: &BTreeMap<Role, usize>) -> bool {
        let seconds = columns.get(&Role::Seconds).copied().unwrap_or(usize::MAX);
        self.is_empty(at) && seconds < at
    }

    fn assign_order(&self, columns: &mut BTreeMap<Role, usize>, free: &[usize]) {
        if columns.contains_key(&Role::Order) {
            return;
        }
        let candidates = free.iter().copied().filter(|at| {
            let full = self.cells(*at).filter(|cell| cell.is_empty()).count() * 10 <= self.cells(*at).count();
            let nought = self.share(*at, |cell| micro(cell) == Some(0)) == 100;
            let small = self.share(*at, |cell| micro(cell).is_some_and(|n| (0..=100_000_000).contains(&n) && n % 1_000_000 == 0));
            full && !nought && 30 <= small && 80 <= self.counts(*at)
        });
        // It stands in front of the figures.
        if let Some(at) = candidates.min() {
            columns.insert(Role::Order, at);
        }
    }

    /// The workout's name and the exercise's: the texts in front of the order, and the workout's changes with the date.
    fn assign_names(&self, columns: &mut BTreeMap<Role, usize>, free: &[usize]) {
        let end = columns.get(&Role::Order).copied().unwrap_or(usize::MAX);
        let texts: Vec<usize> = free.iter().copied().filter(|at| *at < end && self.is_text(*at)).collect();
        match (columns.contains_key(&Role::Workout), columns.contains_key(&Role::Exercise), texts.as_slice()) {
            (_, false, []) | (true, true, _) => {}
            (_, true, [first, ..]) => {
                columns.insert(Role::Workout, *first);
            }
            (true, false, [.., last]) => {
                columns.insert(Role::Exercise, *last);
            }
            (false, false, [only]) => {
                columns.insert(Role::Exercise, *only);
            }
            (false, false, texts) => {
                // Numbering begins anew with an exercise: that column changes the more often.
                let exercise = texts[1..]
                    .iter()
                    .copied()
                    .fold(texts[0], |best, at| if self.changes(best) <= self.changes(at) { at } else { best });
                let workout = texts.iter().copied().find(|at| *at != exercise);
                columns.insert(Role::Exercise, exercise);
                columns.extend(workout.map(|at| (Role::Workout, at)));
            }
            (false, true, []) => {}
        }
    }

    fn changes(&self, at: usize) -> usize {
        let cells: Vec<&str> = self.cells(at).collect();
        cells.windows(2).filter(|pair| pair[0] != pair[1]).count()
    }

    /// Weight, repetitions, distance, seconds: the order in which every edition of Strong writes them.
    fn assign_figures(&self, columns: &mut BTreeMap<Role, usize>, free: &[usize]) {
        let begin = columns.get(&Role::Order).copied().unwrap_or(0);
        let mut numbers: Vec<usize> = free.iter().copied().filter(|at| begin < *at && self.is_number(*at)).collect();
        // A rating is between 1 and 10, and empty where nobody gave one.
        if !columns.contains_key(&Role::Rpe) && 4 < numbers.len() {
            let rated = |at: &usize| {
                self.cells(*at).any(str::is_empty)
                    && self.share(*at, |cell| micro(cell).is_some_and(|n| (1_000_000..=10_000_000).contains(&n))) == 100
            };
            if let Some(at) = numbers.iter().copied().find(rated) {
                columns.insert(Role::Rpe, at);
                numbers.retain(|other| *other != at);
            }
        }
        let mut roles: Vec<Role> = [Role::Weight, Role::Reps, Role::Distance, Role::Seconds]
            .into_iter()
            .filter(|role| !columns.contains_key(role))
            .collect();
        if numbers.len() < roles.len() && numbers.len() == 3 {
            // Without columns for a distance.
            roles.retain(|role| *role != Role::Distance);
        }
        for (role, at) in roles.into_iter().zip(numbers) {
            columns.insert(role, at);
        }
    }
}
