//! Backup and restore. A backup is one SQLite file, whatever database it comes from, and can be restored into either.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result, bail};

use crate::{
    accounts::secret,
    replicate::set_epoch,
    store::{PostgresStore, Record, Sql, SqliteStore, Store, StoreErr, Table, Val, copy_sqlite, sqlite, tables, write},
};

/// What lets somebody in. A backup keeps it, and no restore brings it back: a device that was shut out since, or a code that
/// was spent, would count again.
const DOORS: [&str; 2] = ["sign_ins", "codes"];
const PAGE: u64 = 500;
/// Records that one statement writes.
const INSERT: usize = 64;

/// `postgres://…`, or the path of a SQLite file.
pub fn is_postgres(database: &str) -> bool {
    database.starts_with("postgres://") || database.starts_with("postgresql://")
}

pub fn backup(database: &str, out: &Path) -> Result<()> {
    if out.exists() {
        bail!("{} is there already: a backup never overwrites anything", out.display());
    }
    if !is_postgres(database) && !Path::new(database).is_file() {
        bail!("there is no database {database}");
    }
    // Under its name a backup is whole.
    let part = sqlite::with_ending(out, ".part");
    sqlite::remove(&part);
    let made = match is_postgres(database) {
        true => export(database, &part),
        false => copy_sqlite(Path::new(database), &part).map_err(Into::into),
    };
    if made.is_err() {
        sqlite::remove(&part);
    }
    made.with_context(|| out.display().to_string())?;
    fs::rename(&part, out).with_context(|| out.display().to_string())?;
    sync_folder(out)
}

fn export(database: &str, part: &Path) -> Result<()> {
    let from = PostgresStore::open(database)?;
    let to = SqliteStore::open(part)?;
    let tables = tables()?;
    write(&to, move |sql| from.read(&mut |source| transfer(&tables, source, sql))).context("the copy")?;
    drop(to);
    Ok(sqlite::fold(part)?)
}

/// Puts a backup in the place of a database, under a new epoch: every device reads again from the beginning, and sends
/// what the backup lacks. Whatever happens meanwhile, there is either what was there before or all of the backup.
pub fn restore(backup: &Path, database: &str) -> Result<()> {
    if !backup.is_file() {
        bail!("there is no backup {}", backup.display());
    }
    let epoch = secret().map_err(|problem| anyhow::anyhow!("{problem}"))?[..32].to_owned();
    if is_postgres(database) {
        restore_postgres(backup, database, epoch)
    } else {
        restore_sqlite(backup, Path::new(database), epoch)
    }
}

/// In one transaction: until it is committed, everybody sees what was there before.
fn restore_postgres(backup: &Path, database: &str, epoch: String) -> Result<()> {
    let to = PostgresStore::open(database)?;
    // An old backup is brought up to date before it is read, and nobody's backup is written to.
    let copy = std::env::temp_dir().join(format!("spotter-restore-{epoch}.db"));
    let restored = copy_sqlite(backup, &copy).with_context(|| backup.display().to_string()).and_then(|()| {
        let (from, mut tables) = (SqliteStore::open(&copy)?, tables()?);
        let all = move |sql: &mut dyn Sql| {
            for Table { name, .. } in &tables {
                sql.run(&format!("delete from {name}"), &[])?;
            }
            tables.retain(|table| !DOORS.contains(&&table.name[..]));
            from.read(&mut |source| transfer(&tables, source, sql))?;
            set_epoch(sql, &epoch)
        };
        Ok(write(&to, all)?)
    });
    sqlite::remove(&copy);
    restored
}

