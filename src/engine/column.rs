//! A column: values of one type, some of them null. Polars holds them.
//!
//! Its type is the enum's arm, so whoever wants whole numbers matches on them and says what becomes of everything else:
//! there is no downcast that could fail.

use polars::prelude::{
    BooleanChunked, ChunkExpandAtIndex as _, ChunkFilter as _, ChunkFull as _, ChunkFullNull as _, ChunkTake as _, ChunkZip as _,
    Float64Chunked, IdxCa, IdxSize, Int32Chunked, Int64Chunked, IntoSeries as _, PlSmallStr, StringChunked,
};

use crate::{
    error::{Res, SqlErr},
    value::{Ty, Value},
};

/// Columns by name, in order.
pub(crate) type Columns = Vec<(String, Column)>;

#[derive(Debug, Clone)]
pub(crate) enum Column {
    Int(Int64Chunked),
    Float(Float64Chunked),
    Text(StringChunked),
    Bool(BooleanChunked),
    /// Days since 1970-01-01.
    Date(Int32Chunked),
    /// So many nulls whose type nobody said.
    Null(usize),
}

/// The same for the values of any type; a column without a type says for itself.
macro_rules! any {
    ($column:expr, $values:ident => $out:expr, $len:ident => $null:expr) => {
        match $column {
            Column::Int($values) => $out,
            Column::Float($values) => $out,
            Column::Text($values) => $out,
            Column::Bool($values) => $out,
            Column::Date($values) => $out,
            Column::Null($len) => $null,
        }
    };
}

/// A column of the same type, made from the values of any type.
macro_rules! same {
    ($column:expr, $values:ident => $out:expr, $len:ident => $null:expr) => {
        match $column {
            Column::Int($values) => Column::Int($out),
            Column::Float($values) => Column::Float($out),
            Column::Text($values) => Column::Text($out),
            Column::Bool($values) => Column::Bool($out),
            Column::Date($values) => Column::Date($out),
            Column::Null($len) => Column::Null($null),
        }
    };
}

impl Column {
    pub(crate) fn ty(&self) -> Ty {
        match self {
            Self::Int(_) => Ty::Int,
            Self::Float(_) => Ty::Float,
            Self::Text(_) => Ty::Text,
            Self::Bool(_) => Ty::Bool,
            Self::Date(_) => Ty::Date,
            Self::Null(_) => Ty::Null,
        }
    }

