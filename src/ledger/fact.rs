//! What can have happened, in the past tense. A fact is the meaning of a row; kinds we do not know have none, and their
//! rows are kept byte for byte all the same.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use serde_json::{Map, Value};

use crate::{
    id::{EntityId, Scope},
    limits::{BODY_WEIGHT_G, Check, Refusal, TEXT_CHARS_MAX},
    patch::Patch,
};

/// The newest version of every kind's body. A kind moves on its own once it changes.
pub(crate) const VERSION: u32 = 1;

/// Fields that a room's server must see stand in the clear header; everything else of a message is its body.
const HEADER_FIELDS: [&str; 7] = ["channel", "message_id", "name", "room_id", "sender", "target", "thread"];

/// In JSON `{ "kind", "body" }`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(remote = "Self")]
pub enum Fact {
    #[serde(rename = "workout.started")]
    WorkoutStarted(WorkoutStarted),
    #[serde(rename = "workout.finished")]
    WorkoutFinished(WorkoutFinished),
    #[serde(rename = "workout.discarded")]
    WorkoutDiscarded { workout_id: EntityId, at_ms: i64, offset_min: i32 },
    #[serde(rename = "workout.corrected")]
    WorkoutCorrected(WorkoutCorrected),
    #[serde(rename = "workout.removed")]
    WorkoutRemoved { workout_id: EntityId, at_ms: i64, offset_min: i32 },
    #[serde(rename = "workout.restored")]
    WorkoutRestored { workout_id: EntityId, at_ms: i64, offset_min: i32 },

    #[serde(rename = "set.logged")]
    SetLogged(SetLogged),
    #[serde(rename = "set.corrected")]
    SetCorrected(SetCorrected),
    #[serde(rename = "set.removed")]
    SetRemoved { set_id: EntityId, at_ms: i64, offset_min: i32 },
    #[serde(rename = "set.restored")]
    SetRestored { set_id: EntityId, at_ms: i64, offset_min: i32 },

    #[serde(rename = "exercise.defined")]
    ExerciseDefined(ExerciseDefined),
    /// A name that another app uses, and the exercise somebody said it is.
    #[serde(rename = "exercise.named")]
    ExerciseNamed { alias: String, exercise_id: String, at_ms: i64, offset_min: i32 },
    #[serde(rename = "exercise.changed")]
    ExerciseChanged(ExerciseChanged),

    #[serde(rename = "body_weight.logged")]
    BodyWeightLogged(BodyWeight),
    #[serde(rename = "body_weight.removed")]
    BodyWeightRemoved { weighing_id: EntityId, at_ms: i64, offset_min: i32 },

    #[serde(rename = "profile.changed")]
    ProfileChanged { name: String, at_ms: i64, offset_min: i32 },
    #[serde(rename = "preferences.changed")]
    PreferencesChanged(Preferences),
    /// The person whose row this is and `user_id` are the same one: two devices logged before they met.
    #[serde(rename = "person.linked")]
    PersonLinked { user_id: EntityId, at_ms: i64, offset_min: i32 },

    #[serde(rename = "import.recorded")]
    ImportRecorded(ImportRecorded),
    /// Everything that it set out to write is written.
    #[serde(rename = "import.ended")]
    ImportEnded { import_id: EntityId, at_ms: i64, offset_min: i32 },
    #[serde(rename = "import.undone")]
    ImportUndone { import_id: EntityId, at_ms: i64, offset_min: i32 },

