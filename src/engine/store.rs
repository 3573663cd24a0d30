//! Everything the projections know: the events, the prebuilt dimensions, and one table per model.
//!
//! Laws: `refresh` after any events equals `rebuild` from nothing; a rebuild is the same every time; a table is never
//! written by anything but these two, and may be thrown away at any moment.

use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet, HashSet},
    rc::Rc,
};

use foldhash::fast::FixedState;
use ledger::{ClearRow, EventId};
use models::{Catalog, Layer, Model, ModelErr};
use polars::prelude::BooleanChunked;

use crate::{
    answer::Params,
    codec::{CodecErr, events_table, some_columns_from_parquet},
    column::Column,
    error::SqlErr,
    packed::{Packing, unpack},
    seed::table_from_csv,
    sql::{self, Prepared},
    stored::{Keys, Stored, differing},
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
    #[error("the tables came without the events they are made of")]
    NoEvents,
    #[error("{name} was not built: it stands on {on}, which failed")]
    Skipped { name: String, on: String },
}

#[derive(Debug)]
pub struct Store {
    catalog: Rc<Catalog>,
    tables: BTreeMap<String, Stored>,
    events: Table,
    seen: HashSet<u128, FixedState>,
    /// Events that came since, as they came, and how many of them are not yet in the tables.
    late: Vec<Table>,
    waiting: usize,
    /// Models and questions as they were read, by file.
    plans: RefCell<BTreeMap<String, Rc<Prepared>>>,
    built: bool,
    /// Events that are in the tables and not here: the tables came packed.
    elsewhere: usize,
    /// How many rows that are encrypted were passed over.
    sealed: usize,
}

/// Batches of late events from which they are put with the others when nobody waits.
const LATE_MAX: usize = 1_024;

/// How far a rebuild has come.
#[derive(Debug, Default)]
pub struct Rebuild {
    at: usize,
    failed: Vec<(String, EngineErr)>,
}

impl Rebuild {
    pub fn failed(&self) -> Option<&EngineErr> {
        self.failed.first().map(|(_, err)| err)
    }
}

/// What a model's inputs changed by, as far as a refresh can tell.
enum Delta {
    /// Rows as they were and as they are; only their keys matter.
    Rows(Vec<Table>),
    Everything,
}

impl Store {
    /// The embedded project; `prebuilt` holds every prebuilt model's table by name.
    pub fn new(prebuilt: BTreeMap<String, Table>) -> Result<Self, EngineErr> {
        Self::of(models::catalog()?, prebuilt)
    }

    /// Another project than the embedded one.
    pub fn of(catalog: Catalog, prebuilt: BTreeMap<String, Table>) -> Result<Self, EngineErr> {
        let mut tables = seeds(&catalog)?;
        for model in catalog.models.iter().filter(|model| model.layer == Layer::Prebuilt) {
            if !prebuilt.contains_key(&model.name) {
                return Err(EngineErr::MissingPrebuilt(model.name.clone()));
            }
        }
        tables.extend(prebuilt);
        let tables = tables.into_iter().map(|(name, table)| (name, Stored::new(table))).collect();
        let mut store = Self {
            catalog: Rc::new(catalog),
            tables,
            events: events_table(&[]),
            seen: HashSet::default(),
            late: Vec::new(),
            waiting: 0,
            plans: RefCell::default(),
            built: false,
            elsewhere: 0,
            sealed: 0,
        };
        if let Some(named) = store.named_columns() {
            store.events = store.events.only(|column| column == "event_id" || named.contains(column));
        }
        Ok(store)
    }

    /// Keeps every column of the events, also those that no model names: for whoever looks at the log itself.
    #[must_use]
    pub fn with_whole_events(mut self) -> Self {
        self.events = events_table(&[]);
        self
    }

