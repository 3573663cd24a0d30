//! Queries over the small tables of the corpus, and when two answers count as the same.

use engine::{Params, SqlErr, query};
use serde_json::Value as Json;

const TABLES: &str = include_str!("conformance/tables.sql");

/// The query with the tables of the corpus before it.
pub fn with_tables(sql: &str) -> String {
    let tables: String = TABLES.lines().filter(|line| !line.starts_with("--")).collect::<Vec<_>>().join("\n");
    match sql.get(..5) {
        Some("with ") if sql.starts_with("with recursive ") => format!("with recursive {tables}, {}", &sql[15..]),
        Some("with ") => format!("with {tables}, {}", &sql[5..]),
        Some("selec" | "(sele") => format!("with {tables} {sql}"),
        _ => sql.to_owned(),
    }
}

pub fn answer(sql: &str) -> Result<Vec<Vec<Json>>, SqlErr> {
    Ok(query(&with_tables(sql), &Params::none(), &|_| None)?.to_rows())
}

/// `None` when the rows are the same: whole numbers and texts exactly, doubles within 1e-9 of each other. Rows have an
/// order only where the query ends with one.
pub fn differs(sql: &str, ours: &[Vec<Json>], theirs: &Json) -> Option<String> {
    let theirs: Vec<Vec<Json>> = serde_json::from_value(theirs.clone()).expect("rows");
    let (mut ours, mut theirs) = (ours.to_vec(), theirs);
    let ordered = sql.rfind(" order by ").is_some_and(|at| !sql[at..].contains(')') || balanced(&sql[at..]));
    if !ordered {
        let text = |row: &Vec<Json>| serde_json::to_string(row).expect("JSON");
        ours.sort_by_key(text);
        theirs.sort_by_key(text);
    }
    let same = ours.len() == theirs.len()
        && ours.iter().zip(&theirs).all(|(a, b)| a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b)));
    (!same).then(|| format!("ours   {}\n  DuckDB {}", shown(&ours), shown(&theirs)))
}

/// Every parenthesis that is closed in the text was opened in it.
fn balanced(text: &str) -> bool {
    let mut open = 0;
    text.chars().all(|c| {
        open += i32::from(c == '(') - i32::from(c == ')');
        0 <= open
    })
}

fn shown(rows: &[Vec<Json>]) -> String {
    rows.iter().map(|row| serde_json::to_string(row).expect("JSON")).collect::<Vec<_>>().join(" ")
}

fn same(a: &Json, b: &Json) -> bool {
    match (a, b) {
        (Json::Number(a), Json::Number(b)) if a.is_f64() && b.is_f64() => {
            let (a, b) = (a.as_f64().unwrap_or(f64::NAN), b.as_f64().unwrap_or(f64::NAN));
            a == b || (a - b).abs() <= 1e-9 * a.abs().max(b.abs())
        }
        (a, b) => a == b,
    }
}
