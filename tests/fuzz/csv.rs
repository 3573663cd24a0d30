//! Files that somebody takes for an export of another app.
#![no_main]

use std::iter;

use bridge::Choices;
use intake::{Known, NameBook, NameTarget};
use ledger::{EntityId, LoadMode, Tracking};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Some((how, rest)) = data.split_first() else { return };
    let choices = Choices {
        unit: match how % 3 {
            0 => None,
            1 => Some(ledger::Unit::Kg),
            _ => Some(ledger::Unit::Lb),
        },
        miles: how & 4 != 0,
        offset_min: 60,
        names: Vec::new(),
        now_ms: 1_763_700_000_000,
    };
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
    let chunks = intake::drafts(&planned, &choices, &names, &known, import, 500);
    for draft in chunks.iter().flatten() {
        // Every row that a plan promises can be written.
        let scope = ledger::Scope::Person(import);
        assert!(draft.fact.check(&scope).is_ok(), "{:?}", draft.fact);
    }
});
