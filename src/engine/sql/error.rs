use sqlparser::{ast::Spanned, parser::ParserError};

pub(crate) type Res<T> = Result<T, SqlErr>;

/// What was refused or went wrong, and where in the text; line and column count from 1, 0 where nobody knows.
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

    pub(crate) fn parse(err: &ParserError) -> Self {
        let text = err.to_string();
        // sqlparser puts " at Line: 1, Column: 8" at the end of its message.
        let number = |label: &str| {
            let rest = text.rsplit(label).next()?;
            rest.trim_start().split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
        };
        match text.rfind(" at Line:") {
            Some(at) => Self {
                line: number("Line:").unwrap_or(0),
                column: number("Column:").unwrap_or(0),
                reason: text[..at].trim_start_matches("sql parser error: ").to_owned(),
            },
            None => Self::new(text),
        }
    }

    /// The same error, placed at `node` if it has no place yet.
    pub(crate) fn at(mut self, node: &impl Spanned) -> Self {
        if self.line == 0 {
            let start = node.span().start;
            (self.line, self.column) = (start.line, start.column);
        }
        self
    }
}

pub(crate) fn refuse<T>(node: &impl Spanned, reason: impl Into<String>) -> Res<T> {
    Err(SqlErr::new(reason).at(node))
}
