//! Selection of the proposals that are sent: those that nobody decided against, or exactly those that a plan marks.

use super::assess::Standing;
use super::plan_file::{Marking, PlanFile};
use super::proposals::{Proposal, Proposals};
use crate::exit::Stop;
use crate::job::RemedyAction;
use crate::journal::Remedy;
use crate::report::PlanMark;

/// Notifications to send.
#[derive(Debug, Default)]
pub(crate) struct Selection {
    /// The notifications; at most as many as may be sent at once.
    pub chosen: Vec<Remedy>,
    /// Total number of notifications to send.
    pub total: u64,
    /// Number of rows that a plan marks but that cannot be sent any more: notified already, or decided otherwise since.
    pub overtaken: u64,
}

impl Selection {
    /// Selects the notifications to send: with a plan exactly those marked in it, else those that are proposed.
    ///
    /// # Errors
    /// Fails if a table or a journal cannot be read.
    pub(crate) fn choose(proposals: &Proposals<'_>, mut plan: Option<&mut PlanFile>) -> Result<Self, Stop> {
        let most = u64::from(proposals.settings.max_actions);
        let mut selection = Self::default();
        proposals.each(|proposal| {
            let is_chosen = match plan.as_deref_mut() {
                None => proposal.assessment.standing == Standing::Proposed,
                Some(plan) => selection.is_marked(proposal, proposals.run_id, plan),
            };
            if is_chosen && let Some(remedy) = proposal.notification(proposals.now) {
                selection.total += 1;
                if selection.total <= most {
                    selection.chosen.push(remedy);
                }
            }
            Ok(())
        })?;
        Ok(selection)
    }

    /// Returns whether a plan marks a proposal that can be sent.
    fn is_marked(&mut self, proposal: &Proposal<'_>, run_id: &str, plan: &mut PlanFile) -> bool {
        if proposal.assessment.standing == Standing::Withheld {
            let marked = RemedyAction::IN_ORDER.map(|action| marks(proposal, run_id, action, plan));
            self.overtaken += u64::from(marked.contains(&true));
            return false;
        }
        proposal.assessment.action.is_some_and(|action| marks(proposal, run_id, action, plan))
    }
}

fn marks(proposal: &Proposal<'_>, run_id: &str, action: RemedyAction, plan: &mut PlanFile) -> bool {
    let marking = proposal.key(run_id, action).map(|key| plan.marking(&key));
    marking == Some(Marking::Marked(PlanMark::Execute))
}

/// Returns the number of marks in a workbook that would have no effect if it is not passed as the plan.
///
/// # Errors
/// Fails if a table or a journal cannot be read.
pub(crate) fn ignored_marks(proposals: &Proposals<'_>, plan: &mut PlanFile) -> Result<u64, Stop> {
    let mut ignored = 0;
    proposals.each(|proposal| {
        let key = proposal.assessment.action.and_then(|action| proposal.key(proposals.run_id, action));
        let Some(key) = key.filter(|_| proposal.assessment.standing != Standing::Withheld) else { return Ok(()) };
        let usual = if proposal.assessment.standing == Standing::Proposed { PlanMark::Execute } else { PlanMark::Skip };
        let is_ignored = matches!(plan.marking(&key), Marking::Marked(mark) if mark != usual);
        ignored += u64::from(is_ignored);
        Ok(())
    })?;
    Ok(ignored)
}