    /// Takes the rows that it has not seen; returns how many those were.
    pub fn add_rows<'a>(&mut self, rows: impl IntoIterator<Item = ClearRow<'a>>) -> usize {
        let rows = rows.into_iter().filter(|clear| self.seen.insert(id_number(&clear.row().event_id.to_string())));
        let fresh: Vec<ClearRow> = rows.collect();
        if !fresh.is_empty() {
            self.add(self.events_shape(&events_table(&fresh)));
        }
        fresh.len()
    }

    /// Rows that are encrypted are passed over; they count as told.
    pub fn pass_over(&mut self, rows: impl IntoIterator<Item = EventId>) {
        for id in rows {
            self.sealed += usize::from(self.seen.insert(id_number(&id.to_string())));
        }
    }

    /// Takes a sealed segment's columns, but for rows that are encrypted. The file's hash has been checked by whoever has the
    /// file.
    pub fn add_segment(&mut self, parquet: &[u8]) -> Result<usize, EngineErr> {
        let table = some_columns_from_parquet(parquet, &|name| name == "enc" || self.events.column(name).is_some())?;
        let Some(Column::Text(ids)) = table.column("event_id") else { return Err(CodecErr::NoRaw.into()) };
        let Some(Column::Text(encs)) = table.column("enc") else { return Err(CodecErr::NoRaw.into()) };
        self.seen.reserve(table.rows());
        let mut is_taken = |id: &str, enc: Option<&str>| {
            let (new, clear) = (self.seen.insert(id_number(id)), enc == Some("none"));
            self.sealed += usize::from(new && !clear);
            new && clear
        };
        let fresh: BooleanChunked =
            ids.iter().zip(encs.iter()).map(|(id, enc)| Some(id.is_some_and(|id| is_taken(id, enc)))).collect();
        let table = if fresh.all() { table } else { table.filter(&fresh) };
        let taken = table.rows();
        if 0 < taken {
            let shaped = self.events_shape(&table);
            if !self.events.takes(&shaped) {
                return Err(CodecErr::Parquet("a column has another type than the events".to_owned()).into());
            }
            self.add(shaped);
        }
        Ok(taken)
    }

    /// A segment of an older build may lack columns that a newer one knows.
    fn events_shape(&self, table: &Table) -> Table {
        let columns = self.events.columns().map(|(name, own)| {
            let column = table.column(name).cloned().unwrap_or_else(|| Column::nulls(own.ty(), table.rows()));
            (name.to_owned(), column)
        });
        Table::new(columns.collect())
    }

    fn add(&mut self, fresh: Table) {
        self.late.push(fresh);
        self.waiting += 1;
    }

    fn all_events(&self) -> Table {
        self.events.stacked(&self.late)
    }

    /// Late events become events like the others.
    fn settle(&mut self) {
        self.events = self.all_events().in_one_piece();
        self.late.clear();
        self.waiting = 0;
    }

    pub fn events(&self) -> usize {
        self.elsewhere + self.events.rows() + self.late.iter().map(Table::rows).sum::<usize>()
    }

    /// Rows that it was told of: events, and what is encrypted.
    pub fn told(&self) -> usize {
        self.events() + self.sealed
    }

    pub fn bytes(&self) -> usize {
        let events = self.late.iter().chain([&self.events]).map(Table::bytes).sum::<usize>();
        events + self.tables.values().map(Stored::bytes).sum::<usize>()
    }

    /// All tables from all events. The first failure is returned; what does not stand on a failure is built all the same.
    pub fn rebuild(&mut self) -> Result<(), EngineErr> {
        self.rebuild_telling(&mut |_, _| {}).into_iter().next().map_or(Ok(()), Err)
    }

    /// `rebuild`, with a word on each model when it is built, and every failure.
    pub fn rebuild_telling(&mut self, tell: &mut dyn FnMut(&Model, &Table)) -> Vec<EngineErr> {
        let mut rebuild = Rebuild::default();
        while self.rebuild_some(&mut rebuild, tell) {}
        rebuild.failed.into_iter().map(|(_, err)| err).collect()
    }

    /// One model of a rebuild; whether there is more to do. Nothing may be added to the store in between.
    pub fn rebuild_some(&mut self, rebuild: &mut Rebuild, tell: &mut dyn FnMut(&Model, &Table)) -> bool {
        if 0 < self.elsewhere {
            rebuild.failed.push((String::new(), EngineErr::NoEvents));
            return false;
        }
        if rebuild.at == 0 {
            self.settle();
        }
        let Some(model) = self.catalog.models.get(rebuild.at) else {
            self.built = rebuild.failed.is_empty();
            return false;
        };
        rebuild.at += 1;
        if model.layer == Layer::Prebuilt {
            return true;
        }
        let on = model.refs.iter().find(|name| rebuild.failed.iter().any(|(other, _)| other == *name)).cloned();
        let outcome = match on {
            Some(on) => Err(EngineErr::Skipped { name: model.name.clone(), on }),
            None => self.run(model, &BTreeMap::new()),
        };
        let name = model.name.clone();
        match outcome {
            Ok(table) => {
                tell(model, &table);
                self.tables.insert(name, Stored::new(table));
            }
            Err(err) => {
                self.tables.remove(&name);
                rebuild.failed.push((name, err));
            }
        }
        true
    }

    // ------------------------------------------------------------------------------------------ packed tables

    /// The tables that `pack_one` is to be called for.
    pub fn to_pack(&self) -> Vec<String> {
        let made = self.catalog.models.iter().filter(|model| model.layer != Layer::Prebuilt);
        made.map(|model| model.name.clone()).collect()
    }

    /// Puts one table beside the others. They belong together only when nothing was refreshed in between.
    pub fn pack_one(&self, name: &str, packing: &mut Packing) -> Result<(), EngineErr> {
        let table = self.table(name).ok_or_else(|| EngineErr::UnknownQuestion(name.to_owned()))?;
        Ok(packing.add(name, &table)?)
    }

    /// Goes on from packed tables without their events; `None` when another build packed them. What is added must be new
    /// to them, and a rebuild is refused.
    pub fn of_packed(prebuilt: BTreeMap<String, Table>, build: &str, packed: &[u8]) -> Result<Option<Self>, EngineErr> {
        let (list, tables) = unpack(packed)?;
        let mut store = Self::new(prebuilt)?;
        let complete = store.to_pack().iter().all(|name| tables.iter().any(|(other, _)| other == name));
        if list.build != build || !complete {
            return Ok(None);
        }
        store.tables.extend(tables.into_iter().map(|(name, base)| (name, Stored::of_base(base))));
        (store.built, store.elsewhere) = (true, list.events);
        Ok(Some(store))
    }

    /// Whether its tables came packed, without their events.
    pub fn is_packed(&self) -> bool {
        0 < self.elsewhere
    }

    // ------------------------------------------------------------------------------------------ refreshing

    /// Brings the tables up to the events, recomputing only what these touch. The models whose rows are others now.
    pub fn refresh(&mut self) -> Result<BTreeSet<String>, EngineErr> {
        if !self.built {
            self.rebuild()?;
            return Ok(self.catalog.models.iter().map(|model| model.name.clone()).collect());
        }
        let Some((first, more)) = self.late.split_at(self.late.len() - std::mem::take(&mut self.waiting)).1.split_first() else {
            return Ok(BTreeSet::new());
        };
        let fresh = first.stacked(more).in_one_piece();
        let mut deltas: BTreeMap<String, Delta> = BTreeMap::new();
        let catalog = Rc::clone(&self.catalog);
        for model in catalog.models.iter().filter(|model| model.layer != Layer::Prebuilt) {
            if let Some(delta) = self.refresh_one(model, &fresh, &deltas)? {
                deltas.insert(model.name.clone(), delta);
            }
        }
        Ok(deltas.into_keys().collect())
    }

    /// `None` when nothing the model stands on has changed.
    fn refresh_one(&mut self, model: &Model, fresh: &Table, deltas: &BTreeMap<String, Delta>) -> Result<Option<Delta>, EngineErr> {
        if model.layer == Layer::Staging {
            // A staging row is made of one event, so the new rows are the model run over the new events.
            let rows = self.run(model, &BTreeMap::from([("events".to_owned(), fresh.clone())]))?;
            if rows.rows() == 0 {
                return Ok(None);
            }
            match self.tables.get_mut(&model.name) {
                Some(before) if !before.takes(&rows) => return Err(other_types(model)),
                Some(before) => before.append(&rows),
                None => _ = self.tables.insert(model.name.clone(), Stored::new(rows.clone())),
            }
            return Ok(Some(Delta::Rows(vec![rows])));
        }
        let changed: Vec<(&String, &Delta)> = model.refs.iter().filter_map(|name| Some((name, deltas.get(name)?))).collect();
        if changed.is_empty() {
            return Ok(None);
        }
        let by = &model.refreshed_by;
        let Some(touched) = self.touched(model, &changed) else {
            let table = self.run(model, &BTreeMap::new())?;
            let before = self.tables.insert(model.name.clone(), Stored::new(table.clone()));
            return Ok(match before {
                Some(before) => some_rows(differing(&before.table(None), &table, &model.key)),
                None => Some(Delta::Everything),
            });
        };
        if touched.is_empty() {
            return Ok(None);
        }
        let plan = self.plan(&model.file, &model.sql)?;
        // The model over the touched partitions of its inputs; inputs without the keys are dimensions and stay whole.
        let mut inputs = BTreeMap::new();
        for name in &model.refs {
            if let Some(table) = self.tables.get(name).filter(|table| table.has(by)) {
                inputs.insert(name.clone(), table.of(by, &touched, plan.columns()));
            }
        }
        let now = self.run(model, &inputs)?;
        let Some(own) = self.tables.get_mut(&model.name) else { return Ok(None) };
        if !own.takes(&now) {
            return Err(other_types(model));
        }
        // Most rows of a partition come out as they were: only the others go on to whoever stands on this model.
        let (gone, now) = differing(&own.of(by, &touched, None), &now, &model.key);
        if 0 < gone.rows() + now.rows() {
            let mut keys = Keys::default();
            keys.add(&gone, &model.key);
            keys.add(&now, &model.key);
            own.replace(&model.key, &keys, &now);
        }
        Ok(some_rows((gone, now)))
    }

    /// The partitions of a model that a change of its inputs is about; `None` when that may be all of them.
    fn touched(&self, model: &Model, changed: &[(&String, &Delta)]) -> Option<Keys> {
        let by = &model.refreshed_by;
        if by.is_empty() || !self.tables.contains_key(&model.name) {
            return None;
        }
        let plan = self.plan(&model.file, &model.sql).ok()?;
        let mut touched = Keys::default();
        for (name, delta) in changed {
            let Delta::Rows(tables) = delta else { return None };
            // A row that differs only in columns which this model does not name is no change to it.
            let narrowed = match (tables.as_slice(), plan.columns(), self.model(name)) {
                ([gone, now], Some(named), Some(input)) => {
                    let says = |columns: &[String], column: &str| columns.iter().any(|own| own == column);
                    let read =
                        |table: &Table| table.only(|column| named.contains(column) || says(&input.key, column) || says(by, column));
                    let (gone, now) = differing(&read(gone), &read(now), &input.key);
                    Some(vec![gone, now])
                }
                _ => None,
            };
            let tables = narrowed.as_ref().unwrap_or(tables);
            if tables.iter().all(|table| by.iter().all(|column| table.column(column).is_some())) {
                tables.iter().for_each(|table| touched.add(table, by));
                continue;
            }
            // A dimension's rows reach the partitions of the rows that name them.
            let key = &self.model(name)?.key;
            let mut found = false;
            // The model's own rows may say it too, as they were before.
            let says = |through: &&String| **through == model.name || model.refs.contains(*through);
            for through in model.refreshed_through.iter().filter(says) {
                let through = self.tables.get(through).filter(|table| table.has(by))?;
                let shared: Vec<String> = key.iter().filter(|column| through.has(std::slice::from_ref(column))).cloned().collect();
                if !shared.is_empty() {
                    let mut keys = Keys::default();
                    tables.iter().for_each(|table| keys.add(table, &shared));
                    touched.add(&through.of(&shared, &keys, Some(&by.iter().cloned().collect())), by);
                    found = true;
                }
            }
            if !found {
                return None;
            }
        }
        Some(touched)
    }

    /// The columns that the models read from the ledger; `None` where one of them reads all.
    fn named_columns(&self) -> Option<BTreeSet<String>> {
        let mut named = BTreeSet::new();
        for model in self.catalog.models.iter().filter(|model| !model.sources.is_empty()) {
            named.extend(self.plan(&model.file, &model.sql).ok()?.columns()?.iter().cloned());
        }
        Some(named)
    }

    fn model(&self, name: &str) -> Option<&Model> {
        self.catalog.models.iter().find(|model| model.name == name)
    }

    /// Does one piece of the work that makes the next refresh quick: what refreshes leave behind, and the indexes they need.
    /// Whether there was any. To be called when nobody waits, as long as nobody does.
    pub fn tidy(&mut self) -> bool {
        if LATE_MAX <= self.late.len() && self.waiting == 0 {
            self.settle();
            return true;
        }
        if self.tables.values_mut().any(Stored::tidy) {
            return true;
        }
        let models = self.catalog.models.iter().filter(|model| model.layer != Layer::Prebuilt && !model.refreshed_by.is_empty());
        let mut needed = models.flat_map(|model| {
            let by_partition = model.refs.iter().chain([&model.name]).map(|name| (name, &model.refreshed_by));
            by_partition.chain([(&model.name, &model.key)])
        });
        needed.any(|(name, by)| self.tables.get(name).is_some_and(|table| table.has(by) && table.make_index(by)))
    }

    fn run(&self, model: &Model, inputs: &BTreeMap<String, Table>) -> Result<Table, EngineErr> {
        let lookup = |name: &str, columns: Option<&BTreeSet<String>>| {
            if let Some(table) = inputs.get(name) {
                return Some(table.clone());
            }
            if model.sources.iter().any(|source| source == name) {
                return Some(self.all_events());
            }
            self.read(name, columns)
        };
        self.plan(&model.file, &model.sql)?
            .run(&Params::none(), &lookup)
            .map_err(|source| EngineErr::Sql { file: model.file.clone(), source })
    }

    fn plan(&self, file: &str, sql: &str) -> Result<Rc<Prepared>, EngineErr> {
        if let Some(plan) = self.plans.borrow().get(file) {
            return Ok(Rc::clone(plan));
        }
        let plan = Prepared::new(sql).map_err(|source| EngineErr::Sql { file: file.to_owned(), source })?;
        let plan = Rc::new(plan);
        self.plans.borrow_mut().insert(file.to_owned(), Rc::clone(&plan));
        Ok(plan)
    }

    /// The rows that answer one of the screens' questions.
    pub fn ask(&self, question: &str, params: &Params) -> Result<Table, EngineErr> {
        let question = self.catalog.questions.get(question).ok_or_else(|| EngineErr::UnknownQuestion(question.to_owned()))?;
        self.plan(&question.file, &question.sql)?
            .run(params, &|name, columns| self.read(name, columns))
            .map_err(|source| EngineErr::Sql { file: question.file.clone(), source })
    }

    /// Any query over the tables and the events, with the steps that were taken to answer it.
    pub fn query(&self, sql: &str, params: &Params) -> Result<(Table, Vec<String>), SqlErr> {
        sql::explained(sql, params, &|name, columns| match name {
            "events" => Some(self.all_events()),
            name => self.read(name, columns),
        })
    }

    /// The tables that a question reads.
    pub fn stands_on(&self, question: &str) -> &[String] {
        self.catalog.questions.get(question).map_or(&[], |question| question.refs.as_slice())
    }

    /// The text of one of the screens' questions.
    pub fn question(&self, name: &str) -> Option<&str> {
        self.catalog.questions.get(name).map(|question| question.sql.as_str())
    }

    pub fn models(&self) -> &[Model] {
        &self.catalog.models
    }

    pub fn table(&self, name: &str) -> Option<Table> {
        self.read(name, None)
    }

    fn read(&self, name: &str, columns: Option<&BTreeSet<String>>) -> Option<Table> {
        self.tables.get(name).map(|table| table.table(columns))
    }

    /// A model's hash, rows sorted by its key; `None` when it was not built.
    pub fn hash(&self, name: &str) -> Option<String> {
        Some(self.table(name)?.hash(&self.model(name)?.key))
    }

    /// Each model's hash, rows sorted by its key.
    pub fn hashes(&self) -> BTreeMap<String, String> {
        self.catalog.models.iter().filter_map(|model| Some((model.name.clone(), self.hash(&model.name)?))).collect()
    }
}

