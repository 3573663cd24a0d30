//! What is here already: a workout is known again by when it began and by its exercises and sets, whatever it is called
//! by now. What is here stays as it is, and where the file says otherwise, that is pointed out.

use std::collections::{BTreeMap, BTreeSet};

use bridge::{KnownSet, PlannedSet, PlannedWorkout};
use ledger::{EntityId, SetKind, Unit};

use crate::{dates::day_of, identity::set_id, names::fold, show};

const MINUTE_MS: i64 = 60_000;
const DAY_MS: i64 = 86_400_000;
const DIFFERENCES_MAX: usize = 500;

/// What a set is, as far as two files can agree on it.
type Figures = (SetKind, Option<i64>, Option<i64>, Option<i64>, Option<i64>, Option<i64>);

#[derive(Debug, Clone)]
struct HereSet {
    set_id: EntityId,
    exercise_id: String,
    exercise: String,
    exercise_no: i64,
    set_no: i64,
    figures: Figures,
    rpe10: Option<i64>,
    /// Changed or taken away here, by the person: what the file says is older.
    touched: bool,
    removed: bool,
}

#[derive(Debug, Clone)]
struct HereWorkout {
    workout_id: EntityId,
    name: String,
    /// What the clock on the wall showed when it began.
    wall_ms: i64,
    sets: Vec<HereSet>,
}

/// Everything that stands in the log.
#[derive(Debug, Clone, Default)]
pub struct Known {
    workouts: Vec<HereWorkout>,
    /// Loads by exercise, with when.
    loads: BTreeMap<String, Vec<(i64, i64)>>,
    usual_reps: BTreeMap<String, i64>,
}

impl Known {
    pub fn new(sets: impl IntoIterator<Item = KnownSet>) -> Self {
        let mut workouts: BTreeMap<String, HereWorkout> = BTreeMap::new();
        let mut known = Self::default();
        let mut reps: BTreeMap<String, Vec<i64>> = BTreeMap::new();
        for set in sets.into_iter().filter(|set| set.undone == 0) {
            let (Ok(set_id), Ok(workout_id)) = (EntityId::parse(&set.set_id), EntityId::parse(&set.workout_id)) else { continue };
            if set.removed == 0 {
                let load = set.load_g.or(set.assist_g).unwrap_or(0);
                known.loads.entry(set.exercise_id.clone()).or_default().push((set.started_ms, load));
                reps.entry(set.exercise_id.clone()).or_default().extend(set.reps);
            }
            let workout = workouts.entry(set.workout_id).or_insert_with(|| HereWorkout {
                workout_id,
                name: set.workout.unwrap_or_default(),
                wall_ms: set.started_ms + set.offset_min * MINUTE_MS,
                sets: Vec::new(),
            });
            let kind = match set.set_kind.as_str() {
                "warmup" => SetKind::Warmup,
                "drop" => SetKind::Drop,
                "failure" => SetKind::Failure,
                _ => SetKind::Normal,
            };
            workout.sets.push(HereSet {
                set_id,
                exercise: set.exercise.unwrap_or_else(|| set.exercise_id.clone()),
                exercise_id: set.exercise_id,
                exercise_no: set.exercise_no,
                set_no: set.set_no,
                figures: (kind, set.load_g, set.assist_g, set.reps, set.duration_ms, set.distance_mm),
                rpe10: set.rpe10,
                touched: set.edited == 1 || set.removed == 1,
                removed: set.removed == 1,
            });
        }
        for (exercise, mut reps) in reps {
            reps.sort_unstable();
            known.usual_reps.extend(reps.get(reps.len() / 2).map(|usual| (exercise, *usual)));
        }
        known.workouts = workouts.into_values().collect();
        known.workouts.sort_by_key(|workout| (workout.wall_ms, workout.workout_id));
        for workout in &mut known.workouts {
            workout.sets.sort_by_key(|set| (set.exercise_no, set.set_no, set.set_id));
        }
        known
    }

    pub(crate) fn best_before(&self, exercise_id: &str, started_ms: i64) -> i64 {
        let loads = self.loads.get(exercise_id).into_iter().flatten();
        loads.filter(|(at, _)| *at < started_ms).map(|(_, load)| *load).max().unwrap_or(0)
    }

