//! Faults that pass: the same request meets the same ones every time the stand-in is started.

use super::dice::Dice;
use std::collections::HashMap;
use std::sync::Mutex;

/// What goes wrong with an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    /// An answer with this return code.
    Code(i32),
    /// An HTTP status with an HTML page.
    Http(u16),
    /// JSON that ends too early.
    Truncated,
    /// A login page with HTTP 200.
    LoginPage,
}

const KINDS: [Fault; 6] =
    [Fault::Code(1), Fault::Code(99), Fault::Http(503), Fault::Http(502), Fault::Truncated, Fault::LoginPage];

/// Decides which attempts of which requests fail.
#[derive(Debug)]
pub(super) struct Faults {
    seed: u64,
    rate: f64,
    /// Attempts seen of the requests that meet faults; the others are not remembered.
    seen: Mutex<HashMap<String, u64>>,
}

impl Faults {
    pub(super) fn new(seed: u64, rate: f64) -> Self {
        Self { seed, rate, seen: Mutex::new(HashMap::new()) }
    }

    /// The fault that the next attempt of a request meets, if any: a share of requests fail once, some twice, few three
    /// times in a row.
    pub(super) fn next(&self, request: &str) -> Option<Fault> {
        let mut dice = Dice::new(self.seed, &["fault", request]);
        if !dice.happens(self.rate) {
            return None;
        }
        let in_a_row = match dice.below(20) {
            0 => 3,
            1..=4 => 2,
            _ => 1,
        };
        let first = dice.below(KINDS.len() as u64);
        let mut seen = self.seen.lock().expect("no holder of this lock panics");
        let attempts = seen.entry(request.to_owned()).or_default();
        *attempts += 1;
        let kind = usize::try_from((first + *attempts) % KINDS.len() as u64).unwrap_or_default();
        (*attempts <= in_a_row).then_some(KINDS[kind])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_pass_and_come_again_after_a_restart() {
        let run = || {
            let faults = Faults::new(7, 0.5);
            (0..200).map(|index| (0..5).map(|_| faults.next(&index.to_string())).collect::<Vec<_>>()).collect::<Vec<_>>()
        };
        let first = run();
        assert_eq!(first, run());
        assert!(first.iter().all(|attempts| attempts[4].is_none() && attempts[3].is_none()));
        let faulty = first.iter().filter(|attempts| attempts[0].is_some()).count();
        assert!((60..140).contains(&faulty), "{faulty}");
    }
}