/// A model whose columns are of other types for some rows than for all.
fn other_types(model: &Model) -> EngineErr {
    let source = SqlErr::new("its rows came out with other columns than before").at_place((1, 1));
    EngineErr::Sql { file: model.file.clone(), source }
}

/// Nothing, when both sides are without a row.
fn some_rows((gone, now): (Table, Table)) -> Option<Delta> {
    (0 < gone.rows() + now.rows()).then(|| Delta::Rows(vec![gone, now]))
}

/// An event's id in 16 bytes: a million ids as texts would be a third of the memory. Whatever is no UUID is hashed.
fn id_number(id: &str) -> u128 {
    let (mut number, mut digits) = (0_u128, 0);
    for byte in id.bytes() {
        match (byte as char).to_digit(16) {
            Some(digit) => (number, digits) = (number << 4 | u128::from(digit), digits + 1),
            None if byte == b'-' => {}
            None => digits = usize::MAX / 2,
        }
    }
    if digits == 32 {
        return number;
    }
    let hash = blake3::hash(id.as_bytes());
    hash.as_bytes().iter().take(16).rev().fold(0, |number, byte| number << 8 | u128::from(*byte))
}

fn seeds(catalog: &Catalog) -> Result<BTreeMap<String, Table>, EngineErr> {
    catalog
        .seeds
        .iter()
        .map(|seed| {
            let table = table_from_csv(&seed.csv).map_err(|reason| EngineErr::Seed { name: seed.name.clone(), reason })?;
            Ok((seed.name.clone(), table))
        })
        .collect()
}

/// Runs the prebuilt models over the seeds: what the build ships as Parquet.
pub fn prebuild() -> Result<BTreeMap<String, Table>, EngineErr> {
    prebuild_of(&models::catalog()?)
}

pub fn prebuild_of(catalog: &Catalog) -> Result<BTreeMap<String, Table>, EngineErr> {
    let mut tables = seeds(catalog)?;
    let mut out = BTreeMap::new();
    for model in catalog.models.iter().filter(|model| model.layer == Layer::Prebuilt) {
        let table = sql::query(&model.sql, &Params::none(), &|name| tables.get(name).cloned())
            .map_err(|source| EngineErr::Sql { file: model.file.clone(), source })?;
        tables.insert(model.name.clone(), table.clone());
        out.insert(model.name.clone(), table);
    }
    Ok(out)
}
