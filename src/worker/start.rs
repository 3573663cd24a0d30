//! The start: find the files, recover what is in them, take a lane, and say ready.

use std::cell::RefCell;

use bridge::{FromStorage, Problem, ProblemKind, unpack};
use device::{
    Device, Home, Host, Identity, Manifest, PoolFile, Seen, Shelf, Start, Where, Write, home, missing_files, recover_but,
};
use ledger::{Header, LaneId};
use wasm_bindgen::JsValue;

use crate::{
    births::{Births, bytes_of},
    channels,
    clock::{Chance, now_ms, performance_now, stamp, use_id},
    deeds,
    errands::{self, Errand},
    events::begin_write,
    fail::Fail,
    files::Pool,
    js::{self, Soon},
    kept, leader, locks,
    reading::{CLEARED, ME, RECEIVED, json_of, make_files, nothing_missing, read_files, unreadable},
    sheet::{self, SheetSlot},
    siblings,
    state::{State, install, tell},
    tables,
    vault::{self, Vault},
};

/// `unlocked` is the vault when somebody has just opened it; `before` is who this was by what the page remembers.
pub(crate) async fn start(unlocked: Option<Vault>, before: Option<Identity>) {
    let began = performance_now();
    deeds::begin();
    let open = channels::open(siblings::hear);
    let births = match &unlocked {
        // Opened by the code alone: without the database until the next start.
        Some(vault) if !vault.is_kept() => None,
        _ => Births::open().await.ok(),
    };
    // Before anything is read: whoever had this lane has written its last row now, so its chains stand where the files say.
    let lane = take_lane().await;
    // Other tabs start, seal and die at the same moment: what fails once need not fail again, and going on without storage is
    // the last thing to do.
    let mut tries = 1;
    let opened = loop {
        let last = tries == START_TRIES;
        match open_all(births.as_ref(), unlocked.as_ref(), &lane, before.as_ref(), last).await {
            Err(fail) if !last && !fail.stays() => {
                web_sys::console::warn_1(&format!("the storage is opened once more: {fail}").into());
                js::sleep(START_AGAIN_MS).await;
                tries += 1;
            }
            opened => break opened,
        }
    };
    let (mut state, sheet, unborn) = match opened {
        Ok(Opened::Started(started)) => *started,
        Ok(Opened::Locked { pool, passphrase }) => {
            LOCKED.set(Some(pool));
            return tell(&FromStorage::Locked { passphrase });
        }
        Err(fail) => without_storage(&fail),
    };
    let ready = FromStorage::Ready {
        person: state.host.device.identity().person.to_string(),
        device: state.host.device.identity().device_id.as_str().to_owned(),
        lane: state.host.device.lane().as_str().to_owned(),
        memory_only: state.pool.is_none(),
        app_lock: state.vault.as_ref().is_some_and(Vault::has_app_lock),
        sheet,
        problems: state.problems.clone(),
        took_ms: performance_now() - began,
    };
    let pool = state.pool.clone();
    state.channels = open.filter(|_| pool.is_some());
    let lost = state.problems.iter().any(|problem| problem.kind == ProblemKind::StorageCleared);
    install(state);
    tell(&ready);
    channels::begin(siblings::hear);
    if let Some(pool) = pool {
        tables::read_early(pool);
        kept::recall().await;
        if kept::kept().is_none() {
            // With an account whoever leads says how things stand.
            tell(&FromStorage::Sync { state: Default::default() });
        } else if lost {
            // It comes back by itself.
            nothing_missing().await;
        }
        if let Some(what) = unborn {
            // Before anything new.
            begin_write(what);
        }
        if kept::owes() {
            errands::begin(Errand::EndOwed);
        }
        wasm_bindgen_futures::spawn_local(leader::lead());
    }
}

const START_TRIES: u32 = 4;
const START_AGAIN_MS: i32 = 500;

/// With the sheet of a workout, and what has to be written before anything new.
type Started = (State, Option<String>, Option<Write>);

enum Opened {
    Started(Box<Started>),
    Locked { pool: Pool, passphrase: bool },
}

