//! Window functions: a value per row that looks at other rows of its partition.

use std::{ops::Range, rc::Rc};

use polars::prelude::{IdxSize, Series};
use sqlparser::ast::{Expr, Function, OrderByExpr, WindowSpec, WindowType};

use super::{
    agg,
    error::{Res, SqlErr},
    expr::{cast, common, eval, mask},
    frame::Frame,
    func,
    groups::Groups,
    order::{Places, sort_keys},
    scope::Scope,
};
use crate::table::{Ty, Value, floats, index, ints, repeat};

pub(super) const NAMES: [&str; 11] = [
    "cume_dist",
    "dense_rank",
    "first_value",
    "lag",
    "last_value",
    "lead",
    "nth_value",
    "ntile",
    "percent_rank",
    "rank",
    "row_number",
];

pub(super) fn window(function: &Function, frame: &Frame, scope: &Scope<'_>, memo: &mut Memo) -> Res<Series> {
    let Some(WindowType::WindowSpec(spec)) = &function.over else {
        return Err(SqlErr::new("named windows are not supported"));
    };
    let WindowSpec { window_name: None, partition_by, order_by, window_frame } = spec else {
        return Err(SqlErr::new("named windows are not supported"));
    };
    let place = memo.places(partition_by, order_by, || {
        let partition = partition_by.iter().map(|expr| eval(expr, frame, scope)).collect::<Res<Vec<_>>>()?;
        Places::new(&Groups::by(&partition, frame.rows), &sort_keys(order_by, |expr| eval(expr, frame, scope))?)
    })?;
    let order = &place.order;
    let frames = || place.frames(window_frame.as_ref(), !order_by.is_empty(), |expr| constant(expr, scope));

    let name = function.name.to_string().to_ascii_lowercase();
    let plain = function.filter.is_none() && function.null_treatment.is_none();
    let args = |max: usize| {
        let args = func::plain_args(function)?;
        if !plain || args.is_empty() || max < args.len() {
            return Err(SqlErr::new(format!("this form of {name} is not supported")));
        }
        Ok(args)
    };
    match name.as_str() {
        "row_number" | "rank" | "dense_rank" => {
            if !plain || !func::plain_args(function)?.is_empty() || window_frame.is_some() {
                return Err(SqlErr::new(format!("{name} takes no arguments and no frame")));
            }
            let mut out = vec![0; frame.rows];
            let mut dense = 0;
            for at in 0..order.len() {
                let first = place.partition(at).start;
                let new_peer = at == first || place.peers(at).start == at;
                dense = if at == first { 1 } else { dense + i64::from(new_peer) };
                out[order[at] as usize] = match name.as_str() {
                    "row_number" => (at - first) as i64 + 1,
                    "rank" => (place.peers(at).start - first) as i64 + 1,
                    _ => dense,
                };
            }
            Ok(ints(out.into_iter().map(Some)))
        }
        "ntile" => {
            let args = args(1)?;
            let buckets = constant(args[0], scope)?;
            if window_frame.is_some() || buckets < 1 {
                return Err(SqlErr::new("ntile takes a number from 1 and no frame"));
            }
            Ok(ints(
                place
                    .map(|at| {
                        let all = place.partition(at);
                        let (n, nth) = (all.len() as i64, (at - all.start) as i64);
                        let (small, large) = (n / buckets, n % buckets);
                        // The first buckets are one larger when the rows do not divide evenly.
                        let in_large = large * (small + 1);
                        Some(if nth < in_large { nth / (small + 1) + 1 } else { large + (nth - in_large) / small.max(1) + 1 })
                    })
                    .into_iter(),
            ))
        }
        "percent_rank" | "cume_dist" => {
            if !plain || !func::plain_args(function)?.is_empty() || window_frame.is_some() {
                return Err(SqlErr::new(format!("{name} takes no arguments and no frame")));
            }
            Ok(floats(
                place
                    .map(|at| {
                        let (all, peers) = (place.partition(at), place.peers(at));
                        Some(match (name.as_str(), all.len()) {
                            ("cume_dist", n) => (peers.end - all.start) as f64 / n as f64,
                            (_, 1) => 0.0,
                            (_, n) => (peers.start - all.start) as f64 / (n - 1) as f64,
                        })
                    })
                    .into_iter(),
            ))
        }
        "nth_value" => {
            let args = args(2)?;
            let [value, nth] = args.as_slice() else { return Err(SqlErr::new("nth_value needs a value and a number")) };
            let (value, nth) = (eval(value, frame, scope)?, constant(nth, scope)?);
            let mut rows = vec![None; frame.rows];
            for (at, range) in frames()?.into_iter().enumerate() {
                let target = usize::try_from(nth - 1).ok().map(|nth| range.start + nth).filter(|target| *target < range.end);
                rows[order[at] as usize] = target.map(|target| order[target]);
            }
            agg::pick(&value, &rows)
        }
        "lag" | "lead" => {
            if window_frame.is_some() {
                return Err(SqlErr::new(format!("{name} takes no frame")));
            }
            let args = args(3)?;
            let value = eval(args[0], frame, scope)?;
            let by = match args.get(1) {
                None => 1,
                Some(by) => constant(by, scope)?,
            };
            let by = if name == "lag" { -by } else { by };
            let rows = place.map(|at| {
                let target = at as i64 + by;
                let inside = usize::try_from(target).is_ok_and(|target| place.partition(at).contains(&target));
                inside.then(|| order[target as usize])
            });
            let found = agg::pick(&value, &rows)?;
            let Some(otherwise) = args.get(2) else { return Ok(found) };
            let otherwise = eval(otherwise, frame, scope)?;
            let ty = common(Ty::of(&found), Ty::of(&otherwise))
                .ok_or_else(|| SqlErr::new(format!("the default of {name} has another type")))?;
            // Only where there is no such row: a null that was found stays null.
            let there = rows.iter().map(|row| Some(row.is_some())).collect();
            cast(&found, ty)?.zip_with(&there, &cast(&otherwise, ty)?).map_err(|err| SqlErr::new(err.to_string()))
        }
        "first_value" | "last_value" => {
            let value = eval(args(1)?[0], frame, scope)?;
            let mut rows = vec![None; frame.rows];
            for (at, range) in frames()?.into_iter().enumerate() {
                let target = if name == "first_value" { range.clone().next() } else { range.clone().next_back() };
                rows[order[at] as usize] = target.map(|target| order[target]);
            }
            agg::pick(&value, &rows)
        }
        _ => {
            let call = agg::call_of(function)?;
            if function.null_treatment.is_some() || call.distinct || !matches!(call.name, "count" | "sum" | "avg" | "min" | "max") {
                return Err(SqlErr::new(format!("this form of {name} is not supported in a window")));
            }
            // The argument in window order, or nothing for count(*). What the filter leaves out counts as null.
            let mut arg = func_args(function).first().map(|arg| eval(arg, frame, scope)).transpose()?;
            if let Some(filter) = call.filter {
                let wanted = mask(filter, frame, scope)?;
                let value = arg.unwrap_or_else(|| repeat(&Value::Int(1), frame.rows));
                let nothing = cast(&repeat(&Value::Null, frame.rows), Ty::of(&value))?;
                arg = Some(value.zip_with(&wanted, &nothing).map_err(|err| SqlErr::new(err.to_string()))?);
            }
            let arg = arg.map(|arg| arg.take(&index(order.clone())).map_err(|err| SqlErr::new(err.to_string()))).transpose()?;
            let by_place = over_ranges(call.name, arg.as_ref(), &frames()?)?;
            // Back from window order to row order.
            by_place.take(&index(place.of_rows())).map_err(|err| SqlErr::new(err.to_string()))
        }
    }
}

