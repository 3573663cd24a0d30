//! Replication over a store: what a reader may see, pages, pushes, digests. No HTTP, no clock.

use std::{collections::BTreeMap, sync::Arc};

use ledger::{Hash, Row, Scope};
use wire::{
    BLOCK_ROWS, Block, Blocks, Chain, ChainKey, ChainSum, Checkpoint, Code, Digest, Hello, Limits, PROTOCOL, Page, Problem,
    PushAnswer, RawRow, STREAM_HEARTBEAT_MS, Segment, Snapshot, Status, Verdict, Xor,
};

use crate::store::{Record, Sql, Store, StoreErr, Val, read, write};

/// A segment of a snapshot is whole when it has so many rows,
pub const SEGMENT_ROWS: u64 = 20_000;
/// or so many bytes of them.
const SEGMENT_BYTES: u64 = 8 << 20;
/// Rows that are read at once while a page is filled up to its bytes.
const READ_ROWS: usize = 128;
/// Records that one statement writes.
const INSERT_ROWS: usize = 64;
/// A clock this far off is flagged, and believed.
const ODD_CLOCK_MS: u64 = 24 * 60 * 60 * 1000;

impl From<StoreErr> for Problem {
    fn from(err: StoreErr) -> Self {
        match err {
            StoreErr::Busy => Self::new(Code::Busy, "more is asked than can be written down at once; try again").after(1_000),
            StoreErr::Full => Self::new(Code::Quota, "the server's disk is full; the rows stay on the device"),
            StoreErr::Database(why) => {
                tracing::error!(why, "the database failed");
                Self::new(Code::Internal, "the database failed; nothing was changed").after(5_000)
            }
            StoreErr::Refused(problem) => *problem,
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Realm {
    pub epoch: String,
    pub head: u64,
    pub floor: u64,
    pub access: u64,
}

pub fn realm(sql: &mut dyn Sql) -> Result<Realm, StoreErr> {
    let record = sql.one("select epoch, head, floor, access from realm", &[])?;
    let record = record.ok_or_else(|| StoreErr::Database("it has no realm".to_owned()))?;
    Ok(Realm {
        epoch: record[0].text().to_owned(),
        head: record[1].number(),
        floor: record[2].number(),
        access: record[3].number(),
    })
}

/// The realm's one record, made at the first start.
pub fn found(store: &dyn Store, epoch: &str, now_ms: u64) -> Result<(), StoreErr> {
    let epoch = epoch.to_owned();
    write(store, move |sql| {
        let insert = "insert into realm (only_one, epoch, head, floor, access, made_ms) values (1, $1, 0, 0, 0, $2) \
            on conflict (only_one) do nothing";
        sql.run(insert, &[Val::from(&epoch[..]), Val::from(now_ms)]).map(drop)
    })
}

/// What a restored or reset database must do before it serves: whoever read it before begins again.
pub fn new_epoch(store: &dyn Store, epoch: &str) -> Result<(), StoreErr> {
    let epoch = epoch.to_owned();
    write(store, move |sql| sql.run("update realm set epoch = $1", &[Val::from(&epoch[..])]).map(drop))
}

/// An account's eyes: which scopes it reads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reader {
    pub account_id: String,
    /// In the order they joined the account.
    pub persons: Vec<String>,
    /// Sorted.
    pub scopes: Vec<String>,
    pub view: String,
}

pub fn reader(sql: &mut dyn Sql, account_id: &str) -> Result<Reader, StoreErr> {
    let account = [Val::from(account_id)];
    let text = |records: Vec<Record>| records.into_iter().map(|record| record[0].text().to_owned()).collect::<Vec<_>>();
    let persons = text(sql.rows("select person from persons where account_id = $1 order by position, person", &account)?);
    let rooms = text(sql.rows("select scope from members where account_id = $1", &account)?);
    let mut scopes: Vec<String> = persons.iter().map(|person| format!("u:{person}")).chain(rooms).collect();
    scopes.sort();
    let view = view_of(&scopes.iter().map(String::as_str).collect::<Vec<_>>());
    Ok(Reader { account_id: account_id.to_owned(), persons, scopes, view })
}

fn view_of(parts: &[&str]) -> String {
    blake3::hash(parts.join("\n").as_bytes()).to_hex()[..16].to_owned()
}

impl Reader {
    fn sees(&self, scope: &str) -> bool {
        self.scopes.binary_search_by(|own| own.as_str().cmp(scope)).is_ok()
    }

    /// One of the scopes, or all of them.
    fn chosen<'a>(&'a self, scope: Option<&'a str>) -> Result<Vec<&'a str>, Problem> {
        match scope {
            None => Ok(self.scopes.iter().map(String::as_str).collect()),
            Some(scope) if self.sees(scope) => Ok(vec![scope]),
            Some(scope) => Err(forbidden(scope)),
        }
    }

    fn checkpoint(&self, realm: &Realm, seq: u64) -> Checkpoint {
        Checkpoint { epoch: realm.epoch.clone(), seq, view: self.view.clone() }
    }
}

fn forbidden(scope: &str) -> Problem {
    let detail = if Scope::parse(scope).is_ok() { "the account does not read this scope" } else { "there is no such scope" };
    Problem::new(Code::ForbiddenScope, detail)
}

pub fn hello(store: &dyn Store, account_id: &str, time_ms: u64) -> Result<Hello, Problem> {
    Ok(read(store, |sql| {
        let realm = realm(sql)?;
        let reader = reader(sql, account_id)?;
        let mut rows = 0;
        for scope in &reader.scopes {
            rows += filled(sql, scope)?.n;
        }
        Ok(Hello {
            protocol: PROTOCOL,
            epoch: realm.epoch,
            view: reader.view,
            head: realm.head,
            floor: realm.floor,
            rows,
            limits: Limits::default(),
            heartbeat_ms: STREAM_HEARTBEAT_MS,
            time_ms,
            persons: reader.persons,
        })
    })?)
}

// ---------------------------------------------------------------------------------------------- pull

/// Where reading begins, once the checkpoint has been found to hold.
fn start(checkpoint: Option<&Checkpoint>, reader: &Reader, realm: &Realm) -> Result<u64, Problem> {
    let too_old = || Problem::new(Code::CheckpointTooOld, "rows below the floor are in the snapshot");
    let Some(checkpoint) = checkpoint else {
        return if realm.floor == 0 { Ok(0) } else { Err(too_old()) };
    };
    if checkpoint.epoch != realm.epoch || realm.head < checkpoint.seq {
        return Err(Problem::new(
            Code::EpochChanged,
            "the server's data was restored: read from the beginning, and push what it lacks",
        ));
    }
    if checkpoint.view != reader.view {
        return Err(Problem::new(Code::ViewChanged, "what the account may read has changed: read from the beginning"));
    }
    if checkpoint.seq < realm.floor {
        return Err(too_old());
    }
    Ok(checkpoint.seq)
}

/// Rows of some scopes, in the order of `seq`: filtered first, then limited.
fn rows_between(sql: &mut dyn Sql, scopes: &[&str], after: u64, to: u64, limit: usize) -> Result<Vec<(u64, RawRow)>, StoreErr> {
    let mut found: Vec<(u64, RawRow)> = Vec::new();
    for scope in scopes {
        let select = "select seq, raw from events where scope = $1 and seq > $2 and seq <= $3 order by seq limit $4";
        for record in sql.rows(select, &[Val::from(*scope), Val::from(after), Val::from(to), Val::from(limit as u64)])? {
            found.push((record[0].number(), raw(&record[1])?));
        }
    }
    if 1 < scopes.len() {
        found.sort_by_key(|(seq, _)| *seq);
        found.truncate(limit);
    }
    Ok(found)
}

/// A page that also ends when it is long enough, for a reader that goes by `more`.
fn short_page(
    sql: &mut dyn Sql,
    scopes: &[&str],
    (mut after, to): (u64, u64),
    limit: usize,
    bytes_max: usize,
) -> Result<(Vec<(u64, RawRow)>, bool), StoreErr> {
    let (mut found, mut bytes) = (Vec::new(), 0);
    loop {
        let some = rows_between(sql, scopes, after, to, READ_ROWS)?;
        let last = some.len() < READ_ROWS;
        for row in some {
            if limit <= found.len() || (bytes_max < bytes + row.1.get().len() && !found.is_empty()) {
                return Ok((found, true));
            }
            bytes += row.1.get().len();
            after = row.0;
            found.push(row);
        }
        if last {
            return Ok((found, false));
        }
    }
}

fn raw(val: &Val) -> Result<RawRow, StoreErr> {
    wire::raw_of(val.bytes()).ok_or_else(|| StoreErr::Database("a stored row is damaged".to_owned()))
}

pub fn pull(
    store: &dyn Store,
    account_id: &str,
    checkpoint: Option<&Checkpoint>,
    batch_size: usize,
    scope: Option<&str>,
    bytes_max: Option<usize>,
) -> Result<Page, Problem> {
    let limits = Limits::default();
    if limits.batch_size < batch_size {
        let detail = format!("batchSize is at most {}", limits.batch_size);
        return Err(Problem::new(Code::BatchTooLarge, detail).with_limits(limits));
    }
    if batch_size == 0 {
        return Err(Problem::new(Code::BadRequest, "batchSize is at least 1"));
    }
    read(store, |sql| {
        // The head first: what is committed while the rows are read is beyond it, and comes with the next page.
        let realm = realm(sql)?;
        let mut reader = reader(sql, account_id)?;
        if let Some(scope) = scope {
            // Whoever looks at one scope has not seen the others: that checkpoint says so.
            reader.view = view_of(&[&reader.view, scope]);
        }
        let after = start(checkpoint, &reader, &realm)?;
        let scopes = reader.chosen(scope)?;
        let (found, more) = match bytes_max {
            None => {
                let mut found = rows_between(sql, &scopes, after, realm.head, batch_size + 1)?;
                let more = batch_size < found.len();
                found.truncate(batch_size);
                (found, more)
            }
            Some(bytes_max) => short_page(sql, &scopes, (after, realm.head), batch_size, bytes_max)?,
        };
        let seq = if more { found.last().map_or(after, |(seq, _)| *seq) } else { realm.head };
        Ok(Page {
            documents: found.into_iter().map(|(_, raw)| raw).collect(),
            checkpoint: reader.checkpoint(&realm, seq),
            more,
            head: realm.head,
        })
    })
    .map_err(Problem::from)
}

/// Rows of some places of one chain, whatever the checkpoint: how a device mends a hole.
pub fn span(store: &dyn Store, account_id: &str, chain: &ChainKey, from: u64, to: u64) -> Result<Page, Problem> {
    read(store, |sql| {
        let realm = realm(sql)?;
        let reader = reader(sql, account_id)?;
        let scope = chain.scope.to_string();
        reader.chosen(Some(&scope))?;
        let select = "select raw from events where scope = $1 and device_id = $2 and lane = $3 and dseq >= $4 and dseq <= $5 \
            order by dseq, event_id limit $6";
        let limit = Limits::default().batch_size as u64;
        let mut params = place(chain).to_vec();
        params.extend([Val::from(from), Val::from(to), Val::from(limit)]);
        let found = sql.rows(select, &params)?;
        let documents = found.iter().map(|record| raw(&record[0])).collect::<Result<_, _>>()?;
        let checkpoint = reader.checkpoint(&realm, realm.head);
        Ok(Page { documents, checkpoint, more: found.len() as u64 == limit, head: realm.head })
    })
    .map_err(Problem::from)
}

fn place(chain: &ChainKey) -> [Val; 3] {
    [Val::from(chain.scope.to_string()), Val::from(chain.device_id.as_str()), Val::from(chain.lane.as_str())]
}

/// What a stream begins with: rows after `after` up to `to`, if they are few.
pub fn replay(sql: &mut dyn Sql, reader: &Reader, after: u64, to: u64, limit: usize) -> Result<Option<Vec<RawRow>>, StoreErr> {
    let scopes: Vec<&str> = reader.scopes.iter().map(String::as_str).collect();
    let found = rows_between(sql, &scopes, after, to, limit + 1)?;
    Ok((found.len() <= limit).then(|| found.into_iter().map(|(_, raw)| raw).collect()))
}

/// Whether a stream may begin at a checkpoint, and where.
pub fn stream_start(store: &dyn Store, account_id: &str, checkpoint: Option<&Checkpoint>) -> Result<(Reader, Realm, u64), Problem> {
    read(store, |sql| {
        let realm = realm(sql)?;
        let reader = reader(sql, account_id)?;
        // Without a checkpoint a stream begins now: the past is pulled.
        let after = match checkpoint {
            None => realm.head,
            some => start(some, &reader, &realm)?,
        };
        Ok((reader, realm, after))
    })
    .map_err(Problem::from)
}

// ---------------------------------------------------------------------------------------------- push

/// A row that was read before anything was locked.
#[derive(Debug)]
enum Read {
    Row(Box<Row>),
    Refused(Verdict),
}

fn read_row(raw: &RawRow) -> Read {
    let bytes = raw.get().as_bytes();
    let id = || {
        let value: serde_json::Value = serde_json::from_slice(bytes).unwrap_or_default();
        value["event_id"].as_str().filter(|id| id.len() <= 64).unwrap_or_default().to_owned()
    };
    if Limits::default().row_bytes < bytes.len() {
        return Read::Refused(Verdict::refused(id(), Status::Rejected, Code::RowTooLarge));
    }
    match Row::read(bytes) {
        Ok(row) if is_sound(&row, bytes) => Read::Row(Box::new(row)),
        _ => Read::Refused(Verdict::refused(id(), Status::Rejected, Code::BadEnvelope)),
    }
}

/// What the device never looks at, and the server must: that a row says each thing once, and in one way.
fn is_sound(row: &Row, bytes: &[u8]) -> bool {
    #[derive(serde::Deserialize)]
    struct Spelt {
        event_id: String,
        session_id: String,
        scope: String,
        /// Rows are never deleted on the wire: a deletion is a row of its own.
        #[serde(rename = "_deleted", default, deserialize_with = "whatever")]
        deleted: Option<serde_json::Value>,
    }
    // A key that is there twice is an error here.
    let Ok(spelt) = serde_json::from_slice::<Spelt>(bytes) else { return false };
    let lower_hex = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte));
    // A place counts from 1, and neither database's integers hold more than JavaScript's.
    0 < row.dseq
        && row.dseq < 1 << 53
        && spelt.deleted.is_none_or(|deleted| deleted == false)
        && (spelt.event_id, spelt.session_id, spelt.scope)
            == (row.event_id.to_string(), row.session_id.to_string(), row.scope.to_string())
        && row.prev.len() == 64
        && lower_hex(&row.prev)
        && row.kind.len() <= 100
        && !row.kind.chars().any(char::is_control)
}