fn restore_sqlite(backup: &Path, target: &Path, epoch: String) -> Result<()> {
    let (fresh, begun) = (sqlite::with_ending(target, ".restored"), sqlite::begun(target));
    // Left over from a restore that was cut off; never a database that somebody uses.
    sqlite::remove(&fresh);
    let made = copy_sqlite(backup, &fresh).and_then(|()| {
        let store = SqliteStore::open(&fresh)?;
        write(&store, move |sql| {
            for table in DOORS {
                sql.run(&format!("delete from {table}"), &[])?;
            }
            set_epoch(sql, &epoch)
        })?;
        drop(store);
        sqlite::fold(&fresh)
    });
    if made.is_err() {
        sqlite::remove(&fresh);
    }
    made.with_context(|| backup.display().to_string())?;
    // From here on no server starts here, until the last rename takes this name away.
    fs::rename(&fresh, &begun).with_context(|| begun.display().to_string())?;
    sync_folder(target)?;
    if sqlite::in_use(target) {
        fs::remove_file(&begun).with_context(|| begun.display().to_string())?;
        bail!("{} is in use: stop the server first; nothing was changed", target.display());
    }
    set_aside(target)?;
    fs::rename(&begun, target).with_context(|| target.display().to_string())?;
    sync_folder(target)?;
    sqlite::check_file(target).with_context(|| target.display().to_string())
}

/// Keeps what was there, and leaves nothing beside the database that belongs to another: a log that a crash left would be
/// written into whatever lies there under its name. The database itself keeps its name until another takes it.
fn set_aside(target: &Path) -> Result<()> {
    let free = |path: &PathBuf| !path.exists() && sqlite::beside(path).iter().all(|file| !file.exists());
    let kept = (1..).map(|n| sqlite::with_ending(target, &format!(".before-restore-{n}"))).find(free).context("a free name")?;
    if target.exists() && fs::hard_link(target, &kept).is_err() {
        // Not every file system has two names for one file.
        fs::copy(target, &kept).and_then(|_| fs::File::open(&kept)?.sync_all()).with_context(|| kept.display().to_string())?;
    }
    for (left, kept) in sqlite::beside(target).iter().zip(sqlite::beside(&kept)) {
        if left.exists() {
            fs::rename(left, &kept).with_context(|| kept.display().to_string())?;
        }
    }
    sync_folder(target)
}

/// A name is on the disk when its folder is.
fn sync_folder(path: &Path) -> Result<()> {
    #[cfg(unix)]
    {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        fs::File::open(folder).and_then(|folder| folder.sync_all()).with_context(|| folder.display().to_string())?;
    }
    Ok(())
}

/// Every record of some tables, from one snapshot into one transaction.
fn transfer(tables: &[Table], source: &mut dyn Sql, to: &mut dyn Sql) -> Result<(), StoreErr> {
    for table in tables {
        let mut after = 0;
        loop {
            let records = page(source, table, after)?;
            for some in records.chunks(INSERT) {
                let values: Vec<Val> = some.iter().flat_map(Record::values).cloned().collect();
                to.run(&insert(table, some.len()), &values)?;
            }
            let Some(last) = records.last() else { break };
            after = match table.columns.iter().position(|column| is_log(table) && column == "seq") {
                Some(seq) => last.get(seq)?,
                None => after + records.len() as u64,
            };
            if (records.len() as u64) < PAGE {
                break;
            }
        }
    }
    Ok(())
}

/// The one table that grows for ever. Its key is a number: no page of it has to count past the ones before.
fn is_log(table: &Table) -> bool {
    table.name == "events"
}

fn page(source: &mut dyn Sql, table: &Table, after: u64) -> Result<Vec<Record>, StoreErr> {
    let (name, list) = (&table.name, table.columns.join(", "));
    let select = match is_log(table) {
        true => format!("select {list} from {name} where seq > $1 order by seq limit {PAGE}"),
        false => format!("select {list} from {name} order by {list} limit {PAGE} offset $1"),
    };
    source.rows(&select, &[Val::from(after)])
}

fn insert(Table { name, columns }: &Table, records: usize) -> String {
    let record = |nth: usize| {
        let places: Vec<String> = (1..=columns.len()).map(|place| format!("${}", nth * columns.len() + place)).collect();
        format!("({})", places.join(", "))
    };
    let records: Vec<String> = (0..records).map(record).collect();
    format!("insert into {name} ({}) values {}", columns.join(", "), records.join(", "))
}