fn func_args(function: &Function) -> Vec<&Expr> {
    func::plain_args(function).unwrap_or_default()
}

/// The best place of each range; a range that grows from the one before continues from its best.
fn extremes<T: Copy>(values: &[Option<T>], ranges: &[Range<usize>], better: impl Fn(T, T) -> bool) -> Vec<Option<IdxSize>> {
    let mut rows: Vec<Option<IdxSize>> = Vec::with_capacity(ranges.len());
    let mut last: Option<(Range<usize>, Option<usize>)> = None;
    for range in ranges {
        let (from, mut best) = match &last {
            Some((before, best)) if before.start == range.start && before.end <= range.end => (before.end, *best),
            _ => (range.start, None),
        };
        for at in from..range.end {
            if let Some(value) = values[at]
                && best.and_then(|best: usize| values[best]).is_none_or(|best| better(value, best))
            {
                best = Some(at);
            }
        }
        rows.push(best.map(|best| best as IdxSize));
        last = Some((range.clone(), best));
    }
    rows
}

/// Sums of doubles, each range added up in its own order: differences of running sums would lose digits.
fn float_sums(values: &[Option<f64>], ranges: &[Range<usize>]) -> Vec<Option<(f64, usize)>> {
    let mut out = Vec::with_capacity(ranges.len());
    let mut last: Option<(Range<usize>, f64, usize)> = None;
    for range in ranges {
        let (from, mut sum, mut n) = match &last {
            Some((before, sum, n)) if before.start == range.start && before.end <= range.end => (before.end, *sum, *n),
            _ => (range.start, 0.0, 0),
        };
        for x in values[from..range.end].iter().flatten() {
            sum += x;
            n += 1;
        }
        out.push((0 < n).then_some((sum, n)));
        last = Some((range.clone(), sum, n));
    }
    out
}

