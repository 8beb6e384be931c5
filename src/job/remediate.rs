//! `[remediate]`: what the province may be told, how much of it at once, and when it is asked what came of it.

use super::choices::RemedyAction;
use super::resolve::{inner, section, value};
use super::written::RemediateSection;
use std::time::Duration;

/// `[remediate]`, resolved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RemediateSettings {
    /// What may be sent at all.
    pub allow: Vec<RemedyAction>,
    /// Notifications that one command may send at most.
    pub max_actions: u32,
    /// Time that a notification gets to take effect before the province is asked about it.
    pub settle: Duration,
    /// Certificate type codes that may be notified; all where empty.
    pub types: Vec<String>,
    /// Days after which a gap counts as overdue that is still open although the province was told of it.
    pub overdue_days: u32,
}

impl Default for RemediateSettings {
    fn default() -> Self {
        Self {
            // The one action that takes nothing away from the province.
            allow: vec![RemedyAction::Insert],
            max_actions: 1000,
            settle: Duration::from_secs(30),
            types: Vec::new(),
            overdue_days: 7,
        }
    }
}

impl RemedyAction {
    /// Every action, in the order in which they are sent: what is void goes first, so that nothing new is told beside it.
    pub const IN_ORDER: [Self; 3] = [Self::Delete, Self::Update, Self::Insert];
}

pub(super) fn resolve(written: RemediateSection) -> RemediateSettings {
    let usual = RemediateSettings::default();
    RemediateSettings {
        allow: value(written.allow).unwrap_or(usual.allow),
        max_actions: value(written.max_actions).unwrap_or(usual.max_actions),
        settle: value(written.settle).unwrap_or(usual.settle),
        types: inner(section(written.types)),
        overdue_days: value(written.overdue_days).unwrap_or(usual.overdue_days),
    }
}
