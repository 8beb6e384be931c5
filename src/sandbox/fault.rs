//! Faults: the same request meets the same ones every time the stand-in is started.

use super::dice::Dice;
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

/// What goes wrong with an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    /// An answer with this return code.
    Code(i32),
    /// An HTTP status with an HTML page.
    Http(u16),
    /// HTTP 429 with `Retry-After: 1`.
    TooMany,
    /// JSON that ends too early.
    Truncated,
    /// A connection that breaks in the middle of the body.
    Reset,
    /// A login page with HTTP 200.
    LoginPage,
    /// HTTP 200 and nothing.
    Empty,
    /// No answer at all.
    Silence,
}

/// The faults by name, with what they are. Those before `silence` happen unless others are chosen.
pub const FAULTS: [(&str, &str); 11] = [
    ("code-1", "return code 1, third-party interface timed out"),
    ("code-99", "return code 99, other failure"),
    ("http-503", "HTTP 503 with an HTML page"),
    ("http-502", "HTTP 502 with an HTML page"),
    ("truncated", "JSON that ends too early"),
    ("login-page", "an HTML login page with HTTP 200"),
    ("http-500", "HTTP 500 with an HTML page"),
    ("http-429", "HTTP 429 with Retry-After: 1"),
    ("reset", "the connection breaks in the middle of the body"),
    ("empty", "HTTP 200 with an empty body"),
    ("silence", "no answer at all"),
];

const KINDS: [Fault; FAULTS.len()] = [
    Fault::Code(1),
    Fault::Code(99),
    Fault::Http(503),
    Fault::Http(502),
    Fault::Truncated,
    Fault::LoginPage,
    Fault::Http(500),
    Fault::TooMany,
    Fault::Reset,
    Fault::Empty,
    Fault::Silence,
];

/// How many of the faults happen where none are chosen: those that cost nobody a wait.
const USUAL: usize = 6;

/// Decides which attempts of which requests fail.
#[derive(Debug)]
pub(super) struct Faults {
    seed: u64,
    rate: f64,
    kinds: Vec<Fault>,
    /// Attempts seen of the requests that meet faults; the others are not remembered.
    seen: Mutex<HashMap<String, usize>>,
}

impl Faults {
    /// A share of requests meets faults of the kinds named; unknown names count for nothing.
    pub(super) fn new(seed: u64, rate: f64, named: &[String]) -> Self {
        let chosen = |(name, _): &(&str, &str)| named.iter().any(|known| known == name);
        let mut kinds: Vec<Fault> = FAULTS.iter().zip(KINDS).filter(|(known, _)| chosen(known)).map(|(_, kind)| kind).collect();
        if kinds.is_empty() {
            kinds = KINDS[..USUAL].to_vec();
        }
        Self { seed, rate, kinds, seen: Mutex::new(HashMap::new()) }
    }

    /// The fault that the next attempt of a request meets, if any: most of the requests concerned fail once, some twice,
    /// few three times in a row.
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
        let first = usize::try_from(dice.below(self.kinds.len() as u64)).unwrap_or_default();
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let attempts = seen.entry(request.to_owned()).or_default();
        *attempts += 1;
        (*attempts <= in_a_row).then(|| self.kinds[(first + *attempts) % self.kinds.len()])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_pass_and_come_again_after_a_restart() {
        let run = || {
            let faults = Faults::new(7, 0.5, &[]);
            (0..200).map(|index| (0..5).map(|_| faults.next(&index.to_string())).collect::<Vec<_>>()).collect::<Vec<_>>()
        };
        let first = run();
        assert_eq!(first, run());
        assert!(first.iter().all(|attempts| attempts[4].is_none() && attempts[3].is_none()));
        let faulty = first.iter().filter(|attempts| attempts[0].is_some()).count();
        assert!((60..140).contains(&faulty), "{faulty}");
        let only = Faults::new(7, 1.0, &["reset".to_owned()]);
        assert_eq!(only.next("x"), Some(Fault::Reset));
    }
}
