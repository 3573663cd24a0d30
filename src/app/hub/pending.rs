//! Questions that wait for an answer. Each of them ends: with the answer, or with `Lost` when whoever was asked is gone.

use std::collections::{BTreeMap, BTreeSet};

/// Nobody answers any more, and nobody knows what became of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Lost;

pub(crate) type Then<T> = Box<dyn FnOnce(Result<T, Lost>)>;

pub(crate) struct Pending<T> {
    waits: BTreeMap<u32, Then<T>>,
}

impl<T> Default for Pending<T> {
    fn default() -> Self {
        Self { waits: BTreeMap::new() }
    }
}

impl<T> Pending<T> {
    pub(crate) fn wait(&mut self, id: u32, then: Then<T>) {
        self.waits.insert(id, then);
    }

    /// Who waits for this.
    pub(crate) fn take(&mut self, id: u32) -> Option<Then<T>> {
        self.waits.remove(&id)
    }

    /// Those that nobody will answer: all but the ones that were not asked yet, in their order.
    pub(crate) fn lose(&mut self, unasked: &BTreeSet<u32>) -> Vec<Then<T>> {
        let kept = std::mem::take(&mut self.waits);
        let mut lost = Vec::new();
        for (id, then) in kept {
            if unasked.contains(&id) {
                self.waits.insert(id, then);
            } else {
                lost.push(then);
            }
        }
        lost
    }
}

pub(crate) fn tell_lost<T>(all: Vec<Then<T>>) {
    all.into_iter().for_each(|then| then(Err(Lost)));
}

#[cfg(test)]
mod tests {
    use std::{cell::RefCell, rc::Rc};

    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    #[test]
    fn every_question_ends_once_whether_it_is_answered_or_not() {
        let heard = Rc::new(RefCell::new(Vec::new()));
        let mut pending = Pending::<&str>::default();
        for id in 1..=4 {
            let heard = Rc::clone(&heard);
            pending.wait(id, Box::new(move |answer| heard.borrow_mut().push((id, answer))));
        }
        pending.take(2).expect("it waits")(Ok("two"));
        assert!(pending.take(2).is_none(), "an answer that comes twice");
        // The worker dies; the fourth question was still to be asked, of the next one.
        tell_lost(pending.lose(&BTreeSet::from([4])));
        pending.take(4).expect("it waits")(Ok("four"));
        assert_eq!(*heard.borrow(), [(2, Ok("two")), (1, Err(Lost)), (3, Err(Lost)), (4, Ok("four"))]);
        assert!(pending.lose(&BTreeSet::new()).is_empty());
    }
}
