//! The leader's way to the server: carries out what the replica wants, with `fetch` and the disk, one input after another.

use std::{
    cell::{Cell, RefCell},
    collections::{BTreeMap, VecDeque},
};

use bridge::{FromStorage, Refusal, RefusalCode, RefusedView, SyncLink, SyncState};
use device::{FileRows, by_place, clock_notice};
use ledger::{Row, Scope};
use wasm_bindgen::{JsValue, closure::Closure};
use wasm_bindgen_futures::spawn_local;
use web_sys::AbortController;
use wire::{
    Answer, Blocks, Checkpoint, Command, Failure, Input, Link, NATIVE_PUSH, Push, Replica, Request, Retry, SseEvent, SseReader,
    Standing, Trouble,
    api::{self, path},
};

use crate::{
    account,
    clock::{Chance, now_ms},
    fail::Fail,
    feed, js,
    net::{Call, Pieces, refusal},
    port::{self, Work},
    sealed, snapshot,
    start::report_problem,
    state::{self, global, tell},
};

/// From this many missing rows on a first sync takes sealed segments.
const SNAPSHOT_ROWS: u64 = 2_000;
const LATELY: usize = 400;

struct Linked {
    replica: Replica,
    inputs: VecDeque<Input>,
    running: bool,
    /// What is under way, and how to end it.
    calls: BTreeMap<u32, AbortController>,
    timer: Option<i32>,
    /// Rows of the sealed file that was read last, for a push.
    read: BTreeMap<String, FileRows>,
}

thread_local! {
    static LINK: RefCell<Option<Linked>> = const { RefCell::new(None) };
    /// What the screens were told last.
    static SAID: RefCell<SyncState> = RefCell::default();
    /// This tab's screen wants everything compared, and no leader has said yet that it does.
    static COMPARE: Cell<bool> = const { Cell::new(false) };
    static CLOCK_SAID: Cell<bool> = const { Cell::new(false) };
}

/// Milliseconds that only go forward while this worker lives, whatever the clock does.
fn now() -> u64 {
    global().performance().map_or(0, |performance| (performance.time_origin() + performance.now()).max(0.0) as u64)
}

/// This tab leads, and an account is connected.
pub(crate) fn begin(standing: Standing) {
    let own = state::with(|state| {
        let person = state.host.device.identity().person;
        state.host.shelf.holds_scope(Scope::Person(person)).then_some(person)
    });
    LINK.with_borrow_mut(|link| {
        let mut replica = Replica::new(standing, Some(SNAPSHOT_ROWS));
        if let Some(own) = own {
            replica.writes_for(own);
        }
        if let Some(account) = account::kept() {
            replica.is_of(account.account_id);
        }
        *link = Some(Linked {
            replica,
            inputs: VecDeque::new(),
            running: false,
            calls: BTreeMap::new(),
            timer: None,
            read: BTreeMap::new(),
        });
    });
    doubled(state::with(|state| state.host.shelf.doubled()));
    input(Input::Connect);
    missing();
    if COMPARE.take() {
        input(Input::Audit);
    }
}

/// Compares everything, here or in the tab that leads. One that was just closed may still be taken for the leader: then
/// the next one hears of it.
pub(crate) fn compare() {
    if is_on() {
        input(Input::Audit);
    } else {
        COMPARE.set(true);
        feed::tell_siblings(&["compare".into()]);
    }
}

/// The leader says how things stand.
pub(crate) fn heard(state: SyncState) {
    if state.comparing {
        COMPARE.set(false);
    } else if COMPARE.get() {
        feed::tell_siblings(&["compare".into()]);
    }
    tell(&FromStorage::Sync { state });
}

/// What damaged files held is asked for.
pub(crate) fn missing() {
    let places = state::with(|state| {
        let spans = state.host.damaged.iter().flat_map(|file| &file.spans);
        spans.map(|span| (span.chain.clone(), span.places.clone())).collect::<Vec<_>>()
    });
    if !places.is_empty() {
        input(Input::Missing(places));
    }
}

/// Places that have more than one row are sent whole.
pub(crate) fn doubled(places: BTreeMap<wire::ChainKey, wire::Ranges>) {
    if !places.is_empty() {
        input(Input::Doubled(places));
    }
}

pub(crate) fn is_on() -> bool {
    LINK.with_borrow(Option::is_some)
}

/// Signed out: what is under way ends, and nothing here is touched.
pub(crate) fn end() {
    input(Input::Disconnect);
    LINK.with_borrow_mut(|link| *link = None);
    say();
}

