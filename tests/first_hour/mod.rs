//! The first hour: a project to begin with, the schema of its job file, help in shells and manuals, and what `doctor` says.

mod doctor;
mod help;
mod init;
mod schema;
