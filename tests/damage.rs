//! Whatever happens to files: it is noticed, what is whole still opens, and nothing is read that nobody wrote.
//!
//! `SPOTTER_DAMAGES` says how many pools are damaged.

use std::collections::{BTreeMap, BTreeSet};

use aes_gcm::{
    Aes256Gcm, KeyInit as _, Nonce,
    aead::{Aead as _, Payload},
};
use bridge::Draft;
use device::{Device, Identity, LaneHeads, Manifest, PoolFile, Recovered, Retired, SealedFile, hex, recover};
use engine::{rows_from_parquet, segment_to_parquet};
use ledger::{Encryption, Fact, FrameKind, HEADER_LEN, Header, LaneId, Role, Row, Stamp, UseId, encode_frame, sealed_bytes};
use seal::{associated, ciphers, decrypted, encrypted_bytes};
use tests::Seeded;

const BEGAN: u64 = 1_763_700_000_000;

/// The browser's cipher, by another library.
struct Key(Aes256Gcm);

impl Key {
    fn encrypt(&self, nonce: [u8; 12], about: &[u8], plain: &[u8]) -> Vec<u8> {
        let cipher = self.0.encrypt(&Nonce::from(nonce), Payload { msg: plain, aad: about }).expect("it is encrypted");
        [&nonce[..], &cipher].concat()
    }

    fn decrypt(&self, about: &[u8], bytes: &[u8]) -> Option<Vec<u8>> {
        let (nonce, cipher) = bytes.split_at_checked(12)?;
        let nonce: [u8; 12] = nonce.try_into().ok()?;
        self.0.decrypt(&Nonce::from(nonce), Payload { msg: cipher, aad: about }).ok()
    }

    /// What the storage worker does before it recovers.
    fn plain(&self, bytes: &[u8]) -> Vec<u8> {
        let Ok(header) = Header::decode(bytes) else { return bytes.to_vec() };
        if header.encryption == Encryption::None {
            return bytes.to_vec();
        }
        if header.role == Role::Open {
            let parts: Vec<_> = ciphers(&header.use_id, bytes)
                .into_iter()
                .map(|(at, cipher)| (at, self.decrypt(&associated(Role::Open, &header.use_id, at as u64), cipher)))
                .collect();
            return decrypted(&header, bytes, &parts);
        }
        let about = associated(header.role, &header.use_id, header.generation);
        match header.payload(bytes).ok().and_then(|cipher| self.decrypt(&about, cipher)) {
            Some(content) => sealed_bytes(header.role, header.use_id, header.generation, &content),
            None => bytes.to_vec(),
        }
    }
}

/// A pool as it lies on the disk, with the rows that were acknowledged and where each one lies.
struct Pool {
    manifests: Vec<PoolFile>,
    slots: Vec<PoolFile>,
    rows: BTreeMap<String, (Row, BTreeSet<String>)>,
    key: Option<Key>,
}

struct Maker {
    random: Seeded,
    device: Device,
    pool: Pool,
    uses: u8,
}

impl Maker {
    fn new(seed: u64, encrypted: bool) -> Self {
        let mut random = Seeded(seed);
        let device = Device::new(Identity::mint(BEGAN, &mut random), LaneId::number(0), LaneHeads::new());
        let key = encrypted.then(|| Key(Aes256Gcm::new(&[seed as u8; 32].into())));
        let pool = Pool { manifests: Vec::new(), slots: Vec::new(), rows: BTreeMap::new(), key };
        Self { random, device, pool, uses: 0 }
    }

    fn nonce(&mut self) -> [u8; 12] {
        let mut nonce = [0; 12];
        ledger::Entropy::fill(&mut self.random, &mut nonce);
        nonce
    }

    fn whole(&mut self, role: Role, generation: u64, content: &[u8]) -> (UseId, Vec<u8>) {
        self.uses += 1;
        let (use_id, nonce) = ([self.uses; 16], self.nonce());
        let bytes = match &self.pool.key {
            None => sealed_bytes(role, use_id, generation, content),
            Some(key) => {
                encrypted_bytes(role, use_id, generation, &key.encrypt(nonce, &associated(role, &use_id, generation), content))
            }
        };
        (use_id, bytes)
    }

