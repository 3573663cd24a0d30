//! Two sides put together, row by row.

use polars::prelude::IdxSize;
use sqlparser::ast::{BinaryOperator, Expr, JoinConstraint};

use super::{
    expr::{eval, mask},
    frame::{Field, Frame},
    place::refuse,
    scope::Scope,
    tree::conjuncts,
};
use crate::{
    column::{Column, index},
    error::{Res, SqlErr},
    kernel::{cast::alike, groups::matches},
};

/// Pairs that a join without an equality may look at: a mistake should not fill the memory.
const JOIN_PAIRS_MAX: usize = 4_000_000;

/// What a join keeps beside the pairs that match.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Keep {
    Matches,
    Left,
    Right,
    Both,
    /// `semi join`: left rows that have a match, once.
    LeftWithMatch,
    /// `anti join`: left rows that have none.
    LeftWithout,
}

pub(super) fn cross(left: &Frame, right: &Frame) -> Frame {
    let left_rows = (0..left.rows).flat_map(|row| std::iter::repeat_n(row as IdxSize, right.rows)).collect();
    let right_rows = (0..left.rows).flat_map(|_| 0..right.rows as IdxSize).collect();
    let mut out = left.take(&index(left_rows));
    out.rows = left.rows * right.rows;
    out.fields.extend(right.take(&index(right_rows)).fields);
    out
}

/// What a join's constraint says of its sides.
#[derive(Default)]
struct Conditions<'e> {
    /// Columns that are equal in a pair that matches.
    left: Vec<Column>,
    right: Vec<Column>,
    /// Conditions that are asked of each pair.
    rest: Vec<&'e Expr>,
    /// Columns of `using`, which come out once.
    shared: Vec<String>,
}

impl Conditions<'_> {
    fn equal(&mut self, left: Column, right: Column) -> Res<()> {
        let Some((left, right)) = alike(&left, &right) else {
            return Err(SqlErr::new("the sides of a join's equality have different types"));
        };
        self.left.push(left);
        self.right.push(right);
        Ok(())
    }
}

pub(super) fn join(left: &Frame, right: &Frame, on: &JoinConstraint, keep: Keep, scope: &Scope<'_>) -> Res<Frame> {
    let conditions = conditions(on, left, right, scope)?;
    let (left_rows, right_rows) = pairs(left, right, &conditions, scope)?;
    if matches!(keep, Keep::LeftWithMatch | Keep::LeftWithout) {
        let wanted = matches!(keep, Keep::LeftWithMatch);
        let rows = matched(&left_rows, left.rows).into_iter().enumerate().filter(|(_, hit)| *hit == wanted);
        return Ok(left.take(&index(rows.map(|(row, _)| row as IdxSize).collect())));
    }
    let pairs = with_alone(left_rows, right_rows, left.rows, right.rows, keep);
    let (left_rows, right_rows): (Vec<_>, Vec<_>) = pairs.into_iter().unzip();
    let mut out = Frame { rows: left_rows.len(), ..Frame::default() };
    for field in &left.fields {
        out.fields.push(Field { data: field.data.pick(&left_rows), ..field.clone() });
    }
    for field in &right.fields {
        let data = field.data.pick(&right_rows);
        if !conditions.shared.iter().any(|name| field.name.eq_ignore_ascii_case(name)) {
            out.fields.push(Field { data, ..field.clone() });
            continue;
        }
        // A column of `using` is one column: from whichever side has the row.
        let own = out.fields.iter_mut().find(|own| own.name.eq_ignore_ascii_case(&field.name));
        if let (Some(own), Keep::Right | Keep::Both) = (own, keep)
            && let Some((mine, other)) = alike(&own.data, &data)
        {
            own.data = mine.where_else(&mine.is_not_null(), &other)?;
        }
    }
    Ok(out)
}

