//! Window functions: a value per row that looks at other rows of its partition.

use std::ops::Range;

use polars::prelude::{Column, DataFrame, IdxSize, PlSmallStr, Series, SortMultipleOptions};
use sqlparser::ast::{Expr, Function, OrderByExpr, WindowFrameBound, WindowFrameUnits, WindowSpec, WindowType};

use super::{
    agg::{self, Groups},
    error::{Res, SqlErr},
    expr::{cast, common, eval, mask},
    frame::Frame,
    func,
    scope::Scope,
};
use crate::table::{Ty, Value, floats, index, ints, repeat};

/// Rows in order, given as row numbers. DuckDB's default is nulls last, whichever the direction.
pub(super) fn sorted_rows(keys: &[(Series, bool, bool)], rows: usize) -> Res<Vec<IdxSize>> {
    if keys.is_empty() || rows < 2 {
        return Ok((0..rows as IdxSize).collect());
    }
    let mut columns: Vec<Column> = Vec::with_capacity(keys.len() + 1);
    for (at, (key, ..)) in keys.iter().enumerate() {
        if Ty::of(key) == Ty::Float && key.f64().expect("Float").into_iter().flatten().any(f64::is_nan) {
            return Err(SqlErr::new("ordering NaN is not supported"));
        }
        columns.push(key.clone().with_name(PlSmallStr::from_string(format!("k{at}"))).into());
    }
    let names: Vec<PlSmallStr> = columns.iter().map(|column| column.name().clone()).collect();
    columns.push(ints((0..rows as i64).map(Some)).with_name("row".into()).into());
    let options = SortMultipleOptions::new()
        .with_order_descending_multi(keys.iter().map(|(_, descending, _)| *descending))
        .with_nulls_last_multi(keys.iter().map(|(_, _, nulls_first)| !nulls_first))
        .with_maintain_order(true)
        .with_multithreaded(false);
    let sorted =
        DataFrame::new(columns).and_then(|frame| frame.sort(names, options)).map_err(|err| SqlErr::new(err.to_string()))?;
    let order = sorted.column("row").expect("just added").as_materialized_series().clone();
    Ok(order.i64().expect("Int").into_iter().map(|row| row.expect("a row number") as IdxSize).collect())
}

/// `(values, descending, nulls first)` of each sort key.
pub(super) fn sort_keys(order: &[OrderByExpr], value: impl Fn(&Expr) -> Res<Series>) -> Res<Vec<(Series, bool, bool)>> {
    order
        .iter()
        .map(|OrderByExpr { expr, options, with_fill }| {
            if with_fill.is_some() {
                return Err(SqlErr::new("with fill is not supported").at(expr));
            }
            Ok((value(expr)?, options.asc == Some(false), options.nulls_first == Some(true)))
        })
        .collect()
}