    /// Frames as they stand at this offset of an open file.
    fn frames(&mut self, use_id: &UseId, at: usize, plain: &[u8]) -> Vec<u8> {
        let nonce = self.nonce();
        let Some(key) = &self.pool.key else { return plain.to_vec() };
        let mut out = Vec::new();
        let cipher = key.encrypt(nonce, &associated(Role::Open, use_id, at as u64), plain);
        encode_frame(use_id, FrameKind::Cipher, &cipher, &mut out);
        out
    }

    /// One session; its rows lie in the files that are named.
    fn session(&mut self, name: &str, writes: usize, files: &[&str]) -> (Vec<Row>, UseId) {
        let mut stamp = Stamp { utc_ms: BEGAN + self.pool.rows.len() as u64 * 1_000, offset_min: 60 };
        let begun = self.device.begin_session(&stamp, false, &mut self.random);
        let header = Header::decode(&begun).expect("a header");
        let encryption = if self.pool.key.is_some() { Encryption::AesGcm } else { Encryption::None };
        let mut file = Header { encryption, ..header }.encode().to_vec();
        file.extend(self.frames(&header.use_id, HEADER_LEN, &begun[HEADER_LEN..]));
        let mut rows = Vec::new();
        for nth in 0..writes {
            stamp.utc_ms += 1_000;
            let name = format!("Mia {} {nth}", self.pool.rows.len());
            let draft = Draft::mine(Fact::ProfileChanged { name, at_ms: stamp.utc_ms as i64, offset_min: 60 });
            let batch = self.device.capture(&stamp, &mut self.random, vec![draft; 1 + nth % 2]).expect("sound");
            file.extend(self.frames(&header.use_id, file.len(), &batch.bytes));
            self.device.saved(&batch);
            rows.extend(batch.rows);
        }
        for row in &rows {
            let places = files.iter().map(|&file| file.to_owned()).collect();
            self.pool.rows.insert(row.event_id.to_string(), (row.clone(), places));
        }
        self.pool.slots.push(PoolFile { name: name.to_owned(), bytes: file });
        (rows, header.use_id)
    }

    fn seal(&mut self, name: &str, generation: u64, rows: &[Row]) -> SealedFile {
        let parquet = segment_to_parquet(rows).expect("sealed");
        let (use_id, bytes) = self.whole(Role::Sealed, generation, &parquet);
        self.pool.slots.push(PoolFile { name: name.to_owned(), bytes });
        SealedFile {
            file: name.to_owned(),
            use_id: hex(&use_id),
            rows: rows.len() as u64,
            spans: wire::spans(rows.iter()),
            ..SealedFile::default()
        }
    }

    fn index(&mut self, manifest: &Manifest) {
        let (_, bytes) = self.whole(Role::Manifest, manifest.generation, &manifest.to_json());
        let name = format!("manifest-{}", manifest.generation % 3);
        self.pool.manifests.retain(|file| file.name != name);
        self.pool.manifests.push(PoolFile { name, bytes });
    }

    /// Two sessions sealed long ago, one sealed just now whose open file is still kept, one that goes on.
    fn pool(mut self) -> Pool {
        let mut manifest = Manifest::first(self.device.identity().clone());
        for name in ["slot-000", "slot-001"] {
            let (rows, use_id) = self.session("gone", 3, &[name]);
            self.pool.slots.retain(|slot| slot.name != "gone");
            let sealed = self.seal(name, manifest.generation + 1, &rows);
            let retired = Retired { file: "gone".to_owned(), use_id: hex(&use_id), ..Retired::default() };
            manifest = manifest.with_sealed(sealed, retired, &LaneHeads::new(), 1);
            manifest.retired.clear();
            self.index(&manifest);
        }
        let (rows, use_id) = self.session("slot-002", 3, &["slot-002", "slot-003"]);
        let sealed = self.seal("slot-003", manifest.generation + 1, &rows);
        let retired = Retired { file: "slot-002".to_owned(), use_id: hex(&use_id), ..Retired::default() };
        manifest = manifest.with_sealed(sealed, retired, &LaneHeads::new(), 2);
        self.index(&manifest);
        self.session("slot-004", 4, &["slot-004"]);
        for (name, bytes) in [("slot-005", vec![]), ("slot-006", vec![0; 4096])] {
            self.pool.slots.push(PoolFile { name: name.to_owned(), bytes });
        }
        self.pool
    }
}

