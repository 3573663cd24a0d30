//! Finding an exercise by what somebody types: words in any order, short forms, names that other apps use, words run
//! together, one slip of a finger. Pure, so that it is tested without a screen.

use std::cmp::Reverse;

use bridge::{ExerciseLine, ExerciseName};
use ledger::sorted;

/// What people write for words of the catalogue.
const SHORT: [(&str, &str); 11] = [
    ("bb", "barbell"),
    ("bp", "bench press"),
    ("bss", "bulgarian split squat"),
    ("bw", "bodyweight"),
    ("cgbp", "close grip bench press"),
    ("db", "dumbbell"),
    ("dl", "deadlift"),
    ("kb", "kettlebell"),
    ("ohp", "overhead press"),
    ("rdl", "romanian deadlift"),
    ("sldl", "stiff leg deadlift"),
];

/// An exercise with everything it is called, folded: its own name first.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Entry {
    pub(crate) line: ExerciseLine,
    names: Vec<String>,
}

/// Lower case, and nothing but letters, digits and single spaces.
pub(crate) fn folded(text: &str) -> String {
    let plain: String = text.chars().map(|c| if c.is_alphanumeric() { c } else { ' ' }).collect();
    plain.split_whitespace().map(str::to_lowercase).collect::<Vec<_>>().join(" ")
}

pub(crate) fn entries(lines: &[ExerciseLine], names: &[ExerciseName]) -> Vec<Entry> {
    let entries = lines.iter().map(|line| Entry { names: vec![folded(&line.name)], line: line.clone() });
    let mut entries = sorted(entries, |a, b| a.line.exercise_id.cmp(&b.line.exercise_id));
    for name in names {
        if let Ok(at) = entries.binary_search_by(|entry| entry.line.exercise_id.cmp(&name.exercise_id)) {
            entries[at].names.push(folded(&name.alias));
        }
    }
    entries
}

/// How well a word fits a name; less is better.
fn fit(word: &str, name: &str, slips: bool) -> Option<u8> {
    let words = || name.split(' ');
    if words().any(|one| one == word) {
        return Some(0);
    }
    if words().any(|one| one.starts_with(word)) {
        return Some(1);
    }
    if name.contains(word) || (3 < word.len() && name.replace(' ', "").contains(word)) {
        return Some(2);
    }
    (slips && 3 < word.len() && words().any(|one| slipped(word.as_bytes(), one.as_bytes()))).then_some(3)
}

/// One letter wrong, missing, too many or swapped with the next; what is typed may be the beginning of the word.
fn slipped(typed: &[u8], word: &[u8]) -> bool {
    let same = typed.iter().zip(word).take_while(|(a, b)| a == b).count();
    let (typed, word) = (&typed[same..], &word[same..]);
    let rest = |from: &[u8], of: usize| word.get(of..).is_some_and(|rest| rest.starts_with(from));
    typed.is_empty()
        || rest(&typed[1..], 0)
        || rest(&typed[1..], 1)
        || rest(typed, 1)
        || (2 <= typed.len() && 2 <= word.len() && typed[0] == word[1] && typed[1] == word[0] && rest(&typed[2..], 2))
}

/// What fits, best first: what was done lately, then whole words before beginnings, then the alphabet. A slip of a finger
/// counts only where nothing fits without one.
pub(crate) fn found(entries: &[Entry], typed: &str, muscle: &str) -> Vec<ExerciseLine> {
    let typed = folded(typed);
    let wanted: Vec<&str> = typed
        .split(' ')
        .flat_map(|word| SHORT.iter().find(|(short, _)| *short == word).map_or(word, |(_, long)| long).split(' '))
        .collect();
    let rank = |entry: &Entry, slips: bool| -> Option<u8> {
        let of_muscle = |word: &str| entry.line.muscle_group.as_deref().is_some_and(|muscle| muscle.contains(word)).then_some(4);
        let fits = |name: &String| {
            wanted
                .iter()
                .map(|word| fit(word, name, slips).or_else(|| of_muscle(word)))
                .try_fold(0, |worst, fit| Some(worst.max(fit?)))
        };
        entry.names.iter().enumerate().filter_map(|(nth, name)| Some(fits(name)? * 2 + u8::from(0 < nth))).min()
    };
    let of = |slips: bool| -> Vec<(u8, &Entry)> {
        let here = entries.iter().filter(|entry| muscle.is_empty() || entry.line.muscle_group.as_deref() == Some(muscle));
        here.filter_map(|entry| Some((rank(entry, slips)?, entry))).collect()
    };
    let mut rows = of(false);
    if rows.is_empty() {
        rows = of(true);
    }
    let rows = sorted(rows, |(a, one), (b, other)| {
        let key = |rank: &u8, entry: &Entry| (Reverse(entry.line.last_ms.unwrap_or(0)), *rank);
        key(a, one).cmp(&key(b, other)).then_with(|| one.line.name.cmp(&other.line.name))
    });
    rows.into_iter().map(|(_, entry)| entry.line.clone()).collect()
}

/// Whether an exercise is called that already.
pub(crate) fn known<'a>(entries: &'a [Entry], name: &str) -> Option<&'a ExerciseLine> {
    let name = folded(name);
    entries.iter().find(|entry| entry.names.contains(&name)).map(|entry| &entry.line)
}

