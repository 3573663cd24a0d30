//! Scalar expressions: one value per row.

use chrono::{Datelike as _, NaiveDate};
use polars::prelude::{
    BooleanChunked, ChunkCompareEq as _, ChunkCompareIneq as _, DataType, IntoSeries as _, PlSmallStr, Series, StringChunkedBuilder,
};
use sqlparser::ast::{
    BinaryOperator, CaseWhen, CastKind, DataType as SqlType, DateTimeField, Expr, FunctionArguments, UnaryOperator,
    Value as Literal,
};

use super::{
    agg, date,
    error::{Res, SqlErr, refuse},
    frame::Frame,
    func,
    scope::Scope,
    subquery,
};
use crate::table::{Ty, Value, bools, dates, floats, ints, repeat, texts};

/// Days from 0001-01-01 (chrono's day 1) to 1970-01-01.
const EPOCH: i32 = 719_163;

/// Whatever goes wrong inside of `expr` and has no place of its own, goes wrong at `expr`.
pub(super) fn eval(expr: &Expr, frame: &Frame, scope: &Scope<'_>) -> Res<Series> {
    worked_out(expr, frame, scope).map_err(|err| err.at(expr))
}

fn worked_out(expr: &Expr, frame: &Frame, scope: &Scope<'_>) -> Res<Series> {
    if let Some((_, series)) = frame.computed.iter().find(|(known, _)| known == expr) {
        return Ok(series.clone());
    }
    // What is the same for every row is worked out once.
    if 1 < frame.rows && !matches!(expr, Expr::Value(_)) && is_constant(expr) {
        return Ok(eval(expr, &Frame::unit(), scope)?.new_from_index(0, frame.rows));
    }
    let sub = |expr: &Expr| eval(expr, frame, scope);
    match expr {
        Expr::Identifier(name) => column(frame, None, &name.value, scope).map_err(|err| err.at(expr)),
        Expr::CompoundIdentifier(parts) => match parts.as_slice() {
            [relation, name] => column(frame, Some(&relation.value), &name.value, scope).map_err(|err| err.at(expr)),
            _ => refuse(expr, "names have at most two parts: table.column"),
        },
        Expr::Nested(inner) => sub(inner),
        Expr::Value(literal) => {
            let value = literal_value(&literal.value, scope).map_err(|err| err.at(expr))?;
            Ok(repeat(&value, frame.rows))
        }
        Expr::TypedString { data_type, value } => {
            let Some(text) = value.value.clone().into_string() else { return refuse(expr, "a quoted text is needed") };
            cast(&repeat(&Value::Text(text), frame.rows), ty_of(data_type, expr)?).map_err(|err| err.at(expr))
        }
        Expr::UnaryOp { op, expr: inner } => {
            let value = sub(inner)?;
            match (op, Ty::of(&value)) {
                (UnaryOperator::Minus, Ty::Int) => {
                    let int = value.i64().expect("Int is i64");
                    checked(int.into_iter().map(|n| n.map(|n| n.checked_neg())), expr)
                }
                (UnaryOperator::Minus, Ty::Float) => {
                    Ok(floats(value.f64().expect("Float is f64").into_iter().map(|x| x.map(|x| -x))))
                }
                (UnaryOperator::Plus, Ty::Int | Ty::Float) => Ok(value),
                (UnaryOperator::Not, Ty::Bool) => Ok((!value.bool().expect("Bool is bool")).into_series()),
                (UnaryOperator::Not | UnaryOperator::Minus | UnaryOperator::Plus, Ty::Null) => Ok(value),
                (op, ty) => refuse(expr, format!("{op} does not apply to {ty:?}")),
            }
        }
        Expr::BinaryOp { left, op, right } => {
            let (a, b) = match op {
                BinaryOperator::Eq
                | BinaryOperator::NotEq
                | BinaryOperator::Lt
                | BinaryOperator::LtEq
                | BinaryOperator::Gt
                | BinaryOperator::GtEq => compared(left, right, frame, scope)?,
                _ => (sub(left)?, sub(right)?),
            };
            binary(&a, op, &b).map_err(|err| err.at(expr))
        }
        Expr::IsNull(inner) => Ok(sub(inner)?.is_null().into_series()),
        Expr::IsNotNull(inner) => Ok(sub(inner)?.is_not_null().into_series()),
        Expr::IsTrue(inner) => truth(&sub(inner)?, expr).map(|mask| bools(mask.into_iter().map(|b| Some(b == Some(true))))),
        Expr::IsFalse(inner) => truth(&sub(inner)?, expr).map(|mask| bools(mask.into_iter().map(|b| Some(b == Some(false))))),
        Expr::IsNotTrue(inner) => truth(&sub(inner)?, expr).map(|mask| bools(mask.into_iter().map(|b| Some(b != Some(true))))),
        Expr::IsNotFalse(inner) => truth(&sub(inner)?, expr).map(|mask| bools(mask.into_iter().map(|b| Some(b != Some(false))))),
        Expr::Between { expr: inner, negated, low, high } => {
            let test = |op, bound| {
                let (value, bound) = compared(inner, bound, frame, scope)?;
                binary(&value, &op, &bound).map_err(|err| err.at(expr))
            };
            let (above, below) = (test(BinaryOperator::GtEq, low)?, test(BinaryOperator::LtEq, high)?);
            let both = binary(&above, &BinaryOperator::And, &below)?;
            Ok(if *negated { (!truth(&both, expr)?).into_series() } else { both })
        }
        Expr::InList { expr: inner, list, negated } => {
            // `x in (a, b)` is `x = a or x = b`, nulls included: null unless one of them is true.
            let value = sub(inner)?;
            if let Some(any) = listed(&value, list, scope)? {
                return Ok(if *negated { (!&any).into_series() } else { any.into_series() });
            }
            let mut any = repeat(&Value::Bool(false), frame.rows);
            for item in list {
                let equal = binary(&value, &BinaryOperator::Eq, &sub(item)?).map_err(|err| err.at(item))?;
                any = binary(&any, &BinaryOperator::Or, &equal)?;
            }
            Ok(if *negated { (!truth(&any, expr)?).into_series() } else { any })
        }
        Expr::InSubquery { expr: inner, subquery, negated } => {
            subquery::is_in(&sub(inner)?, subquery, *negated, frame, scope).map_err(|err| err.at(expr))
        }
        Expr::Exists { subquery, negated } => subquery::exists(subquery, *negated, frame, scope).map_err(|err| err.at(expr)),
        Expr::Subquery(query) => subquery::scalar(query, frame, scope).map_err(|err| err.at(expr)),
        Expr::IsDistinctFrom(a, b) => distinct_from(&sub(a)?, &sub(b)?, false).map_err(|err| err.at(expr)),
        Expr::IsNotDistinctFrom(a, b) => distinct_from(&sub(a)?, &sub(b)?, true).map_err(|err| err.at(expr)),
        Expr::Like { negated, any: false, expr: inner, pattern, escape_char: None } => {
            func::like(&sub(inner)?, &sub(pattern)?, *negated, false).map_err(|err| err.at(expr))
        }
        Expr::ILike { negated, any: false, expr: inner, pattern, escape_char: None } => {
            func::like(&sub(inner)?, &sub(pattern)?, *negated, true).map_err(|err| err.at(expr))
        }
        Expr::Floor { expr: inner, field: sqlparser::ast::CeilFloorKind::DateTimeField(DateTimeField::NoDateTime) } => {
            func::call("floor", &[sub(inner)?], frame.rows).map_err(|err| err.at(expr))
        }
        Expr::Ceil { expr: inner, field: sqlparser::ast::CeilFloorKind::DateTimeField(DateTimeField::NoDateTime) } => {
            func::call("ceil", &[sub(inner)?], frame.rows).map_err(|err| err.at(expr))
        }
        Expr::Trim { expr: inner, trim_where, trim_what: None, trim_characters: None } => {
            let name = match trim_where {
                None | Some(sqlparser::ast::TrimWhereField::Both) => "trim",
                Some(sqlparser::ast::TrimWhereField::Leading) => "ltrim",
                Some(sqlparser::ast::TrimWhereField::Trailing) => "rtrim",
            };
            func::call(name, &[sub(inner)?], frame.rows).map_err(|err| err.at(expr))
        }
        Expr::Position { expr: part, r#in: text } => {
            func::call("strpos", &[sub(text)?, sub(part)?], frame.rows).map_err(|err| err.at(expr))
        }
        Expr::Case { operand, conditions, else_result, case_token: _, end_token: _ } => {
            let operand = operand.as_deref().map(sub).transpose()?;
            case(operand.as_ref(), conditions, else_result.as_deref(), frame, scope).map_err(|err| err.at(expr))
        }
        Expr::Cast { kind, expr: inner, data_type, format: None } => {
            let ty = ty_of(data_type, expr)?;
            // DuckDB's date_trunc gives a timestamp; only as a date is it ours.
            if let (Expr::Function(call), Ty::Date) = (&**inner, ty)
                && call.name.to_string().eq_ignore_ascii_case("date_trunc")
            {
                let args = func::plain_args(call).map_err(|err| err.at(expr))?;
                let args = args.into_iter().map(sub).collect::<Res<Vec<_>>>()?;
                return func::call("date_trunc_to_date", &args, frame.rows).map_err(|err| err.at(expr));
            }
            let value = sub(inner)?;
            match kind {
                CastKind::Cast | CastKind::DoubleColon => cast(&value, ty).map_err(|err| err.at(expr)),
                CastKind::TryCast => try_cast(&value, ty).map_err(|err| err.at(expr)),
                CastKind::SafeCast => refuse(expr, "write try_cast(… as …)"),
            }
        }
        Expr::Extract { field, expr: inner, syntax: _ } => {
            date::part_of(&field.to_string().to_ascii_lowercase(), &sub(inner)?).map_err(|err| err.at(expr))
        }
        Expr::Substring { expr: inner, substring_from: Some(from), substring_for, special: _, shorthand: _ } => {
            let mut args = vec![sub(inner)?, sub(from)?];
            if let Some(len) = substring_for {
                args.push(sub(len)?);
            }
            func::call("substr", &args, frame.rows).map_err(|err| err.at(expr))
        }
        Expr::Function(function) => {
            let name = function.name.to_string().to_ascii_lowercase();
            if name.starts_with("date_trunc") {
                return refuse(expr, "date_trunc gives a timestamp: write cast(date_trunc(…) as date)");
            }
            let plain = function.over.is_none()
                && function.filter.is_none()
                && function.null_treatment.is_none()
                && function.within_group.is_empty()
                && matches!(function.parameters, FunctionArguments::None)
                && !function.uses_odbc_syntax;
            if !plain || agg::name_of(function).is_some() {
                return refuse(expr, format!("{name}: a window or an aggregate is not allowed here"));
            }
            // Before its arguments: what is wrong with them may only be that nothing takes them.
            func::check(&name).map_err(|err| err.at(expr))?;
            let args = func::plain_args(function).map_err(|err| err.at(expr))?;
            let args = args.into_iter().map(sub).collect::<Res<Vec<_>>>()?;
            func::call(&name, &args, frame.rows).map_err(|err| err.at(expr))
        }
        other => refuse(other, format!("not supported: {other}")),
    }
}

