//! Messages in, one after another: each is carried out to its end before the next begins, so nothing is ever written
//! twice or out of order.

use std::{cell::RefCell, collections::VecDeque};

use bridge::{Draft, FromStorage, Guarantee, Problem, ProblemKind, SavedRow, StorageReport, ToStorage, pack};
use device::{Added, Batch, DeviceErr, FILE_YOUNG_MS, Inbox, contended_slot, is_free, odd_files, said_again, weakness};
use js_sys::Array;
use ledger::{DeviceId, EntityId, Row};
use wasm_bindgen::{JsCast as _, JsValue, closure::Closure};
use web_sys::{MessageEvent, MessagePort};
use wire::{Commit, Input};

use crate::{
    account::{self, Entered},
    births::{Births, value_of},
    clock::{Chance, now_ms, stamp},
    fail::Fail,
    feed,
    files::Pool,
    js, leader, leave, link,
    sheet::SheetSlot,
    start::{made_ms, make_files, note_received, nothing_missing, start},
    state::{self, Slot, State, global, tell},
    vault::{self, Vault},
};

/// How often somebody else may be quicker.
const CLAIMS: usize = 20;

pub(crate) enum Work {
    Page(ToStorage),
    Link(MessagePort),
    Import {
        id: u32,
        drafts: Vec<Draft>,
    },
    /// Nothing more of it comes.
    Imported,
    /// Rows of a backup; with the last of them comes whose they are.
    Restore {
        id: u32,
        rows: Vec<Row>,
        person: Option<EntityId>,
    },
    /// Rows from the server, and the standing that goes with them.
    Receive(Box<Commit>),
    Enter {
        id: u32,
        entered: Box<Entered>,
    },
    ActFor(EntityId),
    /// What came from the server says that this profile was copied.
    Copied,
    /// Another tab found that out: all of them go on under this name.
    Renamed(DeviceId),
}

#[derive(Default)]
struct Queue {
    waiting: VecDeque<Work>,
    running: bool,
}

thread_local! {
    static QUEUE: RefCell<Queue> = RefCell::default();
}

/// Messages are `[ToStorage]`, or `["link", port]` when a projector has started.
pub(crate) fn listen() {
    let handler = Closure::<dyn FnMut(MessageEvent)>::new(|event: MessageEvent| {
        let message = event.data();
        let message: &Array = message.unchecked_ref();
        if message.get(0).as_string().as_deref() == Some("link") {
            enqueue(Work::Link(message.get(1).unchecked_into()));
            return;
        }
        match serde_wasm_bindgen::from_value(message.get(0)) {
            // It only looks, and what is being written may take its time.
            Ok(ToStorage::Report { id }) if state::started() => wasm_bindgen_futures::spawn_local(tell_report(id)),
            Ok(request) => enqueue(Work::Page(request)),
            Err(err) => web_sys::console::error_1(&format!("a request that cannot be read: {err}").into()),
        }
    });
    global().set_onmessage(Some(handler.as_ref().unchecked_ref()));
    handler.forget();
    // Only now may the page speak: what is sent to a module worker earlier is lost.
    let _ = global().post_message(&JsValue::from_str("up"));
}

pub(crate) fn enqueue(work: Work) {
    let idle = QUEUE.with_borrow_mut(|queue| {
        queue.waiting.push_back(work);
        !std::mem::replace(&mut queue.running, true)
    });
    if idle {
        wasm_bindgen_futures::spawn_local(async {
            while let Some(work) = QUEUE.with_borrow_mut(|queue| {
                let next = queue.waiting.pop_front();
                queue.running = next.is_some();
                next
            }) {
                carry_out(work).await;
            }
        });
    }
}

