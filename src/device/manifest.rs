//! The manifest: which files hold sealed sessions, and their hashes. It is written whole, under the next generation; the
//! highest valid one wins.

use std::collections::BTreeMap;

use ledger::{HEADER_LEN, Hash, Head, Header, LaneId, Role, Scope, hex};
use serde::{Deserialize, Serialize};

use wire::{ChainKey, Span, Standing};

use crate::{identity::Identity, pool::FILE_YOUNG_MS};

/// Where each chain of a lane stands.
pub type LaneHeads = BTreeMap<Scope, Head>;

#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct SealedFile {
    pub file: String,
    pub use_id: String,
    pub session_id: String,
    pub lane: LaneId,
    pub rows: u64,
    pub bytes: u64,
    pub hash: Hash,
    /// What it holds of which chain. Files of older builds do not say.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub spans: Vec<Span>,
    /// The segment of a server's snapshot that it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub segment: Option<String>,
}

impl SealedFile {
    /// Whether a file of this size that begins like this is the one that is meant; what is in it may still be damaged.
    pub fn is_headed_by(&self, head: &[u8], size: u64) -> bool {
        Header::decode(head).is_ok_and(|header| {
            header.role == Role::Sealed && hex(&header.use_id) == self.use_id && HEADER_LEN as u64 + header.payload_len == size
        })
    }
}

/// When a damaged file is retired: it stays, for whoever can repair it.
pub(crate) const KEPT_FOR_GOOD: u64 = u64::MAX / 2;

/// A file whose rows are in another one now, which stays until that one is a minute old.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Retired {
    pub file: String,
    pub use_id: String,
    pub at_ms: u64,
    /// The sealed file that holds its rows now; this one is freed only while that one is whole.
    #[serde(default)]
    pub successor: String,
    /// What it was listed as, when it was a sealed file that was merged with others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sealed: Option<Box<SealedFile>>,
}

/// A file that cannot be read. It is left alone: somebody may be able to repair it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quarantined {
    pub file: String,
    pub use_id: String,
    pub reason: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    pub format: u16,
    pub generation: u64,
    pub identity: Identity,
    pub written_ms: u64,
    pub sealed: Vec<SealedFile>,
    pub retired: Vec<Retired>,
    pub quarantined: Vec<Quarantined>,
    pub lanes: BTreeMap<LaneId, LaneHeads>,
    /// As the sealed sessions said it; an open one may say something newer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub standing: Option<Standing>,
}

impl Manifest {
    pub fn first(identity: Identity) -> Self {
        Self {
            format: ledger::FORMAT_VERSION,
            generation: 0,
            identity,
            written_ms: 0,
            sealed: Vec::new(),
            retired: Vec::new(),
            quarantined: Vec::new(),
            lanes: BTreeMap::new(),
            standing: None,
        }
    }

    pub fn to_json(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("a manifest has text keys only")
    }

    pub fn from_json(json: &[u8]) -> Option<Self> {
        serde_json::from_slice(json).ok()
    }

    /// The next generation, in which `sealed` stands for the open segment in `open_file`.
    #[must_use]
    pub fn with_sealed(&self, sealed: SealedFile, open: Retired, heads: &LaneHeads, now_ms: u64) -> Self {
        let mut next = self.next(now_ms);
        let lane = next.lanes.entry(sealed.lane.clone()).or_default();
        merge_heads(lane, heads);
        next.sealed.retain(|other| other.use_id != sealed.use_id);
        next.sealed.push(sealed);
        let successor = next.sealed.last().map(|sealed| sealed.use_id.clone()).unwrap_or_default();
        next.retired.retain(|other| other.use_id != open.use_id);
        next.retired.push(Retired { successor, ..open });
        next
    }

    /// The same generation, in which lanes stand at least here.
    #[must_use]
    pub fn with_heads(mut self, lanes: &BTreeMap<LaneId, LaneHeads>) -> Self {
        for (lane, heads) in lanes {
            merge_heads(self.lanes.entry(lane.clone()).or_default(), heads);
        }
        self
    }

