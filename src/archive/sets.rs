//! Sets as CSV: Strong's classic twelve columns, which most apps read, ours among them. Loads are kilograms.

use std::collections::BTreeMap;

use chrono::{DateTime, FixedOffset};
use serde::Deserialize;

/// A set as the question `export_sets` answers it.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct SetOut {
    pub workout_id: String,
    pub workout: Option<String>,
    pub workout_note: Option<String>,
    pub started_ms: i64,
    pub finished_ms: Option<i64>,
    pub offset_min: i64,
    pub exercise: Option<String>,
    pub exercise_id: String,
    pub set_kind: String,
    pub load_g: Option<i64>,
    /// What took load off: Strong's weight of an assisted set is that.
    pub assist_g: Option<i64>,
    pub reps: Option<i64>,
    pub duration_ms: Option<i64>,
    pub distance_mm: Option<i64>,
    pub rpe10: Option<i64>,
    pub note: Option<String>,
}

const HEADER: [&str; 12] = [
    "Date",
    "Workout Name",
    "Duration",
    "Exercise Name",
    "Set Order",
    "Weight",
    "Reps",
    "Distance",
    "Seconds",
    "Notes",
    "Workout Notes",
    "RPE",
];

/// Sets in the order they were done.
pub fn csv(sets: &[SetOut]) -> Vec<u8> {
    let mut out = csv::WriterBuilder::new().from_writer(Vec::new());
    let mut record = |fields: [String; 12]| out.write_record(&fields).expect("memory takes every byte");
    record(HEADER.map(str::to_owned));
    let mut orders: BTreeMap<(&str, &str), u32> = BTreeMap::new();
    for set in sets {
        let order = match set.set_kind.as_str() {
            "warmup" => "W".to_owned(),
            "drop" => "D".to_owned(),
            "failure" => "F".to_owned(),
            _ => {
                let order = orders.entry((&set.workout_id, &set.exercise_id)).or_default();
                *order += 1;
                order.to_string()
            }
        };
        record([
            local(set.started_ms, set.offset_min),
            guarded(set.workout.as_deref().unwrap_or("Workout")),
            // Empty, where nobody knows when it ended.
            set.finished_ms.map(|end| duration(end - set.started_ms)).unwrap_or_default(),
            guarded(set.exercise.as_deref().unwrap_or(&set.exercise_id)),
            order,
            decimal(set.load_g.or(set.assist_g).unwrap_or(0), 1_000),
            set.reps.unwrap_or(0).to_string(),
            decimal(set.distance_mm.unwrap_or(0), 1_000_000),
            decimal(set.duration_ms.unwrap_or(0), 1_000),
            guarded(set.note.as_deref().unwrap_or_default()),
            guarded(set.workout_note.as_deref().unwrap_or_default()),
            set.rpe10.map(|rpe10| decimal(rpe10, 10)).unwrap_or_default(),
        ]);
    }
    out.into_inner().expect("memory takes every byte")
}

fn local(utc_ms: i64, offset_min: i64) -> String {
    let offset = i32::try_from(offset_min * 60).ok().and_then(FixedOffset::east_opt);
    let time = DateTime::from_timestamp_millis(utc_ms).unwrap_or_default();
    let time = offset.map_or_else(|| time.naive_utc(), |offset| time.with_timezone(&offset).naive_local());
    time.format("%Y-%m-%d %H:%M:%S").to_string()
}

/// `1h 5m`, `45m`, `30s`.
fn duration(ms: i64) -> String {
    let seconds = ms.max(0) / 1000;
    match (seconds / 3600, seconds / 60 % 60) {
        (0, 0) => format!("{seconds}s"),
        (0, minutes) => format!("{minutes}m"),
        (hours, 0) => format!("{hours}h"),
        (hours, minutes) => format!("{hours}h {minutes}m"),
    }
}

/// Exact, without trailing zeros.
fn decimal(n: i64, unit: i64) -> String {
    let (whole, rest) = (n / unit, (n % unit).abs());
    if rest == 0 {
        return whole.to_string();
    }
    let digits = unit.ilog10() as usize;
    let sign = if n < 0 && whole == 0 { "-" } else { "" };
    format!("{sign}{whole}.{}", format!("{rest:0digits$}").trim_end_matches('0'))
}

/// What a spreadsheet takes for the beginning of a formula. The import takes the guard away again: as in `intake`.
const FORMULA: [char; 8] = ['=', '+', '-', '@', '＝', '＋', '－', '＠'];
/// What some of them pass over at the beginning of a cell.
const PASSED: [char; 3] = ['\t', '\r', '\n'];

/// A `'` before whatever a spreadsheet would run: where the cell begins, and where one begins for a spreadsheet that
/// parts cells by `;`, for which our quotes are no quotes. One that stands there already gets another, so that the way
/// back is exact.
fn guarded(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 1);
    let mut at_start = true;
    for (at, c) in text.char_indices() {
        let bare = text[at..].trim_start_matches('\'');
        if at_start && (bare.starts_with(FORMULA) || (at == 0 && bare.starts_with(PASSED))) {
            out.push('\'');
        }
        at_start = matches!(c, ';' | '\t' | '\n' | '\r') || (at_start && c == ' ');
        out.push(c);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_is_one_line_and_no_cell_is_a_formula() {
        let set = SetOut {
            workout_id: "w".to_owned(),
            workout: Some("=1+1".to_owned()),
            workout_note: None,
            started_ms: 1_763_700_000_000,
            finished_ms: Some(1_763_700_000_000 + 65 * 60_000),
            offset_min: 60,
            exercise: Some("Bench Press, wide".to_owned()),
            exercise_id: "e".to_owned(),
            set_kind: "work".to_owned(),
            load_g: Some(102_500),
            assist_g: None,
            reps: Some(5),
            duration_ms: None,
            distance_mm: Some(1_250_000),
            rpe10: Some(85),
            note: None,
        };
        let sets = [set.clone(), SetOut { set_kind: "warmup".to_owned(), ..set.clone() }, set];
        let text = String::from_utf8(csv(&sets)).expect("text");
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[1], "2025-11-21 05:40:00,'=1+1,1h 5m,\"Bench Press, wide\",1,102.5,5,1.25,0,,,8.5");
        assert!(lines[2].contains(",W,") && lines[3].contains(",2,"), "{text}");
    }
}
