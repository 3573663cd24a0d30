//! What the sheet of a workout decides: what a row says, what it is filled in with, what comes after it, when a rest
//! begins, what an undo puts back. Pure: no clock, no chance, no signal.

use bridge::{Before, LastSet, LastTime, SetLine, Sheet, SheetExercise, SheetSet, named};
use ledger::{
    ASSIST_G_MAX, DISTANCE_MM_MAX, DURATION_MS_MAX, LOAD_G_MAX, LoadMode, Patch, REPS_MAX, SetCorrected, SetKind, Tracking, Unit,
};

use crate::{messages as m, words};

/// Which cell of a set the keypad writes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cell {
    Load,
    Reps,
    Rpe,
    Time,
    Distance,
}

/// A cell that keeps a set from being saved, and why; without a reason it is only empty.
type Hitch = (Cell, Option<String>);

impl Cell {
    pub(crate) fn of(self, set: &mut SheetSet) -> &mut String {
        match self {
            Self::Load => &mut set.load,
            Self::Reps => &mut set.reps,
            Self::Rpe => &mut set.rpe,
            Self::Time => &mut set.time,
            Self::Distance => &mut set.distance,
        }
    }

    pub(crate) fn text(self, set: &SheetSet) -> String {
        self.of(&mut set.clone()).clone()
    }

    /// What parts the digits.
    pub(crate) fn mark(self) -> Option<char> {
        match self {
            Self::Reps => None,
            Self::Time => Some(':'),
            _ => Some('.'),
        }
    }
}

/// Which cells an exercise's sets have.
pub(crate) fn cells(tracking: Tracking) -> &'static [Cell] {
    match tracking {
        Tracking::Duration => &[Cell::Time],
        Tracking::DistanceDuration => &[Cell::Distance, Cell::Time],
        Tracking::LoadDuration => &[Cell::Load, Cell::Time],
        Tracking::LoadDistance => &[Cell::Load, Cell::Distance],
        Tracking::LoadReps | Tracking::BodyweightReps | Tracking::AssistedReps => &[Cell::Load, Cell::Reps, Cell::Rpe],
    }
}

/// What is covered is counted in kilometres, what is carried in metres.
pub(crate) fn in_km(tracking: Tracking) -> bool {
    tracking == Tracking::DistanceDuration
}

pub(crate) fn in_lb(unit: Unit) -> bool {
    unit == Unit::Lb
}

// ---- What a row says

/// A row as it is saved.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Figures {
    pub(crate) load_g: Option<i64>,
    pub(crate) assist_g: Option<i64>,
    pub(crate) reps: Option<i64>,
    pub(crate) duration_ms: Option<i64>,
    pub(crate) distance_mm: Option<i64>,
    pub(crate) rpe10: Option<i64>,
}

/// What a cell's text says. An error is put in the person's own units.
pub(crate) fn figure(exercise: &SheetExercise, cell: Cell, text: &str) -> Result<Option<i64>, String> {
    if text.trim().is_empty() {
        return Ok(None);
    }
    let lb = in_lb(exercise.unit);
    let (value, range) = match cell {
        Cell::Load if exercise.load_mode == LoadMode::Assisted => (words::grams(text, lb), 0..=ASSIST_G_MAX),
        Cell::Load => (words::grams(text, lb), 0..=LOAD_G_MAX),
        Cell::Reps => (words::typed(text).filter(|n| n % 1000 == 0).map(|n| n / 1000), 0..=REPS_MAX),
        Cell::Rpe => (words::typed(text).map(|n| (n + 50) / 100), 60..=100),
        Cell::Time => (words::time(text), 0..=DURATION_MS_MAX),
        Cell::Distance => {
            let mm = if in_km(exercise.tracking) { 1000 } else { 1 };
            (words::typed(text).map(|n| n * mm), 0..=DISTANCE_MM_MAX)
        }
    };
    value.filter(|value| range.contains(value)).map(Some).ok_or_else(|| match cell {
        Cell::Load => m::wrong::load(&words::with_unit(*range.end(), lb)),
        Cell::Reps => m::wrong::REPS.to_owned(),
        Cell::Rpe => m::wrong::RPE.to_owned(),
        Cell::Time => m::wrong::TIME.to_owned(),
        Cell::Distance => m::wrong::DISTANCE.to_owned(),
    })
}

/// A row as it is saved, or the cell that something is wrong with.
pub(crate) fn figures(exercise: &SheetExercise, set: &SheetSet) -> Result<Figures, Hitch> {
    let mut it = Figures::default();
    let columns = cells(exercise.tracking);
    for cell in columns {
        let value = figure(exercise, *cell, &cell.text(set)).map_err(|why| (*cell, Some(why)))?;
        *match cell {
            Cell::Load if exercise.load_mode == LoadMode::Assisted => &mut it.assist_g,
            Cell::Load => &mut it.load_g,
            Cell::Reps => &mut it.reps,
            Cell::Rpe => &mut it.rpe10,
            Cell::Time => &mut it.duration_ms,
            Cell::Distance => &mut it.distance_mm,
        } = value;
    }
    if it.reps.or(it.duration_ms).or(it.distance_mm).is_some() {
        return Ok(it);
    }
    // A load may be left out; a row without anything is typed from its beginning.
    let nothing = exercise.load_mode == LoadMode::External && it.load_g.is_none();
    let missing = columns.iter().find(|cell| nothing || !matches!(cell, Cell::Load | Cell::Rpe));
    Err((*missing.unwrap_or(&columns[0]), None))
}

/// `None`: nothing differs.
pub(crate) fn correction(was: &Figures, now: &Figures, fact: SetCorrected) -> Option<SetCorrected> {
    (was != now).then(|| patched(was, now, fact))
}

/// Only what differs is said, so that a correction never rounds what nobody touched.
pub(crate) fn patched(was: &Figures, now: &Figures, mut fact: SetCorrected) -> SetCorrected {
    fact.load_g = change(was.load_g, now.load_g);
    fact.assist_g = change(was.assist_g, now.assist_g);
    fact.reps = change(was.reps, now.reps);
    fact.duration_ms = change(was.duration_ms, now.duration_ms);
    fact.distance_mm = change(was.distance_mm, now.distance_mm);
    fact.rpe10 = change(was.rpe10, now.rpe10);
    fact
}

