//! Sessions that are over become sealed files.

use std::collections::VecDeque;

use bridge::{ProblemKind, pack};
use ledger::{Header, Row, UseId, hex};

use super::Out;
use crate::{
    deeds::{Act, Answer, Around, Deed, Task, Trouble, odd},
    host::Host,
    host::index::{Change, Sealing},
    manifest::{KEPT_FOR_GOOD, Retired, SealedFile},
    recover::{OpenSegment, PoolFile, recover},
};

/// What this waits for.
#[derive(Debug)]
pub(crate) enum Stage {
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
}

/// A session that is being sealed.
#[derive(Debug)]
pub(crate) struct Session {
    name: String,
    segment: OpenSegment,
    damaged: bool,
}

impl Host {
    pub(super) fn sealed(
        &mut self,
        around: &mut Around,
        out: &mut Out,
        stage: Stage,
        answer: Result<Answer, Trouble>,
    ) -> Result<(), Trouble> {
        match (stage, answer) {
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
                self.wait_for_store(out, Stage::StoresSession { session, sealed: Box::new(sealed), open }, whole);
            }
            (Stage::EncodesSession { session, open }, Err(why)) => {
                // It stays as it is until the next turn, and the others do not wait for it.
                out.push(Deed::Warn(format!("{} could not be sealed: {why}", session.name)));
                self.seal_next(around, out, open);
            }
            (Stage::StoresSession { session, mut sealed, open }, Ok(Answer::Stored { file, hash })) => {
                (sealed.file, sealed.hash) = (file, hash);
                let Session { name, segment, damaged } = *session;
                self.writes.ended.remove(&segment.use_id);
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
                self.hear(around, out, rows);
                self.seal_next(around, out, open);
            }
            (_, Err(trouble)) => return Err(trouble),
            (_, Ok(_)) => return Err(odd()),
        }
        Ok(())
    }

    pub(super) fn seal_next(&mut self, around: &mut Around, out: &mut Out, mut open: VecDeque<String>) {
        // Nothing more is done with the one before.
        out.push(Deed::LetGo(Task::Turn));
        match open.pop_front() {
            Some(name) => {
                // A session is over when its file can be taken: no tab holds it.
                let act = Act::Take { file: name.clone(), plain: true };
                self.wait_for(out, Stage::TakesSession { name, open }, act);
            }
            None => self.reclaim_next(around, out),
        }
    }

    fn read_session(&mut self, around: &mut Around, out: &mut Out, file: PoolFile, open: VecDeque<String>) {
        let name = file.name.clone();
        let mut found = recover(&[], vec![file], &[]);
        let Some(segment) = found.open.pop() else { return self.seal_next(around, out, open) };
        // A power cut that takes a young file would leave the sealed one alone: rows that no index speaks of yet, whose places
        // a start would give to others. Only of what ended here it is known that it is all kept twice.
        if !around.lasts && segment.is_young(around.utc_ms) && !self.writes.ended.contains(&segment.use_id) {
            return self.seal_next(around, out, open);
        }
        // That there is no index beside this one file is no damage, and what was cut while it was written was never saved.
        let harmless = |kind| matches!(kind, ProblemKind::MissingIndex | ProblemKind::TornTail);
        let unread = found.problems.iter().any(|problem| !harmless(problem.kind));
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
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;

    use bridge::Draft;
    use ledger::{Fact, LaneId, Stamp};

    use crate::{
        Device, FILE_YOUNG_MS, LaneHeads,
        deeds::{Act, Answer, Around, Deed, Happening, Task, Trouble},
        host::turn::pretended::{Bytes, around, host, me},
    };

    /// A leader and a session of another tab that is over and began `age_ms` ago: whether it is sealed in the first turn. While
    /// the leader rests it keeps no file.
    fn seals(age_ms: u64, lasts: bool) -> bool {
        let now_ms = 10 * FILE_YOUNG_MS;
        let mut writer = Device::new(me(), LaneId::number(1), LaneHeads::new());
        let stamp = Stamp { utc_ms: now_ms - age_ms, offset_min: 0 };
        let mut session = writer.begin_session(&stamp, false, &mut Bytes);
        let fact = Fact::ProfileChanged { name: "Mia".to_owned(), at_ms: 1, offset_min: 0 };
        session.extend(writer.capture(&stamp, &mut Bytes, vec![Draft::mine(fact)]).expect("the fact is sound").bytes);
        let (mut host, mut chance) = (host(), Bytes);
        let mut happenings = VecDeque::from([Happening::Leads { stolen: false }]);
        let mut held = false;
        while let Some(happening) = happenings.pop_front() {
            let mut around = Around { projector: true, lasts, ..around(now_ms, &mut chance) };
            for deed in host.step(&mut around, happening) {
                held &= !matches!(deed, Deed::LetGo(Task::Turn));
                let Deed::Do { ticket, act } = deed else { continue };
                let answer = match act {
                    Act::Encode(_) => return true,
                    Act::Wait(_) => {
                        assert!(!held, "a file that nothing is done with is held");
                        return false;
                    }
                    Act::List => Answer::Names(vec!["manifest-0".to_owned(), "slot-000".to_owned()]),
                    Act::Heads(names) => Answer::Heads(names.into_iter().map(|name| (name, Some(session.clone()))).collect()),
                    Act::Take { file, .. } if file == "slot-000" => {
                        held = true;
                        Answer::Taken(Some(session.clone()))
                    }
                    Act::Take { .. } => Answer::Taken(Some(Vec::new())),
                    Act::Write(_) => Answer::Written(Default::default()),
                    _ => Answer::Done,
                };
                happenings.push_back(Happening::Done { ticket, answer: Ok::<_, Trouble>(answer) });
            }
        }
        false
    }

    #[test]
    fn a_file_that_a_power_cut_may_take_alone_is_not_sealed() {
        assert!(!seals(FILE_YOUNG_MS - 1, false), "the other tab may have died before all of it was kept twice");
        assert!(seals(FILE_YOUNG_MS, false), "it is old");
        assert!(seals(0, true), "the file lasts");
    }
}
