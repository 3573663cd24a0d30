//! The server's one log: every row in its order, who may read it, and the database under both.
//!
//! Belongs: SQLite and PostgreSQL, accounts and sign-ins, replication, fan-out, backups.
//! Never: HTTP, the command line, a clock, the models, the meaning of an encrypted row.

pub mod accounts;
mod backup;
pub mod hub;
pub mod replicate;
pub mod store;

use std::{path::Path, sync::Arc};

use anyhow::{Context as _, Result};

use self::store::{PostgresStore, SqliteStore, Store};
pub use self::{
    backup::{backup, is_postgres, restore},
    hub::fan_out,
};

/// Opens a database, or makes it: `postgres://…`, or the path of a SQLite file.
pub fn open(database: &str, now_ms: u64) -> Result<Arc<dyn Store>> {
    let store: Arc<dyn Store> = if is_postgres(database) {
        Arc::new(PostgresStore::open(database).context("PostgreSQL")?)
    } else {
        let path = Path::new(database);
        if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            std::fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
        }
        Arc::new(SqliteStore::open(path).with_context(|| path.display().to_string())?)
    };
    let epoch = accounts::secret().map_err(|problem| anyhow::anyhow!("{problem}"))?;
    replicate::found(&*store, &epoch[..32], now_ms)?;
    Ok(store)
}
