//! What people read: every sentence and every label of the app, and nothing else. One language, English, for now; a
//! translation is a second file with the same names.
//!
//! Belongs: texts, their arguments, their plural forms. What stands on one screen is in that screen's module, what stands
//! on several is at the top. The same text with another meaning is another message, for other languages tell them apart.
//! Never: ids, keys, a decision; numbers and dates are put into words by `words`.

use crate::words::plural;

// ---- Controls that many screens have

pub(crate) const CLOSE: &str = "Close";
pub(crate) const EDIT: &str = "Edit";
pub(crate) const SAVE: &str = "Save";
pub(crate) const UNDO: &str = "Undo";

// ---- Names of things

pub(crate) const LOAD: &str = "Load";
pub(crate) const NAME: &str = "Name";
pub(crate) const NOTE: &str = "Note";
pub(crate) const RECORDS: &str = "Records";
pub(crate) const REPS: &str = "Reps";
pub(crate) const RPE: &str = "RPE";
pub(crate) const DISTANCE: &str = "Distance";
pub(crate) const TIME: &str = "Time";
pub(crate) const SECONDS: &str = "Seconds";
pub(crate) const SETS: &str = "Sets";
pub(crate) const VOLUME: &str = "Volume";
/// Also what a workout without a name is called.
pub(crate) const WORKOUT: &str = "Workout";
pub(crate) const WORKOUTS: &str = "Workouts";

/// The letter that a set of another kind has in place of its number.
pub(crate) const WARMUP_LETTER: &str = "W";
pub(crate) const DROP_LETTER: &str = "D";
pub(crate) const FAILURE_LETTER: &str = "F";

// ---- Said on several screens

pub(crate) const BRING_HISTORY: &str = "Bring your history from Strong";
pub(crate) const SET_REMOVED: &str = "Set removed.";

// ---- Counts

pub(crate) fn exercises(n: i64) -> String {
    plural(n, "exercise", "exercises")
}

pub(crate) fn records(n: i64) -> String {
    plural(n, "record", "records")
}

pub(crate) fn reps(n: i64) -> String {
    plural(n, "rep", "reps")
}

pub(crate) fn sets(n: i64) -> String {
    plural(n, "set", "sets")
}

/// Beside a volume that would be more if the body's weight were known.
pub(crate) fn lacks_body_weight(sets: i64) -> String {
    format!("Without your body weight in {}: save it under Today, and they count in full.", self::sets(sets))
}

pub(crate) fn sets_in_workouts(sets: i64, workouts: i64) -> String {
    format!("{} in {}", self::sets(sets), plural(workouts, "workout", "workouts"))
}

// ---- Units

pub(crate) mod units {
    /// A sheet keeps the symbol of its loads and reads it back: these two are the same in every language.
    pub(crate) const KG: &str = "kg";
    pub(crate) const LB: &str = "lb";
    pub(crate) const TONNES: &str = "t";
    pub(crate) const KM: &str = "km";
    pub(crate) const METRES: &str = "m";
    pub(crate) const HOURS: &str = "h";
    pub(crate) const MINUTES: &str = "min";
    pub(crate) const MS: &str = "ms";
    pub(crate) const KILOBYTES: &str = "kB";
    pub(crate) const MEGABYTES: &str = "MB";
    pub(crate) const GIGABYTES: &str = "GB";
}

// ---- Dates

pub(crate) mod dates {
    pub(crate) const TODAY: &str = "Today";
    pub(crate) const YESTERDAY: &str = "Yesterday";
    /// Inside a sentence.
    pub(crate) const TODAY_WITHIN: &str = "today";
    pub(crate) const YESTERDAY_WITHIN: &str = "yesterday";
    pub(crate) const MONDAY: &str = "Monday";
    pub(crate) const SUNDAY: &str = "Sunday";
    pub(crate) const WEEKDAYS: [&str; 7] = [MONDAY, "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", SUNDAY];
    pub(crate) const SHORT_WEEKDAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
    pub(crate) const MONTHS: [&str; 12] =
        ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"];
    pub(crate) const SHORT_MONTHS: [&str; 12] =
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
}

// ---- The frame around every screen

pub(crate) mod shell {
    use crate::words::plural;

    pub(crate) const WORKER_NOT_LOADED: &str = "it could not be loaded";
    pub(crate) const NOT_LOADED: &str = "This screen could not be loaded. What is stored here is safe. It needs the network once, \
        until Spotter is complete on this phone.";
    pub(crate) const LOAD_AGAIN: &str = "Load it again";
    pub(crate) const SKIP_TO_CONTENT: &str = "Skip to content";
    pub(crate) const TABS: &str = "Main";
    pub(crate) const NOT_STORED: &str = "Not stored: in this tab only";
    pub(crate) const OFFLINE: &str = "Offline · saved on this phone";
    pub(crate) const UPDATE_READY: &str = "Update ready · Reload";
    pub(crate) const DISMISS: &str = "Dismiss";
    pub(crate) const SHORTCUTS: &str = "Keyboard shortcuts";
    pub(crate) const SHORTCUT_TABS: &str = "Today, Train, Progress, Crew, Me";
    pub(crate) const SHORTCUT_START: &str = "Start a workout, or open the one that goes on";
    pub(crate) const SHORTCUT_CLOSE: &str = "Close a sheet, fold the workout";
    pub(crate) const SHORTCUT_NEXT: &str = "In the keypad: next field";
    pub(crate) const SHORTCUT_REMOVE: &str = "On a set: remove it";
    pub(crate) const SHORTCUT_LIST: &str = "This list";

    pub(crate) const SIGN_IN_AGAIN: &str = "Not connected to your account";

    pub(crate) fn offline(changes: i64) -> String {
        format!("Offline · {} on this phone", plural(changes, "change", "changes"))
    }

    pub(crate) fn waiting(changes: i64) -> String {
        format!("{} waiting for the server", plural(changes, "change", "changes"))
    }

