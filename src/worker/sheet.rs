//! The sheet of the workout that is going on: one mutable slot per lane, written at every keystroke, two halves by turns
//! so that a torn write leaves the one before.

use device::SHEET_HALF;
use ledger::{Encryption, Header, Role};

use crate::{
    clock::Chance,
    fail::Fail,
    files::{Held, Pool},
    vault::{self, Vault},
};

const HALF: u64 = SHEET_HALF as u64;

pub(crate) struct SheetSlot {
    held: Held,
    generation: u64,
}

impl SheetSlot {
    pub(crate) fn file(lane: &str) -> String {
        format!("sheet-{lane}")
    }

    pub(crate) async fn open(pool: &Pool, lane: &str, generation: u64) -> Result<Self, Fail> {
        let name = Self::file(lane);
        pool.create(&name).await?;
        Ok(Self { held: pool.claim_patiently(&name).await?, generation })
    }

    /// At once or not at all: what is to be saved waits behind it. The clock keeps its generations apart.
    pub(crate) async fn again(pool: &Pool, lane: &str) -> Result<Self, Fail> {
        let name = Self::file(lane);
        pool.create(&name).await?;
        Ok(Self { held: pool.claim(&name).await?, generation: 0 })
    }

    pub(crate) async fn save(&mut self, vault: Option<&Vault>, json: &str, now_ms: u64) -> Result<(), Fail> {
        // Its parity says which half it is in, and it must not be the half of the one before.
        let mut generation = now_ms.max(self.generation + 1);
        generation += u64::from(generation % 2 == self.generation % 2);
        let bytes = seal::whole(vault, Role::Draft, [0; 16], generation, json.as_bytes(), &mut Chance).await?;
        if HALF < bytes.len() as u64 {
            return Err(Fail::Other("the sheet is too long".to_owned()));
        }
        let at = if generation.is_multiple_of(2) { 0 } else { HALF };
        self.held.write(at, &bytes).await?;
        self.generation = generation;
        Ok(())
    }
}

/// The newest whole sheet in a file, with its generation.
pub(crate) async fn read(vault: Option<&Vault>, file: &[u8]) -> Option<(u64, String)> {
    let mut newest: Option<(u64, String)> = None;
    for half in [file.get(..file.len().min(SHEET_HALF)), file.get(SHEET_HALF..)].into_iter().flatten() {
        let bytes = vault::plain(vault, half.to_vec()).await;
        let sheet = || {
            let header = Header::decode(&bytes).ok().filter(|header| header.role == Role::Draft)?;
            let plain = header.payload(&bytes).ok().filter(|_| header.encryption == Encryption::None)?;
            Some((header.generation, String::from_utf8(plain.to_vec()).ok()?))
        };
        newest = newest.into_iter().chain(sheet()).max_by_key(|(generation, _)| *generation);
    }
    newest
}
