//! Does one thing that `device` wants done, on the disk, in the database or with the projector.

use std::{cell::Cell, rc::Rc};

use bridge::ToTables;
use device::{Act, Answer, Place, Ticket, Whole, hex};
use ledger::{HEADER_LEN, Header, Role};

use crate::{
    ask,
    births::value_of,
    clock::Chance,
    fail::Fail,
    files::{Held, Pool},
    js,
    reading::{self, RECEIVED, make_files},
    sealed,
    state::{self, Slot},
    tables, vault,
};

/// What one task is doing, and the file that it has taken.
pub(crate) struct Doing {
    pub(crate) ticket: Ticket,
    pub(crate) held: Option<Held>,
}

pub(crate) async fn perform(pool: &Pool, act: Act, doing: &mut Doing) -> Result<Answer, Fail> {
    let held = &mut doing.held;
    match act {
        Act::List => return pool.names().await.map(Answer::Names),
        Act::Heads(names) => {
            let mut heads = Vec::new();
            for name in names {
                let head = pool.head(&name).await.ok().map(|(head, _)| head);
                heads.push((name, head));
            }
            return Ok(Answer::Heads(heads));
        }
        Act::Read(name) => return Ok(Answer::Bytes(pool.read(&name).await.unwrap_or_default())),
        Act::Take { file, plain } => return take(pool, &file, plain, held).await,
        Act::Write(Whole { role, use_id, generation, content }) => {
            let bytes = seal::whole(state::vault().as_ref(), role, use_id, generation, &content, &mut Chance).await?;
            let header = Header::decode(&bytes[..HEADER_LEN]).map_err(|why| Fail::Other(why.to_string()))?;
            held.take().ok_or(Fail::NotFound)?.replace(&bytes).await?;
            return Ok(Answer::Written(hex(&header.payload_hash)));
        }
        Act::Free => {
            let header = Header { role: Role::Free, ..Header::open([0; 16]) };
            held.take().ok_or(Fail::NotFound)?.replace(&header.encode()).await?;
        }
        Act::Make(names) => {
            let births = state::with(|state| state.births.clone());
            make_files(pool, births.as_ref(), &names).await?;
        }
        Act::MadeAt(name) => return made_at(&name).await.map(Answer::MadeAt),
        Act::Begin { place, bytes } => begin(pool, place, bytes, held.take().ok_or(Fail::NotFound)?).await?,
        Act::Append { place, bytes } => append(&*slot(place)?, &bytes).await?,
        Act::TakeBack(place) => {
            let slot = slot(place)?;
            slot.held.cut(slot.before.get()).await?;
            slot.at.set(slot.before.get());
        }
        Act::KeepTwice { name, packed } => {
            let births = state::with(|state| state.births.clone()).ok_or(Fail::NotFound)?;
            let packed = seal::value(state::vault().as_ref(), &name, packed, &mut Chance).await?;
            births.put("births", &[(name, value_of(&packed))]).await?;
        }
        Act::NoteReceived => note_received().await,
        Act::Remember(identity) => reading::remember(&identity).await?,
        Act::Encode(packed) => {
            return ask::projector(|id| ToTables::Encode { id }, Some(&packed)).await.map(Answer::Bytes).map_err(Fail::Other);
        }
        Act::Decode(parquet) => return ask::decode(&parquet).await.map(Answer::Rows).map_err(Fail::Other),
        Act::Rows(file) => return sealed::rows(pool, &file).await.map(Answer::Rows),
        Act::Follow => reading::follow_index(pool).await?,
        Act::CatchUp => reading::catch_up(pool).await?,
        Act::LookAgain => drop(reading::look_again(pool).await?),
        Act::ForgetBirths(names) => forget_births(&names).await?,
        Act::FileKey => file_key(pool).await?,
        Act::KeepTables => tables::keep(pool).await?,
        Act::TakeNothingPlain => take_nothing_plain(pool).await?,
        Act::Wait(ms) => js::sleep(ms as i32).await,
    }
    Ok(Answer::Done)
}

async fn take(pool: &Pool, file: &str, plain: bool, held: &mut Option<Held>) -> Result<Answer, Fail> {
    *held = None;
    let taken = match pool.claim(file).await {
        Ok(taken) => taken,
        Err(Fail::NotFound) => return Ok(Answer::Gone),
        Err(_) => return Ok(Answer::Taken(None)),
    };
    let bytes = taken.read_all().await?;
    *held = Some(taken);
    let bytes = if plain { vault::plain(state::vault().as_ref(), bytes).await } else { bytes };
    Ok(Answer::Taken(Some(bytes)))
}

/// When a pool file was made, if that is known: whoever made it wrote down when.
async fn made_at(name: &str) -> Result<Option<u64>, Fail> {
    let births = state::with(|state| state.births.clone()).ok_or(Fail::NotFound)?;
    let made = births.get("files", name).await?;
    Ok(made.and_then(|at| at.as_f64()).map(|at| at as u64))
}

fn slot(place: Place) -> Result<Rc<Slot>, Fail> {
    state::with(|state| state.places.get(&place).cloned()).ok_or(Fail::NotFound)
}

/// A session's first bytes, in place of whatever the file held.
async fn begin(pool: &Pool, place: Place, plain: Vec<u8>, held: Held) -> Result<(), Fail> {
    let vault = state::vault();
    if vault.is_none() && vault::is_filed(pool).await {
        return Err(Fail::Other("another tab has begun to encrypt what is stored here, and this one cannot".to_owned()));
    }
    let (use_id, bytes) = seal::beginning(vault.as_ref(), plain, &mut Chance).await?;
    held.replace(&bytes).await?;
    let at = Cell::new(bytes.len() as u64);
    let slot = Rc::new(Slot { held, use_id, before: at.clone(), at });
    state::with(|state| state.places.insert(place, slot));
    Ok(())
}

/// Frames at the end of a session; on the disk when this returns.
async fn append(slot: &Slot, plain: &[u8]) -> Result<(), Fail> {
    let at = slot.at.get();
    // What is to be taken back goes to here, however far this comes.
    slot.before.set(at);
    let bytes = seal::frames(state::vault().as_ref(), &slot.use_id, at, plain, &mut Chance).await?;
    slot.held.write(at, &bytes).await?;
    slot.at.set(at + bytes.len() as u64);
    Ok(())
}

/// Before rows are stored that are in no second place.
async fn note_received() {
    if let Some(births) = state::with(|state| state.births.clone()) {
        // Failing is survivable: a loss is told as if nothing was lost but what was logged here.
        let _ = births.name(RECEIVED, b"").await;
    }
}

async fn forget_births(names: &[String]) -> Result<(), Fail> {
    match state::with(|state| state.births.clone()) {
        Some(births) if !names.is_empty() => births.delete("births", names).await,
        _ => Ok(()),
    }
}

async fn file_key(pool: &Pool) -> Result<(), Fail> {
    match state::with(|state| state.vault.clone().zip(state.births.clone())) {
        Some((vault, births)) => vault::file(&vault::current(&vault, &births).await?, pool).await,
        None => Ok(()),
    }
}

async fn take_nothing_plain(pool: &Pool) -> Result<(), Fail> {
    let Some((vault, births)) = state::with(|state| state.vault.clone().zip(state.births.clone())) else { return Ok(()) };
    if vault.is_strict() || !vault.is_kept() || !vault::in_pool(pool).await.all_encrypted() {
        return Ok(());
    }
    let next = vault::with_all_encrypted(&vault, &births, pool).await?;
    state::with(|state| state.vault = Some(next));
    Ok(())
}