    pub(crate) fn saving(changes: i64) -> String {
        format!("Saving {}", plural(changes, "change", "changes"))
    }

    pub(crate) fn set_at((nth, all): (usize, usize)) -> String {
        format!("set {nth}/{all}")
    }
}

// ---- Pieces that screens share

pub(crate) mod parts {
    pub(crate) const BACK: &str = "Back";
    pub(crate) const LOADING: &str = "Loading";
}

// ---- Charts

pub(crate) mod charts {
    pub(crate) fn one_point(day: &str) -> String {
        format!("{day}. A second workout makes it a line.")
    }

    pub(crate) fn points(title: &str, n: usize) -> String {
        format!("{title}, {n} points")
    }

    pub(crate) fn scrolls(title: &str) -> String {
        format!("{title}: scrolls sideways")
    }

    pub(crate) fn days_with_training(title: &str, n: usize) -> String {
        format!("{title}: {n} days with training")
    }
}

// ---- Problems of the two workers

pub(crate) mod hub {
    pub(crate) const RESTART_KEPT: &str = "Everything that was shown as saved is safe; what was on its way is saved again.";
    pub(crate) const STARTED_AGAIN: &str = "Nothing: it was started again.";
    pub(crate) const FIGURES_STOPPED: &str = "The part of Spotter that works out figures keeps stopping.";
    pub(crate) const IMPORT_STOPPED: &str = "The part of Spotter that reads files stopped, and was started again.";
    pub(crate) const IMPORT_KEPT: &str = "What was saved by then is here.";
    pub(crate) const IMPORT_AGAIN: &str = "Choose the file again: it goes on with what is missing.";
    pub(crate) const FIGURES_KEPT: &str = "Everything you log is still saved.";
    pub(crate) const RELOAD: &str = "Reload; if it stays, copy this text into a report.";

    pub(crate) fn stopped(why: &str) -> String {
        format!("A part of Spotter stopped ({why}).")
    }
}

// ---- Figures that cannot be saved, said beside their field

pub(crate) mod wrong {
    pub(crate) const REPS: &str = "Repetitions are whole, at most 10000.";
    pub(crate) const RPE: &str = "RPE is 6 to 10.";
    pub(crate) const TIME: &str = "A time is seconds, or minutes and seconds as in 1:30.";
    pub(crate) const DISTANCE: &str = "A distance is a number, at most 10000 km.";
    pub(crate) const START: &str = "A workout starts in the past.";

    pub(crate) fn load(most: &str) -> String {
        format!("A load is at most {most}.")
    }

    pub(crate) fn body_weight(least: &str, most: &str) -> String {
        format!("A body weight is {least} to {most}.")
    }
}

// ---- The workout that goes on: what its taps answer

pub(crate) mod training {
    pub(crate) const EXERCISE_REMOVED: &str = "Exercise removed.";
    pub(crate) const DISCARDED: &str = "Workout discarded.";
    pub(crate) const LEFT_OUT: &str = "Left out.";
    pub(crate) const RESUME: &str = "Go on with it";

    pub(crate) fn estimate(figure: &str) -> String {
        format!("e1RM {figure}")
    }
}

// ---- Today

pub(crate) mod today {
    use crate::words::NARROW;

    pub(crate) const ONLY_HERE: &str = "No server keeps a copy for you";
    pub(crate) const BACKUP_WHY: &str =
        "A backup keeps your training when the phone is lost or the browser clears it. Write the recovery code down, too.";
    pub(crate) const LATER: &str = "Later";
    pub(crate) const TITLE: &str = "Today";
    pub(crate) const STILL_OPEN: &str = "A workout is still open";
    pub(crate) const GO_ON: &str = "Go on";
    pub(crate) const SEE_IT: &str = "See it";
    pub(crate) const EMPTY: &str = "Log your first set: it is saved on this phone at once, with or without a network.";
    pub(crate) const START: &str = "Start workout";
    pub(crate) const NOTHING_TO_COMPARE: &str = "The one before had no volume to compare with.";
    pub(crate) const AS_MUCH: &str = "As much as the workout before.";
    pub(crate) const THIS_WEEK: &str = "This week";
    pub(crate) const BODY_WEIGHT: &str = "Body weight";
    pub(crate) const SAVE_BODY_WEIGHT: &str = "Save body weight";
    pub(crate) const BODY_WEIGHT_SAVED: &str = "Body weight saved on this phone.";

    pub(crate) fn started(day: &str) -> String {
        format!("Started {day}")
    }

    pub(crate) fn last_workout(day: &str) -> String {
        format!("Last workout · {day}")
    }

    pub(crate) fn more(percent: i64) -> String {
        format!("{percent}{NARROW}% more than the workout before.")
    }

    pub(crate) fn less(percent: i64) -> String {
        format!("{percent}{NARROW}% less than the workout before.")
    }

    pub(crate) fn trained(weekday: &str) -> String {
        format!("{weekday}, trained")
    }
}

// ---- Train

pub(crate) mod train {
    pub(crate) const TITLE: &str = "Train";
    pub(crate) const EMPTY: &str = "What you train will be here to repeat with one tap.";
    pub(crate) const REPEAT: &str = "Repeat";
    pub(crate) const EMPTY_WORKOUT: &str = "Empty workout";
}

// ---- The active workout

