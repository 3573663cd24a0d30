//! What comes of what was asked: answers, refusals, and no answer at all.

use ledger::{EntityId, Entropy};

use super::{
    Phase, Replica,
    interface::{Answer, Command, Failure, Request, Trouble},
    journal::Work,
    outbox::QUOTA_RETRY_MS,
};
use crate::{
    backoff,
    limits::PROTOCOL,
    message::Hello,
    problem::{Code, Problem, Retry},
};

impl Replica {
    pub(super) fn answered(&mut self, now: u64, id: u32, answer: Answer, entropy: &mut dyn Entropy, out: &mut Vec<Command>) {
        let orderly = self.asked.is_some_and(|asked| asked.id == id);
        let nonsense = |it: &mut Self, out: &mut Vec<Command>, entropy: &mut dyn Entropy| {
            let failure = Failure::Unreachable("an answer to another question".to_owned());
            it.trouble_with(now, failure, entropy, out);
        };
        match answer {
            Answer::Claimed if orderly => self.greet(now, out),
            Answer::Hello(hello) if orderly => {
                self.asked = None;
                self.greeted(now, hello, entropy, out);
            }
            Answer::Digest(digest) if orderly => {
                self.asked = None;
                out.push(Command::Compare(digest));
            }
            Answer::Blocks(blocks) if orderly => {
                self.asked = None;
                out.push(Command::CompareBlocks(blocks));
            }
            Answer::Page(page) if orderly => {
                self.asked = None;
                self.journal.waiting.push_back(Work::Span(page.documents));
            }
            Answer::Snapshot(snapshot) if orderly => {
                self.asked = None;
                self.snapshot = Some(snapshot.checkpoint.clone());
                out.push(Command::FetchSnapshot(snapshot));
            }
            Answer::Page(page) if self.pull.asked.is_some_and(|asked| asked.id == id) => {
                self.pull.asked = None;
                self.journal.waiting.push_back(Work::Page(page));
            }
            Answer::Pushed(answer) if self.outbox.asked().is_some_and(|asked| asked.id == id) => {
                let Some((_, rows)) = self.outbox.pushing.take() else { return };
                if answer.results.len() == rows.len() && answer.epoch == self.standing.epoch {
                    let unsure = std::mem::take(&mut self.outbox.unsure);
                    self.journal.waiting.push_back(Work::Verdicts { rows, answer, unsure });
                } else {
                    self.outbox.wanted = true;
                    nonsense(self, out, entropy);
                }
            }
            _ if orderly => nonsense(self, out, entropy),
            // Of a question that was given up.
            _ => {}
        }
    }

    fn greeted(&mut self, now: u64, hello: Hello, entropy: &mut dyn Entropy, out: &mut Vec<Command>) {
        self.greeted_ms = now;
        if PROTOCOL < hello.protocol {
            let problem = Problem::new(Code::UpgradeRequired, format!("the server speaks protocol {}", hello.protocol));
            self.hello = Some(hello);
            self.trouble_with(now, Failure::Problem(problem), entropy, out);
            return;
        }
        let other = self.owner.account_id.as_ref().is_some_and(|own| !hello.account_id.is_empty() && *own != hello.account_id);
        if other {
            // Before anything of this device is claimed for it.
            let problem = Problem::new(Code::SignIn, "another account is signed in here by now");
            self.hello = Some(hello);
            self.trouble_with(now, Failure::Problem(problem), entropy, out);
            return;
        }
        let persons: Vec<EntityId> = hello.persons.iter().filter_map(|person| EntityId::parse(person).ok()).collect();
        let mut held = self.owner.persons.iter().chain(&self.standing.persons);
        let claim = held.find(|person| !persons.contains(person) && !self.owner.strangers.contains(person)).copied();
        if let Some(person) = claim {
            // Its rows would be refused. The hello that follows knows it, or says no for good.
            (self.hello, self.owner.claiming) = (Some(hello), Some(person));
            self.asked = Some(self.ask(now, Request::Claim { person }, out));
            return;
        }
        self.belongs_to(persons);
        self.trouble = None;
        self.limits = hello.limits;
        self.outbox.rows_max = self.outbox.rows_max.min(hello.limits.push_rows).max(1);
        let (epoch, view, rows) = (hello.epoch.clone(), hello.view.clone(), hello.rows);
        self.hello = Some(hello);
        let same_view = self.standing.cursor.as_ref().is_some_and(|cursor| cursor.view == view);
        if self.standing.epoch != epoch {
            self.journal.waiting.push_back(Work::Begin { epoch });
            self.phase = Phase::Learning;
            if 0 < rows {
                self.audit.looking = true;
                self.asked = Some(self.ask(now, Request::Digest, out));
            }
        } else if same_view {
            self.run();
        } else {
            self.journal.waiting.push_back(Work::Begin { epoch });
            self.phase = Phase::Learning;
        }
    }

