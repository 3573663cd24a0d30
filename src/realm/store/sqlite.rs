//! SQLite: WAL, synchronous FULL. A reader sees a commit only after its `fsync`. Its files are its owner's alone, and what is
//! deleted is overwritten.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
    time::Duration,
};

use rusqlite::{Connection, OpenFlags, config::DbConfig, types::ValueRef};

use super::{
    Act, Crowd, Item, MIGRATIONS, Record, Sql, Store, StoreErr, Table, Tell, Val, migrate,
    pool::Pool,
    writer::{Writer, Writes, lock},
};

const READERS: usize = 8;
const BUSY: Duration = Duration::from_secs(5);

impl From<rusqlite::Error> for StoreErr {
    fn from(err: rusqlite::Error) -> Self {
        match err.sqlite_error_code() {
            Some(rusqlite::ErrorCode::DiskFull) => Self::Full,
            Some(rusqlite::ErrorCode::DatabaseBusy | rusqlite::ErrorCode::DatabaseLocked) => Self::Busy,
            _ => Self::Database(err.to_string()),
        }
    }
}

struct Link {
    connection: Connection,
    tell: Arc<Mutex<Vec<Tell>>>,
    /// Something was deleted whose old bytes are still in the log.
    erased: bool,
}

impl Sql for Link {
    fn each(&mut self, sql: &str, params: &[Val], take: &mut dyn FnMut(Record) -> Result<(), StoreErr>) -> Result<(), StoreErr> {
        let mut statement = self.connection.prepare_cached(&spelt(sql))?;
        let columns: Arc<[String]> = statement.column_names().into_iter().map(str::to_owned).collect();
        let mut found = statement.query(rusqlite::params_from_iter(params.iter().map(Param)))?;
        while let Some(row) = found.next()? {
            let mut values = Vec::with_capacity(columns.len());
            for (at, column) in columns.iter().enumerate() {
                values.push(match row.get_ref(at)? {
                    ValueRef::Null => Val::Null,
                    ValueRef::Integer(n) => Val::Int(n),
                    ValueRef::Text(text) => Val::Text(String::from_utf8_lossy(text).into_owned()),
                    ValueRef::Blob(bytes) => Val::Bytes(bytes.to_vec()),
                    ValueRef::Real(_) => {
                        return Err(StoreErr::Database(format!(
                            "column {column} holds a number with decimals, and nothing here does"
                        )));
                    }
                });
            }
            take(Record::new(&columns, values))?;
        }
        Ok(())
    }

    fn run(&mut self, sql: &str, params: &[Val]) -> Result<u64, StoreErr> {
        let mut statement = self.connection.prepare_cached(&spelt(sql))?;
        let touched = statement.execute(rusqlite::params_from_iter(params.iter().map(Param)))? as u64;
        self.erased |= 0 < touched && sql.starts_with("delete");
        Ok(touched)
    }
}

impl Writes for Link {
    fn begin(&mut self) -> Result<(), StoreErr> {
        self.batch("begin immediate")
    }

    fn batch(&mut self, sql: &str) -> Result<(), StoreErr> {
        Ok(self.connection.execute_batch(sql)?)
    }

    fn commit(&mut self) -> Result<(), StoreErr> {
        self.batch("commit")?;
        lock(&self.tell).iter().for_each(|tell| tell());
        Ok(())
    }

    fn goes_on(&self) -> bool {
        !self.connection.is_autocommit()
    }

    /// The pages of before a deletion are in the log until it is written into the file and cut off. Nobody is kept waiting
    /// for that: while somebody reads, it is tried again later.
    fn tidy(&mut self) -> bool {
        if self.erased {
            let _ = self.connection.busy_timeout(Duration::ZERO);
            let busy = self.connection.query_row("pragma wal_checkpoint(truncate)", [], |row| row.get::<_, i64>(0));
            self.erased = busy != Ok(0);
            let _ = self.connection.busy_timeout(BUSY);
        }
        self.erased
    }
}

/// `$1` is a name to SQLite, `?1` a number.
fn spelt(sql: &str) -> String {
    sql.replace('$', "?")
}

struct Param<'a>(&'a Val);

