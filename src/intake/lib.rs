//! The intake: other apps' files, read into a plan that a person can look at, and the plan into drafts.
//!
//! Belongs: dialects, units, dates, names, everything that can be wrong with a file.
//! Never: where the file came from, where the rows go, the time (it is handed in), a guess nobody confirmed.

mod drafts;
mod names;
mod number;
mod strong;

pub use drafts::{Known, drafts};
pub use names::{NameBook, NameTarget};
pub use strong::{Planned, plan};
