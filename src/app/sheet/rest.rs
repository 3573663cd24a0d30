//! The rest between two sets, by the clock on the wall.

use bridge::Sheet;

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
