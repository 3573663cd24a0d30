//! Scalar expressions: one value per row.

use polars::prelude::{BooleanChunked, IdxSize};
use sqlparser::ast::{
    BinaryOperator, CaseWhen, CastKind, CeilFloorKind, DataType as SqlType, DateTimeField, Expr, Function, FunctionArguments,
    TrimWhereField, UnaryOperator, Value as Literal,
};

use super::{
    calls::{aggregate_of, check, plain_args},
    frame::Frame,
    place::refuse,
    scope::Scope,
    subquery,
    tree::is_constant,
};
use crate::{
    column::Column,
    error::{Res, SqlErr},
    kernel::{
        arithmetic::{Arithmetic, arithmetic, joined, negative},
        call::call,
        cast::{cast, common, try_cast},
        compare::{Comparison, compare, distinct_from, like},
        date,
        logic::{self, Joint, joint, known},
    },
    value::{Ty, Value},
};

/// Whatever goes wrong inside of `expr` and has no place of its own, goes wrong at `expr`.
pub(super) fn eval(expr: &Expr, frame: &Frame, scope: &Scope<'_>) -> Res<Column> {
    worked_out(expr, frame, scope).map_err(|err| err.at(expr))
}

fn worked_out(expr: &Expr, frame: &Frame, scope: &Scope<'_>) -> Res<Column> {
    if let Some(column) = frame.known(expr) {
        return Ok(column.clone());
    }
    // What is the same for every row is worked out once.
    if 1 < frame.rows && !matches!(expr, Expr::Value(_)) && is_constant(expr) {
        return Ok(eval(expr, &Frame::unit(), scope)?.spread(frame.rows));
    }
    let sub = |expr: &Expr| eval(expr, frame, scope);
    match expr {
        Expr::Identifier(name) => column(frame, None, &name.value, scope),
        Expr::CompoundIdentifier(parts) => match parts.as_slice() {
            [relation, name] => column(frame, Some(&relation.value), &name.value, scope),
            _ => refuse(expr, "names have at most two parts: table.column"),
        },
        Expr::Nested(inner) => sub(inner),
        Expr::Value(literal) => Ok(Column::repeat(&literal_value(&literal.value, scope)?, frame.rows)),
        Expr::TypedString { data_type, value } => {
            let Some(text) = value.value.clone().into_string() else { return refuse(expr, "a quoted text is needed") };
            cast(&Column::repeat(&Value::Text(text), frame.rows), ty_of(data_type, expr)?)
        }
        Expr::UnaryOp { op, expr: inner } => unary(op, &sub(inner)?),
        Expr::BinaryOp { left, op, right } => binary(left, op, right, frame, scope),
        Expr::IsNull(inner) => Ok(Column::Bool(sub(inner)?.is_null())),
        Expr::IsNotNull(inner) => Ok(Column::Bool(sub(inner)?.is_not_null())),
        Expr::IsTrue(inner) => is(&sub(inner)?, |b| b == Some(true), expr),
        Expr::IsFalse(inner) => is(&sub(inner)?, |b| b == Some(false), expr),
        Expr::IsNotTrue(inner) => is(&sub(inner)?, |b| b != Some(true), expr),
        Expr::IsNotFalse(inner) => is(&sub(inner)?, |b| b != Some(false), expr),
        Expr::IsDistinctFrom(a, b) => distinct_from(&sub(a)?, &sub(b)?, false),
        Expr::IsNotDistinctFrom(a, b) => distinct_from(&sub(a)?, &sub(b)?, true),
        Expr::Between { expr: inner, negated, low, high } => {
            let test = |how, bound| {
                let (value, bound) = compared(inner, bound, frame, scope)?;
                compare(&value, how, &bound).map(Column::Bool)
            };
            negated_if(*negated, joint(&test(Comparison::GtEq, low)?, Joint::And, &test(Comparison::LtEq, high)?)?, expr)
        }
        Expr::InList { expr: inner, list, negated } => negated_if(*negated, in_list(&sub(inner)?, list, frame, scope)?, expr),
        Expr::InSubquery { expr: inner, subquery, negated } => subquery::is_in(&sub(inner)?, subquery, *negated, frame, scope),
        Expr::Exists { subquery, negated } => subquery::exists(subquery, *negated, frame, scope),
        Expr::Subquery(query) => subquery::scalar(query, frame, scope),
        Expr::Like { negated, any: false, expr: inner, pattern, escape_char: None } => {
            like(&sub(inner)?, &sub(pattern)?, *negated, false)
        }
        Expr::ILike { negated, any: false, expr: inner, pattern, escape_char: None } => {
            like(&sub(inner)?, &sub(pattern)?, *negated, true)
        }
        Expr::Case { operand, conditions, else_result, case_token: _, end_token: _ } => {
            let operand = operand.as_deref().map(sub).transpose()?;
            case(operand.as_ref(), conditions, else_result.as_deref(), frame, scope)
        }
        Expr::Cast { kind, expr: inner, data_type, format: None } => cast_of(kind, inner, ty_of(data_type, expr)?, frame, scope),
        Expr::Function(function) => function_of(function, frame, scope),
        other => spelt_out(other, frame, scope),
    }
}

