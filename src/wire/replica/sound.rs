//! What holds of a replica after every step, whatever happened. Checked in every build with debug assertions, so each run of
//! the simulation tests it at each of its steps.

use super::{Phase, Replica, journal::Work};

impl Replica {
    /// The first rule that does not hold.
    pub(super) fn flaw(&self, now: u64) -> Option<&'static str> {
        let implies = |when: bool, then: bool| !when || then;
        let runs = self.phase == Phase::Running;
        let settles = self.phase == Phase::Learning;
        let idle = matches!(self.phase, Phase::Off | Phase::Waiting | Phase::Stopped);
        let fetches = self.snapshot.is_some() || self.journal.is_writing(|work| matches!(work, Work::Snapshot { .. }));
        let ids: Vec<u32> = self.all_asked().map(|asked| asked.id).chain(self.stream.as_ref().map(|stream| stream.id)).collect();
        let rules = [
            // Nothing is said to a server that nobody talks to.
            (implies(idle, self.asked.is_none()), "a question without a connection"),
            (implies(!runs, self.pull.asked.is_none() && self.outbox.pushing.is_none()), "a pull or a push outside of running"),
            (implies(!runs, self.stream.is_none()), "a stream outside of running"),
            (implies(!runs, !self.pull.caught_up && self.audit.tally.is_none()), "caught up or compared outside of running"),
            (implies(self.audit.looking, runs || settles), "an audit without a connection"),
            (implies(self.owner.claiming.is_some(), self.phase == Phase::Greeting), "a claim that nobody was asked for"),
            // Each answer finds its question.
            (ids.iter().all(|id| *id < self.next_id), "an id that was not given"),
            (ids.iter().enumerate().all(|(at, id)| !ids[..at].contains(id)), "two questions of one id"),
            (implies(self.audit.asked_missing, !self.audit.missing.is_empty()), "missing places were asked for that are not known"),
            (!(self.outbox.collecting && self.outbox.pushing.is_some()), "rows are collected while others are sent"),
            // Whatever is wanted is under way, or waits for something that is.
            (implies(!self.journal.waiting.is_empty(), self.journal.writing.is_some()), "something waits and nothing is written"),
            (implies(self.phase == Phase::Greeting, self.asked.is_some()), "greeting without a question"),
            (implies(self.phase == Phase::Snapshot, self.asked.is_some() || fetches), "a snapshot that nobody fetches"),
            (implies(settles, self.asked.is_some() || self.audit.looking || self.journal.is_busy()), "learning without a question"),
            (implies(runs && self.pull.wanted, self.pull.asked.is_some() || self.journal.is_busy()), "a pull that does not begin"),
            (
                implies(runs && self.outbox.wanted, self.outbox.is_sending() || self.journal.has_verdicts()),
                "a push that does not begin",
            ),
            (implies(runs && self.standing.cursor.is_some(), self.stream.is_some()), "running without a stream"),
            (implies(self.phase == Phase::Waiting, now < self.retry_at_ms), "waiting for what is over"),
            (self.all_asked().all(|asked| now < asked.until_ms), "an answer that is overdue"),
            (self.stream.as_ref().is_none_or(|stream| now < stream.until_ms()), "a stream that is overdue"),
            // What is written is the next standing, and pushes are never empty.
            (
                self.journal.writing.as_ref().is_none_or(|(_, next)| next.version == self.standing.version + 1),
                "a standing that is not the next",
            ),
            (self.outbox.pushing.as_ref().is_none_or(|(_, rows)| !rows.is_empty()), "a push of nothing"),
            (0 < self.outbox.rows_max, "pushes of no rows"),
        ];
        rules.into_iter().find(|(holds, _)| !holds).map(|(_, flaw)| flaw)
    }
}

#[cfg(test)]
mod tests {
    use ledger::{EntityId, Entropy};

    use super::*;
    use crate::{
        limits::{Limits, STREAM_HEARTBEAT_MS},
        message::{Checkpoint, Hello},
        replica::{Answer, Asked, Command, Input, Request, Stream, audit::Tally},
        standing::Standing,
    };

    const NOW: u64 = 1_763_700_000_000;

    struct Nothing;

    impl Entropy for Nothing {
        fn fill(&mut self, bytes: &mut [u8]) {
            bytes.fill(0);
        }
    }

