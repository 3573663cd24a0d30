//! What a screen may ask, by name, and the shape of the rows that answer.

use std::collections::BTreeMap;

use ledger::map_of;
use serde::{Deserialize, Serialize, de::DeserializeOwned};

/// A question of `sql/analyses` with its parameters filled in.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Asked {
    pub name: String,
    pub params: BTreeMap<String, Ask>,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Ask {
    Text(String),
    Int(i64),
}

impl From<&str> for Ask {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<i64> for Ask {
    fn from(n: i64) -> Self {
        Self::Int(n)
    }
}

/// A row type that answers one question.
pub trait Question: DeserializeOwned + Clone + PartialEq + 'static {
    const NAME: &'static str;
}

/// `:user` is filled in by the projector, which knows whose profile it is.
pub fn ask<Q: Question>(params: &[(&str, Ask)]) -> Asked {
    asked(Q::NAME, params)
}

/// Compiled once for all questions.
fn asked(name: &str, params: &[(&str, Ask)]) -> Asked {
    Asked { name: name.to_owned(), params: map_of(params.iter().map(|(name, value)| ((*name).to_owned(), value.clone()))) }
}