/// Functions that SQL writes in a way of their own.
fn spelt_out(expr: &Expr, frame: &Frame, scope: &Scope<'_>) -> Res<Column> {
    const PLAIN: CeilFloorKind = CeilFloorKind::DateTimeField(DateTimeField::NoDateTime);
    let sub = |expr: &Expr| eval(expr, frame, scope);
    match expr {
        Expr::Floor { expr: inner, field } if *field == PLAIN => call("floor", &[sub(inner)?], frame.rows),
        Expr::Ceil { expr: inner, field } if *field == PLAIN => call("ceil", &[sub(inner)?], frame.rows),
        Expr::Trim { expr: inner, trim_where, trim_what: None, trim_characters: None } => {
            let name = match trim_where {
                None | Some(TrimWhereField::Both) => "trim",
                Some(TrimWhereField::Leading) => "ltrim",
                Some(TrimWhereField::Trailing) => "rtrim",
            };
            call(name, &[sub(inner)?], frame.rows)
        }
        Expr::Position { expr: part, r#in: text } => call("strpos", &[sub(text)?, sub(part)?], frame.rows),
        Expr::Extract { field, expr: inner, syntax: _ } => date::part_of(&field.to_string().to_ascii_lowercase(), &sub(inner)?),
        Expr::Substring { expr: inner, substring_from: Some(from), substring_for, special: _, shorthand: _ } => {
            let mut args = vec![sub(inner)?, sub(from)?];
            if let Some(len) = substring_for {
                args.push(sub(len)?);
            }
            call("substr", &args, frame.rows)
        }
        other => refuse(other, format!("not supported: {other}")),
    }
}

fn function_of(function: &Function, frame: &Frame, scope: &Scope<'_>) -> Res<Column> {
    let name = function.name.to_string().to_ascii_lowercase();
    if name.starts_with("date_trunc") {
        return Err(SqlErr::new("date_trunc gives a timestamp: write cast(date_trunc(…) as date)"));
    }
    let plain = function.over.is_none()
        && function.filter.is_none()
        && function.null_treatment.is_none()
        && function.within_group.is_empty()
        && matches!(function.parameters, FunctionArguments::None)
        && !function.uses_odbc_syntax;
    if !plain || aggregate_of(function).is_some() {
        return Err(SqlErr::new(format!("{name}: a window or an aggregate is not allowed here")));
    }
    // Before its arguments: what is wrong with them may only be that nothing takes them.
    check(&name)?;
    call(&name, &args_of(function, frame, scope)?, frame.rows)
}

fn args_of(function: &Function, frame: &Frame, scope: &Scope<'_>) -> Res<Vec<Column>> {
    plain_args(function)?.into_iter().map(|arg| eval(arg, frame, scope)).collect()
}

fn cast_of(kind: &CastKind, inner: &Expr, ty: Ty, frame: &Frame, scope: &Scope<'_>) -> Res<Column> {
    // DuckDB's date_trunc gives a timestamp; only as a date is it ours.
    if let (Expr::Function(function), Ty::Date) = (inner, ty)
        && function.name.to_string().eq_ignore_ascii_case("date_trunc")
    {
        return call("date_trunc_to_date", &args_of(function, frame, scope)?, frame.rows);
    }
    let value = eval(inner, frame, scope)?;
    match kind {
        CastKind::Cast | CastKind::DoubleColon => cast(&value, ty),
        CastKind::TryCast => try_cast(&value, ty),
        CastKind::SafeCast => Err(SqlErr::new("write try_cast(… as …)")),
    }
}

fn unary(op: &UnaryOperator, value: &Column) -> Res<Column> {
    let done = match op {
        UnaryOperator::Minus => negative(value),
        UnaryOperator::Plus => matches!(value, Column::Int(_) | Column::Float(_) | Column::Null(_)).then(|| Ok(value.clone())),
        UnaryOperator::Not => match value {
            Column::Bool(values) => Some(Ok(Column::Bool(!values))),
            Column::Null(_) => Some(Ok(value.clone())),
            _ => None,
        },
        _ => None,
    };
    done.unwrap_or_else(|| Err(SqlErr::new(format!("{op} does not apply to {:?}", value.ty()))))
}

fn binary(left: &Expr, op: &BinaryOperator, right: &Expr, frame: &Frame, scope: &Scope<'_>) -> Res<Column> {
    use BinaryOperator as Op;
    if let Some(how) = comparison(op) {
        let (left, right) = compared(left, right, frame, scope)?;
        return compare(&left, how, &right).map(Column::Bool);
    }
    let (left, right) = (eval(left, frame, scope)?, eval(right, frame, scope)?);
    let op = match op {
        Op::And => return joint(&left, Joint::And, &right),
        Op::Or => return joint(&left, Joint::Or, &right),
        Op::StringConcat => return joined(&left, &right),
        Op::Plus => Arithmetic::Plus,
        Op::Minus => Arithmetic::Minus,
        Op::Multiply => Arithmetic::Multiply,
        Op::Divide => Arithmetic::Divide,
        Op::Modulo => Arithmetic::Modulo,
        Op::DuckIntegerDivide => Arithmetic::WholeDivide,
        other => return Err(SqlErr::new(format!("operator {other} is not supported"))),
    };
    arithmetic(&left, op, &right)
}

fn comparison(op: &BinaryOperator) -> Option<Comparison> {
    Some(match op {
        BinaryOperator::Eq => Comparison::Eq,
        BinaryOperator::NotEq => Comparison::NotEq,
        BinaryOperator::Lt => Comparison::Lt,
        BinaryOperator::LtEq => Comparison::LtEq,
        BinaryOperator::Gt => Comparison::Gt,
        BinaryOperator::GtEq => Comparison::GtEq,
        _ => return None,
    })
}

/// The sides of a comparison. A constant beside a column stays one value: the comparison spreads it.
fn compared(left: &Expr, right: &Expr, frame: &Frame, scope: &Scope<'_>) -> Res<(Column, Column)> {
    let side = |expr: &Expr, other: &Expr| {
        if is_constant(expr) && !is_constant(other) {
            let one = eval(expr, &Frame::unit(), scope)?;
            if one.ty() != Ty::Null {
                return Ok(one);
            }
        }
        eval(expr, frame, scope)
    };
    Ok((side(left, right)?, side(right, left)?))
}

/// `x in (a, b)` is `x = a or x = b`, nulls included: null unless one of them is true.
fn in_list(value: &Column, list: &[Expr], frame: &Frame, scope: &Scope<'_>) -> Res<Column> {
    if let Some(any) = listed(value, list, scope)? {
        return Ok(Column::Bool(any));
    }
    let mut any = Column::repeat(&Value::Bool(false), frame.rows);
    for item in list {
        let other = eval(item, frame, scope)?;
        let equal = compare(value, Comparison::Eq, &other).map_err(|err| err.at(item))?;
        any = joint(&any, Joint::Or, &Column::Bool(equal))?;
    }
    Ok(any)
}

/// `x in ('a', 'b')`, where all that is listed is of the type of `x`; `None` for any other list.
fn listed(value: &Column, list: &[Expr], scope: &Scope<'_>) -> Res<Option<BooleanChunked>> {
    let mut items = Vec::with_capacity(list.len());
    for item in list {
        let Expr::Value(literal) = item else { return Ok(None) };
        items.push(literal_value(&literal.value, scope).map_err(|err| err.at(item))?);
    }
    Ok(match value {
        Column::Text(values) => {
            let items: Option<Vec<&str>> =
                items.iter().map(|item| if let Value::Text(text) = item { Some(text.as_str()) } else { None }).collect();
            items.map(|items| values.iter().map(|text| text.map(|text| items.contains(&text))).collect())
        }
        Column::Int(values) => {
            let items: Option<Vec<i64>> = items.iter().map(|item| if let Value::Int(n) = item { Some(*n) } else { None }).collect();
            items.map(|items| values.iter().map(|n| n.map(|n| items.contains(&n))).collect())
        }
        _ => None,
    })
}

/// A condition as a mask in which unknown counts as false.
pub(super) fn mask(expr: &Expr, frame: &Frame, scope: &Scope<'_>) -> Res<BooleanChunked> {
    let value = eval(expr, frame, scope)?;
    Ok(known(truth(&value, expr)?))
}

fn truth(value: &Column, node: &Expr) -> Res<BooleanChunked> {
    logic::truth(value).ok_or_else(|| SqlErr::new(format!("a condition is needed, not {:?}", value.ty())).at(node))
}

fn is(value: &Column, wanted: fn(Option<bool>) -> bool, node: &Expr) -> Res<Column> {
    Ok(Column::Bool(truth(value, node)?.iter().map(|b| Some(wanted(b))).collect()))
}

fn negated_if(negated: bool, condition: Column, node: &Expr) -> Res<Column> {
    if negated { Ok(Column::Bool(!&truth(&condition, node)?)) } else { Ok(condition) }
}

fn column(frame: &Frame, relation: Option<&str>, name: &str, scope: &Scope<'_>) -> Res<Column> {
    match frame.find(relation, name) {
        Ok(Some(column)) => Ok(column.clone()),
        Ok(None) => {
            if let Some(value) = scope.outer(relation, name) {
                return Ok(Column::repeat(value, frame.rows));
            }
            if frame.grouped.iter().any(|grouped| grouped.eq_ignore_ascii_case(name)) {
                let why = "is different from row to row of a group: put it into group by or into an aggregate such as max";
                return Err(SqlErr::new(format!("{name} {why}")));
            }
            let names = scope.all_columns();
            let wanted = relation.map_or_else(|| name.to_owned(), |relation| format!("{relation}.{name}"));
            Err(SqlErr::new(match names.as_slice() {
                [] => format!("no column {wanted}: there is no table here to take it from"),
                names => format!("no column {wanted}; there are: {}", names.join(", ")),
            }))
        }
        Err(reason) => Err(SqlErr::new(reason)),
    }
}

fn literal_value(literal: &Literal, scope: &Scope<'_>) -> Res<Value> {
    Ok(match literal {
        Literal::Number(text, false) => match text.parse::<i64>() {
            Ok(n) => Value::Int(n),
            // DuckDB reads 1.5 as a decimal. It is refused until decimals are ours too; 1.5e0 is a double in both.
            Err(_) if text.contains(['e', 'E']) => {
                Value::Float(text.parse().map_err(|_| SqlErr::new(format!("{text} is no number")))?)
            }
            Err(_) => return Err(SqlErr::new(format!("{text}: decimals are not supported, write {text}e0 for a double"))),
        },
        Literal::SingleQuotedString(text) => Value::Text(text.clone()),
        Literal::Boolean(b) => Value::Bool(*b),
        Literal::Null => Value::Null,
        Literal::Placeholder(name) => match scope.params.get(name.trim_start_matches([':', '$'])) {
            Some(value) => value,
            None => return Err(SqlErr::new(format!("no value was given for {name}"))),
        },
        other => return Err(SqlErr::new(format!("not supported: {other}"))),
    })
}

fn ty_of(data_type: &SqlType, node: &Expr) -> Res<Ty> {
    Ok(match data_type {
        SqlType::BigInt(None) | SqlType::Int(None) | SqlType::Integer(None) => Ty::Int,
        SqlType::Double(_) | SqlType::DoublePrecision => Ty::Float,
        SqlType::Varchar(None) | SqlType::Text => Ty::Text,
        SqlType::Boolean | SqlType::Bool => Ty::Bool,
        SqlType::Date => Ty::Date,
        other => return refuse(node, format!("cast to {other} is not supported")),
    })
}

fn case(
    operand: Option<&Column>,
    conditions: &[CaseWhen],
    else_result: Option<&Expr>,
    frame: &Frame,
    scope: &Scope<'_>,
) -> Res<Column> {
    let mut taken: BooleanChunked = (0..frame.rows).map(|_| Some(false)).collect();
    let mut arms = Vec::with_capacity(conditions.len());
    for CaseWhen { condition, result } in conditions {
        let open = !&taken;
        let test = on_rows(condition, frame, scope, &open)?;
        let test = match operand {
            None => truth(&test, condition)?,
            Some(operand) => compare(operand, Comparison::Eq, &test)?,
        };
        let hit = &known(test) & &open;
        arms.push((on_rows(result, frame, scope, &hit)?, hit.clone()));
        taken = &taken | &hit;
    }
    let mut out = match else_result {
        Some(expr) => on_rows(expr, frame, scope, &!&taken)?,
        None => Column::Null(frame.rows),
    };
    let mut ty = out.ty();
    for (result, _) in &arms {
        ty = common(ty, result.ty()).ok_or_else(|| SqlErr::new("the results of this case have different types"))?;
    }
    out = cast(&out, ty)?;
    for (result, hit) in arms {
        out = cast(&result, ty)?.where_else(&hit, &out)?;
    }
    Ok(out)
}

/// `expr` where `wanted` holds; elsewhere anything. Working it out everywhere is quicker, unless it fails on a row that
/// nobody asked about: `case when n > 0 then 1 // n end` divides by nothing but what is above zero.
fn on_rows(expr: &Expr, frame: &Frame, scope: &Scope<'_>, wanted: &BooleanChunked) -> Res<Column> {
    let everywhere = eval(expr, frame, scope);
    if everywhere.is_ok() {
        return everywhere;
    }
    let some = eval(expr, &frame.filter(wanted), scope)?;
    let mut next = 0;
    let places: Vec<Option<IdxSize>> = wanted
        .iter()
        .map(|wanted| {
            (wanted == Some(true)).then(|| {
                next += 1;
                next - 1
            })
        })
        .collect();
    Ok(some.pick(&places))
}
