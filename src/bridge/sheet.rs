//! The sheet of the workout that is going on: what was logged and what is still only typed. It is one mutable draft, not
//! history: every keystroke lands in it, and it can be thrown away without losing a set that was ticked. What is shown of it
//! is put into words when it is shown.

use ledger::{LoadMode, SetKind, Tracking, Unit};
use serde::{
    Deserialize, Deserializer, Serialize,
    de::{
        DeserializeOwned,
        value::{Error, StrDeserializer},
    },
};

/// What a word means; one that nobody knows means what is usual.
pub fn named<T: DeserializeOwned + Default>(word: &str) -> T {
    T::deserialize(StrDeserializer::<Error>::new(word)).unwrap_or_default()
}

/// A workout is not given up because another build spelt a word that this one does not know.
fn word<'de, D: Deserializer<'de>, T: DeserializeOwned + Default>(from: D) -> Result<T, D::Error> {
    Ok(named(&String::deserialize(from)?))
}

#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Sheet {
    pub workout_id: String,
    pub name: String,
    pub started_ms: i64,
    pub exercises: Vec<SheetExercise>,
    /// Which exercise is in front.
    pub current: usize,
    /// By the wall clock, so that a rest goes on while the phone sleeps.
    pub rest_ends_ms: Option<i64>,
    pub rest_ms: i64,
    /// The set whose tick began the rest.
    #[serde(default)]
    pub rest_set: String,
    pub note: String,
    /// Counts changes: of two tabs' sheets of one workout the higher wins.
    pub version: u64,
    /// What the cells mean; 0 before distance and time had one each.
    #[serde(default)]
    pub format: u32,
}

const FORMAT: u32 = 1;

impl Sheet {
    pub fn new(workout_id: String, name: String, started_ms: i64, rest_ms: i64, version: u64) -> Self {
        Self { workout_id, name, started_ms, rest_ms, version, format: FORMAT, ..Self::default() }
    }

    /// A sheet as any build kept it, with the cells of this one. One cell held metres where now there are two; of an
    /// exercise that has both it was filled in with seconds, so there only what was logged is believed.
    #[must_use]
    pub fn renewed(mut self) -> Self {
        if self.format == 0 {
            for exercise in self
                .exercises
                .iter_mut()
                .filter(|exercise| matches!(exercise.tracking, Tracking::DistanceDuration | Tracking::LoadDistance))
            {
                let km = exercise.tracking == Tracking::DistanceDuration;
                for set in &mut exercise.sets {
                    let metres = std::mem::take(&mut set.time);
                    match metres.parse::<u64>() {
                        Ok(metres) if km && set.done => set.distance = format!("{}.{:03}", metres / 1000, metres % 1000),
                        _ if km => {}
                        _ => set.distance = metres,
                    }
                }
            }
            self.format = FORMAT;
        }
        self
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct SheetExercise {
    pub exercise_id: String,
    pub name: String,
    #[serde(deserialize_with = "word")]
    pub load_mode: LoadMode,
    #[serde(deserialize_with = "word")]
    pub tracking: Tracking,
    /// Of every load that is typed in it.
    #[serde(deserialize_with = "word")]
    pub unit: Unit,
    pub sets: Vec<SheetSet>,
    #[serde(default)]
    pub last_time: Option<LastTime>,
    /// The same as an older build put it into words; this one leaves it empty.
    #[serde(rename = "last")]
    pub last_told: String,
}

/// What was done of an exercise the last time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LastTime {
    /// Days since 1970-01-01.
    pub day: i64,
    /// Warm-ups are not counted.
    pub sets: i64,
    pub best_e1rm_g: Option<i64>,
}

#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct SheetSet {
    /// Minted when the row appears, so that a tick that was saved is recognised after a crash.
    pub set_id: String,
    #[serde(deserialize_with = "word")]
    pub kind: SetKind,
    /// As typed, in the exercise's unit.
    pub load: String,
    pub reps: String,
    pub rpe: String,
    /// As a clock, `1:30`, or in seconds.
    #[serde(rename = "amount")]
    pub time: String,
    /// In kilometres for what is covered, in metres for what is carried.
    #[serde(default)]
    pub distance: String,
    #[serde(default)]
    pub before: Option<Before>,
    /// The same as an older build put it into words; this one leaves it empty.
    #[serde(rename = "previous")]
    pub before_told: String,
    pub done: bool,
    /// It was ticked before, and the tick was taken back.
    #[serde(default)]
    pub again: bool,
    /// The clock of the set's last event, once it is logged.
    #[serde(default)]
    pub hlc: Option<String>,
}

/// What a row is filled in with: the same set as it was done the last time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Before {
    /// What it was typed in then.
    pub unit: Unit,
    /// What was lifted, or what helped.
    pub load_g: Option<i64>,
    pub reps: Option<i64>,
    pub duration_ms: Option<i64>,
    pub distance_mm: Option<i64>,
}