pub(crate) mod workout {
    pub(crate) const FOLD: &str = "Fold";
    pub(crate) const FINISH: &str = "Finish";
    pub(crate) const EXERCISES: &str = "Exercises";
    pub(crate) const EXERCISE: &str = "Exercise";
    pub(crate) const EMPTY: &str = "Choose an exercise. Its sets are filled in from last time.";
    pub(crate) const ADD_EXERCISE: &str = "Add exercise";
    pub(crate) const DISCARD: &str = "Discard workout";
    pub(crate) const MORE: &str = "More for this exercise";
    pub(crate) const FIRST_TIME: &str = "First time";
    pub(crate) const SET: &str = "Set";
    pub(crate) const PREVIOUS: &str = "Previous";
    pub(crate) const DONE: &str = "Done";
    pub(crate) const ADD_SET: &str = "Add set";
    pub(crate) const NO_LOAD: &str = "no load";
    pub(crate) const NORMAL: &str = "Normal set";
    pub(crate) const WARMUP: &str = "Warm-up";
    pub(crate) const DROP: &str = "Drop set";
    pub(crate) const FAILURE: &str = "To failure";
    pub(crate) const REMOVE_SET: &str = "Remove set";
    /// For the ear: the column's name is in capitals.
    pub(crate) const RPE_SPOKEN: &str = "Rpe";
    pub(crate) const ADD_WARMUPS: &str = "Add warm-up sets";
    pub(crate) const WARMUPS_HINT: &str = "Three steps up to the first working load";
    pub(crate) const REMOVE_EXERCISE: &str = "Remove exercise";
    pub(crate) const MORE_OF_WORKOUT: &str = "More for this workout";
    pub(crate) const NOTE: &str = "Note on this workout";
    pub(crate) const STARTED: &str = "Started";
    pub(crate) const WEIGHT_UNKNOWN: &str = "Body weight unknown: save it on Today, and it counts.";
    pub(crate) const NOT_SAVED: &str = "What is not ticked is not saved.";
    pub(crate) const FINISH_ANYWAY: &str = "Finish without";
    pub(crate) const GO_ON: &str = "Go on";
    pub(crate) const REST: &str = "Rest";
    pub(crate) const SKIP: &str = "Skip";

    pub(crate) fn rest(clock: &str) -> String {
        format!("rest {clock}")
    }

    pub(crate) fn rest_over(clock: &str) -> String {
        format!("Rest over {clock} ago")
    }

    pub(crate) fn last(line: &str) -> String {
        format!("Last: {line}")
    }

    pub(crate) fn body_weight(figure: &str) -> String {
        format!("Body weight {figure}")
    }

    pub(crate) fn leave_out(sets: i64) -> String {
        format!("Leave out {}", super::sets(sets))
    }

    pub(crate) fn not_ticked(sets: i64) -> String {
        format!("{} not ticked", super::sets(sets))
    }

    pub(crate) fn row(set: usize, load: &str, amount: &str) -> String {
        format!("Set {set}, {load} by {amount}")
    }

    pub(crate) fn kind_of_set(set: usize, kind: &str) -> String {
        format!("Kind of set {set}: {kind}")
    }

    /// Said before what the cell holds.
    pub(crate) fn cell_of_set(cell: &str, set: usize) -> String {
        format!("{cell} of set {set}: ")
    }
}

// ---- The keypad

pub(crate) mod keypad {
    pub(crate) const REPETITIONS: &str = "Repetitions";
    pub(crate) const ERASE: &str = "Erase";
    pub(crate) const NEXT: &str = "Next";
    pub(crate) const LOG_SET: &str = "Log set";
    pub(crate) const WARMUP: &str = "Warm-up";

    pub(crate) fn cell_of_set(cell: &str, set: usize) -> String {
        format!("{cell} of set {set}")
    }

    pub(crate) fn set(number: usize) -> String {
        format!("Set {number}")
    }
}

// ---- The exercise picker

pub(crate) mod picker {
    use crate::words::plural;

    pub(crate) const TITLE: &str = "Choose an exercise";
    pub(crate) const SEARCH_EXERCISES: &str = "Search exercises";
    pub(crate) const SEARCH: &str = "Search";
    pub(crate) const CANCEL: &str = "Cancel";
    pub(crate) const MAKE_OWN: &str = "Make your own";
    pub(crate) const MUSCLE: &str = "Muscle";
    pub(crate) const CHEST: &str = "Chest";
    pub(crate) const LATS: &str = "Lats";
    pub(crate) const UPPER_BACK: &str = "Upper back";
    pub(crate) const SHOULDERS: &str = "Shoulders";
    pub(crate) const BICEPS: &str = "Biceps";
    pub(crate) const TRICEPS: &str = "Triceps";
    pub(crate) const QUADS: &str = "Quads";
    pub(crate) const HAMSTRINGS: &str = "Hamstrings";
    pub(crate) const GLUTES: &str = "Glutes";
    pub(crate) const CALVES: &str = "Calves";
    pub(crate) const ABS: &str = "Abs";
    pub(crate) const CARDIO: &str = "Cardio";
    pub(crate) const COUNTED_IN: &str = "Counted in";
    pub(crate) const LOAD_AND_REPS: &str = "Load and repetitions";
    pub(crate) const BODYWEIGHT_REPS: &str = "Repetitions, body weight";
    pub(crate) const TIME: &str = "Time";
    pub(crate) const MAKE_EXERCISE: &str = "Make exercise";
    /// Of every muscle.
    pub(crate) const ALL: &str = "All";
    pub(crate) const LETTER: &str = "First letter";
    pub(crate) const OWN: &str = "Your own exercise";
    pub(crate) const MERGE: &str = "Merge into another exercise";
    pub(crate) const MERGE_HINT: &str = "Its sets and records count there; this can be undone";
    pub(crate) const ARCHIVE: &str = "Archive";
    pub(crate) const BRING_BACK: &str = "Bring back";
    pub(crate) const ARCHIVE_HINT: &str = "Archived exercises are not offered; nothing that was logged is hidden";

    pub(crate) fn more(name: &str) -> String {
        format!("More for {name}")
    }

    pub(crate) fn merge_into(name: &str) -> String {
        format!("Choose what “{name}” counts for from now on.")
    }

    pub(crate) fn merged(name: &str, into: &str) -> String {
        format!("“{name}” counts for “{into}”.")
    }

    pub(crate) fn archived(name: &str) -> String {
        format!("“{name}” is archived.")
    }

    pub(crate) fn back(name: &str) -> String {
        format!("“{name}” is back.")
    }

    pub(crate) fn renamed(name: &str) -> String {
        format!("It is called “{name}” now.")
    }