    #[serde(rename = "room.created")]
    RoomCreated { room_id: EntityId, name: String, sender: EntityId, at_ms: i64, offset_min: i32 },
    #[serde(rename = "message.posted")]
    MessagePosted(Message),
    #[serde(rename = "message.edited")]
    MessageEdited { channel: String, target: EntityId, sender: EntityId, text: String, at_ms: i64, offset_min: i32 },
    #[serde(rename = "message.removed")]
    MessageRemoved { channel: String, target: EntityId, sender: EntityId, at_ms: i64, offset_min: i32 },
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorkoutStarted {
    pub workout_id: EntityId,
    pub at_ms: i64,
    pub offset_min: i32,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub import_id: Option<EntityId>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorkoutFinished {
    pub workout_id: EntityId,
    pub at_ms: i64,
    pub offset_min: i32,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub note: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub import_id: Option<EntityId>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorkoutCorrected {
    pub workout_id: EntityId,
    pub at_ms: i64,
    pub offset_min: i32,
    #[serde(skip_serializing_if = "Patch::is_keep", default)]
    pub name: Patch<String>,
    #[serde(skip_serializing_if = "Patch::is_keep", default)]
    pub note: Patch<String>,
    #[serde(skip_serializing_if = "Patch::is_keep", default)]
    pub started_ms: Patch<i64>,
    #[serde(skip_serializing_if = "Patch::is_keep", default)]
    pub finished_ms: Patch<i64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SetKind {
    Warmup,
    #[default]
    Normal,
    Drop,
    Failure,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    Left,
    Right,
}

/// The unit somebody typed in. What is stored is always grams and millimetres.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    #[default]
    Kg,
    Lb,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LoadMode {
    #[default]
    External,
    Bodyweight,
    Assisted,
    None,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Tracking {
    #[default]
    LoadReps,
    BodyweightReps,
    AssistedReps,
    Duration,
    DistanceDuration,
    LoadDuration,
    LoadDistance,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SetLogged {
    pub set_id: EntityId,
    pub workout_id: EntityId,
    /// The slug of a prebuilt exercise, or the id of one that somebody defined.
    pub exercise_id: String,
    /// Where the exercise stands in the workout, and the set in the exercise; both from 1.
    pub exercise_no: i64,
    pub set_no: i64,
    pub at_ms: i64,
    pub offset_min: i32,
    pub set_kind: SetKind,
    pub unit: Unit,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub load_g: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub bodyweight_g: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub assist_g: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub reps: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub duration_ms: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub distance_mm: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub rpe10: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub rir: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub side: Option<Side>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub note: Option<String>,
    /// How long somebody rested after the set, where the source said so.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub rest_ms: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub import_id: Option<EntityId>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SetCorrected {
    pub set_id: EntityId,
    pub at_ms: i64,
    pub offset_min: i32,
    #[serde(skip_serializing_if = "Patch::is_keep", default)]
    pub set_kind: Patch<SetKind>,
    #[serde(skip_serializing_if = "Patch::is_keep", default)]
    pub load_g: Patch<i64>,
    #[serde(skip_serializing_if = "Patch::is_keep", default)]
    pub bodyweight_g: Patch<i64>,
    #[serde(skip_serializing_if = "Patch::is_keep", default)]
    pub assist_g: Patch<i64>,
    #[serde(skip_serializing_if = "Patch::is_keep", default)]
    pub reps: Patch<i64>,
    #[serde(skip_serializing_if = "Patch::is_keep", default)]
    pub duration_ms: Patch<i64>,
    #[serde(skip_serializing_if = "Patch::is_keep", default)]
    pub distance_mm: Patch<i64>,
    #[serde(skip_serializing_if = "Patch::is_keep", default)]
    pub rpe10: Patch<i64>,
    #[serde(skip_serializing_if = "Patch::is_keep", default)]
    pub rir: Patch<i64>,
    #[serde(skip_serializing_if = "Patch::is_keep", default)]
    pub note: Patch<String>,
}

impl SetCorrected {
    /// A correction that keeps every field: what is to change is set on it.
    pub fn of(set_id: EntityId, at_ms: i64, offset_min: i32) -> Self {
        Self {
            set_id,
            at_ms,
            offset_min,
            set_kind: Patch::Keep,
            load_g: Patch::Keep,
            bodyweight_g: Patch::Keep,
            assist_g: Patch::Keep,
            reps: Patch::Keep,
            duration_ms: Patch::Keep,
            distance_mm: Patch::Keep,
            rpe10: Patch::Keep,
            rir: Patch::Keep,
            note: Patch::Keep,
        }
    }
}

/// A muscle an exercise works, and how much: 10 for a primary mover, 5 for a secondary one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Muscle {
    pub muscle: String,
    pub weight_tenths: i64,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExerciseDefined {
    pub exercise_id: EntityId,
    pub name: String,
    pub equipment: String,
    pub load_mode: LoadMode,
    pub tracking: Tracking,
    pub muscles: Vec<Muscle>,
    pub at_ms: i64,
    pub offset_min: i32,
}

/// One's own exercise got another name, was said to be another one, or was put away. What is not spoken of stays.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExerciseChanged {
    pub exercise_id: EntityId,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub name: Option<String>,
    /// The slug or id of the exercise that this one is; cleared, it stands on its own again.
    #[serde(skip_serializing_if = "Patch::is_keep", default)]
    pub merged_into: Patch<String>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub archived: Option<bool>,
    pub at_ms: i64,
    pub offset_min: i32,
}

impl ExerciseChanged {
    /// A change that keeps everything: what is to change is set on it.
    pub fn of(exercise_id: EntityId, at_ms: i64, offset_min: i32) -> Self {
        Self { exercise_id, name: None, merged_into: Patch::Keep, archived: None, at_ms, offset_min }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BodyWeight {
    pub weighing_id: EntityId,
    pub weight_g: i64,
    pub unit: Unit,
    pub at_ms: i64,
    pub offset_min: i32,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Preferences {
    #[serde(skip_serializing_if = "Patch::is_keep", default)]
    pub unit: Patch<Unit>,
    /// ISO: 1 is Monday, 7 is Sunday.
    #[serde(skip_serializing_if = "Patch::is_keep", default)]
    pub week_start: Patch<i64>,
    #[serde(skip_serializing_if = "Patch::is_keep", default)]
    pub theme: Patch<String>,
    pub at_ms: i64,
    pub offset_min: i32,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportRecorded {
    pub import_id: EntityId,
    /// Which app wrote the file: `strong`.
    pub source: String,
    pub file_name: String,
    pub file_hash: String,
    pub rows_read: i64,
    pub rows_accepted: i64,
    pub rows_rejected: i64,
    /// Workouts that it sets out to write: with fewer of them and no end it was stopped. Imports of older builds do not say.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub workouts: Option<i64>,
    /// What was answered about the file, as JSON, to go on with.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub answers: Option<String>,
    pub at_ms: i64,
    pub offset_min: i32,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    pub message_id: EntityId,
    pub channel: String,
    pub sender: EntityId,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub thread: Option<EntityId>,
    pub text: String,
    pub at_ms: i64,
    pub offset_min: i32,
}

#[derive(Serialize, Deserialize)]
struct Tagged {
    kind: String,
    body: Value,
}

// Whatever the format, it is read and written as a JSON value: made for each format anew, the code that knows every kind
// would be a fifth of the storage worker.

impl Serialize for Fact {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (kind, body) = self.tagged();
        Tagged { kind, body: Value::Object(body) }.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Fact {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Tagged { kind, body } = Tagged::deserialize(deserializer)?;
        Self::of(kind, body).map_err(D::Error::custom)
    }
}

impl Fact {
    fn tagged(&self) -> (String, Map<String, Value>) {
        let Ok(Value::Object(whole)) = Self::serialize(self, serde_json::value::Serializer) else {
            unreachable!("a variant under its name")
        };
        match whole.into_iter().next() {
            Some((kind, Value::Object(body))) => (kind, body),
            _ => unreachable!("every variant is a struct"),
        }
    }

    fn of(kind: String, body: Value) -> serde_json::Result<Self> {
        Self::deserialize(Value::Object(Map::from_iter([(kind, body)])))
    }

    /// `kind`, the clear header and the body, as they stand in a row.
    pub fn into_parts(self) -> (String, Value, Value) {
        let (kind, mut body) = self.tagged();
        let mut header = Map::new();
        if has_header(&kind) {
            for field in HEADER_FIELDS {
                if let Some(value) = body.remove(field) {
                    header.insert(field.to_owned(), value);
                }
            }
        }
        (kind, Value::Object(header), Value::Object(body))
    }

    /// `None` for a kind, or a shape of a known kind, that this build does not understand.
    pub fn from_parts(kind: &str, header: &Value, body: &Value) -> Option<Self> {
        let mut whole = body.as_object()?.clone();
        if has_header(kind) {
            whole.extend(header.as_object()?.clone());
        }
        Self::of(kind.to_owned(), Value::Object(whole)).ok()
    }

    /// What it changes that was there before, when it changes something: of two of the same the later one counts.
    pub fn amends(&self) -> Option<(&'static str, String)> {
        let (what, which) = match self {
            Self::SetCorrected(SetCorrected { set_id, .. })
            | Self::SetRemoved { set_id, .. }
            | Self::SetRestored { set_id, .. } => ("set", set_id.to_string()),
            Self::WorkoutCorrected(WorkoutCorrected { workout_id, .. })
            | Self::WorkoutRemoved { workout_id, .. }
            | Self::WorkoutRestored { workout_id, .. } => ("workout", workout_id.to_string()),
            Self::BodyWeightLogged(BodyWeight { weighing_id, .. }) | Self::BodyWeightRemoved { weighing_id, .. } => {
                ("weighing", weighing_id.to_string())
            }
            Self::ExerciseDefined(ExerciseDefined { exercise_id, .. }) => ("exercise", exercise_id.to_string()),
            Self::ExerciseNamed { alias, .. } => ("alias", alias.clone()),
            Self::ProfileChanged { .. } => ("profile", String::new()),
            Self::PreferencesChanged(_) => ("preferences", String::new()),
            _ => return None,
        };
        Some((what, which))
    }

    pub fn is_chat(&self) -> bool {
        matches!(self, Self::RoomCreated { .. } | Self::MessagePosted(_) | Self::MessageEdited { .. } | Self::MessageRemoved { .. })
    }

    /// Whether a fact may stand in `scope`, and whether its figures are possible. Checked before a row is made, never
    /// when one is read: what was once written is kept.
    pub fn check(&self, scope: &Scope) -> Result<(), Refusal> {
        match (self.is_chat(), scope) {
            (true, Scope::Room(_)) | (false, Scope::Person(_)) => {}
            (true, Scope::Person(_)) => return Err(Refusal::new("scope", "a message belongs to a room")),
            (false, Scope::Room(_)) => return Err(Refusal::new("scope", "training belongs to a person")),
        }
        match self {
            Self::WorkoutStarted(it) => Check.optional_text("name", it.name.as_deref(), 200)?.when(it.at_ms, it.offset_min),
            Self::WorkoutFinished(it) => Check.optional_text("note", it.note.as_deref(), 4000)?.when(it.at_ms, it.offset_min),
            Self::WorkoutCorrected(it) => {
                Check.optional_text("name", it.name.value().map(String::as_str), 200)?.optional_text(
                    "note",
                    it.note.value().map(String::as_str),
                    4000,
                )?;
                for ms in [it.started_ms.value(), it.finished_ms.value()].into_iter().flatten() {
                    Check.when(*ms, 0)?;
                }
                Check.when(it.at_ms, it.offset_min)
            }
            Self::SetLogged(it) => {
                Check
                    .text("exercise", &it.exercise_id, 100)?
                    .range("exercise number", Some(it.exercise_no), 1, 1000)?
                    .range("set number", Some(it.set_no), 1, 10_000)?
                    .figures([it.load_g, it.bodyweight_g, it.assist_g, it.reps, it.duration_ms, it.distance_mm, it.rpe10, it.rir])?
                    .range("rest", it.rest_ms, 0, 86_400_000)?
                    .optional_text("note", it.note.as_deref(), 4000)?;
                if [it.load_g, it.reps, it.duration_ms, it.distance_mm].iter().all(Option::is_none) {
                    return Err(Refusal::new("set", "needs a load, repetitions, a time or a distance"));
                }
                Check.when(it.at_ms, it.offset_min)
            }
            Self::SetCorrected(it) => {
                let fields =
                    [&it.load_g, &it.bodyweight_g, &it.assist_g, &it.reps, &it.duration_ms, &it.distance_mm, &it.rpe10, &it.rir];
                Check
                    .figures(fields.map(|field| field.value().copied()))?
                    .optional_text("note", it.note.value().map(String::as_str), 4000)?
                    .when(it.at_ms, it.offset_min)
            }
            Self::ExerciseDefined(it) => {
                Check.text("name", &it.name, 200)?.text("equipment", &it.equipment, 50)?;
                if 20 < it.muscles.len() {
                    return Err(Refusal::new("muscles", "an exercise works at most 20 muscles"));
                }
                for muscle in &it.muscles {
                    Check.text("muscle", &muscle.muscle, 50)?.range("muscle weight", Some(muscle.weight_tenths), 1, 10)?;
                }
                Check.when(it.at_ms, it.offset_min)
            }
            Self::ExerciseNamed { alias, exercise_id, at_ms, offset_min } => {
                Check.text("alias", alias, 200)?.text("exercise", exercise_id, 100)?.when(*at_ms, *offset_min)
            }
            Self::ExerciseChanged(it) => {
                if it.name.is_none() && it.merged_into.is_keep() && it.archived.is_none() {
                    return Err(Refusal::new("exercise", "nothing was changed"));
                }
                if it.merged_into.value().is_some_and(|other| *other == it.exercise_id.to_string()) {
                    return Err(Refusal::new("exercise", "cannot be merged into itself"));
                }
                for (field, text, chars_max) in [("name", it.name.as_ref(), 200), ("exercise", it.merged_into.value(), 100)] {
                    text.map_or(Ok(Check), |text| Check.text(field, text, chars_max))?;
                }
                Check.when(it.at_ms, it.offset_min)
            }
            Self::BodyWeightLogged(it) => {
                Check.range("body weight", Some(it.weight_g), BODY_WEIGHT_G.0, BODY_WEIGHT_G.1)?.when(it.at_ms, it.offset_min)
            }
            Self::PersonLinked { at_ms, offset_min, .. } => Check.when(*at_ms, *offset_min),
            Self::ProfileChanged { name, at_ms, offset_min } => Check.text("name", name, 200)?.when(*at_ms, *offset_min),
            Self::PreferencesChanged(it) => Check
                .range("week start", it.week_start.value().copied(), 1, 7)?
                .optional_text("theme", it.theme.value().map(String::as_str), 20)?
                .when(it.at_ms, it.offset_min),
            Self::ImportRecorded(it) => Check
                .text("file name", &it.file_name, 500)?
                .text("source", &it.source, 50)?
                .optional_text("answers", it.answers.as_deref(), TEXT_CHARS_MAX)?
                .when(it.at_ms, it.offset_min),
            Self::RoomCreated { name, at_ms, offset_min, .. } => Check.text("name", name, 200)?.when(*at_ms, *offset_min),
            Self::MessagePosted(it) => {
                Check.text("channel", &it.channel, 100)?.text("message", &it.text, 10_000)?.when(it.at_ms, it.offset_min)
            }
            Self::MessageEdited { text, at_ms, offset_min, .. } => Check.text("message", text, 10_000)?.when(*at_ms, *offset_min),
            Self::WorkoutDiscarded { at_ms, offset_min, .. }
            | Self::WorkoutRemoved { at_ms, offset_min, .. }
            | Self::WorkoutRestored { at_ms, offset_min, .. }
            | Self::SetRemoved { at_ms, offset_min, .. }
            | Self::SetRestored { at_ms, offset_min, .. }
            | Self::BodyWeightRemoved { at_ms, offset_min, .. }
            | Self::ImportEnded { at_ms, offset_min, .. }
            | Self::ImportUndone { at_ms, offset_min, .. }
            | Self::MessageRemoved { at_ms, offset_min, .. } => Check.when(*at_ms, *offset_min),
        }
    }
}

fn has_header(kind: &str) -> bool {
    kind.starts_with("message.") || kind.starts_with("room.")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn entity(n: u8) -> EntityId {
        EntityId::v7(1_700_000_000_000, [n; 10])
    }

    #[test]
    fn a_correction_tells_cleared_from_untouched() {
        let fact = Fact::SetCorrected(SetCorrected {
            set_id: entity(1),
            at_ms: 1_700_000_000_000,
            offset_min: 60,
            set_kind: Patch::Keep,
            load_g: Patch::Set(85_000),
            bodyweight_g: Patch::Keep,
            assist_g: Patch::Keep,
            reps: Patch::Keep,
            duration_ms: Patch::Keep,
            distance_mm: Patch::Keep,
            rpe10: Patch::Clear,
            rir: Patch::Keep,
            note: Patch::Keep,
        });
        let (kind, header, body) = fact.clone().into_parts();
        assert_eq!(body["load_g"], json!(85_000));
        assert_eq!(body.get("rpe10"), Some(&Value::Null));
        assert_eq!(body.get("reps"), None);
        assert_eq!(Fact::from_parts(&kind, &header, &body), Some(fact));
    }

    #[test]
    fn a_message_shows_the_server_its_place_and_not_its_words() {
        let fact = Fact::MessagePosted(Message {
            message_id: entity(2),
            channel: "main".to_owned(),
            sender: entity(3),
            thread: None,
            text: "elbows in".to_owned(),
            at_ms: 1_700_000_000_000,
            offset_min: 0,
        });
        let (kind, header, body) = fact.clone().into_parts();
        assert_eq!(header["channel"], json!("main"));
        assert_eq!(header.get("text"), None);
        assert_eq!(body["text"], json!("elbows in"));
        assert_eq!(body.get("sender"), None);
        assert_eq!(Fact::from_parts(&kind, &header, &body), Some(fact));
    }

    #[test]
    fn unknown_kinds_have_no_meaning_here() {
        assert_eq!(Fact::from_parts("set.dreamt", &json!({}), &json!({"reps": 5})), None);
        assert_eq!(Fact::from_parts("set.logged", &json!({}), &json!("ciphertext")), None);
    }

    #[test]
    fn a_change_of_an_exercise_says_something() {
        let person = Scope::Person(entity(9));
        let change = || ExerciseChanged::of(entity(3), 1_700_000_000_000, 0);
        for (sound, it) in [
            (true, ExerciseChanged { name: Some("Rudern".to_owned()), ..change() }),
            (true, ExerciseChanged { merged_into: Patch::Clear, ..change() }),
            (true, ExerciseChanged { archived: Some(false), ..change() }),
            (false, change()),
            (false, ExerciseChanged { name: Some(" ".to_owned()), ..change() }),
            (false, ExerciseChanged { merged_into: Patch::Set(entity(3).to_string()), ..change() }),
        ] {
            let fact = Fact::ExerciseChanged(it);
            assert_eq!(fact.check(&person).is_ok(), sound, "{fact:?}");
            let (kind, header, body) = fact.clone().into_parts();
            assert_eq!(Fact::from_parts(&kind, &header, &body), Some(fact));
        }
    }

    #[test]
    fn impossible_figures_are_refused_with_their_field() {
        let weight = |weight_g| {
            Fact::BodyWeightLogged(BodyWeight {
                weighing_id: entity(4),
                weight_g,
                unit: Unit::Kg,
                at_ms: 1_700_000_000_000,
                offset_min: 0,
            })
        };
        let person = Scope::Person(entity(9));
        assert!(weight(82_000).check(&person).is_ok());
        assert_eq!(weight(82).check(&person).expect_err("82 g").field, "body weight");
        assert_eq!(weight(82_000).check(&Scope::Room(entity(9))).expect_err("a room").field, "scope");
    }
}
