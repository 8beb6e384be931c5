//! Output of a command: results to standard output, messages to standard error.

use crate::cli::{Global, UiLanguage};
use crate::exit::Stop;
use crate::interrupt::Interrupts;
use crate::job::{Job, JobProblems, Language};
use crate::message::Message;
use crate::report::Words;
use std::cell::OnceCell;
use std::io::{self, Write};
use std::path::Path;

/// Standard output and error, with the language of messages.
#[derive(Debug)]
pub(super) struct Terminal {
    /// Language given on the command line (`--lang`).
    typed: Option<Language>,
    /// Current language of messages: from the command line, else from the job, else from the environment.
    language: Language,
    words: OnceCell<Words>,
    pub is_quiet: bool,
    /// Signals sent to the process.
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

    /// Loads a job. Later messages are in its language unless `--lang` is given.
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

    /// Sets the language of later messages unless `--lang` is given.
    pub(super) fn speak(&mut self, language: Language) {
        self.language = self.typed.unwrap_or(language);
        self.words = OnceCell::new();
    }

    /// Returns the language given on the command line, else that of the job.
    pub(super) fn language(&self) -> Language {
        self.language
    }

    pub(super) fn words(&self) -> &Words {
        self.words.get_or_init(|| Words::new(self.language))
    }

    /// Prints a message on standard error. A failure to write is ignored, because the command can do its work without it.
    pub(super) fn tell(&self, message: &Message) {
        // Names of files and paths that were typed may hold anything, an escape of the terminal's too.
        let harmless = |character: char| if character.is_control() && character != '\n' { '\u{FFFD}' } else { character };
        let text: String = self.words().say(message).chars().map(harmless).collect();
        let _ = writeln!(io::stderr(), "ecert-audit: {text}");
    }

    /// Prints the messages of an error.
    pub(super) fn tell_stop(&self, stop: &Stop) {
        for message in &stop.messages {
            self.tell(message);
        }
    }

    /// Prints a result on standard output.
    #[expect(clippy::unused_self, reason = "what is printed goes where the messages go: to the person")]
    pub(super) fn print(&self, text: &str) -> Result<(), Stop> {
        let mut stdout = io::stdout().lock();
        match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
            // The reader has closed the pipe, as `head` does, and needs no more output.
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
            other => other.map_err(Stop::disk("stdout")),
        }
    }
}

/// Returns the language of the environment (`LC_ALL`, `LC_MESSAGES`, `LANG`): Chinese if it is set so, else English.
fn language_of_environment() -> Language {
    let named =
        ["LC_ALL", "LC_MESSAGES", "LANG"].iter().find_map(|name| std::env::var(name).ok().filter(|value| !value.is_empty()));
    if named.is_some_and(|value| value.starts_with("zh")) { Language::ZhCn } else { Language::En }
}
