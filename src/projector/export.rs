//! Everything as a file: the rows come from storage, the sets from the tables.

use std::{cell::RefCell, collections::BTreeMap};

use archive::SetOut;
use bridge::{Asked, ExportAs, FromProjector, FromTables, Problem, ProblemKind};
use js_sys::Uint8Array;
use ledger::Row;
use wasm_bindgen::JsValue;

use crate::{
    project,
    speak::{say, tell, tell_with},
};

struct Export {
    id: u32,
    what: ExportAs,
    now_ms: i64,
    rows: Vec<Row>,
}

thread_local! {
    static RUNNING: RefCell<Option<Export>> = const { RefCell::new(None) };
}

pub(crate) fn begin(id: u32, what: ExportAs, now_ms: i64) {
    if what == ExportAs::Csv {
        let asked = Asked { name: "export_sets".to_owned(), params: BTreeMap::new() };
        let sets: Vec<SetOut> = match project::with(|it| it.answer(&asked)) {
            Some(Ok(table)) => table.to_json().into_iter().filter_map(|row| serde_json::from_value(row).ok()).collect(),
            Some(Err(err)) => return fail(id, err.to_string()),
            None => Vec::new(),
        };
        return done(id, &archive::csv(&sets), sets.len());
    }
    RUNNING.with_borrow_mut(|running| *running = Some(Export { id, what, now_ms, rows: Vec::new() }));
    say(&FromTables::Everything { id }, None);
}

/// A sealed file's Parquet.
pub(crate) fn part(id: u32, parquet: &[u8]) {
    match engine::rows_from_parquet(parquet) {
        Ok(rows) => with(id, |export| export.rows.extend(rows)),
        Err(err) => broken(id, &err.to_string()),
    }
}

/// The rows that are in no sealed file, and that this was all.
pub(crate) fn rest(id: u32, rows: Vec<Row>) {
    with(id, |export| export.rows.extend(rows));
    let Some(mut export) = RUNNING.take().filter(|export| export.id == id) else { return };
    archive::in_order(&mut export.rows);
    let bytes = match export.what {
        ExportAs::Json => Ok(archive::json(&export.rows)),
        _ => archive::write(&export.rows, &project::with(|it| it.whose().to_owned()), export.now_ms.max(0) as u64),
    };
    match bytes {
        Ok(bytes) => done(id, &bytes, export.rows.len()),
        Err(problem) => tell(&FromProjector::Failed { id, problem }),
    }
}

pub(crate) fn broken(id: u32, why: &str) {
    if RUNNING.take().is_some_and(|export| export.id == id) {
        fail(id, why.to_owned());
    }
}

fn with(id: u32, act: impl FnOnce(&mut Export)) {
    RUNNING.with_borrow_mut(|running| {
        if let Some(export) = running.as_mut().filter(|export| export.id == id) {
            act(export);
        }
    });
}

fn fail(id: u32, why: String) {
    let problem = Problem::new(
        ProblemKind::Internal,
        format!("The export could not be made: {why}."),
        "Nothing was changed.",
        "Try again; if it stays, look at Me, Storage.",
    );
    tell(&FromProjector::Failed { id, problem });
}

fn done(id: u32, bytes: &[u8], rows: usize) {
    let bytes: JsValue = Uint8Array::from(bytes).into();
    tell_with(&FromProjector::Exported { id, rows }, bytes);
}
