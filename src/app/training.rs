//! The workout that is going on: the sheet above every tab, and what its taps become.

use bridge::{Ask, Draft, LastSet, SetLine, Sheet, SheetExercise, SheetSet};
use ledger::{EntityId, Fact, Patch, SetCorrected, SetKind, SetLogged, Unit, WorkoutFinished, WorkoutStarted};
use leptos::prelude::*;

use crate::{
    clock::{entity_id, now_ms, offset_min, today},
    hub::{Hub, use_hub},
    messages as m,
    parts::{Settings, use_settings},
    words,
};

const REST_MS: i64 = 120_000;

#[derive(Clone, Copy)]
pub(crate) struct Training {
    hub: Hub,
    settings: Settings,
    pub(crate) sheet: RwSignal<Option<Sheet>>,
    pub(crate) open: RwSignal<bool>,
    /// Sets whose tick is not on the disk yet.
    pub(crate) pending: RwSignal<Vec<String>>,
    /// Somebody tapped "Start workout" before storage had said whether one is open.
    pub(crate) wanted: RwSignal<Option<String>>,
    /// Sets that the stored sheet shows as logged, until the tables have been asked whether they are.
    unproven: RwSignal<Vec<String>>,
}

pub(crate) fn use_training() -> Training {
    expect_context()
}

/// Which cell of a set the keypad writes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cell {
    Load,
    Reps,
    Rpe,
    Amount,
}

impl Training {
    pub(crate) fn provide() -> Self {
        let hub = use_hub();
        let it = Self {
            hub,
            settings: use_settings(),
            sheet: RwSignal::new(None),
            open: RwSignal::new(false),
            pending: RwSignal::new(Vec::new()),
            wanted: RwSignal::new(None),
            unproven: RwSignal::new(Vec::new()),
        };
        provide_context(it);
        // What storage kept: at the start, and whenever another tab goes on with the workout.
        Effect::new(move |_| {
            let Some(json) = hub.stored_sheet.get() else { return };
            if json.is_empty() {
                it.sheet.set(None);
                it.open.set(false);
            } else if let Ok(stored) = serde_json::from_str::<Sheet>(&json) {
                let newer = it.sheet.with_untracked(|own| own.as_ref().is_none_or(|own| own.version < stored.version));
                if newer {
                    if !hub.projected.get_untracked() {
                        let sets = stored.exercises.iter().flat_map(|exercise| &exercise.sets);
                        it.unproven.set(sets.filter(|set| set.done).map(|set| set.set_id.clone()).collect());
                    }
                    it.sheet.set(Some(stored));
                }
            }
            if let Some(name) = it.wanted.try_update(Option::take).flatten() {
                it.start(&name);
            }
        });
        // A tick that was saved and whose sheet was not: the tables know better than the sheet.
        Effect::new(move |_| {
            if hub.projected.get() {
                it.reconcile();
            }
        });
        it
    }

    fn lb(self) -> bool {
        untrack(|| self.settings.lb())
    }

    /// Changes the sheet and keeps it.
    pub(crate) fn change(self, act: impl FnOnce(&mut Sheet)) {
        self.sheet.update(|sheet| {
            if let Some(sheet) = sheet {
                act(sheet);
                sheet.version += 1;
            }
        });
        self.keep();
    }

    fn keep(self) {
        let json = self.sheet.with_untracked(|sheet| sheet.as_ref().map(serde_json::to_string));
        self.hub.save_sheet(match json {
            Some(Ok(json)) => json,
            _ => String::new(),
        });
    }

    /// Starts an empty workout, or goes on with the one that is open.
    pub(crate) fn start(self, name: &str) {
        if self.hub.stored_sheet.with_untracked(Option::is_none) {
            self.wanted.set(Some(name.to_owned()));
            return;
        }
        if self.sheet.with_untracked(Option::is_some) {
            self.open.set(true);
            return;
        }
        let at_ms = now_ms();
        let workout_id = entity_id();
        let fact = Fact::WorkoutStarted(WorkoutStarted {
            workout_id,
            at_ms,
            offset_min: offset_min(at_ms),
            name: (!name.is_empty()).then(|| name.to_owned()),
            import_id: None,
        });
        self.sheet.set(Some(Sheet {
            workout_id: workout_id.to_string(),
            name: name.to_owned(),
            started_ms: at_ms,
            rest_ms: REST_MS,
            version: at_ms.unsigned_abs(),
            ..Sheet::default()
        }));
        self.keep();
        self.open.set(true);
        self.hub.capture(vec![Draft::mine(fact)], |_| {});
    }

