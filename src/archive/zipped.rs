//! The backup: a ZIP with the rows as Parquet files, `manifest.json` that lists them with their hashes, and a README.

use std::{
    collections::{BTreeMap, BTreeSet},
    io::{Cursor, Read as _, Write as _},
};

use bridge::{Problem, ProblemKind};
use engine::{rows_from_parquet, segment_to_parquet};
use ledger::Row;
use serde::{Deserialize, Serialize};
use zip::{CompressionMethod, ZipArchive, ZipWriter, write::SimpleFileOptions};

/// Moves when an older build could no longer make sense of an archive.
pub const ARCHIVE_VERSION: u16 = 1;
const ROWS_OF_A_FILE: usize = 50_000;
/// Nobody's training is larger; a file that claims to be is not read.
const BYTES_MAX: u64 = 1 << 30;

const README: &str = "This is everything that Spotter could read on one device, as plain files. It is NOT encrypted.

manifest.json      what is here: the archive's version, when it was made, each file with its rows and BLAKE3 hash, and
                   under `missing` the numbers of rows that were damaged on that device
rows-*.parquet     every event as one row; the column `raw` holds it exactly as it was written, as JSON

To bring it back: open Spotter, Me, Import, and choose this file. What is there already stays as it is, so it may be done
as often as you like. To look inside: DuckDB, PyArrow, Polars and every other reader of Parquet open the files.
";

/// `manifest.json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct About {
    pub version: u16,
    /// UTC milliseconds.
    pub made_ms: u64,
    /// Whose training it is.
    pub person: String,
    pub rows: usize,
    pub files: Vec<Listed>,
    /// Numbers that rows of this device or another should have and none here has: they were damaged where this was made.
    #[serde(default)]
    pub missing: Vec<Missing>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Missing {
    pub scope: String,
    pub device: String,
    pub lane: String,
    pub from: u64,
    pub to: u64,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listed {
    pub name: String,
    pub rows: usize,
    pub blake3: String,
}

/// By how a ZIP begins.
pub fn is_archive(bytes: &[u8]) -> bool {
    bytes.starts_with(b"PK\x03\x04")
}

pub fn write(rows: &[Row], person: &str, made_ms: u64) -> Result<Vec<u8>, Problem> {
    let failed = |why: String| {
        Problem::new(ProblemKind::Internal, format!("The backup could not be made: {why}."), "Nothing was changed.", "Try again.")
    };
    // Parquet is compressed already.
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    let mut files = Vec::new();
    let mut put = |name: &str, bytes: &[u8]| -> Result<(), String> {
        zip.start_file(name, options).map_err(|err| err.to_string())?;
        zip.write_all(bytes).map_err(|err| err.to_string())
    };
    put("README.txt", README.as_bytes()).map_err(failed)?;
    for (at, some) in rows.chunks(ROWS_OF_A_FILE).enumerate() {
        let parquet = segment_to_parquet(some).map_err(|err| failed(err.to_string()))?;
        let name = format!("rows-{:03}.parquet", at + 1);
        put(&name, &parquet).map_err(failed)?;
        files.push(Listed { name, rows: some.len(), blake3: blake3::hash(&parquet).to_hex().to_string() });
    }
    let (person, missing) = (person.to_owned(), missing(rows));
    let about = About { version: ARCHIVE_VERSION, made_ms, person, rows: rows.len(), files, missing };
    let json = serde_json::to_vec_pretty(&about).map_err(|err| failed(err.to_string()))?;
    put("manifest.json", &json).map_err(failed)?;
    Ok(zip.finish().map_err(|err| failed(err.to_string()))?.into_inner())
}

/// The numbers of a chain begin with one and leave none out.
fn missing(rows: &[Row]) -> Vec<Missing> {
    let mut chains: BTreeMap<(String, &str, &str), BTreeSet<u64>> = BTreeMap::new();
    for row in rows {
        let chain = (row.scope.to_string(), row.device_id.as_str(), row.lane.as_str());
        chains.entry(chain).or_default().insert(row.dseq);
    }
    let mut out = Vec::new();
    for ((scope, device, lane), places) in chains {
        let mut next = 1;
        for at in places {
            if next < at {
                let (scope, device, lane) = (scope.clone(), device.to_owned(), lane.to_owned());
                out.push(Missing { scope, device, lane, from: next, to: at - 1 });
            }
            next = at + 1;
        }
    }
    out
}

/// Every row of an archive, or why not: half a backup is not brought back.
pub fn read(bytes: &[u8]) -> Result<(About, Vec<Row>), Problem> {
    let damaged = |why: String| {
        Problem::new(
            ProblemKind::DamagedFile,
            format!("This backup cannot be read: {why}."),
            "Nothing was imported, nothing was changed.",
            "Take another copy of the backup, or make it again on the device that has the rows.",
        )
    };
    let mut zip = ZipArchive::new(Cursor::new(bytes)).map_err(|err| damaged(err.to_string()))?;
    let mut entry = |name: &str| -> Result<Vec<u8>, String> {
        let file = zip.by_name(name).map_err(|err| format!("{name}: {err}"))?;
        if BYTES_MAX < file.size() {
            return Err(format!("{name} is larger than anything Spotter writes"));
        }
        let mut out = Vec::new();
        // What it says of its size may be a lie.
        file.take(BYTES_MAX).read_to_end(&mut out).map_err(|err| format!("{name}: {err}"))?;
        Ok(out)
    };
    let about = entry("manifest.json").map_err(damaged)?;
    let about: About = serde_json::from_slice(&about).map_err(|err| damaged(format!("manifest.json: {err}")))?;
    if ARCHIVE_VERSION < about.version {
        return Err(Problem::new(
            ProblemKind::NewerFormat,
            format!("This backup was made by a newer Spotter (version {}; this one reads up to {ARCHIVE_VERSION}).", about.version),
            "Nothing was imported, nothing was changed.",
            "Update Spotter, then import it again.",
        ));
    }
    let mut rows = Vec::new();
    for file in &about.files {
        let parquet = entry(&file.name).map_err(damaged)?;
        // Before any Parquet reader sees a byte.
        if blake3::hash(&parquet).to_hex().as_str() != file.blake3 {
            return Err(damaged(format!("{} is damaged", file.name)));
        }
        let some = rows_from_parquet(&parquet).map_err(|err| damaged(format!("{}: {err}", file.name)))?;
        if some.len() != file.rows {
            return Err(damaged(format!("{} has {} rows and should have {}", file.name, some.len(), file.rows)));
        }
        rows.extend(some);
    }
    Ok((about, rows))
}
