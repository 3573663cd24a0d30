//! What a row says: its cells as figures, and what keeps them from being saved.

use bridge::{SheetExercise, SheetSet};
use ledger::{ASSIST_G_MAX, DISTANCE_MM_MAX, DURATION_MS_MAX, LOAD_G_MAX, LoadMode, Patch, REPS_MAX, SetCorrected};

use super::{Cell, cells, in_km, in_lb};
use crate::{messages as m, words};

/// A cell that keeps a set from being saved, and why; without a reason it is only empty.
type Hitch = (Cell, Option<String>);

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
