//! Which rows belong together: numbers in place of values, for grouping and for joining.
//!
//! Columns become codes one after the other, and pairs of codes become codes again. However many columns a key has, no row
//! is ever copied or compared whole.

use std::{collections::HashMap, hash::Hash};

use foldhash::fast::FixedState;
use polars::prelude::IdxSize;

use crate::column::Column;

type Map<K> = HashMap<K, u32, FixedState>;

/// A row that takes part in nothing: null on a side of a join, or a value that the other side does not have.
const NOBODY: u32 = u32::MAX;

/// Codes up to this many times the rows are looked up in a plain array, wider ones by hashing.
const DENSE: usize = 4;

/// Which group each row is in, numbered by first appearance.
#[derive(Debug)]
pub(crate) struct Groups {
    pub(crate) of_row: Vec<u32>,
    pub(crate) first_row: Vec<IdxSize>,
}

impl Groups {
    pub(crate) fn len(&self) -> usize {
        self.first_row.len()
    }

    /// Nulls are one group, as `group by` has it.
    pub(crate) fn by(keys: &[Column], rows: usize) -> Self {
        if keys.is_empty() {
            return Self { of_row: vec![0; rows], first_row: vec![0] };
        }
        let mut codes: Option<Codes> = None;
        for key in keys {
            let own = Codes::of(key);
            codes = Some(match codes {
                None => own,
                // Every row is its own group already: no further column can part them.
                Some(codes) if codes.count as usize == rows => codes,
                Some(codes) => codes.and(&own),
            });
        }
        let of_row = codes.map_or_else(Vec::new, |codes| codes.of_row);
        let mut first_row = Vec::new();
        for (row, group) in of_row.iter().enumerate() {
            if *group as usize == first_row.len() {
                first_row.push(row as IdxSize);
            }
        }
        Self { of_row, first_row }
    }

    /// The rows of each group, in order: group `g` has `rows[starts[g]..starts[g + 1]]`.
    pub(crate) fn members(&self) -> (Vec<usize>, Vec<IdxSize>) {
        members(&self.of_row, self.len())
    }
}

/// Pairs of rows with equal keys, in the order of the left side; null equals nothing. Keys are of one type on both sides.
pub(crate) fn matches(left: &[Column], right: &[Column]) -> (Vec<IdxSize>, Vec<IdxSize>) {
    let mut codes: Option<(Codes, Codes)> = None;
    for (a, b) in left.iter().zip(right) {
        let (a, b) = Codes::shared(a, b);
        codes = Some(match codes {
            None => (a, b),
            Some((left, right)) => Codes::both(&left, &a, &right, &b),
        });
    }
    let Some((left, right)) = codes else { return (Vec::new(), Vec::new()) };
    let (starts, rows) = members(&right.of_row, right.count as usize);
    let mut left_rows = Vec::with_capacity(left.of_row.len());
    let mut right_rows = Vec::with_capacity(left.of_row.len());
    for (row, code) in left.of_row.iter().enumerate() {
        if *code != NOBODY {
            let found = &rows[starts[*code as usize]..starts[*code as usize + 1]];
            left_rows.extend(std::iter::repeat_n(row as IdxSize, found.len()));
            right_rows.extend_from_slice(found);
        }
    }
    (left_rows, right_rows)
}

/// Rows by code, in order: a counting sort.
fn members(of_row: &[u32], count: usize) -> (Vec<usize>, Vec<IdxSize>) {
    let mut starts = vec![0_usize; count + 1];
    for code in of_row.iter().filter(|code| **code != NOBODY) {
        starts[*code as usize + 1] += 1;
    }
    for code in 0..count {
        starts[code + 1] += starts[code];
    }
    let mut fill = starts.clone();
    let mut rows = vec![0; starts[count]];
    for (row, code) in of_row.iter().enumerate().filter(|(_, code)| **code != NOBODY) {
        let at = &mut fill[*code as usize];
        rows[*at] = row as IdxSize;
        *at += 1;
    }
    (starts, rows)
}

struct Codes {
    of_row: Vec<u32>,
    count: u32,
}

