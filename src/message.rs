//! Messages to people as codes with arguments.
//!
//! A module that finds something out makes a [`Message`]; it becomes a sentence only where it is printed, in the reader's
//! language (`report::Words::say`). The codes are the keys of the Fluent files under `src/report/messages/`.

use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::fmt;

/// A message to a person: a code of the message catalogue and its arguments by name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Message {
    code: Cow<'static, str>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    arguments: Vec<(Cow<'static, str>, Argument)>,
}

/// An argument of a message.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Argument {
    /// A text that is the same in every language: a name, a path, a count.
    Text(String),
    /// Another message, said in the same language.
    Message(Box<Message>),
    /// Several messages, joined by the language's list separator.
    List(Vec<Message>),
}

/// Code of [`Message::literal`]; its one argument is the text itself.
const LITERAL: &str = "literal";

impl Message {
    /// A message without arguments yet.
    #[must_use]
    pub const fn new(code: &'static str) -> Self {
        Self { code: Cow::Borrowed(code), arguments: Vec::new() }
    }

    /// A text that is no message of ours, such as what an operating system says; the same in every language.
    #[must_use]
    pub fn literal(text: impl fmt::Display) -> Self {
        Self::new(LITERAL).with("text", text)
    }

    /// The message with an argument that is the same in every language.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl fmt::Display) -> Self {
        self.arguments.push((Cow::Borrowed(name), Argument::Text(value.to_string())));
        self
    }

    /// The message with another message as an argument.
    #[must_use]
    pub fn with_message(mut self, name: &'static str, message: Self) -> Self {
        self.arguments.push((Cow::Borrowed(name), Argument::Message(Box::new(message))));
        self
    }

    /// The message with several messages as one argument.
    #[must_use]
    pub fn with_list(mut self, name: &'static str, messages: Vec<Self>) -> Self {
        self.arguments.push((Cow::Borrowed(name), Argument::List(messages)));
        self
    }

    /// Its code: the key of its sentence in the message catalogue.
    #[must_use]
    pub fn code(&self) -> &str {
        &self.code
    }

    /// Its arguments by name.
    pub fn arguments(&self) -> impl Iterator<Item = (&str, &Argument)> {
        self.arguments.iter().map(|(name, argument)| (name.as_ref(), argument))
    }

    /// Reads a message back from the JSON that it was stored as; a text that is none becomes a literal.
    #[must_use]
    pub fn from_stored(text: &str) -> Self {
        serde_json::from_str(text).unwrap_or_else(|_| Self::literal(text))
    }

    /// The message as JSON, for storage.
    #[must_use]
    pub fn to_stored(&self) -> String {
        // Texts and lists of texts always have a JSON form.
        serde_json::to_string(self).unwrap_or_default()
    }
}

/// The code and the arguments, for logs and for programs: `file-not-found path=inputs/a.xlsx`.
impl fmt::Display for Message {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.code)?;
        for (name, argument) in &self.arguments {
            match argument {
                Argument::Text(text) => write!(formatter, " {name}={text}")?,
                Argument::Message(message) => write!(formatter, " {name}=({message})")?,
                Argument::List(messages) => {
                    write!(formatter, " {name}=[")?;
                    for (index, message) in messages.iter().enumerate() {
                        write!(formatter, "{}{message}", if index > 0 { "; " } else { "" })?;
                    }
                    write!(formatter, "]")?;
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stored_message_is_read_back() {
        let inner = Message::new("file-empty");
        let message = Message::new("file-problem").with("file", "a.xlsx").with_message("reason", inner.clone());
        let list = Message::new("several").with_list("parts", vec![inner, Message::literal("x")]);
        for message in [message, list] {
            assert_eq!(Message::from_stored(&message.to_stored()), message);
        }
        assert_eq!(Message::from_stored("补填代码。"), Message::literal("补填代码。"));
    }

    #[test]
    fn a_message_shows_its_code_and_arguments() {
        let message = Message::new("several").with("count", 2).with_list("parts", vec![Message::new("a"), Message::new("b")]);
        assert_eq!(message.to_string(), "several count=2 parts=[a; b]");
    }
}
