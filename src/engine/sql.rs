//! The SQL front: `sqlparser`'s tree, carried out on Polars' columns.
//!
//! It answers as DuckDB does or it refuses with line and column. There is no third way: a construct nobody wrote code
//! for is refused by the `other =>` arm of each match, and every struct of the tree is taken apart field by field so
//! that a clause cannot be overlooked.

mod agg;
mod date;
mod error;
mod expr;
mod frame;
mod func;
mod groups;
mod math;
mod order;
mod query;
mod scope;
mod subquery;
mod text;
mod window;

use std::{collections::BTreeSet, rc::Rc};

use sqlparser::{
    ast::{Query, Statement},
    dialect::DuckDbDialect,
    parser::Parser,
};

pub use error::SqlErr;
use error::{Res, refuse};
pub(crate) use groups::matches;

use crate::{answer::Params, table::Table};

/// A table by name, with the columns of some names or all of them.
pub(crate) type Lookup<'a> = dyn Fn(&str, Option<&BTreeSet<String>>) -> Option<Table> + 'a;

/// Runs one `select` over the tables that `lookup` knows.
pub fn query(sql: &str, params: &Params, lookup: &dyn Fn(&str) -> Option<Table>) -> Res<Table> {
    Prepared::new(sql)?.run(params, &|name, _| lookup(name))
}

/// `query`, and what was done for it: one line a step, with the rows that came out.
pub(crate) fn explained(sql: &str, params: &Params, lookup: &Lookup<'_>) -> Res<(Table, Vec<String>)> {
    let steps = std::cell::RefCell::new(Vec::new());
    let table = Prepared::new(sql)?.carry_out(scope::Scope::new(params, lookup).telling(&steps))?;
    Ok((table, steps.into_inner()))
}

/// A query that was read once, to be run many times.
#[derive(Debug)]
pub(crate) struct Prepared {
    query: Box<Query>,
    /// The columns that it names, unless it says `*` somewhere.
    columns: Option<Rc<BTreeSet<String>>>,
    /// Where its text begins, for what is wrong with all of it.
    start: (u64, u64),
}

impl Prepared {
    pub(crate) fn new(sql: &str) -> Res<Self> {
        let start = error::start_of(sql);
        let mut statements = Parser::parse_sql(&DuckDbDialect {}, sql).map_err(|err| SqlErr::parse(&err, sql))?;
        let outcome = match (statements.pop(), statements.is_empty()) {
            (Some(Statement::Query(query)), true) => {
                let columns = scope::columns_of(&query).map(Rc::new);
                return Ok(Self { query, columns, start });
            }
            (Some(other), true) => refuse(&other, "only select can be run"),
            (Some(second), false) => refuse(&second, "this is a second statement: one is run at a time"),
            (None, _) => Err(SqlErr::new("there is no statement here: write a select")),
        };
        outcome.map_err(|err| err.at_place(start))
    }

    pub(crate) fn columns(&self) -> Option<&BTreeSet<String>> {
        self.columns.as_deref()
    }

    pub(crate) fn run(&self, params: &Params, lookup: &Lookup<'_>) -> Res<Table> {
        self.carry_out(scope::Scope::new(params, lookup))
    }

    fn carry_out(&self, scope: scope::Scope<'_>) -> Res<Table> {
        let outcome = query::Run::new(scope.reading(self.columns.clone())).query(&self.query);
        outcome.map_err(|err| err.at(&*self.query).at_place(self.start))
    }
}

/// `2026-03-01`; a day that no calendar has is its number.
pub(crate) fn iso_date(days: i32) -> String {
    expr::date_of(days).map_or_else(|| days.to_string(), |date| date.format("%Y-%m-%d").to_string())
}
