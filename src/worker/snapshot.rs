//! The first sync: sealed segments straight into files. What is on the disk already is not fetched again, so it may be
//! interrupted at any byte.

use device::{Foreign, SealedFile};
use ledger::take_part;
use wire::{ChainKey, Failure, Ranges, Segment, Snapshot, Span, api::path};

use crate::{
    clock::Chance,
    fail::Fail,
    feed, leader,
    net::{Call, bytes},
    port, sealed,
    start::note_received,
    state,
};

pub(crate) async fn fetch(list: &Snapshot, progress: &impl Fn(Option<(usize, usize)>)) -> Result<Vec<(ChainKey, Ranges)>, Failure> {
    let (mut acked, mut copied) = (Vec::new(), false);
    for (at, segment) in list.segments.iter().enumerate() {
        progress(Some((at, list.segments.len())));
        let name = format!("{}/{}/{}/{}", list.checkpoint.epoch, segment.scope, segment.from, segment.to);
        let here = state::with(|state| {
            let files = state.host.files(&state.host.manifest.sealed);
            files.into_iter().find(|file| file.segment.as_ref() == Some(&name)).map(|file| file.spans)
        });
        let (spans, foreign) = match here {
            Some(spans) => (spans, Foreign::default()),
            None => fetch_one(segment, name).await?,
        };
        copied |= foreign.copied;
        // What was here before and is there may be two rows of one place: it is sent, and found to be known.
        let both = |chain: &ChainKey| foreign.doubled.get(chain).cloned().unwrap_or_default();
        acked.extend(spans.into_iter().map(|span| (span.chain.clone(), span.places.minus(&both(&span.chain)))));
    }
    if copied {
        port::enqueue(port::Work::Copied);
    }
    feed::tables_follow();
    feed::tell_siblings(&["files".into()]);
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
    // By what is here before it is: afterwards everything in it is here.
    let foreign = state::with(|state| {
        state.host.shelf.foreign_file(&state.host.device.identity().device_id, |chain| state.host.end_of(chain), &spans)
    });
    store(name, &spans, parquet).await.map_err(|fail| Failure::Unreachable(format!("the segment could not be stored: {fail}")))?;
    Ok((spans, foreign))
}

async fn store(name: String, spans: &[Span], parquet: &[u8]) -> Result<(), Fail> {
    let Some(pool) = state::with(|state| state.pool.clone()) else { return Err(Fail::NotFound) };
    let rows = spans.iter().map(|span| span.sum.n).sum();
    let listed = SealedFile { rows, spans: spans.to_vec(), segment: Some(name), ..SealedFile::default() };
    let (mut sealed, whole) = state::with(|state| state.host.seal(&mut Chance, listed, parquet.to_vec()));
    note_received().await;
    (sealed.file, sealed.hash) = sealed::store(&pool, whole).await?;
    let use_id = sealed.use_id.clone();
    leader::add_segment(sealed).await?;
    state::with(|state| state.host.shelf.add_file(&use_id, spans));
    feed::to_projector(&["sealed".into()], Some(parquet));
    Ok(())
}
