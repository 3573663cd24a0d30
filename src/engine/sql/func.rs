//! Scalar functions by name.

use polars::prelude::Series;
use sqlparser::ast::{Expr, Function, FunctionArg, FunctionArgExpr, FunctionArguments};

use super::{
    date,
    error::{Res, SqlErr},
    expr::{binary, cast, common},
    math, text,
};
use crate::table::{Ty, Value, bools, floats, ints, repeat, texts};

/// Every function of one row; `date_trunc` only inside of a cast.
const NAMES: [&str; 69] = [
    "abs",
    "ascii",
    "ceil",
    "ceiling",
    "char_length",
    "character_length",
    "coalesce",
    "concat",
    "concat_ws",
    "contains",
    "date_diff",
    "date_part",
    "datediff",
    "datepart",
    "day",
    "dayname",
    "dayofmonth",
    "dayofweek",
    "dayofyear",
    "ends_with",
    "exp",
    "floor",
    "greatest",
    "if",
    "ifnull",
    "instr",
    "isodow",
    "isoyear",
    "last_day",
    "least",
    "left",
    "length",
    "ln",
    "log",
    "log10",
    "log2",
    "lower",
    "lpad",
    "ltrim",
    "make_date",
    "mod",
    "month",
    "monthname",
    "nullif",
    "pow",
    "power",
    "prefix",
    "quarter",
    "repeat",
    "replace",
    "right",
    "round",
    "rpad",
    "rtrim",
    "sign",
    "split_part",
    "sqrt",
    "starts_with",
    "strftime",
    "strpos",
    "substr",
    "substring",
    "suffix",
    "trim",
    "unicode",
    "upper",
    "week",
    "weekofyear",
    "year",
];

/// Refuses a function that is none of ours, and says which there are.
pub(super) fn check(name: &str) -> Res<()> {
    if NAMES.contains(&name) {
        return Ok(());
    }
    if super::window::NAMES.contains(&name) {
        return Err(SqlErr::new(format!("{name} needs a window: {name}(…) over (…)")));
    }
    let (aggregates, functions) = (super::agg::NAMES.join(", "), NAMES.join(", "));
    Err(SqlErr::new(format!("there is no function {name} here; aggregates are {aggregates}; functions are {functions}")))
}

/// The arguments of a call that has nothing but positional ones.
pub(super) fn plain_args(function: &Function) -> Res<Vec<&Expr>> {
    let FunctionArguments::List(list) = &function.args else {
        return Err(SqlErr::new(format!("{} needs arguments in parentheses", function.name)));
    };
    if list.duplicate_treatment.is_some() || !list.clauses.is_empty() {
        return Err(SqlErr::new(format!("{}: only plain arguments are supported here", function.name)));
    }
    list.args
        .iter()
        .map(|arg| match arg {
            FunctionArg::Unnamed(FunctionArgExpr::Expr(expr)) => Ok(expr),
            other => Err(SqlErr::new(format!("argument {other} is not supported"))),
        })
        .collect()
}

pub(super) fn call(name: &str, args: &[Series], rows: usize) -> Res<Series> {
    match (name, args) {
        ("coalesce", [first, rest @ ..]) => rest.iter().try_fold(first.clone(), |out, next| {
            let ty = shared(name, &out, next)?;
            let (out, next) = (cast(&out, ty)?, cast(next, ty)?);
            out.zip_with(&out.is_not_null(), &next).map_err(|err| SqlErr::new(err.to_string()))
        }),
        ("nullif", [value, other]) => {
            let equal = binary(value, &sqlparser::ast::BinaryOperator::Eq, other)?;
            let keep = equal.bool().expect("a comparison").into_iter().map(|b| Some(b != Some(true))).collect();
            let nothing = cast(&repeat(&Value::Null, rows), Ty::of(value))?;
            value.zip_with(&keep, &nothing).map_err(|err| SqlErr::new(err.to_string()))
        }
        // DuckDB's greatest and least pass over nulls.
        ("greatest" | "least", [first, rest @ ..]) => rest.iter().try_fold(first.clone(), |out, next| {
            let ty = shared(name, &out, next)?;
            let (out, next) = (cast(&out, ty)?, cast(next, ty)?);
            let op = if name == "greatest" { sqlparser::ast::BinaryOperator::GtEq } else { sqlparser::ast::BinaryOperator::LtEq };
            let ahead = binary(&out, &op, &next)?;
            let keep = ahead
                .bool()
                .expect("a comparison")
                .into_iter()
                .zip(&next.is_null())
                .map(|(ahead, no_other)| Some(ahead == Some(true) || no_other == Some(true)))
                .collect();
            out.zip_with(&keep, &next).map_err(|err| SqlErr::new(err.to_string()))
        }),
        ("abs", [value]) => match Ty::of(value) {
            Ty::Int => {
                let all: Option<Vec<_>> =
                    value.i64().expect("Int").into_iter().map(|n| n.map_or(Some(None), |n| n.checked_abs().map(Some))).collect();
                all.map(|all| ints(all.into_iter())).ok_or_else(|| SqlErr::new("the number is too large"))
            }
            Ty::Float => Ok(floats(value.f64().expect("Float").into_iter().map(|x| x.map(f64::abs)))),
            Ty::Null => Ok(value.clone()),
            ty => Err(SqlErr::new(format!("abs does not apply to {ty:?}"))),
        },
        ("lower", [text]) => map_text(name, text, |text| text.to_lowercase()),
        ("upper", [text]) => map_text(name, text, |text| text.to_uppercase()),
        ("trim", [text]) => map_text(name, text, |text| text.trim_matches(' ').to_owned()),
        ("length", [text]) => match Ty::of(text) {
            Ty::Text => Ok(ints(text.str().expect("Text").into_iter().map(|text| text.map(|text| text.chars().count() as i64)))),
            Ty::Null => Ok(repeat(&Value::Null, rows)),
            ty => Err(SqlErr::new(format!("length does not apply to {ty:?}"))),
        },
        ("substr" | "substring", [text, from]) => substr(text, from, None),
        ("substr" | "substring", [text, from, len]) => substr(text, from, Some(len)),
        ("strpos", [text, part]) => match (Ty::of(text), Ty::of(part)) {
            (Ty::Text, Ty::Text) => {
                let pairs = text.str().expect("Text").into_iter().zip(part.str().expect("Text"));
                Ok(ints(pairs.map(|(text, part)| {
                    let text = text?;
                    Some(text.find(part?).map_or(0, |at| text[..at].chars().count() as i64 + 1))
                })))
            }
            (Ty::Null, _) | (_, Ty::Null) => Ok(repeat(&Value::Null, rows)),
            _ => Err(SqlErr::new("strpos needs two texts")),
        },
        ("ifnull", [_, _]) => call("coalesce", args, rows),
        ("if", [condition, yes, no]) => {
            let ty = shared(name, yes, no)?;
            let wanted = match Ty::of(condition) {
                Ty::Bool => condition.bool().expect("Bool").into_iter().map(|b| Some(b == Some(true))).collect(),
                Ty::Null => (0..rows).map(|_| Some(false)).collect::<polars::prelude::BooleanChunked>(),
                ty => return Err(SqlErr::new(format!("a condition is needed, not {ty:?}"))),
            };
            cast(yes, ty)?.zip_with(&wanted, &cast(no, ty)?).map_err(|err| SqlErr::new(err.to_string()))
        }
        _ => math::call(name, args)
            .or_else(|| text::call(name, args, rows))
            .or_else(|| date::call(name, args, rows))
            .unwrap_or_else(|| Err(SqlErr::new(format!("function {name} with {} arguments is not supported", args.len())))),
    }
}

