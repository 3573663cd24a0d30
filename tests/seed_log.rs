//! Writes a seeded log as one Parquet file of events, for engines that are not ours:
//!
//!     seed-log LOG SEED N FILE [TAIL]
//!
//! LOG is `careless`, N its workouts, or `steady`, N its events. The last TAIL rows stay out of the file and are written
//! beside it, one raw row a line, for whoever wants to see them arrive. What the log holds, and what its tables hash to
//! natively, is printed as JSON.

use std::io::Write as _;

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let number = |at: usize| args.get(at).and_then(|text| text.parse::<u64>().ok());
    let (Some(log), Some(seed), Some(n), Some(path)) = (args.first(), number(1), number(2), args.get(3)) else {
        panic!("seed-log LOG SEED N FILE [TAIL]");
    };
    let scribe = match log.as_str() {
        "careless" => tests::careless_log(seed, n),
        "steady" => tests::steady_log(seed, n),
        other => panic!("there is no log {other}: choose careless or steady"),
    };
    let user = scribe.user();
    let mut rows = scribe.rows;
    let tail = rows.split_off(rows.len() - (number(4).unwrap_or(0) as usize).min(rows.len()));
    // Where the log ends, but for the clocks that are wrong.
    let last_ms = tail.iter().chain(&rows).filter_map(|row| row.clear()?.said("at_ms")?.as_i64());
    let last_ms = last_ms.filter(|at| *at < 4_000_000_000_000).max().unwrap_or(0);
    tests::Seeded(seed).shuffle(&mut rows);
    let parquet = engine::segment_to_parquet(&rows).expect("a segment");
    let mut store = tests::store();
    store.add_segment(&parquet).expect("a segment");
    store.rebuild().expect("sound models");
    std::fs::write(path, parquet).expect("writable");
    if number(4).is_some() {
        let mut file = std::fs::File::create(format!("{path}.tail")).expect("writable");
        for row in &tail {
            file.write_all(&row.raw).and_then(|()| file.write_all(b"\n")).expect("writable");
        }
    }
    let said =
        serde_json::json!({ "user": user, "events": rows.len(), "last_day": last_ms / 86_400_000, "hashes": store.hashes() });
    writeln!(std::io::stdout().lock(), "{said}").expect("stdout");
}
