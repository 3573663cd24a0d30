//! A set of whole numbers as few inclusive ranges: which rows of a chain are held, or acknowledged.

use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Ranges(Vec<(u64, u64)>);

impl Ranges {
    pub fn of(from: u64, to: u64) -> Self {
        let mut out = Self::default();
        out.insert(from, to);
        out
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn iter(&self) -> impl Iterator<Item = (u64, u64)> + '_ {
        self.0.iter().copied()
    }

    pub fn count(&self) -> u64 {
        self.0.iter().map(|(from, to)| to - from + 1).sum()
    }

    pub fn last(&self) -> u64 {
        self.0.last().map_or(0, |(_, to)| *to)
    }

    pub fn contains(&self, n: u64) -> bool {
        self.0
            .binary_search_by(|(from, to)| {
                if n < *from {
                    std::cmp::Ordering::Greater
                } else if *to < n {
                    std::cmp::Ordering::Less
                } else {
                    std::cmp::Ordering::Equal
                }
            })
            .is_ok()
    }

    /// An empty range (`to` before `from`) changes nothing.
    pub fn insert(&mut self, from: u64, to: u64) {
        if to < from {
            return;
        }
        // The usual case first: the chain grows at its end.
        if let Some(last) = self.0.last_mut()
            && last.0 <= from
            && from <= last.1.saturating_add(1)
        {
            last.1 = last.1.max(to);
            return;
        }
        let start = self.0.partition_point(|(_, end)| end.saturating_add(1) < from);
        let end = self.0.partition_point(|(begin, _)| *begin <= to.saturating_add(1));
        let (mut low, mut high) = (from, to);
        for (begin, stop) in &self.0[start..end.max(start)] {
            (low, high) = (low.min(*begin), high.max(*stop));
        }
        self.0.splice(start..end.max(start), [(low, high)]);
    }

    pub fn remove(&mut self, from: u64, to: u64) {
        if to < from {
            return;
        }
        let mut out = Vec::with_capacity(self.0.len() + 1);
        for (begin, end) in self.0.drain(..) {
            if end < from || to < begin {
                out.push((begin, end));
                continue;
            }
            if begin < from {
                out.push((begin, from - 1));
            }
            if to < end {
                out.push((to + 1, end));
            }
        }
        self.0 = out;
    }

    pub fn merge(&mut self, other: &Self) {
        other.iter().for_each(|(from, to)| self.insert(from, to));
    }

    #[must_use]
    pub fn minus(&self, other: &Self) -> Self {
        let mut out = self.clone();
        other.iter().for_each(|(from, to)| out.remove(from, to));
        out
    }

    /// What is in both.
    #[must_use]
    pub fn common(&self, other: &Self) -> Self {
        self.minus(&self.minus(other))
    }

    /// How many of `from..=to` are in the set.
    pub fn count_within(&self, from: u64, to: u64) -> u64 {
        self.0.iter().map(|(begin, end)| (*end.min(&to) + 1).saturating_sub(*begin.max(&from))).sum()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// Against a plain set, over every operation that small numbers allow.
    #[test]
    fn behaves_as_a_set() {
        let mut seed = 7_u64;
        let mut next = move |n: u64| {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (seed >> 33) % n
        };
        let (mut ranges, mut plain) = (Ranges::default(), BTreeSet::new());
        for _ in 0..20_000 {
            let from = 1 + next(40);
            let to = from + next(6);
            if next(3) == 0 {
                ranges.remove(from, to);
                (from..=to).for_each(|n| _ = plain.remove(&n));
            } else {
                ranges.insert(from, to);
                plain.extend(from..=to);
            }
            assert_eq!(ranges.iter().flat_map(|(a, b)| a..=b).collect::<BTreeSet<_>>(), plain);
            assert!(ranges.iter().zip(ranges.iter().skip(1)).all(|(a, b)| a.1 + 1 < b.0), "ranges never touch: {ranges:?}");
            assert_eq!(ranges.contains(from), plain.contains(&from));
            assert_eq!(ranges.count(), plain.len() as u64);
            assert_eq!(ranges.count_within(from, to), plain.range(from..=to).count() as u64);
            if next(400) == 0 {
                (ranges, plain) = (Ranges::default(), BTreeSet::new());
            }
        }
    }
}