/// What did not change is not spoken of, so that two people's edits of different fields both stand.
pub(crate) fn change<T: PartialEq>(was: Option<T>, now: Option<T>) -> Patch<T> {
    if was == now { Patch::Keep } else { now.into() }
}

/// Warm-ups have no number: the first working set is 1.
pub(crate) fn set_number(sets: &[SheetSet], nth: usize) -> usize {
    sets.iter().take(nth + 1).filter(|set| set.kind != SetKind::Warmup).count()
}

/// Which set is being done, of how many.
pub(crate) fn set_at(sets: &[SheetSet]) -> (usize, usize) {
    (sets.iter().position(|set| !set.done).map_or(sets.len(), |nth| nth + 1), sets.len())
}

pub(crate) fn sets_of(sheet: &Sheet) -> impl Iterator<Item = &SheetSet> {
    sheet.exercises.iter().flat_map(|exercise| &exercise.sets)
}

pub(crate) fn unticked(sheet: &Sheet) -> usize {
    sets_of(sheet).filter(|set| !set.done).count()
}

// ---- What a row is filled in with

fn distance(mm: i64, km: bool) -> String {
    words::thousandths(if km { mm / 1000 } else { mm })
}

/// What was done, a part a line: the load over the repetitions.
pub(crate) fn before_text(set: &SheetSet, exercise: &SheetExercise) -> String {
    let Some(before) = &set.before else {
        return if set.before_told.is_empty() { "–".to_owned() } else { set.before_told.clone() };
    };
    let (lb, km) = (in_lb(exercise.unit), in_km(exercise.tracking));
    let load = before.load_g.filter(|load| 0 < *load);
    let load = load.map(|load| if before.unit == exercise.unit { words::load(load, lb) } else { words::converted(load, lb) });
    let reps = before.reps.map(|reps| if load.is_some() { format!("× {reps}") } else { reps.to_string() });
    let distance =
        before.distance_mm.map(|mm| format!("{} {}", distance(mm, km), if km { m::units::KM } else { m::units::METRES }));
    let parts: Vec<String> = [load, distance, before.duration_ms.map(words::clock), reps].into_iter().flatten().collect();
    if parts.is_empty() { "–".to_owned() } else { parts.join("\n") }
}

/// Each cell from its own field.
fn row(set: &LastSet, tracking: Tracking, lb: bool, set_id: String) -> SheetSet {
    let load_g = set.load_g.or(set.assist_g);
    let LastSet { reps, duration_ms, distance_mm, .. } = *set;
    SheetSet {
        set_id,
        kind: named(&set.set_kind),
        load: load_g.map(|load| words::load(load, lb)).unwrap_or_default(),
        reps: reps.map(|reps| reps.to_string()).unwrap_or_default(),
        time: duration_ms.map(words::clock).unwrap_or_default(),
        distance: distance_mm.map(|mm| distance(mm, in_km(tracking))).unwrap_or_default(),
        before: Some(Before { unit: named(&set.unit), load_g, reps, duration_ms, distance_mm }),
        ..SheetSet::default()
    }
}

fn empty_row(set_id: String) -> SheetSet {
    SheetSet { set_id, ..SheetSet::default() }
}

fn last_time(last: &[LastSet]) -> Option<LastTime> {
    let working = || last.iter().filter(|set| named::<SetKind>(&set.set_kind) != SetKind::Warmup);
    let day = last.first()?.workout_date;
    Some(LastTime { day, sets: working().count() as i64, best_e1rm_g: working().filter_map(|set| set.e1rm_g).max() })
}

/// Last time in one line: when, how many working sets, and the best estimate. What the rows say already is not said
/// again. Empty: there was none.
pub(crate) fn last_text(exercise: &SheetExercise, today: i64) -> String {
    let Some(last) = &exercise.last_time else { return exercise.last_told.clone() };
    let lb = in_lb(exercise.unit);
    let best = last.best_e1rm_g;
    let best =
        best.map(|best| m::training::estimate(&format!("{}{}{}", words::estimate(best, lb), words::NARROW, words::unit(lb))));
    let parts = [Some(words::day(last.day, today)), Some(m::sets(last.sets)), best];
    parts.into_iter().flatten().collect::<Vec<_>>().join(" · ")
}

/// Three empty rows the first time; afterwards what was done last time.
pub(crate) fn filled_in(mut exercise: SheetExercise, last: &[LastSet], id: &mut dyn FnMut() -> String) -> SheetExercise {
    if last.is_empty() {
        exercise.sets = (0..3).map(|_| empty_row(id())).collect();
        return exercise;
    }
    exercise.last_time = last_time(last);
    exercise.sets = last.iter().map(|set| row(set, exercise.tracking, in_lb(exercise.unit), id())).collect();
    exercise
}

/// A set as it was done, on that day.
fn done_on(line: &SetLine, day: i64) -> LastSet {
    LastSet {
        set_no: line.set_no,
        set_kind: line.set_kind.clone(),
        unit: line.unit.clone(),
        load_g: line.load_g,
        assist_g: line.assist_g,
        reps: line.reps,
        duration_ms: line.duration_ms,
        distance_mm: line.distance_mm,
        rpe10: line.rpe10,
        e1rm_g: line.e1rm_g,
        workout_date: day,
    }
}

fn exercise_of(line: &SetLine, lb: bool) -> SheetExercise {
    SheetExercise {
        exercise_id: line.exercise_id.clone(),
        name: line.name.clone().unwrap_or_else(|| line.exercise_id.clone()),
        load_mode: named(&line.load_mode),
        tracking: named(&line.tracking),
        unit: words::unit_of(lb),
        ..SheetExercise::default()
    }
}

/// A workout once more: its exercises in their order, each with the sets that it had then.
pub(crate) fn repeated(lines: &[SetLine], lb: bool, day: i64, id: &mut dyn FnMut() -> String) -> Vec<SheetExercise> {
    lines
        .chunk_by(|a, b| (a.exercise_no, &a.exercise_id) == (b.exercise_no, &b.exercise_id))
        .map(|lines| {
            let sets: Vec<LastSet> = lines.iter().map(|line| done_on(line, day)).collect();
            filled_in(exercise_of(&lines[0], lb), &sets, id)
        })
        .collect()
}

