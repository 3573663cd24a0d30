//! One screen a file. Each asks its own questions and nothing it does not draw.

pub(crate) mod crew;
pub(crate) mod detail;
mod edit_set;
pub(crate) mod history;
pub(crate) mod import;
pub(crate) mod keypad;
pub(crate) mod locked;
pub(crate) mod me;
pub(crate) mod picker;
pub(crate) mod progress;
pub(crate) mod storage;
pub(crate) mod sync;
pub(crate) mod today;
pub(crate) mod train;
pub(crate) mod workout;
