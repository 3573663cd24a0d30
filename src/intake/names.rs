//! From a name in a file to an exercise: only what is certain is matched, the rest is asked.

use std::collections::BTreeMap;

use bridge::Suggestion;
use ledger::{LoadMode, Tracking};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NameTarget {
    pub exercise_id: String,
    pub name: String,
    pub load_mode: LoadMode,
    pub tracking: Tracking,
}

/// Every name and alias that is known.
#[derive(Debug, Clone, Default)]
pub struct NameBook {
    by_name: BTreeMap<String, NameTarget>,
    by_id: BTreeMap<String, NameTarget>,
    /// `None` where two exercises share the same words.
    by_words: BTreeMap<Vec<String>, Option<String>>,
}

impl NameBook {
    pub fn new(names: impl Iterator<Item = (String, NameTarget)>) -> Self {
        let mut book = Self::default();
        for (alias, target) in names {
            book.by_words
                .entry(words(&alias))
                .and_modify(|known| {
                    if known.as_ref().is_some_and(|id| *id != target.exercise_id) {
                        *known = None;
                    }
                })
                .or_insert_with(|| Some(target.exercise_id.clone()));
            book.by_id.insert(target.exercise_id.clone(), target.clone());
            book.by_name.insert(fold(&alias), target);
        }
        book
    }

    pub fn by_id(&self, exercise_id: &str) -> Option<&NameTarget> {
        self.by_id.get(exercise_id)
    }

    /// As written, with the parenthesis in front, or the same words in another order. Nothing fuzzier: a guess would
    /// file years of training under the wrong lift.
    pub fn find(&self, written: &str) -> Option<&NameTarget> {
        let folded = fold(written);
        if let Some(target) = self.by_name.get(&folded) {
            return Some(target);
        }
        if let Some((name, inside)) = folded.strip_suffix(')').and_then(|rest| rest.rsplit_once('(')) {
            let fronted = format!("{} {}", inside.trim(), name.trim());
            if let Some(target) = self.by_name.get(&fronted) {
                return Some(target);
            }
        }
        self.by_words.get(&words(written)).and_then(Option::as_ref).and_then(|id| self.by_id.get(id))
    }

    /// The exercises that share most words with the name.
    pub fn suggest(&self, written: &str) -> Vec<Suggestion> {
        let wanted = words(written);
        let mut scored: BTreeMap<&str, (usize, &NameTarget)> = BTreeMap::new();
        for (known, target) in &self.by_name {
            let known = words(known);
            let shared = wanted.iter().filter(|word| known.contains(word)).count();
            if 0 < shared {
                let score = 200 * shared / (wanted.len() + known.len());
                let best = scored.entry(&target.exercise_id).or_insert((0, target));
                best.0 = best.0.max(score);
            }
        }
        let mut ranked: Vec<(usize, &NameTarget)> = scored.into_values().collect();
        ranked.sort_by(|a, b| b.0.cmp(&a.0).then_with(|| a.1.name.cmp(&b.1.name)));
        ranked
            .into_iter()
            .take(4)
            .map(|(_, target)| Suggestion { id: target.exercise_id.clone(), name: target.name.clone() })
            .collect()
    }
}

pub(crate) fn fold(name: &str) -> String {
    name.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase()
}

fn words(name: &str) -> Vec<String> {
    let mut words: Vec<String> = name
        .to_lowercase()
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(|word| word.strip_suffix('s').filter(|stem| 3 < stem.len()).unwrap_or(word).to_owned())
        .collect();
    words.sort();
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    fn book() -> NameBook {
        let target = |id: &str, name: &str| {
            (
                name.to_owned(),
                NameTarget {
                    exercise_id: id.to_owned(),
                    name: name.to_owned(),
                    load_mode: LoadMode::External,
                    tracking: Tracking::LoadReps,
                },
            )
        };
        NameBook::new(
            [
                target("bench", "Bench Press (Barbell)"),
                target("incline", "Incline Bench Press (Barbell)"),
                target("goblet", "Kettlebell Goblet Squat"),
            ]
            .into_iter(),
        )
    }

    #[test]
    fn certain_names_match_and_no_others() {
        let book = book();
        for (written, want) in [
            ("bench press (barbell)", Some("bench")),
            ("Bench  Press (Barbell) ", Some("bench")),
            ("Barbell Bench Press", Some("bench")),
            ("Goblet Squat (Kettlebell)", Some("goblet")),
            ("Bench Press", None),
            ("Bench Press (Dumbbell)", None),
        ] {
            assert_eq!(book.find(written).map(|target| target.exercise_id.as_str()), want, "{written}");
        }
        assert_eq!(book.suggest("Bench Press")[0].id, "bench");
    }
}