    pub(crate) fn taken(name: &str) -> String {
        format!("That is “{name}”, which is here already.")
    }

    pub(crate) fn times(n: i64) -> String {
        plural(n, "time", "times")
    }

    pub(crate) fn make(name: &str) -> String {
        format!("Make “{name}”")
    }
}

// ---- History

pub(crate) mod history {
    pub(crate) const TITLE: &str = "History";
    pub(crate) const EMPTY: &str = "Finished workouts come here. You can correct any of them later.";
    pub(crate) const SHOW_MORE: &str = "Show more";
}

// ---- One workout that is over

pub(crate) mod detail {
    pub(crate) const EMPTY: &str = "This workout is not here. It may have been removed.";
    pub(crate) const TIME: &str = "Time";
    /// Said before the set's number.
    pub(crate) const EDIT_SET: &str = "Edit set ";
    pub(crate) const REMOVE_WORKOUT: &str = "Remove workout";
    pub(crate) const WORKOUT_REMOVED: &str = "Workout removed.";
    pub(crate) const CORRECT_SET: &str = "Correct a set";
    pub(crate) const LOAD_KG: &str = "Load, kg";
    pub(crate) const LOAD_LB: &str = "Load, lb";
    pub(crate) const REMOVE_SET: &str = "Remove set";
    pub(crate) const SET_CORRECTED: &str = "Set corrected.";
    pub(crate) const SET_ADDED: &str = "Set added.";
    pub(crate) const NEW_SET: &str = "Add a set";
    pub(crate) const ADD_SET: &str = "Add set";
    pub(crate) const ADD_EXERCISE: &str = "Add exercise";
    pub(crate) const KIND: &str = "Kind";
    pub(crate) const NORMAL: &str = "Working";
    pub(crate) const WARMUP: &str = "Warm-up";
    pub(crate) const DROP: &str = "Drop";
    pub(crate) const FAILURE: &str = "Failure";
    pub(crate) const METRES: &str = "Metres";
    pub(crate) const MEANT: &str = "Yes, save it";
    pub(crate) const SAY_HOW_MUCH: &str = "Type the repetitions, the time or the distance.";
    pub(crate) const RPE_RANGE: &str = "RPE is 0 to 10.";
    pub(crate) const DATE: &str = "Date";
    pub(crate) const START: &str = "Start";
    pub(crate) const MINUTES: &str = "Minutes";
    pub(crate) const WHEN: &str = "A date and a time that have been, please.";
    pub(crate) const HOW_LONG: &str = "Minutes are 0 to 1440.";

    pub(crate) fn sure(now: &str, last: &str) -> String {
        format!("{now}? Last was {last}.")
    }
    pub(crate) const EDIT_WORKOUT: &str = "Edit workout";

    pub(crate) fn best_estimate(figure: &str) -> String {
        format!("Best estimate {figure}")
    }

    pub(crate) fn rpe(value: &str) -> String {
        format!("RPE {value}")
    }

    pub(crate) fn no_number(text: &str) -> String {
        format!("“{text}” is no number")
    }

    pub(crate) fn no_load(text: &str) -> String {
        format!("“{text}” is no load")
    }
}

// ---- Progress

pub(crate) mod progress {
    pub(crate) const TITLE: &str = "Progress";
    pub(crate) const RANGE: &str = "Range";
    pub(crate) const FOUR_WEEKS: &str = "4 weeks";
    pub(crate) const THREE_MONTHS: &str = "3 months";
    pub(crate) const YEAR: &str = "Year";
    pub(crate) const ALL: &str = "All";
    pub(crate) const EMPTY: &str = "No training in this range. Log a workout, or bring your history.";
    pub(crate) const PER_MUSCLE: &str = "Per muscle and week";
    pub(crate) const MEASURE: &str = "Measure";
    pub(crate) const BAND: &str = "Secondary muscles count half. The band is 10 to 20 sets a week.";
    pub(crate) const ESTIMATE: &str = "e1RM";
    pub(crate) const THE_YEAR: &str = "The year";
    pub(crate) const THE_YEARS: &str = "The years";
    pub(crate) const TRAINING_DAYS: &str = "Training days";
    pub(crate) const WHY: &str = "Why this number";
    pub(crate) const WHY_MUSCLE: &str = "Working sets of every exercise that trains the muscle, divided by the weeks with training. A secondary muscle counts half; warm-ups are left out.";
    pub(crate) const WHY_ESTIMATE: &str = "Epley: load × (1 + repetitions ÷ 30), counting repetitions left in reserve. One repetition with none left is the load itself. Above 15 there is no estimate, above 10 it is rough. Warm-ups and assisted sets are left out.";
    pub(crate) const SEE_WORKOUT: &str = "See the workout";

    pub(crate) fn estimate_of(exercise: &str) -> String {
        format!("Estimated one-repetition maximum of {exercise}")
    }

    pub(crate) fn best(figure: &str) -> String {
        format!("e1RM, best {figure}")
    }

    pub(crate) fn best_on(day: &str) -> String {
        format!("Best estimate, {day}")
    }
}

// ---- Crew

pub(crate) mod crew {
    pub(crate) const TAB: &str = "Crew";
    /// Also the room's own name, which is written down when it is made.
    pub(crate) const NOTES: &str = "Notes";
    pub(crate) const HINT: &str = "A room of your own, on this phone.";
    pub(crate) const EMPTY: &str = "Write down what you want to remember next time: grip, seat height, how it felt.";
    pub(crate) const MESSAGES: &str = "Messages";
    pub(crate) const REMOVED: &str = "Removed";
    /// Stands after the time of day.
    pub(crate) const EDITED: &str = " · edited";
    pub(crate) const REMOVE: &str = "Remove";
    pub(crate) const MESSAGE: &str = "Message";
    pub(crate) const NOTE_TO_SELF: &str = "Note to self";
    pub(crate) const SAVE_CHANGE: &str = "Save the change";
    pub(crate) const SEND: &str = "Send";
}

