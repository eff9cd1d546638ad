//! The proxy that the environment names. No error repeats a variable, because it may contain a password.

use std::env;
use std::net::IpAddr;

use super::Proxy;
use crate::conn::connector::Target;
use crate::error::{Error, Result};

/// From the most to the least suitable, each first as it is and then in capitals. `http_proxy` is left out: it is about `http://` alone,
/// and in a CGI program it may come from a request's header.
const NAMES: [&str; 2] = ["all_proxy", "https_proxy"];
const EXCEPTIONS: [&str; 1] = ["no_proxy"];

impl Proxy {
    /// The proxy that the environment names for that target; `None` if it names none, or makes an exception for the target. The crate never
    /// does this by itself.
    ///
    /// The first that is set and not empty counts: `all_proxy`, `ALL_PROXY`, `https_proxy`, `HTTPS_PROXY`, with a URL as in
    /// [`from_url`](Self::from_url). `no_proxy`, or else `NO_PROXY`, lists the exceptions, separated by commas or spaces: `*` for all; a
    /// name, for itself and the names below it, with or without a dot before it; an address; a network such as `10.0.0.0/8`. A name or an
    /// address may be followed by a port. No name is looked up for this, so that a network is no exception for a name in it.
    ///
    /// ```
    /// use postroom::Config;
    /// use postroom::connector::{Proxy, Target};
    ///
    /// let mut config = Config::new("imap.example.org");
    /// if let Some(proxy) = Proxy::from_env(&Target::new("imap.example.org", 993))? {
    ///     config = config.connect_by(proxy);
    /// }
    /// # drop(config);
    /// # Ok::<(), postroom::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`Kind::Input`](crate::Kind::Input) for a variable that is not UTF-8, or names no proxy that can be used; the error names the
    /// variable.
    pub fn from_env(target: &Target) -> Result<Option<Self>> {
        from_variables(target, |name| match env::var(name) {
            Ok(value) => Ok(Some(value)),
            Err(env::VarError::NotPresent) => Ok(None),
            Err(env::VarError::NotUnicode(_)) => Err(Error::input(format!("the variable {name} is not UTF-8"))),
        })
    }
}

fn from_variables(target: &Target, value: impl Fn(&str) -> Result<Option<String>>) -> Result<Option<Proxy>> {
    let Some((name, url)) = first_set(&NAMES, &value)? else { return Ok(None) };
    if first_set(&EXCEPTIONS, &value)?.is_some_and(|(_, list)| is_excepted(target, &list)) {
        return Ok(None);
    }
    let proxy = Proxy::from_url(url.trim());
    proxy.map(Some).map_err(|error| error.with_context(format!("the variable {name} names no proxy that can be used")))
}

fn first_set(names: &[&str], value: impl Fn(&str) -> Result<Option<String>>) -> Result<Option<(String, String)>> {
    for name in names.iter().flat_map(|name| [(*name).to_owned(), name.to_ascii_uppercase()]) {
        if let Some(value) = value(&name)?.filter(|value| !value.trim().is_empty()) {
            return Ok(Some((name, value)));
        }
    }
    Ok(None)
}

fn is_excepted(target: &Target, list: &str) -> bool {
    let items = list.split(|mark: char| mark == ',' || mark.is_whitespace());
    items.filter(|item| !item.is_empty()).any(|item| matches(target, item))
}

fn matches(target: &Target, item: &str) -> bool {
    if item == "*" {
        return true;
    }
    let host = target.host().trim_end_matches('.');
    let (place, port) = split_port(item);
    if port.is_some_and(|port| port != target.port()) {
        return false;
    }
    match host.parse::<IpAddr>() {
        Ok(address) => place.parse() == Ok(address) || network(place).is_some_and(|network| is_in(address, network)),
        Err(_) => is_below(host, place.strip_prefix("*.").unwrap_or(place).trim_matches('.')),
    }
}

/// Whether it is that name or one below it.
fn is_below(host: &str, name: &str) -> bool {
    let (host, name) = (host.to_ascii_lowercase(), name.to_ascii_lowercase());
    let above = host.strip_suffix(&name);
    !name.is_empty() && above.is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
}

/// An IPv6 address has a port only after brackets.
fn split_port(item: &str) -> (&str, Option<u16>) {
    if let Some((inner, rest)) = item.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        return (inner, rest.strip_prefix(':').and_then(|port| port.parse().ok()));
    }
    match item.split_once(':') {
        Some((place, port)) if !port.contains(':') => match port.parse() {
            Ok(port) => (place, Some(port)),
            Err(_) => (item, None),
        },
        _ => (item, None),
    }
}

fn network(text: &str) -> Option<(IpAddr, u32)> {
    let (address, length) = text.split_once('/')?;
    Some((address.parse().ok()?, length.parse().ok()?))
}

