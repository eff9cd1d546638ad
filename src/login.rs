//! Who logs in and by what proof. The values are wiped when dropped and never printed; how a proof is spoken is `sasl`'s.

use std::fmt;

use zeroize::Zeroizing;

use crate::error::{Error, Result};

/// Bytes that are wiped from memory when dropped, and that nothing prints.
///
/// ```
/// let secret = postroom::Secret::from("hunter2");
/// assert_eq!(format!("{secret:?}"), "Secret(..)");
/// ```
#[derive(Clone, Default)]
pub struct Secret(Zeroizing<Vec<u8>>);

impl Secret {
    /// The bytes themselves; they must not be kept, printed, or sent over a connection that is not encrypted.
    pub(crate) fn expose(&self) -> &[u8] {
        &self.0
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

impl From<&str> for Secret {
    fn from(text: &str) -> Self {
        Self::from(text.as_bytes().to_vec())
    }
}

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Self::from(text.into_bytes())
    }
}

impl From<Vec<u8>> for Secret {
    fn from(bytes: Vec<u8>) -> Self {
        Self(Zeroizing::new(bytes))
    }
}

/// Who logs in, and by what proof.
///
/// Of the mechanisms that the server offers and this login can serve, the strongest is taken. A password that the mechanism
/// would show goes only over an encrypted connection, unless the configuration says `dangerous_plaintext`. `Debug` prints the
/// user's name and nothing else.
///
/// ```
/// use postroom::Login;
///
/// let login = Login::password("me", std::env::var("MAIL_PASSWORD").unwrap_or_else(|_| "secret".into()));
/// assert_eq!(format!("{login:?}"), r#"Login { user: "me", .. }"#);
/// ```
#[derive(Clone)]
pub struct Login {
    user: String,
    proof: Proof,
    authorization: Option<String>,
    only: Option<Vec<String>>,
}

/// What is shown to the server instead of trust.
#[derive(Clone)]
pub(crate) enum Proof {
    Password(Secret),
}

impl Login {
    /// A user and a password.
    ///
    /// A user or a password that is empty or holds NUL (RFC 4616 §2), and a user with a line break, are refused when
    /// connecting, before anything is sent, with [`Kind::Input`](crate::Kind::Input).
    pub fn password(user: impl Into<String>, password: impl Into<Secret>) -> Self {
        Self { user: user.into(), proof: Proof::Password(password.into()), authorization: None, only: None }
    }

    /// Acts as this user, whose rights the one who logs in must have: the authorization identity of SASL (RFC 4422 §2). The
    /// protocols' own commands, LOGIN and USER/PASS, cannot say that, so they are not used then.
    pub fn authorize_as(mut self, user: impl Into<String>) -> Self {
        self.authorization = Some(user.into());
        self
    }

    /// Uses none but these SASL mechanisms, such as `PLAIN`, in the library's order of strength. An empty list leaves only
    /// the protocol's own command, LOGIN or USER/PASS; a list with a name in it excludes that one.
    pub fn only<I>(mut self, mechanisms: I) -> Self
    where
        I: IntoIterator,
        I::Item: AsRef<str>,
    {
        self.only = Some(mechanisms.into_iter().map(|name| name.as_ref().to_ascii_uppercase()).collect());
        self
    }

    /// The user's name.
    pub fn user(&self) -> &str {
        &self.user
    }

    pub(crate) fn proof(&self) -> &Proof {
        &self.proof
    }

    pub(crate) fn authorization(&self) -> Option<&str> {
        self.authorization.as_deref()
    }

    /// Whether that SASL mechanism may be used.
    pub(crate) fn allows(&self, mechanism: &str) -> bool {
        self.only.as_ref().is_none_or(|only| only.iter().any(|name| name == mechanism))
    }

    /// The password for the protocol's own command, LOGIN or USER/PASS, where that one may be used.
    pub(crate) fn command_password(&self) -> Option<&Secret> {
        let Proof::Password(password) = &self.proof;
        let allowed = self.authorization.is_none() && self.only.as_ref().is_none_or(Vec::is_empty);
        allowed.then_some(password)
    }

    /// Refuses what no mechanism can say, before anything is sent.
    pub(crate) fn check(&self) -> Result<()> {
        for name in std::iter::once(&self.user).chain(&self.authorization) {
            if name.is_empty() || name.contains(['\0', '\r', '\n']) {
                return Err(Error::input("the user's name is empty, or holds NUL or a line break"));
            }
        }
        let Proof::Password(password) = &self.proof;
        if password.is_empty() || password.expose().contains(&0) {
            return Err(Error::input("the password is empty or holds NUL"));
        }
        Ok(())
    }
}

impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Login").field("user", &self.user).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Kind;

    #[test]
    fn nothing_prints_a_secret() {
        let login = Login::password("me", "hunter2").authorize_as("you").only(["plain"]);
        let printed = format!("{login:?} {login:#?} {:?}", Secret::from("hunter2"));
        assert!(!printed.contains("hunter") && !printed.contains("104"), "{printed}");
    }

    #[test]
    fn what_no_mechanism_can_say_is_refused() {
        for login in [
            Login::password("", "p"),
            Login::password("a\0b", "p"),
            Login::password("a\r\nb", "p"),
            Login::password("a", ""),
            Login::password("a", "p\0q"),
            Login::password("a", "p").authorize_as(""),
            Login::password("a", "p").authorize_as("\0"),
        ] {
            assert_eq!(login.check().unwrap_err().kind(), Kind::Input);
        }
        Login::password("üser", vec![0xFF, b' ']).check().unwrap();
    }

    #[test]
    fn a_restriction_holds_in_any_letter_case_and_excludes_the_protocols_own_command() {
        let login = Login::password("a", "p");
        assert!(login.allows("PLAIN") && login.command_password().is_some());
        let restricted = login.clone().only(["plain"]);
        assert!(restricted.allows("PLAIN") && !restricted.allows("SCRAM-SHA-256"));
        assert!(restricted.command_password().is_none());
        let command = login.clone().only([""; 0]);
        assert!(!command.allows("PLAIN") && command.command_password().is_some());
        assert!(login.authorize_as("you").command_password().is_none());
    }
}