pub(crate) fn awake(online: bool) {
    input(if online { Input::Connect } else { Input::Disconnect });
}

/// What the server's clock says, when there is one to ask.
pub(crate) fn server_ms() -> Option<u64> {
    LINK.with_borrow(|link| link.as_ref()?.replica.server_ms(now()))
}

/// Somebody should know that the clock of this device is wrong; said once.
fn look_at_clock() {
    let notice = server_ms().and_then(|server| clock_notice(now_ms(), server));
    if let Some(notice) = notice.filter(|_| !CLOCK_SAID.replace(true)) {
        report_problem(notice);
    }
}

/// Rows were written on this device, for the person it writes for now.
pub(crate) fn wrote() {
    let person = state::with(|state| state.host.device.identity().person);
    LINK.with_borrow_mut(|link| {
        if let Some(link) = link {
            link.replica.writes_for(person);
        }
    });
    input(Input::Wrote);
}

/// Something happened. What follows from it is done before the next input is taken.
pub(crate) fn input(input: Input) {
    let idle = LINK.with_borrow_mut(|link| {
        let Some(link) = link else { return false };
        link.inputs.push_back(input);
        !std::mem::replace(&mut link.running, true)
    });
    if !idle {
        return;
    }
    loop {
        let commands = LINK.with_borrow_mut(|link| {
            let link = link.as_mut()?;
            let Some(input) = link.inputs.pop_front() else {
                link.running = false;
                return None;
            };
            Some(link.replica.step(now(), &mut Chance, input))
        });
        let Some(commands) = commands else { break };
        commands.into_iter().for_each(carry_out);
    }
    look_at_clock();
    say();
}

fn carry_out(command: Command) {
    match command {
        Command::Ask { id, request } => {
            let abort = begin_call(id);
            spawn_local(async move {
                let outcome = ask(request, abort.as_ref()).await;
                if end_call(id) {
                    input(match outcome {
                        Ok(answer) => Input::Answered { id, answer },
                        Err(failure) => Input::Failed { id, failure },
                    });
                }
            });
        }
        Command::Forget { id } | Command::CloseStream { id } => {
            let call = LINK.with_borrow_mut(|link| link.as_mut().and_then(|link| link.calls.remove(&id)));
            if let Some(call) = call {
                call.abort();
            }
        }
        Command::OpenStream { id, checkpoint } => {
            let abort = begin_call(id);
            spawn_local(async move {
                let failure = listen(id, &checkpoint, abort.as_ref()).await;
                if end_call(id) {
                    input(Input::StreamEnded { id, failure });
                }
            });
        }
        Command::Collect { rows, bytes } => spawn_local(collect(rows, bytes)),
        Command::Commit(commit) => spawn_local(async move {
            for file in state::with(|state| state.host.shelf.unread(&commit.rows)) {
                // Unread, its rows count as known; the next comparison with the server finds what that hides.
                if let Err(fail) = read_file(&file).await {
                    web_sys::console::warn_1(&format!("a sealed session could not be read: {fail}").into());
                }
            }
            port::enqueue(Work::Receive(commit));
        }),
        Command::Compare(digest) => {
            let comparison = state::with(|state| state.host.shelf.compare(&digest));
            input(Input::Compared(comparison));
        }
        Command::CompareBlocks(blocks) => spawn_local(compare_blocks(blocks)),
        Command::FetchSnapshot(list) => spawn_local(async move {
            let outcome = snapshot::fetch(&list, &progress).await;
            progress(None);
            input(match outcome {
                Ok(acked) => Input::SnapshotStored(acked),
                Err(failure) => Input::SnapshotFailed(failure),
            });
        }),
        Command::Wake { at_ms } => wake(at_ms),
    }
}

fn begin_call(id: u32) -> Option<AbortController> {
    let abort = AbortController::new().ok()?;
    LINK.with_borrow_mut(|link| {
        if let Some(link) = link {
            link.calls.insert(id, abort.clone());
        }
    });
    Some(abort)
}

/// `false` when nobody waits for it any more.
fn end_call(id: u32) -> bool {
    LINK.with_borrow_mut(|link| link.as_mut().is_some_and(|link| link.calls.remove(&id).is_some()))
}

