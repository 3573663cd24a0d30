//! The bridge: the words that the page, the storage worker and the projector exchange, and what a screen is shown.
//!
//! Belongs: requests, notices, questions with the shape of their rows, the plan of an import, the draft of a workout.
//! Never: how anything is computed or stored.

mod import;
mod notice;
mod pack;
mod problem;
mod question;
mod request;
mod sheet;
mod sibling;
mod sync;
mod tables;
mod view;

pub use import::{Choices, Form, ImportPlan, ImportQuestion, NameMatch, PlannedSet, PlannedWorkout, RowProblem, Suggestion, Topic};
pub use notice::{FromProjector, FromStorage, Guarantee, SavedRow, StorageReport};
pub use pack::{pack, unpack};
pub use problem::{Problem, ProblemKind};
pub use question::{Ask, Asked, Question, ask};
pub use request::{Draft, DraftScope, ExportAs, ToProjector, ToStorage};
pub use sheet::{Before, LastTime, Sheet, SheetExercise, SheetSet, named};
pub use sibling::{AnyBuild, Sibling};
pub use sync::{AccountNews, AccountView, AccountWish, DeviceView, Refusal, RefusalCode, RefusedView, SyncLink, SyncState};
pub use tables::{FromTables, ToTables};
pub use view::*;
pub use wire::Code;
