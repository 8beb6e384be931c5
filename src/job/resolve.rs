//! Resolves the job file as written into settings.

use super::choices::{ArchiveFormat, ArchiveVia, Certificates, Depth, Language, Mask, Period, Recheck};
use super::problem::{Collector, excerpt};
use super::value::{FieldName, NamesByField, Rate, TreatmentName};
use super::written::{
    ArchiveSection, AuditSection, CatalogueSection, FacesSection, NotifySection, PlatformSection, PurposeSection, ReportSection,
    RetentionSection, SandboxSection, ThrottleSection, TypeFacesSection, Written,
};
use super::{
    ArchiveSettings, AuditKeys, Base, CallingHours, FaceSettings, Gate, HostRule, Job, NotifySettings, PauseSettings,
    PlatformSettings, Purpose, ReportSettings, RetentionSettings, RetrySettings, SandboxSettings, Secret, ThrottleSettings,
    TypeFaceSettings, inputs, remediate, sample,
};
use crate::codes::{Catalogue, CertificateType, CodeTable, NumberProblem, check_type_code};
use crate::endpoint::Side;
use crate::message::Message;
use std::collections::BTreeMap;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use toml::Spanned;

pub(super) fn value<T>(written: Option<Spanned<T>>) -> Option<T> {
    written.map(Spanned::into_inner)
}

pub(super) fn section<T: Default>(written: Option<Spanned<T>>) -> T {
    value(written).unwrap_or_default()
}

/// Returns the values of a list without their positions.
pub(super) fn inner<T>(written: Vec<Spanned<T>>) -> Vec<T> {
    written.into_iter().map(Spanned::into_inner).collect()
}

/// Returns a required value; notes its absence in the section that begins at the byte offset `section`.
pub(super) fn required<T>(written: Option<Spanned<T>>, key: &str, section: usize, problems: &mut Collector<'_>) -> Option<T> {
    if written.is_none() {
        problems.missing(key, section);
    }
    value(written)
}

/// Returns the byte offset at which a section begins; that of the end of the file if the section is missing.
pub(super) fn begins<T>(section: Option<&Spanned<T>>, problems: &Collector<'_>) -> usize {
    section.map_or(problems.text().trim_end().len(), |section| section.span().start)
}

/// Resolves the file as written; `None` if a required value is missing.
pub(super) fn resolve(file: &Path, written: Written, problems: &mut Collector<'_>) -> Option<Job> {
    let root = root_of(file);
    let job_begins = begins(written.job.as_ref(), problems);
    let job = section(written.job);
    let name = required(job.name, "job.name", job_begins, problems);
    let platform = platform(written.platform, &root, problems);
    let purpose = purpose(written.purpose, problems);
    let inputs = inputs::resolve(written.inputs, problems);
    let audit_section = section(written.audit);
    let audit = audit(&audit_section);
    let carried: Vec<&str> = inputs.iter().flat_map(|input| &input.carry).map(String::as_str).collect();
    let sample = sample::resolve(audit_section.sample, audit_section.recheck.as_ref(), &carried, problems);
    let recheck = value(audit_section.recheck).unwrap_or(Recheck::All);
    let notify = notify(section(written.notify));
    let retention = retention(written.retention, problems);
    let catalogue = catalogue(section(written.catalogue), problems);
    let faces = faces(section(written.faces));
    let throttle = throttle(section(written.throttle));
    let archive = archive(section(written.archive), problems);
    let report = report(section(written.report));
    let remediate = remediate::resolve(section(written.remediate));
    let retry = section(written.retry);
    let output_section = section(written.output);
    Some(Job {
        file: file.to_owned(),
        name: name?,
        period: value(job.period).unwrap_or(Period::Monthly),
        language: value(job.language).unwrap_or(Language::ZhCn),
        platform: platform?,
        purpose: purpose?,
        inputs,
        audit,
        recheck,
        sample,
        catalogue: Arc::new(catalogue),
        faces,
        throttle,
        retry: RetrySettings {
            attempts: value(retry.attempts).unwrap_or(5),
            backoff: value(retry.backoff).unwrap_or(Duration::from_millis(200)..Duration::from_secs(30)),
        },
        archive,
        report,
        remediate,
        notify,
        retention,
        output: root.join(value(output_section.dir).unwrap_or_else(|| "outputs".to_owned())),
        root,
    })
}

/// Notes a path that is empty or contains a control character, as `"a\new"` does.
pub(super) fn usable_path(path: Option<&Spanned<String>>, key: &str, problems: &mut Collector<'_>) {
    if let Some(path) = path {
        if path.get_ref().trim().is_empty() {
            problems.at(path.span(), Message::new("job-empty").with("key", key));
        } else if path.get_ref().chars().any(char::is_control) {
            problems.at(path.span(), Message::new("job-path-escape").with("key", key));
        }
    }
}

/// Returns the parent of `jobs/` if the file is in a folder of that name, else the file's own folder.
fn root_of(file: &Path) -> PathBuf {
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let absolute = std::path::absolute(folder).unwrap_or_else(|_| folder.to_owned());
    match absolute.parent() {
        Some(parent) if absolute.file_name().is_some_and(|name| name == "jobs") => parent.to_owned(),
        _ => absolute,
    }
}

