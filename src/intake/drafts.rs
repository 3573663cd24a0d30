//! From a plan to drafts: what the storage worker is asked to write down.

use std::collections::BTreeMap;

use bridge::{Choices, Draft, PlannedSet, PlannedWorkout};
use ledger::{
    EntityId, ExerciseDefined, Fact, ImportRecorded, LoadMode, Muscle, SetLogged, Tracking, WorkoutFinished, WorkoutStarted,
};

use crate::{
    identity::own_exercise,
    names::{NameBook, fold},
    plan::Planned,
};

/// Answers that are remembered with an import take no more than this; with more of them they are asked for again.
const ANSWERS_CHARS_MAX: usize = 8_000;

/// An import that was begun once and not brought to its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Begun {
    pub import_id: EntityId,
    /// Workouts that it set out to write.
    pub workouts: usize,
    /// Workouts of it that are here.
    pub done: usize,
}

/// What is written at once: whole workouts.
#[derive(Debug, Clone, PartialEq)]
pub struct Part {
    pub drafts: Vec<Draft>,
    pub workouts: usize,
    pub sets: usize,
}

/// Everything to be written, in parts that each make sense alone: the import itself, new exercises, then workouts, whole,
/// and with the last of them that it has ended.
pub fn drafts(
    planned: &Planned,
    choices: &Choices,
    names: &NameBook,
    import_id: EntityId,
    begun: Option<&Begun>,
    part_min: usize,
) -> Vec<Part> {
    let (now_ms, offset_min) = (choices.now_ms, choices.offset_min);
    let plan = &planned.plan;
    let writes = |workout: &&PlannedWorkout| workout.sets.iter().any(|set| !set.is_here);
    let workouts = planned.workouts.iter().filter(writes).count() + begun.map_or(0, |begun| begun.done);
    let answers = serde_json::to_string(&choices.answers).ok().filter(|json| json.chars().count() <= ANSWERS_CHARS_MAX);
    let mut chunk = vec![Draft::mine(Fact::ImportRecorded(ImportRecorded {
        import_id,
        source: plan.source.clone(),
        file_name: plan.file_name.chars().take(200).collect(),
        file_hash: plan.file_hash.clone(),
        rows_read: plan.rows_read as i64,
        rows_accepted: (plan.rows_read - plan.rejected) as i64,
        rows_rejected: plan.rejected as i64,
        workouts: Some(workouts as i64),
        answers,
        at_ms: now_ms,
        offset_min,
    }))];

    let (named, ids) = exercises(planned, choices, names);
    chunk.extend(named);

    let mut parts = Vec::new();
    let mut part = Part { drafts: chunk, workouts: 0, sets: 0 };
    for workout in planned.workouts.iter().filter(writes) {
        part.drafts.extend(of_workout(workout, &ids, offset_min, import_id));
        part.sets += workout.sets.iter().filter(|set| !set.is_here).count();
        part.workouts += 1;
        if part_min <= part.drafts.len() {
            parts.push(std::mem::replace(&mut part, Part { drafts: Vec::new(), workouts: 0, sets: 0 }));
        }
    }
    if !part.drafts.is_empty() || parts.is_empty() {
        parts.push(part);
    }
    let ended = Draft::mine(Fact::ImportEnded { import_id, at_ms: now_ms, offset_min });
    if let Some(last) = parts.last_mut() {
        last.drafts.push(ended);
    }
    parts
}

