//! `call`: makes one call to any interface, for setting up or debugging access to the platform.

use super::session;
use super::terminal::Terminal;
use crate::archive::{DownloadSettings, Downloader, NotDownloaded};
use crate::cli::{CallArgs, CallSide};
use crate::codes::{Treatment, is_invisible, return_code};
use crate::durable::{WholeFile, write_whole};
use crate::endpoint::{Endpoint, PURPOSE, Side};
use crate::exit::{Exit, Stop};
use crate::job::{Base, HostRule, Job, Language, PlatformSettings, SandboxSettings, Secret};
use crate::message::Message;
use crate::platform::{
    Attempt, Client, Envelope, Hidden, Request, ShareDownloadFile, ShareDownloadUrl, decode_base64, fetch_token, fit_to_show,
};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt::Write;
use std::io::IsTerminal;
use std::path::Path;
use std::time::Instant;

/// Longest copy cause that the platform accepts, in characters (`certificateCopyCause` in the specification).
const LONGEST_CAUSE: usize = 200;

pub(super) fn call(args: &CallArgs, terminal: &mut Terminal) -> Result<Exit, Stop> {
    if args.list {
        terminal.print(&listing())?;
        return Ok(Exit::Done);
    }
    let name = args.endpoint.as_deref().unwrap_or_default();
    let endpoint = Endpoint::named(name).ok_or_else(|| {
        let known: Vec<&str> = Endpoint::all().map(Endpoint::name).collect();
        Stop::invalid(Message::new("no-such-interface").with("name", name).with("known", known.join(", ")))
    })?;
    let job = args.job.as_deref().map(|file| terminal.load(file)).transpose()?;
    let request = request(endpoint, args, job.as_ref())?;
    let platform = platform(args, job.as_ref())?;
    let rules = job.map(|job| job.archive.allowed_hosts).unwrap_or_default();
    let terminal: &Terminal = terminal;
    super::runtime()?.block_on(async {
        tokio::select! {
            ended = send(endpoint, &request, (&platform, &rules), args, terminal) => ended,
            () = terminal.interrupts.requested() => Err(Stop::interrupted()),
        }
    })
}

