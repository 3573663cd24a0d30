//! Calls of functions in a query's tree: what they are called with, and where the aggregates and windows among them stand.

use sqlparser::ast::{
    DuplicateTreatment, Expr, Function, FunctionArg, FunctionArgExpr, FunctionArgumentClause, FunctionArguments, OrderByExpr,
    WindowType,
};

use super::place::refuse;
use crate::{
    error::{Res, SqlErr},
    kernel::{aggregate, call, window},
};

/// Refuses a function that is none of ours, and says which there are.
pub(super) fn check(name: &str) -> Res<()> {
    if call::NAMES.contains(&name) {
        return Ok(());
    }
    if window::NAMES.contains(&name) {
        return Err(SqlErr::new(format!("{name} needs a window: {name}(…) over (…)")));
    }
    let (aggregates, functions) = (aggregate::NAMES.join(", "), call::NAMES.join(", "));
    Err(SqlErr::new(format!("there is no function {name} here; aggregates are {aggregates}; functions are {functions}")))
}

/// The arguments of a call that has nothing but positional ones.
pub(super) fn plain_args(function: &Function) -> Res<Vec<&Expr>> {
    let FunctionArguments::List(list) = &function.args else {
        return Err(SqlErr::new(format!("{} needs arguments in parentheses", function.name)));
    };
    if list.duplicate_treatment.is_some() || !list.clauses.is_empty() {
        return Err(SqlErr::new(format!("{}: only plain arguments are supported here", function.name)));
    }
    list.args
        .iter()
        .map(|arg| match arg {
            FunctionArg::Unnamed(FunctionArgExpr::Expr(expr)) => Ok(expr),
            other => Err(SqlErr::new(format!("argument {other} is not supported"))),
        })
        .collect()
}

/// A call of an aggregate: its name and its arguments, `None` for `count(*)`.
pub(super) struct Call<'a> {
    pub(super) name: &'static str,
    pub(super) args: Vec<&'a Expr>,
    pub(super) distinct: bool,
    pub(super) filter: Option<&'a Expr>,
    /// `string_agg(… order by …)`.
    pub(super) order: &'a [OrderByExpr],
}

/// The aggregate that is called, if it is one.
pub(super) fn aggregate_of(function: &Function) -> Option<&'static str> {
    let name = function.name.to_string();
    aggregate::NAMES.into_iter().find(|known| known.eq_ignore_ascii_case(&name))
}

/// Takes the call apart; anything it says beyond arguments, `distinct` and `filter` is refused.
pub(super) fn call_of(function: &Function) -> Res<Call<'_>> {
    let Some(name) = aggregate_of(function) else { return Err(SqlErr::new(format!("{} is no aggregate", function.name))) };
    if function.null_treatment.is_some()
        || !function.within_group.is_empty()
        || !matches!(function.parameters, FunctionArguments::None)
        || function.uses_odbc_syntax
    {
        return Err(SqlErr::new(format!("this form of {name} is not supported")));
    }
    let FunctionArguments::List(list) = &function.args else { return Err(SqlErr::new(format!("{name} needs arguments"))) };
    let order = match (name, list.clauses.as_slice()) {
        (_, []) => &[][..],
        ("string_agg", [FunctionArgumentClause::OrderBy(order)]) => order.as_slice(),
        _ => return Err(SqlErr::new(format!("{name}: clauses among the arguments are not supported"))),
    };
    let mut args = Vec::new();
    for arg in &list.args {
        match arg {
            FunctionArg::Unnamed(FunctionArgExpr::Expr(expr)) => args.push(expr),
            FunctionArg::Unnamed(FunctionArgExpr::Wildcard) if name == "count" && list.args.len() == 1 => {}
            other => return Err(SqlErr::new(format!("{name}({other}) is not supported"))),
        }
    }
    let expected = match name {
        "count" => args.len() <= 1,
        "arg_max" | "arg_min" | "string_agg" => args.len() == 2,
        _ => args.len() == 1,
    };
    let distinct = matches!(list.duplicate_treatment, Some(DuplicateTreatment::Distinct));
    // Joined in an order that nobody said, a text would differ from run to run.
    let ordered = name != "string_agg" || !order.is_empty();
    let takes_distinct = matches!(name, "count" | "sum" | "avg" | "min" | "max") && args.len() == 1;
    if !expected || !ordered || (distinct && !takes_distinct) {
        return Err(SqlErr::new(format!("{name} with these arguments is not supported")));
    }
    Ok(Call { name, args, distinct, filter: function.filter.as_deref(), order })
}

/// Finds the calls of aggregates and of windows in `expr`, each whole.
pub(super) fn calls<'e>(expr: &'e Expr, aggregates: &mut Vec<&'e Expr>, windows: &mut Vec<&'e Expr>) -> Res<()> {
    if let Expr::Function(function) = expr {
        if function.over.is_some() {
            for inner in inside(function) {
                calls(inner, aggregates, &mut Vec::new())?;
            }
            windows.push(expr);
            return Ok(());
        }
        if aggregate_of(function).is_some() {
            aggregates.push(expr);
            return Ok(());
        }
    }
    for child in children(expr) {
        calls(child, aggregates, windows)?;
    }
    Ok(())
}

pub(super) fn forbid_aggregates(expr: &Expr) -> Res<()> {
    let (mut aggregates, mut windows) = (Vec::new(), Vec::new());
    calls(expr, &mut aggregates, &mut windows)?;
    match aggregates.first().or(windows.first()) {
        Some(call) => refuse(*call, "aggregates and windows are not allowed here"),
        None => Ok(()),
    }
}

/// Arguments and window keys of a call.
fn inside(function: &Function) -> Vec<&Expr> {
    let mut out = plain_args(function).unwrap_or_default();
    if let Some(WindowType::WindowSpec(spec)) = &function.over {
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
