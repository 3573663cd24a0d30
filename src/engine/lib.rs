//! The engine: columns in, tables out. Parquet and events become typed columns; the SQL models become tables, all of
//! them (`rebuild`) or only what some new events touch (`refresh`); the screens' questions become rows.
//!
//! Belongs: Arrow, Parquet, Polars and the project's own SQL front; everything here runs the same natively and in wasm.
//! Never: where bytes came from, who asks, what time it is, the browser, a thread.

mod answer;
mod codec;
mod column;
mod columns;
mod error;
mod kernel;
mod packed;
mod seed;
mod sql;
mod store;
mod stored;
mod table;
mod value;
mod watch;

pub use answer::{Param, Params};
pub use codec::{CodecErr, rows_from_parquet, segment_to_parquet, table_from_parquet, table_to_parquet};
pub use error::SqlErr;
/// The project that a store runs: read by `models`, handed in by whoever brings its own.
pub use models::{Catalog, Layer, Model, read as read_project};
pub use packed::Packing;
pub use seed::table_from_csv;
pub use sql::query;
pub use store::{EngineErr, Rebuild, Store, prebuild, prebuild_of};
pub use table::Table;
pub use value::{Ty, Value};
pub use watch::Watches;