/// Letters with the place of their first row: of what was not done lately, which stands in the order of the alphabet.
pub(crate) fn letters(rows: &[ExerciseLine]) -> Vec<(char, usize)> {
    let mut letters: Vec<(char, usize)> = Vec::new();
    for (at, row) in rows.iter().enumerate().filter(|(_, row)| row.last_ms.is_none()) {
        let letter = row.name.chars().next().map_or('#', |c| if c.is_alphabetic() { c.to_ascii_uppercase() } else { '#' });
        if letters.last().is_none_or(|(last, _)| *last != letter) {
            letters.push((letter, at));
        }
    }
    letters
}

/// Which rows are made, of those that there are: what is seen and a screen more on both sides.
pub(crate) fn window(first: usize, all: usize) -> std::ops::Range<usize> {
    const AROUND: usize = 12;
    const SEEN: usize = 16;
    let from = first.min(all.saturating_sub(SEEN)).saturating_sub(AROUND);
    from..(first + SEEN + AROUND).min(all)
}

#[cfg(test)]
mod tests {
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    fn line(name: &str, muscle: &str, last_ms: Option<i64>) -> ExerciseLine {
        let json = serde_json::json!({
            "exercise_id": name.to_lowercase(), "name": name, "muscle_group": muscle, "equipment": null, "load_mode": "external",
            "tracking": "load_reps", "is_custom": 0, "is_archived": 0, "hlc": null, "last_ms": last_ms, "times": 0,
        });
        serde_json::from_value(json).expect("a line")
    }

    fn catalogue() -> Vec<Entry> {
        let lines = [
            ("Bench Press (Barbell)", "chest"),
            ("Bent Over Row (Barbell)", "lats"),
            ("Cat Cow", "abs"),
            ("Incline Bench Press (Dumbbell)", "chest"),
            ("Overhead Press (Barbell)", "front_delts"),
            ("Pull Up", "lats"),
            ("Romanian Deadlift (Barbell)", "hamstrings"),
            ("Rowing", "cardio"),
            ("Skullcrusher (Barbell)", "triceps"),
            ("Zottman Curl (Dumbbell)", "biceps"),
        ]
        .map(|(name, muscle)| line(name, muscle, None));
        let names = [ExerciseName {
            alias: "lying triceps extension".to_owned(),
            exercise_id: "skullcrusher (barbell)".to_owned(),
            name: String::new(),
            load_mode: String::new(),
            tracking: String::new(),
        }];
        entries(&lines, &names)
    }

    #[test]
    fn short_forms_joined_words_other_names_and_one_slip_find_the_exercise() {
        let entries = catalogue();
        for (typed, first) in [
            ("ohp", "Overhead Press (Barbell)"),
            ("rdl", "Romanian Deadlift (Barbell)"),
            ("bp", "Bench Press (Barbell)"),
            ("pullup", "Pull Up"),
            ("pull-up", "Pull Up"),
            ("benhc", "Bench Press (Barbell)"),
            ("bech", "Bench Press (Barbell)"),
            ("benchh", "Bench Press (Barbell)"),
            ("zittman", "Zottman Curl (Dumbbell)"),
            ("incline db", "Incline Bench Press (Dumbbell)"),
            ("row", "Bent Over Row (Barbell)"),
            ("lying tri", "Skullcrusher (Barbell)"),
            ("cardio", "Rowing"),
        ] {
            assert_eq!(found(&entries, typed, "").first().map(|row| row.name.as_str()), Some(first), "{typed}");
        }
        assert!(found(&entries, "xyzzy", "").is_empty());
        assert!(found(&entries, "rwo", "").is_empty(), "a short word is not guessed at");
    }

    #[test]
    fn every_exercise_can_be_scrolled_to_and_what_was_done_lately_is_first() {
        let mut lines: Vec<ExerciseLine> = catalogue().into_iter().map(|entry| entry.line).collect();
        lines.extend((0..500).map(|n| line(&format!("Move {n:03}"), "abs", None)));
        lines.push(line("Last Week", "abs", Some(7)));
        let rows = found(&entries(&lines, &[]), "", "");
        assert_eq!(rows.len(), lines.len());
        assert_eq!(rows.first().map(|row| row.name.as_str()), Some("Last Week"));
        let letters = letters(&rows);
        assert_eq!(letters.first(), Some(&('B', 1)), "after what was done lately");
        assert_eq!(letters.last(), Some(&('Z', rows.len() - 1)));
        // Whatever row is the first one seen, it and what follows on the screen is made.
        let mut made = vec![false; rows.len()];
        for first in 0..rows.len() {
            let window = window(first, rows.len());
            assert!(window.contains(&first) && window.len() <= 52, "{first}: {window:?}");
            window.for_each(|row| made[row] = true);
        }
        assert!(made.iter().all(|made| *made));
        assert_eq!(window(0, 0), 0..0);
        assert_eq!(found(&entries(&lines, &[]), "", "chest").len(), 2);
    }

    #[test]
    fn a_name_that_is_there_is_known_however_it_is_written() {
        let entries = catalogue();
        for name in ["Bench Press (Barbell)", " bench press  barbell", "LYING TRICEPS EXTENSION"] {
            assert!(known(&entries, name).is_some(), "{name}");
        }
        assert!(known(&entries, "Bench").is_none());
    }
}
