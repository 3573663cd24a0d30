//! Old files become one; one that an older build wrote in plain is written again, encrypted.

use std::collections::BTreeSet;

use bridge::pack;
use ledger::{Encryption, Header, Row};

use super::Out;
use crate::{
    compact::to_merge,
    deeds::{Act, Answer, Around, Deed, Heads, Trouble, odd},
    host::Host,
    host::index::Change,
    manifest::SealedFile,
};

/// What this waits for.
#[derive(Debug)]
pub(crate) enum Stage {
    LooksForPlain(Vec<SealedFile>),
    ReadsMerged(Box<Merging>),
    LooksAgain { file: Box<SealedFile>, why: Trouble },
    EncodesMerged { files: Vec<SealedFile>, merged: Box<SealedFile> },
    StoresMerged { files: Vec<SealedFile>, merged: Box<SealedFile> },
    ListsMerged { files: Vec<SealedFile>, merged: Box<SealedFile> },
}

#[derive(Debug)]
pub(crate) struct Merging {
    files: Vec<SealedFile>,
    rows: Vec<Row>,
    read: usize,
}

impl Host {
    pub(super) fn merged(
        &mut self,
        around: &mut Around,
        out: &mut Out,
        stage: Stage,
        answer: Result<Answer, Trouble>,
    ) -> Result<(), Trouble> {
        match (stage, answer) {
            (Stage::LooksForPlain(files), Ok(Answer::Heads(heads))) => self.write_again(around, out, files, &heads)?,
            (Stage::ReadsMerged(mut merging), Ok(Answer::Rows(rows))) => {
                merging.rows.extend(rows);
                merging.read += 1;
                self.merge(out, merging);
            }
            (Stage::ReadsMerged(merging), Err(why)) => {
                let file = Box::new(merging.files[merging.read].clone());
                self.wait_for(out, Stage::LooksAgain { file, why }, Act::LookAgain);
            }
            (Stage::LooksAgain { file, why }, Ok(Answer::Done)) => {
                // Not again in this worker's life, whatever it was. Whether it is damaged is what was just looked at: one that
                // could not be read for a moment counts as before.
                self.lead.refused.push(*file);
                return Err(why);
            }
            (Stage::EncodesMerged { files, merged }, Ok(Answer::Bytes(parquet))) => {
                let (merged, whole) = self.seal(around.entropy, *merged, parquet);
                self.wait_for_store(out, Stage::StoresMerged { files, merged: Box::new(merged) }, whole);
            }
            (Stage::StoresMerged { files, mut merged }, Ok(Answer::Stored { file, hash })) => {
                (merged.file, merged.hash) = (file, hash);
                let change = Change::Merged { merged: (*merged).clone(), files: files.clone() };
                self.wait_for_index(around, out, Stage::ListsMerged { files, merged }, change);
            }
            (Stage::ListsMerged { files, merged }, Ok(Answer::Done)) => {
                self.shelf.add_file(&merged.use_id, &merged.spans);
                files.iter().for_each(|file| self.shelf.drop_file(&file.use_id));
                out.push(Deed::FilesChanged);
                self.merge_next(around, out);
            }
            (_, Err(trouble)) => return Err(trouble),
            (_, Ok(_)) => return Err(odd()),
        }
        Ok(())
    }

    /// Old files become one; one that an older build wrote in plain is written again, encrypted.
    pub(super) fn merge_next(&mut self, around: &mut Around, out: &mut Out) {
        let unread: Vec<SealedFile> = self.damaged.iter().chain(&self.lead.refused).cloned().collect();
        if !self.lead.all_encrypted && around.encrypts {
            let files: Vec<SealedFile> = self.manifest.sealed.iter().filter(|file| !unread.contains(file)).cloned().collect();
            let names = files.iter().map(|file| file.file.clone()).collect();
            return self.wait_for(out, Stage::LooksForPlain(files), Act::Heads(names));
        }
        match to_merge(&self.manifest, &unread, around.utc_ms) {
            Some(files) => self.merge(out, Box::new(Merging { files, rows: Vec::new(), read: 0 })),
            None => self.complete_next(out),
        }
    }

    fn write_again(&mut self, around: &mut Around, out: &mut Out, files: Vec<SealedFile>, heads: &Heads) -> Result<(), Trouble> {
        for (file, (_, head)) in files.into_iter().zip(heads) {
            let head = head.as_ref().ok_or_else(|| Trouble::Other(format!("{} cannot be read", file.file)))?;
            if Header::decode(head).is_ok_and(|header| header.encryption == Encryption::None) {
                self.merge(out, Box::new(Merging { files: vec![file], rows: Vec::new(), read: 0 }));
                return Ok(());
            }
        }
        self.lead.all_encrypted = true;
        self.merge_next(around, out);
        Ok(())
    }

    fn merge(&mut self, out: &mut Out, mut merging: Box<Merging>) {
        if let Some(file) = merging.files.get(merging.read) {
            let file = file.clone();
            return self.wait_for(out, Stage::ReadsMerged(merging), Act::Rows(file));
        }
        let mut seen = BTreeSet::new();
        merging.rows.retain(|row| seen.insert(row.event_id));
        let Merging { files, rows, .. } = *merging;
        let first = files.first().cloned().unwrap_or_default();
        let merged = SealedFile { rows: rows.len() as u64, spans: wire::spans(rows.iter()), ..first };
        let packed = pack(rows.iter().map(|row| row.raw.as_slice()));
        self.wait_for(out, Stage::EncodesMerged { files, merged: Box::new(merged) }, Act::Encode(packed));
    }
}
