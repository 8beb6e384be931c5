//! What a command says to the person at the terminal: results to standard output, messages to standard error.

use crate::cli::{Global, UiLanguage};
use crate::exit::Stop;
use crate::interrupt::Interrupts;
use crate::job::{Job, JobProblems, Language};
use crate::message::Message;
use crate::report::Words;
use std::cell::OnceCell;
use std::io::{self, Write};
use std::path::Path;

/// The person's terminal, in the person's language.
#[derive(Debug)]
pub(super) struct Terminal {
    /// The language that was typed (`--lang`).
    typed: Option<Language>,
    /// The language of messages now: the one typed, else the job's, else that of the environment.
    language: Language,
    words: OnceCell<Words>,
    pub is_quiet: bool,
    /// The process's signals.
    pub interrupts: Interrupts,
}

impl Terminal {
    pub(super) fn new(global: &Global, interrupts: Interrupts) -> Self {
        let typed = global.lang.map(|language| match language {
            UiLanguage::ZhCn => Language::ZhCn,
            UiLanguage::En => Language::En,
        });
        let language = typed.unwrap_or_else(language_of_environment);
        Self { typed, language, words: OnceCell::new(), is_quiet: global.quiet, interrupts }
    }

    /// Loads a job; from here on messages are in its language, unless another one was typed.
    pub(super) fn load(&mut self, file: &Path) -> Result<Job, Stop> {
        let loaded = Job::load(file);
        let language = match &loaded {
            Ok(job) => Some(job.language),
            Err(problems) => problems.language,
        };
        if let Some(language) = self.typed.or(language) {
            self.speak(language);
        }
        loaded.map_err(JobProblems::into_stop)
    }

    /// From here on messages are in this language, unless another one was typed.
    pub(super) fn speak(&mut self, language: Language) {
        self.language = self.typed.unwrap_or(language);
        self.words = OnceCell::new();
    }

    /// The language that was typed, else that of the job.
    pub(super) fn language(&self) -> Language {
        self.language
    }

    pub(super) fn words(&self) -> &Words {
        self.words.get_or_init(|| Words::new(self.language))
    }

    /// Tells something on standard error. Where nobody listens there, nobody is told; that is no failure of the command.
    pub(super) fn tell(&self, message: &Message) {
        // Names of files and paths that were typed may hold anything, an escape of the terminal's too.
        let harmless = |character: char| if character.is_control() && character != '\n' { '\u{FFFD}' } else { character };
        let text: String = self.words().say(message).chars().map(harmless).collect();
        let _ = writeln!(io::stderr(), "ecert-audit: {text}");
    }

    /// Tells why a command ended before its goal.
    pub(super) fn tell_stop(&self, stop: &Stop) {
        for message in &stop.messages {
            self.tell(message);
        }
    }

    /// Ends a result by printing it on standard output.
    #[expect(clippy::unused_self, reason = "what is printed goes where the messages go: to the person")]
    pub(super) fn print(&self, text: &str) -> Result<(), Stop> {
        let mut stdout = io::stdout().lock();
        match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
            // Whoever reads the other end has seen enough.
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
            other => other.map_err(Stop::disk("stdout")),
        }
    }
}

/// The language of the environment (`LC_ALL`, `LC_MESSAGES`, `LANG`): Chinese where it names it, else English.
fn language_of_environment() -> Language {
    let named =
        ["LC_ALL", "LC_MESSAGES", "LANG"].iter().find_map(|name| std::env::var(name).ok().filter(|value| !value.is_empty()));
    if named.is_some_and(|value| value.starts_with("zh")) { Language::ZhCn } else { Language::En }
}