/// One more row, like the last one.
pub(crate) fn one_more(sets: &[SheetSet], set_id: String) -> SheetSet {
    let like = sets.last().cloned().unwrap_or_default();
    SheetSet {
        kind: if like.kind == SetKind::Warmup { SetKind::Normal } else { like.kind },
        load: like.load,
        reps: like.reps,
        time: like.time,
        distance: like.distance,
        ..empty_row(set_id)
    }
}

/// The next row of an exercise without a last time is filled in from the one just done.
pub(crate) fn fill_next(sets: &mut [SheetSet], nth: usize) {
    let Some(did) = sets.get(nth).cloned() else { return };
    let empty = |set: &SheetSet| [&set.load, &set.reps, &set.time, &set.distance].iter().all(|text| text.is_empty());
    if let Some(next) = sets.iter_mut().skip(nth + 1).find(|set| !set.done).filter(|next| next.kind == did.kind && empty(next)) {
        (next.load, next.reps, next.time, next.distance) = (did.load, did.reps, did.time, did.distance);
    }
}

/// In which row of which exercise a set stands.
pub(crate) fn place_of(sheet: &Sheet, set_id: &str) -> Option<(usize, usize)> {
    let row = |exercise: &SheetExercise| exercise.sets.iter().position(|set| set.set_id == set_id);
    sheet.exercises.iter().enumerate().find_map(|(at, exercise)| Some((at, row(exercise)?)))
}

/// The sheet in line with the tables, where it is not: what they know is ticked, and a tick that the sheet kept for a row
/// that the disk lost (`unproven`) is taken back. The tables may have been asked before what was `decided` here meanwhile
/// came to them: that is left as the sheet has it.
pub(crate) fn reconciled(
    sheet: &Sheet,
    workout_id: &str,
    lines: &[SetLine],
    unproven: &[String],
    decided: &[String],
    lb: bool,
) -> Option<Sheet> {
    let sets = || sets_of(sheet).filter(|set| set.done);
    let known = |id: &str| lines.iter().any(|line| line.set_id == id);
    let lost: Vec<&str> = sets()
        .map(|set| set.set_id.as_str())
        .filter(|id| !known(id) && unproven.iter().any(|set_id| set_id == id) && !decided.iter().any(|set_id| set_id == id))
        .collect();
    let missing: Vec<&SetLine> = lines
        .iter()
        .filter(|line| !decided.contains(&line.set_id) && !sets().any(|set| set.set_id == line.set_id && set.hlc.is_some()))
        .collect();
    if sheet.workout_id != workout_id || (lost.is_empty() && missing.is_empty()) {
        return None;
    }
    let mut right = sheet.clone();
    for set in right.exercises.iter_mut().flat_map(|exercise| &mut exercise.sets) {
        if lost.contains(&set.set_id.as_str()) {
            (set.done, set.hlc) = (false, None);
        }
    }
    missing.iter().for_each(|line| take_in(&mut right, line, lb));
    Some(right)
}

/// A logged set that the sheet does not show as done.
fn take_in(sheet: &mut Sheet, line: &SetLine, lb: bool) {
    let known = sheet.exercises.iter_mut().flat_map(|exercise| &mut exercise.sets).find(|set| set.set_id == line.set_id);
    if let Some(set) = known {
        set.done = true;
        set.hlc = Some(line.hlc.clone());
        return;
    }
    let at = sheet.exercises.iter().position(|exercise| exercise.exercise_id == line.exercise_id);
    let at = at.unwrap_or_else(|| {
        sheet.exercises.push(exercise_of(line, lb));
        sheet.exercises.len() - 1
    });
    let exercise = &mut sheet.exercises[at];
    let set = SheetSet {
        rpe: line.rpe10.map(words::tenths).unwrap_or_default(),
        before: None,
        done: true,
        hlc: Some(line.hlc.clone()),
        // Cells are read in the exercise's unit, whichever somebody prefers by now.
        ..row(&done_on(line, 0), exercise.tracking, in_lb(exercise.unit), line.set_id.clone())
    };
    let at = exercise.sets.iter().take_while(|set| set.done).count();
    exercise.sets.insert(at, set);
}

// ---- What comes after it

/// The cell that the keypad's last key leads to; after the last one the set is logged. How hard it was may be left out.
pub(crate) fn next_cell(tracking: Tracking, cell: Cell) -> Option<Cell> {
    let columns = cells(tracking);
    let here = columns.iter().position(|other| *other == cell)?;
    columns.get(here + 1).copied().filter(|next| *next != Cell::Rpe)
}

/// The row and the cell that come after a set that was just done: the next one, or one that was passed over.
pub(crate) fn next_set(exercise: &SheetExercise, nth: usize) -> Option<(usize, Cell)> {
    let sets = exercise.sets.iter().enumerate();
    let (next, set) = sets.clone().skip(nth + 1).chain(sets.take(nth)).find(|(_, set)| !set.done)?;
    Some((next, figures(exercise, set).map_or_else(|(cell, _)| cell, |_| cells(exercise.tracking)[0])))
}

// ---- The rest

/// A tick begins a rest. It does not when later sets of the exercise are done, nor when its row is ticked again: unless it
/// was the last one that was ticked, and its rest is over.
pub(crate) fn begins_rest(sheet: &Sheet, at: usize, nth: usize, now_ms: i64) -> bool {
    let Some(sets) = sheet.exercises.get(at).map(|exercise| &exercise.sets) else { return false };
    let Some(set) = sets.get(nth) else { return false };
    let resting = sheet.rest_ends_ms.is_some_and(|ends| now_ms < ends);
    !sets.iter().skip(nth + 1).any(|later| later.done) && (!set.again || (sheet.rest_set == set.set_id && !resting))
}

/// Seconds that are left, one that has begun counted whole; zero or less when the rest is over.
pub(crate) fn rest_left(ends_ms: i64, now_ms: i64) -> i64 {
    (ends_ms - now_ms + 999).div_euclid(1000)
}

/// The rest that was running when it was looked at last has ended by itself. `seen` is when it was to end.
pub(crate) fn rest_ended(seen: Option<i64>, ends_ms: Option<i64>, now_ms: i64) -> bool {
    seen.is_some() && seen == ends_ms && seen <= Some(now_ms)
}

