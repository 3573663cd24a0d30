//! Numbers, days and texts put together.

use std::fmt;

use polars::prelude::{Float64Chunked, Int64Chunked, PlSmallStr, StringChunked, StringChunkedBuilder};

use super::cast::doubles;
use crate::{
    column::{Column, dates, floats, ints},
    error::{Res, SqlErr},
};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Arithmetic {
    Plus,
    Minus,
    Multiply,
    Divide,
    Modulo,
    WholeDivide,
}

impl fmt::Display for Arithmetic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Plus => "+",
            Self::Minus => "-",
            Self::Multiply => "*",
            Self::Divide => "/",
            Self::Modulo => "%",
            Self::WholeDivide => "//",
        })
    }
}

pub(crate) fn arithmetic(left: &Column, op: Arithmetic, right: &Column) -> Res<Column> {
    use Arithmetic as Op;
    match (left, right) {
        (Column::Null(_), _) | (_, Column::Null(_)) => return Ok(Column::Null(left.len())),
        (Column::Int(a), Column::Int(b)) if op != Op::Divide => return whole_numbers(a, op, b),
        (Column::Date(days), Column::Int(by)) if matches!(op, Op::Plus | Op::Minus) => {
            let sign = if op == Op::Plus { 1 } else { -1 };
            let pairs = days.iter().zip(by.iter());
            return Ok(dates(pairs.map(|(day, n)| i32::try_from(i64::from(day?).saturating_add(n?.saturating_mul(sign))).ok())));
        }
        (Column::Date(a), Column::Date(b)) if op == Op::Minus => {
            return Ok(ints(a.iter().zip(b.iter()).map(|(a, b)| Some(i64::from(a?) - i64::from(b?)))));
        }
        _ => {}
    }
    match (doubles(left), doubles(right)) {
        (Some(a), Some(b)) => numbers(&a, op, &b),
        _ => Err(SqlErr::new(format!("{op} does not apply to {:?} and {:?}", left.ty(), right.ty()))),
    }
}

fn too_large() -> SqlErr {
    SqlErr::new("the number is too large")
}

fn whole_numbers(left: &Int64Chunked, op: Arithmetic, right: &Int64Chunked) -> Res<Column> {
    use Arithmetic as Op;
    let step: fn(i64, i64) -> Option<i64> = match op {
        Op::Plus => i64::checked_add,
        Op::Minus => i64::checked_sub,
        Op::Multiply => i64::checked_mul,
        Op::Modulo => i64::checked_rem,
        Op::Divide | Op::WholeDivide => i64::checked_div,
    };
    let mut out = Vec::with_capacity(left.len());
    for pair in left.iter().zip(right.iter()) {
        out.push(match pair {
            (Some(_), Some(0)) if matches!(op, Op::Modulo | Op::WholeDivide) => return Err(SqlErr::new("division by zero")),
            (Some(a), Some(b)) => Some(step(a, b).ok_or_else(too_large)?),
            _ => None,
        });
    }
    Ok(ints(out.into_iter()))
}

fn numbers(left: &Float64Chunked, op: Arithmetic, right: &Float64Chunked) -> Res<Column> {
    use Arithmetic as Op;
    let step: fn(f64, f64) -> f64 = match op {
        Op::Plus => |a, b| a + b,
        Op::Minus => |a, b| a - b,
        Op::Multiply => |a, b| a * b,
        Op::Divide => |a, b| a / b,
        Op::Modulo | Op::WholeDivide => return Err(SqlErr::new(format!("{op} on doubles is not supported"))),
    };
    let pairs = || left.iter().zip(right.iter());
    if op == Op::Divide && pairs().any(|(a, b)| a.is_some() && b == Some(0.0)) {
        return Err(SqlErr::new("division by zero"));
    }
    Ok(floats(pairs().map(|(a, b)| Some(step(a?, b?)))))
}

/// `-x`; `None` for what has no sign.
pub(crate) fn negative(value: &Column) -> Option<Res<Column>> {
    Some(match value {
        Column::Int(values) => each_whole(values, i64::checked_neg),
        Column::Float(values) => Ok(floats(values.iter().map(|x| x.map(|x| -x)))),
        Column::Null(_) => Ok(value.clone()),
        _ => return None,
    })
}

/// What each whole number becomes, unless one of them becomes too large.
pub(super) fn each_whole(values: &Int64Chunked, change: fn(i64) -> Option<i64>) -> Res<Column> {
    let all: Option<Vec<Option<i64>>> = values.iter().map(|n| n.map_or(Some(None), |n| change(n).map(Some))).collect();
    all.map(|all| ints(all.into_iter())).ok_or_else(too_large)
}

/// `a || b`.
pub(crate) fn joined(left: &Column, right: &Column) -> Res<Column> {
    match (left, right) {
        (Column::Text(a), Column::Text(b)) => Ok(Column::Text(joined_texts(a, b))),
        (Column::Null(_), Column::Text(_) | Column::Null(_)) | (Column::Text(_), Column::Null(_)) => Ok(Column::Null(left.len())),
        _ => Err(SqlErr::new("|| joins texts: cast the other side to varchar")),
    }
}

fn joined_texts(left: &StringChunked, right: &StringChunked) -> StringChunked {
    let mut out = StringChunkedBuilder::new(PlSmallStr::EMPTY, left.len());
    let mut both = String::new();
    for pair in left.iter().zip(right.iter()) {
        if let (Some(a), Some(b)) = pair {
            both.clear();
            both.push_str(a);
            both.push_str(b);
            out.append_value(&both);
        } else {
            out.append_null();
        }
    }
    out.finish()
}
