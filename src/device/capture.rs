//! From a draft to a row: plan first, write outside, and only then move on.
//!
//! ```text
//! capture(drafts) -> Batch          nothing has changed yet
//! write batch.bytes, flush          by whoever has the file
//! saved(&batch)                     the chains move; on failure this is not called and nothing has happened
//! ```

use std::collections::BTreeMap;

use bridge::{Draft, DraftScope};
use ledger::{EntityId, Entropy, FrameKind, Head, Header, Hlc, LaneId, Refusal, Row, RowErr, Scope, Stamp, UseId, encode_frame};
use serde::{Deserialize, Serialize};
use wire::ChainKey;

use crate::{identity::Identity, manifest::LaneHeads};

/// A session ends when nothing was written for this long,
pub const SESSION_IDLE_MS: u64 = 30 * 60 * 1000;
/// when it is this long,
pub const SESSION_BYTES_MAX: u64 = 1 << 20;
/// (an import's is longer: fewer files),
pub const IMPORT_SESSION_BYTES_MAX: u64 = 16 << 20;

#[derive(Debug, thiserror::Error)]
pub enum DeviceErr {
    #[error(transparent)]
    Refused(#[from] Refusal),
    #[error(transparent)]
    Row(#[from] RowErr),
    #[error("no session is open")]
    NoSession,
}

/// The first frame of an open segment: who writes there, and where its chains stood before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct HeadFrame {
    pub(crate) identity: Identity,
    pub(crate) lane: LaneId,
    pub(crate) session_id: EntityId,
    pub(crate) heads: LaneHeads,
}

#[derive(Debug, Clone)]
struct Session {
    id: EntityId,
    use_id: UseId,
    bytes: u64,
    rows: u64,
    last_ms: u64,
    import: bool,
    /// A workout was finished in it: the next row opens a new one.
    over: bool,
}

/// Rows that are ready, and the bytes that make them last.
#[derive(Debug, Clone)]
pub struct Batch {
    pub rows: Vec<Row>,
    /// To be appended to the session's file, all of it or none.
    pub bytes: Vec<u8>,
    heads: LaneHeads,
    last_hlc: Option<Hlc>,
    at_ms: u64,
    import: bool,
    ends_session: bool,
}

/// One tab's writing end.
#[derive(Debug, Clone)]
pub struct Device {
    identity: Identity,
    lane: LaneId,
    heads: LaneHeads,
    session: Option<Session>,
    last_hlc: Option<Hlc>,
}

impl Device {
    pub fn new(identity: Identity, lane: LaneId, heads: LaneHeads) -> Self {
        Self { identity, lane, heads, session: None, last_hlc: None }
    }

    pub fn identity(&self) -> &Identity {
        &self.identity
    }

    /// From the next session on this device writes for `person`: its account's first one.
    pub fn act_for(&mut self, person: EntityId) {
        self.identity = self.identity.acting_for(person);
    }

    pub fn lane(&self) -> &LaneId {
        &self.lane
    }

    /// The last place that this tab has written in a chain; none in those of others.
    pub fn end_of(&self, chain: &ChainKey) -> u64 {
        let own = chain.device_id == self.identity.device_id && chain.lane == self.lane;
        self.heads.get(&chain.scope).filter(|_| own).map_or(0, |head| head.dseq)
    }

    /// Whether the next capture needs a new file: there is none, or the session in it is over.
    pub fn needs_session(&self, stamp: &Stamp, import: bool) -> bool {
        let Some(session) = &self.session else { return true };
        let limit = if session.import { IMPORT_SESSION_BYTES_MAX } else { SESSION_BYTES_MAX };
        // A clock that went back is no idleness.
        let idle = session.last_ms.saturating_add(SESSION_IDLE_MS) <= stamp.utc_ms;
        0 < session.rows && (session.over || session.import != import || limit <= session.bytes || idle)
    }

    /// The bytes that end the running session, if it has any row.
    pub fn closing_bytes(&self) -> Option<Vec<u8>> {
        let session = self.session.as_ref().filter(|session| 0 < session.rows)?;
        let mut out = Vec::new();
        encode_frame(&session.use_id, FrameKind::Closed, &[], &mut out);
        Some(out)
    }

