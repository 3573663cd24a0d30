//! The sheet's laws, one after another.

use bridge::{LastSet, SetLine};
use ledger::{EntityId, LoadMode, Patch, SetCorrected};
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::{filled::empty_row, *};
use crate::json;

fn exercise(tracking: Tracking, load_mode: LoadMode, sets: &[SheetSet]) -> SheetExercise {
    SheetExercise { exercise_id: "it".to_owned(), tracking, load_mode, sets: sets.to_vec(), ..SheetExercise::default() }
}

fn set(id: &str, load: &str, reps: &str) -> SheetSet {
    SheetSet { load: load.to_owned(), reps: reps.to_owned(), ..empty_row(id.to_owned()) }
}

fn done(set: SheetSet) -> SheetSet {
    SheetSet { done: true, ..set }
}

fn bench(sets: &[SheetSet]) -> SheetExercise {
    exercise(Tracking::LoadReps, LoadMode::External, sets)
}

fn on_sheet(exercises: Vec<SheetExercise>) -> Sheet {
    Sheet { exercises, ..Sheet::new("workout".to_owned(), String::new(), 0, 120_000, 1) }
}

fn ids(sheet: &Sheet) -> Vec<Vec<&str>> {
    sheet.exercises.iter().map(|exercise| exercise.sets.iter().map(|set| set.set_id.as_str()).collect()).collect()
}

fn counter() -> impl FnMut() -> String {
    let mut n = 0;
    move || {
        n += 1;
        n.to_string()
    }
}

fn last(unit: &str, load_g: Option<i64>, reps: Option<i64>, duration_ms: Option<i64>, distance_mm: Option<i64>) -> LastSet {
    LastSet {
        set_no: 1,
        set_kind: "normal".to_owned(),
        unit: unit.to_owned(),
        load_g,
        assist_g: None,
        reps,
        duration_ms,
        distance_mm,
        rpe10: None,
        e1rm_g: None,
        workout_date: 0,
    }
}

fn line(exercise_no: i64, exercise_id: &str, set_no: i64, kind: &str, load_g: i64, reps: i64) -> SetLine {
    SetLine {
        set_id: format!("{exercise_id}-{set_no}"),
        workout_id: "then".to_owned(),
        exercise_id: exercise_id.to_owned(),
        name: Some(exercise_id.to_uppercase()),
        load_mode: "external".to_owned(),
        tracking: "load_reps".to_owned(),
        exercise_no,
        set_no,
        set_kind: kind.to_owned(),
        at_ms: 0,
        unit: "kg".to_owned(),
        load_g: Some(load_g),
        assist_g: None,
        bodyweight_g: None,
        reps: Some(reps),
        duration_ms: None,
        distance_mm: None,
        rpe10: Some(80),
        note: None,
        hlc: "hlc".to_owned(),
        e1rm_g: None,
        volume_g: 0,
        lacks_body_weight: 0,
    }
}

#[test]
fn rowing_is_filled_in_with_its_distance_and_its_time_each_from_its_own_field() {
    let rowed = last("kg", None, None, Some(600_000), Some(880_000));
    let rowing = exercise(Tracking::DistanceDuration, LoadMode::None, &[]);
    let rowing = filled_in(rowing, &[rowed], &mut counter());
    let set = &rowing.sets[0];
    assert_eq!((set.distance.as_str(), set.time.as_str(), before_text(set, &rowing).as_str()), ("0.88", "10:00", "0.88 km\n10:00"));
    let saved = figures(&rowing, set).expect("a whole row");
    assert_eq!((saved.distance_mm, saved.duration_ms), (Some(880_000), Some(600_000)));
    // A time alone stays one, and the other way round.
    let timed = filled_in(
        exercise(Tracking::DistanceDuration, LoadMode::None, &[]),
        &[last("kg", None, None, Some(600_000), None)],
        &mut counter(),
    );
    assert_eq!((timed.sets[0].distance.as_str(), timed.sets[0].time.as_str()), ("", "10:00"));
    assert_eq!(figures(&timed, &timed.sets[0]).map(|it| (it.distance_mm, it.duration_ms)), Ok((None, Some(600_000))));
    let carried = filled_in(
        exercise(Tracking::LoadDistance, LoadMode::External, &[]),
        &[last("kg", Some(32_000), None, Some(50_000), Some(40_000))],
        &mut counter(),
    );
    assert_eq!((carried.sets[0].load.as_str(), carried.sets[0].distance.as_str()), ("32", "40"));
    assert_eq!(figures(&carried, &carried.sets[0]).map(|it| it.distance_mm), Ok(Some(40_000)));
}

