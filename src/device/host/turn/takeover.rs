//! The lead begins: the newest index is read, what a dead leader left over is looked for, the key is filed, and the sessions'
//! files are caught up with. Nothing is done before that is known: what this tab takes for the index may be hours old.

use ledger::{Header, Role, hex, set_of};

use super::Out;
use crate::{
    deeds::{Act, Answer, Around, Deed, Heads, Trouble, odd},
    host::Host,
    pool::slots,
};

/// Before the index is read again, when that failed.
const READ_AGAIN_MS: u32 = 1_000;

/// What this waits for.
#[derive(Debug)]
pub(crate) enum Stage {
    Reads,
    ReadsAgain,
    ListsLeft,
    LooksForLeft,
    FilesKey,
    CatchesUp,
}

impl Host {
    pub(super) fn took_over(
        &mut self,
        around: &mut Around,
        out: &mut Out,
        stage: Stage,
        answer: Result<Answer, Trouble>,
    ) -> Result<(), Trouble> {
        match (stage, answer) {
            (Stage::Reads, Ok(Answer::Done)) if self.manifest_file.is_some() => {
                self.wait_for(out, Stage::ListsLeft, Act::List);
            }
            (Stage::Reads, Ok(Answer::Done)) => self.file_key(out),
            (Stage::Reads, Err(trouble)) => {
                out.push(Deed::Warn(format!("the index could not be read again: {trouble}")));
                if trouble == Trouble::Newer {
                    // It does not answer any more, so that a tab of the newer build takes the lead.
                    self.lose_lead(around, out);
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
                    false => self.lead_on(around, out),
                }
            }
            (Stage::CatchesUp, outcome) => {
                if let Err(trouble) = outcome {
                    out.push(Deed::Warn(format!("the files could not be read once more: {trouble}")));
                }
                self.lead_on(around, out);
            }
            (_, Err(trouble)) => return Err(trouble),
            (_, Ok(_)) => return Err(odd()),
        }
        Ok(())
    }

    pub(crate) fn take_lead(&mut self, out: &mut Out, stolen: bool) {
        (self.lead.leads, self.lead.stolen) = (true, stolen);
        self.lead.left.clear();
        // Nothing is done before it is known: what this tab takes for the index may be hours old.
        self.wait_for(out, Stage::Reads, Act::Follow);
    }

    fn file_key(&mut self, out: &mut Out) {
        self.lead.dirty |= self.manifest.becomes(self.device.identity());
        if self.lead.stolen {
            // Whatever the former leader still writes when it comes to itself is of an earlier term, and loses.
            self.lead.before_term = Some(self.manifest.generation);
            self.manifest = self.manifest.of_next_term();
            self.lead.dirty = true;
        }
        self.wait_for(out, Stage::FilesKey, Act::FileKey);
    }

    fn lead_on(&mut self, around: &Around, out: &mut Out) {
        if !std::mem::replace(&mut self.lead.connected, true) {
            out.push(Deed::Connect);
        }
        self.begin_turn(around, out);
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

#[cfg(test)]
mod tests {
    use ledger::{Header, Role};

    use crate::{
        Host, Manifest,
        deeds::{Act, Answer, Deed, Happening, Task, Ticket},
        host::turn::pretended::{Bytes, around, host, me},
    };

    fn step(host: &mut Host, happening: Happening) -> Option<(Ticket, Act)> {
        host.step(&mut around(1, &mut Bytes), happening).into_iter().find_map(|deed| match deed {
            Deed::Do { ticket, act } => Some((ticket, act)),
            _ => None,
        })
    }

    #[test]
    fn a_term_that_nobody_wrote_down_hides_no_index() {
        let index = |generation| Manifest { generation, ..Manifest::first(me()) };
        let mut host = host();
        host.follow(index(3), "manifest-0".to_owned());
        let mut asked = step(&mut host, Happening::Leads { stolen: true });
        // Until the index of the new term would be written.
        while let Some((ticket, act)) = asked {
            let answer = match act {
                Act::List => Answer::Names(Vec::new()),
                Act::Heads(_) => Answer::Heads(Vec::new()),
                Act::ForgetBirths(_) => break,
                _ => Answer::Done,
            };
            asked = step(&mut host, Happening::Done { ticket, answer: Ok(answer) });
        }
        assert!(4 < host.manifest.generation, "it leads a term of its own");
        step(&mut host, Happening::Lost);
        host.follow(index(4), "manifest-1".to_owned());
        assert_eq!(host.manifest.generation, 4, "the former leader went on writing, and that counts");
    }

    #[test]
    fn a_leader_that_is_outdone_writes_nothing_before_it_goes_on_from_the_newer_index() {
        let index = |generation| Manifest { generation, ..Manifest::first(me()) };
        let newer = Header { role: Role::Manifest, generation: 9, ..Header::open([1; 16]) }.encode().to_vec();
        let mut host = host();
        host.follow(index(3), "manifest-0".to_owned());
        host.lead.dirty = true;
        let mut asked = step(&mut host, Happening::Leads { stolen: false });
        let (mut followed, written) = loop {
            let (ticket, act) = asked.expect("it goes on");
            let answer = match act {
                Act::Write(whole) => break (host.manifest.clone(), whole),
                Act::List => Answer::Names(Vec::new()),
                // Another tab's, in a file that this one would not have taken.
                Act::Heads(names) if ticket.task == Task::Index => {
                    let head = |name: &String| (name == "manifest-3").then(|| newer.clone());
                    Answer::Heads(names.into_iter().map(|name| (name.clone(), head(&name))).collect())
                }
                Act::Heads(_) => Answer::Heads(Vec::new()),
                Act::Follow => {
                    if ticket.task == Task::Index {
                        host.follow(index(9), "manifest-3".to_owned());
                    }
                    Answer::Done
                }
                Act::Take { .. } => Answer::Taken(Some(Vec::new())),
                _ => Answer::Done,
            };
            asked = step(&mut host, Happening::Done { ticket, answer: Ok(answer) });
        };
        followed.generation = 9;
        assert_eq!(followed, index(9), "what it goes on from");
        assert!(9 < written.generation, "what it writes counts");
    }
}