fn wake(at_ms: u64) {
    let delay = at_ms.saturating_sub(now()).min(i32::MAX as u64) as i32;
    let tick = Closure::once_into_js(|| input(Input::Tick));
    let timer = js::call(&global(), "setTimeout", &[&tick, &JsValue::from(delay)]).ok().and_then(|timer| timer.as_f64());
    LINK.with_borrow_mut(|link| {
        if let Some(link) = link
            && let Some(old) = std::mem::replace(&mut link.timer, timer.map(|timer| timer as i32))
        {
            let _ = js::call(&global(), "clearTimeout", &[&JsValue::from(old)]);
        }
    });
}

async fn ask(request: Request, abort: Option<&AbortController>) -> Result<Answer, Failure> {
    let get = |path| Call { abort, ..Call::get(path) };
    Ok(match request {
        Request::Hello => Answer::Hello(get(path::HELLO).json().await?),
        Request::Pull { checkpoint, batch_size } => Answer::Page(get(&path::pull(checkpoint.as_ref(), batch_size)).json().await?),
        Request::Span { chain, from, to } => Answer::Page(get(&path::span(&chain, from, to)).json().await?),
        Request::Digest => Answer::Digest(get(path::DIGEST).json().await?),
        Request::Blocks { chain } => Answer::Blocks(get(&path::blocks(&chain)).json().await?),
        Request::Snapshot => Answer::Snapshot(get(path::SNAPSHOT).json().await?),
        Request::Push { rows } => {
            let batch_id = rows.first().map(|row| row.event_id.to_string()).unwrap_or_default();
            let rows = rows.iter().filter_map(|row| wire::raw_of(&row.raw)).collect();
            let push = Push { device_id: account::signed_in_as(), batch_id, rows };
            Answer::Pushed(Call { accept: NATIVE_PUSH, abort, ..Call::post(path::PUSH, &push) }.json().await?)
        }
        Request::Claim { person } => {
            let body = api::PersonBody { person: person.to_string() };
            Call { abort, ..Call::post(path::PERSONS, &body) }.response().await?;
            Answer::Claimed
        }
    })
}

/// Ends only with a failure: a stream that just stops is one.
async fn listen(id: u32, checkpoint: &Checkpoint, abort: Option<&AbortController>) -> Failure {
    let path = path::stream(checkpoint);
    let opened = match (Call { accept: "text/event-stream", abort, ..Call::get(&path) }).response().await {
        Ok(response) => Pieces::of(&response),
        Err(failure) => Err(failure),
    };
    let pieces = match opened {
        Ok(pieces) => pieces,
        Err(failure) => return failure,
    };
    input(Input::StreamOpened { id });
    let mut reader = SseReader::default();
    loop {
        let piece = match pieces.next().await {
            Ok(Some(piece)) => piece,
            Ok(None) => return Failure::Unreachable("the stream ended".to_owned()),
            Err(failure) => return failure,
        };
        for event in reader.read(&piece) {
            match event {
                SseEvent::Message { event, data, .. } if event.is_empty() => {
                    if data == api::RESYNC {
                        input(Input::StreamResync { id });
                        continue;
                    }
                    match serde_json::from_str(&data) {
                        Ok(frame) => input(Input::StreamFrame { id, frame }),
                        // What cannot be read was not told: it is pulled.
                        Err(_) => input(Input::StreamResync { id }),
                    }
                }
                SseEvent::Message { event, data, .. } if event == api::BYE => {
                    return match serde_json::from_str::<api::Bye>(&data) {
                        Ok(bye) => Failure::Problem(wire::Problem::new(bye.code, "the server ended the stream")),
                        Err(_) => Failure::Unreachable("the server ended the stream".to_owned()),
                    };
                }
                SseEvent::Message { .. } | SseEvent::Comment => input(Input::StreamBeat { id }),
            }
        }
    }
}

/// Rows to send. Those in sealed files are read by the projector, which knows Parquet.
async fn collect(rows: usize, bytes: usize) {
    loop {
        let waiting = LINK.with_borrow(|link| {
            let link = link.as_ref()?;
            Some(state::with(|state| state.host.shelf.waiting(link.replica.standing(), rows, bytes, &link.read)))
        });
        let Some(waiting) = waiting else { return };
        let Some(file) = waiting.file else {
            input(Input::Outbox(waiting.rows));
            return;
        };
        match sealed_rows(&file).await {
            Ok(rows) => LINK.with_borrow_mut(|link| {
                if let Some(link) = link {
                    // One file at a time: a push goes through them in their order.
                    link.read = ledger::map_of([(file, by_place(rows))]);
                }
            }),
            Err(fail) => {
                // No projector, because nobody looks: the next one is waited for.
                web_sys::console::warn_1(&format!("rows of a sealed session wait to be read: {fail}").into());
                input(Input::Outbox(waiting.rows));
                return;
            }
        }
    }
}

