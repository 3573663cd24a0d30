//! The two workers' lives: started, linked, lost, started again. The only place that posts a message.

use bridge::{FromProjector, FromStorage, Problem, ProblemKind, ToProjector, ToStorage};
use js_sys::{Array, Function, Reflect, Uint8Array};
use leptos::prelude::*;
use serde::Serialize;
use wasm_bindgen::{JsCast as _, JsValue, closure::Closure};
use wasm_bindgen_futures::spawn_local;
use web_sys::{Event, MessageChannel, MessageEvent, VisibilityState, Worker, WorkerOptions, WorkerType};

use super::{
    Hub, built,
    pending::{Lost, Pending, Request, Stage, Then, ToProjectorWith},
    spotter,
};
use crate::messages as m;

/// A worker that keeps stopping is not started any more.
const RESTARTS_MAX: u32 = 3;

pub(super) type ProjectorSays = (FromProjector, JsValue);

/// One worker, and what is asked of it.
pub(super) struct Line<R, A> {
    worker: Option<Worker>,
    pub(super) pending: Pending<R, A>,
}

impl<R, A> Default for Line<R, A> {
    fn default() -> Self {
        Self { worker: None, pending: Pending::default() }
    }
}

impl<R: Request, A> Line<R, A> {
    fn starts(&mut self, worker: Worker) {
        self.worker = Some(worker);
        self.pending.starts();
    }

    fn ends(&mut self) {
        if let Some(worker) = self.worker.take() {
            worker.terminate();
        }
    }

    fn knows(&self) -> bool {
        self.pending.stage() == Stage::Knows
    }
}

/// Those whom nobody will answer, once nothing is borrowed: they may ask something else.
fn tell_lost<A>(all: Vec<Then<A>>) {
    all.into_iter().for_each(|then| then(Err(Lost)));
}

/// In a turn of its own: nobody is answered before they have asked.
fn tell_lost_later<A: 'static>(then: Then<A>) {
    spawn_local(async move { then(Err(Lost)) });
}

fn spoken(request: &impl Serialize) -> Option<JsValue> {
    let value = serde_wasm_bindgen::to_value(request);
    value.inspect_err(|err| web_sys::console::error_1(&format!("a request that cannot be said: {err}").into())).ok()
}

fn spawn(file: &str, heard: impl FnMut(MessageEvent) + 'static, died: impl FnMut(String) + 'static) -> Option<Worker> {
    let (worker, said) = match begun(file) {
        Some((worker, said)) => (worker, said),
        None => {
            let options = WorkerOptions::new();
            options.set_type(WorkerType::Module);
            (Worker::new_with_options(&format!("{}{file}", built("base")), &options).ok()?, Array::new())
        }
    };
    let heard = Closure::<dyn FnMut(MessageEvent)>::new(heard);
    let hears: Function = heard.as_ref().unchecked_ref::<Function>().clone();
    worker.set_onmessage(Some(&hears));
    heard.forget();
    let mut died = died;
    // One whose script did not come says nothing of why.
    let died = Closure::<dyn FnMut(Event)>::new(move |event: Event| {
        let why = Reflect::get(&event, &"message".into()).ok().and_then(|why| why.as_string());
        died(why.unwrap_or_else(|| m::shell::WORKER_NOT_LOADED.to_owned()));
    });
    let dies: Function = died.as_ref().unchecked_ref::<Function>().clone();
    worker.set_onerror(Some(&dies));
    died.forget();
    // Before whatever it says next, which is a task of its own.
    spawn_local(async move {
        for event in said.iter() {
            let listener = if event.unchecked_ref::<Event>().type_() == "error" { &dies } else { &hears };
            let _ = listener.call1(&JsValue::UNDEFINED, &event);
        }
    });
    Some(worker)
}

/// One that `boot.js` has started, with what it said meanwhile; the first time only.
fn begun(file: &str) -> Option<(Worker, Array)> {
    let all = Reflect::get(&spotter(), &"begun".into()).ok().filter(JsValue::is_object)?;
    let one = Reflect::get(&all, &file.into()).ok().filter(JsValue::is_object)?;
    Reflect::delete_property(all.unchecked_ref::<js_sys::Object>(), &file.into()).ok()?;
    let part = |name: &str| Reflect::get(&one, &name.into()).ok();
    Some((part("worker")?.unchecked_into(), part("said")?.unchecked_into()))
}

impl Hub {
    pub(super) fn start_storage(self) {
        match spawn("storage.js", move |event| self.storage_says(&event.data()), move |why| self.storage_died(&why)) {
            Some(worker) => self.inner().borrow_mut().storage.starts(worker),
            None => self.lose_storage(false),
        }
    }

    /// Only in a tab that somebody looks at, and once there is something to look at. It loads while storage does.
    pub(crate) fn start_projector(self) {
        let there = self.inner().borrow().projector.worker.is_some();
        if there || document().visibility_state() != VisibilityState::Visible {
            return;
        }
        match spawn("projector-start.js", move |event| self.projector_says(&event.data()), move |why| self.projector_died(&why)) {
            Some(worker) => self.inner().borrow_mut().projector.starts(worker),
            None => self.lose_projector(false),
        }
    }

