//! PostgreSQL, for several server processes over one database. A lock that is held to the end of each writing transaction
//! makes commit order the order of `seq`; NOTIFY inside it tells every process.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::Duration,
};

use postgres::{
    Client, Statement,
    fallible_iterator::FallibleIterator as _,
    types::{FromSql, ToSql, Type},
};

use super::{
    Act, Crowd, Item, MIGRATIONS, Record, Sql, Store, StoreErr, Tell, Val, migrate,
    numeric::Whole,
    pool::Pool,
    tls::Address,
    writer::{Writer, Writes, lock},
};

const READERS: usize = 8;
/// Whoever writes holds this advisory lock.
const BEGIN: &str = "begin; select pg_advisory_xact_lock(7468)";
/// Statements that one connection knows by heart.
const KNOWN: usize = 256;
/// How long a commit of another process may go unheard when the connection that listens was lost.
const LISTEN: Duration = Duration::from_secs(5);

impl From<postgres::Error> for StoreErr {
    fn from(err: postgres::Error) -> Self {
        match err.code() {
            Some(&postgres::error::SqlState::DISK_FULL) => Self::Full,
            _ => Self::Database(std::error::Error::source(&err).map_or_else(|| err.to_string(), |why| format!("{err}: {why}"))),
        }
    }
}

struct Link {
    client: Client,
    address: Address,
    /// Each is taken apart and planned once.
    known: BTreeMap<String, Statement>,
    /// The transaction moves the head, which other processes must hear of.
    moves: bool,
}

fn connect(address: &Address) -> Result<Link, StoreErr> {
    let mut client = address.connect()?;
    client.batch_execute("set synchronous_commit = on")?;
    Ok(Link { client, address: address.clone(), known: BTreeMap::new(), moves: false })
}

impl Link {
    fn statement(&mut self, sql: &str) -> Result<Statement, StoreErr> {
        if let Some(known) = self.known.get(sql) {
            return Ok(known.clone());
        }
        let statement = self.client.prepare(sql)?;
        if KNOWN <= self.known.len() {
            self.known.clear();
        }
        self.known.insert(sql.to_owned(), statement.clone());
        Ok(statement)
    }
}

impl Sql for Link {
    fn each(&mut self, sql: &str, params: &[Val], take: &mut dyn FnMut(Record) -> Result<(), StoreErr>) -> Result<(), StoreErr> {
        let statement = self.statement(sql)?;
        let columns: Arc<[String]> = statement.columns().iter().map(|column| column.name().to_owned()).collect();
        let mut found = self.client.query_raw(&statement, params.iter().map(Val::as_sql))?;
        while let Some(row) = found.next()? {
            let values = (0..columns.len()).map(|at| value(&row, at)).collect::<Result<_, _>>()?;
            take(Record::new(&columns, values))?;
        }
        Ok(())
    }

    fn run(&mut self, sql: &str, params: &[Val]) -> Result<u64, StoreErr> {
        let statement = self.statement(sql)?;
        let params: Vec<&(dyn ToSql + Sync)> = params.iter().map(Val::as_sql).collect();
        self.moves |= sql.starts_with("update realm");
        Ok(self.client.execute(&statement, &params)?)
    }
}

impl Val {
    fn as_sql(&self) -> &(dyn ToSql + Sync) {
        const NULL: Option<&str> = None;
        match self {
            Self::Null => &NULL,
            Self::Int(n) => n,
            Self::Text(text) => text,
            Self::Bytes(bytes) => bytes,
        }
    }
}

/// A type that nobody here reads is an error too: it would have to be taken for something.
fn value(row: &postgres::Row, at: usize) -> Result<Val, StoreErr> {
    fn of<'a, T: FromSql<'a>>(row: &'a postgres::Row, at: usize, val: fn(T) -> Val) -> Result<Val, postgres::Error> {
        Ok(row.try_get::<_, Option<T>>(at)?.map_or(Val::Null, val))
    }
    let column = &row.columns()[at];
    let found = match *column.type_() {
        Type::INT8 => of(row, at, Val::Int),
        Type::INT4 => of(row, at, |n: i32| Val::Int(n.into())),
        Type::NUMERIC => of(row, at, |n: Whole| Val::Int(n.0)),
        Type::BOOL => of(row, at, |is: bool| Val::Int(is.into())),
        Type::BYTEA => of(row, at, Val::Bytes),
        _ => of(row, at, Val::Text),
    };
    found.map_err(|err| {
        let why = std::error::Error::source(&err).map_or_else(|| err.to_string(), ToString::to_string);
        StoreErr::Database(format!("column {}, which is {}: {why}", column.name(), column.type_()))
    })
}

