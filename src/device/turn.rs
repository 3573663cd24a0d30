//! One tab of a profile leads: it seals sessions that are over, frees what is sealed, and keeps the pool from running dry.
//! Everything else every tab does for itself.
//!
//! ```text
//! takes the lead   reads the newest index; what was left over by a dead leader; the key; the sessions' files
//! a turn           births, retired files, the index, damaged files, free files; with a projector: sealing, what was left
//!                  over, merging, files that do not say what they hold, packed tables; then it rests
//! ```
//!
//! What fails is tried again at the next turn; nothing is lost by waiting.

use std::collections::{BTreeSet, VecDeque};

use bridge::{ProblemKind, pack};
use ledger::{Encryption, Header, Role, Row, UseId, hex, set_of};

use crate::{
    compact::to_merge,
    deeds::{Act, Answer, Around, Deed, Heads, Task, Ticket, Trouble},
    host::{Host, is, odd, slots},
    index::{Change, Owner, Sealing},
    manifest::{KEPT_FOR_GOOD, Retired, SealedFile},
    pool::{FREE_MIN, is_free, new_slots},
    recover::{OpenSegment, PoolFile, recover},
    shelf::Added,
};

/// Between two turns when nobody nudges.
const REST_MS: u32 = 15_000;
/// Before the index is read again, when that failed.
const READ_AGAIN_MS: u32 = 1_000;

#[derive(Debug, Default)]
pub(crate) struct Lead {
    pub(crate) leads: bool,
    /// Something that the index says has changed in memory.
    pub(crate) dirty: bool,
    nudged: bool,
    stolen: bool,
    stage: Stage,
    asked: Option<Ticket>,
    /// Sealed files that nobody listed when this tab took the lead, by name and use.
    left: Vec<(String, String)>,
    /// Sealed files that did not say what they hold, and were looked into.
    looked: BTreeSet<String>,
    /// Sealed files that could not be read to be merged.
    refused: Vec<SealedFile>,
    /// No sealed file is plain any more.
    all_encrypted: bool,
}

/// What the leader waits for.
#[derive(Debug, Default)]
enum Stage {
    /// Another tab leads.
    #[default]
    Follows,
    Reads,
    ReadsAgain,
    ListsLeft,
    LooksForLeft,
    FilesKey,
    CatchesUp,
    Rests,
    ForgetsBirths,
    /// Whether the successor of a retired file is whole,
    Checks {
        file: Retired,
        rest: VecDeque<Retired>,
    },
    /// and then the file is taken, freed, and no longer spoken of; or it counts again.
    Takes {
        file: Retired,
        rest: VecDeque<Retired>,
    },
    Frees {
        file: Retired,
        rest: VecDeque<Retired>,
    },
    Unlists {
        rest: VecDeque<Retired>,
    },
    Reopens {
        successor: String,
        rest: VecDeque<Retired>,
    },
    Touches,
    Settles(SealedFile),
    ListsSlots,
    LooksForFree(Vec<String>),
    MakesFree {
        open: VecDeque<String>,
    },
    /// Sessions that may be over, one after another.
    TakesSession {
        name: String,
        open: VecDeque<String>,
    },
    NotesStanding {
        name: String,
        use_id: UseId,
        open: VecDeque<String>,
    },
    TakesEmpty {
        use_id: UseId,
        open: VecDeque<String>,
    },
    FreesEmpty {
        open: VecDeque<String>,
    },
    EncodesSession {
        session: Box<Session>,
        open: VecDeque<String>,
    },
    StoresSession {
        session: Box<Session>,
        sealed: Box<SealedFile>,
        open: VecDeque<String>,
    },
    ListsSession {
        rows: Vec<Row>,
        open: VecDeque<String>,
    },
    /// What a dead leader left over.
    TakesLeft {
        name: String,
        use_id: String,
    },
    DecodesLeft(Box<SealedFile>),
    ComparesLeft(Box<Comparing>),
    FreesLeft,
    ListsLeftOver(Box<SealedFile>),
    LooksForPlain(Vec<SealedFile>),
    ReadsMerged(Box<Merging>),
    LooksAgain {
        file: Box<SealedFile>,
        why: Trouble,
    },
    EncodesMerged {
        files: Vec<SealedFile>,
        merged: Box<SealedFile>,
    },
    StoresMerged {
        files: Vec<SealedFile>,
        merged: Box<SealedFile>,
    },
    ListsMerged {
        files: Vec<SealedFile>,
        merged: Box<SealedFile>,
    },
    LooksInto(Box<SealedFile>),
    NotesSpans,
    KeepsTables,
    TakesNothingPlain,
}

