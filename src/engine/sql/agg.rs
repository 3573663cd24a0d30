//! Grouping, and the functions that make one value of many rows. Sums are exact or refused, order never matters.

use std::{cmp::Ordering, collections::HashSet, rc::Rc};

use polars::prelude::{BooleanChunked, IdxSize, Series};
use sqlparser::ast::{
    DuplicateTreatment, Expr, Function, FunctionArg, FunctionArgExpr, FunctionArgumentClause, FunctionArguments, OrderByExpr,
};

use super::{
    error::{Res, SqlErr},
    expr::{eval, mask},
    frame::Frame,
    groups::Groups,
    order::{SortKey, sort_keys, sorted_members, sorted_rows},
    scope::Scope,
};
use crate::table::{Ty, bools, floats, index, ints, texts};

/// A call of an aggregate: its name and its arguments, `None` for `count(*)`.
pub(super) struct Call<'a> {
    pub(super) name: &'static str,
    args: Vec<&'a Expr>,
    pub(super) distinct: bool,
    pub(super) filter: Option<&'a Expr>,
    /// `string_agg(… order by …)`.
    order: &'a [OrderByExpr],
}

pub(super) const NAMES: [&str; 18] = [
    "count",
    "sum",
    "min",
    "max",
    "avg",
    "arg_max",
    "arg_min",
    "bool_and",
    "bool_or",
    "count_if",
    "median",
    "string_agg",
    "stddev",
    "stddev_samp",
    "stddev_pop",
    "variance",
    "var_samp",
    "var_pop",
];

pub(super) fn name_of(function: &Function) -> Option<&'static str> {
    let name = function.name.to_string();
    NAMES.into_iter().find(|known| known.eq_ignore_ascii_case(&name))
}

