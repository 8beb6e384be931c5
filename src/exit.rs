//! Exit codes: what a scheduler may conclude from how the program ended.

use crate::message::Message;
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

/// The end of a command before its goal: what to tell the person, and the exit code that goes with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stop {
    /// The exit code.
    pub exit: Exit,
    /// What happened and what to do, a line each.
    pub messages: Vec<Message>,
}

impl Stop {
    /// A stop with one message.
    #[must_use]
    pub fn new(exit: Exit, message: Message) -> Self {
        Self { exit, messages: vec![message] }
    }

    /// The job file, an input or the command line is wrong.
    #[must_use]
    pub fn invalid(message: Message) -> Self {
        Self::new(Exit::Invalid, message)
    }

    /// The disk or this program failed.
    #[must_use]
    pub fn internal(message: Message) -> Self {
        Self::new(Exit::Internal, message)
    }

    /// The process was asked to stop; running the same command again goes on.
    #[must_use]
    pub fn interrupted() -> Self {
        Self::new(Exit::Resumable, Message::new("stop-interrupted"))
    }

    /// Turns an error of a library or of the operating system into a stop: what could not be used, then the cause.
    pub fn disk<E: std::fmt::Display>(what: impl std::fmt::Display) -> impl FnOnce(E) -> Self {
        move |cause| Self::internal(Message::new("cannot-use").with("what", what).with("cause", cause))
    }

    /// Turns an error that says all there is to say into a stop.
    pub fn failed(error: impl std::fmt::Display) -> Self {
        Self::internal(Message::literal(error))
    }
}

/// Codes and arguments, a line each; for logs and tests.
impl std::fmt::Display for Stop {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (index, message) in self.messages.iter().enumerate() {
            write!(formatter, "{}{message}", if index > 0 { "\n" } else { "" })?;
        }
        Ok(())
    }
}