/// A session that is being sealed.
#[derive(Debug)]
struct Session {
    name: String,
    segment: OpenSegment,
    damaged: bool,
}

/// Rows of a file that was left over, and the listed files that may have them too.
#[derive(Debug)]
struct Comparing {
    found: SealedFile,
    rows: Vec<Row>,
    unread: VecDeque<SealedFile>,
    reads: SealedFile,
}

#[derive(Debug)]
struct Merging {
    files: Vec<SealedFile>,
    rows: Vec<Row>,
    read: usize,
}

impl Lead {
    pub(crate) fn waits_for(&self, ticket: Ticket) -> bool {
        self.asked == Some(ticket)
    }
}

type Out = Vec<Deed>;

impl Host {
    fn wait_for(&mut self, out: &mut Out, stage: Stage, act: Act) {
        self.lead.asked = Some(self.ask(out, Task::Turn, act));
        self.lead.stage = stage;
    }

    fn wait_for_index(&mut self, around: &mut Around, out: &mut Out, stage: Stage, change: Change) {
        self.lead.asked = None;
        self.lead.stage = stage;
        self.change(around, out, Owner::Turn, change);
    }

    // ------------------------------------------------------------------------------------------ the lead

    pub(crate) fn take_lead(&mut self, out: &mut Out, stolen: bool) {
        (self.lead.leads, self.lead.stolen) = (true, stolen);
        self.lead.left.clear();
        // Nothing is done before it is known: what this tab takes for the index may be hours old.
        self.wait_for(out, Stage::Reads, Act::Follow);
    }

    pub(crate) fn lose_lead(&mut self, out: &mut Out) {
        (self.lead.leads, self.lead.asked, self.lead.stage) = (false, None, Stage::Follows);
        self.stop_writing(out);
    }

    pub(crate) fn nudged(&mut self, out: &mut Out) {
        self.lead.nudged = true;
        if matches!(self.lead.stage, Stage::Rests) {
            self.begin_turn(out);
        }
    }

    /// What the leader waited for is there.
    pub(crate) fn go_on(&mut self, around: &mut Around, out: &mut Out, answer: Result<Answer, Trouble>) {
        self.lead.asked = None;
        let stage = std::mem::take(&mut self.lead.stage);
        if let Err(trouble) = self.took(around, out, stage, answer) {
            out.push(Deed::Warn(format!("housekeeping will be tried again: {trouble}")));
            self.rest(out);
        }
    }

    fn rest(&mut self, out: &mut Out) {
        match self.lead.nudged {
            true => self.begin_turn(out),
            false => self.wait_for(out, Stage::Rests, Act::Wait(REST_MS)),
        }
    }

