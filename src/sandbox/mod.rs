//! The platform's stand-in: a pure function from seed and request to answer, and an HTTP shell round it.
//!
//! It keeps no population: any holder and any type have a truth ([`truth`]), made from the seed alone, so a test can
//! ask the truth about every row of a report. It never reads the audit that it serves.

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
