//! Rows from the server or from a backup. What is here already stays as it is; for the rest the rows and the standing that
//! covers them are one append. What they say of who else writes as this device is looked at before they count.

use std::collections::VecDeque;

use bridge::Draft;
use ledger::Row;
use wire::{Commit, Standing};

use crate::{
    clocks::{odd_files, said_again},
    deeds::{Act, Answer, Around, Deed, Done, Place, Trouble, Write, odd},
    host::Host,
    host::jobs::{Arrived, Receipt, Stage, Target, Whom},
    inbox::{Inbox, Receiving},
    manifest::SealedFile,
    shelf::Added,
};

type Out = Vec<Deed>;

impl Host {
    /// `standing` is what the server says; a backup says nothing about that.
    pub(crate) fn receive(&mut self, around: &mut Around, out: &mut Out, whom: Whom, rows: Vec<Row>, standing: Option<Standing>) {
        let unread = self.shelf.unread(&rows).into_iter().collect();
        let receipt = Receipt { whom, rows, standing, outgrown: false };
        self.read_unread(around, out, Box::new(receipt), unread);
    }

    pub(crate) fn go_on_receiving(&mut self, around: &mut Around, out: &mut Out, stage: Stage, answer: Result<Answer, Trouble>) {
        match (stage, answer) {
            (Stage::ReadsUnread { receipt, unread, reads }, Ok(Answer::Rows(rows))) => {
                self.shelf.file_read(&reads, &rows);
                self.read_unread(around, out, receipt, unread);
            }
            (Stage::ReadsUnread { receipt, unread, .. }, outcome) => {
                self.not_read(around, out, receipt, unread, outcome.err().unwrap_or_else(odd));
            }
            // What cannot be noted is said at the next loss, which says too much then.
            (Stage::Notes { receipt, inbox }, _) => {
                self.inbox = Some(inbox);
                self.append_received(around, out, *receipt);
            }
            (Stage::AppendsReceived { arrived, receiving }, Ok(_)) => {
                if let Some(inbox) = &mut self.inbox {
                    inbox.saved(receiving.bytes);
                }
                let rest = match self.server_ms(around).filter(|_| !receiving.fresh.is_empty()) {
                    Some(server_ms) => self.odd_files(server_ms),
                    None => VecDeque::new(),
                };
                self.read_odd(around, out, arrived, receiving, Vec::new(), rest);
            }
            (Stage::AppendsReceived { arrived, .. }, Err(trouble)) => {
                // Some of it may be in the file: nothing more is written behind that.
                self.let_inbox_go(out);
                self.did(around, out, arrived.whom, Err(trouble.into()));
            }
            (Stage::ReadsOdd { arrived, receiving, mut sealed, rest }, outcome) => {
                match outcome {
                    Ok(Answer::Rows(rows)) => sealed.extend(rows),
                    other => {
                        let why = other.err().unwrap_or_else(odd);
                        out.push(Deed::Warn(format!("rows of a wrong clock could not be looked at: {why}")));
                    }
                }
                self.read_odd(around, out, arrived, receiving, sealed, rest);
            }
            (_, _) => out.push(Deed::Warn(odd().to_string())),
        }
    }

    /// Whether a row is here is known only of files that were looked into.
    fn read_unread(&mut self, around: &mut Around, out: &mut Out, receipt: Box<Receipt>, mut unread: VecDeque<String>) {
        let Some(use_id) = unread.pop_front() else { return self.take_in(around, out, receipt) };
        match self.manifest.sealed.iter().find(|file| file.use_id == use_id).cloned() {
            Some(file) => self.wait_to_write(out, Stage::ReadsUnread { receipt, unread, reads: use_id }, Act::Rows(file)),
            None => self.not_read(around, out, receipt, unread, Trouble::of("it is not there")),
        }
    }

    fn not_read(&mut self, around: &mut Around, out: &mut Out, receipt: Box<Receipt>, unread: VecDeque<String>, why: Trouble) {
        if receipt.standing.is_none() {
            return self.did(around, out, receipt.whom, Err(why.into()));
        }
        // Unread, its rows count as known; the next comparison with the server finds what that hides.
        out.push(Deed::Warn(format!("a sealed session could not be read: {why}")));
        self.read_unread(around, out, receipt, unread);
    }