    /// Each stage takes its answer, or refuses it, which ends the turn.
    fn took(&mut self, around: &mut Around, out: &mut Out, stage: Stage, answer: Result<Answer, Trouble>) -> Result<(), Trouble> {
        match (stage, answer) {
            // -------------------------------------------------------------------------------- the lead begins
            (Stage::Reads, Ok(Answer::Done)) if self.manifest_file.is_some() => {
                self.wait_for(out, Stage::ListsLeft, Act::List);
            }
            (Stage::Reads, Ok(Answer::Done)) => self.file_key(out),
            (Stage::Reads, Err(trouble)) => {
                out.push(Deed::Warn(format!("the index could not be read again: {trouble}")));
                if trouble == Trouble::Newer {
                    // It does not answer any more, so that a tab of the newer build takes the lead.
                    self.lose_lead(out);
                } else {
                    self.wait_for(out, Stage::ReadsAgain, Act::Wait(READ_AGAIN_MS));
                }
            }
            (Stage::ReadsAgain, Ok(Answer::Done)) => self.wait_for(out, Stage::Reads, Act::Follow),
            (Stage::ListsLeft, Ok(Answer::Names(names))) => {
                let listed = set_of(self.manifest.names());
                let others = slots(names).filter(|name| !listed.contains(name.as_str())).collect();
                self.wait_for(out, Stage::LooksForLeft, Act::Heads(others));
            }
            (Stage::LooksForLeft, Ok(Answer::Heads(heads))) => {
                self.lead.left = left_over(&heads, self.manifest.generation);
                self.file_key(out);
            }
            (Stage::ListsLeft | Stage::LooksForLeft, Err(trouble)) => {
                out.push(Deed::Warn(format!("files that nobody lists were left as they are: {trouble}")));
                self.file_key(out);
            }
            (Stage::FilesKey, outcome) => {
                if let Err(trouble) = outcome {
                    // IndexedDB has the same; the next leader tries again.
                    out.push(Deed::Warn(format!("the wrapped key could not be filed: {trouble}")));
                }
                match around.account {
                    true => self.wait_for(out, Stage::CatchesUp, Act::CatchUp),
                    false => self.lead_on(out),
                }
            }
            (Stage::CatchesUp, outcome) => {
                if let Err(trouble) = outcome {
                    out.push(Deed::Warn(format!("the files could not be read once more: {trouble}")));
                }
                self.lead_on(out);
            }
            // -------------------------------------------------------------------------------- a turn
            (Stage::Rests, _) => self.begin_turn(out),
            (Stage::ForgetsBirths, Ok(Answer::Done)) => {
                let due = self.manifest.freeable(around.utc_ms).into();
                self.free_next(around, out, due);
            }
            (Stage::Checks { file, rest }, Ok(Answer::Bytes(bytes))) => {
                let whole = |header: &Header| hex(&header.use_id) == file.successor && header.payload(&bytes).is_ok();
                if Header::decode(&bytes).is_ok_and(|header| whole(&header)) {
                    let name = file.file.clone();
                    self.wait_for(out, Stage::Takes { file, rest }, Act::Take { file: name, plain: false });
                } else {
                    self.reopen(around, out, file, rest);
                }
            }
            (Stage::Takes { rest, .. }, Ok(Answer::Taken(None))) => self.free_next(around, out, rest),
            // There is nothing left to be freed.
            (Stage::Takes { file, rest }, Ok(Answer::Gone)) => {
                self.wait_for_index(around, out, Stage::Unlists { rest }, Change::Freed(file));
            }
            (Stage::Takes { file, rest }, Ok(Answer::Taken(Some(there)))) => {
                if Header::decode(&there).is_ok_and(|header| hex(&header.use_id) == file.use_id) {
                    self.wait_for(out, Stage::Frees { file, rest }, Act::Free);
                } else {
                    out.push(Deed::LetGo(Task::Turn));
                    self.wait_for_index(around, out, Stage::Unlists { rest }, Change::Freed(file));
                }
            }
            (Stage::Frees { file, rest }, Ok(Answer::Done)) => {
                self.wait_for_index(around, out, Stage::Unlists { rest }, Change::Freed(file));
            }
            (Stage::Unlists { rest }, Ok(Answer::Done)) => self.free_next(around, out, rest),
            (Stage::Reopens { successor, rest }, Ok(Answer::Done)) => {
                self.shelf.drop_file(&successor);
                self.free_next(around, out, rest);
            }
            (Stage::Touches, outcome) => {
                self.lead.dirty |= outcome.is_err();
                outcome?;
                self.settle_next(around, out);
            }
            (Stage::Settles(file), Ok(Answer::Done)) => {
                self.damaged.retain(|damaged| damaged.use_id != file.use_id);
                self.settle_next(around, out);
            }
            (Stage::ListsSlots, Ok(Answer::Names(names))) => {
                let names: Vec<String> = slots(names).collect();
                self.wait_for(out, Stage::LooksForFree(names.clone()), Act::Heads(names));
            }
            (Stage::LooksForFree(names), Ok(Answer::Heads(heads))) => self.keep_free(around, out, &names, &heads),
            (Stage::MakesFree { open }, Ok(Answer::Done)) => self.with_projector(around, out, open),
            // -------------------------------------------------------------------------------- sealing
            (Stage::TakesSession { open, .. }, Ok(Answer::Taken(None) | Answer::Gone)) => self.seal_next(around, out, open),
            (Stage::TakesSession { name, open }, Ok(Answer::Taken(Some(bytes)))) => {
                self.read_session(around, out, PoolFile { name, bytes }, open);
            }
            (Stage::NotesStanding { name, use_id, open }, Ok(Answer::Done)) => {
                self.wait_for(out, Stage::TakesEmpty { use_id, open }, Act::Take { file: name, plain: false });
            }
            (Stage::TakesEmpty { open, .. }, Ok(Answer::Gone)) => self.seal_next(around, out, open),
            (Stage::TakesEmpty { use_id, open }, Ok(Answer::Taken(there))) => {
                let same = |there: Vec<u8>| Header::decode(&there).is_ok_and(|header| header.use_id == use_id);
                match there.is_some_and(same) {
                    true => self.wait_for(out, Stage::FreesEmpty { open }, Act::Free),
                    false => self.seal_next(around, out, open),
                }
            }
            (Stage::FreesEmpty { open }, Ok(Answer::Done)) => self.seal_next(around, out, open),
            (Stage::EncodesSession { session, open }, Ok(Answer::Bytes(parquet))) => {
                let segment = &session.segment;
                let sealed = SealedFile {
                    session_id: segment.session_id.clone().unwrap_or_default(),
                    lane: segment.lane.clone().unwrap_or_default(),
                    rows: segment.rows.len() as u64,
                    spans: wire::spans(segment.rows.iter()),
                    ..SealedFile::default()
                };
                let (sealed, whole) = self.seal(around.entropy, sealed, parquet);
                self.wait_for(out, Stage::StoresSession { session, sealed: Box::new(sealed), open }, Act::Store(whole));
            }
            (Stage::EncodesSession { session, open }, Err(why)) => {
                // It stays as it is until the next turn, and the others do not wait for it.
                out.push(Deed::Warn(format!("{} could not be sealed: {why}", session.name)));
                self.seal_next(around, out, open);
            }
            (Stage::StoresSession { session, mut sealed, open }, Ok(Answer::Stored { file, hash })) => {
                (sealed.file, sealed.hash) = (file, hash);
                let Session { name, segment, damaged } = *session;
                let at_ms = if damaged { KEPT_FOR_GOOD } else { around.utc_ms };
                let sealing = Sealing {
                    sealed: *sealed,
                    retired: Retired { file: name, use_id: hex(&segment.use_id), at_ms, ..Retired::default() },
                    device_id: segment.device_id,
                    heads: segment.heads,
                    adopted: segment.adopted,
                    standing: segment.standing,
                };
                let stage = Stage::ListsSession { rows: segment.rows, open };
                self.wait_for_index(around, out, stage, Change::Sealed(Box::new(sealing)));
            }
            (Stage::ListsSession { rows, open }, Ok(Answer::Done)) => {
                // A tab that died may not have told what it wrote last.
                out.push(Deed::Heard(self.hear(rows)));
                self.seal_next(around, out, open);
            }
            // -------------------------------------------------------------------------------- what was left over
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
            // -------------------------------------------------------------------------------- merging
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
                self.wait_for(out, Stage::StoresMerged { files, merged: Box::new(merged) }, Act::Store(whole));
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
            // -------------------------------------------------------------------------------- the rest
            (Stage::LooksInto(file), Ok(Answer::Rows(rows))) => {
                let spans = wire::spans(rows.iter());
                self.shelf.add_file(&file.use_id, &spans);
                let change = Change::Spans { use_id: file.use_id, rows: rows.len() as u64, spans };
                self.wait_for_index(around, out, Stage::NotesSpans, change);
            }
            (Stage::NotesSpans, Ok(Answer::Done)) => {
                out.push(Deed::Wrote);
                self.complete_next(out);
            }
            (Stage::KeepsTables, Ok(Answer::Done)) => self.take_nothing_plain(around, out),
            (Stage::TakesNothingPlain, Ok(Answer::Done)) => self.rest(out),
            (_, Err(trouble)) => return Err(trouble),
            (_, Ok(_)) => return Err(odd()),
        }
        Ok(())
    }

