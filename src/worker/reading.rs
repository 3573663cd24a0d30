//! What the files say, read at a start and whenever somebody has to know again; and what is remembered beside them.

use bridge::{Problem, ProblemKind, Sibling, ToTables};
use device::{
    Happening, Identity, Manifest, PoolFile, Retired, SealedFile, hex, newest_index, newest_manifest as newest_of, recover,
    recover_but, slots,
};
use ledger::{Encryption, Header, Role};
use wasm_bindgen::JsValue;

use crate::{
    births::Births,
    channels,
    clock::now_ms,
    events::happened,
    fail::Fail,
    figures,
    files::Pool,
    sealed, state,
    vault::{self, Vault},
};

/// The pool's manifests and sessions, decrypted.
pub(crate) struct Files {
    pub(crate) newest: Option<(Manifest, String)>,
    pub(crate) slots: Vec<PoolFile>,
    pub(crate) unread: Vec<SealedFile>,
}

/// `trusting` leaves sealed files unread that look as the index says, and what they were made from: their content is checked
/// when somebody needs it.
pub(crate) async fn read_files(
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
    let newest = newest_of(&manifests);
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
    state::with(|state| state.host.looked_again(sealed, found.damaged));
    happened(Happening::Told(open));
    problems.into_iter().for_each(state::report);
    happened(Happening::Changed);
    if state::with(|state| state.host.leads()) {
        happened(Happening::Missing);
    } else {
        channels::tell(&Sibling::Damaged);
    }
    Ok(payloads)
}

/// What the index says by now: another tab has merged files, or fetched some from the server.
pub(crate) async fn follow_index(pool: &Pool) -> Result<(), Fail> {
    let Some((manifest, file)) = newest_manifest(pool).await? else { return Ok(()) };
    let unheard = state::with(|state| state.host.follow(manifest, file));
    for file in &unheard {
        match sealed::payload(pool, file).await {
            Ok(payload) => figures::tell(&ToTables::Sealed, Some(&payload)),
            // What is missing is said where everything is read.
            Err(fail) => web_sys::console::warn_1(&format!("{}: {fail}", file.file).into()),
        }
    }
    if !unheard.is_empty() {
        figures::follow();
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
    for name in slots(pool.names().await?) {
        let (head, _) = pool.head(&name).await?;
        if Header::decode(&head).is_ok_and(|header| header.role == Role::Open) {
            open.push(sealed::file(pool, name).await?);
        }
    }
    let found = recover(&[], open, &[]);
    happened(Happening::Told(state::with(|state| state.host.catch_up(found))));
    Ok(())
}

/// In IndexedDB: who this is.
pub(crate) const ME: &str = "me";
/// In IndexedDB, from the start that finds everything gone until it is back: how many rows were found in the second place.
pub(crate) const CLEARED: &str = "cleared";
/// In IndexedDB, from the first row on that came from a server or a backup: those are not kept twice.
pub(crate) const RECEIVED: &str = "received";

/// What the browser removed is back, or is given up.
pub(crate) async fn nothing_missing() {
    if let Some(births) = state::with(|state| state.births.clone()) {
        // What cannot be deleted now is said once more.
        let _ = births.delete("identity", &[CLEARED.to_owned()]).await;
    }
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

/// Ids only, so it is not encrypted: it is what is left when everything else is gone.
pub(crate) fn json_of(identity: &Identity) -> Vec<u8> {
    serde_json::to_vec(identity).expect("an identity is JSON")
}

pub(crate) async fn remember(identity: &Identity) -> Result<(), Fail> {
    match state::with(|state| state.births.clone()) {
        Some(births) => births.name(ME, &json_of(identity)).await,
        None => Ok(()),
    }
}

pub(crate) fn unreadable(name: &str, fail: &Fail) -> Problem {
    Problem::new(
        ProblemKind::DamagedFile,
        format!("{name} cannot be read: {fail}."),
        "It is left as it is, and everything else was opened.",
        "Close other tabs of Spotter and reload; if it stays, bring your data here from a backup or another device.",
    )
}
