//! Sets and maps of what comes one after another. `collect` sorts first, and a sort is code of its own for every type: some
//! three kilobytes each, which a phone has to fetch. Only where what comes is short or in order already.

use std::collections::{BTreeMap, BTreeSet};

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
