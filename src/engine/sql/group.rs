//! Grouping, and the aggregates of a select.

use std::rc::Rc;

use sqlparser::ast::{Expr, Function, OrderByExpr, SelectItem, Value as Literal};

use super::{
    calls::{Call, call_of, forbid_aggregates},
    expr::{eval, mask},
    frame::{Field, Frame},
    place::refuse,
    scope::Scope,
    tree::{bare, is_signed_constant},
};
use crate::{
    column::{Column, index},
    error::{Res, SqlErr},
    kernel::{
        aggregate::{Members, first_ranked, over_groups, string_agg},
        groups::Groups,
        order::{Ranked, SortKey, sorted_members, sorted_rows},
    },
};

/// One row for each group, with its keys and its aggregates.
pub(super) fn grouped(
    frame: &Frame,
    keys: &[Expr],
    projection: &[SelectItem],
    aggregates: &[&Expr],
    scope: &Scope<'_>,
) -> Res<Frame> {
    let exprs = keys.iter().map(|key| key_of(key, frame, projection)).collect::<Res<Vec<_>>>()?;
    for expr in &exprs {
        forbid_aggregates(expr)?;
    }
    let values = exprs.iter().map(|expr| eval(expr, frame, scope)).collect::<Res<Vec<_>>>()?;
    let groups = Groups::by(&values, frame.rows);
    let before = frame.fields.iter().map(|field| field.name.clone()).collect();
    let mut out = Frame { rows: groups.len(), grouped: before, ..Frame::default() };
    let firsts = index(groups.first_row.clone());
    for (expr, value) in exprs.into_iter().zip(values) {
        let value = value.take(&firsts);
        out.fields.extend(key_field(&expr, &value, frame));
        out.computed.push((expr, value));
    }
    let mut memo = Memo::default();
    for expr in aggregates {
        if let Expr::Function(function) = expr
            && out.known(expr).is_none()
        {
            let value = aggregate(function, frame, &groups, scope, &mut memo).map_err(|err| err.at(*expr))?;
            out.computed.push(((*expr).clone(), value));
        }
    }
    Ok(out)
}

/// A key is a position, an alias of the select list, or an expression.
fn key_of(key: &Expr, frame: &Frame, projection: &[SelectItem]) -> Res<Expr> {
    let aliased = |name: &str| {
        projection.iter().find_map(|item| match item {
            SelectItem::ExprWithAlias { expr, alias } if alias.value.eq_ignore_ascii_case(name) => Some(expr.clone()),
            _ => None,
        })
    };
    Ok(match bare(key) {
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
    })
}

/// The name that a key's column goes by among the groups. Both spellings of a column are the key: `exercise_id` and
/// `sets.exercise_id`.
fn key_field(expr: &Expr, value: &Column, frame: &Frame) -> Option<Field> {
    let (relation, name) = match expr {
        Expr::Identifier(name) => {
            let own = frame.fields.iter().find(|field| field.name.eq_ignore_ascii_case(&name.value));
            (own.and_then(|field| field.relation.clone()), &name.value)
        }
        Expr::CompoundIdentifier(parts) => match parts.as_slice() {
            [relation, name] => (Some(relation.value.clone()), &name.value),
            _ => return None,
        },
        _ => return None,
    };
    Some(Field { relation, name: name.clone(), data: value.clone() })
}

/// `arg_max(…, version)` of twenty columns ranks the rows by version once.
#[derive(Debug, Default)]
struct Memo {
    known: Vec<(Expr, bool, Rc<Ranked>)>,
}

impl Memo {
    fn ranked(&mut self, expr: &Expr, by: &Column, descending: bool, groups: &Groups) -> Res<Rc<Ranked>> {
        if let Some((.., ranked)) = self.known.iter().find(|(known, way, _)| known == expr && *way == descending) {
            return Ok(Rc::clone(ranked));
        }
        let ranked = Rc::new(sorted_members(groups, by, descending)?);
        self.known.push((expr.clone(), descending, Rc::clone(&ranked)));
        Ok(ranked)
    }
}

/// One value per group.
fn aggregate(function: &Function, frame: &Frame, groups: &Groups, scope: &Scope<'_>, memo: &mut Memo) -> Res<Column> {
    let Call { name, args, distinct, filter, order } = call_of(function)?;
    let keep = filter.map(|filter| mask(filter, frame, scope)).transpose()?;
    let values = args.iter().map(|arg| eval(arg, frame, scope)).collect::<Res<Vec<_>>>()?;
    let members = Members::new(groups, keep.as_ref());
    match (name, values.as_slice()) {
        ("string_agg", [value, separator]) => {
            let keys = sort_keys(order, |expr| eval(expr, frame, scope))?;
            string_agg(value, separator, &members, &sorted_rows(&keys, frame.rows))
        }
        ("arg_max" | "arg_min", [arg, by]) => {
            let ranked = memo.ranked(args[1], by, name == "arg_max", groups)?;
            Ok(first_ranked(arg, by, &ranked, &members))
        }
        (name, values) => over_groups(name, distinct, values.first(), members),
    }
}

/// DuckDB's default is nulls last, whichever the direction.
pub(super) fn sort_keys(order: &[OrderByExpr], value: impl Fn(&Expr) -> Res<Column>) -> Res<Vec<SortKey>> {
    order
        .iter()
        .map(|OrderByExpr { expr, options, with_fill }| {
            if with_fill.is_some() {
                return Err(SqlErr::new("with fill is not supported").at(expr));
            }
            let (descending, nulls_first) = (options.asc == Some(false), options.nulls_first == Some(true));
            SortKey { values: value(expr)?, descending, nulls_first }.checked()
        })
        .collect()
}
