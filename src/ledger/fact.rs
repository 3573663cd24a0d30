//! What can have happened, in the past tense. A fact is the meaning of a row; kinds we do not know have none, and their
//! rows are kept byte for byte all the same. Each family of kinds has a file of its own with its bodies and what is possible
//! in them; a body that is hardly more than an id stands in the list itself.

mod exercise;
mod import;
mod person;
mod room;
mod set;
mod unit;
mod workout;

pub use exercise::{ExerciseChanged, ExerciseDefined, LoadMode, Muscle, Tracking};
pub use import::ImportRecorded;
pub use person::{BodyWeight, Preferences};
pub use room::Message;
use room::{HEADER_FIELDS, has_header};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use serde_json::{Map, Value};
pub use set::{SetCorrected, SetKind, SetLogged, Side};
pub use unit::Unit;
pub use workout::{WorkoutCorrected, WorkoutFinished, WorkoutStarted};

use crate::{
    id::{EntityId, Scope},
    limits::{Check, Refusal},
};

/// The newest version of every kind's body. A kind moves on its own once it changes.
pub(crate) const VERSION: u32 = 1;

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
        let mut tagged = Map::new();
        tagged.insert(kind, body);
        Self::deserialize(Value::Object(tagged))
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
            Self::WorkoutStarted(_)
            | Self::WorkoutFinished(_)
            | Self::WorkoutDiscarded { .. }
            | Self::SetLogged(_)
            | Self::ExerciseChanged(_)
            | Self::PersonLinked { .. }
            | Self::ImportRecorded(_)
            | Self::ImportEnded { .. }
            | Self::ImportUndone { .. }
            | Self::RoomCreated { .. }
            | Self::MessagePosted(_)
            | Self::MessageEdited { .. }
            | Self::MessageRemoved { .. } => return None,
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
            Self::WorkoutStarted(it) => it.check(),
            Self::WorkoutFinished(it) => it.check(),
            Self::WorkoutCorrected(it) => it.check(),
            Self::SetLogged(it) => it.check(),
            Self::SetCorrected(it) => it.check(),
            Self::ExerciseDefined(it) => it.check(),
            Self::ExerciseNamed { alias, exercise_id, at_ms, offset_min } => {
                Check.text("alias", alias, 200)?.text("exercise", exercise_id, 100)?.when(*at_ms, *offset_min)
            }
            Self::ExerciseChanged(it) => it.check(),
            Self::BodyWeightLogged(it) => it.check(),
            Self::ProfileChanged { name, at_ms, offset_min } | Self::RoomCreated { name, at_ms, offset_min, .. } => {
                Check.text("name", name, 200)?.when(*at_ms, *offset_min)
            }
            Self::PreferencesChanged(it) => it.check(),
            Self::ImportRecorded(it) => it.check(),
            Self::MessagePosted(it) => it.check(),
            Self::MessageEdited { text, at_ms, offset_min, .. } => Check.text("message", text, 10_000)?.when(*at_ms, *offset_min),
            Self::WorkoutDiscarded { at_ms, offset_min, .. }
            | Self::WorkoutRemoved { at_ms, offset_min, .. }
            | Self::WorkoutRestored { at_ms, offset_min, .. }
            | Self::SetRemoved { at_ms, offset_min, .. }
            | Self::SetRestored { at_ms, offset_min, .. }
            | Self::BodyWeightRemoved { at_ms, offset_min, .. }
            | Self::PersonLinked { at_ms, offset_min, .. }
            | Self::ImportEnded { at_ms, offset_min, .. }
            | Self::ImportUndone { at_ms, offset_min, .. }
            | Self::MessageRemoved { at_ms, offset_min, .. } => Check.when(*at_ms, *offset_min),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::patch::Patch;

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