    /// The next generation, in which `merged` stands for all of `files`.
    #[must_use]
    pub fn with_merged(&self, merged: SealedFile, files: &[SealedFile], now_ms: u64) -> Self {
        let mut next = self.next(now_ms);
        let merges = |use_id: &str| files.iter().any(|file| file.use_id == use_id);
        next.sealed.retain(|sealed| !merges(&sealed.use_id));
        // What waited for one of them to be old enough waits for the new one now.
        for before in next.retired.iter_mut().filter(|before| merges(&before.successor)) {
            // One that is kept for good, because it is damaged, stays so.
            (before.successor, before.at_ms) = (merged.use_id.clone(), before.at_ms.max(now_ms));
        }
        next.retired.extend(files.iter().map(|file| Retired {
            file: file.file.clone(),
            use_id: file.use_id.clone(),
            at_ms: now_ms,
            successor: merged.use_id.clone(),
            sealed: Some(Box::new(file.clone())),
        }));
        next.sealed.push(merged);
        next
    }

    /// The same generation, which lists these files too where it did not speak of them; returns those that it has retired.
    pub fn count_in(&mut self, files: Vec<SealedFile>) -> Vec<SealedFile> {
        let mut retired = Vec::new();
        for file in files {
            if self.retired.iter().any(|retired| retired.use_id == file.use_id) {
                retired.push(file);
            } else if !self.sealed.iter().any(|listed| listed.use_id == file.use_id) {
                self.sealed.push(file);
            }
        }
        retired
    }

    /// The next generation without a damaged file whose rows are all elsewhere. The file itself is left alone; what it was
    /// made from counts again, when that is still kept.
    #[must_use]
    pub fn settled(&self, file: &SealedFile, now_ms: u64) -> Self {
        if let Some(before) = self.retired.iter().find(|before| before.successor == file.use_id) {
            return self.reopened(before, now_ms);
        }
        let mut next = self.next(now_ms);
        next.sealed.retain(|sealed| sealed.use_id != file.use_id);
        let reason = "damaged; its rows came again from the server".to_owned();
        next.quarantined.push(Quarantined { file: file.file.clone(), use_id: file.use_id.clone(), reason });
        next
    }

    /// The next generation with the segments of a snapshot, which were fetched whole.
    #[must_use]
    pub fn with_segment(&self, sealed: SealedFile, now_ms: u64) -> Self {
        let mut next = self.next(now_ms);
        next.sealed.push(sealed);
        next
    }

    /// The next generation with the newer of two standings.
    #[must_use]
    pub fn with_standing(mut self, standing: Option<&Standing>) -> Self {
        self.standing = newer(self.standing.take(), standing.cloned());
        self
    }

    /// The same generation, which says that the installation is this one; `false` when it did so before.
    pub fn becomes(&mut self, identity: &Identity) -> bool {
        if self.identity.device_id != identity.device_id {
            // The lanes were the other device's.
            self.lanes.clear();
        }
        *identity != std::mem::replace(&mut self.identity, identity.clone())
    }

    /// The last place that this installation had written in a chain by then.
    pub fn end_of(&self, chain: &ChainKey) -> u64 {
        let heads = self.lanes.get(&chain.lane).filter(|_| chain.device_id == self.identity.device_id);
        heads.and_then(|heads| heads.get(&chain.scope)).map_or(0, |head| head.dseq)
    }

