//! Replication over a store: what a reader may see, pages, pushes, digests. No HTTP, no clock.

use std::collections::{BTreeMap, BTreeSet};

use ledger::{Hash, Row, Scope};
use wire::{
    BLOCK_ROWS, Block, Blocks, Chain, ChainKey, ChainSum, Checkpoint, Code, Digest, Hello, Limits, PROTOCOL, Page, Problem,
    PushAnswer, RawRow, STREAM_HEARTBEAT_MS, Segment, Snapshot, Status, Verdict, Xor,
};

use crate::store::{Item, Record, Sql, Store, StoreErr, Val, read, write};

/// A segment of a snapshot is whole when it has so many rows,
pub const SEGMENT_ROWS: u64 = 20_000;
/// or so many bytes of them.
const SEGMENT_BYTES: u64 = 8 << 20;
/// What rows of one chain come to at most in one answer.
const SPAN_BYTES: usize = 16 << 20;
/// What a stream begins with at most.
const REPLAY_BYTES: usize = 1 << 20;
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
    Ok(Realm { epoch: record.get(0)?, head: record.get(1)?, floor: record.get(2)?, access: record.get(3)? })
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
    write(store, move |sql| set_epoch(sql, &epoch))
}

pub fn set_epoch(sql: &mut dyn Sql, epoch: &str) -> Result<(), StoreErr> {
    sql.run("update realm set epoch = $1", &[Val::from(epoch)]).map(drop)
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
    let nobody = || StoreErr::Database("an account without a reader".to_owned());
    readers(sql, &BTreeSet::from([account_id]))?.remove(account_id).ok_or_else(nobody)
}