fn opened(pool: &Pool) -> Recovered {
    let plain = |files: &[PoolFile]| -> Vec<PoolFile> {
        let bytes = |file: &PoolFile| pool.key.as_ref().map_or_else(|| file.bytes.clone(), |key| key.plain(&file.bytes));
        files.iter().map(|file| PoolFile { name: file.name.clone(), bytes: bytes(file) }).collect()
    };
    recover(&plain(&pool.manifests), plain(&pool.slots), &[])
}

fn rows_of(found: &Recovered) -> Vec<Row> {
    let sealed = found.sealed.iter().flat_map(|(_, parquet)| rows_from_parquet(parquet).expect("only whole files are read"));
    found.open.iter().flat_map(|segment| segment.rows.clone()).chain(sealed).collect()
}

/// Does something to the pool; says to which files.
fn harm(pool: &mut Pool, older: &Pool, random: &mut Seeded) -> (String, BTreeSet<String>) {
    let files = pool.manifests.len() + pool.slots.len();
    let mut one = random.below(files as u64) as usize;
    let name =
        |pool: &Pool, at: usize| pool.manifests.iter().chain(&pool.slots).nth(at).map(|file| file.name.clone()).unwrap_or_default();
    while pool.manifests.iter().chain(&pool.slots).nth(one).is_none_or(|file| file.bytes.len() < HEADER_LEN) {
        one = (one + 1) % files;
    }
    let first = name(pool, one);
    let mut harmed = BTreeSet::from([first.clone()]);
    let other = random.below(files as u64) as usize;
    let second = name(pool, other);
    let (manifests, slots) = (pool.manifests.len(), &mut pool.slots);
    let mut all: Vec<&mut PoolFile> = pool.manifests.iter_mut().chain(slots).collect();
    debug_assert_eq!(all.len(), files);
    let len = all[one].bytes.len() as u64;
    let what = match random.below(6) {
        0 | 1 => {
            let at = random.below(len) as usize;
            all[one].bytes[at] ^= 1 << random.below(8);
            format!("a bit of byte {at} of {first}")
        }
        2 => {
            let at = random.below(len) as usize;
            all[one].bytes.truncate(at);
            format!("{first} cut at {at}")
        }
        3 => {
            let (from, many) = (random.below(len) as usize, 1 + random.below(4_096) as usize);
            all[one].bytes.iter_mut().skip(from).take(many).for_each(|byte| *byte = 0);
            format!("{many} zeros from {from} on in {first}")
        }
        4 if one != other => {
            let bytes = std::mem::take(&mut all[one].bytes);
            let bytes = std::mem::replace(&mut all[other].bytes, bytes);
            all[one].bytes = bytes;
            harmed.insert(second.clone());
            format!("{first} and {second} exchanged")
        }
        // As a file system does that brings an earlier state of one file back.
        _ => {
            let before = older.manifests.iter().chain(&older.slots).find(|file| file.name == first);
            all[one].bytes = before.map(|file| file.bytes.clone()).unwrap_or_default();
            format!("{first} as it was earlier")
        }
    };
    let _ = manifests;
    (what, harmed)
}

fn ends_between_writes(pool: &Pool) -> bool {
    let Some(file) = pool.slots.iter().find(|slot| slot.name == "slot-004") else { return true };
    let Ok(header) = Header::decode(&file.bytes) else { return file.bytes.iter().all(|byte| *byte == 0) };
    header.role == Role::Open && ledger::scan(&header.use_id, &file.bytes).damage.is_empty()
}

