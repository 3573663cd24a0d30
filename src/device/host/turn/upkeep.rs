//! Files that do not say what they hold are looked into, the packed tables are kept, and what is plain is refused once nothing
//! here is.

use super::Out;
use crate::{
    deeds::{Act, Answer, Around, Trouble, odd},
    host::Host,
    host::index::Change,
    manifest::SealedFile,
};

/// What this waits for.
#[derive(Debug)]
pub(crate) enum Stage {
    LooksInto(Box<SealedFile>),
    NotesSpans,
    KeepsTables,
    TakesNothingPlain,
}

impl Host {
    pub(super) fn kept_up(
        &mut self,
        around: &mut Around,
        out: &mut Out,
        stage: Stage,
        answer: Result<Answer, Trouble>,
    ) -> Result<(), Trouble> {
        match (stage, answer) {
            (Stage::LooksInto(file), Ok(Answer::Rows(rows))) => {
                let spans = wire::spans(rows.iter());
                self.shelf.add_file(&file.use_id, &spans);
                let change = Change::Spans { use_id: file.use_id, rows: rows.len() as u64, spans };
                self.wait_for_index(around, out, Stage::NotesSpans, change);
            }
            (Stage::NotesSpans, Ok(Answer::Done)) => {
                self.wrote(around, out);
                self.complete_next(out);
            }
            (Stage::KeepsTables, Ok(Answer::Done)) => self.take_nothing_plain(around, out),
            (Stage::TakesNothingPlain, Ok(Answer::Done)) => self.rest(around, out),
            (_, Err(trouble)) => return Err(trouble),
            (_, Ok(_)) => return Err(odd()),
        }
        Ok(())
    }

    /// Sealed files of older builds, and those that were found without an index, do not say what they hold: somebody has to
    /// look.
    pub(super) fn complete_next(&mut self, out: &mut Out) {
        let unknown = |file: &SealedFile| file.spans.is_empty() && !self.lead.looked.contains(&file.use_id);
        match self.files(&self.manifest.sealed).into_iter().find(unknown) {
            Some(file) => {
                self.lead.looked.insert(file.use_id.clone());
                self.wait_for(out, Stage::LooksInto(Box::new(file.clone())), Act::Rows(file));
            }
            None => self.wait_for(out, Stage::KeepsTables, Act::KeepTables),
        }
    }

    /// Once nothing here is plain, that is written down, and something plain is refused from the next start on.
    pub(super) fn take_nothing_plain(&mut self, around: &Around, out: &mut Out) {
        match self.lead.all_encrypted && around.encrypts {
            true => self.wait_for(out, Stage::TakesNothingPlain, Act::TakeNothingPlain),
            false => self.rest(around, out),
        }
    }
}
