//! `/replicate/pull/stream`: server-sent events.

use std::{
    collections::VecDeque,
    convert::Infallible,
    future::Future as _,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use axum::{
    body::Body,
    extract::{Query, State, rejection::QueryRejection},
    http::{HeaderMap, HeaderValue, header},
    response::IntoResponse as _,
};
use bytes::Bytes;
use realm::{
    accounts,
    hub::{Said, Seat},
    replicate::{self, replay, stream_start},
    store::read,
};
use serde::Serialize;
use tokio::time::{Instant, Sleep};
use tokio_stream::Stream;
use wire::{
    Checkpoint, Code, Problem, STREAM_HEARTBEAT_MS,
    api::{self, StreamQuery},
};

use super::{Answered, App, Shared, auth::Who, blocking, query, replicate::checkpoint_of};
use crate::clock::now_ms;

/// More than this is pulled.
const REPLAY_ROWS: usize = 1_000;
const HEARTBEAT: Duration = Duration::from_millis(STREAM_HEARTBEAT_MS);

pub(super) async fn stream(
    State(app): Shared,
    Who(who): Who,
    headers: HeaderMap,
    asked: Result<Query<StreamQuery>, QueryRejection>,
) -> Answered {
    let asked = query(asked)?;
    let checkpoint = checkpoint_of(asked.checkpoint.as_deref())?;
    // What a browser's own EventSource says when it comes back.
    let last = headers.get("last-event-id").and_then(|id| id.to_str().ok()).and_then(|id| {
        let (rest, seq) = id.rsplit_once('.')?;
        // Ids of older builds name no view.
        let (epoch, view) = rest.rsplit_once('.').unwrap_or((rest, ""));
        Some(Checkpoint { epoch: epoch.to_owned(), seq: seq.parse().ok()?, view: view.to_owned() })
    });
    let live = blocking(&app, move |app| {
        let comes_back = last.is_some();
        let started = stream_start(&*app.store, &who.account_id, last.or(checkpoint).as_ref());
        // An EventSource that is refused never comes again: it begins now, and is told to pull what it could not see before.
        let (begun, pulls) = match started {
            Err(problem) if comes_back && problem.code == Code::ViewChanged => {
                (stream_start(&*app.store, &who.account_id, None)?, true)
            }
            started => (started?, false),
        };
        let (reader, realm, after) = begun;
        // First a seat, then the past: what is committed meanwhile comes by the feed.
        let seat = app.hub.join(&reader, &realm, &who.token_hash);
        if app.settings.streams < app.hub.readers_of(&who.account_id) {
            return Err(Problem::new(Code::SlowDown, "the account has too many streams open").after(5_000));
        }
        // And once more who it is: a sign-out that was committed before the seat was taken was told to nobody.
        let past = read(&*app.store, |sql| {
            let holds = accounts::holds(sql, &who.token_hash)?;
            if !holds || replicate::reader(sql, &who.account_id)?.view != reader.view {
                let code = if holds { Code::ViewChanged } else { Code::SignIn };
                return Err(Problem::new(code, "the sign-in ended, or what it may read has changed").into());
            }
            match after < seat.from {
                true => replay(sql, &reader, after, seat.from, REPLAY_ROWS),
                false => Ok(Some(Vec::new())),
            }
        })?;
        let hello = api::StreamHello { epoch: realm.epoch.clone(), head: realm.head, heartbeat_ms: STREAM_HEARTBEAT_MS };
        let mut first = VecDeque::from([Bytes::from(format!("retry: 3000\n{}", named(api::HELLO, &hello)))]);
        if pulls {
            first.push_back(spelt(Said::Resync, app));
        }
        first.extend(seat.first(after, past).map(|said| spelt(said, app)));
        Ok((seat, first, who.expires_ms))
    });
    let (seat, first, expires_ms) = live.await?;
    let beat = Box::pin(tokio::time::sleep(HEARTBEAT));
    let mut response =
        Body::from_stream(Live { app: Arc::clone(&app), seat, first, beat, expires_ms, over: false }).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    headers.insert("x-accel-buffering", HeaderValue::from_static("no"));
    Ok(response)
}

struct Live {
    app: Arc<App>,
    seat: Seat,
    first: VecDeque<Bytes>,
    beat: Pin<Box<Sleep>>,
    /// When the sign-in is over.
    expires_ms: u64,
    over: bool,
}

fn spelt(said: Said, app: &App) -> Bytes {
    match said {
        Said::Frame(frame) => {
            app.metrics.said(false);
            let Checkpoint { epoch, seq, view } = &frame.checkpoint;
            let id = format!("{epoch}.{view}.{seq}");
            let data = serde_json::to_string(&frame).unwrap_or_default();
            if data.contains('\r') {
                // A stream cannot carry this byte as it is; a page can.
                return resync();
            }
            // A row may have been written with line breaks between its fields.
            Bytes::from(format!("id: {id}\ndata: {}\n\n", data.replace('\n', "\ndata: ")))
        }
        Said::Resync => {
            app.metrics.said(true);
            resync()
        }
        Said::Bye(code) => Bytes::from(named(api::BYE, &api::Bye { code })),
    }
}

fn resync() -> Bytes {
    Bytes::from(format!("data: {}\n\n", api::RESYNC))
}

fn named<T: Serialize>(event: &str, data: &T) -> String {
    format!("event: {event}\ndata: {}\n\n", serde_json::to_string(data).unwrap_or_default())
}

impl Stream for Live {
    type Item = Result<Bytes, Infallible>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let it = &mut *self;
        if it.over {
            return Poll::Ready(None);
        }
        if let Some(bytes) = it.first.pop_front() {
            return Poll::Ready(Some(Ok(bytes)));
        }
        // Looked at with every heartbeat at the latest.
        if it.expires_ms <= now_ms() {
            it.over = true;
            return Poll::Ready(Some(Ok(spelt(Said::Bye(Code::SignIn), &it.app))));
        }
        let said = match it.seat.feed.take(Some(cx.waker())) {
            Some(said) => {
                it.over = matches!(said, Said::Bye(_));
                Some(spelt(said, &it.app))
            }
            None => it.beat.as_mut().poll(cx).is_ready().then(|| Bytes::from_static(b": hb\n\n")),
        };
        match said {
            Some(bytes) => {
                it.beat.as_mut().reset(Instant::now() + HEARTBEAT);
                Poll::Ready(Some(Ok(bytes)))
            }
            None => Poll::Pending,
        }
    }
}
