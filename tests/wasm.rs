//! WebAssembly and native give the same tables: one log, one list of hashes, made and checked on both.

#[path = "conformance.rs"]
mod conformance;

use std::collections::BTreeMap;

use tests::{careless_log, store};

const HASHES: &str = include_str!("fixtures/hashes.json");

fn hashes() -> BTreeMap<String, String> {
    let mut store = store();
    store.add_rows(ledger::clear_rows(&careless_log(2026, 40).rows));
    store.rebuild().expect("rebuild");
    store.hashes()
}

#[cfg(not(target_arch = "wasm32"))]
#[test]
fn native_tables_have_the_committed_hashes() {
    let now = serde_json::to_string_pretty(&hashes()).expect("JSON") + "\n";
    if std::env::var_os("SPOTTER_BLESS").is_some() {
        std::fs::write(concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/hashes.json"), &now).expect("writable");
        return;
    }
    assert_eq!(now, HASHES, "the models changed: if that was meant, run the tests once with SPOTTER_BLESS=1");
}

#[cfg(target_arch = "wasm32")]
#[wasm_bindgen_test::wasm_bindgen_test]
fn wasm_tables_have_the_committed_hashes() {
    let now = serde_json::to_string_pretty(&hashes()).expect("JSON") + "\n";
    assert_eq!(now, HASHES);
}
