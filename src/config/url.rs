//! Reads URLs such as `imaps://` and `pops://` into a [`Config`] (RFC 5092, RFC 2384). No error repeats the URL, because it may contain
//! a password.

use std::str::FromStr;

use percent_encoding::percent_decode_str;
use url::Url;

use super::{Config, Protocol, Security};
use crate::error::{Error, Result};

impl Config {
    /// Like parsing the URL, but also accepts `imap://` and `pop://`, which mean plaintext on ports 143 and 110: everybody on the way can
    /// read and change mail and the login. For a server on the same machine.
    ///
    /// ```
    /// let config = postroom::Config::dangerous_plaintext_url("imap://localhost")?;
    /// assert!("imap://localhost".parse::<postroom::Config>().is_err());
    /// # drop(config);
    /// # Ok::<(), postroom::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`Kind::Input`](crate::Kind::Input), as with `parse`.
    pub fn dangerous_plaintext_url(url: &str) -> Result<Self> {
        parse(url, true)
    }
}

impl FromStr for Config {
    type Err = Error;

    /// Reads a URL; see [`Config`] for the forms.
    fn from_str(url: &str) -> Result<Self> {
        parse(url, false)
    }
}

fn parse(text: &str, plaintext_allowed: bool) -> Result<Config> {
    let url = Url::parse(text).map_err(|error| Error::input("the URL cannot be read").with_source(error))?;
    let (protocol, security) = scheme(url.scheme())?;
    if security == Security::Plaintext && !plaintext_allowed {
        return Err(Error::input(format!(
            "{scheme}:// means no encryption; write {safe}://, or allow it by Config::dangerous_plaintext_url",
            scheme = url.scheme(),
            safe = if protocol == Protocol::Imap { "imaps" } else { "pops" },
        )));
    }
    if url.password().is_some() {
        return Err(Error::input("a password does not belong in a URL"));
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(Error::input("the URL has a query or a fragment, which mean nothing here"));
    }
    let host = url.host_str().filter(|host| !host.is_empty()).ok_or_else(|| Error::input("the URL names no host"))?;
    let mut config = Config::new(decode(host)?);
    config.port = url.port();
    config.security = security;
    config.protocol = Some(protocol);
    config.user = user(url.username())?;
    config.mailbox = mailbox(protocol, url.path())?;
    config.check(protocol)?;
    Ok(config)
}

fn scheme(scheme: &str) -> Result<(Protocol, Security)> {
    Ok(match scheme {
        "imaps" => (Protocol::Imap, Security::Implicit),
        "pops" => (Protocol::Pop3, Security::Implicit),
        "imap+starttls" => (Protocol::Imap, Security::Upgrade),
        "pop+stls" => (Protocol::Pop3, Security::Upgrade),
        "imap" => (Protocol::Imap, Security::Plaintext),
        "pop" => (Protocol::Pop3, Security::Plaintext),
        _ => {
            return Err(Error::input("the URL's scheme must be imaps, imap+starttls, pops or pop+stls"));
        }
    })
}

/// `user` or `user;AUTH=*` (RFC 5092 §3.2): any mechanism. A URL that names one is refused, because nothing would obey it.
fn user(text: &str) -> Result<Option<String>> {
    let mut user = clean(text, "the URL's user contains control characters")?;
    if let Some(start) = user.to_ascii_uppercase().find(";AUTH=") {
        if !user.ends_with("=*") {
            return Err(Error::input("a mechanism is chosen by Login::only, not in the URL"));
        }
        user.truncate(start);
    }
    Ok(Some(user).filter(|user| !user.is_empty()))
}

fn mailbox(protocol: Protocol, path: &str) -> Result<Option<String>> {
    let name = path.strip_prefix('/').unwrap_or(path);
    match (name, protocol) {
        ("", _) => Ok(None),
        (_, Protocol::Pop3) => Err(Error::input("POP3 has only one mailbox, so the URL cannot have a path")),
        // RFC 5092 §11: a bare semicolon begins UIDVALIDITY, UID, SECTION or PARTIAL.
        (name, Protocol::Imap) if name.contains(';') => {
            Err(Error::input("the URL names a message; it may only name a mailbox"))
        }
        (name, Protocol::Imap) => clean(name, "the URL's mailbox contains control characters").map(Some),
    }
}

fn clean(text: &str, refusal: &'static str) -> Result<String> {
    let text = decode(text)?;
    match text.chars().any(char::is_control) {
        true => Err(Error::input(refusal)),
        false => Ok(text),
    }
}

