//! One tab of a profile: what `device` decides for it, and its deeds done on a pretended disk.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use bridge::unpack;
use device::{
    Act, Added, Answer, Device, Heads, Host, Identity, Manifest, SealedFile, Shelf, Task, Ticket, Trouble, Whole, contended_slot,
    hex, newest_index, recover, recover_but,
};
use ledger::{HEADER_LEN, Header, LaneId, Role, Row, sealed_bytes};
use tests::Seeded;

use super::pool::Pool;

pub const YOUNG_MS: u64 = device::FILE_YOUNG_MS;

pub struct Tab {
    pub at: usize,
    pub host: Host,
    /// What is to be done, in the order it was asked for.
    pub asked: VecDeque<(Ticket, Act)>,
    /// The file that each task has taken.
    pub taken: BTreeMap<Task, String>,
    pub session: Option<String>,
    /// Birth records, and when each may go.
    pub births_due: VecDeque<(u64, String)>,
    /// What other tabs said while this one was frozen.
    pub unheard: Vec<Said>,
    pub frozen: bool,
    /// It has lost the lead, and has not heard of it.
    pub robbed: bool,
    pub projector: bool,
}

/// Between tabs.
#[derive(Clone)]
pub enum Said {
    Rows(Vec<Row>),
    FilesChanged,
}

/// Where the power goes within a deed that writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cut {
    Before,
    Torn,
    After,
}

/// What every start finds, read to the last byte.
pub fn found(pool: &Pool) -> device::Recovered {
    let newest = newest_index(&pool.files("manifest-")).expect("nothing newer");
    let births: Vec<&[u8]> = pool.births.values().flatten().map(Vec::as_slice).collect();
    recover_but(newest, pool.files("slot-"), &births, Vec::new())
}

/// The rows in what was found.
pub fn rows_of(found: &device::Recovered) -> BTreeSet<String> {
    let open = found.open.iter().flat_map(|segment| &segment.rows).chain(&found.unborn).map(|row| row.event_id.to_string());
    let sealed = found.sealed.iter().flat_map(|(_, parquet)| decoded(parquet)).map(|row| row.event_id.to_string());
    open.chain(sealed).collect()
}

/// What stands for Parquet here.
pub fn decoded(parquet: &[u8]) -> Vec<Row> {
    unpack(parquet).unwrap_or_default().into_iter().filter_map(|raw| Row::read(raw).ok()).collect()
}

impl Tab {
    /// As the storage worker starts. What a power cut took out of its file is handed back.
    pub fn start(at: usize, pool: &Pool, identity: &mut Identity, now_ms: u64, random: &mut Seeded) -> (Self, Vec<Row>) {
        let lane = LaneId::number(at as u8);
        let found = found(pool);
        let known = found.identity.clone().unwrap_or_else(|| identity.clone());
        if found.chains_unsure || !found.knows_heads(&known.device_id, &lane) {
            *identity = known.on_new_device(now_ms, random);
        } else {
            *identity = known;
        }
        let heads = found.heads(&identity.device_id, &lane);
        let mut shelf = Shelf::default();
        found.open.into_iter().flat_map(|segment| segment.rows).for_each(|row| _ = shelf.add(row));
        let sealed: Vec<SealedFile> = found.sealed.into_iter().map(|(file, _)| file).collect();
        sealed.iter().for_each(|file| shelf.add_file(&file.use_id, &file.spans));
        let unborn = found.unborn.into_iter().filter(|row| shelf.add(row.clone()) != Added::Known).collect();
        let lanes = found.lanes.get(&identity.device_id).cloned().unwrap_or_default();
        let mut manifest = found.manifest.unwrap_or_else(|| Manifest::from_files(identity.clone(), sealed.clone(), lanes));
        let spare = manifest.count_in(sealed);
        manifest.becomes(identity);
        let mut host = Host::new(Device::new(identity.clone(), lane, heads), shelf, manifest, found.manifest_file);
        (host.damaged, host.spare, host.standing) = (found.damaged, spare, found.standing);
        let tab = Self {
            at,
            host,
            asked: VecDeque::new(),
            taken: BTreeMap::new(),
            session: None,
            births_due: VecDeque::new(),
            unheard: Vec::new(),
            frozen: false,
            robbed: false,
            projector: true,
        };
        (tab, unborn)
    }

    /// A file with nothing of worth in it.
    pub fn claim_free(&self, pool: &mut Pool, now_ms: u64, random: &mut Seeded) -> String {
        let listed: BTreeSet<&str> = self.host.manifest.names().collect();
        let slots = pool.slots();
        for name in slots.iter().filter(|name| !listed.contains(name.as_str())) {
            if pool.take_free(name, self.at) {
                return name.clone();
            }
        }
        let name = contended_slot(slots.iter().map(String::as_str).chain(listed), 0, random);
        pool.make(&name, now_ms);
        assert!(pool.take_free(&name, self.at), "nobody else makes a file at this moment");
        name
    }