// ---- What an undo puts back

/// Rows that were taken off the sheet, and where they stood.
#[derive(Debug, Clone)]
pub(crate) struct Taken {
    workout_id: String,
    at: usize,
    whole: bool,
    /// Without its rows.
    exercise: SheetExercise,
    sets: Vec<(usize, SheetSet)>,
}

impl Taken {
    pub(crate) fn done(&self) -> impl Iterator<Item = &SheetSet> {
        self.sets.iter().map(|(_, set)| set).filter(|set| set.done)
    }
}

/// Takes rows off an exercise; `whole`: the exercise goes with them.
pub(crate) fn take(sheet: &mut Sheet, at: usize, whole: bool, which: impl Fn(usize, &SheetSet) -> bool) -> Option<Taken> {
    let exercise = sheet.exercises.get_mut(at)?;
    let all = std::mem::take(&mut exercise.sets).into_iter().enumerate();
    let (sets, left): (Vec<_>, Vec<_>) = all.partition(|(nth, set)| which(*nth, set));
    let head = exercise.clone();
    exercise.sets = left.into_iter().map(|(_, set)| set).collect();
    if whole {
        sheet.exercises.remove(at);
        sheet.current = sheet.current.min(sheet.exercises.len().saturating_sub(1));
    }
    Some(Taken { workout_id: sheet.workout_id.clone(), at, whole, exercise: head, sets })
}

/// Puts rows back where they stood; whatever happened since stays as it is.
pub(crate) fn put_back(sheet: &mut Sheet, taken: Taken) {
    if sheet.workout_id != taken.workout_id {
        return;
    }
    let same = |exercise: &SheetExercise| exercise.exercise_id == taken.exercise.exercise_id;
    let there = sheet.exercises.get(taken.at).is_some_and(same).then_some(taken.at);
    let there = there.or_else(|| sheet.exercises.iter().position(same)).filter(|_| !taken.whole);
    let at = there.unwrap_or_else(|| {
        let at = taken.at.min(sheet.exercises.len());
        sheet.exercises.insert(at, taken.exercise);
        sheet.current = at;
        at
    });
    let sets = &mut sheet.exercises[at].sets;
    for (nth, set) in taken.sets {
        if sets.iter().all(|other| other.set_id != set.set_id) {
            sets.insert(nth.min(sets.len()), set);
        }
    }
}

// ---- The keypad

const LONGEST: usize = 8;

/// What stands in a cell after a key; `.` and `,` are the cell's own mark.
pub(crate) fn pressed(text: &str, key: char, cell: Cell) -> String {
    let key = match (key, cell.mark()) {
        (digit, _) if digit.is_ascii_digit() => digit,
        (_, Some(':')) if text.is_empty() || text.ends_with(':') || 1 < text.matches(':').count() => return text.to_owned(),
        (_, Some('.')) if text.contains('.') => return text.to_owned(),
        (_, Some(mark)) => mark,
        (_, None) => return text.to_owned(),
    };
    match text {
        _ if LONGEST <= text.len() => text.to_owned(),
        "" if key == '.' => "0.".to_owned(),
        "0" if key.is_ascii_digit() => key.to_string(),
        _ => format!("{text}{key}"),
    }
}

/// A figure from elsewhere, whatever parts its decimals, with or without its unit.
pub(crate) fn pasted(text: &str, cell: Cell) -> Option<String> {
    let text = text.trim_matches(|c: char| c.is_whitespace() || c.is_alphabetic()).replace(',', ".");
    let reads = if cell == Cell::Time { words::time(&text).is_some() } else { words::typed(&text).is_some() };
    (reads && text.len() <= LONGEST).then_some(text)
}

/// Steps of the keypad, their names and how far they go: thousandths, of a time milliseconds.
pub(crate) fn steps(cell: Cell, km: bool) -> &'static [(&'static str, i64)] {
    match cell {
        Cell::Load => &[("−2.5", -2_500), ("−1.25", -1_250), ("+1.25", 1_250), ("+2.5", 2_500), ("+5", 5_000)],
        Cell::Reps => &[("−1", -1_000), ("+1", 1_000)],
        Cell::Rpe => &[],
        Cell::Time => &[("−15", -15_000), ("+15", 15_000), ("+60", 60_000)],
        Cell::Distance if km => &[("−0.1", -100), ("+0.1", 100), ("+0.5", 500), ("+1", 1_000)],
        Cell::Distance => &[("−5", -5_000), ("+5", 5_000), ("+10", 10_000)],
    }
}

/// One step of an arrow: the smallest that the keypad has, and half a point of RPE.
pub(crate) fn arrow(cell: Cell, km: bool) -> i64 {
    steps(cell, km).iter().map(|(_, by)| *by).find(|by| 0 < *by).unwrap_or(500)
}

pub(crate) fn stepped(text: &str, by: i64, cell: Cell) -> String {
    match cell {
        Cell::Time => words::clock((words::time(text).unwrap_or(0) + by).max(0)),
        Cell::Rpe => words::thousandths((words::typed(text).unwrap_or(7_500) + by).clamp(6_000, 10_000)),
        _ => words::thousandths((words::typed(text).unwrap_or(0) + by).max(0)),
    }
}

#[cfg(test)]
mod tests {
    use ledger::EntityId;
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;
    use crate::json;

    fn exercise(tracking: Tracking, load_mode: LoadMode, sets: &[SheetSet]) -> SheetExercise {
        SheetExercise { exercise_id: "it".to_owned(), tracking, load_mode, sets: sets.to_vec(), ..SheetExercise::default() }
    }

    fn set(id: &str, load: &str, reps: &str) -> SheetSet {
        SheetSet { load: load.to_owned(), reps: reps.to_owned(), ..empty_row(id.to_owned()) }
    }

    fn done(set: SheetSet) -> SheetSet {
        SheetSet { done: true, ..set }
    }

    fn bench(sets: &[SheetSet]) -> SheetExercise {
        exercise(Tracking::LoadReps, LoadMode::External, sets)
    }

    fn on_sheet(exercises: Vec<SheetExercise>) -> Sheet {
        Sheet { exercises, ..Sheet::new("workout".to_owned(), String::new(), 0, 120_000, 1) }
    }

