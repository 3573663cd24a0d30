//! One of this browser's databases, every transaction with strict durability. What is written in one transaction is there
//! whole, or not at all.

use std::{cell::RefCell, rc::Rc};

use js_sys::{Array, Object, Uint8Array};
use wasm_bindgen::{JsCast as _, JsValue, closure::Closure};
use web_sys::{DomException, IdbDatabase, IdbFactory, IdbOpenDbRequest, IdbRequest, IdbTransaction};

use crate::{
    fail::Fail,
    js::{self, Soon},
};

/// What lies in one.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Plan {
    pub(crate) name: &'static str,
    pub(crate) stores: &'static [&'static str],
    /// Made again when it is removed under a worker that lives.
    pub(crate) stays: bool,
}

impl Plan {
    pub(crate) fn clear(&self, transaction: &IdbTransaction) -> Result<(), JsValue> {
        for store in self.stores {
            transaction.object_store(store)?.clear()?;
        }
        Ok(())
    }
}

#[derive(Debug, Clone)]
pub(crate) struct Database {
    plan: Plan,
    link: Rc<RefCell<IdbDatabase>>,
}

/// A tab that sleeps may keep a database from being removed.
const REMOVED_MS: i32 = 2_000;

fn factory() -> Result<IdbFactory, Fail> {
    Ok(js::get(&js_sys::global(), "indexedDB").dyn_into()?)
}

impl Database {
    /// One that is not there is made, or is an error.
    pub(crate) async fn open(plan: Plan, make: bool) -> Result<Self, Fail> {
        Ok(Self { plan, link: Rc::new(RefCell::new(Self::connect(plan, make).await?)) })
    }

    async fn connect(plan: Plan, make: bool) -> Result<IdbDatabase, Fail> {
        let request: IdbOpenDbRequest = factory()?.open_with_u32(plan.name, 1)?;
        let upgrading = request.clone();
        let upgrade = Closure::once_into_js(move || {
            if !make {
                // What was begun is undone with it.
                let _ = upgrading.transaction().map(|transaction| transaction.abort());
            } else if let Ok(database) = upgrading.result().and_then(|result| result.dyn_into::<IdbDatabase>()) {
                for store in plan.stores {
                    let _ = database.create_object_store(store);
                }
            }
        });
        js::set(&request, "onupgradeneeded", &upgrade);
        let database: IdbDatabase = js::event(&request, "onsuccess").await?.dyn_into()?;
        let link = database.clone();
        // Another tab removes it.
        js::set(&database, "onversionchange", &Closure::once_into_js(move || link.close()));
        Ok(database)
    }

    /// Browsers close the connections of pages that were long in the background, and after trouble with the disk.
    pub(crate) fn begin<'a>(&'a self, stores: &'a [&'a str], mode: &'a str) -> Soon<'a, IdbTransaction> {
        Box::pin(async move {
            let options = Object::new();
            js::set(&options, "durability", &"strict".into());
            let stores: Array = stores.iter().map(|store| JsValue::from_str(store)).collect();
            let begin = || js::call(&self.link.borrow(), "transaction", &[&stores, &mode.into(), &options]);
            let transaction = match begin() {
                Ok(transaction) => transaction,
                Err(closed) if closed.dyn_ref::<DomException>().is_some_and(|why| why.name() == "InvalidStateError") => {
                    let again = Self::connect(self.plan, self.plan.stays).await?;
                    self.link.replace(again);
                    begin()?
                }
                Err(other) => return Err(other.into()),
            };
            Ok(transaction.dyn_into()?)
        })
    }

    /// The answer to the last of what is asked, as of one moment.
    pub(crate) fn ask<'a>(
        &'a self,
        stores: &'a [&'a str],
        act: &'a dyn Fn(&IdbTransaction) -> Result<IdbRequest, JsValue>,
    ) -> Soon<'a, JsValue> {
        Box::pin(async move {
            let transaction = self.begin(stores, "readonly").await?;
            js::event(&*act(&transaction)?, "onsuccess").await
        })
    }

    /// Durable when this returns, or nothing of it is there.
    pub(crate) fn write<'a>(
        &'a self,
        stores: &'a [&'a str],
        act: &'a dyn Fn(&IdbTransaction) -> Result<(), JsValue>,
    ) -> Soon<'a, ()> {
        Box::pin(async move {
            let transaction = self.begin(stores, "readwrite").await?;
            let outcome = act(&transaction).map_err(Fail::from);
            finish(&transaction, outcome).await
        })
    }

    /// What is in it, and then the database itself: at once, or when the last tab that has it open is gone.
    pub(crate) async fn remove(&self) -> Result<(), Fail> {
        self.write(self.plan.stores, &|transaction| self.plan.clear(transaction)).await?;
        self.link.borrow().close();
        js::at_most(REMOVED_MS, &js::settles(&*factory()?.delete_database(self.plan.name)?, "onsuccess")).await;
        Ok(())
    }
}

/// With all that was put; with a failure of the act, without any of it.
pub(crate) async fn finish(transaction: &IdbTransaction, outcome: Result<(), Fail>) -> Result<(), Fail> {
    if let Err(fail) = outcome {
        let _ = transaction.abort();
        // What ended it says more than what it did to the next question.
        let why = js::get(transaction, "error");
        return Err(if why.is_object() { why.into() } else { fail });
    }
    js::event(transaction, "oncomplete").await.map(drop)
}

pub(crate) fn bytes_of(value: &JsValue) -> Vec<u8> {
    Uint8Array::new(value).to_vec()
}

pub(crate) fn value_of(bytes: &[u8]) -> JsValue {
    Uint8Array::from(bytes).into()
}
