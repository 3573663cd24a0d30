//! What looks wrong and may be right: figures far out of line, and halves that repeat. Pointed out, never decided.

use std::collections::BTreeMap;

use bridge::{Form, ImportQuestion, PlannedSet, PlannedWorkout, Suggestion, Topic};

use super::{answers::Answers, questions, workouts::Reading};
use crate::{dates::day_of, here::Known, names::fold, show};

/// So many times the best before it, a load is a slip of the thumb.
const LOAD_TIMES: i64 = 8;
/// So many times what is usual.
const REPS_TIMES: i64 = 100;
/// Nobody answers more questions than that.
const ASKED_MAX: usize = 40;

fn weight(set: &PlannedSet) -> i64 {
    set.load_g.or(set.assist_g).unwrap_or(0)
}

struct Odd {
    workout: usize,
    set: usize,
    figure: &'static str,
    ask: String,
}

/// Loads and repetitions far out of line with what the person did before, here or in the file.
pub(super) fn outliers(
    workouts: &[PlannedWorkout],
    known: &Known,
    ids: &BTreeMap<String, String>,
    answers: Answers<'_>,
    offset_min: i32,
) -> Vec<ImportQuestion> {
    let mut by_exercise: BTreeMap<String, Vec<(usize, usize)>> = BTreeMap::new();
    for (workout, planned) in workouts.iter().enumerate() {
        for (set, planned) in planned.sets.iter().enumerate() {
            by_exercise.entry(fold(&planned.exercise)).or_default().push((workout, set));
        }
    }
    let mut odd: Vec<Odd> = Vec::new();
    for (exercise, sets) in &by_exercise {
        let of = |at: &(usize, usize)| &workouts[at.0].sets[at.1];
        let id = ids.get(exercise).map(String::as_str).unwrap_or_default();
        let mut usual: Vec<i64> = sets.iter().filter_map(|at| of(at).reps).collect();
        usual.sort_unstable();
        // The lower one in the middle: of two the smaller.
        let usual = usual.get((usual.len().max(1) - 1) / 2).copied().filter(|_| 1 < usual.len());
        let usual = known.usual_reps(id).or(usual).unwrap_or(i64::MAX / REPS_TIMES);
        let mut best = 0;
        for (nth, at) in sets.iter().enumerate() {
            let (set, workout) = (of(at), &workouts[at.0]);
            let before = best.max(known.best_before(id, workout.started_ms));
            // A first load has nothing before it: then whatever comes after it.
            let after = || sets[nth + 1..].iter().map(|at| weight(of(at))).max().unwrap_or(0);
            let others = if 0 < before || weight(set) == 0 { before } else { after() };
            let wall_ms = workout.started_ms + i64::from(offset_min) * 60_000;
            let place = format!("{}, {}", set.exercise, day_of(wall_ms));
            let said = |figure: &str| answers.figure(figure, set.line).is_some();
            let far = !set.is_here && 0 < others && LOAD_TIMES * others <= weight(set);
            if far || said("load") {
                let ask = if far {
                    let times = weight(set) / others;
                    let (this, other) = (show::load(weight(set), set.unit), show::load(others, set.unit));
                    format!("{place}: {this} is {times} times {other}. What was it?")
                } else {
                    format!("{place}: corrected")
                };
                odd.push(Odd { workout: at.0, set: at.1, figure: "load", ask });
            }
            if !far {
                best = best.max(weight(set));
            }
            let reps = set.reps.unwrap_or(0);
            if (!set.is_here && REPS_TIMES.saturating_mul(usual) <= reps) || said("reps") {
                let ask = format!("{place}: {reps} repetitions, where {usual} are usual. How many were it?");
                odd.push(Odd { workout: at.0, set: at.1, figure: "reps", ask });
            }
        }
    }
    odd.sort_by_key(|odd| (odd.workout, odd.set));
    let question = |Odd { workout, set, figure, ask }| {
        let planned = &workouts[workout].sets[set];
        let written = match figure {
            "load" => show::number(weight(planned), planned.unit),
            _ => planned.reps.unwrap_or(0).to_string(),
        };
        questions::of_figure(figure, planned.line, ask, &written, answers)
    };
    odd.into_iter().take(ASKED_MAX).map(question).collect()
}

/// What makes two sets the same round of a circuit.
fn same(a: &PlannedSet, b: &PlannedSet) -> bool {
    let figures = |set: &PlannedSet| (set.kind, set.load_g, set.assist_g, set.reps, set.duration_ms, set.distance_mm);
    fold(&a.exercise) == fold(&b.exercise) && figures(a) == figures(b)
}

/// How many sets make one round, where a workout is the same rounds over and over. Sets of one exercise that are alike are
/// no rounds, unless even their numbers begin again.
fn round(sets: &[PlannedSet], labels: &[String]) -> Option<usize> {
    let len = sets.len();
    (1..=len / 2).filter(|round| len.is_multiple_of(*round)).find(|round| {
        let repeats = (*round..len).all(|at| same(&sets[at], &sets[at - round]));
        let several = sets[..*round].iter().any(|set| fold(&set.exercise) != fold(&sets[0].exercise));
        let numbered = labels[..*round].iter().all(|label| label.bytes().all(|b| b.is_ascii_digit()));
        let anew = numbered && (*round..len).all(|at| labels[at] == labels[at - round]);
        repeats && (several || anew)
    })
}

/// A workout whose second half repeats the first is a circuit, or was written twice: only the person knows. Gives the
/// questions, and the lines that are left out since somebody said so.
pub(super) fn repeats(readings: &mut [Reading], answers: Answers<'_>, offset_min: i32) -> (Vec<ImportQuestion>, Vec<u64>) {
    let (mut questions, mut lines) = (Vec::new(), Vec::new());
    for reading in readings {
        let Some(round) = round(&reading.workout.sets, &reading.labels) else { continue };
        if questions.len() == ASKED_MAX {
            break;
        }
        let workout = &mut reading.workout;
        let id = format!("rounds:{}", workout.natural_key);
        let rounds = workout.sets.len() / round;
        let once = answers.get(&id) == Some("once");
        let wall_ms = workout.started_ms + i64::from(offset_min) * 60_000;
        let title = if workout.name.is_empty() { "The workout" } else { &workout.name };
        let again = if rounds == 2 {
            "the second half repeats the first".to_owned()
        } else {
            format!("the same stands there {rounds} times")
        };
        questions.push(ImportQuestion {
            id,
            topic: Topic::Odd,
            form: Form::Few,
            ask: format!("{title}, {}: {again}", day_of(wall_ms)),
            hint: "A circuit, or written twice?".to_owned(),
            options: [("all", format!("{rounds} rounds, {} sets", workout.sets.len())), ("once", format!("Once, {}", sets(round)))]
                .map(|(id, name)| Suggestion { id: id.to_owned(), name })
                .to_vec(),
            answer: if once { "once" } else { "all" }.to_owned(),
            must: false,
        });
        if once {
            lines.extend(workout.sets.drain(round..).map(|set| set.line));
        }
    }
    (questions, lines)
}

fn sets(n: usize) -> String {
    if n == 1 { "1 set".to_owned() } else { format!("{n} sets") }
}
