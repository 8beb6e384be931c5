//! From the job file as written to the settings it means.

use super::problem::Collector;
use super::value::{
    ArchiveFormat, ArchiveVia, Certificates, Depth, FieldName, HeaderRow, Language, Mask, NamesByField, Period, Rate, Recheck,
    SheetChoice, TokenRequest, TreatmentName,
};
use super::written::{
    ArchiveSection, AuditSection, CatalogueSection, FacesSection, InputSection, NotifySection, PlatformSection, PurposeSection,
    ReportSection, SandboxSection, ThrottleSection, TypeFacesSection, Written,
};
use super::{
    ArchiveSettings, AuditKeys, Base, CallingHours, Columns, FaceSettings, Gate, HostRule, InputSettings, Job, NotifySettings,
    PauseSettings, PlatformSettings, Purpose, ReportSettings, RetrySettings, SandboxSettings, Secret, ThrottleSettings,
    TypeFaceSettings,
};
use crate::codes::{Catalogue, CertificateType, CodeTable, Lifecycle, check_type_code, holder_code_type};
use crate::endpoint::Side;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use toml::Spanned;

/// Longest cause that the platform accepts, in characters (specification, `certificateCopyCause`).
const LONGEST_CAUSE: usize = 200;

/// The largest answer that is read, in bytes, unless the job says otherwise.
const USUAL_LARGEST_ANSWER: u64 = 64 * 1024 * 1024;

fn value<T>(written: Option<Spanned<T>>) -> Option<T> {
    written.map(Spanned::into_inner)
}

fn section<T: Default>(written: Option<Spanned<T>>) -> T {
    value(written).unwrap_or_default()
}

/// A key that must be there.
fn required<T>(written: Option<Spanned<T>>, key: &str, problems: &mut Collector<'_>) -> Option<T> {
    if written.is_none() {
        problems.missing(key, "");
    }
    value(written)
}

/// Resolves what was written; `None` where something that must be there is not.
pub(super) fn resolve(file: &Path, written: Written, problems: &mut Collector<'_>) -> Option<Job> {
    let root = root_of(file);
    let job = section(written.job);
    let name = required(job.name, "job.name", problems).filter(|name| {
        let good = !name.is_empty() && !name.starts_with('.') && !name.contains(['/', '\\', '\0']);
        if !good {
            problems.whole("`job.name` becomes a folder's name: it may not be empty, begin with a dot or hold a slash");
        }
        good
    });
    let platform = platform(section(written.platform), &root, problems);
    let purpose = purpose(section(written.purpose), problems);
    let inputs = inputs(value(written.inputs).unwrap_or_default(), problems);
    let audit_section = section(written.audit);
    let notify = notify(section(written.notify), problems);
    let catalogue = catalogue(section(written.catalogue), problems);
    let faces = faces(section(written.faces), problems);
    let throttle = throttle(section(written.throttle), problems);
    let archive = archive(section(written.archive), problems);
    let report = report(section(written.report), problems);
    let retry = section(written.retry);
    let attempts = value(retry.attempts).unwrap_or(5);
    if attempts == 0 {
        problems.whole("`retry.attempts` counts the first attempt: it must be at least 1");
    }
    Some(Job {
        file: file.to_owned(),
        name: name?,
        period: value(job.period).unwrap_or(Period::Monthly),
        language: value(job.language).unwrap_or(Language::ZhCn),
        platform: platform?,
        purpose: purpose?,
        inputs,
        audit: audit(&audit_section),
        recheck: value(audit_section.recheck).unwrap_or(Recheck::All),
        catalogue: Arc::new(catalogue),
        faces,
        throttle,
        retry: RetrySettings {
            attempts,
            backoff: value(retry.backoff).unwrap_or(Duration::from_millis(200)..Duration::from_secs(30)),
        },
        archive,
        report,
        notify,
        output: root.join(value(section(written.output).dir).unwrap_or_else(|| "outputs".to_owned())),
        root,
    })
}

