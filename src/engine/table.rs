//! A table: named columns of one length.

use polars::prelude::{BooleanChunked, IdxCa};

use crate::{
    column::{Column, Columns, index},
    kernel::order::{SortKey, sorted_rows},
    value::{Ty, Value},
};

#[derive(Debug, Clone)]
pub struct Table {
    columns: Columns,
    rows: usize,
}

impl Table {
    /// Columns of one length with distinct names.
    pub(crate) fn new(columns: Columns) -> Self {
        let rows = columns.first().map_or(0, |(_, column)| column.len());
        debug_assert!(columns.iter().all(|(_, column)| column.len() == rows), "columns of one length");
        debug_assert!(
            columns.iter().enumerate().all(|(at, (name, _))| columns[..at].iter().all(|(other, _)| other != name)),
            "distinct names"
        );
        Self { columns, rows }
    }

    pub fn rows(&self) -> usize {
        self.rows
    }

    pub fn names(&self) -> Vec<&str> {
        self.columns.iter().map(|(name, _)| name.as_str()).collect()
    }

    pub fn ty(&self, name: &str) -> Option<Ty> {
        self.column(name).map(Column::ty)
    }

    pub(crate) fn column(&self, name: &str) -> Option<&Column> {
        self.columns.iter().find(|(own, _)| own == name).map(|(_, column)| column)
    }

    pub(crate) fn columns(&self) -> impl Iterator<Item = (&str, &Column)> {
        self.columns.iter().map(|(name, column)| (name.as_str(), column))
    }

    pub(crate) fn into_columns(self) -> Columns {
        self.columns
    }

    pub fn value(&self, name: &str, row: usize) -> Value {
        self.column(name).map_or(Value::Null, |column| column.value(row))
    }

    pub(crate) fn filter(&self, mask: &BooleanChunked) -> Self {
        self.each(|column| column.filter(mask))
    }

    pub(crate) fn take(&self, rows: &IdxCa) -> Self {
        self.each(|column| column.take(rows))
    }

    fn each(&self, change: impl Fn(&Column) -> Column) -> Self {
        Self::new(self.columns.iter().map(|(name, column)| (name.clone(), change(column))).collect())
    }

    /// Its columns without a row.
    pub(crate) fn none(&self) -> Self {
        self.each(|column| column.slice(0, 0))
    }

    /// Some of its columns; a table without any keeps its first, for the number of its rows.
    pub(crate) fn only(&self, wanted: impl Fn(&str) -> bool) -> Self {
        let mut kept: Columns = self.columns.iter().filter(|(name, _)| wanted(name)).cloned().collect();
        if kept.is_empty() {
            kept.extend(self.columns.first().cloned());
        }
        Self::new(kept)
    }

    /// The rows of both; the other has the same columns, perhaps in another order or all null.
    pub(crate) fn append(&self, other: &Self) -> Self {
        self.stacked([other]).in_one_piece()
    }

    /// Copies every column into one stretch of memory.
    pub(crate) fn in_one_piece(&self) -> Self {
        self.each(Column::in_one_piece)
    }

    /// Other tables below this one, without copying what is there; each is looked at once, however many they are.
    pub(crate) fn stacked<'t>(&self, others: impl IntoIterator<Item = &'t Self> + Clone) -> Self {
        let below = |name: &str, mine: &Column| {
            let mut all = mine.clone();
            for other in others.clone() {
                match other.column(name) {
                    Some(theirs) => all.stack(theirs),
                    None => all.stack(&Column::Null(other.rows)),
                }
            }
            all
        };
        Self::new(self.columns.iter().map(|(name, mine)| (name.clone(), below(name, mine))).collect())
    }

    /// Whether another table can stand below this one: it has every column, of this one's type or without a value.
    pub(crate) fn takes(&self, other: &Self) -> bool {
        let fits = |mine: &Column, theirs: &Column| mine.ty() == theirs.ty() || mine.ty() == Ty::Null || theirs.without_a_value();
        self.columns.iter().all(|(name, mine)| other.column(name).is_some_and(|theirs| fits(mine, theirs)))
    }

    /// Sorted by every column named, nulls last, then stable. What is no column of it orders nothing.
    pub fn sorted_by(&self, names: &[String]) -> Self {
        if names.is_empty() || self.rows < 2 {
            return self.clone();
        }
        let key = |values: &Column| SortKey { values: values.clone(), descending: false, nulls_first: false };
        let keys: Vec<SortKey> = names.iter().filter_map(|name| self.column(name)).map(key).collect();
        self.take(&index(sorted_rows(&keys, self.rows)))
    }

    /// BLAKE3 over names, types and cells, rows sorted by `key`: equal tables have equal hashes on every machine.
    pub fn hash(&self, key: &[String]) -> String {
        let sorted = self.sorted_by(key);
        let mut hasher = blake3::Hasher::new();
        for (name, column) in sorted.columns() {
            // A column without a value has no type that anybody could see.
            let empty = column.null_count() == column.len();
            hasher.update(name.as_bytes()).update(&[0, if empty { 0 } else { column.ty() as u8 + 1 }]);
            for row in 0..column.len() {
                match column.value(row) {
                    Value::Null => hasher.update(&[0]),
                    Value::Int(n) => hasher.update(&[1]).update(&n.to_le_bytes()),
                    Value::Float(x) => hasher.update(&[2]).update(&x.to_bits().to_le_bytes()),
                    Value::Text(text) => hasher.update(&[3]).update(&(text.len() as u64).to_le_bytes()).update(text.as_bytes()),
                    Value::Bool(b) => hasher.update(&[4, u8::from(b)]),
                    Value::Date(days) => hasher.update(&[5]).update(&days.to_le_bytes()),
                };
            }
        }
        hasher.finalize().to_hex().to_string()
    }

    /// Bytes the columns take in memory, as Polars estimates them.
    pub fn bytes(&self) -> usize {
        self.columns.iter().map(|(_, column)| column.bytes()).sum()
    }
}