impl rusqlite::ToSql for Param<'_> {
    fn to_sql(&self) -> rusqlite::Result<rusqlite::types::ToSqlOutput<'_>> {
        use rusqlite::types::{ToSqlOutput, Value};
        Ok(match self.0 {
            Val::Null => ToSqlOutput::Owned(Value::Null),
            Val::Int(n) => ToSqlOutput::Owned(Value::Integer(*n)),
            Val::Text(text) => ToSqlOutput::Borrowed(ValueRef::Text(text.as_bytes())),
            Val::Bytes(bytes) => ToSqlOutput::Borrowed(ValueRef::Blob(bytes)),
        })
    }
}

pub struct SqliteStore {
    // Dropped first, so that the last connection to close is a reader's and the log goes into the file.
    writer: Writer,
    readers: Pool<Link>,
    path: PathBuf,
    tell: Arc<Mutex<Vec<Tell>>>,
}

impl SqliteStore {
    /// Opens the file, or makes it; but never where a restore was begun and not finished.
    pub fn open(path: &Path) -> Result<Self, StoreErr> {
        Self::made_by(path, MIGRATIONS)
    }

    /// With these steps, whichever of them it has not taken yet.
    pub fn made_by(path: &Path, steps: &[&str]) -> Result<Self, StoreErr> {
        let begun = begun(path);
        if begun.exists() {
            return Err(StoreErr::Database(format!(
                "a restore was begun here and not finished: run `spotter restore` once more; to go on with what was here before, \
                remove {}",
                begun.display()
            )));
        }
        make_private(path)?;
        let tell: Arc<Mutex<Vec<Tell>>> = Arc::default();
        let mut link = Link { connection: connect(path)?, tell: Arc::clone(&tell), erased: false };
        link.connection.pragma_update(None, "journal_mode", "wal")?;
        link.connection.pragma_update(None, "secure_delete", "on")?;
        link.begin()?;
        migrate(&mut link, steps, &str::to_owned)?;
        link.batch("commit")?;
        Ok(Self { writer: Writer::start(link)?, readers: Pool::new(READERS), path: path.to_owned(), tell })
    }

    fn reader(&self) -> Result<Link, StoreErr> {
        Ok(Link { connection: connect(&self.path)?, tell: Arc::default(), erased: false })
    }
}

fn connect(path: &Path) -> Result<Connection, StoreErr> {
    let connection = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    connection.busy_timeout(BUSY)?;
    connection.pragma_update(None, "synchronous", "full")?;
    connection.set_prepared_statement_cache_capacity(256);
    Ok(connection)
}

impl From<std::io::Error> for StoreErr {
    fn from(err: std::io::Error) -> Self {
        match err.kind() {
            std::io::ErrorKind::StorageFull => Self::Full,
            _ => Self::Database(err.to_string()),
        }
    }
}

/// The file is there, and nobody but its owner reads or writes it. SQLite gives what it makes beside it the same mode.
fn make_private(path: &Path) -> Result<(), StoreErr> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create(true).truncate(false);
    #[cfg(unix)]
    {
        use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
        options.mode(0o600);
        options.open(path)?;
        for ending in ["", "-wal", "-shm"] {
            let file = with_ending(path, ending);
            let open = fs::metadata(&file).is_ok_and(|found| found.permissions().mode() & 0o077 != 0);
            // One that belongs to somebody else is theirs to close.
            if open && let Err(err) = fs::set_permissions(&file, fs::Permissions::from_mode(0o600)) {
                tracing::warn!(%err, file = %file.display(), "others may read this file");
            }
        }
    }
    #[cfg(not(unix))]
    options.open(path)?;
    Ok(())
}

pub fn with_ending(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    name.into()
}

/// A whole database that waits to take the place of `path`: while it is there, a restore has begun and is not finished.
pub fn begun(path: &Path) -> PathBuf {
    with_ending(path, ".restoring")
}

/// What SQLite may have left beside a database, and would apply to whatever it finds in that database's place.
pub fn beside(path: &Path) -> [PathBuf; 3] {
    ["-wal", "-shm", "-journal"].map(|ending| with_ending(path, ending))
}

