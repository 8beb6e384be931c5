//! Anomalies: answers that contradict each other, the item or the standards.

use super::Item;
use super::outcome::{CertificateOutcome, SideOutcome};
use crate::codes::{Identifier, IdentifierProblem};
use crate::endpoint::Side;
use crate::face::{Field, FieldKind, canonical, same_but_for_masks};
use crate::message::Message;

/// Kinds of anomaly, as tables name them beside the kinds of failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AnomalyKind {
    /// The identifier's check character (GB/T 36904) does not fit.
    IdentifierCheck,
    /// The identifier or the face names another certificate type than the one asked about.
    TypeMismatch,
    /// The face's holder code does not fit the holder asked about.
    HolderMismatch,
    /// The state's flag and the side's own list contradict each other.
    StateDisagreement,
    /// A list holds fewer certificates than its total says: what is not in it may be there all the same.
    IncompleteList,
    /// A side shows two numbers under one identifier, or one number under two: how many certificates these are is its word
    /// against the numbers.
    AmbiguousIdentity,
}

impl AnomalyKind {
    /// Every kind.
    pub const ALL: [Self; 6] = [
        Self::IdentifierCheck,
        Self::TypeMismatch,
        Self::HolderMismatch,
        Self::StateDisagreement,
        Self::IncompleteList,
        Self::AmbiguousIdentity,
    ];

    /// The name in tables.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::IdentifierCheck => "identifier_check",
            Self::TypeMismatch => "type_mismatch",
            Self::HolderMismatch => "holder_mismatch",
            Self::StateDisagreement => "state_disagreement",
            Self::IncompleteList => "incomplete_list",
            Self::AmbiguousIdentity => "ambiguous_identity",
        }
    }
}

/// A contradiction in what a side says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Anomaly {
    /// What kind.
    pub kind: AnomalyKind,
    /// Whose answer.
    pub side: Side,
    /// What exactly.
    pub message: Message,
}

/// Returns the anomalies of an item's certificates.
pub(super) fn anomalies_of(item: &Item, certificates: &[CertificateOutcome]) -> Vec<Anomaly> {
    let mut found = Vec::new();
    for certificate in certificates {
        for (side, of_side) in [(Side::Province, &certificate.province), (Side::City, &certificate.city)] {
            of_one(item, side, of_side, &mut found);
        }
    }
    found
}

fn of_one(item: &Item, side: Side, of_side: &SideOutcome, found: &mut Vec<Anomaly>) {
    let mut note = |kind, message: Message| found.push(Anomaly { kind, side, message });
    let asked = item.cert_type_code.as_str();
    if let Some(id) = of_side.certificate_id.as_deref()
        && let Some(identifier) = Identifier::parse(id)
    {
        if identifier.check() == Err(IdentifierProblem::BadCheckCharacter) {
            note(AnomalyKind::IdentifierCheck, Message::new("anomaly-identifier-check").with("identifier", id));
        }
        if identifier.type_code != asked {
            note(
                AnomalyKind::TypeMismatch,
                Message::new("anomaly-identifier-type").with("asked", asked).with("found", identifier.type_code),
            );
        }
    }
    let Some(face) = &of_side.face else { return };
    let fits = |a: &str, b: &str| same_but_for_masks(&canonical(a, FieldKind::Code), &canonical(b, FieldKind::Code));
    if let Some(code) = face.text(Field::CertTypeCode).filter(|code| !fits(code, asked)) {
        note(AnomalyKind::TypeMismatch, Message::new("anomaly-face-type").with("asked", asked).with("found", code));
    }
    if face.text(Field::HolderCode).is_some_and(|code| !fits(code, &item.holder_code)) {
        note(AnomalyKind::HolderMismatch, Message::new("anomaly-holder"));
    }
}
