//! `spotter sql`: the models and any query over a ledger's files, at a terminal.

use std::{
    fs,
    io::{self, Write},
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result, bail};
use clap::{Args, ValueEnum};
use engine::{Layer, Param, Params, Store, Table, prebuild_of, read_project, table_to_parquet};
use ledger::{FrameKind, Header, Role, Row, clear_rows, scan};

/// Files of a ledger are sealed or open sessions as the app keeps them, or Parquet files of an export. A file that cannot
/// be read is named and left out.
#[derive(Debug, Args)]
pub struct Sql {
    /// A query over the models' tables and `events`; :name stands for a --param.
    #[arg(conflicts_with_all = ["question", "models"], required_unless_present_any = ["question", "models"])]
    query: Option<String>,
    /// One of the app's questions, by the name of its file in sql/analyses.
    #[arg(long, conflicts_with = "models")]
    question: Option<String>,
    /// Build all models and write each into the folder --out, or list them.
    #[arg(long)]
    models: bool,
    /// A file of a ledger, or a folder of them. Without it the tables are empty.
    #[arg(long)]
    events: Option<PathBuf>,
    /// Another dbt project than the one inside this program.
    #[arg(long)]
    project: Option<PathBuf>,
    /// A value for :NAME; whole numbers are numbers, everything else is text.
    #[arg(long = "param", value_name = "NAME=VALUE")]
    params: Vec<String>,
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
    /// A file, or with --models a folder.
    #[arg(long)]
    out: Option<PathBuf>,
    /// Also say which steps were taken, with the rows that came out of each.
    #[arg(long)]
    explain: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    Table,
    Csv,
    Json,
    Parquet,
}

impl Format {
    fn ending(self) -> &'static str {
        match self {
            Self::Table => "txt",
            Self::Csv => "csv",
            Self::Json => "json",
            Self::Parquet => "parquet",
        }
    }
}

impl Sql {
    pub fn run(&self) -> Result<()> {
        let mut store = self.store()?;
        if let Some(events) = &self.events {
            let (read, skipped) = add_files(&mut store, events)?;
            note(&format!(
                "{read} events read{}",
                if skipped == 0 { String::new() } else { format!(", {skipped} files left out") }
            ));
        }
        let mut built = Vec::new();
        let failed = store.rebuild_telling(&mut |model, table| {
            built.push(format!("{}: {} rows, from {}", model.name, table.rows(), model.refs.join(", ")));
        });
        failed.iter().for_each(|err| note(&format!("error: {err}")));
        if self.models {
            if self.explain {
                built.iter().for_each(|line| note(line));
            }
            self.write_models(&store)?;
            if !failed.is_empty() {
                bail!("{} models were not built", failed.len());
            }
            return Ok(());
        }
        let sql = match (&self.query, &self.question) {
            (Some(query), _) => query.clone(),
            (None, Some(name)) => {
                store.question(name).with_context(|| format!("there is no question {name} in sql/analyses"))?.to_owned()
            }
            (None, None) => bail!("say a query"),
        };
        let (table, steps) = store.query(&sql, &self.params()?)?;
        if self.explain {
            steps.iter().for_each(|step| note(step));
        }
        match &self.out {
            Some(path) => {
                let mut file = fs::File::create(path).with_context(|| path.display().to_string())?;
                write(&table, self.format, &mut file)
            }
            None => write(&table, self.format, &mut io::stdout().lock()),
        }
    }

    fn store(&self) -> Result<Store> {
        let Some(folder) = &self.project else {
            return Ok(Store::new(engine::prebuild()?)?.with_whole_events());
        };
        let mut files = Vec::new();
        project_files(folder, folder, &mut files)?;
        files.sort();
        let catalog = read_project(files.iter().map(|(path, text)| (path.as_str(), text.as_str())));
        catalog.problems.iter().for_each(|problem| note(&format!("error: {problem}")));
        let prebuilt = prebuild_of(&catalog)?;
        Ok(Store::of(catalog, prebuilt)?.with_whole_events())
    }

    fn params(&self) -> Result<Params> {
        let mut params = Params::none();
        for param in &self.params {
            let (name, value) = param.split_once('=').with_context(|| format!("--param {param}: write NAME=VALUE"))?;
            let value = value.parse().map_or_else(|_| Param::Text(value.to_owned()), Param::Int);
            params = params.with(name, value);
        }
        Ok(params)
    }

    fn write_models(&self, store: &Store) -> Result<()> {
        let Some(folder) = &self.out else {
            for model in store.models() {
                let rows =
                    store.table(&model.name).map_or_else(|| "not built".to_owned(), |table| format!("{} rows", table.rows()));
                say(&format!("{:<28} {rows}", model.name))?;
            }
            return Ok(());
        };
        fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
        for model in store.models().iter().filter(|model| model.layer != Layer::Staging) {
            let Some(table) = store.table(&model.name) else { continue };
            let path = folder.join(format!("{}.{}", model.name, self.format.ending()));
            let mut file = fs::File::create(&path).with_context(|| path.display().to_string())?;
            write(&table.sorted_by(&model.key), self.format, &mut file)?;
        }
        Ok(())
    }
}

