//! The second place of a young row: IndexedDB with strict durability, until the file it was written to is old enough to
//! survive a power cut. Also here: who this device is, and when each pool file was made.

use std::cell::OnceCell;

use js_sys::Array;
use wasm_bindgen::{JsCast as _, JsValue};
use web_sys::IdbTransaction;

pub(crate) use crate::database::{bytes_of, value_of};
use crate::{
    database::{Database, Plan},
    fail::Fail,
    js,
};

const PLAN: Plan = Plan { name: "spotter", stores: &["births", "files", "identity"], stays: true };

#[derive(Debug, Clone)]
pub(crate) struct Births {
    database: Database,
}

impl Births {
    pub(crate) async fn open() -> Result<Self, Fail> {
        Ok(Self { database: Database::open(PLAN, true).await? })
    }

    /// Durable when this returns.
    pub(crate) async fn put(&self, store: &str, items: &[(String, JsValue)]) -> Result<(), Fail> {
        let put = |transaction: &IdbTransaction| {
            let into = transaction.object_store(store)?;
            for (key, value) in items {
                into.put_with_key(value, &JsValue::from_str(key))?;
            }
            Ok(())
        };
        self.database.write(&[store], &put).await
    }

    /// Only where nothing has this key yet; in both cases there is something when this returns.
    pub(crate) async fn add(&self, store: &str, key: &str, value: &JsValue) -> Result<(), Fail> {
        let transaction = self.database.begin(&[store], "readwrite").await?;
        let request = transaction.object_store(store)?.add_with_key(value, &JsValue::from_str(key))?;
        match js::event(&request, "onsuccess").await {
            Ok(_) => js::event(&transaction, "oncomplete").await.map(drop),
            // Somebody else was quicker.
            Err(_) => Ok(()),
        }
    }

    pub(crate) async fn delete(&self, store: &str, keys: &[String]) -> Result<(), Fail> {
        let delete = |transaction: &IdbTransaction| {
            let from = transaction.object_store(store)?;
            for key in keys {
                from.delete(&JsValue::from_str(key))?;
            }
            Ok(())
        };
        self.database.write(&[store], &delete).await
    }

    /// Everything in every store, but what this browser remembers under this name.
    pub(crate) async fn clear_but(&self, name: &str) -> Result<(), Fail> {
        let kept = self.named(name).await;
        // In one step: nobody sees it gone.
        let clear = |transaction: &IdbTransaction| {
            PLAN.clear(transaction)?;
            if let Some(kept) = &kept {
                transaction.object_store("identity")?.put_with_key(&value_of(kept), &JsValue::from_str(name))?;
            }
            Ok(())
        };
        self.database.write(PLAN.stores, &clear).await
    }

    pub(crate) async fn all(&self, store: &str) -> Result<Vec<(String, JsValue)>, Fail> {
        let keys = OnceCell::new();
        let all = |transaction: &IdbTransaction| {
            let from = transaction.object_store(store)?;
            let _ = keys.set(from.get_all_keys()?);
            from.get_all()
        };
        let values: Array = self.database.ask(&[store], &all).await?.dyn_into()?;
        // They were asked for before the values, so they are there.
        let keys: Array = keys.into_inner().ok_or(Fail::NotFound)?.result()?.dyn_into()?;
        Ok(keys.iter().filter_map(|key| key.as_string()).zip(values.iter()).collect())
    }

    pub(crate) async fn get(&self, store: &str, key: &str) -> Result<Option<JsValue>, Fail> {
        let get = |transaction: &IdbTransaction| transaction.object_store(store)?.get(&JsValue::from_str(key));
        let value = self.database.ask(&[store], &get).await?;
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
