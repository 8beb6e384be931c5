//! Secrets: where they come from, never what they are.

use std::fmt;
use std::path::PathBuf;
use std::process::Command;

/// A place that a secret is fetched from when it is needed, and not before.
#[derive(Clone, PartialEq, Eq)]
pub enum Secret {
    /// An environment variable.
    Env(String),
    /// The first line of a file.
    File(PathBuf),
    /// The first line that a program prints.
    Command(Vec<String>),
    /// Known already (a user name, or the sandbox's password).
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
    /// Why it could not be had, naming the place and never the secret.
    pub fn reveal(&self) -> Result<String, String> {
        let text = match self {
            Self::Literal(text) => text.clone(),
            Self::Env(name) => std::env::var(name).map_err(|_| format!("the environment variable {name} is not set"))?,
            Self::File(path) => {
                std::fs::read_to_string(path).map_err(|error| format!("cannot read {}: {error}", path.display()))?
            }
            Self::Command(command) => {
                let output = Command::new(&command[0])
                    .args(&command[1..])
                    .output()
                    .map_err(|error| format!("cannot run {}: {error}", command[0]))?;
                if !output.status.success() {
                    return Err(format!("{} ended with {}", command[0], output.status));
                }
                String::from_utf8(output.stdout).map_err(|_| format!("{} did not print text", command[0]))?
            }
        };
        let first_line = text.lines().next().unwrap_or_default().trim();
        if first_line.is_empty() { Err("it is empty".to_owned()) } else { Ok(first_line.to_owned()) }
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
        assert!(Secret::Command(vec!["false".into()]).reveal().unwrap_err().contains("false"));
        assert!(Secret::Env("ECERT_NO_SUCH_VARIABLE".into()).reveal().unwrap_err().contains("ECERT_NO_SUCH_VARIABLE"));
        assert_eq!(format!("{:?}", Secret::Literal("hunter2".into())), "Secret");
    }
}