// ---- Me

pub(crate) mod me {
    pub(crate) const TITLE: &str = "Me";
    pub(crate) const UNITS: &str = "Units";
    pub(crate) const UNIT_OF_LOADS: &str = "Unit of loads";
    pub(crate) const WEEK_STARTS: &str = "Week starts on";
    pub(crate) const FIRST_DAY: &str = "First day of the week";
    pub(crate) const APPEARANCE: &str = "Appearance";
    pub(crate) const THEME: &str = "Theme";
    pub(crate) const SYSTEM: &str = "System";
    pub(crate) const LIGHT: &str = "Light";
    pub(crate) const DARK: &str = "Dark";
    pub(crate) const BLACK: &str = "Black";
    pub(crate) const IMPORT: &str = "Import from Strong or Hevy";
    pub(crate) const IMPORT_HINT: &str = "Bring years of training from its CSV file";
    pub(crate) const STORAGE_HINT: &str = "What is on this device, and how safe it is";
    pub(crate) const RECENT_IMPORTS: &str = "Recent imports";
    pub(crate) const UNDONE: &str = "undone";
    pub(crate) const IMPORT_UNDONE: &str =
        "Import undone. Sets you edited since are kept; importing the file again brings the rest back.";
    pub(crate) const ABOUT: &str = "About";
    pub(crate) const SYNC_HINT: &str = "Your account, your devices, and what is still on this phone only";
    pub(crate) const PRIVACY: &str = "Spotter keeps your training on this device. Only if you connect an account does it also go to the server you opened Spotter from, whose owner can read it. Notes stay here.";
    /// Stands before the build's id.
    pub(crate) const BUILD: &str = "Build ";
}

// ---- Sync

pub(crate) mod sync {
    use bridge::{Code, Refusal, RefusalCode};

    use crate::words::plural;

    pub(crate) const TITLE: &str = "Sync";
    pub(crate) const WHY: &str = "With an account your training is on every device you sign in on, and safe when this one is lost. Without one everything works, on this device only.";
    pub(crate) const FIRST: &str = "This server has no account yet. The first one administers it and invites the others. The server printed a link and a code for it where it was started.";
    pub(crate) const FIRST_CODE: &str = "Code of the server";
    pub(crate) const INVITED_BY: &str = "Whoever runs this server can invite you: Me, Sync, Invite somebody.";
    pub(crate) const WHOSE_TITLE: &str = "Are they yours?";
    pub(crate) const WHOSE_WHY: &str =
        "Only then this phone is connected, and they become part of your account for good. Nothing has been sent yet.";
    pub(crate) const MINE: &str = "Yes, they are mine";
    pub(crate) const NOT_MINE: &str = "No, somebody else's";
    pub(crate) const KEPT_APART: &str = "Then they stay here, and nothing is sent. To use this phone with your account, sign in in another browser or browser profile. Or whoever they belong to makes a backup and removes everything, under Storage.";
    pub(crate) const TO_STORAGE: &str = "To Storage";
    pub(crate) const OWED: &str = "This phone was left without a network. The sign-in of before ends as soon as the server can be reached; until then nobody can sign in here.";
    pub(crate) const SECURITY: &str = "Password and sign-ins";
    pub(crate) const OLD_PASSWORD: &str = "Password of now";
    pub(crate) const NEW_PASSWORD: &str = "New password, at least 10 characters";
    pub(crate) const CHANGE_PASSWORD: &str = "Change the password";
    pub(crate) const PASSWORD_CHANGED: &str = "The password is changed. Every other device has to sign in again.";
    pub(crate) const OUT_OTHERS: &str = "Sign out everywhere else";
    pub(crate) const OUT_OTHERS_SURE: &str = "Sign out the others now";
    pub(crate) const OTHERS_ARE_OUT: &str = "Every other device has to sign in again.";
    pub(crate) const HOW: &str = "How";
    pub(crate) const SIGN_IN: &str = "Sign in";
    pub(crate) const SIGN_UP: &str = "New account";
    pub(crate) const JOIN: &str = "Use a code";
    pub(crate) const JOIN_HINT: &str = "On a device that is connected, open Me, Sync, Add a device.";
    pub(crate) const YOUR_NAME: &str = "Your name";
    pub(crate) const PASSWORD: &str = "Password, at least 10 characters";
    pub(crate) const INVITATION: &str = "Invitation";
    pub(crate) const CODE: &str = "Code";
    pub(crate) const THIS_DEVICE: &str = "Name of this device";
    pub(crate) const CONNECT: &str = "Connect this device";
    pub(crate) const CREATE: &str = "Create the account";
    pub(crate) const NO_SERVER: &str = "The server cannot be reached. What you log is saved on this phone.";
    pub(crate) const LOOKING: &str = "Asking the server…";
    pub(crate) const ALL_THERE: &str = "Everything is on the server";
    pub(crate) const CONNECTING: &str = "Connecting…";
    pub(crate) const CATCHING_UP: &str = "Catching up…";
    pub(crate) const UNREACHABLE: &str = "The server cannot be reached. It is tried again by itself.";
    pub(crate) const STOPPED: &str = "This device is no longer signed in. Nothing is lost: sign in, and what waits is sent.";
    pub(crate) const COMPARE: &str = "Compare now";
    pub(crate) const COMPARING: &str = "Comparing…";
    pub(crate) const DEVICES: &str = "Devices";
    pub(crate) const THIS: &str = "this device";
    pub(crate) const SHUT_OUT: &str = "Shut out";
    pub(crate) const SHUT_OUT_SURE: &str = "Shut out now";
    pub(crate) const IS_OUT: &str = "shut out";
    pub(crate) const ADD_DEVICE: &str = "Add a device";
    pub(crate) const ADD_HOW: &str =
        "Scan this with the other phone's camera, or open the link there. It works once, within ten minutes.";
    pub(crate) const QR: &str = "A picture of the link, to scan";
    pub(crate) const COPY_LINK: &str = "Copy the link";
    pub(crate) const COPIED: &str = "Copied";
    pub(crate) const NOT_COPIED: &str = "The browser did not allow copying. Select the text and copy it yourself.";
    pub(crate) const INVITE: &str = "Invite somebody";
    pub(crate) const INVITE_HOW: &str = "Whoever opens this link can make an account on this server, once, within two weeks.";
    pub(crate) const REFUSED: &str = "Not taken by the server";
    pub(crate) const REFUSED_HINT: &str = "These changes are safe on this phone. The server did not take them:";
    pub(crate) const RETRY: &str = "Send again";
    pub(crate) const DETAILS: &str = "Details";
    pub(crate) const ACCOUNT: &str = "Account";
    pub(crate) const POSITION: &str = "Read up to";
    pub(crate) const LAST_ERROR: &str = "Last error";
    pub(crate) const NONE: &str = "none";
    pub(crate) const COPY_REPORT: &str = "Copy a report";
    pub(crate) const SIGN_OUT: &str = "Sign out";
    pub(crate) const SIGNED_OUT: &str = "Signed out. Your training stays on this phone.";
    pub(crate) const LOCKS_BY_CODE: &str = "What is on this phone is locked, and only this code opens it again. Write it down first. You can also sign in on another device and find everything there that was sent.";
    pub(crate) const LOCKS_BY_PASSPHRASE: &str =
        "What is on this phone is locked, and the passphrase of your app lock opens it again.";
    pub(crate) const COPY_CODE: &str = "Copy the code";
    pub(crate) const SIGN_OUT_LOCK: &str = "Sign out and lock";
    pub(crate) const SIGN_OUT_KEEP: &str = "Sign out, keep it open here";
    pub(crate) const ROW_HERE: &str = "on this phone";
    pub(crate) const ROW_IN_TAB: &str = "in this tab only";

