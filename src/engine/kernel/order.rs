//! Rows in order, and where each row lies among the rows of its window.

use std::{cmp::Ordering, ops::Range};

use polars::prelude::IdxSize;

use super::groups::Groups;
use crate::{
    column::Column,
    error::{Res, SqlErr},
};

/// What rows are sorted by.
#[derive(Debug, Clone)]
pub(crate) struct SortKey {
    pub(crate) values: Column,
    pub(crate) descending: bool,
    pub(crate) nulls_first: bool,
}

impl SortKey {
    /// The key, unless it holds what has no order.
    pub(crate) fn checked(self) -> Res<Self> {
        ordered(&self.values)?;
        Ok(self)
    }
}

/// Refuses a column with NaN, which stands in no order that anybody could rely on.
pub(super) fn ordered(values: &Column) -> Res<()> {
    match values {
        Column::Float(values) if values.iter().flatten().any(f64::is_nan) => Err(SqlErr::new("ordering NaN is not supported")),
        _ => Ok(()),
    }
}

/// The row numbers in order; rows that compare equal stay as they stood.
pub(crate) fn sorted_rows(keys: &[SortKey], rows: usize) -> Vec<IdxSize> {
    let mut order: Vec<IdxSize> = (0..rows as IdxSize).collect();
    if !keys.is_empty() {
        sort(&mut order, &comparable(keys));
    }
    order
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

fn comparable(keys: &[SortKey]) -> Vec<Comparable<'_>> {
    keys.iter()
        .map(|key| {
            let nulls = key.values.null_count();
            let values = match &key.values {
                Column::Int(values) => whole(values.iter(), nulls),
                Column::Date(days) => whole(days.iter().map(|day| day.map(i64::from)), nulls),
                Column::Bool(values) => whole(values.iter().map(|b| b.map(i64::from)), nulls),
                Column::Text(values) => Values::Text(values.iter().collect()),
                Column::Float(values) => Values::Float(values.iter().collect()),
                Column::Null(len) => Values::Int(vec![None; *len]),
            };
            let null = if key.nulls_first { Ordering::Less } else { Ordering::Greater };
            Comparable { values, descending: key.descending, null }
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
            Values::Float(values) => self.with_nulls(values[a], values[b], by_size),
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

/// Both zeros are equal, and NaN is above everything.
fn by_size(a: f64, b: f64) -> Ordering {
    a.partial_cmp(&b).unwrap_or_else(|| a.is_nan().cmp(&b.is_nan()))
}

/// Rows of each group by rank: where each group begins, and the rows.
pub(crate) type Ranked = (Vec<usize>, Vec<IdxSize>);

/// The rows of each group in order, as `Groups::members` has them.
pub(crate) fn sorted_members(groups: &Groups, values: &Column, descending: bool) -> Res<Ranked> {
    let (starts, mut rows) = groups.members();
    if groups.len() < rows.len() {
        let keys = [SortKey { values: values.clone(), descending, nulls_first: false }.checked()?];
        let keys = comparable(&keys);
        starts.windows(2).for_each(|ends| sort(&mut rows[ends[0]..ends[1]], &keys));
    }
    Ok((starts, rows))
}

/// All rows, partition after partition, in order within each. A row's place is where it stands in that.
#[derive(Debug)]
pub(crate) struct Places {
    pub(crate) order: Vec<IdxSize>,
    starts: Vec<usize>,
    partition_of: Vec<u32>,
    /// Rows with equal sort keys are peers: where those of a place begin, and end.
    peers: Vec<(u32, u32)>,
}

impl Places {
    pub(crate) fn new(partitions: &Groups, keys: &[SortKey]) -> Self {
        let keys = comparable(keys);
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
        Self { order, starts, partition_of, peers }
    }

    pub(crate) fn len(&self) -> usize {
        self.order.len()
    }

    pub(crate) fn partition(&self, at: usize) -> Range<usize> {
        let partition = self.partition_of[at] as usize;
        self.starts[partition]..self.starts[partition + 1]
    }

    pub(crate) fn peers(&self, at: usize) -> Range<usize> {
        self.peers[at].0 as usize..self.peers[at].1 as usize
    }

    /// One value per row, made from its place.
    pub(crate) fn map<T: Clone>(&self, value: impl Fn(usize) -> Option<T>) -> Vec<Option<T>> {
        let mut out = vec![None; self.order.len()];
        for (at, row) in self.order.iter().enumerate() {
            out[*row as usize] = value(at);
        }
        out
    }

    /// The place of each row.
    pub(crate) fn of_rows(&self) -> Vec<IdxSize> {
        let mut out = vec![0; self.order.len()];
        for (at, row) in self.order.iter().enumerate() {
            out[*row as usize] = at as IdxSize;
        }
        out
    }

    /// The places that each place's frame takes in.
    pub(crate) fn frames(&self, extent: Extent) -> Vec<Range<usize>> {
        let (start, end) = match extent {
            Extent::Partition => return (0..self.len()).map(|at| self.partition(at)).collect(),
            Extent::ToLastPeer => return (0..self.len()).map(|at| self.partition(at).start..self.peers(at).end).collect(),
            Extent::Rows { start, end } => (start, end),
        };
        let frame = |at: usize| {
            let all = self.partition(at);
            let inside = |place: i64| place.clamp(all.start as i64, all.end as i64) as usize;
            let from = start.map_or(all.start, |by| inside((at as i64).saturating_add(by)));
            let to = end.map_or(all.end, |by| inside((at as i64).saturating_add(by).saturating_add(1)));
            from..to.max(from)
        };
        (0..self.len()).map(frame).collect()
    }
}

/// How far a row's frame goes inside its partition.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Extent {
    Partition,
    ToLastPeer,
    /// Rows from here, or to the border where nobody says how many.
    Rows {
        start: Option<i64>,
        end: Option<i64>,
    },
}