    pub(super) fn failed(&mut self, now: u64, id: u32, failure: Failure, entropy: &mut dyn Entropy, out: &mut Vec<Command>) {
        if self.asked.is_some_and(|asked| asked.id == id) {
            self.asked = None;
            if let (Some(person), Failure::Problem(Problem { code: Code::Taken | Code::Forbidden, .. })) =
                (self.owner.claiming.take(), &failure)
            {
                self.owner.strangers.insert(person);
                self.greet(now, out);
                return;
            }
        } else if self.pull.asked.is_some_and(|asked| asked.id == id) {
            self.pull.asked = None;
            self.pull.wanted = true;
        } else if self.outbox.asked().is_some_and(|asked| asked.id == id) {
            let rows = self.outbox.pushing.take().map(|(_, rows)| rows).unwrap_or_default();
            self.outbox.wanted = true;
            if let Failure::Problem(problem) = &failure
                && matches!(problem.code, Code::TooLarge | Code::BatchTooLarge | Code::RowTooLarge)
            {
                if rows.len() == 1 {
                    self.journal.waiting.extend(rows.into_iter().map(Work::TooLarge));
                } else {
                    self.outbox.rows_max = (rows.len() / 2).max(1);
                }
                return;
            }
        } else {
            return;
        }
        self.trouble_with(now, failure, entropy, out);
    }

    pub(super) fn trouble_with(&mut self, now: u64, failure: Failure, entropy: &mut dyn Entropy, out: &mut Vec<Command>) {
        let problem = match &failure {
            Failure::Unreachable(_) => None,
            Failure::Problem(problem) => Some(problem.clone()),
        };
        self.drop_all(out);
        match problem.as_ref().map(|problem| problem.code) {
            Some(Code::EpochChanged | Code::ViewChanged | Code::CheckpointTooOld) if self.attempt < 3 => {
                // Said again at the next hello, which also says what is new; a hello that does not is waited out.
                self.attempt += 1;
                if let Some(cursor) = &mut self.standing.cursor {
                    cursor.view = String::new();
                }
                if problem.is_some_and(|problem| problem.code == Code::EpochChanged) {
                    // Even if the hello names the same epoch: what it said it had, it no longer has.
                    self.standing.epoch = String::new();
                }
                self.greet(now, out);
                return;
            }
            Some(Code::SignIn | Code::Unsupported | Code::UpgradeRequired | Code::Forbidden) => {
                self.trouble = Some(Trouble::Server(failure));
                self.phase = Phase::Stopped;
                return;
            }
            _ => {}
        }
        let at_least = problem.as_ref().and_then(|problem| problem.retry_after_ms).unwrap_or(0);
        let quota = problem.is_some_and(|problem| problem.retry == Retry::AfterQuota);
        self.trouble = Some(Trouble::Server(failure));
        self.wait(now, if quota { QUOTA_RETRY_MS } else { at_least }, entropy);
    }

    pub(super) fn wait(&mut self, now: u64, at_least_ms: u64, entropy: &mut dyn Entropy) {
        self.phase = Phase::Waiting;
        self.retry_at_ms = now + backoff::wait_ms(self.attempt, at_least_ms, entropy);
        self.attempt = self.attempt.saturating_add(1);
    }
}
