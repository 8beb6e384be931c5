//! What to ask next, and what the answers mean: one pure function, [`step`].
//!
//! It knows no clock, no network and no disk. The live run asks what it wants asked, a resumed run does not ask what is
//! answered, and tables are rebuilt by running it over the journal, so none of them can disagree.

mod ageing;
mod anomaly;
mod evidence;
mod outcome;
mod pairing;
mod several;
mod step;
mod told;

pub use ageing::{Age, Change, EarlierRow, age};
pub use anomaly::{Anomaly, AnomalyKind};
pub use evidence::split_state_entry;
pub use outcome::{CertificateOutcome, Comparison, Outcome, SideOutcome, Status, Trouble};
pub use step::{Step, step};

use crate::codes::CodeTable;
use crate::endpoint::{Endpoint, Side};
use crate::face::FaceRules;
use crate::job::{AuditKeys, Purpose};
use crate::platform::{Envelope, Failure, Holder, Request, ShareQueryCertInfoByHo, ShengShiStateInfo};
use std::sync::Arc;

/// One thing to audit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// 持证主体代码.
    pub holder_code: String,
    /// 持证主体代码类型代码, three digits.
    pub holder_code_type: String,
    /// 证照类型代码, 21 characters.
    pub cert_type_code: String,
    /// 证照编号, where the input gives one.
    pub certificate_number: Option<String>,
}

/// A call that an item needs.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Call {
    /// Interface 13: what each side holds.
    State {
        /// The certificate meant, where one is.
        number: Option<String>,
    },
    /// Interface 7: the faces on one side.
    List {
        /// The side asked.
        side: Side,
        /// The certificate meant, where one is.
        number: Option<String>,
    },
}

impl Call {
    /// The interface it goes to.
    #[must_use]
    pub const fn endpoint(&self) -> Endpoint {
        match self {
            Self::State { .. } => Endpoint::ShengShiStateInfo,
            Self::List { .. } => Endpoint::ShareQueryCertInfoByHo,
        }
    }

    /// The side it asks, where it asks one.
    #[must_use]
    pub const fn side(&self) -> Option<Side> {
        match self {
            Self::State { .. } => None,
            Self::List { side, .. } => Some(*side),
        }
    }

    /// The certificate it means, where it means one.
    #[must_use]
    pub fn number(&self) -> Option<&str> {
        match self {
            Self::State { number } | Self::List { number, .. } => number.as_deref(),
        }
    }

    /// The request that makes it.
    #[must_use]
    pub fn request(&self, item: &Item, purpose: &Purpose) -> Request {
        let holder = Holder {
            code: &item.holder_code,
            code_type: &item.holder_code_type,
            cert_type_code: &item.cert_type_code,
            certificate_number: self.number(),
        };
        match self {
            Self::State { .. } => ShengShiStateInfo { holder }.request(purpose),
            Self::List { side, .. } => ShareQueryCertInfoByHo { holder, side: *side }.request(purpose),
        }
    }
}

/// What came of a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reply {
    /// An answer.
    Received(Envelope),
    /// None, after all attempts that made sense.
    Failed(Failure),
}

/// A call and what came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The call.
    pub call: Call,
    /// What came of it.
    pub reply: Reply,
}

/// What decides how far an audit looks.
#[derive(Debug, Clone)]
pub struct AuditSettings {
    /// `[audit]` of the job.
    pub keys: AuditKeys,
    /// How faces are read and compared.
    pub faces: Arc<FaceRules>,
    /// What return codes mean.
    pub codes: CodeTable,
}
