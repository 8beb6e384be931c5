//! Faults. They depend on the seed and the request only, so they are the same after a restart.

use super::dice::Dice;
use crate::job::SandboxSettings;
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

/// Fault of an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    /// An answer with this return code.
    Code(i32),
    /// An HTML page with this HTTP status.
    Http(u16),
    /// HTTP 429 with `Retry-After: 1`.
    TooMany,
    /// Truncated JSON.
    Truncated,
    /// A connection that breaks in the middle of the body.
    Reset,
    /// A login page with HTTP 200.
    LoginPage,
    /// HTTP 200 with an empty body.
    Empty,
    /// No response at all.
    Silence,
    /// Return code 98, which is not in the specification, with a message about too many calls.
    TooOften,
}

/// Faults by name. The first six are the default ones.
pub const FAULTS: [(&str, &str); 12] = [
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
    ("code-98", "return code 98 of the platform's own, calls come too often"),
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
    Fault::TooOften,
];

/// Number of default faults, from the first: those that do not make the client wait.
const USUAL: usize = 6;

/// Decides which attempts of which requests fail.
#[derive(Debug)]
pub(super) struct Faults {
    seed: u64,
    rate: f64,
    lasting_rate: f64,
    kinds: Vec<Fault>,
    /// Number of attempts seen, for requests with faults only.
    seen: Mutex<HashMap<String, usize>>,
}

impl Faults {
    /// Creates the faults that the settings name; unknown names are ignored.
    pub(super) fn new(settings: &SandboxSettings) -> Self {
        let chosen = |(name, _): &(&str, &str)| settings.faults.iter().any(|known| known == name);
        let mut kinds: Vec<Fault> = FAULTS.iter().zip(KINDS).filter(|(known, _)| chosen(known)).map(|(_, kind)| kind).collect();
        if kinds.is_empty() {
            kinds = KINDS[..USUAL].to_vec();
        }
        let (rate, lasting_rate) = (settings.fault_rate, settings.lasting_rate);
        Self { seed: settings.seed, rate, lasting_rate, kinds, seen: Mutex::new(HashMap::new()) }
    }

    /// Returns the fault of the next attempt of a request, if any. Most of the requests with faults fail once, some twice, few
    /// three times in a row.
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

    /// Returns the permanent fault of all requests about a holder and type, if any.
    pub(super) fn lasting(&self, holder_code: &str, cert_type_code: &str) -> Option<Fault> {
        let mut dice = lasting_dice(self.seed, self.lasting_rate, holder_code, cert_type_code)?;
        Some(dice.pick(&self.kinds))
    }
}

/// Returns whether the sandbox never answers requests about a holder's certificates of a type. Requests by identifier only are
/// answered.
#[must_use]
pub fn fails_for_ever(settings: &SandboxSettings, holder_code: &str, cert_type_code: &str) -> bool {
    lasting_dice(settings.seed, settings.lasting_rate, holder_code, cert_type_code).is_some()
}

/// Returns the generator that selects the permanent fault; `None` if there is none.
fn lasting_dice(seed: u64, rate: f64, holder_code: &str, cert_type_code: &str) -> Option<Dice> {
    if rate <= 0.0 || holder_code.is_empty() || cert_type_code.is_empty() {
        return None;
    }
    let mut dice = Dice::new(seed, &["lasting fault", holder_code, cert_type_code]);
    dice.happens(rate).then_some(dice)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(fault_rate: f64, lasting_rate: f64, faults: &[&str]) -> SandboxSettings {
        let faults = faults.iter().map(|name| (*name).to_owned()).collect();
        SandboxSettings { fault_rate, lasting_rate, faults, ..SandboxSettings::default() }
    }

    #[test]
    fn faults_pass_and_come_again_after_a_restart() {
        let run = || {
            let faults = Faults::new(&settings(0.5, 0.0, &[]));
            (0..200).map(|index| (0..5).map(|_| faults.next(&index.to_string())).collect::<Vec<_>>()).collect::<Vec<_>>()
        };
        let first = run();
        assert_eq!(first, run());
        assert!(first.iter().all(|attempts| attempts[4].is_none() && attempts[3].is_none()));
        let faulty = first.iter().filter(|attempts| attempts[0].is_some()).count();
        assert!((60..140).contains(&faulty), "{faulty}");
        assert_eq!(Faults::new(&settings(1.0, 0.0, &["reset"])).next("x"), Some(Fault::Reset));
    }

    #[test]
    fn a_lasting_fault_is_of_one_kind_and_of_a_share_of_the_items() {
        let settings = settings(0.0, 0.1, &["http-500", "empty", "code-98"]);
        let faults = Faults::new(&settings);
        let mut lasting = 0;
        for holder in 0..2000 {
            let holder = holder.to_string();
            let met = faults.lasting(&holder, "type");
            assert!((0..3).all(|_| faults.lasting(&holder, "type") == met));
            assert_eq!(met.is_some(), fails_for_ever(&settings, &holder, "type"));
            assert!(met.is_none_or(|fault| [Fault::Http(500), Fault::Empty, Fault::TooOften].contains(&fault)));
            lasting += usize::from(met.is_some());
        }
        assert!((140..260).contains(&lasting), "{lasting}");
        assert_eq!(faults.lasting("", "type"), None);
    }
}
