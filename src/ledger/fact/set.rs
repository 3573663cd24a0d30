//! A set is logged, corrected, goes and comes back.

use serde::{Deserialize, Serialize};

use super::unit::Unit;
use crate::{
    id::EntityId,
    limits::{Check, Refusal},
    patch::Patch,
};

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SetKind {
    Warmup,
    #[default]
    Normal,
    Drop,
    Failure,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    Left,
    Right,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SetLogged {
    pub set_id: EntityId,
    pub workout_id: EntityId,
    /// The slug of a prebuilt exercise, or the id of one that somebody defined.
    pub exercise_id: String,
    /// Where the exercise stands in the workout, and the set in the exercise; both from 1.
    pub exercise_no: i64,
    pub set_no: i64,
    pub at_ms: i64,
    pub offset_min: i32,
    pub set_kind: SetKind,
    pub unit: Unit,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub load_g: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub bodyweight_g: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub assist_g: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub reps: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub duration_ms: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub distance_mm: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub rpe10: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub rir: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub side: Option<Side>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub note: Option<String>,
    /// How long somebody rested after the set, where the source said so.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub rest_ms: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub import_id: Option<EntityId>,
}

impl SetLogged {
    pub(super) fn check(&self) -> Result<(), Refusal> {
        let Self { load_g, bodyweight_g, assist_g, reps, duration_ms, distance_mm, rpe10, rir, .. } = *self;
        Check
            .text("exercise", &self.exercise_id, 100)?
            .range("exercise number", Some(self.exercise_no), 1, 1000)?
            .range("set number", Some(self.set_no), 1, 10_000)?
            .figures([load_g, bodyweight_g, assist_g, reps, duration_ms, distance_mm, rpe10, rir])?
            .range("rest", self.rest_ms, 0, 86_400_000)?
            .optional_text("note", self.note.as_deref(), 4000)?;
        if [load_g, reps, duration_ms, distance_mm].iter().all(Option::is_none) {
            return Err(Refusal::new("set", "needs a load, repetitions, a time or a distance"));
        }
        Check.when(self.at_ms, self.offset_min)
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SetCorrected {
    pub set_id: EntityId,
    pub at_ms: i64,
    pub offset_min: i32,
    #[serde(skip_serializing_if = "Patch::is_keep", default)]
    pub set_kind: Patch<SetKind>,
    #[serde(skip_serializing_if = "Patch::is_keep", default)]
    pub load_g: Patch<i64>,
    #[serde(skip_serializing_if = "Patch::is_keep", default)]
    pub bodyweight_g: Patch<i64>,
    #[serde(skip_serializing_if = "Patch::is_keep", default)]
    pub assist_g: Patch<i64>,
    #[serde(skip_serializing_if = "Patch::is_keep", default)]
    pub reps: Patch<i64>,
    #[serde(skip_serializing_if = "Patch::is_keep", default)]
    pub duration_ms: Patch<i64>,
    #[serde(skip_serializing_if = "Patch::is_keep", default)]
    pub distance_mm: Patch<i64>,
    #[serde(skip_serializing_if = "Patch::is_keep", default)]
    pub rpe10: Patch<i64>,
    #[serde(skip_serializing_if = "Patch::is_keep", default)]
    pub rir: Patch<i64>,
    #[serde(skip_serializing_if = "Patch::is_keep", default)]
    pub note: Patch<String>,
}

impl SetCorrected {
    /// A correction that keeps every field: what is to change is set on it.
    pub fn of(set_id: EntityId, at_ms: i64, offset_min: i32) -> Self {
        Self {
            set_id,
            at_ms,
            offset_min,
            set_kind: Patch::Keep,
            load_g: Patch::Keep,
            bodyweight_g: Patch::Keep,
            assist_g: Patch::Keep,
            reps: Patch::Keep,
            duration_ms: Patch::Keep,
            distance_mm: Patch::Keep,
            rpe10: Patch::Keep,
            rir: Patch::Keep,
            note: Patch::Keep,
        }
    }

    pub(super) fn check(&self) -> Result<(), Refusal> {
        let Self { load_g, bodyweight_g, assist_g, reps, duration_ms, distance_mm, rpe10, rir, .. } = self;
        let figures = [load_g, bodyweight_g, assist_g, reps, duration_ms, distance_mm, rpe10, rir];
        Check
            .figures(figures.map(|figure| figure.value().copied()))?
            .optional_text("note", self.note.value().map(String::as_str), 4000)?
            .when(self.at_ms, self.offset_min)
    }
}