impl Codes {
    /// Nulls have a code of their own.
    fn of(column: &Column) -> Self {
        let mut null = None;
        let len = column.len();
        match column {
            Column::Text(values) => {
                let mut known: Map<&str> = Map::default();
                Self::numbered(len, values.iter(), &mut null, |text, next| known.code(text, next))
            }
            Column::Int(values) => match span(values.iter().flatten(), len) {
                Some((least, span)) => {
                    let mut known = vec![NOBODY; span];
                    Self::numbered(len, values.iter(), &mut null, |n, next| slot(&mut known[(n - least) as usize], next))
                }
                None => {
                    let mut known: Map<i64> = Map::default();
                    Self::numbered(len, values.iter(), &mut null, |n, next| known.code(n, next))
                }
            },
            Column::Date(days) => {
                let mut known: Map<i32> = Map::default();
                Self::numbered(len, days.iter(), &mut null, |n, next| known.code(n, next))
            }
            Column::Bool(values) => {
                let mut known = [NOBODY; 2];
                Self::numbered(len, values.iter(), &mut null, |b, next| slot(&mut known[usize::from(b)], next))
            }
            Column::Float(values) => {
                let mut known: Map<u64> = Map::default();
                let bits = values.iter().map(|x| x.map(float_bits));
                Self::numbered(len, bits, &mut null, |bits, next| known.code(bits, next))
            }
            Column::Null(_) => Self { of_row: vec![0; len], count: u32::from(0 < len) },
        }
    }

    fn numbered<T: Copy>(
        len: usize,
        values: impl Iterator<Item = Option<T>>,
        null: &mut Option<u32>,
        mut code: impl FnMut(T, u32) -> u32,
    ) -> Self {
        let mut of_row = Vec::with_capacity(len);
        let mut count = 0;
        for value in values {
            let own = match value {
                Some(value) => code(value, count),
                None => *null.get_or_insert(count),
            };
            count = count.max(own + 1);
            of_row.push(own);
        }
        Self { of_row, count }
    }

    /// Codes of pairs, numbered by first appearance.
    fn and(&self, other: &Self) -> Self {
        let pairs = self.of_row.iter().zip(&other.of_row).map(|(a, b)| Some((*a, *b)));
        let (len, width) = (self.of_row.len(), other.count as usize);
        let mut null = None;
        match (self.count as usize).checked_mul(width).filter(|span| *span <= DENSE * len) {
            Some(span) => {
                let mut known = vec![NOBODY; span];
                Self::numbered(len, pairs, &mut null, |(a, b), next| slot(&mut known[a as usize * width + b as usize], next))
            }
            None => {
                let mut known: Map<(u32, u32)> = Map::default();
                Self::numbered(len, pairs, &mut null, |pair, next| known.code(pair, next))
            }
        }
    }

    /// Codes of two columns that are joined: nulls and what only the left side has are nobody.
    fn shared(left: &Column, right: &Column) -> (Self, Self) {
        match (left, right) {
            (Column::Text(left), Column::Text(right)) => Self::looked_up(left.iter(), right.iter()),
            (Column::Int(left), Column::Int(right)) => Self::looked_up(left.iter(), right.iter()),
            (Column::Date(left), Column::Date(right)) => Self::looked_up(left.iter(), right.iter()),
            (Column::Bool(left), Column::Bool(right)) => Self::looked_up(left.iter(), right.iter()),
            (Column::Float(left), Column::Float(right)) => {
                Self::looked_up(left.iter().map(|x| x.map(float_bits)), right.iter().map(|x| x.map(float_bits)))
            }
            // Nulls, and what is of two types, equal nothing.
            (left, right) => {
                let nobody = |len| Self { of_row: vec![NOBODY; len], count: 0 };
                (nobody(left.len()), nobody(right.len()))
            }
        }
    }

    fn looked_up<T: Copy + Eq + Hash>(
        left: impl Iterator<Item = Option<T>>,
        right: impl Iterator<Item = Option<T>>,
    ) -> (Self, Self) {
        let mut known: Map<T> = Map::default();
        let of_row = right.map(|value| value.map_or(NOBODY, |value| known.code(value, known.len() as u32))).collect();
        let left = left.map(|value| value.and_then(|value| known.get(&value).copied()).unwrap_or(NOBODY)).collect();
        let count = known.len() as u32;
        (Self { of_row: left, count }, Self { of_row, count })
    }

