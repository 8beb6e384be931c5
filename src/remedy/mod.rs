//! Notification of the province about decisions of the city: which notifications to send, sending each once, and verifying them.
//!
//! `assess` decides for each certificate which notification to send, or why none; a `Selection` contains those that are sent, by
//! decisions or by a plan marked by a person; a `Campaign` sends and verifies them. A notification is in the journal before it is
//! sent, so that after a kill at any moment none is sent twice and none is lost.

mod assess;
mod campaign;
mod check;
mod decision;
mod effect;
mod ledger;
mod plan_file;
mod proposals;
mod selection;
mod send;

pub(crate) use assess::{Standing, state_message};
pub(crate) use campaign::{Campaign, CampaignEvent};
pub(crate) use decision::{Decision, Decisions};
pub(crate) use ledger::JournalPlace;
pub(crate) use plan_file::{Marking, PlanFile};
pub(crate) use proposals::Proposals;
pub(crate) use selection::{Selection, ignored_marks};