    pub(crate) fn whose(workouts: i64) -> String {
        match workouts {
            0 => "This phone holds changes that were logged without an account.".to_owned(),
            some => format!("This phone holds {} logged without an account.", plural(some, "workout", "workouts")),
        }
    }

    pub(crate) fn waiting(changes: i64) -> String {
        format!("{} on this phone only", plural(changes, "change", "changes"))
    }

    /// What was refused is listed below it, and notes stay until they can be encrypted.
    pub(crate) fn all_but(changes: i64) -> String {
        format!("Everything but {} is on the server", plural(changes, "change", "changes"))
    }

    pub(crate) fn fetching(done: usize, all: usize) -> String {
        format!("Fetching your training: part {} of {all}", done + 1)
    }

    pub(crate) fn verified(rows: &str, devices: i64) -> String {
        format!(
            "All {rows} rows of {} are the same here and there, by what the server says it has",
            plural(devices, "device", "devices")
        )
    }

    pub(crate) fn unlinked(rows: i64) -> String {
        format!(
            "{} not follow the one before: a phone was copied, or somebody changed what is on the server. All of it is kept and shown.",
            plural(rows, "row does", "rows do")
        )
    }

    pub(crate) fn seen(day: &str) -> String {
        format!("last seen {day}")
    }

    pub(crate) fn position(cursor: u64, head: Option<u64>) -> String {
        head.map_or_else(|| cursor.to_string(), |head| format!("{cursor} of {}", head.max(cursor)))
    }

    pub(crate) fn refused(count: usize, code: Code) -> String {
        let why = match code {
            Code::ForbiddenScope => "they belong to another account",
            Code::Quota => "the account's space on the server is used up",
            Code::RowTooLarge => "they are too long",
            Code::IdReused => "another change has the same id",
            _ => "the server does not understand them",
        };
        format!("{}: {why}", plural(count as i64, "change", "changes"))
    }

    /// Why signing in or up did not go through.
    pub(crate) fn problem(Refusal { code, detail, .. }: &Refusal) -> String {
        match code {
            RefusalCode::Unreachable => NO_SERVER.to_owned(),
            RefusalCode::Server(Code::WrongPassword) => "The name or the password is wrong.".to_owned(),
            RefusalCode::Server(Code::SlowDown) => "Too many wrong passwords. Wait a little, then try again.".to_owned(),
            RefusalCode::Server(Code::Taken) => "This name is taken, or this profile belongs to another account.".to_owned(),
            RefusalCode::Server(Code::CodeUsed) => "This code was used, or its time is over. Ask for a new one.".to_owned(),
            RefusalCode::Server(Code::Forbidden) => {
                "New people need an invitation here. If this device was shut out, use another browser profile.".to_owned()
            }
            RefusalCode::Owed => OWED.to_owned(),
            RefusalCode::OtherAccount => {
                "This browser holds another account's training. Use another browser or profile for this account.".to_owned()
            }
            RefusalCode::Lost => "A part of Spotter stopped while it did this, and was started again. Try once more.".to_owned(),
            RefusalCode::Server(Code::BadRequest) => format!("That does not work: {detail}."),
            _ => format!("The server said no: {detail}."),
        }
    }
}

// ---- Import

pub(crate) mod import {
    use crate::words::plural;

