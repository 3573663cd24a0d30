//! A phone's disk: what was flushed stays, what was not may be cut anywhere.

use device::PoolFile;
use tests::Seeded;

#[derive(Debug, Clone, Default)]
pub struct Disk {
    files: Vec<(String, Vec<u8>, usize)>,
}

impl Disk {
    pub fn create(&mut self, bytes: &[u8]) -> usize {
        let name = format!("slot-{:03}", self.files.len());
        self.files.push((name, bytes.to_vec(), bytes.len()));
        self.files.len() - 1
    }

    pub fn append(&mut self, file: usize, bytes: &[u8]) {
        self.files[file].1.extend_from_slice(bytes);
    }

    pub fn flush(&mut self, file: usize) {
        self.files[file].2 = self.files[file].1.len();
    }

    /// The power goes: of every file some of what was not flushed is left.
    pub fn cut(&mut self, random: &mut Seeded) {
        for (_, bytes, flushed) in &mut self.files {
            let more = random.below((bytes.len() - *flushed) as u64 + 1) as usize;
            bytes.truncate(*flushed + more);
            *flushed = bytes.len();
        }
    }

    pub fn files(&self) -> Vec<PoolFile> {
        self.files.iter().map(|(name, bytes, _)| PoolFile { name: name.clone(), bytes: bytes.clone() }).collect()
    }
}