/// A copy of a database that may be in use, whole: what was committed when it began. It is made in one step, however much is
/// written meanwhile, and without the places where something was deleted.
pub fn copy(from: &Path, to: &Path) -> Result<(), StoreErr> {
    let source = Connection::open_with_flags(from, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    source.busy_timeout(BUSY)?;
    make_private(to)?;
    let made = source.execute("vacuum into ?1", [to.to_string_lossy()]).map_err(StoreErr::from).and_then(|_| fold(to));
    if made.is_err() {
        // Half a copy looks like one.
        remove(to);
    }
    made
}

/// Every table that holds something, by name. The scripts are asked, by running them on nothing: a database in use may have
/// tables of somebody else beside ours.
pub fn tables() -> Result<Vec<Table>, StoreErr> {
    let connection = Connection::open_in_memory()?;
    MIGRATIONS.iter().try_for_each(|step| connection.execute_batch(step))?;
    let mut select = connection.prepare(
        "select t.name, c.name from sqlite_master t join pragma_table_info(t.name) c where t.type = 'table' order by t.name, c.cid",
    )?;
    let (mut found, mut out) = (select.query([])?, Vec::<Table>::new());
    while let Some(row) = found.next()? {
        let (name, column) = (row.get(0)?, row.get(1)?);
        match out.last_mut().filter(|table| table.name == name) {
            Some(table) => table.columns.push(column),
            None => out.push(Table { name, columns: vec![column] }),
        }
    }
    Ok(out)
}

/// A database of nobody's, with what is beside it.
pub fn remove(path: &Path) {
    let _ = fs::remove_file(path);
    beside(path).iter().for_each(|file| _ = fs::remove_file(file));
}

/// Everything of a database into its one file, which is sound and on the disk. Nobody else may have it open.
pub fn fold(path: &Path) -> Result<(), StoreErr> {
    let connection = connect(path)?;
    connection.pragma_update(None, "journal_mode", "delete")?;
    check(&connection)?;
    drop(connection);
    fs::File::open(path)?.sync_all()?;
    Ok(())
}

fn check(connection: &Connection) -> Result<(), StoreErr> {
    let sound: String = connection.query_row("pragma integrity_check", [], |row| row.get(0))?;
    if sound == "ok" { Ok(()) } else { Err(StoreErr::Database(format!("it is not sound: {sound}"))) }
}

/// Whether a database is sound as whoever opens it next will find it.
pub fn check_file(path: &Path) -> Result<(), StoreErr> {
    check(&Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?)
}

/// Whether some process has the database open. It is looked at without changing anything.
pub fn in_use(path: &Path) -> bool {
    let lock = || -> rusqlite::Result<()> {
        let connection = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
        connection.busy_timeout(Duration::ZERO)?;
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
        connection.pragma_update(None, "locking_mode", "exclusive")?;
        connection.execute_batch("begin exclusive; rollback")
    };
    let busy = |err: &rusqlite::Error| {
        matches!(err.sqlite_error_code(), Some(rusqlite::ErrorCode::DatabaseBusy | rusqlite::ErrorCode::DatabaseLocked))
    };
    lock().is_err_and(|err| busy(&err))
}

impl Store for SqliteStore {
    fn read(&self, act: &mut dyn FnMut(&mut dyn Sql) -> Result<(), StoreErr>) -> Result<(), StoreErr> {
        let open = || self.reader();
        self.readers.with(open, |link| {
            let outcome = link.batch("begin").and_then(|()| act(link));
            let ended = link.batch("commit");
            (outcome, ended.is_ok())
        })?
    }

    fn write(&self, act: Act) -> Result<(), StoreErr> {
        self.writer.write(act)
    }

    fn glance(&self, sql: &str, params: &[Val]) -> Result<Vec<Record>, StoreErr> {
        self.readers.with(|| self.reader(), |link| (link.rows(sql, params), true))?
    }

    fn together(&self, crowd: Crowd, item: Item) -> Result<Item, StoreErr> {
        self.writer.together(crowd, item)
    }

    fn on_commit(&self, tell: Tell) {
        lock(&self.tell).push(tell);
    }
}
