//! A file of another app was taken in, to its end or not, and can be undone.

use serde::{Deserialize, Serialize};

use crate::{
    id::EntityId,
    limits::{Check, Refusal, TEXT_CHARS_MAX},
};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportRecorded {
    pub import_id: EntityId,
    /// Which app wrote the file: `strong`.
    pub source: String,
    pub file_name: String,
    pub file_hash: String,
    pub rows_read: i64,
    pub rows_accepted: i64,
    pub rows_rejected: i64,
    /// Workouts that it sets out to write: with fewer of them and no end it was stopped. Imports of older builds do not say.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub workouts: Option<i64>,
    /// What was answered about the file, as JSON, to go on with.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub answers: Option<String>,
    pub at_ms: i64,
    pub offset_min: i32,
}

impl ImportRecorded {
    pub(super) fn check(&self) -> Result<(), Refusal> {
        Check
            .text("file name", &self.file_name, 500)?
            .text("source", &self.source, 50)?
            .optional_text("answers", self.answers.as_deref(), TEXT_CHARS_MAX)?
            .when(self.at_ms, self.offset_min)
    }
}
