//! Whole queries: with, the body, order by, limit.

use polars::prelude::IdxSize;
use sqlparser::ast::{Expr, LimitClause, OrderBy, OrderByKind, Query, SetExpr, SetQuantifier, Value as Literal, Values, With};

use super::{
    expr::eval,
    frame::Frame,
    from::named_columns,
    group::sort_keys,
    place::refuse,
    scope::Scope,
    select::select,
    selected::{Selected, combined},
    tree::{bare, is_signed_constant},
};
use crate::{
    column::{Column, Columns},
    error::{Res, SqlErr},
    kernel::{cast::below, order::sorted_rows},
    table::Table,
};

pub(super) fn query(query: &Query, mut scope: Scope<'_>) -> Res<Table> {
    let Query { with, body, order_by, limit_clause, fetch, locks, for_clause, settings, format_clause, pipe_operators } = query;
    if fetch.is_some()
        || !locks.is_empty()
        || for_clause.is_some()
        || settings.is_some()
        || format_clause.is_some()
        || !pipe_operators.is_empty()
    {
        return refuse(query, "this clause after a query is not supported");
    }
    if let Some(with) = with {
        define(with, query, &mut scope)?;
    }
    let mut selected = self::body(body, &scope)?;
    let mut order: Option<Vec<IdxSize>> = None;
    if let Some(order_by) = order_by {
        order = Some(ordered(order_by, query, &selected, &scope)?);
        scope.step(|| format!("order by {order_by}").replace("order by ORDER BY", "order by"), selected.rows);
    }
    if let Some(limit) = limit_clause {
        let all = order.unwrap_or_else(|| (0..selected.rows as IdxSize).collect());
        let kept = limited(limit, query, all, &scope)?;
        scope.step(|| "limit".to_owned(), kept.len());
        order = Some(kept);
    }
    if let Some(order) = order {
        selected = selected.take(order);
    }
    Ok(selected.into_table())
}

/// Makes the tables of a `with` known.
fn define(with: &With, query: &Query, scope: &mut Scope<'_>) -> Res<()> {
    if with.recursive {
        return refuse(query, "recursive queries are not supported");
    }
    for cte in &with.cte_tables {
        let table = scope.nested().answer(&cte.query)?;
        let table = named_columns(table, &cte.alias).map_err(|err| err.at_name(&cte.alias.name))?;
        scope.step(|| format!("with {}", cte.alias.name.value), table.rows());
        scope.define(&cte.alias.name.value, table);
    }
    Ok(())
}

/// The rows in the order that is asked for.
fn ordered(order_by: &OrderBy, query: &Query, selected: &Selected, scope: &Scope<'_>) -> Res<Vec<IdxSize>> {
    let OrderByKind::Expressions(keys) = &order_by.kind else {
        return refuse(query, "order by all is not supported");
    };
    Ok(sorted_rows(&sort_keys(keys, |expr| sort_value(expr, selected, scope))?, selected.rows))
}

fn limited(limit: &LimitClause, query: &Query, rows: Vec<IdxSize>, scope: &Scope<'_>) -> Res<Vec<IdxSize>> {
    let LimitClause::LimitOffset { limit, offset, limit_by } = limit else {
        return refuse(query, "write limit … offset …");
    };
    if !limit_by.is_empty() {
        return refuse(query, "limit by is not supported");
    }
    let offset = offset.as_ref().map_or(Ok(0), |offset| whole(&offset.value, scope))?;
    let limit = limit.as_ref().map_or(Ok(usize::MAX), |limit| whole(limit, scope))?;
    Ok(rows.into_iter().skip(offset).take(limit).collect())
}

fn whole(expr: &Expr, scope: &Scope<'_>) -> Res<usize> {
    let n = match eval(expr, &Frame::unit(), scope)? {
        Column::Int(values) => values.get(0),
        _ => None,
    };
    n.and_then(|n| usize::try_from(n).ok()).ok_or_else(|| SqlErr::new("a whole number from 0 is needed").at(expr))
}

/// What rows are sorted by: a column by its place or its name, or something worked out from what it was selected from.
fn sort_value(expr: &Expr, selected: &Selected, scope: &Scope<'_>) -> Res<Column> {
    let Selected { columns, frame, rows } = selected;
    if matches!(bare(expr), Expr::UnaryOp { .. }) && is_signed_constant(expr) {
        return refuse(expr, "there is no such column");
    }
    if let Expr::Value(literal) = bare(expr)
        && let Literal::Number(text, _) = &literal.value
    {
        let at: usize = text.parse().map_err(|_| SqlErr::new("a column's position is needed").at(expr))?;
        return match at.checked_sub(1).and_then(|at| columns.get(at)) {
            Some((_, column)) => Ok(column.clone()),
            None => refuse(expr, "there is no such column"),
        };
    }
    if let Expr::Identifier(name) = expr
        && let Some((_, column)) = columns.iter().find(|(own, _)| own.eq_ignore_ascii_case(&name.value))
    {
        return Ok(column.clone());
    }
    match frame {
        Some(frame) => eval(expr, frame, scope),
        None => eval(expr, &Frame::of_columns(columns, *rows), scope),
    }
}

fn body(body: &SetExpr, scope: &Scope<'_>) -> Res<Selected> {
    match body {
        SetExpr::Select(body) => select(body, scope),
        SetExpr::Query(query) => scope.nested().answer(query).map(Selected::of_table),
        SetExpr::Values(Values { explicit_row: _, rows }) => values(rows, scope).map(Selected::of_table),
        SetExpr::SetOperation { op, set_quantifier, left, right } => {
            if !matches!(set_quantifier, SetQuantifier::All | SetQuantifier::None | SetQuantifier::Distinct) {
                return refuse(body, format!("{op} by name is not supported"));
            }
            combined(self::body(left, scope)?, op, set_quantifier, self::body(right, scope)?, body)
        }
        other => refuse(other, "this form of query is not supported"),
    }
}

fn values(rows: &[Vec<Expr>], scope: &Scope<'_>) -> Res<Table> {
    let width = rows.first().map_or(0, Vec::len);
    let mut columns: Vec<Option<Column>> = vec![None; width];
    for row in rows {
        if row.len() != width {
            let reason = "every row of values needs the same number of columns";
            return Err(row.first().map_or_else(|| SqlErr::new(reason), |first| SqlErr::new(reason).at(first)));
        }
        for (expr, column) in row.iter().zip(&mut columns) {
            let cell = eval(expr, &Frame::unit(), scope)?;
            *column = Some(match column.take() {
                None => cell,
                Some(before) => match below(&before, &cell) {
                    Some(all) => all,
                    None => return refuse(expr, "the values of a column need one type"),
                },
            });
        }
    }
    let named = |(at, column): (usize, Column)| (format!("col{at}"), column.in_one_piece());
    let columns: Columns = columns.into_iter().flatten().enumerate().map(named).collect();
    Ok(Table::new(columns))
}
