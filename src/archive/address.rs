//! Which hosts files may be fetched from: checked by name, by address, and on the address actually connected to.

use crate::job::HostRule;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use url::{Host, Url};

/// An address that may not be fetched from; why, without its parameters.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Forbidden(pub String);

/// The hosts that files may be fetched from.
#[derive(Debug, Clone)]
pub struct AllowedHosts {
    rules: Arc<Vec<HostRule>>,
    /// The platform's own host.
    platform: Option<String>,
}

impl AllowedHosts {
    /// The rules of a job, and the host of the platform at `base_url`.
    #[must_use]
    pub fn new(rules: &[HostRule], base_url: &str) -> Self {
        let platform = Url::parse(base_url).ok().and_then(|url| url.host_str().map(str::to_lowercase));
        Self { rules: Arc::new(rules.to_vec()), platform }
    }

    /// Whether an address may be fetched from, as far as it tells by itself; a name that is not listed may still be one of
    /// a listed network, which [`Resolve`] finds out.
    ///
    /// # Errors
    /// Why it may not.
    pub fn check(&self, url: &Url) -> Result<(), Forbidden> {
        if !matches!(url.scheme(), "http" | "https") {
            return Err(Forbidden(format!("{} 既不是 http 也不是 https", url.scheme())));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(Forbidden("下载地址带有用户名或密码".to_owned()));
        }
        let refused = |host: &dyn std::fmt::Display| Forbidden(format!("{host} 不在 archive.allowed_hosts 之内"));
        match url.host() {
            None => Err(Forbidden("下载地址没有主机".to_owned())),
            Some(Host::Domain(name)) if self.names(name) || self.has_networks() => Ok(()),
            Some(Host::Domain(name)) => Err(refused(&name)),
            Some(Host::Ipv4(address)) if self.names(&address.to_string()) || self.holds(address.into()) => Ok(()),
            Some(Host::Ipv6(address)) if self.names(&format!("[{address}]")) || self.holds(address.into()) => Ok(()),
            Some(host) => Err(refused(&host)),
        }
    }

    /// Whether a host is listed by its name, whatever its address.
    fn names(&self, host: &str) -> bool {
        let host = host.to_lowercase();
        let is_listed = |rule: &HostRule| matches!(rule, HostRule::Name(name) if *name == host);
        self.platform.as_ref() == Some(&host) || self.rules.iter().any(is_listed)
    }

    fn has_networks(&self) -> bool {
        self.rules.iter().any(|rule| matches!(rule, HostRule::Network(_)))
    }

    /// Whether a network that is listed holds an address.
    fn holds(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.rules.iter().any(|rule| matches!(rule, HostRule::Network(network) if network.contains(&address)))
    }
}

/// Looks names up, and passes on only the addresses that may be connected to.
impl Resolve for AllowedHosts {
    fn resolve(&self, name: Name) -> Resolving {
        let allowed = self.clone();
        Box::pin(async move {
            let name = name.as_str().to_owned();
            let found: Vec<SocketAddr> = tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            let is_named = allowed.names(&name);
            let kept: Vec<SocketAddr> = found.into_iter().filter(|found| is_named || allowed.holds(found.ip())).collect();
            if kept.is_empty() {
                return Err(Forbidden(format!("{name} 指向的地址不在 archive.allowed_hosts 之内")).into());
            }
            Ok(Box::new(kept.into_iter()) as Addrs)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_addresses_and_networks_are_told_apart() {
        let rules: Vec<HostRule> = ["files.example.cn", "172.20.0.0/16", "10.1.2.3", "fd00::/8"]
            .into_iter()
            .map(|text| HostRule::parse(text).unwrap())
            .collect();
        let named_only = AllowedHosts::new(&[HostRule::Name("files.example.cn".into())], "http://10.0.0.1:8080/api");
        let allowed = AllowedHosts::new(&rules, "http://10.0.0.1:8080/api");
        let check = |allowed: &AllowedHosts, text: &str| allowed.check(&Url::parse(text).unwrap()).is_ok();
        for good in [
            "http://files.example.cn/a",
            "https://FILES.example.cn:8443/a",
            "http://172.20.3.4/a",
            "http://10.1.2.3/a",
            "http://10.0.0.1:9000/a",
            "http://[fd00::1]/a",
            "http://[::ffff:172.20.3.4]/a",
        ] {
            assert!(check(&allowed, good), "{good}");
        }
        for bad in [
            "http://172.21.0.1/a",
            "http://127.0.0.1/a",
            "http://2886729729/a",
            "ftp://files.example.cn/a",
            "file:///etc/passwd",
            "http://user:word@files.example.cn/a",
            "http://[::1]/a",
        ] {
            assert!(!check(&allowed, bad) || bad.contains("2886729729"), "{bad}");
        }
        // A number is an address in another form: 172.16.0.1 is in no listed network.
        assert!(!check(&allowed, "http://2886729729/a"));
        assert!(check(&allowed, "http://elsewhere.example.cn/a"), "what it leads to decides");
        assert!(!check(&named_only, "http://elsewhere.example.cn/a") && !check(&named_only, "http://files.example.cn.evil.cn/a"));
    }
}
