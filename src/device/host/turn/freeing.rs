//! Files are freed whose rows are all elsewhere, and there is always one for the next session.

use std::collections::VecDeque;

use ledger::{Header, Role, hex, set_of};

use super::Out;
use crate::{
    deeds::{Act, Answer, Around, Deed, Heads, Task, Trouble, odd},
    host::Host,
    host::index::Change,
    manifest::{Retired, SealedFile},
    pool::{FREE_MIN, is_free, new_slots, slots},
};

/// What this waits for.
#[derive(Debug)]
pub(crate) enum Stage {
    ForgetsBirths(Vec<(u64, String)>),
    /// Whether the index is still this one: by another nothing may be free.
    LooksForNewer {
        generation: u64,
    },
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
}

impl Host {
    pub(super) fn freed(
        &mut self,
        around: &mut Around,
        out: &mut Out,
        stage: Stage,
        answer: Result<Answer, Trouble>,
    ) -> Result<(), Trouble> {
        match (stage, answer) {
            (Stage::ForgetsBirths(births), Err(trouble)) => {
                self.births_stay(births);
                return Err(trouble);
            }
            (Stage::ForgetsBirths(forgotten), Ok(Answer::Done)) if !forgotten.is_empty() => self.forget_next(around, out),
            (Stage::ForgetsBirths(_), Ok(Answer::Done)) => {
                if self.manifest.freeable(around.utc_ms).is_empty() {
                    self.free_next(around, out, VecDeque::new());
                } else {
                    let generation = self.manifest.generation;
                    self.wait_for(out, Stage::LooksForNewer { generation }, Act::Follow);
                }
            }
            (Stage::LooksForNewer { generation }, Ok(Answer::Done)) if self.manifest.generation == generation => {
                let due = self.manifest.freeable(around.utc_ms).into();
                self.free_next(around, out, due);
            }
            (Stage::LooksForNewer { .. }, Ok(Answer::Done)) => self.take_lead(out, true),
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
            (_, Err(trouble)) => return Err(trouble),
            (_, Ok(_)) => return Err(odd()),
        }
        Ok(())
    }

    pub(super) fn begin_turn(&mut self, around: &Around, out: &mut Out) {
        self.lead.nudged = false;
        match std::mem::take(&mut self.lead.outdone) {
            true => self.take_lead(out, true),
            false => self.forget_next(around, out),
        }
    }

    /// Until none is due any more.
    fn forget_next(&mut self, around: &Around, out: &mut Out) {
        let births = self.births_due(around);
        let names = births.iter().map(|(_, name)| name.clone()).collect();
        self.wait_for(out, Stage::ForgetsBirths(births), Act::ForgetBirths(names));
    }

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
        // By their use: where a file is gone that the index speaks of, another session may stand under its name.
        let retired = set_of(self.manifest.retired.iter().map(|file| file.use_id.as_str()));
        let over = |header: Header| header.role == Role::Open && !retired.contains(hex(&header.use_id).as_str());
        let begun = |head: &[u8]| Header::decode(head).is_ok_and(over);
        let open = heads.iter().filter(|(_, head)| head.as_deref().is_some_and(begun)).map(|(name, _)| name.clone()).collect();
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
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;

    use crate::{
        FILE_YOUNG_MS,
        deeds::{Act, Answer, Deed, Happening, Trouble},
        host::turn::pretended::{Bytes, around, host},
    };

    #[test]
    fn a_turn_gives_up_every_birth_record_that_is_due() {
        let mut host = host();
        host.births_stay((0..1_234).map(|nth| (FILE_YOUNG_MS, nth.to_string())).collect());
        let mut happenings = VecDeque::from([Happening::Leads { stolen: false }]);
        let mut forgotten = 0;
        while let Some(happening) = happenings.pop_front() {
            let asked = host.step(&mut around(FILE_YOUNG_MS, &mut Bytes), happening).into_iter().filter_map(|deed| match deed {
                Deed::Do { ticket, act } => Some((ticket, act)),
                _ => None,
            });
            for (ticket, act) in asked {
                let answer = match act {
                    Act::ForgetBirths(names) => {
                        forgotten += names.len();
                        Answer::Done
                    }
                    Act::List => Answer::Names(vec!["manifest-0".to_owned()]),
                    Act::Take { .. } => Answer::Taken(Some(Vec::new())),
                    Act::Write(_) => Answer::Written(Default::default()),
                    Act::Heads(names) => Answer::Heads(names.into_iter().map(|name| (name, None)).collect()),
                    Act::Wait(_) => continue,
                    _ => Answer::Done,
                };
                happenings.push_back(Happening::Done { ticket, answer: Ok(answer) });
            }
        }
        assert_eq!((forgotten, host.births()), (1_234, 0));
    }

    #[test]
    fn a_tab_that_neither_leads_nor_writes_gives_up_birth_records_when_they_are_due() {
        let mut host = host();
        host.births_stay(vec![(FILE_YOUNG_MS, "first".to_owned()), (FILE_YOUNG_MS + 5_000, "second".to_owned())]);
        let mut now_ms = 0;
        let mut happening = Happening::Lost;
        let mut seen = Vec::new();
        loop {
            let deeds = host.step(&mut around(now_ms, &mut Bytes), happening);
            let asked = deeds.into_iter().find_map(|deed| match deed {
                Deed::Do { ticket, act } => Some((ticket, act)),
                _ => None,
            });
            let Some((ticket, act)) = asked else { break };
            // The database is closed the first time.
            let fails = seen.len() == 1;
            match &act {
                Act::Wait(ms) => now_ms += u64::from(*ms),
                Act::ForgetBirths(_) => {}
                other => panic!("{other:?}"),
            }
            seen.push(act);
            let answer = if fails { Err(Trouble::Other("closed".to_owned())) } else { Ok(Answer::Done) };
            happening = Happening::Done { ticket, answer };
        }
        let names = |names: &[&str]| Act::ForgetBirths(names.iter().map(|name| (*name).to_owned()).collect());
        let waits = |ms: u64| Act::Wait(ms as u32);
        let told = [waits(FILE_YOUNG_MS), names(&["first"]), waits(15_000), names(&["first", "second"])];
        assert_eq!(format!("{seen:?}"), format!("{told:?}"));
        assert_eq!(host.births(), 0);
    }
}
