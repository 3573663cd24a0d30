//! `/replicate/*` but the stream.

use axum::{
    extract::{Query, State, rejection::QueryRejection},
    http::{HeaderMap, header},
    response::IntoResponse as _,
};
use ledger::put_part;
use realm::{accounts, replicate as core};
use wire::{
    ChainKey, Checkpoint, Code, Hello, Limits, NATIVE_PUSH, Problem, Push, PushAnswer, RawRow, RxRow, Snapshot, Status,
    api::{DigestQuery, PullQuery, SegmentQuery, path},
};

use super::{Answered, Refused, SentBytes, Shared, auth::Who, bad, blocking, json, query};
use crate::clock::now_ms;

type Asked<T> = Result<Query<T>, QueryRejection>;

pub(super) fn checkpoint_of(text: Option<&str>) -> Result<Option<Checkpoint>, Refused> {
    match text.map(str::trim) {
        None | Some("" | "null" | "undefined") => Ok(None),
        Some(text) if !text.starts_with('{') => Err(bad("a checkpoint is {\"epoch\",\"seq\",\"view\"}")),
        Some(text) => {
            let checkpoint: Checkpoint =
                serde_json::from_str(text).map_err(|err| bad(format!("a checkpoint is {{\"epoch\",\"seq\",\"view\"}}: {err}")))?;
            Ok(Some(checkpoint))
        }
    }
}

