//! The first sync: sealed segments straight into files. What is on the disk already is not fetched again, so it may be
//! interrupted at any byte.

use bridge::{Sibling, ToTables};
use device::{Foreign, Write};
use ledger::take_part;
use wire::{ChainKey, Failure, Ranges, Segment, Snapshot, Span, api::path};

use crate::{
    channels,
    events::{begin_write, list_segment},
    figures,
    net::{Call, bytes},
    state,
};

pub(crate) async fn fetch(list: &Snapshot, progress: &impl Fn(Option<(usize, usize)>)) -> Result<Vec<(ChainKey, Ranges)>, Failure> {
    let (mut acked, mut copied) = (Vec::new(), false);
    for (at, segment) in list.segments.iter().enumerate() {
        progress(Some((at, list.segments.len())));
        let name = format!("{}/{}/{}/{}", list.checkpoint.epoch, segment.scope, segment.from, segment.to);
        let (spans, foreign) = match state::with(|state| state.host.segment(&name)) {
            Some(here) => here,
            None => fetch_one(segment, name).await?,
        };
        copied |= foreign.copied;
        // What was here before and is there may be two rows of one place: it is sent, and found to be known.
        let both = |chain: &ChainKey| foreign.doubled.get(chain).cloned().unwrap_or_default();
        acked.extend(spans.into_iter().map(|span| (span.chain.clone(), span.places.minus(&both(&span.chain)))));
    }
    if copied {
        begin_write(Write::Copied);
    }
    figures::follow();
    channels::tell(&Sibling::FilesChanged);
    Ok(acked)
}

async fn fetch_one(segment: &Segment, name: String) -> Result<(Vec<Span>, Foreign), Failure> {
    let path = path::segment(&segment.scope, segment.from, segment.to);
    let body = bytes(&Call::get(&path).response().await?).await?;
    let damaged = || Failure::Unreachable("a segment that makes no sense".to_owned());
    let (spans, parquet) = take_part(&body).ok_or_else(damaged)?;
    let spans: Vec<Span> = serde_json::from_slice(spans).map_err(|_| damaged())?;
    // A Parquet file begins and ends with its mark: one that was cut does not.
    if !parquet.starts_with(b"PAR1") || !parquet.ends_with(b"PAR1") {
        return Err(damaged());
    }
    let listed = list_segment(name, spans.clone(), parquet.to_vec()).await;
    let foreign = listed.map_err(|why| Failure::Unreachable(format!("the segment could not be stored: {why}")))?;
    figures::tell(&ToTables::Sealed, Some(parquet));
    Ok((spans, foreign))
}