#[test]
fn the_sheet_comes_in_line_with_the_tables_and_keeps_what_was_decided_while_they_were_asked() {
    let proved = |id: &str| SheetSet { hlc: Some("hlc".to_owned()), ..done(set(id, "80", "5")) };
    let lines = [line(1, "it", 1, "normal", 80_000, 5), line(1, "it", 2, "normal", 80_000, 5)];
    let sheet = |rows: &[SheetSet]| Sheet { workout_id: "then".to_owned(), ..on_sheet(vec![bench(rows)]) };
    let right = |rows: &[SheetSet], unproven: &[&str], decided: &[&str]| {
        let owned = |ids: &[&str]| ids.iter().map(|id| (*id).to_owned()).collect::<Vec<_>>();
        reconciled(&sheet(rows), "then", &lines, &owned(unproven), &owned(decided), false)
    };
    let ticks = |sheet: Option<Sheet>| {
        let sets = sheet?.exercises.into_iter().flat_map(|exercise| exercise.sets);
        Some(sets.map(|set| (set.set_id, set.done)).collect::<Vec<_>>())
    };
    let ticked = |rows: &[(&str, bool)]| Some(rows.iter().map(|(id, done)| ((*id).to_owned(), *done)).collect::<Vec<_>>());
    assert_eq!(ticks(right(&[proved("it-1"), proved("it-2")], &["it-1"], &[])), None, "nothing differs");
    // One tick was saved and its sheet was not; another was kept by the sheet and its row by nobody.
    let crashed = [set("it-1", "80", "5"), proved("it-2"), proved("lost")];
    let mended = ticked(&[("it-1", true), ("it-2", true), ("lost", false)]);
    assert_eq!(ticks(right(&crashed, &["it-2", "lost"], &[])), mended);
    // The tables were asked, and then the second set was removed: it stays away, whatever they knew.
    assert_eq!(ticks(right(&[proved("it-1")], &["it-1", "it-2"], &["it-2"])), None);
    // Removed before, they answered without it, and then it was brought back: it keeps its tick.
    let back = [proved("it-1"), proved("it-2"), proved("back")];
    assert_eq!(ticks(right(&back, &["it-1", "it-2", "back"], &["back"])), None);
    // An answer about the workout that went on before.
    let other = Sheet { workout_id: "now".to_owned(), ..sheet(&[]) };
    assert_eq!(reconciled(&other, "then", &lines, &[], &[], false), None);
}

#[test]
fn a_sheet_of_an_older_build_is_read_and_seconds_are_not_taken_for_metres() {
    let old = r#"{"workout_id":"w","name":"","started_ms":1,"current":0,"rest_ends_ms":null,"rest_ms":120000,"note":"","version":3,"exercises":[
        {"exercise_id":"rowing-machine","name":"Rowing","load_mode":"none","tracking":"distance_duration","unit":"kg","last":"","sets":[
            {"set_id":"a","kind":"normal","load":"","reps":"","rpe":"","amount":"600","previous":"","done":true},
            {"set_id":"b","kind":"normal","load":"","reps":"","rpe":"","amount":"600","previous":"","done":false}]},
        {"exercise_id":"plank","name":"Plank","load_mode":"none","tracking":"duration","unit":"kg","last":"","sets":[
            {"set_id":"c","kind":"normal","load":"","reps":"","rpe":"","amount":"75","previous":"","done":false,"hlc":null}]}]}"#;
    let sheet = json::read::<Sheet>(old).expect("an old sheet").renewed();
    let cell =
        |at: usize, nth: usize| (sheet.exercises[at].sets[nth].distance.as_str(), sheet.exercises[at].sets[nth].time.as_str());
    assert_eq!((cell(0, 0), cell(0, 1), cell(1, 0)), (("0.600", ""), ("", ""), ("", "75")));
    // What this build writes it reads again as it is.
    let json = json::write(&sheet).expect("JSON");
    assert_eq!(json::read::<Sheet>(&json).map(Sheet::renewed).expect("its own sheet"), sheet);
}

