//! What follows from what the other tabs of this profile say.

use bridge::{AnyBuild, FromStorage, Sibling, unpack};
use device::{Happening, Write};
use js_sys::{Array, Uint8Array};
use ledger::Row;
use serde::de::DeserializeOwned;
use wasm_bindgen::{JsCast as _, JsValue};
use wasm_bindgen_futures::spawn_local;

use crate::{
    channels,
    events::{begin_write, happened},
    kept, leader, link, reading, state,
};

pub(crate) fn hear(any: bool, message: &JsValue) {
    // Without storage this tab is nobody's sibling.
    if state::with(|state| state.channels.is_none()) {
        return;
    }
    let message: &Array = message.unchecked_ref();
    let json = message.get(0).as_string().unwrap_or_default();
    if any {
        read(&json, |word| heard_of_any(word, &message.get(1)));
    } else {
        read(&json, heard);
    }
}

fn read<W: DeserializeOwned>(json: &str, then: impl FnOnce(W)) {
    match serde_json::from_str(json) {
        Ok(word) => then(word),
        Err(why) => web_sys::console::error_1(&format!("a word of another tab that cannot be read: {why}").into()),
    }
}

fn heard_of_any(word: AnyBuild, bytes: &JsValue) {
    match word {
        AnyBuild::Hello { build } if build != channels::own_build() => state::tell(&FromStorage::Update),
        AnyBuild::Hello { .. } => {}
        AnyBuild::Ping => {
            let lane = state::with(|state| state.host.leads().then(|| state.host.device.lane().as_str().to_owned()));
            if let Some(lane) = lane {
                channels::tell_any(&AnyBuild::Beat { lane }, None);
            }
        }
        AnyBuild::Beat { .. } => leader::heard_beat(),
        AnyBuild::Gone => state::tell(&FromStorage::Gone),
        AnyBuild::Renamed { device_id } => begin_write(Write::Renamed(device_id)),
        AnyBuild::Rows => {
            let packed = Uint8Array::new(bytes).to_vec();
            let fresh = unpack(&packed).unwrap_or_default();
            happened(Happening::Told(fresh.into_iter().filter_map(|raw| Row::read(raw).ok()).collect()));
        }
    }
}

fn heard(word: Sibling) {
    let leads = || state::with(|state| state.host.leads());
    match word {
        Sibling::Hello => link::say_again(),
        Sibling::Missed => {
            let rows = state::with(|state| state.host.leads().then(|| state.host.shelf.rows().to_vec()));
            if let Some(rows) = rows {
                channels::tell_rows(&rows);
            }
        }
        Sibling::Sheet { json } => state::tell(&FromStorage::Sheet { json }),
        Sibling::SessionOver => happened(Happening::Nudged),
        Sibling::FilesChanged => spawn_local(async {
            if let Some(pool) = state::with(|state| state.pool.clone())
                && let Err(fail) = reading::follow_index(&pool).await
            {
                web_sys::console::warn_1(&format!("the index could not be read again: {fail}").into());
            }
        }),
        Sibling::Damaged if leads() => spawn_local(async {
            if let Some(pool) = state::with(|state| state.pool.clone()) {
                let _ = reading::look_again(&pool).await;
            }
        }),
        Sibling::Damaged => {}
        Sibling::AccountChanged => spawn_local(async {
            kept::recall().await;
            leader::account_changed();
        }),
        Sibling::ActsFor { person } => begin_write(Write::ActFor(person)),
        Sibling::Standing { state } => link::heard(*state),
        Sibling::Awake { online } => link::awake(online),
        Sibling::Compare => link::input(wire::Input::Audit),
        Sibling::RetryRefused => link::input(wire::Input::RetryRefused),
    }
}
