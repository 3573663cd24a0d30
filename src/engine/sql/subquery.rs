//! Queries inside expressions: `(select …)`, `in (select …)`, `exists (select …)`, correlated or not.
//!
//! A query that stands by itself is run once. One that names columns of the row around it is run once for every
//! different row of those columns: right for anything, and cheap where few of them differ.

use std::ops::ControlFlow;

use polars::prelude::IdxSize;
use sqlparser::ast::{Expr, Query, visit_expressions};

use super::{frame::Frame, scope::Scope};
use crate::{
    column::{Column, bools, index},
    error::{Res, SqlErr},
    kernel::{
        cast::below,
        compare::{Comparison, compare},
        groups::Groups,
    },
    table::Table,
    value::Ty,
};

/// The query's answer for each row: which of `tables` it is.
struct Answers {
    tables: Vec<Table>,
    of_row: Vec<u32>,
}

fn answers(query: &Query, frame: &Frame, scope: &Scope<'_>) -> Res<Answers> {
    let alone = scope.clone().answer(query);
    let names = outer_names(query, frame);
    match alone {
        Ok(table) => return Ok(Answers { tables: vec![table], of_row: vec![0; frame.rows] }),
        Err(err) if names.is_empty() => return Err(err),
        Err(_) => {}
    }
    let columns = names.iter().map(|(relation, name)| found(frame, relation.as_deref(), name)).collect::<Res<Vec<_>>>()?;
    let groups = Groups::by(&columns, frame.rows);
    let mut tables = Vec::with_capacity(groups.len());
    for first in &groups.first_row {
        let row = names.iter().zip(&columns);
        let row = row.map(|((relation, name), column)| (relation.clone(), name.clone(), column.value(*first as usize)));
        tables.push(scope.inside(row.collect()).answer(query)?);
    }
    Ok(Answers { tables, of_row: groups.of_row })
}

fn found(frame: &Frame, relation: Option<&str>, name: &str) -> Res<Column> {
    frame.find(relation, name).ok().flatten().cloned().ok_or_else(|| SqlErr::new(format!("no column {name}")))
}

/// Names in the query that the frame has a column for. Some may be the query's own: then they only split the rows finer.
fn outer_names(query: &Query, frame: &Frame) -> Vec<(Option<String>, String)> {
    let mut names: Vec<(Option<String>, String)> = Vec::new();
    let _ = visit_expressions(query, |expr| {
        let name = match expr {
            Expr::Identifier(name) => Some((None, name.value.clone())),
            Expr::CompoundIdentifier(parts) => match parts.as_slice() {
                [relation, name] => Some((Some(relation.value.clone()), name.value.clone())),
                _ => None,
            },
            _ => None,
        };
        if let Some((relation, name)) = name
            && matches!(frame.find(relation.as_deref(), &name), Ok(Some(_)))
            && !names.contains(&(relation.clone(), name.clone()))
        {
            names.push((relation, name));
        }
        ControlFlow::<()>::Continue(())
    });
    names
}

/// The one column of a query that stands where a value is expected.
fn only_column(table: &Table) -> Res<Column> {
    let mut columns = table.columns();
    match (columns.next(), columns.next()) {
        (Some((_, column)), None) => Ok(column.clone()),
        _ => Err(SqlErr::new("a query that stands for a value has one column")),
    }
}

pub(super) fn scalar(query: &Query, frame: &Frame, scope: &Scope<'_>) -> Res<Column> {
    let Answers { tables, of_row } = answers(query, frame, scope)?;
    let mut values: Option<Column> = None;
    for table in &tables {
        let column = only_column(table)?;
        let one = match column.len() {
            0 => Column::nulls(column.ty(), 1),
            1 => column,
            _ => return Err(SqlErr::new("the query gives more than one row where one value is expected")),
        };
        values = Some(match values {
            None => one,
            Some(before) => below(&before, &one).ok_or_else(|| SqlErr::new("the query gives different types"))?,
        });
    }
    Ok(values.map_or_else(|| Column::Null(frame.rows), |values| values.take(&index(of_row))))
}

pub(super) fn exists(query: &Query, negated: bool, frame: &Frame, scope: &Scope<'_>) -> Res<Column> {
    let Answers { tables, of_row } = answers(query, frame, scope)?;
    Ok(bools(of_row.into_iter().map(|at| Some((0 < tables[at as usize].rows()) != negated))))
}

/// `x in (…)`: true when one of the values equals x, null when that cannot be told, false otherwise.
pub(super) fn is_in(value: &Column, query: &Query, negated: bool, frame: &Frame, scope: &Scope<'_>) -> Res<Column> {
    let Answers { tables, of_row } = answers(query, frame, scope)?;
    let mut out: Vec<Option<bool>> = vec![None; frame.rows];
    let mut members: Vec<Vec<IdxSize>> = vec![Vec::new(); tables.len()];
    for (row, at) in of_row.iter().enumerate() {
        members[*at as usize].push(row as IdxSize);
    }
    for (table, rows) in tables.iter().zip(members) {
        let list = only_column(table)?;
        let own = value.take(&index(rows.clone()));
        for (row, hit) in rows.into_iter().zip(in_list(&own, &list)?) {
            out[row as usize] = hit.map(|hit| hit != negated);
        }
    }
    Ok(bools(out.into_iter()))
}

fn in_list(values: &Column, list: &Column) -> Res<Vec<Option<bool>>> {
    if list.is_empty() {
        return Ok(vec![Some(false); values.len()]);
    }
    let all = below(values, list).ok_or_else(|| SqlErr::new("the sides of in have different types"))?.in_one_piece();
    if all.ty() == Ty::Null {
        return Ok(vec![None; values.len()]);
    }
    // Equal values share a group; comparing with itself refuses what does not compare, such as NaN.
    let _ = compare(&all, Comparison::Eq, &all)?;
    let present: Vec<bool> = all.is_not_null().iter().map(|b| b == Some(true)).collect();
    let groups = Groups::by(&[all], present.len());
    let mut listed = vec![false; groups.len()];
    let mut null_listed = false;
    for row in values.len()..present.len() {
        if present[row] {
            listed[groups.of_row[row] as usize] = true;
        } else {
            null_listed = true;
        }
    }
    let hit = |row: usize| match (present[row], present[row] && listed[groups.of_row[row] as usize]) {
        (false, _) => None,
        (true, true) => Some(true),
        (true, false) => (!null_listed).then_some(false),
    };
    Ok((0..values.len()).map(hit).collect())
}
