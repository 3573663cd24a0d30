//! One person's log, said in few words, and its tables under every law.

use bridge::Draft;
use engine::{Params, Store, Table, Value};
use ledger::{
    BodyWeight, EntityId, Entropy as _, ExerciseChanged, ExerciseDefined, Fact, LoadMode, Row, SetKind, SetLogged, Tracking, Unit,
    WorkoutFinished, WorkoutStarted,
};
use tests::{Scribe, Seeded, store};

/// 2026-03-02, a Monday, 18:00 in UTC.
pub const MONDAY: i64 = 1_772_474_400_000;
pub const MINUTE: i64 = 60_000;
pub const DAY: i64 = 86_400_000;

pub struct Lifter {
    pub scribe: Scribe,
    pub offset_min: i32,
    clock: u64,
    sets: i64,
}

impl Lifter {
    pub fn new(seed: u64) -> Self {
        Self { scribe: Scribe::new(seed), offset_min: 0, clock: MONDAY as u64, sets: 0 }
    }

    pub fn id(&mut self) -> EntityId {
        self.scribe.random.entity_id(MONDAY as u64)
    }

    /// Says something; each word is later than the one before, whatever day it is about.
    pub fn say(&mut self, fact: Fact) -> Row {
        self.clock += 1000;
        self.scribe.write(self.clock, vec![Draft::mine(fact)]).remove(0)
    }

    pub fn start(&mut self, at_ms: i64) -> EntityId {
        let (workout_id, offset_min) = (self.id(), self.offset_min);
        self.say(Fact::WorkoutStarted(WorkoutStarted { workout_id, at_ms, offset_min, name: None, import_id: None }));
        workout_id
    }

    pub fn finish(&mut self, workout_id: EntityId, at_ms: i64) {
        let offset_min = self.offset_min;
        self.say(Fact::WorkoutFinished(WorkoutFinished { workout_id, at_ms, offset_min, note: None, import_id: None }));
    }

    /// A set of so many repetitions; `more` says what moved.
    pub fn set(
        &mut self,
        workout_id: EntityId,
        exercise: &str,
        at_ms: i64,
        reps: i64,
        more: impl FnOnce(&mut SetLogged),
    ) -> EntityId {
        self.sets += 1;
        let mut set = SetLogged {
            set_id: self.id(),
            workout_id,
            exercise_id: exercise.to_owned(),
            exercise_no: 1,
            set_no: self.sets,
            at_ms,
            offset_min: self.offset_min,
            set_kind: SetKind::Normal,
            unit: Unit::Kg,
            load_g: None,
            bodyweight_g: None,
            assist_g: None,
            reps: Some(reps),
            duration_ms: None,
            distance_mm: None,
            rpe10: None,
            rir: None,
            side: None,
            note: None,
            rest_ms: None,
            import_id: None,
        };
        more(&mut set);
        let set_id = set.set_id;
        self.say(Fact::SetLogged(set));
        set_id
    }

    /// A workout of an hour with one set in it.
    pub fn one_set(&mut self, exercise: &str, at_ms: i64, reps: i64, more: impl FnOnce(&mut SetLogged)) -> EntityId {
        let workout = self.start(at_ms);
        let set = self.set(workout, exercise, at_ms + 5 * MINUTE, reps, more);
        self.finish(workout, at_ms + 60 * MINUTE);
        set
    }

    pub fn weigh(&mut self, weighing_id: EntityId, at_ms: i64, weight_g: i64) {
        let offset_min = self.offset_min;
        self.say(Fact::BodyWeightLogged(BodyWeight { weighing_id, weight_g, unit: Unit::Kg, at_ms, offset_min }));
    }

    pub fn define(&mut self, name: &str, load_mode: LoadMode) -> EntityId {
        let exercise_id = self.id();
        self.say(Fact::ExerciseDefined(ExerciseDefined {
            exercise_id,
            name: name.to_owned(),
            equipment: "other".to_owned(),
            load_mode,
            tracking: Tracking::LoadReps,
            muscles: vec![ledger::Muscle { muscle: "chest".to_owned(), weight_tenths: 10 }],
            at_ms: MONDAY,
            offset_min: 0,
        }));
        exercise_id
    }

    pub fn change(&mut self, exercise: EntityId, change: impl FnOnce(&mut ExerciseChanged)) -> Row {
        let mut it = ExerciseChanged::of(exercise, MONDAY, 0);
        change(&mut it);
        let fact = Fact::ExerciseChanged(it);
        fact.check(&ledger::Scope::Person(exercise)).expect("a possible change");
        self.say(fact)
    }

    pub fn tables(&self) -> Store {
        lawful(&self.scribe.rows)
    }

    pub fn user(&self) -> String {
        self.scribe.user()
    }
}

/// The tables of some rows: those that a rebuild makes, and refreshes too, row by row and in whatever order they arrive.
pub fn lawful(rows: &[Row]) -> Store {
    let mut rebuilt = store();
    rebuilt.add_rows(ledger::clear_rows(rows));
    rebuilt.rebuild().expect("rebuild");
    let want = rebuilt.hashes();
    for seed in 0..5 {
        let mut arrival = rows.to_vec();
        if 0 < seed {
            Seeded(seed).shuffle(&mut arrival);
        }
        let mut store = store();
        store.rebuild().expect("rebuild");
        for row in &arrival {
            store.add_rows(ledger::clear_rows(std::slice::from_ref(row)));
            store.refresh().expect("refresh");
        }
        let differ: Vec<String> =
            store.hashes().into_iter().filter(|(name, hash)| want[name] != *hash).map(|(name, _)| name).collect();
        assert!(differ.is_empty(), "a refresh is not a rebuild, arrival {seed}: {differ:?}");
    }
    rebuilt
}

/// The cells of some columns, row by row, sorted.
pub fn cells(table: &Table, columns: &[&str]) -> Vec<Vec<Value>> {
    let mut rows: Vec<Vec<Value>> =
        (0..table.rows()).map(|row| columns.iter().map(|column| table.value(column, row)).collect()).collect();
    rows.sort_by_key(|row| format!("{row:?}"));
    rows
}

pub fn of(store: &Store, table: &str, columns: &[&str]) -> Vec<Vec<Value>> {
    cells(&store.table(table).expect("built"), columns)
}

pub fn ask(store: &Store, question: &str, params: Params) -> Table {
    store.ask(question, &params).expect("the question runs")
}

pub fn int(n: i64) -> Value {
    Value::Int(n)
}

pub fn text(text: &str) -> Value {
    Value::Text(text.to_owned())
}