/// `null` is something too.
fn whatever<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Option<serde_json::Value>, D::Error> {
    serde::Deserialize::deserialize(from).map(Some)
}

/// What a push came to, and the stored rows that conflict with pushed ones.
pub struct Pushed {
    pub answer: PushAnswer,
    pub conflicts: Vec<RawRow>,
    /// An id is taken by a row that the reader may not see.
    pub foreign: bool,
}

pub fn push(store: &dyn Store, account_id: &str, rows: &[RawRow], quota_bytes: u64, now_ms: u64) -> Result<Pushed, Problem> {
    let limits = Limits::default();
    if limits.push_rows < rows.len() {
        let detail = format!("a push has at most {} rows", limits.push_rows);
        return Err(Problem::new(Code::TooLarge, detail).with_limits(limits));
    }
    let rows: Arc<Vec<Read>> = Arc::new(rows.iter().map(read_row).collect());
    let account_id = account_id.to_owned();
    Ok(write(store, move |sql| Batch::of(sql, &account_id, quota_bytes, now_ms)?.take(sql, &rows))?)
}

struct Batch {
    realm: Realm,
    reader: Reader,
    room: i64,
    now_ms: u64,
    chains: BTreeMap<ChainKey, ChainSum>,
    scopes: BTreeMap<String, Filled>,
    inserts: Vec<[Val; 12]>,
    /// Rows of this very batch by id: one may come twice in it.
    fresh: BTreeMap<String, Stored>,
}

