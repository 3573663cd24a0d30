//! Text that is kept, and what it says. The browser's own JSON: another reader would have to be fetched with the app.

use serde::{Serialize, de::DeserializeOwned};

pub(crate) fn write<T: Serialize>(it: &T) -> Option<String> {
    let value = it.serialize(&serde_wasm_bindgen::Serializer::json_compatible()).ok()?;
    js_sys::JSON::stringify(&value).ok()?.as_string()
}

pub(crate) fn read<T: DeserializeOwned>(text: &str) -> Option<T> {
    serde_wasm_bindgen::from_value(js_sys::JSON::parse(text).ok()?).ok()
}
