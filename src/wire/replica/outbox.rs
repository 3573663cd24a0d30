//! What waits to be sent, and the push that is under way.

use std::collections::BTreeMap;

use ledger::Row;

use super::Asked;
use crate::{chain::ChainKey, ranges::Ranges};

/// How long a row waits that the account has no space for.
pub(super) const QUOTA_RETRY_MS: u64 = 10 * 60 * 1000;

#[derive(Debug)]
pub(super) struct Outbox {
    pub(super) wanted: bool,
    /// The host looks for rows to send.
    pub(super) collecting: bool,
    pub(super) pushing: Option<(Asked, Vec<Row>)>,
    /// Places of which another row came up while the push was on its way: its verdict says nothing of that one.
    pub(super) unsure: BTreeMap<ChainKey, Ranges>,
    /// Rows of one push: fewer than the server takes, where it found one too large.
    pub(super) rows_max: usize,
    /// When rows are sent once more that there was no space for.
    pub(super) quota_at_ms: Option<u64>,
}

impl Outbox {
    pub(super) fn new(rows_max: usize) -> Self {
        Self { wanted: false, collecting: false, pushing: None, unsure: BTreeMap::new(), rows_max, quota_at_ms: None }
    }

    pub(super) fn is_sending(&self) -> bool {
        self.collecting || self.pushing.is_some()
    }

    pub(super) fn asked(&self) -> Option<Asked> {
        self.pushing.as_ref().map(|(asked, _)| *asked)
    }
}
