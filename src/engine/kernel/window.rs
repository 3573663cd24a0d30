//! A value per row that looks at other rows of its partition.

use std::ops::Range;

use polars::prelude::{Float64Chunked, IdxSize, Int64Chunked};

use super::order::{Places, ordered};
use crate::{
    column::{Column, floats, ints},
    error::{Res, SqlErr},
};

pub(crate) const NAMES: [&str; 11] = [
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

/// `row_number`, and otherwise `rank` or `dense_rank`: peers share theirs.
pub(crate) fn rank(name: &str, places: &Places) -> Column {
    let mut out = vec![0; places.len()];
    let mut dense = 0;
    for (at, row) in places.order.iter().enumerate() {
        let first = places.partition(at).start;
        let new_peer = at == first || places.peers(at).start == at;
        dense = if at == first { 1 } else { dense + i64::from(new_peer) };
        out[*row as usize] = match name {
            "row_number" => (at - first) as i64 + 1,
            "rank" => (places.peers(at).start - first) as i64 + 1,
            _ => dense,
        };
    }
    ints(out.into_iter().map(Some))
}

/// `cume_dist`, and otherwise `percent_rank`.
pub(crate) fn share(name: &str, places: &Places) -> Column {
    let shares = places.map(|at| {
        let (all, peers) = (places.partition(at), places.peers(at));
        Some(match (name, all.len()) {
            ("cume_dist", n) => (peers.end - all.start) as f64 / n as f64,
            (_, 1) => 0.0,
            (_, n) => (peers.start - all.start) as f64 / (n - 1) as f64,
        })
    });
    floats(shares.into_iter())
}

pub(crate) fn ntile(buckets: i64, places: &Places) -> Column {
    let tiles = places.map(|at| {
        let all = places.partition(at);
        let (n, nth) = (all.len() as i64, (at - all.start) as i64);
        let (small, large) = (n / buckets, n % buckets);
        // The first buckets are one larger when the rows do not divide evenly.
        let in_large = large * (small + 1);
        Some(if nth < in_large { nth / (small + 1) + 1 } else { large + (nth - in_large) / small.max(1) + 1 })
    });
    ints(tiles.into_iter())
}

/// The row that lies so many places further in its partition, if there is one.
pub(crate) fn neighbours(by: i64, places: &Places) -> Vec<Option<IdxSize>> {
    places.map(|at| {
        let target = usize::try_from((at as i64).saturating_add(by)).ok()?;
        places.partition(at).contains(&target).then(|| places.order[target])
    })
}

/// The row that lies at a place of each row's frame, if the frame has one.
pub(crate) fn framed(
    frames: &[Range<usize>],
    places: &Places,
    place: impl Fn(&Range<usize>) -> Option<usize>,
) -> Vec<Option<IdxSize>> {
    places.map(|at| place(&frames[at]).map(|target| places.order[target]))
}

/// The aggregate of each range of places, whose argument is in window order. Frames that only grow or slide forward are
/// walked once.
pub(crate) fn over_ranges(name: &str, arg: Option<&Column>, ranges: &[Range<usize>]) -> Res<Column> {
    let Some(arg) = arg else {
        return Ok(ints(ranges.iter().map(|range| Some(range.len() as i64))));
    };
    let counts = running(arg.is_not_null().iter().map(|b| i128::from(b == Some(true))));
    let count = |range: &Range<usize>| (counts[range.end] - counts[range.start]) as i64;
    match (name, arg) {
        ("count", _) => Ok(ints(ranges.iter().map(|range| Some(count(range))))),
        ("sum", Column::Int(values)) => sums(values, ranges, count),
        ("avg", Column::Int(values)) => {
            let sums = running(values.iter().map(|n| i128::from(n.unwrap_or(0))));
            Ok(floats(ranges.iter().map(|range| {
                let n = count(range);
                (0 < n).then(|| (sums[range.end] - sums[range.start]) as f64 / n as f64)
            })))
        }
        ("sum", Column::Float(values)) => Ok(floats(float_sums(values, ranges).into_iter().map(|sum| sum.map(|(sum, _)| sum)))),
        ("avg", Column::Float(values)) => {
            Ok(floats(float_sums(values, ranges).into_iter().map(|sum| sum.map(|(sum, n)| sum / n as f64))))
        }
        ("sum" | "min" | "max", Column::Null(_)) => Ok(arg.clone()),
        ("min" | "max", arg) => {
            ordered(arg)?;
            Ok(arg.pick(&extremes(arg, ranges, name == "max")))
        }
        (name, arg) => Err(SqlErr::new(format!("{name} over a window of {:?} is not supported", arg.ty()))),
    }
}

/// What there is before each place, and in all.
fn running(values: impl Iterator<Item = i128>) -> Vec<i128> {
    let mut sum = 0;
    let sums = values.map(|value| {
        sum += value;
        sum
    });
    std::iter::once(0).chain(sums).collect()
}

fn sums(values: &Int64Chunked, ranges: &[Range<usize>], count: impl Fn(&Range<usize>) -> i64) -> Res<Column> {
    let sums = running(values.iter().map(|n| i128::from(n.unwrap_or(0))));
    let mut out = Vec::with_capacity(ranges.len());
    for range in ranges {
        let sum = i64::try_from(sums[range.end] - sums[range.start]).map_err(|_| SqlErr::new("the sum is too large"))?;
        out.push((0 < count(range)).then_some(sum));
    }
    Ok(ints(out.into_iter()))
}

/// Sums of doubles, each range added up in its own order: differences of running sums would lose digits.
fn float_sums(values: &Float64Chunked, ranges: &[Range<usize>]) -> Vec<Option<(f64, usize)>> {
    let values: Vec<Option<f64>> = values.iter().collect();
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

/// The place of each range's greatest value, or of its least.
fn extremes(values: &Column, ranges: &[Range<usize>], greatest: bool) -> Vec<Option<IdxSize>> {
    fn better<T: PartialOrd>(greatest: bool) -> impl Fn(T, T) -> bool {
        move |a, b| if greatest { a > b } else { a < b }
    }
    match values {
        Column::Int(values) => best(values.iter(), ranges, better(greatest)),
        Column::Date(days) => best(days.iter(), ranges, better(greatest)),
        Column::Text(values) => best(values.iter(), ranges, better(greatest)),
        Column::Bool(values) => best(values.iter(), ranges, better(greatest)),
        Column::Float(values) => best(values.iter(), ranges, better(greatest)),
        Column::Null(_) => vec![None; ranges.len()],
    }
}

/// The best place of each range; a range that grows from the one before continues from its best.
fn best<T: Copy>(
    values: impl Iterator<Item = Option<T>>,
    ranges: &[Range<usize>],
    better: impl Fn(T, T) -> bool,
) -> Vec<Option<IdxSize>> {
    let values: Vec<Option<T>> = values.collect();
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
