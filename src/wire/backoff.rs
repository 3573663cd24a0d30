//! Full jitter (Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog 2015): wait a random part of a span that
//! doubles, so that a thousand clients do not come back at one moment.

use ledger::Entropy;

const FIRST_MS: u64 = 1_000;
const MAX_MS: u64 = 60_000;

pub(crate) fn wait_ms(attempt: u32, at_least_ms: u64, entropy: &mut dyn Entropy) -> u64 {
    let span = FIRST_MS.saturating_mul(1 << attempt.min(16)).min(MAX_MS);
    let mut random = [0; 8];
    entropy.fill(&mut random);
    at_least_ms + 100 + u64::from_le_bytes(random) % span
}
