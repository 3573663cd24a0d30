//! One value of many rows. Sums are exact or refused, and the order of the rows never matters.

use std::{cmp::Ordering, collections::HashSet};

use polars::prelude::{BooleanChunked, Float64Chunked, IdxSize, Int64Chunked};

use super::{
    cast::doubles,
    groups::Groups,
    logic::truth,
    order::{Ranked, ordered},
};
use crate::{
    column::{Column, bools, floats, ints, texts},
    error::{Res, SqlErr},
};

pub(crate) const NAMES: [&str; 18] = [
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

/// The rows of each group that take part.
pub(crate) struct Members<'g> {
    groups: &'g Groups,
    kept: Vec<bool>,
}

impl<'g> Members<'g> {
    /// Those whose mask is true; all of them without one.
    pub(crate) fn new(groups: &'g Groups, keep: Option<&BooleanChunked>) -> Self {
        let kept = match keep {
            Some(mask) => mask.iter().map(|b| b == Some(true)).collect(),
            None => vec![true; groups.of_row.len()],
        };
        Self { groups, kept }
    }

    /// Of equal values in a group the first one takes part.
    fn distinct(mut self, values: &Column) -> Self {
        let by_value = Groups::by(std::slice::from_ref(values), values.len());
        let mut seen = HashSet::new();
        for (row, kept) in self.kept.iter_mut().enumerate() {
            *kept = *kept && seen.insert((self.groups.of_row[row], by_value.of_row[row]));
        }
        self
    }

    /// Every row that takes part, with its group.
    fn rows(&self) -> impl Iterator<Item = (usize, usize)> {
        let all = self.groups.of_row.iter().zip(&self.kept).enumerate();
        all.filter(|(_, (_, kept))| **kept).map(|(row, (group, _))| (row, *group as usize))
    }

    /// What the values of each group that are there come to, beginning with `start`.
    fn fold<T: Copy, A: Clone>(&self, values: impl Iterator<Item = Option<T>>, start: A, mut add: impl FnMut(&mut A, T)) -> Vec<A> {
        let mut out = vec![start; self.groups.len()];
        let rows = values.zip(self.groups.of_row.iter().zip(&self.kept));
        for (value, (group, kept)) in rows {
            if let (Some(value), true) = (value, *kept) {
                add(&mut out[*group as usize], value);
            }
        }
        out
    }
}

/// The aggregates of one argument, or of none for `count(*)`.
pub(crate) fn over_groups(name: &str, distinct: bool, arg: Option<&Column>, members: Members<'_>) -> Res<Column> {
    let Some(arg) = arg else {
        let every = std::iter::repeat_n(Some(()), members.kept.len());
        return Ok(ints(members.fold(every, 0, |count, ()| *count += 1).into_iter().map(Some)));
    };
    if name == "count" {
        return Ok(if distinct { count_distinct(arg, &members) } else { count(arg, &members) });
    }
    let members = if distinct { members.distinct(arg) } else { members };
    let applies = || SqlErr::new(format!("{name} does not apply to {:?}", arg.ty()));
    match name {
        "sum" => match arg {
            Column::Int(values) => sum(values, &members),
            Column::Float(values) => {
                Ok(floats(members.fold(values.iter(), None, |sum, x| *sum.get_or_insert(0.0) += x).into_iter()))
            }
            Column::Null(_) => Ok(ints((0..members.groups.len()).map(|_| None))),
            _ => Err(applies()),
        },
        "avg" => match arg {
            Column::Int(values) => Ok(mean_of_ints(values, &members)),
            Column::Float(values) => Ok(mean(values, &members)),
            Column::Null(_) => Ok(floats((0..members.groups.len()).map(|_| None))),
            _ => Err(applies()),
        },
        "min" => Ok(arg.pick(&extreme(arg, Ordering::Less, &members)?)),
        "max" => Ok(arg.pick(&extreme(arg, Ordering::Greater, &members)?)),
        "bool_and" | "bool_or" => {
            let values = truth(arg).ok_or_else(applies)?;
            let all = name == "bool_and";
            Ok(bools(
                members
                    .fold(values.iter(), None, |out: &mut Option<bool>, b| {
                        *out = Some(match *out {
                            None => b,
                            Some(before) if all => before && b,
                            Some(before) => before || b,
                        });
                    })
                    .into_iter(),
            ))
        }
        "count_if" => {
            let values = truth(arg).ok_or_else(applies)?;
            Ok(ints(members.fold(values.iter(), 0, |count, b| *count += i64::from(b)).into_iter().map(Some)))
        }
        "median" => {
            let values = doubles(arg).ok_or_else(applies)?;
            Ok(floats(lists(&values, &members).iter_mut().map(|values| median(values))))
        }
        "stddev" | "stddev_samp" | "stddev_pop" | "variance" | "var_samp" | "var_pop" => {
            let values = doubles(arg).ok_or_else(applies)?;
            let (least, root) = (if name.ends_with("pop") { 1 } else { 2 }, name.starts_with("stddev"));
            Ok(floats(lists(&values, &members).iter().map(|values| {
                let variance = variance(values, least)?;
                Some(if root { variance.sqrt() } else { variance })
            })))
        }
        _ => Err(SqlErr::new(format!("{name} with these arguments is not supported"))),
    }
}

fn count(arg: &Column, members: &Members<'_>) -> Column {
    let present = arg.is_not_null();
    ints(members.fold(present.iter(), 0, |count, present| *count += i64::from(present)).into_iter().map(Some))
}

