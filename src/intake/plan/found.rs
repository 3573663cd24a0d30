//! The exercises that a file names, and what each name stands for.

use std::collections::BTreeMap;

use bridge::NameMatch;
use ledger::LoadMode;

use super::answers::Answers;
use crate::{
    identity::own_exercise,
    names::{NameBook, fold},
};

pub(super) struct Found<'a> {
    names: &'a NameBook,
    answers: Answers<'a>,
    /// By the name, folded.
    matches: BTreeMap<String, NameMatch>,
}

impl<'a> Found<'a> {
    pub(super) fn new(names: &'a NameBook, answers: Answers<'a>) -> Self {
        Self { names, answers, matches: BTreeMap::new() }
    }

    /// What the exercise's weight means; also puts its name on the list.
    pub(super) fn load_mode(&mut self, written: &str) -> LoadMode {
        let (names, answers) = (self.names, self.answers);
        let own = fold(written);
        let chosen = answers.get(&format!("name:{own}"));
        let found = self.matches.entry(own).or_insert_with(|| {
            let target = match chosen {
                Some("") => None,
                Some(id) => names.by_id(id),
                None => names.find(written),
            };
            NameMatch {
                written: written.to_owned(),
                sets: 0,
                exercise_id: target.map(|target| target.exercise_id.clone()),
                name: target.map(|target| target.name.clone()),
                suggestions: if target.is_some() && chosen.is_none() { Vec::new() } else { names.suggest(written) },
            }
        });
        let id = found.exercise_id.as_deref().unwrap_or_default();
        names.by_id(id).map_or(LoadMode::External, |target| target.load_mode)
    }

    pub(super) fn count(&mut self, written: &str) {
        if let Some(found) = self.matches.get_mut(&fold(written)) {
            found.sets += 1;
        }
    }

    /// The exercise that each name will stand for.
    pub(super) fn ids(&self) -> BTreeMap<String, String> {
        let id = |own: &String, name: &NameMatch| name.exercise_id.clone().unwrap_or_else(|| own_exercise(own).to_string());
        self.matches.iter().map(|(own, name)| (own.clone(), id(own, name))).collect()
    }

    /// Those with a set: what needs an answer first, then by how much hangs on it.
    pub(super) fn sorted(self) -> Vec<NameMatch> {
        let mut names: Vec<NameMatch> = self.matches.into_values().filter(|name| 0 < name.sets).collect();
        names.sort_by(|a, b| {
            (a.exercise_id.is_some(), std::cmp::Reverse(a.sets), &a.written).cmp(&(
                b.exercise_id.is_some(),
                std::cmp::Reverse(b.sets),
                &b.written,
            ))
        });
        names
    }
}
