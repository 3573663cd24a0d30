//! A model's table between refreshes: a large part that is written once, a small part that changes, and an index by key
//! into the large one. What a refresh costs follows what it touches; the large part is written anew only when the small
//! one has grown, which is seldom.

use std::{
    cell::{OnceCell, RefCell},
    collections::{BTreeMap, BTreeSet, HashSet},
    hash::{BuildHasher as _, Hash},
    rc::Rc,
};

use foldhash::fast::FixedState;
use polars::prelude::{BooleanChunked, IdxSize};

use crate::{
    column::{Column, index},
    kernel::groups::matches,
    packed::Base,
    table::Table,
    value::Value,
};

/// Rows of the small part from which the parts become one again when nobody waits.
const TIDY_AT: usize = 4_096;

/// A small part that is this large in proportion is no small part: it is merged at once.
const MERGE_AT_SHARE: usize = 2;

/// Which partitions of a table something is about.
#[derive(Debug, Default)]
pub(crate) struct Keys {
    found: BTreeMap<u64, Vec<Vec<Value>>>,
}

impl Keys {
    /// The keys of every row of a table.
    pub(crate) fn add(&mut self, table: &Table, by: &[String]) {
        let columns = columns(table, by);
        for (row, hash) in hashes(&columns, table.rows()).into_iter().enumerate() {
            let known = self.found.entry(hash).or_default();
            if !known.iter().any(|key| has_key(&columns, row, key)) {
                known.push(columns.iter().map(|column| column.value(row)).collect());
            }
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.found.is_empty()
    }

    fn mask(&self, table: &Table, by: &[String], wanted: bool) -> BooleanChunked {
        let columns = columns(table, by);
        let hashes = hashes(&columns, table.rows()).into_iter().enumerate();
        let known = |row, hash| self.found.get(&hash).is_some_and(|known| known.iter().any(|key| has_key(&columns, row, key)));
        hashes.map(|(row, hash)| Some(known(row, hash) == wanted)).collect()
    }
}

fn columns<'t>(table: &'t Table, by: &[String]) -> Vec<&'t Column> {
    by.iter().filter_map(|column| table.column(column)).collect()
}

/// Two keys may share a hash.
fn has_key(columns: &[&Column], row: usize, key: &[Value]) -> bool {
    columns.iter().zip(key).all(|(column, value)| match (column, value) {
        (Column::Text(values), Value::Text(text)) => values.get(row) == Some(text.as_str()),
        (Column::Int(values), Value::Int(n)) => values.get(row) == Some(*n),
        _ => column.value(row) == *value,
    })
}

fn equal_keys(columns: &[&Column], a: IdxSize, b: IdxSize) -> bool {
    let (a, b) = (a as usize, b as usize);
    columns.iter().all(|column| match column {
        Column::Text(values) => values.get(a) == values.get(b),
        _ => column.value(a) == column.value(b),
    })
}