async fn open_all(
    births: Option<&Births>,
    unlocked: Option<&Vault>,
    lane: &LaneId,
    before: Option<&Identity>,
    last: bool,
) -> Result<Opened, Fail> {
    let Found { pool, names, full } = find(births, lane, last).await?;
    // It has a database, and gives no folder away.
    let private = pool.is_in_database() && matches!(Pool::in_folder().await, Err(Fail::Forbidden(_)));
    let vault = match (births, unlocked) {
        (_, Some(vault)) => Some(vault.clone()),
        (Some(births), None) => match vault::open(births, &pool).await? {
            vault::Found::Open(vault) => Some(vault),
            vault::Found::Locked { passphrase } => return Ok(Opened::Locked { pool, passphrase }),
        },
        // The browser's key is in the database that cannot be opened.
        (None, None) if vault::is_filed(&pool).await => return Ok(Opened::Locked { pool, passphrase: false }),
        (None, None) => None,
    };
    let mut started = with_storage((pool, names), births.cloned(), vault, lane.clone(), before.cloned()).await?;
    started.0.problems.extend(full.then(no_room).into_iter().chain(private.then(private_window)));
    Ok(Opened::Started(Box::new(started)))
}

/// In IndexedDB, where the files are kept in a database.
const HOME: &str = "home";

/// The pool, where this browser keeps it, the files in it, and whether there is no room in it.
struct Found {
    pool: Pool,
    names: Vec<String>,
    full: bool,
}

/// `last`: what fails now is not tried again.
async fn find(births: Option<&Births>, lane: &LaneId, last: bool) -> Result<Found, Fail> {
    let mut known = noted(births, HOME, Home::Database).await?;
    let (mut seen, mut folder) = (Seen::default(), Err(Fail::NotFound));
    if known != Some(Home::Database) {
        folder = look(Pool::in_folder(), lane, &mut seen).await;
        if matches!(&folder, Err(fail) if matches!(fail, Fail::Newer) || !last && !fail.stays()) {
            return folder;
        }
        if !seen.filled {
            // Whoever was here was in the folder: builds of before knew no other place. One with a pool says that itself.
            known = noted(births, ME, Home::Folder).await?;
        }
    }
    let (mut chosen, mut database) = (home(known, seen, None), Err(Fail::NotFound));
    if chosen == Where::LookInDatabase {
        // None is made where there is a folder, or was one, or where nobody can say.
        let make = !seen.usable && known != Some(Home::Folder) && births.is_some();
        let mut found = Seen::default();
        database = look(Pool::in_database(make), lane, &mut found).await;
        chosen = home(known, seen, Some(found));
    }
    if chosen == Where::In(Home::Database)
        && let Some(births) = births
    {
        // If this fails, the pool itself says it, as long as it is there.
        let _ = births.name(HOME, b"database").await;
    }
    // Nowhere: why not in the one in which it was.
    if chosen == Where::In(Home::Database) || known == Some(Home::Database) { database } else { folder }
}

async fn noted(births: Option<&Births>, note: &str, home: Home) -> Result<Option<Home>, Fail> {
    let Some(births) = births else { return Ok(None) };
    Ok(births.get("identity", note).await?.map(|_| home))
}

fn look<'a>(opening: Soon<'a, Pool>, lane: &'a LaneId, seen: &'a mut Seen) -> Soon<'a, Found> {
    Box::pin(async move {
        let pool = opening.await?;
        let names = pool.names().await?;
        // Before anything else: a key made anew would be taken for the one that the newer build has.
        older_than(&pool, &names).await?;
        seen.filled = names.iter().any(|name| name.starts_with("slot-"));
        let full = match pool.prove(&format!("proof-{}", lane.as_str()), &use_id()).await {
            Ok(()) => false,
            // What is there can be read, and the next tick finds out whether there is room by then.
            Err(Fail::Full) => true,
            Err(fail) => return Err(fail),
        };
        seen.usable = true;
        Ok(Found { pool, names, full })
    })
}