/// How much there is of a scope, and how much of that in its last segment, which is not whole yet.
#[derive(Debug, Clone, Copy, Default)]
struct Filled {
    n: u64,
    bytes: u64,
    open_n: u64,
    open_bytes: u64,
}

fn filled(sql: &mut dyn Sql, scope: &str) -> Result<Filled, StoreErr> {
    let record = sql.one("select n, bytes, open_n, open_bytes from scopes where scope = $1", &[Val::from(scope)])?;
    Ok(record.map_or_else(Filled::default, |record| Filled {
        n: record[0].number(),
        bytes: record[1].number(),
        open_n: record[2].number(),
        open_bytes: record[3].number(),
    }))
}

#[derive(Debug, Clone)]
struct Stored {
    seq: u64,
    h: Hash,
    scope: String,
}

impl Batch {
    fn of(sql: &mut dyn Sql, account_id: &str, quota_bytes: u64, now_ms: u64) -> Result<Self, StoreErr> {
        let realm = realm(sql)?;
        let reader = reader(sql, account_id)?;
        let mut used = 0;
        for person in &reader.persons {
            used += filled(sql, &format!("u:{person}"))?.bytes;
        }
        let room = i64::try_from(quota_bytes).unwrap_or(i64::MAX).saturating_sub(used as i64);
        Ok(Self {
            realm,
            reader,
            room,
            now_ms,
            chains: BTreeMap::new(),
            scopes: BTreeMap::new(),
            inserts: Vec::new(),
            fresh: BTreeMap::new(),
        })
    }