    pub(crate) fn usual_reps(&self, exercise_id: &str) -> Option<i64> {
        self.usual_reps.get(exercise_id).copied().filter(|usual| 0 < *usual)
    }

    /// Marks what is here, gives ids to what comes to a workout that is, and says where the two differ.
    pub(crate) fn compare(
        &self,
        source: &str,
        offset_min: i32,
        workouts: &mut [PlannedWorkout],
        ids: &BTreeMap<String, String>,
    ) -> Vec<String> {
        let mut differences = Vec::new();
        for (at, here) in self.pairs(i64::from(offset_min), workouts, ids) {
            let workout = &mut workouts[at];
            let compared = Compared { source, here: &self.workouts[here], ids };
            compared.compare(workout, &mut differences);
        }
        differences.truncate(DIFFERENCES_MAX);
        differences
    }

    /// Which workout of the file is which one here.
    fn pairs(&self, offset_min: i64, workouts: &[PlannedWorkout], ids: &BTreeMap<String, String>) -> BTreeMap<usize, usize> {
        let mut pairs: BTreeMap<usize, usize> = BTreeMap::new();
        let mut taken: BTreeSet<usize> = BTreeSet::new();
        let by_id: BTreeMap<EntityId, usize> = self.workouts.iter().enumerate().map(|(at, here)| (here.workout_id, at)).collect();
        let set_ids: BTreeMap<EntityId, usize> =
            self.workouts.iter().enumerate().flat_map(|(at, here)| here.sets.iter().map(move |set| (set.set_id, at))).collect();
        // Of the same name in the source: whatever was done to it here.
        for (at, workout) in workouts.iter().enumerate() {
            let of_set = || workout.sets.iter().find_map(|set| set_ids.get(&set.set_id));
            if let Some(here) = by_id.get(&workout.workout_id).or_else(of_set)
                && taken.insert(*here)
            {
                pairs.insert(at, *here);
            }
        }
        let mut by_minute: BTreeMap<i64, Vec<usize>> = BTreeMap::new();
        let mut by_day: BTreeMap<i64, Vec<usize>> = BTreeMap::new();
        for (at, here) in self.workouts.iter().enumerate() {
            by_minute.entry(here.wall_ms.div_euclid(MINUTE_MS)).or_default().push(at);
            by_day.entry(here.wall_ms.div_euclid(DAY_MS)).or_default().push(at);
        }
        let id_of = |set: &PlannedSet| ids.get(&fold(&set.exercise)).map(String::as_str).unwrap_or_default();
        // Begun in the same minute, with an exercise in common: most sets in common first.
        let mut candidates: Vec<(usize, usize, usize)> = Vec::new();
        for (at, workout) in workouts.iter().enumerate().filter(|(at, _)| !pairs.contains_key(at)) {
            let wall_ms = workout.started_ms + offset_min * MINUTE_MS;
            for here in by_minute.get(&wall_ms.div_euclid(MINUTE_MS)).into_iter().flatten().filter(|here| !taken.contains(here)) {
                let theirs = &self.workouts[*here].sets;
                let shared = workout.sets.iter().filter(|set| theirs.iter().any(|other| other.exercise_id == id_of(set))).count();
                let alike = |set: &&PlannedSet| theirs.iter().any(|it| it.exercise_id == id_of(set) && it.figures == figures(set));
                let score = workout.sets.iter().filter(alike).count() * 1000 + shared;
                // An exercise may have been renamed there as well: then the title says it, or the figures of every set.
                let same_title = self.workouts[*here].name.trim() == workout.name.trim();
                if 0 < score || same_title || same_figures(workout, &self.workouts[*here]) {
                    candidates.push((score, at, *here));
                }
            }
        }
        candidates.sort_by_key(|(score, at, here)| (std::cmp::Reverse(*score), *at, *here));
        for (_, at, here) in candidates {
            if !pairs.contains_key(&at) && taken.insert(here) {
                pairs.insert(at, here);
            }
        }
        // Moved within the day, and otherwise the same to the last set.
        for (at, workout) in workouts.iter().enumerate() {
            if pairs.contains_key(&at) {
                continue;
            }
            let mut mine: Vec<(&str, Figures)> = workout.sets.iter().map(|set| (id_of(set), figures(set))).collect();
            mine.sort_unstable();
            let day = (workout.started_ms + offset_min * MINUTE_MS).div_euclid(DAY_MS);
            let same = by_day.get(&day).into_iter().flatten().copied().find(|here| {
                let here = &self.workouts[*here];
                let mut theirs: Vec<(&str, Figures)> =
                    here.sets.iter().map(|set| (set.exercise_id.as_str(), set.figures)).collect();
                theirs.sort_unstable();
                theirs == mine && (1 < mine.len() || here.name == workout.name)
            });
            if let Some(here) = same.filter(|here| !taken.contains(here)) {
                taken.insert(here);
                pairs.insert(at, here);
            }
        }
        pairs
    }
}

