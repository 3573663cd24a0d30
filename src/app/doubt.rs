//! Whether what was typed can be meant: a slip of a finger is asked about before it becomes a record.

use crate::{messages as m, words};

/// Times the most before it: more is a decimal point that is missing far more often than it is progress.
const FAR: i64 = 8;

/// The question to ask about a set, if there is one. `before` are loads and repetitions of the same exercise.
pub(crate) fn doubt(load_g: Option<i64>, reps: Option<i64>, before: &[(Option<i64>, Option<i64>)], lb: bool) -> Option<String> {
    let far = |now: Option<i64>, most: Option<i64>| {
        now.zip(most.filter(|most| 0 < *most)).filter(|(now, most)| FAR.saturating_mul(*most) <= *now)
    };
    let load = far(load_g, before.iter().filter_map(|(load, _)| *load).max());
    if let Some((now, most)) = load {
        let figure = |grams| format!("{}{}{}", words::load(grams, lb), words::NARROW, words::unit(lb));
        return Some(m::detail::sure(&figure(now), &figure(most)));
    }
    let (now, most) = far(reps, before.iter().filter_map(|(_, reps)| *reps).max())?;
    Some(m::detail::sure(&m::reps(now), &words::thousands(most)))
}

#[cfg(test)]
mod tests {
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    #[test]
    fn ten_times_the_last_load_is_asked_about_and_progress_is_not() {
        let before = [(Some(57_500), Some(8)), (Some(60_000), Some(5)), (None, None)];
        let asked = |load: i64, reps: i64| doubt(Some(load), Some(reps), &before, false);
        assert_eq!(asked(600_000, 5), Some("600\u{202f}kg? Last was 60\u{202f}kg.".to_owned()));
        assert_eq!(asked(60_000, 80), Some("80 reps? Last was 8.".to_owned()));
        assert_eq!(asked(120_000, 20), None);
        // The first time there is nothing to compare with, and a set without load says nothing about one with.
        assert_eq!(doubt(Some(600_000), Some(500), &[], false), None);
        assert_eq!(doubt(Some(20_000), Some(8), &[(Some(0), Some(8))], false), None);
    }
}
