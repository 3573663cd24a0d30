//! One tab of a profile leads: it seals sessions that are over, frees what is sealed, and keeps the pool from running
//! dry. Everything else every tab does for itself.

use std::{
    cell::{Cell, RefCell},
    collections::BTreeSet,
    rc::Rc,
};

use device::{Added, FREE_MIN, Manifest, PoolFile, Retired, SealedFile, hex, new_slots, recover, to_merge};
use js_sys::Promise;
use ledger::{Encryption, Header, Role};
use wasm_bindgen::{JsValue, closure::Closure};
use wasm_bindgen_futures::spawn_local;
use web_sys::AbortController;

use crate::{
    account, ask,
    clock::{now_ms, use_id},
    fail::Fail,
    feed,
    files::{Held, Pool},
    js, link, locks, port, sealed,
    start::{self, make_files},
    state::{self, State},
    tables, vault,
};

thread_local! {
    /// One manifest is written at a time; the others wait here.
    static WRITING: RefCell<Option<Vec<js_sys::Function>>> = const { RefCell::new(None) };
    static DIRTY: RefCell<bool> = const { RefCell::new(false) };
    static NUDGE: RefCell<Option<js_sys::Function>> = const { RefCell::new(None) };
    static NUDGED: RefCell<bool> = const { RefCell::new(false) };
    /// Counts the times this tab has taken and lost the lead.
    static TERM: Cell<u32> = const { Cell::new(0) };
    /// The leader has answered the last question.
    static BEAT: Cell<bool> = const { Cell::new(false) };
    /// Sealed files that did not say what they hold, and were looked into.
    static LOOKED: RefCell<BTreeSet<String>> = const { RefCell::new(BTreeSet::new()) };
    /// Sealed files that nobody listed when this tab took the lead, by name and use.
    static LEFT: RefCell<Vec<(String, String)>> = const { RefCell::new(Vec::new()) };
    /// Sessions that could not be sealed in this turn.
    static TRIED: RefCell<BTreeSet<String>> = const { RefCell::new(BTreeSet::new()) };
    /// No sealed file is plain any more.
    static PLAIN_SEEN: Cell<bool> = const { Cell::new(false) };
}

const LOCK: &str = "spotter-leader";
/// Birth records that are deleted at once.
const FORGET_MAX: usize = 500;

/// Something may have to be done: a session was closed, a projector came.
pub(crate) fn nudge() {
    NUDGED.with_borrow_mut(|nudged| *nudged = true);
    if let Some(wake) = NUDGE.take() {
        let _ = wake.call0(&JsValue::UNDEFINED);
    }
}

/// How often a tab that does not lead asks whether somebody does,
const PING_MS: i32 = 250;
/// and after how many questions without an answer it takes the lead itself: that tab is frozen, or stuck.
const SILENT: u32 = 4;

