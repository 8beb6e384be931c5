//! Tests of whole rooms and of the program as a process. One binary, for a fast build; the tree mirrors the rooms.

mod architecture;
mod archive;
mod audit;
mod command;
mod dispatch;
mod engine;
mod face;
mod faults;
mod first_hour;
mod intake;
mod job;
mod kills;
mod platform;
mod readme;
mod remedy;
mod report;
mod retention;
mod sample;
mod support;
