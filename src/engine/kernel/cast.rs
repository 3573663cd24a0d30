//! Values of one type as values of another, as DuckDB casts them.

use polars::prelude::{ChunkFullNull as _, Float64Chunked, PlSmallStr, StringChunked, arity::unary_elementwise_values};

use super::date::{day_of, iso_date};
use crate::{
    column::{Column, dates, floats, ints, texts},
    error::{Res, SqlErr},
    value::Ty,
};

pub(crate) fn cast(value: &Column, to: Ty) -> Res<Column> {
    if value.ty() == to {
        return Ok(value.clone());
    }
    Ok(match (value, to) {
        (Column::Null(len), to) => Column::nulls(to, *len),
        (Column::Int(values), Ty::Float) => Column::Float(unary_elementwise_values(values, |n| n as f64)),
        (Column::Int(values), Ty::Text) => texts(values.iter().map(|n| n.map(|n| n.to_string()))),
        (Column::Bool(values), Ty::Int) => ints(values.iter().map(|b| b.map(i64::from))),
        (Column::Bool(values), Ty::Text) => texts(values.iter().map(|b| b.map(|b| if b { "true" } else { "false" }))),
        (Column::Float(values), Ty::Int) => ints(rounded(values)?.into_iter()),
        (Column::Text(values), Ty::Int) => ints(parsed(values, "whole number", |text| text.trim().parse().ok())?.into_iter()),
        (Column::Text(values), Ty::Float) => floats(parsed(values, "number", |text| text.trim().parse().ok())?.into_iter()),
        (Column::Text(values), Ty::Date) => dates(parsed(values, "date", |text| day_of(text.trim()))?.into_iter()),
        (Column::Date(days), Ty::Text) => texts(days.iter().map(|day| day.and_then(iso_date))),
        (from, to) => return Err(SqlErr::new(format!("cast from {:?} to {to:?} is not supported", from.ty()))),
    })
}

/// A cast that gives null where `cast` would refuse the value; a cast that is refused whatever the value stays refused.
pub(crate) fn try_cast(value: &Column, to: Ty) -> Res<Column> {
    if let Ok(all) = cast(value, to) {
        return Ok(all);
    }
    let mut out = Column::nulls(to, 0);
    let _ = cast(&value.slice(0, 0), to)?;
    for row in 0..value.len() {
        let one = cast(&value.slice(row, 1), to).unwrap_or_else(|_| Column::nulls(to, 1));
        out.append(&one)?;
    }
    Ok(out.in_one_piece())
}

/// DuckDB rounds half to even, and refuses what does not fit.
fn rounded(values: &Float64Chunked) -> Res<Vec<Option<i64>>> {
    let whole = |x: f64| match x.round_ties_even() {
        x if (-9.3e18..9.2e18).contains(&x) => Ok(x as i64),
        x => Err(SqlErr::new(format!("{x} is too large for a whole number"))),
    };
    values.iter().map(|x| x.map(whole).transpose()).collect()
}

fn parsed<T>(values: &StringChunked, what: &str, parse: impl Fn(&str) -> Option<T>) -> Res<Vec<Option<T>>> {
    let parse = |text: &str| parse(text).ok_or_else(|| SqlErr::new(format!("'{text}' is no {what}")));
    values.iter().map(|text| text.map(parse).transpose()).collect()
}

/// The one type that two values share, or `None`.
pub(crate) fn common(a: Ty, b: Ty) -> Option<Ty> {
    match (a, b) {
        (a, b) if a == b => Some(a),
        (Ty::Null, ty) | (ty, Ty::Null) => Some(ty),
        (Ty::Int, Ty::Float) | (Ty::Float, Ty::Int) => Some(Ty::Float),
        _ => None,
    }
}

/// Both as the one type that they share, or `None`.
pub(crate) fn alike(a: &Column, b: &Column) -> Option<(Column, Column)> {
    let ty = common(a.ty(), b.ty())?;
    Some((cast(a, ty).ok()?, cast(b, ty).ok()?))
}

/// The rows of both as the one type that they share, or `None`.
pub(crate) fn below(a: &Column, b: &Column) -> Option<Column> {
    let (mut all, rest) = alike(a, b)?;
    all.append(&rest).ok()?;
    Some(all)
}

/// Numbers as doubles; `None` for what is no number.
pub(super) fn doubles(value: &Column) -> Option<Float64Chunked> {
    match value {
        Column::Float(values) => Some(values.clone()),
        Column::Int(values) => Some(unary_elementwise_values(values, |n| n as f64)),
        Column::Null(len) => Some(Float64Chunked::full_null(PlSmallStr::EMPTY, *len)),
        Column::Text(_) | Column::Bool(_) | Column::Date(_) => None,
    }
}

/// Texts as they are and nulls as texts; `None` for anything else.
pub(super) fn plain_texts(value: &Column) -> Option<StringChunked> {
    match value {
        Column::Text(values) => Some(values.clone()),
        Column::Null(len) => Some(StringChunked::full_null(PlSmallStr::EMPTY, *len)),
        _ => None,
    }
}