/// Leads when its turn comes, or when the leader has fallen silent, until another tab takes the lead away.
pub(crate) async fn lead() {
    loop {
        let (lost, stolen) = take_the_lead().await;
        state::with(|state| state.leader = true);
        let term = TERM.get() + 1;
        TERM.set(term);
        let Some(lost) = lost else { return lead_on(term, stolen).await };
        // In a task of its own: what it waits for must not keep this tab from standing in line again.
        spawn_local(lead_on(term, stolen));
        let _ = js::wait(lost).await;
        TERM.set(term + 1);
        state::with(|state| state.leader = false);
        link::end();
        // How things stand is for the next one to say.
        feed::tell_siblings(&["hello".into()]);
        feed::tell_siblings(&["missed".into()]);
        nudge();
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
    let mut unanswered = 0;
    loop {
        // Counted by questions, not by a clock: a tab that was frozen itself asks anew before it draws a conclusion.
        BEAT.set(false);
        feed::tell_siblings(&["ping".into()]);
        js::at_most(PING_MS, &lock.held).await;
        if got.get() {
            return (Some(lock.lost), false);
        }
        // Where tabs cannot hear each other, silence says nothing.
        let hears = state::with(|state| state.siblings.is_some());
        unanswered = if BEAT.get() || !hears { 0 } else { unanswered + 1 };
        if SILENT <= unanswered {
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
    BEAT.set(true);
}

async fn lead_on(term: u32, stolen: bool) {
    // A former leader may have gone on writing its manifest after this tab started.
    let pool = state::with(|state| state.pool.clone());
    let Some(pool) = pool else { return };
    // Nothing is done before it is known: what this tab takes for the index may be hours old.
    while let Err(fail) = follow_index(&pool).await {
        web_sys::console::warn_1(&format!("the index could not be read again: {fail}").into());
        if matches!(fail, Fail::Newer) {
            // It does not answer any more, so that a tab of the newer build takes the lead.
            return state::with(|state| state.leader = false);
        }
        js::sleep(1_000).await;
        if TERM.get() != term {
            return;
        }
    }
    let left = match left_over(&pool).await {
        Ok(left) => left,
        Err(fail) => {
            web_sys::console::warn_1(&format!("files that nobody lists were left as they are: {fail}").into());
            Vec::new()
        }
    };
    if state::with(|state| state.manifest.becomes(state.device.identity())) {
        DIRTY.set(true);
    }
    if stolen {
        // Whatever the former leader still writes when it comes to itself is of an earlier term, and loses.
        state::with(|state| state.manifest = state.manifest.of_next_term());
        DIRTY.set(true);
    }
    if let Some((vault, births)) = state::with(|state| state.vault.clone().zip(state.births.clone())) {
        let filed = async { vault.current(&births).await?.file(&pool).await };
        if let Err(fail) = filed.await {
            // IndexedDB has the same; the next leader tries again.
            web_sys::console::warn_1(&format!("the wrapped key could not be filed: {fail}").into());
        }
    }
    if account::kept().is_some()
        && let Err(fail) = catch_up(&pool).await
    {
        web_sys::console::warn_1(&format!("the files could not be read once more: {fail}").into());
    }
    LEFT.set(left);
    account_changed();
    loop {
        // What fails now is tried again at the next turn; nothing is lost by waiting.
        if let Err(fail) = turn(&pool).await {
            web_sys::console::warn_1(&format!("housekeeping will be tried again: {fail}").into());
        }
        rest(15_000).await;
        if TERM.get() != term {
            return;
        }
    }
}

/// What the index says by now: another tab has merged files, or fetched some from the server.
pub(crate) async fn follow_index(pool: &Pool) -> Result<(), Fail> {
    let Some((manifest, file)) = newest_manifest(pool).await? else { return Ok(()) };
    let unheard = state::with(|state| {
        if manifest.generation <= state.manifest.generation {
            return Vec::new();
        }
        let covered = |state: &State, file: &SealedFile| state.shelf.covers(file.spans.iter().map(wire::Span::place));
        let files = state.files(&manifest.sealed);
        let fresh = files.iter().filter(|file| !state.shelf.has_file(&file.use_id));
        let unheard: Vec<SealedFile> = fresh.filter(|file| file.spans.is_empty() || !covered(state, file)).cloned().collect();
        state.list(&files);
        let before = std::mem::replace(&mut state.manifest, manifest);
        state.manifest_file = Some(file);
        for gone in before.sealed {
            if !state.manifest.sealed.iter().any(|listed| listed.use_id == gone.use_id) && state.shelf.has_file(&gone.use_id) {
                state.shelf.drop_file(&gone.use_id);
                if !covered(state, &gone) {
                    state.shelf.add_file(&gone.use_id, &gone.spans);
                }
            }
        }
        unheard
    });
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

async fn turn(pool: &Pool) -> Result<(), Fail> {
    forget_births().await?;
    free_retired(pool).await?;
    // Before anything is sealed there is an index: later on its absence is a loss.
    if DIRTY.take() || state::with(|state| state.manifest_file.is_none()) {
        write_manifest(pool, |manifest| manifest.touched(now_ms())).await?;
    }
    settle_damaged(pool).await?;
    // Whatever comes next, there is a file for the next session.
    keep_free(pool).await?;
    TRIED.take();
    // Parquet is the projector's business.
    if state::with(|state| state.projector.is_some()) {
        while seal_one(pool).await? {}
        reclaim(pool).await?;
        merge_some(pool).await?;
        complete_spans(pool).await?;
        tables::keep(pool).await?;
    }
    take_nothing_plain(pool).await
}

/// Once nothing here is plain, that is written down, and something plain is refused from the next start on.
async fn take_nothing_plain(pool: &Pool) -> Result<(), Fail> {
    let Some((vault, births)) = state::with(|state| state.vault.clone().zip(state.births.clone())) else { return Ok(()) };
    if !PLAIN_SEEN.get() || vault.is_strict() || !vault.is_kept() || !vault::in_pool(pool).await.all_encrypted() {
        return Ok(());
    }
    let next = vault.with_all_encrypted(&births, pool).await?;
    state::with(|state| state.vault = Some(next));
    Ok(())
}

/// Sleeps, unless somebody nudges.
async fn rest(ms: i32) {
    if !NUDGED.take() {
        let nudged = Promise::new(&mut |resolve, _| NUDGE.with_borrow_mut(|nudge| *nudge = Some(resolve)));
        js::at_most(ms, &nudged).await;
    }
    NUDGED.take();
}

pub(crate) async fn newest_manifest(pool: &Pool) -> Result<Option<(Manifest, String)>, Fail> {
    let mut files = Vec::new();
    for name in pool.names().await?.into_iter().filter(|name| name.starts_with("manifest-")) {
        let file = sealed::file(pool, name).await?;
        if Header::is_newer(&file.bytes) {
            return Err(Fail::Newer);
        }
        files.push(file);
    }
    Ok(device::newest_manifest(&files))
}

/// Seals one session that nobody writes any more. `false` when there is none, or nobody to encode it.
async fn seal_one(pool: &Pool) -> Result<bool, Fail> {
    let (own, listed) = state::with(|state| {
        let own = state.slot.as_ref().map(|slot| slot.name.clone());
        (own, state.manifest.names().map(str::to_owned).collect::<Vec<_>>())
    });
    for name in port::slots(pool).await? {
        if own.as_ref() == Some(&name) || listed.contains(&name) || TRIED.with_borrow(|tried| tried.contains(&name)) {
            continue;
        }
        let (head, _) = pool.head(&name).await?;
        if !Header::decode(&head).is_ok_and(|header| header.role == Role::Open) {
            continue;
        }
        // A session is over when its file can be taken: no tab holds it.
        let Ok(held) = pool.claim(&name).await else { continue };
        let bytes = vault::plain(state::vault().as_ref(), held.read_all()?).await;
        let mut found = recover(&[], vec![PoolFile { name: name.clone(), bytes }], &[]);
        let Some(open) = found.open.pop() else { continue };
        // That there is no index beside this one file is no damage.
        if open.rows.is_empty() && found.problems.iter().any(|problem| problem.kind != bridge::ProblemKind::MissingIndex) {
            // Nothing in it can be read, which is not the same as nothing being in it.
            continue;
        }
        if open.rows.is_empty() {
            // Rows from the server may have brought nothing new, and still have moved the cursor.
            let newer = open.standing.as_ref().is_some_and(|standing| {
                state::with(|state| state.manifest.standing.as_ref().is_none_or(|known| known.version < standing.version))
            });
            if newer {
                write_manifest(pool, |manifest| manifest.touched(now_ms()).with_standing(open.standing.as_ref())).await?;
            }
            free(&held)?;
            continue;
        }
        // Damage inside the session: what can be read is sealed, and the file itself is kept for whoever can repair it.
        let damaged = found.problems.iter().any(|problem| problem.kind == bridge::ProblemKind::DamagedRows);
        drop(held);
        let parquet = match ask::encode(&open.rows).await {
            Ok(parquet) => parquet,
            Err(why) => {
                // It stays as it is until the next turn, and the others do not wait for it.
                web_sys::console::warn_1(&format!("{name} could not be sealed: {why}").into());
                TRIED.with_borrow_mut(|tried| tried.insert(name));
                continue;
            }
        };
        let listed = SealedFile {
            session_id: open.session_id.clone().unwrap_or_default(),
            lane: open.lane.clone().unwrap_or_default(),
            rows: open.rows.len() as u64,
            spans: wire::spans(open.rows.iter()),
            ..SealedFile::default()
        };
        let sealed = sealed::store(pool, &parquet, listed).await?;
        let at_ms = if damaged { u64::MAX / 2 } else { now_ms() };
        let retired = Retired { file: name, use_id: hex(&open.use_id), at_ms, ..Retired::default() };
        write_manifest(pool, |manifest| {
            // Of another device this one would take the numbers for its own.
            let own = open.device_id.as_ref() == Some(&manifest.identity.device_id);
            let (heads, adopted) = if own { (&open.heads, &open.adopted) } else { (&Default::default(), &Default::default()) };
            let next = manifest.with_sealed(sealed, retired, heads, now_ms());
            next.with_heads(adopted).with_standing(open.standing.as_ref())
        })
        .await?;
        // A tab that died may not have told what it wrote last.
        feed::heard_rows(open.rows);
        return Ok(true);
    }
    Ok(false)
}

/// Old files become one; one that an older build wrote in plain is written again, encrypted.
async fn merge_some(pool: &Pool) -> Result<(), Fail> {
    while let Some(files) = match unencrypted(pool).await? {
        Some(file) => Some(vec![file]),
        None => state::with(|state| to_merge(&state.manifest, &state.damaged, now_ms())),
    } {
        let mut rows = Vec::new();
        for file in &files {
            match sealed::rows(pool, file).await {
                Ok(some) => rows.extend(some),
                Err(fail) => {
                    start::look_again(pool).await?;
                    // Not again in this worker's life, whatever it was.
                    state::with(|state| {
                        if !state.damaged.contains(file) {
                            state.damaged.push(file.clone());
                        }
                    });
                    return Err(fail);
                }
            }
        }
        let mut seen = BTreeSet::new();
        rows.retain(|row| seen.insert(row.event_id));
        let Some(first) = files.first().cloned() else { return Ok(()) };
        let parquet = ask::encode(&rows).await.map_err(Fail::Other)?;
        let listed = SealedFile { rows: rows.len() as u64, spans: wire::spans(rows.iter()), ..first };
        let merged = sealed::store(pool, &parquet, listed).await?;
        let (use_id, spans) = (merged.use_id.clone(), merged.spans.clone());
        write_manifest(pool, |manifest| manifest.with_merged(merged, &files, now_ms())).await?;
        state::with(|state| {
            state.shelf.add_file(&use_id, &spans);
            files.iter().for_each(|file| state.shelf.drop_file(&file.use_id));
        });
        feed::tell_siblings(&["files".into()]);
    }
    Ok(())
}

async fn unencrypted(pool: &Pool) -> Result<Option<SealedFile>, Fail> {
    let (files, damaged) = state::with(|state| (state.manifest.sealed.clone(), state.damaged.clone()));
    if PLAIN_SEEN.get() || state::vault().is_none() {
        return Ok(None);
    }
    for file in files.into_iter().filter(|file| !damaged.contains(file)) {
        let (head, _) = pool.head(&file.file).await?;
        if Header::decode(&head).is_ok_and(|header| header.encryption == Encryption::None) {
            return Ok(Some(file));
        }
    }
    PLAIN_SEEN.set(true);
    Ok(None)
}

/// A damaged file whose rows are all elsewhere is no longer listed: in the files it was made from, or they came again from
/// the server or a backup.
async fn settle_damaged(pool: &Pool) -> Result<(), Fail> {
    let whole = |state: &mut State| {
        let again = state
            .damaged
            .iter()
            .position(|file| !file.spans.is_empty() && state.shelf.covers(file.spans.iter().map(wire::Span::place)));
        again.map(|at| state.damaged.remove(at))
    };
    while let Some(file) = state::with(whole) {
        write_manifest(pool, |manifest| manifest.settled(&file, now_ms())).await?;
    }
    Ok(())
}

/// Writes the next generation into a file that does not hold the winning one.
async fn write_manifest(pool: &Pool, next: impl FnOnce(&Manifest) -> Manifest) -> Result<(), Fail> {
    if !state::with(|state| state.leader) {
        return Err(Fail::Other("another tab leads now".to_owned()));
    }
    // The next one is made from what the one before left.
    while let Some(wait) = WRITING.with_borrow_mut(|writing| match writing {
        Some(waiting) => Some(Promise::new(&mut |resolve, _| waiting.push(resolve))),
        None => {
            *writing = Some(Vec::new());
            None
        }
    }) {
        let _ = js::wait(wait).await;
    }
    let outcome = write_next(pool, state::with(|state| next(&state.manifest))).await;
    let waiting = WRITING.with_borrow_mut(|writing| writing.take()).unwrap_or_default();
    waiting.iter().for_each(|resolve| _ = resolve.call0(&JsValue::UNDEFINED));
    outcome
}

async fn write_next(pool: &Pool, next: Manifest) -> Result<(), Fail> {
    let current = state::with(|state| state.manifest_file.clone());
    let bytes = vault::whole(state::vault().as_ref(), Role::Manifest, use_id(), next.generation, &next.to_json()).await?;
    for name in pool.names().await?.into_iter().filter(|name| name.starts_with("manifest-")) {
        if current.as_ref() == Some(&name) {
            continue;
        }
        // A frozen former leader may still hold its own.
        let Ok(held) = pool.claim(&name).await else { continue };
        let there = held.read_all()?;
        if Header::is_newer(&there) {
            return Err(Fail::Newer);
        }
        // Newer than what this tab goes on from: it was frozen, and another one leads by now. Its word stays.
        let newer = |header: Header| header.role == Role::Manifest && next.generation <= header.generation;
        if Header::decode(&there).is_ok_and(newer) {
            continue;
        }
        held.replace(&bytes)?;
        state::with(|state| (state.manifest, state.manifest_file) = (next, Some(name)));
        return Ok(());
    }
    Err(Fail::Held)
}

async fn free_retired(pool: &Pool) -> Result<(), Fail> {
    for file in state::with(|state| state.manifest.freeable(now_ms())) {
        let sealed = state::with(|state| state.manifest.sealed.iter().find(|sealed| sealed.use_id == file.successor).cloned());
        // Nothing is given up for a successor that cannot be read.
        let whole = match &sealed {
            Some(sealed) => {
                // One whose name a power cut took away is as good as damaged.
                let bytes = pool.read(&sealed.file).await.unwrap_or_default();
                Header::decode(&bytes).is_ok_and(|header| hex(&header.use_id) == sealed.use_id && header.payload(&bytes).is_ok())
            }
            None => false,
        };
        if !whole {
            write_manifest(pool, |manifest| manifest.reopened(&file, now_ms())).await?;
            state::with(|state| state.shelf.drop_file(&file.successor));
            continue;
        }
        let Ok(held) = pool.claim(&file.file).await else { continue };
        if Header::decode(&held.read_all()?).is_ok_and(|header| hex(&header.use_id) == file.use_id) {
            free(&held)?;
        }
        write_manifest(pool, |manifest| manifest.without_retired(std::slice::from_ref(&file), now_ms())).await?;
    }
    Ok(())
}

fn free(held: &Held) -> Result<(), Fail> {
    let header = Header { role: Role::Free, ..Header::open([0; 16]) };
    held.replace(&header.encode())
}

/// Sealed files that a leader wrote and did not live to list, and that are no newer than the index: those count at every
/// start. Looked for before the server is asked for anything: what is being stored then looks the same.
async fn left_over(pool: &Pool) -> Result<Vec<(String, String)>, Fail> {
    let index = state::with(|state| {
        let listed: BTreeSet<String> = state.manifest.names().map(str::to_owned).collect();
        state.manifest_file.is_some().then_some((listed, state.manifest.generation))
    });
    let Some((listed, generation)) = index else { return Ok(Vec::new()) };
    let mut left = Vec::new();
    for name in port::slots(pool).await?.into_iter().filter(|name| !listed.contains(name)) {
        if let Ok(header) = Header::decode(&pool.head(&name).await?.0)
            && header.role == Role::Sealed
            && header.generation <= generation
        {
            left.push((name, hex(&header.use_id)));
        }
    }
    Ok(left)
}

/// They are given up once every row in them was found elsewhere. One that cannot be read is left as it is, for whoever can
/// repair it, and one with a row that is nowhere else is listed.
async fn reclaim(pool: &Pool) -> Result<(), Fail> {
    while let Some((name, left)) = LEFT.with_borrow_mut(Vec::pop) {
        let Ok(held) = pool.claim(&name).await else { continue };
        let bytes = held.read_all()?;
        let unlisted = state::with(|state| !state.manifest.names().any(|listed| listed == name));
        let Ok((header, parquet)) = vault::content(state::vault().as_ref(), &bytes).await else { continue };
        if !unlisted || header.role != Role::Sealed || hex(&header.use_id) != left {
            continue;
        }
        let Ok(rows) = ask::decode(&parquet).await else { continue };
        for file in state::with(|state| state.shelf.unread(&rows)) {
            link::read_file(&file).await?;
        }
        if state::with(|state| rows.iter().all(|row| state.shelf.look(row) == Added::Known)) {
            free(&held)?;
            continue;
        }
        web_sys::console::warn_1(&format!("{name}: rows that no listed file has").into());
        let (bytes, hash) = (parquet.len() as u64, hex(&header.payload_hash));
        let spans = wire::spans(rows.iter());
        let found = SealedFile { file: name, use_id: left, bytes, hash, rows: rows.len() as u64, spans, ..SealedFile::default() };
        // Before they are listed: the place of a file that nobody has read counts as known.
        feed::heard_rows(rows);
        add_segment(pool, found.clone()).await?;
        state::with(|state| state.list(&[found]));
        feed::tell_siblings(&["files".into()]);
    }
    Ok(())
}

async fn keep_free(pool: &Pool) -> Result<(), Fail> {
    let names = port::slots(pool).await?;
    let mut free = 0;
    for name in &names {
        free += usize::from(port::looks_free(pool, name).await);
    }
    if free < FREE_MIN {
        let births = state::with(|state| state.births.clone());
        let listed: Vec<String> = state::with(|state| state.manifest.names().map(str::to_owned).collect());
        let more = new_slots(names.iter().chain(&listed).map(String::as_str), FREE_MIN - free);
        make_files(pool, births.as_ref(), &more).await?;
    }
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

// ---------------------------------------------------------------------------------------------- replication

/// Somebody signed in or out, in this tab or another.
pub(crate) fn account_changed() {
    if !state::with(|state| state.leader) {
        return;
    }
    match (account::kept(), link::is_on()) {
        (Some(kept), false) => {
            let standing = state::with(|state| state.standing.clone()).unwrap_or_default();
            // Another account's acknowledgements say nothing about this one.
            let standing = if standing.persons.is_empty() || standing.persons.iter().any(|person| kept.persons.contains(person)) {
                standing
            } else {
                wire::Standing { version: standing.version, ..Default::default() }
            };
            link::begin(standing);
        }
        (Some(_), true) => link::input(wire::Input::Connect),
        (None, true) => link::end(),
        (None, false) => {}
    }
}

/// What the sessions' files say now: a former leader may have written after this tab started.
pub(crate) async fn catch_up(pool: &Pool) -> Result<(), Fail> {
    let mut slots = Vec::new();
    for name in port::slots(pool).await? {
        let (head, _) = pool.head(&name).await?;
        if Header::decode(&head).is_ok_and(|header| header.role == Role::Open) {
            slots.push(sealed::file(pool, name).await?);
        }
    }
    let found = recover(&[], slots, &[]);
    feed::heard_rows(found.open.into_iter().flat_map(|segment| segment.rows).collect());
    state::with(|state| {
        let known = [found.standing, state.standing.take(), state.manifest.standing.clone()];
        state.standing = known.into_iter().flatten().max_by_key(|standing| standing.version);
    });
    Ok(())
}

/// Sealed files of older builds, and those that were found without an index, do not say what they hold: somebody has to look.
async fn complete_spans(pool: &Pool) -> Result<(), Fail> {
    let unknown = || {
        let looked = LOOKED.with_borrow(Clone::clone);
        state::with(|state| {
            let unknown = |file: &&SealedFile| file.spans.is_empty() && !looked.contains(&file.use_id);
            state.files(&state.manifest.sealed).iter().find(unknown).cloned()
        })
    };
    while let Some(file) = unknown() {
        LOOKED.with_borrow_mut(|looked| looked.insert(file.use_id.clone()));
        let rows = sealed::rows(pool, &file).await?;
        let spans = wire::spans(rows.iter());
        state::with(|state| state.shelf.add_file(&file.use_id, &spans));
        write_manifest(pool, |manifest| {
            let mut next = manifest.touched(now_ms());
            if let Some(sealed) = next.sealed.iter_mut().find(|sealed| sealed.use_id == file.use_id) {
                (sealed.rows, sealed.spans) = (rows.len() as u64, spans);
            }
            next
        })
        .await?;
        link::wrote();
    }
    Ok(())
}

pub(crate) async fn add_segment(pool: &Pool, sealed: SealedFile) -> Result<(), Fail> {
    write_manifest(pool, |manifest| manifest.with_segment(sealed, now_ms())).await
}

/// Something that the manifest says has changed in memory.
pub(crate) fn manifest_changed() {
    DIRTY.set(true);
    nudge();
}
