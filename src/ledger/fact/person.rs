//! A person is weighed, takes a name, chooses how things are shown.

use serde::{Deserialize, Serialize};

use super::unit::Unit;
use crate::{
    id::EntityId,
    limits::{BODY_WEIGHT_G, Check, Refusal},
    patch::Patch,
};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BodyWeight {
    pub weighing_id: EntityId,
    pub weight_g: i64,
    pub unit: Unit,
    pub at_ms: i64,
    pub offset_min: i32,
}

impl BodyWeight {
    pub(super) fn check(&self) -> Result<(), Refusal> {
        Check.range("body weight", Some(self.weight_g), BODY_WEIGHT_G.0, BODY_WEIGHT_G.1)?.when(self.at_ms, self.offset_min)
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Preferences {
    #[serde(skip_serializing_if = "Patch::is_keep", default)]
    pub unit: Patch<Unit>,
    /// ISO: 1 is Monday, 7 is Sunday.
    #[serde(skip_serializing_if = "Patch::is_keep", default)]
    pub week_start: Patch<i64>,
    #[serde(skip_serializing_if = "Patch::is_keep", default)]
    pub theme: Patch<String>,
    pub at_ms: i64,
    pub offset_min: i32,
}

impl Preferences {
    pub(super) fn check(&self) -> Result<(), Refusal> {
        Check
            .range("week start", self.week_start.value().copied(), 1, 7)?
            .optional_text("theme", self.theme.value().map(String::as_str), 20)?
            .when(self.at_ms, self.offset_min)
    }
}