    pub(crate) fn len(&self) -> usize {
        any!(self, values => values.len(), len => *len)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub(crate) fn null_count(&self) -> usize {
        any!(self, values => values.null_count(), len => *len)
    }

    pub(crate) fn is_null(&self) -> BooleanChunked {
        any!(self, values => values.is_null(), len => BooleanChunked::full(PlSmallStr::EMPTY, true, *len))
    }

    pub(crate) fn is_not_null(&self) -> BooleanChunked {
        any!(self, values => values.is_not_null(), len => BooleanChunked::full(PlSmallStr::EMPTY, false, *len))
    }

    /// The cell of a row; beyond the end there is nothing.
    pub(crate) fn value(&self, row: usize) -> Value {
        if self.len() <= row {
            return Value::Null;
        }
        let value = match self {
            Self::Int(values) => values.get(row).map(Value::Int),
            Self::Float(values) => values.get(row).map(Value::Float),
            Self::Text(values) => values.get(row).map(|text| Value::Text(text.to_owned())),
            Self::Bool(values) => values.get(row).map(Value::Bool),
            Self::Date(values) => values.get(row).map(Value::Date),
            Self::Null(_) => None,
        };
        value.unwrap_or(Value::Null)
    }

    /// The rows whose mask is true; there is a mask for each row.
    pub(crate) fn filter(&self, mask: &BooleanChunked) -> Self {
        let bug = "BUG: a mask of the column's length";
        same!(self, values => values.filter(mask).expect(bug), _len => mask.sum().unwrap_or(0) as usize)
    }

    /// Some of its rows, in this order.
    pub(crate) fn take(&self, rows: &IdxCa) -> Self {
        same!(self, values => values.take(rows).expect("BUG: rows of the column"), _len => rows.len())
    }

    /// The value of each row, null where there is none.
    pub(crate) fn pick(&self, rows: &[Option<IdxSize>]) -> Self {
        let all: Option<Vec<IdxSize>> = rows.iter().copied().collect();
        self.take(&all.map_or_else(|| rows.iter().copied().collect(), index))
    }

    pub(crate) fn slice(&self, from: usize, rows: usize) -> Self {
        let rows = rows.min(self.len().saturating_sub(from));
        same!(self, values => values.slice(from as i64, rows), _len => rows)
    }

    /// Its first row so many times.
    pub(crate) fn spread(&self, rows: usize) -> Self {
        same!(self, values => values.new_from_index(0, rows), _len => rows)
    }

    /// Its own value where the mask is true, the other's elsewhere.
    pub(crate) fn where_else(&self, mask: &BooleanChunked, other: &Self) -> Res<Self> {
        let chosen = match (self, other) {
            (Self::Int(a), Self::Int(b)) => a.zip_with(mask, b).map(Self::Int),
            (Self::Float(a), Self::Float(b)) => a.zip_with(mask, b).map(Self::Float),
            (Self::Text(a), Self::Text(b)) => a.zip_with(mask, b).map(Self::Text),
            (Self::Bool(a), Self::Bool(b)) => a.zip_with(mask, b).map(Self::Bool),
            (Self::Date(a), Self::Date(b)) => a.zip_with(mask, b).map(Self::Date),
            (Self::Null(len), Self::Null(_)) => return Ok(Self::Null(*len)),
            (a, b) => return Err(another_type(a, b)),
        };
        chosen.map_err(|err| SqlErr::new(err.to_string()))
    }

    /// Puts the rows of another column of its type below its own, without copying what is there.
    pub(crate) fn append(&mut self, other: &Self) -> Res<()> {
        let done = match (&mut *self, other) {
            (Self::Int(a), Self::Int(b)) => a.append(b),
            (Self::Float(a), Self::Float(b)) => a.append(b),
            (Self::Text(a), Self::Text(b)) => a.append(b),
            (Self::Bool(a), Self::Bool(b)) => a.append(b),
            (Self::Date(a), Self::Date(b)) => a.append(b),
            (Self::Null(a), Self::Null(b)) => {
                *a += b;
                Ok(())
            }
            (a, b) => return Err(another_type(a, b)),
        };
        done.map_err(|err| SqlErr::new(err.to_string()))
    }

    pub(crate) fn without_a_value(&self) -> bool {
        self.null_count() == self.len()
    }

    /// `append` for a column that may have no value yet, and with that no type that anybody could see: it takes on the
    /// other's. What is of two types in earnest does not come here (`Table::takes`).
    pub(crate) fn stack(&mut self, other: &Self) {
        if self.ty() != other.ty() && self.without_a_value() && other.ty() != Ty::Null {
            *self = Self::nulls(other.ty(), self.len());
        }
        if self.append(other).is_err() {
            debug_assert!(other.without_a_value(), "{:?} below {:?}", other.ty(), self.ty());
            _ = self.append(&Self::nulls(self.ty(), other.len()));
        }
    }

    /// In one stretch of memory, which is what working on it wants.
    pub(crate) fn in_one_piece(&self) -> Self {
        same!(self, values => values.rechunk().into_owned(), len => *len)
    }

    /// Bytes that it takes in memory, as Polars estimates them.
    pub(crate) fn bytes(&self) -> usize {
        any!(self, values => values.clone().into_series().estimated_size(), _len => 0)
    }

    /// So many nulls of a type.
    pub(crate) fn nulls(ty: Ty, len: usize) -> Self {
        let name = PlSmallStr::EMPTY;
        match ty {
            Ty::Int => Self::Int(Int64Chunked::full_null(name, len)),
            Ty::Float => Self::Float(Float64Chunked::full_null(name, len)),
            Ty::Text => Self::Text(StringChunked::full_null(name, len)),
            Ty::Bool => Self::Bool(BooleanChunked::full_null(name, len)),
            Ty::Date => Self::Date(Int32Chunked::full_null(name, len)),
            Ty::Null => Self::Null(len),
        }
    }

    /// The same cell `len` times.
    pub(crate) fn repeat(value: &Value, len: usize) -> Self {
        let one = match value {
            Value::Null => return Self::Null(len),
            Value::Int(n) => ints([Some(*n)].into_iter()),
            Value::Float(x) => floats([Some(*x)].into_iter()),
            Value::Text(text) => texts([Some(text)].into_iter()),
            Value::Bool(b) => bools([Some(*b)].into_iter()),
            Value::Date(days) => dates([Some(*days)].into_iter()),
        };
        one.spread(len)
    }
}

fn another_type(a: &Column, b: &Column) -> SqlErr {
    SqlErr::new(format!("columns of {:?} and {:?} do not go together", a.ty(), b.ty()))
}

pub(crate) fn index(rows: Vec<IdxSize>) -> IdxCa {
    IdxCa::from_vec(PlSmallStr::EMPTY, rows)
}

pub(crate) fn ints(values: impl Iterator<Item = Option<i64>>) -> Column {
    Column::Int(values.collect())
}

pub(crate) fn floats(values: impl Iterator<Item = Option<f64>>) -> Column {
    Column::Float(values.collect())
}

pub(crate) fn bools(values: impl Iterator<Item = Option<bool>>) -> Column {
    Column::Bool(values.collect())
}

pub(crate) fn texts<T: AsRef<str>>(values: impl Iterator<Item = Option<T>>) -> Column {
    Column::Text(values.collect())
}

pub(crate) fn dates(values: impl Iterator<Item = Option<i32>>) -> Column {
    Column::Date(values.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(column: &Column) -> Vec<Value> {
        (0..column.len()).map(|row| column.value(row)).collect()
    }

    #[test]
    fn a_column_of_another_type_is_refused_and_one_without_a_value_takes_it_on() {
        let mut numbers = ints([Some(1), None].into_iter());
        let words = texts([Some("a")].into_iter());
        assert!(numbers.append(&words).is_err() && numbers.len() == 2);
        assert!(numbers.where_else(&[true, false].into_iter().map(Some).collect(), &Column::Null(2)).is_err());
        numbers.stack(&Column::Null(1));
        numbers.stack(&Column::nulls(Ty::Text, 1));
        assert_eq!(values(&numbers), [Value::Int(1), Value::Null, Value::Null, Value::Null]);
        let mut nobody = Column::nulls(Ty::Int, 1);
        nobody.stack(&words);
        assert_eq!(values(&nobody), [Value::Null, Value::Text("a".to_owned())]);
        assert_eq!((nobody.ty(), nobody.null_count()), (Ty::Text, 1));
    }

    #[test]
    fn rows_of_every_type_are_picked_cut_and_spread() {
        let columns = [
            ints([Some(1), None, Some(3)].into_iter()),
            floats([Some(0.5), None, Some(1.5)].into_iter()),
            texts([Some("a"), None, Some("c")].into_iter()),
            bools([Some(true), None, Some(false)].into_iter()),
            dates([Some(-1), None, Some(20_000)].into_iter()),
            Column::Null(3),
        ];
        for column in columns {
            let all = values(&column);
            assert_eq!(values(&column.pick(&[Some(2), None, Some(0)])), [all[2].clone(), Value::Null, all[0].clone()]);
            assert_eq!(
                values(&column.filter(&[true, false, true].into_iter().map(Some).collect())),
                [all[0].clone(), all[2].clone()]
            );
            assert_eq!(values(&column.slice(1, 9)), all[1..]);
            assert_eq!(values(&column.spread(2)), [all[0].clone(), all[0].clone()]);
            assert_eq!(values(&Column::nulls(column.ty(), 1)), [Value::Null]);
            assert_eq!(values(&Column::repeat(&all[2], 1)), [all[2].clone()]);
            assert_eq!(column.value(3), Value::Null);
        }
    }
}
