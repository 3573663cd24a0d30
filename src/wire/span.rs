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

/// What some rows come to, chain by chain.
pub fn spans<'a>(rows: impl Iterator<Item = &'a Row>) -> Vec<Span> {
    let mut chains: BTreeMap<ChainKey, (BTreeSet<(u64, &Hash)>, Ranges)> = BTreeMap::new();
    for row in rows {
        let (known, places) = chains.entry(ChainKey::of(row)).or_default();
        known.insert((row.dseq, &row.h));
        places.insert(row.dseq, row.dseq);
    }
    let of = |(chain, (known, places)): (ChainKey, (BTreeSet<(u64, &Hash)>, Ranges))| {
        let mut sum = ChainSum::default();
        known.into_iter().for_each(|(dseq, h)| sum.add(dseq, h));
        Span { chain, places, sum }
    };
    chains.into_iter().map(of).collect()
}
