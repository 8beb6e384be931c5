//! The words of reports and messages, in the reader's language. They lie in `messages/`, a folder a language.

use crate::audit::Status;
use crate::job::Language;
use crate::message::{Argument, Message};
use fluent_bundle::{FluentArgs, FluentBundle, FluentResource};
use std::collections::HashMap;

/// The message files of a language.
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

/// Words in one language.
pub struct Words {
    language: Language,
    bundle: FluentBundle<FluentResource>,
    /// Messages that need no values, ready to be used for every cell.
    plain: HashMap<String, String>,
}

impl std::fmt::Debug for Words {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Words").field("language", &self.language).finish_non_exhaustive()
    }
}

impl Words {
    /// The words of a language.
    #[must_use]
    pub fn new(language: Language) -> Self {
        let mut words = Self { language, bundle: FluentBundle::new(Vec::new()), plain: HashMap::new() };
        words.bundle.set_use_isolating(false);
        for source in sources(language) {
            // What a file gets wrong, the tests tell; whoever runs the program gets the rest.
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

    /// The language.
    #[must_use]
    pub const fn language(&self) -> Language {
        self.language
    }

    /// The text of a message that needs no values.
    #[must_use]
    pub fn text<'a>(&'a self, key: &'a str) -> &'a str {
        self.plain.get(key).map_or(key, String::as_str)
    }

    /// The text of a message with its values.
    #[must_use]
    pub fn fill(&self, key: &str, values: &[(&str, &str)]) -> String {
        let mut arguments = FluentArgs::new();
        for (name, value) in values {
            arguments.set(*name, *value);
        }
        self.format(key, Some(&arguments)).unwrap_or_else(|| key.to_owned())
    }

    /// The sentence of a message. A code that the catalogue lacks is shown as it is, with its arguments.
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

    /// What people call something that tables name: `kind-name`; the name itself where there is no word for it.
    #[must_use]
    pub fn named<'a>(&'a self, kind: &str, name: &'a str) -> &'a str {
        self.plain.get(&format!("{kind}-{name}")).map_or(name, String::as_str)
    }

    /// A status.
    #[must_use]
    pub fn status(&self, status: Status) -> &str {
        self.plain.get(&format!("status-{}", status.name())).map_or(status.name(), String::as_str)
    }

    /// Why two values differ: a word and perhaps what it is about, as tables have it. Where values are masked, it quotes none.
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

    /// What was done to an input value: names joined by commas.
    #[must_use]
    pub fn repair(&self, names: &str) -> String {
        names.split(',').map(|name| self.named("repair", name)).collect::<Vec<_>>().join(self.text("list-comma"))
    }

    /// A share as a percentage with two decimals; a dash where there is none.
    #[must_use]
    pub fn percent(&self, share: Option<f64>) -> String {
        share.map_or_else(|| self.text("dash").to_owned(), |share| format!("{:.2}%", share * 100.0))
    }
}
