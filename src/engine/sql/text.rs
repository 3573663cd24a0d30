//! Functions of texts. Characters are Unicode code points, as in DuckDB.

use polars::prelude::Series;

use super::{
    error::{Res, SqlErr},
    expr::cast,
};
use crate::table::{Ty, Value, bools, ints, repeat, texts};

/// What one call may produce: a text that is repeated or padded without end is a mistake.
const LEN_MAX: i64 = 1_000_000;

/// `None` when there is no such function.
pub(super) fn call(name: &str, args: &[Series], rows: usize) -> Option<Res<Series>> {
    Some(match (name, args) {
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
        ("unicode" | "ascii", [text]) => match Ty::of(text) {
            Ty::Text => Ok(ints(text.str().expect("Text").into_iter().map(|text| {
                text.map(|text| text.chars().next().map_or(if name == "ascii" { 0 } else { -1 }, |c| i64::from(u32::from(c))))
            }))),
            Ty::Null => Ok(repeat(&Value::Null, rows)),
            ty => Err(SqlErr::new(format!("{name} does not apply to {ty:?}"))),
        },
        ("char_length" | "character_length", [_]) => super::func::call("length", args, rows),
        ("instr", [_, _]) => super::func::call("strpos", args, rows),
        _ => return None,
    })
}

/// Characters `from..to`; a negative end counts from the back.
fn part(text: &str, from: i64, to: i64) -> String {
    let len = text.chars().count() as i64;
    let to = if to < 0 { len + to } else { to.min(len) };
    text.chars().skip(from.max(0) as usize).take((to - from).max(0) as usize).collect()
}

fn joined(separator: Option<&Series>, parts: &[Series], rows: usize) -> Res<Series> {
    let parts = parts.iter().map(|part| cast(part, Ty::Text)).collect::<Res<Vec<_>>>()?;
    let separator = separator.map(|separator| cast(separator, Ty::Text)).transpose()?;
    let parts: Vec<_> = parts.iter().map(|part| part.str().expect("just cast")).collect();
    let separator = separator.as_ref().map(|separator| separator.str().expect("just cast"));
    Ok(texts((0..rows).map(|row| {
        let between = match separator {
            Some(separator) => separator.get(row)?,
            None => "",
        };
        Some(parts.iter().filter_map(|part| part.get(row)).collect::<Vec<_>>().join(between))
    })))
}

fn of_text(name: &str, args: &[&Series], change: impl Fn(&[&str]) -> String) -> Res<Series> {
    if args.iter().any(|arg| !matches!(Ty::of(arg), Ty::Text | Ty::Null)) {
        return Err(SqlErr::new(format!("{name} needs texts")));
    }
    let args = args.iter().map(|arg| cast(arg, Ty::Text)).collect::<Res<Vec<_>>>()?;
    let columns: Vec<_> = args.iter().map(|arg| arg.str().expect("Text")).collect();
    Ok(texts((0..args[0].len()).map(|row| {
        let parts = columns.iter().map(|column| column.get(row)).collect::<Option<Vec<_>>>()?;
        Some(change(&parts))
    })))
}

fn tested(name: &str, text: &Series, part: &Series, test: impl Fn(&str, &str) -> bool) -> Res<Series> {
    match (Ty::of(text), Ty::of(part)) {
        (Ty::Text, Ty::Text) => {
            let pairs = text.str().expect("Text").into_iter().zip(part.str().expect("Text"));
            Ok(bools(pairs.map(|pair| Some(test(pair.0?, pair.1?)))))
        }
        (Ty::Null, Ty::Text | Ty::Null) | (Ty::Text, Ty::Null) => Ok(repeat(&Value::Null, text.len())),
        _ => Err(SqlErr::new(format!("{name} needs two texts"))),
    }
}

fn with_number(name: &str, text: &Series, n: &Series, change: impl Fn(&str, i64) -> Res<String>) -> Res<Series> {
    match (Ty::of(text), Ty::of(n)) {
        (Ty::Null, _) | (_, Ty::Null) => Ok(repeat(&Value::Null, text.len())),
        (Ty::Text, Ty::Int) => {
            let mut out = Vec::with_capacity(text.len());
            for pair in text.str().expect("Text").into_iter().zip(n.i64().expect("Int")) {
                out.push(match pair {
                    (Some(text), Some(n)) => Some(change(text, n)?),
                    _ => None,
                });
            }
            Ok(texts(out.into_iter()))
        }
        _ => Err(SqlErr::new(format!("{name} needs a text and a whole number"))),
    }
}

fn padded(name: &str, text: &Series, n: &Series, fill: &Series) -> Res<Series> {
    let fills = match Ty::of(fill) {
        Ty::Text => fill.str().expect("Text").clone(),
        _ => return Err(SqlErr::new(format!("{name} needs a text to fill with"))),
    };
    if !matches!((Ty::of(text), Ty::of(n)), (Ty::Text, Ty::Int)) {
        return Err(SqlErr::new(format!("{name} needs a text and a whole number")));
    }
    let mut out = Vec::with_capacity(text.len());
    let rows = text.str().expect("Text").into_iter().zip(n.i64().expect("Int")).zip(&fills);
    for ((text, n), fill) in rows {
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
fn split_part(text: &Series, separator: &Series, n: &Series) -> Res<Series> {
    if !matches!((Ty::of(text), Ty::of(separator), Ty::of(n)), (Ty::Text, Ty::Text, Ty::Int)) {
        return Err(SqlErr::new("split_part needs two texts and a whole number"));
    }
    let mut out = Vec::with_capacity(text.len());
    let rows = text.str().expect("Text").into_iter().zip(separator.str().expect("Text")).zip(n.i64().expect("Int"));
    for row in rows {
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
