//! Hosts that files may be fetched from.

use ipnet::IpNet;
use std::net::IpAddr;

/// A host, or a network of addresses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HostRule {
    /// A name, in lower case, whatever address it has.
    Name(String),
    /// Addresses: one, or a range in CIDR form.
    Network(IpNet),
}

impl HostRule {
    /// Reads `files.example.cn`, `10.1.2.3` or `172.20.0.0/16`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        if let Ok(network) = text.parse::<IpNet>() {
            return Some(Self::Network(network));
        }
        if let Ok(address) = text.parse::<IpAddr>() {
            return Some(Self::Network(address.into()));
        }
        let is_part = |part: &str| {
            !part.is_empty() && part.chars().all(|character| character.is_alphanumeric() || matches!(character, '-' | '_'))
        };
        // What ends in a number is an address gone wrong.
        let is_number = |part: &str| part.chars().all(|character| character.is_ascii_digit());
        let is_name = text.split('.').all(is_part) && !text.rsplit('.').next().is_some_and(is_number);
        // As addresses have it: in lower case, and other letters than Latin ones in their ASCII form.
        url::Host::parse(text).ok().filter(|_| is_name).map(|host| Self::Name(host.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_host_is_refused() {
        assert_eq!(HostRule::parse("Files.example.cn"), Some(HostRule::Name("files.example.cn".into())));
        assert!(matches!(HostRule::parse("10.1.2.3"), Some(HostRule::Network(_))));
        for text in ["", "http://a.cn", "a.cn:80", "10.1.2", "10.1.2.3/40", "*.example.cn", "a/b"] {
            assert_eq!(HostRule::parse(text), None, "{text}");
        }
    }
}
