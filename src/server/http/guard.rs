//! Guessing gets slower: after a few wrong passwords for one name the next try has to wait, and longer each time.

use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
};

use wire::{Code, Problem};

const FREE_TRIES: u32 = 4;
const LONGEST_MS: u64 = 15 * 60 * 1000;
const NAMES_MAX: usize = 10_000;

#[derive(Debug, Default)]
pub(crate) struct Guard {
    /// Wrong tries in a row, and when the next one may come.
    names: Mutex<BTreeMap<String, (u32, u64)>>,
}

impl Guard {
    /// One more try, which counts as a wrong one until it was right: many at once are no way around.
    pub(crate) fn begin(&self, name: &str, now_ms: u64) -> Result<(), Problem> {
        let mut names = self.names.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, until)) = names.get(name).filter(|(_, until)| now_ms < *until) {
            let detail = "too many wrong passwords for this name: wait, then try again";
            return Err(Problem::new(Code::SlowDown, detail).after(until - now_ms));
        }
        if NAMES_MAX <= names.len() {
            // Names made up to fill this list make room for the next.
            names.retain(|_, (_, until)| now_ms < *until);
            if NAMES_MAX <= names.len() {
                names.clear();
            }
        }
        let (wrong, until) = names.entry(name.to_owned()).or_default();
        *wrong = wrong.saturating_add(1);
        let wait = wrong.checked_sub(FREE_TRIES).map_or(0, |over| 1_000_u64.saturating_mul(1 << over.min(20)));
        *until = now_ms + wait.min(LONGEST_MS);
        Ok(())
    }

    pub(crate) fn was_right(&self, name: &str) {
        self.names.lock().unwrap_or_else(PoisonError::into_inner).remove(name);
    }

    /// The try came to nothing for another reason.
    pub(crate) fn never_mind(&self, name: &str) {
        let mut names = self.names.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((wrong, until)) = names.get_mut(name) {
            (*wrong, *until) = (wrong.saturating_sub(1), 0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn guessing_gets_slower_and_a_right_password_forgets() {
        let guard = Guard::default();
        let mut waits = Vec::new();
        let mut now = 1_000_000;
        for _ in 0..16 {
            let wait = guard.begin("mia", now).err().and_then(|problem| problem.retry_after_ms).unwrap_or(0);
            waits.push(wait / 1_000);
            if 0 < wait {
                now += wait;
                assert!(guard.begin("mia", now).is_ok());
            }
        }
        assert_eq!(waits, [0, 0, 0, 0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900]);
        assert!(guard.begin("ben", now).is_ok(), "another name is not slowed");
        guard.was_right("mia");
        assert!(guard.begin("mia", now).is_ok());
    }
}
