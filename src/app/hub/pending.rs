//! What one worker is asked: what waits until it is there, and who waits for an answer. Each call ends once: with the
//! answer, or with `Lost` when nobody will give one.

use std::collections::BTreeMap;

use bridge::{ToProjector, ToStorage};
use js_sys::Uint8Array;

/// Nobody answers any more, and nobody knows what became of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lost;

pub(crate) type Then<A> = Box<dyn FnOnce(Result<A, Lost>)>;

/// How far a worker has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(crate) enum Stage {
    /// It is not there yet, or does not listen: what is sent to it now is lost.
    #[default]
    Starts,
    /// It listens, and knows nothing yet.
    Listens,
    /// Everything can be asked.
    Knows,
}

pub(crate) trait Request: Clone {
    /// What its answer is known by, where it has one.
    fn id(&self) -> Option<u32>;
    /// How far the worker has to be.
    fn needs(&self) -> Stage;
    /// Asked again of the next worker when one died over it: nothing but time is lost.
    fn again(&self) -> bool;
}

impl Request for ToStorage {
    fn id(&self) -> Option<u32> {
        self.id()
    }

    fn needs(&self) -> Stage {
        match self {
            // Of a storage that is locked.
            Self::Hello { .. } | Self::Unlock { .. } | Self::StartOver { .. } => Stage::Listens,
            _ => Stage::Knows,
        }
    }

    fn again(&self) -> bool {
        // The entities of a capture are the same the second time, so nothing counts twice.
        matches!(self, Self::Capture { .. } | Self::Report { .. } | Self::RecoveryCode { .. })
    }
}

/// With the bytes of a file.
pub(crate) type ToProjectorWith = (ToProjector, Option<Uint8Array>);

impl Request for ToProjectorWith {
    fn id(&self) -> Option<u32> {
        self.0.id()
    }

    fn needs(&self) -> Stage {
        // What has an answer is answered from the tables.
        if self.0.id().is_some() { Stage::Knows } else { Stage::Listens }
    }

    fn again(&self) -> bool {
        matches!(self.0, ToProjector::Ask { .. })
    }
}

struct Call<R, A> {
    /// What is asked again.
    again: Option<R>,
    then: Then<A>,
}

pub(crate) struct Pending<R, A> {
    stage: Stage,
    /// There is no worker, and none is started any more.
    over: bool,
    /// Not posted yet.
    waiting: Vec<R>,
    /// In their order: of two corrections the later counts, also when both are asked again.
    calls: BTreeMap<u32, Call<R, A>>,
}

impl<R, A> Default for Pending<R, A> {
    fn default() -> Self {
        Self { stage: Stage::default(), over: false, waiting: Vec::new(), calls: BTreeMap::new() }
    }
}

impl<R: Request, A> Pending<R, A> {
    pub(crate) fn stage(&self) -> Stage {
        self.stage
    }

    /// What is to be posted now; otherwise it waits.
    #[must_use]
    pub(crate) fn send(&mut self, request: R) -> Option<R> {
        if !self.over && request.needs() <= self.stage {
            return Some(request);
        }
        if !self.over {
            self.waiting.push(request);
        }
        None
    }

    /// The same with somebody who waits for the answer. Who is given back is never answered.
    pub(crate) fn call(&mut self, request: R, then: Then<A>) -> Result<Option<R>, Then<A>> {
        let Some(id) = request.id().filter(|_| !self.over) else { return Err(then) };
        self.calls.insert(id, Call { again: request.again().then(|| request.clone()), then });
        Ok(self.send(request))
    }

    /// Who waits for this.
    pub(crate) fn answered(&mut self, id: u32) -> Option<Then<A>> {
        self.calls.remove(&id).map(|call| call.then)
    }

    /// A worker was started.
    pub(crate) fn starts(&mut self) {
        (self.stage, self.over) = (Stage::Starts, false);
    }

    /// What is to be posted now that the worker has come this far.
    #[must_use]
    pub(crate) fn reached(&mut self, stage: Stage) -> Vec<R> {
        self.stage = stage;
        let (now, later) = std::mem::take(&mut self.waiting).into_iter().partition(|request| request.needs() <= stage);
        self.waiting = later;
        now
    }

    /// The worker died, and `another` is started or not: those whom nobody will answer, in their order. What it left
    /// without an answer and can be asked again goes before what was not posted yet.
    #[must_use]
    pub(crate) fn died(&mut self, another: bool) -> Vec<Then<A>> {
        (self.stage, self.over) = (Stage::Starts, !another);
        if !another {
            self.waiting.clear();
            return std::mem::take(&mut self.calls).into_values().map(|call| call.then).collect();
        }
        let mut lost = Vec::new();
        let mut again = Vec::new();
        for (id, call) in std::mem::take(&mut self.calls) {
            let waits = self.waiting.iter().any(|request| request.id() == Some(id));
            match &call.again {
                _ if waits => {}
                Some(request) => again.push(request.clone()),
                None => {
                    lost.push(call.then);
                    continue;
                }
            }
            self.calls.insert(id, call);
        }
        self.waiting.splice(0..0, again);
        lost
    }
}

