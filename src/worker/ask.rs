//! Questions to the projector. Parquet is its business: it gets rows and gives bytes, or gets bytes and gives rows.

use std::{
    cell::{Cell, RefCell},
    collections::BTreeMap,
};

use bridge::{ToTables, unpack};
use ledger::Row;
use web_sys::MessagePort;

use crate::{
    figures,
    reply::{self, Reply},
    state,
};

/// The projector's bytes, or why there are none.
pub(crate) type Answer = Result<Vec<u8>, String>;

/// How long the projector may take to answer.
const ANSWER_MS: i32 = 60_000;

thread_local! {
    static LAST: Cell<u32> = const { Cell::new(0) };
    static WAITING: RefCell<BTreeMap<u32, Reply<Answer>>> = const { RefCell::new(BTreeMap::new()) };
}

pub(crate) async fn decode(parquet: &[u8]) -> Result<Vec<Row>, String> {
    let packed = projector(|id| ToTables::Decode { id }, Some(parquet)).await?;
    let rows = unpack(&packed).ok_or("the projector's answer was cut")?;
    rows.into_iter().map(|raw| Row::read(raw).map_err(|err| err.to_string())).collect()
}

/// The one that has been fed.
pub(crate) async fn projector(word: impl FnOnce(u32) -> ToTables, bytes: Option<&[u8]>) -> Answer {
    match state::with(|state| state.projector.clone()) {
        Some(port) => over(&port, word, bytes).await,
        None => Err("no projector".to_owned()),
    }
}

pub(crate) async fn over(port: &MessagePort, word: impl FnOnce(u32) -> ToTables, bytes: Option<&[u8]>) -> Answer {
    let id = LAST.get() + 1;
    LAST.set(id);
    let (reply, awaited) = reply::ask();
    WAITING.with_borrow_mut(|waiting| waiting.insert(id, reply));
    figures::say(port, &word(id), bytes);
    // A projector that dies answers nothing: after a while the session waits for the next one.
    let answer = awaited.wait_at_most(ANSWER_MS).await;
    WAITING.with_borrow_mut(|waiting| waiting.remove(&id));
    answer.unwrap_or_else(|| Err("the projector did not answer".to_owned()))
}

pub(crate) fn answered(id: u32, answer: Answer) {
    if let Some(reply) = WAITING.with_borrow_mut(|waiting| waiting.remove(&id)) {
        reply.give(answer);
    }
}
