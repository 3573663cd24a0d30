//! The typed, sparse columns of the events table: one for every field of a known kind, so that a rebuild parses no JSON.

/// Fields that hold whole numbers; what is true or false is written as 1 or 0.
pub(crate) const INTS: [&str; 23] = [
    "at_ms",
    "offset_min",
    "exercise_no",
    "set_no",
    "load_g",
    "bodyweight_g",
    "assist_g",
    "reps",
    "duration_ms",
    "distance_mm",
    "rpe10",
    "rir",
    "rest_ms",
    "weight_g",
    "started_ms",
    "finished_ms",
    "week_start",
    "rows_read",
    "rows_accepted",
    "rows_rejected",
    "workouts",
    "dseq",
    "archived",
];

/// Fields that hold text; `muscles` is written as `|chest:10|triceps:5|`.
pub(crate) const TEXTS: [&str; 29] = [
    "workout_id",
    "set_id",
    "exercise_id",
    "weighing_id",
    "import_id",
    "room_id",
    "message_id",
    "target",
    "sender",
    "channel",
    "thread",
    "name",
    "note",
    "text",
    "set_kind",
    "unit",
    "side",
    "equipment",
    "load_mode",
    "tracking",
    "muscles",
    "alias",
    "source",
    "file_name",
    "file_hash",
    "answers",
    "theme",
    "user_id",
    "merged_into",
];

/// Envelope fields, each a text of every row.
pub(crate) const ENVELOPE: [&str; 8] = ["event_id", "device_id", "lane", "scope", "session_id", "kind", "hlc", "enc"];

/// A correction that clears a field says null in its row. In a sparse column null means "not spoken of", so a cleared
/// number stands as -1 and a cleared text as ''; the models turn both into null.
pub(crate) const CLEARED_INT: i64 = -1;
pub(crate) const CLEARED_TEXT: &str = "";