    fn file_key(&mut self, out: &mut Out) {
        self.lead.dirty |= self.manifest.becomes(self.device.identity());
        if self.lead.stolen {
            // Whatever the former leader still writes when it comes to itself is of an earlier term, and loses.
            self.manifest = self.manifest.of_next_term();
            self.lead.dirty = true;
        }
        self.wait_for(out, Stage::FilesKey, Act::FileKey);
    }

    fn lead_on(&mut self, out: &mut Out) {
        out.push(Deed::Connect);
        self.begin_turn(out);
    }

    fn begin_turn(&mut self, out: &mut Out) {
        self.lead.nudged = false;
        self.wait_for(out, Stage::ForgetsBirths, Act::ForgetBirths);
    }

    // ------------------------------------------------------------------------------------------ freeing

    fn free_next(&mut self, around: &mut Around, out: &mut Out, mut due: VecDeque<Retired>) {
        while let Some(file) = due.pop_front() {
            // It counts again since its neighbour was looked at.
            if !self.manifest.retired.contains(&file) {
                continue;
            }
            // Nothing is given up for a successor that cannot be read; one whose name a power cut took away is as good as
            // damaged.
            return match self.manifest.sealed.iter().find(|sealed| sealed.use_id == file.successor) {
                Some(sealed) => {
                    let name = sealed.file.clone();
                    self.wait_for(out, Stage::Checks { file, rest: due }, Act::Read(name));
                }
                None => self.reopen(around, out, file, due),
            };
        }
        // Before anything is sealed there is an index: later on its absence is a loss.
        if std::mem::take(&mut self.lead.dirty) || self.manifest_file.is_none() {
            self.wait_for_index(around, out, Stage::Touches, Change::Touched);
        } else {
            self.settle_next(around, out);
        }
    }

