//! `call`: one call to any interface, for whoever sets up or debugs access to the platform.

use super::session;
use crate::cli::{CallArgs, CallSide};
use crate::codes::{CodeTable, Treatment, return_code};
use crate::durable::write_whole;
use crate::endpoint::{Endpoint, PURPOSE, Side};
use crate::exit::{Exit, Stop};
use crate::job::{Base, Job, PlatformSettings, SandboxSettings, Secret, TokenRequest};
use crate::platform::{Attempt, Client, Envelope, Request, ShareDownloadUrl, decode_base64, fetch_token};
use crate::sandbox::Sandbox;
use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;
use std::time::{Duration, Instant};

/// Longest cause that the platform accepts, in characters.
const LONGEST_CAUSE: usize = 200;

pub(super) fn call(args: &CallArgs) -> Result<Exit, Stop> {
    if args.list {
        super::print(&listing())?;
        return Ok(Exit::Done);
    }
    let name = args.endpoint.as_deref().unwrap_or_default();
    let endpoint = Endpoint::named(name).ok_or_else(|| {
        let known: Vec<&str> = Endpoint::all().map(Endpoint::name).collect();
        Stop::invalid(format!("there is no interface {name}; there are {}", known.join(", ")))
    })?;
    let job = args.job.as_deref().map(Job::load).transpose().map_err(|problems| Stop::invalid(problems.to_string()))?;
    let request = request(endpoint, args, job.as_ref())?;
    let platform = platform(args, job.as_ref())?;
    super::runtime()?.block_on(send(endpoint, &request, &platform, args))
}

/// Builds the request; everything that is wrong with its parameters is told before anything is sent.
fn request(endpoint: Endpoint, args: &CallArgs, job: Option<&Job>) -> Result<Request, Stop> {
    let mut problems = Vec::new();
    let mut given = BTreeMap::new();
    for parameter in &args.parameters {
        match parameter.split_once('=') {
            Some((name, value)) => {
                if given.insert(name.trim(), value).is_some() {
                    problems.push(format!("{} is given twice", name.trim()));
                }
            }
            None => problems.push("a parameter is written NAME=VALUE".to_owned()),
        }
    }
    let purpose = PURPOSE.iter().filter(|_| endpoint.carries_purpose());
    let side = ["interfaceType"];
    if endpoint == Endpoint::Token && !given.is_empty() {
        problems.push(
            "token takes no parameters: its credentials come from the job, or from ECERT_USERNAME and ECERT_PASSWORD".to_owned(),
        );
    }
    if given.get("interfaceType").is_some_and(|side| !matches!(*side, "0" | "1")) {
        problems.push("interfaceType is 0 (province) or 1 (city)".to_owned());
    }
    for name in ["certificateCopyCause", "useFor", "useCause"] {
        let length = given.get(name).map_or(0, |cause| cause.chars().count());
        if length > LONGEST_CAUSE {
            problems.push(format!("{name} may have at most {LONGEST_CAUSE} characters; it has {length}"));
        }
    }
    let known: Vec<&str> = endpoint
        .required()
        .iter()
        .chain(endpoint.optional())
        .chain(purpose.clone())
        .chain(side.iter().filter(|_| endpoint.asks_a_side()))
        .copied()
        .collect();
    for name in given.keys().filter(|name| !known.contains(*name)) {
        let nearest = known.iter().max_by(|a, b| strsim::jaro_winkler(name, a).total_cmp(&strsim::jaro_winkler(name, b)));
        problems.push(format!(
            "{} has no parameter {name}; the nearest known one is {}",
            endpoint.name(),
            nearest.unwrap_or(&"none")
        ));
    }
    let mut request = given.iter().fold(Request::new(endpoint), |request, (name, value)| request.with(name, value));
    if let Some(job) = job.filter(|_| endpoint.carries_purpose()) {
        request = request.for_purpose(&job.purpose);
    }
    match args.side {
        Some(_) if given.contains_key("interfaceType") => {
            problems.push("the side is named twice: by --side and by interfaceType".to_owned());
        }
        Some(_) if !endpoint.asks_a_side() => problems.push(format!("{} asks no side: leave --side out", endpoint.name())),
        Some(side) => request = request.on(if side == CallSide::City { Side::City } else { Side::Province }),
        None => {}
    }
    // The token's parameters are fixed, or come from the credentials.
    let required = endpoint.required().iter().filter(|_| endpoint != Endpoint::Token);
    let missing: Vec<&str> = required.chain(purpose).filter(|name| !request.has(name)).copied().collect();
    if !missing.is_empty() {
        let hint = if endpoint.carries_purpose() && job.is_none() { "; a job (--job) gives the purpose" } else { "" };
        problems.push(format!("{} also needs {}{hint}", endpoint.name(), missing.join(", ")));
    }
    if endpoint.changes_province() && !args.confirm {
        problems.push(format!("{} changes the province's library: add --confirm to go ahead", endpoint.name()));
    }
    if problems.is_empty() { Ok(request) } else { Err(Stop::invalid(problems.join("\n"))) }
}

