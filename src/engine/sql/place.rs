//! Where in a query's text something went wrong.

use sqlparser::{
    ast::{Ident, Spanned},
    parser::ParserError,
};

use crate::error::{Res, SqlErr};

impl SqlErr {
    pub(crate) fn parse(err: &ParserError, sql: &str) -> Self {
        let text = err.to_string();
        // sqlparser puts " at Line: 1, Column: 8" at the end of its message.
        let number = |label: &str| {
            let rest = text.rsplit(label).next()?;
            rest.trim_start().split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
        };
        match text.rfind(" at Line:") {
            Some(at) => {
                Self { line: number("Line:").unwrap_or(0), column: number("Column:").unwrap_or(0), reason: reason(&text[..at]) }
            }
            // What is missing at the end has no place of its own.
            None if text.ends_with("EOF") => Self::new(reason(&text)).at_place(place_of(sql, sql.trim_end().len())),
            None => Self::new(reason(&text)).at_place(start_of(sql)),
        }
    }

    pub(crate) fn at_name(self, name: &Ident) -> Self {
        self.at_place((name.span.start.line, name.span.start.column))
    }

    /// The same error, placed at `node` if it has no place yet.
    pub(crate) fn at(self, node: &impl Spanned) -> Self {
        if self.line != 0 {
            return self;
        }
        let start = node.span().start;
        self.at_place((start.line, start.column))
    }
}

fn reason(text: &str) -> String {
    text.trim_start_matches("sql parser error: ").replace("found: EOF", "found the end of the query")
}

/// Where the text begins after white space.
pub(super) fn start_of(sql: &str) -> (u64, u64) {
    place_of(sql, sql.len() - sql.trim_start().len())
}

fn place_of(sql: &str, at: usize) -> (u64, u64) {
    let before = &sql[..at];
    let line = before.bytes().filter(|byte| *byte == b'\n').count() as u64 + 1;
    (line, before.rsplit('\n').next().unwrap_or_default().chars().count() as u64 + 1)
}

pub(super) fn refuse<T>(node: &impl Spanned, reason: impl Into<String>) -> Res<T> {
    Err(SqlErr::new(reason).at(node))
}
