//! Where rows from the server go: a session of their own, in which each batch stands beside the standing it belongs to.
//! Both are one append, so that a cursor is never ahead of the rows it covers.

use ledger::{Entropy, FrameKind, Header, LaneId, Row, UseId, encode_frame};
use wire::Standing;

use crate::{capture::HeadFrame, identity::Identity, manifest::LaneHeads, shelf::Foreign};

/// Then the next one begins, and this one is sealed.
pub const INBOX_BYTES_MAX: u64 = 8 << 20;

#[derive(Debug, Clone)]
pub struct Inbox {
    use_id: UseId,
    bytes: u64,
}

impl Inbox {
    /// A new session, and the bytes its file begins with.
    pub fn begin(identity: &Identity, lane: &LaneId, utc_ms: u64, entropy: &mut dyn Entropy) -> (Self, Vec<u8>) {
        let mut use_id = [0; 16];
        entropy.fill(&mut use_id);
        let head = HeadFrame {
            identity: identity.clone(),
            lane: lane.clone(),
            session_id: entropy.entity_id(utc_ms),
            heads: LaneHeads::new(),
        };
        let mut out = Header::open(use_id).encode().to_vec();
        encode_frame(&use_id, FrameKind::Head, &serde_json::to_vec(&head).expect("a head frame is JSON"), &mut out);
        (Self { use_id, bytes: out.len() as u64 }, out)
    }

    /// The bytes of one batch: rows first, so that a write that was cut leaves rows without a cursor and never the other
    /// way round.
    pub fn batch<'a>(&self, rows: impl Iterator<Item = &'a Row>, standing: &Standing) -> Vec<u8> {
        let mut out = Vec::new();
        rows.for_each(|row| encode_frame(&self.use_id, FrameKind::Row, &row.raw, &mut out));
        encode_frame(&self.use_id, FrameKind::Standing, &serde_json::to_vec(standing).expect("a standing is JSON"), &mut out);
        out
    }

    pub fn saved(&mut self, bytes: u64) {
        self.bytes += bytes;
    }

    pub fn is_full(&self) -> bool {
        INBOX_BYTES_MAX <= self.bytes
    }
}

/// What came from the server or a backup, as it is to be written: nothing has changed yet.
#[derive(Debug)]
pub(crate) struct Receiving {
    pub(crate) fresh: Vec<Row>,
    pub(crate) standing: Standing,
    /// What the rows say of who else writes as this device.
    pub(crate) foreign: Foreign,
    /// How long what is appended for them is.
    pub(crate) bytes: u64,
}
