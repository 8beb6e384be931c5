//! `schema`: prints the JSON Schema of the job file, for editors.

use super::terminal::Terminal;
use crate::exit::{Exit, Stop};
use crate::job::job_schema;
use crate::report::Words;

pub(super) fn schema(terminal: &Terminal) -> Result<Exit, Stop> {
    terminal.print(&text(terminal.words())?)?;
    Ok(Exit::Done)
}

/// Returns the JSON Schema of the job file, described in the language of `words`.
pub(super) fn text(words: &Words) -> Result<String, Stop> {
    let describe = |path: &str| {
        let dash = if path.is_empty() { "" } else { "-" };
        let key = format!("schema{dash}{}", path.replace('.', "-"));
        let description = words.text(&key);
        (description != key).then(|| description.to_owned())
    };
    let text = serde_json::to_string_pretty(&job_schema(&describe)).map_err(Stop::disk("the schema"))?;
    Ok(format!("{text}\n"))
}
