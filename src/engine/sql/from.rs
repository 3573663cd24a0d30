//! The tables of a select and their joins, before its `where`.

use sqlparser::ast::{Expr, Join, JoinOperator, TableAlias, TableFactor, TableWithJoins};

use super::{
    expr::mask,
    frame::Frame,
    join::{Keep, cross, join},
    place::refuse,
    scope::Scope,
    tree::{conjuncts, of_one_column},
};
use crate::{
    column::Columns,
    error::{Res, SqlErr},
    table::Table,
};

/// Everything that the select stands on; `selection` will be asked of every row that comes out.
pub(super) fn sources(from: &[TableWithJoins], selection: Option<&Expr>, scope: &Scope<'_>) -> Res<Frame> {
    let mut filters = Vec::new();
    if let Some(condition) = selection {
        conjuncts(condition, &mut filters);
        filters.retain(|filter| of_one_column(filter).is_some());
    }
    let [first, rest @ ..] = from else { return Ok(Frame::unit()) };
    let mut frame = table_with_joins(first, &filters, scope)?;
    for next in rest {
        frame = cross(&frame, &table_with_joins(next, &filters, scope)?);
    }
    Ok(frame)
}

/// `filters` are conditions that hold of every row that comes out in the end.
fn table_with_joins(from: &TableWithJoins, filters: &[&Expr], scope: &Scope<'_>) -> Res<Frame> {
    use JoinOperator as Op;
    // A join that keeps rows of its right side turns missing rows of the left side into nulls, and the other way round.
    let keeps_right = |join: &Join| matches!(join.join_operator, Op::Right(_) | Op::RightOuter(_) | Op::FullOuter(_));
    let mut frame = factor(&from.relation, scope)?;
    if !from.joins.is_empty() && !from.joins.iter().any(keeps_right) {
        frame = early(frame, filters, scope);
    }
    for (at, Join { relation, global, join_operator }) in from.joins.iter().enumerate() {
        if *global {
            return refuse(relation, "global joins are not supported");
        }
        let mut right = factor(relation, scope)?;
        if matches!(join_operator, Op::Join(_) | Op::Inner(_) | Op::CrossJoin) && !from.joins[at..].iter().any(keeps_right) {
            right = early(right, filters, scope);
        }
        let left = frame.rows;
        let joined = |on, keep| join(&frame, &right, on, keep, scope).map_err(|err| err.at(relation));
        frame = match join_operator {
            Op::CrossJoin => cross(&frame, &right),
            Op::Join(on) | Op::Inner(on) => joined(on, Keep::Matches)?,
            Op::Left(on) | Op::LeftOuter(on) => joined(on, Keep::Left)?,
            Op::Right(on) | Op::RightOuter(on) => joined(on, Keep::Right)?,
            Op::FullOuter(on) => joined(on, Keep::Both)?,
            Op::Semi(on) => joined(on, Keep::LeftWithMatch)?,
            Op::Anti(on) => joined(on, Keep::LeftWithout)?,
            _ => return refuse(relation, "this kind of join is not supported"),
        };
        scope.step(|| format!("join {left} with {} of {relation}", right.rows), frame.rows);
    }
    Ok(frame)
}

/// The rows that a filter on one of the table's columns rules out need not be joined. What cannot be told here is left
/// to the `where` itself.
fn early(mut frame: Frame, filters: &[&Expr], scope: &Scope<'_>) -> Frame {
    for filter in filters {
        let known = of_one_column(filter).is_some_and(|(relation, name)| matches!(frame.find(Some(relation), name), Ok(Some(_))));
        if let (true, Ok(mask)) = (known, mask(filter, &frame, scope)) {
            frame = frame.filter(&mask);
            scope.step(|| format!("early {filter}"), frame.rows);
        }
    }
    frame
}

fn factor(factor: &TableFactor, scope: &Scope<'_>) -> Res<Frame> {
    match factor {
        TableFactor::Table {
            name,
            alias,
            args: None,
            with_hints,
            version: None,
            with_ordinality: false,
            partitions,
            json_path: None,
            sample: None,
            index_hints,
        } if with_hints.is_empty() && partitions.is_empty() && index_hints.is_empty() => {
            let text = name.to_string().to_ascii_lowercase();
            let Some(table) = scope.table(&text) else {
                return refuse(name, format!("no table {text}"));
            };
            scope.step(|| format!("read {text}"), table.rows());
            aliased(table, alias.as_ref(), &text)
        }
        TableFactor::Derived { lateral: false, subquery, alias } => {
            let table = scope.nested().answer(subquery)?;
            aliased(table, alias.as_ref(), "")
        }
        TableFactor::NestedJoin { table_with_joins, alias: None } => self::table_with_joins(table_with_joins, &[], scope),
        other => refuse(other, "this kind of table is not supported"),
    }
}

fn aliased(table: Table, alias: Option<&TableAlias>, own: &str) -> Res<Frame> {
    let Some(alias) = alias else { return Ok(Frame::of_table(own, &table)) };
    let table = named_columns(table, alias).map_err(|err| err.at_name(&alias.name))?;
    Ok(Frame::of_table(&alias.name.value, &table))
}

/// The table with the names that the alias gives its columns, if it gives any.
pub(super) fn named_columns(table: Table, alias: &TableAlias) -> Res<Table> {
    if alias.columns.is_empty() {
        return Ok(table);
    }
    if alias.columns.len() != table.names().len() {
        return Err(SqlErr::new(format!("{} names {} columns, not {}", alias.name, alias.columns.len(), table.names().len())));
    }
    let mut columns = Columns::new();
    for ((_, column), def) in table.columns().zip(&alias.columns) {
        let name = &def.name.value;
        if columns.iter().any(|(other, _)| other == name) {
            return Err(SqlErr::new(format!("{} names two columns {name}", alias.name)));
        }
        columns.push((name.clone(), column.clone()));
    }
    Ok(Table::new(columns))
}
