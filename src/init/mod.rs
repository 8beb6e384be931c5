//! The files of a new project: a job file and its schema, an input template, and the files that keep secrets and results out of a
//! repository. The job runs on the sandbox without changes.

mod workbook;

use crate::job::Language;
use crate::report::Words;
use rust_xlsxwriter::XlsxError;
use std::path::{Path, PathBuf};

/// A file of a new project.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StarterFile {
    /// Path relative to the project's folder.
    pub path: PathBuf,
    /// Its content.
    pub bytes: Vec<u8>,
}

/// Name of the job if the folder's name is not suitable.
const DEFAULT_NAME: &str = "audit";

/// Longest name of a job derived from a folder's name, in characters.
const LONGEST_NAME: usize = 30;

/// Returns the name for the first job of a project: the folder's name if it is short and needs no quoting, else `audit`.
#[must_use]
pub fn job_name(dir: &Path) -> String {
    let dir = std::path::absolute(dir).unwrap_or_else(|_| dir.to_owned());
    let name = dir.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let is_plain = name.chars().all(|character| character.is_alphanumeric() || matches!(character, '-' | '_'));
    let is_short = (1..=LONGEST_NAME).contains(&name.chars().count());
    if is_plain && is_short { name.to_owned() } else { DEFAULT_NAME.to_owned() }
}

/// Returns the files of a new project whose job is called `name`, in the language of `words`. `schema` is the JSON Schema of the
/// job file.
///
/// # Errors
/// Fails if the template workbook cannot be created.
pub fn starter_files(name: &str, words: &Words, schema: String) -> Result<Vec<StarterFile>, XlsxError> {
    let (job, env, ignored) = match words.language() {
        Language::ZhCn => (include_str!("zh-CN/job.toml"), include_str!("zh-CN/env.example"), include_str!("zh-CN/gitignore")),
        Language::En => (include_str!("en/job.toml"), include_str!("en/env.example"), include_str!("en/gitignore")),
    };
    let text = |path: String, text: &str| StarterFile { path: path.into(), bytes: text.replace("{name}", name).into_bytes() };
    Ok(vec![
        text(format!("jobs/{name}.toml"), job),
        StarterFile { path: "jobs/job.schema.json".into(), bytes: schema.into_bytes() },
        StarterFile {
            path: format!("inputs/{name}/{}.xlsx", words.text("init-workbook")).into(),
            bytes: workbook::template(words)?,
        },
        text(".env.example".to_owned(), env),
        text(".gitignore".to_owned(), ignored),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::job::{Base, Job, Secret};

    fn job_text(language: Language) -> String {
        let files = starter_files("demo", &Words::new(language), "{}".to_owned()).unwrap();
        let job = files.into_iter().find(|file| file.path == Path::new("jobs/demo.toml")).unwrap();
        String::from_utf8(job.bytes).unwrap()
    }

    fn parse(text: &str) -> Job {
        Job::parse(Path::new("jobs/demo.toml"), text).unwrap_or_else(|problems| panic!("{problems}"))
    }

    #[test]
    fn a_job_is_named_after_its_folder_where_the_name_is_plain() {
        for (dir, name) in [
            ("/srv/zaozhuang", "zaozhuang"),
            ("/srv/枣庄-2026", "枣庄-2026"),
            ("/srv/two words", "audit"),
            ("/srv/.hidden", "audit"),
            ("/srv/a\"b", "audit"),
            ("/", "audit"),
        ] {
            assert_eq!(job_name(Path::new(dir)), name, "{dir}");
        }
        assert_eq!(job_name(Path::new(&"长".repeat(31))), "audit");
    }

    #[test]
    fn the_job_is_sound_in_both_languages_and_alike_but_for_words() {
        let [chinese, english] = [Language::ZhCn, Language::En].map(|language| {
            let job = parse(&job_text(language));
            assert_eq!(job.language, language);
            assert!(matches!(job.platform.base, Base::Sandbox(_)));
            job
        });
        assert_eq!(chinese.throttle.rate, english.throttle.rate);
        assert_eq!(chinese.purpose, english.purpose);
        assert_eq!(chinese.carried(), english.carried());
        assert_eq!(chinese.retention, english.retention);
    }

    #[test]
    fn three_marked_lines_make_the_job_real() {
        for language in [Language::ZhCn, Language::En] {
            let marks = if language == Language::ZhCn { ["【1】", "【2】", "【3】"] } else { ["(1)", "(2)", "(3)"] };
            let text = job_text(language);
            let real: Vec<String> = text
                .lines()
                .map(|line| match marks.iter().position(|mark| line.contains(mark) && line.contains(" = ")) {
                    Some(0) => line.replace("\"sandbox\"", "\"http://10.0.0.1:8080/license-api-release\""),
                    Some(_) => line.trim_start_matches('#').trim_start().to_owned(),
                    None => line.to_owned(),
                })
                .collect();
            let changed = text.lines().zip(&real).filter(|(before, after)| before != after).count();
            assert_eq!(changed, 3, "{language:?}");
            let job = parse(&real.join("\n"));
            assert!(matches!(job.platform.base, Base::Url(_)));
            assert_eq!(job.platform.username, Secret::Env("ECERT_USERNAME".to_owned()));
            assert_eq!(job.platform.password, Secret::Env("ECERT_PASSWORD".to_owned()));
        }
    }
}
