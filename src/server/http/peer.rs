//! The other end of a connection: where it is, and under which name it looks for us.

use std::{
    convert::Infallible,
    net::{IpAddr, Ipv6Addr, SocketAddr},
    sync::Arc,
};

use axum::{
    extract::{ConnectInfo, FromRequestParts},
    http::{HeaderMap, request::Parts, uri::Authority},
};

use super::{App, Settings};

/// Where a request comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Peer {
    /// A program on this machine, by itself.
    Local,
    /// A network from which requests come: an IPv4 address, or the 64 bits of IPv6 that one household has.
    Remote(IpAddr),
    Unknown,
}

impl Peer {
    /// Whose budget a request is on. Everybody of this machine may be behind one address, so that one has none.
    pub(super) fn network(self) -> Option<IpAddr> {
        if let Self::Remote(address) = self { Some(address) } else { None }
    }

    fn of(address: Option<IpAddr>, headers: &HeaderMap, settings: &Settings) -> Self {
        let Some(address) = address.map(|address| address.to_canonical()) else { return Self::Unknown };
        if !address.is_loopback() {
            return Self::Remote(network(address));
        }
        let forwarded = headers.get("x-forwarded-for");
        if forwarded.is_none() && !headers.contains_key("forwarded") {
            return Self::Local;
        }
        // What speaks TLS for us, and says for whom: the last word is its own, whatever came before.
        let last = forwarded.and_then(|all| all.to_str().ok()?.rsplit(',').next()?.trim().parse::<IpAddr>().ok());
        let trusted = last.filter(|_| !settings.names.is_empty());
        trusted.map_or(Self::Unknown, |address| Self::Remote(network(address.to_canonical())))
    }
}

fn network(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() & !u128::from(u64::MAX)).into(),
    }
}

impl FromRequestParts<Arc<App>> for Peer {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Infallible> {
        let address = parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|it| it.0.ip());
        Ok(Self::of(address, &parts.headers, &app.settings))
    }
}

fn name_of(host: &str) -> Option<String> {
    let authority: Authority = host.parse().ok()?;
    // With a user in front it is no host, though it parses.
    (!host.contains('@')).then(|| authority.host().trim_end_matches('.').to_ascii_lowercase())
}

fn is_given(name: &str, settings: &Settings) -> bool {
    settings.names.iter().any(|own| own.eq_ignore_ascii_case(name))
}

/// An address cannot be pointed elsewhere, `localhost` is this machine, and with TLS the certificate has the last word. Any
/// other name was given at the start, or is somebody's who points it here.
pub(super) fn is_own_name(host: &str, settings: &Settings) -> bool {
    let Some(name) = name_of(host) else { return false };
    let address = name.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    settings.tls || address.is_ok() || name == "localhost" || name.ends_with(".localhost") || is_given(&name, settings)
}

/// The page came as we serve it; behind a name that was given, something else may speak TLS.
pub(super) fn is_own_scheme(scheme: &str, host: &str, settings: &Settings) -> bool {
    match scheme {
        "https" => settings.tls || name_of(host).is_some_and(|name| is_given(&name, settings)),
        "http" => !settings.tls,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(tls: bool, names: &[&str]) -> Settings {
        Settings { tls, names: names.iter().map(|name| (*name).to_owned()).collect(), ..Settings::default() }
    }

    #[test]
    fn a_name_that_somebody_points_here_is_not_ours() {
        let plain = settings(false, &["gym.example"]);
        for own in [
            "localhost",
            "LOCALHOST:7468",
            "app.localhost",
            "127.0.0.1:1",
            "192.168.1.20:7468",
            "[::1]:7468",
            "gym.example",
            "Gym.Example.:80",
        ] {
            assert!(is_own_name(own, &plain), "{own}");
        }
        for other in ["evil.example", "gym.example.evil.example", "localhost.evil.example", "notlocalhost", "me@localhost", "", " "]
        {
            assert!(!is_own_name(other, &plain), "{other}");
        }
        assert!(is_own_name("any.example", &settings(true, &[])), "its certificate would not hold");
    }

    #[test]
    fn a_page_over_plain_http_is_not_the_one_over_tls() {
        for (tls, scheme, host, own) in [
            (false, "http", "localhost:1", true),
            (false, "https", "localhost:1", false),
            (false, "https", "gym.example", true),
            (true, "http", "gym.example", false),
            (true, "https", "gym.example", true),
            (false, "ftp", "gym.example", false),
        ] {
            assert_eq!(is_own_scheme(scheme, host, &settings(tls, &["gym.example"])), own, "{scheme} {host}, TLS {tls}");
        }
    }

    #[test]
    fn who_is_forwarded_counts_and_who_says_so_himself_does_not() {
        let address = |text: &str| Some(text.parse::<IpAddr>().expect("an address"));
        let headers = |forwarded: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert("x-forwarded-for", forwarded.parse().expect("a header"));
            headers
        };
        let (proxied, alone) = (settings(false, &["gym.example"]), settings(false, &[]));
        let remote = |text| Peer::Remote(address(text).expect("an address"));
        assert_eq!(Peer::of(address("127.0.0.1"), &HeaderMap::new(), &alone), Peer::Local);
        assert_eq!(Peer::of(address("127.0.0.1"), &headers("9.9.9.9"), &alone), Peer::Unknown, "nobody was announced");
        assert_eq!(Peer::of(address("::1"), &headers("1.1.1.1, 9.9.9.9"), &proxied), remote("9.9.9.9"), "the last word");
        assert_eq!(Peer::of(address("7.7.7.7"), &headers("9.9.9.9"), &proxied), remote("7.7.7.7"), "he says so himself");
        assert_eq!(Peer::of(address("2001:db8:1:2:3:4:5:6"), &HeaderMap::new(), &alone), remote("2001:db8:1:2::"));
        assert_eq!(Peer::of(address("::ffff:7.7.7.7"), &HeaderMap::new(), &alone), remote("7.7.7.7"));
    }
}