/// The parent of `jobs/` where the file lies in one, else the file's own folder.
fn root_of(file: &Path) -> PathBuf {
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let absolute = std::path::absolute(folder).unwrap_or_else(|_| folder.to_owned());
    match absolute.parent() {
        Some(parent) if absolute.file_name().is_some_and(|name| name == "jobs") => parent.to_owned(),
        _ => absolute,
    }
}

fn platform(written: PlatformSection, root: &Path, problems: &mut Collector<'_>) -> Option<PlatformSettings> {
    let address = written.base_url.as_ref().map(Spanned::span);
    let base_url = required(written.base_url, "platform.base_url", problems)?;
    let sandbox_span = written.sandbox.as_ref().map(Spanned::span);
    let sandbox = sandbox(section(written.sandbox), problems);
    let base = if base_url == "sandbox" {
        Base::Sandbox(sandbox)
    } else {
        if let Some(span) = sandbox_span {
            problems.at(span, "[platform.sandbox] is read only where `platform.base_url` is \"sandbox\"");
        }
        let url = base_url.trim_end_matches('/');
        let usable = url::Url::parse(url).is_ok_and(|url| {
            matches!(url.scheme(), "http" | "https") && url.has_host() && url.username().is_empty() && url.password().is_none()
        });
        if !usable {
            problems.at(
                address.unwrap_or(0..0),
                "`platform.base_url` must be \"sandbox\" or an address such as \"http://10.0.0.1:8080/license-api-release\" without user and password",
            );
        }
        Base::Url(url.to_owned())
    };
    let is_sandbox = matches!(base, Base::Sandbox(_));
    let stand_in = || is_sandbox.then(|| Secret::Literal("sandbox".to_owned()));
    let username = value(written.username).map(|name| name.0).or_else(stand_in);
    let password = value(written.password).or_else(stand_in);
    for (key, missing) in [("username", username.is_none()), ("password", password.is_none())] {
        if missing {
            problems.missing(&format!("platform.{key}"), &format!(": for example {{ env = \"ECERT_{}\" }}", key.to_uppercase()));
        }
    }
    let in_root = |secret| match secret {
        Secret::File(path) => Secret::File(root.join(path)),
        other => other,
    };
    Some(PlatformSettings {
        base,
        username: in_root(username?),
        password: in_root(password?),
        connect_timeout: value(written.connect_timeout).unwrap_or(Duration::from_secs(5)),
        timeout: value(written.timeout).unwrap_or(Duration::from_secs(30)),
        token_request: value(written.token_request).unwrap_or(TokenRequest::Form),
        ca_file: value(written.ca_file).map(|path| root.join(path)),
        max_answer: value(written.max_answer).map_or(USUAL_LARGEST_ANSWER, |size| size.0),
        codes: codes(section(written.codes), problems),
    })
}

fn sandbox(written: SandboxSection, problems: &mut Collector<'_>) -> SandboxSettings {
    let defaults = SandboxSettings::default();
    if let Some(rate) = written.fault_rate.as_ref().filter(|rate| !(0.0..=1.0).contains(rate.get_ref())) {
        problems.at(rate.span(), "`platform.sandbox.fault_rate` is a share: it must lie between 0 and 1");
    }
    SandboxSettings {
        seed: value(written.seed).unwrap_or(defaults.seed),
        latency: value(written.latency).unwrap_or(defaults.latency),
        fault_rate: value(written.fault_rate).unwrap_or(defaults.fault_rate),
        ..defaults
    }
}