fn constant(expr: &Expr, scope: &Scope<'_>) -> Res<i64> {
    let value = eval(expr, &Frame::unit(), scope).map_err(|_| SqlErr::new("a constant whole number is needed").at(expr))?;
    match Ty::of(&value) {
        Ty::Int => Ok(value.i64().expect("Int").get(0).unwrap_or(0)),
        _ => Err(SqlErr::new("a constant whole number is needed").at(expr)),
    }
}

/// Windows of one select that share their partitions and order share their places.
#[derive(Debug, Default)]
pub(super) struct Memo {
    known: Vec<(Vec<Expr>, Vec<OrderByExpr>, Rc<Places>)>,
}

impl Memo {
    fn places(&mut self, partition: &[Expr], order: &[OrderByExpr], make: impl FnOnce() -> Res<Places>) -> Res<Rc<Places>> {
        if let Some((.., places)) = self.known.iter().find(|(a, b, _)| a == partition && b == order) {
            return Ok(Rc::clone(places));
        }
        let places = Rc::new(make()?);
        self.known.push((partition.to_vec(), order.to_vec(), Rc::clone(&places)));
        Ok(places)
    }
}

/// The aggregate of each range of places. Frames that only grow or slide forward are walked once.
fn over_ranges(name: &str, arg: Option<&Series>, ranges: &[Range<usize>]) -> Res<Series> {
    let n = ranges.len();
    let Some(arg) = arg else {
        return Ok(ints(ranges.iter().map(|range| Some(range.len() as i64))));
    };
    let present: Vec<i64> = arg.is_not_null().into_iter().map(|b| i64::from(b == Some(true))).collect();
    let running = |values: &mut dyn Iterator<Item = i128>| {
        let mut out = Vec::with_capacity(n + 1);
        out.push(0_i128);
        for value in values {
            out.push(out.last().expect("starts with one") + value);
        }
        out
    };
    let counts = running(&mut present.iter().map(|one| i128::from(*one)));
    let count = |range: &Range<usize>| counts[range.end] - counts[range.start];
    match (name, Ty::of(arg)) {
        ("count", _) => Ok(ints(ranges.iter().map(|range| Some(count(range) as i64)))),
        ("sum" | "avg", Ty::Int) => {
            let sums = running(&mut arg.i64().expect("Int").into_iter().map(|n| i128::from(n.unwrap_or(0))));
            if name == "avg" {
                return Ok(floats(ranges.iter().map(|range| {
                    let n = count(range);
                    (0 < n).then(|| (sums[range.end] - sums[range.start]) as f64 / n as f64)
                })));
            }
            let mut out = Vec::with_capacity(n);
            for range in ranges {
                let sum = sums[range.end] - sums[range.start];
                let sum = i64::try_from(sum).map_err(|_| SqlErr::new("the sum is too large"))?;
                out.push((0 < count(range)).then_some(sum));
            }
            Ok(ints(out.into_iter()))
        }
        ("sum" | "avg", Ty::Float) => {
            let values: Vec<Option<f64>> = arg.f64().expect("Float").into_iter().collect();
            let sums = float_sums(&values, ranges);
            Ok(floats(sums.into_iter().map(|sum| sum.map(|(sum, n)| if name == "avg" { sum / n as f64 } else { sum }))))
        }
        ("min" | "max", ty) if ty != Ty::Null => {
            let max = name == "max";
            let rows = match ty {
                Ty::Int => {
                    let values: Vec<Option<i64>> = arg.i64().expect("Int").into_iter().collect();
                    extremes(&values, ranges, |a, b| if max { a > b } else { a < b })
                }
                Ty::Date => {
                    let values: Vec<Option<i32>> = super::expr::days(arg).collect();
                    extremes(&values, ranges, |a, b| if max { a > b } else { a < b })
                }
                Ty::Text => {
                    let values: Vec<Option<&str>> = arg.str().expect("Text").into_iter().collect();
                    extremes(&values, ranges, |a, b| if max { a > b } else { a < b })
                }
                Ty::Bool => {
                    let values: Vec<Option<bool>> = arg.bool().expect("Bool").into_iter().collect();
                    extremes(&values, ranges, |a, b| if max { a && !b } else { !a && b })
                }
                _ => {
                    let values: Vec<Option<f64>> = arg.f64().expect("Float").into_iter().collect();
                    if values.iter().flatten().any(|x| x.is_nan()) {
                        return Err(SqlErr::new("ordering NaN is not supported"));
                    }
                    extremes(&values, ranges, |a, b| if max { a > b } else { a < b })
                }
            };
            agg::pick(arg, &rows)
        }
        ("sum" | "min" | "max", Ty::Null) => Ok(arg.clone()),
        (name, ty) => Err(SqlErr::new(format!("{name} over a window of {ty:?} is not supported"))),
    }
}
