//! What is odd about an answer that is one.

use super::Item;
use super::outcome::{CertificateOutcome, SideOutcome};
use crate::codes::{Identifier, IdentifierProblem};
use crate::endpoint::Side;
use crate::face::{Field, FieldKind, canonical, same_but_for_masks};

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
}

impl AnomalyKind {
    /// Every kind.
    pub const ALL: [Self; 4] = [Self::IdentifierCheck, Self::TypeMismatch, Self::HolderMismatch, Self::StateDisagreement];

    /// The name in tables.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::IdentifierCheck => "identifier_check",
            Self::TypeMismatch => "type_mismatch",
            Self::HolderMismatch => "holder_mismatch",
            Self::StateDisagreement => "state_disagreement",
        }
    }
}

/// Something odd about what a side says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Anomaly {
    /// What kind.
    pub kind: AnomalyKind,
    /// Whose answer.
    pub side: Side,
    /// In words.
    pub message: String,
}

/// What is odd about the certificates of an item.
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
    let mut note = |kind, message: String| found.push(Anomaly { kind, side, message });
    let asked = item.cert_type_code.as_str();
    if let Some(id) = of_side.certificate_id.as_deref()
        && let Some(identifier) = Identifier::parse(id)
    {
        if identifier.check() == Err(IdentifierProblem::BadCheckCharacter) {
            note(AnomalyKind::IdentifierCheck, format!("证照标识 {id} 的校验位不符"));
        }
        if identifier.type_code != asked {
            note(AnomalyKind::TypeMismatch, format!("查询类型 {asked}，证照标识中的类型为 {}", identifier.type_code));
        }
    }
    let Some(face) = &of_side.face else { return };
    let fits = |a: &str, b: &str| same_but_for_masks(&canonical(a, FieldKind::Code), &canonical(b, FieldKind::Code));
    if let Some(code) = face.text(Field::CertTypeCode).filter(|code| !fits(code, asked)) {
        note(AnomalyKind::TypeMismatch, format!("查询类型 {asked}，照面上的类型为 {code}"));
    }
    if face.text(Field::HolderCode).is_some_and(|code| !fits(code, &item.holder_code)) {
        note(AnomalyKind::HolderMismatch, "照面上的持证主体代码与查询的不符".to_owned());
    }
}