/// Those of several accounts.
fn readers(sql: &mut dyn Sql, accounts: &BTreeSet<&str>) -> Result<BTreeMap<String, Reader>, StoreErr> {
    let ids: Vec<&str> = accounts.iter().copied().collect();
    let mut out = BTreeMap::new();
    for some in ids.chunks(INSERT_ROWS) {
        let wanted = lengthened(&some.iter().map(|account| Val::from(*account)).collect::<Vec<_>>(), 1);
        let mut of = |select: &str| {
            let mut found: BTreeMap<String, Vec<String>> = BTreeMap::new();
            for record in sql.rows(&select.replace("{}", &marks(wanted.len(), 1)), &wanted)? {
                found.entry(record.get(0)?).or_default().push(record.get(1)?);
            }
            Ok::<_, StoreErr>(found)
        };
        let mut persons = of("select account_id, person from persons where account_id in ({}) order by position, person")?;
        let mut rooms = of("select account_id, scope from members where account_id in ({})")?;
        for account in some {
            let account_id = (*account).to_owned();
            let (persons, rooms) = (persons.remove(&account_id).unwrap_or_default(), rooms.remove(&account_id).unwrap_or_default());
            let mut scopes: Vec<String> = persons.iter().map(|person| format!("u:{person}")).chain(rooms).collect();
            scopes.sort();
            let view = view_of(&scopes.iter().map(String::as_str).collect::<Vec<_>>());
            out.insert(account_id.clone(), Reader { account_id, persons, scopes, view });
        }
    }
    Ok(out)
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
        let scopes: Vec<&str> = reader.scopes.iter().map(String::as_str).collect();
        let rows = filled(sql, &scopes)?.values().map(|filled| filled.n).sum();
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
            account_id: reader.account_id,
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

/// Where rows of some scopes are, in the order of `seq`, and how long each is: merged and cut before any row is read.
fn places(sql: &mut dyn Sql, scopes: &[&str], after: u64, to: u64, limit: usize) -> Result<Vec<(u64, usize)>, StoreErr> {
    let (mut found, mut to): (Vec<(u64, usize)>, u64) = (Vec::new(), to);
    for scope in scopes {
        let select = "select seq, length(raw) from events where scope = $1 and seq > $2 and seq <= $3 order by seq limit $4";
        sql.each(select, &[Val::from(*scope), Val::from(after), Val::from(to), Val::from(limit as u64)], &mut |record| {
            // A row of no length is damaged, and is found to be when it is read.
            found.push((record.get(0)?, record.get::<Option<u64>>(1)?.unwrap_or(0) as usize));
            Ok(())
        })?;
        found.sort_unstable();
        found.truncate(limit);
        if found.len() == limit {
            // What lies beyond is not wanted of any other scope.
            to = found.last().map_or(to, |(seq, _)| *seq);
        }
    }
    Ok(found)
}

/// Rows of a page, and what was found wrong on the way.
struct Found {
    rows: Vec<RawRow>,
    /// Where the page ends, when there is more behind it.
    more: Option<u64>,
    /// Rows whose bytes are damaged: they are left out.
    damaged: Vec<u64>,
}

/// Rows of some scopes, as many as fit in a page: filtered first, then limited, then cut to `bytes_max`.
fn rows_between(
    sql: &mut dyn Sql,
    scopes: &[&str],
    (after, to): (u64, u64),
    limit: usize,
    bytes_max: usize,
) -> Result<Found, StoreErr> {
    let places = places(sql, scopes, after, to, limit + 1)?;
    let (mut n, mut bytes) = (0, 0);
    while n < places.len().min(limit) && (n == 0 || bytes + places[n].1 <= bytes_max) {
        bytes += places[n].1;
        n += 1;
    }
    let Some(last) = n.checked_sub(1).map(|at| places[at].0) else {
        return Ok(Found { rows: Vec::new(), more: None, damaged: Vec::new() });
    };
    let (mut found, mut damaged) = (Vec::<(u64, _)>::with_capacity(n), Vec::new());
    for scope in scopes {
        let select = "select seq, raw from events where scope = $1 and seq > $2 and seq <= $3 order by seq";
        sql.each(select, &[Val::from(*scope), Val::from(after), Val::from(last)], &mut |record| {
            match stored_row(&record, 1) {
                Some(raw) => found.push((record.get(0)?, raw)),
                None => damaged.push(record.get(0)?),
            }
            Ok(())
        })?;
    }
    if 1 < scopes.len() {
        found.sort_by_key(|(seq, _)| *seq);
    }
    let rows = found.into_iter().map(|(_, raw)| raw).collect();
    Ok(Found { rows, more: (n < places.len()).then_some(last), damaged })
}

/// A row whose bytes are damaged can be given to nobody. It is taken out of the log and out of what its chain comes to, so
/// that whoever has it finds at the next comparison that the server lacks it, and sends it again.
fn discard(store: &dyn Store, damaged: Vec<u64>) {
    if damaged.is_empty() {
        return;
    }
    let outcome = write(store, move |sql| damaged.iter().try_for_each(|seq| discard_one(sql, *seq)));
    if let Err(err) = outcome {
        tracing::error!(%err, "a damaged row could not be taken out of the log");
    }
}

fn discard_one(sql: &mut dyn Sql, seq: u64) -> Result<(), StoreErr> {
    let select = "select scope, device_id, lane, dseq, h, raw from events where seq = $1";
    let Some(record) = sql.one(select, &[Val::from(seq)])? else { return Ok(()) };
    if stored_row(&record, 5).is_some() {
        return Ok(());
    }
    let (scope, device, lane): (String, &str, &str) = (record.get(0)?, record.get(1)?, record.get(2)?);
    tracing::error!(seq, device, lane, dseq = record.get::<u64>(3)?, "a stored row is damaged and was taken out of the log");
    sql.run("delete from events where seq = $1", &[Val::from(seq)])?;
    let chain = chain_of(&scope, device, lane)?;
    let mut sum = chain_sum(sql, &chain)?;
    sum.xor.flip(record.get(4)?);
    let [one, two, three] = place(&chain);
    let max = "select coalesce(max(dseq), 0) from events where scope = $1 and device_id = $2 and lane = $3";
    sum.max_dseq = sql.one(max, &[one, two, three])?.map_or(Ok(0), |record| record.get(0))?;
    sum.n = sum.n.saturating_sub(1);
    put_chains(sql, &[(&chain, &sum)])?;
    let mut filled = filled(sql, &[&scope])?.remove(&scope).unwrap_or_default();
    let raw: &[u8] = record.get(5).unwrap_or_default();
    (filled.n, filled.bytes) = (filled.n.saturating_sub(1), filled.bytes.saturating_sub(raw.len() as u64));
    let whole = "update segments set n = n - 1 where scope = $1 and to_seq = \
        (select min(to_seq) from segments where scope = $1 and to_seq >= $2)";
    if sql.run(whole, &[Val::from(&scope[..]), Val::from(seq)])? == 0 {
        filled.open_n = filled.open_n.saturating_sub(1);
    }
    put_scopes(sql, &[(&scope, &filled)])
}

/// `None`: what is stored there is damaged, down to being no bytes at all. Whoever reads goes on without it.
pub fn stored_row(record: &Record, at: usize) -> Option<RawRow> {
    wire::raw_of(record.get(at).ok()?)
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
    let (page, damaged) = read(store, |sql| {
        // The head first: what is committed while the rows are read is beyond it, and comes with the next page.
        let realm = realm(sql)?;
        let mut reader = reader(sql, account_id)?;
        if let Some(scope) = scope {
            // Whoever looks at one scope has not seen the others: that checkpoint says so.
            reader.view = view_of(&[&reader.view, scope]);
        }
        let after = start(checkpoint, &reader, &realm)?;
        let scopes = reader.chosen(scope)?;
        let found = rows_between(sql, &scopes, (after, realm.head), batch_size, bytes_max.unwrap_or(usize::MAX))?;
        let checkpoint = reader.checkpoint(&realm, found.more.unwrap_or(realm.head));
        let page = Page { documents: found.rows, checkpoint, more: found.more.is_some(), head: realm.head };
        Ok((page, found.damaged))
    })?;
    discard(store, damaged);
    Ok(page)
}

/// Rows of some places of one chain, whatever the checkpoint: how a device mends a hole.
pub fn span(store: &dyn Store, account_id: &str, chain: &ChainKey, from: u64, to: u64) -> Result<Page, Problem> {
    let (page, damaged) = read(store, |sql| {
        let realm = realm(sql)?;
        let reader = reader(sql, account_id)?;
        let scope = chain.scope.to_string();
        reader.chosen(Some(&scope))?;
        let within = "from events where scope = $1 and device_id = $2 and lane = $3 and dseq >= $4 and dseq <= $5";
        let limit = Limits::default().batch_size;
        let mut params = place(chain).to_vec();
        params.extend([Val::from(from), Val::from(to), Val::from(limit as u64)]);
        // How many of them fit, before any is read.
        let (mut n, mut bytes) = (0, 0);
        sql.each(&format!("select length(raw) {within} order by dseq, event_id limit $6"), &params, &mut |record| {
            bytes += record.get::<Option<u64>>(0)?.unwrap_or(0) as usize;
            n += usize::from(n == 0 || bytes <= SPAN_BYTES);
            Ok(())
        })?;
        let more = n == limit || SPAN_BYTES < bytes;
        params[5] = Val::from(n as u64);
        let (mut documents, mut damaged) = (Vec::with_capacity(n), Vec::new());
        sql.each(&format!("select raw, seq {within} order by dseq, event_id limit $6"), &params, &mut |record| {
            match stored_row(&record, 0) {
                Some(raw) => documents.push(raw),
                None => damaged.push(record.get(1)?),
            }
            Ok(())
        })?;
        let checkpoint = reader.checkpoint(&realm, realm.head);
        Ok((Page { documents, checkpoint, more, head: realm.head }, damaged))
    })?;
    discard(store, damaged);
    Ok(page)
}

fn place(chain: &ChainKey) -> [Val; 3] {
    [Val::from(chain.scope.to_string()), Val::from(chain.device_id.as_str()), Val::from(chain.lane.as_str())]
}

/// What a stream begins with: rows after `after` up to `to`, if they are few.
pub fn replay(sql: &mut dyn Sql, reader: &Reader, after: u64, to: u64, limit: usize) -> Result<Option<Vec<RawRow>>, StoreErr> {
    let scopes: Vec<&str> = reader.scopes.iter().map(String::as_str).collect();
    let found = rows_between(sql, &scopes, (after, to), limit, REPLAY_BYTES)?;
    Ok(found.more.is_none().then_some(found.rows))
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

/// Reads a row and brings it into its one spelling. The hash is over the meaning, so nobody's row becomes another; but what
/// is stored and handed out has no second form that somebody could put in its place.
fn read_row(raw: &RawRow) -> Read {
    let bytes = raw.get().as_bytes();
    let id = || {
        let value: serde_json::Value = serde_json::from_slice(bytes).unwrap_or_default();
        value["event_id"].as_str().filter(|id| id.len() <= 64).unwrap_or_default().to_owned()
    };
    let most = Limits::default().row_bytes;
    let too_large = || Read::Refused(Verdict::refused(id(), Status::Rejected, Code::RowTooLarge));
    if most < bytes.len() {
        return too_large();
    }
    match canonical_row(bytes) {
        Some(spelt) if most < spelt.len() => too_large(),
        Some(spelt) => match Row::read(&spelt) {
            Ok(row) if is_sound(&row, &spelt) => Read::Row(Box::new(row)),
            _ => Read::Refused(Verdict::refused(id(), Status::Rejected, Code::BadEnvelope)),
        },
        None => Read::Refused(Verdict::refused(id(), Status::Rejected, Code::BadEnvelope)),
    }
}

/// The row as everybody gets it: RFC 8785, with RxDB's flag. `None` for what says a thing twice, says that it is deleted (a
/// deletion is a row of its own), or is signed: a signature is outside of the hash, and nobody's keys are known here yet, so
/// a bad one would stand in the place of a good one.
fn canonical_row(bytes: &[u8]) -> Option<Vec<u8>> {
    let Once(mut fields) = serde_json::from_slice(bytes).ok()?;
    if fields.contains_key("sig") || fields.get("_deleted").is_some_and(|deleted| *deleted != false) {
        return None;
    }
    fields.insert("_deleted".to_owned(), false.into());
    ledger::canonical(&serde_json::Value::Object(fields)).ok()
}

/// An object that has each of its keys once.
struct Once(serde_json::Map<String, serde_json::Value>);

impl<'de> serde::Deserialize<'de> for Once {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Fields;
        impl<'de> serde::de::Visitor<'de> for Fields {
            type Value = Once;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> Result<Once, A::Error> {
                let mut fields = serde_json::Map::new();
                while let Some((key, value)) = map.next_entry::<String, serde_json::Value>()? {
                    if fields.insert(key, value).is_some() {
                        return Err(serde::de::Error::custom("a key is there twice"));
                    }
                }
                Ok(Once(fields))
            }
        }
        from.deserialize_map(Fields)
    }
}

/// What the device never looks at, and the server must.
fn is_sound(row: &Row, bytes: &[u8]) -> bool {
    #[derive(serde::Deserialize)]
    struct Ids {
        event_id: String,
        session_id: String,
        scope: String,
    }
    let Ok(ids) = serde_json::from_slice::<Ids>(bytes) else { return false };
    let lower_hex = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte));
    // A place counts from 1, and neither database's integers hold more than JavaScript's.
    0 < row.dseq
        && row.dseq < 1 << 53
        // Both databases compare ids as text.
        && (ids.event_id, ids.session_id, ids.scope) == (row.event_id.to_string(), row.session_id.to_string(), row.scope.to_string())
        && row.prev.len() == 64
        && lower_hex(&row.prev)
        && row.kind.len() <= 100
        && !row.kind.chars().any(char::is_control)
}

