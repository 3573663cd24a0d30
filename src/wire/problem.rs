//! What goes wrong on the wire: `application/problem+json`.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

use crate::limits::Limits;

macro_rules! codes {
    ($($(#[$doc:meta])* $code:ident $text:literal $status:literal $retry:ident),* $(,)?) => {
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Code { $($(#[$doc])* $code),* }

        impl Code {
            pub const ALL: &[Self] = &[$(Self::$code),*];

            pub fn status(self) -> u16 {
                match self { $(Self::$code => $status),* }
            }

            pub fn text(self) -> &'static str {
                match self { $(Self::$code => $text),* }
            }

            fn retry(self) -> Retry {
                match self { $(Self::$code => Retry::$retry),* }
            }
        }
    };
}

codes! {
    BadRequest "BAD_REQUEST" 400 Never,
    BatchTooLarge "BATCH_TOO_LARGE" 400 Smaller,
    /// A row that is no row: its shape, its hash, or a room's row that is not encrypted.
    BadEnvelope "BAD_ENVELOPE" 400 Never,
    SignIn "AUTH_EXPIRED" 401 AfterSignIn,
    WrongPassword "WRONG_PASSWORD" 401 AfterSignIn,
    ForbiddenScope "FORBIDDEN_SCOPE" 403 AfterGrant,
    Forbidden "FORBIDDEN" 403 Never,
    NotFound "NOT_FOUND" 404 Never,
    MethodNotAllowed "METHOD_NOT_ALLOWED" 405 Never,
    EpochChanged "EPOCH_CHANGED" 409 FromTheBeginning,
    ViewChanged "VIEW_CHANGED" 409 FromTheBeginning,
    IdReused "ID_REUSED" 409 Never,
    Taken "TAKEN" 409 Never,
    CheckpointTooOld "CHECKPOINT_TOO_OLD" 410 FromASnapshot,
    CodeUsed "CODE_USED" 410 Never,
    TooLarge "REQUEST_TOO_LARGE" 413 Smaller,
    RowTooLarge "ROW_TOO_LARGE" 413 Never,
    Unsupported "UNSUPPORTED" 415 AfterUpdate,
    UpgradeRequired "UPGRADE_REQUIRED" 426 AfterUpdate,
    SlowDown "SLOW_DOWN" 429 Later,
    Internal "INTERNAL" 500 Later,
    Busy "BUSY" 503 Later,
    Quota "QUOTA" 507 AfterQuota,
}

impl Code {
    /// The code of that text, if this build knows it.
    pub fn of(text: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|code| code.text() == text)
    }
}

// By its text: derived, it would be code of its own for each format that it is read from.

impl Serialize for Code {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(self.text())
    }
}

impl<'de> Deserialize<'de> for Code {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        Self::of(&text).ok_or_else(|| D::Error::custom("a code that this build does not know"))
    }
}

/// By hand: the derive does not see names that a macro gives.
#[cfg(feature = "schema")]
impl utoipa::PartialSchema for Code {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        use utoipa::openapi::schema::{ObjectBuilder, SchemaType, Type};
        let names = Self::ALL.iter().map(|code| code.text());
        ObjectBuilder::new().schema_type(SchemaType::Type(Type::String)).enum_values(Some(names)).into()
    }
}

#[cfg(feature = "schema")]
impl utoipa::ToSchema for Code {}

/// When asking again makes sense.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub enum Retry {
    Never,
    Smaller,
    Later,
    AfterSignIn,
    AfterGrant,
    AfterQuota,
    AfterUpdate,
    FromTheBeginning,
    FromASnapshot,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Problem {
    pub code: Code,
    pub retry: Retry,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub retry_after_ms: Option<u64>,
    /// In words, for a log or a person. Never holds a row's content.
    pub detail: String,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub limits: Option<Limits>,
}

impl Problem {
    pub fn new(code: Code, detail: impl Into<String>) -> Self {
        Self { code, retry: code.retry(), retry_after_ms: None, detail: detail.into(), limits: None }
    }

    #[must_use]
    pub fn after(mut self, ms: u64) -> Self {
        self.retry_after_ms = Some(ms);
        self
    }

    #[must_use]
    pub fn with_limits(mut self, limits: Limits) -> Self {
        self.limits = Some(limits);
        self
    }
}

impl std::fmt::Display for Problem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} ({})", self.detail, self.code.text())
    }
}
