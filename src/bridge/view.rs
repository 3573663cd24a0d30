//! Rows as the screens get them: one struct per question, field for column. Dates are days since 1970-01-01.

use serde::Deserialize;

use crate::question::Question;

macro_rules! rows {
    ($($(#[$doc:meta])* $name:ident = $question:literal { $($field:ident: $ty:ty),* $(,)? })*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Deserialize)]
        pub struct $name { $(pub $field: $ty),* }

        impl Question for $name {
            const NAME: &'static str = $question;
        }
    )*

        /// Every question and the columns that its rows must have.
        pub const QUESTIONS: &[(&str, &[&str])] = &[$(($question, &[$(stringify!($field)),*])),*];
    };
}

rows! {
    ExerciseLine = "exercise_list" {
        exercise_id: String, name: String, muscle_group: Option<String>, equipment: Option<String>, load_mode: String,
        tracking: String, is_custom: i64, is_archived: i64, hlc: Option<String>, last_ms: Option<i64>, times: i64,
    }
    WorkoutLine = "workout_list" {
        workout_id: String, name: Option<String>, note: Option<String>, started_ms: i64, finished_ms: Option<i64>,
        offset_min: i64, hlc: String, exercises: i64, sets: i64, volume_g: i64, records: i64,
    }
    WorkoutExercise = "workout_exercises" {
        workout_id: String, exercise_id: String, name: Option<String>, exercise_no: i64, sets: i64, reps: i64,
        heaviest_g: Option<i64>, best_e1rm_g: Option<i64>, volume_g: i64,
    }
    SetLine = "workout_sets" {
        set_id: String, workout_id: String, exercise_id: String, name: Option<String>, load_mode: String, tracking: String,
        exercise_no: i64, set_no: i64, set_kind: String, at_ms: i64, unit: String, load_g: Option<i64>,
        assist_g: Option<i64>, bodyweight_g: Option<i64>, reps: Option<i64>, duration_ms: Option<i64>,
        distance_mm: Option<i64>, rpe10: Option<i64>, note: Option<String>, hlc: String, e1rm_g: Option<i64>, volume_g: i64,
        lacks_body_weight: i64,
    }
    WorkoutHeader = "workout_header" {
        workout_id: String, name: Option<String>, note: Option<String>, started_ms: i64, finished_ms: Option<i64>,
        offset_min: i64, finished: i64, hlc: String,
    }
    OpenWorkout = "open_workouts" {
        workout_id: String, name: Option<String>, started_ms: i64, offset_min: i64, hlc: String,
    }
    LastSet = "last_sets" {
        set_no: i64, set_kind: String, unit: String, load_g: Option<i64>, assist_g: Option<i64>, reps: Option<i64>,
        duration_ms: Option<i64>, distance_mm: Option<i64>, rpe10: Option<i64>, e1rm_g: Option<i64>, workout_date: i64,
    }
    TrainingDay = "training_days" { workout_date: i64, workouts: i64, sets: i64, volume_g: i64, minutes: Option<i64> }
    Totals = "totals" {
        workouts: i64, sets: i64, volume_g: i64, records: i64, weeks: i64, sets_lacking_body_weight: i64,
    }
    MuscleWeek = "muscle_weeks" {
        week_start: i64, muscle: String, name: String, sort_order: i64, sets_tenths: i64, volume_g: i64,
    }
    MuscleSets = "muscle_sets" {
        workout_date: i64, workout_id: String, name: Option<String>, weight_tenths: i64, sets: i64, volume_g: i64,
    }
    E1rmPoint = "e1rm_series" {
        workout_date: i64, workout_id: String, started_ms: i64, best_e1rm_g: Option<i64>, heaviest_g: Option<i64>,
        volume_g: i64, sets: i64, reps: i64,
    }
    TopExercise = "top_exercises" { exercise_id: String, name: Option<String>, times: i64, best_e1rm_g: i64 }
    Record = "records" {
        workout_id: String, workout_date: i64, exercise_id: String, name: Option<String>, record: String, value_g: i64,
        before_g: i64,
    }
    Weighing = "body_weights" { weighing_id: String, weight_g: i64, unit: String, at_ms: i64, date: i64, hlc: String }
    Profile = "profile" { name: Option<String>, unit: Option<String>, week_start: Option<i64>, theme: Option<String> }
    RoomLine = "rooms" { room_id: String, name: String, created_at: i64, last_ms: Option<i64>, messages: i64 }
    MessageLine = "messages" {
        message_id: String, sender: String, posted_ms: i64, offset_min: i64, text: Option<String>, is_edited: i64,
        is_removed: i64, first_version: String, hlc: String,
    }
    ImportLine = "imports" {
        import_id: String, source: String, file_name: String, rows_read: i64, rows_accepted: i64, rows_rejected: i64,
        at_ms: i64, undone: i64, sets: i64, workouts: i64, file_hash: String, written: i64, planned: Option<i64>, ended: i64,
        answers: Option<String>,
    }
    ExerciseName = "exercise_names" { alias: String, exercise_id: String, name: String, load_mode: String, tracking: String }
    KnownSet = "known_sets" {
        set_id: String, workout_id: String, undone: i64, edited: i64, removed: i64, workout: Option<String>, started_ms: i64,
        offset_min: i64, exercise_id: String, exercise: Option<String>, exercise_no: i64, set_no: i64, set_kind: String,
        load_g: Option<i64>, assist_g: Option<i64>, reps: Option<i64>, duration_ms: Option<i64>, distance_mm: Option<i64>,
        rpe10: Option<i64>,
    }
}

impl ImportLine {
    /// It was begun and neither ended nor undone.
    pub fn is_stopped(&self) -> bool {
        self.planned.is_some() && self.ended == 0 && self.undone == 0
    }
}
