//! Texts of reports and messages in the reader's language. They are stored in `messages/`, one folder per language.

use crate::audit::Status;
use crate::job::Language;
use crate::message::{Argument, Message};
use fluent_bundle::{FluentArgs, FluentBundle, FluentResource};
use std::collections::HashMap;

/// Returns the message files of a language.
const fn sources(language: Language) -> &'static [&'static str] {
    match language {
        Language::ZhCn => &[
            include_str!("messages/zh-CN/report.ftl"),
            include_str!("messages/zh-CN/intake_text.ftl"),
            include_str!("messages/zh-CN/intake_workbook.ftl"),
            include_str!("messages/zh-CN/intake_rows.ftl"),
            include_str!("messages/zh-CN/intake_items.ftl"),
            include_str!("messages/zh-CN/job.ftl"),
            include_str!("messages/zh-CN/platform.ftl"),
            include_str!("messages/zh-CN/run.ftl"),
            include_str!("messages/zh-CN/sandbox.ftl"),
            include_str!("messages/zh-CN/audit.ftl"),
            include_str!("messages/zh-CN/layout.ftl"),
            include_str!("messages/zh-CN/archive.ftl"),
            include_str!("messages/zh-CN/first_hour.ftl"),
            include_str!("messages/zh-CN/job_schema.ftl"),
            include_str!("messages/zh-CN/dispatch.ftl"),
            include_str!("messages/zh-CN/remedy.ftl"),
            include_str!("messages/zh-CN/sample.ftl"),
        ],
        Language::En => &[
            include_str!("messages/en/report.ftl"),
            include_str!("messages/en/intake_text.ftl"),
            include_str!("messages/en/intake_workbook.ftl"),
            include_str!("messages/en/intake_rows.ftl"),
            include_str!("messages/en/intake_items.ftl"),
            include_str!("messages/en/job.ftl"),
            include_str!("messages/en/platform.ftl"),
            include_str!("messages/en/run.ftl"),
            include_str!("messages/en/sandbox.ftl"),
            include_str!("messages/en/audit.ftl"),
            include_str!("messages/en/layout.ftl"),
            include_str!("messages/en/archive.ftl"),
            include_str!("messages/en/first_hour.ftl"),
            include_str!("messages/en/job_schema.ftl"),
            include_str!("messages/en/dispatch.ftl"),
            include_str!("messages/en/remedy.ftl"),
            include_str!("messages/en/sample.ftl"),
        ],
    }
}

/// Texts in one language.
pub struct Words {
    language: Language,
    bundle: FluentBundle<FluentResource>,
    /// Messages without arguments, formatted once because they are used for many cells.
    plain: HashMap<String, String>,
}

impl std::fmt::Debug for Words {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Words").field("language", &self.language).finish_non_exhaustive()
    }
}

impl Words {
    /// Loads the texts of a language.
    #[must_use]
    pub fn new(language: Language) -> Self {
        let mut words = Self { language, bundle: FluentBundle::new(Vec::new()), plain: HashMap::new() };
        words.bundle.set_use_isolating(false);
        for source in sources(language) {
            // Tests ensure that the files have no errors, so at run time invalid entries are skipped.
            let resource = FluentResource::try_new((*source).to_owned()).unwrap_or_else(|(resource, _)| resource);
            let _ = words.bundle.add_resource(resource);
        }
        for (key, _) in sources(language).iter().flat_map(|source| source.lines()).filter_map(|line| line.split_once(" = ")) {
            if let Some(text) = words.format(key, None) {
                words.plain.insert(key.to_owned(), text);
            }
        }
        words
    }

    /// Returns the language.
    #[must_use]
    pub const fn language(&self) -> Language {
        self.language
    }

    /// Returns the text of a message without arguments.
    #[must_use]
    pub fn text<'a>(&'a self, key: &'a str) -> &'a str {
        self.plain.get(key).map_or(key, String::as_str)
    }

    /// Returns the text of a message with these arguments.
    #[must_use]
    pub fn fill(&self, key: &str, values: &[(&str, &str)]) -> String {
        let mut arguments = FluentArgs::new();
        for (name, value) in values {
            arguments.set(*name, *value);
        }
        self.format(key, Some(&arguments)).unwrap_or_else(|| key.to_owned())
    }

    /// Returns the sentence of a message. A code without a sentence is shown with its arguments.
    #[must_use]
    pub fn say(&self, message: &Message) -> String {
        let mut arguments = FluentArgs::new();
        for (name, argument) in message.arguments() {
            let text = match argument {
                Argument::Text(text) => text.clone(),
                Argument::Message(message) => self.say(message),
                Argument::List(messages) => {
                    messages.iter().map(|message| self.say(message)).collect::<Vec<_>>().join(self.text("list-semicolon"))
                }
            };
            arguments.set(name.to_owned(), text);
        }
        self.format(message.code(), Some(&arguments)).unwrap_or_else(|| message.to_string())
    }

    fn format(&self, key: &str, arguments: Option<&FluentArgs<'_>>) -> Option<String> {
        let pattern = self.bundle.get_message(key)?.value()?;
        let mut problems = Vec::new();
        let text = self.bundle.format_pattern(pattern, arguments, &mut problems).into_owned();
        problems.is_empty().then_some(text)
    }

    /// Returns the display name of a name from a table, from the message `kind-name`; the name itself if there is none.
    #[must_use]
    pub fn named<'a>(&'a self, kind: &str, name: &'a str) -> &'a str {
        self.plain.get(&format!("{kind}-{name}")).map_or(name, String::as_str)
    }

    /// Returns the display name of a status.
    #[must_use]
    pub fn status(&self, status: Status) -> &str {
        self.plain.get(&format!("status-{}", status.name())).map_or(status.name(), String::as_str)
    }

    /// Returns why two values differ, from the reason in the differences table. If values are masked, the reason quotes none.
    #[must_use]
    pub fn reason(&self, text: &str, quotes: bool) -> String {
        let (word, about) = text.split_once(':').unwrap_or((text, ""));
        match (word, about.strip_prefix('-')) {
            ("days_apart", Some(days)) => self.fill("reason-city-earlier", &[("about", days)]),
            ("days_apart", None) => self.fill("reason-city-later", &[("about", about)]),
            ("longer_in_city" | "longer_in_province", _) if !quotes => self.text(&format!("reason-{word}-masked")).to_owned(),
            ("longer_in_city" | "longer_in_province" | "character", _) => {
                self.fill(&format!("reason-{word}"), &[("about", about)])
            }
            _ => self.named("reason", word).to_owned(),
        }
    }

    /// Returns the kinds of repair of an input value; their names in the table are separated by commas.
    #[must_use]
    pub fn repair(&self, names: &str) -> String {
        names.split(',').map(|name| self.named("repair", name)).collect::<Vec<_>>().join(self.text("list-comma"))
    }

    /// Formats a share as a percentage with two decimals; a dash if it is `None`.
    #[must_use]
    pub fn percent(&self, share: Option<f64>) -> String {
        share.map_or_else(|| self.text("dash").to_owned(), |share| format!("{:.2}%", share * 100.0))
    }
}
