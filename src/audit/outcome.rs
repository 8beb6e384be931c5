//! What an item's answers come to.

use super::{Anomaly, Call};
use crate::face::{Difference, Face, Field, Lifecycle};
use crate::platform::Failure;

/// Everything that is known of an item.
#[derive(Debug, Clone, PartialEq)]
pub struct Outcome {
    /// One entry per certificate; exactly one where no side holds any, or nothing is known.
    pub certificates: Vec<CertificateOutcome>,
    /// Calls that gave no answer, or one that answers nothing.
    pub troubles: Vec<Trouble>,
    /// What is odd about answers that are ones.
    pub anomalies: Vec<Anomaly>,
}

/// A call without a usable answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trouble {
    /// The call.
    pub call: Call,
    /// Why.
    pub failure: Failure,
}

/// Who holds a certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Status {
    /// Both sides.
    Both,
    /// The province alone.
    ProvinceOnly,
    /// The city alone.
    CityOnly,
    /// Neither side.
    Neither,
    /// Not known: a call failed. Never a gap.
    Error,
    /// Not known: not asked to the end.
    Pending,
}

impl Status {
    /// Every status, in the order of reports.
    pub const ALL: [Self; 6] = [Self::Both, Self::CityOnly, Self::ProvinceOnly, Self::Neither, Self::Error, Self::Pending];

    /// The name in tables.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Both => "both",
            Self::ProvinceOnly => "province_only",
            Self::CityOnly => "city_only",
            Self::Neither => "neither",
            Self::Error => "error",
            Self::Pending => "pending",
        }
    }
}

/// What came of comparing two faces.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Comparison {
    /// Both faces are there and agree.
    Consistent,
    /// Both faces are there and differ, or the states do.
    Inconsistent,
    /// A face is missing, and no state is known to differ.
    NotCompared,
}

impl Comparison {
    /// The name in tables.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Consistent => "consistent",
            Self::Inconsistent => "inconsistent",
            Self::NotCompared => "not_compared",
        }
    }
}

/// What one side says of a certificate.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct SideOutcome {
    /// Whether it holds the certificate; `None` where unknown.
    pub exists: Option<bool>,
    /// Its identifier for it.
    pub certificate_id: Option<String>,
    /// Its state, where the side was asked.
    pub lifecycle: Option<Lifecycle>,
    /// Its face, where it gave one.
    pub face: Option<Face>,
}

/// What is known of one certificate.
#[derive(Debug, Clone, PartialEq)]
pub struct CertificateOutcome {
    /// 证照编号, from the input or as found.
    pub number: Option<String>,
    /// The province's side.
    pub province: SideOutcome,
    /// The city's side.
    pub city: SideOutcome,
    /// What came of comparing the faces.
    pub comparison: Comparison,
    /// Where they differ.
    pub differences: Vec<Difference>,
    /// Why something about it is not known.
    pub failure: Option<Failure>,
    /// Index of another certificate of the item that may be this one under another number. A hint, never a pairing.
    pub likely_same_as: Option<u32>,
}

impl CertificateOutcome {
    /// A certificate of which nothing is known.
    #[cfg(test)]
    pub(super) fn unknown() -> Self {
        Self {
            number: None,
            province: SideOutcome::default(),
            city: SideOutcome::default(),
            comparison: Comparison::NotCompared,
            differences: Vec::new(),
            failure: None,
            likely_same_as: None,
        }
    }

    /// Who holds it; follows existence.
    #[must_use]
    pub const fn status(&self) -> Status {
        match (self.province.exists, self.city.exists) {
            (Some(true), Some(true)) => Status::Both,
            (Some(true), Some(false)) => Status::ProvinceOnly,
            (Some(false), Some(true)) => Status::CityOnly,
            (Some(false), Some(false)) => Status::Neither,
            (None, _) | (_, None) => Status::Error,
        }
    }
}

impl SideOutcome {
    /// A side that is known not to hold the certificate.
    pub(super) fn absent() -> Self {
        Self { exists: Some(false), ..Self::default() }
    }

    /// The number on its face.
    pub(super) fn number(&self) -> Option<&str> {
        self.face.as_ref()?.text(Field::CertificateNumber)
    }
}