/// A row of a room is encrypted as `x1` and signed by its author, and the signature is checked before the row is stored.
/// Nobody's signing keys are known here yet, so none can be.
fn is_rooms_own(row: &Row) -> bool {
    row.enc() == "x1" && signature_holds(row)
}

fn signature_holds(_: &Row) -> bool {
    false
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
    let rows = rows.iter().map(read_row).collect();
    let pushing = Pushing { account_id: account_id.to_owned(), rows, quota_bytes, now_ms, pushed: None };
    let item = store.together(push_all, Box::new(pushing))?;
    let pushed = item.downcast::<Pushing>().ok().and_then(|pushing| pushing.pushed);
    Ok(pushed.ok_or_else(|| StoreErr::Database("a push was not carried out".to_owned()))?)
}

/// A push that waits for the writer.
struct Pushing {
    account_id: String,
    rows: Vec<Read>,
    quota_bytes: u64,
    now_ms: u64,
    pushed: Option<Pushed>,
}

/// Carries out all pushes that wait, in as many statements as one takes: what they touch is read once, decided on in memory,
/// and written once.
fn push_all(sql: &mut dyn Sql, items: &mut [&mut Item]) -> Result<(), StoreErr> {
    let mut pushes: Vec<&mut Pushing> = items.iter_mut().filter_map(|item| item.downcast_mut()).collect();
    let mut batch = Batch::of(sql, &pushes)?;
    for push in &mut pushes {
        push.pushed = Some(batch.take(sql, push)?);
    }
    batch.store(sql)
}

