//! Functions of texts. Characters are Unicode code points, as in DuckDB.

use polars::prelude::StringChunked;

use super::cast::{cast, plain_texts};
use crate::{
    column::{Column, bools, ints, texts},
    error::{Res, SqlErr},
    value::Ty,
};

/// What one call may produce: a text that is repeated or padded without end is a mistake.
const LEN_MAX: i64 = 1_000_000;

/// `None` when there is no such function.
pub(super) fn call(name: &str, args: &[Column], rows: usize) -> Option<Res<Column>> {
    Some(match (name, args) {
        ("lower", [text]) => changed(name, text, str::to_lowercase),
        ("upper", [text]) => changed(name, text, str::to_uppercase),
        ("trim", [text]) => changed(name, text, |text| text.trim_matches(' ').to_owned()),
        ("length" | "char_length" | "character_length", [text]) => counted("length", text, |text| text.chars().count() as i64),
        ("substr" | "substring", [text, from]) => substr(text, from, None),
        ("substr" | "substring", [text, from, len]) => substr(text, from, Some(len)),
        ("strpos" | "instr", [text, part]) => strpos(text, part),
        // Nulls are passed over, and what is no text is written as one.
        ("concat", parts) if !parts.is_empty() => joined(None, parts, rows),
        ("concat_ws", [separator, parts @ ..]) if !parts.is_empty() => joined(Some(separator), parts, rows),
        ("ltrim", [text]) => of_text(name, &[text], |parts| parts[0].trim_start_matches(' ').to_owned()),
        ("rtrim", [text]) => of_text(name, &[text], |parts| parts[0].trim_end_matches(' ').to_owned()),
        ("replace", [text, from, to]) => of_text(name, &[text, from, to], |parts| {
            if parts[1].is_empty() { parts[0].to_owned() } else { parts[0].replace(parts[1], parts[2]) }
        }),
        ("left", [text, n]) => with_number(name, text, n, |text, n| Ok(part(text, 0, n))),
        ("right", [text, n]) => with_number(name, text, n, |text, n| {
            let len = text.chars().count() as i64;
            Ok(part(text, if n < 0 { (-n).min(len) } else { (len - n).max(0) }, len))
        }),
        ("repeat", [text, n]) => with_number(name, text, n, |text, n| {
            if LEN_MAX < n.max(0).saturating_mul(text.len() as i64) {
                return Err(SqlErr::new("repeat: the text is too long"));
            }
            Ok(text.repeat(usize::try_from(n).unwrap_or(0)))
        }),
        ("starts_with" | "prefix", [text, part]) => tested(name, text, part, |text, part| text.starts_with(part)),
        ("ends_with" | "suffix", [text, part]) => tested(name, text, part, |text, part| text.ends_with(part)),
        ("contains", [text, part]) => tested(name, text, part, |text, part| text.contains(part)),
        ("lpad" | "rpad", [text, n, fill]) => padded(name, text, n, fill),
        ("split_part", [text, separator, n]) => split_part(text, separator, n),
        ("unicode" | "ascii", [text]) => {
            let none = if name == "ascii" { 0 } else { -1 };
            counted(name, text, |text| text.chars().next().map_or(none, |c| i64::from(u32::from(c))))
        }
        _ => return None,
    })
}

fn changed(name: &str, text: &Column, change: impl Fn(&str) -> String) -> Res<Column> {
    match text {
        Column::Text(values) => Ok(texts(values.iter().map(|text| text.map(&change)))),
        Column::Null(_) => Ok(text.clone()),
        other => Err(SqlErr::new(format!("{name} does not apply to {:?}", other.ty()))),
    }
}

fn counted(name: &str, text: &Column, count: impl Fn(&str) -> i64) -> Res<Column> {
    match text {
        Column::Text(values) => Ok(ints(values.iter().map(|text| text.map(&count)))),
        Column::Null(_) => Ok(text.clone()),
        other => Err(SqlErr::new(format!("{name} does not apply to {:?}", other.ty()))),
    }
}

/// The place of the first occurrence, counted from 1; 0 when there is none.
fn strpos(text: &Column, part: &Column) -> Res<Column> {
    match (text, part) {
        (Column::Text(values), Column::Text(parts)) => Ok(ints(values.iter().zip(parts.iter()).map(|(text, part)| {
            let text = text?;
            Some(text.find(part?).map_or(0, |at| text[..at].chars().count() as i64 + 1))
        }))),
        (Column::Null(_), _) | (_, Column::Null(_)) => Ok(Column::Null(text.len())),
        _ => Err(SqlErr::new("strpos needs two texts")),
    }
}

/// Counts characters from 1. Places before the first are refused rather than guessed at.
fn substr(text: &Column, from: &Column, len: Option<&Column>) -> Res<Column> {
    let needs = || SqlErr::new("substr needs a text and whole numbers");
    let (values, from) = match (text, from) {
        (Column::Null(_), _) => return Ok(text.clone()),
        (Column::Text(values), Column::Int(from)) => (values, from),
        _ => return Err(needs()),
    };
    let lens: Vec<Option<i64>> = match len {
        Some(Column::Int(lens)) => lens.iter().collect(),
        Some(_) => return Err(needs()),
        None => vec![Some(i64::MAX); text.len()],
    };
    let mut out = Vec::with_capacity(text.len());
    for ((text, from), len) in values.iter().zip(from.iter()).zip(lens) {
        let (Some(text), Some(from), Some(len)) = (text, from, len) else {
            out.push(None);
            continue;
        };
        if from < 1 || len < 0 {
            return Err(SqlErr::new("substr counts from 1 and takes no negative length"));
        }
        let skip = usize::try_from(from - 1).unwrap_or(usize::MAX);
        out.push(Some(cut(text, skip, usize::try_from(len).unwrap_or(usize::MAX))));
    }
    Ok(texts(out.into_iter()))
}