    /// The two workers get a wire of their own: rows and files never pass through the page.
    pub(super) fn link(self) {
        let inner = self.inner();
        let inner = inner.borrow();
        if !inner.storage.knows() || inner.projector.pending.stage() < Stage::Listens {
            return;
        }
        let Ok(channel) = MessageChannel::new() else { return };
        for (worker, port) in [(&inner.projector.worker, channel.port2()), (&inner.storage.worker, channel.port1())] {
            if let Some(worker) = worker {
                let message = Array::of2(&"link".into(), &port);
                let _ = worker.post_message_with_transfer(&message, &Array::of1(&port));
            }
        }
    }

    fn storage_died(self, why: &str) {
        let inner = self.inner();
        let another = {
            let mut inner = inner.borrow_mut();
            inner.storage.ends();
            inner.projector.ends();
            inner.restarts += 1;
            inner.restarts <= RESTARTS_MAX
        };
        self.projected.set(false);
        let todo = if another { m::hub::STARTED_AGAIN } else { m::hub::RELOAD };
        let problem = Problem::new(ProblemKind::Restarted, m::hub::stopped(why), m::hub::RESTART_KEPT, todo);
        inner.borrow_mut().ended = (!another).then(|| problem.clone());
        self.problem(problem);
        self.lose_storage(another);
        self.lose_projector(another);
        if another {
            self.start_storage();
        }
    }

    fn projector_died(self, why: &str) {
        web_sys::console::error_1(&format!("the projector stopped: {why}").into());
        let another = {
            let inner = self.inner();
            let mut inner = inner.borrow_mut();
            inner.projector.ends();
            inner.restarts += 1;
            inner.restarts <= RESTARTS_MAX
        };
        self.projected.set(false);
        self.lose_projector(another);
        if another {
            self.start_projector();
        } else {
            self.problem(Problem::new(ProblemKind::Restarted, m::hub::FIGURES_STOPPED, m::hub::FIGURES_KEPT, m::hub::RELOAD));
        }
    }

    /// Another tab has locked or removed what is stored here.
    pub(super) fn stop(self) {
        {
            let inner = self.inner();
            let mut inner = inner.borrow_mut();
            inner.storage.ends();
            inner.projector.ends();
        }
        self.gone.set(true);
        self.lose_storage(false);
        self.lose_projector(false);
    }

    pub(super) fn lose_storage(self, another: bool) {
        let lost = self.inner().borrow_mut().storage.pending.died(another);
        tell_lost(lost);
    }

    pub(super) fn lose_projector(self, another: bool) {
        let lost = self.inner().borrow_mut().projector.pending.died(another);
        tell_lost(lost);
        self.plan_is_gone();
    }

    /// The storage worker has come this far: it hears what waited for that.
    pub(super) fn storage_is(self, stage: Stage) {
        let waited = self.inner().borrow_mut().storage.pending.reached(stage);
        waited.iter().for_each(|request| self.post_storage(request));
    }

    pub(super) fn projector_is(self, stage: Stage) {
        let waited = self.inner().borrow_mut().projector.pending.reached(stage);
        waited.into_iter().for_each(|request| self.post_projector(request));
    }

    pub(super) fn tell_storage(self, request: ToStorage) {
        let now = self.inner().borrow_mut().storage.pending.send(request);
        now.iter().for_each(|request| self.post_storage(request));
    }

    pub(super) fn tell_projector(self, request: ToProjector) {
        let now = self.inner().borrow_mut().projector.pending.send((request, None));
        now.into_iter().for_each(|request| self.post_projector(request));
    }

    pub(super) fn ask_storage(self, request: ToStorage, then: Then<FromStorage>) {
        let asked = self.inner().borrow_mut().storage.pending.call(request, then);
        match asked {
            Ok(now) => now.iter().for_each(|request| self.post_storage(request)),
            Err(then) => tell_lost_later(then),
        }
    }

    pub(super) fn ask_projector(self, request: ToProjector, bytes: Option<Uint8Array>, then: Then<ProjectorSays>) {
        let asked = self.inner().borrow_mut().projector.pending.call((request, bytes), then);
        match asked {
            Ok(now) => now.into_iter().for_each(|request| self.post_projector(request)),
            Err(then) => tell_lost_later(then),
        }
    }

    /// What it says is the answer to something, and that was asked.
    pub(super) fn storage_answers(self, id: u32, notice: FromStorage) {
        let then = self.inner().borrow_mut().storage.pending.answered(id);
        if let Some(then) = then {
            then(Ok(notice));
        }
    }

    pub(super) fn projector_answers(self, id: u32, says: ProjectorSays) {
        let then = self.inner().borrow_mut().projector.pending.answered(id);
        if let Some(then) = then {
            then(Ok(says));
        }
    }

    pub(super) fn post_storage(self, request: &ToStorage) {
        let inner = self.inner();
        let mut inner = inner.borrow_mut();
        match (&inner.storage.worker, spoken(request)) {
            (Some(worker), Some(value)) => _ = worker.post_message(&Array::of1(&value)),
            _ => request.id().and_then(|id| inner.storage.pending.answered(id)).into_iter().for_each(tell_lost_later),
        }
    }

    pub(super) fn post_projector(self, (request, bytes): ToProjectorWith) {
        let inner = self.inner();
        let mut inner = inner.borrow_mut();
        match (&inner.projector.worker, spoken(&request)) {
            (Some(worker), Some(value)) => {
                let extra = bytes.map_or(JsValue::UNDEFINED, JsValue::from);
                let _ = worker.post_message(&Array::of2(&value, &extra));
            }
            _ => request.id().and_then(|id| inner.projector.pending.answered(id)).into_iter().for_each(tell_lost_later),
        }
    }
}