fn conditions<'e>(on: &'e JoinConstraint, left: &Frame, right: &Frame, scope: &Scope<'_>) -> Res<Conditions<'e>> {
    let mut out = Conditions::default();
    match on {
        JoinConstraint::On(condition) => {
            let mut parts = Vec::new();
            conjuncts(condition, &mut parts);
            for part in parts {
                match equality(part, left, right, scope) {
                    Some((a, b)) => out.equal(a, b)?,
                    None => out.rest.push(part),
                }
            }
        }
        JoinConstraint::Using(names) => {
            for name in names {
                let name = name.to_string();
                let find = |frame: &Frame| frame.find(None, &name).ok().flatten().cloned();
                let (Some(a), Some(b)) = (find(left), find(right)) else {
                    return Err(SqlErr::new(format!("both sides of the join need a column {name}")));
                };
                out.equal(a, b)?;
                out.shared.push(name);
            }
        }
        JoinConstraint::Natural | JoinConstraint::None => return Err(SqlErr::new("a join needs on or using")),
    }
    Ok(out)
}

/// The sides of an equality of something of the left with something of the right.
fn equality(part: &Expr, left: &Frame, right: &Frame, scope: &Scope<'_>) -> Option<(Column, Column)> {
    let Expr::BinaryOp { left: a, op: BinaryOperator::Eq, right: b } = part else { return None };
    let sides = |a: &Expr, b: &Expr| Some((side(a, left, scope).ok()?, side(b, right, scope).ok()?));
    sides(a, b).or_else(|| sides(b, a))
}

/// One side of a join's equality; what names no column at all is no key.
fn side(expr: &Expr, frame: &Frame, scope: &Scope<'_>) -> Res<Column> {
    if matches!(expr, Expr::Value(_)) {
        return refuse(expr, "a constant is no key");
    }
    eval(expr, frame, scope)
}

/// Rows of either side that match, in the order of the left side.
type Rows = (Vec<IdxSize>, Vec<IdxSize>);

fn pairs(left: &Frame, right: &Frame, conditions: &Conditions<'_>, scope: &Scope<'_>) -> Res<Rows> {
    let (left_rows, right_rows): Rows = if conditions.left.is_empty() {
        if JOIN_PAIRS_MAX < left.rows.saturating_mul(right.rows) {
            return Err(SqlErr::new("a join of tables of this size needs an equality between its sides"));
        }
        (0..left.rows).flat_map(|a| (0..right.rows).map(move |b| (a as IdxSize, b as IdxSize))).unzip()
    } else {
        matches(&conditions.left, &conditions.right)
    };
    if conditions.rest.is_empty() {
        return Ok((left_rows, right_rows));
    }
    let mut pairs = left.take(&index(left_rows.clone()));
    pairs.fields.extend(right.take(&index(right_rows.clone())).fields);
    let mut wanted = vec![true; pairs.rows];
    for part in &conditions.rest {
        for (wanted, holds) in wanted.iter_mut().zip(mask(part, &pairs, scope)?.iter()) {
            *wanted &= holds == Some(true);
        }
    }
    let kept = |rows: Vec<IdxSize>| rows.into_iter().zip(&wanted).filter(|(_, wanted)| **wanted).map(|(row, _)| row).collect();
    Ok((kept(left_rows), kept(right_rows)))
}

fn matched(rows: &[IdxSize], len: usize) -> Vec<bool> {
    let mut matched = vec![false; len];
    rows.iter().for_each(|row| matched[*row as usize] = true);
    matched
}

/// The pairs that match, and the rows without a match that the join keeps.
fn with_alone(
    left_rows: Vec<IdxSize>,
    right_rows: Vec<IdxSize>,
    left: usize,
    right: usize,
    keep: Keep,
) -> Vec<(Option<IdxSize>, Option<IdxSize>)> {
    let mut pairs = Vec::with_capacity(left_rows.len());
    if matches!(keep, Keep::Left | Keep::Both) {
        // A left row without a match stands where it stood.
        let mut at = 0;
        for row in 0..left as IdxSize {
            let before = at;
            while left_rows.get(at) == Some(&row) {
                pairs.push((Some(row), Some(right_rows[at])));
                at += 1;
            }
            if before == at {
                pairs.push((Some(row), None));
            }
        }
    } else {
        pairs.extend(left_rows.iter().zip(&right_rows).map(|(a, b)| (Some(*a), Some(*b))));
    }
    if matches!(keep, Keep::Right | Keep::Both) {
        let alone = matched(&right_rows, right).into_iter().enumerate().filter(|(_, hit)| !hit);
        pairs.extend(alone.map(|(row, _)| (None, Some(row as IdxSize))));
    }
    pairs
}
