//! One tab of a profile: what `device` decides for it, and its deeds done on a pretended disk.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use bridge::unpack;
use device::{
    Act, Answer, Heads, Host, Place, Start, Task, Ticket, Trouble, Whole, Write, hex, newest_index, recover, recover_but,
};
use ledger::{DeviceId, HEADER_LEN, Header, LaneId, Role, Row, UseId};
use seal::at_once;
use tests::Seeded;

use super::{
    pool::{Pool, Vault},
    shop::Bug,
};

pub const YOUNG_MS: u64 = device::FILE_YOUNG_MS;

pub struct Tab {
    pub at: usize,
    pub host: Host,
    /// What is to be done, in the order it was asked for.
    pub asked: VecDeque<(Ticket, Act)>,
    /// The file that each task has taken.
    taken: BTreeMap<Task, String>,
    /// The files that are kept for longer.
    places: BTreeMap<Place, Kept>,
    /// What it opened when it started.
    pub vault: Option<Vault>,
    /// What other tabs said while this one was frozen.
    pub unheard: Vec<Said>,
    pub frozen: bool,
    /// It has lost the lead, and has not heard of it.
    pub robbed: bool,
    pub projector: bool,
    /// Rows that a deed came upon.
    pub told: Option<Vec<Row>>,
    bug: Option<Bug>,
}

struct Kept {
    file: String,
    use_id: UseId,
    /// How long it was before the last append.
    before: usize,
}

/// Between tabs.
#[derive(Clone)]
pub enum Said {
    Rows(Vec<Row>),
    FilesChanged,
    Renamed(DeviceId),
}

/// Where the power goes within a deed that writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cut {
    Before,
    Torn,
    After,
}

/// What goes wrong with a deed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// It is refused; of an append some is in the file all the same.
    Fails,
    Cut(Cut),
}

