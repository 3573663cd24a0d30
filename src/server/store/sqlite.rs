//! SQLite: WAL, synchronous FULL. A reader sees a commit only after its `fsync`.

use std::{
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
};

use rusqlite::{Connection, OpenFlags, types::ValueRef};

use super::{
    Act, Record, Sql, Store, StoreErr, Tell, Val, migrate,
    pool::Pool,
    writer::{Writer, Writes, lock},
};

const READERS: usize = 8;

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
}

impl Sql for Link {
    fn rows(&mut self, sql: &str, params: &[Val]) -> Result<Vec<Record>, StoreErr> {
        let mut statement = self.connection.prepare_cached(&spelt(sql))?;
        let columns = statement.column_count();
        let mut found = statement.query(rusqlite::params_from_iter(params.iter().map(Param)))?;
        let mut out = Vec::new();
        while let Some(row) = found.next()? {
            let mut record = Vec::with_capacity(columns);
            for at in 0..columns {
                record.push(match row.get_ref(at)? {
                    ValueRef::Null => Val::Null,
                    ValueRef::Integer(n) => Val::Int(n),
                    ValueRef::Text(text) => Val::Text(String::from_utf8_lossy(text).into_owned()),
                    ValueRef::Blob(bytes) => Val::Bytes(bytes.to_vec()),
                    ValueRef::Real(_) => return Err(StoreErr::Database("a number that is not whole".to_owned())),
                });
            }
            out.push(record);
        }
        Ok(out)
    }

    fn run(&mut self, sql: &str, params: &[Val]) -> Result<u64, StoreErr> {
        let mut statement = self.connection.prepare_cached(&spelt(sql))?;
        Ok(statement.execute(rusqlite::params_from_iter(params.iter().map(Param)))? as u64)
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
    /// Opens the file, or makes it.
    pub fn open(path: &Path) -> Result<Self, StoreErr> {
        let tell: Arc<Mutex<Vec<Tell>>> = Arc::default();
        let mut link = Link { connection: connect(path)?, tell: Arc::clone(&tell) };
        link.connection.pragma_update(None, "journal_mode", "wal")?;
        link.begin()?;
        migrate(&mut link, &str::to_owned)?;
        link.batch("commit")?;
        Ok(Self { writer: Writer::start(link)?, readers: Pool::new(READERS), path: path.to_owned(), tell })
    }
}

fn connect(path: &Path) -> Result<Connection, StoreErr> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(std::time::Duration::from_secs(5))?;
    connection.pragma_update(None, "synchronous", "full")?;
    connection.set_prepared_statement_cache_capacity(128);
    Ok(connection)
}

/// A copy of a running database, whole: what was committed when it began.
pub fn copy(from: &Path, to: &Path) -> Result<(), StoreErr> {
    let source = Connection::open_with_flags(from, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    let mut target = Connection::open(to)?;
    rusqlite::backup::Backup::new(&source, &mut target)?.run_to_completion(1_000, std::time::Duration::ZERO, None)?;
    let sound: String = target.query_row("pragma integrity_check", [], |row| row.get(0))?;
    if sound != "ok" {
        return Err(StoreErr::Database(format!("the copy is not sound: {sound}")));
    }
    Ok(())
}

impl Store for SqliteStore {
    fn read(&self, act: &mut dyn FnMut(&mut dyn Sql) -> Result<(), StoreErr>) -> Result<(), StoreErr> {
        let open = || Ok(Link { connection: connect(&self.path)?, tell: Arc::default() });
        self.readers.with(open, |link| {
            let outcome = link.batch("begin").and_then(|()| act(link));
            let ended = link.batch("commit");
            (outcome, ended.is_ok())
        })?
    }

    fn write(&self, act: Act) -> Result<(), StoreErr> {
        self.writer.write(act)
    }

    fn on_commit(&self, tell: Tell) {
        lock(&self.tell).push(tell);
    }
}
