//! Workouts in the order of the file: how their exercises and sets are numbered, and where rests and notes belong.

use std::collections::BTreeMap;

use bridge::{PlannedSet, PlannedWorkout};
use ledger::{LoadMode, SetKind};

use super::{figures::Figures, remarks::Remarks};
use crate::{
    identity::{Keys, set_id, workout_id},
    names::fold,
    number::{micro, scaled},
    raw::{RawSet, Took},
};

/// A longer workout is one that somebody forgot to end.
const WORKOUT_MS_MAX: i64 = 6 * 3_600_000;
/// Counted further than this, a file makes no sense.
const EXERCISES_MAX: i64 = 1_000;
const SETS_MAX: i64 = 10_000;
const DAY_MICRO: i64 = 86_400_000_000;

/// A workout while its rows are read.
#[derive(Debug)]
pub(super) struct Reading {
    pub(super) workout: PlannedWorkout,
    /// Each set's number or mark as it is written.
    pub(super) labels: Vec<String>,
    /// Notes of exercises that no set has come of yet.
    notes: Vec<(String, u64, String)>,
}

pub(super) struct Workouts {
    source: &'static str,
    pub(super) list: Vec<Reading>,
    by_key: BTreeMap<String, usize>,
    keys: Keys,
}

impl Workouts {
    pub(super) fn new(source: &'static str) -> Self {
        Self { source, list: Vec::new(), by_key: BTreeMap::new(), keys: Keys::default() }
    }

    /// The workout that a row belongs to.
    pub(super) fn of(&mut self, raw: &RawSet, started_ms: i64, remarks: &mut Remarks) -> usize {
        let natural_key = self.keys.of(raw);
        if let Some(at) = self.by_key.get(&natural_key) {
            return *at;
        }
        let workout = PlannedWorkout {
            workout_id: workout_id(self.source, &natural_key),
            is_here: false,
            natural_key: natural_key.clone(),
            name: raw.workout.clone(),
            started_ms,
            finished_ms: finished_ms(raw, started_ms, remarks),
            note: filled(&raw.workout_note),
            sets: Vec::new(),
        };
        self.list.push(Reading { workout, labels: Vec::new(), notes: Vec::new() });
        self.by_key.insert(natural_key, self.list.len() - 1);
        self.list.len() - 1
    }

    /// Puts a set at the end of its workout: there it gets its numbers and its id.
    pub(super) fn add(&mut self, at: usize, raw: &RawSet, kind: SetKind, mode: LoadMode, figures: &Figures) -> Result<(), String> {
        let own = fold(&raw.exercise);
        let reading = &mut self.list[at];
        let (exercise_no, set_no) = next_numbers(&reading.workout.sets, &own)?;
        // Notes that stood before the exercise's first set.
        let (before, later): (Vec<_>, Vec<_>) =
            std::mem::take(&mut reading.notes).into_iter().partition(|(exercise, ..)| *exercise == own);
        reading.notes = later;
        let notes: Vec<String> = before.into_iter().map(|(.., note)| note).chain(filled(&raw.note)).collect();
        reading.workout.sets.push(PlannedSet {
            set_id: set_id(self.source, &reading.workout.natural_key, &own, set_no),
            is_here: false,
            line: raw.line,
            exercise: raw.exercise.clone(),
            exercise_no,
            set_no,
            kind,
            load_mode: mode,
            unit: figures.unit,
            load_g: figures.load_g,
            assist_g: figures.assist_g,
            reps: figures.reps,
            duration_ms: figures.duration_ms,
            distance_mm: figures.distance_mm,
            rpe10: figures.rpe10,
            rest_ms: None,
            note: (!notes.is_empty()).then(|| notes.join("\n")),
        });
        reading.labels.push(raw.label.clone());
        Ok(())
    }

    /// A rest belongs to the set before it of the same exercise.
    pub(super) fn rest(&mut self, at: usize, raw: &RawSet) -> Result<(), String> {
        let rest_ms = micro(&raw.seconds).filter(|rest| (0..=DAY_MICRO).contains(rest)).map(|rest| scaled(rest, 1000, 1));
        let set = self.list[at].last_of(&fold(&raw.exercise)).ok_or("a rest with no set before it")?;
        set.rest_ms = rest_ms;
        Ok(())
    }

    /// A note belongs to the set before it of the same exercise, or to the one that follows.
    pub(super) fn note(&mut self, at: usize, raw: &RawSet) {
        let Some(note) = filled(&raw.note) else { return };
        let own = fold(&raw.exercise);
        let reading = &mut self.list[at];
        match reading.last_of(&own) {
            Some(set) => add_note(&mut set.note, note),
            None => reading.notes.push((own, raw.line, note)),
        }
    }

    /// Notes of exercises of which nothing was done stand at the workout; without any set there is no place for them: these
    /// lines are given back.
    pub(super) fn settle_notes(&mut self) -> Vec<u64> {
        let mut homeless = Vec::new();
        for reading in &mut self.list {
            for (exercise, line, note) in std::mem::take(&mut reading.notes) {
                if reading.workout.sets.is_empty() {
                    homeless.push(line);
                } else {
                    add_note(&mut reading.workout.note, format!("{exercise}: {note}"));
                }
            }
        }
        homeless
    }

    /// Those with a set, by when they began.
    pub(super) fn sorted(self) -> Vec<PlannedWorkout> {
        let mut workouts: Vec<PlannedWorkout> = self.list.into_iter().map(|reading| reading.workout).collect();
        workouts.retain(|workout| !workout.sets.is_empty());
        workouts.sort_by(|a, b| (a.started_ms, &a.natural_key).cmp(&(b.started_ms, &b.natural_key)));
        workouts
    }
}

impl Reading {
    fn last_of(&mut self, own: &str) -> Option<&mut PlannedSet> {
        self.workout.sets.iter_mut().rev().find(|set| fold(&set.exercise) == own)
    }
}

fn finished_ms(raw: &RawSet, started_ms: i64, remarks: &mut Remarks) -> Option<i64> {
    match &raw.took {
        Took::Ms(ms) if WORKOUT_MS_MAX < *ms => {
            remarks.note(raw.line, format!("the workout lasts {}: counted as 6 hours", raw.took_text));
            Some(started_ms + WORKOUT_MS_MAX)
        }
        Took::Ms(ms) => Some(started_ms + ms),
        Took::Odd(text) => {
            remarks.note(raw.line, format!("the duration “{text}” is not understood"));
            None
        }
        Took::Unknown => None,
    }
}

/// The exercise's number in the workout and the set's in the exercise.
fn next_numbers(sets: &[PlannedSet], own: &str) -> Result<(i64, i64), String> {
    let exercise_no = match sets.iter().find(|set| fold(&set.exercise) == own) {
        Some(set) => set.exercise_no,
        None => sets.iter().map(|set| set.exercise_no).max().unwrap_or(0) + 1,
    };
    let set_no = sets.iter().filter(|set| set.exercise_no == exercise_no).count() as i64 + 1;
    if EXERCISES_MAX < exercise_no || SETS_MAX < set_no {
        return Err("no workout has that many sets".to_owned());
    }
    Ok((exercise_no, set_no))
}

fn filled(text: &str) -> Option<String> {
    (!text.trim().is_empty()).then(|| text.to_owned())
}

fn add_note(to: &mut Option<String>, note: String) {
    *to = Some(match to.take() {
        Some(before) => format!("{before}\n{note}"),
        None => note,
    });
}
