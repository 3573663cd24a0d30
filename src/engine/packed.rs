//! Tables as bytes, from which a store goes on without its events. A column is unpacked when somebody first asks for it:
//! what a start costs follows what the first screen shows, not how long the log is.

use std::{cell::RefCell, collections::BTreeMap};

use bytes::Bytes;
use ledger::{put_part, take_part};
use serde::{Deserialize, Serialize};

use crate::{
    codec::{CodecErr, columns_of, table_to_parquet},
    column::Column,
    table::Table,
    value::Ty,
};

/// One table among others: where its Parquet lies behind the list, and what a reader must know before reading it.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Entry {
    pub(crate) name: String,
    rows: usize,
    columns: Vec<PackedColumn>,
    at: usize,
    len: usize,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct PackedColumn {
    name: String,
    /// Parquet would call a column text that nobody has given a value yet.
    ty: Ty,
}

#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct List {
    /// Made by this build: the models of another one may say something else.
    pub(crate) build: String,
    /// Of how many events the tables are made.
    pub(crate) events: usize,
    pub(crate) tables: Vec<Entry>,
}

/// Tables that are being packed, one after another.
#[derive(Debug, Default)]
pub struct Packing {
    list: List,
    parquet: Vec<u8>,
}

impl Packing {
    pub fn new(build: &str, events: usize) -> Self {
        Self { list: List { build: build.to_owned(), events, tables: Vec::new() }, parquet: Vec::new() }
    }

    pub fn add(&mut self, name: &str, table: &Table) -> Result<(), CodecErr> {
        let bytes = table_to_parquet(table)?;
        let columns = table.columns().map(|(name, column)| PackedColumn { name: name.to_owned(), ty: column.ty() });
        self.list.tables.push(Entry {
            name: name.to_owned(),
            rows: table.rows(),
            columns: columns.collect(),
            at: self.parquet.len(),
            len: bytes.len(),
        });
        self.parquet.extend(bytes);
        Ok(())
    }

    /// The length of the list, the list, and the tables behind it.
    pub fn finish(self) -> Result<Vec<u8>, CodecErr> {
        let list = serde_json::to_vec(&self.list).map_err(|err| CodecErr::Packed(err.to_string()))?;
        let mut out = Vec::with_capacity(4 + list.len() + self.parquet.len());
        put_part(&mut out, &list);
        out.extend(self.parquet);
        Ok(out)
    }
}

/// The list, and each table with its columns still packed.
pub(crate) fn unpack(bytes: &[u8]) -> Result<(List, Vec<(String, Base)>), CodecErr> {
    let cut = || CodecErr::Packed("it is cut".to_owned());
    let (list, parquet) = take_part(bytes).ok_or_else(cut)?;
    let list: List = serde_json::from_slice(list).map_err(|err| CodecErr::Packed(err.to_string()))?;
    let parquet = Bytes::copy_from_slice(parquet);
    let mut tables = Vec::new();
    for entry in &list.tables {
        let end = entry.at.checked_add(entry.len).filter(|end| *end <= parquet.len()).ok_or_else(cut)?;
        let base = Base {
            names: entry.columns.iter().map(|column| column.name.clone()).collect(),
            rows: entry.rows,
            columns: RefCell::default(),
            packed: Some((parquet.slice(entry.at..end), entry.columns.clone())),
        };
        tables.push((entry.name.clone(), base));
    }
    Ok((list, tables))
}

/// A table, perhaps with columns that nobody has unpacked.
#[derive(Debug)]
pub(crate) struct Base {
    names: Vec<String>,
    rows: usize,
    columns: RefCell<BTreeMap<String, Column>>,
    packed: Option<(Bytes, Vec<PackedColumn>)>,
}

impl From<Table> for Base {
    fn from(table: Table) -> Self {
        Self {
            names: table.names().into_iter().map(str::to_owned).collect(),
            rows: table.rows(),
            columns: RefCell::new(table.columns().map(|(name, column)| (name.to_owned(), column.clone())).collect()),
            packed: None,
        }
    }
}

impl Base {
    pub(crate) fn rows(&self) -> usize {
        self.rows
    }

    pub(crate) fn names(&self) -> &[String] {
        &self.names
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.names.iter().any(|own| own == name)
    }

    /// A table like it, without a row.
    pub(crate) fn none(&self) -> Table {
        let Some((_, packed)) = &self.packed else { return self.only(|_| true).none() };
        Table::new(packed.iter().map(|column| (column.name.clone(), Column::nulls(column.ty, 0))).collect())
    }

    pub(crate) fn bytes(&self) -> usize {
        let unpacked: usize = self.columns.borrow().values().map(Column::bytes).sum();
        unpacked + self.packed.as_ref().map_or(0, |(parquet, _)| parquet.len())
    }

    /// Some of its columns; a table without any keeps its first, for the number of its rows.
    pub(crate) fn only(&self, wanted: impl Fn(&str) -> bool) -> Table {
        let mut names: Vec<&String> = self.names.iter().filter(|name| wanted(name)).collect();
        if names.is_empty() {
            names.extend(self.names.first());
        }
        self.unpack(&names);
        let columns = self.columns.borrow();
        Table::new(names.into_iter().map(|name| (name.clone(), columns[name].clone())).collect())
    }

    fn unpack(&self, names: &[&String]) {
        let Some((parquet, packed)) = &self.packed else { return };
        let mut columns = self.columns.borrow_mut();
        let missing = |name: &str| !columns.contains_key(name) && names.iter().any(|wanted| *wanted == name);
        let missing: Vec<&PackedColumn> = packed.iter().filter(|column| missing(&column.name)).collect();
        if missing.is_empty() {
            return;
        }
        let asked = |name: &str| missing.iter().any(|column| column.name == name && column.ty != Ty::Null);
        let typed = columns_of(parquet.clone(), &asked).expect("BUG: bytes that this build packed and whose hash holds");
        for column in missing {
            let values = typed.column(&column.name).filter(|_| column.ty != Ty::Null).cloned();
            columns.insert(column.name.clone(), values.unwrap_or(Column::Null(self.rows)));
        }
    }
}
