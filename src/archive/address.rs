//! Rules for download addresses: checked by origin, by host name and port, and by the IP address that is connected to.

use crate::job::HostRule;
use crate::message::Message;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use std::collections::BTreeSet;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use url::{Host, Origin, Url};

/// Code of the message for an address that no rule allows.
pub(super) const FORBIDDEN: &str = "fetch-forbidden";
/// Argument of that message: the rules that were applied. A file is requested once more when they have changed.
pub(super) const RULES: &str = "rules";

/// Allowed targets of downloads: the platform's own scheme, host and port, and what the job's rules allow.
#[derive(Debug, Clone)]
pub(super) struct AllowedHosts {
    rules: Arc<Vec<HostRule>>,
    platform: Option<Origin>,
}

/// Check that remains for an address whose text is allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Passage {
    /// None: the host name, or the literal IP address, is allowed.
    Free,
    /// The IP addresses that the host name resolves to. The port is set if a rule about a network names it, so that the rules for
    /// that port apply as well.
    ByAddress(Option<u16>),
}

impl AllowedHosts {
    /// Combines the rules of a job with the origin of the platform at `base_url`.
    pub(super) fn new(rules: &[HostRule], base_url: &str) -> Self {
        let platform = Url::parse(base_url).ok().map(|url| url.origin()).filter(Origin::is_tuple);
        Self { rules: Arc::new(rules.to_vec()), platform }
    }

    /// Checks the text of an address.
    ///
    /// # Errors
    /// Fails with the reason if the address does not use http or https, contains credentials, or has a host or port that no rule
    /// allows.
    pub(super) fn check(&self, url: &Url) -> Result<Passage, Message> {
        if !matches!(url.scheme(), "http" | "https") {
            return Err(Message::new("fetch-scheme").with("scheme", url.scheme()));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(Message::new("fetch-credentials"));
        }
        let (Some(host), Some(port)) = (url.host(), url.port_or_known_default()) else {
            return Err(Message::new("fetch-no-host"));
        };
        if self.platform.as_ref() == Some(&url.origin()) {
            return Ok(Passage::Free);
        }
        let mut rules = self.rules.iter().filter(|rule| rule.allows_port(port));
        let passage = match host {
            Host::Domain(name) if rules.clone().any(|rule| rule.names(name)) => Some(Passage::Free),
            Host::Domain(_) => rules.any(HostRule::is_network).then(|| Passage::ByAddress(self.port_class(port))),
            Host::Ipv4(address) => rules.any(|rule| rule.holds(address.into())).then_some(Passage::Free),
            Host::Ipv6(address) => rules.any(|rule| rule.holds(address.into())).then_some(Passage::Free),
        };
        passage.ok_or_else(|| self.forbidden(url))
    }

    /// Returns the message for an address that no rule allows. It contains only the address's scheme, host and port.
    pub(super) fn forbidden(&self, url: &Url) -> Message {
        Message::new(FORBIDDEN).with("origin", url.origin().ascii_serialization()).with(RULES, rules_text(&self.rules))
    }

    /// Returns a resolver for each [`Passage::ByAddress`] that [`check`](Self::check) can return; none if no rule is about a
    /// network.
    pub(super) fn resolvers(&self) -> Vec<(Option<u16>, NetworkResolver)> {
        let networks = || self.rules.iter().filter(|rule| rule.is_network());
        let mut classes: BTreeSet<Option<u16>> = networks().map(HostRule::port).collect();
        if !classes.is_empty() {
            classes.insert(None);
        }
        classes.into_iter().map(|port| (port, NetworkResolver { rules: Arc::clone(&self.rules), port })).collect()
    }

    /// Returns the port if a rule about a network names it.
    fn port_class(&self, port: u16) -> Option<u16> {
        let is_named = self.rules.iter().any(|rule| rule.is_network() && rule.port() == Some(port));
        is_named.then_some(port)
    }
}

/// Returns the rules as text, for detecting changes.
pub(super) fn rules_text(rules: &[HostRule]) -> String {
    rules.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
}

/// Resolver that returns only IP addresses in an allowed network.
#[derive(Debug)]
pub(super) struct NetworkResolver {
    rules: Arc<Vec<HostRule>>,
    /// Port of the connection, if a rule about a network names it.
    port: Option<u16>,
}

/// Error for a host name without an allowed IP address.
#[derive(Debug, thiserror::Error)]
#[error("no address of the name is allowed")]
pub(super) struct NoAllowedAddress;

impl NetworkResolver {
    fn allows(&self, address: IpAddr) -> bool {
        self.rules.iter().any(|rule| (rule.port().is_none() || rule.port() == self.port) && rule.holds(address))
    }
}