fn damaged_pools(seed: u64, encrypted: bool, n: u64) -> u64 {
    let mut random = Seeded(seed ^ 0x5eed);
    let mut told = 0;
    for round in 0..n.div_ceil(200) {
        let whole = || Maker::new(seed + round, encrypted).pool();
        let found = opened(&whole());
        assert_eq!(
            (found.problems.len(), rows_of(&found).len()),
            (0, whole().rows.len() + 4),
            "the whole pool: {:?}",
            found.problems
        );
        // The same pool when its last two sessions had not begun.
        let mut older = whole();
        older.manifests.retain(|file| file.name != "manifest-0");
        older.slots.retain(|file| *file.name < *"slot-002");
        for _ in 0..200.min(n - round * 200) {
            let mut pool = whole();
            let (what, harmed) = harm(&mut pool, &older, &mut random);
            let context = format!("seed {}, {what}", seed + round);
            let found = opened(&pool);
            let mut seen = BTreeSet::new();
            for row in rows_of(&found) {
                let id = row.event_id.to_string();
                assert!(pool.rows.get(&id).is_some_and(|(known, _)| known.raw == row.raw), "{context}: a row that nobody wrote");
                seen.insert(id);
            }
            for (id, (_, places)) in &pool.rows {
                let lies_whole = places.iter().any(|place| !harmed.contains(place));
                assert!(seen.contains(id) || !lies_whole, "{context}: a row of an unharmed file is not found");
            }
            let missing = pool.rows.len() - seen.len();
            // The one thing that files alone cannot tell: a session that goes on, cut exactly between two writes or emptied,
            // looks like one in which less was written.
            let ended_earlier = harmed.contains("slot-004") && found.open.iter().all(|open| open.file != "slot-004" || missing < 6);
            let told_apart = !found.problems.is_empty() || (ended_earlier && ends_between_writes(&pool));
            assert!(missing == 0 || told_apart, "{context}: {missing} rows are missing without a word");
            told += u64::from(!found.problems.is_empty());
        }
    }
    told
}

#[test]
fn damage_is_noticed_and_nothing_else_is_lost() {
    let n = std::env::var("SPOTTER_DAMAGES").ok().and_then(|n| n.parse().ok()).unwrap_or(2_000);
    for (seed, encrypted) in [(1, false), (100_000, true)] {
        let told = damaged_pools(seed, encrypted, n / 2);
        // The others harmed nothing that counts: an older index, the tail of a free file, what is kept for a minute.
        assert!(n / 10 < told, "{told} of {} were told", n / 2);
    }
}

// ---------------------------------------------------------------------------------------------- files of earlier builds

/// A pool in `tests/fixtures`, file by file.
fn fixture(name: &str) -> Pool {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(name);
    let mut files: Vec<PoolFile> = std::fs::read_dir(folder)
        .expect("the fixture")
        .map(|entry| {
            let path = entry.expect("an entry").path();
            let name = path.file_name().expect("a name").to_string_lossy().into_owned();
            PoolFile { name, bytes: std::fs::read(path).expect("a file") }
        })
        .collect();
    files.sort_by(|a, b| a.name.cmp(&b.name));
    let (manifests, slots) = files.into_iter().partition(|file| file.name.starts_with("manifest-"));
    Pool { manifests, slots, rows: BTreeMap::new(), key: None }
}

/// Files that a browser wrote with the first format: a sealed session, its open file that is still kept, one that goes on.
#[test]
fn files_of_format_1_open() {
    let found = opened(&fixture("pool-v1"));
    assert_eq!(found.problems, []);
    let versions: BTreeSet<u16> =
        fixture("pool-v1").slots.iter().map(|file| u16::from_le_bytes([file.bytes[4], file.bytes[5]])).collect();
    assert_eq!(versions, BTreeSet::from([1]));
    let count =
        |kind: &str| rows_of(&found).iter().filter(|row| row.kind == kind).map(|row| row.event_id).collect::<BTreeSet<_>>().len();
    let kinds = ["workout.started", "set.logged", "workout.finished"].map(count);
    assert_eq!(kinds, [1, 1, 1]);
    let manifest = found.manifest.expect("an index");
    assert_eq!((manifest.generation, manifest.sealed.len(), manifest.retired.len()), (2, 1, 1));
}

/// Encrypted files, as format 2 has them. SPOTTER_BLESS=1 writes them anew, which is never right once others have such files.
#[test]
fn files_of_format_2_open() {
    let made = Maker::new(7, true).pool();
    if std::env::var_os("SPOTTER_BLESS").is_some() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/pool-v2");
        std::fs::create_dir_all(&folder).expect("the folder");
        for file in made.manifests.iter().chain(&made.slots) {
            std::fs::write(folder.join(&file.name), &file.bytes).expect("the file");
        }
    }
    let mut pool = fixture("pool-v2");
    pool.key = made.key;
    let found = opened(&pool);
    assert_eq!(found.problems, []);
    let ids = |rows: Vec<Row>| rows.into_iter().map(|row| row.event_id.to_string()).collect::<BTreeSet<_>>();
    assert_eq!(ids(rows_of(&found)), made.rows.into_keys().collect());
    pool.key = None;
    assert!(rows_of(&opened(&pool)).is_empty(), "without the key nothing is read");
}
