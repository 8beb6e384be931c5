//! Taking up again what ended in an error.

use crate::audit::{Answer, AuditSettings, Status, Step, Trouble, step};
use crate::journal::{Journal, JournalError};
use crate::platform::ErrorKind;

/// Items that are read at a time.
const STRETCH: u32 = 256;

/// Which failures are forgotten.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Again {
    /// All: the person asks for it.
    All,
    /// Those that may pass by themselves: a run goes on.
    Passing,
}

impl Again {
    /// Whether a failure is forgotten. Where nothing has been answered yet, a refused request counts as passing: what was
    /// wrong with every call has been put right since.
    const fn includes(self, kind: ErrorKind, answered: bool) -> bool {
        match (self, kind) {
            (Self::All, _)
            | (
                _,
                ErrorKind::Timeout
                | ErrorKind::Transport
                | ErrorKind::Http
                // A login page, or an answer that breaks off.
                | ErrorKind::Malformed
                | ErrorKind::Auth
                | ErrorKind::Platform,
            ) => true,
            (Self::Passing, ErrorKind::Request) => !answered,
            (Self::Passing, ErrorKind::Unsupported | ErrorKind::TypeUnpublished) => false,
        }
    }
}

/// Items that are unfinished again.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Forgotten {
    /// How many.
    pub items: u64,
    /// Their certificates by status, in the order of [`Status::ALL`].
    pub statuses: [u64; Status::ALL.len()],
}

/// Forgets calls that gave no usable answer, so that their items are unfinished again; says which that are.
///
/// # Errors
/// What the journal says.
pub fn forget_failures(journal: &mut Journal, settings: &AuditSettings, which: Again) -> Result<Forgotten, JournalError> {
    let answered = journal.counts()?.answered;
    let mut from = 0;
    let mut forgotten = Forgotten::default();
    loop {
        let stretch = journal.failed(from, STRETCH)?;
        let Some(last) = stretch.last() else { return Ok(forgotten) };
        from = last.item_id + 1;
        for stored in &stretch {
            let answers: Vec<Answer> = stored.answers.iter().map(|stored| stored.answer.clone()).collect();
            let Step::Done(outcome) = step(&stored.item, &answers, settings) else { continue };
            let is_forgotten = |trouble: &&Trouble| which.includes(trouble.failure.kind, answered);
            let troubles: Vec<&Trouble> = outcome.troubles.iter().filter(is_forgotten).collect();
            if troubles.is_empty() {
                continue;
            }
            let is_troubled = |answer: &Answer| troubles.iter().any(|trouble| trouble.call == answer.call);
            let places: Vec<u32> =
                stored.answers.iter().filter(|stored| is_troubled(&stored.answer)).map(|stored| stored.place).collect();
            journal.forget(stored.item_id, &places)?;
            forgotten.items += 1;
            for certificate in &outcome.certificates {
                forgotten.statuses[certificate.status() as usize] += 1;
            }
        }
    }
}
