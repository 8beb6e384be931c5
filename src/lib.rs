//! The way of the data, told once.
//!
//! A job file ([`job`]) names spreadsheets. The [`intake`] turns them into items: a holder code, a certificate type code,
//! perhaps a certificate number. The items are the plan of a run, kept in its [`journal`].
//!
//! The [`engine`] carries each item through one pure function, [`audit::step`]: from the answers so far it says which call
//! to make next, or what the answers come to. Calls go through the [`platform`]'s session, which throttles, carries the
//! token and tries again; every answer goes into the journal as received. Raw [`face`]s become comparable there.
//!
//! All that follows makes no call: [`table`] runs `step` over the journal and writes Parquet files, [`analysis`] asks
//! them questions, [`report`] tells the answers to people and schedulers. So a live run, a resumed run and a rebuilt
//! report cannot disagree.
//!
//! The [`archive`] fetches the certificates' files, from addresses that are not trusted, and notes in the journal what came
//! of each.
//!
//! What departments have to settle goes to them as workbooks, and what they decide comes back ([`dispatch`]). What of it the
//! province has to be told, it is told once, and the audit's own function says whether that took effect ([`remedy`]).
//!
//! The [`sandbox`] stands in for the platform. Under everything lie the [`endpoint`]s and [`codes`] of the
//! specification, and files that land whole ([`durable`]).
//!
//! A [`sample`] of the items stands for all of them: it is drawn while the inputs are read, and [`analysis`] estimates from it.
//!
//! What a new project begins with is in [`init`]; what old runs keep of people, and for how long, in [`retention`].
//!
//! Rooms, from the top; each uses only rooms below its own:
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