#[test]
fn a_sheet_that_an_older_build_put_into_words_is_read_and_shown_as_it_was() {
    let old = r#"{"workout_id":"w","name":"Push","started_ms":1,"current":0,"rest_ends_ms":9,"rest_ms":120000,"rest_set":"a","note":"n","version":3,"format":1,"exercises":[
        {"exercise_id":"dip","name":"Dips","load_mode":"assisted","tracking":"assisted_reps","unit":"lb","last":"Yesterday · 2 sets","sets":[
            {"set_id":"a","kind":"warmup","load":"20","reps":"5","rpe":"8","amount":"","distance":"","previous":"20\n× 5","done":true,"again":true,"hlc":"h"},
            {"set_id":"b","kind":"drop","load":"","reps":"","rpe":"","amount":"","distance":"","previous":"–","done":false,"again":false,"hlc":null},
            {"set_id":"c","kind":"","load":"","reps":"","rpe":"","amount":"","distance":"","previous":"","done":false,"again":false,"hlc":null},
            {"set_id":"d","kind":"myoreps","load":"","reps":"","rpe":"","amount":"","distance":"","previous":"","done":false,"again":false,"hlc":null}]}]}"#;
    let sheet = json::read::<Sheet>(old).expect("an old sheet").renewed();
    let dips = &sheet.exercises[0];
    assert_eq!((dips.load_mode, dips.tracking, dips.unit), (LoadMode::Assisted, Tracking::AssistedReps, Unit::Lb));
    let kinds: Vec<SetKind> = dips.sets.iter().map(|set| set.kind).collect();
    assert_eq!(kinds, [SetKind::Warmup, SetKind::Drop, SetKind::Normal, SetKind::Normal], "an unknown word costs no workout");
    assert_eq!((dips.sets[0].done, dips.sets[0].again, dips.sets[0].hlc.as_deref()), (true, true, Some("h")));
    assert_eq!((before_text(&dips.sets[0], dips), last_text(dips, 0)), ("20\n× 5".into(), "Yesterday · 2 sets".into()));
    // Of last time this build keeps what was done, and no words; what it writes an older build can read, with all its words.
    let filled = filled_in(bench(&[]), &[last("kg", Some(80_000), Some(5), None, None)], &mut counter());
    let written = json::write(&on_sheet(vec![filled])).expect("JSON");
    let kept: serde_json::Value = serde_json::from_str(&written).expect("JSON");
    let bench = &kept["exercises"][0];
    assert_eq!((&bench["load_mode"], &bench["tracking"], &bench["unit"]), (&"external".into(), &"load_reps".into(), &"kg".into()));
    assert_eq!((&bench["last"], &bench["sets"][0]["previous"]), (&"".into(), &"".into()));
    assert_eq!((&bench["sets"][0]["kind"], &bench["sets"][0]["before"]["load_g"]), (&"normal".into(), &80_000.into()));
    assert_eq!(json::read::<Sheet>(&written).map(|sheet| last_text(&sheet.exercises[0], 0)).as_deref(), Some("Today · 1 set"));
}

#[test]
fn last_time_shows_the_load_over_the_repetitions() {
    let text_of = |set: LastSet, exercise: SheetExercise| {
        let exercise = filled_in(exercise, &[set], &mut counter());
        before_text(&exercise.sets[0], &exercise)
    };
    let text = |set: LastSet| text_of(set, bench(&[]));
    assert_eq!(text(last("kg", Some(82_250), Some(5), None, None)), "82.25\n× 5");
    assert_eq!(text(last("lb", Some(24_948), Some(12), None, None)), "24.9\n× 12");
    assert_eq!(text(last("kg", None, Some(8), None, None)), "8");
    assert_eq!(text(last("kg", None, None, None, None)), "–");
    assert_eq!(
        text_of(last("kg", Some(32_000), None, None, Some(40_000)), exercise(Tracking::LoadDistance, LoadMode::External, &[])),
        "32\n40 m"
    );
}

