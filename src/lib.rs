//! Pipeline overview: how a job file becomes reports, and which module owns each step.
//!
//! A job file ([`job`]) names spreadsheets. The [`intake`] reads items from them: a holder code, a certificate type code and
//! optionally a certificate number. The items are the plan of a run, stored in its [`journal`].
//!
//! The [`engine`] processes each item with one pure function, [`audit::step`]. From the answers so far it returns the next call
//! to make, or the outcome. Calls go through the session of the [`platform`], which throttles them, adds the token and retries
//! transient failures. Every answer is stored in the journal as received. `step` converts raw faces into comparable ones
//! ([`face`]).
//!
//! No later step makes a call: [`table`] applies `step` to the journal and writes Parquet files, [`analysis`] queries them, and
//! [`report`] presents the results to people and schedulers. A live run, a resumed run and a rebuilt report therefore cannot
//! disagree.
//!
//! The [`archive`] downloads the certificates' files from untrusted addresses and records the results in the journal.
//!
//! [`dispatch`] writes workbooks for the departments that have to settle differences, and collects their decisions. [`remedy`]
//! notifies the province of decisions, once each, and verifies the effect with `step`.
//!
//! The [`sandbox`] is a stand-in for the platform. All modules build on the [`endpoint`]s and [`codes`] of the specification
//! and on atomic file writes ([`durable`]).
//!
//! [`init`] contains the files of a new project. [`retention`] removes the personal data of old runs.
//!
//! Modules in order of dependency; each uses only modules after it:
//! [`command`], [`cli`], [`init`], [`dispatch`], [`remedy`], [`report`], [`analysis`], [`archive`], [`engine`], [`table`], [`retention`], [`run_folder`], [`journal`], [`audit`], [`face`],
//! [`platform`], [`sandbox`], [`intake`], [`job`], [`endpoint`], [`codes`], [`sample`], [`durable`], [`child`], [`interrupt`], [`exit`], [`message`].

pub mod analysis;
pub mod archive;
pub mod audit;
pub mod child;
pub mod cli;
pub mod codes;
pub mod command;
pub mod dispatch;
pub mod durable;
pub mod endpoint;
pub mod engine;
pub mod exit;
pub mod face;
pub mod init;
pub mod intake;
pub mod interrupt;
pub mod job;
pub mod journal;
pub mod message;
pub mod platform;
pub mod remedy;
pub mod report;
pub mod retention;
pub mod run_folder;
pub mod sample;
pub mod sandbox;
pub mod table;
