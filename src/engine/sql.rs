//! The SQL front: `sqlparser`'s tree, carried out on Polars' columns.
//!
//! It answers as DuckDB does or it refuses with line and column. There is no third way: a construct nobody wrote code
//! for is refused by the `other =>` arm of each match, and every struct of the tree is taken apart field by field so
//! that a clause cannot be overlooked.

mod calls;
mod expr;
mod frame;
mod from;
mod group;
mod join;
mod place;
mod query;
mod scope;
mod select;
mod selected;
mod subquery;
mod tree;
mod window;

use std::{cell::RefCell, collections::BTreeSet, rc::Rc};

use sqlparser::{
    ast::{Query, Statement},
    dialect::DuckDbDialect,
    parser::Parser,
};

use place::{refuse, start_of};
use scope::{Lookup, Scope};

use crate::{
    answer::Params,
    error::{Res, SqlErr},
    table::Table,
};

/// Runs one `select` over the tables that `lookup` knows.
pub fn query(sql: &str, params: &Params, lookup: &dyn Fn(&str) -> Option<Table>) -> Res<Table> {
    Prepared::new(sql)?.run(params, &|name, _| lookup(name))
}

/// `query`, and what was done for it: one line a step, with the rows that came out.
pub(crate) fn explained(sql: &str, params: &Params, lookup: &Lookup<'_>) -> Res<(Table, Vec<String>)> {
    let steps = RefCell::new(Vec::new());
    let table = Prepared::new(sql)?.carry_out(Scope::new(params, lookup, query::query).telling(&steps))?;
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
        let start = start_of(sql);
        let mut statements = Parser::parse_sql(&DuckDbDialect {}, sql).map_err(|err| SqlErr::parse(&err, sql))?;
        let outcome = match (statements.pop(), statements.is_empty()) {
            (Some(Statement::Query(query)), true) => {
                let columns = tree::columns_of(&query).map(Rc::new);
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
        self.carry_out(Scope::new(params, lookup, query::query))
    }

    fn carry_out(&self, scope: Scope<'_>) -> Res<Table> {
        let outcome = scope.reading(self.columns.clone()).answer(&self.query);
        outcome.map_err(|err| err.at(&*self.query).at_place(self.start))
    }
}
