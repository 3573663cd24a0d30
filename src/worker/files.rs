//! Pool files in OPFS. A writer holds its file exclusively; a reader takes a snapshot, which needs no lock.

use device::{Written, written};
use js_sys::{ArrayBuffer, Uint8Array};
use ledger::HEADER_LEN;
use wasm_bindgen::JsCast as _;
use web_sys::{
    File, FileSystemDirectoryHandle, FileSystemFileHandle, FileSystemGetFileOptions, FileSystemReadWriteOptions,
    FileSystemSyncAccessHandle, StorageManager,
};

use crate::{fail::Fail, js};

const FOLDER: &str = "pool";

async fn root() -> Result<FileSystemDirectoryHandle, Fail> {
    let storage: StorageManager = js::get(&js::get(&js_sys::global(), "navigator"), "storage").unchecked_into();
    if storage.is_undefined() || js::get(&storage, "getDirectory").is_undefined() {
        return Err(Fail::NotFound);
    }
    Ok(js::wait(storage.get_directory()).await?.dyn_into()?)
}

#[derive(Debug, Clone)]
pub(crate) struct Pool {
    folder: FileSystemDirectoryHandle,
}

impl Pool {
    pub(crate) async fn open() -> Result<Self, Fail> {
        let options = web_sys::FileSystemGetDirectoryOptions::new();
        options.set_create(true);
        let folder = js::wait(root().await?.get_directory_handle_with_options(FOLDER, &options)).await?;
        Ok(Self { folder: folder.dyn_into()? })
    }

    /// The folder with everything in it, once nobody holds a file there any more.
    pub(crate) async fn remove(&self) -> Result<(), Fail> {
        let root = root().await?;
        let all = js_sys::Object::new();
        js::set(&all, "recursive", &true.into());
        again(HELD_LONG, async || {
            let removing: js_sys::Promise = js::call(&root, "removeEntry", &[&FOLDER.into(), &all])?.dyn_into()?;
            js::wait(removing).await.map(drop)
        })
        .await
    }

    /// Names of all files, sorted.
    pub(crate) async fn names(&self) -> Result<Vec<String>, Fail> {
        let keys = js::call(&self.folder, "keys", &[])?;
        let mut names = Vec::new();
        loop {
            let next: js_sys::Promise = js::call(&keys, "next", &[])?.dyn_into()?;
            let next = js::wait(next).await?;
            if js::get(&next, "done").is_truthy() {
                return Ok(ledger::sorted(names, String::cmp));
            }
            names.extend(js::get(&next, "value").as_string());
        }
    }

    async fn handle(&self, name: &str, create: bool) -> Result<FileSystemFileHandle, Fail> {
        let options = FileSystemGetFileOptions::new();
        options.set_create(create);
        Ok(js::wait(self.folder.get_file_handle_with_options(name, &options)).await?.dyn_into()?)
    }

    /// Two tabs may make the same file at the same moment, and the browser tells one of them that something has changed.
    pub(crate) async fn create(&self, name: &str) -> Result<(), Fail> {
        again(HELD, async || self.handle(name, true).await.map(drop)).await
    }

    /// A snapshot of the whole file.
    pub(crate) async fn read(&self, name: &str) -> Result<Vec<u8>, Fail> {
        self.snapshot(name, f64::MAX).await.map(|(bytes, _)| bytes)
    }

    /// How a file begins, and how long it is.
    pub(crate) async fn head(&self, name: &str) -> Result<(Vec<u8>, u64), Fail> {
        self.snapshot(name, HEADER_LEN as f64).await
    }

    /// A file that grows meanwhile is asked for again.
    async fn snapshot(&self, name: &str, first: f64) -> Result<(Vec<u8>, u64), Fail> {
        again(CHANGED, async || {
            let file: File = js::wait(self.handle(name, false).await?.get_file()).await?.dyn_into()?;
            let part = file.slice_with_f64_and_f64(0.0, first.min(file.size()))?;
            let buffer: ArrayBuffer = js::wait(part.array_buffer()).await?.dyn_into()?;
            Ok((Uint8Array::new(&buffer).to_vec(), file.size() as u64))
        })
        .await
    }

