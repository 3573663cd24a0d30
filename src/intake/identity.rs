//! Keys and ids that come out the same wherever and whenever a file is read: by them an import knows again what is here.

use std::collections::BTreeMap;

use ledger::EntityId;

use crate::raw::RawSet;

/// What names a file, whatever it is called.
pub fn hash(bytes: &[u8]) -> String {
    blake3::hash(bytes).to_hex().to_string()
}

/// The numbers that workouts have in the file, by when they began and their title.
#[derive(Default)]
pub(crate) struct Keys {
    numbers: BTreeMap<String, Vec<String>>,
}

impl Keys {
    /// When the workout of a set began, its title, and of several alike which one.
    pub(crate) fn of(&mut self, raw: &RawSet) -> String {
        let key = format!("{}|{}", raw.local.format("%Y-%m-%dT%H:%M:%S"), raw.workout);
        let numbers = self.numbers.entry(key.clone()).or_default();
        let nth = numbers.iter().position(|number| *number == raw.number).unwrap_or_else(|| {
            numbers.push(raw.number.clone());
            numbers.len() - 1
        });
        if nth == 0 { key } else { format!("{key}|{}", nth + 1) }
    }
}

/// The workout's day, which its key begins with.
pub(crate) fn day_of_key(natural_key: &str) -> String {
    natural_key.chars().take(10).collect()
}

pub(crate) fn workout_id(source: &str, natural_key: &str) -> EntityId {
    EntityId::v5(source, natural_key)
}

/// `exercise`: its name, folded.
pub(crate) fn set_id(source: &str, natural_key: &str, exercise: &str, set_no: i64) -> EntityId {
    EntityId::v5(source, &format!("{natural_key}|{exercise}|{set_no}"))
}

/// The id of an exercise that is kept as somebody's own: the same on every device that imports the name, and from every app.
pub(crate) fn own_exercise(folded: &str) -> EntityId {
    EntityId::v5("exercise", folded)
}
