//! `fetch`, and nothing else of the network.

use js_sys::{Object, Promise, Uint8Array};
use serde::{Serialize, de::DeserializeOwned};
use wasm_bindgen::{JsCast as _, JsValue};
use web_sys::{AbortController, AbortSignal, Response};
use wire::{Failure, Problem};

use crate::{
    fail::Fail,
    js::{self, global},
    kept,
};

fn unreachable(fail: &Fail) -> Failure {
    Failure::Unreachable(fail.to_string())
}

pub(crate) struct Call<'a> {
    pub(crate) method: &'a str,
    pub(crate) path: &'a str,
    pub(crate) accept: &'a str,
    pub(crate) body: Option<Vec<u8>>,
    pub(crate) abort: Option<&'a AbortController>,
    /// For a call that something waits for: what takes longer is no answer.
    pub(crate) patience_ms: Option<u32>,
}

impl<'a> Call<'a> {
    pub(crate) fn get(path: &'a str) -> Self {
        Self { method: "GET", path, accept: "application/json", body: None, abort: None, patience_ms: None }
    }

    pub(crate) fn post<T: Serialize>(path: &'a str, body: &T) -> Self {
        Self { method: "POST", body: Some(serde_json::to_vec(body).unwrap_or_default()), ..Self::get(path) }
    }

    /// Where the address says everything.
    pub(crate) fn post_nothing(path: &'a str) -> Self {
        Self { method: "POST", body: Some(b"{}".to_vec()), ..Self::get(path) }
    }

    /// The answer of a server that says yes; anything else is a failure.
    pub(crate) async fn response(self) -> Result<Response, Failure> {
        let options = Object::new();
        let headers = Object::new();
        js::set(&headers, "accept", &self.accept.into());
        js::set(&headers, wire::PROTOCOL_HEADER, &wire::PROTOCOL.to_string().into());
        if let Some(secret) = kept::secret() {
            js::set(&headers, wire::DEVICE_HEADER, &secret.into());
        }
        if let Some(body) = &self.body {
            js::set(&headers, "content-type", &"application/json".into());
            js::set(&options, "body", &Uint8Array::from(&body[..]));
        }
        js::set(&options, "method", &self.method.into());
        js::set(&options, "headers", &headers);
        js::set(&options, "cache", &"no-store".into());
        js::set(&options, "credentials", &"same-origin".into());
        if let Some(abort) = self.abort {
            js::set(&options, "signal", &abort.signal());
        }
        if let Some(ms) = self.patience_ms {
            js::set(&options, "signal", &AbortSignal::timeout_with_u32(ms));
        }
        let url = format!("{}{}", global().location().origin(), self.path);
        let sent = async {
            let promise: Promise = js::call(&global(), "fetch", &[&url.into(), &options])?.dyn_into()?;
            Ok::<Response, Fail>(js::wait(promise).await?.dyn_into()?)
        };
        let response = sent.await.map_err(|fail| unreachable(&fail))?;
        if response.ok() {
            return Ok(response);
        }
        let status = response.status();
        let text = bytes(&response).await?;
        // Something else answered, perhaps the page of a hotel's network: as good as nobody.
        let problem: Result<Problem, _> = serde_json::from_slice(&text);
        Err(problem.map_or_else(|_| Failure::Unreachable(format!("HTTP {status}")), Failure::Problem))
    }

    pub(crate) async fn json<T: DeserializeOwned>(self) -> Result<T, Failure> {
        let bytes = bytes(&self.response().await?).await?;
        serde_json::from_slice(&bytes).map_err(|err| Failure::Unreachable(format!("an answer that makes no sense: {err}")))
    }
}

pub(crate) async fn bytes(response: &Response) -> Result<Vec<u8>, Failure> {
    let read = async {
        let buffer = js::wait(response.array_buffer()?).await?;
        Ok::<Vec<u8>, Fail>(Uint8Array::new(&buffer).to_vec())
    };
    read.await.map_err(|fail| unreachable(&fail))
}

/// What a response brings, piece by piece as it comes. `None` at its end.
pub(crate) struct Pieces {
    reader: JsValue,
}

impl Pieces {
    pub(crate) fn of(response: &Response) -> Result<Self, Failure> {
        let body = js::get(response, "body");
        let reader = js::call(&body, "getReader", &[]).map_err(|err| unreachable(&err.into()))?;
        Ok(Self { reader })
    }

    pub(crate) async fn next(&self) -> Result<Option<Vec<u8>>, Failure> {
        let read = async {
            let promise: Promise = js::call(&self.reader, "read", &[])?.dyn_into()?;
            js::wait(promise).await
        };
        let piece = read.await.map_err(|fail| unreachable(&fail))?;
        if js::get(&piece, "done").is_truthy() {
            return Ok(None);
        }
        Ok(Some(Uint8Array::new(&js::get(&piece, "value")).to_vec()))
    }
}
