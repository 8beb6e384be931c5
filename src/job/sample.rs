//! `[audit] sample` and `[report] gates_on_sample`.

use super::choices::Recheck;
use super::limits::Limit;
use super::problem::{Collector, excerpt};
use super::resolve::{begins, value};
use super::schema::{self, Place, Schema};
use super::value::{FILLED, Read, one_of, read_text};
use super::written::SampleSection;
use crate::message::Message;
use crate::sample::{Size, StratifyBy, Target};
use serde_json::json;
use std::ops::RangeInclusive;
use toml::Spanned;
use toml::de::DeValue;

/// Limits of `audit.sample.least`. Of fewer than two items of a stratum nothing is known of how much they vary.
pub(super) const LEAST: RangeInclusive<u64> = 2..=100_000;

/// `audit.sample.least` unless the job says otherwise: a rate is then known within 14 percentage points in each stratum.
const USUAL_LEAST: u64 = 50;

/// `[audit] sample`: a stratified sample of the items in place of all of them.
#[derive(Debug, Clone, PartialEq)]
pub struct SampleSettings {
    /// What decides its size.
    pub target: Target,
    /// What the items are stratified by.
    pub by: StratifyBy,
    /// Items that each stratum gives at least.
    pub least: u64,
    /// What decides which items are drawn. `None`: the run's id does, so that each run draws anew.
    pub seed: Option<String>,
}

impl SampleSettings {
    /// Returns the settings of a sample about which nothing but its size is said.
    #[must_use]
    pub const fn of(target: Target) -> Self {
        Self { target, by: StratifyBy::CertType, least: USUAL_LEAST, seed: None }
    }
}

/// What becomes of a gate whose limit lies within the interval of its figure.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum GatesOnSample {
    /// A warning.
    #[default]
    Warn,
    /// The gate counts as violated.
    Strict,
}

impl GatesOnSample {
    const WORDS: [&'static str; 2] = ["warn", "strict"];

    /// Finds it by the word that a job file uses for it.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        match word {
            "warn" => Some(Self::Warn),
            "strict" => Some(Self::Strict),
            _ => None,
        }
    }
}

impl Read for GatesOnSample {
    fn read(value: &Spanned<DeValue<'_>>, key: &str, problems: &mut Collector<'_>) -> Option<Self> {
        read_text(value, key, problems, one_of(Self::WORDS), Self::from_word)
    }

    fn schema(_: &Place<'_>) -> Schema {
        schema::word(Self::WORDS)
    }
}

/// `audit.sample.size`: a number of items, or a text such as `"0.5%"`.
#[derive(Debug, Clone, Copy)]
pub(super) struct SampleSize(Size);

impl Read for SampleSize {
    fn read(value: &Spanned<DeValue<'_>>, key: &str, problems: &mut Collector<'_>) -> Option<Self> {
        if !value.get_ref().is_integer() {
            return read_text(value, key, problems, Message::new("job-expected-sample-size"), Size::parse).map(Self);
        }
        let items = u64::read(value, key, problems)?;
        if items == 0 {
            problems.at(value.span(), Message::new("job-sample-empty").with("key", key));
        }
        Some(Self(Size::Items(items)))
    }

    fn schema(_: &Place<'_>) -> Schema {
        let text = schema::matching(r"^\s*(\+?0*[1-9][0-9]*|[0-9]*\.?[0-9]*\s*%)\s*$");
        schema::of([("anyOf", json!([{ "type": "integer", "minimum": 1 }, text]))])
    }
}

/// `audit.sample.seed`: any text but a blank one.
pub(super) struct Seed;

impl Limit<String> for Seed {
    fn check(&self, value: &Spanned<String>, key: &str, problems: &mut Collector<'_>) {
        if value.get_ref().trim().is_empty() {
            problems.at(value.span(), Message::new("job-empty").with("key", key));
        }
    }

    fn narrow(&self, mut schema: Schema) -> Schema {
        schema.insert("pattern".to_owned(), FILLED.into());
        schema
    }
}