    /// Puts an exercise on the sheet, its sets filled in from last time.
    pub(crate) fn add_exercise(self, exercise_id: &str, name: &str, load_mode: &str, tracking: &str) {
        let params: [(&str, Ask); 2] = [("exercise", exercise_id.into()), ("before_ms", now_ms().into())];
        let lb = self.lb();
        let exercise = SheetExercise {
            exercise_id: exercise_id.to_owned(),
            name: name.to_owned(),
            load_mode: load_mode.to_owned(),
            tracking: tracking.to_owned(),
            unit: words::unit(lb).to_owned(),
            ..SheetExercise::default()
        };
        self.hub.ask::<LastSet>(&params, move |last| {
            let exercise = filled_in(exercise.clone(), &last, lb);
            self.change(|sheet| {
                sheet.exercises.push(exercise);
                sheet.current = sheet.exercises.len() - 1;
            });
        });
    }

    pub(crate) fn add_set(self, at: usize) {
        self.change(|sheet| {
            if let Some(exercise) = sheet.exercises.get_mut(at) {
                let like = exercise.sets.last().cloned().unwrap_or_default();
                exercise.sets.push(SheetSet {
                    set_id: entity_id().to_string(),
                    kind: if like.kind.is_empty() || like.kind == "warmup" { "normal".to_owned() } else { like.kind },
                    load: like.load,
                    reps: like.reps,
                    amount: like.amount,
                    ..SheetSet::default()
                });
            }
        });
    }

    /// Puts warm-up sets before the working sets: two fifths, three fifths and four fifths of the first working load.
    pub(crate) fn add_warmups(self, at: usize) {
        self.change(|sheet| {
            let Some(exercise) = sheet.exercises.get_mut(at) else { return };
            let first = exercise.sets.iter().find(|set| set.kind != "warmup");
            let Some(load) = first.and_then(|set| words::typed(&set.load)).filter(|load| 0 < *load) else { return };
            let step = if exercise.unit == "lb" { 5_000 } else { 2_500 };
            let warmups = [(2, 8), (3, 5), (4, 3)].map(|(fifths, reps): (i64, i64)| SheetSet {
                set_id: entity_id().to_string(),
                kind: "warmup".to_owned(),
                load: words::load(load * fifths / 5 / step * step, false),
                reps: reps.to_string(),
                previous: "–".to_owned(),
                ..SheetSet::default()
            });
            let done = exercise.sets.iter().take_while(|set| set.done).count();
            exercise.sets.splice(done..done, warmups);
        });
    }

    pub(crate) fn note(self, text: String) {
        self.change(|sheet| sheet.note = text);
    }

    /// The tick: one tap logs the set, another takes it back.
    pub(crate) fn tick(self, at: usize, nth: usize) {
        let Some((sheet, set)) = self.set(at, nth) else { return };
        if set.done { self.untick(at, nth, set) } else { self.log(&sheet, at, nth, &set) }
    }

    fn log(self, sheet: &Sheet, at: usize, nth: usize, set: &SheetSet) {
        let exercise = &sheet.exercises[at];
        let Some(fact) = logged(sheet, exercise, at, nth, set) else {
            self.hub.say(m::training::TYPE_FIRST, None);
            return;
        };
        let set_id = set.set_id.clone();
        self.pending.update(|pending| pending.push(set_id.clone()));
        self.change(|sheet| {
            sheet.exercises[at].sets[nth].done = true;
            sheet.rest_ends_ms = Some(now_ms() + sheet.rest_ms);
        });
        self.hub.capture(vec![Draft::mine(Fact::SetLogged(fact))], move |outcome| {
            self.pending.update(|pending| pending.retain(|id| *id != set_id));
            match outcome {
                Ok(rows) => self.mark(&set_id, true, rows.first().map(|row| row.hlc.clone())),
                Err(_) => self.mark(&set_id, false, None),
            }
        });
    }