#[cfg(test)]
mod tests {
    use std::{cell::RefCell, collections::BTreeSet, rc::Rc};

    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    /// `Some`: it has an answer; `true`: it is asked again.
    #[derive(Debug, Clone, Copy, PartialEq)]
    struct Asks(Option<u32>, bool);

    impl Request for Asks {
        fn id(&self) -> Option<u32> {
            self.0
        }

        fn needs(&self) -> Stage {
            Stage::Knows
        }

        fn again(&self) -> bool {
            self.1
        }
    }

    type Heard = Rc<RefCell<Vec<(u32, Result<u32, Lost>)>>>;

    fn ask(pending: &mut Pending<Asks, u32>, heard: &Heard, id: u32, again: bool) -> Vec<Asks> {
        let told = Rc::clone(heard);
        let then: Then<u32> = Box::new(move |answer| told.borrow_mut().push((id, answer)));
        match pending.call(Asks(Some(id), again), then) {
            Ok(post) => post.into_iter().collect(),
            Err(then) => {
                then(Err(Lost));
                Vec::new()
            }
        }
    }

    fn lose(all: Vec<Then<u32>>) {
        all.into_iter().for_each(|then| then(Err(Lost)));
    }

    #[test]
    fn what_a_dead_worker_left_is_asked_again_in_its_order_or_ends() {
        let (mut pending, heard) = (Pending::<Asks, u32>::default(), Heard::default());
        assert!(ask(&mut pending, &heard, 1, true).is_empty() && ask(&mut pending, &heard, 2, false).is_empty(), "nobody is there");
        assert_eq!(pending.reached(Stage::Knows), [Asks(Some(1), true), Asks(Some(2), false)]);
        assert_eq!(ask(&mut pending, &heard, 3, true), [Asks(Some(3), true)]);
        pending.answered(1).expect("it waits")(Ok(10));
        assert!(pending.answered(1).is_none(), "an answer that comes twice");
        lose(pending.died(true));
        assert_eq!(ask(&mut pending, &heard, 4, false), [], "of the next one");
        assert_eq!(pending.send(Asks(None, false)), None);
        // The next one dies before it listens: what was never posted is still to be asked.
        lose(pending.died(true));
        assert_eq!(pending.reached(Stage::Knows), [Asks(Some(3), true), Asks(Some(4), false), Asks(None, false)]);
        assert_eq!(*heard.borrow(), [(1, Ok(10)), (2, Err(Lost))]);
        // No other one is started: everything ends, and so does what is asked from now on.
        lose(pending.died(false));
        assert!(ask(&mut pending, &heard, 5, true).is_empty());
        assert_eq!(heard.borrow()[2..], [(3, Err(Lost)), (4, Err(Lost)), (5, Err(Lost))]);
        pending.starts();
        assert!(pending.reached(Stage::Knows).is_empty(), "what ended is not asked");
    }

    /// A worker that answers, dies and is started again by chance. Who is still waiting when the last one has died.
    fn never_told(seed: u64, swallows: Option<u32>) -> BTreeSet<u32> {
        let (mut pending, heard) = (Pending::<Asks, u32>::default(), Heard::default());
        let (mut posted, mut asked, mut chance) = (Vec::<Asks>::new(), 0, seed);
        for _ in 0..200 {
            chance = chance.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            match chance >> 60 {
                0..=5 => {
                    asked += 1;
                    posted.extend(ask(&mut pending, &heard, asked, chance >> 59 & 1 == 0));
                }
                6..=11 if !posted.is_empty() => {
                    let Asks(id, _) = posted.remove((chance >> 20) as usize % posted.len());
                    let then = id.and_then(|id| pending.answered(id)).filter(|_| id != swallows);
                    then.into_iter().for_each(|then| then(Ok(1)));
                }
                12 => {
                    posted.clear();
                    lose(pending.died(true));
                }
                _ => posted.extend(pending.reached(Stage::Knows)),
            }
        }
        lose(pending.died(false));
        let heard: Vec<u32> = heard.borrow().iter().map(|(id, _)| *id).collect();
        let told: BTreeSet<u32> = heard.iter().copied().collect();
        assert_eq!(told.len(), heard.len(), "somebody was told twice, seed {seed}");
        (1..=asked).filter(|id| !told.contains(id)).collect()
    }

    #[test]
    fn every_call_ends_once_whenever_the_worker_dies() {
        // A reply that is taken and not told is found.
        let planted = (0..50).filter(|seed| never_told(*seed, Some(3)) == BTreeSet::from([3])).count();
        assert!(0 < planted, "the planted lost reply was not found");
        for seed in 0..500 {
            assert_eq!(never_told(seed, None), BTreeSet::new(), "seed {seed}");
        }
    }
}