    pub fn let_go(&mut self, pool: &mut Pool, task: Task) {
        if let Some(name) = self.taken.remove(&task) {
            pool.let_go(&name);
        }
    }

    /// Does one thing. `cut` says where the power goes, if it does.
    pub fn perform(
        &mut self,
        (task, act): (Task, Act),
        (pool, now_ms, random): (&mut Pool, u64, &mut Seeded),
        cut: Option<Cut>,
    ) -> Result<Answer, Trouble> {
        let other = |why: &str| Trouble::Other(why.to_owned());
        match act {
            Act::List => return Ok(Answer::Names(pool.names())),
            Act::Heads(names) => {
                let head = |name: String| {
                    let head = pool.read(&name).map(|bytes| bytes[..bytes.len().min(HEADER_LEN)].to_vec());
                    (name, head)
                };
                let heads: Heads = names.into_iter().map(head).collect();
                return Ok(Answer::Heads(heads));
            }
            Act::Read(name) => return Ok(Answer::Bytes(pool.read(&name).unwrap_or_default())),
            Act::Take { file, .. } => {
                self.let_go(pool, task);
                if pool.read(&file).is_none() {
                    return Ok(Answer::Gone);
                }
                let bytes = pool.take(&file, self.at);
                if bytes.is_some() {
                    self.taken.insert(task, file);
                }
                return Ok(Answer::Taken(bytes));
            }
            Act::Write(Whole { role, use_id, generation, content }) => {
                let bytes = sealed_bytes(role, use_id, generation, &content);
                self.replace(pool, task, bytes, cut)?;
            }
            Act::Free => {
                let header = Header { role: Role::Free, ..Header::open([0; 16]) };
                self.replace(pool, task, header.encode().to_vec(), cut)?;
            }
            Act::Make(names) => {
                for name in names {
                    pool.make(&name, now_ms);
                }
            }
            Act::Store(Whole { role, use_id, generation, content }) => {
                let file = self.claim_free(pool, now_ms, random);
                let bytes = sealed_bytes(role, use_id, generation, &content);
                let hash = Header::decode(&bytes).map(|header| hex(&header.payload_hash)).unwrap_or_default();
                replace(pool, &file, bytes, cut);
                return Ok(Answer::Stored { file, hash });
            }
            Act::Encode(packed) if self.projector => return Ok(Answer::Bytes(packed)),
            Act::Decode(parquet) if self.projector => return Ok(Answer::Rows(decoded(&parquet))),
            Act::Encode(_) | Act::Decode(_) => return Err(other("the projector did not answer")),
            Act::Rows(file) => {
                let bytes = pool.read(&file.file).ok_or_else(|| other("it is not there"))?;
                let header = Header::decode(&bytes).map_err(|err| other(&err.to_string()))?;
                if hex(&header.use_id) != file.use_id || !self.projector {
                    return Err(other("it is another file now"));
                }
                let rows = header.payload(&bytes).map(decoded).map_err(|err| other(&err.to_string()))?;
                return Ok(Answer::Rows(rows));
            }
            Act::Follow => {
                if let Some((manifest, file)) = newest_index(&pool.files("manifest-"))? {
                    self.host.follow(manifest, file);
                }
            }
            Act::CatchUp => {
                let is_open = |bytes: &[u8]| Header::decode(bytes).is_ok_and(|header| header.role == Role::Open);
                let open = pool.files("slot-").into_iter().filter(|file| is_open(&file.bytes)).collect();
                self.host.catch_up(recover(&[], open, &[]));
            }
            Act::LookAgain => {
                let found = found(pool);
                let open = found.open.into_iter().flat_map(|segment| segment.rows).collect();
                self.host.looked_again(found.sealed.into_iter().map(|(file, _)| file).collect(), found.damaged, open);
            }
            Act::ForgetBirths => {
                while self.births_due.front().is_some_and(|(at, _)| *at <= now_ms) {
                    self.births_due.pop_front().and_then(|(_, key)| pool.births.remove(&key));
                }
            }
            Act::FileKey | Act::KeepTables | Act::TakeNothingPlain | Act::Wait(_) => {}
        }
        Ok(Answer::Done)
    }

    fn replace(&mut self, pool: &mut Pool, task: Task, bytes: Vec<u8>, cut: Option<Cut>) -> Result<(), Trouble> {
        let name = self.taken.remove(&task).ok_or_else(|| Trouble::Other("it was not taken".to_owned()))?;
        replace(pool, &name, bytes, cut);
        Ok(())
    }
}

pub fn replace(pool: &mut Pool, name: &str, bytes: Vec<u8>, cut: Option<Cut>) {
    if cut != Some(Cut::Before) {
        pool.write(name, bytes);
    }
    if cut.is_none_or(|cut| cut == Cut::After) {
        pool.flush(name);
        pool.let_go(name);
    }
}