    fn ids(sheet: &Sheet) -> Vec<Vec<&str>> {
        sheet.exercises.iter().map(|exercise| exercise.sets.iter().map(|set| set.set_id.as_str()).collect()).collect()
    }

    fn counter() -> impl FnMut() -> String {
        let mut n = 0;
        move || {
            n += 1;
            n.to_string()
        }
    }

    fn last(unit: &str, load_g: Option<i64>, reps: Option<i64>, duration_ms: Option<i64>, distance_mm: Option<i64>) -> LastSet {
        LastSet {
            set_no: 1,
            set_kind: "normal".to_owned(),
            unit: unit.to_owned(),
            load_g,
            assist_g: None,
            reps,
            duration_ms,
            distance_mm,
            rpe10: None,
            e1rm_g: None,
            workout_date: 0,
        }
    }

    fn line(exercise_no: i64, exercise_id: &str, set_no: i64, kind: &str, load_g: i64, reps: i64) -> SetLine {
        SetLine {
            set_id: format!("{exercise_id}-{set_no}"),
            workout_id: "then".to_owned(),
            exercise_id: exercise_id.to_owned(),
            name: Some(exercise_id.to_uppercase()),
            load_mode: "external".to_owned(),
            tracking: "load_reps".to_owned(),
            exercise_no,
            set_no,
            set_kind: kind.to_owned(),
            at_ms: 0,
            unit: "kg".to_owned(),
            load_g: Some(load_g),
            assist_g: None,
            bodyweight_g: None,
            reps: Some(reps),
            duration_ms: None,
            distance_mm: None,
            rpe10: Some(80),
            note: None,
            hlc: "hlc".to_owned(),
            e1rm_g: None,
            volume_g: 0,
            lacks_body_weight: 0,
        }
    }

    #[test]
    fn rowing_is_filled_in_with_its_distance_and_its_time_each_from_its_own_field() {
        let rowed = last("kg", None, None, Some(600_000), Some(880_000));
        let rowing = exercise(Tracking::DistanceDuration, LoadMode::None, &[]);
        let rowing = filled_in(rowing, &[rowed], &mut counter());
        let set = &rowing.sets[0];
        assert_eq!(
            (set.distance.as_str(), set.time.as_str(), before_text(set, &rowing).as_str()),
            ("0.88", "10:00", "0.88 km\n10:00")
        );
        let saved = figures(&rowing, set).expect("a whole row");
        assert_eq!((saved.distance_mm, saved.duration_ms), (Some(880_000), Some(600_000)));
        // A time alone stays one, and the other way round.
        let timed = filled_in(
            exercise(Tracking::DistanceDuration, LoadMode::None, &[]),
            &[last("kg", None, None, Some(600_000), None)],
            &mut counter(),
        );
        assert_eq!((timed.sets[0].distance.as_str(), timed.sets[0].time.as_str()), ("", "10:00"));
        assert_eq!(figures(&timed, &timed.sets[0]).map(|it| (it.distance_mm, it.duration_ms)), Ok((None, Some(600_000))));
        let carried = filled_in(
            exercise(Tracking::LoadDistance, LoadMode::External, &[]),
            &[last("kg", Some(32_000), None, Some(50_000), Some(40_000))],
            &mut counter(),
        );
        assert_eq!((carried.sets[0].load.as_str(), carried.sets[0].distance.as_str()), ("32", "40"));
        assert_eq!(figures(&carried, &carried.sets[0]).map(|it| it.distance_mm), Ok(Some(40_000)));
    }

    #[test]
    fn the_sheet_comes_in_line_with_the_tables_and_keeps_what_was_decided_while_they_were_asked() {
        let proved = |id: &str| SheetSet { hlc: Some("hlc".to_owned()), ..done(set(id, "80", "5")) };
        let lines = [line(1, "it", 1, "normal", 80_000, 5), line(1, "it", 2, "normal", 80_000, 5)];
        let sheet = |rows: &[SheetSet]| Sheet { workout_id: "then".to_owned(), ..on_sheet(vec![bench(rows)]) };
        let right = |rows: &[SheetSet], unproven: &[&str], decided: &[&str]| {
            let owned = |ids: &[&str]| ids.iter().map(|id| (*id).to_owned()).collect::<Vec<_>>();
            reconciled(&sheet(rows), "then", &lines, &owned(unproven), &owned(decided), false)
        };
        let ticks = |sheet: Option<Sheet>| {
            let sets = sheet?.exercises.into_iter().flat_map(|exercise| exercise.sets);
            Some(sets.map(|set| (set.set_id, set.done)).collect::<Vec<_>>())
        };
        let ticked = |rows: &[(&str, bool)]| Some(rows.iter().map(|(id, done)| ((*id).to_owned(), *done)).collect::<Vec<_>>());
        assert_eq!(ticks(right(&[proved("it-1"), proved("it-2")], &["it-1"], &[])), None, "nothing differs");
        // One tick was saved and its sheet was not; another was kept by the sheet and its row by nobody.
        let crashed = [set("it-1", "80", "5"), proved("it-2"), proved("lost")];
        let mended = ticked(&[("it-1", true), ("it-2", true), ("lost", false)]);
        assert_eq!(ticks(right(&crashed, &["it-2", "lost"], &[])), mended);
        // The tables were asked, and then the second set was removed: it stays away, whatever they knew.
        assert_eq!(ticks(right(&[proved("it-1")], &["it-1", "it-2"], &["it-2"])), None);
        // Removed before, they answered without it, and then it was brought back: it keeps its tick.
        let back = [proved("it-1"), proved("it-2"), proved("back")];
        assert_eq!(ticks(right(&back, &["it-1", "it-2", "back"], &["back"])), None);
        // An answer about the workout that went on before.
        let other = Sheet { workout_id: "now".to_owned(), ..sheet(&[]) };
        assert_eq!(reconciled(&other, "then", &lines, &[], &[], false), None);
    }