#[test]
fn a_workout_is_repeated_with_the_sets_it_had() {
    let lines = [
        line(1, "bench", 1, "warmup", 40_000, 8),
        line(1, "bench", 2, "normal", 82_500, 5),
        line(1, "bench", 3, "normal", 80_000, 6),
        line(2, "dips", 1, "normal", 10_000, 9),
        line(3, "bench", 4, "normal", 60_000, 15),
    ];
    let again = repeated(&lines, false, 10, &mut counter());
    let rows = |exercise: &SheetExercise| {
        exercise.sets.iter().map(|set| format!("{:?} {}×{}{}", set.kind, set.load, set.reps, set.rpe)).collect::<Vec<_>>()
    };
    assert_eq!(again.iter().map(|exercise| exercise.name.as_str()).collect::<Vec<_>>(), ["BENCH", "DIPS", "BENCH"]);
    assert_eq!(rows(&again[0]), ["Warmup 40×8", "Normal 82.5×5", "Normal 80×6"]);
    assert_eq!((rows(&again[1]), rows(&again[2])), (vec!["Normal 10×9".to_owned()], vec!["Normal 60×15".to_owned()]));
    let sets: Vec<&SheetSet> = again.iter().flat_map(|exercise| &exercise.sets).collect();
    assert!(sets.iter().all(|set| !set.done && !lines.iter().any(|line| line.set_id == set.set_id)), "new sets, not those of then");
    assert!(last_text(&again[0], 12).ends_with("2 sets"), "{}", last_text(&again[0], 12));
}

#[test]
fn the_next_row_of_a_first_time_is_filled_in_from_the_one_just_done() {
    let mut sets = vec![done(set("a", "40", "8")), set("b", "", ""), set("c", "", "")];
    fill_next(&mut sets, 0);
    assert_eq!((sets[1].load.as_str(), sets[1].reps.as_str(), sets[2].load.as_str()), ("40", "8", ""));
    // What somebody typed stays, and a warm-up says nothing about the sets after it.
    sets[1].load = "45".to_owned();
    fill_next(&mut sets, 0);
    assert_eq!(sets[1].load, "45");
    let mut sets = vec![SheetSet { kind: SetKind::Warmup, ..done(set("a", "20", "10")) }, set("b", "", "")];
    fill_next(&mut sets, 0);
    assert_eq!(sets[1].load, "");
}

#[test]
fn a_row_that_says_too_little_names_the_cell_that_is_missing() {
    let missing = |exercise: SheetExercise| figures(&exercise, &exercise.sets[0]);
    assert_eq!(missing(bench(&[set("a", "", "")])), Err((Cell::Load, None)));
    assert_eq!(missing(bench(&[set("a", "80", "")])), Err((Cell::Reps, None)));
    assert_eq!(missing(exercise(Tracking::BodyweightReps, LoadMode::Bodyweight, &[set("a", "", "")])), Err((Cell::Reps, None)));
    assert_eq!(missing(exercise(Tracking::DistanceDuration, LoadMode::None, &[set("a", "", "")])), Err((Cell::Distance, None)));
    assert_eq!(missing(exercise(Tracking::LoadDuration, LoadMode::External, &[set("a", "20", "")])), Err((Cell::Time, None)));
    // Neither a load nor how hard it was is needed.
    assert_eq!(missing(bench(&[set("a", "", "5")])).map(|it| it.reps), Ok(Some(5)));
}

#[test]
fn errors_are_in_the_persons_units() {
    let mut bench = bench(&[]);
    let wrong = |exercise: &SheetExercise, cell, text| figure(exercise, cell, text).expect_err(text);
    assert_eq!(wrong(&bench, Cell::Rpe, "5"), "RPE is 6 to 10.");
    assert_eq!(wrong(&bench, Cell::Rpe, "10.5"), "RPE is 6 to 10.");
    assert_eq!(figure(&bench, Cell::Rpe, "9.5"), Ok(Some(95)));
    assert_eq!(wrong(&bench, Cell::Load, "2001"), "A load is at most 2000\u{202f}kg.");
    bench.unit = Unit::Lb;
    assert_eq!(wrong(&bench, Cell::Load, "4410"), "A load is at most 4409.25\u{202f}lb.");
    assert_eq!(wrong(&bench, Cell::Reps, "2.5"), "Repetitions are whole, at most 10000.");
    assert_eq!(figure(&bench, Cell::Reps, ""), Ok(None));
}

