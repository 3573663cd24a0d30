//! A profile's files and database as a browser keeps them: a file belongs to one tab at a time, a new name may vanish when the
//! power goes, and what was not flushed may be cut anywhere.

use std::collections::BTreeMap;

use device::{Identity, PoolFile};
use ledger::Header;
use tests::Seeded;

/// How long a new name is not on the disk yet.
const NAME_MS: u64 = 30_000;

#[derive(Debug, Clone, Default)]
struct File {
    bytes: Vec<u8>,
    flushed: Vec<u8>,
    made_ms: u64,
    holder: Option<usize>,
}

#[derive(Debug, Clone, Default)]
pub struct Pool {
    files: BTreeMap<String, File>,
    /// In the database, where everything lasts at once: when each file was made, and rows that are kept twice.
    pub made: BTreeMap<String, u64>,
    pub births: BTreeMap<String, Vec<u8>>,
    /// And who this is.
    pub me: Option<Identity>,
}

impl Pool {
    pub fn of(me: Identity) -> Self {
        Self { me: Some(me), ..Self::default() }
    }

    /// When is written down first.
    pub fn make(&mut self, name: &str, now_ms: u64) {
        self.made.insert(name.to_owned(), now_ms);
        self.files.entry(name.to_owned()).or_insert_with(|| File { made_ms: now_ms, ..File::default() });
    }

    pub fn names(&self) -> Vec<String> {
        self.files.keys().cloned().collect()
    }

    pub fn read(&self, name: &str) -> Option<Vec<u8>> {
        self.files.get(name).map(|file| file.bytes.clone())
    }

    pub fn files(&self, which: &str) -> Vec<PoolFile> {
        let named = self.files.iter().filter(|(name, _)| name.starts_with(which));
        named.map(|(name, file)| PoolFile { name: name.clone(), bytes: file.bytes.clone() }).collect()
    }

    /// Taken for this tab alone; a tab that has it already does not get it twice.
    pub fn take(&mut self, name: &str, tab: usize) -> Option<Vec<u8>> {
        let file = self.files.get_mut(name).filter(|file| file.holder.is_none())?;
        file.holder = Some(tab);
        Some(file.bytes.clone())
    }

    pub fn taken_by(&self, name: &str) -> Option<usize> {
        self.files.get(name)?.holder
    }

    pub fn let_go(&mut self, name: &str) {
        if let Some(file) = self.files.get_mut(name) {
            file.holder = None;
        }
    }

    pub fn tab_died(&mut self, tab: usize) {
        self.files.values_mut().filter(|file| file.holder == Some(tab)).for_each(|file| file.holder = None);
    }

    /// Written, and not flushed yet.
    pub fn write(&mut self, name: &str, bytes: Vec<u8>) {
        if let Some(file) = self.files.get_mut(name) {
            file.bytes = bytes;
        }
    }

    pub fn append(&mut self, name: &str, bytes: &[u8]) {
        if let Some(file) = self.files.get_mut(name) {
            file.bytes.extend_from_slice(bytes);
        }
    }

    pub fn len(&self, name: &str) -> usize {
        self.files.get(name).map_or(0, |file| file.bytes.len())
    }

    pub fn cut_to(&mut self, name: &str, len: usize) {
        if let Some(file) = self.files.get_mut(name) {
            file.bytes.truncate(len);
        }
    }

    pub fn flush(&mut self, name: &str) {
        if let Some(file) = self.files.get_mut(name) {
            file.flushed.clone_from(&file.bytes);
        }
    }

    /// The power goes.
    pub fn cut(&mut self, now_ms: u64, random: &mut Seeded) {
        self.files.retain(|_, file| file.made_ms + NAME_MS <= now_ms || random.one_in(2));
        for file in self.files.values_mut() {
            file.holder = None;
            if file.bytes != file.flushed {
                // The new bytes up to some place, what was there before behind it, and one of the two lengths.
                let at = random.below(file.bytes.len() as u64 + 1) as usize;
                let len = if random.one_in(2) { file.bytes.len() } else { at.max(file.flushed.len()) };
                let mut left = file.bytes[..at].to_vec();
                left.extend(file.flushed.iter().skip(at));
                left.resize(len, 0);
                file.bytes = left;
            }
            file.flushed.clone_from(&file.bytes);
        }
    }

    /// What is in every sealed file, listed or not.
    pub fn sealed(&self) -> impl Iterator<Item = &[u8]> {
        self.files.values().filter_map(|file| {
            let header = Header::decode(&file.bytes).ok().filter(|header| header.role == ledger::Role::Sealed)?;
            header.payload(&file.bytes).ok()
        })
    }

    /// How many files have this role.
    pub fn count(&self, role: ledger::Role) -> usize {
        self.files.values().filter(|file| Header::decode(&file.bytes).is_ok_and(|header| header.role == role)).count()
    }
}