fn project_files(root: &Path, folder: &Path, files: &mut Vec<(String, String)>) -> Result<()> {
    for entry in fs::read_dir(folder).with_context(|| folder.display().to_string())? {
        let path = entry?.path();
        if path.is_dir() {
            project_files(root, &path, files)?;
        } else if path.extension().is_some_and(|ext| ext == "sql" || ext == "csv") {
            let name = path.strip_prefix(root).unwrap_or(&path).to_string_lossy().replace('\\', "/");
            files.push((name, fs::read_to_string(&path).with_context(|| path.display().to_string())?));
        }
    }
    Ok(())
}

/// Adds a file, or every file of a folder; how many events and how many files could not be read.
fn add_files(store: &mut Store, path: &Path) -> Result<(usize, usize)> {
    let mut paths = vec![path.to_owned()];
    if path.is_dir() {
        paths = fs::read_dir(path)
            .with_context(|| path.display().to_string())?
            .map(|entry| entry.map(|entry| entry.path()))
            .collect::<io::Result<Vec<_>>>()?;
        paths.retain(|path| path.is_file());
        paths.sort();
    }
    let (mut events, mut skipped) = (0, 0);
    for path in paths {
        let bytes = fs::read(&path).with_context(|| path.display().to_string())?;
        match add_file(store, &bytes) {
            Ok(added) => events += added,
            Err(err) => {
                skipped += 1;
                note(&format!("{}: {err:#}; left out", path.display()));
            }
        }
    }
    Ok((events, skipped))
}

fn add_file(store: &mut Store, bytes: &[u8]) -> Result<usize> {
    if bytes.starts_with(b"PAR1") {
        return Ok(store.add_segment(bytes)?);
    }
    let header = match Header::decode(bytes) {
        Ok(header) => header,
        Err(ledger::HeaderErr::Empty) => return Ok(0),
        Err(err) => return Err(err.into()),
    };
    match header.role {
        Role::Sealed => Ok(store.add_segment(header.payload(bytes)?)?),
        Role::Open => {
            let scan = scan(&header.use_id, bytes);
            let rows = scan.frames.iter().filter(|frame| frame.kind == FrameKind::Row);
            let rows: Vec<Row> = rows.filter_map(|frame| Row::read(frame.payload).ok()).collect();
            Ok(store.add_rows(clear_rows(&rows)))
        }
        _ => Ok(0),
    }
}

fn write(table: &Table, format: Format, to: &mut dyn Write) -> Result<()> {
    let names = table.names();
    match format {
        Format::Parquet => to.write_all(&table_to_parquet(table)?)?,
        Format::Json => {
            for row in table.to_rows() {
                serde_json::to_writer(&mut *to, &InOrder(&names, &row))?;
                writeln!(to)?;
            }
        }
        Format::Csv => {
            let mut csv = csv::Writer::from_writer(to);
            csv.write_record(&names)?;
            for row in table.to_rows() {
                csv.write_record(row.iter().map(text))?;
            }
            csv.flush()?;
        }
        Format::Table => {
            let rows: Vec<Vec<String>> = table.to_rows().iter().map(|row| row.iter().map(text).collect()).collect();
            let width = |at: usize| {
                let cells = rows.iter().map(|row| row[at].chars().count());
                cells.chain([names[at].chars().count()]).max().unwrap_or(0)
            };
            let widths: Vec<usize> = (0..names.len()).map(width).collect();
            let mut line = |cells: &mut dyn Iterator<Item = &str>| {
                let cells: Vec<String> = cells.zip(&widths).map(|(cell, width)| format!("{cell:<width$}")).collect();
                writeln!(to, "{}", cells.join("  ").trim_end())
            };
            line(&mut names.iter().copied())?;
            for row in &rows {
                line(&mut row.iter().map(String::as_str))?;
            }
        }
    }
    Ok(())
}

/// One row as an object whose keys stand in the order of the query.
struct InOrder<'a>(&'a [&'a str], &'a [serde_json::Value]);

impl serde::Serialize for InOrder<'_> {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_map(self.0.iter().zip(self.1))
    }
}

fn text(cell: &serde_json::Value) -> String {
    match cell {
        serde_json::Value::Null => String::new(),
        serde_json::Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn say(text: &str) -> Result<()> {
    Ok(writeln!(io::stdout().lock(), "{text}")?)
}

/// Beside the answer, so that it can be piped on.
fn note(text: &str) {
    let _ = writeln!(io::stderr().lock(), "{text}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_stand_in_the_order_of_the_query() {
        let table = engine::table_from_csv("zebra,apple,Mango\n1,x,\n2,,3\n").expect("CSV");
        let mut out = Vec::new();
        write(&table, Format::Json, &mut out).expect("written");
        let lines = "{\"zebra\":1,\"apple\":\"x\",\"Mango\":null}\n{\"zebra\":2,\"apple\":null,\"Mango\":3}\n";
        assert_eq!(String::from_utf8(out).expect("text"), lines);
    }
}
