//! Taking up again what ended in an error.

use crate::audit::{Answer, AuditSettings, Step, step};
use crate::journal::{Journal, JournalError};

/// Items that are read at a time.
const STRETCH: u32 = 256;

/// Forgets every call that gave no usable answer, so that its item is unfinished again; says how many items that are.
///
/// # Errors
/// What the journal says.
pub fn forget_failures(journal: &mut Journal, settings: &AuditSettings) -> Result<u64, JournalError> {
    let mut from = 0;
    let mut items = 0;
    loop {
        let stretch = journal.failed(from, STRETCH)?;
        let Some(last) = stretch.last() else { return Ok(items) };
        from = last.item_id + 1;
        for stored in &stretch {
            let answers: Vec<Answer> = stored.answers.iter().map(|stored| stored.answer.clone()).collect();
            let Step::Done(outcome) = step(&stored.item, &answers, settings) else { continue };
            let is_troubled = |answer: &Answer| outcome.troubles.iter().any(|trouble| trouble.call == answer.call);
            let places: Vec<u32> =
                stored.answers.iter().filter(|stored| is_troubled(&stored.answer)).map(|stored| stored.place).collect();
            journal.forget(stored.item_id, &places)?;
            items += 1;
        }
    }
}
