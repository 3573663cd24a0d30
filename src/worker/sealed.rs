//! Sealed files: whole, checked, never written to again.

use device::{PoolFile, SealedFile, hex};
use ledger::{HEADER_LEN, Header, Role, Row};

use crate::{ask, clock::use_id, fail::Fail, files::Pool, port, start::note_received, state, vault};

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

/// Puts Parquet into a free pool file. It counts once the manifest lists it as `listed` says.
pub(crate) async fn store(pool: &Pool, parquet: &[u8], listed: SealedFile) -> Result<SealedFile, Fail> {
    let use_id = use_id();
    // The index that will list it: until then, and when the index is lost, the file itself says that it counts.
    let generation = state::with(|state| state.manifest.generation + 1);
    let file = vault::whole(state::vault().as_ref(), Role::Sealed, use_id, generation, parquet).await?;
    let header = Header::decode(&file[..HEADER_LEN]).map_err(|why| Fail::Other(why.to_string()))?;
    let slot = port::claim_free(pool).await?;
    if listed.segment.is_some() {
        note_received().await;
    }
    slot.held.replace(&file)?;
    Ok(SealedFile {
        file: slot.name.clone(),
        use_id: hex(&use_id),
        bytes: parquet.len() as u64,
        hash: hex(&header.payload_hash),
        ..listed
    })
}
