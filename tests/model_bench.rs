//! The models natively, for whoever measures them beside other engines:
//!
//!     model-bench EVENTS.parquet ASKED.json RUNS [TAIL]
//!
//! ASKED holds `[{"name", "params"}]`, questions of the screens. Each run opens the Parquet in a store of its own, rebuilds,
//! and asks everything twice; the second time counts. Then the TAIL, one raw row a line, arrives row by row. Prints times in
//! milliseconds, the answers, and how long each model took in the last run, as JSON.

use std::{io::Write as _, time::Instant};

use engine::{Params, Value};
use serde_json::json;

#[expect(clippy::disallowed_methods, reason = "a program that tells how long things take")]
fn now() -> Instant {
    Instant::now()
}

fn ms(from: Instant) -> f64 {
    from.elapsed().as_secs_f64() * 1000.0
}

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [events, asked, runs, ..] = &args[..] else { panic!("model-bench EVENTS.parquet ASKED.json RUNS [TAIL]") };
    let parquet = std::fs::read(events).expect("the events");
    let asked: Vec<serde_json::Value> = serde_json::from_slice(&std::fs::read(asked).expect("the questions")).expect("JSON");
    let asked: Vec<(String, Params)> =
        asked.iter().map(|one| (one["name"].as_str().expect("a name").to_owned(), params(&one["params"]))).collect();
    let (mut opened, mut rebuilt, mut dashboard) = (Vec::new(), Vec::new(), Vec::new());
    let (mut answers, mut models, mut one_by_one) = (Vec::new(), Vec::new(), Vec::new());
    let mut last = None;
    for _ in 0..runs.parse::<usize>().expect("a number of runs") {
        drop(last.take());
        let mut store = tests::store();
        let began = now();
        store.add_segment(&parquet).expect("a segment");
        opened.push(ms(began));
        let began = now();
        let mut before = began;
        models.clear();
        let failed = store.rebuild_telling(&mut |model, table| {
            models.push(json!({ "name": model.name, "rows": table.rows(), "ms": ms(before), "bytes": table.bytes() }));
            before = now();
        });
        assert!(failed.is_empty(), "{failed:?}");
        rebuilt.push(ms(began));
        answers = asked.iter().map(|(name, params)| store.ask(name, params).expect("an answer").to_json()).collect();
        let began = now();
        one_by_one.clear();
        for (name, params) in &asked {
            let began = now();
            store.ask(name, params).expect("an answer");
            one_by_one.push(json!({ "name": name, "ms": ms(began) }));
        }
        dashboard.push(ms(began));
        last = Some(store);
    }
    let mut store = last.expect("a run");
    let mut refreshed = Vec::new();
    if let Some(tail) = args.get(3) {
        while store.tidy() {}
        let tail = std::fs::read_to_string(tail).expect("the tail");
        for raw in tail.lines() {
            let row = ledger::Row::read(raw.as_bytes()).expect("a row");
            let began = now();
            store.add_rows(ledger::clear_rows(&[row]));
            store.refresh().expect("refresh");
            refreshed.push(ms(began));
            while store.tidy() {}
        }
    }
    let said = json!({
        "events": store.events(), "bytes": store.bytes(), "open": opened, "rebuild": rebuilt, "dashboard": dashboard,
        "refresh": refreshed, "models": models, "questions": one_by_one, "answers": answers,
    });
    writeln!(std::io::stdout().lock(), "{said}").expect("stdout");
}

fn params(said: &serde_json::Value) -> Params {
    let mut params = Params::none();
    for (name, value) in said.as_object().expect("names and values") {
        let value = match value.as_i64() {
            Some(number) => Value::Int(number),
            None => Value::Text(value.as_str().expect("a text or a number").into()),
        };
        params = params.with(name, value);
    }
    params
}
