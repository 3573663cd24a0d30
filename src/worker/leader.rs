//! Does what the leader's part of `device` wants done, and tells it what came of that. Only the browser knows who holds the
//! lock: which tab leads is found out here.

use std::{cell::Cell, rc::Rc};

use device::{
    Act, Answer, Around, Deed, Detector, Happening, Manifest, PING_MS, SealedFile, Ticket, Trouble, Whole, newest_index, recover,
};
use js_sys::Promise;
use ledger::{Header, Role};
use wasm_bindgen::{JsValue, closure::Closure};
use wasm_bindgen_futures::spawn_local;
use web_sys::AbortController;

use crate::{
    account, ask,
    clock::{Chance, now_ms},
    fail::Fail,
    feed,
    files::{Held, Pool},
    js, link, locks, port, sealed,
    start::{self, make_files},
    state, tables, vault,
};

const LOCK: &str = "spotter-leader";
/// Birth records that are deleted at once.
const FORGET_MAX: usize = 500;

// ---------------------------------------------------------------------------------------------- happenings

/// Something may have to be done: a session was closed, a projector came.
pub(crate) fn nudge() {
    happened(Happening::Nudged);
}

/// Something that the manifest says has changed in memory.
pub(crate) fn manifest_changed() {
    happened(Happening::Changed);
}

/// A segment that was fetched is listed when this returns.
pub(crate) async fn add_segment(sealed: SealedFile) -> Result<(), Fail> {
    let question = ask::Question::new();
    happened(Happening::Fetched { id: question.id, sealed });
    question.answer().await.map(drop).map_err(Fail::Other)
}

fn happened(happening: Happening) {
    step(happening).into_iter().for_each(carry_out);
}

fn step(happening: Happening) -> Vec<Deed> {
    let account = account::kept().is_some();
    state::with(|state| {
        let mut around = Around {
            utc_ms: now_ms(),
            entropy: &mut Chance,
            projector: state.projector.is_some(),
            encrypts: state.vault.is_some(),
            account,
        };
        state.host.step(&mut around, happening)
    })
}

/// Leads when its turn comes, or when the leader has fallen silent, until another tab takes the lead away.
pub(crate) async fn lead() {
    loop {
        let (lost, stolen) = take_the_lead().await;
        happened(Happening::Leads { stolen });
        let Some(lost) = lost else { return };
        let _ = js::wait(lost).await;
        happened(Happening::Lost);
        link::end();
        // How things stand is for the next one to say.
        feed::tell_siblings(&["hello".into()]);
        feed::tell_siblings(&["missed".into()]);
    }
}

/// What ends the lead, where the browser has locks, and whether it was taken from another tab.
async fn take_the_lead() -> (Option<Promise>, bool) {
    let abort = AbortController::new().ok();
    let Some(lock) = locks::ask(LOCK, false, abort.as_ref()) else { return (None, false) };
    let got = Rc::new(Cell::new(false));
    let mine = Rc::clone(&got);
    let held = lock.held.clone();
    spawn_local(async move {
        let _ = js::wait(held).await;
        mine.set(true);
    });
    state::with(|state| state.leader = Detector::default());
    loop {
        state::with(|state| state.leader.asks());
        feed::tell_siblings(&["ping".into()]);
        js::at_most(PING_MS, &lock.held).await;
        if got.get() {
            return (Some(lock.lost), false);
        }
        if state::with(|state| state.leader.is_gone(state.siblings.is_some())) {
            if let Some(abort) = &abort {
                // Nobody waits for what this rejects.
                let _ = js::call(&lock.lost, "catch", &[&Closure::once_into_js(|_: JsValue| {})]);
                abort.abort();
            }
            let Some(lock) = locks::ask(LOCK, true, None) else { return (None, true) };
            let _ = js::wait(lock.held).await;
            return (Some(lock.lost), true);
        }
    }
}

/// Somebody leads.
pub(crate) fn heard_beat() {
    state::with(|state| state.leader.heard());
}

// ---------------------------------------------------------------------------------------------- deeds

fn carry_out(deed: Deed) {
    match deed {
        Deed::Do { ticket, act } => spawn_local(do_in_turn(ticket, act)),
        // Whoever had taken one does nothing more with it.
        Deed::LetGo(_) => {}
        Deed::Heard(heard) => feed::told(heard),
        Deed::FilesChanged => feed::tell_siblings(&["files".into()]),
        Deed::Wrote => link::wrote(),
        Deed::Connect => account_changed(),
        Deed::Listed { id, outcome } => ask::answered(id, outcome.map(|()| Vec::new()).map_err(|why| why.to_string())),
        Deed::Warn(what) => web_sys::console::warn_1(&what.into()),
    }
}

/// What one task does, as long as one thing follows from the other; the file that it has taken is let go at the end.
async fn do_in_turn(mut ticket: Ticket, mut act: Act) {
    let mut held = None;
    let Some(pool) = state::with(|state| state.pool.clone()) else { return };
    loop {
        let answer = perform(&pool, act, &mut held).await.map_err(|fail| match fail {
            Fail::Newer => Trouble::Newer,
            other => Trouble::Other(other.to_string()),
        });
        let task = ticket.task;
        let mut next = None;
        for deed in step(Happening::Done { ticket, answer }) {
            match deed {
                Deed::LetGo(whose) if whose == task => held = None,
                Deed::Do { ticket, act } if ticket.task == task => next = Some((ticket, act)),
                other => carry_out(other),
            }
        }
        let Some(follows) = next else { return };
        (ticket, act) = follows;
    }
}