struct Batch {
    realm: Realm,
    readers: BTreeMap<String, Reader>,
    /// Rows that are stored, by id.
    known: BTreeMap<String, Stored>,
    chains: BTreeMap<ChainKey, ChainSum>,
    scopes: BTreeMap<String, Filled>,
    /// What this batch has changed of them.
    touched: (BTreeSet<ChainKey>, BTreeSet<String>),
    inserts: Vec<[Val; 12]>,
    /// Where this batch's own rows are, and as what they will be stored: one may come twice in it.
    fresh: BTreeMap<String, (usize, Stored)>,
    places: BTreeSet<(ChainKey, u64)>,
}

/// How much there is of a scope, and how much of that in its last segment, which is not whole yet.
#[derive(Debug, Clone, Copy, Default)]
struct Filled {
    n: u64,
    bytes: u64,
    open_n: u64,
    open_bytes: u64,
}

fn filled(sql: &mut dyn Sql, scopes: &[&str]) -> Result<BTreeMap<String, Filled>, StoreErr> {
    let mut out = BTreeMap::new();
    for some in scopes.chunks(INSERT_ROWS) {
        let wanted = lengthened(&some.iter().map(|scope| Val::from(*scope)).collect::<Vec<_>>(), 1);
        let select = format!("select scope, n, bytes, open_n, open_bytes from scopes where scope in ({})", marks(wanted.len(), 1));
        for record in sql.rows(&select, &wanted)? {
            let filled = Filled { n: record.get(1)?, bytes: record.get(2)?, open_n: record.get(3)?, open_bytes: record.get(4)? };
            out.insert(record.get(0)?, filled);
        }
    }
    Ok(out)
}

