//! A table: named columns of one length, of the few types that the models know. Polars holds the columns.

use polars::prelude::{
    AnyValue, BooleanChunked, Column, DataFrame, DataType, IdxCa, IdxSize, IntoSeries as _, NamedFrom as _, PlSmallStr, Series,
    SortMultipleOptions,
};
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

impl Ty {
    pub(crate) fn of(series: &Series) -> Self {
        match series.dtype() {
            DataType::Float64 | DataType::Float32 => Self::Float,
            DataType::String => Self::Text,
            DataType::Boolean => Self::Bool,
            DataType::Date => Self::Date,
            DataType::Null => Self::Null,
            _ => Self::Int,
        }
    }

    pub(crate) fn polars(self) -> DataType {
        match self {
            Self::Int => DataType::Int64,
            Self::Float => DataType::Float64,
            Self::Text => DataType::String,
            Self::Bool => DataType::Boolean,
            Self::Date => DataType::Date,
            Self::Null => DataType::Null,
        }
    }
}

#[derive(Debug, Clone)]
pub struct Table {
    frame: DataFrame,
}

impl Table {
    /// Columns of one length with distinct names.
    pub(crate) fn new(columns: Vec<(String, Series)>) -> Self {
        let columns =
            columns.into_iter().map(|(name, series)| Column::from(series.with_name(PlSmallStr::from_string(name)))).collect();
        Self { frame: DataFrame::new(columns).expect("BUG: columns of one length with distinct names") }
    }

    pub fn rows(&self) -> usize {
        self.frame.height()
    }

    pub fn names(&self) -> Vec<&str> {
        self.frame.get_column_names_str()
    }

    pub fn ty(&self, name: &str) -> Option<Ty> {
        self.column(name).map(Ty::of)
    }

    pub(crate) fn column(&self, name: &str) -> Option<&Series> {
        self.frame.column(name).ok().map(Column::as_materialized_series)
    }

    pub(crate) fn columns(&self) -> impl Iterator<Item = (&str, &Series)> {
        self.frame.get_columns().iter().map(|column| (column.name().as_str(), column.as_materialized_series()))
    }

    pub fn value(&self, name: &str, row: usize) -> Value {
        self.column(name).map_or(Value::Null, |series| value_at(series, row))
    }

    pub(crate) fn filter(&self, mask: &BooleanChunked) -> Self {
        self.each(|series| series.filter(mask).expect("BUG: a mask of the table's length"))
    }

    pub(crate) fn take(&self, rows: &IdxCa) -> Self {
        self.each(|series| series.take(rows).expect("BUG: rows of the table"))
    }

    /// Column after column: Polars would wake its threads, which takes longer than most tables here do.
    fn each(&self, change: impl Fn(&Series) -> Series) -> Self {
        Self::new(self.columns().map(|(name, series)| (name.to_owned(), change(series))).collect())
    }

    pub(crate) fn slice(&self, from: usize, rows: usize) -> Self {
        Self { frame: self.frame.slice(from as i64, rows) }
    }

    /// Some of its columns; a table without any keeps its first, for the number of its rows.
    pub(crate) fn only(&self, wanted: impl Fn(&str) -> bool) -> Self {
        let names = self.names();
        let mut kept: Vec<&str> = names.iter().copied().filter(|name| wanted(name)).collect();
        if kept.is_empty() {
            kept.extend(names.first());
        }
        if kept.len() == names.len() {
            return self.clone();
        }
        Self { frame: self.frame.select(kept).expect("BUG: its own columns") }
    }

    /// The rows of both; the other has the same columns, perhaps in another order or all null.
    pub(crate) fn append(&self, other: &Self) -> Self {
        self.stacked([other]).in_one_piece()
    }

    /// Copies every column into one stretch of memory, which is what working on it wants.
    pub(crate) fn in_one_piece(&self) -> Self {
        self.each(|series| series.rechunk())
    }

