//! Checks of the network path to the platform: name resolution, proxy, TLS connection, and the platform's clock.

use super::{Finding, Grade, is_sandbox};
use crate::command::runtime;
use crate::command::terminal::Terminal;
use crate::exit::Stop;
use crate::job::{Job, PlatformSettings};
use crate::message::Message;
use crate::platform::{build_client, reasons, trusting};
use chrono::{DateTime, Utc};
use reqwest::header::DATE;
use reqwest::redirect;
use url::Url;

/// Clock difference, in seconds, above which a note is given.
const NOTED_SKEW: i64 = 60;
/// Clock difference, in seconds, above which run ids and calling windows can be wrong and certificates can seem expired.
const WRONG_SKEW: i64 = 600;

/// Checks the path to the platform without making a call.
pub(super) fn findings(job: &Job, terminal: &Terminal) -> Result<Vec<Finding>, Stop> {
    if is_sandbox(job) {
        return Ok(vec![Finding::good(Message::new("doctor-topic-connection"), Message::new("doctor-sandbox"))]);
    }
    // The job file is valid, so this cannot fail.
    let Ok(url) = Url::parse(job.platform.base.name()) else { return Ok(Vec::new()) };
    runtime()?.block_on(async {
        tokio::select! {
            findings = look(&url, &job.platform) => Ok(findings),
            () = terminal.interrupts.requested() => Err(Stop::interrupted()),
        }
    })
}

async fn look(url: &Url, settings: &PlatformSettings) -> Vec<Finding> {
    let proxy = proxy(url.scheme(), |name| std::env::var(name).ok());
    let mut findings = vec![resolution(url, proxy.is_some()).await, proxy_finding(proxy)];
    findings.extend(connection(url, settings).await);
    findings
}

/// Resolves the platform's host name, except behind a proxy, which resolves it itself.
async fn resolution(url: &Url, has_proxy: bool) -> Finding {
    let topic = Message::new("doctor-topic-name");
    let host = url.host_str().unwrap_or_default();
    // The brackets of an IPv6 address belong to the URL, not to the address.
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    match tokio::net::lookup_host((bare, url.port_or_known_default().unwrap_or(80))).await {
        Ok(addresses) => {
            let mut addresses: Vec<String> = addresses.map(|address| address.ip().to_string()).collect();
            addresses.dedup();
            Finding::good(topic, Message::new("doctor-name").with("host", host).with("addresses", addresses.join(", ")))
        }
        Err(cause) => {
            let grade = if has_proxy { Grade::Note } else { Grade::Wrong };
            let what = Message::new("doctor-no-name").with("host", host).with("cause", cause);
            Finding::new(grade, topic, what).advising(Message::new("doctor-no-name-advice"))
        }
    }
}

/// A proxy from the environment.
#[derive(Debug, PartialEq, Eq)]
struct Proxy {
    variable: &'static str,
    /// Host and port, without credentials.
    address: String,
    /// Hosts that are connected to directly.
    exceptions: String,
}

/// Returns the proxy that the environment sets for URLs of a scheme.
fn proxy(scheme: &str, variable: impl Fn(&str) -> Option<String>) -> Option<Proxy> {
    let set = |name: &str| variable(name).filter(|value| !value.trim().is_empty());
    let of_scheme = if scheme == "https" { ["https_proxy", "HTTPS_PROXY"] } else { ["http_proxy", "HTTP_PROXY"] };
    let mut names = of_scheme.into_iter().chain(["all_proxy", "ALL_PROXY"]);
    let (name, value) = names.find_map(|name| Some((name, set(name)?)))?;
    let exceptions = set("no_proxy").or_else(|| set("NO_PROXY")).unwrap_or_default();
    Some(Proxy { variable: name, address: without_credentials(&value), exceptions })
}

/// Returns the host and port of a proxy's URL, because credentials in it must not be printed.
fn without_credentials(address: &str) -> String {
    let rest = address.split_once("://").map_or(address, |(_, rest)| rest);
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    authority.rsplit('@').next().unwrap_or_default().to_owned()
}

fn proxy_finding(proxy: Option<Proxy>) -> Finding {
    let topic = Message::new("doctor-topic-proxy");
    match proxy {
        None => Finding::good(topic, Message::new("doctor-no-proxy")),
        Some(Proxy { variable, address, exceptions }) if exceptions.is_empty() => {
            let what = Message::new("doctor-proxy").with("variable", variable).with("address", address);
            Finding::new(Grade::Note, topic, what).advising(Message::new("doctor-proxy-advice"))
        }
        Some(Proxy { variable, address, exceptions }) => {
            let what = Message::new("doctor-proxy-except").with("variable", variable).with("address", address);
            Finding::good(topic, what.with("exceptions", exceptions))
        }
    }
}

