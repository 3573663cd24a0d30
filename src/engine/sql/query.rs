//! Whole queries: from, where, group by, having, windows, qualify, select, distinct, set operations, order by, limit.

use polars::prelude::{IdxSize, Series};
use sqlparser::ast::{
    BinaryOperator, Distinct, Expr, Function, GroupByExpr, Ident, Join, JoinConstraint, JoinOperator, LimitClause, OrderByKind,
    Query, Select, SelectFlavor, SelectItem, SelectItemQualifiedWildcardKind, SetExpr, SetOperator, SetQuantifier, TableAlias,
    TableFactor, TableWithJoins, Value as Literal, Values, WildcardAdditionalOptions,
};

use super::{
    agg,
    error::{Res, SqlErr, refuse},
    expr::{cast, common, eval, is_constant, mask},
    frame::{Field, Frame},
    groups::{Groups, matches},
    order::{sort_keys, sorted_rows},
    scope::Scope,
    window,
};
use crate::table::{Table, Ty, index};

pub(super) struct Run<'a> {
    scope: Scope<'a>,
}

/// A select's columns, and the rows they were worked out from, for an `order by` that names something else.
struct Selected {
    columns: Vec<(String, Series)>,
    frame: Option<Frame>,
    rows: usize,
}

impl<'a> Run<'a> {
    pub(super) fn new(scope: Scope<'a>) -> Self {
        Self { scope }
    }

    fn nested(&self) -> Self {
        Run { scope: self.scope.nested() }
    }

