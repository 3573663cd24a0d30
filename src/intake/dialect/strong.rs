//! Strong's CSV: every edition since 2016, every language of the app, iOS and Android, and what spreadsheets make of it.

use std::collections::BTreeMap;

use bridge::{Choices, Form, ImportQuestion, Suggestion, Topic};
use ledger::SetKind;

use super::{
    layout::{Layout, Role, column_question, quantity},
    table::Table,
};
use crate::{
    dates::{self, Dates, local_time},
    number::{duration_ms, micro},
    raw::{RawLog, RawSet, Took, What},
    text::unguarded,
    words::{self, has, length, mass, plain},
};

pub(crate) fn read(table: &Table, choices: &Choices) -> Result<RawLog, String> {
    let layout = Layout::of(table, &choices.answers)?;
    let texts: Vec<&str> = layout.columns.get(&Role::Date).map(|at| table.column(*at).collect()).unwrap_or_default();
    let dates = dates::decide(&texts, choices.now_ms, choices.answers.get("dates").map(String::as_str));
    let mut questions = columns_questions(table, &layout, &choices.answers);
    questions.extend(dates.question());
    let unknown = layout.unknown.iter().map(|at| {
        let reason = format!("the column “{}” is not understood, and what stands in it was left out", table.header[*at]);
        (table.header_line, reason)
    });
    Ok(RawLog { sets: table.each(|line, cells| set(line, cells, table, &layout, &dates)), questions, remarks: unknown.collect() })
}

fn set(line: u64, cells: &[String], table: &Table, layout: &Layout, dates: &Dates) -> Result<RawSet, String> {
    let figures = [Role::Exercise, Role::Order, Role::Weight, Role::Reps, Role::Distance, Role::Seconds];
    let needed = figures.iter().filter_map(|role| layout.columns.get(role)).max().map_or(0, |at| at + 1);
    let surplus = cells.iter().skip(table.header.len()).any(|cell| !cell.trim().is_empty());
    if cells.len() < needed || surplus {
        return Err(format!("has {} columns instead of {}", cells.len(), table.header.len()));
    }
    let whole = |role: Role| layout.columns.get(&role).and_then(|at| cells.get(*at)).map_or("", String::as_str);
    let cell = |role: Role| whole(role).trim().to_owned();
    let date = cell(Role::Date);
    let Some(local) = local_time(&date, dates.reading) else {
        return Err(format!("the date “{date}” is not understood"));
    };
    let took_text = cell(Role::Duration);
    let took = match duration_ms(&took_text, layout.duration_ms) {
        _ if took_text.is_empty() => Took::Unknown,
        Some(0) => Took::Unknown,
        Some(ms) => Took::Ms(ms),
        None => Took::Odd(took_text.clone()),
    };
    let (weight, weight_suffix) = figure(whole(Role::Weight));
    let (distance, distance_suffix) = figure(whole(Role::Distance));
    let mut set = RawSet {
        line,
        local,
        workout: unguarded(whole(Role::Workout)).trim().to_owned(),
        number: cell(Role::Number),
        took,
        took_text,
        exercise: unguarded(whole(Role::Exercise)).trim().to_owned(),
        what: What::Rest,
        label: cell(Role::Order),
        weight_unit: mass(&weight_suffix).or_else(|| mass(whole(Role::WeightUnit))).or(layout.weight),
        weight,
        reps: cell(Role::Reps),
        distance_unit: length(&distance_suffix).or_else(|| length(whole(Role::DistanceUnit))).or(layout.distance),
        distance,
        seconds: cell(Role::Seconds),
        rpe: cell(Role::Rpe),
        note: unguarded(whole(Role::Notes)),
        workout_note: unguarded(whole(Role::WorkoutNotes)),
    };
    set.what = what(&set)?;
    Ok(set)
}

/// A figure as it is written, and the unit behind it.
fn figure(cell: &str) -> (String, String) {
    match quantity(cell.trim()) {
        Some((_, unit)) => (cell.trim().strip_suffix(unit).unwrap_or(cell).trim().to_owned(), unit.to_owned()),
        None => (cell.trim().to_owned(), String::new()),
    }
}

/// What a row is says its order, in a word of the app's language; where that is not known, its figures.
fn what(set: &RawSet) -> Result<What, String> {
    let label = plain(&set.label);
    let nought = |text: &str| text.is_empty() || micro(text) == Some(0);
    let no_weight = nought(&set.weight) && nought(&set.reps) && nought(&set.distance);
    let looks_like_rest = no_weight && !nought(&set.seconds);
    let whole = |text: &str| micro(text).is_some_and(|n| 0 <= n && n % 1_000_000 == 0);
    Ok(match label.as_str() {
        "w" => What::Set(SetKind::Warmup, None),
        "d" => What::Set(SetKind::Drop, None),
        "f" => What::Set(SetKind::Failure, None),
        number if whole(number) => What::Set(SetKind::Normal, None),
        word if has(word, words::WARM_UP) => What::Set(SetKind::Warmup, None),
        word if has(word, words::DROP) => What::Set(SetKind::Drop, None),
        word if has(word, words::FAILURE) => What::Set(SetKind::Failure, None),
        word if looks_like_rest && has(word, words::REST) => What::Rest,
        word if no_weight && nought(&set.seconds) && has(word, words::NOTE) => What::Note,
        // A word in a language that is not known.
        word if 1 < word.chars().count() && looks_like_rest => What::Rest,
        word if 1 < word.chars().count() && no_weight && !set.note.trim().is_empty() => What::Note,
        word if has(word, words::REST) && no_weight => What::Rest,
        "" => return Err("there is no number of the set".to_owned()),
        _ if no_weight && nought(&set.seconds) => {
            return Err(format!("the set order “{}” is not understood", set.label));
        }
        _ => What::Set(SetKind::Normal, Some(set.label.clone())),
    })
}

fn columns_questions(table: &Table, layout: &Layout, answers: &BTreeMap<String, String>) -> Vec<ImportQuestion> {
    if layout.guessed.is_empty() {
        return Vec::new();
    }
    let sample = |at: usize| {
        let header = &table.header[at];
        let cell = table.column(at).find(|cell| !cell.is_empty()).unwrap_or_default();
        let cell: String = cell.chars().take(30).collect();
        Suggestion { id: at.to_string(), name: if cell.is_empty() { header.clone() } else { format!("{header} ({cell})") } }
    };
    let mut questions: Vec<ImportQuestion> = Role::ALL
        .into_iter()
        .filter(|role| layout.columns.contains_key(role) || layout.guessed.contains(role))
        .map(|role| ImportQuestion {
            id: column_question(role),
            topic: Topic::Columns,
            form: Form::List,
            ask: role.name().to_owned(),
            hint: String::new(),
            options: std::iter::once(Suggestion { id: "-".to_owned(), name: "None".to_owned() })
                .chain((0..table.header.len()).map(sample))
                .collect(),
            answer: layout.columns.get(&role).map_or_else(|| "-".to_owned(), usize::to_string),
            must: false,
        })
        .collect();
    questions.push(ImportQuestion {
        id: "columns".to_owned(),
        topic: Topic::Columns,
        form: Form::Few,
        ask: "Are these the right columns?".to_owned(),
        hint: String::new(),
        options: vec![Suggestion { id: "yes".to_owned(), name: "Yes, these".to_owned() }],
        answer: answers.get("columns").cloned().unwrap_or_default(),
        must: true,
    });
    questions
}