    fn take(mut self, sql: &mut dyn Sql, rows: &[Read]) -> Result<Pushed, StoreErr> {
        let known = known(sql, rows)?;
        let (mut results, mut conflicts) = (Vec::with_capacity(rows.len()), Vec::new());
        let mut foreign = false;
        for row in rows {
            let row = match row {
                Read::Refused(verdict) => {
                    results.push(verdict.clone());
                    continue;
                }
                Read::Row(row) => row,
            };
            let id = row.event_id.to_string();
            let stored = self.fresh.get(&id).or_else(|| known.get(&id)).cloned();
            results.push(match stored {
                // A scope that cannot be read does not tell what is in it, not even by a conflict.
                _ if !self.reader.sees(&row.scope.to_string()) => Verdict::refused(id, Status::Rejected, Code::ForbiddenScope),
                Some(stored) if stored.h == row.h => Verdict::stored(&row.event_id, Status::Duplicate, stored.seq),
                Some(stored) if !self.reader.sees(&stored.scope) => {
                    foreign = true;
                    Verdict::refused(id, Status::Conflict, Code::IdReused)
                }
                Some(stored) => {
                    match self.inserts.iter().find(|insert| insert[1].text() == id) {
                        Some(insert) => conflicts.push(raw(&insert[8])?),
                        None => {
                            if let Some(record) = sql.one("select raw from events where event_id = $1", &[Val::from(&id[..])])? {
                                conflicts.push(raw(&record[0])?);
                            }
                        }
                    }
                    Verdict { stored_h: Some(stored.h), ..Verdict::refused(id, Status::Conflict, Code::IdReused) }
                }
                None if matches!(row.scope, Scope::Room(_)) && row.enc == "none" => {
                    Verdict::refused(id, Status::Rejected, Code::BadEnvelope)
                }
                None if self.room < row.raw.len() as i64 => Verdict::refused(id, Status::Rejected, Code::Quota),
                None => self.accept(sql, row)?,
            });
        }
        self.store(sql)?;
        Ok(Pushed { answer: PushAnswer { epoch: self.realm.epoch, head: self.realm.head, results }, conflicts, foreign })
    }

