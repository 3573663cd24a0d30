//! Counts for Prometheus, in its text format. Nothing in them is about anybody.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use axum::{extract::State, http::header, response::IntoResponse as _};
use realm::{replicate::realm, store::read};
use wire::{PushAnswer, Status};

use super::{Answered, Shared, blocking, not_found, peer::Peer};

#[derive(Debug, Default)]
pub(crate) struct Metrics {
    by_class: [AtomicU64; 6],
    accepted: AtomicU64,
    duplicate: AtomicU64,
    conflict: AtomicU64,
    rejected: AtomicU64,
    pulled: AtomicU64,
    frames: AtomicU64,
    resyncs: AtomicU64,
}

impl Metrics {
    pub(crate) fn answered(&self, status: u16) {
        self.by_class[usize::from(status / 100).min(5)].fetch_add(1, Relaxed);
    }

    pub(crate) fn pushed(&self, answer: &PushAnswer) {
        for verdict in &answer.results {
            let count = match verdict.status {
                Status::Accepted => &self.accepted,
                Status::Duplicate => &self.duplicate,
                Status::Conflict => &self.conflict,
                Status::Rejected => &self.rejected,
            };
            count.fetch_add(1, Relaxed);
        }
    }

    pub(crate) fn pulled(&self, rows: usize) {
        self.pulled.fetch_add(rows as u64, Relaxed);
    }

    pub(crate) fn said(&self, resync: bool) {
        if resync { &self.resyncs } else { &self.frames }.fetch_add(1, Relaxed);
    }
}

/// For whoever watches it on the same machine.
pub(crate) async fn metrics(State(app): Shared, peer: Peer) -> Answered {
    if peer != Peer::Local {
        return Err(not_found().await);
    }
    let head = blocking(&app, |app| Ok(read(&*app.store, realm)?)).await?.head;
    let it = &app.metrics;
    let mut out = String::new();
    let mut say = |name: &str, kind: &str, help: &str, values: &[(String, u64)]| {
        out.push_str(&format!("# HELP spotter_{name} {help}\n# TYPE spotter_{name} {kind}\n"));
        values.iter().for_each(|(label, value)| out.push_str(&format!("spotter_{name}{label} {value}\n")));
    };
    let classes: Vec<(String, u64)> =
        (1..=5).map(|class| (format!("{{class=\"{class}xx\"}}"), it.by_class[class].load(Relaxed))).collect();
    say("answers_total", "counter", "Answers by class of status.", &classes);
    let pushed = [("accepted", &it.accepted), ("duplicate", &it.duplicate), ("conflict", &it.conflict), ("rejected", &it.rejected)];
    let pushed: Vec<(String, u64)> =
        pushed.iter().map(|(verdict, count)| (format!("{{verdict=\"{verdict}\"}}"), count.load(Relaxed))).collect();
    say("pushed_rows_total", "counter", "Pushed rows by verdict.", &pushed);
    let plain = |value: u64| vec![(String::new(), value)];
    say("pulled_rows_total", "counter", "Rows handed out in pages.", &plain(it.pulled.load(Relaxed)));
    say("stream_frames_total", "counter", "Frames said on streams.", &plain(it.frames.load(Relaxed)));
    say("stream_resyncs_total", "counter", "Streams that were told to pull.", &plain(it.resyncs.load(Relaxed)));
    say("streams", "gauge", "Streams that are open.", &plain(app.hub.readers() as u64));
    say("head", "gauge", "The last sequence number.", &plain(head));
    Ok(([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], out).into_response())
}
