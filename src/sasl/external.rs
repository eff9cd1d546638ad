//! EXTERNAL (RFC 4422 appendix A): the proof is the connection's client certificate. The message only names the user to act as. It
//! must not know a protocol.

use super::mechanism::{Context, Mechanism};
use super::single::Single;
use crate::error::Result;
use crate::login::{Login, Proof};

pub(super) fn serves(login: &Login) -> bool {
    matches!(login.proof(), Proof::External)
}

pub(super) fn make(login: &Login, _: &Context<'_>) -> Result<Box<dyn Mechanism>> {
    Ok(Single::boxed("EXTERNAL", login.authorization().unwrap_or_default().into()))
}

#[cfg(test)]
mod tests {
    use super::super::choice::tests_context as context;
    use super::*;

    #[test]
    fn the_user_is_left_to_the_certificate_unless_told() {
        let first = |login| make(&login, &context(None)).unwrap().start().unwrap().unwrap().expose().to_vec();
        assert_eq!(first(Login::external("me")), b"");
        assert_eq!(first(Login::external("me").authorize_as("you")), b"you");
        assert!(make(&Login::external("me"), &context(None)).unwrap().step(b"").is_err());
    }
}
