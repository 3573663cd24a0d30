//! What a select gives, and what becomes of its rows: order, distinct, set operations.

use polars::prelude::IdxSize;
use sqlparser::ast::{SetExpr, SetOperator, SetQuantifier};

use super::{frame::Frame, place::refuse};
use crate::{
    column::{Column, Columns, index},
    error::Res,
    kernel::{cast::below, groups::Groups},
    table::Table,
};

/// A select's columns, and the rows they were worked out from, for an `order by` that names something else.
pub(super) struct Selected {
    pub(super) columns: Columns,
    pub(super) frame: Option<Frame>,
    pub(super) rows: usize,
}

impl Selected {
    pub(super) fn of_table(table: Table) -> Self {
        Self { rows: table.rows(), columns: table.into_columns(), frame: None }
    }

    pub(super) fn into_table(mut self) -> Table {
        distinct_names(&mut self.columns);
        Table::new(self.columns)
    }

    /// Some of its rows, in this order.
    pub(super) fn take(self, rows: Vec<IdxSize>) -> Self {
        let (count, rows) = (rows.len(), index(rows));
        let columns = self.columns.into_iter().map(|(name, column)| (name, column.take(&rows))).collect();
        Self { rows: count, columns, frame: None }
    }

    /// Which of its rows are equal.
    fn groups(&self) -> Groups {
        let keys: Vec<Column> = self.columns.iter().map(|(_, column)| column.clone()).collect();
        Groups::by(&keys, self.rows)
    }

    pub(super) fn distinct(self) -> Self {
        let first_rows = self.groups().first_row;
        self.take(first_rows)
    }

    /// The rows of the first `left` rows' side that a set operation keeps: of each row, as often as `keep` says of how often
    /// it stands on either side.
    fn counted(self, left: usize, keep: impl Fn(usize, usize) -> usize) -> Self {
        let groups = self.groups();
        let mut counts = vec![(0_usize, 0_usize); groups.len()];
        for (row, group) in groups.of_row.iter().enumerate() {
            let (l, r) = &mut counts[*group as usize];
            *(if row < left { l } else { r }) += 1;
        }
        let mut quota: Vec<usize> = counts.into_iter().map(|(l, r)| keep(l, r)).collect();
        let mut rows = Vec::new();
        for (row, group) in groups.of_row.iter().enumerate().take(left) {
            let left = &mut quota[*group as usize];
            if 0 < *left {
                *left -= 1;
                rows.push(row as IdxSize);
            }
        }
        self.take(rows)
    }
}

/// `union`, `intersect` and `except` of the two sides of `body`.
pub(super) fn combined(
    left: Selected,
    op: &SetOperator,
    quantifier: &SetQuantifier,
    right: Selected,
    body: &SetExpr,
) -> Res<Selected> {
    let distinct = *quantifier != SetQuantifier::All;
    if left.columns.len() != right.columns.len() {
        return refuse(body, format!("both sides of {op} need the same number of columns"));
    }
    let left_rows = left.rows;
    let mut columns = Vec::with_capacity(left.columns.len());
    for ((name, a), (_, b)) in left.columns.into_iter().zip(right.columns) {
        let Some(both) = below(&a, &b) else {
            return refuse(body, format!("column {name} has different types on the sides of {op}"));
        };
        columns.push((name, both.in_one_piece()));
    }
    let both = Selected { rows: left_rows + right.rows, columns, frame: None };
    Ok(match op {
        SetOperator::Union if distinct => both.distinct(),
        SetOperator::Union => both,
        SetOperator::Intersect if distinct => both.counted(left_rows, |left, right| left.min(right).min(1)),
        SetOperator::Intersect => both.counted(left_rows, usize::min),
        SetOperator::Except | SetOperator::Minus if distinct => {
            both.counted(left_rows, |left, right| if right == 0 { left.min(1) } else { 0 })
        }
        SetOperator::Except | SetOperator::Minus => both.counted(left_rows, usize::saturating_sub),
    })
}

/// A table has each name once; the second `x` becomes `x_1`, as DuckDB has it.
fn distinct_names(columns: &mut [(String, Column)]) {
    for at in 0..columns.len() {
        let taken =
            |name: &str, columns: &[(String, Column)]| columns[..at].iter().any(|(other, _)| other.eq_ignore_ascii_case(name));
        let base = columns[at].0.clone();
        let mut n = 0;
        while taken(&columns[at].0, columns) {
            n += 1;
            columns[at].0 = format!("{base}_{n}");
        }
    }
}
