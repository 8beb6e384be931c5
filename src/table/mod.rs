//! The tables of a run: their columns, how they are built from the journal, and how they are read back. Other modules name
//! columns only by the constants defined here.

mod beside;
mod build;
mod decisions;
mod earlier;
mod read;
mod remedies;
pub mod schema;
mod writer;

pub use beside::Beside;
pub use build::{Build, BuildError, build};
pub use decisions::{
    DecidedRun, DecisionsError, MARK_COLUMNS, Matter, certificate_mark, take_earlier_decisions, write_decisions,
};
pub use earlier::{EarlierError, EarlierRows};
pub use read::{Row, Rows, TableError};
pub use schema::{Column, Kind, Table};