    pub(super) fn query(&mut self, query: &Query) -> Res<Table> {
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
            if with.recursive {
                return refuse(query, "recursive queries are not supported");
            }
            for cte in &with.cte_tables {
                let table = self.nested().query(&cte.query)?;
                let table = named_columns(table, &cte.alias).map_err(|err| err.at_name(&cte.alias.name))?;
                self.scope.step(|| format!("with {}", cte.alias.name.value), table.rows());
                self.scope.define(&cte.alias.name.value, table);
            }
        }
        let Selected { mut columns, frame, rows } = self.body(body)?;
        let mut order: Option<Vec<IdxSize>> = None;
        if let Some(order_by) = order_by {
            let OrderByKind::Expressions(keys) = &order_by.kind else {
                return refuse(query, "order by all is not supported");
            };
            let keys = sort_keys(keys, |expr| self.sort_value(expr, &columns, frame.as_ref(), rows))?;
            order = Some(sorted_rows(&keys, rows)?);
            self.scope.step(|| format!("order by {order_by}").replace("order by ORDER BY", "order by"), rows);
        }
        if let Some(limit) = limit_clause {
            let LimitClause::LimitOffset { limit, offset, limit_by } = limit else {
                return refuse(query, "write limit … offset …");
            };
            if !limit_by.is_empty() {
                return refuse(query, "limit by is not supported");
            }
            let offset = offset.as_ref().map_or(Ok(0), |offset| self.whole(&offset.value))?;
            let limit = limit.as_ref().map_or(Ok(usize::MAX), |limit| self.whole(limit))?;
            let all = order.unwrap_or_else(|| (0..rows as IdxSize).collect());
            let kept: Vec<IdxSize> = all.into_iter().skip(offset).take(limit).collect();
            self.scope.step(|| "limit".to_owned(), kept.len());
            order = Some(kept);
        }
        if let Some(order) = order {
            take_rows(&mut columns, order)?;
        }
        distinct_names(&mut columns);
        Ok(Table::new(columns))
    }

    fn whole(&self, expr: &Expr) -> Res<usize> {
        let value = eval(expr, &Frame::unit(), &self.scope)?;
        let n = if Ty::of(&value) == Ty::Int { value.i64().expect("Int").get(0) } else { None };
        n.and_then(|n| usize::try_from(n).ok()).ok_or_else(|| SqlErr::new("a whole number from 0 is needed").at(expr))
    }

    fn sort_value(&self, expr: &Expr, columns: &[(String, Series)], frame: Option<&Frame>, rows: usize) -> Res<Series> {
        if matches!(bare(expr), Expr::UnaryOp { .. }) && is_signed_constant(expr) {
            return refuse(expr, "there is no such column");
        }
        if let Expr::Value(literal) = bare(expr)
            && let Literal::Number(text, _) = &literal.value
        {
            let at: usize = text.parse().map_err(|_| SqlErr::new("a column's position is needed").at(expr))?;
            return match at.checked_sub(1).and_then(|at| columns.get(at)) {
                Some((_, series)) => Ok(series.clone()),
                None => refuse(expr, "there is no such column"),
            };
        }
        if let Expr::Identifier(name) = expr
            && let Some((_, series)) = columns.iter().find(|(own, _)| own.eq_ignore_ascii_case(&name.value))
        {
            return Ok(series.clone());
        }
        match frame {
            Some(frame) => eval(expr, frame, &self.scope),
            None => {
                let fields =
                    columns.iter().map(|(name, data)| Field { relation: None, name: name.clone(), data: data.clone() }).collect();
                eval(expr, &Frame { fields, rows, ..Frame::default() }, &self.scope)
            }
        }
    }

    fn body(&mut self, body: &SetExpr) -> Res<Selected> {
        match body {
            SetExpr::Select(select) => self.select(select),
            SetExpr::Query(query) => {
                let table = self.nested().query(query)?;
                Ok(selected(table))
            }
            SetExpr::Values(Values { explicit_row: _, rows }) => self.values(rows).map(selected),
            SetExpr::SetOperation { op, set_quantifier, left, right } => {
                let distinct = match set_quantifier {
                    SetQuantifier::All => false,
                    SetQuantifier::None | SetQuantifier::Distinct => true,
                    _ => return refuse(body, format!("{op} by name is not supported")),
                };
                let left = self.body(left)?;
                let right = self.body(right)?;
                if left.columns.len() != right.columns.len() {
                    return refuse(body, format!("both sides of {op} need the same number of columns"));
                }
                let mut columns = Vec::with_capacity(left.columns.len());
                for ((name, a), (_, b)) in left.columns.into_iter().zip(right.columns) {
                    let Some(ty) = common(Ty::of(&a), Ty::of(&b)) else {
                        return refuse(body, format!("column {name} has different types on the sides of {op}"));
                    };
                    let mut both = cast(&a, ty)?;
                    both.append(&cast(&b, ty)?).map_err(|err| SqlErr::new(err.to_string()))?;
                    columns.push((name, both.rechunk()));
                }
                let out = Selected { rows: left.rows + right.rows, columns, frame: None };
                match op {
                    SetOperator::Union if distinct => distinct_rows(out),
                    SetOperator::Union => Ok(out),
                    SetOperator::Intersect => {
                        counted_rows(out, left.rows, |left, right| if distinct { left.min(right).min(1) } else { left.min(right) })
                    }
                    SetOperator::Except | SetOperator::Minus => {
                        counted_rows(out, left.rows, |left, right| match (distinct, right) {
                            (true, 0) => left.min(1),
                            (true, _) => 0,
                            (false, right) => left.saturating_sub(right),
                        })
                    }
                }
            }
            other => refuse(other, "this form of query is not supported"),
        }
    }

    fn values(&self, rows: &[Vec<Expr>]) -> Res<Table> {
        let width = rows.first().map_or(0, Vec::len);
        let mut columns: Vec<Option<Series>> = vec![None; width];
        for row in rows {
            if row.len() != width {
                let reason = "every row of values needs the same number of columns";
                return Err(row.first().map_or_else(|| SqlErr::new(reason), |first| SqlErr::new(reason).at(first)));
            }
            for (expr, column) in row.iter().zip(&mut columns) {
                let cell = eval(expr, &Frame::unit(), &self.scope)?;
                *column = Some(match column.take() {
                    None => cell,
                    Some(before) => {
                        let Some(ty) = common(Ty::of(&before), Ty::of(&cell)) else {
                            return refuse(expr, "the values of a column need one type");
                        };
                        let mut all = cast(&before, ty)?;
                        all.append(&cast(&cell, ty)?).map_err(|err| SqlErr::new(err.to_string()))?;
                        all
                    }
                });
            }
        }
        let columns = columns.into_iter().flatten().enumerate();
        Ok(Table::new(columns.map(|(at, series)| (format!("col{at}"), series.rechunk())).collect()))
    }

    fn select(&mut self, select: &Select) -> Res<Selected> {
        let Select {
            select_token: _,
            distinct,
            top,
            top_before_distinct: _,
            projection,
            exclude,
            into,
            from,
            lateral_views,
            prewhere,
            selection,
            group_by,
            cluster_by,
            distribute_by,
            sort_by,
            having,
            named_window,
            qualify,
            window_before_qualify: _,
            value_table_mode,
            connect_by,
            flavor,
        } = select;
        if top.is_some()
            || exclude.is_some()
            || into.is_some()
            || !lateral_views.is_empty()
            || prewhere.is_some()
            || !cluster_by.is_empty()
            || !distribute_by.is_empty()
            || !sort_by.is_empty()
            || !named_window.is_empty()
            || value_table_mode.is_some()
            || connect_by.is_some()
            || *flavor != SelectFlavor::Standard
        {
            return refuse(select, "this clause of select is not supported");
        }
        let mut filters = Vec::new();
        if let Some(condition) = selection {
            conjuncts(condition, &mut filters);
            filters.retain(|filter| of_one_column(filter).is_some());
        }
        let mut frame = match from.as_slice() {
            [] => Frame::unit(),
            [first, rest @ ..] => {
                let mut frame = self.table_with_joins(first, &filters)?;
                for next in rest {
                    frame = cross(&frame, &self.table_with_joins(next, &filters)?);
                }
                frame
            }
        };
        if let Some(condition) = selection {
            forbid_aggregates(condition)?;
            frame = frame.filter(&mask(condition, &frame, &self.scope)?);
            self.scope.step(|| format!("where {condition}"), frame.rows);
        }

        // Expressions that stand after grouping.
        let mut later: Vec<&Expr> = projection
            .iter()
            .filter_map(|item| match item {
                SelectItem::UnnamedExpr(expr) | SelectItem::ExprWithAlias { expr, .. } => Some(expr),
                _ => None,
            })
            .collect();
        later.extend(having.iter().chain(qualify));
        let mut aggregates: Vec<&Expr> = Vec::new();
        let mut windows: Vec<&Expr> = Vec::new();
        for expr in &later {
            calls(expr, &mut aggregates, &mut windows)?;
        }

        let GroupByExpr::Expressions(keys, modifiers) = group_by else {
            return refuse(select, "group by all is not supported");
        };
        if !modifiers.is_empty() {
            return refuse(select, "rollup, cube and grouping sets are not supported");
        }
        if !keys.is_empty() || !aggregates.is_empty() || having.is_some() {
            frame = self.grouped(&frame, keys, projection, &aggregates)?;
            self.scope.step(|| format!("group by {}", listed(keys)), frame.rows);
            if let Some(having) = having {
                frame = frame.filter(&mask(having, &frame, &self.scope)?);
            }
        }
        let mut memo = window::Memo::default();
        for expr in windows {
            if let Expr::Function(function) = expr
                && !frame.computed.iter().any(|(known, _)| known == expr)
            {
                let series = window::window(function, &frame, &self.scope, &mut memo).map_err(|err| err.at(expr))?;
                self.scope.step(|| format!("window {expr}"), frame.rows);
                frame.computed.push((expr.clone(), series));
            }
        }
        if let Some(condition) = qualify {
            frame = frame.filter(&mask(condition, &frame, &self.scope)?);
        }

        let mut columns = Vec::new();
        for item in projection {
            match item {
                SelectItem::UnnamedExpr(expr) => columns.push((output_name(expr), eval(expr, &frame, &self.scope)?)),
                SelectItem::ExprWithAlias { expr, alias } => columns.push((alias.value.clone(), eval(expr, &frame, &self.scope)?)),
                SelectItem::Wildcard(options) => {
                    plain_wildcard(options).map_err(|err| err.at(item))?;
                    columns.extend(frame.fields.iter().map(|field| (field.name.clone(), field.data.clone())));
                }
                SelectItem::QualifiedWildcard(SelectItemQualifiedWildcardKind::ObjectName(name), options) => {
                    plain_wildcard(options).map_err(|err| err.at(item))?;
                    let wanted = name.to_string();
                    let before = columns.len();
                    columns.extend(
                        frame
                            .fields
                            .iter()
                            .filter(|field| field.relation.as_deref().is_some_and(|own| own.eq_ignore_ascii_case(&wanted)))
                            .map(|field| (field.name.clone(), field.data.clone())),
                    );
                    if columns.len() == before {
                        return refuse(name, format!("no table {wanted}"));
                    }
                }
                other => return refuse(other, "this form of select list is not supported"),
            }
        }
        let out = Selected { rows: frame.rows, columns, frame: Some(frame) };
        match distinct {
            None => Ok(out),
            Some(Distinct::Distinct) => distinct_rows(out),
            Some(Distinct::On(_)) => refuse(select, "distinct on is not supported"),
        }
    }

    fn grouped(&self, frame: &Frame, keys: &[Expr], projection: &[SelectItem], aggregates: &[&Expr]) -> Res<Frame> {
        // A key is a position, an alias of the select list, or an expression.
        let mut exprs: Vec<Expr> = Vec::with_capacity(keys.len());
        for key in keys {
            let aliased = |name: &str| {
                projection.iter().find_map(|item| match item {
                    SelectItem::ExprWithAlias { expr, alias } if alias.value.eq_ignore_ascii_case(name) => Some(expr.clone()),
                    _ => None,
                })
            };
            exprs.push(match bare(key) {
                signed @ Expr::UnaryOp { .. } if is_signed_constant(signed) => {
                    return refuse(key, "there is no such column to group by");
                }
                Expr::Value(literal) => {
                    let position = match &literal.value {
                        Literal::Number(text, _) => text.parse::<usize>().ok().and_then(|at| at.checked_sub(1)),
                        _ => None,
                    };
                    match position.and_then(|at| projection.get(at)) {
                        Some(SelectItem::UnnamedExpr(expr) | SelectItem::ExprWithAlias { expr, .. }) => expr.clone(),
                        _ => return refuse(key, "there is no such column to group by"),
                    }
                }
                Expr::Identifier(name) => match frame.find(None, &name.value) {
                    Ok(None) => aliased(&name.value).unwrap_or_else(|| key.clone()),
                    _ => key.clone(),
                },
                _ => key.clone(),
            });
        }
        for expr in &exprs {
            forbid_aggregates(expr)?;
        }
        let values = exprs.iter().map(|expr| eval(expr, frame, &self.scope)).collect::<Res<Vec<_>>>()?;
        let groups = Groups::by(&values, frame.rows);
        let grouped = frame.fields.iter().map(|field| field.name.clone()).collect();
        let mut out = Frame { rows: groups.len(), grouped, ..Frame::default() };
        let firsts = index(groups.first_row.clone());
        for (expr, value) in exprs.into_iter().zip(values) {
            let value = value.take(&firsts).map_err(|err| SqlErr::new(err.to_string()))?;
            match &expr {
                Expr::Identifier(name) => {
                    // Both spellings of a column are the key: `exercise_id` and `sets.exercise_id`.
                    let relation = frame.fields.iter().find(|field| field.name.eq_ignore_ascii_case(&name.value));
                    let relation = relation.and_then(|field| field.relation.clone());
                    out.fields.push(Field { relation, name: name.value.clone(), data: value.clone() });
                }
                Expr::CompoundIdentifier(parts) => {
                    if let [relation, name] = parts.as_slice() {
                        let relation = Some(relation.value.clone());
                        out.fields.push(Field { relation, name: name.value.clone(), data: value.clone() });
                    }
                }
                _ => {}
            }
            out.computed.push((expr, value));
        }
        let mut memo = agg::Memo::default();
        for expr in aggregates {
            if let Expr::Function(function) = expr
                && !out.computed.iter().any(|(known, _)| known == *expr)
            {
                let value = agg::aggregate(function, frame, &groups, &self.scope, &mut memo).map_err(|err| err.at(*expr))?;
                out.computed.push(((*expr).clone(), value));
            }
        }
        Ok(out)
    }

    /// `filters` are conditions that hold of every row that comes out in the end.
    fn table_with_joins(&mut self, from: &TableWithJoins, filters: &[&Expr]) -> Res<Frame> {
        use JoinOperator as Op;
        // A join that keeps rows of its right side turns missing rows of the left side into nulls, and the other way round.
        let keeps_right = |join: &Join| matches!(join.join_operator, Op::Right(_) | Op::RightOuter(_) | Op::FullOuter(_));
        let mut frame = self.factor(&from.relation)?;
        if !from.joins.is_empty() && !from.joins.iter().any(keeps_right) {
            frame = self.early(frame, filters);
        }
        for (at, Join { relation, global, join_operator }) in from.joins.iter().enumerate() {
            if *global {
                return refuse(relation, "global joins are not supported");
            }
            let mut right = self.factor(relation)?;
            if matches!(join_operator, Op::Join(_) | Op::Inner(_) | Op::CrossJoin) && !from.joins[at..].iter().any(keeps_right) {
                right = self.early(right, filters);
            }
            let left = frame.rows;
            let joined = |on, keep| self.join(&frame, &right, on, keep).map_err(|err| err.at(relation));
            frame = match join_operator {
                JoinOperator::CrossJoin => cross(&frame, &right),
                JoinOperator::Join(on) | JoinOperator::Inner(on) => joined(on, Keep::Matches)?,
                JoinOperator::Left(on) | JoinOperator::LeftOuter(on) => joined(on, Keep::Left)?,
                JoinOperator::Right(on) | JoinOperator::RightOuter(on) => joined(on, Keep::Right)?,
                JoinOperator::FullOuter(on) => joined(on, Keep::Both)?,
                JoinOperator::Semi(on) => joined(on, Keep::LeftWithMatch)?,
                JoinOperator::Anti(on) => joined(on, Keep::LeftWithout)?,
                _ => return refuse(relation, "this kind of join is not supported"),
            };
            self.scope.step(|| format!("join {left} with {} of {relation}", right.rows), frame.rows);
        }
        Ok(frame)
    }

    /// The rows that a filter on one of the table's columns rules out need not be joined. What cannot be told here is left
    /// to the `where` itself.
    fn early(&self, mut frame: Frame, filters: &[&Expr]) -> Frame {
        for filter in filters {
            let known =
                of_one_column(filter).is_some_and(|(relation, name)| matches!(frame.find(Some(relation), name), Ok(Some(_))));
            if let (true, Ok(mask)) = (known, mask(filter, &frame, &self.scope)) {
                frame = frame.filter(&mask);
                self.scope.step(|| format!("early {filter}"), frame.rows);
            }
        }
        frame
    }

    fn factor(&mut self, factor: &TableFactor) -> Res<Frame> {
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
                let Some(table) = self.scope.table(&text) else {
                    return refuse(name, format!("no table {text}"));
                };
                self.scope.step(|| format!("read {text}"), table.rows());
                match alias {
                    Some(alias) => Ok(Frame::of_table(
                        &alias.name.value,
                        &named_columns(table, alias).map_err(|err| err.at_name(&alias.name))?,
                    )),
                    None => Ok(Frame::of_table(&text, &table)),
                }
            }
            TableFactor::Derived { lateral: false, subquery, alias } => {
                let table = self.nested().query(subquery)?;
                match alias {
                    Some(alias) => Ok(Frame::of_table(
                        &alias.name.value,
                        &named_columns(table, alias).map_err(|err| err.at_name(&alias.name))?,
                    )),
                    None => Ok(Frame::of_table("", &table)),
                }
            }
            TableFactor::NestedJoin { table_with_joins, alias: None } => self.table_with_joins(table_with_joins, &[]),
            other => refuse(other, "this kind of table is not supported"),
        }
    }

    fn join(&self, left: &Frame, right: &Frame, on: &JoinConstraint, keep: Keep) -> Res<Frame> {
        let mut left_keys = Vec::new();
        let mut right_keys = Vec::new();
        let mut rest: Vec<&Expr> = Vec::new();
        let mut shared: Vec<String> = Vec::new();
        match on {
            JoinConstraint::On(condition) => {
                let mut parts = Vec::new();
                conjuncts(condition, &mut parts);
                for part in parts {
                    if let Expr::BinaryOp { left: a, op: BinaryOperator::Eq, right: b } = part {
                        if let (Ok(a), Ok(b)) = (self.side(a, left), self.side(b, right)) {
                            left_keys.push(a);
                            right_keys.push(b);
                            continue;
                        }
                        if let (Ok(b), Ok(a)) = (self.side(b, left), self.side(a, right)) {
                            left_keys.push(b);
                            right_keys.push(a);
                            continue;
                        }
                    }
                    rest.push(part);
                }
            }
            JoinConstraint::Using(names) => {
                for name in names {
                    let name = name.to_string();
                    let find = |frame: &Frame| frame.find(None, &name).ok().flatten().cloned();
                    let (Some(a), Some(b)) = (find(left), find(right)) else {
                        return Err(SqlErr::new(format!("both sides of the join need a column {name}")));
                    };
                    left_keys.push(a);
                    right_keys.push(b);
                    shared.push(name);
                }
            }
            JoinConstraint::Natural | JoinConstraint::None => {
                return Err(SqlErr::new("a join needs on or using"));
            }
        }
        for (a, b) in left_keys.iter_mut().zip(&mut right_keys) {
            let Some(ty) = common(Ty::of(a), Ty::of(b)) else {
                return Err(SqlErr::new("the sides of a join's equality have different types"));
            };
            (*a, *b) = (cast(a, ty)?, cast(b, ty)?);
        }
        // Pairs that match, in the order of the left side.
        let (mut left_rows, mut right_rows) = if left_keys.is_empty() {
            if JOIN_PAIRS_MAX < left.rows.saturating_mul(right.rows) {
                return Err(SqlErr::new("a join of tables of this size needs an equality between its sides"));
            }
            let pairs = (0..left.rows).flat_map(|a| (0..right.rows).map(move |b| (a as IdxSize, b as IdxSize)));
            pairs.unzip()
        } else {
            matches(&left_keys, &right_keys)
        };
        if !rest.is_empty() {
            let mut pairs = left.take(&index(left_rows.clone()));
            pairs.fields.extend(right.take(&index(right_rows.clone())).fields);
            let mut wanted = vec![true; pairs.rows];
            for part in rest {
                for (wanted, holds) in wanted.iter_mut().zip(&mask(part, &pairs, &self.scope)?) {
                    *wanted &= holds == Some(true);
                }
            }
            let kept =
                |rows: Vec<IdxSize>| rows.into_iter().zip(&wanted).filter(|(_, wanted)| **wanted).map(|(row, _)| row).collect();
            (left_rows, right_rows) = (kept(left_rows), kept(right_rows));
        }
        let matched = |rows: &[IdxSize], len: usize| {
            let mut matched = vec![false; len];
            rows.iter().for_each(|row| matched[*row as usize] = true);
            matched
        };
        if matches!(keep, Keep::LeftWithMatch | Keep::LeftWithout) {
            let wanted = matches!(keep, Keep::LeftWithMatch);
            let rows = matched(&left_rows, left.rows).into_iter().enumerate().filter(|(_, hit)| *hit == wanted);
            return Ok(left.take(&index(rows.map(|(row, _)| row as IdxSize).collect())));
        }
        let mut pairs: Vec<(Option<IdxSize>, Option<IdxSize>)> = Vec::with_capacity(left_rows.len());
        if matches!(keep, Keep::Left | Keep::Both) {
            // A left row without a match stands where it stood.
            let mut at = 0;
            for row in 0..left.rows as IdxSize {
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
            let alone = matched(&right_rows, right.rows).into_iter().enumerate().filter(|(_, hit)| !hit);
            pairs.extend(alone.map(|(row, _)| (None, Some(row as IdxSize))));
        }
        let (left_rows, right_rows): (Vec<_>, Vec<_>) = pairs.into_iter().unzip();
        let mut out = Frame { rows: left_rows.len(), ..Frame::default() };
        for field in &left.fields {
            out.fields.push(Field { data: agg::pick(&field.data, &left_rows)?, ..field.clone() });
        }
        for field in &right.fields {
            let data = agg::pick(&field.data, &right_rows)?;
            match shared.iter().position(|name| field.name.eq_ignore_ascii_case(name)) {
                // A column of `using` is one column: from whichever side has the row.
                Some(_) => {
                    let own = out.fields.iter_mut().find(|own| own.name.eq_ignore_ascii_case(&field.name));
                    if let (Some(own), Keep::Right | Keep::Both) = (own, keep) {
                        let ty = common(Ty::of(&own.data), Ty::of(&data)).expect("joined just now");
                        let (mine, other) = (cast(&own.data, ty)?, cast(&data, ty)?);
                        own.data = mine.zip_with(&mine.is_not_null(), &other).map_err(|err| SqlErr::new(err.to_string()))?;
                    }
                }
                None => out.fields.push(Field { data, ..field.clone() }),
            }
        }
        Ok(out)
    }

    /// One side of a join's equality; what names no column at all is no key.
    fn side(&self, expr: &Expr, frame: &Frame) -> Res<Series> {
        if matches!(expr, Expr::Value(_)) {
            return refuse(expr, "a constant is no key");
        }
        eval(expr, frame, &self.scope)
    }
}