async fn carry_out(work: Work) {
    match work {
        Work::Page(ToStorage::Hello { build, before }) => {
            let own = js::get(&js_sys::global(), "SPOTTER_BUILD").as_string().unwrap_or_default();
            if own != build {
                tell(&FromStorage::OtherBuild { build: own });
            } else if !state::started() {
                start(None, before.as_deref().and_then(|json| serde_json::from_str(json).ok())).await;
            }
        }
        Work::Page(ToStorage::Unlock { id, code }) if !state::started() => leave::answer(id, leave::unlock(&code).await),
        Work::Page(ToStorage::StartOver { id }) if !state::started() => leave::answer(id, leave::start_over().await),
        _ if !state::started() => {}
        Work::Page(ToStorage::Unlock { .. } | ToStorage::StartOver { .. }) => {}
        Work::Page(ToStorage::SetAppLock { id, passphrase }) => leave::answer(id, set_app_lock(&passphrase).await),
        Work::Page(ToStorage::Lock { id }) => leave::answer(id, leave::lock().await),
        Work::Page(ToStorage::Exported) => leave::exported(),
        Work::Page(ToStorage::GoOnWithout) => nothing_missing().await,
        Work::Page(ToStorage::Remove { id }) => leave::answer(id, leave::remove().await),
        Work::Page(ToStorage::RecoveryCode { id }) => tell_code(id).await,
        Work::Page(ToStorage::NewRecoveryCode { id }) => {
            if let Err(fail) = new_code().await {
                tell(&FromStorage::Problem { problem: not_renewed(&fail) });
            }
            tell_code(id).await;
        }
        Work::Page(ToStorage::Capture { id, drafts }) => match capture(drafts, false).await {
            Ok((rows, guarantee)) => {
                let rows =
                    rows.iter().map(|row| SavedRow { event_id: row.event_id.to_string(), hlc: row.hlc.to_string() }).collect();
                tell(&FromStorage::Saved { id, rows, guarantee });
            }
            Err(problem) => tell(&FromStorage::Failed { id, problem }),
        },
        Work::Page(ToStorage::SaveSheet { json }) => {
            let outcome = save_sheet(&json).await;
            feed::tell_siblings(&["sheet".into(), json.into()]);
            if let Err(fail) = outcome {
                tell(&FromStorage::Problem { problem: fail.problem() });
            }
        }
        Work::Page(ToStorage::Account { id, wish }) => account::begin(id, wish),
        Work::Enter { id, entered } => account::enter_now(id, *entered).await,
        Work::ActFor(person) => account::act_for(person).await,
        Work::Copied => crate::start::copied().await,
        Work::Renamed(device_id) => crate::start::renamed(&device_id).await,
        Work::Page(ToStorage::Awake { online }) => to_leader("awake", online, || link::awake(online)),
        Work::Page(ToStorage::Compare) => link::compare(),
        Work::Page(ToStorage::RetryRefused) => to_leader("retry", true, || link::input(Input::RetryRefused)),
        Work::Receive(commit) => {
            let outcome = receive(*commit).await;
            link::input(match outcome {
                Ok(()) => Input::Committed,
                Err(fail) => Input::CommitFailed(fail.to_string()),
            });
        }
        // Asked before there was anything to report on.
        Work::Page(ToStorage::Report { id }) => tell_report(id).await,
        // It asks the network: nothing that is to be saved waits for that.
        Work::Link(port) => wasm_bindgen_futures::spawn_local(feed::link(port)),
        Work::Import { id, drafts } => captured(id, capture(drafts, true).await.map(drop)),
        // Otherwise years of rows would be read one by one at the next start.
        Work::Imported => end_session(),
        Work::Restore { id, rows, person } => {
            captured(id, restore(rows).await.map_err(|fail| fail.problem()));
            // With the last of them.
            if let Some(person) = person {
                nothing_missing().await;
                account::become_one_of(&[person]).await;
            }
        }
    }
}

async fn tell_code(id: u32) {
    let code = match state::with(|state| (state.vault.clone(), state.births.clone())) {
        // Another tab may have changed it.
        (Some(vault), Some(births)) => vault.current(&births).await.unwrap_or(vault).recovery_code().await.ok(),
        (Some(vault), None) => vault.recovery_code().await.ok(),
        (None, _) => None,
    };
    tell(&FromStorage::RecoveryCode { id, code });
}

