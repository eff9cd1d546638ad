//! PLAIN (RFC 4616): authorization identity, user and password in one message. Choose it only if the connection may show the
//! password.

use super::mechanism::{Context, Mechanism};
use super::single::Single;
use crate::error::{Error, Result};
use crate::login::{Login, Secret};

pub(super) fn serves(login: &Login) -> bool {
    login.own_password().is_some()
}

pub(super) fn make(login: &Login, _: &Context<'_>) -> Result<Box<dyn Mechanism>> {
    let password = login.own_password().ok_or_else(|| Error::unsupported("PLAIN needs a password"))?;
    Ok(Single::boxed("PLAIN", message(login.authorization().unwrap_or_default(), login.user(), password)))
}

/// RFC 4616 §2: `[authzid] UTF8NUL authcid UTF8NUL passwd`; [`Login::check`] has refused NUL in each.
fn message(authorization: &str, user: &str, password: &Secret) -> Secret {
    // One allocation of the right size, so that no copy of the password remains.
    [authorization.as_bytes(), b"\0", user.as_bytes(), b"\0", password.expose()].concat().into()
}

#[cfg(test)]
mod tests {
    use super::super::choice::tests_context as context;
    use super::*;
    use crate::error::Kind;

    fn first(login: &Login) -> Vec<u8> {
        make(login, &context(None)).unwrap().start().unwrap().unwrap().expose().to_vec()
    }

    #[test]
    fn the_examples_of_the_rfc() {
        // RFC 4616 §4.
        assert_eq!(first(&Login::password("tim", "tanstaaftanstaaf")), b"\0tim\0tanstaaftanstaaf");
        assert_eq!(first(&Login::password("Kurt", "xipj3plmq").authorize_as("Ursel")), b"Ursel\0Kurt\0xipj3plmq");
    }

    #[test]
    fn a_further_challenge_breaks_the_protocol() {
        let mut plain = make(&Login::password("tim", "x"), &context(None)).unwrap();
        plain.start().unwrap();
        assert_eq!(plain.step(b"").unwrap_err().kind(), Kind::Protocol);
    }
}