    /// Takes the file for writing if nobody has it.
    pub(crate) async fn claim(&self, name: &str) -> Result<Held, Fail> {
        let file = self.handle(name, false).await?;
        let create = js::get(&file, "createSyncAccessHandle");
        if create.is_undefined() {
            return Err(Fail::Unsupported("it has no files that can be written safely".to_owned()));
        }
        let access = js::wait(file.create_sync_access_handle()).await?.dyn_into()?;
        Ok(Held { access })
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
        held.replace(word)?;
        if held.read_all()? != word {
            return Err(Fail::Other("what was written is not there".to_owned()));
        }
        Ok(())
    }

    /// Takes the file even if a worker that just died still seems to hold it: browsers need up to a second for that.
    pub(crate) async fn claim_patiently(&self, name: &str) -> Result<Held, Fail> {
        again(HELD, async || self.claim(name).await).await
    }
}

/// What passes by itself: which failure, how long to wait, and how often.
type Passing = (fn(&Fail) -> bool, i32, u32);
const HELD: Passing = (|fail| matches!(fail, Fail::Held | Fail::Stale(_)), 100, 30);
/// Other tabs were just told to go.
const HELD_LONG: Passing = (HELD.0, 100, 50);
const CHANGED: Passing = (|fail| matches!(fail, Fail::Changed), 25, 40);

async fn again<T>((passes, wait_ms, tries): Passing, act: impl AsyncFn() -> Result<T, Fail>) -> Result<T, Fail> {
    for _ in 0..tries {
        match act().await {
            Err(fail) if passes(&fail) => js::sleep(wait_ms).await,
            outcome => return outcome,
        }
    }
    act().await
}

/// A file that this worker alone may write.
#[derive(Debug)]
pub(crate) struct Held {
    access: FileSystemSyncAccessHandle,
}

impl Held {
    pub(crate) fn size(&self) -> Result<u64, Fail> {
        Ok(self.access.get_size()? as u64)
    }

    /// All of the bytes, flushed to the disk; on failure the file has its old length again.
    pub(crate) fn write(&self, at: u64, bytes: &[u8]) -> Result<(), Fail> {
        let before = self.size()?;
        let outcome = self.write_through(at, bytes);
        if outcome.is_err() && before < at + bytes.len() as u64 {
            // What was cut off was never acknowledged. If even this fails, the torn end is found at the next start.
            let _ = self.access.truncate_with_f64(before as f64);
        }
        outcome
    }

    /// Gives up what was written behind this place.
    pub(crate) fn cut(&self, at: u64) -> Result<(), Fail> {
        self.access.truncate_with_f64(at as f64)?;
        self.access.flush()?;
        Ok(())
    }

    fn write_through(&self, at: u64, bytes: &[u8]) -> Result<(), Fail> {
        let options = FileSystemReadWriteOptions::new();
        options.set_at(at as f64);
        match written(bytes.len(), self.access.write_with_u8_array_and_options(bytes, &options)?) {
            Written::Whole => {}
            Written::Full => return Err(Fail::Full),
            Written::Refused(number) => return Err(Fail::Other(format!("the disk refused the write ({number})"))),
        }
        self.access.flush()?;
        Ok(())
    }

    pub(crate) fn read_all(&self) -> Result<Vec<u8>, Fail> {
        let mut bytes = vec![0; self.size()? as usize];
        let options = FileSystemReadWriteOptions::new();
        options.set_at(0.0);
        let read = self.access.read_with_u8_array_and_options(&mut bytes, &options)?;
        // Zeros that nobody read would look like a file that is free.
        if written(bytes.len(), read) != Written::Whole {
            return Err(Fail::Other(format!("the disk gave {read} of {} bytes", bytes.len())));
        }
        Ok(bytes)
    }

    /// The file's whole content, replaced. Only for files that hold nothing of worth.
    pub(crate) fn replace(&self, bytes: &[u8]) -> Result<(), Fail> {
        self.write_through(0, bytes)?;
        self.access.truncate_with_f64(bytes.len() as f64)?;
        self.access.flush()?;
        Ok(())
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.access.close();
    }
}