/// `like` and `ilike`: `%` is any run of characters, `_` any one; there is no escape, as in DuckDB.
pub(super) fn like(text: &Series, pattern: &Series, negated: bool, fold: bool) -> Res<Series> {
    match (Ty::of(text), Ty::of(pattern)) {
        (Ty::Null, Ty::Null | Ty::Text) | (Ty::Text, Ty::Null) => return Ok(repeat(&Value::Null, text.len())),
        (Ty::Text, Ty::Text) => {}
        _ => return Err(SqlErr::new("like compares texts")),
    }
    let prepared = |text: &str| -> Vec<char> { if fold { text.to_lowercase().chars().collect() } else { text.chars().collect() } };
    let pairs = text.str().expect("Text").into_iter().zip(pattern.str().expect("Text"));
    Ok(bools(pairs.map(|pair| match pair {
        (Some(text), Some(pattern)) => Some(fits(&prepared(text), &prepared(pattern)) != negated),
        _ => None,
    })))
}

/// Greedy with one step back: the last `%` takes one character more whenever the rest does not fit.
fn fits(text: &[char], pattern: &[char]) -> bool {
    let (mut t, mut p) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while t < text.len() {
        match pattern.get(p) {
            Some('%') => {
                star = Some((p, t));
                p += 1;
            }
            Some(c) if *c == '_' || *c == text[t] => {
                t += 1;
                p += 1;
            }
            _ => match star {
                Some((at, taken)) => {
                    star = Some((at, taken + 1));
                    (p, t) = (at + 1, taken + 1);
                }
                None => return false,
            },
        }
    }
    pattern[p..].iter().all(|c| *c == '%')
}

fn shared(name: &str, a: &Series, b: &Series) -> Res<Ty> {
    common(Ty::of(a), Ty::of(b)).ok_or_else(|| SqlErr::new(format!("the arguments of {name} have different types")))
}

fn map_text(name: &str, text: &Series, change: impl Fn(&str) -> String) -> Res<Series> {
    match Ty::of(text) {
        Ty::Text => Ok(texts(text.str().expect("Text").into_iter().map(|text| text.map(&change)))),
        Ty::Null => Ok(text.clone()),
        ty => Err(SqlErr::new(format!("{name} does not apply to {ty:?}"))),
    }
}

/// Counts characters from 1. Places before the first are refused rather than guessed at.
fn substr(text: &Series, from: &Series, len: Option<&Series>) -> Res<Series> {
    if Ty::of(text) == Ty::Null {
        return Ok(text.clone());
    }
    if Ty::of(text) != Ty::Text || Ty::of(from) != Ty::Int || len.is_some_and(|len| Ty::of(len) != Ty::Int) {
        return Err(SqlErr::new("substr needs a text and whole numbers"));
    }
    let from = from.i64().expect("Int");
    let lens: Vec<Option<i64>> = match len {
        Some(len) => len.i64().expect("Int").into_iter().collect(),
        None => vec![Some(i64::MAX); text.len()],
    };
    let mut out = Vec::with_capacity(text.len());
    for ((text, from), len) in text.str().expect("Text").into_iter().zip(from).zip(lens) {
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