impl Resolve for NetworkResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let allowed = Self { rules: Arc::clone(&self.rules), port: self.port };
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let kept: Vec<SocketAddr> = found.filter(|found| allowed.allows(found.ip())).collect();
            if kept.is_empty() {
                return Err(NoAllowedAddress.into());
            }
            Ok(Box::new(kept.into_iter()) as Addrs)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allowed(rules: &[&str], base_url: &str) -> AllowedHosts {
        AllowedHosts::new(&rules.iter().map(|text| HostRule::parse(text).unwrap()).collect::<Vec<_>>(), base_url)
    }

    fn check(allowed: &AllowedHosts, text: &str) -> Option<Passage> {
        allowed.check(&Url::parse(text).unwrap()).ok()
    }

    #[test]
    fn names_addresses_and_networks_are_told_apart() {
        let some = allowed(&["files.example.cn", "172.20.0.0/16", "10.1.2.3", "fd00::/8"], "http://10.0.0.1:8080/api");
        for good in [
            "http://files.example.cn/a",
            "https://FILES.example.cn:8443/a",
            "http://172.20.3.4/a",
            "http://10.1.2.3/a",
            "http://10.0.0.1:8080/a",
            "http://[fd00::1]/a",
            "http://[::ffff:172.20.3.4]/a",
        ] {
            assert_eq!(check(&some, good), Some(Passage::Free), "{good}");
        }
        for bad in [
            "http://172.21.0.1/a",
            "http://127.0.0.1/a",
            // A number is an address in another form: 172.16.0.1.
            "http://2886729729/a",
            "ftp://files.example.cn/a",
            "file:///etc/passwd",
            "http://user:word@files.example.cn/a",
            "http://[::1]/a",
        ] {
            assert_eq!(check(&some, bad), None, "{bad}");
        }
        assert_eq!(check(&some, "http://elsewhere.example.cn/a"), Some(Passage::ByAddress(None)), "what it leads to decides");
        let named = allowed(&["files.example.cn"], "http://10.0.0.1:8080/api");
        assert_eq!(check(&named, "http://elsewhere.example.cn/a"), None);
        assert_eq!(check(&named, "http://files.example.cn.evil.cn/a"), None);
        assert!(named.resolvers().is_empty());
    }

    #[test]
    fn of_the_platforms_host_only_its_own_scheme_and_port_are_allowed_without_a_rule() {
        let none = allowed(&[], "https://platform.example.cn/api");
        for (address, passage) in [
            ("https://platform.example.cn/file", Some(Passage::Free)),
            ("https://PLATFORM.example.cn:443/file", Some(Passage::Free)),
            ("http://platform.example.cn/file", None),
            ("http://platform.example.cn:443/file", None),
            ("https://platform.example.cn:8443/file", None),
            ("https://files.platform.example.cn/file", None),
        ] {
            assert_eq!(check(&none, address), passage, "{address}");
        }
        let other_port = allowed(&["platform.example.cn:8443"], "https://platform.example.cn/api");
        assert_eq!(check(&other_port, "http://platform.example.cn:8443/file"), Some(Passage::Free), "a rule has no scheme");
        assert_eq!(check(&other_port, "https://platform.example.cn:8444/file"), None);
        assert_eq!(check(&allowed(&[], "sandbox"), "http://127.0.0.1/file"), None);
    }

    #[test]
    fn a_rule_with_a_port_is_about_that_port_alone() {
        let some = allowed(&["10.0.0.0/8:8080", "[::1]:8443", "172.20.0.0/16"], "http://192.168.0.1/api");
        for (address, passage) in [
            ("http://10.1.2.3:8080/a", Some(Passage::Free)),
            ("http://10.1.2.3/a", None),
            ("https://[::1]:8443/a", Some(Passage::Free)),
            ("https://[::1]/a", None),
            ("http://172.20.1.1:1/a", Some(Passage::Free)),
            ("http://name.example.cn:8080/a", Some(Passage::ByAddress(Some(8080)))),
            ("http://name.example.cn:9090/a", Some(Passage::ByAddress(None))),
        ] {
            assert_eq!(check(&some, address), passage, "{address}");
        }
        let resolvers = some.resolvers();
        let allows = |port: Option<u16>, address: &str| {
            resolvers.iter().find(|(class, _)| *class == port).unwrap().1.allows(address.parse().unwrap())
        };
        assert!(allows(Some(8080), "10.1.2.3") && allows(Some(8080), "172.20.1.1") && !allows(Some(8080), "::1"));
        assert!(!allows(None, "10.1.2.3") && allows(None, "172.20.1.1"));
        let only_with_port = allowed(&["10.0.0.0/8:8080"], "http://192.168.0.1/api");
        assert_eq!(check(&only_with_port, "http://name.example.cn:9090/a"), None);
    }
}
