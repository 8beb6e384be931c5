//! The tables of a run: their columns, how they are built from the journal, and how they are read back. No other room
//! names a column but through the constants here.

mod build;
mod earlier;
mod read;
pub mod schema;
mod writer;

pub use build::{Build, BuildError, build};
pub use earlier::{EarlierError, EarlierRows};
pub use read::{Row, Rows, TableError};
pub use schema::{Column, Kind, Table};
