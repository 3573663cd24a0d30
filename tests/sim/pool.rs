//! A profile's files and database as a browser keeps them: a file belongs to one tab at a time, a new name may vanish when the
//! power goes, and what was not flushed may be cut anywhere.

use std::collections::BTreeMap;

use device::{Ciphers, Identity, PoolFile};
use ledger::{HEADER_LEN, Header};
use seal::{Cipher, RustCrypto, Wraps, at_once, plain, plain_value};
use tests::Seeded;

pub type Vault = seal::Vault<RustCrypto>;

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
    /// And the browser's key with the wraps, where what is stored is encrypted.
    pub keys: Option<(<RustCrypto as Cipher>::Key, Wraps)>,
}

impl Pool {
    pub fn of(me: Identity) -> Self {
        Self { me: Some(me), ..Self::default() }
    }

    /// Everything is encrypted from the first start on.
    #[must_use]
    pub fn encrypted(self, random: &mut Seeded) -> Self {
        Self { keys: Some(at_once(Vault::make(random)).expect("keys")), ..self }
    }

    /// As a start opens it.
    pub fn vault(&self) -> Option<Vault> {
        let (key, wraps) = self.keys.as_ref()?;
        Some(at_once(Vault::open(key, wraps.clone())).expect("the wraps are of this key"))
    }

    /// What its files say of themselves.
    pub fn ciphers(&self) -> Ciphers {
        let mut found = Ciphers::default();
        self.files.iter().for_each(|(name, file)| found.note(name, Some(&file.bytes[..file.bytes.len().min(HEADER_LEN)])));
        found
    }

    /// Rows that are kept twice, as they were before they were encrypted.
    pub fn plain_births(&self) -> BTreeMap<String, Vec<u8>> {
        let vault = self.vault();
        let plain = |(name, bytes): (&String, &Vec<u8>)| (name.clone(), at_once(plain_value(vault.as_ref(), name, bytes.clone())));
        self.births.iter().map(plain).collect()
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

    /// Files by how their names begin, as if they had never been encrypted.
    pub fn files(&self, which: &str) -> Vec<PoolFile> {
        let vault = self.vault();
        let named = self.files.iter().filter(|(name, _)| name.starts_with(which));
        let bytes = |file: &File| at_once(plain(vault.as_ref(), file.bytes.clone()));
        named.map(|(name, file)| PoolFile { name: name.clone(), bytes: bytes(file) }).collect()
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
    pub fn sealed(&self) -> impl Iterator<Item = Vec<u8>> {
        let vault = self.vault();
        self.files.values().filter_map(move |file| {
            Header::decode(&file.bytes).ok().filter(|header| header.role == ledger::Role::Sealed)?;
            at_once(seal::content(vault.as_ref(), &file.bytes)).ok().map(|(_, content)| content)
        })
    }

    /// How many files have this role.
    pub fn count(&self, role: ledger::Role) -> usize {
        self.files.values().filter(|file| Header::decode(&file.bytes).is_ok_and(|header| header.role == role)).count()
    }
}
