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
    pub(crate) fn may_try(&self, name: &str, now_ms: u64) -> Result<(), Problem> {
        let names = self.names.lock().unwrap_or_else(PoisonError::into_inner);
        match names.get(name) {
            Some((_, until)) if now_ms < *until => {
                let detail = "too many wrong passwords for this name: wait, then try again";
                Err(Problem::new(Code::SlowDown, detail).after(until - now_ms))
            }
            _ => Ok(()),
        }
    }

    pub(crate) fn tried(&self, name: &str, right: bool, now_ms: u64) {
        let mut names = self.names.lock().unwrap_or_else(PoisonError::into_inner);
        if right {
            names.remove(name);
            return;
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
            let wait = guard.may_try("mia", now).err().and_then(|problem| problem.retry_after_ms).unwrap_or(0);
            waits.push(wait / 1_000);
            now += wait;
            assert!(guard.may_try("mia", now).is_ok());
            guard.tried("mia", false, now);
        }
        assert_eq!(waits, [0, 0, 0, 0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900]);
        assert!(guard.may_try("ben", now).is_ok(), "another name is not slowed");
        guard.tried("mia", true, now);
        assert!(guard.may_try("mia", now).is_ok());
    }
}
