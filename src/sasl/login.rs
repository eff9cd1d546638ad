//! LOGIN, as draft-murchison-sasl-login-00 describes the practice of servers: user and password, each after a prompt. Choose it only
//! if the connection may show the password.

use super::mechanism::{Context, Mechanism};
use crate::error::{Error, Result};
use crate::login::{Login as Who, Secret};

pub(super) fn serves(login: &Who) -> bool {
    login.own_password().is_some() && login.authorization().is_none()
}

pub(super) fn make(login: &Who, _: &Context<'_>) -> Result<Box<dyn Mechanism>> {
    let password = login.own_password().cloned().ok_or_else(|| Error::unsupported("LOGIN needs a password"))?;
    Ok(Box::new(Login { user: Some(login.user().into()), password: Some(password) }))
}

/// What is still to be sent.
struct Login {
    user: Option<Secret>,
    password: Option<Secret>,
}

impl Mechanism for Login {
    /// Some servers accept the user as an initial response, others do not.
    fn start(&mut self) -> Result<Option<Secret>> {
        Ok(None)
    }

    /// The texts of the prompts differ between servers; only their order counts.
    fn step(&mut self, prompt: &[u8]) -> Result<Secret> {
        if let Some(user) = self.user.take() {
            return Ok(user);
        }
        // A server that asks for the user twice may log the answer as a user name.
        if prompt.get(..4).is_some_and(|start| start.eq_ignore_ascii_case(b"user")) {
            return Err(Error::protocol("the server asks for the user name again instead of the password"));
        }
        self.password
            .take()
            .ok_or_else(|| Error::protocol("the server sends another challenge after user name and password"))
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

    fn login() -> Box<dyn Mechanism> {
        let mut login = make(&Who::password("tim", "tanstaaf"), &context(None)).unwrap();
        assert!(login.start().unwrap().is_none());
        login
    }

    #[test]
    fn user_and_password_in_turn_whatever_the_prompts() {
        for (first, second) in [(&b"User Name\0"[..], &b"Password\0"[..]), (b"Username:", b"Password:"), (b"", b"")] {
            let mut login = login();
            assert_eq!(login.step(first).unwrap().expose(), b"tim");
            assert!(!login.proof_sent() && login.finish().is_err());
            assert_eq!(login.step(second).unwrap().expose(), b"tanstaaf");
            assert!(login.proof_sent() && login.finish().is_ok());
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
