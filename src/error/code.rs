//! [`Code`]: a server's response code, kept by name, and what the codes of both protocols mean for the caller's next step. It must
//! not know which command was answered.

use std::fmt;

/// A response code as the server sent it: `[TRYCREATE]`, `[IN-USE]`, `[UNAVAILABLE]` and whatever else it may be.
///
/// RFC 3501 and RFC 9051 §7.1, RFC 5530, and for POP3 RFC 2449 §8 and RFC 3206.
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

    /// What follows the name, unparsed and without the bracket; empty if nothing does.
    pub fn data(&self) -> &str {
        &self.data
    }

    /// Whether this code has that name, in any letter case.
    pub fn is(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name)
    }

    /// Whether it is that code of POP3 or one below it: levels are separated by a slash (RFC 2449 §8).
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

    /// RFC 3206 §4 and §5; and a mailbox with a new UIDVALIDITY, whose UIDs mean other messages.
    pub(super) fn is_lasting(&self) -> bool {
        self.is_within("SYS/PERM") || self.is_within("AUTH") || self.is("UIDVALIDITY")
    }

    /// RFC 5530 §3.
    pub(super) fn judges_the_login(&self) -> bool {
        let about =
            ["AUTH", "AUTHENTICATIONFAILED", "AUTHORIZATIONFAILED", "EXPIRED", "PRIVACYREQUIRED", "CONTACTADMIN"];
        about.iter().any(|name| self.is(name))
    }

    /// The caller logged in too soon, or twice.
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
