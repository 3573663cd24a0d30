//! What is taken off the sheet, and what an undo puts back.

use bridge::{Sheet, SheetExercise, SheetSet};

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