/// Takes the call apart; anything it says beyond arguments, `distinct` and `filter` is refused.
pub(super) fn call_of(function: &Function) -> Res<Call<'_>> {
    let Some(name) = name_of(function) else { return Err(SqlErr::new(format!("{} is no aggregate", function.name))) };
    if function.null_treatment.is_some()
        || !function.within_group.is_empty()
        || !matches!(function.parameters, FunctionArguments::None)
        || function.uses_odbc_syntax
    {
        return Err(SqlErr::new(format!("this form of {name} is not supported")));
    }
    let FunctionArguments::List(list) = &function.args else { return Err(SqlErr::new(format!("{name} needs arguments"))) };
    let order: &[OrderByExpr] = match (name, list.clauses.as_slice()) {
        (_, []) => &[],
        ("string_agg", [FunctionArgumentClause::OrderBy(order)]) => order,
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

/// Rows of each group by rank: where each group begins, and the rows.
type Ranked = (Vec<usize>, Vec<IdxSize>);

/// `arg_max(…, version)` of twenty columns ranks the rows by version once.
#[derive(Debug, Default)]
pub(super) struct Memo {
    known: Vec<(Expr, bool, Rc<Ranked>)>,
}

impl Memo {
    fn ranked(&mut self, expr: &Expr, by: &Series, descending: bool, groups: &Groups) -> Res<Rc<Ranked>> {
        if let Some((.., ranked)) = self.known.iter().find(|(known, way, _)| known == expr && *way == descending) {
            return Ok(Rc::clone(ranked));
        }
        let key = SortKey { values: by.clone(), descending, nulls_first: false };
        let ranked = Rc::new(sorted_members(groups, &key)?);
        self.known.push((expr.clone(), descending, Rc::clone(&ranked)));
        Ok(ranked)
    }
}

/// One value per group.
pub(super) fn aggregate(function: &Function, frame: &Frame, groups: &Groups, scope: &Scope<'_>, memo: &mut Memo) -> Res<Series> {
    let call = call_of(function)?;
    let keep = call.filter.map(|filter| mask(filter, frame, scope)).transpose()?;
    let args = call.args.iter().map(|arg| eval(arg, frame, scope)).collect::<Res<Vec<_>>>()?;
    if call.name == "string_agg" {
        let keys = sort_keys(call.order, |expr| eval(expr, frame, scope))?;
        let order = sorted_rows(&keys, frame.rows)?;
        return string_agg(&args, keep.as_ref(), groups, &order);
    }
    over_groups(&call, &args, keep.as_ref(), groups, memo)
}

fn string_agg(args: &[Series], keep: Option<&BooleanChunked>, groups: &Groups, order: &[IdxSize]) -> Res<Series> {
    let [value, separator] = args else { return Err(SqlErr::new("string_agg needs a text and a separator")) };
    if Ty::of(value) != Ty::Text || Ty::of(separator) != Ty::Text {
        return Err(SqlErr::new("string_agg needs texts"));
    }
    let (value, separator) = (value.str().expect("Text"), separator.str().expect("Text"));
    let mut out: Vec<Option<String>> = vec![None; groups.len()];
    for row in order.iter().map(|row| *row as usize) {
        let kept = keep.is_none_or(|keep| keep.get(row) == Some(true));
        let (Some(text), true) = (value.get(row), kept) else { continue };
        let group = &mut out[groups.of_row[row] as usize];
        match group {
            Some(all) => {
                all.push_str(separator.get(row).unwrap_or_default());
                all.push_str(text);
            }
            None => *group = Some(text.to_owned()),
        }
    }
    Ok(texts(out.into_iter()))
}

/// Doubles of every group, nulls left out, in row order.
fn doubles(name: &str, arg: &Series, rows: impl Iterator<Item = (usize, usize)>, groups: usize) -> Res<Vec<Vec<f64>>> {
    let mut out = vec![Vec::new(); groups];
    match Ty::of(arg) {
        Ty::Int | Ty::Float => {
            let values = super::expr::cast(arg, Ty::Float)?;
            let values: Vec<Option<f64>> = values.f64().expect("just cast").into_iter().collect();
            for (row, group) in rows {
                out[group].extend(values[row]);
            }
            Ok(out)
        }
        Ty::Null => Ok(out),
        ty => Err(SqlErr::new(format!("{name} does not apply to {ty:?}"))),
    }
}

/// Sum of squared distances from the mean (Welford 1962), which loses no digits to large means.
fn squares(values: &[f64]) -> f64 {
    let (mut mean, mut sum) = (0.0, 0.0);
    for (n, x) in values.iter().enumerate() {
        let before = x - mean;
        mean += before / (n + 1) as f64;
        sum += before * (x - mean);
    }
    sum
}

fn over_groups(call: &Call<'_>, args: &[Series], keep: Option<&BooleanChunked>, groups: &Groups, memo: &mut Memo) -> Res<Series> {
    let mut kept: Vec<bool> = match keep {
        Some(mask) => mask.into_iter().map(|b| b == Some(true)).collect(),
        None => vec![true; groups.of_row.len()],
    };
    if let ([arg], true) = (args, call.distinct && call.name != "count") {
        // Of equal values in a group the first one takes part.
        let by_value = Groups::by(std::slice::from_ref(arg), arg.len());
        let mut seen = HashSet::new();
        for (row, kept) in kept.iter_mut().enumerate() {
            *kept = *kept && seen.insert((groups.of_row[row], by_value.of_row[row]));
        }
    }
    // Every row that takes part, with its group.
    let rows = || {
        groups.of_row.iter().zip(&kept).enumerate().filter(|(_, (_, kept))| **kept).map(|(row, (group, _))| (row, *group as usize))
    };
    match (call.name, args) {
        ("count", []) => {
            let mut out = vec![0_i64; groups.len()];
            rows().for_each(|(_, group)| out[group] += 1);
            Ok(ints(out.into_iter().map(Some)))
        }
        ("count", [arg]) => {
            let present: Vec<bool> = arg.is_not_null().into_iter().map(|b| b == Some(true)).collect();
            let mut out = vec![0_i64; groups.len()];
            if call.distinct {
                let by_value = Groups::by(std::slice::from_ref(arg), arg.len());
                let mut pairs: Vec<(usize, u32)> =
                    rows().filter(|(row, _)| present[*row]).map(|(row, group)| (group, by_value.of_row[row])).collect();
                pairs.sort_unstable();
                pairs.dedup();
                pairs.into_iter().for_each(|(group, _)| out[group] += 1);
            } else {
                rows().filter(|(row, _)| present[*row]).for_each(|(_, group)| out[group] += 1);
            }
            Ok(ints(out.into_iter().map(Some)))
        }
        ("sum", [arg]) => match Ty::of(arg) {
            Ty::Int => {
                let values: Vec<Option<i64>> = arg.i64().expect("Int").into_iter().collect();
                let mut out: Vec<Option<i128>> = vec![None; groups.len()];
                for (row, group) in rows() {
                    if let Some(n) = values[row] {
                        *out[group].get_or_insert(0) += i128::from(n);
                    }
                }
                let narrow: Option<Vec<Option<i64>>> =
                    out.into_iter().map(|sum| sum.map_or(Some(None), |sum| i64::try_from(sum).ok().map(Some))).collect();
                narrow.map(|all| ints(all.into_iter())).ok_or_else(|| SqlErr::new("the sum is too large"))
            }
            Ty::Float => {
                let values: Vec<Option<f64>> = arg.f64().expect("Float").into_iter().collect();
                let mut out: Vec<Option<f64>> = vec![None; groups.len()];
                for (row, group) in rows() {
                    if let Some(x) = values[row] {
                        *out[group].get_or_insert(0.0) += x;
                    }
                }
                Ok(floats(out.into_iter()))
            }
            Ty::Null => Ok(ints((0..groups.len()).map(|_| None))),
            ty => Err(SqlErr::new(format!("sum does not apply to {ty:?}"))),
        },
        ("avg", [arg]) => {
            let values: Vec<Option<f64>> = match Ty::of(arg) {
                Ty::Float => arg.f64().expect("Float").into_iter().collect(),
                Ty::Int => {
                    let values: Vec<Option<i64>> = arg.i64().expect("Int").into_iter().collect();
                    let mut sums = vec![(0_i128, 0_i64); groups.len()];
                    for (row, group) in rows() {
                        if let Some(n) = values[row] {
                            sums[group].0 += i128::from(n);
                            sums[group].1 += 1;
                        }
                    }
                    return Ok(floats(sums.into_iter().map(|(sum, n)| (0 < n).then(|| sum as f64 / n as f64))));
                }
                Ty::Null => return Ok(floats((0..groups.len()).map(|_| None))),
                ty => return Err(SqlErr::new(format!("avg does not apply to {ty:?}"))),
            };
            let mut sums = vec![(0.0, 0_i64); groups.len()];
            for (row, group) in rows() {
                if let Some(x) = values[row] {
                    sums[group].0 += x;
                    sums[group].1 += 1;
                }
            }
            Ok(floats(sums.into_iter().map(|(sum, n)| (0 < n).then(|| sum / n as f64))))
        }
        ("min" | "max", [arg]) => {
            let order = if call.name == "max" { Ordering::Greater } else { Ordering::Less };
            let best = extreme(arg, order, rows(), groups.len())?;
            pick(arg, &best)
        }
        ("arg_max" | "arg_min", [arg, by]) => {
            let ranked = memo.ranked(call.args[1], by, call.name == "arg_max", groups)?;
            let (starts, rows) = &*ranked;
            // The first of each group that takes part: rows without an argument or without a rank do not.
            let (present, placed) = (arg.is_not_null(), by.is_not_null());
            let takes_part = |row: usize| kept[row] && present.get(row) == Some(true) && placed.get(row) == Some(true);
            let first = |group: usize| rows[starts[group]..starts[group + 1]].iter().copied().find(|row| takes_part(*row as usize));
            pick(arg, &(0..groups.len()).map(first).collect::<Vec<_>>())
        }
        ("bool_and" | "bool_or", [arg]) => {
            let values: Vec<Option<bool>> = match Ty::of(arg) {
                Ty::Bool => arg.bool().expect("Bool").into_iter().collect(),
                Ty::Null => vec![None; arg.len()],
                ty => return Err(SqlErr::new(format!("{} does not apply to {ty:?}", call.name))),
            };
            let mut out: Vec<Option<bool>> = vec![None; groups.len()];
            for (row, group) in rows() {
                if let Some(b) = values[row] {
                    out[group] = Some(match out[group] {
                        None => b,
                        Some(before) if call.name == "bool_and" => before && b,
                        Some(before) => before || b,
                    });
                }
            }
            Ok(bools(out.into_iter()))
        }
        ("count_if", [arg]) => {
            let values: Vec<bool> = match Ty::of(arg) {
                Ty::Bool => arg.bool().expect("Bool").into_iter().map(|b| b == Some(true)).collect(),
                Ty::Null => vec![false; arg.len()],
                ty => return Err(SqlErr::new(format!("count_if does not apply to {ty:?}"))),
            };
            let mut out = vec![0_i64; groups.len()];
            rows().for_each(|(row, group)| out[group] += i64::from(values[row]));
            Ok(ints(out.into_iter().map(Some)))
        }
        ("median", [arg]) => {
            let mut values = doubles(call.name, arg, rows(), groups.len())?;
            Ok(floats(values.iter_mut().map(|values| {
                values.sort_by(f64::total_cmp);
                let n = values.len();
                match n {
                    0 => None,
                    n if n % 2 == 1 => Some(values[n / 2]),
                    n => Some(values[n / 2 - 1] + (values[n / 2] - values[n / 2 - 1]) * 0.5),
                }
            })))
        }
        ("stddev" | "stddev_samp" | "stddev_pop" | "variance" | "var_samp" | "var_pop", [arg]) => {
            let values = doubles(call.name, arg, rows(), groups.len())?;
            let (least, root) = (if call.name.ends_with("pop") { 1 } else { 2 }, call.name.starts_with("stddev"));
            Ok(floats(values.iter().map(|values| {
                let n = values.len();
                (least <= n).then(|| {
                    let variance = squares(values) / (n + 1 - least) as f64;
                    if root { variance.sqrt() } else { variance }
                })
            })))
        }
        _ => Err(SqlErr::new(format!("{} with these arguments is not supported", call.name))),
    }
}

/// The row of each group whose value is greatest (or least); the earliest among equals.
fn extreme(by: &Series, order: Ordering, rows: impl Iterator<Item = (usize, usize)>, groups: usize) -> Res<Vec<Option<IdxSize>>> {
    fn scan<T: Copy>(
        values: &[Option<T>],
        rows: impl Iterator<Item = (usize, usize)>,
        groups: usize,
        ahead: impl Fn(T, T) -> bool,
    ) -> Vec<Option<IdxSize>> {
        let mut best: Vec<Option<(IdxSize, T)>> = vec![None; groups];
        for (row, group) in rows {
            if let Some(value) = values[row]
                && best[group].is_none_or(|(_, top)| ahead(value, top))
            {
                best[group] = Some((row as IdxSize, value));
            }
        }
        best.into_iter().map(|best| best.map(|(row, _)| row)).collect()
    }
    Ok(match Ty::of(by) {
        Ty::Int => {
            let values: Vec<_> = by.i64().expect("Int").into_iter().collect();
            scan(&values, rows, groups, |a, b| a.cmp(&b) == order)
        }
        Ty::Text => {
            let values: Vec<_> = by.str().expect("Text").into_iter().collect();
            scan(&values, rows, groups, |a: &str, b| a.cmp(b) == order)
        }
        Ty::Date => {
            let values: Vec<_> = super::expr::days(by).collect();
            scan(&values, rows, groups, |a, b| a.cmp(&b) == order)
        }
        Ty::Bool => {
            let values: Vec<_> = by.bool().expect("Bool").into_iter().collect();
            scan(&values, rows, groups, |a, b| a.cmp(&b) == order)
        }
        Ty::Float => {
            let values: Vec<_> = by.f64().expect("Float").into_iter().collect();
            if values.iter().flatten().any(|x| x.is_nan()) {
                return Err(SqlErr::new("ordering NaN is not supported"));
            }
            scan(&values, rows, groups, |a, b| a.partial_cmp(&b) == Some(order))
        }
        Ty::Null => vec![None; groups],
    })
}

/// The value of each row, null where there is none.
pub(super) fn pick(from: &Series, rows: &[Option<IdxSize>]) -> Res<Series> {
    let all: Option<Vec<IdxSize>> = rows.iter().copied().collect();
    let rows = all.map_or_else(|| rows.iter().copied().collect(), index);
    from.take(&rows).map_err(|err| SqlErr::new(err.to_string()))
}
