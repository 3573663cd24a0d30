//! After a start from packed tables: everything is read again and the tables are made from it, piece by piece while nobody
//! waits. What came out otherwise is said aloud; what was made from everything is what counts from then on.

use std::cell::RefCell;

use bridge::FromTables;
use engine::{Rebuild, Store};
use ledger::Row;

use crate::{
    project::{self, QUIET_MS, fail, later, soon},
    speak::{complain, now_ms, say},
};

pub(crate) struct Check {
    store: Store,
    rebuild: Option<Rebuild>,
    /// Nothing that the packed tables hold has been lost or damaged meanwhile.
    whole: bool,
    /// What comes while the tables are made.
    waiting: Vec<Came>,
    /// Tables that are still to be compared.
    left: Vec<String>,
    differing: Vec<String>,
}

pub(crate) enum Came {
    Rows(Vec<Row>),
    Sealed(Vec<u8>),
}

thread_local! {
    static CHECK: RefCell<Option<Check>> = const { RefCell::new(None) };
}

impl Check {
    fn came(&mut self, what: Came) {
        if self.rebuild.is_some() {
            return self.waiting.push(what);
        }
        match what {
            Came::Rows(rows) => _ = project::add(&mut self.store, &rows),
            Came::Sealed(parquet) => {
                if let Err(err) = self.store.add_segment(&parquet) {
                    fail(0, &err);
                }
            }
        }
    }
}

pub(crate) fn runs() -> bool {
    CHECK.with_borrow(Option::is_some)
}

/// Something new, for the tables on the screen and for those that are being made.
pub(crate) fn heard(what: impl FnOnce() -> Came) {
    with(|check| check.came(what()));
}

fn with(act: impl FnOnce(&mut Check)) {
    CHECK.with_borrow_mut(|check| check.as_mut().map(act));
}

/// Something that was there before.
pub(crate) fn again(what: Came) {
    if !runs() {
        match project::with(|it| it.empty()) {
            Ok(store) => CHECK.set(Some(Check {
                left: store.to_pack(),
                store,
                rebuild: None,
                whole: true,
                waiting: Vec::new(),
                differing: Vec::new(),
            })),
            Err(err) => return fail(0, &err),
        }
    }
    with(|check| check.came(what));
}

/// Everything has been said. Tables of rows that are lost differ, and rightly.
pub(crate) fn begin(whole: bool) {
    with(|check| (check.rebuild, check.whole) = (Some(Rebuild::default()), whole));
    soon(some);
}

/// One model, or one comparison.
fn some() {
    let quiet_ms = now_ms() - project::with(|it| it.heard_ms);
    if quiet_ms < QUIET_MS {
        return later(some, QUIET_MS - quiet_ms);
    }
    let more = CHECK.with_borrow_mut(|check| {
        let Some(check) = check else { return false };
        match &mut check.rebuild {
            Some(rebuild) => {
                if !check.store.rebuild_some(rebuild, &mut |_, _| {}) {
                    if let Some(err) = rebuild.failed() {
                        fail(0, err);
                    }
                    check.rebuild = None;
                    std::mem::take(&mut check.waiting).into_iter().for_each(|what| check.came(what));
                }
                true
            }
            None => compare_one(check),
        }
    });
    if more { soon(some) } else { finish() }
}

/// Whether there are more tables to compare.
fn compare_one(check: &mut Check) -> bool {
    if let Err(err) = check.store.refresh() {
        fail(0, &err);
        return false;
    }
    let Some(name) = check.left.pop() else { return false };
    // While rows are on their way to one of the two they differ, and rightly.
    let (ready, shown) = project::with(|it| (it.is_ready(), it.settled().map(|store| store.hash(&name))));
    match shown {
        // They could not even be gone on from.
        None if !ready => {
            check.differing.push(name);
            return false;
        }
        Some(shown) if shown != check.store.hash(&name) => check.differing.push(name),
        Some(_) => {}
        None => check.left.push(name),
    }
    true
}

fn finish() {
    let Some(check) = CHECK.take() else { return };
    if !check.differing.is_empty() {
        if check.whole {
            complain(&format!("packed tables were wrong: {}", check.differing.join(", ")));
        }
        say(&FromTables::Stale, None);
    }
    project::replace(check.store);
}
