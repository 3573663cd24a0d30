//! What a cell holds, and of which types there are columns.

use serde::{Deserialize, Serialize};

/// What a column can hold. Whole numbers are 64 bits wide whatever their source said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Ty {
    Int,
    Float,
    Text,
    Bool,
    Date,
    /// A column of nothing but nulls whose type nobody said.
    Null,
}

/// One cell.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    Null,
    Int(i64),
    Float(f64),
    Text(String),
    Bool(bool),
    /// Days since 1970-01-01.
    Date(i32),
}
