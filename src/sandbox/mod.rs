//! Stand-in for the platform: a pure function from seed and request to answer, and an HTTP server around it.
//!
//! No certificates are stored: the certificates of any holder and type ([`truth`]) are derived from the seed, so a test can
//! compare every row of a report with them. The sandbox does not depend on the audit.

mod answer;
mod dice;
mod face;
mod facts;
mod fault;
mod file;
mod identity;
mod library;
mod log;
mod numbering;
mod oddity;
mod people;
mod response;
mod server;
mod truth;

pub use answer::extraction_code;
pub use fault::{FAULTS, fails_for_ever};
pub use oddity::has_short_list;
pub use server::{Sandbox, StartError};
pub use truth::{Held, InjectedDifference, TrueCertificate, truth};
