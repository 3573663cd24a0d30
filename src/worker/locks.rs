//! Web Locks. A lock is held until it is given back or the worker dies, which is when the browser gives it away.

use js_sys::{Object, Promise};
use wasm_bindgen::{JsCast as _, JsValue, closure::Closure};
use web_sys::AbortController;

use crate::js;

fn manager() -> Option<JsValue> {
    let locks = js::get(&js::get(&js_sys::global(), "navigator"), "locks");
    (!locks.is_undefined()).then_some(locks)
}

pub(crate) fn exist() -> bool {
    manager().is_some()
}

/// Takes the lock if nobody has it, for as long as this worker lives. Without Web Locks every tab thinks it is alone, which
/// costs a lane and no row.
pub(crate) async fn try_hold(name: &str) -> bool {
    !exist() || take_until(name, forever()).await
}

/// Takes the lock if nobody has it.
pub(crate) async fn take(name: &str) -> Option<Held> {
    let (release, over) = given_back();
    take_until(name, over).await.then_some(Held(release?))
}

async fn take_until(name: &str, over: Promise) -> bool {
    let Some(locks) = manager() else { return false };
    let options = Object::new();
    js::set(&options, "ifAvailable", &JsValue::TRUE);
    let promise = Promise::new(&mut |resolve, _| {
        let over = over.clone();
        let callback = Closure::once_into_js(move |lock: JsValue| -> JsValue {
            let got = !lock.is_null();
            let _ = resolve.call1(&JsValue::UNDEFINED, &JsValue::from_bool(got));
            if got { over.into() } else { JsValue::UNDEFINED }
        });
        let _ = js::call(&locks, "request", &[&JsValue::from_str(name), &options, &callback]);
    });
    js::wait(promise).await.is_ok_and(|got| got.is_truthy())
}

/// A lock that is given back when this is dropped.
pub(crate) struct Held(js_sys::Function);

impl Drop for Held {
    fn drop(&mut self) {
        let _ = self.0.call0(&JsValue::UNDEFINED);
    }
}

/// How to give it back, and what settles then.
fn given_back() -> (Option<js_sys::Function>, Promise) {
    let mut release = None;
    let over = Promise::new(&mut |resolve, _| release = Some(resolve));
    (release, over)
}

/// Waits for the lock, but not for ever: a tab that holds it may be frozen.
pub(crate) async fn hold(name: &str, at_most_ms: i32) -> Option<Held> {
    let locks = manager()?;
    let (release, over) = given_back();
    let held = Promise::new(&mut |resolve, _| {
        let over = over.clone();
        let callback = Closure::once_into_js(move |_: JsValue| -> JsValue {
            let _ = resolve.call0(&JsValue::UNDEFINED);
            over.into()
        });
        let _ = js::call(&locks, "request", &[&JsValue::from_str(name), &callback]);
    });
    js::at_most(at_most_ms, &held).await;
    release.map(Held)
}

/// A lock that is waited for, and then kept until somebody steals it.
pub(crate) struct Lock {
    /// Settles when it is held,
    pub(crate) held: Promise,
    /// and when it is not waited for or held any more.
    pub(crate) lost: Promise,
}

/// `steal` takes it from whoever has it; `abort` ends the waiting.
pub(crate) fn ask(name: &str, steal: bool, abort: Option<&AbortController>) -> Option<Lock> {
    let locks = manager()?;
    let options = Object::new();
    if steal {
        js::set(&options, "steal", &JsValue::TRUE);
    } else if let Some(abort) = abort {
        js::set(&options, "signal", &abort.signal());
    }
    let mut lost = None;
    let held = Promise::new(&mut |resolve, _| {
        let callback = Closure::once_into_js(move |_: JsValue| -> JsValue {
            let _ = resolve.call0(&JsValue::UNDEFINED);
            forever().into()
        });
        lost = js::call(&locks, "request", &[&JsValue::from_str(name), &options, &callback]).ok();
    });
    Some(Lock { held, lost: lost?.dyn_into().ok()? })
}

fn forever() -> Promise {
    Promise::new(&mut |_, _| {})
}