/// A list to look for, as long as the next power of two: few lengths are few statements, which a database learns by heart.
fn lengthened(wanted: &[Val], width: usize) -> Vec<Val> {
    let mut out = wanted.to_vec();
    while !(out.len() / width).is_power_of_two() {
        out.extend_from_slice(&wanted[wanted.len() - width..]);
    }
    out
}

/// Places for so many records of so many values: `$1, $2`, or `($1, $2), ($3, $4)`.
fn marks(records: usize, width: usize) -> String {
    let record = |nth: usize| {
        let marks: Vec<String> = (1..=width).map(|at| format!("${}", nth * width + at)).collect();
        if width == 1 { marks.concat() } else { format!("({})", marks.join(", ")) }
    };
    (0..records).map(record).collect::<Vec<_>>().join(", ")
}

#[derive(Debug, Clone)]
struct Stored {
    seq: u64,
    h: Hash,
    scope: String,
}

impl Batch {
    /// Everything that the decisions need to know.
    fn of(sql: &mut dyn Sql, pushes: &[&mut Pushing]) -> Result<Self, StoreErr> {
        let accounts: BTreeSet<&str> = pushes.iter().map(|push| &push.account_id[..]).collect();
        let readers = readers(sql, &accounts)?;
        let rows =
            || pushes.iter().flat_map(|push| &push.rows).filter_map(|row| if let Read::Row(row) = row { Some(row) } else { None });
        let mut scopes: BTreeSet<String> = rows().map(|row| row.scope.to_string()).collect();
        scopes.extend(readers.values().flat_map(|reader| &reader.persons).map(|person| format!("u:{person}")));
        let scopes: Vec<&str> = scopes.iter().map(String::as_str).collect();
        let ids: BTreeSet<String> = rows().map(|row| row.event_id.to_string()).collect();
        let chains: BTreeSet<ChainKey> = rows().map(|row| ChainKey::of(row)).collect();
        Ok(Self {
            realm: realm(sql)?,
            known: known(sql, &ids)?,
            chains: chain_sums(sql, &chains)?,
            scopes: filled(sql, &scopes)?,
            readers,
            touched: Default::default(),
            inserts: Vec::new(),
            fresh: BTreeMap::new(),
            places: BTreeSet::new(),
        })
    }

