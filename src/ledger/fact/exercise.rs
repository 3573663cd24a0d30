//! An exercise of one's own is defined, named by another app, or changed.

use serde::{Deserialize, Serialize};

use crate::{
    id::EntityId,
    limits::{Check, Refusal},
    patch::Patch,
};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LoadMode {
    #[default]
    External,
    Bodyweight,
    Assisted,
    None,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Tracking {
    #[default]
    LoadReps,
    BodyweightReps,
    AssistedReps,
    Duration,
    DistanceDuration,
    LoadDuration,
    LoadDistance,
}

/// A muscle an exercise works, and how much: 10 for a primary mover, 5 for a secondary one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Muscle {
    pub muscle: String,
    pub weight_tenths: i64,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExerciseDefined {
    pub exercise_id: EntityId,
    pub name: String,
    pub equipment: String,
    pub load_mode: LoadMode,
    pub tracking: Tracking,
    pub muscles: Vec<Muscle>,
    pub at_ms: i64,
    pub offset_min: i32,
}

impl ExerciseDefined {
    pub(super) fn check(&self) -> Result<(), Refusal> {
        Check.text("name", &self.name, 200)?.text("equipment", &self.equipment, 50)?;
        if 20 < self.muscles.len() {
            return Err(Refusal::new("muscles", "an exercise works at most 20 muscles"));
        }
        for muscle in &self.muscles {
            Check.text("muscle", &muscle.muscle, 50)?.range("muscle weight", Some(muscle.weight_tenths), 1, 10)?;
        }
        Check.when(self.at_ms, self.offset_min)
    }
}

/// One's own exercise got another name, was said to be another one, or was put away. What is not spoken of stays.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExerciseChanged {
    pub exercise_id: EntityId,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub name: Option<String>,
    /// The slug or id of the exercise that this one is; cleared, it stands on its own again.
    #[serde(skip_serializing_if = "Patch::is_keep", default)]
    pub merged_into: Patch<String>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub archived: Option<bool>,
    pub at_ms: i64,
    pub offset_min: i32,
}

impl ExerciseChanged {
    /// A change that keeps everything: what is to change is set on it.
    pub fn of(exercise_id: EntityId, at_ms: i64, offset_min: i32) -> Self {
        Self { exercise_id, name: None, merged_into: Patch::Keep, archived: None, at_ms, offset_min }
    }

    pub(super) fn check(&self) -> Result<(), Refusal> {
        if self.name.is_none() && self.merged_into.is_keep() && self.archived.is_none() {
            return Err(Refusal::new("exercise", "nothing was changed"));
        }
        if self.merged_into.value().is_some_and(|other| *other == self.exercise_id.to_string()) {
            return Err(Refusal::new("exercise", "cannot be merged into itself"));
        }
        for (field, text, chars_max) in [("name", self.name.as_ref(), 200), ("exercise", self.merged_into.value(), 100)] {
            text.map_or(Ok(Check), |text| Check.text(field, text, chars_max))?;
        }
        Check.when(self.at_ms, self.offset_min)
    }
}
