//! The projections as they stood once, packed: a start goes on from them and from what came later, so it does not take
//! longer as the log grows. Then everything is read again, and they are checked against it. A copy that may be thrown away.

use std::{
    cell::{Cell, RefCell},
    collections::BTreeMap,
};

use bridge::ToTables;
use device::SealedFile;
use ledger::{Role, Row, put_part, take_part};
use serde::{Deserialize, Serialize};
use wasm_bindgen_futures::spawn_local;
use wire::{ChainKey, Ranges};

use crate::{
    ask,
    clock::{Chance, use_id},
    fail::Fail,
    files::Pool,
    js,
    reply::{self, Awaited},
    state::{self, State},
    vault,
};

const FILE: &str = "tables-0";
/// A shorter log is built as quickly as read.
const ROWS_MIN: u64 = 500;
/// So many rows later they are packed again.
const LATER_MAX: u64 = 250;

/// How long they wait for a projector.
const EARLY_MS: i32 = 10_000;

thread_local! {
    static EARLY: RefCell<Option<Awaited<Option<PackedTables>>>> = const { RefCell::new(None) };
    /// How many rows the file covers.
    static COVERED: Cell<u64> = const { Cell::new(0) };
    /// How many there were when somebody last looked: they are packed when nobody writes.
    static SEEN: Cell<u64> = const { Cell::new(0) };
}

#[derive(Serialize, Deserialize)]
struct About {
    /// The rows that are in the tables.
    covered: BTreeMap<ChainKey, Ranges>,
}

pub(crate) struct PackedTables {
    about: About,
    content: Vec<u8>,
    /// Where in it the packed tables begin.
    at: usize,
}

/// What goes to a projector that goes on from packed tables.
pub(crate) struct Later {
    pub(crate) files: Vec<SealedFile>,
    pub(crate) rows: Vec<Row>,
}

/// Reads them before a projector is there to take them. Whoever has none does not keep them for long.
pub(crate) fn read_early(pool: Pool) {
    EARLY.set(Some(reply::begin(async move { read_now(&pool).await })));
    spawn_local(async {
        js::sleep(EARLY_MS).await;
        EARLY.take();
    });
}

pub(crate) async fn read(pool: &Pool) -> Option<PackedTables> {
    match EARLY.take() {
        Some(reading) => reading.wait().await.flatten(),
        None => read_now(pool).await,
    }
}

async fn read_now(pool: &Pool) -> Option<PackedTables> {
    // Straight from the disk; a snapshot goes through another process.
    let bytes = match pool.claim(FILE).await {
        Ok(held) => held.read_all().await.ok()?,
        Err(_) => pool.read(FILE).await.ok()?,
    };
    let (header, content) = vault::content(state::vault().as_ref(), &bytes).await.ok()?;
    let (about, packed) = take_part(&content).filter(|_| header.role == Role::Tables)?;
    let at = content.len() - packed.len();
    let about: About = serde_json::from_slice(about).ok()?;
    Some(PackedTables { about, content, at })
}

impl PackedTables {
    pub(crate) fn packed(&self) -> &[u8] {
        &self.content[self.at..]
    }

    /// A projector goes on from them: they are as good as packed by this build.
    pub(crate) fn taken(self) -> Self {
        COVERED.set(self.about.covered.values().map(Ranges::count).sum());
        Self { content: Vec::new(), at: 0, ..self }
    }

    /// Whether every row that is in the tables is still here.
    pub(crate) fn is_here(&self, state: &State) -> bool {
        state.host.shelf.covers(&self.about.covered)
    }

    /// `None` when the tables hold a row that is no longer here, or when a file holds rows of both sides.
    pub(crate) fn later(&self, state: &State) -> Option<Later> {
        let covered = |chain: &ChainKey| self.about.covered.get(chain);
        if !self.is_here(state) {
            return None;
        }
        let mut files = Vec::new();
        for file in &state.host.files(&state.host.manifest.sealed) {
            let rows: u64 = file.spans.iter().map(|span| span.places.count()).sum();
            let new =
                |span: &wire::Span| covered(&span.chain).map_or(span.places.count(), |known| span.places.minus(known).count());
            let new: u64 = file.spans.iter().map(new).sum();
            if file.spans.is_empty() && 0 < file.rows || 0 < new && new < rows {
                return None;
            }
            if 0 < new {
                files.push(file.clone());
            }
        }
        let later = |row: &&Row| covered(&ChainKey::of(row)).is_none_or(|places| !places.contains(row.dseq));
        Some(Later { files, rows: state.host.shelf.rows().iter().filter(later).cloned().collect() })
    }
}

/// In the leader's turn: packs the tables when there is enough that is new, and nobody is writing.
pub(crate) async fn keep(pool: &Pool) -> Result<(), Fail> {
    let rows = state::with(|state| state.host.shelf.count());
    let busy = SEEN.replace(rows) != rows;
    if busy || rows < ROWS_MIN || rows < COVERED.get() + LATER_MAX && 0 < COVERED.get() {
        return Ok(());
    }
    // Every row of these was told to the projector before it hears this question.
    let about = state::with(|state| About { covered: state.host.shelf.places() });
    let packed = match ask::projector(|id| ToTables::Pack { id, rows }, None).await {
        Ok(packed) => packed,
        // It has something better to do, has not checked the former ones yet, or has not all the rows: another tab may have
        // sealed some that it was never told of.
        Err(_) => return Ok(()),
    };
    let json = serde_json::to_vec(&about).map_err(|err| Fail::Other(err.to_string()))?;
    let mut content = Vec::with_capacity(4 + json.len() + packed.len());
    put_part(&mut content, &json);
    content.extend(packed);
    let bytes = seal::whole(state::vault().as_ref(), Role::Tables, use_id(), 0, &content, &mut Chance).await?;
    pool.create(FILE).await?;
    pool.claim_patiently(FILE).await?.replace(&bytes).await?;
    COVERED.set(rows);
    Ok(())
}

/// They came out otherwise when they were made anew: the next start does without.
pub(crate) async fn forget() {
    let Some(pool) = state::with(|state| state.pool.clone()) else { return };
    COVERED.set(0);
    let forgotten = async { pool.claim_patiently(FILE).await?.replace(&[]).await };
    if let Err(fail) = forgotten.await {
        web_sys::console::warn_1(&format!("packed tables that are wrong could not be thrown away: {fail}").into());
    }
}
