//! Samples and what they tell about all items, in the long run.

mod by_rank;
mod command;
mod library;
mod simulation;