/// What every start finds, read to the last byte.
pub fn found(pool: &Pool) -> device::Recovered {
    let newest = newest_index(&pool.files("manifest-")).expect("nothing newer");
    let births = pool.plain_births();
    let births: Vec<&[u8]> = births.values().flat_map(|packed| unpack(packed).unwrap_or_default()).collect();
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
    pub fn start(at: usize, pool: &mut Pool, now_ms: u64, random: &mut Seeded, bug: Option<Bug>) -> (Self, Option<Write>) {
        let lane = LaneId::number(at as u8);
        let found = found(pool);
        let begun = Start { kept: pool.me.clone(), before: None, found: &found, cleared: false, lane: &lane };
        let identity = begun.identity(now_ms, random);
        pool.me = Some(identity.clone());
        let births = pool.plain_births().into_iter().collect();
        let (host, unborn) = Host::start(identity, lane, found, births, now_ms);
        let tab = Self {
            at,
            host,
            asked: VecDeque::new(),
            taken: BTreeMap::new(),
            places: BTreeMap::new(),
            vault: pool.vault(),
            unheard: Vec::new(),
            frozen: false,
            robbed: false,
            projector: true,
            told: None,
            bug,
        };
        (tab, unborn)
    }

    /// The file of a place.
    pub fn file(&self, place: Place) -> Option<&String> {
        self.places.get(&place).map(|kept| &kept.file)
    }

    pub fn close(&mut self, pool: &mut Pool, place: Place, bytes: Option<Vec<u8>>) {
        if let Some(Kept { file, .. }) = self.places.remove(&place) {
            // Nobody waits until that is on the disk.
            bytes.iter().for_each(|bytes| pool.append(&file, bytes));
            pool.let_go(&file);
        }
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
        fault: Option<Fault>,
    ) -> Result<Answer, Trouble> {
        let other = |why: &str| Trouble::Other(why.to_owned());
        let vault = self.vault.clone();
        let vault = vault.as_ref();
        let cut = match fault {
            Some(Fault::Cut(cut)) => Some(cut),
            Some(Fault::Fails) if !matches!(act, Act::Append { .. }) => return Err(other("the disk did not answer")),
            _ => None,
        };
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
            Act::Take { file, plain } => {
                self.let_go(pool, task);
                if pool.read(&file).is_none() {
                    return Ok(Answer::Gone);
                }
                let bytes = pool.take(&file, self.at);
                if bytes.is_some() {
                    self.taken.insert(task, file);
                }
                let plain = |bytes| if plain { at_once(seal::plain(vault, bytes)) } else { bytes };
                return Ok(Answer::Taken(bytes.map(plain)));
            }
            Act::Write(Whole { role, use_id, generation, content }) => {
                let bytes = at_once(seal::whole(vault, role, use_id, generation, &content, random)).expect("encrypted");
                let hash = Header::decode(&bytes).map(|header| hex(&header.payload_hash)).unwrap_or_default();
                self.replace(pool, task, bytes, cut)?;
                return Ok(Answer::Written(hash));
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
            Act::MadeAt(name) => return Ok(Answer::MadeAt(pool.made.get(&name).copied())),
            Act::Begin { place, bytes } => {
                let file = self.taken.remove(&task).ok_or_else(|| other("it was not taken"))?;
                let (use_id, bytes) = at_once(seal::beginning(vault, bytes, random)).expect("encrypted");
                write(pool, &file, bytes, cut);
                self.places.insert(place, Kept { file, use_id, before: 0 });
            }
            Act::Append { place, bytes } => {
                let Kept { file: name, use_id, before } = self.places.get_mut(&place).ok_or_else(|| other("there is no file"))?;
                *before = pool.len(name);
                let bytes = at_once(seal::frames(vault, use_id, *before as u64, &bytes, random)).expect("encrypted");
                if fault == Some(Fault::Fails) {
                    pool.append(name, &bytes[..random.below(bytes.len() as u64 + 1) as usize]);
                    return Err(Trouble::Full);
                }
                if cut != Some(Cut::Before) {
                    pool.append(name, &bytes);
                }
                if cut.is_none_or(|cut| cut == Cut::After) {
                    pool.flush(name);
                }
            }
            Act::TakeBack(place) => {
                let Kept { file: name, before, .. } = self.places.get(&place).ok_or_else(|| other("there is no file"))?;
                if self.bug != Some(Bug::LeftBehind) {
                    pool.cut_to(name, *before);
                    pool.flush(name);
                }
            }
            Act::KeepTwice { name, packed } => {
                if cut != Some(Cut::Before) && self.bug != Some(Bug::KeptOnce) {
                    let packed = at_once(seal::value(vault, &name, packed, random)).expect("encrypted");
                    pool.births.insert(name, packed);
                }
            }
            Act::ForgetBirths(names) => {
                for name in names {
                    pool.births.remove(&name);
                }
            }
            Act::Remember(identity) => pool.me = Some(identity),
            Act::Encode(packed) if self.projector => return Ok(Answer::Bytes(packed)),
            Act::Decode(parquet) if self.projector => return Ok(Answer::Rows(decoded(&parquet))),
            Act::Encode(_) | Act::Decode(_) => return Err(other("the projector did not answer")),
            Act::Rows(file) => {
                let bytes = pool.read(&file.file).ok_or_else(|| other("it is not there"))?;
                let (header, content) = at_once(seal::content(vault, &bytes)).map_err(|err| other(&err.to_string()))?;
                if hex(&header.use_id) != file.use_id || !self.projector {
                    return Err(other("it is another file now"));
                }
                return Ok(Answer::Rows(decoded(&content)));
            }
            Act::Follow => {
                if let Some((manifest, file)) = newest_index(&pool.files("manifest-"))? {
                    self.host.follow(manifest, file);
                }
            }
            Act::CatchUp => {
                let is_open = |bytes: &[u8]| Header::decode(bytes).is_ok_and(|header| header.role == Role::Open);
                let open = pool.files("slot-").into_iter().filter(|file| is_open(&file.bytes)).collect();
                self.told = Some(self.host.catch_up(recover(&[], open, &[])));
            }
            Act::LookAgain => {
                let found = found(pool);
                let open = found.open.into_iter().flat_map(|segment| segment.rows).collect();
                self.host.looked_again(found.sealed.into_iter().map(|(file, _)| file).collect(), found.damaged);
                self.told = Some(open);
            }
            Act::TakeNothingPlain => self.take_nothing_plain(pool, random),
            Act::FileKey | Act::KeepTables | Act::NoteReceived | Act::Wait(_) => {}
        }
        Ok(Answer::Done)
    }

    /// From the next start on.
    fn take_nothing_plain(&mut self, pool: &mut Pool, random: &mut Seeded) {
        let all = pool.ciphers().all_encrypted();
        if let (Some(vault), Some((_, wraps))) = (&mut self.vault, &mut pool.keys)
            && !vault.is_strict()
            && all
        {
            *wraps = at_once(vault.with_all_encrypted(wraps.clone(), random)).expect("noted");
            *vault = vault.with_wraps(wraps.clone());
        }
    }

    fn replace(&mut self, pool: &mut Pool, task: Task, bytes: Vec<u8>, cut: Option<Cut>) -> Result<(), Trouble> {
        let name = self.taken.remove(&task).ok_or_else(|| Trouble::Other("it was not taken".to_owned()))?;
        write(pool, &name, bytes, cut);
        pool.let_go(&name);
        Ok(())
    }
}

fn write(pool: &mut Pool, name: &str, bytes: Vec<u8>, cut: Option<Cut>) {
    if cut != Some(Cut::Before) {
        pool.write(name, bytes);
    }
    if cut.is_none_or(|cut| cut == Cut::After) {
        pool.flush(name);
    }
}
