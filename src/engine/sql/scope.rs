//! What a query may name beside its own columns: parameters, tables, common table expressions, and the row of the query
//! around it when it is correlated.

use std::collections::BTreeMap;

use crate::{
    answer::Params,
    table::{Table, Value},
};

#[derive(Clone)]
pub(super) struct Scope<'a> {
    pub(super) params: &'a Params,
    lookup: &'a dyn Fn(&str) -> Option<Table>,
    ctes: BTreeMap<String, Table>,
    /// Columns of one row of the queries around this one, the nearest first.
    outer: Vec<(Option<String>, String, Value)>,
}

impl<'a> Scope<'a> {
    pub(super) fn new(params: &'a Params, lookup: &'a dyn Fn(&str) -> Option<Table>) -> Self {
        Self { params, lookup, ctes: BTreeMap::new(), outer: Vec::new() }
    }

    pub(super) fn define(&mut self, name: &str, table: Table) {
        self.ctes.insert(name.to_ascii_lowercase(), table);
    }

    pub(super) fn table(&self, name: &str) -> Option<Table> {
        self.ctes.get(name).cloned().or_else(|| (self.lookup)(name))
    }

    /// The scope of a query that stands inside one row.
    pub(super) fn inside(&self, row: Vec<(Option<String>, String, Value)>) -> Self {
        let mut inner = self.clone();
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
