//! Makes a random table and a random query from each seed, answers it with our engine, and prints both, one JSON object
//! a line, for `conformance/duck.py seeds` to compare with DuckDB.
//!
//!     sql-seeds FROM N [frame|nulls|division]
//!
//! The last word plants a bug: our engine is given a query without its frame, its order of nulls, or its whole division.
//! A comparison that finds no difference then is worth nothing.

use std::io::Write as _;

use engine::{Params, query};
use tests::{Seeded, random_query::RandomQuery};

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let number = |at: usize| args.get(at).and_then(|text| text.parse::<u64>().ok());
    let (Some(from), Some(n)) = (number(0), number(1)) else {
        panic!("sql-seeds FROM N [frame|nulls|division]");
    };
    let planted = args.get(2).map(String::as_str);
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    for seed in from..from + n {
        let made = RandomQuery::new(&mut Seeded(Seeded(seed).number()));
        let given = match planted {
            Some("frame") => match made.sql.find(" rows between") {
                Some(at) => format!("{}{}", &made.sql[..at], &made.sql[at + made.sql[at..].find(')').expect("closed")..]),
                None => made.sql.clone(),
            },
            Some("nulls") => made.sql.replace(" nulls first", ""),
            Some("division") => made.sql.replace(" // ", " / "),
            Some(other) => panic!("no bug called {other} can be planted"),
            None => made.sql.clone(),
        };
        let mut line = serde_json::json!({ "seed": seed, "sql": made.sql, "ordered": made.ordered });
        match query(&given, &Params::none(), &|_| None) {
            Ok(table) => line["rows"] = table.to_rows().into(),
            Err(err) => line["refused"] = err.to_string().into(),
        }
        writeln!(out, "{line}").expect("stdout");
    }
}