    fn untick(self, at: usize, nth: usize, set: SheetSet) {
        let Ok(id) = EntityId::parse(&set.set_id) else { return };
        let at_ms = now_ms();
        let fact = Fact::SetRemoved { set_id: id, at_ms, offset_min: offset_min(at_ms) };
        self.hub.capture(vec![Draft::mine(fact).after(set.hlc)], |_| {});
        // The row can be ticked again, as a set of its own.
        self.change(|sheet| {
            if let Some(set) = sheet.exercises.get_mut(at).and_then(|exercise| exercise.sets.get_mut(nth)) {
                set.done = false;
                set.hlc = None;
                set.set_id = entity_id().to_string();
            }
        });
    }

    fn mark(self, set_id: &str, done: bool, hlc: Option<String>) {
        self.change(|sheet| {
            for set in sheet.exercises.iter_mut().flat_map(|exercise| &mut exercise.sets).filter(|set| set.set_id == set_id) {
                set.done = done;
                set.hlc.clone_from(&hlc);
            }
        });
    }

    pub(crate) fn set(self, at: usize, nth: usize) -> Option<(Sheet, SheetSet)> {
        let sheet = self.sheet.get_untracked()?;
        let set = sheet.exercises.get(at)?.sets.get(nth)?.clone();
        Some((sheet, set))
    }

    /// A key went down on the keypad.
    pub(crate) fn type_in(self, at: usize, nth: usize, cell: Cell, text: String) {
        self.change(|sheet| {
            if let Some(set) = sheet.exercises.get_mut(at).and_then(|exercise| exercise.sets.get_mut(nth)) {
                *cell.of(set) = text;
            }
        });
    }

    /// The keypad was closed: what was changed in a set that is logged already becomes a correction.
    pub(crate) fn settle(self, at: usize, nth: usize) {
        let Some((sheet, set)) = self.set(at, nth).filter(|(_, set)| set.done) else { return };
        let Some(now) = logged(&sheet, &sheet.exercises[at], at, nth, &set) else { return };
        let at_ms = now_ms();
        let fact = Fact::SetCorrected(SetCorrected {
            set_kind: Patch::Set(now.set_kind),
            load_g: now.load_g.into(),
            assist_g: now.assist_g.into(),
            reps: now.reps.into(),
            duration_ms: now.duration_ms.into(),
            distance_mm: now.distance_mm.into(),
            rpe10: now.rpe10.into(),
            ..SetCorrected::of(now.set_id, at_ms, offset_min(at_ms))
        });
        let set_id = set.set_id.clone();
        self.hub.capture(vec![Draft::mine(fact).after(set.hlc)], move |outcome| {
            if let Ok(rows) = outcome {
                self.mark(&set_id, true, rows.first().map(|row| row.hlc.clone()));
            }
        });
    }

    pub(crate) fn next_kind(self, at: usize, nth: usize) {
        self.change(|sheet| {
            if let Some(set) = sheet.exercises.get_mut(at).and_then(|exercise| exercise.sets.get_mut(nth)) {
                set.kind = match set.kind.as_str() {
                    "normal" => "warmup",
                    "warmup" => "drop",
                    "drop" => "failure",
                    _ => "normal",
                }
                .to_owned();
            }
        });
        self.settle(at, nth);
    }

    pub(crate) fn remove_set(self, at: usize, nth: usize) {
        let Some((before, set)) = self.set(at, nth) else { return };
        if set.done {
            self.untick(at, nth, set);
        }
        self.change(|sheet| {
            if let Some(exercise) = sheet.exercises.get_mut(at) {
                exercise.sets.remove(nth);
            }
        });
        self.undoable(m::SET_REMOVED, before);
    }

    pub(crate) fn remove_exercise(self, at: usize) {
        let Some(before) = self.sheet.get_untracked() else { return };
        let done: Vec<(usize, SheetSet)> = before
            .exercises
            .get(at)
            .map(|exercise| exercise.sets.iter().cloned().enumerate().filter(|(_, set)| set.done).collect())
            .unwrap_or_default();
        for (nth, set) in done {
            self.untick(at, nth, set);
        }
        self.change(|sheet| {
            sheet.exercises.remove(at);
            sheet.current = sheet.current.min(sheet.exercises.len().saturating_sub(1));
        });
        self.undoable(m::training::EXERCISE_REMOVED, before);
    }

