//! How hard a passphrase is to guess for somebody who has a copy of the files.

use crate::cipher::{Cipher, KeyUse, SealErr};

/// Rounds of PBKDF2 with SHA-256: at least what OWASP's password storage cheat sheet asks for (2023),
pub const LOCK_ROUNDS_MIN: u32 = 600_000;
/// and no more than a slower device of the same person can wait for.
pub(crate) const LOCK_ROUNDS_MAX: u32 = 10_000_000;
/// So long somebody waits at every start, and so long each guess takes on a device like theirs.
const LOCK_MS: f64 = 1_000.0;
/// Rounds by which a device shows how fast it is.
const TRIED_ROUNDS: u32 = LOCK_ROUNDS_MIN / 3;

/// As many rounds as take this device a second, by how long it took for some.
pub fn lock_rounds(tried: u32, took_ms: f64) -> u32 {
    // A clock without fine steps may say that it took no time.
    let rounds = f64::from(tried) * LOCK_MS / took_ms.max(1.0);
    (rounds as u32 / 10_000 * 10_000).clamp(LOCK_ROUNDS_MIN, LOCK_ROUNDS_MAX)
}

/// Does some rounds, for whoever has a clock, and says how many.
pub async fn try_rounds<C: Cipher>() -> Result<u32, SealErr> {
    C::stretch(b"how fast is this device?", &[0; 16], TRIED_ROUNDS, KeyUse::Content).await?;
    Ok(TRIED_ROUNDS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_guess_takes_a_second_on_this_device() {
        for (tried, took_ms, rounds) in [
            (200_000, 200.0, 1_000_000),
            (200_000, 50.0, 4_000_000),
            // An old phone does not get less than the least, and none more than the most.
            (200_000, 2_000.0, LOCK_ROUNDS_MIN),
            (200_000, 0.0, LOCK_ROUNDS_MAX),
        ] {
            assert_eq!(lock_rounds(tried, took_ms), rounds, "{tried} in {took_ms} ms");
        }
    }
}
