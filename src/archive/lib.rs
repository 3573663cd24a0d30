//! What leaves Spotter as plain files, and comes back without losing anything.
//!
//! Belongs: the backup archive (Parquet, an index, a word to whoever opens it), the rows as JSON, the sets as CSV.
//! Never: where the bytes go, encryption (an export is plain, and says so), other apps' files.

mod sets;
mod zipped;

pub use sets::{SetOut, csv};
pub use zipped::{ARCHIVE_VERSION, About, Missing, is_archive, read, write};

use ledger::Row;

/// All rows as one JSON array, each as it was written.
pub fn json(rows: &[Row]) -> Vec<u8> {
    let mut out = b"[\n".to_vec();
    for (at, row) in rows.iter().enumerate() {
        out.extend_from_slice(if at == 0 { b"" } else { b",\n" });
        out.extend_from_slice(&row.raw);
    }
    out.extend_from_slice(b"\n]\n");
    out
}

/// The same rows are the same export, in whatever order they were found.
pub fn in_order(rows: &mut Vec<Row>) {
    rows.sort_by(|a, b| {
        (a.scope, &a.device_id, &a.lane, a.dseq, &a.event_id).cmp(&(b.scope, &b.device_id, &b.lane, b.dseq, &b.event_id))
    });
    rows.dedup_by(|a, b| a.event_id == b.event_id && a.h == b.h);
}
