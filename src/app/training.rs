//! The workout that is going on: the sheet above every tab, and what its taps become.

use bridge::{Ask, LastSet, SetLine, Sheet, SheetExercise, SheetSet, named};
use ledger::{Patch, SetCorrected, SetKind};
use leptos::prelude::*;

use crate::{
    actions::{
        self,
        set::{Known, Said},
        workout::Described,
    },
    clock::{entity_id, now_ms},
    hub::{Hub, use_hub},
    json, messages as m,
    parts::{Settings, use_settings},
    reactive::effect,
    sheet::{
        Cell, Figures, Taken, begins_rest, correction, figure, figures, fill_next, filled_in, in_lb, next_cell, next_set, one_more,
        place_of, put_back, reconciled, repeated, sets_of, take,
    },
    words,
};

const REST_MS: i64 = 120_000;
/// How long a finished workout can be gone on with.
pub(crate) const RESUME_MS: i64 = 600_000;

/// Exercise, set and cell.
pub(crate) type Place = (usize, usize, Cell);

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
    /// What the keypad writes to, while it is open.
    pub(crate) pad: RwSignal<Option<Place>>,
    /// What is wrong with that, until it is changed.
    pub(crate) wrong: RwSignal<Option<String>>,
    /// The sheet of the workout that was finished last.
    ended: RwSignal<Option<Sheet>>,
    /// Sets that the stored sheet shows as logged, until the tables have been asked whether they are.
    unproven: RwSignal<Vec<String>>,
    /// Sets that were removed or brought back here: of these the sheet knows better than tables that have not heard yet.
    decided: RwSignal<Vec<String>>,
}