async fn new_code() -> Result<(), Fail> {
    let parts = state::with(|state| Some((state.vault.clone()?, state.births.clone()?, state.pool.clone()?)));
    let Some((vault, births, pool)) = parts else { return Err(Fail::NotFound) };
    let next = vault.with_new_code(&births, &pool).await?;
    state::with(|state| state.vault = Some(next));
    Ok(())
}

fn not_renewed(fail: &Fail) -> Problem {
    Problem::new(
        ProblemKind::Internal,
        format!("There is no new recovery code ({fail})."),
        "The one before still opens what is stored here.",
        "Close other tabs of Spotter and try again.",
    )
}

async fn set_app_lock(passphrase: &str) -> Result<(), Problem> {
    if let Some(why) = weakness(passphrase).filter(|_| !passphrase.is_empty()) {
        let todo = "Three or four words that only you put together are easy to keep, and hard to guess.";
        return Err(Problem::new(ProblemKind::Refused, why, "The app lock is as it was.", todo));
    }
    leave::set_app_lock(passphrase).await
}

/// The projector sends the next part of what it imports.
fn captured(id: u32, outcome: Result<(), Problem>) {
    let problem = match outcome {
        Ok(()) => JsValue::NULL,
        Err(problem) => serde_wasm_bindgen::to_value(&problem).unwrap_or(JsValue::TRUE),
    };
    feed::to_projector(&["captured".into(), id.into(), problem], None);
}

/// Rows as they were written once, here or elsewhere. Those that are here already stay as they are.
async fn restore(rows: Vec<Row>) -> Result<(), Fail> {
    for file in state::with(|state| state.host.shelf.unread(&rows)) {
        link::read_file(&file).await?;
    }
    let (own, fresh, standing) = state::with(|state| {
        let own = state.host.device.identity().device_id.clone();
        // This device's chains may be longer in the backup than here: it goes on under another name.
        let fresh = rows.iter().any(|row| row.device_id == own && state.host.shelf.look(row) != Added::Known);
        (own, fresh, state.host.standing.clone().unwrap_or_default())
    });
    receive(Commit { rows, standing }).await?;
    if fresh && state::with(|state| state.host.device.identity().device_id == own) {
        crate::start::new_device().await;
    }
    link::wrote();
    Ok(())
}

async fn save_sheet(json: &str) -> Result<(), Fail> {
    let (sheet, vault) = state::with(|state| (state.sheet.take(), state.vault.clone()));
    let mut sheet = match (sheet, state::with(|state| state.pool.clone())) {
        (Some(sheet), _) => sheet,
        // It could not be had at the start: the disk was full, or a tab that had just died still held it.
        (None, Some(pool)) => SheetSlot::again(&pool, &state::with(|state| state.host.device.lane().as_str().to_owned())).await?,
        (None, None) => return Ok(()),
    };
    let outcome = sheet.save(vault.as_ref(), json, now_ms()).await;
    state::with(|state| state.sheet = Some(sheet));
    outcome
}

/// Whoever leads carries it out; one of the tabs does.
fn to_leader(word: &str, value: bool, act: impl FnOnce()) {
    if state::with(|state| state.host.leads()) {
        act();
    } else {
        feed::tell_siblings(&[word.into(), value.into()]);
    }
}

