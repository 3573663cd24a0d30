//! Rows in order, and where each row lies among the rows of its window.

use std::{cmp::Ordering, ops::Range};

use polars::prelude::{IdxSize, Series};
use sqlparser::ast::{Expr, OrderByExpr, WindowFrame, WindowFrameBound, WindowFrameUnits};

use super::{
    error::{Res, SqlErr},
    expr::days,
    groups::Groups,
};
use crate::table::Ty;

/// What rows are sorted by.
#[derive(Debug, Clone)]
pub(super) struct SortKey {
    pub(super) values: Series,
    pub(super) descending: bool,
    pub(super) nulls_first: bool,
}

/// DuckDB's default is nulls last, whichever the direction.
pub(super) fn sort_keys(order: &[OrderByExpr], value: impl Fn(&Expr) -> Res<Series>) -> Res<Vec<SortKey>> {
    order
        .iter()
        .map(|OrderByExpr { expr, options, with_fill }| {
            if with_fill.is_some() {
                return Err(SqlErr::new("with fill is not supported").at(expr));
            }
            let (descending, nulls_first) = (options.asc == Some(false), options.nulls_first == Some(true));
            Ok(SortKey { values: value(expr)?, descending, nulls_first })
        })
        .collect()
}

/// The row numbers in order; rows that compare equal stay as they stood.
pub(super) fn sorted_rows(keys: &[SortKey], rows: usize) -> Res<Vec<IdxSize>> {
    let mut order: Vec<IdxSize> = (0..rows as IdxSize).collect();
    if !keys.is_empty() {
        sort(&mut order, &comparable(keys)?);
    }
    Ok(order)
}

fn sort(rows: &mut [IdxSize], keys: &[Comparable<'_>]) {
    rows.sort_unstable_by(|a, b| compare(keys, *a, *b).then(a.cmp(b)));
}

/// A sort key's values as Rust compares them.
struct Comparable<'k> {
    values: Values<'k>,
    descending: bool,
    null: Ordering,
}

enum Values<'k> {
    /// Whole numbers, dates and truth; without nulls.
    Plain(Vec<i64>),
    Int(Vec<Option<i64>>),
    Float(Vec<Option<f64>>),
    Text(Vec<Option<&'k str>>),
}

fn comparable(keys: &[SortKey]) -> Res<Vec<Comparable<'_>>> {
    keys.iter()
        .map(|key| {
            let (from, nulls) = (&key.values, key.values.null_count());
            let values = match Ty::of(from) {
                Ty::Int => whole(from.i64().expect("Int").into_iter(), nulls),
                Ty::Date => whole(days(from).map(|day| day.map(i64::from)), nulls),
                Ty::Bool => whole(from.bool().expect("Bool").into_iter().map(|b| b.map(i64::from)), nulls),
                Ty::Text => Values::Text(from.str().expect("Text").iter().collect()),
                Ty::Float => {
                    let values: Vec<Option<f64>> = from.f64().expect("Float").into_iter().collect();
                    if values.iter().flatten().any(|x| x.is_nan()) {
                        return Err(SqlErr::new("ordering NaN is not supported"));
                    }
                    Values::Float(values)
                }
                Ty::Null => Values::Int(vec![None; from.len()]),
            };
            let null = if key.nulls_first { Ordering::Less } else { Ordering::Greater };
            Ok(Comparable { values, descending: key.descending, null })
        })
        .collect()
}

fn whole<'k>(values: impl Iterator<Item = Option<i64>>, nulls: usize) -> Values<'k> {
    if nulls == 0 { Values::Plain(values.flatten().collect()) } else { Values::Int(values.collect()) }
}

fn compare(keys: &[Comparable<'_>], a: IdxSize, b: IdxSize) -> Ordering {
    for key in keys {
        let order = key.compare(a as usize, b as usize);
        if order != Ordering::Equal {
            return order;
        }
    }
    Ordering::Equal
}

impl Comparable<'_> {
    fn compare(&self, a: usize, b: usize) -> Ordering {
        match &self.values {
            Values::Plain(values) => self.directed(values[a].cmp(&values[b])),
            Values::Int(values) => self.with_nulls(values[a], values[b], |a, b| a.cmp(&b)),
            // Without NaN doubles have a total order, in which both zeros are equal.
            Values::Float(values) => self.with_nulls(values[a], values[b], |a, b| a.partial_cmp(&b).unwrap_or(Ordering::Equal)),
            Values::Text(values) => self.with_nulls(values[a], values[b], |a, b| a.cmp(b)),
        }
    }

    fn directed(&self, order: Ordering) -> Ordering {
        if self.descending { order.reverse() } else { order }
    }

    fn with_nulls<T>(&self, a: Option<T>, b: Option<T>, order: impl Fn(T, T) -> Ordering) -> Ordering {
        match (a, b) {
            (Some(a), Some(b)) => self.directed(order(a, b)),
            (None, None) => Ordering::Equal,
            (None, _) => self.null,
            (_, None) => self.null.reverse(),
        }
    }
}

