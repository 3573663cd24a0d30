//! The API's description, made from the handlers themselves. The stream is left out: OpenAPI has no words for it.

use axum::response::Response;
use utoipa::{
    Modify, OpenApi, ToSchema,
    openapi::security::{ApiKey, ApiKeyValue, Http, HttpAuthScheme, SecurityScheme},
};
use wire::{
    Checkpoint, Code, Hello, Limits, Problem, PushAnswer, Retry, Segment, Snapshot, Status, Verdict,
    api::{Account, Device, Done},
};

use super::{Answered, account, auth, json, replicate};

#[derive(OpenApi)]
#[openapi(
    info(title = "Spotter", description = "Replication of immutable rows, and the accounts around it. Every error is a `Problem`."),
    paths(
        replicate::hello, replicate::pull, replicate::push, replicate::digest, replicate::snapshot, replicate::segment,
        account::account, account::sign_up_open, account::sign_up, account::sign_in, account::sign_out, account::join,
        account::sign_out_others, account::change_password,
        account::make_link, account::add_person, account::reset_password, account::revoke, account::erase,
        account::make_invite, account::make_reset,
    ),
    components(schemas(
        Row, Page, AnyPush, AnyDigest, Done, Checkpoint, Hello, Limits, Problem, Code, Retry, PushAnswer, Verdict, Status, Snapshot,
        Segment, Account, Device,
    )),
    modifiers(&Doors),
)]
struct Api;

struct Doors;

impl Modify for Doors {
    fn modify(&self, api: &mut utoipa::openapi::OpenApi) {
        let components = api.components.get_or_insert_default();
        components.add_security_scheme("bearer", SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer)));
        let cookie = SecurityScheme::ApiKey(ApiKey::Cookie(ApiKeyValue::new(auth::COOKIE)));
        components.add_security_scheme("cookie", cookie);
        let device = SecurityScheme::ApiKey(ApiKey::Header(ApiKeyValue::new(wire::DEVICE_HEADER)));
        components.add_security_scheme("device", device);
    }
}

/// One immutable row; its bytes are kept as they were pushed.
#[derive(ToSchema)]
#[expect(dead_code, reason = "rows travel as their own bytes; this only describes them")]
pub(super) struct Row {
    event_id: String,
    #[schema(pattern = "^[0-9a-f]{16}$")]
    device_id: String,
    #[schema(pattern = "^[0-9a-f]{2}$")]
    lane: String,
    /// Place in the chain of (device, lane, scope), from 1.
    #[schema(minimum = 1)]
    dseq: u64,
    /// The hash of the row before.
    prev: String,
    /// `u:<person>` or `room:<room>`.
    scope: String,
    session_id: String,
    kind: String,
    v: u32,
    hlc: String,
    enc: String,
    hdr: serde_json::Value,
    body: serde_json::Value,
    /// BLAKE3-256 over the canonical JSON of everything but `h`, `sig` and `_deleted`.
    h: String,
    #[serde(rename = "_deleted")]
    deleted: bool,
}

#[derive(ToSchema)]
#[expect(dead_code, reason = "rows travel as their own bytes; this only describes them")]
pub(super) struct Page {
    documents: Vec<Row>,
    checkpoint: Checkpoint,
    more: bool,
    head: u64,
}

#[derive(ToSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "two dialects, read by hand; this only describes them")]
pub(super) enum AnyPush {
    Native { device_id: String, batch_id: String, rows: Vec<Row> },
    Documents(Vec<PushedDocument>),
}

#[derive(ToSchema)]
#[expect(dead_code, reason = "this only describes what an RxDB client sends")]
pub(super) struct PushedDocument {
    #[serde(rename = "newDocumentState")]
    new: Row,
    #[serde(rename = "assumedMasterState")]
    assumed: Option<Row>,
}

#[derive(ToSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "this only describes the two answers")]
pub(super) enum AnyDigest {
    Chains { epoch: String, head: u64, chains: Vec<DigestChain> },
    Blocks { epoch: String, head: u64, chain: String, blocks: Vec<DigestBlock> },
}

#[derive(ToSchema)]
#[expect(dead_code, reason = "this only describes the answer")]
pub(super) struct DigestChain {
    /// `scope/device/lane`
    chain: String,
    n: u64,
    max_dseq: u64,
    /// Exclusive or of the rows' hashes.
    #[schema(pattern = "^[0-9a-f]{64}$")]
    xor: String,
}

#[derive(ToSchema)]
#[expect(dead_code, reason = "this only describes the answer")]
pub(super) struct DigestBlock {
    /// Counts from 0; each covers 512 places.
    block: u64,
    n: u64,
    #[schema(pattern = "^[0-9a-f]{64}$")]
    xor: String,
}

pub fn document() -> String {
    Api::openapi().to_pretty_json().unwrap_or_default()
}

pub(super) async fn openapi() -> Answered {
    let api: Response = json(&Api::openapi())?;
    Ok(api)
}
