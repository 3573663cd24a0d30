//! The way to the server: does with `fetch` what the replica of whoever leads wants of the network, and says how things stand.

use bridge::{FromStorage, Refusal, RefusalCode, RefusedView, Sibling, SyncLink, SyncState};
use device::{Happening, Shelf, clock_notice};
use wasm_bindgen::{JsValue, closure::Closure};
use wasm_bindgen_futures::spawn_local;
use web_sys::AbortController;
use wire::{
    Answer, Checkpoint, Command, Failure, Input, Link, NATIVE_PUSH, Push, Replica, Request, Retry, SseEvent, SseReader, Trouble,
    api::{self, path},
};

use crate::{
    channels,
    clock::{mono_ms, now_ms},
    events::happened,
    js::{self, global},
    kept,
    net::{Call, Pieces, refusal},
    snapshot,
    state::{self, tell},
};

const LATELY: usize = 400;

/// Compares everything, here or in the tab that leads.
pub(crate) fn compare() {
    happened(Happening::Compare);
}

/// The leader says how things stand.
pub(crate) fn heard(state: SyncState) {
    happened(Happening::HeardOfComparing(state.comparing));
    tell(&FromStorage::Sync { state });
}

pub(crate) fn is_on() -> bool {
    state::with(|state| state.host.replica().is_some())
}

/// Signed out: what is under way ends, and nothing here is touched.
pub(crate) fn end() {
    happened(Happening::Unlinked);
    cut_off();
}

/// Nobody waits for what is still under way.
pub(crate) fn cut_off() {
    let calls = state::with(|state| std::mem::take(&mut state.wires.calls));
    calls.into_values().for_each(|call| call.abort());
}

pub(crate) fn awake(online: bool) {
    input(if online { Input::Connect } else { Input::Disconnect });
}

pub(crate) fn input(input: Input) {
    happened(Happening::Net(input));
}

/// How things stand may be another by now.
pub(crate) fn stands() {
    look_at_clock();
    say();
}

/// Somebody should know that the clock of this device is wrong; said once.
fn look_at_clock() {
    let server = state::with(|state| state.host.replica().and_then(|replica| replica.server_ms(mono_ms())));
    let notice = server.and_then(|server| clock_notice(now_ms(), server));
    if let Some(notice) = notice.filter(|_| !state::with(|state| std::mem::replace(&mut state.wires.clock_said, true))) {
        state::report(notice);
    }
}

pub(crate) fn carry_out(command: Command) {
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
            let call = state::with(|state| state.wires.calls.remove(&id));
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
        Command::FetchSnapshot(list) => spawn_local(async move {
            let outcome = snapshot::fetch(&list, &progress).await;
            progress(None);
            input(match outcome {
                Ok(acked) => Input::SnapshotStored(acked),
                Err(failure) => Input::SnapshotFailed(failure),
            });
        }),
        Command::Wake { at_ms } => wake(at_ms),
        // These are of this device, and done there.
        Command::Collect { .. } | Command::Commit(_) | Command::Compare(_) | Command::CompareBlocks(_) => {}
    }
}

fn begin_call(id: u32) -> Option<AbortController> {
    let abort = AbortController::new().ok()?;
    state::with(|state| state.wires.calls.insert(id, abort.clone()));
    Some(abort)
}

/// `false` when nobody waits for it any more.
fn end_call(id: u32) -> bool {
    state::with(|state| state.wires.calls.remove(&id).is_some())
}

fn wake(at_ms: u64) {
    let delay = at_ms.saturating_sub(mono_ms()).min(i32::MAX as u64) as i32;
    let tick = Closure::once_into_js(|| input(Input::Tick));
    let timer = js::call(&global(), "setTimeout", &[&tick, &JsValue::from(delay)]).ok().and_then(|timer| timer.as_f64());
    let old = state::with(|state| std::mem::replace(&mut state.wires.timer, timer.map(|timer| timer as i32)));
    if let Some(old) = old {
        let _ = js::call(&global(), "clearTimeout", &[&JsValue::from(old)]);
    }
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
            let push = Push { device_id: kept::signed_in_as(), batch_id, rows };
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

// ---------------------------------------------------------------------------------------------- what is shown

fn progress(at: Option<(usize, usize)>) {
    state::with(|state| state.wires.said.progress = at);
    say();
}

/// Tells this tab's screen and the others' how things stand, when that has changed.
fn say() {
    let account = kept::name();
    // Whoever has lost the lead knows nothing that the next one does not know better.
    let fresh = state::with(|state| {
        let said = &mut state.wires.said;
        let replica = state.host.leads().then(|| state.host.replica())?;
        let fresh = replica.map(|replica| shown(replica, &state.host.shelf, account, said.progress)).unwrap_or_default();
        (fresh != *said).then(|| said.clone_from(&fresh))?;
        Some(fresh)
    });
    let Some(state) = fresh else { return };
    channels::tell(&Sibling::Standing { state: Box::new(state.clone()) });
    tell(&FromStorage::Sync { state });
}

/// A tab that has just come asks what was said last.
pub(crate) fn say_again() {
    let said = state::with(|state| state.host.replica().map(|_| state.wires.said.clone()));
    if let Some(state) = said {
        channels::tell(&Sibling::Standing { state: Box::new(state) });
    }
}

fn shown(replica: &Replica, shelf: &Shelf, account: String, progress: Option<(usize, usize)>) -> SyncState {
    let standing = replica.standing();
    let (waiting, only_here) = (shelf.waiting_count(standing), shelf.unacknowledged(standing));
    let some = LATELY.min(usize::try_from(only_here).unwrap_or(LATELY));
    let lately = shelf.waiting_lately(standing, some).iter().map(|row| row.hlc.to_string()).collect();
    let refused = standing.refused.iter().take(100).map(|(id, refused)| RefusedView {
        event_id: id.to_string(),
        code: refused.code,
        later: refused.retry != Retry::Never,
    });
    SyncState {
        account: Some(account),
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
