//! Parameters of a question, and its rows as JSON for whoever shows them.

use std::collections::BTreeMap;

use serde_json::{Map, Value as Json};

use crate::{kernel::date::iso_date, table::Table, value::Value};

pub type Param = Value;

/// Values for `:name` in a question.
#[derive(Debug, Clone, Default)]
pub struct Params(BTreeMap<String, Param>);

impl Params {
    pub fn none() -> Self {
        Self::default()
    }

    #[must_use]
    pub fn with(mut self, name: &str, value: Param) -> Self {
        self.0.insert(name.to_owned(), value);
        self
    }

    #[must_use]
    pub fn with_text(self, name: &str, text: &str) -> Self {
        self.with(name, Value::Text(text.to_owned()))
    }

    #[must_use]
    pub fn with_int(self, name: &str, n: i64) -> Self {
        self.with(name, Value::Int(n))
    }

    pub(crate) fn get(&self, name: &str) -> Option<Param> {
        self.0.get(name).cloned()
    }
}

impl Table {
    /// Each row as an object. Dates are days since 1970-01-01: a screen formats them, the engine does not.
    pub fn to_json(&self) -> Vec<Json> {
        let mut rows: Vec<Map<String, Json>> = vec![Map::new(); self.rows()];
        for (name, column) in self.columns() {
            for (row, out) in rows.iter_mut().enumerate() {
                let json = match column.value(row) {
                    Value::Null => Json::Null,
                    Value::Int(n) => n.into(),
                    Value::Float(x) => x.into(),
                    Value::Text(text) => text.into(),
                    Value::Bool(b) => b.into(),
                    Value::Date(days) => days.into(),
                };
                out.insert(name.to_owned(), json);
            }
        }
        rows.into_iter().map(Json::Object).collect()
    }

    /// Each row as a list of cells, dates as `2026-03-01` (a day that no calendar has as its number): for files and for people at a terminal.
    pub fn to_rows(&self) -> Vec<Vec<Json>> {
        let columns: Vec<_> = self.columns().map(|(_, column)| column).collect();
        let cell = |row: usize| {
            columns.iter().map(move |column| match column.value(row) {
                Value::Null => Json::Null,
                Value::Int(n) => n.into(),
                Value::Float(x) => x.into(),
                Value::Text(text) => text.into(),
                Value::Bool(b) => b.into(),
                Value::Date(days) => iso_date(days).unwrap_or_else(|| days.to_string()).into(),
            })
        };
        (0..self.rows()).map(|row| cell(row).collect()).collect()
    }
}
