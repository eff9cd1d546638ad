//! LOGIN, as draft-murchison-sasl-login-00 wrote down what servers did: user and password, each when asked. It must only be
//! chosen where the connection may show the password.

use super::mechanism::{Mechanism, Setting};
use crate::error::{Error, Result};
use crate::login::{Login as Who, Secret};

pub(super) fn serves(login: &Who) -> bool {
    login.own_password().is_some() && login.authorization().is_none()
}

pub(super) fn make(login: &Who, _: &Setting<'_>) -> Result<Box<dyn Mechanism>> {
    let password = login.own_password().cloned().ok_or_else(|| Error::unsupported("LOGIN needs a password"))?;
    Ok(Box::new(Login { user: Some(login.user().into()), password: Some(password) }))
}

/// What is still to be said.
struct Login {
    user: Option<Secret>,
    password: Option<Secret>,
}

impl Mechanism for Login {
    /// Some servers take the user here, others do not.
    fn start(&mut self) -> Result<Option<Secret>> {
        Ok(None)
    }

    /// The prompts are whatever a server writes; their order is what counts.
    fn step(&mut self, prompt: &[u8]) -> Result<Secret> {
        if let Some(user) = self.user.take() {
            return Ok(user);
        }
        // Whoever asks for the user twice may log what it takes for one.
        if prompt.get(..4).is_some_and(|start| start.eq_ignore_ascii_case(b"user")) {
            return Err(Error::protocol("the server asks for the user where the password is due"));
        }
        self.password.take().ok_or_else(|| Error::protocol("the server asks on after user and password"))
    }

    fn is_said(&self) -> bool {
        self.password.is_none()
    }
}

#[cfg(test)]
mod tests {
    use super::super::choice::tests_setting as setting;
    use super::*;
    use crate::error::Kind;

    fn login() -> Box<dyn Mechanism> {
        let mut login = make(&Who::password("tim", "tanstaaf"), &setting(None)).unwrap();
        assert!(login.start().unwrap().is_none());
        login
    }

    #[test]
    fn user_and_password_in_turn_whatever_the_prompts() {
        for (first, second) in [(&b"User Name\0"[..], &b"Password\0"[..]), (b"Username:", b"Password:"), (b"", b"")] {
            let mut login = login();
            assert_eq!(login.step(first).unwrap().expose(), b"tim");
            assert!(!login.is_said() && login.finish().is_err());
            assert_eq!(login.step(second).unwrap().expose(), b"tanstaaf");
            assert!(login.is_said() && login.finish().is_ok());
            assert_eq!(login.step(b"Favourite colour:").unwrap_err().kind(), Kind::Protocol);
        }
    }

    #[test]
    fn the_password_is_not_given_for_a_user() {
        let mut login = login();
        login.step(b"Username:").unwrap();
        assert_eq!(login.step(b"username:").unwrap_err().kind(), Kind::Protocol);
    }
}