fn platform(written: Option<Spanned<PlatformSection>>, root: &Path, problems: &mut Collector<'_>) -> Option<PlatformSettings> {
    let begins = begins(written.as_ref(), problems);
    let written = section(written);
    let base = base(written.base_url, written.sandbox, begins, problems);
    let is_sandbox = matches!(base, Some(Base::Sandbox(_)));
    let stand_in = || is_sandbox.then(|| Secret::Literal("sandbox".to_owned()));
    let username = value(written.username).map(|name| name.0).or_else(stand_in);
    let password = value(written.password).or_else(stand_in);
    // Only a real platform needs credentials, so without an address their absence is not reported.
    let are_needed = base.is_some();
    if username.is_none() && are_needed {
        problems.missing_as("platform.username", begins, Message::new("job-missing-secret").with("variable", "ECERT_USERNAME"));
    }
    if password.is_none() && are_needed {
        problems.missing_as("platform.password", begins, Message::new("job-missing-secret").with("variable", "ECERT_PASSWORD"));
    }
    let in_root = |secret| match secret {
        Secret::File(path) => Secret::File(root.join(path)),
        other => other,
    };
    let codes = codes(section(written.codes));
    let usual = PlatformSettings::of(base?, in_root(username?), in_root(password?));
    Some(PlatformSettings {
        connect_timeout: value(written.connect_timeout).unwrap_or(usual.connect_timeout),
        timeout: value(written.timeout).unwrap_or(usual.timeout),
        token_request: value(written.token_request).unwrap_or(usual.token_request),
        ca_file: value(written.ca_file).map(|path| root.join(path)),
        max_answer: value(written.max_answer).map_or(usual.max_answer, |size| size.0),
        codes,
        ..usual
    })
}

/// Resolves `platform.base_url`: the embedded sandbox, or a URL.
fn base(
    base_url: Option<Spanned<String>>,
    written: Option<Spanned<SandboxSection>>,
    begins: usize,
    problems: &mut Collector<'_>,
) -> Option<Base> {
    let sandbox_span = written.as_ref().map(Spanned::span);
    let sandbox = sandbox(section(written));
    let base_url = required(base_url, "platform.base_url", begins, problems)?;
    if base_url == "sandbox" {
        return Some(Base::Sandbox(sandbox));
    }
    if let Some(span) = sandbox_span {
        problems.at(span, Message::new("job-sandbox-unused"));
    }
    Some(Base::Url(base_url.trim_end_matches('/').to_owned()))
}

fn sandbox(written: SandboxSection) -> SandboxSettings {
    let defaults = SandboxSettings::default();
    SandboxSettings {
        seed: value(written.seed).unwrap_or(defaults.seed),
        latency: value(written.latency).unwrap_or(defaults.latency),
        fault_rate: value(written.fault_rate).unwrap_or(defaults.fault_rate),
        lasting_rate: value(written.lasting_rate).unwrap_or(defaults.lasting_rate),
        oddities: value(written.oddities).unwrap_or(defaults.oddities),
        settle_delay: value(written.settle_delay).unwrap_or(defaults.settle_delay),
        ..defaults
    }
}

fn purpose(written: Option<Spanned<PurposeSection>>, problems: &mut Collector<'_>) -> Option<Purpose> {
    let begins = begins(written.as_ref(), problems);
    let written = section(written);
    let mut text = |written: Option<Spanned<String>>, key: &str| required(written, key, begins, problems);
    let system_name = text(written.system_name, "purpose.system_name");
    let matter_name = text(written.matter_name, "purpose.matter_name");
    let event_code = text(written.event_code, "purpose.event_code");
    let copy_cause = text(written.copy_cause, "purpose.copy_cause");
    let call_category = required(written.call_category, "purpose.call_category", begins, problems);
    Some(Purpose {
        system_name: system_name?,
        call_category: call_category?,
        matter_name: matter_name?,
        event_code: event_code?,
        copy_cause: copy_cause?,
        call_district: value(written.call_district),
        call_department: value(written.call_department),
        district_level: value(written.district_level),
    })
}

/// Notes a text that is not a certificate type code.
pub(super) fn type_code(code: &str, key: &str, span: Range<usize>, problems: &mut Collector<'_>) {
    if let Err(problem) = check_type_code(code) {
        let problem = match problem {
            NumberProblem::BadLength => "problem-bad_length",
            NumberProblem::BadCharacter => "problem-bad_character",
            NumberProblem::BadBirthDate => "problem-bad_birth_date",
            NumberProblem::BadCheckCharacter => "problem-bad_check_character",
        };
        let message = Message::new("job-type-code").with("key", key).with("code", excerpt(code));
        problems.at(span, message.with_message("problem", Message::new(problem)));
    }
}

fn audit(written: &AuditSection) -> AuditKeys {
    AuditKeys {
        depth: written.depth.as_ref().map_or(Depth::Faces, |depth| *depth.get_ref()),
        certificates: written.certificates.as_ref().map_or(Certificates::Auto, |when| *when.get_ref()),
    }
}

