//! What a dead leader wrote and did not list is compared with what is listed, and given up or listed.

use std::collections::VecDeque;

use ledger::{Encryption, Header, Role, Row, hex};

use super::Out;
use crate::{
    deeds::{Act, Answer, Around, Deed, Task, Trouble, odd},
    host::Host,
    host::index::Change,
    manifest::SealedFile,
    shelf::Added,
};

/// What this waits for.
#[derive(Debug)]
pub(crate) enum Stage {
    /// What a dead leader left over.
    TakesLeft {
        name: String,
        use_id: String,
    },
    DecodesLeft(Box<SealedFile>),
    ComparesLeft(Box<Comparing>),
    FreesLeft,
    ListsLeftOver(Box<SealedFile>),
}

/// Rows of a file that was left over, and the listed files that may have them too.
#[derive(Debug)]
pub(crate) struct Comparing {
    found: SealedFile,
    rows: Vec<Row>,
    unread: VecDeque<SealedFile>,
    reads: SealedFile,
}

impl Host {
    pub(super) fn reclaimed(
        &mut self,
        around: &mut Around,
        out: &mut Out,
        stage: Stage,
        answer: Result<Answer, Trouble>,
    ) -> Result<(), Trouble> {
        match (stage, answer) {
            (Stage::TakesLeft { .. }, Ok(Answer::Taken(None) | Answer::Gone)) => self.reclaim_next(around, out),
            (Stage::TakesLeft { name, use_id }, Ok(Answer::Taken(Some(bytes)))) => match self.found_left(&name, &use_id, &bytes) {
                Some((found, parquet)) => self.wait_for(out, Stage::DecodesLeft(Box::new(found)), Act::Decode(parquet)),
                None => self.reclaim_next(around, out),
            },
            (Stage::DecodesLeft(mut found), Ok(Answer::Rows(rows))) => {
                (found.rows, found.spans) = (rows.len() as u64, wire::spans(rows.iter()));
                let unread = self.shelf.unread(&rows);
                let file = |use_id: &String| self.manifest.sealed.iter().find(|file| file.use_id == *use_id).cloned();
                let unread: Option<VecDeque<SealedFile>> = unread.iter().map(file).collect();
                let unread = unread.ok_or(Trouble::of("it is not there"))?;
                let comparing = Comparing { found: *found, rows, unread, reads: SealedFile::default() };
                self.compare_left(around, out, Box::new(comparing));
            }
            (Stage::DecodesLeft(_), Err(_)) => self.reclaim_next(around, out),
            (Stage::ComparesLeft(comparing), Ok(Answer::Rows(rows))) => {
                self.shelf.file_read(&comparing.reads.use_id, &rows);
                self.compare_left(around, out, comparing);
            }
            (Stage::FreesLeft, Ok(Answer::Done)) => self.reclaim_next(around, out),
            (Stage::ListsLeftOver(found), Ok(Answer::Done)) => {
                self.list(std::slice::from_ref(&found));
                out.push(Deed::FilesChanged);
                self.reclaim_next(around, out);
            }
            (_, Err(trouble)) => return Err(trouble),
            (_, Ok(_)) => return Err(odd()),
        }
        Ok(())
    }

    /// They are given up once every row in them was found elsewhere. One that cannot be read is left as it is, for whoever can
    /// repair it, and one with a row that is nowhere else is listed.
    pub(super) fn reclaim_next(&mut self, around: &mut Around, out: &mut Out) {
        out.push(Deed::LetGo(Task::Turn));
        match self.lead.left.pop() {
            Some((name, use_id)) => {
                let act = Act::Take { file: name.clone(), plain: true };
                self.wait_for(out, Stage::TakesLeft { name, use_id }, act);
            }
            None => self.merge_next(around, out),
        }
    }

    fn found_left(&self, name: &str, use_id: &str, bytes: &[u8]) -> Option<(SealedFile, Vec<u8>)> {
        let header = Header::decode(bytes).ok()?;
        let parquet = header.payload(bytes).ok()?;
        let unlisted = !self.manifest.names().any(|listed| listed == name);
        let same = header.role == Role::Sealed && hex(&header.use_id) == use_id;
        if !unlisted || !same || header.encryption != Encryption::None {
            return None;
        }
        let (file, hash) = (name.to_owned(), hex(&header.payload_hash));
        let found = SealedFile { file, use_id: use_id.to_owned(), bytes: parquet.len() as u64, hash, ..SealedFile::default() };
        Some((found, parquet.to_vec()))
    }

    fn compare_left(&mut self, around: &mut Around, out: &mut Out, mut comparing: Box<Comparing>) {
        if let Some(file) = comparing.unread.pop_front() {
            comparing.reads = file.clone();
            return self.wait_for(out, Stage::ComparesLeft(comparing), Act::Rows(file));
        }
        let Comparing { found, rows, .. } = *comparing;
        if rows.iter().all(|row| self.shelf.look(row) == Added::Known) {
            return self.wait_for(out, Stage::FreesLeft, Act::Free);
        }
        out.push(Deed::Warn(format!("{}: rows that no listed file has", found.file)));
        // Before they are listed: the place of a file that nobody has read counts as known.
        self.hear(around, out, rows);
        out.push(Deed::LetGo(Task::Turn));
        self.wait_for_index(around, out, Stage::ListsLeftOver(Box::new(found.clone())), Change::Listed(found));
    }
}