/// Where to call and as whom: the job's platform, or the address typed with credentials from the environment.
fn platform(args: &CallArgs, job: Option<&Job>) -> Result<PlatformSettings, Stop> {
    if let Some(job) = job {
        return Ok(job.platform.clone());
    }
    let Some(url) = &args.base_url else {
        return Err(Stop::invalid("say where to call: --job JOB, or --base-url URL (\"sandbox\" for the embedded stand-in)"));
    };
    let (base, username, password) = if url == "sandbox" {
        let account = || Secret::Literal("sandbox".to_owned());
        (Base::Sandbox(SandboxSettings::default()), account(), account())
    } else {
        let from = |name: &str| Secret::Env(name.to_owned());
        (Base::Url(url.trim_end_matches('/').to_owned()), from("ECERT_USERNAME"), from("ECERT_PASSWORD"))
    };
    Ok(PlatformSettings {
        base,
        username,
        password,
        connect_timeout: Duration::from_secs(5),
        timeout: Duration::from_secs(30),
        token_request: TokenRequest::Form,
        ca_file: None,
        max_answer: 64 << 20,
        codes: CodeTable::default(),
    })
}

async fn send(endpoint: Endpoint, request: &Request, platform: &PlatformSettings, args: &CallArgs) -> Result<Exit, Stop> {
    let base_url = match &platform.base {
        Base::Url(url) => url.clone(),
        Base::Sandbox(settings) => {
            let started = Sandbox::start(settings.clone(), ([127, 0, 0, 1], 0).into()).await;
            started.map_err(|error| Stop::internal(error.to_string()))?.base_url()
        }
    };
    let client = Client::new(platform, &base_url, 1).map_err(Stop::invalid)?;
    let reveal = |secret: &Secret, what: &str| secret.reveal().map_err(|problem| Stop::invalid(format!("{what}: {problem}")));
    let (username, password) = (reveal(&platform.username, "user name")?, reveal(&platform.password, "password")?);
    let began = Instant::now();
    let (token, answer) = fetch_token(&client, &username, &password).await.map_err(|reason| session::stopped(&reason))?;
    eprintln!("token after {} ms", began.elapsed().as_millis());
    if endpoint == Endpoint::Token {
        return shown(&answer, args.raw).map(|()| Exit::Done);
    }
    let began = Instant::now();
    let attempt = client.attempt(request, &token).await;
    let took = began.elapsed().as_millis();
    let body = match attempt {
        Attempt::Body(body) => body,
        Attempt::Http { status, .. } => {
            eprintln!("HTTP status {status} after {took} ms");
            return Ok(if matches!(status, 401 | 403) { Exit::Refused } else { Exit::Resumable });
        }
        Attempt::TooLarge(bytes) => return Err(Stop::invalid(format!("the answer is larger than {} MiB", bytes >> 20))),
        Attempt::Timeout => return Err(Stop { exit: Exit::Resumable, message: format!("no whole answer within {took} ms") }),
        Attempt::Transport(problem) => return Err(Stop { exit: Exit::Resumable, message: problem }),
    };
    shown(&body, args.raw)?;
    let envelope = Envelope::parse(&body).map_err(|error| Stop { exit: Exit::Resumable, message: error.to_string() })?;
    let meaning = return_code(envelope.status).map_or("no code of the specification", |line| &line.text_en);
    let said = return_code(envelope.status).map_or("", |line| &line.text_zh);
    eprintln!("code {} {said} ({meaning}) after {took} ms", envelope.status);
    if let Some(path) = &args.save {
        save(&client, &envelope, path).await?;
    }
    Ok(match platform.codes.treatment(envelope.status) {
        Some(Treatment::Answer | Treatment::Absent | Treatment::Lifecycle) => Exit::Done,
        Some(Treatment::Retry) => Exit::Resumable,
        Some(
            Treatment::RenewToken | Treatment::StopType | Treatment::StopRun | Treatment::Unsupported | Treatment::Malformed,
        )
        | None => Exit::Refused,
    })
}

