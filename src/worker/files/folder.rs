//! Pool files in OPFS. A writer holds its file by a sync access handle, which nobody else can have meanwhile.

use device::{Written, written};
use js_sys::{ArrayBuffer, Uint8Array};
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
        return Err(Fail::Unsupported("it is not there".to_owned()));
    }
    Ok(js::wait(storage.get_directory()).await?.dyn_into()?)
}

#[derive(Debug, Clone)]
pub(crate) struct Folder {
    folder: FileSystemDirectoryHandle,
}

impl Folder {
    pub(crate) async fn open() -> Result<Self, Fail> {
        let options = web_sys::FileSystemGetDirectoryOptions::new();
        options.set_create(true);
        let folder = js::wait(root().await?.get_directory_handle_with_options(FOLDER, &options)).await?;
        Ok(Self { folder: folder.dyn_into()? })
    }

    /// The folder with everything in it.
    pub(crate) async fn remove(&self) -> Result<(), Fail> {
        let all = js_sys::Object::new();
        js::set(&all, "recursive", &true.into());
        let root = root().await?;
        let removing: js_sys::Promise = js::call(&root, "removeEntry", &[&FOLDER.into(), &all])?.dyn_into()?;
        js::wait(removing).await.map(drop)
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

    pub(crate) async fn create(&self, name: &str) -> Result<(), Fail> {
        self.handle(name, true).await.map(drop)
    }

    pub(crate) async fn snapshot(&self, name: &str, first: f64) -> Result<(Vec<u8>, u64), Fail> {
        let file: File = js::wait(self.handle(name, false).await?.get_file()).await?.dyn_into()?;
        let part = file.slice_with_f64_and_f64(0.0, first.min(file.size()))?;
        let buffer: ArrayBuffer = js::wait(part.array_buffer()).await?.dyn_into()?;
        Ok((Uint8Array::new(&buffer).to_vec(), file.size() as u64))
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
}

/// A file that this worker alone may write.
#[derive(Debug)]
pub(crate) struct Held {
    access: FileSystemSyncAccessHandle,
}

impl Held {
    fn size(&self) -> Result<u64, Fail> {
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