    fn accept(&mut self, sql: &mut dyn Sql, row: &Row) -> Result<Verdict, StoreErr> {
        self.realm.head += 1;
        let seq = self.realm.head;
        let key = ChainKey::of(row);
        if !self.chains.contains_key(&key) {
            let sum = chain_sum(sql, &key)?;
            self.chains.insert(key.clone(), sum);
        }
        let sum = self.chains.get_mut(&key).expect("it was just put there");
        // Beyond the end of its chain no row can have the place already.
        let forked = if sum.max_dseq < row.dseq {
            false
        } else {
            let select = "select 1 from events where scope = $1 and device_id = $2 and lane = $3 and dseq = $4 limit 1";
            let [scope, device, lane] = place(&key);
            let waits = self
                .inserts
                .iter()
                .any(|insert| (&insert[2], &insert[3], &insert[4], &insert[5]) == (&scope, &device, &lane, &Val::from(row.dseq)));
            waits || sql.one(select, &[scope, device, lane, Val::from(row.dseq)])?.is_some()
        };
        sum.add(row.dseq, &row.h);
        let scope = row.scope.to_string();
        if !self.scopes.contains_key(&scope) {
            let known = filled(sql, &scope)?;
            self.scopes.insert(scope.clone(), known);
        }
        let (filled, len) = (self.scopes.get_mut(&scope).expect("it was just put there"), row.raw.len() as u64);
        (filled.n, filled.bytes) = (filled.n + 1, filled.bytes + len);
        (filled.open_n, filled.open_bytes) = (filled.open_n + 1, filled.open_bytes + len);
        self.room -= row.raw.len() as i64;
        if SEGMENT_ROWS <= filled.open_n || SEGMENT_BYTES <= filled.open_bytes {
            let whole = [Val::from(&scope[..]), Val::from(seq), Val::from(filled.open_n)];
            sql.run("insert into segments (scope, to_seq, n) values ($1, $2, $3)", &whole)?;
            (filled.open_n, filled.open_bytes) = (0, 0);
        }
        let odd = ODD_CLOCK_MS < row.hlc.ms().abs_diff(self.now_ms);
        self.fresh.insert(row.event_id.to_string(), Stored { seq, h: row.h.clone(), scope: scope.clone() });
        self.inserts.push([
            Val::from(seq),
            Val::from(row.event_id.to_string()),
            Val::from(scope),
            Val::from(row.device_id.as_str()),
            Val::from(row.lane.as_str()),
            Val::from(row.dseq),
            Val::from(&row.kind[..]),
            Val::from(&row.h[..]),
            Val::Bytes(row.raw.clone()),
            Val::from(self.now_ms),
            Val::from(u64::from(odd)),
            Val::from(u64::from(forked)),
        ]);
        Ok(Verdict::stored(&row.event_id, Status::Accepted, seq))
    }

