//! Pool files in IndexedDB, for browsers whose OPFS lets no worker write. A file is its length and its chunks; every change
//! of it is one transaction with strict durability, so it is there whole or not at all. A Web Lock says who may write.

use std::cell::{Cell, OnceCell};

use js_sys::Array;
use wasm_bindgen::{JsCast as _, JsValue};
use web_sys::{IdbKeyRange, IdbTransaction};

use crate::{
    database::{Database, Plan, bytes_of, finish, value_of},
    fail::Fail,
    js::{self, Soon},
    locks,
};

const SIZES: &str = "sizes";
const CHUNKS: &str = "chunks";
const PLAN: Plan = Plan { name: "spotter-files", stores: &[SIZES, CHUNKS], stays: false };

/// What an appended row writes again at most.
const CHUNK: usize = 8 * 1024;

#[derive(Debug, Clone)]
pub(crate) struct Records {
    database: Database,
}

impl Records {
    pub(crate) async fn open(make: bool) -> Result<Self, Fail> {
        if !locks::exist() {
            return Err(Fail::Unsupported("it has no locks".to_owned()));
        }
        Ok(Self { database: Database::open(PLAN, make).await? })
    }

    /// Once nobody else holds a file.
    pub(crate) async fn remove(&self) -> Result<(), Fail> {
        let mut held = Vec::new();
        for name in self.names().await? {
            held.push(hold(&name).await?);
        }
        self.database.remove().await
    }

    /// Names of all files, sorted.
    pub(crate) async fn names(&self) -> Result<Vec<String>, Fail> {
        let all = |transaction: &IdbTransaction| transaction.object_store(SIZES)?.get_all_keys();
        let names: Array = self.database.ask(&[SIZES], &all).await?.dyn_into()?;
        Ok(names.iter().filter_map(|name| name.as_string()).collect())
    }

    pub(crate) async fn create(&self, name: &str) -> Result<(), Fail> {
        match self.size(name).await {
            // A tab may be quicker, and then it is there all the same.
            Err(Fail::NotFound) => {
                let add =
                    |transaction: &IdbTransaction| transaction.object_store(SIZES)?.add_with_key(&0.into(), &name.into()).map(drop);
                let made = self.database.write(&[SIZES], &add).await;
                if self.size(name).await.is_ok() { Ok(()) } else { made }
            }
            there => there.map(drop),
        }
    }

    fn size<'a>(&'a self, name: &'a str) -> Soon<'a, u64> {
        Box::pin(async move {
            let get = |transaction: &IdbTransaction| transaction.object_store(SIZES)?.get(&name.into());
            self.database.ask(&[SIZES], &get).await?.as_f64().map(|size| size as u64).ok_or(Fail::NotFound)
        })
    }

    /// The first bytes of a file, or all of them, and how long it is; as of one moment.
    pub(crate) async fn snapshot(&self, name: &str, first: usize) -> Result<(Vec<u8>, u64), Fail> {
        let size = OnceCell::new();
        let read = |transaction: &IdbTransaction| {
            let _ = size.set(transaction.object_store(SIZES)?.get(&name.into())?);
            transaction.object_store(CHUNKS)?.get_all_with_key(&*part(name, 0, first.div_ceil(CHUNK))?)
        };
        let chunks = self.database.ask(PLAN.stores, &read).await?;
        // It was asked for before the chunks, so it is there.
        let size = size.into_inner().ok_or(Fail::NotFound)?.result()?.as_f64().ok_or(Fail::NotFound)? as usize;
        let mut bytes = joined(chunks)?;
        bytes.truncate(first.min(size));
        // Zeros that nobody read would look like a file that is free.
        if bytes.len() < first.min(size) {
            return Err(Fail::Other(format!("the database gave {} of {size} bytes", bytes.len())));
        }
        Ok((bytes, size as u64))
    }

    /// Takes the file for writing if nobody has it.
    pub(crate) async fn claim(&self, name: &str) -> Result<Held, Fail> {
        // It is there. And a lock that this worker has just let go is free by the time that the database has answered.
        self.size(name).await?;
        let lock = hold(name).await?;
        let size = Cell::new(self.size(name).await? as usize);
        Ok(Held { records: self.clone(), name: name.to_owned(), size, _lock: lock })
    }
}

async fn hold(name: &str) -> Result<locks::Held, Fail> {
    locks::take(&format!("spotter-file-{name}")).await.ok_or(Fail::Held)
}

fn joined(chunks: JsValue) -> Result<Vec<u8>, Fail> {
    let chunks: Array = chunks.dyn_into()?;
    let mut bytes = Vec::new();
    chunks.iter().for_each(|chunk| bytes.extend(bytes_of(&chunk)));
    Ok(bytes)
}

/// The chunks from one to another.
fn part(name: &str, from: usize, to: usize) -> Result<IdbKeyRange, JsValue> {
    IdbKeyRange::bound_with_lower_open_and_upper_open(&key(name, from), &key(name, to), false, true)
}

fn key(name: &str, nth: usize) -> JsValue {
    Array::of2(&name.into(), &(nth as f64).into()).into()
}

/// A file that this worker alone may write.
pub(crate) struct Held {
    records: Records,
    name: String,
    size: Cell<usize>,
    _lock: locks::Held,
}

impl Held {
    /// These bytes at this place; the file ends behind them, or where it ended before. Durable when this returns; on failure the
    /// file is as it was.
    pub(crate) fn change<'a>(&'a self, at: u64, bytes: &'a [u8], ends: bool) -> Soon<'a, ()> {
        let at = at as usize;
        let end = at + bytes.len();
        let after = if ends { end } else { end.max(self.size.get()) };
        Box::pin(async move {
            let transaction = self.records.database.begin(PLAN.stores, "readwrite").await?;
            let outcome = self.change_in(&transaction, (at, bytes), after).await;
            finish(&transaction, outcome).await?;
            self.size.set(after);
            Ok(())
        })
    }

    async fn change_in(&self, transaction: &IdbTransaction, (at, bytes): (usize, &[u8]), after: usize) -> Result<(), Fail> {
        let (chunks, before, end) = (transaction.object_store(CHUNKS)?, self.size.get(), at + bytes.len());
        if !bytes.is_empty() {
            // From the chunk on in which the file ends or the bytes begin.
            let (first, last) = (at.min(before) / CHUNK, end.div_ceil(CHUNK));
            let start = first * CHUNK;
            let mut content = Vec::new();
            if at != 0 || end < after {
                content = joined(js::event(&*chunks.get_all_with_key(&*part(&self.name, first, last)?)?, "onsuccess").await?)?;
                // What was cut off is not there, though it may lie there.
                content.truncate(before.saturating_sub(start));
            }
            // What is between the old end and the new bytes is filled with zeros.
            content.resize(after.min(last * CHUNK) - start, 0);
            content[at - start..end - start].copy_from_slice(bytes);
            for (nth, chunk) in content.chunks(CHUNK).enumerate() {
                chunks.put_with_key(&value_of(chunk), &key(&self.name, first + nth))?;
            }
        }
        if after < before {
            let behind = part(&self.name, after.div_ceil(CHUNK), before.div_ceil(CHUNK) + 1)?;
            chunks.delete(&behind)?;
        }
        if after != before {
            transaction.object_store(SIZES)?.put_with_key(&(after as f64).into(), &self.name.as_str().into())?;
        }
        Ok(())
    }

    pub(crate) async fn read_all(&self) -> Result<Vec<u8>, Fail> {
        Ok(self.records.snapshot(&self.name, usize::MAX).await?.0)
    }
}
