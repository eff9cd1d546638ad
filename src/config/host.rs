//! Normal forms of hosts: a name in ASCII, or an address. It looks nothing up.

use std::net::Ipv6Addr;

use url::Host;

/// The host in its normal form: a lower-case ASCII name (internationalised names by IDNA), or an address without brackets. `None` if it
/// is neither.
pub(crate) fn normal(text: &str) -> Option<String> {
    let inner = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    if let Ok(address) = inner.unwrap_or(text).parse::<Ipv6Addr>() {
        return Some(address.to_string());
    }
    match Host::parse(text).ok()? {
        Host::Domain(name) => is_name(&name).then_some(name),
        Host::Ipv4(address) => Some(address.to_string()),
        Host::Ipv6(address) => Some(address.to_string()),
    }
}

/// RFC 1035 §2.3.4. Underscores are accepted, because hosts in private networks have them.
fn is_name(name: &str) -> bool {
    let name = name.strip_suffix('.').unwrap_or(name);
    name.len() <= 253 && name.split('.').all(|label| (1..=63).contains(&label.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_has_one_form() {
        for (given, host) in [
            ("IMAP.Example.org", "imap.example.org"),
            ("bücher.example", "xn--bcher-kva.example"),
            ("::1", "::1"),
            ("[::1]", "::1"),
            ("2001:DB8:0::1", "2001:db8::1"),
            ("127.0.0.1", "127.0.0.1"),
            ("example.org.", "example.org."),
            ("my_host", "my_host"),
        ] {
            assert_eq!(normal(given).as_deref(), Some(host));
            assert_eq!(normal(host).as_deref(), Some(host));
        }
    }

    #[test]
    fn what_cannot_be_looked_up_is_no_host() {
        for host in
            ["", ".", "a:1", "a b", "a..b", "a/b", "a@b", "a\r\nb", "[::1", "::1]", "[a]", "fe80::1%eth0", "256.1.1.1"]
        {
            assert_eq!(normal(host), None, "{host:?}");
        }
        assert!(normal(&"a".repeat(63)).is_some() && normal(&"a".repeat(64)).is_none());
        assert!(
            normal(&format!("{}a", "a.".repeat(126))).is_some() && normal(&format!("{}a", "a.".repeat(127))).is_none()
        );
    }
}