/// Builds the request. Every problem with the parameters is reported before anything is sent.
fn request(endpoint: Endpoint, args: &CallArgs, job: Option<&Job>) -> Result<Request, Stop> {
    let mut problems = Vec::new();
    let mut given = BTreeMap::new();
    for parameter in &args.parameters {
        match parameter.split_once('=') {
            Some((name, value)) => {
                if given.insert(name.trim(), value).is_some() {
                    problems.push(Message::new("parameter-twice").with("name", name.trim()));
                }
            }
            None => problems.push(Message::new("parameter-form")),
        }
    }
    let purpose = PURPOSE.iter().filter(|_| endpoint.carries_purpose());
    let side = ["interfaceType"];
    if endpoint == Endpoint::Token && !given.is_empty() {
        problems.push(Message::new("token-parameters"));
    }
    if given.get("interfaceType").is_some_and(|side| !matches!(*side, "0" | "1")) {
        problems.push(Message::new("bad-interface-type"));
    }
    for name in ["certificateCopyCause", "useFor", "useCause"] {
        let length = given.get(name).map_or(0, |cause| cause.chars().count());
        if length > LONGEST_CAUSE {
            problems.push(Message::new("too-long-cause").with("name", name).with("most", LONGEST_CAUSE).with("length", length));
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
        let message = Message::new("unknown-parameter").with("interface", endpoint.name()).with("name", name);
        problems.push(message.with("nearest", nearest.unwrap_or(&"-")));
    }
    let mut request = given.iter().fold(Request::new(endpoint), |request, (name, value)| request.with(name, value));
    if let Some(job) = job.filter(|_| endpoint.carries_purpose()) {
        request = request.for_purpose(&job.purpose);
    }
    match args.side {
        Some(_) if given.contains_key("interfaceType") => {
            problems.push(Message::new("side-twice"));
        }
        Some(_) if !endpoint.asks_a_side() => problems.push(Message::new("no-side").with("interface", endpoint.name())),
        Some(side) => request = request.on(if side == CallSide::City { Side::City } else { Side::Province }),
        None => {}
    }
    // The token's parameters are fixed or come from the credentials.
    let required = endpoint.required().iter().filter(|_| endpoint != Endpoint::Token);
    let missing: Vec<&str> = required.chain(purpose).filter(|name| !request.has(name)).copied().collect();
    if !missing.is_empty() {
        let hint = endpoint.carries_purpose() && job.is_none();
        let message = Message::new(if hint { "missing-parameters-or-job" } else { "missing-parameters" });
        problems.push(message.with("interface", endpoint.name()).with("names", missing.join(", ")));
    }
    if endpoint.changes_province() && !args.confirm {
        problems.push(Message::new("needs-confirm").with("interface", endpoint.name()));
    }
    if problems.is_empty() { Ok(request) } else { Err(Stop { exit: Exit::Invalid, messages: problems }) }
}

/// Returns the platform settings: those of the job, or the given URL with credentials from the environment.
fn platform(args: &CallArgs, job: Option<&Job>) -> Result<PlatformSettings, Stop> {
    if let Some(job) = job {
        return Ok(job.platform.clone());
    }
    let Some(url) = &args.base_url else {
        return Err(Stop::invalid(Message::new("call-where")));
    };
    let (base, username, password) = if url == "sandbox" {
        let account = || Secret::Literal("sandbox".to_owned());
        (Base::Sandbox(SandboxSettings::default()), account(), account())
    } else {
        let from = |name: &str| Secret::Env(name.to_owned());
        (Base::Url(url.trim_end_matches('/').to_owned()), from("ECERT_USERNAME"), from("ECERT_PASSWORD"))
    };
    Ok(PlatformSettings::of(base, username, password))
}

/// Sends the request. From here on the exit code must not be 2, which states that nothing was called.
async fn send(
    endpoint: Endpoint,
    request: &Request,
    (platform, rules): (&PlatformSettings, &[HostRule]),
    args: &CallArgs,
    terminal: &Terminal,
) -> Result<Exit, Stop> {
    let base_url = session::base_url(platform).await?;
    let client = Client::new(platform, &base_url, 1).map_err(Stop::invalid)?;
    let (username, password) = (reveal(&platform.username, "username").await?, reveal(&platform.password, "password").await?);
    let began = Instant::now();
    let token = fetch_token(&client, &username, &password).await.map_err(|reason| session::stopped(&reason))?;
    terminal.tell(&Message::new("token-after").with("milliseconds", began.elapsed().as_millis()));
    if endpoint == Endpoint::Token {
        // Whoever asks for a token by hand wants to see it.
        return shown(&token.answer, args.raw, terminal).map(|()| Exit::Done);
    }
    let began = Instant::now();
    let attempt = client.attempt(request, &token.text).await;
    let took = began.elapsed().as_millis();
    let resumable = |message| Stop::new(Exit::Resumable, message);
    let body = match attempt {
        Attempt::Body(body) => body,
        Attempt::Http { status, .. } => {
            terminal.tell(&Message::new("http-after").with("status", status).with("milliseconds", took));
            return Ok(if matches!(status, 401 | 403) { Exit::Refused } else { Exit::Resumable });
        }
        Attempt::TooLarge(bytes) => {
            return Err(resumable(Message::new("answer-too-large").with("mebibytes", bytes >> 20)));
        }
        Attempt::Timeout => return Err(resumable(Message::new("no-answer-within").with("milliseconds", took))),
        Attempt::Transport(problem) => return Err(resumable(problem)),
    };
    let body = token.secrets.out_of_body(body);
    shown(&body, args.raw, terminal)?;
    let envelope = Envelope::parse(&body).map_err(|malformed| resumable(malformed.to_message()))?;
    let said = fit_to_show(&envelope.message, &Hidden::of_call(token.secrets, request));
    let meaning = return_code(envelope.status).map_or(Message::new("code-unknown"), |line| {
        if terminal.language() == Language::En { Message::literal(&line.text_en) } else { Message::literal(&line.text_zh) }
    });
    let message = Message::new("code-after").with("code", envelope.status).with("said", said);
    terminal.tell(&message.with_message("meaning", meaning).with("milliseconds", took));
    if let Some(path) = &args.save {
        let settings = DownloadSettings {
            rules,
            base_url: &base_url,
            connect_timeout: platform.connect_timeout,
            timeout: platform.timeout,
            largest: platform.max_answer,
            ca_file: platform.ca_file.as_deref(),
        };
        save(settings, &envelope, path, terminal).await?;
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

async fn reveal(secret: &Secret, key: &'static str) -> Result<String, Stop> {
    let revealed = secret.reveal_soon().await;
    revealed.map_err(|why| Stop::invalid(Message::new("secret-missing").with("key", key).with_message("why", why)))
}

/// Prints a response: indented if it is JSON and `raw` is false, else as received.
fn shown(body: &[u8], raw: bool, terminal: &Terminal) -> Result<(), Stop> {
    let text = String::from_utf8_lossy(body);
    let indented = serde_json::from_slice::<serde_json::Value>(body)
        .ok()
        .filter(|_| !raw)
        .and_then(|value| serde_json::to_string_pretty(&value).ok());
    let shown = indented.as_deref().unwrap_or(&text);
    // What goes into a file or to another program stays as received, where that is wanted.
    let shown = if raw && !std::io::stdout().is_terminal() { Cow::Borrowed(shown) } else { Cow::Owned(without_controls(shown)) };
    terminal.print(&format!("{shown}\n"))
}

/// A text with its control characters written as JSON writes them, but for line ends and tabs.
fn without_controls(text: &str) -> String {
    text.chars().fold(String::with_capacity(text.len()), |mut shown, character| {
        if matches!(character, '\n' | '\t') || !character.is_control() && !is_invisible(character) {
            shown.push(character);
        } else {
            for unit in character.encode_utf16(&mut [0; 2]) {
                let _ = write!(shown, "\\u{unit:04x}");
            }
        }
        shown
    })
}

/// Saves the file in a response: the decoded base64, or the target of its download address. If there are several pages, a number
/// is inserted before the extension of each.
async fn save(settings: DownloadSettings<'_>, envelope: &Envelope, path: &Path, terminal: &Terminal) -> Result<(), Stop> {
    if let Ok(addresses) = ShareDownloadUrl::addresses(envelope)
        && addresses.iter().any(|address| address.url.starts_with("http"))
    {
        let downloader = Downloader::new(settings).map_err(Stop::internal)?;
        for (number, address) in (1..).zip(&addresses) {
            let target = if addresses.len() == 1 { path.to_owned() } else { numbered(path, number) };
            let bytes = download(&downloader, &address.url, &target, settings.largest).await?;
            terminal.tell(&Message::new("bytes-in").with("bytes", bytes).with("path", target.display()));
        }
        return Ok(());
    }
    let without_file = |message| Stop::new(Exit::Resumable, message);
    let contents = ShareDownloadFile::contents(envelope).map_err(|error| without_file(Message::literal(error)))?;
    let decoded = contents.iter().map(|text| decode_base64(text)).collect::<Result<Vec<_>, _>>();
    let files = decoded.map_err(|_| without_file(Message::new("no-base64")))?;
    if files.is_empty() {
        return Err(without_file(Message::new("no-file-in-answer")));
    }
    for (number, file) in (1..).zip(&files) {
        let target = if files.len() == 1 { path.to_owned() } else { numbered(path, number) };
        write_whole(&target, file).map_err(Stop::disk(target.display()))?;
        terminal.tell(&Message::new("bytes-in").with("bytes", file.len()).with("path", target.display()));
    }
    Ok(())
}

/// Downloads a file under the same rules as `archive`, and returns its size in bytes.
async fn download(downloader: &Downloader, address: &str, target: &Path, largest: u64) -> Result<u64, Stop> {
    let file = WholeFile::create(target).map_err(Stop::disk(target.display()))?;
    let arrived = downloader.fetch(address, file).await.map_err(|why| match why {
        NotDownloaded::Forbidden(why) => Stop { exit: Exit::Refused, messages: vec![Message::new("address-not-allowed"), why] },
        NotDownloaded::Expired(why) | NotDownloaded::Failed { why, .. } => Stop::new(Exit::Resumable, why),
        NotDownloaded::TooLarge => {
            Stop::new(Exit::Resumable, Message::new("download-too-large").with("mebibytes", largest >> 20))
        }
        NotDownloaded::Disk(error) => Stop::disk(target.display())(error),
    })?;
    arrived.file.finish().map_err(Stop::disk(target.display()))?;
    Ok(arrived.bytes)
}

fn numbered(path: &Path, number: usize) -> std::path::PathBuf {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    let ending = path.extension().map(|ending| format!(".{}", ending.to_string_lossy())).unwrap_or_default();
    path.with_file_name(format!("{stem}-{number}{ending}"))
}

/// Returns the list of interfaces, with their parameters and one line of explanation each.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_is_printed_commands_a_terminal() {
        for (text, shown) in [
            ("{\n\t\"name\": \"张三\"\n}", "{\n\t\"name\": \"张三\"\n}"),
            ("\u{1b}]0;x\u{7}\u{9b}31m\r", "\\u001b]0;x\\u0007\\u009b31m\\u000d"),
            ("a\u{202e}b\u{e0041}", "a\\u202eb\\udb40\\udc41"),
        ] {
            assert_eq!(without_controls(text), shown);
        }
    }
}
