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
    /// Tables that screens ask, and the intermediate ones under them.
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
    /// Inputs by which a change of a dimension finds the partitions it touches: rows with the dimension's key and with
    /// the columns of `refreshed_by`. The model itself may be one: its rows as they were.
    pub refreshed_through: Vec<String>,
}

/// Reference rows kept by hand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seed {
    pub name: String,
    pub csv: String,
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
    /// What is wrong with files that are left out, and with those that stand on them.
    pub problems: Vec<ModelErr>,
}

/// The project as it was embedded at build time; all of it is sound, or none of it counts.
pub fn catalog() -> Result<Catalog, ModelErr> {
    let mut catalog = read(FILES.iter().copied());
    match catalog.problems.is_empty() {
        true => Ok(catalog),
        false => Err(catalog.problems.remove(0)),
    }
}

#[derive(Default)]
struct Said {
    refs: BTreeSet<String>,
    sources: BTreeSet<String>,
    key: Vec<String>,
    refreshed_by: Vec<String>,
    refreshed_through: Vec<String>,
}

/// Reads a project's files, given as `(path below sql/, text)`. What is unsound is left out and said in `problems`;
/// everything that does not stand on it is there.
pub fn read<'a>(files: impl IntoIterator<Item = (&'a str, &'a str)>) -> Catalog {
    let mut models: BTreeMap<String, Model> = BTreeMap::new();
    let mut seeds: Vec<Seed> = Vec::new();
    let mut questions = BTreeMap::new();
    let mut problems = Vec::new();
    for (file, text) in files {
        let name = file.rsplit('/').next().unwrap_or(file).split('.').next().unwrap_or(file).to_owned();
        let kind = file.split('/').next().unwrap_or_default();
        if kind == "seeds" && file.ends_with(".csv") {
            seeds.push(Seed { name, csv: text.to_owned() });
            continue;
        }
        if !file.ends_with(".sql") || !matches!(kind, "analyses" | "models") {
            continue;
        }
        let layer = match file.split('/').nth(1) {
            Some("staging") => Layer::Staging,
            Some("prebuilt") => Layer::Prebuilt,
            _ => Layer::Marts,
        };
        let (sql, said) = match render(file, text) {
            Ok(rendered) => rendered,
            Err(problem) => {
                problems.push(problem);
                continue;
            }
        };
        let refs: Vec<String> = said.refs.iter().cloned().collect();
        if kind == "analyses" {
            questions.insert(name.clone(), Question { name, file: file.to_owned(), sql, refs });
            continue;
        }
        if !said.sources.is_empty() && layer != Layer::Staging {
            problems.push(ModelErr::SourceOutsideStaging { file: file.to_owned() });
            continue;
        }
        if models.contains_key(&name) {
            problems.push(ModelErr::SameName { file: file.to_owned(), name });
            continue;
        }
        let sources = said.sources.iter().cloned().collect();
        let Said { key, refreshed_by, refreshed_through, .. } = said;
        let file = file.to_owned();
        models.insert(name.clone(), Model { name, file, layer, sql, refs, sources, key, refreshed_by, refreshed_through });
    }
    leave_out_unsound(&mut models, &mut questions, &seeds, &mut problems);
    let models = in_order(models, &mut problems);
    // A circle is found last; questions about what stood in it go with it.
    let known: BTreeSet<&str> =
        models.iter().map(|model| model.name.as_str()).chain(seeds.iter().map(|seed| seed.name.as_str())).collect();
    questions.retain(|_, question: &mut Question| question.refs.iter().all(|name| known.contains(name.as_str())));
    Catalog { models, seeds, questions, problems }
}

