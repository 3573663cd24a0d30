//! What the storage worker and the projector say to each other over a port of their own, as JSON, with bytes beside it where a
//! word says so.

use serde::{Deserialize, Serialize};

use crate::problem::Problem;

/// What the storage worker says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum ToTables {
    /// Always first: a projector of another build takes nothing more.
    Hello { build: String },
    /// A prebuilt dimension. Beside it: its Parquet.
    Dimension { name: String },
    /// Tables as they stood once, to go on from. Beside it: the packed tables. Answered by `Done` or `NotDone`.
    GoOnFrom { id: u32 },
    /// That cannot be: everything comes from the beginning.
    Anew,
    /// A sealed file. Beside it: its Parquet.
    Sealed,
    /// Rows that are in no sealed file. Beside it: the rows, packed.
    Rows,
    /// That was everything; new rows are about this person.
    Loaded { person: String },
    /// New rows are about this person from now on.
    Person { person: String },
    /// Sealed files came: the tables follow, all at once.
    Follow,
    /// After a start from packed tables everything once more, beside it as in `Sealed`
    CheckSealed,
    /// and in `Rows`;
    CheckRows,
    /// that was everything. `whole`: every row that was in the packed tables is here.
    Check { whole: bool },
    /// Rows as Parquet. Beside it: the rows, packed. Answered by `Done` with Parquet beside it, or `NotDone`.
    Encode { id: u32 },
    /// The rows in Parquet, which is beside it. Answered by `Done` with packed rows beside it, or `NotDone`.
    Decode { id: u32 },
    /// The tables, packed, when they hold so many rows. Answered by `Done` with the tables beside it, or `NotDone`.
    Pack { id: u32, rows: u64 },
    /// What became of the part of an import that was to be written down.
    Captured { problem: Option<Problem> },
    /// Of an export: a sealed file, its Parquet beside it,
    Part { id: u32 },
    /// everything else, packed, beside it,
    Rest { id: u32 },
    /// or why there is no export.
    Broken { id: u32, why: String },
}

/// What the projector says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum FromTables {
    /// What was asked under this id, with the bytes of the answer beside it;
    Done { id: u32 },
    /// or why it is not.
    NotDone { id: u32, why: String },
    /// Packed tables came out otherwise when they were made anew: they are thrown away.
    Stale,
    /// A part of an import, to be written down. Beside it: the drafts, as JSON. Answered by `Captured`.
    Capture,
    /// Nothing more of it comes.
    Imported,
    /// Rows of a backup. Beside it: the rows, packed; with the last of them comes whose they are. Answered by `Captured`.
    Restore { person: Option<String> },
    /// Every row is wanted, for an export.
    Everything { id: u32 },
}
