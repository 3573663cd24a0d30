//! Functions of numbers. Where DuckDB would answer with infinity or NaN, the call is refused.

use polars::prelude::Series;
use sqlparser::ast::BinaryOperator;

use super::{
    error::{Res, SqlErr},
    expr::{binary, cast},
};
use crate::table::{Ty, floats, ints};

/// `None` when there is no such function.
pub(super) fn call(name: &str, args: &[Series]) -> Option<Res<Series>> {
    Some(match (name, args) {
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
        ("mod", [a, b]) => binary(a, &BinaryOperator::Modulo, b),
        ("sign", [value]) => match Ty::of(value) {
            Ty::Int => Ok(ints(value.i64().expect("Int").into_iter().map(|n| n.map(i64::signum)))),
            Ty::Float => {
                let sign = |x: f64| if x > 0.0 { 1 } else { -i64::from(x < 0.0) };
                Ok(ints(value.f64().expect("Float").into_iter().map(|x| x.map(sign))))
            }
            Ty::Null => Ok(value.clone()),
            ty => Err(SqlErr::new(format!("sign does not apply to {ty:?}"))),
        },
        _ => return None,
    })
}

fn whole(name: &str, value: &Series, change: fn(f64) -> f64) -> Res<Series> {
    match Ty::of(value) {
        // A whole number is its own floor.
        Ty::Int | Ty::Null => Ok(value.clone()),
        Ty::Float => Ok(floats(value.f64().expect("Float").into_iter().map(|x| x.map(change)))),
        ty => Err(SqlErr::new(format!("{name} does not apply to {ty:?}"))),
    }
}

fn round_to(value: &Series, digits: &Series) -> Res<Series> {
    match (Ty::of(value), Ty::of(digits)) {
        (Ty::Null, _) | (_, Ty::Null) => Err(SqlErr::new("round with a null is not supported")),
        (Ty::Float, Ty::Int) => {
            let pairs = value.f64().expect("Float").into_iter().zip(digits.i64().expect("Int"));
            let mut out = Vec::with_capacity(value.len());
            for pair in pairs {
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
        _ => Err(SqlErr::new("round with digits needs a double and a whole number")),
    }
}

fn of_float(name: &str, value: &Series, change: impl Fn(f64) -> Option<f64>) -> Res<Series> {
    match Ty::of(value) {
        Ty::Null => Ok(value.clone()),
        Ty::Int | Ty::Float => {
            let value = cast(value, Ty::Float)?;
            let mut out = Vec::with_capacity(value.len());
            for x in value.f64().expect("Float") {
                out.push(match x {
                    None => None,
                    Some(x) => Some(
                        change(x)
                            .filter(|y| y.is_finite())
                            .ok_or_else(|| SqlErr::new(format!("{name}({x}) is no finite number")))?,
                    ),
                });
            }
            Ok(floats(out.into_iter()))
        }
        ty => Err(SqlErr::new(format!("{name} does not apply to {ty:?}"))),
    }
}

fn power(base: &Series, by: &Series) -> Res<Series> {
    let numeric = |series: &Series| matches!(Ty::of(series), Ty::Int | Ty::Float | Ty::Null);
    if !numeric(base) || !numeric(by) {
        return Err(SqlErr::new("power needs numbers"));
    }
    let (base, by) = (cast(base, Ty::Float)?, cast(by, Ty::Float)?);
    let mut out = Vec::with_capacity(base.len());
    for pair in base.f64().expect("Float").into_iter().zip(by.f64().expect("Float")) {
        out.push(match pair {
            (Some(x), Some(y)) => {
                let z = x.powf(y);
                if !z.is_finite() {
                    return Err(SqlErr::new(format!("power({x}, {y}) is no finite number")));
                }
                Some(z)
            }
            _ => None,
        });
    }
    Ok(floats(out.into_iter()))
}
