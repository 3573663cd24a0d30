//! What a file of rows holds of each chain, so that nobody has to open it to know.

use std::collections::{BTreeMap, BTreeSet};

use ledger::{Hash, Row};
use serde::{Deserialize, Serialize};

use crate::{
    chain::{ChainKey, ChainSum},
    ranges::Ranges,
};

/// The part of a chain that lies in one sealed file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Span {
    pub chain: ChainKey,
    pub places: Ranges,
    pub sum: ChainSum,
}

impl Span {
    pub fn place(&self) -> (&ChainKey, &Ranges) {
        (&self.chain, &self.places)
    }
}

/// What some rows come to, chain by chain. A row that is there twice counts once.
pub fn spans<'a>(rows: impl Iterator<Item = &'a Row>) -> Vec<Span> {
    let mut chains: BTreeMap<ChainKey, BTreeSet<(u64, &Hash)>> = BTreeMap::new();
    for row in rows {
        chains.entry(ChainKey::of(row)).or_default().insert((row.dseq, &row.h));
    }
    let mut out = Vec::with_capacity(chains.len());
    for (chain, known) in chains {
        let mut span = Span { chain, places: Ranges::default(), sum: ChainSum::default() };
        for (dseq, h) in known {
            span.places.insert(dseq, dseq);
            span.sum.add(dseq, h);
        }
        out.push(span);
    }
    out
}