    fn store(&self, sql: &mut dyn Sql) -> Result<(), StoreErr> {
        for some in self.inserts.chunks(INSERT_ROWS) {
            let mut insert =
                "insert into events (seq, event_id, scope, device_id, lane, dseq, kind, h, raw, received_ms, odd_clock, \
                forked) values "
                    .to_owned();
            for (at, _) in some.iter().enumerate() {
                insert.push_str(if at == 0 { "(" } else { ", (" });
                let places: Vec<String> = (1..=12).map(|place| format!("${}", at * 12 + place)).collect();
                insert.push_str(&places.join(", "));
                insert.push(')');
            }
            sql.run(&insert, &some.iter().flatten().cloned().collect::<Vec<_>>())?;
        }
        if self.inserts.is_empty() {
            return Ok(());
        }
        for (chain, sum) in &self.chains {
            let upsert = "insert into chains (scope, device_id, lane, n, max_dseq, xor_h) values ($1, $2, $3, $4, $5, $6) \
                on conflict (scope, device_id, lane) do update set n = excluded.n, max_dseq = excluded.max_dseq, xor_h = excluded.xor_h";
            let mut params = place(chain).to_vec();
            params.extend([Val::from(sum.n), Val::from(sum.max_dseq), Val::from(String::from(sum.xor))]);
            sql.run(upsert, &params)?;
        }
        for (scope, filled) in &self.scopes {
            let upsert = "insert into scopes (scope, n, bytes, open_n, open_bytes) values ($1, $2, $3, $4, $5) \
                on conflict (scope) do update set n = excluded.n, bytes = excluded.bytes, open_n = excluded.open_n, \
                open_bytes = excluded.open_bytes";
            let Filled { n, bytes, open_n, open_bytes } = *filled;
            sql.run(upsert, &[Val::from(&scope[..]), Val::from(n), Val::from(bytes), Val::from(open_n), Val::from(open_bytes)])?;
        }
        sql.run("update realm set head = $1", &[Val::from(self.realm.head)]).map(drop)
    }
}

/// Which ids of a push are stored already.
fn known(sql: &mut dyn Sql, rows: &[Read]) -> Result<BTreeMap<String, Stored>, StoreErr> {
    let ids: Vec<Val> = rows
        .iter()
        .filter_map(|row| match row {
            Read::Row(row) => Some(Val::from(row.event_id.to_string())),
            Read::Refused(_) => None,
        })
        .collect();
    let mut out = BTreeMap::new();
    for some in ids.chunks(INSERT_ROWS) {
        let places: Vec<String> = (1..=some.len()).map(|place| format!("${place}")).collect();
        let select = format!("select event_id, seq, h, scope from events where event_id in ({})", places.join(", "));
        for record in sql.rows(&select, some)? {
            let (h, scope) = (record[2].text().to_owned(), record[3].text().to_owned());
            out.insert(record[0].text().to_owned(), Stored { seq: record[1].number(), h, scope });
        }
    }
    Ok(out)
}

// ---------------------------------------------------------------------------------------------- audit

fn sum_of(record: &[Val]) -> ChainSum {
    ChainSum {
        n: record[0].number(),
        max_dseq: record[1].number(),
        xor: Xor::try_from(record[2].text().to_owned()).unwrap_or_default(),
    }
}