/// Drops what names a table that is not there, and then whatever stood on that, until nothing more has to go.
fn leave_out_unsound(
    models: &mut BTreeMap<String, Model>,
    questions: &mut BTreeMap<String, Question>,
    seeds: &[Seed],
    problems: &mut Vec<ModelErr>,
) {
    loop {
        let known: BTreeSet<String> = models.keys().cloned().chain(seeds.iter().map(|seed| seed.name.clone())).collect();
        let missing = |refs: &[String]| refs.iter().find(|name| !known.contains(*name)).cloned();
        let before = problems.len();
        models.retain(|_, model| match missing(&model.refs) {
            Some(name) => {
                problems.push(ModelErr::UnknownRef { file: model.file.clone(), name });
                false
            }
            None => true,
        });
        questions.retain(|_, question| match missing(&question.refs) {
            Some(name) => {
                problems.push(ModelErr::UnknownRef { file: question.file.clone(), name });
                false
            }
            None => true,
        });
        if problems.len() == before {
            return;
        }
    }
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
                    said.refreshed_through = words(&value.get_attr("refreshed_through")?);
                }
                "materialized" | "tags" => {}
                other => return Err(Error::new(ErrorKind::UnknownFunction, format!("config({other}=…) is not supported"))),
            }
        }
        Ok(String::new())
    });
    let place = |err: &Error, line: usize| ModelErr::Template {
        file: file.to_owned(),
        line: line + err.line().unwrap_or(1).saturating_sub(1),
        reason: err.detail().map_or_else(|| err.kind().to_string(), str::to_owned),
    };
    let sql = if text.contains("{%") {
        jinja.render_str(text, ()).map_err(|err| place(&err, 1))?
    } else {
        // Each call is filled in where it stands and padded to its old width, so that an error further on in the line
        // names the column that the file has.
        let mut out = String::with_capacity(text.len());
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("{{") {
            out.push_str(before);
            let line = 1 + out.matches('\n').count();
            let Some((call, after)) = after.split_once("}}") else {
                return Err(ModelErr::Template { file: file.to_owned(), line, reason: "{{ without }}".to_owned() });
            };
            let call = format!("{{{{{call}}}}}");
            let value = jinja.render_str(&call, ()).map_err(|err| place(&err, line))?;
            out.push_str(&value);
            let lines = call.matches('\n').count();
            out.push_str(&"\n".repeat(lines));
            if lines == 0 {
                out.push_str(&" ".repeat(call.chars().count().saturating_sub(value.chars().count())));
            }
            rest = after;
        }
        out.push_str(rest);
        out
    };
    drop(jinja);
    let said = std::mem::take(&mut *said.lock().unwrap_or_else(PoisonError::into_inner));
    Ok((sql, said))
}

fn words(list: &Value) -> Vec<String> {
    list.try_iter().map(|items| items.map(|item| item.to_string()).collect()).unwrap_or_default()
}

/// Depth first, by name within a level, so the order is the same on every machine. Models in a circle are left out, and
/// those that stand on them.
fn in_order(mut models: BTreeMap<String, Model>, problems: &mut Vec<ModelErr>) -> Vec<Model> {
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
    let mut said = BTreeSet::new();
    for name in models.keys() {
        if let Err(ModelErr::Cycle(path)) = visit(name, &models, &mut Vec::new(), &mut done) {
            // The circle alone, without the way into it, and each circle once.
            let first = path.iter().position(|name| Some(name) == path.last()).unwrap_or(0);
            let circle = &path[first..];
            if said.insert(circle.iter().collect::<BTreeSet<_>>().into_iter().cloned().collect::<Vec<_>>()) {
                problems.push(ModelErr::Cycle(circle.to_vec()));
            }
        }
    }
    done.iter().filter_map(|name| models.remove(name)).collect()
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
            // Beside it stands a model that is sound, and is there.
            let files = case.files.iter().copied().chain([("models/marts/sound.sql", "select 1")]);
            let catalog = read(files);
            assert_eq!(catalog.problems.first().map(ToString::to_string).as_deref(), Some(case.want));
            assert_eq!(catalog.models.iter().map(|model| model.name.as_str()).collect::<Vec<_>>(), ["sound"]);
        }
        let broken = read([("models/marts/a.sql", "select 1\nfrom {{ reff('x') }}")]);
        assert!(matches!(broken.problems[..], [ModelErr::Template { line: 2, .. }]), "{:?}", broken.problems);
    }

    #[test]
    fn what_stands_on_a_mistake_is_left_out_and_said() {
        let catalog = read([
            ("models/marts/a.sql", "select 1 from {{ ref('gone') }}"),
            ("models/marts/b.sql", "select 1 from {{ ref('a') }}"),
            ("models/marts/c.sql", "select 1"),
            ("analyses/q.sql", "select 1 from {{ ref('b') }}"),
        ]);
        let said: Vec<String> = catalog.problems.iter().map(ToString::to_string).collect();
        assert_eq!(
            said,
            [
                "models/marts/a.sql: ref('gone') names no model and no seed",
                "models/marts/b.sql: ref('a') names no model and no seed",
                "analyses/q.sql: ref('b') names no model and no seed",
            ]
        );
        assert_eq!(catalog.models.len(), 1);
        assert!(catalog.questions.is_empty());
    }

    #[test]
    fn places_in_a_line_survive_the_filling_in() {
        let catalog =
            read([("models/marts/a.sql", "select x from {{ ref('b') }} where nope"), ("models/marts/b.sql", "select 1 as x")]);
        let sql = &catalog.models.iter().find(|model| model.name == "a").expect("sound").sql;
        assert_eq!(sql.find("nope"), "select x from {{ ref('b') }} where nope".find("nope"));
    }
}
