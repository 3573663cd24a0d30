//! Questions to the projector. Parquet is its business: it gets rows and gives bytes, or gets bytes and gives rows.

use std::{
    cell::{Cell, RefCell},
    collections::BTreeMap,
};

use bridge::unpack;
use js_sys::{Function, Promise};
use ledger::Row;
use wasm_bindgen::JsValue;
use web_sys::MessagePort;

use crate::{feed, js, state};

/// The projector's bytes, or why there are none.
pub(crate) type Answer = Result<Vec<u8>, String>;

/// How long the projector may take to answer.
const ANSWER_MS: i32 = 60_000;

thread_local! {
    static LAST: Cell<u32> = const { Cell::new(0) };
    /// Who waits, and the answers that have come.
    static WAITING: RefCell<BTreeMap<u32, Function>> = const { RefCell::new(BTreeMap::new()) };
    static ANSWERS: RefCell<BTreeMap<u32, Answer>> = const { RefCell::new(BTreeMap::new()) };
}

pub(crate) async fn decode(parquet: &[u8]) -> Result<Vec<Row>, String> {
    let packed = projector("decode", parquet).await?;
    let rows = unpack(&packed).ok_or("the projector's answer was cut")?;
    rows.into_iter().map(|raw| Row::read(raw).map_err(|err| err.to_string())).collect()
}

/// The one that has been fed.
pub(crate) async fn projector(word: &str, bytes: &[u8]) -> Answer {
    match state::with(|state| state.projector.clone()) {
        Some(port) => over(&port, word, bytes).await,
        None => Err("no projector".to_owned()),
    }
}

/// One that is answered by its number.
pub(crate) struct Question {
    pub(crate) id: u32,
    answered: Promise,
}

impl Question {
    pub(crate) fn new() -> Self {
        let id = LAST.get() + 1;
        LAST.set(id);
        let answered = Promise::new(&mut |resolve, _| _ = WAITING.with_borrow_mut(|waiting| waiting.insert(id, resolve)));
        Self { id, answered }
    }

    /// As long as that takes.
    pub(crate) async fn answer(self) -> Answer {
        let _ = js::wait(self.answered.clone()).await;
        self.given()
    }

    fn given(&self) -> Answer {
        WAITING.with_borrow_mut(|waiting| waiting.remove(&self.id));
        let answer = ANSWERS.with_borrow_mut(|answers| answers.remove(&self.id));
        answer.unwrap_or_else(|| Err("the projector did not answer".to_owned()))
    }
}

pub(crate) async fn over(port: &MessagePort, word: &str, bytes: &[u8]) -> Answer {
    let question = Question::new();
    feed::say(port, &[word.into(), question.id.into()], Some(bytes));
    // A projector that dies answers nothing: after a while the session waits for the next one.
    js::at_most(ANSWER_MS, &question.answered).await;
    question.given()
}

pub(crate) fn answered(id: u32, answer: Answer) {
    if let Some(resolve) = WAITING.with_borrow_mut(|waiting| waiting.remove(&id)) {
        ANSWERS.with_borrow_mut(|answers| answers.insert(id, answer));
        let _ = resolve.call0(&JsValue::UNDEFINED);
    }
}
