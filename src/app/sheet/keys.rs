//! What a key of the keypad, a paste and a step do to a cell's text.

use super::Cell;
use crate::words;

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
