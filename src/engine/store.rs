//! Everything the projections know: the events, the prebuilt dimensions, and one table per model.
//!
//! Laws: `refresh` after any events equals `rebuild` from nothing; a rebuild is the same every time; a table is never
//! written by anything but these two, and may be thrown away at any moment.

use std::collections::{BTreeMap, HashSet};

use ledger::Row;
use models::{Catalog, Layer, Model, ModelErr};
use polars::prelude::BooleanChunked;

use crate::{
    answer::Params,
    codec::{CodecErr, events_table, table_from_parquet},
    seed::table_from_csv,
    sql::{self, SqlErr},
    table::Table,
};

#[derive(Debug, thiserror::Error)]
pub enum EngineErr {
    #[error(transparent)]
    Models(#[from] ModelErr),
    #[error("{file}: {source}")]
    Sql { file: String, source: SqlErr },
    #[error("seed {name}: {reason}")]
    Seed { name: String, reason: String },
    #[error(transparent)]
    Codec(#[from] CodecErr),
    #[error("there is no question called {0}")]
    UnknownQuestion(String),
    #[error("the prebuilt table {0} is missing")]
    MissingPrebuilt(String),
}

#[derive(Debug)]
pub struct Store {
    catalog: Catalog,
    tables: BTreeMap<String, Table>,
    events: Table,
    seen: HashSet<String>,
    /// Events that are in `events` and not yet in the tables.
    pending: Option<Table>,
    built: bool,
}

/// What a model's inputs changed by, as far as a refresh can tell.
enum Delta {
    /// Rows as they were and as they are; only their keys matter.
    Rows(Vec<Table>),
    Everything,
}

impl Store {
    /// `prebuilt` holds every prebuilt model's table by name.
    pub fn new(prebuilt: BTreeMap<String, Table>) -> Result<Self, EngineErr> {
        let catalog = models::catalog()?;
        let mut tables = seeds(&catalog)?;
        for model in catalog.models.iter().filter(|model| model.layer == Layer::Prebuilt) {
            if !prebuilt.contains_key(&model.name) {
                return Err(EngineErr::MissingPrebuilt(model.name.clone()));
            }
        }
        tables.extend(prebuilt);
        Ok(Self { catalog, tables, events: events_table(&[]), seen: HashSet::new(), pending: None, built: false })
    }

    /// Takes the rows that it has not seen; returns how many those were.
    pub fn add_rows(&mut self, rows: &[Row]) -> usize {
        let mut fresh = Vec::new();
        for row in rows {
            if self.seen.insert(row.event_id.to_string()) {
                fresh.push(row.clone());
            }
        }
        if !fresh.is_empty() {
            self.add(events_table(&fresh));
        }
        fresh.len()
    }

    /// Takes a sealed segment's columns. The file's hash has been checked by whoever has the file.
    pub fn add_segment(&mut self, parquet: &[u8]) -> Result<usize, EngineErr> {
        let table = table_from_parquet(parquet)?;
        let ids = table.column("event_id").ok_or(CodecErr::NoRaw)?;
        let fresh: BooleanChunked = ids
            .str()
            .map_err(|_| CodecErr::NoRaw)?
            .into_iter()
            .map(|id| Some(id.is_some_and(|id| self.seen.insert(id.to_owned()))))
            .collect();
        let table = table.filter(&fresh);
        let taken = table.rows();
        if 0 < taken {
            self.add(self.events_shape(&table));
        }
        Ok(taken)
    }

    /// A segment of an older build may lack columns that a newer one knows.
    fn events_shape(&self, table: &Table) -> Table {
        let columns = self.events.columns().map(|(name, empty)| {
            let series = table.column(name).cloned().unwrap_or_else(|| {
                empty
                    .new_from_index(0, 0)
                    .extend_constant(polars::prelude::AnyValue::Null, table.rows())
                    .expect("nulls of any type")
            });
            (name.to_owned(), series)
        });
        Table::new(columns.collect())
    }

    fn add(&mut self, fresh: Table) {
        self.events = self.events.stack(&fresh);
        self.pending = Some(match self.pending.take() {
            Some(pending) => pending.stack(&fresh),
            None => fresh,
        });
    }

    pub fn events(&self) -> usize {
        self.events.rows()
    }

    pub fn bytes(&self) -> usize {
        self.events.bytes() + self.tables.values().map(Table::bytes).sum::<usize>()
    }

    /// All tables from all events.
    pub fn rebuild(&mut self) -> Result<(), EngineErr> {
        self.pending = None;
        self.events = self.events.in_one_piece();
        for at in 0..self.catalog.models.len() {
            let model = &self.catalog.models[at];
            if model.layer == Layer::Prebuilt {
                continue;
            }
            let table = self.run(model, &BTreeMap::new())?;
            self.tables.insert(model.name.clone(), table);
        }
        self.built = true;
        Ok(())
    }

    /// Brings the tables up to the events, recomputing only what these touch.
    pub fn refresh(&mut self) -> Result<(), EngineErr> {
        if !self.built {
            return self.rebuild();
        }
        let Some(fresh) = self.pending.take() else { return Ok(()) };
        let fresh = fresh.in_one_piece();
        let mut deltas: BTreeMap<String, Delta> = BTreeMap::new();
        for at in 0..self.catalog.models.len() {
            let model = self.catalog.models[at].clone();
            if model.layer == Layer::Prebuilt {
                continue;
            }
            if let Some(delta) = self.refresh_one(&model, &fresh, &deltas)? {
                deltas.insert(model.name.clone(), delta);
            }
        }
        Ok(())
    }

    /// `None` when nothing the model stands on has changed.
    fn refresh_one(&mut self, model: &Model, fresh: &Table, deltas: &BTreeMap<String, Delta>) -> Result<Option<Delta>, EngineErr> {
        let before = self.tables.get(&model.name).cloned();
        if model.layer == Layer::Staging {
            // A staging row is made of one event, so the new rows are the model run over the new events.
            let rows = self.run(model, &BTreeMap::from([("events".to_owned(), fresh.clone())]))?;
            if rows.rows() == 0 {
                return Ok(None);
            }
            let table = before.map_or_else(|| rows.clone(), |before| before.append(&rows));
            self.tables.insert(model.name.clone(), table);
            return Ok(Some(Delta::Rows(vec![rows])));
        }
        let changed: Vec<(&String, &Delta)> = model.refs.iter().filter_map(|name| Some((name, deltas.get(name)?))).collect();
        if changed.is_empty() {
            return Ok(None);
        }
        let by = &model.refreshed_by;
        let has_keys = |table: &Table| by.iter().all(|column| table.column(column).is_some());
        let partial = !by.is_empty()
            && before.is_some()
            && changed.iter().all(|(_, delta)| match delta {
                Delta::Rows(tables) => tables.iter().all(has_keys),
                Delta::Everything => false,
            });
        let Some(before) = before.filter(|_| partial) else {
            let table = self.run(model, &BTreeMap::new())?;
            self.tables.insert(model.name.clone(), table);
            return Ok(Some(Delta::Everything));
        };
        let mut touched = HashSet::new();
        for (_, delta) in &changed {
            if let Delta::Rows(tables) = delta {
                tables.iter().for_each(|table| keys_of(table, by, &mut touched));
            }
        }
        // The model over the touched partitions of its inputs; inputs without the keys are dimensions and stay whole.
        let mut inputs = BTreeMap::new();
        for name in &model.refs {
            if let Some(table) = self.tables.get(name).filter(|table| has_keys(table)) {
                inputs.insert(name.clone(), table.filter(&in_keys(table, by, &touched, true)));
            }
        }
        let now = self.run(model, &inputs)?;
        let gone = before.filter(&in_keys(&before, by, &touched, true));
        let kept = before.filter(&in_keys(&before, by, &touched, false));
        self.tables.insert(model.name.clone(), kept.append(&now));
        Ok(Some(Delta::Rows(vec![gone, now])))
    }

    fn run(&self, model: &Model, inputs: &BTreeMap<String, Table>) -> Result<Table, EngineErr> {
        let lookup = |name: &str| {
            if let Some(table) = inputs.get(name) {
                return Some(table.clone());
            }
            if model.sources.iter().any(|source| source == name) {
                return Some(self.events.clone());
            }
            self.tables.get(name).cloned()
        };
        sql::query(&model.sql, &Params::none(), &lookup).map_err(|source| EngineErr::Sql { file: model.file.clone(), source })
    }

    /// The rows that answer one of the screens' questions.
    pub fn ask(&self, question: &str, params: &Params) -> Result<Table, EngineErr> {
        let question = self.catalog.questions.get(question).ok_or_else(|| EngineErr::UnknownQuestion(question.to_owned()))?;
        sql::query(&question.sql, params, &|name| self.tables.get(name).cloned())
            .map_err(|source| EngineErr::Sql { file: question.file.clone(), source })
    }

    pub fn table(&self, name: &str) -> Option<&Table> {
        self.tables.get(name)
    }

    /// Each model's hash, rows sorted by its key.
    pub fn hashes(&self) -> BTreeMap<String, String> {
        self.catalog
            .models
            .iter()
            .filter_map(|model| Some((model.name.clone(), self.tables.get(&model.name)?.hash(&model.key))))
            .collect()
    }
}

fn key_text(table: &Table, by: &[String], row: usize) -> String {
    let mut out = String::new();
    for column in by {
        out.push_str(&format!("{:?}\u{1}", table.value(column, row)));
    }
    out
}

fn keys_of(table: &Table, by: &[String], into: &mut HashSet<String>) {
    for row in 0..table.rows() {
        into.insert(key_text(table, by, row));
    }
}

fn in_keys(table: &Table, by: &[String], keys: &HashSet<String>, wanted: bool) -> BooleanChunked {
    // The usual refresh touches one partition named by one text: no text is built per row for that.
    if let ([column], true) = (by, keys.len() <= 8)
        && let Some(Ok(series)) = table.column(column).map(|series| series.str())
    {
        let plain: Vec<&str> = keys
            .iter()
            .filter_map(|key| key.strip_prefix("Text(\"")?.strip_suffix("\")\u{1}"))
            .filter(|key| !key.contains('\\'))
            .collect();
        if plain.len() == keys.len() {
            return series.into_iter().map(|value| Some(value.is_some_and(|value| plain.contains(&value)) == wanted)).collect();
        }
    }
    (0..table.rows()).map(|row| Some(keys.contains(&key_text(table, by, row)) == wanted)).collect()
}

fn seeds(catalog: &Catalog) -> Result<BTreeMap<String, Table>, EngineErr> {
    catalog
        .seeds
        .iter()
        .map(|seed| {
            let table = table_from_csv(seed.csv).map_err(|reason| EngineErr::Seed { name: seed.name.clone(), reason })?;
            Ok((seed.name.clone(), table))
        })
        .collect()
}

/// Runs the prebuilt models over the seeds: what the build ships as Parquet.
pub fn prebuild() -> Result<BTreeMap<String, Table>, EngineErr> {
    let catalog = models::catalog()?;
    let mut tables = seeds(&catalog)?;
    let mut out = BTreeMap::new();
    for model in catalog.models.iter().filter(|model| model.layer == Layer::Prebuilt) {
        let table = sql::query(&model.sql, &Params::none(), &|name| tables.get(name).cloned())
            .map_err(|source| EngineErr::Sql { file: model.file.clone(), source })?;
        tables.insert(model.name.clone(), table.clone());
        out.insert(model.name.clone(), table);
    }
    Ok(out)
}