    fn take_in(&mut self, around: &mut Around, out: &mut Out, mut receipt: Box<Receipt>) {
        // This device's chains may be longer in the backup than here.
        receipt.outgrown = receipt.standing.is_none() && self.is_outgrown_by(&receipt.rows);
        if !around.stored {
            return self.did(around, out, receipt.whom, Err(Trouble::of("there is no storage").into()));
        }
        if !self.inbox.as_ref().is_none_or(Inbox::is_full) {
            return self.append_received(around, out, *receipt);
        }
        if self.let_inbox_go(out) {
            self.nudged(around, out);
        }
        self.claim(out, Target::Inbox(receipt));
    }

    fn append_received(&mut self, around: &mut Around, out: &mut Out, receipt: Receipt) {
        let (arrived, commit) = receipt.commit(self.standing.clone().unwrap_or_default());
        match self.receiving(commit) {
            Some((receiving, bytes)) => {
                let stage = Stage::AppendsReceived { arrived, receiving: Box::new(receiving) };
                self.wait_to_write(out, stage, Act::Append { place: Place::Inbox, bytes });
            }
            None => self.did(around, out, arrived.whom, Err(odd().into())),
        }
    }

    /// What is to be written; nothing has changed yet.
    fn receiving(&self, commit: Commit) -> Option<(Receiving, Vec<u8>)> {
        let Commit { rows, mut standing } = commit;
        let fresh: Vec<Row> = rows.into_iter().filter(|row| self.shelf.look(row) != Added::Known).collect();
        let own = &self.device.identity().device_id;
        let foreign = self.shelf.foreign(own, |chain| self.end_of(chain), fresh.iter());
        // Never on the disk: that a place is acknowledged of which the server has another row.
        standing.doubt(&foreign.doubled);
        let bytes = self.inbox.as_ref()?.batch(fresh.iter(), &standing);
        Some((Receiving { fresh, standing, foreign, bytes: bytes.len() as u64 }, bytes))
    }

    fn read_odd(
        &mut self,
        around: &mut Around,
        out: &mut Out,
        arrived: Arrived,
        receiving: Box<Receiving>,
        sealed: Vec<Row>,
        mut rest: VecDeque<SealedFile>,
    ) {
        match rest.pop_front() {
            Some(file) => self.wait_to_write(out, Stage::ReadsOdd { arrived, receiving, sealed, rest }, Act::Rows(file)),
            None => self.received(around, out, arrived, *receiving, &sealed),
        }
    }

    /// They are on the disk.
    fn received(&mut self, around: &mut Around, out: &mut Out, arrived: Arrived, receiving: Receiving, sealed: &[Row]) {
        let Receiving { fresh, standing, foreign, .. } = receiving;
        let again = self.server_ms(around).filter(|_| !fresh.is_empty()).map(|now| self.outdone(now, sealed, &fresh));
        self.standing = Some(standing);
        fresh.iter().for_each(|row| _ = self.shelf.add(row.clone()));
        if !fresh.is_empty() {
            out.push(Deed::Fresh(fresh));
        }
        if !self.damaged.is_empty() {
            // Perhaps what a damaged file held.
            self.nudged(around, out);
        }
        if arrived.from_backup {
            self.wrote(around, out);
        }
        if let Some(drafts) = again.filter(|drafts| !drafts.is_empty()) {
            self.write_first(Write::Capture { drafts, import: false });
        }
        if foreign.copied {
            self.write_first(Write::Copied);
        } else if arrived.outgrown {
            self.write_first(Write::NewName);
        }
        self.doubled(around, out, foreign.doubled);
        self.did(around, out, arrived.whom, Ok(Done::Done));
    }

    /// What the server's clock says, when there is one to ask.
    pub fn server_ms(&self, around: &Around) -> Option<u64> {
        self.replica()?.server_ms(around.mono_ms)
    }

    /// Whether a backup has rows of this device that are not here.
    fn is_outgrown_by(&self, rows: &[Row]) -> bool {
        let own = &self.device.identity().device_id;
        rows.iter().any(|row| row.device_id == *own && self.shelf.look(row) != Added::Known)
    }

    /// Sealed files with rows of a wrong clock.
    fn odd_files(&self, server_ms: u64) -> VecDeque<SealedFile> {
        odd_files(server_ms, &self.device.identity().device_id, &self.manifest.sealed).cloned().collect()
    }

    /// What has to be said once more, because a clock was wrong.
    fn outdone(&self, server_ms: u64, sealed: &[Row], fresh: &[Row]) -> Vec<Draft> {
        let before = self.standing.as_ref();
        // Of what the server did not have before this nobody elsewhere can have known.
        let unsent = |row: &Row| before.is_none_or(|before| !before.is_acked(row));
        said_again(server_ms, &self.device.identity().device_id, self.shelf.rows().iter().chain(sealed), unsent, fresh)
    }
}
