//! A model's table between refreshes: a large part that is written once, a small part that changes, and an index by key
//! into the large one. What a refresh costs follows what it touches; the large part is written anew only when the small
//! one has grown, which is seldom.

use std::{
    cell::{OnceCell, RefCell},
    collections::{BTreeMap, BTreeSet, HashSet},
    hash::{DefaultHasher, Hash as _, Hasher as _},
    rc::Rc,
};

use polars::prelude::{BooleanChunked, IdxSize};

use crate::table::{Table, Ty, Value, index, value_at};

/// Rows of the small part from which the parts become one again.
const MERGE_AT: usize = 4_096;

/// Values of some columns, and what they hash to.
type Key = (u64, Vec<Value>);

/// Which partitions of a table something is about.
#[derive(Debug, Default)]
pub(crate) struct Keys {
    found: BTreeMap<u64, Vec<Vec<Value>>>,
}

impl Keys {
    /// The keys of every row of a table.
    pub(crate) fn add(&mut self, table: &Table, by: &[String]) {
        for row in 0..table.rows() {
            let (hash, values) = key_at(table, by, row);
            let known = self.found.entry(hash).or_default();
            if !known.contains(&values) {
                known.push(values);
            }
        }
    }

    fn contains(&self, (hash, values): &Key) -> bool {
        self.found.get(hash).is_some_and(|known| known.contains(values))
    }

    fn mask(&self, table: &Table, by: &[String], wanted: bool) -> BooleanChunked {
        (0..table.rows()).map(|row| Some(self.contains(&key_at(table, by, row)) == wanted)).collect()
    }
}

fn key_at(table: &Table, by: &[String], row: usize) -> Key {
    let values: Vec<Value> = by.iter().map(|column| table.value(column, row)).collect();
    let mut hasher = DefaultHasher::new();
    values.iter().for_each(|value| hash_value(value, &mut hasher));
    (hasher.finish(), values)
}

fn hash_value(value: &Value, hasher: &mut DefaultHasher) {
    match value {
        Value::Null => hasher.write_u8(0),
        Value::Int(n) => n.hash(hasher),
        Value::Float(x) => x.to_bits().hash(hasher),
        Value::Text(text) => text.as_str().hash(hasher),
        Value::Bool(b) => b.hash(hasher),
        Value::Date(days) => days.hash(hasher),
    }
}

/// Hash of a row's key and the row, sorted: less than half of what a hash map takes.
type Index = Vec<(u64, IdxSize)>;

#[derive(Debug)]
pub(crate) struct Stored {
    base: Table,
    /// Rows of `base` that no longer count.
    dead: HashSet<IdxSize>,
    fresh: Table,
    indexes: RefCell<BTreeMap<Vec<String>, Rc<Index>>>,
    /// The table as one, column by column as they are asked for.
    whole: RefCell<BTreeMap<String, polars::prelude::Series>>,
    alive: OnceCell<BooleanChunked>,
}

impl Stored {
    pub(crate) fn new(table: Table) -> Self {
        let fresh = table.slice(0, 0);
        Self {
            base: table,
            dead: HashSet::new(),
            fresh,
            indexes: RefCell::default(),
            whole: RefCell::default(),
            alive: OnceCell::new(),
        }
    }

    pub(crate) fn bytes(&self) -> usize {
        let indexes: usize = self.indexes.borrow().values().map(|index| index.len() * size_of::<(u64, IdxSize)>()).sum();
        self.base.bytes() + self.fresh.bytes() + indexes
    }

    pub(crate) fn has(&self, by: &[String]) -> bool {
        by.iter().all(|column| self.base.column(column).is_some())
    }

    /// The columns that are asked for, of every row that counts; all of them without a list.
    pub(crate) fn table(&self, columns: Option<&BTreeSet<String>>) -> Table {
        let wanted = |name: &str| columns.is_none_or(|columns| columns.contains(&name.to_ascii_lowercase()));
        if self.dead.is_empty() && self.fresh.rows() == 0 {
            return self.base.only(wanted);
        }
        let names: Vec<String> = self.base.names().into_iter().filter(|name| wanted(name)).map(str::to_owned).collect();
        if names.is_empty() {
            // Rows without a column have no number of their own: the narrowest column stands for them.
            return self.table(Some(&self.base.names().first().map(|name| name.to_ascii_lowercase()).into_iter().collect()));
        }
        let mut whole = self.whole.borrow_mut();
        let missing: Vec<&String> = names.iter().filter(|name| !whole.contains_key(*name)).collect();
        if !missing.is_empty() {
            let alive =
                self.alive.get_or_init(|| (0..self.base.rows() as IdxSize).map(|row| Some(!self.dead.contains(&row))).collect());
            let some = |name: &str| missing.iter().any(|missing| *missing == name);
            let table = self.base.only(some).filter(alive).append(&self.fresh.only(some));
            for (name, series) in table.columns() {
                whole.insert(name.to_owned(), series.clone());
            }
        }
        Table::new(names.into_iter().map(|name| (name.clone(), whole[&name].clone())).collect())
    }

