//! Rows to columns, and columns to Parquet and back. One codec: arrow-rs; Snappy, which needs no C.

use std::sync::Arc;

use arrow::{
    array::{
        Array, ArrayRef, AsArray as _, BinaryArray, BooleanArray, Date32Array, Float64Array, Int64Array, StringArray,
        new_empty_array,
    },
    datatypes::{DataType, Date32Type, Field, Float64Type, Int64Type, Schema},
    record_batch::RecordBatch,
};
use bytes::Bytes;
use ledger::{ClearRow, Row};
use parquet::{
    arrow::{
        ArrowWriter, ProjectionMask,
        arrow_reader::{ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder},
    },
    basic::Compression,
    data_type::AsBytes as _,
    file::properties::WriterProperties,
};
use serde_json::Value as Json;

use crate::{
    column::{Column, Columns, bools, dates, floats, ints, texts},
    columns::{CLEARED_INT, CLEARED_TEXT, ENVELOPE, INTS, TEXTS},
    table::Table,
};

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CodecErr {
    #[error("the Parquet file cannot be read: {0}")]
    Parquet(String),
    #[error("the Parquet file has no column of raw rows")]
    NoRaw,
    #[error("a row of the segment is damaged: {0}")]
    Row(String),
    #[error("the packed tables make no sense: {0}")]
    Packed(String),
}

/// A row as the columns of a file say it: of one that is encrypted, what its server may see.
#[derive(Clone, Copy)]
struct Line<'a> {
    row: &'a Row,
    clear: Option<ClearRow<'a>>,
}

impl<'a> Line<'a> {
    fn said(self, field: &str) -> Option<&'a Json> {
        self.clear.map_or_else(|| self.row.hdr.get(field), |clear| clear.said(field))
    }
}

