//! Scalar functions by name.

use polars::prelude::BooleanChunked;

use super::{
    cast::alike,
    compare::{Comparison, compare},
    date,
    logic::{known, truth},
    math, text,
};
use crate::{
    column::Column,
    error::{Res, SqlErr},
};

/// Every function of one row; `date_trunc` only inside of a cast.
pub(crate) const NAMES: [&str; 69] = [
    "abs",
    "ascii",
    "ceil",
    "ceiling",
    "char_length",
    "character_length",
    "coalesce",
    "concat",
    "concat_ws",
    "contains",
    "date_diff",
    "date_part",
    "datediff",
    "datepart",
    "day",
    "dayname",
    "dayofmonth",
    "dayofweek",
    "dayofyear",
    "ends_with",
    "exp",
    "floor",
    "greatest",
    "if",
    "ifnull",
    "instr",
    "isodow",
    "isoyear",
    "last_day",
    "least",
    "left",
    "length",
    "ln",
    "log",
    "log10",
    "log2",
    "lower",
    "lpad",
    "ltrim",
    "make_date",
    "mod",
    "month",
    "monthname",
    "nullif",
    "pow",
    "power",
    "prefix",
    "quarter",
    "repeat",
    "replace",
    "right",
    "round",
    "rpad",
    "rtrim",
    "sign",
    "split_part",
    "sqrt",
    "starts_with",
    "strftime",
    "strpos",
    "substr",
    "substring",
    "suffix",
    "trim",
    "unicode",
    "upper",
    "week",
    "weekofyear",
    "year",
];

pub(crate) fn call(name: &str, args: &[Column], rows: usize) -> Res<Column> {
    match (name, args) {
        ("coalesce", [first, rest @ ..]) => coalesce(name, first, rest),
        ("ifnull", [first, second]) => coalesce("coalesce", first, std::slice::from_ref(second)),
        ("nullif", [value, other]) => {
            let equal = compare(value, Comparison::Eq, other)?;
            let keep = equal.iter().map(|b| Some(b != Some(true))).collect();
            value.where_else(&keep, &Column::nulls(value.ty(), rows))
        }
        ("greatest", [first, rest @ ..]) => foremost(name, Comparison::GtEq, first, rest),
        ("least", [first, rest @ ..]) => foremost(name, Comparison::LtEq, first, rest),
        ("if", [condition, yes, no]) => {
            let (yes, no) = shared(name, yes, no)?;
            let wanted = truth(condition).ok_or_else(|| SqlErr::new(format!("a condition is needed, not {:?}", condition.ty())))?;
            yes.where_else(&known(wanted), &no)
        }
        _ => math::call(name, args)
            .or_else(|| text::call(name, args, rows))
            .or_else(|| date::call(name, args, rows))
            .unwrap_or_else(|| Err(SqlErr::new(format!("function {name} with {} arguments is not supported", args.len())))),
    }
}

fn coalesce(name: &str, first: &Column, rest: &[Column]) -> Res<Column> {
    rest.iter().try_fold(first.clone(), |out, next| {
        let (out, next) = shared(name, &out, next)?;
        out.where_else(&out.is_not_null(), &next)
    })
}

/// DuckDB's greatest and least pass over nulls.
fn foremost(name: &str, ahead: Comparison, first: &Column, rest: &[Column]) -> Res<Column> {
    rest.iter().try_fold(first.clone(), |out, next| {
        let (out, next) = shared(name, &out, next)?;
        let (ahead, no_other) = (compare(&out, ahead, &next)?, next.is_null());
        let pairs = ahead.iter().zip(no_other.iter());
        let keep: BooleanChunked = pairs.map(|(ahead, no_other)| Some(ahead == Some(true) || no_other == Some(true))).collect();
        out.where_else(&keep, &next)
    })
}

fn shared(name: &str, a: &Column, b: &Column) -> Res<(Column, Column)> {
    alike(a, b).ok_or_else(|| SqlErr::new(format!("the arguments of {name} have different types")))
}