/// Pairs that a join without an equality may look at: a mistake should not fill the memory.
const JOIN_PAIRS_MAX: usize = 4_000_000;

/// What a join keeps beside the pairs that match.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Keep {
    Matches,
    Left,
    Right,
    Both,
    /// `semi join`: left rows that have a match, once.
    LeftWithMatch,
    /// `anti join`: left rows that have none.
    LeftWithout,
}

fn cross(left: &Frame, right: &Frame) -> Frame {
    let left_rows = (0..left.rows).flat_map(|row| std::iter::repeat_n(row as IdxSize, right.rows)).collect();
    let right_rows = (0..left.rows).flat_map(|_| 0..right.rows as IdxSize).collect();
    let mut out = left.take(&index(left_rows));
    out.rows = left.rows * right.rows;
    out.fields.extend(right.take(&index(right_rows)).fields);
    out
}

fn conjuncts<'e>(expr: &'e Expr, out: &mut Vec<&'e Expr>) {
    match expr {
        Expr::BinaryOp { left, op: BinaryOperator::And, right } => {
            conjuncts(left, out);
            conjuncts(right, out);
        }
        Expr::Nested(inner) => conjuncts(inner, out),
        other => out.push(other),
    }
}

/// The table and column of a condition that compares one column with constants, and that no row can make fail.
fn of_one_column(filter: &Expr) -> Option<(&str, &str)> {
    let column = match filter {
        Expr::BinaryOp {
            left,
            op:
                BinaryOperator::Eq
                | BinaryOperator::NotEq
                | BinaryOperator::Lt
                | BinaryOperator::LtEq
                | BinaryOperator::Gt
                | BinaryOperator::GtEq,
            right,
        } => {
            if is_constant(right) {
                left
            } else if is_constant(left) {
                right
            } else {
                return None;
            }
        }
        Expr::IsNull(column) | Expr::IsNotNull(column) => column,
        Expr::InList { expr, list, negated: _ } if list.iter().all(is_constant) => expr,
        _ => return None,
    };
    match &**column {
        Expr::CompoundIdentifier(parts) => match parts.as_slice() {
            [relation, name] => Some((&relation.value, &name.value)),
            _ => None,
        },
        _ => None,
    }
}

