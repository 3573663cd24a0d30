//! Sets, maps and order of what is short or in order already. `collect` into a map sorts first, and a sort is code of its own
//! for every type: some three kilobytes each, which a phone has to fetch.

use std::{
    cmp::Ordering,
    collections::{BTreeMap, BTreeSet},
};

pub fn set_of<T: Ord>(items: impl IntoIterator<Item = T>) -> BTreeSet<T> {
    let mut set = BTreeSet::new();
    for item in items {
        set.insert(item);
    }
    set
}

/// Of two with one key the later one stands.
pub fn map_of<K: Ord, V>(items: impl IntoIterator<Item = (K, V)>) -> BTreeMap<K, V> {
    let mut map = BTreeMap::new();
    for (key, value) in items {
        map.insert(key, value);
    }
    map
}

/// As `sort_by`, stable: places are sorted, which is one piece of code for all types, and then the items stand there.
pub fn sorted<T>(items: impl IntoIterator<Item = T>, by: impl Fn(&T, &T) -> Ordering) -> Vec<T> {
    let mut items: Vec<Option<T>> = items.into_iter().map(Some).collect();
    let order = places(items.len(), &|a, b| match (&items[a], &items[b]) {
        (Some(a), Some(b)) => by(a, b),
        _ => Ordering::Equal,
    });
    order.into_iter().filter_map(|at| items[at].take()).collect()
}

fn places(n: usize, by: &dyn Fn(usize, usize) -> Ordering) -> Vec<usize> {
    let mut places: Vec<usize> = (0..n).collect();
    places.sort_by(|a, b| by(*a, *b));
    places
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sorted_is_as_sort_by_and_keeps_the_order_of_equals() {
        let items: Vec<(u32, usize)> = (0..200).map(|at| ((at as u32 * 7919) % 13, at)).collect();
        let mut plain = items.clone();
        plain.sort_by_key(|item| item.0);
        assert_eq!(sorted(items, |a, b| a.0.cmp(&b.0)), plain);
        assert!(sorted(Vec::<u8>::new(), u8::cmp).is_empty());
        // Of two with one key the later one stands, as in `collect`.
        let pairs = [(2, "b"), (1, "a"), (2, "c")];
        assert_eq!(map_of(pairs), pairs.into_iter().collect());
        assert_eq!(set_of([3, 1, 3]), BTreeSet::from([1, 3]));
    }
}
