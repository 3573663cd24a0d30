//! Reads the embedded files into models in building order.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, PoisonError},
};

use minijinja::{Environment, Error, ErrorKind, Value, value::Kwargs};

use crate::{error::ModelErr, files::FILES};

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Layer {
    /// Built once at build time and shipped as Parquet; depends on seeds only.
    Prebuilt,
    /// The only layer that may say `source()`.
    Staging,
    Marts,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Model {
    pub name: String,
    pub file: String,
    pub layer: Layer,
    /// Plain SQL: every `ref` and `source` is a table name.
    pub sql: String,
    /// Models and seeds it stands on, sorted.
    pub refs: Vec<String>,
    /// `source('ledger', 'events')` as `events`.
    pub sources: Vec<String>,
    /// The columns a row is known by.
    pub key: Vec<String>,
    /// A row depends only on rows of its inputs with the same values here; empty means on everything.
    pub refreshed_by: Vec<String>,
}

/// Reference rows kept by hand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seed {
    pub name: String,
    pub csv: &'static str,
}

/// What a screen asks: a query over the marts with `:name` parameters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    pub name: String,
    pub file: String,
    pub sql: String,
    pub refs: Vec<String>,
}

#[derive(Debug, Clone)]
pub struct Catalog {
    /// In an order in which each stands on what came before.
    pub models: Vec<Model>,
    pub seeds: Vec<Seed>,
    pub questions: BTreeMap<String, Question>,
}

/// The project as it was embedded at build time.
pub fn catalog() -> Result<Catalog, ModelErr> {
    read(FILES)
}

#[derive(Default)]
struct Said {
    refs: BTreeSet<String>,
    sources: BTreeSet<String>,
    key: Vec<String>,
    refreshed_by: Vec<String>,
}

