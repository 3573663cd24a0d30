//! Conditions: true, false or unknown.

use polars::prelude::{BooleanChunked, ChunkFullNull as _, PlSmallStr};

use crate::{
    column::{Column, bools},
    error::{Res, SqlErr},
};

/// A column as a condition; one without a type is unknown everywhere, and `None` is no condition.
pub(crate) fn truth(value: &Column) -> Option<BooleanChunked> {
    match value {
        Column::Bool(values) => Some(values.clone()),
        Column::Null(len) => Some(BooleanChunked::full_null(PlSmallStr::EMPTY, *len)),
        _ => None,
    }
}

/// The condition, with unknown as false.
pub(crate) fn known(condition: BooleanChunked) -> BooleanChunked {
    if condition.null_count() == 0 {
        return condition;
    }
    condition.iter().map(|b| Some(b == Some(true))).collect()
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Joint {
    And,
    Or,
}

/// Three-valued: false and null is false, true or null is true.
pub(crate) fn joint(left: &Column, joint: Joint, right: &Column) -> Res<Column> {
    let side = |side: &Column| {
        let word = if joint == Joint::And { "AND" } else { "OR" };
        truth(side).ok_or_else(|| SqlErr::new(format!("{word} joins conditions, not {:?}", side.ty())))
    };
    let (a, b) = (side(left)?, side(right)?);
    if a.null_count() + b.null_count() == 0 {
        return Ok(Column::Bool(if joint == Joint::And { &a & &b } else { &a | &b }));
    }
    // What decides whatever the other side says: false for and, true for or.
    let decisive = joint == Joint::Or;
    Ok(bools(a.iter().zip(b.iter()).map(|pair| match pair {
        (Some(a), _) if a == decisive => Some(decisive),
        (_, Some(b)) if b == decisive => Some(decisive),
        (Some(_), Some(_)) => Some(!decisive),
        _ => None,
    })))
}
