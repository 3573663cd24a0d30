//! The few browser calls that web-sys has no stable binding for, and promises from callbacks.

use std::pin::Pin;

use js_sys::{Array, Function, Promise, Reflect};
use wasm_bindgen::{JsCast as _, JsValue, closure::Closure};
use wasm_bindgen_futures::JsFuture;
use web_sys::DedicatedWorkerGlobalScope;

use crate::fail::Fail;

/// What is under way, in a box: whoever waits for it is not made anew for each way in which it is done.
pub(crate) type Soon<'a, T> = Pin<Box<dyn Future<Output = Result<T, Fail>> + 'a>>;

pub(crate) fn get(of: &JsValue, name: &str) -> JsValue {
    Reflect::get(of, &JsValue::from_str(name)).unwrap_or(JsValue::UNDEFINED)
}

pub(crate) fn set(of: &JsValue, name: &str, value: &JsValue) {
    // Only ever called on plain objects made here, which refuse nothing.
    let _ = Reflect::set(of, &JsValue::from_str(name), value);
}

pub(crate) fn call(of: &JsValue, name: &str, args: &[&JsValue]) -> Result<JsValue, JsValue> {
    let function: Function = get(of, name).dyn_into().map_err(|_| JsValue::from_str(&format!("there is no {name}")))?;
    Reflect::apply(&function, of, &args.iter().copied().collect::<Array>())
}

pub(crate) async fn wait(promise: impl Into<Promise>) -> Result<JsValue, Fail> {
    JsFuture::from(promise.into()).await.map_err(Fail::from)
}

/// Settles when `request` (an IndexedDB request or transaction) fires one of the two events.
pub(crate) fn settles(request: &JsValue, good: &str) -> Promise {
    Promise::new(&mut |resolve, reject| {
        let target = request.clone();
        let done = Closure::once_into_js(move || {
            let _ = resolve.call1(&JsValue::UNDEFINED, &get(&target, "result"));
        });
        // A transaction hears of a request's error before it has one itself.
        let failed = Closure::once_into_js(move |event: JsValue| {
            let _ = reject.call1(&JsValue::UNDEFINED, &get(&get(&event, "target"), "error"));
        });
        set(request, good, &done);
        set(request, "onerror", &failed);
        set(request, "onabort", &failed);
    })
}

pub(crate) async fn event(request: &JsValue, good: &str) -> Result<JsValue, Fail> {
    wait(settles(request, good)).await
}

/// Settles after a while.
pub(crate) fn timer(ms: i32) -> Promise {
    Promise::new(&mut |resolve, _| {
        let _ = call(&js_sys::global(), "setTimeout", &[&resolve, &JsValue::from(ms)]);
    })
}

pub(crate) async fn sleep(ms: i32) {
    let _ = JsFuture::from(timer(ms)).await;
}

/// Until the promise settles, but not longer than this.
pub(crate) async fn at_most(ms: i32, promise: &Promise) {
    let _ = JsFuture::from(Promise::race(&Array::of2(promise, &timer(ms)))).await;
}

pub(crate) fn global() -> DedicatedWorkerGlobalScope {
    js_sys::global().unchecked_into()
}