/// Prints an answer: indented where it is JSON and that is wanted, else as received.
fn shown(body: &[u8], raw: bool) -> Result<(), Stop> {
    let text = String::from_utf8_lossy(body);
    let indented = serde_json::from_slice::<serde_json::Value>(body)
        .ok()
        .filter(|_| !raw)
        .and_then(|value| serde_json::to_string_pretty(&value).ok());
    super::print(&format!("{}\n", indented.as_deref().unwrap_or(&text)))
}

/// Saves the one file that an answer holds: base64 decoded, or what its address leads to. Of several pages each gets a
/// number before its ending.
async fn save(client: &Client, envelope: &Envelope, path: &Path) -> Result<(), Stop> {
    let files = match ShareDownloadUrl::addresses(envelope) {
        Ok(addresses) if addresses.iter().any(|address| address.url.starts_with("http")) => {
            let mut files = Vec::new();
            for address in addresses {
                let file =
                    client.download(&address.url).await.map_err(|problem| Stop { exit: Exit::Resumable, message: problem })?;
                files.push(file.to_vec());
            }
            files
        }
        _ => {
            let contents =
                crate::platform::ShareDownloadFile::contents(envelope).map_err(|error| Stop::invalid(error.to_string()))?;
            let decoded = contents.iter().map(|text| decode_base64(text)).collect::<Result<Vec<_>, _>>();
            decoded.map_err(|error| Stop::invalid(format!("the content is no base64: {error}")))?
        }
    };
    if files.is_empty() {
        return Err(Stop::invalid("the answer holds no file to save"));
    }
    for (number, file) in (1..).zip(&files) {
        let target = if files.len() == 1 { path.to_owned() } else { numbered(path, number) };
        write_whole(&target, file).map_err(Stop::disk(target.display()))?;
        eprintln!("{} bytes in {}", file.len(), target.display());
    }
    Ok(())
}

fn numbered(path: &Path, number: usize) -> std::path::PathBuf {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    let ending = path.extension().map(|ending| format!(".{}", ending.to_string_lossy())).unwrap_or_default();
    path.with_file_name(format!("{stem}-{number}{ending}"))
}

/// The interfaces with their parameters and one line of explanation each.
fn listing() -> String {
    let mut text = String::new();
    for endpoint in Endpoint::all() {
        let mut marks = Vec::new();
        if endpoint.carries_purpose() {
            marks.push("purpose");
        }
        if endpoint.asks_a_side() {
            marks.push("--side");
        }
        if endpoint.changes_province() {
            marks.push("--confirm");
        }
        let marks = if marks.is_empty() { String::new() } else { format!("  [{}]", marks.join(", ")) };
        let _ = writeln!(
            text,
            "{:2} {}  {}: {}{marks}",
            endpoint.number(),
            endpoint.name(),
            endpoint.title(),
            endpoint.explanation()
        );
        let _ = writeln!(text, "     needs: {}", endpoint.required().join(", "));
        if !endpoint.optional().is_empty() {
            let _ = writeln!(text, "     may have: {}", endpoint.optional().join(", "));
        }
    }
    let _ = writeln!(text, "purpose: {} (from the job, or as parameters)", PURPOSE.join(", "));
    text
}
