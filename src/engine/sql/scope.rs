//! What a query may name beside its own columns: parameters, tables, common table expressions, and the row of the query
//! around it when it is correlated.

use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet},
    ops::ControlFlow,
    rc::Rc,
};

use sqlparser::ast::{Expr, JoinConstraint, JoinOperator, Query, Select, SelectItem, SetExpr, TableFactor, Visit, Visitor};

use super::Lookup;
use crate::{
    answer::Params,
    table::{Table, Value},
};

#[derive(Clone)]
pub(super) struct Scope<'a> {
    pub(super) params: &'a Params,
    lookup: &'a Lookup<'a>,
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
    pub(super) fn new(params: &'a Params, lookup: &'a Lookup<'a>) -> Self {
        Self { params, lookup, ctes: BTreeMap::new(), columns: None, outer: Vec::new(), steps: None, read: Rc::default(), depth: 0 }
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

/// Every name in the query that could be a column, in lower case; `None` when it asks for all columns somewhere. A filter
/// or a join copies what it is given, so a table of thirty columns of which three are named is read as three.
pub(super) fn columns_of(query: &Query) -> Option<BTreeSet<String>> {
    #[derive(Default)]
    struct Names {
        found: BTreeSet<String>,
        all: bool,
    }
    impl Visitor for Names {
        type Break = ();
        fn pre_visit_expr(&mut self, expr: &Expr) -> ControlFlow<()> {
            match expr {
                Expr::Identifier(name) => _ = self.found.insert(name.value.to_ascii_lowercase()),
                Expr::CompoundIdentifier(parts) => self.found.extend(parts.last().map(|name| name.value.to_ascii_lowercase())),
                _ => {}
            }
            ControlFlow::Continue(())
        }
        fn pre_visit_query(&mut self, query: &Query) -> ControlFlow<()> {
            self.body(&query.body);
            ControlFlow::Continue(())
        }
        fn pre_visit_table_factor(&mut self, table: &TableFactor) -> ControlFlow<()> {
            // `t(a, b)` renames by place, so every place counts.
            self.all |= matches!(table, TableFactor::Table { alias: Some(alias), .. } if !alias.columns.is_empty());
            ControlFlow::Continue(())
        }
    }
    impl Names {
        fn body(&mut self, body: &SetExpr) {
            match body {
                SetExpr::Select(select) => self.select(select),
                SetExpr::SetOperation { left, right, .. } => {
                    self.body(left);
                    self.body(right);
                }
                // A query is visited for itself.
                _ => {}
            }
        }
        fn select(&mut self, select: &Select) {
            let wildcard = |item: &SelectItem| matches!(item, SelectItem::Wildcard(_) | SelectItem::QualifiedWildcard(..));
            self.all |= select.projection.iter().any(wildcard);
            for join in select.from.iter().flat_map(|from| &from.joins) {
                use JoinOperator as Op;
                if let Op::Join(on)
                | Op::Inner(on)
                | Op::Left(on)
                | Op::LeftOuter(on)
                | Op::Right(on)
                | Op::RightOuter(on)
                | Op::FullOuter(on)
                | Op::Semi(on)
                | Op::Anti(on) = &join.join_operator
                    && let JoinConstraint::Using(names) = on
                {
                    self.found.extend(names.iter().map(|name| name.to_string().to_ascii_lowercase()));
                }
            }
        }
    }
    let mut names = Names::default();
    let _ = query.visit(&mut names);
    (!names.all).then_some(names.found)
}
