//! Hevy's CSV. Its header is the same everywhere; the months are words of the app's language.

use bridge::Choices;
use ledger::{SetKind, Unit};

use crate::{
    dates::{self, local_time},
    entry::{Entry, Log, Took, What},
    strong::dates_question,
    table::Table,
    text::unguarded,
    words::Length,
};

fn at(table: &Table, name: &str) -> Option<usize> {
    table.header.iter().position(|header| header.eq_ignore_ascii_case(name))
}

pub(crate) fn is(table: &Table) -> bool {
    ["start_time", "exercise_title"].iter().all(|name| at(table, name).is_some())
}

pub(crate) fn read(table: &Table, choices: &Choices) -> Log {
    let starts: Vec<&str> = at(table, "start_time").map(|at| table.column(at).collect()).unwrap_or_default();
    let dates = dates::decide(&starts, choices.now_ms, choices.answers.get("dates").map(String::as_str));
    Log {
        source: "hevy",
        format: format!("Hevy, {} columns", table.header.len()),
        remarks: Vec::new(),
        questions: dates_question(&dates).into_iter().collect(),
        entries: table
            .rows
            .iter()
            .map(|(line, cells)| {
                (*line, cells.as_ref().map_err(String::clone).and_then(|cells| entry(*line, cells, table, dates.reading)))
            })
            .collect(),
    }
}

fn entry(line: u64, cells: &[String], table: &Table, reading: dates::Reading) -> Result<Entry, String> {
    if cells.iter().all(|cell| cell.trim().is_empty()) {
        return Err("the row is empty".to_owned());
    }
    if cells.len() < table.header.len() {
        return Err(format!("has {} columns instead of {}", cells.len(), table.header.len()));
    }
    let whole = |name: &str| at(table, name).and_then(|at| cells.get(at)).map_or("", String::as_str);
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
    Ok(Entry {
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