async fn perform(pool: &Pool, act: Act, held: &mut Option<Held>) -> Result<Answer, Fail> {
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
        Act::Take { file, plain } => {
            *held = None;
            let taken = match pool.claim(&file).await {
                Ok(taken) => taken,
                Err(Fail::NotFound) => return Ok(Answer::Gone),
                Err(_) => return Ok(Answer::Taken(None)),
            };
            let bytes = taken.read_all()?;
            *held = Some(taken);
            let bytes = if plain { vault::plain(state::vault().as_ref(), bytes).await } else { bytes };
            return Ok(Answer::Taken(Some(bytes)));
        }
        Act::Write(Whole { role, use_id, generation, content }) => {
            let bytes = vault::whole(state::vault().as_ref(), role, use_id, generation, &content).await?;
            held.take().ok_or(Fail::NotFound)?.replace(&bytes)?;
        }
        Act::Free => {
            let header = Header { role: Role::Free, ..Header::open([0; 16]) };
            held.take().ok_or(Fail::NotFound)?.replace(&header.encode())?;
        }
        Act::Make(names) => {
            let births = state::with(|state| state.births.clone());
            make_files(pool, births.as_ref(), &names).await?;
        }
        Act::Store(whole) => {
            let (file, hash) = sealed::store(pool, whole).await?;
            return Ok(Answer::Stored { file, hash });
        }
        Act::Encode(packed) => return ask::projector("encode", &packed).await.map(Answer::Bytes).map_err(Fail::Other),
        Act::Decode(parquet) => return ask::decode(&parquet).await.map(Answer::Rows).map_err(Fail::Other),
        Act::Rows(file) => return sealed::rows(pool, &file).await.map(Answer::Rows),
        Act::Follow => follow_index(pool).await?,
        Act::CatchUp => catch_up(pool).await?,
        Act::LookAgain => drop(start::look_again(pool).await?),
        Act::ForgetBirths => forget_births().await?,
        Act::FileKey => file_key(pool).await?,
        Act::KeepTables => tables::keep(pool).await?,
        Act::TakeNothingPlain => take_nothing_plain(pool).await?,
        Act::Wait(ms) => js::sleep(ms as i32).await,
    }
    Ok(Answer::Done)
}

async fn file_key(pool: &Pool) -> Result<(), Fail> {
    match state::with(|state| state.vault.clone().zip(state.births.clone())) {
        Some((vault, births)) => vault.current(&births).await?.file(pool).await,
        None => Ok(()),
    }
}

async fn take_nothing_plain(pool: &Pool) -> Result<(), Fail> {
    let Some((vault, births)) = state::with(|state| state.vault.clone().zip(state.births.clone())) else { return Ok(()) };
    if vault.is_strict() || !vault.is_kept() || !vault::in_pool(pool).await.all_encrypted() {
        return Ok(());
    }
    let next = vault.with_all_encrypted(&births, pool).await?;
    state::with(|state| state.vault = Some(next));
    Ok(())
}

/// What the index says by now: another tab has merged files, or fetched some from the server.
pub(crate) async fn follow_index(pool: &Pool) -> Result<(), Fail> {
    let Some((manifest, file)) = newest_manifest(pool).await? else { return Ok(()) };
    let unheard = state::with(|state| state.host.follow(manifest, file));
    for file in &unheard {
        match sealed::payload(pool, file).await {
            Ok(payload) => feed::to_projector(&["sealed".into()], Some(&payload)),
            // What is missing is said where everything is read.
            Err(fail) => web_sys::console::warn_1(&format!("{}: {fail}", file.file).into()),
        }
    }
    if !unheard.is_empty() {
        feed::tables_follow();
    }
    Ok(())
}

pub(crate) async fn newest_manifest(pool: &Pool) -> Result<Option<(Manifest, String)>, Fail> {
    let mut files = Vec::new();
    for name in pool.names().await?.into_iter().filter(|name| name.starts_with("manifest-")) {
        files.push(sealed::file(pool, name).await?);
    }
    newest_index(&files).map_err(|_| Fail::Newer)
}

/// What the sessions' files say now: a former leader may have written after this tab started.
pub(crate) async fn catch_up(pool: &Pool) -> Result<(), Fail> {
    let mut open = Vec::new();
    for name in port::slots(pool).await? {
        let (head, _) = pool.head(&name).await?;
        if Header::decode(&head).is_ok_and(|header| header.role == Role::Open) {
            open.push(sealed::file(pool, name).await?);
        }
    }
    let found = recover(&[], open, &[]);
    feed::told(state::with(|state| state.host.catch_up(found)));
    Ok(())
}

/// Birth records whose file has become old are no longer needed.
pub(crate) async fn forget_births() -> Result<(), Fail> {
    loop {
        let due = state::with(|state| {
            let now = now_ms();
            let many = state.births_due.iter().take(FORGET_MAX).take_while(|(at, _)| *at <= now).count();
            // Taken out at once: whoever else comes here meanwhile finds other ones.
            state.births.clone().zip((0 < many).then(|| state.births_due.drain(..many).collect::<Vec<_>>()))
        });
        let Some((births, due)) = due else { return Ok(()) };
        let keys: Vec<String> = due.iter().map(|(_, key)| key.clone()).collect();
        if let Err(fail) = births.delete("births", &keys).await {
            // What could not be deleted is tried again.
            state::with(|state| due.into_iter().rev().for_each(|due| state.births_due.push_front(due)));
            return Err(fail);
        }
    }
}

/// Somebody signed in or out, in this tab or another.
pub(crate) fn account_changed() {
    if !state::with(|state| state.host.leads()) {
        return;
    }
    match (account::kept(), link::is_on()) {
        (Some(kept), false) => link::begin(state::with(|state| state.host.standing_of(&kept.persons))),
        (Some(_), true) => link::input(wire::Input::Connect),
        (None, true) => link::end(),
        (None, false) => {}
    }
}