    pub(crate) const TITLE: &str = "Import";
    pub(crate) const HOW: &str = "Choose the CSV file that Strong or Hevy exported. Nothing is written before you have seen what would happen. A backup that Spotter made is brought back here too.";
    pub(crate) const CHOOSE_FILE: &str = "Choose a file";
    pub(crate) const BACKUP: &str = "A backup of Spotter";
    pub(crate) const BACKUP_HINT: &str = "What is here already stays as it is, so nothing is doubled and nothing is overwritten.";
    pub(crate) const RESTORE: &str = "Bring it back";
    pub(crate) const RESTORED: &str = "Everything is here";
    pub(crate) const CHOOSE_OTHER: &str = "Choose another file";
    pub(crate) const READING: &str = "Reading the file…";
    pub(crate) const IMPORTING: &str = "Importing";
    pub(crate) const PROGRESS: &str = "Progress";
    pub(crate) const STOP: &str = "Stop here";
    pub(crate) const STOPPED: &str = "Stopped";
    pub(crate) const STOPPED_HINT: &str = "What was saved so far is there. Go on under Me, Import, or undo it under Me.";
    pub(crate) const IMPORTED_HINT: &str = "You can undo this under Me at any time.";
    pub(crate) const CONTINUE: &str = "Continue";
    pub(crate) const IMPORTED: &str = "Imported";
    pub(crate) const SEE_PROGRESS: &str = "See your progress";
    pub(crate) const LEFT_OUT: &str = "Left out";
    pub(crate) const NO_SET: &str = "There is no set in this file that can be used.";
    pub(crate) const WHICH_UNIT: &str = "This file does not say its units";
    pub(crate) const COLUMNS: &str = "What the columns are";
    pub(crate) const DATES: &str = "Dates";
    pub(crate) const ODD: &str = "Worth a look";
    pub(crate) const DIFFERENT: &str = "Here and in the file";
    pub(crate) const DIFFERENT_HINT: &str = "What is here stays as it is. History is the place to change it.";
    pub(crate) const OTHER_NAMES_HINT: &str = "Say what they are, or keep them as exercises of your own.";
    pub(crate) const PREVIEW: &str = "How it will look";
    pub(crate) const ALL_HERE: &str = "Everything is here already";
    pub(crate) const CHOOSE_UNIT: &str = "Choose kg or lb first";
    pub(crate) const ANSWER_FIRST: &str = "Answer the questions above first";

    pub(crate) fn unreadable(why: &str) -> String {
        format!("The file could not be read: {why}")
    }

    pub(crate) fn backup(rows: &str, day: &str) -> String {
        format!("{rows} rows, made {day}.")
    }

    pub(crate) fn restored(rows: &str) -> String {
        format!("All {rows} rows of the backup are on this phone.")
    }

    pub(crate) fn saved(done: &str, total: &str, rows: bool) -> String {
        format!("{done} of {total} {} saved on this phone", if rows { "rows" } else { "workouts" })
    }

    pub(crate) fn stopped_at(done: i64, total: i64) -> String {
        format!("Stopped at {done} of {}", plural(total, "workout", "workouts"))
    }

    pub(crate) fn goes_on(file: &str) -> String {
        format!("Choose {file} again: it goes on where it stopped, with the same answers.")
    }

    pub(crate) fn imported(sets: i64, workouts: i64, already_here: i64) -> String {
        let fresh = super::sets_in_workouts(sets, workouts);
        match already_here {
            0 => format!("{fresh}, all new."),
            here => format!("New: {fresh}. Here before: {}.", super::sets(here)),
        }
    }

    pub(crate) fn rows_read(first_day: &str, last_day: &str, read: &str, attached: &str) -> String {
        format!("{first_day} to {last_day}. {read} rows read, {attached} of them rests and notes.")
    }

    pub(crate) fn already_here(sets: i64) -> String {
        format!("{} here already, not imported again.", plural(sets, "set is", "sets are"))
    }

    pub(crate) fn other_names(exercises: i64) -> String {
        plural(exercises, "exercise has another name here", "exercises have other names here")
    }

    pub(crate) fn remarks(rows: i64) -> String {
        format!("{} with a remark", plural(rows, "row", "rows"))
    }

    pub(crate) fn line(number: u64) -> String {
        format!("line {number}")
    }

    pub(crate) fn left_out(reason: &str) -> String {
        format!("Left out: {reason}")
    }

    pub(crate) fn import_sets(sets: i64) -> String {
        format!("Import {}", super::sets(sets))
    }
}

// ---- Storage

pub(crate) mod locked {
    pub(crate) const TITLE: &str = "Locked";
    pub(crate) const WHAT: &str = "What is stored here is encrypted, and this browser no longer has the key to it. Your recovery code opens it; nothing is lost.";
    pub(crate) const CODE: &str = "Recovery code";
    pub(crate) const OPEN: &str = "Open";
    pub(crate) const APP_LOCK: &str = "What is stored here is encrypted. Your passphrase opens it.";
    pub(crate) const PASSPHRASE: &str = "Passphrase";
    pub(crate) const FORGOTTEN: &str = "Forgotten? The recovery code opens it too: type it here.";
    pub(crate) const START_OVER: &str = "Remove it and start over";
    pub(crate) const START_OVER_SURE: &str = "Remove it now";
    pub(crate) const GONE_TITLE: &str = "Closed";
    pub(crate) const GONE: &str = "In another tab Spotter was locked, or removed from this phone.";
    pub(crate) const RELOAD: &str = "Reload";
    pub(crate) const REMOVED_TITLE: &str = "Everything is removed";
    pub(crate) const REMOVED: &str = "Nothing of what was logged is on this phone any more, and it is signed out. If there was no network, the server is told as soon as there is one; until then nobody can sign in here.";
    pub(crate) const BEGIN_ANEW: &str = "Begin anew";
    pub(crate) const CLEARED_TITLE: &str = "Bring your training back";
    pub(crate) const FROM_ACCOUNT: &str = "From my account";
    pub(crate) const FROM_BACKUP: &str = "From a backup";
    pub(crate) const WITHOUT_IT: &str = "Go on without it";
    pub(crate) const WITHOUT: &str = "Without the code nobody can read it, and that includes us. If you have an account, everything that was sent is on your server and on your other devices.";
}

pub(crate) mod storage {
    use crate::words::plural;