/// Rows from the server and the standing that covers them: one append, then one flush.
async fn receive(commit: Commit) -> Result<(), Fail> {
    if state::with(|state| state.inbox.as_ref().is_none_or(|(inbox, _)| inbox.is_full())) {
        let Some(pool) = state::with(|state| state.pool.clone()) else { return Err(Fail::NotFound) };
        state::with(|state| state.inbox = None);
        leader::nudge();
        let mut slot = claim_free(&pool).await?;
        let (inbox, bytes) =
            state::with(|state| Inbox::begin(state.host.device.identity(), state.host.device.lane(), now_ms(), &mut Chance));
        begin(&mut slot, bytes).await?;
        note_received().await;
        state::with(|state| state.inbox = Some((inbox, slot)));
    }
    let vault = state::vault();
    let Some((mut inbox, mut slot)) = state::with(|state| state.inbox.take()) else { return Err(Fail::NotFound) };
    let known = |state: &mut State, row: &Row| state.host.shelf.look(row) == Added::Known;
    let fresh: Vec<Row> = state::with(|state| commit.rows.into_iter().filter(|row| !known(state, row)).collect());
    let mut standing = commit.standing;
    let foreign = state::with(|state| {
        state.host.shelf.foreign(&state.host.device.identity().device_id, |chain| state.host.end_of(chain), fresh.iter())
    });
    // Never on the disk: that a place is acknowledged of which the server has another row.
    standing.doubt(&foreign.doubled);
    let bytes = inbox.batch(fresh.iter(), &standing);
    let outcome = append(&mut slot, vault.as_ref(), &bytes).await;
    if outcome.is_ok() {
        inbox.saved(&bytes);
    }
    state::with(|state| state.inbox = Some((inbox, slot)));
    outcome?;
    let again = match link::server_ms().filter(|_| !fresh.is_empty()) {
        Some(now) => outdone(now, &fresh).await,
        None => Vec::new(),
    };
    state::with(|state| {
        state.host.standing = Some(standing);
        fresh.iter().for_each(|row| _ = state.host.shelf.add(row.clone()));
        feed::tell_rows(state, &fresh);
    });
    if state::with(|state| !state.host.damaged.is_empty()) {
        // Perhaps what a damaged file held.
        leader::nudge();
    }
    link::doubled(foreign.doubled);
    if foreign.copied {
        crate::start::copied().await;
    }
    if !again.is_empty()
        && let Err(problem) = capture(again, false).await
    {
        tell(&FromStorage::Problem { problem });
    }
    Ok(())
}

/// What has to be said once more, because a clock was wrong.
async fn outdone(now: u64, fresh: &[Row]) -> Vec<Draft> {
    let own = state::with(|state| state.host.device.identity().device_id.clone());
    let odd: Vec<String> =
        state::with(|state| odd_files(now, &own, &state.host.manifest.sealed).map(|file| file.use_id.clone()).collect());
    let mut sealed = Vec::new();
    for file in odd {
        match link::sealed_rows(&file).await {
            Ok(rows) => sealed.extend(rows),
            Err(fail) => web_sys::console::warn_1(&format!("rows of a wrong clock could not be looked at: {fail}").into()),
        }
    }
    state::with(|state| {
        let before = state.host.standing.as_ref();
        // Of what the server did not have before this nobody elsewhere can have known.
        let unsent = |row: &Row| before.is_none_or(|before| !before.is_acked(row));
        said_again(now, &own, state.host.shelf.rows().iter().chain(&sealed), unsent, fresh)
    })
}

/// Writes the drafts down, all or none. When this returns they are on the disk.
pub(crate) async fn capture(drafts: Vec<Draft>, import: bool) -> Result<(Vec<Row>, Guarantee), Problem> {
    let stamp = stamp();
    if state::with(|state| state.host.device.needs_session(&stamp, import)) {
        new_session(import).await.map_err(|fail| fail.problem())?;
    }
    let batch = state::with(|state| state.host.device.capture(&stamp, &mut Chance, drafts)).map_err(|err| match err {
        DeviceErr::Refused(refusal) => Problem::new(
            ProblemKind::Refused,
            format!("That cannot be saved: {refusal}."),
            "Nothing was changed.",
            "Correct the value and try again.",
        ),
        other => Problem::new(ProblemKind::Internal, other.to_string(), "Nothing was changed.", "Try again."),
    })?;
    write(batch).await.map_err(|fail| fail.problem())
}

/// Whether they are in a file now.
pub(crate) async fn adopt(rows: Vec<Row>) -> bool {
    let outcome = async {
        new_session(false).await?;
        let batch = state::with(|state| state.host.device.adopt(rows)).map_err(|err| Fail::Other(err.to_string()))?;
        write(batch).await
    };
    match outcome.await {
        Ok(_) => true,
        Err(fail) => {
            tell(&FromStorage::Problem { problem: fail.problem() });
            false
        }
    }
}

