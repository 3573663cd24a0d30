//! A project with mistakes in it: each is said with file, line and column, and everything else is built.

use std::collections::BTreeMap;

use engine::{Store, prebuild_of, read_project};
use tests::careless_log;

const STAGING: (&str, &str) = (
    "models/staging/stg.sql",
    "-- One row per event.\n{{ config(materialized='view', meta={'key': ['event_id'], 'refreshed_by': ['event_id']}) }}\n\
     select event_id, kind, load_g, reps from {{ source('ledger', 'events') }}",
);
const SOUND: (&str, &str) = (
    "models/marts/kinds.sql",
    "-- One row per kind.\n{{ config(materialized='table', meta={'key': ['kind'], 'refreshed_by': ['kind']}) }}\n\
     select kind, count(*) as events from {{ ref('stg') }} group by kind",
);

fn mart(sql: &str) -> String {
    format!("-- One row per mistake.\n{{{{ config(materialized='table', meta={{'key': ['kind'], 'refreshed_by': []}}) }}}}\n{sql}")
}

#[test]
fn mistakes_are_said_with_their_place_and_the_rest_is_built() {
    let cases = [
        ("a typo", "select kind frm {{ ref('stg') }}", "models/marts/bad.sql: line 3, column 17: "),
        (
            "a missing column",
            "select kind,\n  nope from {{ ref('stg') }}",
            "models/marts/bad.sql: line 4, column 3: no column nope; ",
        ),
        ("a type error", "select reps + kind as x from {{ ref('stg') }}", "models/marts/bad.sql: line 3, column 8: "),
        (
            "after a call",
            "select kind from {{ ref('stg') }} where nope > 1",
            "models/marts/bad.sql: line 3, column 41: no column nope",
        ),
        ("no such function", "select nothere(kind) from {{ ref('stg') }}", "models/marts/bad.sql: line 3, column 8: "),
        ("no such model", "select * from {{ ref('gone') }}", "models/marts/bad.sql: ref('gone') names no model and no seed"),
        ("a circle", "select * from {{ ref('bad') }}", "the models go round in a circle: bad -> bad"),
    ];
    for (what, sql, want) in cases {
        let bad = mart(sql);
        let on_bad = mart("select * from {{ ref('bad') }}");
        let files = [STAGING, SOUND, ("models/marts/bad.sql", bad.as_str()), ("models/marts/on_bad.sql", on_bad.as_str())];
        let catalog = read_project(files);
        let mut said: Vec<String> = catalog.problems.iter().map(ToString::to_string).collect();
        let mut store = Store::of(catalog, BTreeMap::new()).expect("a store");
        store.add_rows(ledger::clear_rows(&careless_log(1, 5).rows));
        said.extend(store.rebuild_telling(&mut |_, _| {}).iter().map(ToString::to_string));
        assert!(said[0].starts_with(want), "{what}: {said:?}");
        assert!(store.table("kinds").is_some_and(|table| 0 < table.rows()), "{what}: the sound model is built");
        assert!(store.table("on_bad").is_none() && store.table("bad").is_none(), "{what}");
    }
    assert!(prebuild_of(&read_project([STAGING])).expect("nothing to build").is_empty());
}