    fn reopen(&mut self, around: &mut Around, out: &mut Out, file: Retired, rest: VecDeque<Retired>) {
        let successor = file.successor.clone();
        self.wait_for_index(around, out, Stage::Reopens { successor, rest }, Change::Reopened(file));
    }

    /// A damaged file whose rows are all elsewhere is no longer listed: in the files it was made from, or they came again from
    /// the server or a backup.
    fn settle_next(&mut self, around: &mut Around, out: &mut Out) {
        let elsewhere = |file: &&SealedFile| {
            let places = file.spans.iter().map(wire::Span::place);
            !file.spans.is_empty() && self.shelf.covers(places)
        };
        match self.damaged.iter().find(elsewhere).cloned() {
            Some(file) => self.wait_for_index(around, out, Stage::Settles(file.clone()), Change::Settled(file)),
            None => self.wait_for(out, Stage::ListsSlots, Act::List),
        }
    }

    /// Whatever comes next, there is a file for the next session.
    fn keep_free(&mut self, around: &mut Around, out: &mut Out, names: &[String], heads: &Heads) {
        let free = heads.iter().filter(|(_, head)| head.as_ref().is_some_and(|head| is_free(head))).count();
        let open = heads.iter().filter(|(_, head)| is(head.as_deref(), Role::Open)).map(|(name, _)| name.clone()).collect();
        if free < FREE_MIN {
            let known = names.iter().map(String::as_str).chain(self.manifest.names());
            let more = new_slots(known, FREE_MIN - free);
            self.wait_for(out, Stage::MakesFree { open }, Act::Make(more));
        } else {
            self.with_projector(around, out, open);
        }
    }

    /// Parquet is the projector's business.
    fn with_projector(&mut self, around: &mut Around, out: &mut Out, open: VecDeque<String>) {
        match around.projector {
            true => self.seal_next(around, out, open),
            false => self.take_nothing_plain(around, out),
        }
    }