fn purpose(written: PurposeSection, problems: &mut Collector<'_>) -> Option<Purpose> {
    if let Some(cause) = written.copy_cause.as_ref().filter(|cause| cause.get_ref().chars().count() > LONGEST_CAUSE) {
        let length = cause.get_ref().chars().count();
        problems.at(cause.span(), format!("`purpose.copy_cause` may have at most {LONGEST_CAUSE} characters; it has {length}"));
    }
    if let Some(category) = written.call_category.as_ref().filter(|category| *category.get_ref() > 1) {
        problems.at(category.span(), "`purpose.call_category` must be 0 (事项调用) or 1 (非事项调用)");
    }
    let mut text = |written: Option<Spanned<String>>, key: &str| {
        if let Some(empty) = written.as_ref().filter(|text| text.get_ref().trim().is_empty()) {
            problems.at(empty.span(), format!("`purpose.{key}` is empty; the platform refuses calls without it"));
        }
        required(written, &format!("purpose.{key}"), problems)
    };
    let system_name = text(written.system_name, "system_name");
    let matter_name = text(written.matter_name, "matter_name");
    let event_code = text(written.event_code, "event_code");
    let copy_cause = text(written.copy_cause, "copy_cause");
    let call_category = required(written.call_category, "purpose.call_category", problems);
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

fn inputs(written: Vec<InputSection>, problems: &mut Collector<'_>) -> Vec<InputSettings> {
    if written.is_empty() {
        problems.whole("there is no [[inputs]]: name at least one spreadsheet");
    }
    let resolved = written.into_iter().filter_map(|input| {
        let path = required(input.path, "inputs.path", problems)?;
        if let Some(blank) = input.carry.as_ref().filter(|carry| carry.get_ref().iter().any(|header| header.trim().is_empty())) {
            problems.at(blank.span(), "`inputs.carry` names headers: an empty one is none");
        }
        let columns = section(input.columns);
        let defaults = section(input.defaults);
        if let Some(codes) = &defaults.cert_type_code {
            for code in codes.get_ref() {
                if let Err(problem) = check_type_code(code) {
                    problems.at(
                        codes.span(),
                        format!("`inputs.defaults.cert_type_code`: {code} is no certificate type code: {problem}"),
                    );
                }
            }
        }
        let default_holder_code_type = defaults.holder_code_type.and_then(|named| {
            let found = holder_code_type(named.get_ref()).map(|entry| entry.code.clone());
            if found.is_none() {
                problems
                    .at(named.span(), "`inputs.defaults.holder_code_type` must be one of the platform's codes, such as \"111\"");
            }
            found
        });
        Some(InputSettings {
            path,
            sheet: value(input.sheet).unwrap_or(SheetChoice::Every),
            header_row: value(input.header_row).unwrap_or(HeaderRow::Auto),
            columns: Columns {
                holder_code: value(columns.holder_code),
                holder_code_type: value(columns.holder_code_type),
                cert_type_code: value(columns.cert_type_code),
                certificate_number: value(columns.certificate_number),
                cert_type_name: value(columns.cert_type_name),
                extraction_code: value(columns.extraction_code),
            },
            default_type_codes: value(defaults.cert_type_code).unwrap_or_default(),
            default_holder_code_type,
            carry: value(input.carry).unwrap_or_default(),
        })
    });
    resolved.collect()
}

fn audit(written: &AuditSection) -> AuditKeys {
    AuditKeys {
        depth: written.depth.as_ref().map_or(Depth::Faces, |depth| *depth.get_ref()),
        certificates: written.certificates.as_ref().map_or(Certificates::Auto, |when| *when.get_ref()),
    }
}

fn notify(written: NotifySection, problems: &mut Collector<'_>) -> NotifySettings {
    if let Some(empty) = written.command.as_ref().filter(|command| command.get_ref().first().is_none_or(String::is_empty)) {
        problems.at(empty.span(), "`notify.command` names a program and its arguments: it may not be empty");
    }
    if let Some(webhook) = &written.webhook {
        let usable =
            url::Url::parse(webhook.get_ref()).is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
        if !usable {
            problems.at(webhook.span(), "`notify.webhook` must be an address such as \"https://example.cn/hook\"");
        }
    }
    NotifySettings { command: value(written.command).unwrap_or_default(), webhook: value(written.webhook) }
}

/// Treatments of return codes that the job changes or adds.
fn codes(written: BTreeMap<String, Spanned<TreatmentName>>, problems: &mut Collector<'_>) -> CodeTable {
    let mut changed = BTreeMap::new();
    for (code, treatment) in written {
        match code.parse() {
            Ok(code) => {
                changed.insert(code, treatment.get_ref().0);
            }
            Err(_) => problems.at(treatment.span(), format!("`platform.codes.{code}`: a return code is a whole number")),
        }
    }
    CodeTable::with(changed)
}

/// The specification's certificate types and those that the job adds.
fn catalogue(written: CatalogueSection, problems: &mut Collector<'_>) -> Catalogue {
    let mut added = Vec::new();
    for entry in section(written.types) {
        let Some(code) = entry.code else {
            problems.whole("a [[catalogue.types]] lacks `code`");
            continue;
        };
        if let Err(problem) = check_type_code(code.get_ref()) {
            problems
                .at(code.span(), format!("`catalogue.types.code`: {} is no certificate type code: {problem}", code.get_ref()));
        }
        let names: Vec<String> = value(entry.name).into_iter().chain(section(entry.names)).collect();
        if names.is_empty() {
            problems.at(code.span(), format!("the type {} lacks `name`", code.get_ref()));
            continue;
        }
        added.push(CertificateType { code: code.into_inner(), names });
    }
    Catalogue::of_the_specification().extended_by(added)
}

fn faces(written: FacesSection, problems: &mut Collector<'_>) -> FaceSettings {
    let names = |written: Option<Spanned<NamesByField>>| section(written).0;
    let fields = |written: Option<Spanned<Vec<FieldName>>>| section(written).into_iter().map(|field| field.0).collect();
    let of_type = |written: Spanned<TypeFacesSection>| {
        let written = written.into_inner();
        TypeFaceSettings { fields: names(written.fields), ignore: fields(written.ignore) }
    };
    let compare = section(written.compare);
    let types: BTreeMap<String, Spanned<TypeFacesSection>> = section(written.types);
    for (code, of_type) in &types {
        if let Err(problem) = check_type_code(code) {
            problems.at(of_type.span(), format!("[faces.types.\"{code}\"] is no certificate type code: {problem}"));
        }
    }
    FaceSettings {
        fields: names(written.fields),
        province: names(written.province),
        city: names(written.city),
        types: types.into_iter().map(|(code, written)| (code, of_type(written))).collect(),
        ignore: fields(compare.ignore),
        issuer_prefixes: section(compare.issuer_prefixes),
    }
}

fn throttle(written: ThrottleSection, problems: &mut Collector<'_>) -> ThrottleSettings {
    let pause = section(written.pause_at);
    for (key, written) in
        [("burst", &written.burst), ("concurrency", &written.concurrency), ("pause_at.attempts", &pause.attempts)]
    {
        if let Some(zero) = written.as_ref().filter(|count| *count.get_ref() == 0) {
            problems.at(zero.span(), format!("`throttle.{key}` must be at least 1"));
        }
    }
    if let Some(share) = pause.share.as_ref().filter(|share| !(*share.get_ref() > 0.0 && *share.get_ref() <= 1.0)) {
        problems.at(share.span(), "`throttle.pause_at.share` is a share: it must be above 0 and at most 1");
    }
    let usual = ThrottleSettings::default();
    ThrottleSettings {
        rate: value(written.rate).unwrap_or(usual.rate),
        burst: value(written.burst).unwrap_or(usual.burst).max(1),
        concurrency: value(written.concurrency).unwrap_or(usual.concurrency).max(1),
        adaptive: value(written.adaptive).unwrap_or(usual.adaptive),
        hours: CallingHours(value(written.window).unwrap_or_default()),
        max_calls: value(written.max_calls),
        pause: PauseSettings {
            share: value(pause.share).unwrap_or(usual.pause.share),
            attempts: value(pause.attempts).unwrap_or(usual.pause.attempts).max(1),
            patience: value(written.patience).unwrap_or(usual.pause.patience),
        },
    }
}

/// The largest file that is kept, in bytes, unless the job says otherwise.
const USUAL_LARGEST_FILE: u64 = 32 << 20;

fn archive(written: ArchiveSection, problems: &mut Collector<'_>) -> ArchiveSettings {
    if let Some(zero) = written.concurrency.as_ref().filter(|count| *count.get_ref() == 0) {
        problems.at(zero.span(), "`archive.concurrency` must be at least 1");
    }
    let (sides_at, types_at) = (span_of(written.sides.as_ref()), span_of(written.types.as_ref()));
    let (states_at, hosts_at) = (span_of(written.states.as_ref()), span_of(written.allowed_hosts.as_ref()));
    let sides = section(written.sides).into_iter().filter_map(|name| {
        let side = Side::BOTH.into_iter().find(|side| side.name() == name.as_str());
        if side.is_none() {
            problems.at(sides_at.clone(), format!("`archive.sides`: {name} is neither \"province\" nor \"city\""));
        }
        side
    });
    let sides: Vec<Side> = sides.collect();
    let types = section(written.types);
    for code in &types {
        if let Err(problem) = check_type_code(code) {
            problems.at(types_at.clone(), format!("`archive.types`: {code} is no certificate type code: {problem}"));
        }
    }
    let states = section(written.states);
    for state in states.iter().filter(|state| !Lifecycle::ALL.iter().any(|known| known.name() == state.as_str())) {
        let known = Lifecycle::ALL.map(Lifecycle::name).join(", ");
        problems.at(states_at.clone(), format!("`archive.states`: {state} is none of: {known}"));
    }
    let allowed_hosts = section(written.allowed_hosts).into_iter().filter_map(|text| {
        let rule = HostRule::parse(&text);
        if rule.is_none() {
            let expected = "a name such as \"files.example.cn\", an address, or a range such as \"172.20.0.0/16\"";
            problems.at(hosts_at.clone(), format!("`archive.allowed_hosts`: \"{text}\" is not {expected}"));
        }
        rule
    });
    let allowed_hosts: Vec<HostRule> = allowed_hosts.collect();
    ArchiveSettings {
        enabled: value(written.enabled).unwrap_or(false),
        via: value(written.via).unwrap_or(ArchiveVia::Url),
        pictures: value(written.format) == Some(ArchiveFormat::Png),
        sides,
        types,
        states,
        allowed_hosts,
        max_file: value(written.max_file).map_or(USUAL_LARGEST_FILE, |size| size.0),
        concurrency: value(written.concurrency).unwrap_or(4).max(1),
        rate: value(written.rate).unwrap_or(Rate::Unlimited),
        timeout: value(written.timeout).unwrap_or(Duration::from_mins(2)),
    }
}

fn span_of<T>(written: Option<&Spanned<T>>) -> std::ops::Range<usize> {
    written.map_or(0..0, Spanned::span)
}

fn report(written: ReportSection, problems: &mut Collector<'_>) -> ReportSettings {
    let gates = value(written.gates).unwrap_or_default().into_iter().filter_map(|(name, limit)| {
        let gate = Gate::new(&name, *limit.get_ref());
        if gate.is_none() {
            let figures = super::FIGURES.join(", ");
            problems.at(limit.span(), format!("`report.gates.{name}` must be min_ or max_ and one of: {figures}; with _share behind it, its share of all rows"));
        }
        gate
    });
    ReportSettings {
        gates: gates.collect(),
        excel: value(written.excel).unwrap_or(true),
        html: value(written.html).unwrap_or(true),
        mask: value(written.mask).unwrap_or(Mask::None),
    }
}