/// Some of its characters.
fn cut(text: &str, skip: usize, len: usize) -> &str {
    let place = |n: usize| match text.is_ascii() {
        true => n.min(text.len()),
        false => text.char_indices().nth(n).map_or(text.len(), |(at, _)| at),
    };
    &text[place(skip)..place(skip.saturating_add(len))]
}

/// Characters `from..to`; a negative end counts from the back.
fn part(text: &str, from: i64, to: i64) -> String {
    let len = text.chars().count() as i64;
    let to = if to < 0 { len + to } else { to.min(len) };
    text.chars().skip(from.max(0) as usize).take((to - from).max(0) as usize).collect()
}

/// As texts, whatever they are.
fn written(value: &Column) -> Res<StringChunked> {
    let text = cast(value, Ty::Text)?;
    plain_texts(&text).ok_or_else(|| SqlErr::new("a text is needed"))
}

fn joined(separator: Option<&Column>, parts: &[Column], rows: usize) -> Res<Column> {
    let parts = parts.iter().map(written).collect::<Res<Vec<_>>>()?;
    let separator = separator.map(written).transpose()?;
    Ok(texts((0..rows).map(|row| {
        let between = match &separator {
            Some(separator) => separator.get(row)?,
            None => "",
        };
        Some(parts.iter().filter_map(|part| part.get(row)).collect::<Vec<_>>().join(between))
    })))
}

fn of_text(name: &str, args: &[&Column], change: impl Fn(&[&str]) -> String) -> Res<Column> {
    let Some(columns) = args.iter().map(|arg| plain_texts(arg)).collect::<Option<Vec<_>>>() else {
        return Err(SqlErr::new(format!("{name} needs texts")));
    };
    Ok(texts((0..args[0].len()).map(|row| {
        let parts = columns.iter().map(|column| column.get(row)).collect::<Option<Vec<_>>>()?;
        Some(change(&parts))
    })))
}

fn tested(name: &str, text: &Column, part: &Column, test: impl Fn(&str, &str) -> bool) -> Res<Column> {
    match (text, part) {
        (Column::Text(values), Column::Text(parts)) => {
            Ok(bools(values.iter().zip(parts.iter()).map(|pair| Some(test(pair.0?, pair.1?)))))
        }
        (Column::Null(_), Column::Text(_) | Column::Null(_)) | (Column::Text(_), Column::Null(_)) => Ok(Column::Null(text.len())),
        _ => Err(SqlErr::new(format!("{name} needs two texts"))),
    }
}

fn with_number(name: &str, text: &Column, n: &Column, change: impl Fn(&str, i64) -> Res<String>) -> Res<Column> {
    let (values, numbers) = match (text, n) {
        (Column::Null(_), _) | (_, Column::Null(_)) => return Ok(Column::Null(text.len())),
        (Column::Text(values), Column::Int(numbers)) => (values, numbers),
        _ => return Err(SqlErr::new(format!("{name} needs a text and a whole number"))),
    };
    let mut out = Vec::with_capacity(text.len());
    for pair in values.iter().zip(numbers.iter()) {
        out.push(match pair {
            (Some(text), Some(n)) => Some(change(text, n)?),
            _ => None,
        });
    }
    Ok(texts(out.into_iter()))
}

fn padded(name: &str, text: &Column, n: &Column, fill: &Column) -> Res<Column> {
    let Column::Text(fills) = fill else { return Err(SqlErr::new(format!("{name} needs a text to fill with"))) };
    let (Column::Text(values), Column::Int(numbers)) = (text, n) else {
        return Err(SqlErr::new(format!("{name} needs a text and a whole number")));
    };
    let mut out = Vec::with_capacity(text.len());
    for ((text, n), fill) in values.iter().zip(numbers.iter()).zip(fills.iter()) {
        let (Some(text), Some(n), Some(fill)) = (text, n, fill) else {
            out.push(None);
            continue;
        };
        let len = text.chars().count() as i64;
        if LEN_MAX < n || (len < n && fill.is_empty()) {
            return Err(SqlErr::new(format!("{name}: nothing to fill with, or too long")));
        }
        let missing: String = fill.chars().cycle().take((n - len).max(0) as usize).collect();
        let kept = part(text, 0, n.max(0));
        out.push(Some(if name == "lpad" { missing + &kept } else { kept + &missing }));
    }
    Ok(texts(out.into_iter()))
}

/// Counts from 1, from the back when negative; beyond either end it is an empty text.
fn split_part(text: &Column, separator: &Column, n: &Column) -> Res<Column> {
    let (Column::Text(values), Column::Text(separators), Column::Int(numbers)) = (text, separator, n) else {
        return Err(SqlErr::new("split_part needs two texts and a whole number"));
    };
    let mut out = Vec::with_capacity(text.len());
    for row in values.iter().zip(separators.iter()).zip(numbers.iter()) {
        let ((Some(text), Some(separator)), Some(n)) = row else {
            out.push(None);
            continue;
        };
        if separator.is_empty() || n == 0 {
            return Err(SqlErr::new("split_part needs a separator and a place from 1, or from -1 backwards"));
        }
        let parts: Vec<&str> = text.split(separator).collect();
        let at = if n < 0 { parts.len() as i64 + n } else { n - 1 };
        out.push(Some(usize::try_from(at).ok().and_then(|at| parts.get(at)).map_or(String::new(), |part| (*part).to_owned())));
    }
    Ok(texts(out.into_iter()))
}