    // ------------------------------------------------------------------------------------------ sealing

    fn seal_next(&mut self, around: &mut Around, out: &mut Out, mut open: VecDeque<String>) {
        while let Some(name) = open.pop_front() {
            if !self.manifest.names().any(|listed| listed == name) {
                // A session is over when its file can be taken: no tab holds it.
                let act = Act::Take { file: name.clone(), plain: true };
                return self.wait_for(out, Stage::TakesSession { name, open }, act);
            }
        }
        self.reclaim_next(around, out);
    }

    fn read_session(&mut self, around: &mut Around, out: &mut Out, file: PoolFile, open: VecDeque<String>) {
        let name = file.name.clone();
        let mut found = recover(&[], vec![file], &[]);
        let Some(segment) = found.open.pop() else { return self.seal_next(around, out, open) };
        // That there is no index beside this one file is no damage.
        let unread = found.problems.iter().any(|problem| problem.kind != ProblemKind::MissingIndex);
        if !segment.rows.is_empty() {
            // Damage inside the session: what can be read is sealed, and the file itself is kept for whoever can repair it.
            let damaged = found.problems.iter().any(|problem| problem.kind == ProblemKind::DamagedRows);
            let packed = pack(segment.rows.iter().map(|row| row.raw.as_slice()));
            let session = Box::new(Session { name, segment, damaged });
            out.push(Deed::LetGo(Task::Turn));
            return self.wait_for(out, Stage::EncodesSession { session, open }, Act::Encode(packed));
        }
        if unread {
            // Nothing in it can be read, which is not the same as nothing being in it.
            return self.seal_next(around, out, open);
        }
        // Rows from the server may have brought nothing new, and still have moved the cursor.
        let known = self.manifest.standing.as_ref().map(|standing| standing.version);
        match segment.standing.filter(|standing| known.is_none_or(|known| known < standing.version)) {
            Some(standing) => {
                out.push(Deed::LetGo(Task::Turn));
                let stage = Stage::NotesStanding { name, use_id: segment.use_id, open };
                self.wait_for_index(around, out, stage, Change::Standing(standing));
            }
            None => self.wait_for(out, Stage::FreesEmpty { open }, Act::Free),
        }
    }

    // ------------------------------------------------------------------------------------------ what was left over

    /// They are given up once every row in them was found elsewhere. One that cannot be read is left as it is, for whoever can
    /// repair it, and one with a row that is nowhere else is listed.
    fn reclaim_next(&mut self, around: &mut Around, out: &mut Out) {
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
        out.push(Deed::Heard(self.hear(rows)));
        out.push(Deed::LetGo(Task::Turn));
        self.wait_for_index(around, out, Stage::ListsLeftOver(Box::new(found.clone())), Change::Listed(found));
    }

    // ------------------------------------------------------------------------------------------ merging

    /// Old files become one; one that an older build wrote in plain is written again, encrypted.
    fn merge_next(&mut self, around: &mut Around, out: &mut Out) {
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

    // ------------------------------------------------------------------------------------------ the rest

    /// Sealed files of older builds, and those that were found without an index, do not say what they hold: somebody has to
    /// look.
    fn complete_next(&mut self, out: &mut Out) {
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
    fn take_nothing_plain(&mut self, around: &Around, out: &mut Out) {
        match self.lead.all_encrypted && around.encrypts {
            true => self.wait_for(out, Stage::TakesNothingPlain, Act::TakeNothingPlain),
            false => self.rest(out),
        }
    }
}

/// Sealed files that a leader wrote and did not live to list, and that are no newer than the index: those count at every
/// start. Looked for before the server is asked for anything: what is being stored then looks the same.
fn left_over(heads: &Heads, generation: u64) -> Vec<(String, String)> {
    let left = |(name, head): &(String, Option<Vec<u8>>)| {
        let header = Header::decode(head.as_ref()?).ok()?;
        let left = header.role == Role::Sealed && header.generation <= generation;
        left.then(|| (name.clone(), hex(&header.use_id)))
    };
    heads.iter().filter_map(left).collect()
}