#[test]
fn ninety_three_and_a_half_however_it_is_typed() {
    let typed = |keys: &str| keys.chars().fold(String::new(), |text, key| pressed(&text, key, Cell::Load));
    assert_eq!(
        (typed("93,5"), typed("93.5"), typed("9.3.5"), typed(",5"), typed("007")),
        ("93.5".into(), "93.5".into(), "9.35".into(), "0.5".into(), "7".into())
    );
    for text in ["93,5", "93.5", " 93,5 kg\n", "93,5\u{a0}kg"] {
        assert_eq!(pasted(text, Cell::Load).as_deref(), Some("93.5"), "{text}");
    }
    for nonsense in ["", "kg", "93,5,5", "-3", "1e9", "123456789"] {
        assert_eq!(pasted(nonsense, Cell::Load), None, "{nonsense}");
    }
    let clock = "1:30".chars().fold(String::new(), |text, key| pressed(&text, if key == ':' { ',' } else { key }, Cell::Time));
    assert_eq!((clock.as_str(), pressed("5", '.', Cell::Reps).as_str()), ("1:30", "5"));
    assert_eq!(figure(&bench(&[]), Cell::Load, "93,5"), Ok(Some(93_500)));
}

#[test]
fn steps_keep_to_what_is_possible() {
    assert_eq!((stepped("80", 1_250, Cell::Load), stepped("1", -2_500, Cell::Load)), ("81.25".into(), "0".into()));
    assert_eq!((stepped("", 500, Cell::Rpe), stepped("10", 500, Cell::Rpe)), ("8".into(), "10".into()));
    assert_eq!((stepped("1:50", 15_000, Cell::Time), stepped("0.88", 100, Cell::Distance)), ("2:05".into(), "0.98".into()));
    assert_eq!(
        (arrow(Cell::Load, false), arrow(Cell::Reps, false), arrow(Cell::Rpe, false), arrow(Cell::Time, false)),
        (1_250, 1_000, 500, 15_000)
    );
}

#[test]
fn the_keypad_leads_from_load_to_repetitions_and_on_to_the_next_set() {
    assert_eq!(
        (
            next_cell(Tracking::LoadReps, Cell::Load),
            next_cell(Tracking::LoadReps, Cell::Reps),
            next_cell(Tracking::LoadReps, Cell::Rpe)
        ),
        (Some(Cell::Reps), None, None)
    );
    assert_eq!(
        (next_cell(Tracking::DistanceDuration, Cell::Distance), next_cell(Tracking::Duration, Cell::Time)),
        (Some(Cell::Time), None)
    );
    let rows = [done(set("a", "80", "5")), set("b", "80", "5"), set("c", "", "")];
    assert_eq!(next_set(&bench(&rows), 0), Some((1, Cell::Load)));
    assert_eq!(next_set(&bench(&rows), 1), Some((2, Cell::Load)));
    // The last one is done: back to what was passed over, and then nowhere.
    assert_eq!(next_set(&bench(&rows), 2), Some((1, Cell::Load)));
    assert_eq!(next_set(&bench(&[done(set("a", "80", "5")), set("b", "80", "")]), 0), Some((1, Cell::Reps)));
    assert_eq!(next_set(&bench(&rows[..1]), 0), None);
    assert_eq!((set_at(&rows), set_at(&rows[..1])), ((2, 3), (1, 1)));
}

#[test]
fn a_correction_says_only_what_differs() {
    let id = EntityId::v5("test", "set");
    let was = Figures { load_g: Some(20_412), reps: Some(5), ..Figures::default() };
    let now = Figures { reps: Some(6), ..was.clone() };
    let fact = correction(&was, &now, SetCorrected::of(id, 1, 0)).expect("something differs");
    assert_eq!(fact, SetCorrected { reps: Patch::Set(6), ..SetCorrected::of(id, 1, 0) });
    let without = Figures { load_g: None, ..was.clone() };
    assert_eq!(correction(&was, &without, SetCorrected::of(id, 1, 0)).map(|fact| fact.load_g), Some(Patch::Clear));
    assert_eq!(correction(&was, &was, SetCorrected::of(id, 1, 0)), None);
}

