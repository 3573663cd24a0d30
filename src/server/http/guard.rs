//! Guessing gets slower, and hashing is not for everybody to have without end.
//!
//! After a few wrong passwords for one name the next try has to wait, and longer each time. That makes it easy to keep
//! somebody out, so a device of the account, which says its id, waits on an account of its own. And one address has only so
//! many passwords hashed in a while, whatever names it says.

use std::{
    collections::BTreeMap,
    net::IpAddr,
    sync::{Mutex, MutexGuard, PoisonError},
};

use wire::{Code, Problem};

const FREE_TRIES: u32 = 4;
const LONGEST_MS: u64 = 15 * 60 * 1000;
/// Wrong tries of so long ago are forgotten.
const MEMORY_MS: u64 = 24 * 60 * 60 * 1000;
const KEYS_MAX: usize = 10_000;
/// Passwords that one address may have hashed at once,
const BURST: u64 = 30;
/// and how soon one more.
const BACK_MS: u64 = 10_000;

/// Whose tries are counted together.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Key {
    /// Anybody who says this name.
    Name(String),
    /// A device of the account by this name.
    Device { name: String, device_id: String },
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
struct Tries {
    /// In a row.
    wrong: u32,
    last_ms: u64,
    /// When the next one may come.
    until_ms: u64,
}

#[derive(Debug, Default)]
pub(crate) struct Guard {
    tries: Mutex<BTreeMap<Key, Tries>>,
    /// When the budget of an address would be whole again.
    whole_ms: Mutex<BTreeMap<IpAddr, u64>>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Room for one more: what is of no use any more goes, or else what says least. Names that somebody makes up to fill the
/// list were tried once, so they push each other out and not the name that is being guessed at.
fn make_room<K: Ord + Clone, V: Ord + Copy>(kept: &mut BTreeMap<K, V>, useful: impl Fn(&V) -> bool) {
    if kept.len() < KEYS_MAX {
        return;
    }
    kept.retain(|_, value| useful(value));
    if kept.len() < KEYS_MAX {
        return;
    }
    // Some at once: looking for them is not for every request.
    let mut all: Vec<(V, K)> = kept.iter().map(|(key, value)| (*value, key.clone())).collect();
    all.sort();
    all.iter().take(KEYS_MAX / 10).for_each(|(_, key)| _ = kept.remove(key));
}

impl Guard {
    /// One more try, which counts as a wrong one until it was right: many at once are no way around.
    pub(crate) fn begin(&self, key: &Key, now_ms: u64) -> Result<(), Problem> {
        let mut all = lock(&self.tries);
        if let Some(tries) = all.get(key).filter(|tries| now_ms < tries.until_ms) {
            let detail = "too many wrong passwords for this name: wait, then try again";
            return Err(Problem::new(Code::SlowDown, detail).after(tries.until_ms - now_ms));
        }
        if !all.contains_key(key) {
            make_room(&mut all, |tries| now_ms < tries.last_ms + MEMORY_MS);
        }
        let tries = all.entry(key.clone()).or_default();
        if tries.last_ms + MEMORY_MS <= now_ms {
            *tries = Tries::default();
        }
        tries.wrong = tries.wrong.saturating_add(1);
        let wait = tries.wrong.checked_sub(FREE_TRIES).map_or(0, |over| 1_000_u64.saturating_mul(1 << over.min(20)));
        (tries.last_ms, tries.until_ms) = (now_ms, now_ms + wait.min(LONGEST_MS));
        Ok(())
    }

    pub(crate) fn was_right(&self, key: &Key) {
        lock(&self.tries).remove(key);
    }

    /// The try came to nothing for another reason.
    pub(crate) fn never_mind(&self, key: &Key) {
        if let Some(tries) = lock(&self.tries).get_mut(key) {
            (tries.wrong, tries.until_ms) = (tries.wrong.saturating_sub(1), 0);
        }
    }

