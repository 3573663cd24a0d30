//! The second place of a young row: IndexedDB with strict durability, until the file it was written to is old enough to
//! survive a power cut. Also here: who this device is, and when each pool file was made.

use std::{cell::RefCell, rc::Rc};

use js_sys::{Array, Object, Uint8Array};
use wasm_bindgen::{JsCast as _, JsValue};
use web_sys::{DomException, IdbDatabase, IdbFactory, IdbObjectStore, IdbOpenDbRequest, IdbTransaction};

use crate::{fail::Fail, js};

const STORES: [&str; 3] = ["births", "files", "identity"];

#[derive(Debug, Clone)]
pub(crate) struct Births {
    database: Rc<RefCell<IdbDatabase>>,
}

impl Births {
    pub(crate) async fn open() -> Result<Self, Fail> {
        Ok(Self { database: Rc::new(RefCell::new(Self::connect().await?)) })
    }

    async fn connect() -> Result<IdbDatabase, Fail> {
        let factory: IdbFactory = js::get(&js_sys::global(), "indexedDB").dyn_into()?;
        let request: IdbOpenDbRequest = factory.open_with_u32("spotter", 1)?;
        let upgrading = request.clone();
        let upgrade = wasm_bindgen::closure::Closure::once_into_js(move || {
            if let Ok(database) = upgrading.result().and_then(|result| result.dyn_into::<IdbDatabase>()) {
                for store in STORES {
                    let _ = database.create_object_store(store);
                }
            }
        });
        js::set(&request, "onupgradeneeded", &upgrade);
        Ok(js::event(&request, "onsuccess").await?.dyn_into()?)
    }

    /// Browsers close the connections of pages that were long in the background, and after trouble with the disk.
    async fn begin(&self, store: &str, mode: &str) -> Result<IdbTransaction, Fail> {
        let options = Object::new();
        js::set(&options, "durability", &"strict".into());
        let begin = || js::call(&self.database.borrow(), "transaction", &[&store.into(), &mode.into(), &options]);
        let transaction = match begin() {
            Ok(transaction) => transaction,
            Err(closed) if closed.dyn_ref::<DomException>().is_some_and(|why| why.name() == "InvalidStateError") => {
                let again = Self::connect().await?;
                self.database.replace(again);
                begin()?
            }
            Err(other) => return Err(other.into()),
        };
        Ok(transaction.dyn_into()?)
    }

    async fn write(&self, store: &str) -> Result<IdbTransaction, Fail> {
        self.begin(store, "readwrite").await
    }

    async fn read(&self, store: &str) -> Result<IdbObjectStore, Fail> {
        Ok(self.begin(store, "readonly").await?.object_store(store)?)
    }

    /// Durable when this returns.
    pub(crate) async fn put(&self, store: &str, items: &[(String, JsValue)]) -> Result<(), Fail> {
        let transaction = self.write(store).await?;
        let into = transaction.object_store(store)?;
        for (key, value) in items {
            into.put_with_key(value, &JsValue::from_str(key))?;
        }
        js::event(&transaction, "oncomplete").await.map(drop)
    }

    /// Only where nothing has this key yet; in both cases there is something when this returns.
    pub(crate) async fn add(&self, store: &str, key: &str, value: &JsValue) -> Result<(), Fail> {
        let transaction = self.write(store).await?;
        let request = transaction.object_store(store)?.add_with_key(value, &JsValue::from_str(key))?;
        match js::event(&request, "onsuccess").await {
            Ok(_) => js::event(&transaction, "oncomplete").await.map(drop),
            // Somebody else was quicker.
            Err(_) => Ok(()),
        }
    }

    pub(crate) async fn delete(&self, store: &str, keys: &[String]) -> Result<(), Fail> {
        let transaction = self.write(store).await?;
        let from = transaction.object_store(store)?;
        for key in keys {
            from.delete(&JsValue::from_str(key))?;
        }
        js::event(&transaction, "oncomplete").await.map(drop)
    }

    /// Everything in every store, but what this browser remembers under this name.
    pub(crate) async fn clear_but(&self, name: &str) -> Result<(), Fail> {
        let kept = self.named(name).await;
        for store in STORES {
            let transaction = self.write(store).await?;
            let from = transaction.object_store(store)?;
            from.clear()?;
            // In one step: nobody sees it gone.
            if let Some(kept) = kept.as_ref().filter(|_| store == "identity") {
                from.put_with_key(&value_of(kept), &JsValue::from_str(name))?;
            }
            js::event(&transaction, "oncomplete").await?;
        }
        Ok(())
    }

    pub(crate) async fn all(&self, store: &str) -> Result<Vec<(String, JsValue)>, Fail> {
        let from = self.read(store).await?;
        let (keys, values) = (from.get_all_keys()?, from.get_all()?);
        let values: Array = js::event(&values, "onsuccess").await?.dyn_into()?;
        let keys: Array = match keys.result() {
            Ok(keys) => keys.dyn_into()?,
            Err(_) => js::event(&keys, "onsuccess").await?.dyn_into()?,
        };
        Ok(keys.iter().filter_map(|key| key.as_string()).zip(values.iter()).collect())
    }

    pub(crate) async fn get(&self, store: &str, key: &str) -> Result<Option<JsValue>, Fail> {
        let request = self.read(store).await?.get(&JsValue::from_str(key))?;
        let value = js::event(&request, "onsuccess").await?;
        Ok((!value.is_undefined()).then_some(value))
    }

    /// What this browser remembers of itself under a name, beside the files.
    pub(crate) async fn named(&self, name: &str) -> Option<Vec<u8>> {
        self.get("identity", name).await.ok().flatten().map(|value| bytes_of(&value))
    }

    pub(crate) async fn name(&self, name: &str, value: &[u8]) -> Result<(), Fail> {
        self.put("identity", &[(name.to_owned(), value_of(value))]).await
    }
}

pub(crate) fn bytes_of(value: &JsValue) -> Vec<u8> {
    Uint8Array::new(value).to_vec()
}

pub(crate) fn value_of(bytes: &[u8]) -> JsValue {
    Uint8Array::from(bytes).into()
}
