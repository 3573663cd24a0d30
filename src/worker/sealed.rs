//! Sealed files: whole, checked, never written to again.

use device::{PoolFile, SealedFile, Whole, hex};
use ledger::{HEADER_LEN, Hash, Header, Row};

use crate::{ask, fail::Fail, files::Pool, port, state, vault};

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

/// Puts it into a free pool file. It counts once the manifest lists it.
pub(crate) async fn store(pool: &Pool, whole: Whole) -> Result<(String, Hash), Fail> {
    let Whole { role, use_id, generation, content } = whole;
    let file = vault::whole(state::vault().as_ref(), role, use_id, generation, &content).await?;
    let header = Header::decode(&file[..HEADER_LEN]).map_err(|why| Fail::Other(why.to_string()))?;
    let slot = port::claim_free(pool).await?;
    slot.held.replace(&file)?;
    Ok((slot.name, hex(&header.payload_hash)))
}
