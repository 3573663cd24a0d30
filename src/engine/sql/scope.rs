//! What a query may name beside its own columns: parameters, tables, common table expressions, and the row of the query
//! around it when it is correlated.

use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet},
    rc::Rc,
};

use sqlparser::ast::Query;

use crate::{answer::Params, error::Res, table::Table, value::Value};

/// A table by name, with the columns of some names or all of them.
pub(crate) type Lookup<'a> = dyn Fn(&str, Option<&BTreeSet<String>>) -> Option<Table> + 'a;

/// Answers a whole query: what an expression or a table inside of one asks for.
pub(super) type Answer = fn(&Query, Scope<'_>) -> Res<Table>;

#[derive(Clone)]
pub(super) struct Scope<'a> {
    pub(super) params: &'a Params,
    lookup: &'a Lookup<'a>,
    answer: Answer,
    ctes: BTreeMap<String, Table>,
    /// The columns that the whole query names, unless it says `*` somewhere.
    columns: Option<Rc<BTreeSet<String>>>,
    /// Columns of one row of the queries around this one, the nearest first.
    outer: Vec<(Option<String>, String, Value)>,
    steps: Option<&'a RefCell<Vec<String>>>,
    /// Names of the tables that were read so far, to say what there is when something is not there.
    read: Rc<RefCell<BTreeSet<String>>>,
    depth: usize,
}

impl<'a> Scope<'a> {
    pub(super) fn new(params: &'a Params, lookup: &'a Lookup<'a>, answer: Answer) -> Self {
        Self {
            params,
            lookup,
            answer,
            ctes: BTreeMap::new(),
            columns: None,
            outer: Vec::new(),
            steps: None,
            read: Rc::default(),
            depth: 0,
        }
    }

    /// Tables are read with these columns only.
    pub(super) fn reading(mut self, columns: Option<Rc<BTreeSet<String>>>) -> Self {
        self.columns = columns;
        self
    }

    /// Steps are written down from here on.
    pub(super) fn telling(mut self, steps: &'a RefCell<Vec<String>>) -> Self {
        self.steps = Some(steps);
        self
    }

    pub(super) fn step(&self, what: impl FnOnce() -> String, rows: usize) {
        if let Some(steps) = self.steps {
            steps.borrow_mut().push(format!("{}{}: {rows} rows", "  ".repeat(self.depth), what()));
        }
    }

    /// The scope of a query inside this one.
    pub(super) fn nested(&self) -> Self {
        Self { depth: self.depth + 1, ..self.clone() }
    }

    /// The answer of a query that sees what this scope has.
    pub(super) fn answer(self, query: &Query) -> Res<Table> {
        (self.answer)(query, self)
    }

    pub(super) fn define(&mut self, name: &str, table: Table) {
        self.ctes.insert(name.to_ascii_lowercase(), table);
    }

    /// Every column of what was read, whether it was named or not.
    pub(super) fn all_columns(&self) -> Vec<String> {
        let tables: Vec<Table> = self.read.borrow().iter().filter_map(|name| self.whole(name, None)).collect();
        let names: BTreeSet<String> = tables.iter().flat_map(|table| table.names()).map(str::to_owned).collect();
        names.into_iter().collect()
    }

    fn whole(&self, name: &str, columns: Option<&BTreeSet<String>>) -> Option<Table> {
        self.ctes.get(name).cloned().or_else(|| (self.lookup)(name, columns))
    }

    pub(super) fn table(&self, name: &str) -> Option<Table> {
        let table = self.whole(name, self.columns.as_deref())?;
        self.read.borrow_mut().insert(name.to_owned());
        Some(match &self.columns {
            Some(columns) => table.only(|name| columns.contains(&name.to_ascii_lowercase())),
            None => table,
        })
    }

    /// The scope of a query that stands inside one row.
    pub(super) fn inside(&self, row: Vec<(Option<String>, String, Value)>) -> Self {
        let mut inner = self.nested();
        inner.outer.splice(0..0, row);
        inner
    }

    pub(super) fn outer(&self, relation: Option<&str>, name: &str) -> Option<&Value> {
        let found = self.outer.iter().find(|(own, column, _)| {
            column.eq_ignore_ascii_case(name)
                && relation.is_none_or(|wanted| own.as_deref().is_some_and(|own| own.eq_ignore_ascii_case(wanted)))
        });
        found.map(|(.., value)| value)
    }
}
