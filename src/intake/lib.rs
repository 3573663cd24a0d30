//! The intake: other apps' files, read into a plan that a person can look at, and the plan into drafts.
//!
//! Belongs: dialects, units, dates, names, everything that can be wrong with a file.
//! Never: where the file came from, where the rows go, the time (it is handed in), a guess nobody confirmed.

mod dates;
mod dialect;
mod drafts;
mod here;
mod identity;
mod names;
mod number;
mod plan;
mod raw;
mod show;
mod text;
mod words;

pub use drafts::{Begun, Part, drafts};
pub use here::Known;
pub use identity::hash;
pub use names::{NameBook, NameTarget};
pub use plan::{MUSCLES, Planned, plan};