/// What each row's key hashes to.
fn hashes(columns: &[&Column], rows: usize) -> Vec<u64> {
    fn mix(out: &mut [u64], values: impl Iterator<Item = Option<impl Hash>>) {
        let state = FixedState::default();
        for (out, value) in out.iter_mut().zip(values) {
            *out = (out.rotate_left(5) ^ state.hash_one(value)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        }
    }
    let mut out = vec![0_u64; rows];
    for column in columns {
        match column {
            Column::Text(values) => mix(&mut out, values.iter()),
            Column::Int(values) => mix(&mut out, values.iter()),
            Column::Date(days) => mix(&mut out, days.iter()),
            Column::Bool(values) => mix(&mut out, values.iter()),
            Column::Float(values) => mix(&mut out, values.iter().map(|x| x.map(f64::to_bits))),
            Column::Null(_) => {}
        }
    }
    out
}

/// The rows of each side that the other side does not have as they are. Rows are known by their key; without one that tells
/// them apart all of them differ.
pub(crate) fn differing(before: &Table, now: &Table, key: &[String]) -> (Table, Table) {
    let (mine, theirs) = (columns(before, key), columns(now, key));
    if key.is_empty() || mine.len() < key.len() || theirs.len() < key.len() {
        return (before.clone(), now.clone());
    }
    let owned = |columns: Vec<&Column>| columns.into_iter().cloned().collect::<Vec<_>>();
    let (mine, theirs) = (owned(mine), owned(theirs));
    if mine.iter().zip(&theirs).any(|(a, b)| a.ty() != b.ty()) {
        return (before.clone(), now.clone());
    }
    let (before_rows, now_rows) = matches(&mine, &theirs);
    let once = |rows: &[IdxSize], len: usize| {
        let mut seen = vec![false; len];
        rows.iter().all(|row| !std::mem::replace(&mut seen[*row as usize], true))
    };
    if !once(&before_rows, before.rows()) || !once(&now_rows, now.rows()) {
        return (before.clone(), now.clone());
    }
    let mut same = vec![true; before_rows.len()];
    for (name, a) in before.columns() {
        match now.column(name) {
            Some(b) => equal_cells(a, &before_rows, b, &now_rows, &mut same),
            None => same.fill(false),
        }
    }
    let without = |table: &Table, rows: &[IdxSize]| {
        let mut kept = vec![true; table.rows()];
        rows.iter().zip(&same).filter(|(_, same)| **same).for_each(|(row, _)| kept[*row as usize] = false);
        table.filter(&kept.into_iter().map(Some).collect())
    };
    (without(before, &before_rows), without(now, &now_rows))
}

/// Unmarks the pairs whose cells differ in one column. Null equals null here, and doubles are equal to the bit.
fn equal_cells(a: &Column, a_rows: &[IdxSize], b: &Column, b_rows: &[IdxSize], same: &mut [bool]) {
    fn mark<T: PartialEq>(
        pairs: impl Iterator<Item = (usize, usize)>,
        same: &mut [bool],
        a: impl Fn(usize) -> Option<T>,
        b: impl Fn(usize) -> Option<T>,
    ) {
        for (same, (mine, theirs)) in same.iter_mut().zip(pairs) {
            *same = *same && a(mine) == b(theirs);
        }
    }
    let pairs = a_rows.iter().zip(b_rows).map(|(a, b)| (*a as usize, *b as usize));
    match (a, b) {
        (Column::Text(a), Column::Text(b)) => mark(pairs, same, |row| a.get(row), |row| b.get(row)),
        (Column::Int(a), Column::Int(b)) => mark(pairs, same, |row| a.get(row), |row| b.get(row)),
        (Column::Float(a), Column::Float(b)) => {
            mark(pairs, same, |row| a.get(row).map(f64::to_bits), |row| b.get(row).map(f64::to_bits));
        }
        // A column without a value has no type yet.
        _ => mark(pairs, same, |row| Some(a.value(row)), |row| Some(b.value(row))),
    }
}

/// Finds the rows of a key.
#[derive(Debug)]
pub(crate) struct Index {
    /// Hash of a row's key and the row, sorted: less than half of what a hash map takes.
    rows: Vec<(u64, IdxSize)>,
    /// No two keys share a hash, so the first row of a hash speaks for all of them.
    exact: bool,
}

#[derive(Debug)]
pub(crate) struct Stored {
    base: Base,
    /// Rows of `base` that no longer count.
    dead: HashSet<IdxSize, FixedState>,
    fresh: Table,
    indexes: RefCell<BTreeMap<Vec<String>, Rc<Index>>>,
    /// The table as one, column by column as they are asked for.
    whole: RefCell<BTreeMap<String, Column>>,
    alive: OnceCell<BooleanChunked>,
}

impl Stored {
    pub(crate) fn new(table: Table) -> Self {
        Self::of_base(table.into())
    }

    /// A table that a former store packed.
    pub(crate) fn of_base(base: Base) -> Self {
        let fresh = base.none();
        Self {
            base,
            dead: HashSet::default(),
            fresh,
            indexes: RefCell::default(),
            whole: RefCell::default(),
            alive: OnceCell::new(),
        }
    }

    pub(crate) fn bytes(&self) -> usize {
        let indexes: usize = self.indexes.borrow().values().map(|index| index.rows.len() * size_of::<(u64, IdxSize)>()).sum();
        self.base.bytes() + self.fresh.bytes() + indexes
    }

    pub(crate) fn has(&self, by: &[String]) -> bool {
        by.iter().all(|column| self.base.has(column))
    }

    /// Whether rows like these can be among its own.
    pub(crate) fn takes(&self, rows: &Table) -> bool {
        self.base.none().takes(rows)
    }

    /// The columns that are asked for, of every row that counts; all of them without a list.
    pub(crate) fn table(&self, columns: Option<&BTreeSet<String>>) -> Table {
        let wanted = |name: &str| columns.is_none_or(|columns| columns.contains(&name.to_ascii_lowercase()));
        if self.dead.is_empty() && self.fresh.rows() == 0 {
            return self.base.only(wanted);
        }
        let names: Vec<String> = self.base.names().iter().filter(|name| wanted(name)).cloned().collect();
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
            whole.extend(table.into_columns());
        }
        Table::new(names.into_iter().map(|name| (name.clone(), whole[&name].clone())).collect())
    }

    /// The rows of some partitions, with the columns that are asked for or all of them.
    pub(crate) fn of(&self, by: &[String], keys: &Keys, names: Option<&BTreeSet<String>>) -> Table {
        let wanted = |name: &str| names.is_none_or(|names| names.contains(&name.to_ascii_lowercase()));
        let rows = self.base_rows(by, keys);
        let base = self.base.only(wanted).take(&index(rows));
        if self.fresh.rows() == 0 {
            return base;
        }
        base.append(&self.fresh.only(wanted).filter(&keys.mask(&self.fresh, by, true)))
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
        let changed = self.fresh.rows() + self.dead.len();
        if TIDY_AT * MERGE_AT_SHARE + self.base.rows() / MERGE_AT_SHARE <= changed {
            *self = Self::new(self.table(None));
        }
    }

    /// Makes one table of the parts again, with the indexes that were there. Whether there was something to do.
    pub(crate) fn tidy(&mut self) -> bool {
        let untidy = TIDY_AT <= self.fresh.rows() + self.dead.len();
        if untidy {
            let indexed: Vec<Vec<String>> = self.indexes.borrow().keys().cloned().collect();
            *self = Self::new(self.table(None).in_one_piece());
            indexed.iter().for_each(|by| _ = self.index(by));
        }
        untidy
    }

    fn keyed(&self, by: &[String]) -> Table {
        self.base.only(|name| by.iter().any(|column| column == name))
    }

    fn base_rows(&self, by: &[String], keys: &Keys) -> Vec<IdxSize> {
        let found = self.index(by);
        let keyed = self.keyed(by);
        let columns = columns(&keyed, by);
        let mut rows = Vec::new();
        for (hash, values) in &keys.found {
            let from = found.rows.partition_point(|(other, _)| other < hash);
            let same = found.rows[from..].partition_point(|(other, _)| other == hash);
            let same = &found.rows[from..from + same];
            if found.exact {
                if same.first().is_some_and(|(_, row)| values.iter().any(|key| has_key(&columns, *row as usize, key))) {
                    rows.extend(same.iter().map(|(_, row)| *row).filter(|row| !self.dead.contains(row)));
                }
                continue;
            }
            for (_, row) in same {
                if !self.dead.contains(row) && values.iter().any(|key| has_key(&columns, *row as usize, key)) {
                    rows.push(*row);
                }
            }
        }
        rows.sort_unstable();
        rows
    }

    /// Makes an index that is missing; whether it was.
    pub(crate) fn make_index(&self, by: &[String]) -> bool {
        let missing = !self.indexes.borrow().contains_key(by);
        if missing {
            self.index(by);
        }
        missing
    }

    /// Made when it is first needed, and kept as long as the large part stands.
    fn index(&self, by: &[String]) -> Rc<Index> {
        if let Some(known) = self.indexes.borrow().get(by) {
            return Rc::clone(known);
        }
        let keyed = self.keyed(by);
        let columns = columns(&keyed, by);
        let hashes = hashes(&columns, self.base.rows());
        let mut rows: Vec<(u64, IdxSize)> = hashes.into_iter().enumerate().map(|(row, hash)| (hash, row as IdxSize)).collect();
        rows.sort_unstable();
        let clashes = |pair: &[(u64, IdxSize)]| pair[0].0 == pair[1].0 && !equal_keys(&columns, pair[0].1, pair[1].1);
        let exact = !rows.windows(2).any(clashes);
        let made = Rc::new(Index { rows, exact });
        self.indexes.borrow_mut().insert(by.to_vec(), Rc::clone(&made));
        made
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::column::{ints, texts};

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
        assert_eq!(sum(&stored.of(&by, &keys("a"), None)), 5);
        stored.replace(&by, &keys("a"), &table(&[("a", 10)]));
        assert_eq!(sum(&stored.of(&by, &keys("a"), None)), 10);
        assert_eq!((stored.table(None).rows(), sum(&stored.table(None))), (2, 12));
        // The second time the partition lies in the small part.
        stored.replace(&by, &keys("a"), &table(&[]));
        assert_eq!(sum(&stored.of(&by, &keys("a"), None)), 0);
        assert_eq!((stored.table(None).rows(), sum(&stored.table(None))), (1, 2));
        stored.append(&table(&[("c", 7)]));
        assert_eq!(sum(&stored.table(Some(&["n".to_owned()].into()))), 9);
        assert_eq!(stored.table(Some(&["n".to_owned()].into())).names(), ["n"]);
        // Grown it is made one table again when somebody has the time, and at once when it outgrows the large part.
        let many: Vec<(&str, i64)> = vec![("d", 1); TIDY_AT];
        stored.append(&table(&many));
        assert_eq!((stored.fresh.rows(), stored.base.rows()), (1 + TIDY_AT, 3));
        assert!(stored.tidy() && !stored.tidy());
        assert_eq!((stored.fresh.rows(), stored.dead.len(), stored.base.rows()), (0, 0, 2 + TIDY_AT));
        assert_eq!(stored.of(&by, &keys("c"), None).rows(), 1);
        let many: Vec<(&str, i64)> = vec![("e", 1); TIDY_AT * 3];
        stored.append(&table(&many));
        assert_eq!((stored.fresh.rows(), stored.base.rows()), (0, 2 + TIDY_AT * 4));
    }
}
