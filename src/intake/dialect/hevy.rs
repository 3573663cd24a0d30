//! Hevy's CSV. Its header is the same everywhere; the months are words of the app's language.

use bridge::Choices;
use ledger::{SetKind, Unit};

use super::table::Table;
use crate::{
    dates::{self, local_time},
    raw::{RawLog, RawSet, Took, What},
    text::unguarded,
    words::Length,
};

pub(crate) fn is(table: &Table) -> bool {
    table.has(&["start_time", "exercise_title"])
}

pub(crate) fn read(table: &Table, choices: &Choices) -> Result<RawLog, String> {
    let starts: Vec<&str> = table.at("start_time").map(|at| table.column(at).collect()).unwrap_or_default();
    let dates = dates::decide(&starts, choices.now_ms, choices.answers.get("dates").map(String::as_str));
    Ok(RawLog {
        sets: table.each(|line, cells| set(line, cells, table, dates.reading)),
        questions: dates.question().into_iter().collect(),
        remarks: Vec::new(),
    })
}

fn set(line: u64, cells: &[String], table: &Table, reading: dates::Reading) -> Result<RawSet, String> {
    if cells.len() < table.header.len() {
        return Err(format!("has {} columns instead of {}", cells.len(), table.header.len()));
    }
    let whole = |name: &str| table.at(name).and_then(|at| cells.get(at)).map_or("", String::as_str);
    let cell = |name: &str| whole(name).trim().to_owned();
    // Line breaks are written as two characters.
    let text = |name: &str| unguarded(whole(name)).replace("\\n", "\n");
    let start = cell("start_time");
    let Some(local) = local_time(&start, reading) else {
        return Err(format!("the date “{start}” is not understood"));
    };
    let end = cell("end_time");
    let took = match local_time(&end, reading).map(|end| (end - local).num_milliseconds()) {
        _ if end.is_empty() => Took::Unknown,
        Some(0) => Took::Unknown,
        Some(ms) if 0 < ms => Took::Ms(ms),
        _ => Took::Odd(end.clone()),
    };
    let filled = |names: &[&str]| names.iter().map(|name| cell(name)).find(|text| !text.is_empty());
    let in_kg = filled(&["weight_kg", "weight_kgs"]);
    let in_lb = filled(&["weight_lbs", "weight_lb"]);
    let distances = [
        ("distance_km", Length::Km),
        ("distance_miles", Length::Mile),
        ("distance_mi", Length::Mile),
        ("distance_meters", Length::Metre),
    ];
    let distance = distances.into_iter().map(|(name, unit)| (cell(name), unit)).find(|(text, _)| !text.is_empty());
    let kind = match cell("set_type").to_ascii_lowercase().as_str() {
        "warmup" | "warm_up" => What::Set(SetKind::Warmup, None),
        "dropset" | "drop_set" | "drop" => What::Set(SetKind::Drop, None),
        "failure" => What::Set(SetKind::Failure, None),
        "normal" | "" => What::Set(SetKind::Normal, None),
        other => What::Set(SetKind::Normal, Some(other.to_owned())),
    };
    let index = cell("set_index");
    Ok(RawSet {
        line,
        local,
        workout: unguarded(whole("title")).trim().to_owned(),
        number: String::new(),
        took_text: match took {
            Took::Ms(ms) => format!("{}h {}m", ms / 3_600_000, ms / 60_000 % 60),
            _ => end,
        },
        took,
        exercise: unguarded(whole("exercise_title")).trim().to_owned(),
        what: kind,
        weight_unit: if in_kg.is_some() { Some(Unit::Kg) } else { in_lb.as_ref().map(|_| Unit::Lb) },
        weight: in_kg.or(in_lb).unwrap_or_default(),
        reps: cell("reps"),
        distance_unit: distance.as_ref().map(|(_, unit)| *unit),
        distance: distance.map(|(text, _)| text).unwrap_or_default(),
        seconds: cell("duration_seconds"),
        rpe: cell("rpe"),
        // It is repeated on every set of the exercise.
        note: if index == "0" { text("exercise_notes") } else { String::new() },
        label: index,
        workout_note: text("description"),
    })
}
