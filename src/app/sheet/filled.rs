//! What a row is filled in with, and how last time is shown.

use bridge::{Before, LastSet, LastTime, SetLine, SheetExercise, SheetSet, named};
use ledger::{SetKind, Tracking};

use super::{in_km, in_lb};
use crate::{messages as m, words};

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
pub(super) fn row(set: &LastSet, tracking: Tracking, lb: bool, set_id: String) -> SheetSet {
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

pub(super) fn empty_row(set_id: String) -> SheetSet {
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
pub(super) fn done_on(line: &SetLine, day: i64) -> LastSet {
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

pub(super) fn exercise_of(line: &SetLine, lb: bool) -> SheetExercise {
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
