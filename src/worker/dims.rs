//! The prebuilt dimensions that ship with the build. They are on their way before a projector is there to take them.

use std::cell::RefCell;

use js_sys::{Promise, Uint8Array};
use wasm_bindgen::JsCast as _;
use web_sys::{AbortSignal, Response};

use crate::{
    fail::Fail,
    js,
    reply::{self, Awaited},
};

const NAMES: [&str; 5] =
    ["dim_date", "dim_muscle_group", "exercise_catalog", "exercise_catalog_aliases", "exercise_catalog_muscles"];

/// A fetch that hangs for so long is given up, and tried again.
const PATIENCE_MS: u32 = 20_000;

/// One that was asked for.
pub(crate) struct Coming {
    name: &'static str,
    bytes: Awaited<Result<Vec<u8>, Fail>>,
}

thread_local! {
    static EARLY: RefCell<Vec<Coming>> = const { RefCell::new(Vec::new()) };
}

pub(crate) fn fetch_early() {
    EARLY.set(asked());
}

/// All of them, in their order, asked for at once.
pub(crate) fn all() -> Vec<Coming> {
    let early = EARLY.take();
    if early.is_empty() { asked() } else { early }
}

fn asked() -> Vec<Coming> {
    NAMES.iter().map(|name| fetch(name)).collect()
}

pub(crate) fn fetch(name: &'static str) -> Coming {
    Coming { name, bytes: reply::begin(bytes(name)) }
}

impl Coming {
    pub(crate) fn name(&self) -> &'static str {
        self.name
    }

    /// One that broke off is asked for once more.
    pub(crate) async fn bytes(self) -> Result<Vec<u8>, Fail> {
        match self.bytes.wait().await {
            Some(Ok(bytes)) => Ok(bytes),
            _ => bytes(self.name).await,
        }
    }
}

async fn bytes(name: &str) -> Result<Vec<u8>, Fail> {
    let here = js::global().location().href();
    let base = here.rsplit_once('/').map_or("", |(base, _)| base);
    let options = js_sys::Object::new();
    js::set(&options, "signal", &AbortSignal::timeout_with_u32(PATIENCE_MS));
    let url = format!("{base}/dims/{name}.parquet");
    let promise: Promise = js::call(&js::global(), "fetch", &[&url.into(), &options])?.dyn_into()?;
    let response: Response = js::wait(promise).await?.dyn_into()?;
    if !response.ok() {
        return Err(Fail::Other(format!("HTTP {}", response.status())));
    }
    Ok(Uint8Array::new(&js::wait(response.array_buffer()?).await?).to_vec())
}