    /// The pairs of two keys on both sides of a join.
    fn both(left: &Self, left_next: &Self, right: &Self, right_next: &Self) -> (Self, Self) {
        let pairs = |a: &Self, b: &Self| -> Vec<Option<(u32, u32)>> {
            let all = a.of_row.iter().zip(&b.of_row);
            all.map(|(a, b)| (*a != NOBODY && *b != NOBODY).then_some((*a, *b))).collect()
        };
        Self::looked_up(pairs(left, left_next).into_iter(), pairs(right, right_next).into_iter())
    }
}

trait Known<K> {
    /// The key's code, or the next one.
    fn code(&mut self, key: K, next: u32) -> u32;
}

impl<K: Eq + Hash> Known<K> for Map<K> {
    fn code(&mut self, key: K, next: u32) -> u32 {
        *self.entry(key).or_insert(next)
    }
}

fn slot(slot: &mut u32, next: u32) -> u32 {
    if *slot == NOBODY {
        *slot = next;
    }
    *slot
}

/// The least value and how many whole numbers lie from it to the greatest, where that is not many more than there are rows.
fn span(values: impl Iterator<Item = i64>, rows: usize) -> Option<(i64, usize)> {
    let (least, most) = values.fold((i64::MAX, i64::MIN), |(least, most), n| (least.min(n), most.max(n)));
    let span = usize::try_from(most.checked_sub(least)?).ok()?.checked_add(1)?;
    (span <= DENSE * rows + 16).then_some((least, span))
}

/// Equal doubles have equal bits: one zero, one NaN.
fn float_bits(x: f64) -> u64 {
    if x.is_nan() { f64::NAN.to_bits() } else { (x + 0.0).to_bits() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::column::{bools, dates, floats, ints, texts};

    #[test]
    fn groups_are_numbered_by_first_appearance_and_null_is_one() {
        let text = texts([Some("b"), None, Some("a"), Some("b"), None].into_iter());
        let groups = Groups::by(std::slice::from_ref(&text), 5);
        assert_eq!((groups.of_row, groups.first_row), (vec![0, 1, 2, 0, 1], vec![0, 1, 2]));
        let wide = ints([Some(i64::MAX), Some(i64::MIN), None, Some(i64::MAX), Some(0)].into_iter());
        let groups = Groups::by(&[text, wide], 5);
        assert_eq!((groups.of_row, groups.first_row), (vec![0, 1, 2, 0, 3], vec![0, 1, 2, 4]));
        let zero = floats([Some(0.0), Some(-0.0), Some(f64::NAN), Some(-f64::NAN), None].into_iter());
        assert_eq!(Groups::by(&[zero], 5).of_row, [0, 0, 1, 1, 2]);
        let flags = bools([Some(true), None, Some(false), Some(true), None].into_iter());
        let dates = dates([Some(3), Some(3), Some(-3), Some(4), Some(3)].into_iter());
        assert_eq!(Groups::by(&[flags, dates], 5).of_row, [0, 1, 2, 3, 1]);
        assert_eq!(Groups::by(&[], 3).of_row, [0, 0, 0]);
        let (starts, rows) = Groups::by(&[ints([Some(7), Some(8), Some(7)].into_iter())], 3).members();
        assert_eq!((starts, rows), (vec![0, 2, 3], vec![0, 2, 1]));
    }

    #[test]
    fn null_matches_nothing_and_pairs_stand_in_the_order_of_the_left() {
        let left =
            [ints([Some(1), None, Some(2), Some(1)].into_iter()), texts([Some("x"), Some("x"), None, Some("y")].into_iter())];
        let right =
            [ints([Some(1), Some(1), None, Some(2)].into_iter()), texts([Some("x"), Some("x"), Some("x"), None].into_iter())];
        assert_eq!(matches(&left[..1], &right[..1]), (vec![0, 0, 2, 3, 3], vec![0, 1, 3, 0, 1]));
        assert_eq!(matches(&left, &right), (vec![0, 0], vec![0, 1]));
        assert_eq!(matches(&left[1..], &[texts([None::<&str>].into_iter())]), (vec![], vec![]));
    }
}
