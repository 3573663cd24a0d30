//! What the page itself keeps, beside the storage worker: how the screen looked, whose phone this was, when something
//! happened. Never: anything that is not also known elsewhere, or that may not be lost.

use leptos::prelude::window;

const THEME: &str = "spotter.theme";

/// Where the page remembers whose phone this was: browsers that run out of space clear everything else.
const DEVICE: &str = "spotter.device";

/// Where this tab remembers over its reload that everything was removed.
const REMOVED: &str = "spotter.removed";

/// Without it a reminder is lost, and a cleared browser looks like a new one.
fn page_storage() -> Option<web_sys::Storage> {
    window().local_storage().ok().flatten()
}

fn tab_storage() -> Option<web_sys::Storage> {
    window().session_storage().ok().flatten()
}

fn kept(name: &str) -> Option<String> {
    page_storage()?.get_item(name).ok()?
}

fn keep(name: &str, text: &str) {
    let _ = page_storage().map(|kept| kept.set_item(name, text));
}

/// When something happened here, UTC milliseconds.
pub(crate) fn kept_ms(name: &str) -> Option<i64> {
    kept(name)?.parse().ok()
}

pub(crate) fn keep_ms(name: &str, at_ms: i64) {
    keep(name, &at_ms.to_string());
}

/// How the screen looked last: for the first paint of the next start, which `boot.js` makes.
pub(crate) fn kept_theme() -> String {
    kept(THEME).unwrap_or_else(|| "auto".to_owned())
}

pub(crate) fn keep_theme(theme: &str) {
    keep(THEME, theme);
}

/// Who this was when it ran last, as JSON.
pub(super) fn kept_device() -> Option<String> {
    kept(DEVICE)
}

/// What the page keeps of a profile, so that a browser that removed everything else is found out.
#[derive(serde::Serialize)]
pub(super) struct Remembered<'a> {
    pub(super) device_id: &'a str,
    pub(super) person: &'a str,
}

pub(super) fn keep_device(json: &str) {
    keep(DEVICE, json);
}

pub(super) fn was_removed() -> bool {
    tab_storage().is_some_and(|kept| kept.get_item(REMOVED).ok().flatten().is_some())
}

/// Somebody has read that everything is removed.
pub(super) fn removal_seen() {
    let _ = tab_storage().map(|kept| kept.remove_item(REMOVED));
}

/// Nothing is left of whoever was here, and the next page says so.
pub(super) fn begin_anew() {
    let _ = page_storage().map(|kept| kept.clear());
    if let Some(kept) = tab_storage() {
        let _ = kept.clear();
        let _ = kept.set_item(REMOVED, "1");
    }
    reload();
}

pub fn reload() {
    let _ = window().location().reload();
}