    /// Every pool file that this index speaks of.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        let retired = self.retired.iter().map(|file| file.file.as_str());
        let quarantined = self.quarantined.iter().map(|file| file.file.as_str());
        self.sealed.iter().map(|file| file.file.as_str()).chain(retired).chain(quarantined)
    }

    /// Retired files whose successor is old enough, by their place in the pool; they may be freed.
    pub fn freeable(&self, now_ms: u64) -> Vec<Retired> {
        self.retired.iter().filter(|file| file.at_ms + FILE_YOUNG_MS <= now_ms).cloned().collect()
    }

    #[must_use]
    pub fn without_retired(&self, freed: &[Retired], now_ms: u64) -> Self {
        let mut next = self.next(now_ms);
        next.retired.retain(|file| !freed.contains(file));
        next
    }

    /// The successor turned out to be damaged: what it was made from counts again, and is sealed or merged once more.
    #[must_use]
    pub fn reopened(&self, file: &Retired, now_ms: u64) -> Self {
        let mut next = self.next(now_ms);
        next.sealed.retain(|sealed| sealed.use_id != file.successor);
        let (again, retired): (Vec<_>, _) = next.retired.into_iter().partition(|other| other.successor == file.successor);
        next.retired = retired;
        next.sealed.extend(again.into_iter().filter_map(|retired| retired.sealed).map(|sealed| *sealed));
        next
    }

    /// An index made anew from the files, after every manifest was lost.
    pub fn from_files(identity: Identity, sealed: Vec<SealedFile>, lanes: BTreeMap<LaneId, LaneHeads>) -> Self {
        Self { sealed, lanes, ..Self::first(identity) }
    }

    /// Before the first generation of a leader that took the lead away: above whatever the former one may still write.
    #[must_use]
    pub fn of_next_term(&self) -> Self {
        const TERM: u64 = 1 << 20;
        Self { generation: (self.generation / TERM + 1) * TERM, ..self.clone() }
    }

    /// The next generation, which says the same but for what the caller changes.
    #[must_use]
    pub fn touched(&self, now_ms: u64) -> Self {
        self.next(now_ms)
    }

    fn next(&self, now_ms: u64) -> Self {
        Self { generation: self.generation + 1, written_ms: now_ms, ..self.clone() }
    }
}

pub(crate) fn newer(one: Option<Standing>, other: Option<Standing>) -> Option<Standing> {
    one.into_iter().chain(other).max_by_key(|standing| standing.version)
}

/// Keeps the further head of each chain.
pub(crate) fn merge_heads(into: &mut LaneHeads, from: &LaneHeads) {
    for (scope, head) in from {
        let own = into.entry(*scope).or_default();
        if own.dseq < head.dseq {
            *own = head.clone();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ledger::{DeviceId, EntityId};

    #[test]
    fn a_retired_file_is_freed_only_when_its_successor_is_old() {
        let identity = Identity { device_id: DeviceId::from_bytes([1; 8]), person: EntityId::v7(1, [1; 10]), changes: 0 };
        let sealed = SealedFile {
            file: "slot-001".to_owned(),
            use_id: "b".to_owned(),
            session_id: "s".to_owned(),
            lane: LaneId::number(0),
            rows: 2,
            bytes: 10,
            hash: "h".to_owned(),
            spans: Vec::new(),
            segment: None,
        };
        let open = Retired { file: "slot-000".to_owned(), use_id: "a".to_owned(), at_ms: 1_000, ..Retired::default() };
        let manifest = Manifest::first(identity).with_sealed(sealed, open, &LaneHeads::new(), 1_000);
        assert_eq!(manifest.generation, 1);
        assert_eq!(manifest.freeable(1_000 + FILE_YOUNG_MS - 1), []);
        let retired = manifest.retired[0].clone();
        assert_eq!((retired.successor.as_str(), retired.file.as_str()), ("b", "slot-000"));
        assert_eq!(manifest.freeable(1_000 + FILE_YOUNG_MS), std::slice::from_ref(&retired));
        assert_eq!(manifest.without_retired(std::slice::from_ref(&retired), 62_000).retired, []);
        // What was merged counts again when the merged file is lost, and so does what waited for one of the merged ones.
        let merged = SealedFile { file: "slot-009".to_owned(), use_id: "m".to_owned(), ..SealedFile::default() };
        let files = manifest.sealed.clone();
        let once = manifest.with_merged(merged.clone(), &files, 70_000);
        assert_eq!(once.freeable(62_000), [], "it waits for the merged file now");
        let mut damaged = manifest.clone();
        damaged.retired[0].at_ms = KEPT_FOR_GOOD;
        let kept = damaged.with_merged(merged.clone(), &files, 70_000).freeable(u64::MAX / 4);
        assert!(kept.iter().all(|file| file.use_id != "a"), "a damaged one is kept for good");
        let settled = once.settled(&merged, 71_000);
        assert_eq!((&settled.sealed, settled.retired.len()), (&files, 0));
        // A damaged successor gives the open segment back.
        let reopened = manifest.reopened(&retired, 62_000);
        assert_eq!((reopened.sealed.len(), reopened.retired.len(), reopened.generation), (0, 0, 2));
        assert_eq!(Manifest::from_json(&manifest.to_json()), Some(manifest));
    }
}
