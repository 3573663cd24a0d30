//! Every query of the corpus gives DuckDB's answer, or is refused where the corpus says so; natively and in WebAssembly.
//! That the answers are DuckDB's is checked by `conformance/duck.py`.

use serde_json::Value as Json;
use tests::sql::{answer, differs};

const CORPUS: &str = include_str!("conformance/corpus.sql");
const ANSWERS: &str = include_str!("conformance/answers.jsonl");

fn check() -> (usize, usize) {
    let queries = || CORPUS.lines().filter(|line| !line.is_empty() && !line.starts_with("--"));
    let mut answers = ANSWERS.lines();
    let mut wrong = Vec::new();
    let (mut equal, mut refused) = (0, 0);
    for sql in queries() {
        if let Some(sql) = sql.strip_prefix("! ") {
            match answer(sql) {
                Ok(rows) => wrong.push(format!("{sql}\n  should be refused, gave {rows:?}")),
                Err(err) if err.reason.is_empty() => wrong.push(format!("{sql}\n  was refused without a reason")),
                Err(err) if err.line == 0 || err.column == 0 => wrong.push(format!("{sql}\n  was refused without a place: {err}")),
                Err(_) => refused += 1,
            }
            continue;
        }
        let want: Json = serde_json::from_str(answers.next().expect("an answer for every query")).expect("JSON");
        assert_eq!(want["sql"], sql, "answers.jsonl does not follow corpus.sql: run duck.py bless");
        match answer(sql) {
            Ok(rows) => match differs(sql, &rows, &want["rows"]) {
                Some(how) => wrong.push(format!("{sql}\n  {how}")),
                None => equal += 1,
            },
            Err(err) => wrong.push(format!("{sql}\n  refused: {err}")),
        }
    }
    assert_eq!(answers.next(), None, "answers.jsonl has more answers than corpus.sql has queries");
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
    (equal, refused)
}

#[cfg(not(target_arch = "wasm32"))]
#[test]
fn the_corpus_natively() {
    let (equal, refused) = check();
    assert!(300 <= equal, "{equal} answered, {refused} refused");
}

#[cfg(target_arch = "wasm32")]
#[wasm_bindgen_test::wasm_bindgen_test]
fn the_corpus_in_webassembly() {
    let (equal, refused) = check();
    assert!(300 <= equal, "{equal} answered, {refused} refused");
}
