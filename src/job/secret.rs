//! Sources of secrets. A source can be stored and logged; the secret itself is fetched when it is needed.

use crate::child::{self, Ended};
use crate::message::Message;
use std::fmt;
use std::io::Read;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

/// Timeout of fetching a secret from a program or a file.
const LIMIT: Duration = Duration::from_secs(30);
/// Longest secret, in bytes. A longer file or output is not a password.
const LONGEST: u64 = 64 << 10;

/// Source of a secret, which is fetched only when it is needed.
#[derive(Clone, PartialEq, Eq)]
pub enum Secret {
    /// An environment variable.
    Env(String),
    /// The first line of a file.
    File(PathBuf),
    /// The first line of a program's output.
    Command(Vec<String>),
    /// The value itself, used for user names and for the sandbox's password.
    Literal(String),
}

impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Secret")
    }
}

impl Secret {
    /// Fetches the secret.
    ///
    /// # Errors
    /// Fails if the variable is not set, the file cannot be read, the program fails or takes longer than 30 seconds, or if the
    /// result is empty or not UTF-8 text. The message names the source and never the secret.
    pub fn reveal(&self) -> Result<String, Message> {
        let bytes = match self {
            Self::Literal(text) => text.clone().into_bytes(),
            Self::Env(name) => match std::env::var(name) {
                Ok(text) => text.into_bytes(),
                Err(std::env::VarError::NotPresent) => return Err(Message::new("secret-no-variable").with("name", name)),
                Err(std::env::VarError::NotUnicode(_)) => return Err(Message::new("secret-no-text")),
            },
            Self::File(path) => {
                let mut bytes = Vec::new();
                std::fs::File::open(path)
                    .and_then(|file| file.take(LONGEST).read_to_end(&mut bytes))
                    .map_err(|error| Message::new("secret-no-file").with("path", path.display()).with("cause", error))?;
                bytes
            }
            Self::Command(command) => printed(command)?,
        };
        // Windows editors begin a text file with a byte order mark, which is not part of the password.
        let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(&bytes);
        let text = std::str::from_utf8(bytes).map_err(|_| Message::new("secret-no-text"))?;
        let first_line = text.lines().next().unwrap_or_default().trim();
        if first_line.is_empty() { Err(Message::new("secret-empty")) } else { Ok(first_line.to_owned()) }
    }

    /// Fetches the secret without blocking the caller's thread, within about 30 seconds.
    ///
    /// # Errors
    /// Fails as [`reveal`](Self::reveal) does, and if the secret does not come in time.
    pub async fn reveal_soon(&self) -> Result<String, Message> {
        if matches!(self, Self::Literal(_) | Self::Env(_)) {
            return self.reveal();
        }
        let (sender, receiver) = tokio::sync::oneshot::channel();
        let secret = self.clone();
        // Uses a thread outside the runtime: opening a FIFO without a writer blocks for ever, and a runtime waits for its threads
        // when it ends.
        std::thread::spawn(move || {
            // Fails if the receiver has timed out.
            let _ = sender.send(secret.reveal());
        });
        match tokio::time::timeout(LIMIT + Duration::from_secs(1), receiver).await {
            Ok(Ok(revealed)) => revealed,
            _ => Err(self.late_message()),
        }
    }

    fn late_message(&self) -> Message {
        let what = match self {
            Self::File(path) => path.display().to_string(),
            Self::Command(command) => command.first().cloned().unwrap_or_default(),
            Self::Env(name) => name.clone(),
            Self::Literal(_) => String::new(),
        };
        Message::new("secret-late").with("what", what).with("seconds", LIMIT.as_secs())
    }
}

/// Returns the output of a program.
fn printed(command: &[String]) -> Result<Vec<u8>, Message> {
    let Some((program, arguments)) = command.split_first() else { return Err(Message::new("secret-empty")) };
    let late = || Message::new("secret-late").with("what", program).with("seconds", LIMIT.as_secs());
    let ended = child::output_within(Command::new(program).args(arguments), LIMIT, LONGEST);
    match ended.map_err(|error| Message::new("secret-no-program").with("program", program).with("cause", error))? {
        Ended::TimedOut => Err(late()),
        Ended::Exited { status, stdout } if status.success() => Ok(stdout),
        Ended::Exited { status, .. } => {
            Err(Message::new("secret-program-failed").with("program", program).with("status", status))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_read_from_its_place_and_never_shown() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "hunter2\n").unwrap();
        assert_eq!(Secret::File(file.path().to_owned()).reveal().unwrap(), "hunter2");
        assert_eq!(Secret::Command(vec!["echo".into(), "hunter3".into()]).reveal().unwrap(), "hunter3");
        let why = |secret: Secret| secret.reveal().unwrap_err().to_string();
        assert!(why(Secret::Command(vec!["false".into()])).contains("program=false"));
        assert!(why(Secret::Env("ECERT_NO_SUCH_VARIABLE".into())).contains("name=ECERT_NO_SUCH_VARIABLE"));
        std::fs::write(file.path(), "\u{FEFF}hunter2\r\n").unwrap();
        assert_eq!(Secret::File(file.path().to_owned()).reveal().unwrap(), "hunter2", "a byte order mark is no part of it");
        assert_eq!(format!("{:?}", Secret::Literal("hunter2".into())), "Secret");
    }
}
