//! The platform's stand-in: a pure function from seed and request to answer, and an HTTP shell round it.
//!
//! It keeps no population: any holder and any type have a truth ([`truth`]), made from the seed alone, so a test can
//! ask the truth about every row of a report. It never reads the audit that it serves.

mod answer;
mod dice;
mod fault;
mod file;
mod identity;
mod library;
mod log;
mod people;
mod server;
mod truth;

pub use answer::extraction_code;
pub use fault::FAULTS;
pub use server::{Sandbox, StartError};
pub use truth::{Held, InjectedDifference, TrueCertificate, truth};
