//! What a replica asks of its server: each question by `fetch`, and the stream of what is new.

use web_sys::AbortController;
use wire::{
    Answer, Checkpoint, Failure, Input, NATIVE_PUSH, Push, Request, SseEvent, SseReader,
    api::{self, path},
};

use crate::{
    kept,
    link::input,
    net::{Call, Pieces},
};

pub(crate) async fn ask(request: Request, abort: Option<&AbortController>) -> Result<Answer, Failure> {
    let get = |path| Call { abort, ..Call::get(path) };
    Ok(match request {
        Request::Hello => Answer::Hello(get(path::HELLO).json().await?),
        Request::Pull { checkpoint, batch_size } => Answer::Page(get(&path::pull(checkpoint.as_ref(), batch_size)).json().await?),
        Request::Span { chain, from, to } => Answer::Page(get(&path::span(&chain, from, to)).json().await?),
        Request::Digest => Answer::Digest(get(path::DIGEST).json().await?),
        Request::Blocks { chain } => Answer::Blocks(get(&path::blocks(&chain)).json().await?),
        Request::Snapshot => Answer::Snapshot(get(path::SNAPSHOT).json().await?),
        Request::Push { rows } => {
            let batch_id = rows.first().map(|row| row.event_id.to_string()).unwrap_or_default();
            let rows = rows.iter().filter_map(|row| wire::raw_of(&row.raw)).collect();
            let push = Push { device_id: kept::signed_in_as(), batch_id, rows };
            Answer::Pushed(Call { accept: NATIVE_PUSH, abort, ..Call::post(path::PUSH, &push) }.json().await?)
        }
        Request::Claim { person } => {
            let body = api::PersonBody { person: person.to_string() };
            Call { abort, ..Call::post(path::PERSONS, &body) }.response().await?;
            Answer::Claimed
        }
    })
}

/// Ends only with a failure: a stream that just stops is one.
pub(crate) async fn listen(id: u32, checkpoint: &Checkpoint, abort: Option<&AbortController>) -> Failure {
    let path = path::stream(checkpoint);
    let opened = match (Call { accept: "text/event-stream", abort, ..Call::get(&path) }).response().await {
        Ok(response) => Pieces::of(&response),
        Err(failure) => Err(failure),
    };
    let pieces = match opened {
        Ok(pieces) => pieces,
        Err(failure) => return failure,
    };
    input(Input::StreamOpened { id });
    let mut reader = SseReader::default();
    loop {
        let piece = match pieces.next().await {
            Ok(Some(piece)) => piece,
            Ok(None) => return Failure::Unreachable("the stream ended".to_owned()),
            Err(failure) => return failure,
        };
        for event in reader.read(&piece) {
            match event {
                SseEvent::Message { event, data, .. } if event.is_empty() => {
                    if data == api::RESYNC {
                        input(Input::StreamResync { id });
                        continue;
                    }
                    match serde_json::from_str(&data) {
                        Ok(frame) => input(Input::StreamFrame { id, frame }),
                        // What cannot be read was not told: it is pulled.
                        Err(_) => input(Input::StreamResync { id }),
                    }
                }
                SseEvent::Message { event, data, .. } if event == api::BYE => {
                    return match serde_json::from_str::<api::Bye>(&data) {
                        Ok(bye) => Failure::Problem(wire::Problem::new(bye.code, "the server ended the stream")),
                        Err(_) => Failure::Unreachable("the server ended the stream".to_owned()),
                    };
                }
                SseEvent::Message { .. } | SseEvent::Comment => input(Input::StreamBeat { id }),
            }
        }
    }
}