pub(crate) fn use_training() -> Training {
    expect_context()
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
            pad: RwSignal::new(None),
            wrong: RwSignal::new(None),
            ended: RwSignal::new(None),
            unproven: RwSignal::new(Vec::new()),
            decided: RwSignal::new(Vec::new()),
        };
        provide_context(it);
        // What storage kept: at the start, and whenever another tab goes on with the workout.
        effect(move || {
            let Some(json) = hub.stored_sheet.get() else { return };
            if json.is_empty() {
                it.sheet.set(None);
                it.open.set(false);
            } else if let Some(stored) = json::read::<Sheet>(&json).map(Sheet::renewed) {
                let newer = it.sheet.with_untracked(|own| own.as_ref().is_none_or(|own| own.version < stored.version));
                if newer {
                    if !hub.projected.get_untracked() {
                        it.unproven.set(sets_of(&stored).filter(|set| set.done).map(|set| set.set_id.clone()).collect());
                    }
                    it.sheet.set(Some(stored));
                }
            }
            if let Some(name) = it.wanted.try_update(Option::take).flatten() {
                it.start(&name);
            }
        });
        // A tick that was saved and whose sheet was not: the tables know better than the sheet.
        effect(move || {
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
        self.edit(act);
        self.keep();
    }

    fn edit(self, act: impl FnOnce(&mut Sheet)) {
        self.sheet.update(|sheet| {
            if let Some(sheet) = sheet {
                act(sheet);
                sheet.version += 1;
            }
        });
    }

    fn keep(self) {
        self.hub.save_sheet(self.sheet.with_untracked(|sheet| sheet.as_ref().and_then(json::write)).unwrap_or_default());
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
        let (workout_id, at_ms) = actions::workout::start(self.hub, name);
        self.show(Sheet::new(workout_id.to_string(), name.to_owned(), at_ms, REST_MS, at_ms.unsigned_abs()));
    }

    fn show(self, sheet: Sheet) {
        self.sheet.set(Some(sheet));
        self.keep();
        self.open.set(true);
    }

    /// Puts a workout's exercises on the sheet, with the sets that they had then, and opens the first of them.
    pub(crate) fn repeat(self, name: &str, day: i64, lines: &[SetLine]) {
        self.start(name);
        let exercises = repeated(lines, self.lb(), day, &mut new_id);
        self.change(|sheet| {
            sheet.current = sheet.exercises.len();
            sheet.exercises.extend(exercises);
        });
    }

    /// Puts an exercise on the sheet, its sets filled in from last time.
    pub(crate) fn add_exercise(self, exercise_id: &str, name: &str, load_mode: &str, tracking: &str) {
        let params: [(&str, Ask); 2] = [("exercise", exercise_id.into()), ("before_ms", now_ms().into())];
        let exercise = SheetExercise {
            exercise_id: exercise_id.to_owned(),
            name: name.to_owned(),
            load_mode: named(load_mode),
            tracking: named(tracking),
            unit: words::unit_of(self.lb()),
            ..SheetExercise::default()
        };
        self.hub.ask::<LastSet>(&params, move |last| {
            let exercise = filled_in(exercise, &last.unwrap_or_default(), &mut new_id);
            self.change(|sheet| {
                sheet.exercises.push(exercise);
                sheet.current = sheet.exercises.len() - 1;
            });
        });
    }

    pub(crate) fn add_set(self, at: usize) {
        self.change(|sheet| {
            if let Some(exercise) = sheet.exercises.get_mut(at) {
                exercise.sets.push(one_more(&exercise.sets, new_id()));
            }
        });
    }

    /// Puts warm-up sets before the working sets: two fifths, three fifths and four fifths of the first working load.
    pub(crate) fn add_warmups(self, at: usize) {
        self.change(|sheet| {
            let Some(exercise) = sheet.exercises.get_mut(at) else { return };
            let first = exercise.sets.iter().find(|set| set.kind != SetKind::Warmup);
            let Some(load) = first.and_then(|set| words::typed(&set.load)).filter(|load| 0 < *load) else { return };
            let step = if in_lb(exercise.unit) { 5_000 } else { 2_500 };
            let warmups = [(2, 8), (3, 5), (4, 3)].map(|(fifths, reps): (i64, i64)| SheetSet {
                set_id: new_id(),
                kind: SetKind::Warmup,
                load: words::load(load * fifths / 5 / step * step, false),
                reps: reps.to_string(),
                ..SheetSet::default()
            });
            let done = exercise.sets.iter().take_while(|set| set.done).count();
            exercise.sets.splice(done..done, warmups);
        });
    }

    pub(crate) fn note(self, text: String) {
        self.change(|sheet| sheet.note = text);
    }

    /// Another name, another start.
    pub(crate) fn describe(self, name: String, started_ms: i64) {
        let Some(sheet) = self.sheet.get_untracked() else { return };
        let renamed = if sheet.name == name { Patch::Keep } else { Some(name.clone()).filter(|name| !name.is_empty()).into() };
        let moved = if sheet.started_ms == started_ms { Patch::Keep } else { Patch::Set(started_ms) };
        if renamed.is_keep() && moved.is_keep() {
            return;
        }
        let now = Described { name: renamed, started_ms: moved, ..Described::default() };
        actions::workout::describe(self.hub, &sheet.workout_id, now, None, move |outcome| {
            if outcome.is_ok() {
                self.change(|sheet| (sheet.name, sheet.started_ms) = (name, started_ms));
            }
        });
    }

    /// The tick: one tap logs the set, another takes it back. A row that says too little is typed into.
    pub(crate) fn tick(self, at: usize, nth: usize) {
        let Some((sheet, set)) = self.set(at, nth) else { return };
        if set.done {
            return self.untick(at, nth, set);
        }
        match figures(&sheet.exercises[at], &set) {
            Ok(figures) => {
                self.log(&sheet, at, nth, &set, figures);
                // The keypad goes on with what comes next.
                if self.pad.with_untracked(|pad| pad.is_some_and(|(e, s, _)| (e, s) == (at, nth))) {
                    let exercise = self.sheet.with_untracked(|sheet| sheet.as_ref()?.exercises.get(at).cloned());
                    self.type_at(exercise.and_then(|it| next_set(&it, nth)).map(|(nth, cell)| (at, nth, cell)), None);
                }
            }
            Err((cell, why)) => self.type_at(Some((at, nth, cell)), why),
        }
    }

    /// Where the keypad writes to from now on, and what is wrong there.
    pub(crate) fn type_at(self, place: Option<Place>, why: Option<String>) {
        self.wrong.set(why);
        self.pad.set(place);
    }

    /// The keypad's last key: on to the next cell, or the set is logged.
    pub(crate) fn next(self, (at, nth, cell): Place) {
        let Some((sheet, set)) = self.set(at, nth) else { return };
        let exercise = &sheet.exercises[at];
        match (figure(exercise, cell, &cell.text(&set)), next_cell(exercise.tracking, cell)) {
            (Err(why), _) => self.wrong.set(Some(why)),
            (_, Some(cell)) => self.type_at(Some((at, nth, cell)), None),
            _ if set.done => self.type_at(None, None),
            _ => self.tick(at, nth),
        }
    }

    /// The set is on its way to the disk before the sheet is: a draft can be lost, a tick that was shown as saved cannot.
    fn log(self, sheet: &Sheet, at: usize, nth: usize, set: &SheetSet, figures: Figures) {
        let exercise = &sheet.exercises[at];
        let place = actions::set::Place {
            set_id: &set.set_id,
            workout_id: &sheet.workout_id,
            exercise_id: &exercise.exercise_id,
            exercise_no: at as i64 + 1,
            set_no: nth as i64 + 1,
        };
        let said = Said { kind: set.kind, unit: exercise.unit, note: None };
        let logged = set.set_id.clone();
        let on_its_way = actions::set::log(self.hub, place, figures, said, None, move |outcome| {
            self.pending.update(|pending| pending.retain(|id| *id != logged));
            match outcome {
                Ok(rows) => self.mark(&logged, true, rows.first().map(|row| row.hlc.clone())),
                Err(_) => self.mark(&logged, false, None),
            }
        });
        if !on_its_way {
            return;
        }
        let set_id = set.set_id.clone();
        self.pending.update(|pending| pending.push(set_id.clone()));
        self.change(|sheet| {
            if begins_rest(sheet, at, nth, now_ms()) {
                sheet.rest_ends_ms = Some(now_ms() + sheet.rest_ms);
                sheet.rest_set = set_id;
            }
            sheet.exercises[at].sets[nth].done = true;
            fill_next(&mut sheet.exercises[at].sets, nth);
        });
    }

    fn untick(self, at: usize, nth: usize, set: SheetSet) {
        self.decide([&set].into_iter());
        actions::set::remove_all(self.hub, std::iter::once(known(&set)));
        // The row can be ticked again, as a set of its own.
        let set_id = new_id();
        self.change(|sheet| {
            if sheet.rest_set == set.set_id {
                sheet.rest_set.clone_from(&set_id);
            }
            if let Some(row) = sheet.exercises.get_mut(at).and_then(|exercise| exercise.sets.get_mut(nth)) {
                (row.done, row.again, row.hlc, row.set_id) = (false, true, None, set_id);
            }
        });
    }

    fn mark(self, set_id: &str, done: bool, hlc: Option<String>) {
        self.row(set_id, |set| (set.done, set.hlc) = (done, hlc.clone()));
    }

    fn row(self, set_id: &str, act: impl Fn(&mut SheetSet)) {
        self.change(|sheet| {
            sheet.exercises.iter_mut().flat_map(|exercise| &mut exercise.sets).filter(|set| set.set_id == set_id).for_each(act);
        });
    }

    pub(crate) fn set(self, at: usize, nth: usize) -> Option<(Sheet, SheetSet)> {
        let sheet = self.sheet.get_untracked()?;
        let set = sheet.exercises.get(at)?.sets.get(nth)?.clone();
        Some((sheet, set))
    }

    /// A key went down on the keypad of this set, wherever its row is by now.
    pub(crate) fn type_in(self, set_id: &str, cell: Cell, text: &str) {
        self.wrong.set(None);
        self.row(set_id, |set| text.clone_into(cell.of(set)));
    }

    /// Rows above were removed, or put back: the keypad goes with its set, or is closed with it.
    pub(crate) fn goes_with(self, set_id: &str, (at, nth, cell): Place) {
        let place = self.sheet.with(|sheet| place_of(sheet.as_ref()?, set_id));
        if place != Some((at, nth)) {
            self.type_at(place.map(|(at, nth)| (at, nth, cell)), None);
        }
    }

    /// The keypad left a cell of a set that was logged before it came there: what was changed becomes a correction, and
    /// what cannot be saved is as it was.
    pub(crate) fn settle(self, before: SheetSet) {
        let Some(sheet) = self.sheet.get_untracked() else { return };
        let own = |exercise: &&SheetExercise| exercise.sets.iter().any(|set| set.set_id == before.set_id);
        let Some(exercise) = sheet.exercises.iter().find(own).filter(|_| before.done) else { return };
        let Some(set) = exercise.sets.iter().find(|set| set.set_id == before.set_id) else { return };
        let was = figures(exercise, &before).unwrap_or_default();
        match figures(exercise, set) {
            Ok(now) => self.correct(before, |fact| correction(&was, &now, fact)),
            Err((_, why)) => {
                self.revert(&before);
                if let Some(why) = why {
                    self.hub.say(why, None);
                }
            }
        }
    }

    fn revert(self, before: &SheetSet) {
        self.row(&before.set_id, |set| {
            let (done, hlc) = (set.done, set.hlc.take());
            *set = SheetSet { done, hlc, ..before.clone() };
        });
    }

    fn correct(self, before: SheetSet, say: impl FnOnce(SetCorrected) -> Option<SetCorrected>) {
        let set_id = before.set_id.clone();
        actions::set::correct(self.hub, &set_id, before.hlc.clone(), say, move |outcome| match outcome {
            Ok(rows) => self.mark(&before.set_id, true, rows.first().map(|row| row.hlc.clone())),
            Err(_) => self.revert(&before),
        });
    }

    pub(crate) fn set_kind(self, at: usize, nth: usize, kind: SetKind) {
        let Some((_, before)) = self.set(at, nth).filter(|(_, set)| set.kind != kind) else { return };
        let set_id = before.set_id.clone();
        if before.done {
            self.correct(before, |fact| Some(SetCorrected { set_kind: Patch::Set(kind), ..fact }));
        }
        self.row(&set_id, |set| set.kind = kind);
    }

    pub(crate) fn remove_set(self, at: usize, nth: usize) {
        self.take(m::SET_REMOVED, |sheet| take(sheet, at, false, |other, _| other == nth));
    }

    /// The rows of an exercise that nobody ticked.
    pub(crate) fn leave_out(self, at: usize) {
        self.take(m::training::LEFT_OUT, |sheet| take(sheet, at, false, |_, set| !set.done));
    }

    pub(crate) fn remove_exercise(self, at: usize) {
        self.take(m::training::EXERCISE_REMOVED, |sheet| take(sheet, at, true, |_, _| true));
    }

    /// Takes rows off the sheet; sets that were logged are removed, and come back by an inverse event.
    fn take(self, text: &str, what: impl FnOnce(&mut Sheet) -> Option<Taken>) {
        self.pad.set(None);
        let mut taken = None;
        self.edit(|sheet| taken = what(sheet));
        let Some(taken) = taken else { return };
        self.decide(taken.done());
        actions::set::remove_all(self.hub, taken.done().map(known));
        self.keep();
        self.hub.undoable(text, move || {
            actions::set::restore_all(self.hub, taken.done().map(known));
            self.change(|sheet| put_back(sheet, taken.clone()));
        });
    }

    pub(crate) fn finish(self, then: impl Fn(String) + 'static) {
        let Some(sheet) = self.sheet.get_untracked() else { return };
        if !sets_of(&sheet).any(|set| set.done) {
            return self.discard();
        }
        let (workout_id, note) = (sheet.workout_id.clone(), sheet.note.clone());
        actions::workout::finish(self.hub, &workout_id, &note, move |outcome| {
            if outcome.is_ok() {
                let workout_id = sheet.workout_id.clone();
                self.close();
                self.ended.set(Some(Sheet { rest_ends_ms: None, ..sheet }));
                // Worth protecting from now on. The browser decides silently; the Storage page says how.
                let _ = window().navigator().storage().persist();
                then(workout_id);
            }
        });
    }

    pub(crate) fn discard(self) {
        let Some(sheet) = self.sheet.get_untracked() else { return };
        actions::workout::discard(self.hub, &sheet.workout_id);
        self.close();
        self.hub.undoable(m::training::DISCARDED, move || {
            actions::workout::restore(self.hub, &sheet.workout_id, None);
            // Another one that was begun meanwhile stays in front; this one is then still open on Today.
            if self.sheet.with_untracked(Option::is_none) {
                self.show(sheet.clone());
            }
        });
    }

    fn close(self) {
        self.open.set(false);
        self.sheet.set(None);
        self.keep();
    }

    /// Goes on with a workout: with its sheet as it was left, or, where that is lost, with the sets that the tables know.
    pub(crate) fn resume(self, workout_id: &str, name: &str, started_ms: i64) {
        let left = self.ended.get_untracked().filter(|sheet| sheet.workout_id == workout_id);
        let version = now_ms().unsigned_abs();
        self.show(left.unwrap_or_else(|| Sheet::new(workout_id.to_owned(), name.to_owned(), started_ms, REST_MS, version)));
        self.unproven.set(
            self.sheet.with_untracked(|sheet| {
                sheet.iter().flat_map(sets_of).filter(|set| set.done).map(|set| set.set_id.clone()).collect()
            }),
        );
        self.reconcile();
    }

    /// Brings the sheet in line with the tables: what they know is ticked, and a tick that the sheet kept for a row that
    /// the disk lost is taken back, so that it can be logged again.
    fn reconcile(self) {
        let Some(workout) = self.sheet.with_untracked(|sheet| sheet.as_ref().map(|sheet| sheet.workout_id.clone())) else { return };
        let lb = self.lb();
        let unproven = self.unproven.try_update(std::mem::take).unwrap_or_default();
        self.hub.ask::<SetLine>(&[("workout", workout.as_str().into())], move |lines| {
            let Ok(lines) = lines else { return self.unproven.set(unproven) };
            let decided = self.decided.get_untracked();
            let right = self.sheet.with_untracked(|sheet| reconciled(sheet.as_ref()?, &workout, &lines, &unproven, &decided, lb));
            if let Some(right) = right {
                self.change(|sheet| *sheet = right);
            }
        });
    }

    fn decide<'a>(self, sets: impl Iterator<Item = &'a SheetSet>) {
        self.decided.update(|decided| decided.extend(sets.map(|set| set.set_id.clone())));
    }
}

fn new_id() -> String {
    entity_id().to_string()
}

fn known(set: &SheetSet) -> Known {
    (set.set_id.clone(), set.hlc.clone())
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
        (Some(load), Some(reps)) if 0 < load => format!("{} × {reps}", words::with_unit(load, lb)),
        (_, Some(reps)) => m::reps(reps),
        _ => {
            let km = distance_mm.map(|mm| format!("{} {}", words::thousandths(mm / 1000), m::units::KM));
            let parts: Vec<String> = [km, duration_ms.map(words::clock)].into_iter().flatten().collect();
            if parts.is_empty() { "–".to_owned() } else { parts.join(", ") }
        }
    }
}
