//! EXTERNAL (RFC 4422 appendix A): the proof is the connection's own, a client certificate, and all that is said is whom to act
//! as.

use super::{Mechanism, Setting};
use crate::error::{Error, Result};
use crate::login::{Login, Proof, Secret};

pub(super) fn serves(login: &Login) -> bool {
    matches!(login.proof(), Proof::External)
}

pub(super) fn make(login: &Login, _: &Setting<'_>) -> Result<Box<dyn Mechanism>> {
    Ok(Box::new(External { authorization: login.authorization().unwrap_or_default().into() }))
}

struct External {
    authorization: Secret,
}

impl Mechanism for External {
    fn start(&mut self) -> Result<Option<Secret>> {
        Ok(Some(std::mem::take(&mut self.authorization)))
    }

    fn step(&mut self, _: &[u8]) -> Result<Secret> {
        Err(Error::protocol("the server sent a challenge after all of EXTERNAL was said"))
    }

    fn is_said(&self) -> bool {
        true
    }
}

#[cfg(test)]
mod tests {
    use super::super::choice::tests_setting as setting;
    use super::*;

    #[test]
    fn the_user_is_left_to_the_certificate_unless_told() {
        let first = |login| make(&login, &setting(None)).unwrap().start().unwrap().unwrap().expose().to_vec();
        assert_eq!(first(Login::external("me")), b"");
        assert_eq!(first(Login::external("me").authorize_as("you")), b"you");
        assert!(make(&Login::external("me"), &setting(None)).unwrap().step(b"").is_err());
    }
}