/// The rows of each group in order, as `Groups::members` has them.
pub(super) fn sorted_members(groups: &Groups, key: &SortKey) -> Res<(Vec<usize>, Vec<IdxSize>)> {
    let (starts, mut rows) = groups.members();
    if groups.len() < rows.len() {
        let keys = comparable(std::slice::from_ref(key))?;
        starts.windows(2).for_each(|ends| sort(&mut rows[ends[0]..ends[1]], &keys));
    }
    Ok((starts, rows))
}

/// All rows, partition after partition, in order within each. A row's place is where it stands in that.
#[derive(Debug)]
pub(super) struct Places {
    pub(super) order: Vec<IdxSize>,
    starts: Vec<usize>,
    partition_of: Vec<u32>,
    /// Rows with equal sort keys are peers: where those of a place begin, and end.
    peers: Vec<(u32, u32)>,
}

impl Places {
    pub(super) fn new(partitions: &Groups, keys: &[SortKey]) -> Res<Self> {
        let keys = comparable(keys)?;
        let (starts, mut order) = partitions.members();
        let mut peers = vec![(0, 0); order.len()];
        for range in starts.windows(2).map(|ends| ends[0]..ends[1]) {
            let rows = &mut order[range.clone()];
            sort(rows, &keys);
            let mut first = 0;
            for at in 1..=rows.len() {
                if at == rows.len() || compare(&keys, rows[at - 1], rows[at]) != Ordering::Equal {
                    peers[range.start + first..range.start + at].fill(((range.start + first) as u32, (range.start + at) as u32));
                    first = at;
                }
            }
        }
        let partition_of = order.iter().map(|row| partitions.of_row[*row as usize]).collect();
        Ok(Self { order, starts, partition_of, peers })
    }

    pub(super) fn len(&self) -> usize {
        self.order.len()
    }

    pub(super) fn partition(&self, at: usize) -> Range<usize> {
        let partition = self.partition_of[at] as usize;
        self.starts[partition]..self.starts[partition + 1]
    }

    pub(super) fn peers(&self, at: usize) -> Range<usize> {
        self.peers[at].0 as usize..self.peers[at].1 as usize
    }

    /// One value per row, made from its place.
    pub(super) fn map<T: Clone>(&self, value: impl Fn(usize) -> Option<T>) -> Vec<Option<T>> {
        let mut out = vec![None; self.order.len()];
        for (at, row) in self.order.iter().enumerate() {
            out[*row as usize] = value(at);
        }
        out
    }

    /// The place of each row.
    pub(super) fn of_rows(&self) -> Vec<IdxSize> {
        let mut out = vec![0; self.order.len()];
        for (at, row) in self.order.iter().enumerate() {
            out[*row as usize] = at as IdxSize;
        }
        out
    }

    /// The places that each place's frame takes in.
    pub(super) fn frames(
        &self,
        frame: Option<&WindowFrame>,
        ordered: bool,
        constant: impl Fn(&Expr) -> Res<i64>,
    ) -> Res<Vec<Range<usize>>> {
        let to_last_peer = |at: usize| {
            let all = self.partition(at);
            if ordered { all.start..self.peers(at).end } else { all }
        };
        let Some(frame) = frame else {
            // The standard's default: to the last peer where there is an order, otherwise everything.
            return Ok((0..self.len()).map(to_last_peer).collect());
        };
        let default_range = frame.units == WindowFrameUnits::Range
            && frame.start_bound == WindowFrameBound::Preceding(None)
            && matches!(frame.end_bound, None | Some(WindowFrameBound::CurrentRow));
        if default_range {
            return Ok((0..self.len()).map(to_last_peer).collect());
        }
        if frame.units != WindowFrameUnits::Rows {
            return Err(SqlErr::new(format!("{} frames are not supported: use rows", frame.units)));
        }
        // Rows from here, or nothing where there is no bound.
        let bound = |bound: &WindowFrameBound| -> Res<Option<i64>> {
            Ok(match bound {
                WindowFrameBound::CurrentRow => Some(0),
                WindowFrameBound::Preceding(None) | WindowFrameBound::Following(None) => None,
                WindowFrameBound::Preceding(Some(by)) => Some(-constant(by)?),
                WindowFrameBound::Following(Some(by)) => Some(constant(by)?),
            })
        };
        let start = match &frame.start_bound {
            WindowFrameBound::Following(None) => return Err(SqlErr::new("a frame cannot start at unbounded following")),
            start => bound(start)?,
        };
        let end = match frame.end_bound.as_ref().unwrap_or(&WindowFrameBound::CurrentRow) {
            WindowFrameBound::Preceding(None) => return Err(SqlErr::new("a frame cannot end at unbounded preceding")),
            end => bound(end)?,
        };
        let frame = |at: usize| {
            let all = self.partition(at);
            let inside = |place: i64| place.clamp(all.start as i64, all.end as i64) as usize;
            let from = start.map_or(all.start, |by| inside((at as i64).saturating_add(by)));
            let to = end.map_or(all.end, |by| inside((at as i64).saturating_add(by).saturating_add(1)));
            from..to.max(from)
        };
        Ok((0..self.len()).map(frame).collect())
    }
}
