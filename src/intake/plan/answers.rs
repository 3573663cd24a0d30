//! What somebody said to the questions of a plan.

use std::collections::BTreeMap;

use ledger::Unit;

use crate::{number::micro, words::Length};

#[derive(Clone, Copy)]
pub(super) struct Answers<'a>(pub(super) &'a BTreeMap<String, String>);

impl<'a> Answers<'a> {
    pub(super) fn get(self, id: &str) -> Option<&'a str> {
        self.0.get(id).map(String::as_str)
    }

    /// Of loads, where the file does not say it.
    pub(super) fn unit(self) -> Option<Unit> {
        match self.get("unit") {
            Some("kg") => Some(Unit::Kg),
            Some("lb") => Some(Unit::Lb),
            _ => None,
        }
    }

    /// Of distances; without an answer it goes with the loads.
    pub(super) fn length(self) -> Length {
        match (self.get("distance"), self.unit()) {
            (Some("mi"), _) | (None, Some(Unit::Lb)) => Length::Mile,
            _ => Length::Km,
        }
    }

    /// What somebody said a figure was.
    pub(super) fn figure(self, figure: &str, line: u64) -> Option<&'a str> {
        self.get(&figure_id(figure, line))
    }

    /// A figure, or what somebody said it was.
    pub(super) fn corrected<'b>(self, figure: &str, line: u64, written: &'b str) -> &'b str
    where
        'a: 'b,
    {
        let said = self.figure(figure, line).map(str::trim);
        said.filter(|said| micro(said).is_some_and(|n| 0 <= n)).unwrap_or(written)
    }
}

/// The id of the question what a figure was.
pub(super) fn figure_id(figure: &str, line: u64) -> String {
    format!("{figure}:{line}")
}
