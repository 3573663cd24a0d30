//! What is asked about single figures and names.

use bridge::{Form, ImportQuestion, NameMatch, Suggestion, Topic};

use super::answers::{Answers, figure_id};
use crate::{
    identity::own_exercise,
    names::{NameBook, fold},
    number::micro,
};

/// A figure of a line, as it is written, that may have been another.
pub(super) fn of_figure(figure: &str, line: u64, ask: String, written: &str, answers: Answers<'_>) -> ImportQuestion {
    let answer = answers.figure(figure, line).unwrap_or(written).to_owned();
    ImportQuestion {
        id: figure_id(figure, line),
        topic: Topic::Odd,
        form: Form::Typed,
        ask,
        hint: if micro(answer.trim()).is_some_and(|n| 0 <= n) { String::new() } else { format!("“{answer}” is no number.") },
        options: Vec::new(),
        answer,
        must: false,
    }
}

/// Names that nobody knows for certain, and those that somebody answered for.
pub(super) fn of_name(name: &NameMatch, answers: Answers<'_>, names: &NameBook) -> Vec<ImportQuestion> {
    let own = fold(&name.written);
    let id = format!("name:{own}");
    if name.exercise_id.is_some() && answers.get(&id).is_none() {
        return Vec::new();
    }
    let mut options = vec![Suggestion { id: String::new(), name: "Keep as my own".to_owned() }];
    if let (Some(id), Some(name)) = (&name.exercise_id, &name.name) {
        options.push(Suggestion { id: id.clone(), name: name.clone() });
    }
    options.extend(name.suggestions.iter().filter(|other| Some(&other.id) != name.exercise_id.as_ref()).cloned());
    let mut questions = vec![ImportQuestion {
        id,
        topic: Topic::Names,
        form: Form::List,
        ask: name.written.clone(),
        hint: match name.sets {
            1 => "1 set".to_owned(),
            sets => format!("{sets} sets"),
        },
        options,
        answer: name.exercise_id.clone().unwrap_or_default(),
        must: false,
    }];
    let is_new = name.exercise_id.is_none() && names.by_id(&own_exercise(&own).to_string()).is_none();
    if is_new {
        let id = format!("muscle:{own}");
        questions.push(ImportQuestion {
            answer: answers.get(&id).unwrap_or_default().to_owned(),
            id,
            topic: Topic::Names,
            form: Form::List,
            ask: format!("Muscle of {}", name.written),
            hint: "Its sets count there".to_owned(),
            options: std::iter::once(("", "Not said: its sets count for no muscle"))
                .chain(MUSCLES)
                .map(|(id, name)| Suggestion { id: id.to_owned(), name: name.to_owned() })
                .collect(),
            must: false,
        });
    }
    questions
}

/// The muscle groups of `sql/seeds/muscle_groups.csv`.
pub const MUSCLES: [(&str, &str); 20] = [
    ("chest", "Chest"),
    ("front_delts", "Front Delts"),
    ("side_delts", "Side Delts"),
    ("rear_delts", "Rear Delts"),
    ("triceps", "Triceps"),
    ("biceps", "Biceps"),
    ("forearms", "Forearms"),
    ("lats", "Lats"),
    ("upper_back", "Upper Back"),
    ("traps", "Traps"),
    ("lower_back", "Lower Back"),
    ("abs", "Abs"),
    ("obliques", "Obliques"),
    ("glutes", "Glutes"),
    ("quads", "Quads"),
    ("hamstrings", "Hamstrings"),
    ("calves", "Calves"),
    ("adductors", "Adductors"),
    ("abductors", "Abductors"),
    ("cardio", "Cardio"),
];