    /// Puts the sheet back as it was; sets that were logged come back by an inverse event.
    fn undoable(self, text: &str, before: Sheet) {
        let undo = Callback::new(move |()| {
            let at_ms = now_ms();
            let restored = before.exercises.iter().flat_map(|exercise| &exercise.sets).filter(|set| set.done);
            let gone = self.sheet.get_untracked();
            let still = |id: &str| sets_of(&gone).any(|set| set.done && set.set_id == id);
            let drafts: Vec<Draft> = restored
                .filter(|set| !still(&set.set_id))
                .filter_map(|set| {
                    let set_id = EntityId::parse(&set.set_id).ok()?;
                    Some(Draft::mine(Fact::SetRestored { set_id, at_ms, offset_min: offset_min(at_ms) }).after(set.hlc.clone()))
                })
                .collect();
            if !drafts.is_empty() {
                self.hub.capture(drafts, |_| {});
            }
            self.change(|sheet| {
                let version = sheet.version;
                *sheet = Sheet { version, ..before.clone() };
            });
        });
        self.hub.say(text, Some(undo));
    }

    pub(crate) fn finish(self, then: impl Fn(String) + 'static) {
        let Some(sheet) = self.sheet.get_untracked() else { return };
        let Ok(workout_id) = EntityId::parse(&sheet.workout_id) else { return };
        if !sheet.exercises.iter().flat_map(|exercise| &exercise.sets).any(|set| set.done) {
            self.discard();
            return;
        }
        let at_ms = now_ms();
        let fact = Fact::WorkoutFinished(WorkoutFinished {
            workout_id,
            at_ms,
            offset_min: offset_min(at_ms),
            note: (!sheet.note.trim().is_empty()).then(|| sheet.note.trim().to_owned()),
            import_id: None,
        });
        self.hub.capture(vec![Draft::mine(fact)], move |outcome| {
            if outcome.is_ok() {
                self.close();
                // Worth protecting from now on. The browser decides silently; the Storage page says how.
                let _ = window().navigator().storage().persist();
                then(workout_id.to_string());
            }
        });
    }

    pub(crate) fn discard(self) {
        let Some(sheet) = self.sheet.get_untracked() else { return };
        let Ok(workout_id) = EntityId::parse(&sheet.workout_id) else { return };
        let at_ms = now_ms();
        let fact = Fact::WorkoutDiscarded { workout_id, at_ms, offset_min: offset_min(at_ms) };
        self.hub.capture(vec![Draft::mine(fact)], |_| {});
        self.close();
        let undo = Callback::new(move |()| {
            let at_ms = now_ms();
            let fact = Fact::WorkoutRestored { workout_id, at_ms, offset_min: offset_min(at_ms) };
            self.hub.capture(vec![Draft::mine(fact)], |_| {});
            self.sheet.set(Some(sheet.clone()));
            self.keep();
            self.open.set(true);
        });
        self.hub.say(m::training::DISCARDED, Some(undo));
    }

    fn close(self) {
        self.open.set(false);
        self.sheet.set(None);
        self.keep();
    }

    /// Goes on with a workout whose sheet is lost: the sets that were logged come from the tables.
    pub(crate) fn resume(self, workout_id: String, name: String, started_ms: i64) {
        self.sheet.set(Some(Sheet {
            workout_id,
            name,
            started_ms,
            rest_ms: REST_MS,
            version: now_ms().unsigned_abs(),
            ..Sheet::default()
        }));
        self.keep();
        self.reconcile();
        self.open.set(true);
    }

    /// Brings the sheet in line with the tables: what they know is ticked, and a tick that the sheet kept for a row that
    /// the disk lost is taken back, so that it can be logged again.
    fn reconcile(self) {
        let Some(workout) = self.sheet.with_untracked(|sheet| sheet.as_ref().map(|sheet| sheet.workout_id.clone())) else { return };
        let lb = self.lb();
        let unproven = self.unproven.try_update(std::mem::take).unwrap_or_default();
        self.hub.ask::<SetLine>(&[("workout", workout.as_str().into())], move |lines| {
            let known = |id: &str| lines.iter().any(|line| line.set_id == id);
            let lost: Vec<&String> = unproven.iter().filter(|id| !known(id)).collect();
            let differs = self.sheet.with_untracked(|sheet| {
                let done = |id: &str| sets_of(sheet).any(|set| set.done && set.set_id == id);
                lines.iter().any(|line| !done(&line.set_id)) || lost.iter().any(|id| done(id))
            });
            if differs {
                self.change(|sheet| {
                    for set in sheet.exercises.iter_mut().flat_map(|exercise| &mut exercise.sets) {
                        if lost.contains(&&set.set_id) {
                            set.done = false;
                            set.hlc = None;
                        }
                    }
                    lines.iter().for_each(|line| take_in(sheet, line, lb));
                });
            }
        });
    }
}

