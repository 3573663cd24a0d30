//! What the tests across rooms share: a seeded source of chance, a device that writes rows, and an engine to fill.
//!
//! Belongs: builders and figures worked out in a second way. Never: private items of a room.

#[path = "random_query.rs"]
pub mod random_query;
#[path = "sql_support.rs"]
pub mod sql;

use std::collections::BTreeMap;

use bridge::Draft;
use device::{Device, Identity};
use engine::{Store, Table};
use ledger::{Entropy, LaneId, Row, Stamp};

/// SplitMix64 (Steele, Lea, Flood 2014): small, seeded, good enough for tests.
#[derive(Debug, Clone)]
pub struct Seeded(pub u64);

impl Seeded {
    pub fn number(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub fn below(&mut self, n: u64) -> u64 {
        self.number() % n
    }

    pub fn one_in(&mut self, n: u64) -> bool {
        self.below(n) == 0
    }

    pub fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[self.below(from.len() as u64) as usize]
    }

    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for at in (1..items.len()).rev() {
            items.swap(at, self.below(at as u64 + 1) as usize);
        }
    }
}

impl Entropy for Seeded {
    fn fill(&mut self, bytes: &mut [u8]) {
        for byte in bytes {
            *byte = self.number() as u8;
        }
    }
}

/// A device whose rows land in a list.
pub struct Scribe {
    pub device: Device,
    pub random: Seeded,
    pub rows: Vec<Row>,
}

impl Scribe {
    pub fn new(seed: u64) -> Self {
        let mut random = Seeded(seed);
        let identity = Identity::mint(1_700_000_000_000, &mut random);
        Self { device: Device::new(identity, LaneId::number(0), BTreeMap::new()), random, rows: Vec::new() }
    }

    pub fn user(&self) -> String {
        self.device.identity().person.to_string()
    }

    pub fn write(&mut self, utc_ms: u64, drafts: Vec<Draft>) -> Vec<Row> {
        let stamp = Stamp { utc_ms, offset_min: 60 };
        if self.device.needs_session(&stamp, false) {
            self.device.begin_session(&stamp, false, &mut self.random);
        }
        let batch = self.device.capture(&stamp, &mut self.random, drafts).expect("the drafts are sound");
        self.device.saved(&batch);
        self.rows.extend(batch.rows.iter().cloned());
        batch.rows
    }
}

pub fn prebuilt() -> BTreeMap<String, Table> {
    engine::prebuild().expect("the prebuilt models run")
}

pub fn store() -> Store {
    Store::new(prebuilt()).expect("the models are sound")
}

/// A log of training as a careless person makes it: edits, removals, clocks that are wrong, imports taken back.
pub fn careless_log(seed: u64, workouts: u64) -> Scribe {
    use ledger::{
        BodyWeight, EntityId, ExerciseDefined, Fact, LoadMode, Message, Muscle, Patch, SetCorrected, SetKind, SetLogged, Tracking,
        Unit, WorkoutFinished, WorkoutStarted,
    };
    const EXERCISES: [&str; 6] =
        ["bench-press-barbell", "squat-barbell", "deadlift-barbell", "pull-up", "lateral-raise-dumbbell", "plank"];
    let mut it = Scribe::new(seed);
    let mut now = 1_704_100_000_000_u64;
    let room = it.random.entity_id(now);
    let person = it.device.identity().person;
    let own_exercise = it.random.entity_id(now);
    let correction = |set_id, at_ms| SetCorrected::of(set_id, at_ms, 60);
    let mut sets: Vec<(EntityId, String)> = Vec::new();
    let mut import_id = None;
    for nth in 0..workouts {
        now += 86_400_000 + it.random.below(86_400_000);
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
        it.write(
            wall,
            vec![Draft::mine(Fact::WorkoutStarted(WorkoutStarted {
                workout_id,
                at_ms,
                offset_min: 60,
                name: (!it.random.clone().one_in(3)).then(|| format!("Workout {nth}")),
                import_id,
            }))],
        );
        let mut ids: Vec<String> = EXERCISES.iter().map(|id| (*id).to_owned()).collect();
        ids.push(own_exercise.to_string());
        it.random.shuffle(&mut ids);
        let exercises = 1 + it.random.below(4) as usize;
        for (at, exercise_id) in ids.into_iter().take(exercises).enumerate() {
            for set_no in 1..=1 + it.random.below(4) as i64 {
                let set_id = it.random.entity_id(now);
                let rpe10 = it.random.one_in(2).then(|| 60 + 5 * it.random.below(9) as i64);
                let plank = exercise_id == "plank";
                let fact = Fact::SetLogged(SetLogged {
                    set_id,
                    workout_id,
                    exercise_id: exercise_id.clone(),
                    exercise_no: at as i64 + 1,
                    set_no,
                    at_ms: at_ms + set_no * 120_000,
                    offset_min: 60,
                    set_kind: *it.random.pick(&[SetKind::Warmup, SetKind::Normal, SetKind::Normal, SetKind::Failure]),
                    unit: Unit::Kg,
                    load_g: (!plank).then(|| 20_000 + 2_500 * it.random.below(40) as i64),
                    bodyweight_g: it.random.one_in(2).then_some(80_000),
                    assist_g: None,
                    reps: (!plank).then(|| 1 + it.random.below(18) as i64),
                    duration_ms: plank.then_some(60_000),
                    distance_mm: None,
                    rpe10,
                    rir: None,
                    side: None,
                    note: it.random.one_in(8).then(|| "grip, “hard”".to_owned()),
                    rest_ms: None,
                    import_id,
                });
                let row = it.write(wall, vec![Draft::mine(fact)]).remove(0);
                sets.push((set_id, row.hlc.to_string()));
            }
        }
        let finish = Fact::WorkoutFinished(WorkoutFinished {
            workout_id,
            at_ms: at_ms + 3_600_000 + it.random.below(1_800_000) as i64,
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
        let extra = match it.random.below(12) {
            0 => Some(Draft::mine(Fact::WorkoutRemoved { workout_id, at_ms, offset_min: 60 })),
            1 => Some(Draft::mine(Fact::WorkoutDiscarded { workout_id, at_ms, offset_min: 60 })),
            2 => import_id.map(|import_id| Draft::mine(Fact::ImportUndone { import_id, at_ms, offset_min: 60 })),
            3 => Some(Draft::mine(Fact::BodyWeightLogged(BodyWeight {
                weighing_id: it.random.entity_id(now),
                weight_g: 80_000 + it.random.below(3_000) as i64,
                unit: Unit::Kg,
                at_ms,
                offset_min: 60,
            }))),
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
                scope: bridge::DraftScope::Room(room),
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
