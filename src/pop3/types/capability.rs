//! [`Capabilities`]: the reply to CAPA (RFC 2449 §6). It must not know when it was received, nor when it must be
//! dropped.

use std::fmt;
use std::time::Duration;

/// The capabilities that a server announced, in its order, including unknown ones. Names are compared
/// case-insensitively.
///
/// ```
/// use postroom::pop3::{Capabilities, Expire};
///
/// let capabilities: Capabilities = ["UIDL", "SASL PLAIN LOGIN", "EXPIRE 30 USER", "X-OWN thing"].into_iter().collect();
/// assert!(capabilities.uidl() && !capabilities.pipelining());
/// assert!(capabilities.sasl("plain"));
/// assert_eq!(capabilities.expire(), Some(Expire::Days(30)));
/// assert_eq!(capabilities.argument("x-own"), Some("thing"));
/// ```
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Capabilities {
    lines: Vec<Box<str>>,
}

/// How long the server keeps mail, as it announces (RFC 2449 §6.7).
///
/// ```
/// use postroom::pop3::{Capabilities, Expire};
///
/// let capabilities: Capabilities = ["EXPIRE NEVER"].into_iter().collect();
/// assert_eq!(capabilities.expire(), Some(Expire::Never));
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Expire {
    /// The server deletes nothing on its own.
    Never,
    /// At least this number of days. 0 means that mail must not be left on the server: QUIT may delete whatever was
    /// downloaded, marked or not.
    Days(u32),
}

macro_rules! known {
    ($($(#[$doc:meta])* $method:ident: $name:literal;)*) => {
        $($(#[$doc])*
        pub fn $method(&self) -> bool {
            self.has($name)
        })*
    };
}

impl Capabilities {
    /// Whether the server announced that name.
    pub fn has(&self, name: &str) -> bool {
        self.argument(name).is_some()
    }

    /// The text after this name, empty if there is none; `None` if the name was not announced.
    pub fn argument<'a>(&'a self, name: &str) -> Option<&'a str> {
        let mut split = self.iter().map(|line| line.split_once(' ').unwrap_or((line, "")));
        split.find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, argument)| argument.trim())
    }

    /// Whether AUTH accepts this SASL mechanism.
    pub fn sasl(&self, mechanism: &str) -> bool {
        self.mechanisms().any(|have| have.eq_ignore_ascii_case(mechanism))
    }

    /// The SASL mechanisms that the server accepts, in its order.
    pub fn mechanisms(&self) -> impl Iterator<Item = &str> {
        self.argument("SASL").unwrap_or_default().split_ascii_whitespace()
    }

    /// How long the server keeps mail; `None` if it does not announce it readably.
    pub fn expire(&self) -> Option<Expire> {
        // Some servers send `EXPIRENEVER`, without the space.
        if self.has("EXPIRENEVER") {
            return Some(Expire::Never);
        }
        let days = self.argument("EXPIRE")?.split_ascii_whitespace().next()?;
        match days.eq_ignore_ascii_case("NEVER") {
            true => Some(Expire::Never),
            false => days.parse().ok().map(Expire::Days),
        }
    }

    /// Whether [`expire`](Self::expire), if announced before the login, is the minimum for all users, and may differ
    /// after the login: the argument `USER` (RFC 2449 §6.7).
    pub fn expire_varies(&self) -> bool {
        self.varies("EXPIRE")
    }

    /// The minimum time between two logins (RFC 2449 §6.5).
    pub fn login_delay(&self) -> Option<Duration> {
        let seconds = self.argument("LOGIN-DELAY")?.split_ascii_whitespace().next()?.parse().ok()?;
        Some(Duration::from_secs(seconds))
    }

    /// Whether [`login_delay`](Self::login_delay), if announced before the login, is the maximum for all users, and may
    /// differ after the login: the argument `USER` (RFC 2449 §6.5).
    pub fn login_delay_varies(&self) -> bool {
        self.varies("LOGIN-DELAY")
    }

    fn varies(&self, name: &str) -> bool {
        let mut words = self.argument(name).unwrap_or_default().split_ascii_whitespace();
        words.nth(1).is_some_and(|word| word.eq_ignore_ascii_case("USER"))
    }

    /// Whether USER, PASS and APOP accept names and passwords in UTF-8: `UTF8` with the argument `USER` (RFC 6856
    /// §2.2).
    pub fn utf8_user(&self) -> bool {
        let mut words = self.argument("UTF8").unwrap_or_default().split_ascii_whitespace();
        words.any(|word| word.eq_ignore_ascii_case("USER"))
    }

    /// The server's name and version, if it announces them.
    pub fn implementation(&self) -> Option<&str> {
        self.argument("IMPLEMENTATION")
    }

    /// All lines, as they were sent.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.lines.iter().map(|line| &**line)
    }

    /// Whether the server announced nothing at all.
    pub fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    known! {
        /// TOP, for headers without bodies (RFC 1939 §7).
        top: "TOP";
        /// UIDL, the listing of unique-ids (RFC 1939 §7).
        uidl: "UIDL";
        /// USER and PASS (RFC 1939 §7).
        user: "USER";
        /// The connection can be upgraded to TLS (RFC 2595 §4).
        stls: "STLS";
        /// Several commands can be sent without waiting for replies (RFC 2449 §6.6).
        pipelining: "PIPELINING";
        /// Replies carry codes in brackets (RFC 2449 §6.4).
        resp_codes: "RESP-CODES";
        /// A refused login has a response code (RFC 3206).
        auth_resp_code: "AUTH-RESP-CODE";
        /// UTF8 (RFC 6856).
        utf8: "UTF8";
        /// LANG, other languages for the server's texts (RFC 6856).
        lang: "LANG";
    }
}

impl<S: AsRef<str>> FromIterator<S> for Capabilities {
    fn from_iter<I: IntoIterator<Item = S>>(lines: I) -> Self {
        let mut kept: Vec<Box<str>> = lines.into_iter().map(|line| line.as_ref().trim().into()).collect();
        kept.retain(|line| !line.is_empty());
        Self { lines: kept }
    }
}

impl fmt::Display for Capabilities {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.lines.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn capabilities(lines: &[&str]) -> Capabilities {
        lines.iter().collect()
    }

    #[test]
    fn the_argument_user_behind_a_number_is_no_hindrance() {
        let some = capabilities(&["expire 5 USER", "Login-Delay 900 USER"]);
        assert_eq!(some.expire(), Some(Expire::Days(5)));
        assert_eq!(some.login_delay(), Some(Duration::from_secs(900)));
        assert!(some.expire_varies() && some.login_delay_varies());
        assert!(capabilities(&["utf8 user"]).utf8_user() && !capabilities(&["UTF8"]).utf8_user());
        assert!(!capabilities(&["EXPIRE 5", "LOGIN-DELAY USER"]).expire_varies());
        assert_eq!(capabilities(&["EXPIRE NEVER USER"]).expire(), Some(Expire::Never));
        assert_eq!(capabilities(&["EXPIRENEVER"]).expire(), Some(Expire::Never));
    }

    #[test]
    fn what_cannot_be_read_is_as_if_it_were_not_said() {
        let odd = capabilities(&["EXPIRE soon", "LOGIN-DELAY -1", "SASL", "", "  "]);
        assert_eq!((odd.expire(), odd.login_delay()), (None, None));
        assert_eq!(odd.mechanisms().count(), 0);
        assert!(odd.has("sasl") && odd.iter().count() == 3);
    }
}