fn sets_of(sheet: &Option<Sheet>) -> impl Iterator<Item = &SheetSet> {
    sheet.iter().flat_map(|sheet| &sheet.exercises).flat_map(|exercise| &exercise.sets)
}

/// Warm-ups have no number: the first working set is 1.
pub(crate) fn set_number(sets: &[SheetSet], nth: usize) -> usize {
    sets.iter().take(nth + 1).filter(|set| set.kind != "warmup").count()
}

impl Cell {
    pub(crate) fn of(self, set: &mut SheetSet) -> &mut String {
        match self {
            Self::Load => &mut set.load,
            Self::Reps => &mut set.reps,
            Self::Rpe => &mut set.rpe,
            Self::Amount => &mut set.amount,
        }
    }

    pub(crate) fn text(self, set: &SheetSet) -> String {
        self.of(&mut set.clone()).clone()
    }
}

/// Which cells an exercise's sets have.
pub(crate) fn cells(tracking: &str) -> &'static [Cell] {
    match tracking {
        "duration" => &[Cell::Amount],
        "distance_duration" => &[Cell::Amount],
        "load_duration" | "load_distance" => &[Cell::Load, Cell::Amount],
        _ => &[Cell::Load, Cell::Reps, Cell::Rpe],
    }
}

pub(crate) fn previous_text(
    load_g: Option<i64>,
    reps: Option<i64>,
    duration_ms: Option<i64>,
    distance_mm: Option<i64>,
    lb: bool,
) -> String {
    match (load_g, reps, duration_ms, distance_mm) {
        (Some(load), Some(reps), ..) if 0 < load => format!("{}×{reps}", words::load(load, lb)),
        (_, Some(reps), ..) => format!("{reps}"),
        (_, _, Some(ms), Some(mm)) => format!("{} {}, {}", words::load(mm / 1000, false), m::units::KM, words::clock(ms)),
        (_, _, Some(ms), None) => words::clock(ms),
        (_, _, None, Some(mm)) => format!("{} {}", words::load(mm / 1000, false), m::units::KM),
        _ => "–".to_owned(),
    }
}

/// A set with its unit: `82.5 kg × 5`.
pub(crate) fn set_text(
    load_g: Option<i64>,
    reps: Option<i64>,
    duration_ms: Option<i64>,
    distance_mm: Option<i64>,
    lb: bool,
) -> String {
    match (load_g, reps) {
        (Some(load), Some(reps)) if 0 < load => format!("{}{}{} × {reps}", words::load(load, lb), words::NARROW, words::unit(lb)),
        (_, Some(reps)) => m::reps(reps),
        _ => previous_text(load_g, reps, duration_ms, distance_mm, lb),
    }
}

/// Last time in one line: when, how many working sets, and the best estimate. What the rows say already is not said
/// again.
fn last_line(last: &[LastSet], lb: bool) -> String {
    let working: Vec<&LastSet> = last.iter().filter(|set| set.set_kind != "warmup").collect();
    let mut parts = Vec::new();
    if let Some(set) = last.first() {
        parts.push(words::day(set.workout_date, today()));
    }
    parts.push(m::sets(working.len() as i64));
    if let Some(best) = working.iter().filter_map(|set| set.e1rm_g).max() {
        parts.push(m::training::estimate(&format!("{}{}{}", words::estimate(best, lb), words::NARROW, words::unit(lb))));
    }
    parts.join(" · ")
}

