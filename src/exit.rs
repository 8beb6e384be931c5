//! Exit codes: what a scheduler may conclude from how the program ended.

use std::process::ExitCode;

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// Done, and every gate holds.
    Done,
    /// A bug, or the disk.
    Internal,
    /// The job file, the inputs or the command line are wrong; nothing was called.
    Invalid,
    /// Stopped before the end; running the same command again goes on from here.
    Resumable,
    /// The platform refuses us: credentials, permission, or a setting that every call would repeat.
    Refused,
    /// Another run of the same job holds its lock.
    Locked,
    /// Done, but a gate is violated.
    GateViolated,
}

impl Exit {
    /// The number that the operating system gets.
    #[must_use]
    pub const fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Internal => 1,
            Self::Invalid => 2,
            Self::Resumable => 3,
            Self::Refused => 4,
            Self::Locked => 5,
            Self::GateViolated => 10,
        }
    }

    /// In a word, for programs that are told.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Internal => "internal_failure",
            Self::Invalid => "invalid",
            Self::Resumable => "stopped",
            Self::Refused => "refused",
            Self::Locked => "locked",
            Self::GateViolated => "gate_violated",
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

/// An error that ends a command: what to tell the person, and the exit code that goes with it.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct Stop {
    /// The exit code.
    pub exit: Exit,
    /// What happened and what to do, in the words of the person's work; may run over several lines.
    pub message: String,
}

impl Stop {
    /// The job file, an input or the command line is wrong.
    pub fn invalid(message: impl Into<String>) -> Self {
        Self { exit: Exit::Invalid, message: message.into() }
    }

    /// The disk or this program failed.
    pub fn internal(message: impl Into<String>) -> Self {
        Self { exit: Exit::Internal, message: message.into() }
    }

    /// Turns a failure of the disk (or of what is stored there) into words: what was being done, then the cause.
    pub fn disk<E: std::fmt::Display>(doing: impl std::fmt::Display) -> impl FnOnce(E) -> Self {
        move |cause| Self::internal(format!("{doing}: {cause}"))
    }
}
