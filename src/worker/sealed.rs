//! Sealed files: whole, checked, never written to again.

use device::{PoolFile, SealedFile, hex};
use ledger::Row;

use crate::{ask, fail::Fail, files::Pool, state, vault};

/// A file of the pool as if nothing had ever been encrypted.
pub(crate) async fn file(pool: &Pool, name: String) -> Result<PoolFile, Fail> {
    let bytes = vault::plain(state::vault().as_ref(), pool.read(&name).await?).await;
    Ok(PoolFile { name, bytes })
}

/// The Parquet in a sealed file, when it is the one that was listed and every byte of it is right.
pub(crate) async fn payload(pool: &Pool, listed: &SealedFile) -> Result<Vec<u8>, Fail> {
    let bytes = pool.read(&listed.file).await?;
    let (header, content) = vault::content(state::vault().as_ref(), &bytes).await?;
    if hex(&header.use_id) != listed.use_id {
        return Err(Fail::Other(format!("{} is another file now", listed.file)));
    }
    Ok(content)
}

pub(crate) async fn rows(pool: &Pool, file: &SealedFile) -> Result<Vec<Row>, Fail> {
    ask::decode(&payload(pool, file).await?).await.map_err(Fail::Other)
}
