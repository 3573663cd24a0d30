//! Comparisons. A column of one row is compared with every row of the other.

use polars::prelude::{BooleanChunked, ChunkCompareEq, ChunkCompareIneq};

use super::cast::alike;
use crate::{
    column::{Column, bools},
    error::{Res, SqlErr},
};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Comparison {
    Eq,
    NotEq,
    Lt,
    LtEq,
    Gt,
    GtEq,
}

impl Comparison {
    fn of<T>(self, left: &T, right: &T) -> BooleanChunked
    where
        T: for<'a> ChunkCompareEq<&'a T, Item = BooleanChunked> + for<'a> ChunkCompareIneq<&'a T, Item = BooleanChunked>,
    {
        match self {
            Self::Eq => left.equal(right),
            Self::NotEq => left.not_equal(right),
            Self::Lt => left.lt(right),
            Self::LtEq => left.lt_eq(right),
            Self::Gt => left.gt(right),
            Self::GtEq => left.gt_eq(right),
        }
    }
}

/// Unknown where one side is null.
pub(crate) fn compare(left: &Column, how: Comparison, right: &Column) -> Res<BooleanChunked> {
    if let (Column::Null(_), _) | (_, Column::Null(_)) = (left, right) {
        let rows = if left.len() == 1 { right.len() } else { left.len() };
        return Ok((0..rows).map(|_| None::<bool>).collect());
    }
    let differ = || SqlErr::new(format!("{:?} and {:?} do not compare: cast one side", left.ty(), right.ty()));
    Ok(match alike(left, right).ok_or_else(differ)? {
        (Column::Int(a), Column::Int(b)) => how.of(&a, &b),
        (Column::Text(a), Column::Text(b)) => how.of(&a, &b),
        (Column::Bool(a), Column::Bool(b)) => how.of(&a, &b),
        (Column::Date(a), Column::Date(b)) => how.of(&a, &b),
        (Column::Float(a), Column::Float(b)) => {
            if a.iter().chain(b.iter()).flatten().any(f64::is_nan) {
                return Err(SqlErr::new("comparing NaN is not supported"));
            }
            how.of(&a, &b)
        }
        _ => return Err(differ()),
    })
}

/// `is distinct from`: a comparison in which null equals null and differs from everything else.
pub(crate) fn distinct_from(left: &Column, right: &Column, negated: bool) -> Res<Column> {
    let equal = compare(left, Comparison::Eq, right)?;
    let (left, right) = (left.is_null(), right.is_null());
    let nulls = left.iter().zip(right.iter()).map(|pair| (pair.0 == Some(true), pair.1 == Some(true)));
    Ok(bools(equal.iter().zip(nulls).map(|(equal, nulls)| {
        let same = match nulls {
            (true, true) => true,
            (false, false) => equal == Some(true),
            _ => false,
        };
        Some(same == negated)
    })))
}

/// `like` and `ilike`: `%` is any run of characters, `_` any one; there is no escape, as in DuckDB.
pub(crate) fn like(text: &Column, pattern: &Column, negated: bool, fold: bool) -> Res<Column> {
    let (texts, patterns) = match (text, pattern) {
        (Column::Null(_), Column::Null(_) | Column::Text(_)) | (Column::Text(_), Column::Null(_)) => {
            return Ok(Column::Null(text.len()));
        }
        (Column::Text(texts), Column::Text(patterns)) => (texts, patterns),
        _ => return Err(SqlErr::new("like compares texts")),
    };
    let prepared = |text: &str| -> Vec<char> { if fold { text.to_lowercase().chars().collect() } else { text.chars().collect() } };
    Ok(bools(texts.iter().zip(patterns.iter()).map(|pair| match pair {
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