/// Two builds never write each other's format: where a newer one has written, this one leaves everything as it is.
async fn older_than(pool: &Pool, names: &[String]) -> Result<(), Fail> {
    for name in names.iter().filter(|name| name.starts_with("manifest-") || name.starts_with("keys-")) {
        if Header::is_newer(&pool.head(name).await?.0) {
            return Err(Fail::Newer);
        }
    }
    Ok(())
}

async fn with_storage(
    (pool, mut names): (Pool, Vec<String>),
    births: Option<Births>,
    vault: Option<Vault>,
    lane: LaneId,
    before: Option<Identity>,
) -> Result<Started, Fail> {
    let mut problems = Vec::new();
    let cleared = !names.iter().any(|name| name.starts_with("slot-"));
    let made = match &births {
        Some(births) if cleared => births.all("files").await.unwrap_or_default(),
        _ => Vec::new(),
    };
    let made_ms = made.iter().filter_map(|(_, at)| at.as_f64()).map(|at| at as u64).min();
    let missing = missing_files(&names);
    // What they listed may be gone with them, and nobody knows what that was.
    let index_lost = !cleared && !missing.is_empty();
    if cleared {
        names = missing.into_iter().chain([SheetSlot::file("00")]).collect();
        make_files(&pool, births.as_ref(), &names).await?;
    } else if !missing.is_empty() {
        // What cannot be made now is made at the next start: until then nothing is sealed, and nothing is lost.
        match make_files(&pool, births.as_ref(), &missing).await {
            Ok(()) => names.extend(missing),
            Err(fail) => web_sys::console::warn_1(&format!("the files of the index could not be made: {fail}").into()),
        }
    }
    // Before the files: a row that another tab writes meanwhile is in its file by the time that is read.
    let kept: Vec<(String, JsValue)> = match &births {
        Some(births) => births.all("births").await.unwrap_or_default(),
        None => Vec::new(),
    };
    let mut sheets = Vec::new();
    for name in names.iter().filter(|name| name.starts_with("sheet-")) {
        match pool.read(name).await {
            // Its halves are opened one by one.
            Ok(bytes) => sheets.push(PoolFile { name: name.clone(), bytes }),
            Err(fail) => problems.push(unreadable(name, &fail)),
        }
    }
    let files = read_files(&pool, vault.as_ref(), &names, &mut problems, true).await?;
    let mut batches: Vec<(String, Vec<u8>)> = Vec::new();
    for (key, value) in kept {
        let packed = vault::plain_value(vault.as_ref(), &key, bytes_of(&value)).await;
        batches.push((key, packed));
    }
    let raw: Vec<&[u8]> = batches.iter().flat_map(|(_, packed)| unpack(packed).unwrap_or_default()).collect();
    let found = recover_but(files.newest, files.slots, &raw, files.unread);

    // The identity is kept in four places: IndexedDB (always the newest), every manifest, the first frame of every session, and
    // with the page, for when the browser has cleared all of these.
    let remembered = match &births {
        Some(births) => births.named(ME).await.and_then(|json| serde_json::from_slice(&json).ok()),
        None => None,
    };
    let begun = Start { kept: remembered, before, found: &found, cleared, lane: &lane };
    let identity = begun.identity(stamp().utc_ms, &mut Chance);
    if begun.kept.as_ref() != Some(&identity)
        && let Some(births) = &births
    {
        let _ = births.name(ME, &json_of(&identity)).await;
    }
    let mut lost;
    if let Some(births) = &births {
        let received = cleared && births.named(RECEIVED).await.is_some();
        lost = begun.loss(received, made_ms);
        if received {
            let _ = births.delete("identity", &[RECEIVED.to_owned()]).await;
        }
        match lost {
            // What cannot be noted is said at least now.
            Some(rescued) => _ = births.name(CLEARED, rescued.to_string().as_bytes()).await,
            // Said at every start until what was here is back, or is given up.
            None => {
                let said = births.named(CLEARED).await;
                lost = said.map(|rescued| String::from_utf8(rescued).ok().and_then(|it| it.parse().ok()).unwrap_or(0));
            }
        }
    } else {
        problems.push(without_second_place());
        lost = begun.loss(true, None);
    }
    problems.extend(lost.map(cleared_problem));
    let mut sheet: Option<(u64, String)> = None;
    for file in &sheets {
        let found = sheet::read(vault.as_ref(), &file.bytes).await;
        sheet = sheet.into_iter().chain(found).max_by_key(|(generation, _)| *generation);
    }
    let generation = sheet.as_ref().map_or(0, |(generation, _)| *generation);
    let sheet_slot = SheetSlot::open(&pool, lane.as_str(), generation).await.ok();
    problems.extend(found.problems.iter().cloned());
    let (mut host, unborn) = Host::start(identity, lane, found, batches, now_ms());
    if index_lost {
        host.doubts_itself();
    }
    let sheet = sheet.map(|(_, json)| json).filter(|json| !json.is_empty());
    let state = State { pool: Some(pool), births, vault, sheet: sheet_slot, ..State::of(host, problems) };
    Ok((state, sheet, unborn))
}

