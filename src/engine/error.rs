//! What was refused or went wrong in a query.

pub(crate) type Res<T> = Result<T, SqlErr>;

/// The reason, and where in the text; line and column count from 1. An error on its way may have no place yet: then they are 0.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}, column {column}: {reason}")]
pub struct SqlErr {
    pub line: u64,
    pub column: u64,
    pub reason: String,
}

impl SqlErr {
    pub(crate) fn new(reason: impl Into<String>) -> Self {
        Self { line: 0, column: 0, reason: reason.into() }
    }

    /// The same error, at this place if it has none yet.
    pub(crate) fn at_place(mut self, (line, column): (u64, u64)) -> Self {
        if self.line == 0 {
            (self.line, self.column) = (line, column);
        }
        self
    }
}
