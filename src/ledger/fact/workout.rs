//! A workout begins, ends, is corrected, goes and comes back.

use serde::{Deserialize, Serialize};

use crate::{
    id::EntityId,
    limits::{Check, Refusal},
    patch::Patch,
};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorkoutStarted {
    pub workout_id: EntityId,
    pub at_ms: i64,
    pub offset_min: i32,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub import_id: Option<EntityId>,
}

impl WorkoutStarted {
    pub(super) fn check(&self) -> Result<(), Refusal> {
        Check.optional_text("name", self.name.as_deref(), 200)?.when(self.at_ms, self.offset_min)
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorkoutFinished {
    pub workout_id: EntityId,
    pub at_ms: i64,
    pub offset_min: i32,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub note: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub import_id: Option<EntityId>,
}

impl WorkoutFinished {
    pub(super) fn check(&self) -> Result<(), Refusal> {
        Check.optional_text("note", self.note.as_deref(), 4000)?.when(self.at_ms, self.offset_min)
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorkoutCorrected {
    pub workout_id: EntityId,
    pub at_ms: i64,
    pub offset_min: i32,
    #[serde(skip_serializing_if = "Patch::is_keep", default)]
    pub name: Patch<String>,
    #[serde(skip_serializing_if = "Patch::is_keep", default)]
    pub note: Patch<String>,
    #[serde(skip_serializing_if = "Patch::is_keep", default)]
    pub started_ms: Patch<i64>,
    #[serde(skip_serializing_if = "Patch::is_keep", default)]
    pub finished_ms: Patch<i64>,
}

impl WorkoutCorrected {
    pub(super) fn check(&self) -> Result<(), Refusal> {
        Check.optional_text("name", self.name.value().map(String::as_str), 200)?.optional_text(
            "note",
            self.note.value().map(String::as_str),
            4000,
        )?;
        for ms in [self.started_ms.value(), self.finished_ms.value()].into_iter().flatten() {
            Check.when(*ms, 0)?;
        }
        Check.when(self.at_ms, self.offset_min)
    }
}