    /// Bytes that an account may still send.
    fn room(&self, reader: &Reader, quota_bytes: u64) -> i64 {
        let used = reader.persons.iter().filter_map(|person| self.scopes.get(&format!("u:{person}"))).map(|filled| filled.bytes);
        i64::try_from(quota_bytes).unwrap_or(i64::MAX).saturating_sub_unsigned(used.sum())
    }

    fn stored(&self, id: &str) -> Option<Stored> {
        self.fresh.get(id).map(|(_, stored)| stored).or_else(|| self.known.get(id)).cloned()
    }

    fn take(&mut self, sql: &mut dyn Sql, push: &Pushing) -> Result<Pushed, StoreErr> {
        let nobody = || StoreErr::Database("an account without a reader".to_owned());
        let reader = self.readers.get(&push.account_id).cloned().ok_or_else(nobody)?;
        let mut room = self.room(&reader, push.quota_bytes);
        let (mut results, mut conflicts) = (Vec::with_capacity(push.rows.len()), Vec::new());
        let mut foreign = false;
        for row in &push.rows {
            let row = match row {
                Read::Refused(verdict) => {
                    results.push(verdict.clone());
                    continue;
                }
                Read::Row(row) => row,
            };
            let id = row.event_id.to_string();
            results.push(match self.stored(&id) {
                // A scope that cannot be read does not tell what is in it, not even by a conflict.
                _ if !reader.sees(&row.scope.to_string()) => Verdict::refused(id, Status::Rejected, Code::ForbiddenScope),
                Some(stored) if stored.h == row.h => Verdict::stored(&row.event_id, Status::Duplicate, stored.seq),
                Some(stored) if !reader.sees(&stored.scope) => {
                    foreign = true;
                    Verdict::refused(id, Status::Conflict, Code::IdReused)
                }
                Some(stored) => {
                    match self.fresh.get(&id) {
                        Some((at, _)) => {
                            if let Val::Bytes(raw) = &self.inserts[*at][8] {
                                conflicts.extend(wire::raw_of(raw));
                            }
                        }
                        None => {
                            if let Some(record) = sql.one("select raw from events where event_id = $1", &[Val::from(&id[..])])? {
                                conflicts.extend(stored_row(&record, 0));
                            }
                        }
                    }
                    Verdict { stored_h: Some(stored.h), ..Verdict::refused(id, Status::Conflict, Code::IdReused) }
                }
                None if matches!(row.scope, Scope::Room(_)) && !is_rooms_own(row) => {
                    Verdict::refused(id, Status::Rejected, Code::BadEnvelope)
                }
                None if room < row.raw.len() as i64 => Verdict::refused(id, Status::Rejected, Code::Quota),
                None => {
                    room -= row.raw.len() as i64;
                    self.accept(sql, row, push.now_ms)?
                }
            });
        }
        let answer = PushAnswer { epoch: self.realm.epoch.clone(), head: self.realm.head, results };
        Ok(Pushed { answer, conflicts, foreign })
    }