/// Whether it names nothing: a value, or something worked out from values.
pub(super) fn is_constant(expr: &Expr) -> bool {
    match expr {
        Expr::Value(_) | Expr::TypedString { .. } => true,
        Expr::Nested(inner) | Expr::Cast { expr: inner, .. } | Expr::UnaryOp { expr: inner, .. } => is_constant(inner),
        Expr::BinaryOp { left, right, .. } => is_constant(left) && is_constant(right),
        _ => false,
    }
}

/// The sides of a comparison. A constant beside a column stays one value: the comparison spreads it.
fn compared(left: &Expr, right: &Expr, frame: &Frame, scope: &Scope<'_>) -> Res<(Series, Series)> {
    let side = |expr: &Expr, other: &Expr| {
        if is_constant(expr) && !is_constant(other) {
            let one = eval(expr, &Frame::unit(), scope)?;
            if Ty::of(&one) != Ty::Null {
                return Ok(one);
            }
        }
        eval(expr, frame, scope)
    };
    Ok((side(left, right)?, side(right, left)?))
}

/// `x in ('a', 'b')`, where all that is listed is of the type of `x`; `None` for any other list.
fn listed(value: &Series, list: &[Expr], scope: &Scope<'_>) -> Res<Option<BooleanChunked>> {
    let mut items = Vec::with_capacity(list.len());
    for item in list {
        let Expr::Value(literal) = item else { return Ok(None) };
        items.push(literal_value(&literal.value, scope).map_err(|err| err.at(item))?);
    }
    Ok(match Ty::of(value) {
        Ty::Text => {
            let Some(items) =
                items.iter().map(|item| if let Value::Text(text) = item { Some(text.as_str()) } else { None }).collect()
            else {
                return Ok(None);
            };
            let items: Vec<&str> = items;
            Some(value.str().expect("Text is str").iter().map(|text| text.map(|text| items.contains(&text))).collect())
        }
        Ty::Int => {
            let Some(items) = items.iter().map(|item| if let Value::Int(n) = item { Some(*n) } else { None }).collect() else {
                return Ok(None);
            };
            let items: Vec<i64> = items;
            Some(value.i64().expect("Int is i64").into_iter().map(|n| n.map(|n| items.contains(&n))).collect())
        }
        _ => None,
    })
}

