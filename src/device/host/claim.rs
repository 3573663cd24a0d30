//! A file with nothing of worth in it, taken for one task alone.

use std::collections::VecDeque;

use ledger::Entropy;

use crate::{
    deeds::{Act, Answer, Trouble, odd},
    pool::{contended_slot, is_free, slots},
};

/// How often somebody else may be quicker.
const CLAIMS: usize = 20;

#[derive(Debug)]
pub(crate) struct Claim {
    stage: Stage,
    /// How many files that were made here others took.
    lost: usize,
}

#[derive(Debug)]
enum Stage {
    Lists,
    Looks,
    Takes { file: String, rest: VecDeque<String> },
    ListsAgain,
    Makes { file: String },
    TakesMade { file: String },
}

pub(crate) enum Claimed {
    NotYet(Act),
    /// It is taken.
    Has(String),
    Never(Trouble),
}

impl Claim {
    pub(crate) fn begin() -> (Self, Act) {
        (Self { stage: Stage::Lists, lost: 0 }, Act::List)
    }

    /// `listed` are the files that the index speaks of, whatever is in them.
    pub(crate) fn go_on(&mut self, entropy: &mut dyn Entropy, listed: &[String], answer: Result<Answer, Trouble>) -> Claimed {
        let stage = std::mem::replace(&mut self.stage, Stage::Lists);
        match (stage, answer) {
            (Stage::Lists, Ok(Answer::Names(names))) => {
                self.stage = Stage::Looks;
                Claimed::NotYet(Act::Heads(slots(names).filter(|name| !listed.contains(name)).collect()))
            }
            (Stage::Looks, Ok(Answer::Heads(heads))) => {
                let free = heads.into_iter().filter(|(_, head)| head.as_ref().is_some_and(|head| is_free(head)));
                self.take_next(free.map(|(name, _)| name).collect())
            }
            (Stage::Takes { file, rest }, Ok(taken)) => match taken {
                // Looked at again now that nobody else can write it.
                Answer::Taken(Some(there)) if is_free(&there) => Claimed::Has(file),
                Answer::Taken(_) | Answer::Gone => self.take_next(rest),
                _ => Claimed::Never(odd()),
            },
            // Whatever the trouble with this one is, there are others.
            (Stage::Takes { rest, .. }, Err(_)) => self.take_next(rest),
            (Stage::ListsAgain, Ok(Answer::Names(names))) => {
                // Tabs that find none make one at the same moment, perhaps of the same name, and one of them gets it.
                let known: Vec<String> = slots(names).collect();
                let known = known.iter().chain(listed).map(String::as_str);
                let file = contended_slot(known, self.lost, entropy);
                self.stage = Stage::Makes { file: file.clone() };
                Claimed::NotYet(Act::Make(vec![file]))
            }
            (Stage::Makes { file }, Ok(Answer::Done)) => {
                self.stage = Stage::TakesMade { file: file.clone() };
                Claimed::NotYet(Act::Take { file, plain: false })
            }
            (Stage::TakesMade { file }, Ok(taken)) => match taken {
                Answer::Taken(Some(there)) if is_free(&there) => Claimed::Has(file),
                Answer::Taken(_) | Answer::Gone => {
                    self.lost += 1;
                    self.make()
                }
                _ => Claimed::Never(odd()),
            },
            (_, Err(trouble)) => Claimed::Never(trouble),
            (_, Ok(_)) => Claimed::Never(odd()),
        }
    }

    fn take_next(&mut self, mut files: VecDeque<String>) -> Claimed {
        match files.pop_front() {
            Some(file) => {
                self.stage = Stage::Takes { file: file.clone(), rest: files };
                Claimed::NotYet(Act::Take { file, plain: false })
            }
            None => self.make(),
        }
    }

    fn make(&mut self) -> Claimed {
        if CLAIMS <= self.lost {
            return Claimed::Never(Trouble::of("other tabs were quicker at every file"));
        }
        self.stage = Stage::ListsAgain;
        Claimed::NotYet(Act::List)
    }
}
