//! One database, two makes of it. Everything above says its SQL once, in the words that SQLite and PostgreSQL share, and
//! gets the same guarantees: a write is durable when it returns, and commits are visible in the order of `seq`.

mod numeric;
mod pool;
mod postgres;
mod record;
pub(crate) mod sqlite;
mod tls;
mod writer;

pub use self::{
    postgres::PostgresStore,
    record::{Record, Typed, Val},
    sqlite::{SqliteStore, copy as copy_sqlite, tables},
};

use std::{
    any::Any,
    sync::{Arc, Mutex},
};

use wire::Problem;

use writer::Writes;

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreErr {
    #[error("the database: {0}")]
    Database(String),
    #[error("the database is busy")]
    Busy,
    #[error("the database has no room left")]
    Full,
    /// Said by whoever asked, to undo what it began, and why.
    #[error("refused: {}", .0.detail)]
    Refused(Box<Problem>),
}

/// A connection inside a transaction. Parameters are `$1`, `$2`, … in the statement.
pub trait Sql {
    /// One record after the other, so that no more than a few are in memory.
    fn each(&mut self, sql: &str, params: &[Val], take: &mut dyn FnMut(Record) -> Result<(), StoreErr>) -> Result<(), StoreErr>;
    /// How many records were touched.
    fn run(&mut self, sql: &str, params: &[Val]) -> Result<u64, StoreErr>;

    fn rows(&mut self, sql: &str, params: &[Val]) -> Result<Vec<Record>, StoreErr> {
        let mut out = Vec::new();
        self.each(sql, params, &mut |record| {
            out.push(record);
            Ok(())
        })?;
        Ok(out)
    }

    fn one(&mut self, sql: &str, params: &[Val]) -> Result<Option<Record>, StoreErr> {
        Ok(self.rows(sql, params)?.into_iter().next())
    }
}

/// A write. It may be carried out on another thread, so it owns what it needs; and more than once, when a write that was
/// carried out beside it failed, so it begins from the beginning each time.
pub type Act = Box<dyn FnMut(&mut dyn Sql) -> Result<(), StoreErr> + Send>;
/// One of many writes that can be carried out at once, with its outcome inside when it was.
pub type Item = Box<dyn Any + Send>;
/// Carries out whatever waits of one kind, in few statements. Each item's own refusal is inside the item; an error is
/// about all of them.
pub type Crowd = fn(&mut dyn Sql, &mut [&mut Item]) -> Result<(), StoreErr>;
pub type Tell = Box<dyn Fn() + Send + Sync>;

pub trait Store: Send + Sync {
    /// One snapshot for all of it.
    fn read(&self, act: &mut dyn FnMut(&mut dyn Sql) -> Result<(), StoreErr>) -> Result<(), StoreErr>;
    /// All of it or nothing, one writer at a time over all processes; durable when it returns.
    fn write(&self, act: Act) -> Result<(), StoreErr>;
    /// One statement that only looks, and needs no snapshot around it.
    fn glance(&self, sql: &str, params: &[Val]) -> Result<Vec<Record>, StoreErr> {
        let mut out = Vec::new();
        self.read(&mut |link| {
            out = link.rows(sql, params)?;
            Ok(())
        })?;
        Ok(out)
    }
    /// A write together with others that wait; all items of a store are of one kind.
    fn together(&self, crowd: Crowd, item: Item) -> Result<Item, StoreErr> {
        let place = Arc::new(Mutex::new(Some(item)));
        let within = Arc::clone(&place);
        self.write(Box::new(move |sql| match writer::lock(&within).as_mut() {
            Some(item) => crowd(sql, &mut [item]),
            None => Err(nothing()),
        }))?;
        writer::lock(&place).take().ok_or_else(nothing)
    }
    /// Calls back after every commit that moved the head, whichever process made it, and sometimes without reason.
    fn on_commit(&self, tell: Tell);
}

/// The same, with a value to return.
pub fn read<T>(store: &dyn Store, mut act: impl FnMut(&mut dyn Sql) -> Result<T, StoreErr>) -> Result<T, StoreErr> {
    let mut out = None;
    store.read(&mut |sql| {
        out = Some(act(sql)?);
        Ok(())
    })?;
    out.ok_or_else(nothing)
}

fn nothing() -> StoreErr {
    StoreErr::Database("it carried nothing out".to_owned())
}

impl From<Problem> for StoreErr {
    fn from(problem: Problem) -> Self {
        Self::Refused(Box::new(problem))
    }
}

pub fn write<T: Send + 'static>(
    store: &dyn Store,
    mut act: impl FnMut(&mut dyn Sql) -> Result<T, StoreErr> + Send + 'static,
) -> Result<T, StoreErr> {
    let out = Arc::new(Mutex::new(None));
    let into = Arc::clone(&out);
    store.write(Box::new(move |sql| {
        *writer::lock(&into) = Some(act(sql)?);
        Ok(())
    }))?;
    writer::lock(&out).take().ok_or_else(nothing)
}

/// One of the tables that the scripts make.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    pub name: String,
    /// In their order.
    pub columns: Vec<String>,
}

impl Table {
    pub fn has(&self, column: &str) -> bool {
        self.columns.iter().any(|own| own == column)
    }
}

/// The scripts that make a database, step by step; a database that has taken a step never takes it again.
const MIGRATIONS: &[&str] = &[include_str!("store/001.sql"), include_str!("store/002.sql")];

/// Inside a transaction. A script goes to the database whole: only it knows where a statement ends.
fn migrate(sql: &mut dyn Writes, steps: &[&str], dialect: &dyn Fn(&str) -> String) -> Result<(), StoreErr> {
    sql.run("create table if not exists migrations (step bigint primary key)", &[])?;
    let done = sql.one("select coalesce(max(step), 0) from migrations", &[])?.map_or(Ok(0), |record| record.get::<u64>(0))?;
    if (steps.len() as u64) < done {
        return Err(StoreErr::Database(format!("it was made by a newer Spotter (step {done}, this one knows {})", steps.len())));
    }
    for (at, step) in steps.iter().enumerate().skip(done as usize) {
        sql.batch(&dialect(step))?;
        sql.run("insert into migrations (step) values ($1)", &[Val::from(at as u64 + 1)])?;
    }
    Ok(())
}