/// Requests the platform's root path, which is not a call to an interface. Only the connection, its certificates and the `Date`
/// header matter.
async fn connection(url: &Url, settings: &PlatformSettings) -> Vec<Finding> {
    let topic = || Message::new("doctor-topic-connection");
    let client = build_client(|| {
        let builder = reqwest::Client::builder().connect_timeout(settings.connect_timeout).timeout(settings.timeout);
        trusting(builder.redirect(redirect::Policy::none()), settings.ca_file.as_deref())
    });
    let client = match client {
        Ok(client) => client,
        Err(why) => return vec![Finding::new(Grade::Wrong, topic(), why)],
    };
    match client.get(url.clone()).send().await {
        Ok(response) => {
            let now = Utc::now();
            let what = Message::new("doctor-reached").with("address", url).with("status", response.status().as_u16());
            let told = response.headers().get(DATE).and_then(|value| value.to_str().ok());
            let told = told.and_then(|text| DateTime::parse_from_rfc2822(text.trim()).ok());
            let clock = told.map_or_else(no_clock, |told| judge_clock(told.with_timezone(&Utc), now));
            vec![Finding::good(topic(), what), clock]
        }
        Err(error) => {
            let advice = advice(&error);
            let why = Message::literal(reasons(&error.without_url()));
            let what = Message::new("doctor-not-reached").with("address", url).with_message("why", why);
            vec![Finding::new(Grade::Wrong, topic(), what).advising(advice)]
        }
    }
}

/// Returns advice for a failed connection.
fn advice(error: &reqwest::Error) -> Message {
    let why = reasons(error).to_ascii_lowercase();
    if why.contains("certificate") || why.contains("tls") {
        Message::new("doctor-tls-advice")
    } else if error.is_timeout() {
        Message::new("doctor-silence-advice")
    } else {
        Message::new("doctor-connection-advice")
    }
}

fn no_clock() -> Finding {
    Finding::good(Message::new("doctor-topic-clock"), Message::new("doctor-clock-unknown"))
}

/// Compares this machine's clock with the platform's `Date` header, which is rounded to a second.
fn judge_clock(told: DateTime<Utc>, now: DateTime<Utc>) -> Finding {
    let topic = Message::new("doctor-topic-clock");
    let seconds = (now - told).num_seconds();
    let what = Message::new("doctor-clock").with("seconds", seconds.abs());
    let grade = match seconds.abs() {
        0..=NOTED_SKEW => return Finding::good(topic, what),
        seconds if seconds <= WRONG_SKEW => Grade::Note,
        _ => Grade::Wrong,
    };
    Finding::new(grade, topic, what).advising(Message::new("doctor-clock-advice"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_is_good_a_little_off_or_wrong() {
        let now = DateTime::parse_from_rfc3339("2026-11-25T08:00:00Z").unwrap().with_timezone(&Utc);
        for (seconds, grade) in [
            (0, Grade::Good),
            (60, Grade::Good),
            (-61, Grade::Note),
            (600, Grade::Note),
            (-601, Grade::Wrong),
            (86_400, Grade::Wrong),
        ] {
            let told = now + chrono::Duration::seconds(seconds);
            assert_eq!(judge_clock(told, now).grade, grade, "{seconds}");
        }
    }

    #[test]
    fn the_proxy_of_a_scheme_is_named_without_its_credentials() {
        let environment = |set: &'static [(&'static str, &'static str)]| {
            move |name: &str| set.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
        };
        assert_eq!(proxy("http", environment(&[])), None);
        assert_eq!(proxy("https", environment(&[("http_proxy", "http://p:1")])), None, "of another scheme");
        let found =
            proxy("http", environment(&[("HTTP_PROXY", "http://user:hunter2@proxy.cn:3128/"), ("no_proxy", "10.0.0.0/8")]));
        let expected = Proxy { variable: "HTTP_PROXY", address: "proxy.cn:3128".to_owned(), exceptions: "10.0.0.0/8".to_owned() };
        assert_eq!(found, Some(expected));
        assert_eq!(proxy("https", environment(&[("ALL_PROXY", "socks5://p:1080")])).unwrap().address, "p:1080");
        assert_eq!(without_credentials("a:b@c@proxy:1"), "proxy:1");
    }
}