pub(super) fn window(function: &Function, frame: &Frame, scope: &Scope<'_>) -> Res<Series> {
    let Some(WindowType::WindowSpec(spec)) = &function.over else {
        return Err(SqlErr::new("named windows are not supported"));
    };
    let WindowSpec { window_name: None, partition_by, order_by, window_frame } = spec else {
        return Err(SqlErr::new("named windows are not supported"));
    };
    let partition = partition_by.iter().map(|expr| eval(expr, frame, scope)).collect::<Res<Vec<_>>>()?;
    let partitions = Groups::by(&partition, frame.rows);
    let order_keys = sort_keys(order_by, |expr| eval(expr, frame, scope))?;

    // All rows, partition after partition, in order within each.
    let mut keys = vec![(ints(partitions.of_row.iter().map(|group| Some(i64::from(*group)))), false, false)];
    keys.extend(order_keys.iter().cloned());
    let order = sorted_rows(&keys, frame.rows)?;
    // Rows with equal sort keys are peers.
    let mut peer_keys = vec![keys[0].0.clone()];
    peer_keys.extend(order_keys.iter().map(|(key, ..)| key.clone()));
    let peers = Groups::by(&peer_keys, frame.rows);
    let place = Places::new(&order, &partitions, &peers);

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
                let new_peer = at == first || peers.of_row[order[at] as usize] != peers.of_row[order[at - 1] as usize];
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
            for at in 0..order.len() {
                let range = place.frame(at, window_frame.as_ref(), !order_by.is_empty(), scope)?;
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
            for at in 0..order.len() {
                let range = place.frame(at, window_frame.as_ref(), !order_by.is_empty(), scope)?;
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
            let mut ranges = Vec::with_capacity(order.len());
            for at in 0..order.len() {
                ranges.push(place.frame(at, window_frame.as_ref(), !order_by.is_empty(), scope)?);
            }
            let by_place = over_ranges(call.name, arg.as_ref(), &ranges)?;
            // Back from window order to row order.
            let mut places = vec![None; frame.rows];
            for (at, row) in order.iter().enumerate() {
                places[*row as usize] = Some(at as IdxSize);
            }
            agg::pick(&by_place, &places)
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

/// Where each place of the window order lies: in which partition, among which peers.
struct Places {
    partition: Vec<Range<usize>>,
    partition_of: Vec<u32>,
    peers: Vec<Range<usize>>,
    peers_of: Vec<u32>,
    order: Vec<IdxSize>,
}

impl Places {
    fn new(order: &[IdxSize], partitions: &Groups, peers: &Groups) -> Self {
        let ranges = |groups: &Groups| {
            let mut ranges = vec![0..0; groups.len()];
            for (at, row) in order.iter().enumerate() {
                let range = &mut ranges[groups.of_row[*row as usize] as usize];
                if range.end == 0 {
                    range.start = at;
                }
                range.end = at + 1;
            }
            (ranges, order.iter().map(|row| groups.of_row[*row as usize]).collect())
        };
        let (partition, partition_of) = ranges(partitions);
        let (peers, peers_of) = ranges(peers);
        Self { partition, partition_of, peers, peers_of, order: order.to_vec() }
    }

    fn partition(&self, at: usize) -> Range<usize> {
        self.partition[self.partition_of[at] as usize].clone()
    }

    fn peers(&self, at: usize) -> Range<usize> {
        self.peers[self.peers_of[at] as usize].clone()
    }

    /// One value per row, made from its place.
    fn map<T: Clone>(&self, value: impl Fn(usize) -> Option<T>) -> Vec<Option<T>> {
        let mut out = vec![None; self.order.len()];
        for (at, row) in self.order.iter().enumerate() {
            out[*row as usize] = value(at);
        }
        out
    }

    fn frame(&self, at: usize, frame: Option<&sqlparser::ast::WindowFrame>, ordered: bool, scope: &Scope<'_>) -> Res<Range<usize>> {
        let all = self.partition(at);
        let Some(frame) = frame else {
            // The standard's default: to the last peer where there is an order, otherwise everything.
            return Ok(if ordered { all.start..self.peers(at).end } else { all });
        };
        let default_range = frame.units == WindowFrameUnits::Range
            && frame.start_bound == WindowFrameBound::Preceding(None)
            && matches!(frame.end_bound, None | Some(WindowFrameBound::CurrentRow));
        if default_range {
            return Ok(all.start..if ordered { self.peers(at).end } else { all.end });
        }
        if frame.units != WindowFrameUnits::Rows {
            return Err(SqlErr::new(format!("{} frames are not supported: use rows", frame.units)));
        }
        let place = |bound: &WindowFrameBound| -> Res<Option<i64>> {
            Ok(match bound {
                WindowFrameBound::CurrentRow => Some(at as i64),
                WindowFrameBound::Preceding(None) | WindowFrameBound::Following(None) => None,
                WindowFrameBound::Preceding(Some(by)) => Some(at as i64 - constant(by, scope)?),
                WindowFrameBound::Following(Some(by)) => Some(at as i64 + constant(by, scope)?),
            })
        };
        let start = match &frame.start_bound {
            WindowFrameBound::Following(None) => return Err(SqlErr::new("a frame cannot start at unbounded following")),
            bound => place(bound)?.map_or(all.start, |at| at.clamp(all.start as i64, all.end as i64) as usize),
        };
        let end = match frame.end_bound.as_ref().unwrap_or(&WindowFrameBound::CurrentRow) {
            WindowFrameBound::Preceding(None) => return Err(SqlErr::new("a frame cannot end at unbounded preceding")),
            bound => place(bound)?.map_or(all.end, |at| (at + 1).clamp(all.start as i64, all.end as i64) as usize),
        };
        Ok(start..end.max(start))
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