/// RFC 4632 §3.1, RFC 4291 §2.3.
fn is_in(address: IpAddr, (network, length): (IpAddr, u32)) -> bool {
    match (address, network) {
        (IpAddr::V4(address), IpAddr::V4(network)) => {
            length <= 32 && (u32::from(address) ^ u32::from(network)).checked_shr(32 - length).unwrap_or(0) == 0
        }
        (IpAddr::V6(address), IpAddr::V6(network)) => {
            length <= 128 && (u128::from(address) ^ u128::from(network)).checked_shr(128 - length).unwrap_or(0) == 0
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Kind;

    fn proxy(variables: &[(&str, &str)], host: &str) -> Result<Option<String>> {
        let value =
            |name: &str| Ok(variables.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned()));
        Ok(from_variables(&Target::new(host, 993), value)?.map(|proxy| proxy.name()))
    }

    fn chosen(variables: &[(&str, &str)]) -> Option<String> {
        proxy(variables, "imap.example.org").unwrap()
    }

    fn is_direct(list: &str, host: &str) -> bool {
        proxy(&[("ALL_PROXY", "socks5h://p"), ("NO_PROXY", list)], host).unwrap().is_none()
    }

    #[test]
    fn the_first_that_is_set_counts() {
        let all = [
            ("all_proxy", "socks5h://a"),
            ("ALL_PROXY", "socks5h://b"),
            ("https_proxy", "http://c"),
            ("HTTPS_PROXY", "d:3128"),
        ];
        for (skipped, expected) in [(0, "a:1080"), (1, "b:1080"), (2, "c:80"), (3, "d:3128")] {
            assert_eq!(chosen(&all[skipped..]).as_deref(), Some(expected));
        }
        assert_eq!(chosen(&[("all_proxy", ""), ("ALL_PROXY", " socks5h://b ")]).as_deref(), Some("b:1080"));
        for none in [&[][..], &[("HTTP_PROXY", "http://p")], &[("http_proxy", "http://p")], &[("ALL_PROXY", " ")]] {
            assert_eq!(chosen(none), None);
        }
    }

    #[test]
    fn an_unusable_one_is_named_and_not_repeated() {
        for value in ["ftp://me:s3cret@p", "https://me:s3cret@p", "http://me:s3cret@p/s3cret"] {
            let error = proxy(&[("HTTPS_PROXY", value)], "h").unwrap_err();
            assert_eq!(error.kind(), Kind::Input);
            let text = format!("{error} {error:#} {error:?}");
            assert!(text.contains("HTTPS_PROXY") && !text.contains("s3cret"), "{text}");
        }
        // An exception needs no proxy.
        assert_eq!(proxy(&[("HTTPS_PROXY", "ftp://p"), ("no_proxy", "*")], "h").unwrap(), None);
    }

    #[test]
    fn exceptions_are_names_addresses_and_networks() {
        for (list, host, expected) in [
            ("*", "imap.example.org", true),
            ("example.org", "imap.example.org", true),
            ("example.org", "example.org", true),
            (".example.org", "imap.example.org", true),
            ("*.example.org", "imap.example.org", true),
            ("EXAMPLE.org.", "imap.Example.ORG.", true),
            ("example.org", "imap.myexample.org", false),
            ("imap.example.org", "example.org", false),
            ("a, example.org b", "imap.example.org", true),
            ("a,,", "imap.example.org", false),
            (".", "imap.example.org", false),
            ("example.org:993", "imap.example.org", true),
            ("example.org:995", "imap.example.org", false),
            ("10.1.2.3", "10.1.2.3", true),
            ("10.1.2.3:995", "10.1.2.3", false),
            ("10.1.2.3:993", "10.1.2.3", true),
            ("2.3", "10.1.2.3", false),
            ("10.0.0.0/8", "10.1.2.3", true),
            ("10.0.0.0/8", "11.1.2.3", false),
            ("10.1.2.0/23", "10.1.3.255", true),
            ("10.1.2.3/32", "10.1.2.3", true),
            ("10.1.2.3/32", "10.1.2.2", false),
            ("0.0.0.0/0", "10.1.2.3", true),
            ("0.0.0.0/0", "::1", false),
            ("10.0.0.0/33", "10.1.2.3", false),
            ("10.0.0.0/", "10.1.2.3", false),
            ("10.0.0.0/8", "imap.example.org", false),
            ("::1", "::1", true),
            ("[::1]", "::1", true),
            ("[::1]:993", "::1", true),
            ("[::1]:1", "::1", false),
            ("2001:db8::/32", "2001:db8:1::2", true),
            ("2001:db8::/32", "2001:db9::2", false),
            ("::/0", "2001:db9::2", true),
        ] {
            assert_eq!(is_direct(list, host), expected, "{list}, {host}");
        }
        // The lower-case one counts alone.
        let both = [("ALL_PROXY", "socks5h://p"), ("no_proxy", "other.example"), ("NO_PROXY", "*")];
        assert!(chosen(&both).is_some());
    }
}