/// Names that somebody chose are remembered; names that nobody knows become exercises of their own. With it goes the exercise
/// that each name stands for.
fn exercises(planned: &Planned, choices: &Choices, names: &NameBook) -> (Vec<Draft>, BTreeMap<String, String>) {
    let (now_ms, offset_min) = (choices.now_ms, choices.offset_min);
    let mut drafts = Vec::new();
    let mut ids: BTreeMap<String, String> = BTreeMap::new();
    for name in &planned.plan.names {
        let own = fold(&name.written);
        let chosen = choices.answers.get(&format!("name:{own}"));
        let id = match name.exercise_id.as_deref().filter(|id| !id.is_empty()) {
            Some(id) => {
                if chosen.is_some() && name.written.chars().count() <= 200 {
                    drafts.push(Draft::mine(Fact::ExerciseNamed {
                        alias: name.written.clone(),
                        exercise_id: id.to_owned(),
                        at_ms: now_ms,
                        offset_min,
                    }));
                }
                id.to_owned()
            }
            None => {
                let exercise_id = own_exercise(&own);
                if names.by_id(&exercise_id.to_string()).is_none() {
                    drafts.push(Draft::mine(Fact::ExerciseDefined(ExerciseDefined {
                        exercise_id,
                        name: name.written.trim().chars().take(200).collect(),
                        equipment: "other".to_owned(),
                        load_mode: LoadMode::External,
                        tracking: tracking_of(&planned.workouts, &own),
                        muscles: muscles_of(choices, &own),
                        at_ms: now_ms,
                        offset_min,
                    })));
                }
                exercise_id.to_string()
            }
        };
        ids.insert(own, id);
    }
    (drafts, ids)
}

/// What of a workout is not here yet.
fn of_workout(workout: &PlannedWorkout, ids: &BTreeMap<String, String>, offset_min: i32, import_id: EntityId) -> Vec<Draft> {
    let workout_id = workout.workout_id;
    let name: String = workout.name.chars().take(200).collect();
    let mut drafts = Vec::new();
    if !workout.is_here {
        drafts.push(Draft::mine(Fact::WorkoutStarted(WorkoutStarted {
            workout_id,
            at_ms: workout.started_ms,
            offset_min,
            name: (!name.is_empty()).then_some(name),
            import_id: Some(import_id),
        })));
    }
    for set in workout.sets.iter().filter(|set| !set.is_here) {
        let exercise_id = ids.get(&fold(&set.exercise)).cloned().unwrap_or_default();
        drafts.push(Draft::mine(Fact::SetLogged(set_logged(workout, set, exercise_id, offset_min, import_id))));
    }
    if !workout.is_here {
        drafts.push(Draft::mine(Fact::WorkoutFinished(WorkoutFinished {
            workout_id,
            // The moment of its beginning stands for an end that nobody knows.
            at_ms: workout.finished_ms.unwrap_or(workout.started_ms),
            offset_min,
            note: workout.note.as_ref().map(|note| note.chars().take(4000).collect()),
            import_id: Some(import_id),
        })));
    }
    drafts
}

fn muscles_of(choices: &Choices, own: &str) -> Vec<Muscle> {
    let said = choices.answers.get(&format!("muscle:{own}")).filter(|muscle| crate::MUSCLES.iter().any(|(id, _)| id == muscle));
    said.map(|muscle| Muscle { muscle: muscle.clone(), weight_tenths: 10 }).into_iter().collect()
}

fn set_logged(workout: &PlannedWorkout, set: &PlannedSet, exercise_id: String, offset_min: i32, import_id: EntityId) -> SetLogged {
    SetLogged {
        set_id: set.set_id,
        workout_id: workout.workout_id,
        exercise_id,
        exercise_no: set.exercise_no,
        set_no: set.set_no,
        at_ms: workout.started_ms,
        offset_min,
        set_kind: set.kind,
        unit: set.unit,
        load_g: set.load_g,
        bodyweight_g: None,
        assist_g: set.assist_g,
        reps: set.reps,
        duration_ms: set.duration_ms,
        distance_mm: set.distance_mm,
        rpe10: set.rpe10,
        rir: None,
        side: None,
        note: set.note.as_ref().map(|note| note.chars().take(4000).collect()),
        rest_ms: set.rest_ms,
        import_id: Some(import_id),
    }
}

fn tracking_of(workouts: &[PlannedWorkout], exercise: &str) -> Tracking {
    let sets = || workouts.iter().flat_map(|workout| &workout.sets).filter(|set| fold(&set.exercise) == exercise);
    if sets().any(|set| set.reps.is_some()) {
        Tracking::LoadReps
    } else if sets().any(|set| set.distance_mm.is_some()) {
        Tracking::DistanceDuration
    } else {
        Tracking::Duration
    }
}
