//! Telling the province what the city decided: which notifications there are to send, sending each once, and seeing whether
//! they took effect.
//!
//! `assess` says of each certificate what the province should be told, or why nothing; a `Selection` is what of it is sent, by
//! decisions or by a plan that a person has marked; a `Campaign` sends it and looks for the effects. A notification is in the
//! journal before it is sent, so that whatever ends a process, nothing is sent twice and nothing is forgotten.

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