fn decode(text: &str) -> Result<String> {
    percent_decode_str(text)
        .decode_utf8()
        .map(Into::into)
        .map_err(|error| Error::input("the URL's percent-encoding is not UTF-8").with_source(error))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Kind;

    fn read(url: &str) -> Config {
        url.parse().unwrap()
    }

    fn refusal(url: &str) -> String {
        let error = url.parse::<Config>().unwrap_err();
        assert_eq!(error.kind(), Kind::Input, "{url}");
        assert!(!error.is_retryable());
        error.to_string()
    }

    #[test]
    fn each_scheme_has_its_protocol_security_and_port() {
        for (url, protocol, security, port) in [
            ("imaps://h", Protocol::Imap, Security::Implicit, 993),
            ("IMAPS://h", Protocol::Imap, Security::Implicit, 993),
            ("pops://h", Protocol::Pop3, Security::Implicit, 995),
            ("imap+starttls://h", Protocol::Imap, Security::Upgrade, 143),
            ("pop+stls://h", Protocol::Pop3, Security::Upgrade, 110),
            ("imaps://h:1", Protocol::Imap, Security::Implicit, 1),
        ] {
            let config = read(url);
            assert_eq!(config.protocol(), Some(protocol), "{url}");
            assert_eq!(config.security, security, "{url}");
            assert_eq!(config.port_for(protocol), port, "{url}");
        }
    }

    #[test]
    fn plaintext_needs_the_dangerous_spelling() {
        assert!(refusal("imap://h").contains("imaps://"));
        assert!(refusal("pop://h").contains("pops://"));
        let config = Config::dangerous_plaintext_url("imap://h").unwrap();
        assert_eq!((config.security, config.port_for(Protocol::Imap)), (Security::Plaintext, 143));
        let config = Config::dangerous_plaintext_url("imaps://h").unwrap();
        assert_eq!(config.security, Security::Implicit);
    }

    #[test]
    fn a_password_is_refused_and_not_repeated() {
        let error = "imaps://me:hunter2@h".parse::<Config>().unwrap_err();
        assert!(!format!("{error} {error:?}").contains("hunter2"));
        assert!(refusal("imaps://me:hunter2@h").contains("password"));
        let unreadable = "imaps://me:hunter2@h:99999".parse::<Config>().unwrap_err();
        assert!(!format!("{unreadable} {unreadable:?}").contains("hunter2"));
    }

    #[test]
    fn user_and_mailbox_are_percent_decoded() {
        let config = read("imaps://me%40example.org@h/Sent%20Items/2024");
        assert_eq!(config.user(), Some("me@example.org"));
        assert_eq!(config.mailbox(), Some("Sent Items/2024"));
        assert_eq!(read("imaps://h/Entw%C3%BCrfe").mailbox(), Some("Entwürfe"));
        assert_eq!(read("imaps://h/Entwürfe").mailbox(), Some("Entwürfe"));
        assert_eq!(read("imaps://h/").mailbox(), None);
        assert_eq!(read("imaps://h").user(), None);
    }

    #[test]
    fn what_cannot_be_a_user_or_mailbox_is_refused() {
        assert!(refusal("imaps://h/A%0D%0AB").contains("control"));
        assert!(refusal("imaps://a%00b@h").contains("control"));
        assert!(refusal("imaps://h/%FF").contains("UTF-8"));
        assert!(refusal("imaps://h/INBOX;UIDVALIDITY=1/;UID=2").contains("message"));
        assert!(refusal("imaps://h/INBOX?x").contains("query"));
        assert!(refusal("pops://h/INBOX").contains("POP3"));
        assert_eq!(read("imaps://h/a%3Bb").mailbox(), Some("a;b"));
    }

    #[test]
    fn only_the_wildcard_mechanism_is_taken() {
        assert_eq!(read("imaps://me;AUTH=*@h").user(), Some("me"));
        assert_eq!(read("pops://;auth=*@h").user(), None);
        assert!(refusal("imaps://me;AUTH=GSSAPI@h").contains("Login::only"));
    }

    #[test]
    fn hosts_may_be_literals_and_international() {
        assert_eq!(read("imaps://[2001:DB8::1]:1993").host(), "2001:db8::1");
        assert_eq!(read("imaps://192.0.2.7").host(), "192.0.2.7");
        assert_eq!(read("imaps://bücher.example").host(), "xn--bcher-kva.example");
        assert_eq!(read("imaps://B%C3%BCcher.example").host(), "xn--bcher-kva.example");
        assert_eq!(read("imaps://Mail.Example.ORG").host(), "mail.example.org");
    }

    #[test]
    fn bad_hosts_ports_and_schemes_are_refused() {
        for url in [
            "imaps://h:0",
            "imaps://h:65536",
            "imaps://h:x",
            "imaps://",
            "imaps:h",
            "imaps:///INBOX",
            "imaps://[::1",
            "imaps://a..b",
            "imaps://a b",
            "imaps://a%00b",
            "imaps://me@",
            "https://h",
            "smtp://h",
            "h",
            "",
            "imaps://[fe80::1%25eth0]",
        ] {
            refusal(url);
        }
    }
}
