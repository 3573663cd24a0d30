//! What figures are typed in.

use serde::{Deserialize, Serialize};

/// The unit somebody typed in. What is stored is always grams and millimetres.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    #[default]
    Kg,
    Lb,
}