fn count_distinct(arg: &Column, members: &Members<'_>) -> Column {
    let present: Vec<bool> = arg.is_not_null().iter().map(|b| b == Some(true)).collect();
    let by_value = Groups::by(std::slice::from_ref(arg), arg.len());
    let rows = members.rows().filter(|(row, _)| present[*row]);
    let mut pairs: Vec<(usize, u32)> = rows.map(|(row, group)| (group, by_value.of_row[row])).collect();
    pairs.sort_unstable();
    pairs.dedup();
    let mut out = vec![0_i64; members.groups.len()];
    pairs.into_iter().for_each(|(group, _)| out[group] += 1);
    ints(out.into_iter().map(Some))
}

fn sum(values: &Int64Chunked, members: &Members<'_>) -> Res<Column> {
    let sums = members.fold(values.iter(), None::<i128>, |sum, n| *sum.get_or_insert(0) += i128::from(n));
    let narrow: Option<Vec<Option<i64>>> =
        sums.into_iter().map(|sum| sum.map_or(Some(None), |sum| i64::try_from(sum).ok().map(Some))).collect();
    narrow.map(|all| ints(all.into_iter())).ok_or_else(|| SqlErr::new("the sum is too large"))
}

fn mean_of_ints(values: &Int64Chunked, members: &Members<'_>) -> Column {
    let sums = members.fold(values.iter(), (0_i128, 0_i64), |(sum, n), value| {
        *sum += i128::from(value);
        *n += 1;
    });
    floats(sums.into_iter().map(|(sum, n)| (0 < n).then(|| sum as f64 / n as f64)))
}

fn mean(values: &Float64Chunked, members: &Members<'_>) -> Column {
    let sums = members.fold(values.iter(), (0.0, 0_i64), |(sum, n), x| {
        *sum += x;
        *n += 1;
    });
    floats(sums.into_iter().map(|(sum, n)| (0 < n).then(|| sum / n as f64)))
}

/// The doubles of every group, in row order.
fn lists(values: &Float64Chunked, members: &Members<'_>) -> Vec<Vec<f64>> {
    members.fold(values.iter(), Vec::new(), |list, x| list.push(x))
}

fn median(values: &mut [f64]) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    match values.len() {
        0 => None,
        n if n % 2 == 1 => Some(values[n / 2]),
        n => Some(values[n / 2 - 1] + (values[n / 2] - values[n / 2 - 1]) * 0.5),
    }
}

/// Of a sample (`least` is 2) or of everything there is (1); by Welford (1962), which loses no digits to large means.
fn variance(values: &[f64], least: usize) -> Option<f64> {
    let (mut mean, mut squares) = (0.0, 0.0);
    for (n, x) in values.iter().enumerate() {
        let before = x - mean;
        mean += before / (n + 1) as f64;
        squares += before * (x - mean);
    }
    let n = values.len();
    (least <= n).then(|| squares / (n + 1 - least) as f64)
}

/// The row of each group whose value is greatest (or least); the earliest among equals.
fn extreme(by: &Column, order: Ordering, members: &Members<'_>) -> Res<Vec<Option<IdxSize>>> {
    fn scan<T: Copy>(
        values: impl Iterator<Item = Option<T>>,
        members: &Members<'_>,
        ahead: impl Fn(T, T) -> bool,
    ) -> Vec<Option<IdxSize>> {
        let numbered = values.enumerate().map(|(row, value)| Some((row as IdxSize, value?)));
        let best = members.fold(numbered, None, |best: &mut Option<(IdxSize, T)>, (row, value)| {
            if best.is_none_or(|(_, top)| ahead(value, top)) {
                *best = Some((row, value));
            }
        });
        best.into_iter().map(|best| best.map(|(row, _)| row)).collect()
    }
    ordered(by)?;
    Ok(match by {
        Column::Int(values) => scan(values.iter(), members, |a, b| a.cmp(&b) == order),
        Column::Text(values) => scan(values.iter(), members, |a, b| a.cmp(b) == order),
        Column::Date(days) => scan(days.iter(), members, |a, b| a.cmp(&b) == order),
        Column::Bool(values) => scan(values.iter(), members, |a, b| a.cmp(&b) == order),
        Column::Float(values) => scan(values.iter(), members, |a, b| a.partial_cmp(&b) == Some(order)),
        Column::Null(_) => vec![None; members.groups.len()],
    })
}

/// `arg_max` and `arg_min`: of each group the argument of the first row by rank that takes part. Rows without an argument or
/// without a rank do not.
pub(crate) fn first_ranked(arg: &Column, by: &Column, ranked: &Ranked, members: &Members<'_>) -> Column {
    let (starts, rows) = ranked;
    let (present, placed) = (arg.is_not_null(), by.is_not_null());
    let takes_part = |row: usize| members.kept[row] && present.get(row) == Some(true) && placed.get(row) == Some(true);
    let first = |group: usize| rows[starts[group]..starts[group + 1]].iter().copied().find(|row| takes_part(*row as usize));
    arg.pick(&(0..members.groups.len()).map(first).collect::<Vec<_>>())
}

/// Texts of each group, one behind the other in an order of the rows.
pub(crate) fn string_agg(value: &Column, separator: &Column, members: &Members<'_>, order: &[IdxSize]) -> Res<Column> {
    let (Column::Text(values), Column::Text(separators)) = (value, separator) else {
        return Err(SqlErr::new("string_agg needs texts"));
    };
    let mut out: Vec<Option<String>> = vec![None; members.groups.len()];
    for row in order.iter().map(|row| *row as usize) {
        let (Some(text), true) = (values.get(row), members.kept[row]) else { continue };
        let group = &mut out[members.groups.of_row[row] as usize];
        match group {
            Some(all) => {
                all.push_str(separators.get(row).unwrap_or_default());
                all.push_str(text);
            }
            None => *group = Some(text.to_owned()),
        }
    }
    Ok(texts(out.into_iter()))
}
