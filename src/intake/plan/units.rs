//! In what a file's loads and distances are, as far as it says so.

use bridge::{Form, ImportQuestion, PlannedSet, Suggestion, Topic};
use ledger::Unit;

use super::{answers::Answers, figures::Figures};
use crate::{raw::RawSet, words::Length};

#[derive(Default)]
pub(super) struct Units {
    /// There are loads whose unit the file does not say.
    loads: bool,
    distances: bool,
    /// The first that is known.
    of_file: Option<Unit>,
}

impl Units {
    pub(super) fn saw(&mut self, raw: &RawSet, figures: &Figures, answers: Answers<'_>) {
        let weighs = figures.load_g.is_some_and(|load| 0 < load) || figures.assist_g.is_some();
        self.loads |= raw.weight_unit.is_none() && weighs;
        self.distances |= raw.distance_unit.is_none() && figures.distance_mm.is_some();
        self.of_file = self.of_file.or(raw.weight_unit).or(answers.unit());
    }

    /// Sets without a load are in the unit of the others.
    pub(super) fn settle<'s>(&self, sets: impl Iterator<Item = &'s mut PlannedSet>, answers: Answers<'_>) {
        let unit = answers.unit().or(self.of_file).unwrap_or_default();
        for set in sets.filter(|set| set.load_g.is_none_or(|load| load == 0) && set.assist_g.is_none()) {
            set.unit = unit;
        }
    }

    pub(super) fn questions(&self, answers: Answers<'_>) -> Vec<ImportQuestion> {
        let few = |id: &str, ask: &str, options: [(&str, &str); 2], answer: &str| ImportQuestion {
            id: id.to_owned(),
            topic: Topic::Units,
            form: Form::Few,
            ask: ask.to_owned(),
            hint: String::new(),
            options: options.map(|(id, name)| Suggestion { id: id.to_owned(), name: name.to_owned() }).to_vec(),
            answer: answer.to_owned(),
            must: true,
        };
        let mut questions = Vec::new();
        if self.loads {
            let unit = answers.get("unit").unwrap_or_default();
            questions.push(few("unit", "Unit of loads in the file", [("kg", "kg"), ("lb", "lb")], unit));
        }
        if self.distances {
            let length = if answers.length() == Length::Mile { "mi" } else { "km" };
            questions.push(few("distance", "Unit of distances in the file", [("km", "km"), ("mi", "miles")], length));
        }
        questions
    }
}