fn listed(exprs: &[Expr]) -> String {
    exprs.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

/// Without the parentheses around it.
fn bare(expr: &Expr) -> &Expr {
    match expr {
        Expr::Nested(inner) => bare(inner),
        other => other,
    }
}

/// `-1`, `- (-1)`: a position that no list has, and not a value to sort or group by.
fn is_signed_constant(expr: &Expr) -> bool {
    match bare(expr) {
        Expr::UnaryOp { expr, .. } => is_signed_constant(expr),
        other => matches!(other, Expr::Value(_)),
    }
}

/// Finds the calls of aggregates and of windows in `expr`, each whole.
fn calls<'e>(expr: &'e Expr, aggregates: &mut Vec<&'e Expr>, windows: &mut Vec<&'e Expr>) -> Res<()> {
    if let Expr::Function(function) = expr {
        if function.over.is_some() {
            for inner in inside(function) {
                calls(inner, aggregates, &mut Vec::new())?;
            }
            windows.push(expr);
            return Ok(());
        }
        if agg::name_of(function).is_some() {
            aggregates.push(expr);
            return Ok(());
        }
    }
    for child in children(expr) {
        calls(child, aggregates, windows)?;
    }
    Ok(())
}

fn forbid_aggregates(expr: &Expr) -> Res<()> {
    let (mut aggregates, mut windows) = (Vec::new(), Vec::new());
    calls(expr, &mut aggregates, &mut windows)?;
    match aggregates.first().or(windows.first()) {
        Some(call) => refuse(*call, "aggregates and windows are not allowed here"),
        None => Ok(()),
    }
}