/// Whether a set of the file may be one here.
type Rule<'a> = dyn Fn(&PlannedSet, &HereSet) -> bool + 'a;

fn figures(set: &PlannedSet) -> Figures {
    (set.kind, set.load_g, set.assist_g, set.reps, set.duration_ms, set.distance_mm)
}

fn same_figures(workout: &PlannedWorkout, here: &HereWorkout) -> bool {
    let mut mine: Vec<Figures> = workout.sets.iter().map(figures).collect();
    let mut theirs: Vec<Figures> = here.sets.iter().map(|set| set.figures).collect();
    mine.sort_unstable();
    theirs.sort_unstable();
    mine == theirs
}

struct Compared<'a> {
    source: &'a str,
    here: &'a HereWorkout,
    ids: &'a BTreeMap<String, String>,
}

impl Compared<'_> {
    fn id_of(&self, set: &PlannedSet) -> &str {
        self.ids.get(&fold(&set.exercise)).map(String::as_str).unwrap_or_default()
    }

    fn compare(&self, workout: &mut PlannedWorkout, differences: &mut Vec<String>) {
        let here = self.here;
        let title = if here.name.is_empty() { "A workout" } else { &here.name };
        let place = format!("{title}, {}", day_of(here.wall_ms));
        let mut told = Vec::new();
        if here.name.trim() != workout.name.trim() {
            told.push(format!("{place}: called “{}” in the file.", workout.name));
        }
        let pairs = self.pairs(&workout.sets);
        let paired: BTreeSet<usize> = pairs.iter().flatten().copied().collect();
        for (set, pair) in workout.sets.iter().zip(&pairs) {
            let Some(other) = pair.map(|at| &here.sets[at]) else { continue };
            if other.exercise_id != self.id_of(set) {
                let renamed = format!("{place}: {} is called “{}” in the file.", other.exercise, set.exercise);
                if told.last() != Some(&renamed) {
                    told.push(renamed);
                }
            }
            if !other.removed && (other.figures != figures(set) || other.rpe10 != set.rpe10) {
                told.push(format!("{place}: {}", difference(set, other)));
            }
        }
        for (_, set) in here.sets.iter().enumerate().filter(|(at, set)| !paired.contains(at) && !set.removed) {
            let unit = workout.sets.first().map_or(Unit::Kg, |set| set.unit);
            told.push(format!("{place}: {}, {} is here and not in the file.", set.exercise, figures_text(&set.figures, unit)));
        }
        differences.append(&mut told);
        self.place(workout, &pairs);
    }

    /// Each set of the file, and the one here that it is.
    fn pairs(&self, sets: &[PlannedSet]) -> Vec<Option<usize>> {
        let here = &self.here.sets;
        let mut pairs: Vec<Option<usize>> = vec![None; sets.len()];
        let mut taken: BTreeSet<usize> = BTreeSet::new();
        let same_id = |set: &PlannedSet, other: &HereSet| other.set_id == set.set_id;
        let same_exercise = |set: &PlannedSet, other: &HereSet| other.exercise_id == self.id_of(set);
        let alike = |set: &PlannedSet, other: &HereSet| other.figures == figures(set);
        let in_file: BTreeSet<&str> = sets.iter().map(|set| self.id_of(set)).collect();
        let renamed = |set: &PlannedSet, other: &HereSet| {
            !in_file.contains(other.exercise_id.as_str()) && !here.iter().any(|other| other.exercise_id == self.id_of(set))
        };
        // The surest first: the same set, then a set that is alike, then whatever is left of the exercise.
        let rules: [&Rule<'_>; 5] = [
            &|set, other| same_id(set, other) && (other.touched || alike(set, other)),
            &|set, other| same_exercise(set, other) && alike(set, other),
            &|set, other| same_id(set, other),
            &|set, other| alike(set, other) && renamed(set, other),
            &|set, other| same_exercise(set, other),
        ];
        for rule in rules {
            for (at, set) in sets.iter().enumerate() {
                if pairs[at].is_some() {
                    continue;
                }
                if let Some(found) = (0..here.len()).find(|other| !taken.contains(other) && rule(set, &here[*other])) {
                    taken.insert(found);
                    pairs[at] = Some(found);
                }
            }
        }
        pairs
    }

    /// What comes to the workout that is here gets ids and places that nothing there has.
    fn place(&self, workout: &mut PlannedWorkout, pairs: &[Option<usize>]) {
        let mut used: BTreeSet<EntityId> = self.here.sets.iter().map(|set| set.set_id).collect();
        let exercises: Vec<String> = workout.sets.iter().map(|set| self.id_of(set).to_owned()).collect();
        for ((set, pair), exercise_id) in workout.sets.iter_mut().zip(pairs).zip(exercises) {
            set.is_here = pair.is_some();
            if set.is_here {
                continue;
            }
            let own = fold(&set.exercise);
            while !used.insert(set.set_id) {
                set.set_no += 1;
                set.set_id = set_id(self.source, &workout.natural_key, &own, set.set_no);
            }
            if let Some(other) = self.here.sets.iter().find(|other| other.exercise_id == exercise_id) {
                set.exercise_no = other.exercise_no;
            }
        }
        workout.is_here = true;
        workout.workout_id = self.here.workout_id;
    }
}