fn chain_sum(sql: &mut dyn Sql, chain: &ChainKey) -> Result<ChainSum, StoreErr> {
    let select = "select n, max_dseq, xor_h from chains where scope = $1 and device_id = $2 and lane = $3";
    Ok(sql.one(select, &place(chain))?.map_or_else(ChainSum::default, |record| sum_of(&record)))
}

pub fn digest(store: &dyn Store, account_id: &str, scope: Option<&str>) -> Result<Digest, Problem> {
    read(store, |sql| {
        let realm = realm(sql)?;
        let reader = reader(sql, account_id)?;
        let scopes = reader.chosen(scope)?;
        let mut chains = Vec::new();
        for scope in scopes {
            let select = "select n, max_dseq, xor_h, device_id, lane from chains where scope = $1 order by device_id, lane";
            for record in sql.rows(select, &[Val::from(scope)])? {
                let text = format!("{scope}/{}/{}", record[3].text(), record[4].text());
                let chain = ChainKey::try_from(text).map_err(StoreErr::Database)?;
                chains.push(Chain { chain, sum: sum_of(&record) });
            }
        }
        Ok(Digest { epoch: realm.epoch, head: realm.head, chains })
    })
    .map_err(Problem::from)
}

pub fn blocks(store: &dyn Store, account_id: &str, chain: &ChainKey) -> Result<Blocks, Problem> {
    read(store, |sql| {
        let realm = realm(sql)?;
        let reader = reader(sql, account_id)?;
        let scope = chain.scope.to_string();
        reader.chosen(Some(&scope))?;
        let select = "select dseq, h from events where scope = $1 and device_id = $2 and lane = $3 order by dseq";
        let mut sums: BTreeMap<u64, ChainSum> = BTreeMap::new();
        for record in sql.rows(select, &place(chain))? {
            let dseq = record[0].number();
            sums.entry(dseq.saturating_sub(1) / BLOCK_ROWS).or_default().add(dseq, record[1].text());
        }
        let blocks = sums.into_iter().map(|(block, sum)| Block { block, n: sum.n, xor: sum.xor }).collect();
        Ok(Blocks { epoch: realm.epoch, head: realm.head, chain: chain.clone(), blocks })
    })
    .map_err(Problem::from)
}

// ---------------------------------------------------------------------------------------------- snapshot

pub fn snapshot(store: &dyn Store, account_id: &str) -> Result<Snapshot, Problem> {
    Ok(read(store, |sql| {
        let realm = realm(sql)?;
        let reader = reader(sql, account_id)?;
        let mut segments = Vec::new();
        for scope in &reader.scopes {
            let mut from = 0;
            for record in sql.rows("select to_seq, n from segments where scope = $1 order by to_seq", &[Val::from(&scope[..])])? {
                let (to, rows) = (record[0].number(), record[1].number());
                segments.push(Segment { scope: scope.clone(), from, to, rows });
                from = to;
            }
            let rest = sql.one("select open_n from scopes where scope = $1", &[Val::from(&scope[..])])?;
            if let Some(rows) = rest.map(|record| record[0].number()).filter(|rows| 0 < *rows) {
                segments.push(Segment { scope: scope.clone(), from, to: realm.head, rows });
            }
        }
        let rows = segments.iter().map(|segment| segment.rows).sum();
        Ok(Snapshot { checkpoint: reader.checkpoint(&realm, realm.head), rows, segments })
    })?)
}

/// The rows of one segment of a snapshot.
pub fn segment(store: &dyn Store, account_id: &str, scope: &str, from: u64, to: u64) -> Result<Vec<Row>, Problem> {
    read(store, |sql| {
        let reader = reader(sql, account_id)?;
        reader.chosen(Some(scope))?;
        // From the end of one to the next end, or to where there is none yet: never more than a segment holds.
        let before = "select coalesce(max(to_seq), 0) from segments where scope = $1 and to_seq < $2";
        let before = sql.one(before, &[Val::from(scope), Val::from(to)])?.map_or(0, |record| record[0].number());
        if from != before || to <= from {
            return Err(Problem::new(Code::BadRequest, "that is no segment of a snapshot: ask for the list again").into());
        }
        let found = rows_between(sql, &[scope], from, to, SEGMENT_ROWS as usize)?;
        let read = |(_, raw): &(u64, RawRow)| Row::read(raw.get().as_bytes()).map_err(|err| StoreErr::Database(err.to_string()));
        found.iter().map(read).collect::<Result<Vec<_>, _>>()
    })
    .map_err(Problem::from)
}
