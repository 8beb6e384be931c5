//! How long to wait before trying again.

use std::ops::Range;
use std::time::Duration;

/// Exponential backoff with full jitter: a random share (`dice` in 0..1) of the first wait doubled with every attempt
/// made, up to the longest. Never less than what the platform asked for.
#[must_use]
pub fn backoff(limits: &Range<Duration>, attempts_made: u32, dice: f64, asked_for: Option<Duration>) -> Duration {
    let doubled = limits.start.saturating_mul(2u32.saturating_pow(attempts_made.saturating_sub(1)));
    doubled.min(limits.end).mul_f64(dice).max(asked_for.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_wait_stays_within_its_limits(attempts in 1u32..100, dice in 0.0f64..1.0, asked in 0u64..60_000) {
            let limits = Duration::from_millis(200)..Duration::from_secs(30);
            let wait = backoff(&limits, attempts, dice, None);
            prop_assert!(wait <= limits.end);
            prop_assert!(wait <= limits.start * 2u32.saturating_pow(attempts.min(20) - 1));
            let asked = Duration::from_millis(asked);
            prop_assert!(backoff(&limits, attempts, dice, Some(asked)) >= asked);
        }
    }
}
