//! An answer that is waited for.

use std::{cell::Cell, rc::Rc};

use js_sys::{Function, Promise};
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::spawn_local;

use crate::js;

/// Whoever answers has this.
pub(crate) struct Reply<T> {
    resolve: Option<Function>,
    answer: Rc<Cell<Option<T>>>,
}

/// Whoever asked has this.
pub(crate) struct Awaited<T> {
    answered: Promise,
    answer: Rc<Cell<Option<T>>>,
}

pub(crate) fn ask<T>() -> (Reply<T>, Awaited<T>) {
    let (mut resolve, answer) = (None, Rc::new(Cell::new(None)));
    let answered = Promise::new(&mut |resolved, _| resolve = Some(resolved));
    (Reply { resolve, answer: Rc::clone(&answer) }, Awaited { answered, answer })
}

/// Of something that is begun before anybody wants what comes of it.
pub(crate) fn begin<T: 'static>(act: impl Future<Output = T> + 'static) -> Awaited<T> {
    let (reply, awaited) = ask();
    spawn_local(async move { reply.give(act.await) });
    awaited
}

impl<T> Reply<T> {
    pub(crate) fn give(self, answer: T) {
        self.answer.set(Some(answer));
        if let Some(resolve) = self.resolve {
            let _ = resolve.call0(&JsValue::UNDEFINED);
        }
    }
}

impl<T> Awaited<T> {
    /// As long as that takes.
    pub(crate) async fn wait(self) -> Option<T> {
        let _ = js::wait(self.answered).await;
        self.answer.take()
    }

    /// Not longer than this.
    pub(crate) async fn wait_at_most(self, ms: i32) -> Option<T> {
        js::at_most(ms, &self.answered).await;
        self.answer.take()
    }
}