async fn compare_blocks(blocks: Blocks) {
    loop {
        match state::with(|state| state.host.shelf.compare_blocks(&blocks)) {
            Ok(comparison) => return input(Input::Compared(comparison)),
            Err(unread) => {
                for file in unread {
                    if let Err(fail) = read_file(&file).await {
                        web_sys::console::warn_1(&format!("a sealed session could not be compared: {fail}").into());
                        return input(Input::Compared(Default::default()));
                    }
                }
            }
        }
    }
}

/// Tells the shelf what a sealed file holds.
pub(crate) async fn read_file(use_id: &str) -> Result<(), Fail> {
    let rows = sealed_rows(use_id).await?;
    state::with(|state| state.host.shelf.file_read(use_id, &rows));
    Ok(())
}

pub(crate) async fn sealed_rows(use_id: &str) -> Result<Vec<Row>, Fail> {
    let (pool, file) = state::with(|state| {
        let file = state.host.manifest.sealed.iter().find(|file| file.use_id == use_id);
        (state.pool.clone(), file.cloned())
    });
    let (Some(pool), Some(file)) = (pool, file) else { return Err(Fail::NotFound) };
    sealed::rows(&pool, &file).await
}

// ---------------------------------------------------------------------------------------------- what is shown

fn progress(at: Option<(usize, usize)>) {
    SAID.with_borrow_mut(|said| said.progress = at);
    say();
}

/// Tells this tab's screen and the others' how things stand, when that has changed.
pub(crate) fn say() {
    let before = SAID.with_borrow(Clone::clone);
    let state = LINK.with_borrow(|link| link.as_ref().map(|link| shown(&link.replica, before.progress)));
    let state = state.unwrap_or_default();
    // Whoever has lost the lead knows nothing that the next one does not know better.
    if state == before || !state::with(|state| state.host.leads()) {
        return;
    }
    SAID.with_borrow_mut(|said| said.clone_from(&state));
    if let Ok(json) = serde_json::to_string(&state) {
        feed::tell_siblings(&["sync".into(), json.into()]);
    }
    tell(&FromStorage::Sync { state });
}

/// A tab that has just come asks what was said last.
pub(crate) fn say_again() {
    let said = SAID.with_borrow(Clone::clone);
    if is_on()
        && let Ok(json) = serde_json::to_string(&said)
    {
        feed::tell_siblings(&["sync".into(), json.into()]);
    }
}

fn shown(replica: &Replica, progress: Option<(usize, usize)>) -> SyncState {
    let standing = replica.standing();
    let (waiting, only_here, lately) = state::with(|state| {
        let (waiting, only_here) = (state.host.shelf.waiting_count(standing), state.host.shelf.unacknowledged(standing));
        let some = LATELY.min(usize::try_from(only_here).unwrap_or(LATELY));
        (waiting, only_here, state.host.shelf.waiting_lately(standing, some).iter().map(|row| row.hlc.to_string()).collect())
    });
    let refused = standing.refused.iter().take(100).map(|(id, refused)| RefusedView {
        event_id: id.to_string(),
        code: refused.code,
        later: refused.retry != Retry::Never,
    });
    SyncState {
        account: Some(account::name()),
        link: match replica.link() {
            Link::Off => SyncLink::Waiting,
            Link::Connecting => SyncLink::Connecting,
            Link::CatchingUp => SyncLink::CatchingUp,
            Link::Live => SyncLink::Live,
            Link::Waiting { .. } => SyncLink::Waiting,
            Link::Stopped => SyncLink::Stopped,
        },
        waiting,
        only_here,
        waiting_hlcs: lately,
        refused: refused.collect(),
        verified: replica.verified,
        unlinked: replica.unlinked,
        comparing: replica.is_comparing(),
        trouble: replica.trouble.as_ref().map(|trouble| match trouble {
            Trouble::Server(failure) => refusal(failure),
            Trouble::Disk(why) => Refusal { code: RefusalCode::Disk, detail: why.clone(), retry_after_ms: None },
        }),
        progress,
        cursor: standing.cursor.as_ref().map(|cursor| cursor.seq),
        head: replica.hello().map(|hello| hello.head),
    }
}
