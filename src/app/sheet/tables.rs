//! The sheet beside the tables: whatever they know is ticked.

use bridge::{SetLine, Sheet, SheetSet};

use super::{
    filled::{done_on, exercise_of, row},
    in_lb, sets_of,
};
use crate::words;

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