    fn hello() -> Hello {
        Hello {
            protocol: 1,
            epoch: "e".to_owned(),
            view: "v".to_owned(),
            head: 0,
            floor: 0,
            rows: 0,
            limits: Limits::default(),
            heartbeat_ms: STREAM_HEARTBEAT_MS,
            time_ms: NOW,
            persons: Vec::new(),
            account_id: String::new(),
        }
    }

    /// It pulls, listens and looks for rows to send.
    fn running() -> Replica {
        let cursor = Checkpoint { epoch: "e".to_owned(), seq: 7, view: "v".to_owned() };
        let standing = Standing { epoch: "e".to_owned(), cursor: Some(cursor), ..Standing::default() };
        let mut replica = Replica::new(standing, None);
        let commands = replica.step(NOW, &mut Nothing, Input::Connect);
        let [Command::Ask { id, request: Request::Hello }, ..] = commands[..] else { panic!("{commands:?}") };
        replica.step(NOW, &mut Nothing, Input::Answered { id, answer: Answer::Hello(hello()) });
        assert!(replica.pull.asked.is_some() && replica.stream.is_some() && replica.outbox.collecting, "{replica:?}");
        replica
    }

    fn off() -> Replica {
        let mut replica = running();
        replica.step(NOW, &mut Nothing, Input::Disconnect);
        replica
    }

    fn asked(id: u32) -> Asked {
        Asked { id, until_ms: NOW + 1 }
    }

    /// Each rule is broken once, in a replica that was sound, and says so.
    #[test]
    fn every_flaw_is_found() {
        type Case = (&'static str, fn() -> Replica, fn(&mut Replica));
        let cases: [Case; 23] = [
            ("a question without a connection", off, |it| it.asked = Some(asked(1))),
            ("a pull or a push outside of running", off, |it| it.pull.asked = Some(asked(1))),
            ("a stream outside of running", off, |it| it.stream = Some(Stream { id: 1, open: false, heard_ms: NOW })),
            ("caught up or compared outside of running", off, |it| it.audit.tally = Some(Tally::default())),
            ("an audit without a connection", off, |it| it.audit.looking = true),
            ("a claim that nobody was asked for", running, |it| it.owner.claiming = Some(EntityId::v7(NOW, [1; 10]))),
            ("an id that was not given", running, |it| it.asked = Some(asked(it.next_id))),
            ("two questions of one id", running, |it| it.asked = it.pull.asked),
            ("missing places were asked for that are not known", running, |it| it.audit.asked_missing = true),
            ("rows are collected while others are sent", running, |it| it.outbox.pushing = Some((asked(1), Vec::new()))),
            ("something waits and nothing is written", running, |it| it.journal.waiting.push_back(Work::Belongs)),
            ("greeting without a question", off, |it| it.phase = Phase::Greeting),
            ("a snapshot that nobody fetches", off, |it| it.phase = Phase::Snapshot),
            ("learning without a question", off, |it| it.phase = Phase::Learning),
            ("a pull that does not begin", running, |it| (it.pull.wanted, it.pull.asked) = (true, None)),
            ("a push that does not begin", running, |it| (it.outbox.wanted, it.outbox.collecting) = (true, false)),
            ("running without a stream", running, |it| it.stream = None),
            ("waiting for what is over", off, |it| (it.phase, it.retry_at_ms) = (Phase::Waiting, NOW)),
            ("an answer that is overdue", running, |it| it.pull.asked.iter_mut().for_each(|it| it.until_ms = NOW)),
            ("a stream that is overdue", running, |it| it.stream.iter_mut().for_each(|it| it.heard_ms = 0)),
            ("a standing that is not the next", running, |it| it.journal.writing = Some((Work::Belongs, it.standing.clone()))),
            ("a push of nothing", running, |it| {
                (it.outbox.collecting, it.outbox.pushing) = (false, Some((asked(1), Vec::new())));
            }),
            ("pushes of no rows", running, |it| it.outbox.rows_max = 0),
        ];
        for (flaw, sound, harm) in cases {
            let mut replica = sound();
            assert_eq!(replica.flaw(NOW), None, "before {flaw}");
            harm(&mut replica);
            assert_eq!(replica.flaw(NOW), Some(flaw));
        }
    }
}
