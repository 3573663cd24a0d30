//! Logs of training from a seed.

use bridge::{Draft, DraftScope};
use engine::Value;
use ledger::{
    BodyWeight, EntityId, Entropy as _, ExerciseChanged, ExerciseDefined, Fact, LoadMode, Message, Muscle, Patch, SetCorrected,
    SetKind, SetLogged, Tracking, Unit, WorkoutFinished, WorkoutStarted,
};

use crate::Scribe;

/// A log of training as a careless person makes it: edits, removals, clocks that are wrong, imports taken back.
pub fn careless_log(seed: u64, workouts: u64) -> Scribe {
    const EXERCISES: [&str; 7] = [
        "bench-press-barbell",
        "squat-barbell",
        "deadlift-barbell",
        "pull-up",
        "pull-up-assisted",
        "lateral-raise-dumbbell",
        "plank",
    ];
    let mut it = Scribe::new(seed);
    let mut now = 1_704_100_000_000_u64;
    let room = it.random.entity_id(now);
    let person = it.device.identity().person;
    let own_exercise = it.random.entity_id(now);
    let correction = |set_id, at_ms| SetCorrected::of(set_id, at_ms, 60);
    let mut sets: Vec<(EntityId, String)> = Vec::new();
    let mut import_id = None;
    let mut weighings: Vec<EntityId> = Vec::new();
    let other = it.random.entity_id(now);
    for nth in 0..workouts {
        now += 86_400_000 + it.random.below(86_400_000);
        // For a while somebody logs on a second device, and only later says that it is the same person.
        if 3 <= workouts && nth == workouts / 3 {
            it.device.act_for(other);
        }
        if 3 <= workouts && nth == 2 * workouts / 3 {
            let fact = Fact::PersonLinked { user_id: person, at_ms: now as i64, offset_min: 60 };
            it.write(now, vec![Draft::mine(fact)]);
            it.device.act_for(person);
        }
        // Sometimes the clock is in 1970 or in 2099.
        let wall = match it.random.below(20) {
            0 => it.random.below(1_000_000),
            1 => 4_070_908_800_000 + it.random.below(1_000_000),
            _ => now,
        };
        if it.random.one_in(10) {
            import_id = Some(it.random.entity_id(now));
        }
        let workout_id = it.random.entity_id(now);
        let at_ms = now as i64;
        let started = it.write(
            wall,
            vec![Draft::mine(Fact::WorkoutStarted(WorkoutStarted {
                workout_id,
                at_ms,
                offset_min: 60,
                name: (!it.random.clone().one_in(3)).then(|| format!("Workout {nth}")),
                import_id,
            }))],
        );
        // Whoever removes a workout has seen it, and says so, whatever the clocks are.
        let started = Some(started[0].hlc.to_string());
        let mut ids: Vec<String> = EXERCISES.iter().map(|id| (*id).to_owned()).collect();
        ids.push(own_exercise.to_string());
        it.random.shuffle(&mut ids);
        let exercises = 1 + it.random.below(4) as usize;
        for (at, exercise_id) in ids.into_iter().take(exercises).enumerate() {
            for set_no in 1..=1 + it.random.below(4) as i64 {
                let set_id = it.random.entity_id(now);
                let rpe10 = it.random.one_in(2).then(|| 60 + 5 * it.random.below(9) as i64);
                let (plank, assisted) = (exercise_id == "plank", exercise_id == "pull-up-assisted");
                let load = 20_000 + 2_500 * it.random.below(40) as i64;
                let fact = Fact::SetLogged(SetLogged {
                    set_kind: *it.random.pick(&[SetKind::Warmup, SetKind::Normal, SetKind::Normal, SetKind::Failure]),
                    load_g: (!plank && !assisted).then_some(load),
                    assist_g: assisted.then_some(load),
                    bodyweight_g: it.random.one_in(3).then_some(80_000),
                    reps: (!plank).then(|| 1 + it.random.below(18) as i64),
                    duration_ms: plank.then_some(60_000),
                    rpe10,
                    note: it.random.one_in(8).then(|| "grip, “hard”".to_owned()),
                    import_id,
                    ..set(set_id, workout_id, &exercise_id, (at, set_no), at_ms + set_no * 120_000)
                });
                let row = it.write(wall, vec![Draft::mine(fact)]).remove(0);
                sets.push((set_id, row.hlc.to_string()));
            }
        }
        let finish = Fact::WorkoutFinished(WorkoutFinished {
            workout_id,
            // What was imported may not say how long it took.
            at_ms: at_ms + if import_id.is_some() && nth % 3 == 0 { 0 } else { 3_600_000 + it.random.below(1_800_000) as i64 },
            offset_min: 60,
            note: None,
            import_id,
        });
        it.write(wall, vec![Draft::mine(finish)]);
        for _ in 0..it.random.below(4) {
            let at = it.random.below(sets.len() as u64) as usize;
            let (set_id, seen) = sets[at].clone();
            let fact = match it.random.below(6) {
                0 => Fact::SetRemoved { set_id, at_ms, offset_min: 60 },
                1 => Fact::SetRestored { set_id, at_ms, offset_min: 60 },
                2 => Fact::SetCorrected(SetCorrected { rpe10: Patch::Clear, note: Patch::Clear, ..correction(set_id, at_ms) }),
                3 => Fact::SetCorrected(SetCorrected { set_kind: Patch::Set(SetKind::Drop), ..correction(set_id, at_ms) }),
                _ => Fact::SetCorrected(SetCorrected {
                    load_g: Patch::Set(30_000 + 1_000 * it.random.below(100) as i64),
                    reps: Patch::Set(1 + it.random.below(12) as i64),
                    ..correction(set_id, at_ms)
                }),
            };
            let row = it.write(now, vec![Draft::mine(fact).after(Some(seen))]).remove(0);
            sets[at].1 = row.hlc.to_string();
        }
        let extra = match it.random.below(16) {
            0 => Some(Draft::mine(Fact::WorkoutRemoved { workout_id, at_ms, offset_min: 60 }).after(started)),
            1 => Some(Draft::mine(Fact::WorkoutDiscarded { workout_id, at_ms, offset_min: 60 }).after(started)),
            2 => import_id.map(|import_id| Draft::mine(Fact::ImportUndone { import_id, at_ms, offset_min: 60 })),
            // Weighed today, some other day that is written down late, or corrected.
            3 | 7 | 8 => {
                let known = weighings.last().filter(|_| it.random.clone().one_in(3)).copied();
                let weighing_id = known.unwrap_or_else(|| it.random.entity_id(now));
                weighings.push(weighing_id);
                Some(Draft::mine(Fact::BodyWeightLogged(BodyWeight {
                    weighing_id,
                    weight_g: 80_000 + it.random.below(3_000) as i64,
                    unit: Unit::Kg,
                    at_ms: at_ms - 86_400_000 * it.random.below(20) as i64 - nth as i64,
                    offset_min: 60,
                })))
            }
            9 => weighings.first().map(|id| Draft::mine(Fact::BodyWeightRemoved { weighing_id: *id, at_ms, offset_min: 60 })),
            10 => {
                let change = ExerciseChanged::of(own_exercise, at_ms, 60);
                Some(Draft::mine(Fact::ExerciseChanged(match it.random.below(4) {
                    0 => ExerciseChanged { name: Some(format!("Landmine {nth}")), ..change },
                    1 => ExerciseChanged { archived: Some(it.random.one_in(2)), ..change },
                    2 => ExerciseChanged { merged_into: Patch::Clear, ..change },
                    _ => ExerciseChanged { merged_into: Patch::Set("squat-barbell".to_owned()), ..change },
                })))
            }
            4 => Some(Draft::mine(Fact::ExerciseDefined(ExerciseDefined {
                exercise_id: own_exercise,
                name: format!("Landmine thing {nth}"),
                equipment: "barbell".to_owned(),
                load_mode: LoadMode::External,
                tracking: Tracking::LoadReps,
                muscles: vec![
                    Muscle { muscle: "chest".to_owned(), weight_tenths: 10 },
                    Muscle { muscle: "triceps".to_owned(), weight_tenths: 5 },
                ],
                at_ms,
                offset_min: 60,
            }))),
            5 => Some(Draft {
                scope: DraftScope::Room(room),
                fact: Fact::MessagePosted(Message {
                    message_id: it.random.entity_id(now),
                    channel: "main".to_owned(),
                    sender: person,
                    thread: None,
                    text: format!("note {nth}"),
                    at_ms,
                    offset_min: 60,
                }),
                seen: None,
            }),
            6 => Some(Draft::mine(Fact::ProfileChanged { name: format!("Mia {nth}"), at_ms, offset_min: 60 })),
            _ => None,
        };
        if let Some(extra) = extra {
            it.write(now, vec![extra]);
        }
    }
    it
}