    fn accept(&mut self, sql: &mut dyn Sql, row: &Row, now_ms: u64) -> Result<Verdict, StoreErr> {
        self.realm.head += 1;
        let seq = self.realm.head;
        let key = ChainKey::of(row);
        let sum = self.chains.entry(key.clone()).or_default();
        // Beyond the end of its chain no row can have the place already.
        let forked = if sum.max_dseq < row.dseq {
            false
        } else {
            let select = "select 1 from events where scope = $1 and device_id = $2 and lane = $3 and dseq = $4 limit 1";
            let [scope, device, lane] = place(&key);
            self.places.contains(&(key.clone(), row.dseq))
                || sql.one(select, &[scope, device, lane, Val::from(row.dseq)])?.is_some()
        };
        sum.add(row.dseq, &row.h);
        self.places.insert((key.clone(), row.dseq));
        self.touched.0.insert(key);
        let scope = row.scope.to_string();
        let (filled, len) = (self.scopes.entry(scope.clone()).or_default(), row.raw.len() as u64);
        (filled.n, filled.bytes) = (filled.n + 1, filled.bytes + len);
        (filled.open_n, filled.open_bytes) = (filled.open_n + 1, filled.open_bytes + len);
        if SEGMENT_ROWS <= filled.open_n || SEGMENT_BYTES <= filled.open_bytes {
            let whole = [Val::from(&scope[..]), Val::from(seq), Val::from(filled.open_n)];
            sql.run("insert into segments (scope, to_seq, n) values ($1, $2, $3)", &whole)?;
            (filled.open_n, filled.open_bytes) = (0, 0);
        }
        self.touched.1.insert(scope.clone());
        let odd = ODD_CLOCK_MS < row.hlc.ms().abs_diff(now_ms);
        let stored = Stored { seq, h: row.h.clone(), scope: scope.clone() };
        self.fresh.insert(row.event_id.to_string(), (self.inserts.len(), stored));
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
            Val::from(now_ms),
            Val::from(u64::from(odd)),
            Val::from(u64::from(forked)),
        ]);
        Ok(Verdict::stored(&row.event_id, Status::Accepted, seq))
    }

    fn store(&self, sql: &mut dyn Sql) -> Result<(), StoreErr> {
        if self.inserts.is_empty() {
            return Ok(());
        }
        for some in self.inserts.chunks(INSERT_ROWS) {
            let insert = format!(
                "insert into events (seq, event_id, scope, device_id, lane, dseq, kind, h, raw, received_ms, odd_clock, forked) values {}",
                marks(some.len(), 12)
            );
            sql.run(&insert, some.as_flattened())?;
        }
        put_chains(sql, &self.chains.iter().filter(|(chain, _)| self.touched.0.contains(chain)).collect::<Vec<_>>())?;
        put_scopes(sql, &self.scopes.iter().filter(|(scope, _)| self.touched.1.contains(*scope)).collect::<Vec<_>>())?;
        sql.run("update realm set head = $1", &[Val::from(self.realm.head)]).map(drop)
    }
}

fn put_chains(sql: &mut dyn Sql, chains: &[(&ChainKey, &ChainSum)]) -> Result<(), StoreErr> {
    for some in chains.chunks(INSERT_ROWS) {
        let upsert = format!(
            "insert into chains (scope, device_id, lane, n, max_dseq, xor_h) values {} on conflict (scope, device_id, lane) do update \
            set n = excluded.n, max_dseq = excluded.max_dseq, xor_h = excluded.xor_h",
            marks(some.len(), 6)
        );
        let mut params = Vec::with_capacity(some.len() * 6);
        for (chain, sum) in some {
            params.extend(place(chain));
            params.extend([Val::from(sum.n), Val::from(sum.max_dseq), Val::from(String::from(sum.xor))]);
        }
        sql.run(&upsert, &params)?;
    }
    Ok(())
}

fn put_scopes(sql: &mut dyn Sql, scopes: &[(&String, &Filled)]) -> Result<(), StoreErr> {
    for some in scopes.chunks(INSERT_ROWS) {
        let upsert = format!(
            "insert into scopes (scope, n, bytes, open_n, open_bytes) values {} on conflict (scope) do update \
            set n = excluded.n, bytes = excluded.bytes, open_n = excluded.open_n, open_bytes = excluded.open_bytes",
            marks(some.len(), 5)
        );
        let mut params = Vec::with_capacity(some.len() * 5);
        for (scope, Filled { n, bytes, open_n, open_bytes }) in some {
            params.push(Val::from(&scope[..]));
            params.extend([n, bytes, open_n, open_bytes].map(|count| Val::from(*count)));
        }
        sql.run(&upsert, &params)?;
    }
    Ok(())
}

