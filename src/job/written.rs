//! The job file as written: every key optional, every value with its position, unknown keys rejected.

use super::choices::{
    ArchiveFormat, ArchiveVia, Certificates, Depth, Language, Mask, Period, Recheck, RemedyAction, TokenRequest,
};
use super::limits::{self, Limit};
use super::problem::Collector;
use super::sample::{self, GatesOnSample, SampleSize};
use super::schema::{Place, Schema, SectionSchema};
use super::secret::Secret;
use super::syntax;
use super::texts;
use super::value::{Bytes, FieldName, HeaderRow, NamesByField, Rate, Read, SheetChoice, TreatmentName, UserName};
use super::window::DayWindow;
use crate::message::Message;
use std::collections::BTreeMap;
use std::ops::Range;
use std::time::Duration;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// Declares a section of the job file as a struct of optional values with positions, and derives the reading of its keys and
/// their JSON Schema. A limit on a value follows `=>`. `#[required]` marks a key as required in the JSON Schema only; its
/// presence is checked when the section is resolved, where it is known what else may replace it.
macro_rules! section {
    ($(#[$meta:meta])* $name:ident { $($(#[$required:ident])? $key:ident: $kind:ty $(=> $limit:expr)?),+ $(,)? }) => {
        $(#[$meta])*
        #[derive(Debug, Default)]
        pub(super) struct $name {
            $(pub $key: Option<Spanned<$kind>>),+
        }

        impl $name {
            fn read_table(table: &DeTable<'_>, path: &str, begins: usize, problems: &mut Collector<'_>) -> Self {
                const KEYS: &[&str] = &[$(stringify!($key)),+];
                let mut section = Self::default();
                for (key, value) in table {
                    let dot = if path.is_empty() { "" } else { "." };
                    let full = format!("{path}{dot}{}", key.get_ref());
                    match &**key.get_ref() {
                        $(stringify!($key) => {
                            section.$key = <$kind>::read(value, &full, problems).map(|read| Spanned::new(value.span(), read));
                            if section.$key.is_none() {
                                problems.misread(&full, begins);
                            }
                            $(if let Some(read) = &section.$key {
                                Limit::<$kind>::check(&$limit, read, &full, problems);
                            })?
                        })+
                        unknown => problems.unknown_key(key.span(), unknown, path, KEYS),
                    }
                }
                section
            }
        }

        impl Read for $name {
            const IS_SECTION: bool = true;

            fn read(value: &Spanned<DeValue<'_>>, key: &str, problems: &mut Collector<'_>) -> Option<Self> {
                let Some(table) = value.get_ref().as_table() else {
                    problems.at(value.span(), Message::new("job-expected-section").with("key", key));
                    return None;
                };
                Some(Self::read_table(table, key, value.span().start, problems))
            }

            fn schema(place: &Place<'_>) -> Schema {
                let mut section = SectionSchema::default();
                $(
                    let schema = <$kind>::schema(&place.at(stringify!($key)));
                    $(let schema = Limit::<$kind>::narrow(&$limit, schema);)?
                    section.add(place, stringify!($key), schema);
                    $(section.$required(stringify!($key));)?
                )+
                section.finish()
            }
        }
    };
}

section! {
    /// The whole file.
    Written {
        #[required]
        job: JobSection,
        #[required]
        platform: PlatformSection,
        #[required]
        purpose: PurposeSection,
        #[required]
        inputs: Vec<Spanned<InputSection>>,
        audit: AuditSection,
        catalogue: CatalogueSection,
        faces: FacesSection,
        throttle: ThrottleSection,
        retry: RetrySection,
        archive: ArchiveSection,
        report: ReportSection,
        remediate: RemediateSection,
        notify: NotifySection,
        retention: RetentionSection,
        output: OutputSection,
    }
}

section! {
    JobSection {
        #[required]
        name: String => texts::FolderName,
        period: Period,
        language: Language,
    }
}

section! {
    PlatformSection {
        #[required]
        base_url: String => texts::BaseUrl,
        username: UserName,
        password: Secret,
        connect_timeout: Duration => limits::TIMEOUT,
        timeout: Duration => limits::TIMEOUT,
        token_request: TokenRequest,
        ca_file: String => texts::UsablePath,
        max_answer: Bytes => limits::ANSWER,
        codes: BTreeMap<String, Spanned<TreatmentName>> => texts::ReturnCodes,
        sandbox: SandboxSection,
    }
}

section! {
    SandboxSection {
        seed: u64,
        latency: Range<Duration> => limits::LATENCY,
        fault_rate: f64 => limits::FaultRate,
        lasting_rate: f64 => limits::FaultRate,
        oddities: Vec<String> => texts::Oddities,
        settle_delay: Duration => limits::SETTLE_DELAY,
    }
}

section! {
    PurposeSection {
        #[required]
        system_name: String => texts::PurposeText,
        #[required]
        call_category: u32 => limits::CallCategory,
        #[required]
        matter_name: String => texts::PurposeText,
        #[required]
        event_code: String => texts::PurposeText,
        #[required]
        copy_cause: String => texts::CopyCause,
        call_district: String,
        call_department: String,
        district_level: String,
    }
}

section! {
    InputSection {
        #[required]
        path: String => texts::UsablePath,
        sheet: SheetChoice,
        header_row: HeaderRow,
        columns: ColumnsSection,
        defaults: DefaultsSection,
        carry: Vec<Spanned<String>>,
    }
}

section! {
    ColumnsSection {
        holder_code: String,
        holder_code_type: String,
        cert_type_code: String,
        certificate_number: String,
        cert_type_name: String,
        extraction_code: String,
    }
}

section! {
    DefaultsSection {
        cert_type_code: Vec<Spanned<String>> => texts::TypeCodes,
        holder_code_type: String,
    }
}

section! {
    FacesSection {
        fields: NamesByField,
        province: NamesByField,
        city: NamesByField,
        types: BTreeMap<String, Spanned<TypeFacesSection>> => texts::TypeCodeKeys,
        compare: CompareSection,
    }
}

section! { CatalogueSection { types: Vec<Spanned<TypeSection>> } }

section! {
    TypeSection {
        #[required]
        code: String => texts::TypeCode,
        name: String,
        names: Vec<String>,
    }
}

section! { TypeFacesSection { fields: NamesByField, ignore: Vec<FieldName> } }

section! { CompareSection { ignore: Vec<FieldName>, issuer_prefixes: Vec<String> } }

section! { AuditSection { depth: Depth, certificates: Certificates, recheck: Recheck, sample: SampleSection } }

section! {
    SampleSection {
        #[required]
        size: SampleSize,
        by: String,
        least: u64 => sample::LEAST,
        seed: String => sample::Seed,
    }
}

section! {
    ThrottleSection {
        rate: Rate => limits::Fastest,
        burst: u32 => limits::BURST,
        concurrency: u32 => limits::CONCURRENCY,
        adaptive: bool,
        window: Vec<DayWindow>,
        max_calls: u64 => limits::MAX_CALLS,
        pause_at: PauseSection,
        patience: Duration => limits::PATIENCE,
    }
}

section! {
    PauseSection {
        share: f64 => limits::PauseShare,
        attempts: u32 => limits::PAUSE_ATTEMPTS,
    }
}

section! {
    RetrySection {
        attempts: u32 => limits::ATTEMPTS,
        backoff: Range<Duration> => limits::BACKOFF,
    }
}

section! {
    ArchiveSection {
        enabled: bool,
        via: ArchiveVia,
        format: ArchiveFormat,
        sides: Vec<Spanned<String>> => texts::Sides,
        types: Vec<Spanned<String>> => texts::TypeCodes,
        states: Vec<Spanned<String>> => texts::States,
        allowed_hosts: Vec<Spanned<String>>,
        max_file: Bytes => limits::FILE,
        concurrency: u32 => limits::DOWNLOADS,
        rate: Rate => limits::Fastest,
        timeout: Duration => limits::TIMEOUT,
    }
}

section! {
    ReportSection {
        excel: bool,
        html: bool,
        mask: Mask,
        gates: BTreeMap<String, Spanned<f64>> => texts::GateNames,
        gates_on_sample: GatesOnSample,
    }
}

section! {
    RemediateSection {
        allow: Vec<RemedyAction>,
        max_actions: u32 => limits::ACTIONS,
        settle: Duration => limits::SETTLE,
        types: Vec<Spanned<String>> => texts::TypeCodes,
        overdue_days: u32 => limits::OVERDUE_DAYS,
    }
}

section! {
    NotifySection {
        command: Vec<String> => texts::Program,
        webhook: String => texts::Webhook,
    }
}

section! {
    RetentionSection {
        #[required]
        keep: u32 => limits::KEPT_RUNS,
    }
}

section! { OutputSection { dir: String => texts::UsablePath } }

impl Written {
    /// Parses the text of a job file. Notes problems in `problems` and returns what could be read; `None` if the text is not
    /// valid TOML.
    pub(super) fn parse(text: &str, problems: &mut Collector<'_>) -> Option<Self> {
        let (table, errors) = DeTable::parse_recoverable(text);
        problems.language = language(text, table.get_ref());
        syntax::note(errors, problems);
        problems.is_empty().then(|| Self::read_table(table.get_ref(), "", text.len(), problems))
    }
}

/// Returns the language that a job file's text names, even if the rest is not valid.
pub(super) fn language_of(text: &str) -> Option<Language> {
    language(text, DeTable::parse_recoverable(text).0.get_ref())
}

/// Returns the language set in the parsed table, else in a line of the text, because a syntax error can hide the table.
fn language(text: &str, table: &DeTable<'_>) -> Option<Language> {
    let in_table = || table.get("job")?.get_ref().as_table()?.get("language")?.get_ref().as_str();
    in_table().and_then(language_named).or_else(|| text.lines().find_map(language_in_line))
}

/// Returns the language in a line `language = "…"`, with any kind of quotation mark.
fn language_in_line(line: &str) -> Option<Language> {
    let value = line.trim_start().strip_prefix("language")?.trim_start().strip_prefix(['=', '＝', ':', '：'])?;
    language_named(value.trim_start_matches(|character: char| !character.is_ascii_alphanumeric()))
}

/// Returns the language that a word means. Accepts variants such as `EN` or `zh_CN`, because the result only selects the language
/// of error messages.
fn language_named(word: &str) -> Option<Language> {
    let word = word.trim().to_ascii_lowercase();
    match word.get(..2)? {
        "zh" => Some(Language::ZhCn),
        "en" => Some(Language::En),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_language_is_found_whatever_else_is_wrong() {
        let chinese =
            ["[job]\nlanguage = \"zh-CN\"", "language = \"zh_CN", "[job\nlanguage=“zh-CN”  # words", "job = { language = 'zh' }"];
        let english =
            ["a\n  language = “en”", "language ＝ \"EN\"\n[job]", "[job]\nlanguage = \"English\"", "x = \"\\q\"\nlanguage = en"];
        for (texts, language) in [(chinese, Language::ZhCn), (english, Language::En)] {
            for text in texts {
                assert_eq!(language_of(text), Some(language), "{text}");
            }
        }
        for text in ["", "language", "language = ", "languages = \"en\"", "[job]\nlanguage = \"fr\"", "[job]\nname = \"en\""] {
            assert_eq!(language_of(text), None, "{text}");
        }
    }
}
