//! From a plan to drafts: what the storage worker is asked to write down.

use std::collections::{BTreeMap, BTreeSet};

use bridge::{Choices, Draft, PlannedSet, PlannedWorkout};
use ledger::{
    EntityId, ExerciseDefined, Fact, ImportRecorded, LoadMode, SetLogged, Tracking, Unit, WorkoutFinished, WorkoutStarted,
};

use crate::{
    names::{NameBook, fold},
    strong::{Planned, set_id, workout_id},
};

/// What earlier imports brought.
#[derive(Debug, Clone, Default)]
pub struct Known {
    standing: BTreeSet<EntityId>,
}

impl Known {
    /// `(set, whether its import was undone)`.
    pub fn new(sets: impl Iterator<Item = (EntityId, bool)>) -> Self {
        Self { standing: sets.filter(|(_, undone)| !undone).map(|(id, _)| id).collect() }
    }

    pub fn stands(&self, set: EntityId) -> bool {
        self.standing.contains(&set)
    }
}

/// Everything to be written, in chunks that each make sense alone: the import itself, new exercises, then workouts, whole.
pub fn drafts(
    planned: &Planned,
    choices: &Choices,
    names: &NameBook,
    known: &Known,
    import_id: EntityId,
    chunk_min: usize,
) -> Vec<Vec<Draft>> {
    let unit = choices.unit.unwrap_or_default();
    let (now_ms, offset_min) = (choices.now_ms, choices.offset_min);
    let plan = &planned.plan;
    let mut chunk = vec![Draft::mine(Fact::ImportRecorded(ImportRecorded {
        import_id,
        source: plan.source.clone(),
        file_name: plan.file_name.chars().take(200).collect(),
        file_hash: plan.file_hash.clone(),
        rows_read: plan.rows_read as i64,
        rows_accepted: (plan.rows_read - plan.rejected) as i64,
        rows_rejected: plan.rejected as i64,
        at_ms: now_ms,
        offset_min,
    }))];

    // Names that somebody chose are remembered; names that nobody knows become exercises of their own.
    let mut ids: BTreeMap<String, String> = BTreeMap::new();
    for name in &plan.names {
        let chosen = choices.names.iter().find(|(written, _)| fold(written) == fold(&name.written));
        let id = match name.exercise_id.as_deref().filter(|id| !id.is_empty()) {
            Some(id) => {
                if chosen.is_some() {
                    chunk.push(Draft::mine(Fact::ExerciseNamed {
                        alias: name.written.clone(),
                        exercise_id: id.to_owned(),
                        at_ms: now_ms,
                        offset_min,
                    }));
                }
                id.to_owned()
            }
            None => {
                let exercise_id = EntityId::v5("exercise", &fold(&name.written));
                if names.by_id(&exercise_id.to_string()).is_none() {
                    chunk.push(Draft::mine(Fact::ExerciseDefined(ExerciseDefined {
                        exercise_id,
                        name: name.written.trim().chars().take(200).collect(),
                        equipment: "other".to_owned(),
                        load_mode: LoadMode::External,
                        tracking: tracking_of(&planned.workouts, &fold(&name.written)),
                        muscles: Vec::new(),
                        at_ms: now_ms,
                        offset_min,
                    })));
                }
                exercise_id.to_string()
            }
        };
        ids.insert(fold(&name.written), id);
    }

    let mut chunks = Vec::new();
    for workout in &planned.workouts {
        let fresh: Vec<&PlannedSet> = workout.sets.iter().filter(|set| !known.stands(set_id(workout, set))).collect();
        if fresh.is_empty() {
            continue;
        }
        let workout_id = workout_id(workout);
        let name: String = workout.name.chars().take(200).collect();
        chunk.push(Draft::mine(Fact::WorkoutStarted(WorkoutStarted {
            workout_id,
            at_ms: workout.started_ms,
            offset_min,
            name: (!name.is_empty()).then_some(name),
            import_id: Some(import_id),
        })));
        for set in fresh {
            let exercise_id = ids.get(&fold(&set.exercise)).cloned().unwrap_or_default();
            chunk.push(Draft::mine(Fact::SetLogged(set_logged(
                workout,
                set,
                workout_id,
                exercise_id,
                unit,
                offset_min,
                import_id,
            ))));
        }
        chunk.push(Draft::mine(Fact::WorkoutFinished(WorkoutFinished {
            workout_id,
            at_ms: workout.finished_ms.unwrap_or(workout.started_ms),
            offset_min,
            note: workout.note.as_ref().map(|note| note.chars().take(4000).collect()),
            import_id: Some(import_id),
        })));
        if chunk_min <= chunk.len() {
            chunks.push(std::mem::take(&mut chunk));
        }
    }
    if !chunk.is_empty() {
        chunks.push(chunk);
    }
    chunks
}

fn set_logged(
    workout: &PlannedWorkout,
    set: &PlannedSet,
    workout_id: EntityId,
    exercise_id: String,
    unit: Unit,
    offset_min: i32,
    import_id: EntityId,
) -> SetLogged {
    SetLogged {
        set_id: set_id(workout, set),
        workout_id,
        exercise_id,
        exercise_no: set.exercise_no,
        set_no: set.set_no,
        at_ms: workout.started_ms,
        offset_min,
        set_kind: set.kind,
        unit,
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
