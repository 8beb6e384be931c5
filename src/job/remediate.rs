//! `[remediate]`: which notifications the province may be sent, how many per command, and when they are verified.

use super::choices::RemedyAction;
use super::resolve::{inner, section, value};
use super::written::RemediateSection;
use std::time::Duration;

/// Settings of `[remediate]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RemediateSettings {
    /// Kinds of notification that may be sent.
    pub allow: Vec<RemedyAction>,
    /// Limit on notifications that one command sends.
    pub max_actions: u32,
    /// Time between a notification and its verification, in which it is to take effect.
    pub settle: Duration,
    /// Certificate type codes that may be notified; empty for all.
    pub types: Vec<String>,
    /// Number of days after a notification from which a gap that is still open counts as overdue.
    pub overdue_days: u32,
}

impl Default for RemediateSettings {
    fn default() -> Self {
        Self {
            // The only kind that cannot remove or change data of the province.
            allow: vec![RemedyAction::Insert],
            max_actions: 1000,
            settle: Duration::from_secs(30),
            types: Vec::new(),
            overdue_days: 7,
        }
    }
}

impl RemedyAction {
    /// All kinds, in the order in which they are sent: cancellations first, so that a replacement never stands beside what it
    /// replaces.
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