/// Arguments and window keys of a call.
fn inside(function: &Function) -> Vec<&Expr> {
    let mut out = super::func::plain_args(function).unwrap_or_default();
    if let Some(sqlparser::ast::WindowType::WindowSpec(spec)) = &function.over {
        out.extend(&spec.partition_by);
        out.extend(spec.order_by.iter().map(|key| &key.expr));
    }
    out
}

fn children(expr: &Expr) -> Vec<&Expr> {
    match expr {
        Expr::Nested(a)
        | Expr::UnaryOp { expr: a, .. }
        | Expr::IsNull(a)
        | Expr::IsNotNull(a)
        | Expr::IsTrue(a)
        | Expr::IsFalse(a)
        | Expr::IsNotTrue(a)
        | Expr::IsNotFalse(a)
        | Expr::Cast { expr: a, .. }
        | Expr::Extract { expr: a, .. } => vec![a],
        Expr::BinaryOp { left, right, .. } => vec![left, right],
        Expr::Between { expr, low, high, .. } => vec![expr, low, high],
        Expr::InSubquery { expr, .. } => vec![expr],
        Expr::IsDistinctFrom(a, b) | Expr::IsNotDistinctFrom(a, b) => vec![a, b],
        Expr::Like { expr, pattern, .. } | Expr::ILike { expr, pattern, .. } => vec![expr, pattern],
        Expr::Floor { expr, .. } | Expr::Ceil { expr, .. } | Expr::Trim { expr, .. } => vec![expr],
        Expr::Position { expr, r#in } => vec![expr, r#in],
        Expr::InList { expr, list, .. } => std::iter::once(&**expr).chain(list).collect(),
        Expr::Substring { expr, substring_from, substring_for, .. } => {
            let mut out = vec![&**expr];
            out.extend(substring_from.as_deref());
            out.extend(substring_for.as_deref());
            out
        }
        Expr::Case { operand, conditions, else_result, .. } => {
            let mut out: Vec<&Expr> = operand.iter().map(|operand| &**operand).collect();
            out.extend(conditions.iter().flat_map(|arm| [&arm.condition, &arm.result]));
            out.extend(else_result.as_deref());
            out
        }
        Expr::Function(function) => inside(function),
        _ => Vec::new(),
    }
}

fn selected(table: Table) -> Selected {
    let columns = table.columns().map(|(name, series)| (name.to_owned(), series.clone())).collect();
    Selected { rows: table.rows(), columns, frame: None }
}

fn take_rows(columns: &mut [(String, Series)], rows: Vec<IdxSize>) -> Res<()> {
    let rows = index(rows);
    for (_, series) in columns {
        *series = series.take(&rows).map_err(|err| SqlErr::new(err.to_string()))?;
    }
    Ok(())
}

fn distinct_rows(selected: Selected) -> Res<Selected> {
    let keys: Vec<Series> = selected.columns.iter().map(|(_, series)| series.clone()).collect();
    let groups = Groups::by(&keys, selected.rows);
    let mut columns = selected.columns;
    take_rows(&mut columns, groups.first_row.clone())?;
    Ok(Selected { rows: groups.len(), columns, frame: None })
}

/// The rows of the first `left` rows' side that a set operation keeps: of each row, as often as `keep` says of how often it
/// stands on either side.
fn counted_rows(selected: Selected, left: usize, keep: impl Fn(usize, usize) -> usize) -> Res<Selected> {
    let keys: Vec<Series> = selected.columns.iter().map(|(_, series)| series.clone()).collect();
    let groups = Groups::by(&keys, selected.rows);
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
    let kept = rows.len();
    let mut columns = selected.columns;
    take_rows(&mut columns, rows)?;
    Ok(Selected { rows: kept, columns, frame: None })
}

fn named_columns(table: Table, alias: &TableAlias) -> Res<Table> {
    if alias.columns.is_empty() {
        return Ok(table);
    }
    if alias.columns.len() != table.names().len() {
        return Err(SqlErr::new(format!("{} names {} columns, not {}", alias.name, alias.columns.len(), table.names().len())));
    }
    let columns = table.columns().zip(&alias.columns).map(|((_, series), def)| (def.name.value.clone(), series.clone()));
    Ok(Table::new(columns.collect()))
}

fn output_name(expr: &Expr) -> String {
    match expr {
        Expr::Identifier(Ident { value, .. }) => value.clone(),
        Expr::CompoundIdentifier(parts) => parts.last().map_or_else(|| expr.to_string(), |part| part.value.clone()),
        other => other.to_string(),
    }
}

/// A table has each name once; the second `x` becomes `x_1`, as DuckDB has it.
fn distinct_names(columns: &mut [(String, Series)]) {
    for at in 0..columns.len() {
        let taken =
            |name: &str, columns: &[(String, Series)]| columns[..at].iter().any(|(other, _)| other.eq_ignore_ascii_case(name));
        let base = columns[at].0.clone();
        let mut n = 0;
        while taken(&columns[at].0, columns) {
            n += 1;
            columns[at].0 = format!("{base}_{n}");
        }
    }
}

fn plain_wildcard(options: &WildcardAdditionalOptions) -> Res<()> {
    let WildcardAdditionalOptions { wildcard_token: _, opt_ilike, opt_exclude, opt_except, opt_replace, opt_rename } = options;
    if opt_ilike.is_some() || opt_exclude.is_some() || opt_except.is_some() || opt_replace.is_some() || opt_rename.is_some() {
        return Err(SqlErr::new("options after * are not supported"));
    }
    Ok(())
}
