//! Rules for the hosts that files may be downloaded from.

use ipnet::IpNet;
use std::fmt;
use std::net::IpAddr;

/// A host name or a range of IP addresses that files may be downloaded from, optionally on one port only.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostRule {
    hosts: Hosts,
    /// The only allowed port; `None` allows every port.
    port: Option<u16>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Hosts {
    /// A host name in lower case, whichever addresses it resolves to.
    Name(String),
    /// One IP address, or a range in CIDR notation.
    Network(IpNet),
}

impl HostRule {
    /// Parses `files.example.cn`, `10.1.2.3`, `172.20.0.0/16` or `[fd00::1]`, each optionally with a port, as in
    /// `files.example.cn:9000`, `10.0.0.0/8:8080` or `[fd00::/8]:8443`. Returns `None` for anything else.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        if let Some(hosts) = Hosts::parse(text) {
            return Some(Self { hosts, port: None });
        }
        let (hosts, port) = text.rsplit_once(':')?;
        let number =
            port.parse::<u16>().ok().filter(|number| *number > 0 && port.starts_with(|first: char| first.is_ascii_digit()))?;
        Some(Self { hosts: Hosts::parse(hosts)?, port: Some(number) })
    }

    /// Returns the only allowed port; `None` if every port is allowed.
    #[must_use]
    pub const fn port(&self) -> Option<u16> {
        self.port
    }

    /// Returns whether the rule allows this port.
    #[must_use]
    pub fn allows_port(&self, port: u16) -> bool {
        self.port.is_none_or(|allowed| allowed == port)
    }

    /// Returns whether the rule names this host. `name` must be normalised as the `url` crate does.
    #[must_use]
    pub fn names(&self, name: &str) -> bool {
        matches!(&self.hosts, Hosts::Name(known) if known == name)
    }

    /// Returns whether the rule is about IP addresses rather than names.
    #[must_use]
    pub const fn is_network(&self) -> bool {
        matches!(self.hosts, Hosts::Network(_))
    }

    /// Returns whether the rule's range contains this address. An IPv4-mapped IPv6 address counts as the IPv4 address.
    #[must_use]
    pub fn holds(&self, address: IpAddr) -> bool {
        matches!(&self.hosts, Hosts::Network(network) if network.contains(&address.to_canonical()))
    }
}

/// Formats the rule as a job file writes it.
impl fmt::Display for HostRule {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let hosts = match &self.hosts {
            Hosts::Name(name) => name.clone(),
            Hosts::Network(network) if network.prefix_len() == network.max_prefix_len() => network.addr().to_string(),
            Hosts::Network(network) => network.to_string(),
        };
        match self.port {
            None => formatter.write_str(&hosts),
            Some(port) if hosts.contains(':') => write!(formatter, "[{hosts}]:{port}"),
            Some(port) => write!(formatter, "{hosts}:{port}"),
        }
    }
}

impl Hosts {
    /// Parses a name, an address or a range. An IPv6 address may be in brackets, as in a URL.
    fn parse(text: &str) -> Option<Self> {
        if let Some((inside, rest)) = text.strip_prefix('[').and_then(|text| text.split_once(']')) {
            // The port has been split off before, so only a prefix length may follow the brackets.
            let is_whole = rest.is_empty() || rest.starts_with('/');
            let range = network(&format!("{inside}{rest}")).filter(|network| is_whole && network.addr().is_ipv6());
            return range.map(Self::Network);
        }
        if let Some(network) = network(text) {
            return Some(Self::Network(network));
        }
        let is_part = |part: &str| {
            !part.is_empty() && part.chars().all(|character| character.is_alphanumeric() || matches!(character, '-' | '_'))
        };
        // A name whose last part is a number is a mistyped IP address.
        let is_number = |part: &str| part.chars().all(|character| character.is_ascii_digit());
        let is_name = text.split('.').all(is_part) && !text.rsplit('.').next().is_some_and(is_number);
        // Normalised as in URLs: in lower case, and non-ASCII letters in Punycode.
        match url::Host::parse(text) {
            Ok(url::Host::Domain(name)) if is_name => Some(Self::Name(name)),
            _ => None,
        }
    }
}

/// Parses an IP address or a range of addresses.
fn network(text: &str) -> Option<IpNet> {
    text.parse::<IpNet>().ok().or_else(|| text.parse::<IpAddr>().ok().map(IpNet::from))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn hosts_addresses_and_networks_are_read_with_and_without_a_port() {
        for (text, shown, port) in [
            ("Files.example.cn", "files.example.cn", None),
            ("files.example.cn:9000", "files.example.cn:9000", Some(9000)),
            ("10.1.2.3", "10.1.2.3", None),
            ("10.0.0.0/8:8080", "10.0.0.0/8:8080", Some(8080)),
            ("::1", "::1", None),
            ("[::1]", "::1", None),
            ("[::1]:8443", "[::1]:8443", Some(8443)),
            ("[fd00::]/8:8443", "[fd00::/8]:8443", Some(8443)),
            ("[fd00::/8]:8443", "[fd00::/8]:8443", Some(8443)),
        ] {
            let rule = HostRule::parse(text).expect(text);
            assert_eq!((rule.to_string().as_str(), rule.port()), (shown, port), "{text}");
        }
    }

    #[test]
    fn what_is_no_host_is_refused() {
        for text in [
            "",
            "http://a.cn",
            "10.1.2",
            "10.1.2.3/40",
            "*.example.cn",
            "a/b",
            "a.cn:",
            "a.cn:0",
            "a.cn:+80",
            "a.cn:65536",
            "a.cn:80:80",
            "[10.1.2.3]:80",
            "[a.cn]:80",
            "0x7f",
            "[::1",
            ":80",
        ] {
            assert_eq!(HostRule::parse(text), None, "{text}");
        }
    }

    #[test]
    fn a_port_limits_a_rule() {
        let any = HostRule::parse("10.0.0.0/8").unwrap();
        let one = HostRule::parse("10.0.0.0/8:8080").unwrap();
        let (inside, outside) = ("::ffff:10.1.2.3".parse().unwrap(), "11.1.2.3".parse().unwrap());
        assert!(any.holds(inside) && one.holds(inside) && !one.holds(outside));
        assert!(any.allows_port(1) && one.allows_port(8080) && !one.allows_port(8081));
        assert!(one.is_network() && !one.names("10.1.2.3"));
        assert!(HostRule::parse("a.cn:80").unwrap().names("a.cn"));
    }

    proptest! {
        #[test]
        fn a_rule_that_is_shown_is_read_back(text in "[a-zA-Z0-9.:/\\[\\]-]{0,24}") {
            if let Some(rule) = HostRule::parse(&text) {
                prop_assert_eq!(HostRule::parse(&rule.to_string()), Some(rule));
            }
        }
    }
}
