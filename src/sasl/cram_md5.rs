//! CRAM-MD5 (RFC 2195): an HMAC of the server's challenge with the password as the key. It proves nothing about the server, and
//! must not know a protocol.

use super::digest::hmac_md5;
use super::mechanism::{Context, Mechanism};
use crate::error::{Error, Result};
use crate::login::{Login, Secret};

pub(super) fn serves(login: &Login) -> bool {
    login.own_password().is_some() && login.authorization().is_none()
}

pub(super) fn make(login: &Login, _: &Context<'_>) -> Result<Box<dyn Mechanism>> {
    let password = login.own_password().cloned().ok_or_else(|| Error::unsupported("CRAM-MD5 needs a password"))?;
    Ok(Box::new(CramMd5 { user: login.user().to_owned(), password: Some(password) }))
}

struct CramMd5 {
    user: String,
    /// `None` once it was used.
    password: Option<Secret>,
}

impl Mechanism for CramMd5 {
    fn start(&mut self) -> Result<Option<Secret>> {
        Ok(None)
    }

    fn step(&mut self, challenge: &[u8]) -> Result<Secret> {
        let Some(password) = self.password.take() else {
            return Err(Error::protocol("the server sent a second challenge in CRAM-MD5"));
        };
        // RFC 2195 §2: the challenge is a message id. The digest of an empty one could be used at another server.
        if challenge.is_empty() {
            return Err(Error::protocol("the server's challenge in CRAM-MD5 is empty"));
        }
        Ok(Secret::from(format!("{} {}", self.user, hmac_md5(password.expose(), challenge))))
    }

    fn proof_sent(&self) -> bool {
        self.password.is_none()
    }
}

#[cfg(test)]
mod tests {
    use super::super::choice::tests_context as context;
    use super::*;
    use crate::error::Kind;

    fn tim() -> Box<dyn Mechanism> {
        make(&Login::password("tim", "tanstaaftanstaaf"), &context(None)).unwrap()
    }

    #[test]
    fn the_example_of_the_rfc() {
        // RFC 2195 §2.
        let mut tim = tim();
        assert!(tim.start().unwrap().is_none() && !tim.proof_sent() && tim.finish().is_err());
        let answer = tim.step(b"<1896.697170952@postoffice.reston.mci.net>").unwrap();
        assert_eq!(answer.expose(), b"tim b913a602c7eda7a495b4e6e7334d3890");
        assert!(tim.proof_sent() && tim.finish().is_ok());
    }

    #[test]
    fn one_challenge_is_answered_and_no_empty_one() {
        assert_eq!(tim().step(b"").unwrap_err().kind(), Kind::Protocol);
        let mut tim = tim();
        tim.step(b"<1@x>").unwrap();
        assert_eq!(tim.step(b"<2@x>").unwrap_err().kind(), Kind::Protocol);
    }
}
