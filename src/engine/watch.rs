//! Questions that are kept up to date: asked again when a table that they stand on has changed, and told again when the
//! answer has. Whoever asks them stands outside.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::store::Store;

struct Watch<Q> {
    /// The question's name.
    name: String,
    asked: Q,
    /// What was last told.
    told: Option<Vec<Value>>,
}

/// `Q`: a question with whatever it is asked with.
pub struct Watches<Q> {
    all: BTreeMap<u32, Watch<Q>>,
}

impl<Q> Default for Watches<Q> {
    fn default() -> Self {
        Self { all: BTreeMap::new() }
    }
}

impl<Q> Watches<Q> {
    pub fn begin(&mut self, key: u32, name: String, asked: Q) {
        self.all.insert(key, Watch { name, asked, told: None });
    }

    pub fn end(&mut self, key: u32) {
        self.all.remove(&key);
    }

    pub fn asked(&self, key: u32) -> Option<&Q> {
        self.all.get(&key).map(|watch| &watch.asked)
    }

    pub fn keys(&self) -> Vec<u32> {
        self.all.keys().copied().collect()
    }

    /// Those whose answer may be another one now that these models have changed.
    pub fn standing_on(&self, store: &Store, changed: &BTreeSet<String>) -> Vec<u32> {
        let may = |watch: &Watch<Q>| store.stands_on(&watch.name).iter().any(|name| changed.contains(name));
        self.all.iter().filter(|(_, watch)| may(watch)).map(|(key, _)| *key).collect()
    }

    /// Whether these rows are another answer than the one that was told, as they are from now on.
    pub fn is_news(&mut self, key: u32, rows: &[Value]) -> bool {
        let Some(watch) = self.all.get_mut(&key) else { return false };
        let news = watch.told.as_deref() != Some(rows);
        if news {
            watch.told = Some(rows.to_vec());
        }
        news
    }
}