async fn write(batch: Batch) -> Result<(Vec<Row>, Guarantee), Fail> {
    let (slot, young, births, vault, stored) = state::with(|state| {
        let young = state.slot.as_ref().is_some_and(|slot| now_ms() < slot.young_until);
        (state.slot.take(), young, state.births.clone().filter(|_| young), state.vault.clone(), state.pool.is_some())
    });
    let guarantee = match slot {
        Some(mut slot) => {
            let outcome = keep(&mut slot, births.as_ref(), vault.as_ref(), &batch).await;
            state::with(|state| state.slot = Some(slot));
            outcome?
        }
        None if stored => {
            state::with(|state| state.host.device.drop_session());
            return Err(Fail::NotFound);
        }
        None => Guarantee::MemoryOnly,
    };
    state::with(|state| {
        state.host.device.saved(&batch);
        if young {
            let due = now_ms() + FILE_YOUNG_MS;
            state.births_due.push_back((due, birth_key(&batch)));
        }
        feed::tell_rows(state, &batch.rows);
        batch.rows.iter().for_each(|row| _ = state.host.shelf.add(row.clone()));
    });
    link::wrote();
    let taken = state::with(|state| state.host.shelf.doubled_by(&batch.rows));
    if !taken.is_empty() {
        // The copy of this profile was quicker by a moment.
        link::doubled(taken);
        crate::start::copied().await;
    }
    wasm_bindgen_futures::spawn_local(async {
        // What fails now is tried again with the next write.
        let _ = leader::forget_births().await;
    });
    Ok((batch.rows, guarantee))
}

/// In the session's file, and beside it while that is young: in both or in neither.
async fn keep(slot: &mut Slot, births: Option<&Births>, vault: Option<&Vault>, batch: &Batch) -> Result<Guarantee, Fail> {
    let before = slot.at;
    append(slot, vault, &batch.bytes).await?;
    let Some(births) = births else {
        return Ok(if slot.young_until <= now_ms() { Guarantee::File } else { Guarantee::FileAlone });
    };
    let beside = async {
        let packed = pack(batch.rows.iter().map(|row| row.raw.as_slice()));
        let packed = vault::value(vault, &birth_key(batch), packed).await?;
        births.put("births", &[(birth_key(batch), value_of(&packed))]).await
    };
    if let Err(fail) = beside.await {
        // Left there, it would come back as a row that nobody was told of, in the place of the next one.
        slot.held.cut(before)?;
        slot.at = before;
        return Err(fail);
    }
    Ok(Guarantee::FileAndBirth)
}

/// A batch has one birth record, named by its first row.
fn birth_key(batch: &Batch) -> String {
    batch.rows.first().map(|row| row.event_id.to_string()).unwrap_or_default()
}

/// Ends the running session and begins the next in a free pool file.
async fn new_session(import: bool) -> Result<(), Fail> {
    let Some(pool) = state::with(|state| state.pool.clone()) else {
        state::with(|state| state.host.device.begin_session(&stamp(), import, &mut Chance));
        return Ok(());
    };
    end_session();
    let mut slot = claim_free(&pool).await?;
    let bytes = state::with(|state| state.host.device.begin_session(&stamp(), import, &mut Chance));
    let begun = begin(&mut slot, bytes).await;
    if begun.is_err() {
        state::with(|state| state.host.device.drop_session());
    }
    begun?;
    state::with(|state| state.slot = Some(slot));
    Ok(())
}

/// Whoever leads seals it.
fn end_session() {
    state::with(|state| {
        let ending = state.slot.take().zip(state.host.device.closing_bytes());
        if let Some((slot, bytes)) = ending {
            // A session without its closing frame is still whole: it only looks interrupted.
            let _ = slot.held.write(slot.at, &bytes);
        }
        state.host.device.drop_session();
    });
    feed::tell_siblings(&["closed".into()]);
    leader::nudge();
}