thread_local! {
    static LANE: RefCell<Option<LaneId>> = const { RefCell::new(None) };
    static LOCKED: RefCell<Option<Pool>> = const { RefCell::new(None) };
}

/// What the start found to be locked.
pub(crate) fn locked() -> Result<Pool, Fail> {
    LOCKED.with_borrow(Clone::clone).ok_or(Fail::NotFound)
}

fn without_storage(fail: &Fail) -> Started {
    let identity = Identity::mint(now_ms(), &mut Chance);
    let problem = match fail {
        Fail::Newer => Problem::new(
            ProblemKind::NewerFormat,
            "What is stored here was written by a newer Spotter, and this one cannot read it.",
            "Nothing of it was touched. What you log now is in this tab only, and gone when it is closed.",
            "Connect to your server and reload; when it stays like this, ask whoever runs the server to update it.",
        ),
        fail => Problem::new(
            ProblemKind::NoStorage,
            format!("Spotter cannot use this browser's storage ({fail}); a private window may be the reason."),
            "You can use everything, but it is gone when this tab is closed. What was stored here before was not touched.",
            "Open Spotter in a normal window of Chrome, Edge, Firefox or Safari, and close its other tabs.",
        ),
    };
    let device = Device::new(identity.clone(), LaneId::number(0), Default::default());
    let host = Host::new(device, Shelf::default(), Manifest::first(identity), None);
    (State::of(host, vec![problem]), None, None)
}

fn no_room() -> Problem {
    Problem::new(
        ProblemKind::StorageFull,
        "This device has no room left: a first write was tried, and it failed.",
        "Everything that was saved before is here.",
        "Free some space on this device before you log anything.",
    )
}

fn private_window() -> Problem {
    Problem::new(
        ProblemKind::NoStorage,
        "This seems to be a private window.",
        "What you log is saved, but the browser removes it with the window.",
        "Open Spotter in a normal window to keep it.",
    )
}

fn without_second_place() -> Problem {
    Problem::new(
        ProblemKind::NoStorage,
        "The browser's database cannot be opened, and with it the second place for what you log.",
        "What you log is saved in files. For the first minute of a new one a power cut can take it with it.",
        "Free some space on this device and open the browser again.",
    )
}

fn cleared_problem(rescued: usize) -> Problem {
    Problem::new(
        ProblemKind::StorageCleared,
        "The browser has removed Spotter's files from this device.",
        match rescued {
            0 => "Spotter still knows who you are; what was logged here before is gone from this device.".to_owned(),
            rows => format!("Spotter still knows who you are, and the last {rows} changes were found in a second place."),
        },
        "Bring your data back from a backup or another device. To keep it from happening again, turn on protected storage under Me, Storage.",
    )
}

/// The lowest lane that no other tab holds, so that lanes stay few over the years.
async fn take_lane() -> LaneId {
    // Taken before the storage turned out to be locked.
    if let Some(lane) = LANE.with_borrow(Clone::clone) {
        return lane;
    }
    for n in 0..=u8::MAX {
        let lane = LaneId::number(n);
        if locks::try_hold(&format!("spotter-lane-{}", lane.as_str())).await {
            LANE.set(Some(lane.clone()));
            return lane;
        }
    }
    LaneId::number(u8::MAX)
}
