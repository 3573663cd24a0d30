//! What a set's figures come to in the units of the log, and what no set can be.

use ledger::{ASSIST_G_MAX, DISTANCE_MM_MAX, DURATION_MS_MAX, LoadMode, Unit};

use super::answers::Answers;
use crate::{
    number::{grams_from_kg, grams_from_lb, micro, millimetres, scaled},
    raw::RawSet,
};

/// Heavier than this no single set was ever lifted: 3,000 lb.
const LOAD_G_MAX: i64 = 1_360_777;
const REPS_MAX: i64 = 1_000;
const MICRO: i64 = 1_000_000;

/// A set's figures as numbers, in millionths of whatever they are in.
pub(super) struct Numbers {
    weight: Option<i64>,
    reps: Option<i64>,
    distance: Option<i64>,
    seconds: Option<i64>,
    rpe: Option<i64>,
}

pub(super) struct Figures {
    pub(super) unit: Unit,
    pub(super) load_g: Option<i64>,
    pub(super) assist_g: Option<i64>,
    pub(super) reps: Option<i64>,
    pub(super) duration_ms: Option<i64>,
    pub(super) distance_mm: Option<i64>,
    pub(super) rpe10: Option<i64>,
    /// What was left out of them, and why.
    pub(super) remark: Option<String>,
}

/// Why no set can be that.
pub(super) struct Refused {
    pub(super) reason: String,
    /// The figure that somebody may know better, and how it is asked for.
    pub(super) ask: Option<(&'static str, String)>,
}

impl From<String> for Refused {
    fn from(reason: String) -> Self {
        Self { reason, ask: None }
    }
}

impl Numbers {
    pub(super) fn of(raw: &RawSet, answers: Answers<'_>) -> Result<Self, String> {
        let number = |text: &str| -> Result<Option<i64>, String> {
            if text.is_empty() {
                return Ok(None);
            }
            micro(text).map(Some).ok_or_else(|| format!("“{text}” is no number"))
        };
        Ok(Self {
            weight: number(answers.corrected("load", raw.line, &raw.weight))?,
            reps: number(answers.corrected("reps", raw.line, &raw.reps))?,
            distance: number(&raw.distance)?,
            seconds: number(&raw.seconds)?,
            rpe: number(&raw.rpe)?,
        })
    }

    pub(super) fn figures(&self, raw: &RawSet, mode: LoadMode, answers: Answers<'_>) -> Result<Figures, Refused> {
        // Before anybody said it, whatever may be possible is: pounds are the lighter ones.
        let unit = raw.weight_unit.or(answers.unit()).unwrap_or(Unit::Lb);
        let load = self.load(raw, unit)?;
        let reps = self.reps(raw)?;
        let duration_ms = positive(self.seconds).map(|seconds| scaled(seconds, 1000, 1));
        let length = raw.distance_unit.unwrap_or(answers.length());
        let distance_mm = positive(self.distance).map(|distance| millimetres(distance, length));
        if duration_ms.is_some_and(|ms| DURATION_MS_MAX < ms) {
            return Err(format!("{} seconds are too long for a set", raw.seconds).into());
        }
        if distance_mm.is_some_and(|mm| DISTANCE_MM_MAX < mm) {
            return Err(format!("a distance of {} is not possible", raw.distance).into());
        }
        if mode == LoadMode::Assisted && load.is_some_and(|load| ASSIST_G_MAX < load) {
            return Err(format!("{} of assistance is not possible", raw.weight).into());
        }
        if reps.is_none() && duration_ms.is_none() && distance_mm.is_none() && load.is_none_or(|load| load == 0) {
            let of = if raw.workout.is_empty() { String::new() } else { format!(" in {}", raw.workout) };
            return Err(format!("nothing was done: no repetitions, no time, no distance ({}{of})", raw.exercise).into());
        }
        let (rpe10, remark) = self.rpe10(raw);
        let (load_g, assist_g) = match mode {
            LoadMode::Assisted => (None, positive(load)),
            LoadMode::Bodyweight | LoadMode::None => (positive(load), None),
            LoadMode::External => (load.filter(|load| 0 < *load || reps.is_some()), None),
        };
        Ok(Figures { unit, load_g, assist_g, reps, duration_ms, distance_mm, rpe10, remark })
    }

    fn load(&self, raw: &RawSet, unit: Unit) -> Result<Option<i64>, Refused> {
        let load = self.weight.map(if unit == Unit::Lb { grams_from_lb } else { grams_from_kg });
        let reason = || format!("a weight of {} is not possible", raw.weight);
        match load {
            Some(load) if load < 0 => Err(reason().into()),
            Some(load) if LOAD_G_MAX < load => {
                let ask = format!("{}: a weight of {} is not possible. What was it?", raw.exercise, raw.weight);
                Err(Refused { reason: reason(), ask: Some(("load", ask)) })
            }
            load => Ok(load),
        }
    }

    fn reps(&self, raw: &RawSet) -> Result<Option<i64>, Refused> {
        let too_many = self.reps.is_some_and(|reps| REPS_MAX * MICRO < reps);
        if too_many || self.reps.is_some_and(|reps| reps < 0 || reps % MICRO != 0) {
            let ask = || format!("{}: {} repetitions are not possible. How many were it?", raw.exercise, raw.reps);
            let reason = format!("{} repetitions are not possible", raw.reps);
            return Err(Refused { reason, ask: too_many.then(|| ("reps", ask())) });
        }
        Ok(positive(self.reps).map(|reps| reps / MICRO))
    }

    fn rpe10(&self, raw: &RawSet) -> (Option<i64>, Option<String>) {
        match self.rpe.map(|rpe| scaled(rpe, 10, 1)) {
            Some(rpe10) if !(0..=100).contains(&rpe10) => {
                (None, Some(format!("RPE {} is not between 0 and 10 and was left out", raw.rpe)))
            }
            rpe10 => (positive(rpe10), None),
        }
    }
}

fn positive(value: Option<i64>) -> Option<i64> {
    value.filter(|value| 0 < *value)
}