impl Writes for Link {
    fn begin(&mut self) -> Result<(), StoreErr> {
        self.moves = false;
        self.batch(BEGIN)
    }

    fn batch(&mut self, sql: &str) -> Result<(), StoreErr> {
        Ok(self.client.batch_execute(sql)?)
    }

    fn commit(&mut self) -> Result<(), StoreErr> {
        self.batch(if self.moves { "notify spotter; commit" } else { "commit" })
    }

    fn goes_on(&self) -> bool {
        !self.client.is_closed()
    }

    fn renew(&mut self) {
        // Failing again, the next write says so.
        if self.client.is_closed()
            && let Ok(link) = connect(&self.address)
        {
            *self = link;
        }
    }
}

pub struct PostgresStore {
    writer: Writer,
    readers: Pool<Link>,
    address: Address,
    tell: Arc<Mutex<Vec<Tell>>>,
    over: Arc<AtomicBool>,
}

impl PostgresStore {
    pub fn open(address: &str) -> Result<Self, StoreErr> {
        Self::made_by(address, MIGRATIONS)
    }

    /// With these steps, whichever of them it has not taken yet.
    pub fn made_by(address: &str, steps: &[&str]) -> Result<Self, StoreErr> {
        let address = Address::parse(address)?;
        let mut link = connect(&address)?;
        link.begin()?;
        migrate(&mut link, steps, &|script| script.replace(" blob ", " bytea "))?;
        link.batch("commit")?;
        let (tell, over): (Arc<Mutex<Vec<Tell>>>, Arc<AtomicBool>) = Default::default();
        let mut listener = connect(&address)?;
        listener.client.batch_execute("listen spotter")?;
        let (told, ended) = (Arc::clone(&tell), Arc::clone(&over));
        let listens = move || listen(listener, &told, &ended);
        thread::Builder::new().name("listener".to_owned()).spawn(listens).map_err(|err| StoreErr::Database(err.to_string()))?;
        Ok(Self { writer: Writer::start(link)?, readers: Pool::new(READERS), address, tell, over })
    }
}

impl Drop for PostgresStore {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Relaxed);
    }
}

/// Whoever is told looks at the head itself, so being told too often is harmless, and being told late is not for long.
fn listen(mut link: Link, tell: &Mutex<Vec<Tell>>, over: &AtomicBool) {
    while !over.load(Ordering::Relaxed) {
        let heard = link.client.notifications().timeout_iter(LISTEN).next();
        // Many notices at once are one.
        while let Ok(Some(_)) = link.client.notifications().iter().next() {}
        lock(tell).iter().for_each(|tell| tell());
        if heard.is_err() || link.client.is_closed() {
            thread::sleep(Duration::from_millis(500));
            if let Ok(mut fresh) = connect(&link.address)
                && fresh.client.batch_execute("listen spotter").is_ok()
            {
                link = fresh;
            }
        }
    }
}

impl Store for PostgresStore {
    fn read(&self, act: &mut dyn FnMut(&mut dyn Sql) -> Result<(), StoreErr>) -> Result<(), StoreErr> {
        self.readers.with(
            || connect(&self.address),
            |link| {
                let begun = link.client.batch_execute("begin isolation level repeatable read read only");
                let outcome = begun.map_err(StoreErr::from).and_then(|()| act(link));
                let ended = link.client.batch_execute("commit");
                (outcome, ended.is_ok() && !link.client.is_closed())
            },
        )?
    }

    fn write(&self, act: Act) -> Result<(), StoreErr> {
        self.writer.write(act)
    }

    fn glance(&self, sql: &str, params: &[Val]) -> Result<Vec<Record>, StoreErr> {
        self.readers.with(
            || connect(&self.address),
            |link| {
                let found = link.rows(sql, params);
                (found, !link.client.is_closed())
            },
        )?
    }

    fn together(&self, crowd: Crowd, item: Item) -> Result<Item, StoreErr> {
        self.writer.together(crowd, item)
    }

    fn on_commit(&self, tell: Tell) {
        lock(&self.tell).push(tell);
    }
}