    /// Other tables below this one, without copying what is there; each is looked at once, however many they are.
    pub(crate) fn stacked<'t>(&self, others: impl IntoIterator<Item = &'t Self> + Clone) -> Self {
        let columns = self
            .columns()
            .map(|(name, mine)| {
                let mut all = mine.clone();
                for other in others.clone() {
                    let theirs = other.column(name).expect("BUG: tables of one shape");
                    let null_as = |series: &Series, ty: Ty| series.cast(&ty.polars()).expect("null casts to anything");
                    match (Ty::of(&all), Ty::of(theirs)) {
                        (ty, Ty::Null) => all.append(&null_as(theirs, ty)),
                        (Ty::Null, ty) => {
                            all = null_as(&all, ty);
                            all.append(theirs)
                        }
                        _ => all.append(theirs),
                    }
                    .expect("BUG: columns of one type");
                }
                (name.to_owned(), all)
            })
            .collect();
        Self::new(columns)
    }

    /// Sorted by every column named, nulls last, then stable.
    pub fn sorted_by(&self, names: &[String]) -> Self {
        if names.is_empty() || self.rows() < 2 {
            return self.clone();
        }
        let options = SortMultipleOptions::new().with_nulls_last(true).with_maintain_order(true).with_multithreaded(false);
        Self { frame: self.frame.sort(names.iter().map(String::as_str), options).expect("BUG: key columns exist") }
    }

    /// BLAKE3 over names, types and cells, rows sorted by `key`: equal tables have equal hashes on every machine.
    pub fn hash(&self, key: &[String]) -> String {
        let sorted = self.sorted_by(key);
        let mut hasher = blake3::Hasher::new();
        for (name, series) in sorted.columns() {
            // A column without a value has no type that anybody could see.
            let empty = series.null_count() == series.len();
            hasher.update(name.as_bytes()).update(&[0, if empty { 0 } else { Ty::of(series) as u8 + 1 }]);
            for row in 0..series.len() {
                match value_at(series, row) {
                    Value::Null => hasher.update(&[0]),
                    Value::Int(n) => hasher.update(&[1]).update(&n.to_le_bytes()),
                    Value::Float(x) => hasher.update(&[2]).update(&x.to_bits().to_le_bytes()),
                    Value::Text(text) => hasher.update(&[3]).update(&(text.len() as u64).to_le_bytes()).update(text.as_bytes()),
                    Value::Bool(b) => hasher.update(&[4, u8::from(b)]),
                    Value::Date(days) => hasher.update(&[5]).update(&days.to_le_bytes()),
                };
            }
        }
        hasher.finalize().to_hex().to_string()
    }

    /// Bytes the columns take in memory, as Polars estimates them.
    pub fn bytes(&self) -> usize {
        self.frame.estimated_size()
    }
}

pub(crate) fn value_at(series: &Series, row: usize) -> Value {
    match series.get(row) {
        Ok(AnyValue::Int64(n)) => Value::Int(n),
        Ok(AnyValue::Float64(x)) => Value::Float(x),
        Ok(AnyValue::String(text)) => Value::Text(text.to_owned()),
        Ok(AnyValue::StringOwned(text)) => Value::Text(text.to_string()),
        Ok(AnyValue::Boolean(b)) => Value::Bool(b),
        Ok(AnyValue::Date(days)) => Value::Date(days),
        _ => Value::Null,
    }
}

/// A column that says the same thing `len` times.
pub(crate) fn repeat(value: &Value, len: usize) -> Series {
    let one = match value {
        Value::Null => Series::new_null(PlSmallStr::EMPTY, 1),
        Value::Int(n) => Series::new(PlSmallStr::EMPTY, [*n]),
        Value::Float(x) => Series::new(PlSmallStr::EMPTY, [*x]),
        Value::Text(text) => Series::new(PlSmallStr::EMPTY, [text.as_str()]),
        Value::Bool(b) => Series::new(PlSmallStr::EMPTY, [*b]),
        Value::Date(days) => Series::new(PlSmallStr::EMPTY, [*days]).cast(&DataType::Date).expect("days are a date"),
    };
    one.new_from_index(0, len)
}

pub(crate) fn index(rows: Vec<IdxSize>) -> IdxCa {
    IdxCa::from_vec(PlSmallStr::EMPTY, rows)
}

pub(crate) fn ints(values: impl Iterator<Item = Option<i64>>) -> Series {
    values.collect::<polars::prelude::Int64Chunked>().into_series()
}

pub(crate) fn floats(values: impl Iterator<Item = Option<f64>>) -> Series {
    values.collect::<polars::prelude::Float64Chunked>().into_series()
}

pub(crate) fn bools(values: impl Iterator<Item = Option<bool>>) -> Series {
    values.collect::<BooleanChunked>().into_series()
}

pub(crate) fn texts<T: AsRef<str>>(values: impl Iterator<Item = Option<T>>) -> Series {
    values.collect::<polars::prelude::StringChunked>().into_series()
}

pub(crate) fn dates(values: impl Iterator<Item = Option<i32>>) -> Series {
    values.collect::<polars::prelude::Int32Chunked>().into_series().cast(&DataType::Date).expect("days are a date")
}
