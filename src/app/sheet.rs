//! What the sheet of a workout decides: what a row says, what it is filled in with, what comes after it, when a rest
//! begins, what an undo puts back. Pure: no clock, no chance, no signal.

mod figures;
mod filled;
mod keys;
mod rest;
mod tables;
#[cfg(test)]
mod tests;
mod undo;

use bridge::{Sheet, SheetExercise, SheetSet};
use ledger::{SetKind, Tracking, Unit};

pub(crate) use self::{
    figures::{Figures, change, correction, figure, figures, patched},
    filled::{before_text, fill_next, filled_in, last_text, one_more, repeated},
    keys::{arrow, pasted, pressed, stepped, steps},
    rest::{begins_rest, rest_ended, rest_left},
    tables::reconciled,
    undo::{Taken, put_back, take},
};

/// Which cell of a set the keypad writes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cell {
    Load,
    Reps,
    Rpe,
    Time,
    Distance,
}

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

/// In which row of which exercise a set stands.
pub(crate) fn place_of(sheet: &Sheet, set_id: &str) -> Option<(usize, usize)> {
    let row = |exercise: &SheetExercise| exercise.sets.iter().position(|set| set.set_id == set_id);
    sheet.exercises.iter().enumerate().find_map(|(at, exercise)| Some((at, row(exercise)?)))
}

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