/// Resolves `[audit] sample`; `carried` are the headers of the carried columns.
pub(super) fn resolve(
    written: Option<Spanned<SampleSection>>,
    recheck: Option<&Spanned<Recheck>>,
    carried: &[&str],
    problems: &mut Collector<'_>,
) -> Option<SampleSettings> {
    let written = written?;
    let begins = begins(Some(&written), problems);
    let written = written.into_inner();
    if let Some(recheck) = recheck.filter(|recheck| *recheck.get_ref() == Recheck::Gaps) {
        problems.at(recheck.span(), Message::new("job-sample-recheck"));
    }
    let by = written.by.map(|by| {
        let known = by.get_ref() == StratifyBy::CERT_TYPE || carried.contains(&by.get_ref().as_str());
        if !known {
            let message = Message::new("job-sample-by").with("by", excerpt(by.get_ref()));
            problems.at(by.span(), message.with("type", StratifyBy::CERT_TYPE));
        }
        StratifyBy::from(by.into_inner())
    });
    if written.size.is_none() {
        problems.missing("audit.sample.size", begins);
    }
    let usual = SampleSettings::of(Target::Size(value(written.size)?.0));
    Some(SampleSettings {
        by: by.unwrap_or(usual.by),
        least: value(written.least).unwrap_or(usual.least),
        seed: value(written.seed),
        target: usual.target,
    })
}

#[cfg(test)]
mod tests {
    use super::super::Job;
    use super::*;
    use std::path::Path;

    const GOOD: &str = "[job]\nname = \"demo\"\n[platform]\nbase_url = \"sandbox\"\n[purpose]\nsystem_name = \"s\"\ncall_category = 1\n\
                        matter_name = \"m\"\nevent_code = \"e\"\ncopy_cause = \"c\"\n[[inputs]]\npath = \"a.xlsx\"\ncarry = [\"区市\"]\n";

    fn parse(lines: &str) -> Result<Job, String> {
        Job::parse(Path::new("j.toml"), &format!("{GOOD}{lines}\n")).map_err(|problems| problems.to_string())
    }

    #[test]
    fn a_sample_is_read_with_its_usual_settings() {
        assert_eq!(parse("").unwrap().sample, None);
        let usual = SampleSettings::of(Target::Size(Size::Items(20_000)));
        assert_eq!(parse("[audit]\nsample = { size = 20000 }").unwrap().sample, Some(usual.clone()));
        assert_eq!(parse("[audit.sample]\nsize = \"20000\"").unwrap().sample, Some(usual));
        let all = "[audit]\nsample = { size = \"0.5%\", by = \"区市\", least = 30, seed = \"x\" }";
        let expected = SampleSettings {
            target: Target::Size(Size::Share(0.005)),
            by: StratifyBy::Carried("区市".into()),
            least: 30,
            seed: Some("x".into()),
        };
        assert_eq!(parse(all).unwrap().sample, Some(expected));
    }

    #[test]
    fn what_is_wrong_with_a_sample_is_told_with_its_place() {
        for (lines, expected) in [
            ("[audit]\nsample = { size = 0 }", "j.toml:15:19: job-sample-empty key=audit.sample.size"),
            ("[audit]\nsample = { size = \"many\" }", "j.toml:15:19: job-expected key=audit.sample.size"),
            ("[audit]\nsample = { size = 0.5 }", "j.toml:15:19: job-expected key=audit.sample.size"),
            ("[audit]\nsample = { by = \"区市\" }", "j.toml:15:10: job-missing key=audit.sample.size"),
            ("[audit]\nsample = { size = 9, by = \"部门\" }", "j.toml:15:27: job-sample-by by=部门 type=cert_type_code"),
            ("[audit]\nsample = { size = 9, least = 1 }", "j.toml:15:30: job-between key=audit.sample.least least=2 most=100000"),
            ("[audit]\nsample = { size = 9, seed = \"\" }", "j.toml:15:29: job-empty key=audit.sample.seed"),
            ("[audit]\nsample = { size = 9, sed = 1 }", "j.toml:15:22: job-unknown-key nearest=seed"),
            ("[audit]\nrecheck = \"gaps\"\nsample = { size = 9 }", "j.toml:15:11: job-sample-recheck"),
            ("[report]\ngates_on_sample = \"loose\"", "j.toml:15:19: job-expected key=report.gates_on_sample"),
        ] {
            let told = parse(lines).expect_err(lines);
            assert!(told.starts_with(expected) && told.lines().count() == 1, "{lines}: {told}");
        }
    }

    #[test]
    fn undecided_gates_warn_unless_the_job_is_strict() {
        assert_eq!(parse("").unwrap().report.gates_on_sample, GatesOnSample::Warn);
        let strict = parse("[report]\ngates_on_sample = \"strict\"").unwrap();
        assert_eq!(strict.report.gates_on_sample, GatesOnSample::Strict);
        for word in GatesOnSample::WORDS {
            assert!(GatesOnSample::from_word(word).is_some());
        }
    }
}