/// Which ids of pushes are stored already.
fn known(sql: &mut dyn Sql, ids: &BTreeSet<String>) -> Result<BTreeMap<String, Stored>, StoreErr> {
    let ids: Vec<Val> = ids.iter().map(|id| Val::from(&id[..])).collect();
    let mut out = BTreeMap::new();
    for some in ids.chunks(INSERT_ROWS) {
        let wanted = lengthened(some, 1);
        let select = format!("select event_id, seq, h, scope from events where event_id in ({})", marks(wanted.len(), 1));
        for record in sql.rows(&select, &wanted)? {
            out.insert(record.get(0)?, Stored { seq: record.get(1)?, h: record.get(2)?, scope: record.get(3)? });
        }
    }
    Ok(out)
}

// ---------------------------------------------------------------------------------------------- audit

fn sum_of(record: &Record) -> Result<ChainSum, StoreErr> {
    let xor = Xor::try_from(record.get::<String>(2)?).unwrap_or_default();
    Ok(ChainSum { n: record.get(0)?, max_dseq: record.get(1)?, xor })
}

fn chain_sum(sql: &mut dyn Sql, chain: &ChainKey) -> Result<ChainSum, StoreErr> {
    Ok(chain_sums(sql, &BTreeSet::from([chain.clone()]))?.remove(chain).unwrap_or_default())
}

fn chain_sums(sql: &mut dyn Sql, chains: &BTreeSet<ChainKey>) -> Result<BTreeMap<ChainKey, ChainSum>, StoreErr> {
    let mut out = BTreeMap::new();
    for some in chains.iter().collect::<Vec<_>>().chunks(INSERT_ROWS) {
        let wanted = lengthened(&some.iter().flat_map(|chain| place(chain)).collect::<Vec<_>>(), 3);
        let select = format!(
            "select n, max_dseq, xor_h, scope, device_id, lane from chains where (scope, device_id, lane) in (values {})",
            marks(wanted.len() / 3, 3)
        );
        for record in sql.rows(&select, &wanted)? {
            out.insert(chain_of(record.get(3)?, record.get(4)?, record.get(5)?)?, sum_of(&record)?);
        }
    }
    Ok(out)
}

fn chain_of(scope: &str, device: &str, lane: &str) -> Result<ChainKey, StoreErr> {
    ChainKey::try_from(format!("{scope}/{device}/{lane}")).map_err(StoreErr::Database)
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
                chains.push(Chain { chain: chain_of(scope, record.get(3)?, record.get(4)?)?, sum: sum_of(&record)? });
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
        sql.each(select, &place(chain), &mut |record| {
            let dseq: u64 = record.get(0)?;
            sums.entry(dseq.saturating_sub(1) / BLOCK_ROWS).or_default().add(dseq, record.get(1)?);
            Ok(())
        })?;
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
                let (to, rows) = (record.get(0)?, record.get(1)?);
                segments.push(Segment { scope: scope.clone(), from, to, rows });
                from = to;
            }
            let rest = sql.one("select open_n from scopes where scope = $1", &[Val::from(&scope[..])])?;
            if let Some(rows) = rest.map(|record| record.get(0)).transpose()?.filter(|rows| 0 < *rows) {
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
        let before = sql.one(before, &[Val::from(scope), Val::from(to)])?.map_or(Ok(0), |record| record.get::<u64>(0))?;
        if from != before || to <= from {
            return Err(Problem::new(Code::BadRequest, "that is no segment of a snapshot: ask for the list again").into());
        }
        let mut rows = Vec::new();
        let select = "select seq, raw from events where scope = $1 and seq > $2 and seq <= $3 order by seq limit $4";
        sql.each(select, &[Val::from(scope), Val::from(from), Val::from(to), Val::from(SEGMENT_ROWS)], &mut |record| {
            match Row::read(record.get(1).unwrap_or_default()) {
                Ok(row) => rows.push(row),
                // Whoever reads the segment finds at the next comparison what it lacks.
                Err(err) => tracing::error!(%err, seq = record.get::<u64>(0)?, "a stored row is damaged; a segment is without it"),
            }
            Ok(())
        })?;
        Ok(rows)
    })
    .map_err(Problem::from)
}