    /// One more password is hashed for this address.
    pub(crate) fn spend(&self, address: IpAddr, now_ms: u64) -> Result<(), Problem> {
        let mut all = lock(&self.whole_ms);
        if !all.contains_key(&address) {
            make_room(&mut all, |whole_ms| now_ms < *whole_ms);
        }
        let whole_ms = all.entry(address).or_default();
        let next = (*whole_ms).max(now_ms) + BACK_MS;
        if let Some(over) = next.checked_sub(now_ms + BURST * BACK_MS).filter(|over| 0 < *over) {
            let detail = "many passwords came from where you are: wait, then try again";
            return Err(Problem::new(Code::SlowDown, detail).after(over));
        }
        *whole_ms = next;
        Ok(())
    }

    /// It was a right one, or none was hashed.
    pub(crate) fn give_back(&self, address: IpAddr) {
        if let Some(whole_ms) = lock(&self.whole_ms).get_mut(&address) {
            *whole_ms = whole_ms.saturating_sub(BACK_MS);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(name: &str) -> Key {
        Key::Name(name.to_owned())
    }

    fn wait(problem: Result<(), Problem>) -> u64 {
        problem.err().and_then(|problem| problem.retry_after_ms).unwrap_or(0)
    }

    #[test]
    fn guessing_gets_slower_and_a_right_password_forgets() {
        let guard = Guard::default();
        let mut waits = Vec::new();
        let mut now = 1_000_000;
        for _ in 0..16 {
            let wait = wait(guard.begin(&name("mia"), now));
            waits.push(wait / 1_000);
            if 0 < wait {
                now += wait;
                assert!(guard.begin(&name("mia"), now).is_ok());
            }
        }
        assert_eq!(waits, [0, 0, 0, 0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900]);
        assert!(guard.begin(&name("ben"), now).is_ok(), "another name is not slowed");
        guard.was_right(&name("mia"));
        assert!(guard.begin(&name("mia"), now).is_ok());
    }

    #[test]
    fn who_is_kept_from_guessing_does_not_keep_the_devices_out() {
        let guard = Guard::default();
        let device = Key::Device { name: "mia".to_owned(), device_id: "0123456789abcdef".to_owned() };
        (0..9).for_each(|_| _ = guard.begin(&name("mia"), 1_000));
        assert!(guard.begin(&name("mia"), 1_000).is_err());
        assert!(guard.begin(&device, 1_000).is_ok());
        // Nor has a device more tries than anybody.
        (0..9).for_each(|_| _ = guard.begin(&device, 1_000));
        assert!(guard.begin(&device, 1_000).is_err());
    }

    #[test]
    fn invented_names_do_not_make_it_forget_the_one_that_is_guessed_at() {
        let guard = Guard::default();
        (0..9).for_each(|_| _ = guard.begin(&name("mia"), 1_000));
        for nth in 0..2 * KEYS_MAX as u64 {
            assert!(guard.begin(&name(&format!("made up {nth}")), 1_000).is_ok());
        }
        assert!(guard.begin(&name("mia"), 1_000).is_err(), "whoever guesses still waits");
        assert!(lock(&guard.tries).len() <= KEYS_MAX);
    }

    #[test]
    fn one_address_has_so_many_hashed_and_no_more_whatever_names_it_says() {
        let guard = Guard::default();
        let (one, other) = (IpAddr::from([7, 7, 7, 7]), IpAddr::from([9, 9, 9, 9]));
        let mut now = 1_000_000;
        let hashed = |now| (0..100).filter(|_| guard.spend(one, now).is_ok()).count() as u64;
        assert_eq!(hashed(now), BURST);
        assert!(guard.spend(other, now).is_ok());
        now += wait(guard.spend(one, now));
        assert_eq!(hashed(now), 1);
        now += 6 * BACK_MS;
        assert_eq!(hashed(now), 6);
        guard.give_back(one);
        assert_eq!(hashed(now), 1, "a right password costs nothing");
        assert_eq!(hashed(now + 1_000 * BACK_MS), BURST, "and no more is saved up");
    }
}
