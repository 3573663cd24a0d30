//! The figures and lengths that a new row may have. Wide on purpose: a limit catches a slip of the thumb or a hostile
//! file, it does not judge anybody's training.

/// Published to every peer: a row never takes more than this as canonical JSON.
pub const ROW_BYTES_MAX: usize = 64 * 1024;
/// The longest text in any field.
pub const TEXT_CHARS_MAX: usize = 10_000;

/// Of one set: two tons, half a ton of help, ten thousand repetitions, a week, a quarter of the equator.
pub const LOAD_G_MAX: i64 = 2_000_000;
pub const ASSIST_G_MAX: i64 = 500_000;
pub const REPS_MAX: i64 = 10_000;
pub const DURATION_MS_MAX: i64 = 7 * 86_400_000;
pub const DISTANCE_MM_MAX: i64 = 10_000_000_000;
/// Of a person.
pub const BODY_WEIGHT_G: (i64, i64) = (10_000, 500_000);

const _: () = assert!(TEXT_CHARS_MAX * 4 < ROW_BYTES_MAX, "the longest text fits a row in any script");

/// Which field was refused and why, in words for a person.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {reason}")]
pub struct Refusal {
    pub field: &'static str,
    pub reason: String,
}

impl Refusal {
    pub(crate) fn new(field: &'static str, reason: impl Into<String>) -> Self {
        Self { field, reason: reason.into() }
    }
}

/// A chain of checks that stops at the first refusal.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Check;

impl Check {
    pub(crate) fn text(self, field: &'static str, text: &str, chars_max: usize) -> Result<Self, Refusal> {
        if text.trim().is_empty() {
            return Err(Refusal::new(field, "is empty"));
        }
        self.optional_text(field, Some(text), chars_max)
    }

    pub(crate) fn optional_text(self, field: &'static str, text: Option<&str>, chars_max: usize) -> Result<Self, Refusal> {
        if text.is_some_and(|text| chars_max < text.chars().count()) {
            return Err(Refusal::new(field, format!("is longer than {chars_max} characters")));
        }
        Ok(self)
    }

    pub(crate) fn range(self, field: &'static str, value: Option<i64>, min: i64, max: i64) -> Result<Self, Refusal> {
        if value.is_some_and(|value| value < min || max < value) {
            return Err(Refusal::new(field, format!("must be between {min} and {max}")));
        }
        Ok(self)
    }

    /// load, body weight, assistance, reps, duration, distance, RPE × 10, reps in reserve.
    pub(crate) fn figures(self, figures: [Option<i64>; 8]) -> Result<Self, Refusal> {
        let [load, bodyweight, assist, reps, duration, distance, rpe10, rir] = figures;
        self.range("load", load, 0, LOAD_G_MAX)?
            .range("body weight", bodyweight, BODY_WEIGHT_G.0, BODY_WEIGHT_G.1)?
            .range("assistance", assist, 0, ASSIST_G_MAX)?
            .range("reps", reps, 0, REPS_MAX)?
            .range("time", duration, 0, DURATION_MS_MAX)?
            .range("distance", distance, 0, DISTANCE_MM_MAX)?
            .range("RPE", rpe10, 0, 100)?
            .range("reps in reserve", rir, 0, 50)
    }

    /// The last link: a moment that can be written down. A wrong clock is not refused, only a nonsensical one.
    pub(crate) fn when(self, at_ms: i64, offset_min: i32) -> Result<(), Refusal> {
        self.range("time", Some(at_ms), 0, (1 << 48) - 1)?.range("time zone", Some(i64::from(offset_min)), -1080, 1080)?;
        Ok(())
    }
}