fn read(files: &[(&str, &'static str)]) -> Result<Catalog, ModelErr> {
    let mut models: BTreeMap<String, Model> = BTreeMap::new();
    let mut seeds = Vec::new();
    let mut questions = BTreeMap::new();
    for (file, text) in files {
        let name = file.rsplit('/').next().unwrap_or(file).split('.').next().unwrap_or(file).to_owned();
        if file.starts_with("seeds/") {
            seeds.push(Seed { name, csv: text });
            continue;
        }
        let layer = match file.split('/').nth(1) {
            Some("staging") => Layer::Staging,
            Some("prebuilt") => Layer::Prebuilt,
            _ => Layer::Marts,
        };
        if file.starts_with("analyses/") {
            let (sql, said) = render(file, text)?;
            let refs = said.refs.into_iter().collect();
            questions.insert(name.clone(), Question { name, file: (*file).to_owned(), sql, refs });
        } else if file.starts_with("models/") {
            let (sql, said) = render(file, text)?;
            if !said.sources.is_empty() && layer != Layer::Staging {
                return Err(ModelErr::SourceOutsideStaging { file: (*file).to_owned() });
            }
            let model = Model {
                name: name.clone(),
                file: (*file).to_owned(),
                layer,
                sql,
                refs: said.refs.into_iter().collect(),
                sources: said.sources.into_iter().collect(),
                key: said.key,
                refreshed_by: said.refreshed_by,
            };
            if models.insert(name.clone(), model).is_some() {
                return Err(ModelErr::SameName { file: (*file).to_owned(), name });
            }
        }
    }
    let known: BTreeSet<&str> = models.keys().map(String::as_str).chain(seeds.iter().map(|seed| seed.name.as_str())).collect();
    let named = models
        .values()
        .map(|model| (&model.file, &model.refs))
        .chain(questions.values().map(|question: &Question| (&question.file, &question.refs)));
    for (file, refs) in named {
        if let Some(name) = refs.iter().find(|name| !known.contains(name.as_str())) {
            return Err(ModelErr::UnknownRef { file: file.clone(), name: name.clone() });
        }
    }
    Ok(Catalog { models: in_order(models)?, seeds, questions })
}

/// Fills in the few calls the project allows itself; anything else of Jinja that the file says is evaluated as Jinja.
fn render(file: &str, text: &str) -> Result<(String, Said), ModelErr> {
    let said = Arc::new(Mutex::new(Said::default()));
    let mut jinja = Environment::new();
    jinja.set_keep_trailing_newline(true);
    let to = Arc::clone(&said);
    jinja.add_function("ref", move |name: String| {
        to.lock().unwrap_or_else(PoisonError::into_inner).refs.insert(name.clone());
        name
    });
    let to = Arc::clone(&said);
    jinja.add_function("source", move |_schema: String, name: String| {
        to.lock().unwrap_or_else(PoisonError::into_inner).sources.insert(name.clone());
        name
    });
    let to = Arc::clone(&said);
    jinja.add_function("config", move |kwargs: Kwargs| {
        let mut said = to.lock().unwrap_or_else(PoisonError::into_inner);
        for name in kwargs.args() {
            let value: Value = kwargs.get(name)?;
            match name {
                "meta" => {
                    said.key = words(&value.get_attr("key")?);
                    said.refreshed_by = words(&value.get_attr("refreshed_by")?);
                }
                "materialized" | "tags" => {}
                other => return Err(Error::new(ErrorKind::UnknownFunction, format!("config({other}=…) is not supported"))),
            }
        }
        Ok(String::new())
    });
    let sql = jinja.render_str(text, ()).map_err(|err| ModelErr::Template {
        file: file.to_owned(),
        line: err.line().unwrap_or(1),
        reason: err.detail().map_or_else(|| err.kind().to_string(), str::to_owned),
    })?;
    drop(jinja);
    let said = std::mem::take(&mut *said.lock().unwrap_or_else(PoisonError::into_inner));
    Ok((sql, said))
}

fn words(list: &Value) -> Vec<String> {
    list.try_iter().map(|items| items.map(|item| item.to_string()).collect()).unwrap_or_default()
}

/// Depth first, by name within a level, so the order is the same on every machine.
fn in_order(mut models: BTreeMap<String, Model>) -> Result<Vec<Model>, ModelErr> {
    fn visit(name: &str, models: &BTreeMap<String, Model>, path: &mut Vec<String>, done: &mut Vec<String>) -> Result<(), ModelErr> {
        if done.iter().any(|other| other == name) {
            return Ok(());
        }
        let Some(model) = models.get(name) else { return Ok(()) };
        if path.iter().any(|other| other == name) {
            path.push(name.to_owned());
            return Err(ModelErr::Cycle(path.clone()));
        }
        path.push(name.to_owned());
        for next in &model.refs {
            visit(next, models, path, done)?;
        }
        path.pop();
        done.push(name.to_owned());
        Ok(())
    }
    let mut done = Vec::new();
    for name in models.keys() {
        visit(name, &models, &mut Vec::new(), &mut done)?;
    }
    Ok(done.iter().filter_map(|name| models.remove(name)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_embedded_project_is_sound() {
        let catalog = catalog().expect("sql/ is sound");
        let at = |name: &str| catalog.models.iter().position(|model| model.name == name).expect(name);
        assert!(at("stg_set_events") < at("fact_sets") && at("fact_sets") < at("fact_workouts"));
        for model in &catalog.models {
            assert!(!model.key.is_empty(), "{} names no key", model.file);
            assert!(model.sql.contains("--"), "{} does not say what a row is", model.file);
        }
    }

    #[test]
    fn mistakes_name_their_file() {
        struct Case {
            files: &'static [(&'static str, &'static str)],
            want: &'static str,
        }
        let cases = [
            Case {
                files: &[
                    ("models/marts/a.sql", "select * from {{ ref('b') }}"),
                    ("models/marts/b.sql", "select * from {{ ref('a') }}"),
                ],
                want: "the models go round in a circle: a -> b -> a",
            },
            Case {
                files: &[("models/marts/a.sql", "select 1 from {{ ref('zz') }}")],
                want: "models/marts/a.sql: ref('zz') names no model and no seed",
            },
            Case {
                files: &[("models/marts/a.sql", "select 1 from {{ source('ledger', 'events') }}")],
                want: "models/marts/a.sql: only staging may say source()",
            },
        ];
        for case in cases {
            assert_eq!(read(case.files).expect_err(case.want).to_string(), case.want);
        }
        let broken = read(&[("models/marts/a.sql", "select 1\nfrom {{ reff('x') }}")]).expect_err("unknown function");
        assert!(matches!(broken, ModelErr::Template { line: 2, .. }), "{broken}");
    }
}
