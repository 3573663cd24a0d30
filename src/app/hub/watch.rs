//! Questions to the tables: asked once, or kept up to date while a screen shows the answer.

use std::rc::Rc;

use bridge::{Ask, Asked, FromProjector, Question, ToProjector};
use leptos::prelude::*;
use wasm_bindgen::JsValue;

use super::{
    Hub,
    pending::{Lost, Stage, Then},
};
use crate::reactive::effect;

pub(super) type OnRows = Rc<dyn Fn(JsValue)>;

fn rows<Q: Question>(value: JsValue) -> Option<Vec<Q>> {
    let rows = serde_wasm_bindgen::from_value::<Vec<Q>>(value);
    rows.inspect_err(|err| web_sys::console::error_1(&format!("{}: {err}", Q::NAME).into())).ok()
}

impl Hub {
    /// The rows that answer, kept up to date while the component lives; `None` until the first answer.
    pub fn watch<Q: Question + Send + Sync>(
        self,
        params: impl Fn() -> Vec<(&'static str, Ask)> + 'static,
    ) -> ReadSignal<Option<Vec<Q>>> {
        let (shown, set_shown) = signal(None::<Vec<Q>>);
        let then = move |value| {
            if let Some(rows) = rows::<Q>(value) {
                let _ = set_shown.try_set(Some(rows));
            }
        };
        self.keep_asking(Box::new(move || bridge::ask::<Q>(&params())), Rc::new(then));
        shown
    }

    /// What is the same for every question is compiled once.
    fn keep_asking(self, asked: Box<dyn Fn() -> Asked>, then: OnRows) {
        let key = self.next();
        effect(move || {
            let asked = asked();
            self.inner().borrow_mut().watches.insert(key, (asked.clone(), Rc::clone(&then)));
            self.watch_now(ToProjector::Watch { key, asked });
        });
        on_cleanup(move || {
            self.inner().borrow_mut().watches.remove(&key);
            self.watch_now(ToProjector::Unwatch { key });
        });
    }

    /// A projector that is not there yet hears of every watch when it is.
    fn watch_now(self, request: ToProjector) {
        if Stage::Listens <= self.inner().borrow().projector.pending.stage() {
            self.tell_projector(request);
        }
    }

    pub(super) fn watch_again(self) {
        let watches: Vec<(u32, Asked)> =
            self.inner().borrow().watches.iter().map(|(key, (asked, _))| (*key, asked.clone())).collect();
        for (key, asked) in watches {
            self.tell_projector(ToProjector::Watch { key, asked });
        }
    }

    pub(super) fn viewed(self, key: u32, rows: JsValue) {
        let then = self.inner().borrow().watches.get(&key).map(|(_, then)| Rc::clone(then));
        if let Some(then) = then {
            then(rows);
        }
    }

    /// The rows that answer, once. Of a projector that stopped it is asked again, as long as there is another one.
    pub fn ask<Q: Question>(self, params: &[(&str, Ask)], then: impl FnOnce(Result<Vec<Q>, Lost>) + 'static) {
        self.ask_once(bridge::ask::<Q>(params), Box::new(move |value| then(value.and_then(|value| rows(value).ok_or(Lost)))));
    }

    fn ask_once(self, asked: Asked, then: Then<JsValue>) {
        let id = self.next();
        let then = move |answer| match answer {
            Ok((FromProjector::Answer { .. }, rows)) => then(Ok(rows)),
            _ => then(Err(Lost)),
        };
        self.ask_projector(ToProjector::Ask { id, asked }, None, Box::new(then));
    }
}