/// Three empty rows the first time; afterwards what was done last time.
fn filled_in(mut exercise: SheetExercise, last: &[LastSet], lb: bool) -> SheetExercise {
    if last.is_empty() {
        exercise.sets = (0..3)
            .map(|_| SheetSet {
                set_id: entity_id().to_string(),
                kind: "normal".to_owned(),
                previous: "–".to_owned(),
                ..SheetSet::default()
            })
            .collect();
        return exercise;
    }
    exercise.last = last_line(last, lb);
    exercise.sets = last
        .iter()
        .map(|set| SheetSet {
            set_id: entity_id().to_string(),
            kind: set.set_kind.clone(),
            load: set.load_g.or(set.assist_g).map(|load| words::load(load, lb)).unwrap_or_default(),
            reps: set.reps.map(|reps| reps.to_string()).unwrap_or_default(),
            amount: set
                .duration_ms
                .map(|ms| (ms / 1000).to_string())
                .or(set.distance_mm.map(|mm| (mm / 1000).to_string()))
                .unwrap_or_default(),
            previous: previous_text(set.load_g.or(set.assist_g), set.reps, set.duration_ms, set.distance_mm, lb),
            ..SheetSet::default()
        })
        .collect();
    exercise
}

/// A logged set that the sheet does not show as done.
fn take_in(sheet: &mut Sheet, line: &SetLine, lb: bool) {
    let known = sheet.exercises.iter_mut().flat_map(|exercise| &mut exercise.sets).find(|set| set.set_id == line.set_id);
    if let Some(set) = known {
        set.done = true;
        set.hlc = Some(line.hlc.clone());
        return;
    }
    let set = SheetSet {
        set_id: line.set_id.clone(),
        kind: line.set_kind.clone(),
        load: line.load_g.or(line.assist_g).map(|load| words::load(load, lb)).unwrap_or_default(),
        reps: line.reps.map(|reps| reps.to_string()).unwrap_or_default(),
        rpe: line.rpe10.map(words::tenths).unwrap_or_default(),
        amount: line.duration_ms.map(|ms| (ms / 1000).to_string()).unwrap_or_default(),
        previous: "–".to_owned(),
        done: true,
        hlc: Some(line.hlc.clone()),
    };
    match sheet.exercises.iter_mut().find(|exercise| exercise.exercise_id == line.exercise_id) {
        Some(exercise) => {
            let at = exercise.sets.iter().take_while(|set| set.done).count();
            exercise.sets.insert(at, set);
        }
        None => sheet.exercises.push(SheetExercise {
            exercise_id: line.exercise_id.clone(),
            name: line.name.clone().unwrap_or_else(|| line.exercise_id.clone()),
            load_mode: line.load_mode.clone(),
            tracking: line.tracking.clone(),
            unit: words::unit(lb).to_owned(),
            sets: vec![set],
            last: String::new(),
        }),
    }
}

/// What a row of the sheet says, as a fact; `None` while it says too little.
fn logged(sheet: &Sheet, exercise: &SheetExercise, at: usize, nth: usize, set: &SheetSet) -> Option<SetLogged> {
    let at_ms = now_ms();
    let lb = exercise.unit == "lb";
    let load = words::grams(&set.load, lb);
    let whole = |text: &str| words::typed(text).map(|thousandths| thousandths / 1000);
    let reps = whole(&set.reps);
    let amount = whole(&set.amount);
    let (duration_ms, distance_mm) = match exercise.tracking.as_str() {
        "duration" | "load_duration" => (amount.map(|seconds| seconds * 1000), None),
        "distance_duration" | "load_distance" => (None, amount.map(|metres| metres * 1000)),
        _ => (None, None),
    };
    if reps.is_none() && duration_ms.is_none() && distance_mm.is_none() {
        return None;
    }
    let assisted = exercise.load_mode == "assisted";
    Some(SetLogged {
        set_id: EntityId::parse(&set.set_id).ok()?,
        workout_id: EntityId::parse(&sheet.workout_id).ok()?,
        exercise_id: exercise.exercise_id.clone(),
        exercise_no: at as i64 + 1,
        set_no: nth as i64 + 1,
        at_ms,
        offset_min: offset_min(at_ms),
        set_kind: match set.kind.as_str() {
            "warmup" => SetKind::Warmup,
            "drop" => SetKind::Drop,
            "failure" => SetKind::Failure,
            _ => SetKind::Normal,
        },
        unit: if lb { Unit::Lb } else { Unit::Kg },
        load_g: load.filter(|_| !assisted),
        bodyweight_g: None,
        assist_g: load.filter(|_| assisted),
        reps,
        duration_ms,
        distance_mm,
        rpe10: words::typed(&set.rpe).map(|rpe| rpe / 100),
        rir: None,
        side: None,
        note: None,
        rest_ms: None,
        import_id: None,
    })
}
