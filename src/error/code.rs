//! [`Code`]: a server's response code, kept by name, and what the codes of both protocols mean for the next attempt. It must not
//! know which command was answered.

use std::fmt;

/// A response code as the server sent it, such as `[TRYCREATE]`, `[IN-USE]` or `[UNAVAILABLE]`, known or not.
///
/// The codes are those of RFC 3501 and RFC 9051 §7.1 and RFC 5530, and for POP3 of RFC 2449 §8 and RFC 3206.
///
/// ```
/// # #[cfg(feature = "testing")]
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> postroom::Result<()> {
/// use postroom::{Config, Imap, Login};
///
/// # let server = postroom::testing::Server::builder().start().await?;
/// # let config = Config::new("localhost").port(server.imaps_port()).add_root_pem(server.ca_pem().as_bytes())?;
/// let error = Imap::connect(config, Login::password("alice", "wrong")).await.unwrap_err();
/// let code = error.code().expect("the embedded server sends one");
/// assert!(code.is("authenticationfailed"));
/// assert_eq!((code.name(), code.data()), ("AUTHENTICATIONFAILED", ""));
/// # Ok(()) }
/// # #[cfg(not(feature = "testing"))]
/// # fn main() {}
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Code {
    pub(super) name: Box<str>,
    pub(super) data: Box<str>,
}

impl Code {
    pub(crate) fn new(name: impl Into<Box<str>>, data: impl Into<Box<str>>) -> Self {
        let mut name = name.into();
        name.make_ascii_uppercase();
        Self { name, data: data.into() }
    }

    /// The code's name in upper case, such as `TRYCREATE`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The text after the name, unparsed and without the bracket. Empty if there is none.
    pub fn data(&self) -> &str {
        &self.data
    }

    /// Whether the code has this name. Letter case does not matter.
    pub fn is(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name)
    }

    /// Whether it is this code of POP3 or one below it: a slash separates the levels (RFC 2449 §8).
    pub(crate) fn is_within(&self, level: &str) -> bool {
        self.name.strip_prefix(level).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }

    pub(super) fn is_not_about_credentials(&self) -> bool {
        let other = ["IN-USE", "LOGIN-DELAY", "SYS", "UNAVAILABLE", "INUSE", "LIMIT", "SERVERBUG", "CORRUPTION"];
        other.iter().any(|name| self.is_within(name))
    }

    pub(super) fn is_passing(&self) -> bool {
        let known = ["UNAVAILABLE", "INUSE", "IN-USE", "SYS/TEMP", "LOGIN-DELAY", "LIMIT"];
        known.iter().any(|name| self.is_within(name))
    }

    /// Whether the condition is permanent: RFC 3206 §4 and §5, and a mailbox whose UIDVALIDITY has changed.
    pub(super) fn is_lasting(&self) -> bool {
        self.is_within("SYS/PERM") || self.is_within("AUTH") || self.is("UIDVALIDITY")
    }

    /// Whether it is about the user or the credentials (RFC 5530 §3).
    pub(super) fn judges_the_login(&self) -> bool {
        let about =
            ["AUTH", "AUTHENTICATIONFAILED", "AUTHORIZATIONFAILED", "EXPIRED", "PRIVACYREQUIRED", "CONTACTADMIN"];
        about.iter().any(|name| self.is(name))
    }

    /// Whether this client came too early, or has another session open.
    pub(super) fn blames_caller(&self) -> bool {
        self.is_within("LOGIN-DELAY") || self.is_within("IN-USE")
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &*self.data {
            "" => f.write_str(&self.name),
            data => write!(f, "{} {data}", self.name),
        }
    }
}
