//! An exercise of one's own is renamed, said to be another one, and put away: nothing that was logged is lost by it.

use engine::{Params, Store};
use ledger::{EntityId, LoadMode, Patch};

use super::lifter::{DAY, Lifter, MONDAY, ask, cells, int, lawful, of, text};

/// Who answers to a name in another app's file.
fn named(store: &Store, alias: &str) -> Vec<String> {
    let names = cells(&ask(store, "exercise_names", Params::none()), &["alias", "exercise_id"]);
    names
        .into_iter()
        .filter(|row| row[0] == text(alias))
        .map(|row| if let engine::Value::Text(id) = &row[1] { id.clone() } else { panic!("{row:?}") })
        .collect()
}

fn volumes(store: &Store) -> Vec<Vec<engine::Value>> {
    of(store, "fact_workouts", &["exercise_id", "volume_g", "nth_time", "best_e1rm_before_g"])
}

#[test]
fn a_new_name_is_shown_and_the_old_one_is_still_known_to_imports() {
    let mut it = Lifter::new(1);
    let row = it.define("Rudern", LoadMode::External);
    it.one_set(&row.to_string(), MONDAY, 8, |set| set.load_g = Some(60_000));
    let before = volumes(&it.tables());
    it.change(row, |change| change.name = Some("Barbell Row, mine".to_owned()));
    let store = it.tables();
    let list = ask(&store, "exercise_list", Params::none().with_text("user", &it.user()));
    let mine: Vec<_> =
        cells(&list, &["exercise_id", "name", "times"]).into_iter().filter(|cells| cells[0] == text(&row.to_string())).collect();
    assert_eq!(mine, [[text(&row.to_string()), text("Barbell Row, mine"), int(1)]]);
    assert_eq!(volumes(&store), before);
    for alias in ["rudern", "barbell row, mine"] {
        assert_eq!(named(&store, alias), [row.to_string()], "{alias}");
    }
    // Another device that has not heard of the new name imports the file once more, which defines the exercise again.
    let mut rows = it.scribe.rows.clone();
    let mut other = Lifter::new(2);
    other.scribe.rows.clear();
    let again = ledger::Fact::ExerciseDefined(ledger::ExerciseDefined {
        exercise_id: row,
        name: "Rudern".to_owned(),
        equipment: "other".to_owned(),
        load_mode: LoadMode::External,
        tracking: ledger::Tracking::LoadReps,
        muscles: Vec::new(),
        at_ms: MONDAY,
        offset_min: 0,
    });
    rows.extend(other.scribe.write((MONDAY + DAY) as u64, vec![bridge::Draft::mine(again)]));
    assert!(of(&lawful(&rows), "dim_exercise", &["name"]).contains(&vec![text("Barbell Row, mine")]));
}

#[test]
fn a_merged_exercise_counts_as_the_other_one_and_comes_back() {
    let mut it = Lifter::new(3);
    let own = it.define("Bankdruecken", LoadMode::External);
    let bench = "bench-press-barbell";
    it.one_set(bench, MONDAY, 5, |set| set.load_g = Some(100_000));
    it.one_set(&own.to_string(), MONDAY + DAY, 5, |set| set.load_g = Some(110_000));
    it.one_set(bench, MONDAY + 2 * DAY, 5, |set| set.load_g = Some(105_000));
    let apart = volumes(&it.tables());
    it.change(own, |change| change.merged_into = Patch::Set(bench.to_owned()));
    let store = it.tables();
    // One history: the second time is a record over the first, the third is none.
    assert_eq!(
        of(&store, "fact_workouts", &["exercise_id", "nth_time", "best_e1rm_before_g"]),
        [[text(bench), int(1), engine::Value::Null], [text(bench), int(2), int(116_666)], [text(bench), int(3), int(128_333)],]
    );
    assert_eq!(of(&store, "personal_records", &["exercise_id", "record", "value_g"]).len(), 2);
    assert_eq!(named(&store, "bankdruecken"), [bench]);
    let list = ask(&store, "exercise_list", Params::none().with_text("user", &it.user()));
    assert!(cells(&list, &["exercise_id"]).iter().all(|cells| cells[0] != text(&own.to_string())), "it is offered no more");
    // A sheet that is still open under the old id is filled in from the history that it counts for.
    let last = Params::none().with_text("user", &it.user()).with_text("exercise", &own.to_string()).with_int("before_ms", i64::MAX);
    assert_eq!(cells(&ask(&store, "last_sets", last), &["load_g"]), [[int(105_000)]]);

    it.change(own, |change| change.merged_into = Patch::Clear);
    let store = it.tables();
    assert_eq!(volumes(&store), apart);
    assert_eq!(named(&store, "bankdruecken"), [own.to_string()]);
}