/// The events table of some rows, without their raw bytes.
pub(crate) fn events_table(rows: &[ClearRow<'_>]) -> Table {
    columns_of_lines(&rows.iter().map(|clear| Line { row: clear.row(), clear: Some(*clear) }).collect::<Vec<_>>())
}

fn columns_of_lines(lines: &[Line<'_>]) -> Table {
    let mut columns = Columns::with_capacity(ENVELOPE.len() + INTS.len() + TEXTS.len() + 1);
    for name in ENVELOPE {
        columns.push((
            name.to_owned(),
            texts(lines.iter().map(|Line { row, .. }| {
                Some(match name {
                    "event_id" => row.event_id.to_string(),
                    "device_id" => row.device_id.as_str().to_owned(),
                    "lane" => row.lane.as_str().to_owned(),
                    "scope" => row.scope.to_string(),
                    "session_id" => row.session_id.to_string(),
                    "kind" => row.kind.clone(),
                    "hlc" => row.hlc.to_string(),
                    _ => row.enc().to_owned(),
                })
            })),
        ));
    }
    columns.push(("v".to_owned(), ints(lines.iter().map(|line| Some(i64::from(line.row.v))))));
    for name in INTS {
        columns.push((name.to_owned(), ints(lines.iter().map(|line| int_field(*line, name)))));
    }
    for name in TEXTS {
        columns.push((name.to_owned(), texts(lines.iter().map(|line| text_field(*line, name)))));
    }
    Table::new(columns)
}

fn int_field(line: Line<'_>, name: &str) -> Option<i64> {
    if name == "dseq" {
        return i64::try_from(line.row.dseq).ok();
    }
    match line.said(name)? {
        Json::Null => Some(CLEARED_INT),
        value => value.as_i64().or_else(|| value.as_bool().map(i64::from)),
    }
}

fn text_field(line: Line<'_>, name: &str) -> Option<String> {
    match line.said(name)? {
        Json::Null => Some(CLEARED_TEXT.to_owned()),
        Json::String(text) => Some(text.clone()),
        Json::Array(muscles) if name == "muscles" => {
            let mut out = String::from("|");
            for muscle in muscles {
                out.push_str(muscle.get("muscle")?.as_str()?);
                out.push(':');
                out.push_str(&muscle.get("weight_tenths")?.as_i64()?.to_string());
                out.push('|');
            }
            Some(out)
        }
        _ => None,
    }
}

/// One session as one Parquet file: typed columns, and each row's raw bytes beside them.
pub fn segment_to_parquet(rows: &[Row]) -> Result<Vec<u8>, CodecErr> {
    let table = columns_of_lines(&rows.iter().map(|row| Line { row, clear: row.clear() }).collect::<Vec<_>>());
    let raw: ArrayRef = Arc::new(BinaryArray::from_iter_values(rows.iter().map(|row| row.raw.as_slice())));
    write(&table, Some(raw))
}

pub fn table_to_parquet(table: &Table) -> Result<Vec<u8>, CodecErr> {
    write(table, None)
}

fn write(table: &Table, raw: Option<ArrayRef>) -> Result<Vec<u8>, CodecErr> {
    let mut fields = Vec::new();
    let mut arrays: Vec<ArrayRef> = Vec::new();
    for (name, column) in table.columns() {
        let (ty, array): (DataType, ArrayRef) = match column {
            Column::Int(values) => (DataType::Int64, Arc::new(values.iter().collect::<Int64Array>())),
            Column::Float(values) => (DataType::Float64, Arc::new(values.iter().collect::<Float64Array>())),
            Column::Text(values) => (DataType::Utf8, Arc::new(values.iter().collect::<StringArray>())),
            Column::Bool(values) => (DataType::Boolean, Arc::new(values.iter().collect::<BooleanArray>())),
            Column::Date(days) => (DataType::Date32, Arc::new(days.iter().collect::<Date32Array>())),
            Column::Null(len) => (DataType::Utf8, Arc::new(StringArray::new_null(*len))),
        };
        fields.push(Field::new(name, ty, true));
        arrays.push(array);
    }
    if let Some(raw) = raw {
        fields.push(Field::new("raw", DataType::Binary, false));
        arrays.push(raw);
    }
    let schema = Arc::new(Schema::new(fields));
    let fail = |err: &dyn std::fmt::Display| CodecErr::Parquet(err.to_string());
    let batch = RecordBatch::try_new(Arc::clone(&schema), arrays).map_err(|err| fail(&err))?;
    let settings = WriterProperties::builder()
        .set_compression(Compression::SNAPPY)
        // The default names the library's version; the same rows must give the same bytes in every build.
        .set_created_by("spotter".to_owned())
        .build();
    let mut out = Vec::new();
    let mut writer = ArrowWriter::try_new(&mut out, schema, Some(settings)).map_err(|err| fail(&err))?;
    writer.write(&batch).map_err(|err| fail(&err))?;
    writer.close().map_err(|err| fail(&err))?;
    Ok(out)
}

/// The table of a Parquet file whose hash somebody has checked; a column of raw bytes is passed over.
pub fn table_from_parquet(bytes: &[u8]) -> Result<Table, CodecErr> {
    some_columns_from_parquet(bytes, &|_| true)
}

/// The columns of some names. The others are not even decoded.
pub(crate) fn some_columns_from_parquet(bytes: &[u8], wanted: &dyn Fn(&str) -> bool) -> Result<Table, CodecErr> {
    columns_of(Bytes::copy_from_slice(bytes), wanted)
}

pub(crate) fn columns_of(bytes: Bytes, wanted: &dyn Fn(&str) -> bool) -> Result<Table, CodecErr> {
    let (names, batches) = open(bytes, &|field| *field.data_type() != DataType::Binary && wanted(field.name()))?;
    // Batch by batch, so that the file is never in memory twice.
    let empty = of_arrays(&names, &names.iter().map(|(_, ty)| new_empty_array(ty)).collect::<Vec<_>>())?;
    let tables = batches
        .map(|batch| of_arrays(&names, batch.map_err(|err| CodecErr::Parquet(err.to_string()))?.columns()))
        .collect::<Result<Vec<_>, _>>()?;
    Ok(empty.stacked(&tables).in_one_piece())
}

fn of_arrays(names: &[(String, DataType)], arrays: &[ArrayRef]) -> Result<Table, CodecErr> {
    let mut columns = Vec::with_capacity(names.len());
    for ((name, ty), array) in names.iter().zip(arrays) {
        let column = match ty {
            DataType::Int64 => ints(array.as_primitive::<Int64Type>().iter()),
            DataType::Float64 => floats(array.as_primitive::<Float64Type>().iter()),
            DataType::Utf8 => texts(array.as_string::<i32>().iter()),
            DataType::Boolean => bools(array.as_boolean().iter()),
            DataType::Date32 => dates(array.as_primitive::<Date32Type>().iter()),
            other => return Err(CodecErr::Parquet(format!("column {name} has the type {other}, which Spotter does not write"))),
        };
        columns.push((name.clone(), column));
    }
    Ok(Table::new(columns))
}

/// The raw rows of a sealed segment, hash of each row checked.
pub fn rows_from_parquet(bytes: &[u8]) -> Result<Vec<Row>, CodecErr> {
    let (names, batches) = open(Bytes::copy_from_slice(bytes), &|field| field.name() == "raw")?;
    let at = names.iter().position(|(name, ty)| name == "raw" && *ty == DataType::Binary).ok_or(CodecErr::NoRaw)?;
    let mut rows = Vec::new();
    for batch in batches {
        let batch = batch.map_err(|err| CodecErr::Parquet(err.to_string()))?;
        let raw = batch.column(at).as_binary::<i32>();
        for row in 0..raw.len() {
            rows.push(Row::read(raw.value(row).as_bytes()).map_err(|err| CodecErr::Row(err.to_string()))?);
        }
    }
    Ok(rows)
}

/// A file's columns of some kind, and its batches of these.
fn open(bytes: Bytes, wanted: &dyn Fn(&Field) -> bool) -> Result<(Vec<(String, DataType)>, ParquetRecordBatchReader), CodecErr> {
    let fail = |err: &dyn std::fmt::Display| CodecErr::Parquet(err.to_string());
    let builder = ParquetRecordBatchReaderBuilder::try_new(bytes).map_err(|err| fail(&err))?;
    let fields: Vec<_> = builder.schema().fields().iter().enumerate().filter(|(_, field)| wanted(field)).collect();
    let names = fields.iter().map(|(_, field)| (field.name().clone(), field.data_type().clone())).collect();
    let columns = ProjectionMask::roots(builder.parquet_schema(), fields.iter().map(|(at, _)| *at));
    let reader = builder.with_projection(columns).with_batch_size(65_536).build().map_err(|err| fail(&err))?;
    Ok((names, reader))
}
