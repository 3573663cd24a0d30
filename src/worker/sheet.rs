//! The sheet of the workout that is going on: one mutable slot per lane, written at every keystroke, two halves by turns
//! so that a torn write leaves the one before.

use ledger::{HEADER_LEN, Header, Role, sealed_bytes};

use crate::{
    fail::Fail,
    files::{Held, Pool},
};

/// Far above any sheet; a longer one is refused rather than cut.
const HALF: u64 = 512 * 1024;

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

    pub(crate) fn save(&mut self, json: &str, now_ms: u64) -> Result<(), Fail> {
        // Its parity says which half it is in, and it must not be the half of the one before.
        let mut generation = now_ms.max(self.generation + 1);
        generation += u64::from(generation % 2 == self.generation % 2);
        let bytes = sealed_bytes(Role::Draft, [0; 16], generation, json.as_bytes());
        if HALF < bytes.len() as u64 {
            return Err(Fail::Other("the sheet is too long".to_owned()));
        }
        let at = if generation.is_multiple_of(2) { 0 } else { HALF };
        self.held.write(at, &bytes)?;
        self.generation = generation;
        Ok(())
    }
}

/// The newest whole sheet in a file, with its generation.
pub(crate) fn read(file: &[u8]) -> Option<(u64, String)> {
    let half = |at: usize| {
        let bytes = file.get(at..)?;
        let header = Header::decode(bytes).ok().filter(|header| header.role == Role::Draft)?;
        let json = String::from_utf8(header.payload(bytes).ok()?.to_vec()).ok()?;
        Some((header.generation, json))
    };
    const _: () = assert!(HEADER_LEN < HALF as usize, "a header fits a half");
    half(0).into_iter().chain(half(HALF as usize)).max_by_key(|(generation, _)| *generation)
}