#[test]
fn merges_of_merges_and_circles_end_at_one_exercise() {
    let mut it = Lifter::new(4);
    let chain: Vec<EntityId> = (0..12).map(|nth| it.define(&format!("Own {nth}"), LoadMode::External)).collect();
    for (nth, id) in chain.iter().enumerate() {
        it.one_set(&id.to_string(), MONDAY + nth as i64 * DAY, 5, |set| set.load_g = Some(50_000));
    }
    // The first into the second, then the second into the third, …: the whole chain is the last one.
    for pair in chain.windows(2) {
        it.change(pair[0], |change| change.merged_into = Patch::Set(pair[1].to_string()));
    }
    let last = chain[11].to_string();
    assert!(of(&it.tables(), "fact_sets", &["exercise_id"]).iter().all(|cells| cells[0] == text(&last)));
    // Three that were merged in a circle by devices that knew nothing of each other: one of them stands for all.
    let mut it = Lifter::new(5);
    let circle: Vec<EntityId> = (0..3).map(|nth| it.define(&format!("Own {nth}"), LoadMode::External)).collect();
    for (nth, id) in circle.iter().enumerate() {
        it.one_set(&id.to_string(), MONDAY + nth as i64 * DAY, 5, |set| set.load_g = Some(50_000));
        it.change(*id, |change| change.merged_into = Patch::Set(circle[(nth + 1) % 3].to_string()));
    }
    let least = circle.iter().map(ToString::to_string).min().expect("three");
    let store = it.tables();
    assert_eq!(of(&store, "fact_sets", &["exercise_id"]), vec![vec![text(&least)]; 3]);
    assert!(of(&store, "dim_exercise", &["exercise_id", "merged_into"]).contains(&vec![text(&least), engine::Value::Null]));
}

#[test]
fn a_merged_exercise_moves_its_load_as_the_other_one_does() {
    let mut it = Lifter::new(6);
    let (own, target) = (it.define("Klimmzug", LoadMode::External), it.define("Klettern", LoadMode::External));
    it.one_set(&own.to_string(), MONDAY, 8, |set| {
        set.load_g = Some(10_000);
        set.bodyweight_g = Some(80_000);
    });
    it.change(own, |change| change.merged_into = Patch::Set("pull-up".to_owned()));
    assert_eq!(of(&it.tables(), "fact_sets", &["exercise_id", "volume_g"]), [[text("pull-up"), int(8 * 90_000)]]);
    // Merged into another one, and that one turns out to move the body: the sets under the first id follow.
    it.change(own, |change| change.merged_into = Patch::Set(target.to_string()));
    assert_eq!(of(&it.tables(), "fact_sets", &["volume_g"]), [[int(8 * 10_000)]]);
    it.say(ledger::Fact::ExerciseDefined(ledger::ExerciseDefined {
        exercise_id: target,
        name: "Klettern".to_owned(),
        equipment: "other".to_owned(),
        load_mode: LoadMode::Bodyweight,
        tracking: ledger::Tracking::BodyweightReps,
        muscles: Vec::new(),
        at_ms: MONDAY,
        offset_min: 0,
    }));
    assert_eq!(of(&it.tables(), "fact_sets", &["volume_g"]), [[int(8 * 90_000)]]);
}

#[test]
fn archiving_hides_nothing_that_was_logged() {
    let mut it = Lifter::new(7);
    let own = it.define("Seilspringen", LoadMode::External);
    it.one_set(&own.to_string(), MONDAY, 5, |set| set.load_g = Some(20_000));
    let before = volumes(&it.tables());
    it.change(own, |change| change.archived = Some(true));
    let list = |store: &Store, user: &str| {
        let list = ask(store, "exercise_list", Params::none().with_text("user", user));
        cells(&list, &["exercise_id", "is_archived", "times"]).into_iter().find(|cells| cells[0] == text(&own.to_string()))
    };
    let store = it.tables();
    assert_eq!(volumes(&store), before);
    assert_eq!(list(&store, &it.user()), Some(vec![text(&own.to_string()), int(1), int(1)]));
    assert_eq!(named(&store, "seilspringen"), [own.to_string()], "the name is taken: it is not made a second time");
    it.change(own, |change| change.archived = Some(false));
    assert_eq!(list(&it.tables(), &it.user()), Some(vec![text(&own.to_string()), int(0), int(1)]));
}
