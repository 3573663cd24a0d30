//! engine
pub use polars::prelude::DataFrame;
pub use arrow::record_batch::RecordBatch;
pub use parquet::arrow::ArrowWriter;
