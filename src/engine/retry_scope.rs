//! Which failed calls are asked again, and forgetting them so that they are.

use crate::audit::{Answer, AuditSettings, Status, Step, Trouble, step};
use crate::journal::{Journal, JournalError};
use crate::platform::ErrorKind;

/// Items that are read at a time.
const BATCH: u32 = 256;

/// Which failed calls are asked again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RetryScope {
    /// All of them: the person asks for it (`--retry-failed`).
    All,
    /// Those whose failure may pass by itself, when a run comes to its end.
    Passing,
    /// Those, when a run goes on: and where nothing has been answered yet, refused requests too, since what was wrong with
    /// every call has been put right.
    Resumed,
}

impl RetryScope {
    /// Whether a call that failed so is asked again in a run of which any call has been `answered`, or none.
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
            (Self::Resumed, ErrorKind::Request) => !answered,
            (_, ErrorKind::Request | ErrorKind::Unsupported | ErrorKind::TypeUnpublished) => false,
        }
    }
}

/// The items of which a call is asked again.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Forgotten {
    /// How many.
    pub items: u64,
    /// Their certificates by status, in the order of [`Status::ALL`].
    pub statuses: [u64; Status::ALL.len()],
}

/// Forgets failed calls within a scope, so that their items are unfinished again; returns which those are.
///
/// # Errors
/// Fails if the journal cannot be read or written.
pub fn forget_failures(journal: &mut Journal, settings: &AuditSettings, scope: RetryScope) -> Result<Forgotten, JournalError> {
    let answered = journal.counts()?.answered;
    let mut from = 0;
    let mut forgotten = Forgotten::default();
    loop {
        let batch = journal.failed(from, BATCH)?;
        let Some(last) = batch.last() else { return Ok(forgotten) };
        from = last.item_id + 1;
        for stored in &batch {
            let answers: Vec<Answer> = stored.answers.iter().map(|stored| stored.answer.clone()).collect();
            let Step::Done(outcome) = step(&stored.item, &answers, settings) else { continue };
            let is_forgotten = |trouble: &&Trouble| scope.includes(trouble.failure.kind, answered);
            let troubles: Vec<&Trouble> = outcome.troubles.iter().filter(is_forgotten).collect();
            if troubles.is_empty() {
                continue;
            }
            let failed = stored.answers.iter().filter_map(|stored| {
                let trouble = troubles.iter().find(|trouble| trouble.call == stored.answer.call)?;
                Some((stored.place, &trouble.failure))
            });
            journal.forget(stored.item_id, &failed.collect::<Vec<_>>())?;
            forgotten.items += 1;
            for certificate in &outcome.certificates {
                forgotten.statuses[certificate.status() as usize] += 1;
            }
        }
    }
}
