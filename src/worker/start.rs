//! The start: find the files, recover what is in them, take a lane, and say ready.

use std::{
    cell::{Cell, RefCell},
    collections::BTreeSet,
};

use bridge::{FromStorage, Problem, ProblemKind, unpack};
use device::{
    Added, Detector, Device, FILE_YOUNG_MS, Host, Identity, Manifest, PoolFile, Recovered, Retired, SealedFile, Shelf, hex,
    missing_files, newest_manifest, recover_but,
};
use ledger::{DeviceId, Encryption, Header, LaneId};
use wasm_bindgen::JsValue;

use crate::{
    account,
    births::{Births, bytes_of},
    clock::{Chance, now_ms, stamp, use_id},
    fail::Fail,
    feed,
    files::Pool,
    js, leader, link, locks, port,
    sheet::{self, SheetSlot},
    state::{self, State, global, install, tell},
    tables,
    vault::{self, Found, Vault},
};

/// `unlocked` is the vault when somebody has just opened it; `before` is who this was by what the page remembers.
pub(crate) async fn start(unlocked: Option<Vault>, before: Option<Identity>) {
    let began = performance_now();
    let siblings = feed::channel();
    let births = match &unlocked {
        // Opened by the code alone: without the database until the next start.
        Some(vault) if !vault.is_kept() => None,
        _ => Births::open().await.ok(),
    };
    let (mut state, sheet) = match Pool::open().await {
        Ok(pool) => {
            // Before anything is read: whoever had this lane has written its last row now, so its chains stand where the
            // files say.
            let lane = take_lane().await;
            // Other tabs start, seal and die at the same moment: what fails once need not fail again, and going on without
            // storage is the last thing to do.
            let mut outcome = open_all(&pool, births.as_ref(), unlocked.as_ref(), &lane, before.as_ref()).await;
            for _ in 1..START_TRIES {
                if let Err(fail) = &outcome
                    && !matches!(fail, Fail::Newer | Fail::Unsupported(_))
                {
                    web_sys::console::warn_1(&format!("the storage is opened once more: {fail}").into());
                    js::sleep(START_AGAIN_MS).await;
                    outcome = open_all(&pool, births.as_ref(), unlocked.as_ref(), &lane, before.as_ref()).await;
                }
            }
            match outcome {
                Ok(Opened::Started(started)) => *started,
                Ok(Opened::Locked { passphrase }) => return tell(&FromStorage::Locked { passphrase }),
                Err(fail) => without_storage(&fail),
            }
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
    state.siblings = siblings.filter(|_| pool.is_some());
    let lost = state.problems.iter().any(|problem| problem.kind == ProblemKind::StorageCleared);
    install(state);
    tell(&ready);
    feed::listen_to_siblings();
    if let Some(pool) = pool {
        tables::read_early(pool);
        account::recall().await;
        if account::kept().is_none() {
            // With an account whoever leads says how things stand.
            tell(&FromStorage::Sync { state: Default::default() });
        } else if lost {
            // It comes back by itself.
            nothing_missing().await;
        }
        adopt_unborn().await;
        account::end_what_is_owed();
        wasm_bindgen_futures::spawn_local(leader::lead());
    }
}

const START_TRIES: u32 = 4;
const START_AGAIN_MS: i32 = 500;

enum Opened {
    Started(Box<(State, Option<String>)>),
    Locked { passphrase: bool },
}

async fn open_all(
    pool: &Pool,
    births: Option<&Births>,
    unlocked: Option<&Vault>,
    lane: &LaneId,
    before: Option<&Identity>,
) -> Result<Opened, Fail> {
    // Before anything else: a key made anew would be taken for the one that the newer build has.
    older_than(pool).await?;
    let proved = pool.prove(&format!("proof-{}", lane.as_str()), &use_id()).await;
    let full = match proved {
        Ok(()) => false,
        // What is there can be read, and the next tick finds out whether there is room by then.
        Err(Fail::Full) => true,
        Err(fail) => return Err(fail),
    };
    let vault = match (births, unlocked) {
        (_, Some(vault)) => Some(vault.clone()),
        (Some(births), None) => match Vault::open(births, pool).await? {
            Found::Open(vault) => Some(vault),
            Found::Locked { passphrase } => return Ok(Opened::Locked { passphrase }),
        },
        // The browser's key is in the database that cannot be opened.
        (None, None) if vault::is_filed(pool).await => return Ok(Opened::Locked { passphrase: false }),
        (None, None) => None,
    };
    let mut started = with_storage(pool.clone(), births.cloned(), vault, lane.clone(), before.cloned()).await?;
    if full {
        started.0.problems.push(no_room());
    }
    Ok(Opened::Started(Box::new(started)))
}

/// Two builds never write each other's format: where a newer one has written, this one leaves everything as it is.
async fn older_than(pool: &Pool) -> Result<(), Fail> {
    for name in pool.names().await?.iter().filter(|name| name.starts_with("manifest-") || name.starts_with("keys-")) {
        if Header::is_newer(&pool.head(name).await?.0) {
            return Err(Fail::Newer);
        }
    }
    Ok(())
}

async fn with_storage(
    pool: Pool,
    births: Option<Births>,
    vault: Option<Vault>,
    lane: LaneId,
    before: Option<Identity>,
) -> Result<(State, Option<String>), Fail> {
    let mut names = pool.names().await?;
    let mut problems = Vec::new();
    let cleared = !names.iter().any(|name| name.starts_with("slot-"));
    let made = match &births {
        Some(births) if cleared => births.all("files").await.unwrap_or_default(),
        _ => Vec::new(),
    };
    let made_ms = made.iter().filter_map(|(_, at)| at.as_f64()).map(|at| at as u64).min();
    let missing = missing_files(&names);
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

    let (identity, known) = identity(births.as_ref(), &found, before, cleared, &lane).await;
    let last_ms = found.unborn.iter().map(|row| row.hlc.ms()).max();
    // Files that a power cut took before they were a minute old, with nothing in them but what was logged here: all of that
    // is kept in the second place.
    let all_rescued = made_ms.zip(last_ms).is_some_and(|(made, last)| last < made + FILE_YOUNG_MS);
    let mut lost;
    if let Some(births) = &births {
        let received = cleared && births.named(RECEIVED).await.is_some();
        lost = (cleared && known && (received || !all_rescued)).then_some(found.unborn.len());
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
        lost = (cleared && known).then_some(0);
    }
    problems.extend(lost.map(cleared_problem));
    let mut sheet: Option<(u64, String)> = None;
    for file in &sheets {
        let found = sheet::read(vault.as_ref(), &file.bytes).await;
        sheet = sheet.into_iter().chain(found).max_by_key(|(generation, _)| *generation);
    }
    let generation = sheet.as_ref().map_or(0, |(generation, _)| *generation);
    let sheet_slot = SheetSlot::open(&pool, lane.as_str(), generation).await.ok();
    let heads = found.heads(&identity.device_id, &lane);

    let mut shelf = Shelf::default();
    found.open.into_iter().flat_map(|segment| segment.rows).for_each(|row| _ = shelf.add(row));
    // After the rows at hand: one that is in both places is at hand.
    let sealed: Vec<SealedFile> = found.sealed.into_iter().map(|(file, _)| file).collect();
    sealed.iter().chain(&found.unread).for_each(|file| shelf.add_file(&file.use_id, &file.spans));
    // Kept twice until a while ago, and sealed meanwhile.
    let unborn: Vec<ledger::Row> = found.unborn.into_iter().filter(|row| shelf.add(row.clone()) != Added::Known).collect();
    // What is nowhere else stays where it is until it is in a file.
    let raw: BTreeSet<&[u8]> = ledger::set_of(unborn.iter().map(|row| row.raw.as_slice()));
    let (held, due): (Vec<_>, Vec<_>) = batches
        .into_iter()
        .partition(|(_, packed)| !raw.is_empty() && unpack(packed).unwrap_or_default().into_iter().any(|row| raw.contains(row)));
    let at_ms = now_ms() + FILE_YOUNG_MS;
    let births_due = due.into_iter().map(|(key, _)| (at_ms, key)).collect();
    // Without any manifest, what was found is the index: the next one that is written lists it.
    let lanes = found.lanes.get(&identity.device_id).cloned().unwrap_or_default();
    let mut manifest = found.manifest.unwrap_or_else(|| Manifest::from_files(identity.clone(), sealed.clone(), lanes));
    // Newer than the index, or what a damaged file was merged from: the next index lists it.
    let spare = manifest.count_in(sealed);
    manifest.becomes(&identity);
    problems.extend(found.problems);
    let mut host = Host::new(Device::new(identity, lane, heads), shelf, manifest, found.manifest_file);
    (host.damaged, host.spare, host.standing) = (found.damaged, spare, found.standing);
    let state = State {
        pool: Some(pool),
        births,
        vault,
        host,
        leader: Detector::default(),
        slot: None,
        sheet: sheet_slot,
        births_due,
        inbox: None,
        projector: None,
        linking: None,
        siblings: None,
        problems,
    };
    UNBORN.set((unborn, held.into_iter().map(|(key, _)| key).collect()));
    Ok((state, sheet.map(|(_, json)| json).filter(|json| !json.is_empty())))
}

/// The pool's manifests and sessions, decrypted.
struct Files {
    newest: Option<(Manifest, String)>,
    slots: Vec<PoolFile>,
    unread: Vec<SealedFile>,
}

/// `trusting` leaves sealed files unread that look as the index says, and what they were made from: their content is checked
/// when somebody needs it.
async fn read_files(
    pool: &Pool,
    vault: Option<&Vault>,
    names: &[String],
    problems: &mut Vec<Problem>,
    trusting: bool,
) -> Result<Files, Fail> {
    let mut manifests = Vec::new();
    for name in names.iter().filter(|name| name.starts_with("manifest-")) {
        // Without the newest index, files that it lists would look free: better no start than a wrong one.
        let bytes = vault::plain(vault, pool.read(name).await?).await;
        has_key(vault, &bytes)?;
        manifests.push(PoolFile { name: name.clone(), bytes });
    }
    let newest = newest_manifest(&manifests);
    let (mut slots, mut unread) = (Vec::new(), Vec::new());
    let index = newest.iter().filter(|_| trusting).map(|(manifest, _)| manifest);
    for listed in index.clone().flat_map(|index| &index.sealed) {
        if pool.head(&listed.file).await.is_ok_and(|(head, size)| listed.is_headed_by(&head, size)) {
            unread.push(listed.clone());
        }
    }
    // What is in these files is in one of those as well.
    let followed = |retired: &&Retired| unread.iter().any(|file| file.use_id == retired.successor);
    let retired: Vec<&Retired> = index.flat_map(|index| &index.retired).filter(followed).collect();
    for name in names.iter().filter(|name| name.starts_with("slot-")) {
        if unread.iter().any(|file| file.file == *name) {
            continue;
        }
        if let Some(retired) = retired.iter().find(|retired| retired.file == *name)
            && let Ok((head, _)) = pool.head(name).await
            && Header::decode(&head).is_ok_and(|header| hex(&header.use_id) == retired.use_id)
        {
            continue;
        }
        match pool.read(name).await {
            Ok(bytes) => {
                let bytes = vault::plain(vault, bytes).await;
                has_key(vault, &bytes)?;
                slots.push(PoolFile { name: name.clone(), bytes });
            }
            // Not among the slots, so nobody takes it for a free one; if the index lists it, recovery says so.
            Err(fail) => problems.push(unreadable(name, &fail)),
        }
    }
    Ok(Files { newest, slots, unread })
}

/// Without its key every session here would look damaged, and free files like whole ones.
fn has_key(vault: Option<&Vault>, bytes: &[u8]) -> Result<(), Fail> {
    let encrypted = Header::decode(bytes).is_ok_and(|header| header.encryption != Encryption::None);
    if vault.is_none() && encrypted {
        return Err(Fail::Other("the key to what is stored here cannot be read".to_owned()));
    }
    Ok(())
}

/// A sealed file is not what its head says: everything is read once more, to its last byte. Returns what is in all of them.
pub(crate) async fn look_again(pool: &Pool) -> Result<Vec<Vec<u8>>, Fail> {
    let vault = state::vault();
    let mut problems = Vec::new();
    let names = pool.names().await?;
    let files = read_files(pool, vault.as_ref(), &names, &mut problems, false).await?;
    let found = recover_but(files.newest, files.slots, &[], Vec::new());
    problems.extend(found.problems.into_iter().filter(|problem| problem.kind == ProblemKind::DamagedFile));
    let (sealed, payloads): (Vec<SealedFile>, Vec<Vec<u8>>) = found.sealed.into_iter().unzip();
    let open = found.open.into_iter().flat_map(|segment| segment.rows).collect();
    feed::told(state::with(|state| state.host.looked_again(sealed, found.damaged, open)));
    problems.into_iter().for_each(report_problem);
    leader::manifest_changed();
    if state::with(|state| state.host.leads()) {
        link::missing();
    } else {
        feed::tell_siblings(&["damaged".into()]);
    }
    Ok(payloads)
}

thread_local! {
    /// Rows that are in no file, and the names of the birth records that have them.
    static UNBORN: RefCell<(Vec<ledger::Row>, Vec<String>)> = const { RefCell::new((Vec::new(), Vec::new())) };
    static LANE: RefCell<Option<LaneId>> = const { RefCell::new(None) };
}

/// Rows that a power cut took out of their file go into this lane's, before anything new.
async fn adopt_unborn() {
    let (unborn, births) = UNBORN.take();
    if !unborn.is_empty() && port::adopt(unborn).await {
        let due = now_ms() + FILE_YOUNG_MS;
        state::with(|state| state.births_due.extend(births.into_iter().map(|key| (due, key))));
    }
}

fn without_storage(fail: &Fail) -> (State, Option<String>) {
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
    let state = State {
        pool: None,
        births: None,
        vault: None,
        host: Host::new(device, Shelf::default(), Manifest::first(identity), None),
        leader: Detector::default(),
        slot: None,
        sheet: None,
        births_due: Default::default(),
        inbox: None,
        projector: None,
        linking: None,
        siblings: None,
        problems: vec![problem],
    };
    (state, None)
}

/// The identity is kept in four places: IndexedDB (always the newest), every manifest, the first frame of every session, and
/// with the page, for when the browser has cleared all of these. Also whether there was one.
async fn identity(
    births: Option<&Births>,
    found: &Recovered,
    before: Option<Identity>,
    cleared: bool,
    lane: &LaneId,
) -> (Identity, bool) {
    let kept: Option<Identity> = match births {
        Some(births) => births.named("me").await.and_then(|json| serde_json::from_slice(&json).ok()),
        None => None,
    };
    let stored = Identity::of(kept.clone(), found.identity.clone());
    let was_known = stored.is_some() || before.is_some();
    let now = stamp().utc_ms;
    let identity = match (stored, before) {
        (Some(known), _) if !cleared && !found.chains_unsure && found.knows_heads(&known.device_id, lane) => known,
        (Some(known), _) | (None, Some(known)) => known.on_new_device(now, &mut Chance),
        (None, None) => Identity::mint(now, &mut Chance),
    };
    if kept.as_ref() != Some(&identity)
        && let Some(births) = births
    {
        let _ = births.name("me", &json_of(&identity)).await;
    }
    (identity, was_known)
}

/// In IndexedDB, from the start that finds everything gone until it is back: how many rows were found in the second place.
const CLEARED: &str = "cleared";
/// In IndexedDB, from the first row on that came from a server or a backup: those are not kept twice.
const RECEIVED: &str = "received";

thread_local! {
    static NOTED: Cell<bool> = const { Cell::new(false) };
}

/// Before rows are stored that are in no second place.
pub(crate) async fn note_received() {
    if !NOTED.replace(true)
        && let Some(births) = state::with(|state| state.births.clone())
    {
        let _ = births.name(RECEIVED, b"").await;
    }
}

/// What the browser removed is back, or is given up.
pub(crate) async fn nothing_missing() {
    if let Some(births) = state::with(|state| state.births.clone()) {
        // What cannot be deleted now is said once more.
        let _ = births.delete("identity", &[CLEARED.to_owned()]).await;
    }
}

fn no_room() -> Problem {
    Problem::new(
        ProblemKind::StorageFull,
        "This device has no room left: a first write was tried, and it failed.",
        "Everything that was saved before is here.",
        "Free some space on this device before you log anything.",
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

fn unreadable(name: &str, fail: &Fail) -> Problem {
    Problem::new(
        ProblemKind::DamagedFile,
        format!("{name} cannot be read: {fail}."),
        "It is left as it is, and everything else was opened.",
        "Close other tabs of Spotter and reload; if it stays, bring your data here from a backup or another device.",
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

/// Ids only, so it is not encrypted: it is what is left when everything else is gone.
fn json_of(identity: &Identity) -> Vec<u8> {
    serde_json::to_vec(identity).expect("an identity is JSON")
}

/// Failing is survivable: the manifest and the segments say it too.
pub(crate) async fn remember(identity: &Identity) {
    if let Some(births) = state::with(|state| state.births.clone()) {
        let _ = births.name("me", &json_of(identity)).await;
    }
}

/// Somebody else writes as this device, from a copy of this profile: this one goes on under a name of its own, and whatever
/// is in doubt is compared.
pub(crate) async fn copied() {
    new_device().await;
    link::input(wire::Input::Audit);
}

/// Goes on as what counts as a new device, with chains of its own; every tab of it.
pub(crate) async fn new_device() {
    let now = stamp().utc_ms;
    let identity = state::with(|state| state.host.device.identity().on_new_device(now, &mut Chance));
    feed::tell_siblings(&["device".into(), identity.device_id.as_str().into()]);
    become_device(identity).await;
}

/// Another tab of this profile has a new name for it.
pub(crate) async fn renamed(device_id: &DeviceId) {
    let identity = state::with(|state| state.host.device.identity().clone());
    if identity.device_id != *device_id {
        become_device(Identity { device_id: device_id.clone(), ..identity }).await;
    }
}

async fn become_device(identity: Identity) {
    state::with(|state| {
        state.host.device = Device::new(identity.clone(), state.host.device.lane().clone(), Default::default());
        state.slot = None;
        state.host.manifest.becomes(&identity);
    });
    remember(&identity).await;
    leader::manifest_changed();
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

/// When a pool file was made, if that is known and not in the future: a clock that was set back makes it as good as now.
pub(crate) async fn made_ms(births: &Births, name: &str) -> Result<Option<u64>, Fail> {
    let made = births.get("files", name).await?;
    Ok(made.and_then(|at| at.as_f64()).map(|at| (at as u64).min(now_ms())))
}

/// Makes files. When is written down first: whoever finds one knows that what goes into it must be kept twice for a while.
pub(crate) async fn make_files(pool: &Pool, births: Option<&Births>, names: &[String]) -> Result<(), Fail> {
    if let Some(births) = births {
        let now = JsValue::from_f64(now_ms() as f64);
        let items: Vec<(String, JsValue)> = names.iter().map(|name| (name.clone(), now.clone())).collect();
        births.put("files", &items).await?;
    }
    for name in names {
        pool.create(name).await?;
    }
    Ok(())
}

pub(crate) fn performance_now() -> f64 {
    global().performance().map_or(0.0, |performance| performance.now())
}

pub(crate) fn report_problem(problem: Problem) {
    state::with(|state| state.problems.push(problem.clone()));
    tell(&FromStorage::Problem { problem });
}