/// What the server is, how far it is, and what it takes at once.
#[utoipa::path(get, path = path::HELLO, tag = "replication", security(("bearer" = []), ("cookie" = [], "device" = [])),
    responses((status = 200, body = Hello), (status = "default", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn hello(State(app): Shared, Who(who): Who) -> Answered {
    let hello = blocking(&app, move |app| {
        accounts::seen(&*app.store, &who, now_ms())?;
        core::hello(&*app.store, &who.account_id, now_ms())
    });
    json(&hello.await?)
}

/// Numbers of rows are whole and exact in JavaScript.
const PLACE_MAX: u64 = 1 << 53;
/// Where a reader goes by `more`, a page ends when it is this long.
const PAGE_BYTES: usize = 4 << 20;

/// Rows after a checkpoint, oldest first. The page's checkpoint is where the next one begins.
#[utoipa::path(get, path = path::PULL, tag = "replication", params(PullQuery), security(("bearer" = []), ("cookie" = [], "device" = [])),
    responses((status = 200, body = inline(super::openapi::Page)), (status = "default", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn pull(State(app): Shared, Who(who): Who, headers: HeaderMap, asked: Asked<PullQuery>) -> Answered {
    let asked = query(asked)?;
    let (from, to) = (asked.from.unwrap_or(1), asked.to.unwrap_or(PLACE_MAX));
    if PLACE_MAX < from.max(to) {
        return Err(bad(format!("places count to {PLACE_MAX}")));
    }
    let bytes_max = headers.contains_key(wire::PROTOCOL_HEADER).then_some(PAGE_BYTES);
    let checkpoint = checkpoint_of(asked.checkpoint.as_deref())?;
    let chain = chain_of(asked.chain.as_deref())?;
    let _turn = app.heavy.turn(&who.account_id).await?;
    let page = blocking(&app, move |app| {
        let store = &*app.store;
        let page = match chain {
            Some(chain) => core::span(store, &who.account_id, &chain, from, to)?,
            None => {
                let batch = asked.batch_size.unwrap_or(100);
                core::pull(store, &who.account_id, checkpoint.as_ref(), batch, asked.scope.as_deref(), bytes_max)?
            }
        };
        app.metrics.pulled(page.documents.len());
        Ok(page)
    });
    json(&page.await?)
}

fn chain_of(text: Option<&str>) -> Result<Option<ChainKey>, Refused> {
    text.map(|text| ChainKey::try_from(text.to_owned()).map_err(bad)).transpose()
}

/// Rows of this device. With `Accept: application/vnd.spotter.push+json` the body is `{device_id, batch_id, rows}` and the
/// answer one verdict per row; otherwise it is `[{newDocumentState, assumedMasterState?}]` and the answer the stored rows
/// that conflict.
#[utoipa::path(post, path = path::PUSH, tag = "replication", security(("bearer" = []), ("cookie" = [], "device" = [])),
    request_body(content = inline(super::openapi::AnyPush), content_type = "application/json"),
    responses((status = 200, content((PushAnswer = "application/vnd.spotter.push+json"), (Vec<super::openapi::Row> = "application/json"))),
        (status = "default", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn push(State(app): Shared, Who(who): Who, headers: HeaderMap, body: SentBytes) -> Answered {
    let accept = headers.get(header::ACCEPT).and_then(|accept| accept.to_str().ok()).unwrap_or_default();
    let native = accept.split(',').any(|kind| kind.split(';').next().is_some_and(|kind| kind.trim() == NATIVE_PUSH));
    let expected = |err: serde_json::Error| bad(format!("the body is not what is expected here: {err}"));
    let rows: Vec<RawRow> = if native {
        object(body.0.trim_ascii_start())?;
        let push: Push = serde_json::from_slice(&body.0).map_err(expected)?;
        if push.device_id != who.device_id {
            return Err(Refused(Problem::new(Code::Forbidden, "a push names the device that signed in")));
        }
        push.rows
    } else {
        let rows: Vec<RawRow> = serde_json::from_slice(&body.0).map_err(expected)?;
        let of = |raw: RawRow| {
            object(raw.get().as_bytes())?;
            serde_json::from_str::<RxRow>(raw.get()).map(|row| row.new).map_err(expected)
        };
        rows.into_iter().map(of).collect::<Result<_, Refused>>()?
    };
    let pushed = blocking(&app, move |app| {
        let pushed = core::push(&*app.store, &who.account_id, &rows, app.settings.quota_bytes, now_ms())?;
        app.metrics.pushed(&pushed.answer);
        Ok(pushed)
    });
    let pushed = pushed.await?;
    if native {
        let mut response = json(&pushed.answer)?;
        response.headers_mut().insert(header::CONTENT_TYPE, header::HeaderValue::from_static(NATIVE_PUSH));
        return Ok(response);
    }
    // This dialect has no word for one refused row: the rest is stored, and the batch says why it cannot go on.
    let refused = pushed.answer.results.iter().find(|verdict| verdict.status == Status::Rejected);
    if let Some(code) = refused.and_then(|verdict| verdict.code) {
        return Err(Refused(
            Problem::new(code, "a row of the batch is refused; the others are stored").with_limits(Limits::default()),
        ));
    }
    if pushed.foreign {
        return Err(Refused(Problem::new(Code::IdReused, "an id of the batch is taken; the other rows are stored")));
    }
    json(&pushed.conflicts)
}

/// serde would take a list for an object.
fn object(json: &[u8]) -> Result<(), Refused> {
    if json.first() == Some(&b'{') { Ok(()) } else { Err(bad("an object with named fields is expected here")) }
}

/// What the account's rows come to, chain by chain: count, highest number, exclusive or of hashes.
#[utoipa::path(get, path = path::DIGEST, tag = "replication", params(DigestQuery), security(("bearer" = []), ("cookie" = [], "device" = [])),
    responses((status = 200, body = inline(super::openapi::AnyDigest)), (status = "default", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn digest(State(app): Shared, Who(who): Who, asked: Asked<DigestQuery>) -> Answered {
    let asked = query(asked)?;
    let chain = chain_of(asked.chain.as_deref())?;
    let _turn = app.heavy.turn(&who.account_id).await?;
    match chain {
        Some(chain) => json(&blocking(&app, move |app| core::blocks(&*app.store, &who.account_id, &chain)).await?),
        None => json(&blocking(&app, move |app| core::digest(&*app.store, &who.account_id, asked.scope.as_deref())).await?),
    }
}

/// The sealed segments that a first sync fetches, and the checkpoint from which pulling goes on.
#[utoipa::path(get, path = path::SNAPSHOT, tag = "replication", security(("bearer" = []), ("cookie" = [], "device" = [])),
    responses((status = 200, body = Snapshot), (status = "default", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn snapshot(State(app): Shared, Who(who): Who) -> Answered {
    let _turn = app.heavy.turn(&who.account_id).await?;
    json(&blocking(&app, move |app| core::snapshot(&*app.store, &who.account_id)).await?)
}

/// One segment: four bytes of length, little-endian; that much JSON about its chains; then a Parquet file of its rows.
#[utoipa::path(get, path = path::SEGMENT, tag = "replication", params(SegmentQuery), security(("bearer" = []), ("cookie" = [], "device" = [])),
    responses((status = 200, content_type = "application/octet-stream", body = Vec<u8>), (status = "default", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn segment(State(app): Shared, Who(who): Who, asked: Asked<SegmentQuery>) -> Answered {
    let asked = query(asked)?;
    if PLACE_MAX < asked.from.max(asked.to) {
        return Err(bad(format!("places count to {PLACE_MAX}")));
    }
    let _turn = app.heavy.turn(&who.account_id).await?;
    let busy = || Refused(Problem::new(Code::Busy, "other segments are made at this moment; try again").after(2_000));
    let wait = std::time::Duration::from_secs(20);
    let _permit = tokio::time::timeout(wait, app.segments.acquire()).await.map_err(|_| busy())?.map_err(|_| busy())?;
    let body = blocking(&app, move |app| {
        let rows = core::segment(&*app.store, &who.account_id, &asked.scope, asked.from, asked.to)?;
        app.metrics.pulled(rows.len());
        let wrong = |err: &dyn std::fmt::Display| Problem::new(Code::Internal, err.to_string());
        let spans = serde_json::to_vec(&wire::spans(rows.iter())).map_err(|err| wrong(&err))?;
        let parquet = engine::segment_to_parquet(&rows).map_err(|err| wrong(&err))?;
        let mut body = Vec::with_capacity(4 + spans.len() + parquet.len());
        put_part(&mut body, &spans);
        body.extend(parquet);
        Ok(body)
    });
    Ok(([(header::CONTENT_TYPE, "application/octet-stream")], body.await?).into_response())
}

#[cfg(test)]
mod tests {
    use axum::http::Uri;
    use serde::de::DeserializeOwned;
    use wire::api::StreamQuery;

    use super::*;

    fn asked<T: DeserializeOwned>(address: &str) -> T {
        let uri: Uri = address.parse().expect("an address");
        Query::try_from_uri(&uri).expect("it is understood").0
    }

    #[test]
    fn what_a_device_asks_is_what_the_server_reads() {
        // Nothing of ours looks like this; whatever it is, it arrives.
        let checkpoint = Checkpoint { epoch: "a b&c=d/é".to_owned(), seq: 9, view: "+%41".to_owned() };
        let read = |text: Option<String>| checkpoint_of(text.as_deref()).ok().flatten();
        let pull: PullQuery = asked(&path::pull(Some(&checkpoint), 50));
        assert_eq!((read(pull.checkpoint).as_ref(), pull.batch_size), (Some(&checkpoint), Some(50)));
        let pull: PullQuery = asked(&path::pull(None, 50));
        assert_eq!(checkpoint_of(pull.checkpoint.as_deref()).ok(), Some(None));
        let stream: StreamQuery = asked(&path::stream(&checkpoint));
        assert_eq!(read(stream.checkpoint), Some(checkpoint));
        let chain = "u:019aa4b6-4500-7101-8101-010101010101/abababababababab/00";
        let key = ChainKey::try_from(chain.to_owned()).expect("a chain");
        let span: PullQuery = asked(&path::span(&key, 3, 7));
        assert_eq!((span.chain.as_deref(), span.from, span.to, span.checkpoint), (Some(chain), Some(3), Some(7), None));
        let blocks: DigestQuery = asked(&path::blocks(&key));
        assert_eq!(blocks.chain.as_deref(), Some(chain));
        let segment: SegmentQuery = asked(&path::segment("room:x y", 1, 2));
        assert_eq!((&segment.scope[..], segment.from, segment.to), ("room:x y", 1, 2));
    }
}
