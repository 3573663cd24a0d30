//! Functions of numbers. Where DuckDB would answer with infinity or NaN, the call is refused.

use super::{
    arithmetic::{Arithmetic, arithmetic, each_whole},
    cast::doubles,
};
use crate::{
    column::{Column, floats, ints},
    error::{Res, SqlErr},
};

/// `None` when there is no such function.
pub(super) fn call(name: &str, args: &[Column]) -> Option<Res<Column>> {
    Some(match (name, args) {
        ("abs", [value]) => abs(value),
        ("round", [value]) => whole(name, value, f64::round),
        ("floor", [value]) => whole(name, value, f64::floor),
        ("ceil" | "ceiling", [value]) => whole(name, value, f64::ceil),
        ("round", [value, digits]) => round_to(value, digits),
        ("sqrt", [value]) => of_float(name, value, |x| (0.0 <= x).then(|| x.sqrt())),
        ("exp", [value]) => of_float(name, value, |x| Some(x.exp())),
        ("ln", [value]) => of_float(name, value, |x| (0.0 < x).then(|| x.ln())),
        ("log10" | "log", [value]) => of_float(name, value, |x| (0.0 < x).then(|| x.log10())),
        ("log2", [value]) => of_float(name, value, |x| (0.0 < x).then(|| x.log2())),
        ("power" | "pow", [base, by]) => power(base, by),
        ("mod", [a, b]) => arithmetic(a, Arithmetic::Modulo, b),
        ("sign", [value]) => sign(value),
        _ => return None,
    })
}

fn abs(value: &Column) -> Res<Column> {
    match value {
        Column::Int(values) => each_whole(values, i64::checked_abs),
        Column::Float(values) => Ok(floats(values.iter().map(|x| x.map(f64::abs)))),
        Column::Null(_) => Ok(value.clone()),
        other => Err(SqlErr::new(format!("abs does not apply to {:?}", other.ty()))),
    }
}

fn sign(value: &Column) -> Res<Column> {
    let of_double = |x: f64| if x > 0.0 { 1 } else { -i64::from(x < 0.0) };
    match value {
        Column::Int(values) => Ok(ints(values.iter().map(|n| n.map(i64::signum)))),
        Column::Float(values) => Ok(ints(values.iter().map(|x| x.map(of_double)))),
        Column::Null(_) => Ok(value.clone()),
        other => Err(SqlErr::new(format!("sign does not apply to {:?}", other.ty()))),
    }
}

fn whole(name: &str, value: &Column, change: fn(f64) -> f64) -> Res<Column> {
    match value {
        // A whole number is its own floor.
        Column::Int(_) | Column::Null(_) => Ok(value.clone()),
        Column::Float(values) => Ok(floats(values.iter().map(|x| x.map(change)))),
        other => Err(SqlErr::new(format!("{name} does not apply to {:?}", other.ty()))),
    }
}

fn round_to(value: &Column, digits: &Column) -> Res<Column> {
    let (values, digits) = match (value, digits) {
        (Column::Null(_), _) | (_, Column::Null(_)) => return Err(SqlErr::new("round with a null is not supported")),
        (Column::Float(values), Column::Int(digits)) => (values, digits),
        _ => return Err(SqlErr::new("round with digits needs a double and a whole number")),
    };
    let mut out = Vec::with_capacity(values.len());
    for pair in values.iter().zip(digits.iter()) {
        out.push(match pair {
            (Some(x), Some(n)) if (0..=15).contains(&n) => {
                let scale = 10_f64.powi(n as i32);
                Some((x * scale).round() / scale)
            }
            (_, Some(n)) if !(0..=15).contains(&n) => return Err(SqlErr::new("round takes 0 to 15 digits")),
            _ => None,
        });
    }
    Ok(floats(out.into_iter()))
}

fn of_float(name: &str, value: &Column, change: impl Fn(f64) -> Option<f64>) -> Res<Column> {
    if let Column::Null(_) = value {
        return Ok(value.clone());
    }
    let Some(values) = doubles(value) else {
        return Err(SqlErr::new(format!("{name} does not apply to {:?}", value.ty())));
    };
    let finite =
        |x: f64| change(x).filter(|y| y.is_finite()).ok_or_else(|| SqlErr::new(format!("{name}({x}) is no finite number")));
    let all = values.iter().map(|x| x.map(finite).transpose()).collect::<Res<Vec<_>>>()?;
    Ok(floats(all.into_iter()))
}

fn power(base: &Column, by: &Column) -> Res<Column> {
    let (Some(base), Some(by)) = (doubles(base), doubles(by)) else { return Err(SqlErr::new("power needs numbers")) };
    let mut out = Vec::with_capacity(base.len());
    for pair in base.iter().zip(by.iter()) {
        let (Some(x), Some(y)) = pair else {
            out.push(None);
            continue;
        };
        let z = x.powf(y);
        if !z.is_finite() {
            return Err(SqlErr::new(format!("power({x}, {y}) is no finite number")));
        }
        out.push(Some(z));
    }
    Ok(floats(out.into_iter()))
}
