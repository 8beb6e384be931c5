//! The job file as written: every key optional, every value with its place, unknown keys refused.

use super::problem::{Collector, unknown_key};
use super::secret::Secret;
use super::value::{
    ArchiveFormat, ArchiveVia, Bytes, Certificates, Depth, FieldName, HeaderRow, Language, Mask, NamesByField, Period, Rate,
    Read, Recheck, SheetChoice, TokenRequest, TreatmentName, UserName,
};
use super::window::DayWindow;
use std::collections::BTreeMap;
use std::ops::Range;
use std::time::Duration;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// Declares a table of the job file: a struct of optional, placed values that knows its keys.
macro_rules! section {
    ($(#[$meta:meta])* $name:ident { $($key:ident: $kind:ty),+ $(,)? }) => {
        $(#[$meta])*
        #[derive(Debug, Default)]
        pub(super) struct $name {
            $(pub $key: Option<Spanned<$kind>>),+
        }

        impl $name {
            fn read_table(table: &DeTable<'_>, path: &str, problems: &mut Collector<'_>) -> Self {
                const KEYS: &[&str] = &[$(stringify!($key)),+];
                let mut section = Self::default();
                for (key, value) in table {
                    let full = if path.is_empty() { key.get_ref().to_string() } else { format!("{path}.{}", key.get_ref()) };
                    match &**key.get_ref() {
                        $(stringify!($key) => {
                            section.$key = <$kind>::read(value, &full, problems).map(|read| Spanned::new(value.span(), read));
                        })+
                        unknown => problems.at(key.span(), unknown_key(unknown, path, KEYS)),
                    }
                }
                section
            }
        }

        impl Read for $name {
            fn read(value: &Spanned<DeValue<'_>>, key: &str, problems: &mut Collector<'_>) -> Option<Self> {
                let Some(table) = value.get_ref().as_table() else {
                    problems.at(value.span(), format!("`{key}` must be a table [{key}]"));
                    return None;
                };
                Some(Self::read_table(table, key, problems))
            }
        }
    };
}

section! {
    /// The whole file.
    Written {
        job: JobSection,
        platform: PlatformSection,
        purpose: PurposeSection,
        inputs: Vec<InputSection>,
        audit: AuditSection,
        catalogue: CatalogueSection,
        faces: FacesSection,
        throttle: ThrottleSection,
        retry: RetrySection,
        archive: ArchiveSection,
        report: ReportSection,
        notify: NotifySection,
        output: OutputSection,
    }
}

section! { JobSection { name: String, period: Period, language: Language } }

section! {
    PlatformSection {
        base_url: String,
        username: UserName,
        password: Secret,
        connect_timeout: Duration,
        timeout: Duration,
        token_request: TokenRequest,
        ca_file: String,
        max_answer: Bytes,
        codes: BTreeMap<String, Spanned<TreatmentName>>,
        sandbox: SandboxSection,
    }
}

section! { SandboxSection { seed: u64, latency: Range<Duration>, fault_rate: f64 } }

section! {
    PurposeSection {
        system_name: String,
        call_category: u32,
        matter_name: String,
        event_code: String,
        copy_cause: String,
        call_district: String,
        call_department: String,
        district_level: String,
    }
}

section! {
    InputSection {
        path: String,
        sheet: SheetChoice,
        header_row: HeaderRow,
        columns: ColumnsSection,
        defaults: DefaultsSection,
        carry: Vec<String>,
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

section! { DefaultsSection { cert_type_code: Vec<String>, holder_code_type: String } }

section! {
    FacesSection {
        fields: NamesByField,
        province: NamesByField,
        city: NamesByField,
        types: BTreeMap<String, Spanned<TypeFacesSection>>,
        compare: CompareSection,
    }
}

section! { CatalogueSection { types: Vec<TypeSection> } }

section! { TypeSection { code: String, name: String, names: Vec<String> } }

section! { TypeFacesSection { fields: NamesByField, ignore: Vec<FieldName> } }

section! { CompareSection { ignore: Vec<FieldName>, issuer_prefixes: Vec<String> } }

section! { AuditSection { depth: Depth, certificates: Certificates, recheck: Recheck } }

section! {
    ThrottleSection {
        rate: Rate,
        burst: u32,
        concurrency: u32,
        adaptive: bool,
        window: Vec<DayWindow>,
        max_calls: u64,
        pause_at: PauseSection,
        patience: Duration,
    }
}

section! { PauseSection { share: f64, attempts: u32 } }

section! { RetrySection { attempts: u32, backoff: Range<Duration> } }

section! {
    ArchiveSection {
        enabled: bool,
        via: ArchiveVia,
        format: ArchiveFormat,
        sides: Vec<String>,
        types: Vec<String>,
        states: Vec<String>,
        allowed_hosts: Vec<String>,
        max_file: Bytes,
        concurrency: u32,
        rate: Rate,
        timeout: Duration,
    }
}

section! { ReportSection { excel: bool, html: bool, mask: Mask, gates: BTreeMap<String, Spanned<f64>> } }

section! { NotifySection { command: Vec<String>, webhook: String } }

section! { OutputSection { dir: String } }

impl Written {
    /// Reads a job file's text; what is wrong goes to `problems`, what is right stands. None where it is no TOML.
    pub(super) fn parse(text: &str, problems: &mut Collector<'_>) -> Option<Self> {
        let (table, errors) = DeTable::parse_recoverable(text);
        for error in errors {
            problems.at(error.span().unwrap_or(0..0), error.message());
        }
        problems.is_empty().then(|| Self::read_table(table.get_ref(), "", problems))
    }
}