fn difference(set: &PlannedSet, other: &HereSet) -> String {
    let (_, load, assist, reps, duration, distance) = other.figures;
    let exercise = &set.exercise;
    let rest_alike =
        (set.kind, set.assist_g, set.reps, set.duration_ms, set.distance_mm) == (other.figures.0, assist, reps, duration, distance);
    match (load, set.load_g) {
        (Some(mine), Some(theirs)) if mine != theirs && rest_alike => {
            format!("{exercise}, {} here and {} in the file.", show::load(mine, set.unit), show::load(theirs, set.unit))
        }
        _ if other.figures == figures(set) => {
            let rpe = |rpe10: Option<i64>| {
                rpe10.map_or_else(|| "no RPE".to_owned(), |it| format!("RPE {}", show::decimal(it.into(), 10)))
            };
            format!(
                "{exercise}, {}: {} here and {} in the file.",
                figures_text(&figures(set), set.unit),
                rpe(other.rpe10),
                rpe(set.rpe10)
            )
        }
        _ => format!(
            "{exercise}, {} here and {} in the file.",
            figures_text(&other.figures, set.unit),
            figures_text(&figures(set), set.unit)
        ),
    }
}

fn figures_text(figures: &Figures, unit: Unit) -> String {
    let (kind, load, assist, reps, duration, distance) = *figures;
    let mut parts = Vec::new();
    match (load.filter(|load| 0 < *load), reps) {
        (Some(load), Some(reps)) => parts.push(format!("{} × {reps}", show::load(load, unit))),
        (Some(load), None) => parts.push(show::load(load, unit)),
        (None, Some(reps)) => parts.push(format!("{reps} repetitions")),
        (None, None) => {}
    }
    parts.extend(assist.map(|assist| format!("{} of help", show::load(assist, unit))));
    parts.extend(distance.map(|mm| format!("{} km", show::decimal(mm.into(), 1_000_000))));
    parts.extend(duration.map(|ms| format!("{} s", show::decimal(ms.into(), 1_000))));
    match kind {
        SetKind::Normal => {}
        SetKind::Warmup => parts.push("warm-up".to_owned()),
        SetKind::Drop => parts.push("drop set".to_owned()),
        SetKind::Failure => parts.push("to failure".to_owned()),
    }
    parts.join(", ")
}