#[test]
fn a_rest_begins_with_a_new_set_and_not_with_a_correction() {
    let now = 1_000_000;
    let rows = |marks: [(bool, bool); 3]| {
        let sets: Vec<SheetSet> =
            ["a", "b", "c"].iter().zip(marks).map(|(id, (done, again))| SheetSet { done, again, ..set(id, "80", "5") }).collect();
        Sheet { rest_ends_ms: Some(now + 90_000), rest_set: "b".to_owned(), ..on_sheet(vec![bench(&sets)]) }
    };
    let (no, yes, again) = ((false, false), (true, false), (false, true));
    assert!(begins_rest(&rows([yes, yes, no]), 0, 2, now), "the next set");
    assert!(!begins_rest(&rows([again, yes, no]), 0, 0, now), "an earlier set, ticked again");
    assert!(!begins_rest(&rows([no, yes, no]), 0, 0, now), "a set that was passed over");
    // The last one ticked again: its rest goes on, with the 90 seconds that are left.
    assert!(!begins_rest(&rows([yes, again, no]), 0, 1, now));
    assert!(begins_rest(&rows([yes, again, no]), 0, 1, now + 90_000), "its rest was over");
    // Another exercise was done in between.
    let mut other = rows([again, no, no]);
    assert!(!begins_rest(&other, 0, 0, now + 90_000));
    other.exercises[0].sets[0].again = false;
    assert!(begins_rest(&other, 0, 0, now));
}

#[test]
fn a_rest_goes_by_the_clock_on_the_wall() {
    let ends = 120_000;
    assert_eq!((rest_left(ends, 0), rest_left(ends, 1), rest_left(ends, 999), rest_left(ends, 1_000)), (120, 120, 120, 119));
    assert_eq!(rest_left(ends, 60_000), 60, "frozen for 60 s of 120");
    assert_eq!((rest_left(ends, 119_999), rest_left(ends, 120_000), rest_left(ends, 200_000)), (1, 0, -80));
    // Frozen for 200 s: over, and told once.
    assert!(rest_ended(Some(ends), Some(ends), 200_000));
    assert!(!rest_ended(None, Some(ends), 200_500));
    // Skipped, or shifted past its end by hand: not over by itself.
    assert!(!rest_ended(Some(ends), None, 60_000));
    assert!(!rest_ended(Some(ends), Some(ends - 15_000), 110_000));
    assert!(!rest_ended(Some(ends), Some(ends), 60_000));
}

#[test]
fn what_was_taken_off_comes_back_where_it_stood_and_keeps_what_happened_since() {
    let rows = [done(set("a", "80", "5")), done(set("b", "80", "5")), set("c", "80", "5")];
    let mut sheet = on_sheet(vec![bench(&rows)]);
    let taken = take(&mut sheet, 0, false, |nth, _| nth == 1).expect("a row");
    assert_eq!(ids(&sheet), [["a", "c"]]);
    assert_eq!(taken.done().map(|set| set.set_id.as_str()).collect::<Vec<_>>(), ["b"]);
    sheet.exercises[0].sets[1].done = true;
    sheet.note = "meanwhile".to_owned();
    put_back(&mut sheet, taken);
    assert_eq!(ids(&sheet), [["a", "b", "c"]]);
    assert!(sheet.exercises[0].sets.iter().all(|set| set.done) && sheet.note == "meanwhile");
    // Of all the rows that are not ticked.
    sheet.exercises[0].sets.extend([set("d", "", ""), set("e", "", "")]);
    let taken = take(&mut sheet, 0, false, |_, set| !set.done).expect("rows");
    assert_eq!((ids(&sheet), taken.done().count()), (vec![vec!["a", "b", "c"]], 0));
    put_back(&mut sheet, taken.clone());
    put_back(&mut sheet, taken);
    assert_eq!(ids(&sheet), [["a", "b", "c", "d", "e"]], "once, however often");
}

#[test]
fn an_exercise_that_was_taken_off_comes_back_between_its_neighbours() {
    let named = |id: &str| SheetExercise { exercise_id: id.to_owned(), ..bench(&[done(set(id, "80", "5"))]) };
    let mut sheet = on_sheet(vec![named("bench"), named("squat"), named("bench")]);
    sheet.current = 2;
    let taken = take(&mut sheet, 2, true, |_, _| true).expect("an exercise");
    assert_eq!((ids(&sheet), sheet.current), (vec![vec!["bench"], vec!["squat"]], 1));
    put_back(&mut sheet, taken.clone());
    assert_eq!((ids(&sheet), sheet.current), (vec![vec!["bench"], vec!["squat"], vec!["bench"]], 2));
    // Not into another workout.
    let mut other = Sheet { workout_id: "other".to_owned(), ..on_sheet(vec![]) };
    put_back(&mut other, taken);
    assert!(other.exercises.is_empty());
}
