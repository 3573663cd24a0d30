//! What can be told of a query's tree without its rows.

use std::{collections::BTreeSet, ops::ControlFlow};

use sqlparser::ast::{
    BinaryOperator, Expr, Ident, JoinConstraint, JoinOperator, Query, Select, SelectItem, SetExpr, TableFactor, Visit, Visitor,
};

/// Whether it names nothing: a value, or something worked out from values.
pub(super) fn is_constant(expr: &Expr) -> bool {
    match expr {
        Expr::Value(_) | Expr::TypedString { .. } => true,
        Expr::Nested(inner) | Expr::Cast { expr: inner, .. } | Expr::UnaryOp { expr: inner, .. } => is_constant(inner),
        Expr::BinaryOp { left, right, .. } => is_constant(left) && is_constant(right),
        _ => false,
    }
}

/// The conditions that all have to hold.
pub(super) fn conjuncts<'e>(expr: &'e Expr, out: &mut Vec<&'e Expr>) {
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
pub(super) fn of_one_column(filter: &Expr) -> Option<(&str, &str)> {
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

pub(super) fn listed(exprs: &[Expr]) -> String {
    exprs.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

/// Without the parentheses around it.
pub(super) fn bare(expr: &Expr) -> &Expr {
    match expr {
        Expr::Nested(inner) => bare(inner),
        other => other,
    }
}

/// `-1`, `- (-1)`: a position that no list has, and not a value to sort or group by.
pub(super) fn is_signed_constant(expr: &Expr) -> bool {
    match bare(expr) {
        Expr::UnaryOp { expr, .. } => is_signed_constant(expr),
        other => matches!(other, Expr::Value(_)),
    }
}

/// What a column is called that nobody gave a name.
pub(super) fn output_name(expr: &Expr) -> String {
    match expr {
        Expr::Identifier(Ident { value, .. }) => value.clone(),
        Expr::CompoundIdentifier(parts) => parts.last().map_or_else(|| expr.to_string(), |part| part.value.clone()),
        other => other.to_string(),
    }
}

/// Every name in the query that could be a column, in lower case; `None` when it asks for all columns somewhere. A filter
/// or a join copies what it is given, so a table of thirty columns of which three are named is read as three.
pub(super) fn columns_of(query: &Query) -> Option<BTreeSet<String>> {
    let mut names = Names::default();
    let _ = query.visit(&mut names);
    (!names.all).then_some(names.found)
}

#[derive(Default)]
struct Names {
    found: BTreeSet<String>,
    all: bool,
}

impl Visitor for Names {
    type Break = ();
    fn pre_visit_expr(&mut self, expr: &Expr) -> ControlFlow<()> {
        match expr {
            Expr::Identifier(name) => _ = self.found.insert(name.value.to_ascii_lowercase()),
            Expr::CompoundIdentifier(parts) => self.found.extend(parts.last().map(|name| name.value.to_ascii_lowercase())),
            _ => {}
        }
        ControlFlow::Continue(())
    }
    fn pre_visit_query(&mut self, query: &Query) -> ControlFlow<()> {
        self.body(&query.body);
        ControlFlow::Continue(())
    }
    fn pre_visit_table_factor(&mut self, table: &TableFactor) -> ControlFlow<()> {
        // `t(a, b)` renames by place, so every place counts.
        self.all |= matches!(table, TableFactor::Table { alias: Some(alias), .. } if !alias.columns.is_empty());
        ControlFlow::Continue(())
    }
}

impl Names {
    fn body(&mut self, body: &SetExpr) {
        match body {
            SetExpr::Select(select) => self.select(select),
            SetExpr::SetOperation { left, right, .. } => {
                self.body(left);
                self.body(right);
            }
            // A query is visited for itself.
            _ => {}
        }
    }
    fn select(&mut self, select: &Select) {
        let wildcard = |item: &SelectItem| matches!(item, SelectItem::Wildcard(_) | SelectItem::QualifiedWildcard(..));
        self.all |= select.projection.iter().any(wildcard);
        for join in select.from.iter().flat_map(|from| &from.joins) {
            use JoinOperator as Op;
            if let Op::Join(on)
            | Op::Inner(on)
            | Op::Left(on)
            | Op::LeftOuter(on)
            | Op::Right(on)
            | Op::RightOuter(on)
            | Op::FullOuter(on)
            | Op::Semi(on)
            | Op::Anti(on) = &join.join_operator
                && let JoinConstraint::Using(names) = on
            {
                self.found.extend(names.iter().map(|name| name.to_string().to_ascii_lowercase()));
            }
        }
    }
}