    /// The rows of some partitions.
    pub(crate) fn of(&self, by: &[String], keys: &Keys) -> Table {
        let rows = self.base_rows(by, keys);
        let fresh = self.fresh.filter(&keys.mask(&self.fresh, by, true));
        self.base.take(&index(rows)).append(&fresh)
    }

    /// Puts `now` in place of the rows of some partitions.
    pub(crate) fn replace(&mut self, by: &[String], keys: &Keys, now: &Table) {
        let dead = self.base_rows(by, keys);
        self.dead.extend(dead);
        self.fresh = self.fresh.filter(&keys.mask(&self.fresh, by, false));
        self.append(now);
    }

    pub(crate) fn append(&mut self, now: &Table) {
        self.whole.borrow_mut().clear();
        self.alive.take();
        self.fresh = self.fresh.append(now);
        if MERGE_AT <= self.fresh.rows() + self.dead.len() {
            *self = Self::new(self.table(None));
        }
    }

    fn base_rows(&self, by: &[String], keys: &Keys) -> Vec<IdxSize> {
        let found = self.index(by);
        let mut rows = Vec::new();
        for (hash, values) in &keys.found {
            let from = found.partition_point(|(other, _)| other < hash);
            for (_, row) in found[from..].iter().take_while(|(other, _)| other == hash) {
                // Two keys may share a hash.
                let own: Vec<Value> = by.iter().map(|column| self.base.value(column, *row as usize)).collect();
                if values.contains(&own) && !self.dead.contains(row) {
                    rows.push(*row);
                }
            }
        }
        rows.sort_unstable();
        rows
    }

    /// Made when it is first needed, and kept as long as the large part stands.
    pub(crate) fn index(&self, by: &[String]) -> Rc<Index> {
        if let Some(known) = self.indexes.borrow().get(by) {
            return Rc::clone(known);
        }
        let columns: Vec<_> = by.iter().filter_map(|column| self.base.column(column)).collect();
        let mut hashers = vec![DefaultHasher::new(); self.base.rows()];
        for series in columns {
            match Ty::of(series) {
                Ty::Text => series.str().expect("Text").into_iter().zip(&mut hashers).for_each(|(text, hasher)| match text {
                    Some(text) => text.hash(hasher),
                    None => hasher.write_u8(0),
                }),
                _ => hashers.iter_mut().enumerate().for_each(|(row, hasher)| hash_value(&value_at(series, row), hasher)),
            }
        }
        let mut made: Index = hashers.into_iter().enumerate().map(|(row, hasher)| (hasher.finish(), row as IdxSize)).collect();
        made.sort_unstable();
        let made = Rc::new(made);
        self.indexes.borrow_mut().insert(by.to_vec(), Rc::clone(&made));
        made
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::{ints, texts};

    fn table(rows: &[(&str, i64)]) -> Table {
        Table::new(vec![
            ("k".to_owned(), texts(rows.iter().map(|(k, _)| Some(*k)))),
            ("n".to_owned(), ints(rows.iter().map(|(_, n)| Some(*n)))),
        ])
    }

    fn sum(table: &Table) -> i64 {
        (0..table.rows()).map(|row| if let Value::Int(n) = table.value("n", row) { n } else { 0 }).sum()
    }

    #[test]
    fn parts_are_replaced_whichever_side_they_lie_on() {
        let by = ["k".to_owned()];
        let keys = |k: &str| {
            let mut keys = Keys::default();
            keys.add(&table(&[(k, 0)]), &by);
            keys
        };
        let mut stored = Stored::new(table(&[("a", 1), ("b", 2), ("a", 4)]));
        assert_eq!(sum(&stored.of(&by, &keys("a"))), 5);
        stored.replace(&by, &keys("a"), &table(&[("a", 10)]));
        assert_eq!(sum(&stored.of(&by, &keys("a"))), 10);
        assert_eq!((stored.table(None).rows(), sum(&stored.table(None))), (2, 12));
        // The second time the partition lies in the small part.
        stored.replace(&by, &keys("a"), &table(&[]));
        assert_eq!(sum(&stored.of(&by, &keys("a"))), 0);
        assert_eq!((stored.table(None).rows(), sum(&stored.table(None))), (1, 2));
        stored.append(&table(&[("c", 7)]));
        assert_eq!(sum(&stored.table(Some(&["n".to_owned()].into()))), 9);
        assert_eq!(stored.table(Some(&["n".to_owned()].into())).names(), ["n"]);
        // Grown beyond its measure it is one table again.
        let many: Vec<(&str, i64)> = vec![("d", 1); MERGE_AT];
        stored.append(&table(&many));
        assert_eq!((stored.fresh.rows(), stored.dead.len(), stored.base.rows()), (0, 0, 2 + MERGE_AT));
    }
}
