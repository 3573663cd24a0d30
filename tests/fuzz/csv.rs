//! Files that somebody takes for an export of another app.
#![no_main]

use std::{collections::BTreeMap, iter};

use bridge::Choices;
use intake::{Known, NameBook, NameTarget};
use ledger::{EntityId, LoadMode, Tracking};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Some((how, rest)) = data.split_first() else { return };
    let mut answers = BTreeMap::new();
    let mut say = |bit: u8, id: &str, answer: &str| {
        if how & bit != 0 {
            answers.insert(id.to_owned(), answer.to_owned());
        }
    };
    say(1, "unit", "kg");
    say(2, "unit", "lb");
    say(4, "distance", "mi");
    say(8, "dates", "day");
    say(16, "dates", "month");
    say(32, "column:Exercise Name", "2");
    say(64, "load:2", "82.5");
    say(128, "column:Set Order", "-");
    let choices = Choices { offset_min: 60, now_ms: 1_763_700_000_000, answers };
    let bench = NameTarget {
        exercise_id: "bench-press-barbell".to_owned(),
        name: "Bench Press (Barbell)".to_owned(),
        load_mode: LoadMode::default(),
        tracking: Tracking::default(),
    };
    let names = NameBook::new(iter::once(("Bench Press (Barbell)".to_owned(), bench)));
    let known = Known::new(iter::empty());
    let Ok(planned) = intake::plan(rest, "file.csv", &choices, &names, &known) else { return };
    let import = EntityId::v7(1, [1; 10]);
    let parts = intake::drafts(&planned, &choices, &names, import, None, 500);
    assert_eq!(parts.iter().map(|part| part.sets).sum::<usize>(), planned.plan.fresh());
    for draft in parts.iter().flat_map(|part| &part.drafts) {
        // Every row that a plan promises can be written.
        let scope = ledger::Scope::Person(import);
        assert!(draft.fact.check(&scope).is_ok(), "{:?}", draft.fact);
    }
});