    /// A new session in a file of its own. Returns the bytes the file begins with.
    pub fn begin_session(&mut self, stamp: &Stamp, import: bool, entropy: &mut dyn Entropy) -> Vec<u8> {
        let mut use_id = [0; 16];
        entropy.fill(&mut use_id);
        let id = entropy.entity_id(stamp.utc_ms);
        let head =
            HeadFrame { identity: self.identity.clone(), lane: self.lane.clone(), session_id: id, heads: self.heads.clone() };
        let mut out = Header::open(use_id).encode().to_vec();
        encode_frame(&use_id, FrameKind::Head, &serde_json::to_vec(&head).expect("a head frame is JSON"), &mut out);
        self.session = Some(Session { id, use_id, bytes: out.len() as u64, rows: 0, last_ms: stamp.utc_ms, import, over: false });
        out
    }

    /// Makes rows of all the drafts, or of none.
    pub fn capture(&self, stamp: &Stamp, entropy: &mut dyn Entropy, drafts: Vec<Draft>) -> Result<Batch, DeviceErr> {
        let session = self.session.as_ref().ok_or(DeviceErr::NoSession)?;
        let mut heads: BTreeMap<Scope, Head> = self.heads.clone();
        let mut last_hlc = self.last_hlc.clone();
        let mut rows = Vec::with_capacity(drafts.len());
        let mut bytes = Vec::new();
        let mut ends_session = false;
        for Draft { scope, fact, seen } in drafts {
            let scope = match scope {
                DraftScope::Me => Scope::Person(self.identity.person),
                DraftScope::Room(room) => Scope::Room(room),
            };
            fact.check(&scope)?;
            ends_session |= matches!(fact, ledger::Fact::WorkoutFinished(_) | ledger::Fact::WorkoutDiscarded { .. });
            // Above the entity that is touched, and above our own last row of this very millisecond, so that what one
            // tab does keeps its order. Never above everything seen.
            let seen = seen.and_then(|seen| Hlc::parse(&seen).ok());
            let own = last_hlc.clone().filter(|own| own.ms() == stamp.utc_ms);
            let hlc = Hlc::tick(stamp.utc_ms, seen.max(own).as_ref(), &self.identity.device_id);
            let head = heads.entry(scope).or_default();
            let row = Row::write(
                entropy.event_id(stamp.utc_ms),
                &self.identity.device_id,
                &self.lane,
                head,
                scope,
                session.id,
                &hlc,
                fact,
            )?;
            *head = row.head();
            encode_frame(&session.use_id, FrameKind::Row, &row.raw, &mut bytes);
            last_hlc = Some(hlc);
            rows.push(row);
        }
        Ok(Batch { rows, bytes, heads, last_hlc, at_ms: stamp.utc_ms, import: session.import, ends_session })
    }

    /// Rows of other places (a birth record whose file was lost) go into this session as they are.
    pub fn adopt(&self, rows: Vec<Row>) -> Result<Batch, DeviceErr> {
        let session = self.session.as_ref().ok_or(DeviceErr::NoSession)?;
        let mut heads = self.heads.clone();
        let mut bytes = Vec::new();
        for row in &rows {
            encode_frame(&session.use_id, FrameKind::Row, &row.raw, &mut bytes);
            if row.device_id == self.identity.device_id && row.lane == self.lane {
                let head = heads.entry(row.scope).or_default();
                if head.dseq < row.dseq {
                    *head = row.head();
                }
            }
        }
        let (last_hlc, at_ms) = (self.last_hlc.clone(), session.last_ms);
        Ok(Batch { rows, bytes, heads, last_hlc, at_ms, import: session.import, ends_session: false })
    }

    /// The batch is on the disk.
    pub fn saved(&mut self, batch: &Batch) {
        self.heads.clone_from(&batch.heads);
        self.last_hlc.clone_from(&batch.last_hlc);
        if let Some(session) = &mut self.session {
            session.bytes += batch.bytes.len() as u64;
            session.rows += batch.rows.len() as u64;
            session.last_ms = batch.at_ms;
            session.over |= batch.ends_session && !batch.import;
        }
    }

    /// The file could not be begun: the next capture asks for another.
    pub fn drop_session(&mut self) {
        self.session = None;
    }

    /// The use that the running session makes of its file.
    pub(crate) fn session_use(&self) -> Option<UseId> {
        self.session.as_ref().map(|session| session.use_id)
    }

    /// Where the next append goes in the session's file.
    pub fn append_at(&self) -> u64 {
        self.session.as_ref().map_or(0, |session| session.bytes)
    }

    pub fn session_rows(&self) -> u64 {
        self.session.as_ref().map_or(0, |session| session.rows)
    }
}
