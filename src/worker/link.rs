//! The way to the server: hands on what the replica of whoever leads wants of the network, and says how things stand.

use bridge::{FromStorage, Refusal, RefusalCode, RefusedView, Sibling, SyncLink, SyncState};
use device::{Happening, Shelf, clock_notice};
use wasm_bindgen::{JsValue, closure::Closure};
use web_sys::AbortController;
use wire::{Command, Input, Link, Replica, Retry, Trouble};

use crate::{
    channels,
    clock::{mono_ms, now_ms},
    errands::{self, Errand, refusal},
    events::happened,
    js::{self, global},
    kept,
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
        Command::Ask { id, request } => errands::begin(Errand::Ask { id, request, abort: begin_call(id) }),
        Command::Forget { id } | Command::CloseStream { id } => {
            let call = state::with(|state| state.wires.calls.remove(&id));
            if let Some(call) = call {
                call.abort();
            }
        }
        Command::OpenStream { id, checkpoint } => errands::begin(Errand::Listen { id, checkpoint, abort: begin_call(id) }),
        Command::FetchSnapshot(list) => errands::begin(Errand::Snapshot(list)),
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
pub(crate) fn end_call(id: u32) -> bool {
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

// ---------------------------------------------------------------------------------------------- what is shown

pub(crate) fn progress(at: Option<(usize, usize)>) {
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