/// A condition as a mask in which unknown counts as false.
pub(super) fn mask(expr: &Expr, frame: &Frame, scope: &Scope<'_>) -> Res<BooleanChunked> {
    let value = eval(expr, frame, scope)?;
    Ok(known(truth(&value, expr)?))
}

fn known(condition: BooleanChunked) -> BooleanChunked {
    if condition.null_count() == 0 {
        return condition;
    }
    condition.into_iter().map(|b| Some(b == Some(true))).collect()
}

fn truth(value: &Series, node: &Expr) -> Res<BooleanChunked> {
    match Ty::of(value) {
        Ty::Bool => Ok(value.bool().expect("Bool is bool").clone()),
        Ty::Null => Ok(unknown(value.len())),
        ty => refuse(node, format!("a condition is needed, not {ty:?}")),
    }
}

/// A condition about which nothing is known.
fn unknown(len: usize) -> BooleanChunked {
    (0..len).map(|_| None::<bool>).collect()
}

fn column(frame: &Frame, relation: Option<&str>, name: &str, scope: &Scope<'_>) -> Res<Series> {
    match frame.find(relation, name) {
        Ok(Some(series)) => Ok(series.clone()),
        Ok(None) => {
            if let Some(value) = scope.outer(relation, name) {
                return Ok(repeat(value, frame.rows));
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

pub(super) fn cast(value: &Series, to: Ty) -> Res<Series> {
    let from = Ty::of(value);
    if from == to {
        return Ok(value.clone());
    }
    match (from, to) {
        (Ty::Null, _) => Ok(value.cast(&to.polars()).expect("null casts to anything")),
        (Ty::Int, Ty::Float) => Ok(value.cast(&DataType::Float64).expect("i64 to f64")),
        (Ty::Int, Ty::Text) => Ok(texts(value.i64().expect("Int is i64").into_iter().map(|n| n.map(|n| n.to_string())))),
        (Ty::Bool, Ty::Int) => Ok(value.cast(&DataType::Int64).expect("bool to i64")),
        (Ty::Bool, Ty::Text) => {
            Ok(texts(value.bool().expect("Bool is bool").into_iter().map(|b| b.map(|b| if b { "true" } else { "false" }))))
        }
        (Ty::Float, Ty::Int) => {
            // DuckDB rounds half to even, and refuses what does not fit.
            let mut out = Vec::with_capacity(value.len());
            for x in value.f64().expect("Float is f64") {
                out.push(match x.map(f64::round_ties_even) {
                    None => None,
                    Some(x) if (-9.3e18..9.2e18).contains(&x) => Some(x as i64),
                    Some(x) => return Err(SqlErr::new(format!("{x} is too large for a whole number"))),
                });
            }
            Ok(ints(out.into_iter()))
        }
        (Ty::Text, Ty::Int) => parsed(value, "whole number", |text| text.trim().parse().ok()).map(|all| ints(all.into_iter())),
        (Ty::Text, Ty::Float) => parsed(value, "number", |text| text.trim().parse().ok()).map(|all| floats(all.into_iter())),
        (Ty::Text, Ty::Date) => parsed(value, "date", |text| {
            NaiveDate::parse_from_str(text.trim(), "%Y-%m-%d").ok().map(|date| date.num_days_from_ce() - EPOCH)
        })
        .map(|all| dates(all.into_iter())),
        (Ty::Date, Ty::Text) => {
            Ok(texts(days(value).map(|day| day.and_then(|day| date_of(day).map(|date| date.format("%Y-%m-%d").to_string())))))
        }
        (from, to) => Err(SqlErr::new(format!("cast from {from:?} to {to:?} is not supported"))),
    }
}

/// A cast that gives null where `cast` would refuse the value; a cast that is refused whatever the value stays refused.
fn try_cast(value: &Series, to: Ty) -> Res<Series> {
    if let Ok(all) = cast(value, to) {
        return Ok(all);
    }
    let mut out = cast(&repeat(&Value::Null, 0), to)?;
    let _ = cast(&value.slice(0, 0), to)?;
    for row in 0..value.len() {
        let one = value.slice(row as i64, 1);
        let one = cast(&one, to).or_else(|_| cast(&repeat(&Value::Null, 1), to))?;
        out.append(&one).map_err(|err| SqlErr::new(err.to_string()))?;
    }
    Ok(out.rechunk())
}

/// `is distinct from`: a comparison in which null equals null and differs from everything else.
fn distinct_from(left: &Series, right: &Series, negated: bool) -> Res<Series> {
    let equal = binary(left, &BinaryOperator::Eq, right)?;
    let equal = equal.bool().expect("a comparison");
    let nulls = left
        .is_null()
        .into_iter()
        .zip(&right.is_null())
        .map(|pair| (pair.0 == Some(true), pair.1 == Some(true)))
        .collect::<Vec<_>>();
    Ok(bools(equal.into_iter().zip(nulls).map(|(equal, nulls)| {
        let same = match nulls {
            (true, true) => true,
            (false, false) => equal == Some(true),
            _ => false,
        };
        Some(same == negated)
    })))
}

fn parsed<T>(value: &Series, what: &str, parse: impl Fn(&str) -> Option<T>) -> Res<Vec<Option<T>>> {
    let mut out = Vec::with_capacity(value.len());
    for text in value.str().expect("Text is str") {
        out.push(match text {
            None => None,
            Some(text) => Some(parse(text).ok_or_else(|| SqlErr::new(format!("'{text}' is no {what}")))?),
        });
    }
    Ok(out)
}

pub(super) fn days(value: &Series) -> impl Iterator<Item = Option<i32>> {
    let physical = value.cast(&DataType::Int32).expect("a date is days");
    physical.i32().expect("days are i32").into_iter().collect::<Vec<_>>().into_iter()
}

pub(super) fn date_of(days: i32) -> Option<NaiveDate> {
    NaiveDate::from_num_days_from_ce_opt(days.checked_add(EPOCH)?)
}

pub(super) fn days_since(date: NaiveDate) -> i32 {
    date.num_days_from_ce() - EPOCH
}

/// The one type that two values share, or `None`.
pub(super) fn common(a: Ty, b: Ty) -> Option<Ty> {
    match (a, b) {
        (a, b) if a == b => Some(a),
        (Ty::Null, ty) | (ty, Ty::Null) => Some(ty),
        (Ty::Int, Ty::Float) | (Ty::Float, Ty::Int) => Some(Ty::Float),
        _ => None,
    }
}

fn case(
    operand: Option<&Series>,
    conditions: &[CaseWhen],
    else_result: Option<&Expr>,
    frame: &Frame,
    scope: &Scope<'_>,
) -> Res<Series> {
    let nobody: BooleanChunked = (0..frame.rows).map(|_| Some(false)).collect();
    let mut taken = nobody;
    let mut arms = Vec::with_capacity(conditions.len());
    for CaseWhen { condition, result } in conditions {
        let open = !&taken;
        let test = on_rows(condition, frame, scope, &open)?;
        let test = match operand {
            None => truth(&test, condition)?,
            Some(operand) => truth(&binary(operand, &BinaryOperator::Eq, &test)?, condition)?,
        };
        let hit = &known(test) & &open;
        arms.push((on_rows(result, frame, scope, &hit)?, hit.clone()));
        taken = &taken | &hit;
    }
    let mut out = match else_result {
        Some(expr) => on_rows(expr, frame, scope, &!&taken)?,
        None => repeat(&Value::Null, frame.rows),
    };
    let mut ty = Ty::of(&out);
    for (result, _) in &arms {
        ty = common(ty, Ty::of(result)).ok_or_else(|| SqlErr::new("the results of this case have different types"))?;
    }
    out = cast(&out, ty)?;
    for (result, hit) in arms {
        out = cast(&result, ty)?.zip_with(&hit, &out).map_err(|err| SqlErr::new(err.to_string()))?;
    }
    Ok(out)
}

/// `expr` where `wanted` holds; elsewhere anything. Working it out everywhere is quicker, unless it fails on a row that
/// nobody asked about: `case when n > 0 then 1 // n end` divides by nothing but what is above zero.
fn on_rows(expr: &Expr, frame: &Frame, scope: &Scope<'_>, wanted: &BooleanChunked) -> Res<Series> {
    let everywhere = eval(expr, frame, scope);
    if everywhere.is_ok() {
        return everywhere;
    }
    let some = eval(expr, &frame.filter(wanted), scope)?;
    let mut next = 0;
    let places: Vec<Option<polars::prelude::IdxSize>> = wanted
        .into_iter()
        .map(|wanted| {
            (wanted == Some(true)).then(|| {
                next += 1;
                next - 1
            })
        })
        .collect();
    super::agg::pick(&some, &places)
}

/// Whole numbers with a place for overflow: null stays null, `None` inside is the overflow.
fn checked(values: impl Iterator<Item = Option<Option<i64>>>, node: &Expr) -> Res<Series> {
    match values.map(|value| value.map_or(Some(None), |n| n.map(Some))).collect::<Option<Vec<_>>>() {
        Some(all) => Ok(ints(all.into_iter())),
        None => refuse(node, "the number is too large"),
    }
}

pub(super) fn binary(left: &Series, op: &BinaryOperator, right: &Series) -> Res<Series> {
    use BinaryOperator as Op;
    let (l, r) = (Ty::of(left), Ty::of(right));
    match op {
        Op::And | Op::Or => {
            let side = |series: &Series, ty| match ty {
                Ty::Bool => Ok(series.bool().expect("Bool is bool").clone()),
                Ty::Null => Ok(unknown(series.len())),
                other => Err(SqlErr::new(format!("{op} joins conditions, not {other:?}"))),
            };
            // Three-valued: false and null is false, true or null is true.
            let (a, b) = (side(left, l)?, side(right, r)?);
            if a.null_count() + b.null_count() == 0 {
                return Ok(if matches!(op, Op::And) { &a & &b } else { &a | &b }.into_series());
            }
            let pairs = a.into_iter().zip(&b);
            Ok(if matches!(op, Op::And) {
                bools(pairs.map(|pair| match pair {
                    (Some(false), _) | (_, Some(false)) => Some(false),
                    (Some(true), Some(true)) => Some(true),
                    _ => None,
                }))
            } else {
                bools(pairs.map(|pair| match pair {
                    (Some(true), _) | (_, Some(true)) => Some(true),
                    (Some(false), Some(false)) => Some(false),
                    _ => None,
                }))
            })
        }
        Op::Eq | Op::NotEq | Op::Lt | Op::LtEq | Op::Gt | Op::GtEq => compare(left, op, right),
        Op::StringConcat => match (l, r) {
            (Ty::Text, Ty::Text) => {
                let mut out = StringChunkedBuilder::new(PlSmallStr::EMPTY, left.len());
                let mut both = String::new();
                for pair in left.str().expect("Text is str").iter().zip(right.str().expect("Text is str").iter()) {
                    if let (Some(a), Some(b)) = pair {
                        both.clear();
                        both.push_str(a);
                        both.push_str(b);
                        out.append_value(&both);
                    } else {
                        out.append_null();
                    }
                }
                Ok(out.finish().into_series())
            }
            (Ty::Null, Ty::Text | Ty::Null) | (Ty::Text, Ty::Null) => Ok(repeat(&Value::Null, left.len())),
            _ => Err(SqlErr::new("|| joins texts: cast the other side to varchar")),
        },
        Op::Plus | Op::Minus | Op::Multiply | Op::Divide | Op::Modulo | Op::DuckIntegerDivide => arithmetic(left, op, right),
        other => Err(SqlErr::new(format!("operator {other} is not supported"))),
    }
}

fn compare(left: &Series, op: &BinaryOperator, right: &Series) -> Res<Series> {
    use BinaryOperator as Op;
    let (l, r) = (Ty::of(left), Ty::of(right));
    if l == Ty::Null || r == Ty::Null {
        return Ok(bools((0..left.len()).map(|_| None)));
    }
    let ty = common(l, r).ok_or_else(|| SqlErr::new(format!("{l:?} and {r:?} do not compare: cast one side")))?;
    let (left, right) = (cast(left, ty)?, cast(right, ty)?);
    if ty == Ty::Float && [&left, &right].iter().any(|side| side.f64().expect("Float").into_iter().flatten().any(f64::is_nan)) {
        return Err(SqlErr::new("comparing NaN is not supported"));
    }
    let compared = match op {
        Op::Eq => left.equal(&right),
        Op::NotEq => left.not_equal(&right),
        Op::Lt => left.lt(&right),
        Op::LtEq => left.lt_eq(&right),
        Op::Gt => left.gt(&right),
        _ => left.gt_eq(&right),
    };
    Ok(compared.map_err(|err| SqlErr::new(err.to_string()))?.into_series())
}

fn arithmetic(left: &Series, op: &BinaryOperator, right: &Series) -> Res<Series> {
    use BinaryOperator as Op;
    let (l, r) = (Ty::of(left), Ty::of(right));
    match (l, r) {
        (Ty::Null, _) | (_, Ty::Null) => Ok(repeat(&Value::Null, left.len())),
        (Ty::Int, Ty::Int) if matches!(op, Op::Divide) => arithmetic(&cast(left, Ty::Float)?, op, &cast(right, Ty::Float)?),
        (Ty::Int, Ty::Int) => {
            let step: fn(i64, i64) -> Option<i64> = match op {
                Op::Plus => i64::checked_add,
                Op::Minus => i64::checked_sub,
                Op::Multiply => i64::checked_mul,
                Op::Modulo => i64::checked_rem,
                _ => i64::checked_div,
            };
            let mut out = Vec::with_capacity(left.len());
            for pair in left.i64().expect("Int").into_iter().zip(right.i64().expect("Int")) {
                out.push(match pair {
                    (Some(_), Some(0)) if matches!(op, Op::Modulo | Op::DuckIntegerDivide) => {
                        return Err(SqlErr::new("division by zero"));
                    }
                    (Some(a), Some(b)) => Some(step(a, b).ok_or_else(|| SqlErr::new("the number is too large"))?),
                    _ => None,
                });
            }
            Ok(ints(out.into_iter()))
        }
        (Ty::Float | Ty::Int, Ty::Float | Ty::Int) => {
            let step: fn(f64, f64) -> f64 = match op {
                Op::Plus => |a, b| a + b,
                Op::Minus => |a, b| a - b,
                Op::Multiply => |a, b| a * b,
                Op::Divide => |a, b| a / b,
                _ => return Err(SqlErr::new(format!("{op} on doubles is not supported"))),
            };
            let (left, right) = (cast(left, Ty::Float)?, cast(right, Ty::Float)?);
            let pairs = left.f64().expect("Float").into_iter().zip(right.f64().expect("Float")).collect::<Vec<_>>();
            if matches!(op, Op::Divide) && pairs.iter().any(|(a, b)| a.is_some() && *b == Some(0.0)) {
                return Err(SqlErr::new("division by zero"));
            }
            Ok(floats(pairs.into_iter().map(|(a, b)| Some(step(a?, b?)))))
        }
        (Ty::Date, Ty::Int) if matches!(op, Op::Plus | Op::Minus) => {
            let sign = if matches!(op, Op::Plus) { 1 } else { -1 };
            let pairs = days(left).zip(right.i64().expect("Int"));
            Ok(dates(pairs.map(|(day, n)| i32::try_from(i64::from(day?) + sign * n?).ok())))
        }
        (Ty::Date, Ty::Date) if matches!(op, Op::Minus) => {
            Ok(ints(days(left).zip(days(right)).map(|(a, b)| Some(i64::from(a?) - i64::from(b?)))))
        }
        _ => Err(SqlErr::new(format!("{op} does not apply to {l:?} and {r:?}"))),
    }
}