    pub(crate) const TITLE: &str = "Storage";
    pub(crate) const ON_DEVICE: &str = "On this device";
    pub(crate) const USED: &str = "Used";
    pub(crate) const ALLOWED: &str = "The browser allows";
    pub(crate) const PROTECTION: &str = "Protection";
    pub(crate) const PROTECTED: &str = "Protected";
    pub(crate) const UNPROTECTED: &str = "May be cleared when space runs out";
    pub(crate) const PROTECT: &str = "Ask the browser to protect it";
    pub(crate) const NOT_AGREED: &str = "The browser did not agree yet. Installing Spotter on the home screen helps.";
    pub(crate) const FILES: &str = "Files";
    pub(crate) const SEALED: &str = "Sealed sessions";
    pub(crate) const OPEN: &str = "Open session";
    pub(crate) const POOL: &str = "Pool";
    pub(crate) const KEPT_TWICE: &str = "Kept twice for now";
    pub(crate) const INDEX: &str = "Index";
    pub(crate) const THIS_TAB: &str = "This tab";
    pub(crate) const IN_DATABASE: &str =
        "This browser has no files that can be written safely, so Spotter keeps its files in the browser's database.";
    pub(crate) const EXPORT: &str = "Take it with you";
    pub(crate) const EXPORT_HINT: &str =
        "Everything you logged, as a file. It is not encrypted: keep it where only you can read it.";
    pub(crate) const EXPORT_ARCHIVE: &str = "Make a backup";
    pub(crate) const EXPORT_CSV: &str = "Sets as CSV";
    pub(crate) const EXPORT_JSON: &str = "Rows as JSON";
    pub(crate) const NO_BACKUP: &str = "No backup was made on this phone yet.";
    pub(crate) const SAFARI: &str = "Safari removes what a site stored when it was not opened for seven days, unless it is on the home screen. Install Spotter, connect an account or keep backups.";

    pub(crate) const NO_SERVER: &str = "No server keeps a copy. Connect an account under Me, Sync, and that happens by itself.";
    pub(crate) const SERVER_HAS_ALL: &str = "Your server has a copy of everything. That happens by itself.";

    pub(crate) fn server_waits(changes: i64) -> String {
        format!("{} on this phone only: not on your server yet.", plural(changes, "change", "changes"))
    }

    pub(crate) fn server_lacks(changes: i64) -> String {
        format!(
            "Your server has everything but {}: what it refused, and notes. A backup has them.",
            plural(changes, "change", "changes")
        )
    }

    pub(crate) fn exported(rows: &str) -> String {
        format!("{rows} rows exported.")
    }

    pub(crate) const CHECK_BACKUP: &str =
        "Choose the file that you have just saved: it counts as a backup once it was found whole.";
    pub(crate) const CHECK: &str = "Check the saved file";
    pub(crate) const CHECKED: &str = "The backup is whole.";
    pub(crate) const NOT_EXPORTED: &str = "Nothing was exported. Try again.";
    pub(crate) const NOT_THE_BACKUP: &str = "This is not the file that was just made, or not all of it.";

    pub(crate) fn last_backup(day: &str) -> String {
        format!("Last backup: {day}.")
    }

    pub(crate) const ENCRYPTION: &str = "Encryption";
    pub(crate) const ENCRYPTED: &str = "Everything stored here is encrypted under a key that this browser keeps. The files alone cannot be read elsewhere; a copy of the whole browser profile can, unless the app lock is on.";
    pub(crate) const NOT_ENCRYPTED: &str = "This browser cannot keep a key, so what is stored here is not encrypted.";
    pub(crate) const CODE: &str = "Recovery code";
    pub(crate) const CODE_WHY: &str = "Should the browser lose its key, only this code opens what is stored here. Write it down; whoever has it and this device can read everything.";
    pub(crate) const CODE_SHOW: &str = "Show the recovery code";
    pub(crate) const CODE_HIDE: &str = "Hide it";
    pub(crate) const CODE_NEW: &str = "Make another code";
    pub(crate) const CODE_NEW_WHY: &str =
        "If somebody else has seen it: another code takes its place, and this one opens nothing that is here any more.";
    pub(crate) const APP_LOCK: &str = "App lock";
    pub(crate) const APP_LOCK_HINT: &str = "Asks for a passphrase at every start, and when you were away for a quarter of an hour.";
    pub(crate) const PASSPHRASE: &str = "Passphrase, at least 8 characters";
    pub(crate) const APP_LOCK_ON: &str = "Turn on the app lock";
    pub(crate) const APP_LOCK_OFF: &str = "Turn off";
    pub(crate) const APP_LOCK_IS_ON: &str = "The app lock is on.";
    pub(crate) const APP_LOCK_IS_OFF: &str = "The app lock is off.";
    pub(crate) const LOCK_NOW: &str = "Lock now";
    pub(crate) const REMOVE: &str = "Leave this phone";
    pub(crate) const REMOVE_HINT: &str =
        "Removes everything that Spotter stored here, once it is all on the server or in a backup.";
    pub(crate) const REMOVE_ALL: &str = "Remove everything";
    pub(crate) const REMOVE_SURE: &str = "Remove everything now";
    pub(crate) const FIGURES: &str = "Figures";
    pub(crate) const ROWS: &str = "Rows";
    pub(crate) const TABLES: &str = "Tables in memory";
    pub(crate) const STORAGE_READY: &str = "Storage ready after";
    pub(crate) const TABLES_BUILT: &str = "Tables built in";
    pub(crate) const TABLES_OPENED: &str = "Tables opened in";
    pub(crate) const LAST_SAVE: &str = "Last save";
    pub(crate) const LAST_REFRESH: &str = "Last refresh";

    pub(crate) fn sealed(files: usize, rows: &str, bytes: &str) -> String {
        format!("{files} ({rows} rows, {bytes})")
    }

    pub(crate) fn open(rows: u64, bytes: &str) -> String {
        format!("{rows} rows, {bytes}")
    }

    pub(crate) fn pool(files: usize, free: usize) -> String {
        format!("{files} files, {free} free")
    }

    pub(crate) fn writes(n: i64) -> String {
        plural(n, "write", "writes")
    }

    pub(crate) fn generation(n: u64) -> String {
        format!("generation {n}")
    }

    pub(crate) fn lane(lane: &str) -> String {
        format!("lane {lane}")
    }

    pub(crate) fn leading_lane(lane: &str) -> String {
        format!("lane {lane}, leads")
    }
}
