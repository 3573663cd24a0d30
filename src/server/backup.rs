//! Backup and restore. A backup is one SQLite file, whatever database it comes from, and can be restored into either.

use std::path::Path;

use anyhow::{Context as _, Result, bail};

use crate::{
    accounts::secret,
    replicate::new_epoch,
    store::{PostgresStore, Sql, SqliteStore, Store, StoreErr, Val, copy_sqlite},
};

/// Tables with their columns; the first ones say what the rest is in pages of.
const TABLES: &[(&str, &[&str])] = &[
    ("realm", &["only_one", "epoch", "head", "floor", "access", "made_ms"]),
    (
        "events",
        &["seq", "event_id", "scope", "device_id", "lane", "dseq", "kind", "h", "raw", "received_ms", "odd_clock", "forked"],
    ),
    ("chains", &["scope", "device_id", "lane", "n", "max_dseq", "xor_h"]),
    ("scopes", &["scope", "n", "bytes", "open_n", "open_bytes"]),
    ("segments", &["scope", "to_seq", "n"]),
    ("accounts", &["account_id", "name", "password", "role", "made_ms"]),
    ("persons", &["person", "account_id", "position"]),
    ("members", &["scope", "account_id"]),
    ("access_changes", &["no", "account_id"]),
    ("devices", &["account_id", "device_id", "name", "made_ms", "seen_ms", "revoked"]),
    ("sign_ins", &["token_hash", "account_id", "device_id", "made_ms", "expires_ms"]),
    ("codes", &["code_hash", "purpose", "account_id", "expires_ms"]),
];
const PAGE: u64 = 2_000;

/// `postgres://…`, or the path of a SQLite file.
pub fn is_postgres(database: &str) -> bool {
    database.starts_with("postgres://") || database.starts_with("postgresql://")
}

pub fn backup(database: &str, out: &Path) -> Result<()> {
    if out.exists() {
        bail!("{} is there already: a backup never overwrites anything", out.display());
    }
    if is_postgres(database) {
        let from = PostgresStore::open(database)?;
        let to = SqliteStore::open(out)?;
        return transfer(&from, &to);
    }
    if !Path::new(database).is_file() {
        bail!("there is no database {database}");
    }
    copy_sqlite(Path::new(database), out).with_context(|| out.display().to_string())
}

/// Puts a backup in the place of a database, under a new epoch: every device reads again from the beginning, and sends
/// what the backup lacks.
pub fn restore(backup: &Path, database: &str) -> Result<()> {
    if !backup.is_file() {
        bail!("there is no backup {}", backup.display());
    }
    let epoch = secret().map_err(|problem| anyhow::anyhow!("{problem}"))?[..32].to_owned();
    if is_postgres(database) {
        let to = PostgresStore::open(database)?;
        let from = SqliteStore::open(backup)?;
        to.write(Box::new(|sql| {
            for (table, _) in TABLES {
                sql.run(&format!("delete from {table}"), &[])?;
            }
            Ok(())
        }))?;
        transfer(&from, &to)?;
        new_epoch(&to, &epoch)?;
        return Ok(());
    }
    let target = Path::new(database);
    let fresh = target.with_extension("restoring");
    // Left over from a restore that was cut off; never a database that somebody uses.
    let _ = std::fs::remove_file(&fresh);
    copy_sqlite(backup, &fresh).with_context(|| backup.display().to_string())?;
    let store = SqliteStore::open(&fresh)?;
    new_epoch(&store, &epoch)?;
    drop(store);
    if target.exists() {
        let kept = (1..).map(|n| target.with_extension(format!("before-restore-{n}"))).find(|path| !path.exists());
        let kept = kept.context("a free name")?;
        // What was there is kept, and not in the way.
        for ending in ["", "-wal", "-shm"] {
            let beside = |path: &Path| std::path::PathBuf::from(format!("{}{ending}", path.display()));
            if beside(target).exists() {
                std::fs::rename(beside(target), beside(&kept)).with_context(|| kept.display().to_string())?;
            }
        }
    }
    std::fs::rename(&fresh, target).with_context(|| target.display().to_string())
}

/// Every record, under one snapshot of the source.
fn transfer(from: &dyn Store, to: &dyn Store) -> Result<()> {
    let copied = from.read(&mut |source| {
        for (table, columns) in TABLES {
            let mut after = 0;
            loop {
                let records = page(source, table, columns, after)?;
                let Some(last) = records.last() else { break };
                after += records.len() as u64;
                if *table == "events" {
                    after = last[0].number();
                }
                let whole = (records.len() as u64) < PAGE;
                let insert = insert(table, columns);
                to.write(Box::new(move |sql| records.iter().try_for_each(|record| sql.run(&insert, record).map(drop))))?;
                if whole {
                    break;
                }
            }
        }
        Ok(())
    });
    copied.context("the copy")
}

fn page(source: &mut dyn Sql, table: &str, columns: &[&str], after: u64) -> Result<Vec<Vec<Val>>, StoreErr> {
    let list = columns.join(", ");
    if table == "events" {
        // Its key is a number: no page has to count past the ones before it.
        let select = format!("select {list} from events where seq > $1 order by seq limit {PAGE}");
        return source.rows(&select, &[Val::from(after)]);
    }
    let select = format!("select {list} from {table} order by {list} limit {PAGE} offset $1");
    source.rows(&select, &[Val::from(after)])
}

fn insert(table: &str, columns: &[&str]) -> String {
    let places: Vec<String> = (1..=columns.len()).map(|place| format!("${place}")).collect();
    format!("insert into {table} ({}) values ({})", columns.join(", "), places.join(", "))
}