/// A log as most people's will look after years: four workouts a week, twenty-odd sets in each, forty exercises in turn,
/// some corrections, hardly a removal. As many events as asked for, within one workout.
pub fn steady_log(seed: u64, events: u64) -> Scribe {
    let catalog = crate::prebuilt().remove("exercise_catalog").expect("a prebuilt table");
    let of_reps: Vec<String> = (0..catalog.rows())
        .filter(|row| match catalog.value("tracking", *row) {
            Value::Text(tracking) => matches!(tracking.as_str(), "load_reps" | "bodyweight_reps"),
            _ => false,
        })
        .filter_map(|row| if let Value::Text(id) = catalog.value("exercise_id", row) { Some(id) } else { None })
        .collect();
    let mut it = Scribe::new(seed);
    let exercises: Vec<&String> = of_reps.iter().step_by(of_reps.len() / 40).take(39).collect();
    let favourite = "bench-press-barbell".to_owned();
    let mut now = 1_704_100_000_000_u64;
    let mut last: Vec<(EntityId, String)> = Vec::new();
    for nth in 0_u64.. {
        if events <= it.rows.len() as u64 {
            break;
        }
        now += 129_600_000 + it.random.below(43_200_000);
        let workout_id = it.random.entity_id(now);
        let at_ms = now as i64;
        let plan = ["Push", "Pull", "Legs", "Upper"][nth as usize % 4];
        let name = Some(plan.to_owned());
        let start = Fact::WorkoutStarted(WorkoutStarted { workout_id, at_ms, offset_min: 60, name, import_id: None });
        it.write(now, vec![Draft::mine(start)]);
        let mut ids: Vec<&String> = exercises.iter().copied().skip(nth as usize % 4 * 9).take(9).collect();
        it.random.shuffle(&mut ids);
        if nth % 2 == 0 {
            ids.insert(0, &favourite);
        }
        let mut clock = now;
        for (at, exercise_id) in ids.into_iter().take(5).enumerate() {
            // Loads grow over the years, and from day to day they wander.
            let load_g = 30_000 + 2_500 * (nth as i64 / 120 % 30 + it.random.below(5) as i64);
            for set_no in 1..=4 + it.random.below(2) as i64 {
                clock += 150_000;
                let set_id = it.random.entity_id(clock);
                let fact = Fact::SetLogged(SetLogged {
                    set_kind: if set_no == 1 { SetKind::Warmup } else { SetKind::Normal },
                    load_g: Some(load_g),
                    reps: Some(5 + it.random.below(6) as i64),
                    rpe10: it.random.one_in(4).then(|| 70 + 5 * it.random.below(6) as i64),
                    rest_ms: Some(120_000),
                    ..set(set_id, workout_id, exercise_id, (at, set_no), clock as i64)
                });
                let row = it.write(clock, vec![Draft::mine(fact)]).remove(0);
                last.push((set_id, row.hlc.to_string()));
            }
        }
        let finish = WorkoutFinished { workout_id, at_ms: clock as i64, offset_min: 60, note: None, import_id: None };
        it.write(clock, vec![Draft::mine(Fact::WorkoutFinished(finish))]);
        // A slip of the thumb is mended on the same day.
        let (set_id, seen) = it.random.pick(&last).clone();
        let at_ms = clock as i64;
        let slip = match it.random.below(8) {
            0 => Fact::SetRemoved { set_id, at_ms, offset_min: 60 },
            1..4 => Fact::SetCorrected(SetCorrected { reps: Patch::Set(8), ..SetCorrected::of(set_id, at_ms, 60) }),
            4 => Fact::BodyWeightLogged(BodyWeight {
                weighing_id: it.random.entity_id(clock),
                weight_g: 80_000 + it.random.below(3_000) as i64,
                unit: Unit::Kg,
                at_ms,
                offset_min: 60,
            }),
            _ => Fact::WorkoutRestored { workout_id, at_ms, offset_min: 60 },
        };
        let seen = matches!(slip, Fact::SetRemoved { .. } | Fact::SetCorrected(_)).then_some(seen);
        it.write(clock, vec![Draft::mine(slip).after(seen)]);
        last.clear();
    }
    it
}

/// A set of which nothing is known but where it stands: the nth exercise, the nth set of it.
fn set(set_id: EntityId, workout_id: EntityId, exercise_id: &str, (at, set_no): (usize, i64), at_ms: i64) -> SetLogged {
    SetLogged {
        set_id,
        workout_id,
        exercise_id: exercise_id.to_owned(),
        exercise_no: at as i64 + 1,
        set_no,
        at_ms,
        offset_min: 60,
        set_kind: SetKind::Normal,
        unit: Unit::Kg,
        load_g: None,
        bodyweight_g: None,
        assist_g: None,
        reps: None,
        duration_ms: None,
        distance_mm: None,
        rpe10: None,
        rir: None,
        side: None,
        note: None,
        rest_ms: None,
        import_id: None,
    }
}
