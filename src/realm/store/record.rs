//! What a database hands out, and how it is read: as one type or not at all. A column that holds something else is an error
//! with its name, never a zero or an empty text.

use std::sync::Arc;

use super::StoreErr;

/// What both databases can hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Val {
    Null,
    Int(i64),
    Text(String),
    Bytes(Vec<u8>),
}

impl From<&str> for Val {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Val {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<u64> for Val {
    fn from(n: u64) -> Self {
        Self::Int(i64::try_from(n).unwrap_or(i64::MAX))
    }
}

impl<T: Into<Val>> From<Option<T>> for Val {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

/// One of the records that a statement finds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// Of the statement: all its records share them.
    columns: Arc<[String]>,
    values: Vec<Val>,
}

impl Record {
    pub(super) fn new(columns: &Arc<[String]>, values: Vec<Val>) -> Self {
        Self { columns: Arc::clone(columns), values }
    }

    /// One column, counted from 0.
    pub fn get<'a, T: Typed<'a>>(&'a self, at: usize) -> Result<T, StoreErr> {
        let (Some(value), Some(column)) = (self.values.get(at), self.columns.get(at)) else {
            return Err(StoreErr::Database(format!("a record of {} columns has no column {at}", self.values.len())));
        };
        T::read(value).ok_or_else(|| {
            // No more than its kind of a text: it may be what nobody is to read in a log.
            let found = match value {
                Val::Null => "is null".to_owned(),
                Val::Int(n) => format!("holds the number {n}"),
                Val::Text(_) => "holds a text".to_owned(),
                Val::Bytes(_) => "holds bytes".to_owned(),
            };
            StoreErr::Database(format!("column {column} {found}, not {}", T::NEEDED))
        })
    }

    /// As they are, for whoever copies them.
    pub fn values(&self) -> &[Val] {
        &self.values
    }
}

/// What a column can be read as.
pub trait Typed<'a>: Sized {
    /// In the words of an error.
    const NEEDED: &'static str;
    /// `None`: it is something else.
    fn read(value: &'a Val) -> Option<Self>;
}

impl Typed<'_> for i64 {
    const NEEDED: &'static str = "a whole number";
    fn read(value: &Val) -> Option<Self> {
        if let Val::Int(n) = value { Some(*n) } else { None }
    }
}

impl Typed<'_> for u64 {
    const NEEDED: &'static str = "a whole number from 0 on";
    fn read(value: &Val) -> Option<Self> {
        i64::read(value)?.try_into().ok()
    }
}

/// Both databases keep it as 0 or 1.
impl Typed<'_> for bool {
    const NEEDED: &'static str = "0 or 1";
    fn read(value: &Val) -> Option<Self> {
        match i64::read(value)? {
            0 => Some(false),
            1 => Some(true),
            _ => None,
        }
    }
}

impl<'a> Typed<'a> for &'a str {
    const NEEDED: &'static str = "a text";
    fn read(value: &'a Val) -> Option<Self> {
        if let Val::Text(text) = value { Some(text) } else { None }
    }
}

impl Typed<'_> for String {
    const NEEDED: &'static str = <&str>::NEEDED;
    fn read(value: &Val) -> Option<Self> {
        <&str>::read(value).map(str::to_owned)
    }
}

impl<'a> Typed<'a> for &'a [u8] {
    const NEEDED: &'static str = "bytes";
    fn read(value: &'a Val) -> Option<Self> {
        if let Val::Bytes(bytes) = value { Some(bytes) } else { None }
    }
}

impl Typed<'_> for Vec<u8> {
    const NEEDED: &'static str = <&[u8]>::NEEDED;
    fn read(value: &Val) -> Option<Self> {
        <&[u8]>::read(value).map(<[u8]>::to_vec)
    }
}

/// Null is nothing; anything else is read as what it should be.
impl<'a, T: Typed<'a>> Typed<'a> for Option<T> {
    const NEEDED: &'static str = T::NEEDED;
    fn read(value: &'a Val) -> Option<Self> {
        if *value == Val::Null { Some(None) } else { T::read(value).map(Some) }
    }
}