    #[test]
    fn a_sheet_of_an_older_build_is_read_and_seconds_are_not_taken_for_metres() {
        let old = r#"{"workout_id":"w","name":"","started_ms":1,"current":0,"rest_ends_ms":null,"rest_ms":120000,"note":"","version":3,"exercises":[
            {"exercise_id":"rowing-machine","name":"Rowing","load_mode":"none","tracking":"distance_duration","unit":"kg","last":"","sets":[
                {"set_id":"a","kind":"normal","load":"","reps":"","rpe":"","amount":"600","previous":"","done":true},
                {"set_id":"b","kind":"normal","load":"","reps":"","rpe":"","amount":"600","previous":"","done":false}]},
            {"exercise_id":"plank","name":"Plank","load_mode":"none","tracking":"duration","unit":"kg","last":"","sets":[
                {"set_id":"c","kind":"normal","load":"","reps":"","rpe":"","amount":"75","previous":"","done":false,"hlc":null}]}]}"#;
        let sheet = json::read::<Sheet>(old).expect("an old sheet").renewed();
        let cell =
            |at: usize, nth: usize| (sheet.exercises[at].sets[nth].distance.as_str(), sheet.exercises[at].sets[nth].time.as_str());
        assert_eq!((cell(0, 0), cell(0, 1), cell(1, 0)), (("0.600", ""), ("", ""), ("", "75")));
        // What this build writes it reads again as it is.
        let json = json::write(&sheet).expect("JSON");
        assert_eq!(json::read::<Sheet>(&json).map(Sheet::renewed).expect("its own sheet"), sheet);
    }

    #[test]
    fn a_sheet_that_an_older_build_put_into_words_is_read_and_shown_as_it_was() {
        let old = r#"{"workout_id":"w","name":"Push","started_ms":1,"current":0,"rest_ends_ms":9,"rest_ms":120000,"rest_set":"a","note":"n","version":3,"format":1,"exercises":[
            {"exercise_id":"dip","name":"Dips","load_mode":"assisted","tracking":"assisted_reps","unit":"lb","last":"Yesterday · 2 sets","sets":[
                {"set_id":"a","kind":"warmup","load":"20","reps":"5","rpe":"8","amount":"","distance":"","previous":"20\n× 5","done":true,"again":true,"hlc":"h"},
                {"set_id":"b","kind":"drop","load":"","reps":"","rpe":"","amount":"","distance":"","previous":"–","done":false,"again":false,"hlc":null},
                {"set_id":"c","kind":"","load":"","reps":"","rpe":"","amount":"","distance":"","previous":"","done":false,"again":false,"hlc":null},
                {"set_id":"d","kind":"myoreps","load":"","reps":"","rpe":"","amount":"","distance":"","previous":"","done":false,"again":false,"hlc":null}]}]}"#;
        let sheet = json::read::<Sheet>(old).expect("an old sheet").renewed();
        let dips = &sheet.exercises[0];
        assert_eq!((dips.load_mode, dips.tracking, dips.unit), (LoadMode::Assisted, Tracking::AssistedReps, Unit::Lb));
        let kinds: Vec<SetKind> = dips.sets.iter().map(|set| set.kind).collect();
        assert_eq!(kinds, [SetKind::Warmup, SetKind::Drop, SetKind::Normal, SetKind::Normal], "an unknown word costs no workout");
        assert_eq!((dips.sets[0].done, dips.sets[0].again, dips.sets[0].hlc.as_deref()), (true, true, Some("h")));
        assert_eq!((before_text(&dips.sets[0], dips), last_text(dips, 0)), ("20\n× 5".into(), "Yesterday · 2 sets".into()));
        // Of last time this build keeps what was done, and no words; what it writes an older build can read, with all its words.
        let filled = filled_in(bench(&[]), &[last("kg", Some(80_000), Some(5), None, None)], &mut counter());
        let written = json::write(&on_sheet(vec![filled])).expect("JSON");
        let kept: serde_json::Value = serde_json::from_str(&written).expect("JSON");
        let bench = &kept["exercises"][0];
        assert_eq!(
            (&bench["load_mode"], &bench["tracking"], &bench["unit"]),
            (&"external".into(), &"load_reps".into(), &"kg".into())
        );
        assert_eq!((&bench["last"], &bench["sets"][0]["previous"]), (&"".into(), &"".into()));
        assert_eq!((&bench["sets"][0]["kind"], &bench["sets"][0]["before"]["load_g"]), (&"normal".into(), &80_000.into()));
        assert_eq!(json::read::<Sheet>(&written).map(|sheet| last_text(&sheet.exercises[0], 0)).as_deref(), Some("Today · 1 set"));
    }

    #[test]
    fn last_time_shows_the_load_over_the_repetitions() {
        let text_of = |set: LastSet, exercise: SheetExercise| {
            let exercise = filled_in(exercise, &[set], &mut counter());
            before_text(&exercise.sets[0], &exercise)
        };
        let text = |set: LastSet| text_of(set, bench(&[]));
        assert_eq!(text(last("kg", Some(82_250), Some(5), None, None)), "82.25\n× 5");
        assert_eq!(text(last("lb", Some(24_948), Some(12), None, None)), "24.9\n× 12");
        assert_eq!(text(last("kg", None, Some(8), None, None)), "8");
        assert_eq!(text(last("kg", None, None, None, None)), "–");
        assert_eq!(
            text_of(last("kg", Some(32_000), None, None, Some(40_000)), exercise(Tracking::LoadDistance, LoadMode::External, &[])),
            "32\n40 m"
        );
    }

    #[test]
    fn a_workout_is_repeated_with_the_sets_it_had() {
        let lines = [
            line(1, "bench", 1, "warmup", 40_000, 8),
            line(1, "bench", 2, "normal", 82_500, 5),
            line(1, "bench", 3, "normal", 80_000, 6),
            line(2, "dips", 1, "normal", 10_000, 9),
            line(3, "bench", 4, "normal", 60_000, 15),
        ];
        let again = repeated(&lines, false, 10, &mut counter());
        let rows = |exercise: &SheetExercise| {
            exercise.sets.iter().map(|set| format!("{:?} {}×{}{}", set.kind, set.load, set.reps, set.rpe)).collect::<Vec<_>>()
        };
        assert_eq!(again.iter().map(|exercise| exercise.name.as_str()).collect::<Vec<_>>(), ["BENCH", "DIPS", "BENCH"]);
        assert_eq!(rows(&again[0]), ["Warmup 40×8", "Normal 82.5×5", "Normal 80×6"]);
        assert_eq!((rows(&again[1]), rows(&again[2])), (vec!["Normal 10×9".to_owned()], vec!["Normal 60×15".to_owned()]));
        let sets: Vec<&SheetSet> = again.iter().flat_map(|exercise| &exercise.sets).collect();
        assert!(
            sets.iter().all(|set| !set.done && !lines.iter().any(|line| line.set_id == set.set_id)),
            "new sets, not those of then"
        );
        assert!(last_text(&again[0], 12).ends_with("2 sets"), "{}", last_text(&again[0], 12));
    }

    #[test]
    fn the_next_row_of_a_first_time_is_filled_in_from_the_one_just_done() {
        let mut sets = vec![done(set("a", "40", "8")), set("b", "", ""), set("c", "", "")];
        fill_next(&mut sets, 0);
        assert_eq!((sets[1].load.as_str(), sets[1].reps.as_str(), sets[2].load.as_str()), ("40", "8", ""));
        // What somebody typed stays, and a warm-up says nothing about the sets after it.
        sets[1].load = "45".to_owned();
        fill_next(&mut sets, 0);
        assert_eq!(sets[1].load, "45");
        let mut sets = vec![SheetSet { kind: SetKind::Warmup, ..done(set("a", "20", "10")) }, set("b", "", "")];
        fill_next(&mut sets, 0);
        assert_eq!(sets[1].load, "");
    }

    #[test]
    fn a_row_that_says_too_little_names_the_cell_that_is_missing() {
        let missing = |exercise: SheetExercise| figures(&exercise, &exercise.sets[0]);
        assert_eq!(missing(bench(&[set("a", "", "")])), Err((Cell::Load, None)));
        assert_eq!(missing(bench(&[set("a", "80", "")])), Err((Cell::Reps, None)));
        assert_eq!(missing(exercise(Tracking::BodyweightReps, LoadMode::Bodyweight, &[set("a", "", "")])), Err((Cell::Reps, None)));
        assert_eq!(missing(exercise(Tracking::DistanceDuration, LoadMode::None, &[set("a", "", "")])), Err((Cell::Distance, None)));
        assert_eq!(missing(exercise(Tracking::LoadDuration, LoadMode::External, &[set("a", "20", "")])), Err((Cell::Time, None)));
        // Neither a load nor how hard it was is needed.
        assert_eq!(missing(bench(&[set("a", "", "5")])).map(|it| it.reps), Ok(Some(5)));
    }

    #[test]
    fn errors_are_in_the_persons_units() {
        let mut bench = bench(&[]);
        let wrong = |exercise: &SheetExercise, cell, text| figure(exercise, cell, text).expect_err(text);
        assert_eq!(wrong(&bench, Cell::Rpe, "5"), "RPE is 6 to 10.");
        assert_eq!(wrong(&bench, Cell::Rpe, "10.5"), "RPE is 6 to 10.");
        assert_eq!(figure(&bench, Cell::Rpe, "9.5"), Ok(Some(95)));
        assert_eq!(wrong(&bench, Cell::Load, "2001"), "A load is at most 2000\u{202f}kg.");
        bench.unit = Unit::Lb;
        assert_eq!(wrong(&bench, Cell::Load, "4410"), "A load is at most 4409.25\u{202f}lb.");
        assert_eq!(wrong(&bench, Cell::Reps, "2.5"), "Repetitions are whole, at most 10000.");
        assert_eq!(figure(&bench, Cell::Reps, ""), Ok(None));
    }

    #[test]
    fn ninety_three_and_a_half_however_it_is_typed() {
        let typed = |keys: &str| keys.chars().fold(String::new(), |text, key| pressed(&text, key, Cell::Load));
        assert_eq!(
            (typed("93,5"), typed("93.5"), typed("9.3.5"), typed(",5"), typed("007")),
            ("93.5".into(), "93.5".into(), "9.35".into(), "0.5".into(), "7".into())
        );
        for text in ["93,5", "93.5", " 93,5 kg\n", "93,5\u{a0}kg"] {
            assert_eq!(pasted(text, Cell::Load).as_deref(), Some("93.5"), "{text}");
        }
        for nonsense in ["", "kg", "93,5,5", "-3", "1e9", "123456789"] {
            assert_eq!(pasted(nonsense, Cell::Load), None, "{nonsense}");
        }
        let clock = "1:30".chars().fold(String::new(), |text, key| pressed(&text, if key == ':' { ',' } else { key }, Cell::Time));
        assert_eq!((clock.as_str(), pressed("5", '.', Cell::Reps).as_str()), ("1:30", "5"));
        assert_eq!(figure(&bench(&[]), Cell::Load, "93,5"), Ok(Some(93_500)));
    }

    #[test]
    fn steps_keep_to_what_is_possible() {
        assert_eq!((stepped("80", 1_250, Cell::Load), stepped("1", -2_500, Cell::Load)), ("81.25".into(), "0".into()));
        assert_eq!((stepped("", 500, Cell::Rpe), stepped("10", 500, Cell::Rpe)), ("8".into(), "10".into()));
        assert_eq!((stepped("1:50", 15_000, Cell::Time), stepped("0.88", 100, Cell::Distance)), ("2:05".into(), "0.98".into()));
        assert_eq!(
            (arrow(Cell::Load, false), arrow(Cell::Reps, false), arrow(Cell::Rpe, false), arrow(Cell::Time, false)),
            (1_250, 1_000, 500, 15_000)
        );
    }

    #[test]
    fn the_keypad_leads_from_load_to_repetitions_and_on_to_the_next_set() {
        assert_eq!(
            (
                next_cell(Tracking::LoadReps, Cell::Load),
                next_cell(Tracking::LoadReps, Cell::Reps),
                next_cell(Tracking::LoadReps, Cell::Rpe)
            ),
            (Some(Cell::Reps), None, None)
        );
        assert_eq!(
            (next_cell(Tracking::DistanceDuration, Cell::Distance), next_cell(Tracking::Duration, Cell::Time)),
            (Some(Cell::Time), None)
        );
        let rows = [done(set("a", "80", "5")), set("b", "80", "5"), set("c", "", "")];
        assert_eq!(next_set(&bench(&rows), 0), Some((1, Cell::Load)));
        assert_eq!(next_set(&bench(&rows), 1), Some((2, Cell::Load)));
        // The last one is done: back to what was passed over, and then nowhere.
        assert_eq!(next_set(&bench(&rows), 2), Some((1, Cell::Load)));
        assert_eq!(next_set(&bench(&[done(set("a", "80", "5")), set("b", "80", "")]), 0), Some((1, Cell::Reps)));
        assert_eq!(next_set(&bench(&rows[..1]), 0), None);
        assert_eq!((set_at(&rows), set_at(&rows[..1])), ((2, 3), (1, 1)));
    }

    #[test]
    fn a_correction_says_only_what_differs() {
        let id = EntityId::v5("test", "set");
        let was = Figures { load_g: Some(20_412), reps: Some(5), ..Figures::default() };
        let now = Figures { reps: Some(6), ..was.clone() };
        let fact = correction(&was, &now, SetCorrected::of(id, 1, 0)).expect("something differs");
        assert_eq!(fact, SetCorrected { reps: Patch::Set(6), ..SetCorrected::of(id, 1, 0) });
        let without = Figures { load_g: None, ..was.clone() };
        assert_eq!(correction(&was, &without, SetCorrected::of(id, 1, 0)).map(|fact| fact.load_g), Some(Patch::Clear));
        assert_eq!(correction(&was, &was, SetCorrected::of(id, 1, 0)), None);
    }

    #[test]
    fn a_rest_begins_with_a_new_set_and_not_with_a_correction() {
        let now = 1_000_000;
        let rows = |marks: [(bool, bool); 3]| {
            let sets: Vec<SheetSet> = ["a", "b", "c"]
                .iter()
                .zip(marks)
                .map(|(id, (done, again))| SheetSet { done, again, ..set(id, "80", "5") })
                .collect();
            Sheet { rest_ends_ms: Some(now + 90_000), rest_set: "b".to_owned(), ..on_sheet(vec![bench(&sets)]) }
        };
        let (no, yes, again) = ((false, false), (true, false), (false, true));
        assert!(begins_rest(&rows([yes, yes, no]), 0, 2, now), "the next set");
        assert!(!begins_rest(&rows([again, yes, no]), 0, 0, now), "an earlier set, ticked again");
        assert!(!begins_rest(&rows([no, yes, no]), 0, 0, now), "a set that was passed over");
        // The last one ticked again: its rest goes on, with the 90 seconds that are left.
        assert!(!begins_rest(&rows([yes, again, no]), 0, 1, now));
        assert!(begins_rest(&rows([yes, again, no]), 0, 1, now + 90_000), "its rest was over");
        // Another exercise was done in between.
        let mut other = rows([again, no, no]);
        assert!(!begins_rest(&other, 0, 0, now + 90_000));
        other.exercises[0].sets[0].again = false;
        assert!(begins_rest(&other, 0, 0, now));
    }

    #[test]
    fn a_rest_goes_by_the_clock_on_the_wall() {
        let ends = 120_000;
        assert_eq!((rest_left(ends, 0), rest_left(ends, 1), rest_left(ends, 999), rest_left(ends, 1_000)), (120, 120, 120, 119));
        assert_eq!(rest_left(ends, 60_000), 60, "frozen for 60 s of 120");
        assert_eq!((rest_left(ends, 119_999), rest_left(ends, 120_000), rest_left(ends, 200_000)), (1, 0, -80));
        // Frozen for 200 s: over, and told once.
        assert!(rest_ended(Some(ends), Some(ends), 200_000));
        assert!(!rest_ended(None, Some(ends), 200_500));
        // Skipped, or shifted past its end by hand: not over by itself.
        assert!(!rest_ended(Some(ends), None, 60_000));
        assert!(!rest_ended(Some(ends), Some(ends - 15_000), 110_000));
        assert!(!rest_ended(Some(ends), Some(ends), 60_000));
    }

    #[test]
    fn what_was_taken_off_comes_back_where_it_stood_and_keeps_what_happened_since() {
        let rows = [done(set("a", "80", "5")), done(set("b", "80", "5")), set("c", "80", "5")];
        let mut sheet = on_sheet(vec![bench(&rows)]);
        let taken = take(&mut sheet, 0, false, |nth, _| nth == 1).expect("a row");
        assert_eq!(ids(&sheet), [["a", "c"]]);
        assert_eq!(taken.done().map(|set| set.set_id.as_str()).collect::<Vec<_>>(), ["b"]);
        sheet.exercises[0].sets[1].done = true;
        sheet.note = "meanwhile".to_owned();
        put_back(&mut sheet, taken);
        assert_eq!(ids(&sheet), [["a", "b", "c"]]);
        assert!(sheet.exercises[0].sets.iter().all(|set| set.done) && sheet.note == "meanwhile");
        // Of all the rows that are not ticked.
        sheet.exercises[0].sets.extend([set("d", "", ""), set("e", "", "")]);
        let taken = take(&mut sheet, 0, false, |_, set| !set.done).expect("rows");
        assert_eq!((ids(&sheet), taken.done().count()), (vec![vec!["a", "b", "c"]], 0));
        put_back(&mut sheet, taken.clone());
        put_back(&mut sheet, taken);
        assert_eq!(ids(&sheet), [["a", "b", "c", "d", "e"]], "once, however often");
    }

    #[test]
    fn an_exercise_that_was_taken_off_comes_back_between_its_neighbours() {
        let named = |id: &str| SheetExercise { exercise_id: id.to_owned(), ..bench(&[done(set(id, "80", "5"))]) };
        let mut sheet = on_sheet(vec![named("bench"), named("squat"), named("bench")]);
        sheet.current = 2;
        let taken = take(&mut sheet, 2, true, |_, _| true).expect("an exercise");
        assert_eq!((ids(&sheet), sheet.current), (vec![vec!["bench"], vec!["squat"]], 1));
        put_back(&mut sheet, taken.clone());
        assert_eq!((ids(&sheet), sheet.current), (vec![vec!["bench"], vec!["squat"], vec!["bench"]], 2));
        // Not into another workout.
        let mut other = Sheet { workout_id: "other".to_owned(), ..on_sheet(vec![]) };
        put_back(&mut other, taken);
        assert!(other.exercises.is_empty());
    }
}
