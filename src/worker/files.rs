//! Pool files, in whichever place this browser has for them (`device/home.rs`). A writer holds its file exclusively; a reader
//! takes a snapshot, which needs no lock.

mod folder;
mod records;

use std::future::ready;

use ledger::HEADER_LEN;

use crate::{
    fail::Fail,
    js::{self, Soon},
};
use folder::Folder;
use records::Records;

#[derive(Debug, Clone)]
pub(crate) enum Pool {
    Folder(Folder),
    Database(Records),
}

impl Pool {
    pub(crate) fn in_folder() -> Soon<'static, Self> {
        Box::pin(async { Folder::open().await.map(Self::Folder) })
    }

    /// A database that is not there is made, or is an error.
    pub(crate) fn in_database(make: bool) -> Soon<'static, Self> {
        Box::pin(async move { Records::open(make).await.map(Self::Database) })
    }

    pub(crate) fn is_in_database(&self) -> bool {
        matches!(self, Self::Database(_))
    }

    /// The place with everything in it, once nobody holds a file there any more.
    pub(crate) fn remove(&self) -> Soon<'_, ()> {
        again(HELD_LONG, move || match self {
            Self::Folder(folder) => Box::pin(folder.remove()),
            Self::Database(records) => Box::pin(records.remove()),
        })
    }

    /// Names of all files, sorted.
    pub(crate) fn names(&self) -> Soon<'_, Vec<String>> {
        match self {
            Self::Folder(folder) => Box::pin(folder.names()),
            Self::Database(records) => Box::pin(records.names()),
        }
    }

    /// Two tabs may make the same file at the same moment, and the browser tells one of them that something has changed.
    pub(crate) fn create<'a>(&'a self, name: &'a str) -> Soon<'a, ()> {
        again(HELD, move || match self {
            Self::Folder(folder) => Box::pin(folder.create(name)),
            Self::Database(records) => Box::pin(records.create(name)),
        })
    }

    /// A snapshot of the whole file.
    pub(crate) async fn read(&self, name: &str) -> Result<Vec<u8>, Fail> {
        self.snapshot(name, usize::MAX).await.map(|(bytes, _)| bytes)
    }

    /// How a file begins, and how long it is.
    pub(crate) fn head<'a>(&'a self, name: &'a str) -> Soon<'a, (Vec<u8>, u64)> {
        self.snapshot(name, HEADER_LEN)
    }

    /// A file that grows meanwhile is asked for again.
    fn snapshot<'a>(&'a self, name: &'a str, first: usize) -> Soon<'a, (Vec<u8>, u64)> {
        again(CHANGED, move || match self {
            Self::Folder(folder) => Box::pin(folder.snapshot(name, first as f64)),
            Self::Database(records) => Box::pin(records.snapshot(name, first)),
        })
    }

    /// Takes the file for writing if nobody has it.
    pub(crate) fn claim<'a>(&'a self, name: &'a str) -> Soon<'a, Held> {
        match self {
            Self::Folder(folder) => Box::pin(async { folder.claim(name).await.map(Held::Folder) }),
            Self::Database(records) => Box::pin(async { records.claim(name).await.map(Held::Database) }),
        }
    }

    /// Writes a word to a file that holds nothing else, and reads it back: a browser may hand out files and then refuse to
    /// write them.
    pub(crate) async fn prove(&self, name: &str, word: &[u8]) -> Result<(), Fail> {
        self.create(name).await?;
        let held = match self.claim_patiently(name).await {
            // Somebody writes it this very moment: so it can be done.
            Err(Fail::Held) => return Ok(()),
            held => held?,
        };
        held.replace(word).await?;
        if held.read_all().await? != word {
            return Err(Fail::Other("what was written is not there".to_owned()));
        }
        Ok(())
    }

    /// Takes the file even if a worker that just died still seems to hold it: browsers need up to a second for that.
    pub(crate) fn claim_patiently<'a>(&'a self, name: &'a str) -> Soon<'a, Held> {
        again(HELD, move || self.claim(name))
    }
}

/// What passes by itself: which failure, how long to wait, and how often.
type Passing = (fn(&Fail) -> bool, i32, u32);
const HELD: Passing = (|fail| matches!(fail, Fail::Held | Fail::Stale(_)), 100, 30);
/// Other tabs were just told to go.
const HELD_LONG: Passing = (HELD.0, 100, 50);
const CHANGED: Passing = (|fail| matches!(fail, Fail::Changed), 25, 40);

fn again<'a, T: 'a>((passes, wait_ms, tries): Passing, act: impl Fn() -> Soon<'a, T> + 'a) -> Soon<'a, T> {
    Box::pin(again_and_again(passes, wait_ms, tries, Box::new(act)))
}

async fn again_and_again<'a, T>(
    passes: fn(&Fail) -> bool,
    wait_ms: i32,
    tries: u32,
    act: Box<dyn Fn() -> Soon<'a, T> + 'a>,
) -> Result<T, Fail> {
    for _ in 0..tries {
        match act().await {
            Err(fail) if passes(&fail) => js::sleep(wait_ms).await,
            outcome => return outcome,
        }
    }
    act().await
}

/// A file that this worker alone may write, until this is dropped.
pub(crate) enum Held {
    Folder(folder::Held),
    Database(records::Held),
}

impl Held {
    /// All of the bytes, on the disk when this returns; on failure the file has its old length again.
    pub(crate) fn write<'a>(&'a self, at: u64, bytes: &'a [u8]) -> Soon<'a, ()> {
        match self {
            Self::Folder(held) => Box::pin(ready(held.write(at, bytes))),
            Self::Database(held) => held.change(at, bytes, false),
        }
    }

    /// Gives up what was written behind this place.
    pub(crate) fn cut(&self, at: u64) -> Soon<'_, ()> {
        match self {
            Self::Folder(held) => Box::pin(ready(held.cut(at))),
            Self::Database(held) => held.change(at, &[], true),
        }
    }

    pub(crate) fn read_all(&self) -> Soon<'_, Vec<u8>> {
        match self {
            Self::Folder(held) => Box::pin(ready(held.read_all())),
            Self::Database(held) => Box::pin(held.read_all()),
        }
    }

    /// The file's whole content, replaced. Only for files that hold nothing of worth.
    pub(crate) fn replace<'a>(&'a self, bytes: &'a [u8]) -> Soon<'a, ()> {
        match self {
            Self::Folder(held) => Box::pin(ready(held.replace(bytes))),
            Self::Database(held) => held.change(0, bytes, true),
        }
    }
}