fn notify(written: NotifySection) -> NotifySettings {
    NotifySettings { command: value(written.command).unwrap_or_default(), webhook: value(written.webhook) }
}

fn retention(written: Option<Spanned<RetentionSection>>, problems: &mut Collector<'_>) -> Option<RetentionSettings> {
    let written = written?;
    let begins = written.span().start;
    required(written.into_inner().keep, "retention.keep", begins, problems).map(|keep| RetentionSettings { keep })
}

/// Builds the table of return codes from the specification's and those that the job changes or adds.
fn codes(written: BTreeMap<String, Spanned<TreatmentName>>) -> CodeTable {
    let changed = written.into_iter().filter_map(|(code, treatment)| Some((code.parse().ok()?, treatment.get_ref().0)));
    CodeTable::with(changed.collect())
}

/// Builds the catalogue of certificate types from the specification's and those that the job adds.
fn catalogue(written: CatalogueSection, problems: &mut Collector<'_>) -> Catalogue {
    let mut added = Vec::new();
    for entry in section(written.types) {
        let begins = entry.span().start;
        let entry = entry.into_inner();
        let Some(code) = entry.code else {
            problems.missing("catalogue.types.code", begins);
            continue;
        };
        let names: Vec<String> = value(entry.name).into_iter().chain(section(entry.names)).collect();
        if names.is_empty() {
            problems.missing("catalogue.types.name", begins);
            continue;
        }
        added.push(CertificateType { code: code.into_inner(), names });
    }
    Catalogue::of_the_specification().extended_by(added)
}

fn faces(written: FacesSection) -> FaceSettings {
    let names = |written: Option<Spanned<NamesByField>>| section(written).0;
    let fields = |written: Option<Spanned<Vec<FieldName>>>| section(written).into_iter().map(|field| field.0).collect();
    let of_type = |written: Spanned<TypeFacesSection>| {
        let written = written.into_inner();
        TypeFaceSettings { fields: names(written.fields), ignore: fields(written.ignore) }
    };
    let compare = section(written.compare);
    let types: BTreeMap<String, Spanned<TypeFacesSection>> = section(written.types);
    FaceSettings {
        fields: names(written.fields),
        province: names(written.province),
        city: names(written.city),
        types: types.into_iter().map(|(code, written)| (code, of_type(written))).collect(),
        ignore: fields(compare.ignore),
        issuer_prefixes: section(compare.issuer_prefixes),
    }
}

fn throttle(written: ThrottleSection) -> ThrottleSettings {
    let pause = section(written.pause_at);
    let usual = ThrottleSettings::default();
    ThrottleSettings {
        rate: value(written.rate).unwrap_or(usual.rate),
        burst: value(written.burst).unwrap_or(usual.burst),
        concurrency: value(written.concurrency).unwrap_or(usual.concurrency),
        adaptive: value(written.adaptive).unwrap_or(usual.adaptive),
        hours: CallingHours(value(written.window).unwrap_or_default()),
        max_calls: value(written.max_calls),
        pause: PauseSettings {
            share: value(pause.share).unwrap_or(usual.pause.share),
            attempts: value(pause.attempts).unwrap_or(usual.pause.attempts),
            patience: value(written.patience).unwrap_or(usual.pause.patience),
        },
    }
}

/// Default of `archive.max_file`, in bytes.
const DEFAULT_MAX_FILE: u64 = 32 << 20;

fn archive(written: ArchiveSection, problems: &mut Collector<'_>) -> ArchiveSettings {
    let sides = section(written.sides).into_iter();
    let sides = sides.filter_map(|name| Side::BOTH.into_iter().find(|side| side.name() == name.get_ref())).collect();
    let mut allowed_hosts = Vec::new();
    for text in section(written.allowed_hosts) {
        match HostRule::parse(text.get_ref()) {
            Some(rule) => allowed_hosts.push(rule),
            None => problems.at(text.span(), Message::new("job-host").with("host", excerpt(text.get_ref()))),
        }
    }
    ArchiveSettings {
        enabled: value(written.enabled).unwrap_or(false),
        via: value(written.via).unwrap_or(ArchiveVia::Url),
        pictures: value(written.format) == Some(ArchiveFormat::Png),
        sides,
        types: inner(section(written.types)),
        states: inner(section(written.states)),
        allowed_hosts,
        max_file: value(written.max_file).map_or(DEFAULT_MAX_FILE, |size| size.0),
        concurrency: value(written.concurrency).unwrap_or(4),
        rate: value(written.rate).unwrap_or(Rate::Unlimited),
        timeout: value(written.timeout).unwrap_or(Duration::from_mins(2)),
    }
}

fn report(written: ReportSection) -> ReportSettings {
    let gates = value(written.gates).unwrap_or_default().into_iter();
    ReportSettings {
        gates: gates.filter_map(|(name, limit)| Gate::new(&name, *limit.get_ref())).collect(),
        excel: value(written.excel).unwrap_or(true),
        html: value(written.html).unwrap_or(true),
        mask: value(written.mask).unwrap_or(Mask::None),
        gates_on_sample: value(written.gates_on_sample).unwrap_or_default(),
    }
}
