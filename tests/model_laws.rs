//! The laws of the models over a long log: `model-laws SEED EVENTS`. Rows arrive shuffled, in pieces and then one by one;
//! what refreshes made of them must be what a rebuild makes, twice. Prints what was compared as JSON.

use std::{io::Write as _, time::Instant};

#[expect(clippy::disallowed_methods, reason = "a program that tells how long refreshes take")]
fn main() {
    let args: Vec<u64> = std::env::args().skip(1).filter_map(|text| text.parse().ok()).collect();
    let [seed, events] = args[..] else { panic!("model-laws SEED EVENTS") };
    let mut rows = tests::careless_log(seed, events / 11).rows;
    rows.truncate(events as usize);
    tests::Seeded(seed).shuffle(&mut rows);
    let mut store = tests::store();
    let (pieces, singles) = rows.split_at(rows.len() - 200.min(rows.len()));
    for piece in pieces.chunks(1.max(pieces.len() / 8)) {
        store.add_rows(ledger::clear_rows(piece));
        store.refresh().expect("refresh");
    }
    let mut took: Vec<f64> = Vec::new();
    for row in singles {
        store.add_rows(ledger::clear_rows(std::slice::from_ref(row)));
        let began = Instant::now();
        store.refresh().expect("refresh");
        took.push(began.elapsed().as_secs_f64() * 1000.0);
        while store.tidy() {}
    }
    let refreshed = store.hashes();
    let began = Instant::now();
    store.rebuild().expect("rebuild");
    let rebuild_ms = began.elapsed().as_secs_f64() * 1000.0;
    let rebuilt = store.hashes();
    store.rebuild().expect("rebuild");
    let again = store.hashes();
    took.sort_by(f64::total_cmp);
    let at = |share: f64| took[((took.len() - 1) as f64 * share) as usize];
    let differ: Vec<&String> = refreshed
        .iter()
        .filter(|(name, hash)| rebuilt.get(*name) != Some(hash) || again.get(*name) != Some(hash))
        .map(|(name, _)| name)
        .collect();
    let said = serde_json::json!({
        "seed": seed, "events": rows.len(), "tables": refreshed.len(), "different": differ,
        "refresh_one_ms": { "p50": at(0.5), "p99": at(0.99) }, "rebuild_ms": rebuild_ms, "bytes": store.bytes(),
    });
    writeln!(std::io::stdout().lock(), "{said}").expect("stdout");
    assert!(differ.is_empty(), "a refresh is not a rebuild: {differ:?}");
}
