//! Pipeline overview: how a job file becomes reports, and which module owns each step.
//!
//! The crate audits electronic certificates (电子证照): which ones a province's and a city's library hold, and where the two
//! disagree. `docs/architecture.md` is the long form of this page.
//!
//! # From a job file to reports
//!
//! 1. A job file ([`job`]) names spreadsheets. [`intake`] turns them into items: a holder code, a certificate type code, and
//!    perhaps a certificate number. The items are the plan of a run, and are kept in its [`journal`].
//! 2. The [`engine`] carries each item to its end through one pure function, [`audit::step`], which returns the calls to make
//!    next, or the outcome. Calls go through the session of the [`platform`]: it throttles, carries the token, and repeats what
//!    may succeed later. Every answer is journaled as received.
//! 3. [`table`] runs `step` over the journal and writes Parquet files, in which the [`face`]s of both sides are compared.
//!    [`analysis`] reads the tables, and [`report`] writes the workbook, the page and the figures. None of this makes a call.
//!
//! Because one function decides what to ask and what answers mean, a live run, a resumed run and a rebuilt report cannot
//! disagree.
//!
//! # Around a run
//!
//! [`archive`] fetches the certificates' files, from addresses that are not trusted. [`dispatch`] sends departments what they
//! have to settle and takes their decisions back; [`remedy`] tells the province what the city has and what was decided, and
//! verifies the effect. Both files and notifications are tasks of the same engine. [`sample`] draws a part of the items, from
//! which [`analysis`] estimates figures of all. [`retention`] removes the personal data of old runs. [`init`] starts a project.
//!
//! The [`sandbox`] stands in for the platform. It shares the [`endpoint`]s, the [`codes`] and its own settings with the rest,
//! and never reads the audit.
//!
//! # Layers
//!
//! Each module uses only modules that follow it in this list; `tests/architecture.rs` checks that.
//!
//! [`command`], [`cli`], [`init`], [`dispatch`], [`remedy`], [`report`], [`analysis`], [`archive`], [`engine`], [`table`],
//! [`retention`], [`run_folder`], [`journal`], [`audit`], [`face`], [`platform`], [`sandbox`], [`intake`], [`job`],
//! [`endpoint`], [`codes`], [`sample`], [`durable`], [`child`], [`interrupt`], [`exit`], [`message`].

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
