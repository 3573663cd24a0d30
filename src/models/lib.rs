//! The models: the SQL files of `sql/`, what each stands on, their order, and their text with every name filled in.
//!
//! Belongs: `ref`, `source`, `config`, the order of building, the laws of the layers, the named questions of the screens.
//! Never: any engine, any row of data.

mod catalog;
mod error;

pub use catalog::{Catalog, Layer, Model, Question, Seed, catalog, read};
pub use error::ModelErr;

mod files {
    include!(concat!(env!("OUT_DIR"), "/files.rs"));
}