/// A session's first bytes, in place of whatever the file held.
async fn begin(slot: &mut Slot, plain: Vec<u8>) -> Result<(), Fail> {
    if let (None, Some(pool)) = state::with(|state| (state.vault.clone(), state.pool.clone()))
        && vault::is_filed(&pool).await
    {
        return Err(Fail::Other("another tab has begun to encrypt what is stored here, and this one cannot".to_owned()));
    }
    let (use_id, bytes) = vault::beginning(state::vault().as_ref(), plain).await?;
    slot.held.replace(&bytes)?;
    (slot.use_id, slot.at) = (use_id, bytes.len() as u64);
    Ok(())
}

/// Frames at the end of a session; on the disk when this returns.
async fn append(slot: &mut Slot, vault: Option<&Vault>, plain: &[u8]) -> Result<(), Fail> {
    let bytes = vault::frames(vault, &slot.use_id, slot.at, plain).await?;
    slot.held.write(slot.at, &bytes)?;
    slot.at += bytes.len() as u64;
    Ok(())
}

/// A pool file with nothing of worth in it, taken for this worker alone.
pub(crate) async fn claim_free(pool: &Pool) -> Result<Slot, Fail> {
    let births = state::with(|state| state.births.clone());
    let listed: Vec<String> = state::with(|state| state.host.manifest.names().map(str::to_owned).collect());
    for name in slots(pool).await?.iter().filter(|name| !listed.contains(name)) {
        if looks_free(pool, name).await
            && let Some(slot) = take_free(pool, births.as_ref(), name).await?
        {
            return Ok(slot);
        }
    }
    // Tabs that find none make one at the same moment, perhaps of the same name, and one of them gets it.
    for lost in 0..CLAIMS {
        let names = slots(pool).await?;
        let made = contended_slot(names.iter().chain(&listed).map(String::as_str), lost, &mut Chance);
        make_files(pool, births.as_ref(), std::slice::from_ref(&made)).await?;
        if let Some(slot) = take_free(pool, births.as_ref(), &made).await? {
            return Ok(slot);
        }
    }
    Err(Fail::Other("other tabs were quicker at every file".to_owned()))
}

/// Names of the files that rows go into.
pub(crate) async fn slots(pool: &Pool) -> Result<Vec<String>, Fail> {
    Ok(pool.names().await?.into_iter().filter(|name| name.starts_with("slot-")).collect())
}

/// `None` when somebody else was quicker.
async fn take_free(pool: &Pool, births: Option<&Births>, name: &str) -> Result<Option<Slot>, Fail> {
    let Ok(held) = pool.claim(name).await else { return Ok(None) };
    // Looked at again now that nobody else can write it.
    if !is_free(&held.read_all()?) {
        return Ok(None);
    }
    // Whoever made it wrote down when.
    let young_until = match births {
        Some(births) => made_ms(births, name).await?.map_or(0, |at| at + FILE_YOUNG_MS),
        None => now_ms() + FILE_YOUNG_MS,
    };
    Ok(Some(Slot::taken(name.to_owned(), held, young_until)))
}

/// One that cannot be read is not taken for free.
pub(crate) async fn looks_free(pool: &Pool, name: &str) -> bool {
    pool.head(name).await.is_ok_and(|(head, _)| is_free(&head))
}

async fn tell_report(id: u32) {
    tell(&FromStorage::Report { id, report: report().await });
}

async fn report() -> StorageReport {
    let pool = state::with(|state| state.pool.clone());
    let mut free = 0;
    let mut pool_files = 0;
    if let Some(pool) = pool {
        let names = slots(&pool).await.unwrap_or_default();
        for name in &names {
            free += usize::from(looks_free(&pool, name).await);
        }
        pool_files = names.len();
    }
    state::with(|state| StorageReport {
        leader: state.host.leads(),
        lane: state.host.device.lane().as_str().to_owned(),
        generation: state.host.manifest.generation,
        sealed_files: state.host.manifest.sealed.len(),
        sealed_rows: state.host.manifest.sealed.iter().map(|file| file.rows).sum(),
        sealed_bytes: state.host.manifest.sealed.iter().map(|file| file.bytes).sum(),
        open_rows: state.host.device.session_rows(),
        open_bytes: state.host.device.append_at(),
        pool_files,
        free_files: free,
        births: state.births_due.len(),
        problems: state.problems.clone(),
    })
}
